#!/bin/sh

test_description='mn serve: stock git and curl as clients

What git ends up with is compared with the profile, and checked by git fsck
--strict, in each version of the protocol.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

# v VERSION COMMAND...: git with that version of the protocol
v () {
	_v=$1
	shift
	git -c protocol.version="$_v" "$@"
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

objects () {
	git -C "$1" cat-file --batch-all-objects --batch-check | sort
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|warning\|missing" fsck.out
}

# The status of curl's answer.
status () {
	curl -s -o body -w "%{http_code}" "$@"
}

test_expect_success 'set up' '
	test_init_profile ada &&
	for i in 1 2 3 4 5
	do
		mn post -m "post $i" || return 1
	done &&
	head -c 60000 /dev/urandom >noise.bin &&
	mn post -m "with noise" --attach noise.bin >noise.id &&
	seq 1 40 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	start_mn_serve
'

for v in 0 1 2
do
	test_expect_success "v$v: clone, ls-remote" '
		v '$v' clone -q --mirror "$url/$profile.git" got'$v' &&
		sound got'$v' &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual &&
		objects "$repo" >expect && objects got'$v' >actual &&
		test_cmp expect actual &&
		git ls-remote --symref "$repo" >expect &&
		v '$v' ls-remote --symref "$url/$profile.git" >actual &&
		test_cmp expect actual &&
		v '$v' ls-remote "$url/$profile" "refs/heads/*" >actual &&
		test_line_count = 1 actual
	'

	test_expect_success "v$v: fetch what is new, and only that" '
		mn post -m "new for '$v'" >id &&
		n=$(grep -c git-upload-pack "$server_log") &&
		v '$v' -C got'$v' fetch -q &&
		sound got'$v' &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual &&
		v '$v' -C got'$v' fetch -q &&
		tail -n +$((n + 1)) "$server_log" | cut -f 6 >sizes &&
		awk "\$1 > 4000" sizes >large &&
		test_must_be_empty large
	'
done

test_expect_success 'SIGTERM ends it, with 0' '
	stop_mn_serve &&
	test_must_fail 7 curl -s "$url/"
'

test_expect_success 'an address that is taken, or none' '
	start_mn_serve &&
	test_must_fail 128 mn serve --listen "${url#http://}" 2>err &&
	test_grep "cannot listen on" err &&
	test_must_fail 128 mn serve --listen nonsense 2>err &&
	test_grep "not ADDRESS:PORT" err &&
	test_must_fail 1 mn serve --profiles nobody,me 2>err &&
	test_grep "nobody" err &&
	test_must_fail 129 mn serve own 2>err &&
	stop_mn_serve
'

test_done
