#!/bin/sh

test_description='mn serve: devices push, and nobody else

The requests are made and signed by another implementation: curl, git
pack-objects and tools/sign-request.py.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

sign="python3 $TEST_DIRECTORY/../tools/sign-request.py"
type="Content-Type: application/x-git-receive-pack-request"
server='' at=''

now () {
	echo $(($(date +%s) * 1000))
}

seed_of () {
	sed -n "s/^plain //p" "$1/keys/$profile.device"
}

# make_push HOME REF [OLD]: the request of a push, in the file body
make_push () {
	_repo=$1/profiles/$profile.git
	_new=$(git -C "$_repo" rev-parse "$2") &&
	_zero=$(printf "%040d" 0) &&
	{
		printf "%04x%s %s %s\0report-status\n0000" \
			$((${#2} + 101)) "${3:-$_zero}" "$_new" "$2" &&
		{
			git -C "$_repo" for-each-ref \
				--format="%(objectname)" "$2" &&
			git -C "$server" for-each-ref \
				--format="%(objectname)" |
				git -C "$_repo" cat-file --batch-check |
				sed -n "s/^\([0-9a-f]*\) commit.*/^\1/p"
		} | git -C "$_repo" pack-objects --revs --stdout -q
	} >body
}

# send AUTHORIZATION [FILE]: prints the status; the answer is in the file out
send () {
	curl -s -o out -w "%{http_code}" -H "$type" -H "Authorization: $1" \
		--data-binary "@${2:-body}" "$at"
}

# send_as HOME
send_as () {
	send "$($sign "$(seed_of "$1")" POST "$at" "$(now)" body)"
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

test_expect_success 'set up' '
	two_devices &&
	lap=refs/mn/devices/$(on laptop mn whoami --json | jq -r .device) &&
	phone=refs/mn/devices/$(on phone mn whoami --json | jq -r .device) &&
	on laptop mn post -m "the first" &&
	mkdir -p server/profiles &&
	server=$PWD/server/profiles/$profile.git &&
	cp -R "laptop/profiles/$profile.git" "$server" &&
	MN_DIR=$PWD/server && export MN_DIR &&
	start_mn_serve --profiles all &&
	at=$url/$profile.git/git-receive-pack
'

test_expect_success 'what a device signed is let in' '
	on laptop mn post -m "the second" &&
	make_push laptop $lap &&
	test "$(send_as laptop)" = 200 &&
	test_grep -a "unpack ok" out && test_grep -a "ok $lap" out &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual &&
	mn -p $profile fsck &&
	test_grep "pushed to" "$server_log" &&
	git ls-remote "$url/$profile.git" main >out &&
	test_grep $(git -C laptop/profiles/$profile.git rev-parse main) out
'

test_expect_success 'the same again does no harm' '
	test "$(send_as laptop)" = 200 &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'a large one, and in chunks' '
	head -c 300000 /dev/urandom >noise &&
	on laptop mn post -m "with noise" --attach noise &&
	seq 1 120 | sed "s/.*/{\"text\":\"batch &\"}/" |
		on laptop mn post --batch >ids &&
	make_push laptop $lap &&
	test "$(curl -s -o out -w "%{http_code}" -H "$type" -H "Authorization: $(
		$sign $(seed_of laptop) POST "$at" $(now) body)" \
		-H "Transfer-Encoding: chunked" --data-binary @body \
		"$at")" = 200 &&
	test_grep -a "ok $lap" out &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'both devices' '
	on phone mn post -m "from the phone" &&
	make_push phone $phone &&
	test "$(send_as phone)" = 200 &&
	fetch_from laptop phone &&
	refs laptop/profiles/$profile.git >expect &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'nobody else: no key, a foreign one, nonsense' '
	on laptop mn post -m "not yet" &&
	make_push laptop $lap &&
	test "$(curl -s -o out -w "%{http_code}" -D head -H "$type" \
		--data-binary @body "$at")" = 401 &&
	test_grep -i "^www-authenticate: mn-device" head &&
	test_grep "only a device of this profile" out &&
	stranger=$(printf "%064d" 7) &&
	test "$(send "$($sign $stranger POST "$at" $(now) body)")" = 401 &&
	test_grep "not that of a device" out &&
	for bad in "Basic eDp5" mn-device "mn-device key=" "mn-device x" \
		"$(printf "%5000d" 1)"
	do
		test "$(send "$bad")" = 401 || return 1
	done &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'signed for something else' '
	seed=$(seed_of laptop) &&
	test "$(send "$($sign $seed POST "http://example.com/$profile.git/git-receive-pack" \
		$(now) body)")" = 401 &&
	test "$(send "$($sign $seed GET "$at" $(now) body)")" = 401 &&
	test "$(send "$($sign $seed POST "$url/$profile.git/info/refs" \
		$(now) body)")" = 401 &&
	test "$(send "$($sign $seed POST "$at" $(($(now) - 301000)) body)")" = \
		401 &&
	test_grep "clocks" out &&
	test "$(send "$($sign $seed POST "$at" $(($(now) + 600000)) body)")" = \
		401 &&
	{
		cat body && echo
	} >longer &&
	test "$(send "$($sign $seed POST "$at" $(now) body)" longer)" = 401 &&
	test_grep "the body is not the one that was signed" out &&
	refs "$server" >actual &&
	test_cmp expect actual
'

test_expect_success 'a bad node costs itself alone' '
	f=forger/profiles/$profile.git &&
	cp -R laptop forger &&
	good=$(git -C $f rev-parse main) &&
	on forger mn post -m "forged" &&
	bad=$(git -C $f cat-file commit main |
		sed "/^Mn-Signature/s/[0-9]/0/g" |
		git -C $f hash-object -t commit -w --stdin) &&
	git -C $f update-ref $lap $bad &&
	make_push forger $lap &&
	test "$(send_as laptop)" = 200 &&
	test_grep -a "ng $lap" out &&
	git -C "$server" rev-parse $lap >actual &&
	echo $good >expect &&
	test_cmp expect actual &&
	find "$server/mn/incoming" -mindepth 1 >left &&
	test_must_be_empty left
'

test_expect_success 'a body that is no push' '
	seed=$(seed_of laptop) &&
	for bad in "" nonsense 0000 0003 "0009hello"
	do
		printf "$bad" >no &&
		s=$(send "$($sign $seed POST "$at" $(now) no)" no) &&
		case $s in 200 | 400) ;; *) return 1 ;; esac
	done &&
	mn -p $profile fsck
'

test_expect_success 'pushes wait for each other' '
	refs "$server" >before &&
	for i in 1 2 3 4
	do
		on laptop mn post -m "one of four $i" || return 1
	done &&
	make_push laptop $lap &&
	auth=$($sign $(seed_of laptop) POST "$at" $(now) body) &&
	for i in 1 2 3 4 5 6
	do
		curl -s -H "$type" -H "Authorization: $auth" -o out$i \
			--data-binary @body "$at" &
		pids="$pids $!"
	done &&
	for p in $pids
	do
		wait $p || return 1
	done &&
	for i in 1 2 3 4 5 6
	do
		test_grep -a "ok $lap" out$i || return 1
	done &&
	mn -p $profile fsck
'

test_expect_success 'a server that knows its names' '
	stop_mn_serve &&
	start_mn_serve --profiles all --host example.com:8418 &&
	at=$url/$profile.git/git-receive-pack &&
	on laptop mn post -m "by name" &&
	make_push laptop $lap &&
	test "$(send_as laptop)" = 401 &&
	test "$(send "$($sign $(seed_of laptop) POST \
		"http://example.com:8418/$profile.git/git-receive-pack" \
		$(now) body)")" = 200 &&
	test_grep -a "ok $lap" out
'

test_expect_success 'a device that was cut' '
	stop_mn_serve &&
	start_mn_serve --profiles all --max-push 100k &&
	at=$url/$profile.git/git-receive-pack &&
	seq=$(git -C phone/profiles/$profile.git cat-file -p $phone:meta |
		sed -n "s/^seq //p") &&
	cut-device "$PWD/laptop" $profile ${phone##*/} $seq \
		$(on phone mn rev-parse $phone) &&
	git -C "$server" fetch -q "$PWD/laptop/profiles/$profile.git" \
		+refs/mn/identity:refs/mn/identity &&
	make_push phone $phone &&
	test "$(send_as phone)" = 401 &&
	test_grep "not that of a device" out
'

test_expect_success '--max-push' '
	head -c 200000 /dev/urandom >noise &&
	on laptop mn post -m "too large" --attach noise &&
	make_push laptop $lap &&
	test "$(send_as laptop)" = 413 &&
	stop_mn_serve
'

test_done
