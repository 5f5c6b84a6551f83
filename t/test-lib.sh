# shellcheck shell=sh
#
# The library of the shell tests, in git's manner. A test is a script
# tNNNN-name.sh in t/ that says what it is for and sources this file:
#
#	#!/bin/sh
#	test_description='what mn config does'
#	. ./test-lib.sh
#
#	test_expect_success 'a value that was set is read back' '
#		mn config core.x 1 &&
#		echo 1 >expect &&
#		mn config core.x >actual &&
#		test_cmp expect actual
#	'
#
#	test_done
#
# It prints TAP, for prove ("make test"), and runs alone as well:
# sh t0014-config.sh [-v] [-i] [-d] [-x] [--run=LIST]
#
#	-v  show commands and what they print
#	-x  trace them, too (under bash, lest traces get into 2>err)
#	-i  stop at the first failure               -d  keep the directory
#	--run=1,3-5  only these
#
# Each script gets a directory of its own (the current one at the start),
# with HOME and the XDG directories inside, no configuration of the user's
# or the system's, UTC, C.UTF-8, and the mn that was just built first in PATH.
# Nothing outside is written; what is started must be ended
# (test_when_finished, test_atexit).
#
# MN_BUILD       the build directory (default: ../build)
# TEST_OUTPUT    where the trash directories go (default: t/trash)

TEST_DIRECTORY=$(pwd)
MN_BUILD=${MN_BUILD:-$TEST_DIRECTORY/../build}
TEST_OUTPUT=${TEST_OUTPUT:-$TEST_DIRECTORY/trash}

verbose='' immediate='' debug='' trace='' run_list=''
for opt
do
	case $opt in
	-v) verbose=t ;;
	-i) immediate=t ;;
	-d) debug=t ;;
	-x) trace=t verbose=t ;;
	--run=*) run_list=${opt#--run=} ;;
	*)
		echo >&2 "usage: sh $0 [-v] [-i] [-d] [-x] [--run=LIST]"
		exit 129
		;;
	esac
done

test -x "$MN_BUILD/bin/mn" || {
	echo "Bail out! $MN_BUILD/bin/mn is not there: run make first"
	exit 1
}
test -n "${test_description:-}" || {
	echo "Bail out! $0 has no test_description"
	exit 1
}

# No setting of whoever runs this may matter.
for var in $(env | sed -n 's/^\(GIT_[A-Z_]*\|MN_[A-Z_]*\|XDG_[A-Z_]*\)=.*/\1/p')
do
	test "$var" = MN_BUILD || unset "$var"
done
unset CDPATH LESS PAGER EDITOR VISUAL NO_COLOR LANGUAGE LC_CTYPE \
	LC_MESSAGES LC_COLLATE LC_NUMERIC LC_TIME SOURCE_DATE_EPOCH \
	SSH_AUTH_SOCK SSH_ASKPASS DISPLAY TMPDIR
LANG=C.UTF-8 LC_ALL=C.UTF-8 TZ=UTC TERM=dumb
export LANG LC_ALL TZ TERM

test_name=$(basename "$0" .sh)
TRASH_DIRECTORY=$TEST_OUTPUT/$test_name
# a test may leave directories that can't be written
chmod -R u+rwx "$TRASH_DIRECTORY" 2>/dev/null
rm -rf "$TRASH_DIRECTORY"
mkdir -p "$TRASH_DIRECTORY" && cd "$TRASH_DIRECTORY" || {
	echo "Bail out! cannot make $TRASH_DIRECTORY"
	exit 1
}
TRASH_DIRECTORY=$(pwd -P)
HOME=$TRASH_DIRECTORY/.home
mkdir -p "$HOME/.config" "$HOME/.local/share" "$HOME/.cache" "$HOME/.tmp"
XDG_CONFIG_HOME=$HOME/.config
XDG_DATA_HOME=$HOME/.local/share
XDG_CACHE_HOME=$HOME/.cache
TMPDIR=$HOME/.tmp
MN_HOME=$XDG_DATA_HOME/mn	# where mn keeps things; not read by mn
export HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME TMPDIR

