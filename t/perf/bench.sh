#!/bin/sh
#
# What "make bench" runs: all measurements, then a table of all figures, also
# in bench.txt of the build directory. A figure that is missed is no failure;
# a measurement that could not be made is.

. "$(dirname "$0")/perf-lib.sh"

rm -f "$PERF_WORK/rows"
failed=
print_head () {
	print_row what ours peer ratio asked 'met?'
	print_row ---- ---- ---- ----- ----- ----
}

cpu () {
	sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
}

print_head
for script in "$PERF_DIR"/p[0-9]*.sh
do
	MN_BUILD=$MN_BUILD BENCH=${BENCH:-} sh "$script" ||
		failed="$failed $(basename "$script")"
done

{
	echo "$(mn version), $(git --version)," \
		"$threads processors, $(cpu), $(date +%Y-%m-%d)"
	echo
	print_head
	test ! -f "$PERF_WORK/rows" || cat "$PERF_WORK/rows"
	for script in $failed
	do
		echo "$script failed"
	done
} >"$MN_BUILD/bench.txt"
echo
cat "$MN_BUILD/bench.txt"
test -z "$failed"
