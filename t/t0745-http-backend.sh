#!/bin/sh

test_description='mn http-backend: profiles behind lighttpd, for git and curl'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

command -v lighttpd >/dev/null || {
	skip_all='lighttpd is not here'
	test_done
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|warning\|missing" fsck.out
}

status () {
	curl -s -o body -w "%{http_code}" "$@"
}

test_expect_success 'set up' '
	two_devices &&
	MN_DIR=$PWD/laptop && export MN_DIR &&
	repo=$MN_DIR/profiles/$profile.git &&
	head -c 60000 /dev/urandom >noise &&
	mn post -m "with noise" --attach noise >id &&
	seq 1 40 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	start_lighttpd_mn "$MN_DIR"
'

for v in 0 1 2
do
	test_expect_success "v$v: clone, filter, fetch" '
		git -c protocol.version='$v' clone -q --mirror \
			"$url/$profile.git" got'$v' &&
		sound got'$v' &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual &&
		git -c protocol.version='$v' clone -q --bare \
			--filter=tree:0 "$url/$profile.git" part'$v' &&
		git -C "$repo" rev-list main >expect &&
		git -C part'$v' rev-list main >actual &&
		test_cmp expect actual &&
		mn post -m "new for '$v'" >id &&
		git -C got'$v' -c protocol.version='$v' fetch -q &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual
	'
done

test_expect_success 'after mn gc, a clone is the stored pack' '
	mn gc -q &&
	git clone -q --bare "$url/$profile.git" got &&
	(cd "$repo/objects/pack" && sha1sum pack-*.pack) >expect &&
	(cd got/objects/pack && sha1sum pack-*.pack) >actual &&
	test_cmp expect actual
'

test_expect_success 'the page names addresses below the program' '
	curl -s "$url/" >page &&
	test_grep "href=\"$url/$profile.git\"" page &&
	curl -s -H "Accept: text/plain" "$url/$profile.git" >page &&
	test_grep "^$profile	44	$url/$profile.git" page &&
	curl -s -I "$url/" >head &&
	test_grep "^HTTP/1.1 200" head
'

test_expect_success 'what is not there, or not understood' '
	none=$(echo $profile | tr 0-9a-f 1-9a-f0) &&
	q=info/refs at=$url/$profile.git &&
	type="Content-Type: application/x-git-upload-pack-request" &&
	test $(status "$url/$none.git/$q?service=git-upload-pack") = 404 &&
	test $(status "$at/HEAD") = 404 &&
	test $(status --path-as-is "$at/%2e%2e/config") = 404 &&
	test $(status "$at/$q") = 403 &&
	test $(status -X PUT -d x "$url/") = 405 &&
	test $(status -d x "$at/git-upload-pack") = 415 &&
	head -c 5000000 /dev/zero >zero &&
	test $(status -H "$type" --data-binary @zero \
		"$at/git-upload-pack") = 413 &&
	gzip -9 <zero >zero.gz &&
	test $(status -H "$type" -H "Content-Encoding: gzip" \
		--data-binary @zero.gz "$at/git-upload-pack") = 413 &&
	test $(status -H "$type" -d nonsense "$at/git-upload-pack") = 200 &&
	test_grep -a "^....ERR " body
'

test_expect_success 'a device pushes, and nobody else' '
	on phone mn post -m "from the phone" &&
	dev=refs/mn/devices/$(on phone mn whoami --json | jq -r .device) &&
	p=phone/profiles/$profile.git &&
	zero=$(printf "%040d" 0) new=$(git -C $p rev-parse $dev) &&
	{
		printf "%04x%s %s %s\0report-status\n0000" \
			$((${#dev} + 101)) $zero $new $dev &&
		echo $new | git -C $p pack-objects --revs --stdout -q
	} >body.push &&
	type="Content-Type: application/x-git-receive-pack-request" &&
	at=$url/$profile.git/git-receive-pack &&
	test $(status -H "$type" --data-binary @body.push "$at") = 401 &&
	auth=$(python3 "$TEST_DIRECTORY/../tools/sign-request.py" \
		$(sed -n "s/^plain //p" phone/keys/$profile.device) POST \
		"$at" $(($(date +%s) * 1000)) body.push) &&
	test $(status -H "$type" -H "Authorization: $auth" \
		--data-binary @body.push "$at") = 200 &&
	test_grep -a "ok $dev" body &&
	echo $new >expect && git -C "$repo" rev-parse $dev >actual &&
	test_cmp expect actual &&
	mn fsck
'

test_expect_success 'without a web server' '
	test_must_fail 128 mn http-backend 2>err &&
	test_grep "REQUEST_METHOD" err &&
	REQUEST_METHOD=GET PATH_INFO=/ mn http-backend >out &&
	test_grep "^Status: 200" out &&
	test_grep "href=\"/$profile.git\"" out &&
	REQUEST_METHOD=HEAD PATH_INFO=/ mn http-backend >out &&
	test_grep "^Content-Length: " out && test_grep ! "<html" out &&
	REQUEST_METHOD=GET PATH_INFO="/%00?x" mn http-backend >out &&
	test_grep "^Status: 404" out &&
	REQUEST_METHOD=POST PATH_INFO=/$profile.git/git-upload-pack \
		CONTENT_TYPE=application/x-git-upload-pack-request \
		CONTENT_LENGTH=-1 test_must_fail 128 mn http-backend 2>err &&
	REQUEST_METHOD=POST PATH_INFO=/$profile.git/git-upload-pack \
		CONTENT_TYPE=application/x-git-upload-pack-request \
		CONTENT_LENGTH=100 test_must_fail 75 mn http-backend \
		</dev/null 2>err &&
	test_grep "broke off" err
'

test_done