GIT_CONFIG_NOSYSTEM=1
GIT_CONFIG_GLOBAL=/dev/null
GIT_ATTR_NOSYSTEM=1
# the parent: git looks above the directory it starts in even if that is one
GIT_CEILING_DIRECTORIES=$(dirname "$TRASH_DIRECTORY")
GIT_TERMINAL_PROMPT=0
GIT_AUTHOR_NAME='A U Thor' GIT_AUTHOR_EMAIL=author@example.com
GIT_COMMITTER_NAME='C O Mitter' GIT_COMMITTER_EMAIL=committer@example.com
GIT_AUTHOR_DATE='1112911993 +0000' GIT_COMMITTER_DATE='1112911993 +0000'
export GIT_CONFIG_NOSYSTEM GIT_CONFIG_GLOBAL GIT_ATTR_NOSYSTEM \
	GIT_CEILING_DIRECTORIES GIT_TERMINAL_PROMPT \
	GIT_AUTHOR_NAME GIT_AUTHOR_EMAIL GIT_COMMITTER_NAME \
	GIT_COMMITTER_EMAIL GIT_AUTHOR_DATE GIT_COMMITTER_DATE

MN_BUILD=$(cd "$MN_BUILD" && pwd -P)
PATH=$MN_BUILD/bin:$MN_BUILD/t/helper:$PATH
export PATH MN_BUILD TEST_DIRECTORY

test_count=0 test_failed=0 test_cleanup=: test_atexit=: test_finished=''

# stdout (1) is TAP; 3 and 4 are what the tests themselves print
exec 5>&1 6<&0
if test -n "$verbose"
then
	exec 3>&2 4>&2
else
	exec 3>/dev/null 4>/dev/null
fi
# shellcheck disable=SC2034 # read by bash
BASH_XTRACEFD=4

_say () {
	printf '%s\n' "$*" >&5
}

test_reported=0
_result () {
	test_reported=$((test_reported + 1))
	_say "$@"
}

_comment () {
	printf '%s\n' "$1" | sed 's/^/# /' >&5
}

# Is test number $1 among those that were asked for?
_is_wanted () {
	test -n "$run_list" || return 0
	for _part in $(echo "$run_list" | tr , ' ')
	do
		test "$1" -ge "${_part%-*}" && test "$1" -le "${_part#*-}" &&
			return 0
	done
	return 1
}

_run_cleanup () {
	eval "$test_cleanup"
}

# A function of its own, for the body to return from.
_eval_body () {
	eval "$1"
}

# The body runs in this shell, so that it may set variables and define
# functions for later tests.
_run_body () {
	test_cleanup=:
	if test -n "$trace"
	then
		{ set -x; _eval_body "$1" </dev/null >&3; } 2>&4
		_status=$?
		{ set +x; } 2>/dev/null
	else
		_eval_body "$1" </dev/null >&3 2>&4
		_status=$?
	fi
	_run_cleanup </dev/null >&3 2>&4 || _status=$?
	cd "$TRASH_DIRECTORY" || _status=1
	return $_status
}

# test_expect_success [PREREQ] 'what must hold' 'commands'
test_expect_success () {
	_prereq=
	if test $# = 3
	then
		_prereq=$1
		shift
	fi
	test $# = 2 || _bug 'test_expect_success takes 2 or 3 arguments'
	test_count=$((test_count + 1))
	if ! _is_wanted $test_count
	then
		_result "ok $test_count # SKIP $1 (not in --run)"
		return
	fi
	if test -n "$_prereq" && ! test_have_prereq "$_prereq"
	then
		_result "ok $test_count # SKIP $1 (needs $_prereq)"
		return
	fi
	test -z "$verbose" || printf '\nexpecting success: %s\n' "$2" >&3
	if _run_body "$2"
	then
		_result "ok $test_count - $1"
	else
		test_failed=$((test_failed + 1))
		_result "not ok $test_count - $1"
		_comment "$2"
		if test -n "$immediate"
		then
			debug=t
			exit 1
		fi
	fi
}

_bug () {
	_say "Bail out! bug in $test_name: $1"
	test_finished=t
	exit 1
}

