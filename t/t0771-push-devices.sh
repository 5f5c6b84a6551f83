#!/bin/sh

test_description='mn push of two devices, to the same places

Each knows posts that the other does not. Wherever they push to, nothing of what
one of them put there may get lost, and when both know all, all places are the
same: a directory, a server of git over ssh, and mn serve.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-ssh.sh"

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

same_refs () {
	refs "$1" >expect.refs && refs "$2" >actual.refs &&
	test_cmp expect.refs actual.refs
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 &&
	test_grep ! -i "error\|warning\|missing" fsck.out
}

# tip REPO DEVICE
tip () {
	git -C "$1" rev-parse "refs/mn/devices/$2"
}

home () {
	echo "$PWD/$1/profiles/$profile.git"
}

test_expect_success 'set up: what both know is on a stick' '
	two_devices &&
	lap=$(on laptop mn whoami --json | jq -r .device) &&
	phone=$(on phone mn whoami --json | jq -r .device) &&
	on laptop mn post -m "the first" && fetch_from phone laptop &&
	on laptop mn push ./stick.git && same_refs "$(home laptop)" stick.git &&
	on phone mn push ./stick.git >out && test_grep "up to date" out
'

test_expect_success 'each posts and pushes without the other' '
	on laptop mn post -m "laptop 1" && on laptop mn push ./stick.git &&
	on phone mn post -m "phone 1" &&
	test_expect_code 1 on phone mn push ./stick.git >out &&
	test_grep "new.refs/mn/devices/$phone" out &&
	test_grep "left.refs/mn/devices/$lap.*fetch first" out &&
	test_grep "left.refs/heads/main.*fetch first" out &&
	test "$(tip stick.git $lap)" = "$(tip "$(home laptop)" $lap)" &&
	test "$(tip stick.git $phone)" = "$(tip "$(home phone)" $phone)" &&
	test "$(git -C stick.git rev-parse main)" = \
		"$(git -C "$(home laptop)" rev-parse main)" &&
	on laptop mn post -m "laptop 2" &&
	test_expect_code 1 on laptop mn push ./stick.git >out &&
	test_grep "moved.refs/mn/devices/$lap" out &&
	test_grep "left.refs/mn/devices/$phone.*fetch first" out &&
	sound stick.git
'

test_expect_success 'who knows both moves main; then the other learns it' '
	fetch_from phone laptop && on phone mn push ./stick.git >out &&
	test_grep "moved.refs/heads/main" out &&
	same_refs "$(home phone)" stick.git && sound stick.git &&
	fetch_from laptop phone && on laptop mn push ./stick.git >out &&
	test_grep "up to date" out
'

test_expect_success 'main is no descendant of the merge that was there' '
	on laptop mn post -m "upon both" && on laptop mn push ./stick.git &&
	same_refs "$(home laptop)" stick.git && sound stick.git
'

test_expect_success 'a device that lags behind takes nothing back' '
	refs stick.git >before &&
	test_expect_code 1 on phone mn push ./stick.git >out &&
	test_grep "left.refs/mn/devices/$lap" out &&
	refs stick.git >after && test_cmp before after &&
	git -C "$(home phone)" fetch -q "$PWD/stick.git" "refs/mn/devices/$lap" &&
	test_expect_code 1 on phone mn push ./stick.git >out &&
	test_grep "left.refs/mn/devices/$lap.*newer" out &&
	refs stick.git >after && test_cmp before after
'

test_expect_success 'both push at the same time, many times' '
	fetch_from phone laptop && git init -q --bare busy.git &&
	for i in 1 2 3 4 5 6 7 8
	do
		on laptop mn post -m "laptop at $i" &&
		on phone mn post -m "phone at $i" || return 1
		on laptop mn push ./busy.git >laptop.out 2>&1 &
		on phone mn push ./busy.git >phone.out 2>&1
		wait $! ;
		test "$(tip busy.git $lap)" = "$(tip "$(home laptop)" $lap)" &&
		test "$(tip busy.git $phone)" = \
			"$(tip "$(home phone)" $phone)" || {
			cat laptop.out phone.out >&4
			return 1
		}
	done &&
	sound busy.git &&
	fetch_from phone laptop && on phone mn push ./busy.git &&
	same_refs "$(home phone)" busy.git
'

test_expect_success 'to mn serve, signed by the device' '
	mkdir -p server/profiles &&
	cp -R "laptop/profiles/$profile.git" server/profiles/ &&
	MN_DIR=$PWD/server start_mn_serve --profiles all &&
	fetch_from laptop phone &&
	on laptop mn post -m "to the server" &&
	on laptop mn push "$url/$profile.git" >out &&
	test_grep "moved.refs/mn/devices/$lap" out &&
	same_refs "$(home laptop)" "$(home server)" &&
	on phone mn post -m "from the phone" &&
	test_expect_code 1 on phone mn push "$url/$profile.git" >out &&
	test_grep "left.refs/mn/devices/$lap" out &&
	test "$(tip "$(home server)" $phone)" = \
		"$(tip "$(home phone)" $phone)" &&
	fetch_from phone laptop && on phone mn push "$url/$profile.git" &&
	same_refs "$(home phone)" "$(home server)" &&
	on server mn -p "$profile" fsck && sound "$(home server)"
'

test_expect_success 'without the key of a device mn serve takes nothing' '
	on phone mn post -m "not let in" &&
	cp -R phone keyless && rm -r keyless/keys &&
	refs "$(home server)" >before &&
	test_expect_code 128 on keyless mn -p "$profile" \
		push "$url/$profile.git" 2>err &&
	test_grep "does not let this device in" err &&
	refs "$(home server)" >after && test_cmp before after
'

test_expect_success 'over ssh, to git and to mn' '
	ssh_setup && start_sshd && ssh_known &&
	git init -q --bare far.git &&
	at=ssh://$(id -un)@127.0.0.1:$sshd_port$PWD &&
	fetch_from laptop phone &&
	on laptop mn push "$at/far.git" &&
	same_refs "$(home laptop)" far.git && sound far.git &&
	on laptop mn post -m "over ssh" && on laptop mn push "$at/far.git" &&
	same_refs "$(home laptop)" far.git && sound far.git &&
	on laptop mn push "$at/far.git" >out && test_grep "up to date" out
'

test_done
