#!/bin/sh

test_description='mn receive-pack: stock git pushes to it

What is good is let in, what is not is refused in words that git shows, and
nothing is left behind of it.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

rp="mn receive-pack"

# push HOME|REPOSITORY [REFSPEC...]: everything of the profile, or these
push () {
	_from=$1
	shift
	test ! -d "$_from/profiles" || _from=$_from/profiles/$profile.git
	test $# -gt 0 || set -- "+refs/mn/*:refs/mn/*" +refs/heads/main
	# shellcheck disable=SC2154 # set by the first test
	git -C "$_from" push --receive-pack="$rp" "$server" "$@" 2>&1
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

# request OLD NEW REF: the one command of a push
request () {
	_length=$((${#3} + 101))
	printf "%04x%s\0report-status\n0000" "$_length" "$*"
}

# The profile is sound, and nothing of a push is left.
sound () {
	on server mn -p "$profile" fsck >fsck.out 2>&1 &&
	git -C "$server" fsck --strict >fsck.out 2>&1 &&
	find "$server/mn/incoming" "$server/mn/tmp" -mindepth 1 >left &&
	test_must_be_empty left
}

test_expect_success 'set up' '
	two_devices &&
	lap=$(on laptop mn whoami --json | jq -r .device) &&
	phone=$(on phone mn whoami --json | jq -r .device) &&
	on laptop mn post -m "the first" &&
	mkdir -p server/profiles &&
	git clone -q --mirror "laptop/profiles/$profile.git" \
		server/profiles/$profile.git &&
	server=$PWD/server/profiles/$profile.git &&
	cp laptop/profiles/$profile.git/config "$server/config"
'

test_expect_success 'what a device posted' '
	on laptop mn post -m "the second" &&
	head -c 40000 /dev/urandom >noise &&
	on laptop mn post -m "the third" --attach noise &&
	push laptop >out &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	sound &&
	push laptop >out && test_grep "up-to-date" out
'

test_expect_success 'a batch that makes a pack' '
	seq 1 150 | sed "s/.*/{\"text\":\"batch &\"}/" |
		on laptop mn post --batch >ids &&
	push laptop >out &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	sound
'

test_expect_success 'another device, that knows less: heads are merged' '
	on phone mn post -m "from the phone" &&
	push phone refs/mn/devices/$phone >out &&
	fetch_from laptop phone &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	git -C "$server" rev-parse main^2 &&
	sound &&
	on phone mn post -m "again" &&
	test_must_fail 1 push phone "refs/mn/*:refs/mn/*" \
		+refs/heads/main >out &&
	test_grep "main.*it is computed here, and is another" out &&
	fetch_from laptop phone &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'from a clone of stock git' '
	on laptop mn post -m "for a clone" &&
	git clone -q --mirror "laptop/profiles/$profile.git" copy &&
	push copy >out &&
	refs copy >expect && refs "$server" >actual &&
	test_cmp expect actual &&
	sound
'

test_expect_success 'other refs, and commits that are no nodes' '
	refs "$server" >expect &&
	git init -q foreign && git -C foreign commit -q --allow-empty -m hi &&
	test_must_fail 1 push foreign HEAD:refs/heads/x >out &&
	test_grep "it is no ref of a profile" out &&
	test_must_fail 1 push foreign HEAD:refs/tags/v1 >out &&
	test_grep "it is no ref of a profile" out &&
	test_must_fail 1 push foreign +HEAD:refs/heads/main >out &&
	test_grep "rejected" out &&
	test_must_fail 1 push foreign +HEAD:refs/mn/devices/$lap >out &&
	test_grep "rejected" out &&
	test_must_fail 1 push copy main:refs/mn/config/$lap >out &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	sound
'

test_expect_success 'nothing is deleted, nor set back' '
	test_must_fail 1 push copy :refs/mn/devices/$lap >out &&
	test_grep "refs/mn/devices/$lap" out &&
	zero=0000000000000000000000000000000000000000 &&
	old=$(git -C "$server" rev-parse refs/mn/devices/$lap) &&
	request $old $zero refs/mn/devices/$lap |
		mn receive-pack --stateless-rpc "$server" >out &&
	test_grep -a "nothing is deleted here" out &&
	test_must_fail 1 push copy "+refs/mn/devices/$lap~1:refs/mn/devices/$lap" >out &&
	test_grep "what is here is newer" out &&
	refs copy >expect && refs "$server" >actual &&
	test_cmp expect actual
'

# forge REPOSITORY OLD SED: a commit with other words
forge () {
	git -C "$1" cat-file commit "$2" | sed "$3" |
		git -C "$1" hash-object -t commit -w --stdin
}

test_expect_success 'a forged node is refused, the good ones before it are not' '
	rm -rf forger && cp -R laptop forger &&
	f=forger/profiles/$profile.git &&
	on forger mn post -m "good" >good &&
	good=$(git -C $f rev-parse main) &&
	on forger mn post -m "bad" &&
	bad=$(forge $f main "/^Mn-Signature/s/[0-9]/0/g") &&
	git -C $f update-ref refs/mn/devices/$lap $bad &&
	test_must_fail 1 push forger refs/mn/devices/$lap >out &&
	test_grep "remote rejected" out &&
	git -C "$server" rev-parse refs/mn/devices/$lap >actual &&
	echo $good >expect &&
	test_cmp expect actual &&
	test_must_fail git -C "$server" cat-file -e $bad &&
	sound
'

test_expect_success 'a device that was cut' '
	fetch_from phone laptop &&
	seq=$(git -C phone/profiles/$profile.git cat-file -p \
		refs/mn/devices/$phone:meta | sed -n "s/^seq //p") &&
	node=$(on phone mn rev-parse refs/mn/devices/$phone) &&
	cp -R phone thief &&
	cut-device laptop $profile $phone $seq $node &&
	push laptop +refs/mn/identity >out &&
	git -C laptop/profiles/$profile.git rev-parse refs/mn/identity >expect &&
	git -C "$server" rev-parse refs/mn/identity >actual &&
	test_cmp expect actual &&
	refs "$server" >expect &&
	on thief mn post -m "stolen" &&
	test_must_fail 1 push thief refs/mn/devices/$phone >out &&
	test_grep "cut" out &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	sound
'

test_expect_success 'an older identity is no news, another is refused' '
	test_must_fail 1 push thief +refs/mn/identity >out &&
	MN_DIR=$PWD/other mn init >other.id 2>phrase &&
	test_must_fail 1 push "other/profiles/$(cat other.id).git" \
		+refs/mn/identity >out &&
	test_grep "identity" out &&
	sound
'

test_expect_success 'no repository of mn' '
	git init -q --bare plain.git &&
	test_must_fail 128 mn receive-pack plain.git 2>err &&
	test_grep "plain.git" err &&
	test_must_fail 128 mn receive-pack none 2>err &&
	test_grep "is no repository" err &&
	test_must_fail 129 mn receive-pack 2>err
'

test_expect_success 'nonsense gets one line' '
	for bad in nonsense 0003 ffff "0009hello" "0000" "" "0032want"
	do
		printf "$bad" | mn receive-pack --stateless-rpc "$server" \
			>out 2>err
		test $? -lt 129 || return 1
	done &&
	new=$(git -C foreign rev-parse HEAD) &&
	for pack in "" PACK garbage "PACK\0\0\0\2\377\377\377\377" \
		"PACK\0\0\0\2\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
	do
		{
			request $new $new refs/heads/main &&
			printf "$pack"
		} | mn receive-pack --stateless-rpc "$server" >out 2>err
		test_grep -a "unpack [^o]" out || return 1
	done &&
	sound
'

test_expect_success 'the advertisement alone' '
	mn receive-pack --http-backend-info-refs "$server" >out &&
	test_grep -a "no-thin" out &&
	test_grep -a "refs/mn/devices/$lap" out
'

test_done
