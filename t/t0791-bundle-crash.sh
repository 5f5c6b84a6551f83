#!/bin/sh

test_description='mn bundle that is killed, or whose disk is full, is run again

mn bundle fetch is killed before its first call that changes a file, on the
next copy of the home before its second, and so on; create likewise. After
each, what is there must be whole, and the next try must complete it.
TEST_LONG=1 tries each call.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

profile=''	# of ada, once it is made

ada () {
	MN_DIR=$PWD/ada "$@"
}

refs () {
	git -C "$1" for-each-ref --format='%(objectname) %(refname)'
}

# Neither more nor less than ada has; nothing in between was left.
is_complete () {
	repo=$MN_DIR/profiles/$profile.git
	refs "$PWD/ada/profiles/$profile.git" >refs.ada &&
	refs "$repo" >refs.now && cmp refs.ada refs.now &&
	is_sound &&
	ada mn log --format='%(node)' | sort >log.ada &&
	mn -p "$profile" log --format='%(node)' | sort >log.now &&
	cmp log.ada log.now || return
	ls "$repo/mn/incoming" >left
	test ! -s left || {
		note "in quarantine: $(cat left)"
		return 1
	}
}

# Directories of a profile in the making go when they are old.
nothing_after_sweep () {
	find "$MN_DIR/profiles" -maxdepth 1 -name 'new-*' \
		-exec touch -d '2 hours ago' {} + &&
	mn bundle verify -q whole.bundle >verified &&
	find "$MN_DIR/profiles" -maxdepth 1 -name 'new-*' >left &&
	test ! -s left || {
		note "not swept: $(cat left)"
		return 1
	}
}

# after_death COMMAND...: what must hold, and that it completes
after_death () {
	repo=$MN_DIR/profiles/$profile.git
	test ! -d "$repo" || is_sound || return
	"$@" >again 2>again.err || {
		note "the next try: $(cat again.err)"
		return 1
	}
	is_complete && nothing_after_sweep && no_stale_lock
}

# die_at_each STEP COMMAND...
die_at_each () {
	by=$1 n=1
	shift
	while :
	do
		fresh_home || return
		syscall kill "$n" "$@" >out 2>err
		status=$?
		test "$status" = 137 || break
		after_death "$@" || {
			note "killed at change $n of: $*"
			return 1
		}
		n=$((n + by))
	done
	echo "$n changes: $*" >&3
	test "$status" = 0 && test "$n" -gt 10 && is_complete || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

test_expect_success 'set up' '
	profile=$(ada mn init --name ada 2>/dev/null) &&
	head -c 50000 /dev/urandom >noise.bin &&
	ada mn post -m one && ada mn post -m two --attach noise.bin &&
	ada mn bundle create whole.bundle &&
	MN_PROFILE=$profile && export MN_PROFILE &&
	mkdir base
'

test_expect_success 'killed in fetch --follow' '
	die_at_each "$(step 19)" mn bundle fetch --follow whole.bundle
'

test_expect_success 'killed in fetch of a few posts' '
	fresh_home && mn bundle fetch --follow whole.bundle &&
	rm -rf base && cp -a "$MN_DIR" base &&
	ada mn post -m three && ada mn post -m four &&
	ada mn bundle create --since whole.bundle few.bundle &&
	die_at_each "$(step 11)" mn bundle fetch few.bundle
'

test_expect_success 'killed in fetch of many' '
	for i in $(seq 150)
	do
		echo "{\"text\":\"post $i\"}"
	done | ada mn post --batch >ids &&
	ada mn bundle create --since whole.bundle many.bundle &&
	die_at_each "$(step 11)" mn bundle fetch many.bundle
'

test_expect_success 'the disk is full from some call on' '
	n=1 &&
	while :
	do
		fresh_home || return
		syscall --only write,pwrite64,openat,mkdir,link,linkat,rename \
			--path "$MN_DIR/" fail "$n" ENOSPC \
			mn bundle fetch many.bundle >out 2>err
		status=$?
		test "$status" != 0 || break
		test "$status" -lt 130 && test -s err &&
		after_death mn bundle fetch many.bundle || {
			note "full at change $n, exit $status: $(cat err)"
			return 1
		}
		n=$((n + $(step 9)))
	done &&
	test "$n" -gt 6
'

test_expect_success 'killed in create: the old file or the new one' '
	n=1 &&
	while :
	do
		cp whole.bundle file.bundle &&
		MN_DIR=$PWD/ada syscall kill "$n" \
			mn bundle create file.bundle >out 2>err
		status=$?
		test "$status" = 137 || break
		ada mn bundle verify file.bundle >out || return
		cmp -s whole.bundle file.bundle || test "$n" -gt 3 || return
		n=$((n + 1))
	done &&
	test "$status" = 0 && test "$n" -gt 3 &&
	ada mn bundle verify file.bundle >out && test_grep "^nodes	154$" out
'

test_expect_success 'no room for the bundle: none is left' '
	for n in 1 2 3
	do
		MN_DIR=$PWD/ada syscall --only write --path "$PWD" fail $n \
			ENOSPC mn bundle create room.bundle >out 2>err
		status=$?
		test "$status" = 128 || break
		ls room.bundle* >left 2>/dev/null
		test_must_be_empty left || return 1
	done &&
	test "$n" -gt 1
'

test_done
