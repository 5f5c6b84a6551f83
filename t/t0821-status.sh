#!/bin/sh

test_description='mn status: the devices of a profile, and its remotes'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

repo () {
	echo "$PWD/$1/profiles/$profile.git"
}

test_expect_success 'set up: two devices, and a stick' '
	two_devices &&
	phone=$(on phone mn whoami --json | jq -r .device) &&
	on laptop mn remote add stick "$PWD/stick.git" &&
	on phone mn remote add stick "$PWD/stick.git" &&
	on laptop mn post -m one && on laptop mn post -m two
'

test_expect_success 'nothing was asked yet' '
	on laptop mn status >out &&
	test_grep "^profile $profile" out &&
	test_grep "^device laptop (this device): newest is post 2, " out &&
	test_grep "^device phone: no posts" out &&
	test_grep "^remote stick: nothing is known of it" out &&
	test_line_count = 4 out
'

test_expect_success 'what was pushed, and what was not' '
	on laptop mn push stick && on laptop mn status >out &&
	test_grep "^remote stick: up to date" out &&
	on laptop mn post -m three && on laptop mn post -m four &&
	on laptop mn status >out &&
	test_grep "^remote stick: 2 posts of laptop not pushed yet" out
'

test_expect_success 'the posts of others' '
	on phone mn fetch && on phone mn post -m five &&
	on phone mn status >out &&
	test_grep "^device laptop: newest is post 2" out &&
	test_grep "^device phone (this device): newest is post 1" out &&
	test_grep "^remote stick: 1 post of phone not pushed yet" out &&
	on phone mn push stick && on laptop mn fetch &&
	on laptop mn status >out &&
	test_grep "^device phone: newest is post 1" out &&
	test_grep "^remote stick: 2 posts of laptop not pushed yet" out &&
	test_line_count = 4 out
'

test_expect_success 'newer posts that the remote has' '
	on phone mn post -m six &&
	git -C "$(repo phone)" rev-parse refs/mn/devices/$phone >new &&
	sed "s/\(stick refs.mn.devices.$phone \).*/\1$(cat new)/" \
		"$(repo laptop)/mn/seen" >seen &&
	cp seen "$(repo laptop)/mn/seen" &&
	on laptop mn status >out &&
	test_grep "^remote stick: newer posts of phone not fetched yet" out
'

test_expect_success '--json' '
	on laptop mn status --json >out &&
	test_line_count = 1 out &&
	jq -r .profile out >actual && echo $profile >expect &&
	test_cmp expect actual &&
	jq -r ".devices[] | select(.mine) | .label, .state, .seq" out >actual &&
	printf "laptop\nlisted\n4\n" >expect && test_cmp expect actual &&
	jq -r ".remotes[0] | .remote, .seen, .differs[].ahead" out >actual &&
	printf "stick\ntrue\n" >expect && head -n 2 actual >two &&
	test_cmp expect two && test_grep "^2$" actual &&
	jq -r ".remotes[0].differs[] | select(.behind) | .device" out >actual &&
	echo $phone >expect && test_cmp expect actual
'

test_expect_success 'a device that is cut' '
	cut-device "$PWD/laptop" "$profile" "$phone" 0 &&
	on laptop mn status >out &&
	test_grep "^device phone .$(echo $phone | cut -c 1-12).: .*cut behind post 0" out
'

test_expect_success 'no remotes' '
	on laptop mn remote remove stick && on laptop mn status >out &&
	test_grep "^no remotes" out
'

test_done
