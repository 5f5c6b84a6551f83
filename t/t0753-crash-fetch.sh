#!/bin/sh

test_description='a fetch that is killed, or whose disk is full, is run again

mn fetch is killed before its first call that changes a file, on the next
copy of the home before its second, and so on. After each, the repository
must be whole, and the next fetch must complete it.
TEST_LONG=1 tries each call.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

bob_is_sound () {
	bob mn -p "$profile" fsck >fsck.out 2>&1 || {
		note "mn fsck: $(cat fsck.out)"
		return 1
	}
	git -C "$bob_repo" fsck --strict >git.out 2>&1 &&
	! grep "^error\|^missing" git.out >bad || {
		note "git fsck: $(cat git.out)"
		return 1
	}
}

# What the refs name is a beginning of what ada has.
is_beginning () {
	git -C "$bob_repo" for-each-ref --format='%(objectname)' \
		refs/mn/devices refs/heads >tips &&
	while read -r tip
	do
		git -C "$ada_repo" merge-base --is-ancestor "$tip" \
			refs/heads/main || return 1
	done <tips
}

nothing_left () {
	ls "$bob_repo/mn/incoming" 2>/dev/null >left
	test ! -s left && no_stale_lock_of "$bob_repo"
}

no_stale_lock_of () {
	find "$1" -name '*.lock' ! -path '*.git/mn/*' >locks &&
	find "$1/mn/tmp" -type f >>locks 2>/dev/null
	test ! -s locks
}

completes () {
	bob mn fetch >again 2>err || {
		note "the next fetch: $(cat err)"
		return 1
	}
	same_refs && same_log && bob_is_sound && nothing_left &&
	bob mn -p "$profile" show --no-fetch -c 1 -o got "$(cat files.id)" &&
	cmp large.bin got
}

# what wants room on the disk
ROOM=write,writev,pwrite64,ftruncate,fallocate,openat,open,\
rename,renameat,renameat2,link,linkat,mkdir,mkdirat

fresh_bob () {
	rm -rf bob && cp -a base bob
}

# die_at_each STEP
die_at_each () {
	n=1
	while :
	do
		fresh_bob || return
		bob syscall kill "$n" mn fetch >out 2>err
		status=$?
		test "$status" = 137 || break
		is_beginning && completes || {
			note "killed at change $n"
			return 1
		}
		n=$((n + $1))
	done
	echo "$n changes" >&3
	test "$status" = 0 && test "$n" -gt 10 || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

test_expect_success 'set up' '
	two_people &&
	head -c 5000000 /dev/urandom >large.bin &&
	ada mn post -m one &&
	ada mn post -m two --attach large.bin >files.id &&
	ada mn post -m three
'

test_expect_success 'killed in the first fetch' '
	bob_follows "$ada_repo" && rm -rf base && mv bob base &&
	die_at_each "$(step 11)"
'

test_expect_success 'killed when a few posts come' '
	fresh_bob && bob mn fetch && rm -rf base && mv bob base &&
	ada mn post -m four && ada mn post -m five &&
	die_at_each "$(step 5)"
'

test_expect_success 'killed when many come' '
	for i in $(seq 300)
	do
		echo "{\"text\":\"post $i\"}"
	done | ada mn post --batch >/dev/null &&
	die_at_each "$(step 9)"
'

test_expect_success 'the disk is full from some call on' '
	n=1 &&
	while :
	do
		fresh_bob || return
		bob syscall --only "$ROOM" --path "$PWD/bob/" fail "$n" \
			ENOSPC mn fetch >out 2>err
		status=$?
		test "$status" != 0 || break
		test "$status" -lt 130 && test -s err && is_beginning &&
		completes || {
			note "full at change $n, exit $status: $(cat err)"
			return 1
		}
		n=$((n + $(step 9)))
	done &&
	test "$n" -gt 10
'

test_expect_success 'a server that vanishes: what came whole is kept' '
	start_server half "$PWD/ada/profiles" &&
	bob_follows "$url/$profile.git" &&
	test_expect_code 75 bob mn fetch --json >first 2>err &&
	test_line_count = 1 err && is_beginning && bob_is_sound &&
	kill "$server_pid" &&
	test_expect_code 75 bob mn fetch 2>err &&
	test_grep "cannot reach" err &&
	git -C "$bob_repo" config remote.origin.url "$ada_repo" &&
	bob mn fetch --json >second && completes &&
	posts=$(ada mn log --format=x | wc -l) &&
	test "$(($(jq .posts first) + $(jq .posts second)))" = "$posts"
'

test_done
