#!/bin/sh

test_description='what is left when mn is killed at a system call

Each command is run on a copy of a small home and killed before its first
call that changes a file, on the next copy before its second, and so on. After
each, the repository must be whole, what was printed must be there, and the
next post must work.
TEST_LONG=1 tries each call of each command.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"
. "$TEST_DIRECTORY/lib-devices.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

# one_death BEFORE AFTER: what must hold once the command was killed. It had
# BEFORE posts, and would have had AFTER.
one_death () {
	find_repo && is_sound && ids_are_there out && logged || return
	now=$(count_posts)
	case $now in
	"$1" | "$2")
		;;
	*)
		note "$now posts: neither $1 nor $2"
		return 1
		;;
	esac
	test ! -s out || test "$now" = "$2" || {
		note "an id was printed, and nothing was posted"
		return 1
	}
	next_post "$now" && mn fsck -q >fsck.out && logged || return
	test $((n % 7)) != 0 || { no_litter_after_gc && is_sound; }
}

# die_at_each STEP BEFORE AFTER command...
die_at_each () {
	by=$1 before=$2 after=$3
	shift 3
	n=1
	while :
	do
		fresh_home || return
		syscall kill "$n" "$@" >out 2>err
		status=$?
		test "$status" = 137 || break
		one_death "$before" "$after" || {
			note "killed at change $n of: $*"
			return 1
		}
		n=$((n + by))
	done
	echo "$n changes: $*" >&3
	test "$status" = 0 && test "$n" -gt 10 || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

test_expect_success 'a home with one post' '
	make_png small.png &&
	mn init --name ada >profile 2>phrase &&
	find_repo &&
	mn post -m first >first &&
	is_sound &&
	cp -a "$MN_DIR" base
'

test_expect_success 'mn post' '
	die_at_each 1 1 2 mn post -m text --attach small.png
'

test_expect_success 'mn post, the first one of a profile' '
	mv base with-post &&
	MN_DIR=$TRASH_DIRECTORY/base mn init --name ada >profile 2>phrase &&
	die_at_each "$(step 5)" 0 1 mn post -m text &&
	rm -rf base &&
	mv with-post base
'

test_expect_success 'mn post --batch' '
	for i in $(seq 20)
	do
		echo "{\"text\":\"post $i\",\"tags\":[\"t$i\"]}"
	done >batch &&
	die_at_each "$(step 3)" 1 21 mn post --batch batch
'

test_expect_success 'mn gc' '
	mn post --batch batch >/dev/null &&
	mn post -m one >/dev/null && mn post -m two >/dev/null &&
	rm -rf base && cp -a "$MN_DIR" base &&
	before=$(find_repo && count_posts) &&
	die_at_each "$(step 8)" "$before" "$before" mn gc
'

test_expect_success 'mn index --rebuild' '
	fresh_home && find_repo && before=$(count_posts) &&
	die_at_each "$(step 6)" "$before" "$before" mn index --rebuild
'

test_expect_success 'mn log, where it makes the index' '
	fresh_home && find_repo && before=$(count_posts) &&
	rm -f base/index.db* &&
	die_at_each "$(step 9)" "$before" "$before" \
		mn log --format="%(node)"
'

test_expect_success 'mn merge-heads, where there are two' '
	two_devices &&
	on laptop mn post -m "from the laptop" >ids &&
	on phone mn post -m "from the phone" >>ids &&
	device=refs/mn/devices/$(on phone mn whoami --json | jq -r .device) &&
	rm -rf base && mv laptop base && fresh_home && find_repo &&
	git -C "base/profiles/$profile.git" fetch -q \
		"$PWD/phone/profiles/$profile.git" "$device:$device" &&
	fresh_home && test "$(count_posts)" = 2 &&
	die_at_each "$(step 3)" 2 2 mn merge-heads &&
	git -C "$repo" cat-file commit main >commit &&
	grep -c "^parent" commit >actual &&
	echo 2 >expect && test_cmp expect actual
'

# Nothing is there before init, so what must hold is: a profile that is there
# has had its phrase shown and works, and init can be run again.
dead_init () {
	test ! -s out || return
	for repo in "$MN_DIR"/profiles/*.git
	do
		test -d "$repo" || continue
		test -s err && is_sound || return
		name=$(basename "$repo" .git)
		mn -p "$name" post -m early >id && ids_are_there id || return
	done
	mn init --default >again 2>phrase &&
	repo=$MN_DIR/profiles/$(cat again).git &&
	mn post -m text >id && ids_are_there id && is_sound
}

test_expect_success 'mn init' '
	n=1 &&
	while
		rm -rf "$MN_DIR"
		syscall kill "$n" mn init --name ada >out 2>err
		status=$?
		test "$status" = 137
	do
		dead_init || {
			note "killed at change $n of mn init: $(cat err)"
			return 1
		}
		n=$((n + $(step 4)))
	done &&
	echo "$n changes: mn init" >&3 &&
	test "$status" = 0 && test "$n" -gt 10
'

test_done
