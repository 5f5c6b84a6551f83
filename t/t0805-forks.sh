#!/bin/sh

test_description='a key that is used twice, and devices that are cut

A phone and its clone post at once: the phone is frozen before the fork, and
nothing is lost. The cut of an identity document decides.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

url_of () {
	git -C "$1/profiles/$profile.git" config "remote.$2.url" \
		"$PWD/$2/profiles/$profile.git"
}

titles () {
	on "$1" mn -p "$profile" log --format="%(summary)"
}

sound () {
	on "$1" mn -p "$profile" fsck >fsck.out 2>&1 || {
		cat fsck.out >&4
		return 1
	}
	git -C "$1/profiles/$profile.git" fsck --strict >git.out 2>&1 &&
	test_grep ! "error\|missing" git.out
}

test_expect_success 'set up: a phone is cloned, and both go on' '
	two_devices &&
	on laptop mn post -m "l1" &&
	on phone mn post -m "p1" &&
	cp -R phone clone &&
	on phone mn post -m "p2 of the phone" &&
	on phone mn post -m "p3 of the phone" >p3 &&
	on clone mn post -m "p2 of the clone" &&
	device=$(on phone mn whoami --json | jq -r .device) &&
	mkdir friend && cp -R laptop/profiles friend/ &&
	url_of laptop phone && url_of laptop clone && url_of phone laptop &&
	url_of friend laptop && git -C "friend/profiles/$profile.git" \
		config mn.follow true
'

test_expect_success 'the first branch that comes is taken' '
	on laptop mn fetch --remote phone &&
	titles laptop | sort >actual &&
	printf "%s\n" l1 p1 "p2 of the phone" "p3 of the phone" >expect &&
	test_cmp expect actual && sound laptop &&
	on friend mn fetch && sound friend
'

test_expect_success 'the other proves the fork: frozen, and said' '
	test_expect_code 1 on laptop mn fetch --remote clone 2>err &&
	test_grep "$device: this device.s key was used twice" err &&
	test_line_count = 1 err &&
	test_grep "frozen before its node number 2" err &&
	titles laptop | sort >actual &&
	printf "%s\n" l1 p1 >expect &&
	test_cmp expect actual && sound laptop
'

test_expect_success 'nothing is lost: the branch stays reachable' '
	on laptop mn gc --prune now &&
	git -C "laptop/profiles/$profile.git" cat-file blob \
		"refs/mn/aside/$(cat p3):0-post.md" >actual &&
	printf "p3 of the phone" >expect &&
	test_cmp expect actual && sound laptop
'

test_expect_success 'it stays frozen, and others can post on' '
	on laptop mn fetch --remote phone 2>err
	titles laptop | sort >actual &&
	printf "%s\n" l1 p1 >expect && test_cmp expect actual &&
	on laptop mn post -m "l2" && sound laptop
'

test_expect_success 'who meets the fork himself cannot post' '
	url_of phone clone &&
	test_expect_code 1 on phone mn fetch --remote clone 2>err &&
	test_must_fail on phone mn post -m "p4" 2>err &&
	test_grep "used twice.*mn device rekey" err && sound phone
'

test_expect_success 'a cut behind one branch decides for it' '
	cut-device "$PWD/laptop" "$profile" "$device" 3 "$(cat p3)" &&
	git -C "phone/profiles/$profile.git" remote remove clone &&
	on phone mn fetch && sound phone &&
	on laptop mn fetch --remote phone && sound laptop &&
	printf "%s\n" l1 l2 p1 "p2 of the phone" "p3 of the phone" >expect &&
	titles phone | sort >actual && test_cmp expect actual &&
	titles laptop | sort >actual && test_cmp expect actual &&
	test_expect_code 1 on laptop mn fetch --remote clone 2>err &&
	test_grep "device-cut" err &&
	titles laptop | sort >actual && test_cmp expect actual
'

test_expect_success 'a follower ends up with the same' '
	on friend mn fetch && sound friend &&
	titles friend | sort >actual && test_cmp expect actual &&
	git -C "laptop/profiles/$profile.git" rev-parse refs/heads/main >want &&
	git -C "friend/profiles/$profile.git" rev-parse refs/heads/main >got &&
	test_cmp want got
'

# what was posted by who did not know of the cut
test_expect_success 'honest posts built on what is void stay' '
	rm -rf laptop phone clone friend && two_devices &&
	on laptop mn post -m "l1" && on phone mn post -m "p1" >p1 &&
	on phone mn post -m "p2 of a thief" &&
	device=$(on phone mn whoami --json | jq -r .device) &&
	url_of laptop phone && on laptop mn fetch &&
	on laptop mn post -m "l2, built on p2" &&
	mkdir friend && cp -R laptop/profiles friend/ &&
	git -C "friend/profiles/$profile.git" remote remove phone &&
	url_of friend laptop && git -C "friend/profiles/$profile.git" \
		config mn.follow true &&
	cut-device "$PWD/laptop" "$profile" "$device" 1 "$(cat p1)" &&
	on friend mn fetch 2>err
	sound friend && titles friend | sort >actual &&
	printf "%s\n" l1 "l2, built on p2" p1 >expect &&
	test_cmp expect actual
'

test_expect_success 'so they do for who never had it' '
	new=$PWD/new/profiles/$profile.git &&
	mkdir -p new/profiles && cp -R friend/profiles/. new/profiles/ &&
	rm -rf "$new/objects" "$new/refs/heads/main" "$new/refs/mn/devices" \
		"$new/refs/mn/aside" "$new/packed-refs" "$new/mn" &&
	mkdir -p "$new/objects/pack" "$new/refs/mn/devices" &&
	git -C "laptop/profiles/$profile.git" cat-file blob refs/mn/identity |
		git -C "$new" hash-object -w --stdin >oid &&
	git -C "$new" update-ref refs/mn/identity "$(cat oid)" &&
	on new mn fetch 2>err
	sound new && titles new | sort >actual &&
	test_cmp expect actual
'

test_done
