#!/bin/sh

test_description='mn follow and mn unfollow that are killed, or have no room

Each is killed before its first call that changes a file, then before a later
one, and so on. After each, what is here must be whole, and the
command must do its work when it is run again. TEST_LONG=1 tries each call.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"
. "$TEST_DIRECTORY/lib-follow.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

fresh_bob () {
	rm -rf bob && cp -a base bob
}

# All profiles that are here are whole, and own ones are there.
is_sound () {
	bob mn following --all >out 2>err && test ! -s err &&
	bob mn whoami >out &&
	bob mn fsck --all >fsck.out 2>&1 || {
		note "$(cat err fsck.out)"
		return 1
	}
}

follows () {
	bob mn follow "$ada_repo" --as ada --replicate limit=1m \
		>out 2>err || {
		note "the next mn follow: $(cat err)"
		return 1
	}
	same_refs && same_log && is_sound &&
	bob mn -p ada remote | cut -f 2 >actual &&
	echo "$ada_repo" >expect &&
	test_cmp expect actual &&
	bob mn following --json | jq -r "\"\(.name) \(.replicate)\"" >actual &&
	echo "ada limit=1m" >expect &&
	test_cmp expect actual
}

# What a dead one leaves, nobody looks into.
only_new () {
	find bob/profiles -mindepth 1 -maxdepth 1 ! -name "new-*" \
		! -name "*.git" >odd
	test ! -s odd
}

# at_each STEP WHAT COMMAND...: kills COMMAND, and WHAT must hold then
at_each () {
	n=1 step=$1 holds=$2
	shift 2
	while :
	do
		fresh_bob || return
		bob syscall kill "$n" "$@" >out 2>err
		status=$?
		test "$status" = 137 || break
		is_sound && only_new && $holds || {
			note "killed at change $n of $*"
			return 1
		}
		n=$((n + step))
	done
	echo "$n changes" >&3
	test "$status" = 0 && test "$n" -gt 10 || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

test_expect_success 'set up' '
	two_people &&
	head -c 40000 /dev/urandom >medium.bin &&
	ada mn post -m one &&
	ada mn post -m two --attach medium.bin &&
	bob mn init --name bob >bob.id 2>/dev/null &&
	mv bob base
'

test_expect_success 'mn follow, killed' '
	at_each "$(step 13)" follows \
		mn follow "$ada_repo" --as ada --replicate limit=1m
'

test_expect_success 'mn follow, with a full disk' '
	n=1 &&
	while :
	do
		fresh_bob || return
		bob syscall --only write,openat,rename,mkdir,link \
			--path "$PWD/bob/" fail "$n" ENOSPC \
			mn follow "$ada_repo" --as ada >out 2>err
		status=$?
		test "$status" != 0 || break
		test "$status" -lt 130 && test -s err && is_sound &&
		only_new && follows || {
			note "full at change $n, exit $status: $(cat err)"
			return 1
		}
		n=$((n + $(step 9)))
	done &&
	test "$n" -gt 10
'

test_expect_success 'a change of settings, killed: the old, or the new' '
	fresh_bob && follows && rm -rf base && mv bob base &&
	at_each "$(step 5)" follows mn follow ada --replicate full
'

test_expect_success 'mn unfollow --delete, killed' '
	at_each "$(step 13)" follows mn unfollow --delete --yes ada
'

test_done
