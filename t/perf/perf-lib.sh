# shellcheck shell=sh
#
# The library of the measurements. One is a script pNNNN-name.sh that sources
# this file; "make bench" runs all of them by way of bench.sh, and one alone
# runs as: MN_BUILD=/path/to/build sh t/perf/p0001-post.sh
#
# MN_BUILD   the build directory (default: build beside t)
# BENCH      "short": 10,000 posts and a file of 64 MiB instead of 100,000
#            and 1 GiB, fewer runs
#
# Every figure becomes a row, printed at once and kept in $PERF_WORK/rows.
# Data sets and profiles are kept below $PERF_WORK ($MN_BUILD/perf), profiles
# until mn changes; what a script makes in $scratch goes when it ends.

set -e
umask 022

PERF_DIR=$(cd "$(dirname "$0")" && pwd -P)
MN_BUILD=$(cd "${MN_BUILD:-$PERF_DIR/../../build}" && pwd -P)
PERF_WORK=$MN_BUILD/perf
PATH=$MN_BUILD/bin:$MN_BUILD/t/perf:$PATH
test -x "$MN_BUILD/t/perf/timeit" || {
	echo >&2 "$MN_BUILD/t/perf/timeit is not there: run make bench"
	exit 1
}

# No setting of whoever runs this may matter.
for var in $(env | sed -n 's/^\(GIT_[A-Z_]*\|MN_[A-Z_]*\|XDG_[A-Z_]*\)=.*/\1/p')
do
	test "$var" = MN_BUILD || unset "$var"
done
unset SSH_AUTH_SOCK SSH_ASKPASS CDPATH TMPDIR
scratch=$PERF_WORK/scratch-$(basename "$0" .sh)
rm -rf "$scratch"
mkdir -p "$scratch/home"
HOME=$scratch/home
GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
GIT_AUTHOR_NAME='A U Thor' GIT_AUTHOR_EMAIL=author@example.com
GIT_COMMITTER_NAME='C O Mitter' GIT_COMMITTER_EMAIL=committer@example.com
LC_ALL=C.UTF-8 TZ=UTC
export PATH HOME GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL GIT_AUTHOR_NAME \
	GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME GIT_COMMITTER_EMAIL LC_ALL TZ
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

if test "${BENCH:-}" = short
then
	sizes='10000' most=10000 file_mib=64
else
	sizes='10000 100000' most=100000 file_mib=1024
fi
# shellcheck disable=SC2034 # for the scripts
least=${sizes%% *} threads=$(nproc)

# short LONG SHORT: a number of runs
runs () {
	if test "${BENCH:-}" = short
	then
		echo "$2"
	else
		echo "$1"
	fi
}

say () {
	echo >&2 "  ... $*"
}

# calc EXPRESSION [FORMAT]: the shell has no fractions
calc () {
	awk "BEGIN { printf \"${2:-%.2f}\", $1 }"
}

ms () {
	calc "$1 * 1000" '%.1f ms'
}

seconds () {
	calc "$1" '%.2f s'
}

# rate N SECONDS: so many a second
rate () {
	calc "$1 / $2" "%.0f ${3:-posts}/s"
}

print_row () {
	printf '%-44s %12s %12s %6s %17s  %s\n' "$@"
}

# row WHAT OURS PEER RATIO VALUE OP LIMIT [UNIT]: one figure. VALUE is what is
# asked to be OP (<= or >=) LIMIT; without OP nothing is asked.
row () {
	what=$1 ours=$2 peer=$3 ratio=$4 asked=- met=-
	if test $# -ge 7
	then
		asked="$6 $7${8:+ $8}"
		met=$(awk "BEGIN { print ($5 $6 $7) ? \"yes\" : \"NO\" }")
	fi
	print_row "$what" "$ours" "$peer" "$ratio" "$asked" "$met" |
		tee -a "$PERF_WORK/rows"
}

# compare OPTIONS...: timeit, its results in $a $b $a_rss $b_rss $ratio ...
a=0 b=0 ratio=0 a_rss=0 b_rss=0
compare () {
	compared=$(timeit "$@" 2>"$scratch/talk") || {
		cat >&2 "$scratch/talk"
		return 1
	}
	eval "$compared"
}

# 100000 -> 100,000
thousands () {
	echo "$1" | sed 's/\([0-9]\)\([0-9]\{3\}\)$/\1,\2/'
}

# posts N: a file of N posts, one JSON object a line; prints its name
posts () {
	posts_file=$PERF_WORK/posts-$1.jsonl
	if ! test -f "$posts_file"
	then
		say "collecting $(thousands "$1") posts of real text"
		"$PERF_DIR/posts.pl" "$1" >"$posts_file.tmp"
		mv "$posts_file.tmp" "$posts_file"
	fi
	echo "$posts_file"
}

# quiet COMMAND...: says something only when it fails
quiet () {
	"$@" >"$scratch/quiet" 2>&1 || {
		cat >&2 "$scratch/quiet"
		echo >&2 "$(basename "$0"): failed: $*"
		return 1
	}
}

# mib KIB
mib () {
	calc "$1 / 1024" '%.0f MiB'
}

# repo HOME: the repository of its only profile
repo () {
	set -- "$1"/profiles/*.git
	test -d "$1" && echo "$1"
}

# home N: a home with one profile of N posts made by mn post --batch, and
# packed N: the same after mn gc. Not to be changed: copy it. Prints its name.
home () {
	home=$PERF_WORK/home-$1
	if ! home_current "$home"
	then
		rm -rf "$home"
		MN_DIR=$home quiet mn init --name bench
		if test "$1" != 0
		then
			home_posts=$(posts "$1")
			MN_DIR=$home mn post --batch "$home_posts" >/dev/null
		fi
		mn_version >"$home/.made-by"
	fi
	echo "$home"
}

packed () {
	packed=$PERF_WORK/packed-$1
	if ! home_current "$packed"
	then
		packed_from=$(home "$1")
		copy "$packed_from" "$packed"
		rm "$packed/.made-by"
		MN_DIR=$packed quiet mn gc
		mn_version >"$packed/.made-by"
	fi
	echo "$packed"
}

mn_version () {
	cksum <"$MN_BUILD/mn"
}

home_current () {
	mn_version | cmp -s - "$1/.made-by"
}

# copy FROM TO: TO is replaced
copy () {
	rm -rf "$2"
	cp -R "$1" "$2"
}
