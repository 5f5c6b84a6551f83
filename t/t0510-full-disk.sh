#!/bin/sh

test_description='a full disk, and one that fails

mn post is run on a copy of a home again and again; the first call that wants
room fails, then the second, and so on, and all later ones with it. There must
be an error that says what could not be done, nothing may be lost, and the
next post must work.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

# what can fail for lack of room, and what can fail at all
once=
ROOM=write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,openat,open,\
rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat

# says_why WORDS: err is one line, lowercase, names what it is about, and why
says_why () {
	test "$(wc -l <err)" = 1 &&
	test_grep "^mn[a-z ]*: [a-z].*'..*'.*: $1\$" err
}

# one_failure BEFORE AFTER WORDS
one_failure () {
	find_repo && is_sound && logged || return
	now=$(count_posts)
	test "$now" = "$1" || test "$now" = "$2" || {
		note "$now posts: neither $1 nor $2"
		return 1
	}
	case $status in
	0)
		test -s out && ids_are_there out
		;;
	128)
		test ! -s out && says_why "$3"
		;;
	*)
		false
		;;
	esac || {
		note "exit $status, $now posts: $(cat err)"
		return 1
	}
	next_post "$now" && is_sound && logged
}

# fail_at_each STEP ERRNO WORDS BEFORE AFTER command...
fail_at_each () {
	by=$1 errno=$2 words=$3 before=$4 after=$5 failed=0
	shift 5
	fresh_home &&
	syscall -o total --only "$ROOM" --path "$MN_DIR" count "$@" >out || return
	n=1
	while test "$n" -le "$(cat total)"
	do
		fresh_home || return
		# shellcheck disable=SC2086 # it may be empty
		syscall --only "$ROOM" --path "$MN_DIR" $once \
			fail "$n" "$errno" "$@" >out 2>err
		status=$?
		test "$status" = 0 || failed=$((failed + 1))
		one_failure "$before" "$after" "$words" || {
			note "$errno at change $n of $*"
			return 1
		}
		n=$((n + by))
	done
	echo "$n changes, $failed failures: $*" >&3
	test "$failed" -gt 3
}

test_expect_success 'a home with one post' '
	make_png small.png &&
	mn init >profile 2>phrase &&
	mn post -m first >first &&
	cp -a "$MN_DIR" base &&
	for i in $(seq 20)
	do
		echo "{\"text\":\"post $i\"}"
	done >batch
'

test_expect_success 'no room for mn post' '
	once= &&
	fail_at_each "$(step 2)" ENOSPC "No space left on device" 1 2 \
		mn post -m text --attach small.png
'

test_expect_success 'no room for mn post --batch' '
	fail_at_each "$(step 4)" ENOSPC "No space left on device" 1 21 \
		mn post --batch batch
'

test_expect_success 'a write or sync of mn post fails, once' '
	once=--once &&
	fail_at_each "$(step 2)" EIO "Input/output error" 1 2 \
		mn post -m text --attach small.png
'

test_expect_success 'nothing that fails in the index fails a post' '
	fresh_home && find_repo &&
	for errno in ENOSPC EIO EACCES EROFS
	do
		before=$(count_posts) &&
		syscall --path index.db fail 1 "$errno" \
			mn post -m "no index: $errno" >out 2>err &&
		test_must_be_empty err &&
		test_line_count = 1 out &&
		test "$(count_posts)" = $((before + 1)) &&
		logged || return 1
	done &&
	is_sound
'

test_expect_success 'nor keeps anybody from reading' '
	fresh_home && rm -f "$MN_DIR"/index.db* && find_repo &&
	for errno in ENOSPC EIO EACCES EROFS
	do
		syscall --path index.db fail 1 "$errno" \
			mn log --format="%(node)" >out 2>err &&
		test_cmp first out || return 1
	done
'

test_expect_success 'no room for mn init' '
	once= &&
	syscall -o total --only "$ROOM" --path "$TRASH_DIRECTORY/new" \
		count env MN_DIR="$TRASH_DIRECTORY/new" mn init >out 2>err &&
	n=1 &&
	while test "$n" -le "$(cat total)"
	do
		rm -rf new &&
		test_must_fail 128 syscall --only "$ROOM" \
			--path "$TRASH_DIRECTORY/new" fail "$n" ENOSPC \
			env MN_DIR="$TRASH_DIRECTORY/new" mn init >out 2>err &&
		test_must_be_empty out &&
		tail -n 1 err >last && mv last err &&
		says_why "No space left on device" &&
		MN_DIR=$TRASH_DIRECTORY/new mn init --default >out 2>err || {
			note "ENOSPC at change $n of mn init: $(cat err)"
			return 1
		}
		n=$((n + $(step 4)))
	done &&
	test "$n" -gt 20
'

test_expect_success 'output that cannot be written is an error, too' '
	fresh_home && find_repo &&
	test_must_fail 128 mn post -m text >/dev/full 2>err &&
	test_grep "^mn post: write error: No space left on device$" err &&
	test "$(count_posts)" = 2 && is_sound
'

# Only root can make a file system to fill.
if test "$(id -u)" = 0 && mkdir small && mount -t tmpfs -o size=1m small small 2>/dev/null
then
	test_atexit 'umount "$TRASH_DIRECTORY/small" 2>/dev/null; :'
	test_set_prereq SMALL_DISK
fi

# Fills the disk, but for $1 KiB.
fill_disk () {
	rm -f small/filler
	left=$(df -k --output=avail small | tail -n 1)
	head -c $(((left - $1) * 1024)) /dev/zero >small/filler
}

test_expect_success SMALL_DISK 'a file system that is full' '
	MN_DIR=$TRASH_DIRECTORY/small/home &&
	cp -a base "$MN_DIR" && find_repo && mn log >/dev/null &&
	head -c 20000 /dev/urandom >noise &&
	full=0 &&
	for room in 0 4 8 12 16 20 24 28 32 36 40 44 48 52 56 60 64 80 100 200
	do
		before=$(count_posts) &&
		fill_disk $room || return 1
		mn post -m text --attach noise >out 2>err
		status=$?
		case $status in
		0)
			ids_are_there out
			;;
		128)
			full=$((full + 1)) && test_must_be_empty out &&
			says_why "No space left on device"
			;;
		*)
			false
			;;
		esac && is_sound && logged || {
			note "exit $status with $room KiB: $(cat err)"
			return 1
		}
		test "$status" != 128 || test "$(count_posts)" = "$before" ||
			return 1
	done &&
	test "$status" = 0 && test "$full" -gt 2 &&
	rm small/filler && next_post "$(count_posts)" && is_sound && logged
'

test_done
