#!/bin/sh

test_description='several processes at one profile

Writers wait for each other and all succeed; readers, gc and the index do not
get in their way. Who waits too long says so and exits with 75.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

# post_many NAME COUNT: posts in the background; ids in NAME.ids, NAME.done at
# the end of it when all went well
post_many () {
	(
		i=0
		while test "$i" -lt "$2"
		do
			i=$((i + 1))
			mn post -m "$1 $i" >>"$1.ids" 2>>"$1.err" || exit
		done
		: >"$1.done"
	) &
}

# The same with mn post --batch of the file batch, three times.
post_batches () {
	(
		for i in 1 2 3
		do
			mn post --batch batch >>"$1.ids" 2>>"$1.err" || exit
		done
		: >"$1.done"
	) &
}

# in_background command...
in_background () {
	"$@" &
}

# all_posted COUNT NAME...: what post_many was asked for is there
all_posted () {
	total=$1
	shift
	for name
	do
		test -f "$name.done" || {
			note "$name: $(cat "$name.err")"
			return 1
		}
	done
	cat ./*.ids | sort >ids && sort -u ids >unique &&
	test_cmp ids unique &&
	test "$(wc -l <ids)" = "$total" &&
	mn log --format='%(node)' | sort >listed &&
	test_cmp ids listed &&
	mn log --reverse --format='%(seq)' >seq &&
	seq "$total" >expect && test_cmp expect seq &&
	is_sound && no_stale_lock
}

fresh_profile () {
	rm -rf "$MN_DIR" ./*.ids ./*.err ./*.done &&
	mn init >profile 2>phrase &&
	find_repo
}

test_expect_success 'five at once, twenty posts each' '
	fresh_profile &&
	for name in a b c d e
	do
		post_many "$name" 20
	done &&
	wait &&
	all_posted 100 a b c d e
'

test_expect_success 'the head is the newest of them' '
	git -C "$repo" rev-parse refs/heads/main >actual &&
	git -C "$repo" for-each-ref --format="%(objectname)" \
		refs/mn/devices >expect &&
	test_cmp expect actual
'

test_expect_success 'batches and single posts' '
	fresh_profile &&
	for i in $(seq 30)
	do
		echo "{\"text\":\"in a batch $i\"}"
	done >batch &&
	post_many a 15 &&
	post_batches c &&
	post_many b 15 &&
	wait &&
	all_posted 120 a b c
'

# post_until FILE NAME: posts in the background until FILE is there
post_until () {
	(
		until test -f "$1"
		do
			mn post -m "$2" >>"$2.ids" 2>>"$2.err" || exit
		done
		: >"$2.done"
	) &
}

# while_posting command...: runs it ten times while two others post
while_posting () {
	fresh_profile && rm -f stop && mn post -m "the first" >first.ids || return
	post_until stop a
	post_until stop b
	again=0 result=0
	while test "$again" -lt 10 && test "$result" = 0
	do
		again=$((again + 1))
		"$@" >out 2>err || result=1
	done
	: >stop
	wait
	test "$result" = 0 || {
		note "$*: $(cat out err)"
		return 1
	}
	all_posted "$(cat ./*.ids | wc -l)" a b
}

test_expect_success 'posting while gc runs' '
	while_posting mn gc
'

test_expect_success 'posting while gc removes all it can' '
	while_posting mn gc --prune now
'

test_expect_success 'posting while the index is rebuilt' '
	while_posting mn index --rebuild
'

test_expect_success 'posting while others read' '
	while_posting mn log --json
'

test_expect_success 'posting while the repository is checked' '
	while_posting mn fsck
'

git_gc () {
	git -C "$repo" gc -q
}

test_expect_success 'posting while git packs' '
	while_posting git_gc
'

# A reader sees each time a whole list that never becomes shorter.
test_expect_success 'a reader sees before or after, nothing else' '
	fresh_profile &&
	post_many a 40 &&
	seen=0 &&
	while ! test -f a.done
	do
		mn log --reverse --format="%(seq)" >out &&
		now=$(wc -l <out) &&
		test "$now" -ge "$seen" && seq "$now" >expect &&
		test_cmp expect out || { wait; return 1; }
		seen=$now
	done &&
	wait && all_posted 40 a
'

test_expect_success 'three profiles made at once' '
	rm -rf "$MN_DIR" &&
	for name in ada ben cyd
	do
		in_background mn init --name $name >$name.id 2>$name.err
	done &&
	wait &&
	for name in ada ben cyd
	do
		test_line_count = 1 $name.id &&
		mn -p $name post -m hello &&
		mn -p $name fsck || return 1
	done &&
	mn post -m "to the default one"
'

# The lock is flock(2) on mn/lock; flock(1) takes it as another mn would.
test_expect_success flock 'who waits long enough gets the lock' '
	fresh_profile &&
	in_background flock "$repo/mn/lock" sleep 1 &&
	while flock -n "$repo/mn/lock" true
	do
		sleep 0.01
	done &&
	mn post -m waited >waited.ids && touch waited.done &&
	wait &&
	all_posted 1 waited
'

test_expect_success flock 'who waits too long exits with 75' '
	fresh_profile &&
	mn config core.lockTimeout 200 &&
	mkfifo hold &&
	in_background flock "$repo/mn/lock" cat hold &&
	exec 9>hold &&
	while flock -n "$repo/mn/lock" true
	do
		sleep 0.01
	done &&
	echo "{\"text\":\"in vain\"}" >line &&
	test_must_fail 75 mn post -m "in vain" >out 2>err &&
	test_must_be_empty out &&
	test_grep "^mn post: another process writes to .*: try again" err &&
	test_must_fail 75 mn post --batch line >out 2>err &&
	test_must_be_empty out &&
	mn log >out && test_must_be_empty out &&
	exec 9>&- && wait && rm hold &&
	mn post -m "not in vain" >posted.ids && touch posted.done &&
	all_posted 1 posted
'

test_expect_success 'a wait that is no number is an error' '
	mn config core.lockTimeout soon &&
	test_must_fail 128 mn post -m text 2>err &&
	test_grep -i "core.locktimeout" err &&
	mn config core.lockTimeout -- -1 &&
	test_must_fail 128 mn post -m text 2>err &&
	test_grep "core.lockTimeout is a number of milliseconds" err &&
	mn config --unset core.lockTimeout
'

# git holds no lock of ours, but those of its refs.
test_expect_success 'a ref that git has locked is waited for' '
	fresh_profile && mn post -m first >a.ids && touch a.done &&
	lock=$repo/refs/heads/main.lock &&
	: >"$lock" &&
	test_must_fail 75 mn post -m second >out 2>err &&
	test_must_be_empty out &&
	test_grep "another process holds the lock .*main.lock" err &&
	test "$(count_posts)" = 1 &&
	in_background sh -c "sleep 0.3; rm \"$lock\"" &&
	mn post -m second >b.ids && touch b.done &&
	wait && all_posted 2 a b
'

test_done