# Prerequisites: names that test_set_prereq has set, or a program that must
# be in PATH; several are joined by commas.
test_prereqs=' '
test_set_prereq () {
	test_prereqs="$test_prereqs$1 "
}
test_have_prereq () {
	for _one in $(echo "$1" | tr , ' ')
	do
		case $test_prereqs in
		*" $_one "*) ;;
		*) command -v "$_one" >/dev/null 2>&1 || return 1 ;;
		esac
	done
}
test "$(id -u)" = 0 || test_set_prereq NOT_ROOT

# skip_all='reason'; test_done: none of the script's tests can run here
test_done () {
	test_finished=t
	if test -n "${skip_all:-}" && test $test_count = 0
	then
		_say "1..0 # SKIP $skip_all"
		exit 0
	fi
	_say "1..$test_count"
	test $test_failed = 0 || exit 1
	exit 0
}

_exit () {
	status=$?
	trap - EXIT
	cd "$TRASH_DIRECTORY" && eval "$test_atexit" >&3 2>&4
	cd "$TEST_DIRECTORY" || exit 1
	if test -z "$test_finished"
	then
		_result "not ok $((test_reported + 1)) - the script ended early"
		_say "1..$test_reported"
		status=1
	fi
	if test $test_failed = 0 && test -n "$test_finished" &&
		test -z "$debug"
	then
		chmod -R u+rwx "$TRASH_DIRECTORY" 2>/dev/null
		rm -rf "$TRASH_DIRECTORY"
	fi
	exit $status
}
trap _exit EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# test_when_finished 'command': runs when this test is over, however it went
test_when_finished () {
	test_cleanup="{ $*; } && ($test_cleanup)"
}

# test_atexit 'command': runs when the script is over
test_atexit () {
	test_atexit="{ $*; }; $test_atexit"
}

# test_expect_code N command...: it must exit with just this
test_expect_code () {
	_want=$1
	shift
	"$@"
	_got=$?
	test $_got = "$_want" && return 0
	echo >&4 "test_expect_code: $_got instead of $_want: $*"
	return 1
}

# test_must_fail [N] command...: an error of mn's own (1, 75, 128, 129; or
# just N), not a crash, nor a command that isn't there
test_must_fail () {
	case $1 in
	[0-9]*)
		test_expect_code "$@"
		return
		;;
	esac
	"$@"
	_got=$?
	case $_got in
	1 | 75 | 128 | 129) return 0 ;;
	esac
	echo >&4 "test_must_fail: exit $_got: $*"
	return 1
}

# test_cmp EXPECT ACTUAL: same bytes
test_cmp () {
	test $# = 2 || _bug 'test_cmp takes 2 files'
	diff -u "$1" "$2" >&4
}

# test_grep [!] [grep's options] PATTERN FILE: shows the file if it isn't so
test_grep () {
	_invert=
	if test "$1" = !
	then
		_invert=t
		shift
	fi
	_file=
	eval "_file=\${$#}"
	test -f "$_file" || _bug "test_grep: no file '$_file'"
	if grep "$@" >/dev/null
	then
		test -z "$_invert" && return 0
	else
		test -n "$_invert" && return 0
	fi
	echo >&4 "test_grep $_invert $*: '$_file' holds:"
	cat "$_file" >&4
	return 1
}

# test_line_count = 3 FILE
test_line_count () {
	test "$(wc -l <"$3")" "$1" "$2" && return 0
	echo >&4 "test_line_count: '$3' has $(wc -l <"$3") lines, not $1 $2"
	cat "$3" >&4
	return 1
}

test_must_be_empty () {
	test -f "$1" && test ! -s "$1" && return 0
	echo >&4 "'$1' is not an empty file:"
	cat "$1" >&4
	return 1
}

test_path_is_file () {
	test -f "$1" && return 0
	echo >&4 "'$1' is not a file"
	return 1
}

test_path_is_missing () {
	test ! -e "$1" && return 0
	echo >&4 "'$1' is there"
	return 1
}

# write_script NAME <<\EOF: an executable shell script
write_script () {
	{ echo '#!/bin/sh' && cat; } >"$1" && chmod +x "$1"
}

# Makes a home with one profile; its id is left in $profile, its repository
# in $repo.
test_init_profile () {
	profile=$(mn init --name "${1:-Ada}" 2>phrase) &&
	repo=$MN_HOME/profiles/$profile.git
}
