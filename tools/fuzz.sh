#!/bin/sh
#
# fuzz.sh BUILD SECONDS JOBS: runs every fuzz target of the build for so long,
# several at a time, each on its corpus. What is new is kept in
# BUILD/corpus/NAME, what crashes in BUILD/crash-NAME-*; any crash makes this
# fail.

build=$1
seconds=$2
jobs=$3

# shellcheck disable=SC2016 # for the shells that xargs starts
one='
	build=$1 seconds=$2 program=$3
	name=${program##*/fuzz-}
	mkdir -p "$build/corpus/$name" "t/fuzz/corpus/$name"
	dict=
	test ! -f "t/fuzz/$name.dict" || dict=-dict=t/fuzz/$name.dict
	if "$program" -max_total_time="$seconds" -timeout=25 -rss_limit_mb=2048 \
		-artifact_prefix="$build/crash-$name-" $dict \
		-print_final_stats=1 \
		"$build/corpus/$name" "t/fuzz/corpus/$name" \
		>"$build/$name.log" 2>&1
	then
		runs=$(sed -n "s/^stat::number_of_executed_units: //p" \
			"$build/$name.log")
		echo "ok    $name: $runs runs in $seconds s"
	else
		echo "FAIL  $name: see $build/$name.log"
		exit 1
	fi
'

set -- "$build"/t/fuzz/fuzz-*
for program
do
	case $program in
	*.o | *.d) ;;
	*) test -x "$program" && echo "$program" ;;
	esac
done |
xargs -P "$jobs" -n 1 sh -c "$one" fuzz "$build" "$seconds"
