#!/bin/sh

test_description='mn sync: fetch, and then push'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

test_expect_success 'set up' '
	two_people &&
	bob mn init --name bob >bob.id 2>/dev/null &&
	bob mn follow "$ada_repo" --as ada &&
	bob mn remote add stick "$PWD/stick.git" &&
	ada mn post -m "from ada" &&
	bob mn post -m "from bob"
'

test_expect_success 'what is new comes, what is mine goes' '
	test_must_fail bob mn sync >out 2>err &&
	test_grep "stick" err &&
	bob mn push &&
	ada mn post -m "more from ada" &&
	bob mn post -m "more from bob" >new &&
	bob mn sync >out &&
	test_grep "ada: 1 new post" out &&
	test_grep "moved.*refs/mn/devices/" out &&
	same_log &&
	git -C stick.git log -1 --format="%(trailers:key=Mn-Node,valueonly)" \
		refs/heads/main >out &&
	test_grep "$(cat new)" out
'

test_expect_success 'again: nothing to do' '
	bob mn sync --json >out &&
	jq -r "[.posts // 0, ([.refs[]? | select(.state != \"same\")] | length)]
		| add" out | sort -u >actual &&
	echo 0 >expect && test_cmp expect actual &&
	bob mn sync -q >out 2>&1 &&
	test_must_be_empty out
'

test_expect_success 'what another device posted to my profile comes, too' '
	mkdir carol && cp -R bob/profiles bob/keys bob/config carol/ &&
	ada mn post -m "for carol" &&
	bob mn post -m "on one device" &&
	bob mn sync -q &&
	MN_DIR=$PWD/carol mn sync -q &&
	MN_DIR=$PWD/carol mn log --format="%(text)" -n 1 >out &&
	echo "on one device" >expect && test_cmp expect out
'

test_expect_success 'somebody out of reach holds up nobody else' '
	eve=$(MN_DIR=$PWD/eve mn init --name eve 2>/dev/null) &&
	bob mn follow "eve/profiles/$eve.git" --as eve &&
	bob mn remote -p eve remove origin &&
	bob mn remote -p eve add away http://127.0.0.1:1/eve.git &&
	ada mn post -m "and on" &&
	bob mn post -m "and on" >new &&
	test_expect_code 75 bob mn sync >out 2>err &&
	test_grep "^ada: 1 new post" out &&
	test_grep "eve: away: " err &&
	git -C stick.git log -1 --format="%(trailers:key=Mn-Node,valueonly)" \
		refs/heads/main >out &&
	test_grep "$(cat new)" out
'

test_expect_success 'one profile alone' '
	ada mn post -m "for ada alone" &&
	bob mn post -m "not now" >new &&
	bob mn -p ada sync >out &&
	echo "ada: 1 new post" >expect && test_cmp expect out &&
	bob mn -p bob sync >out &&
	test_grep "moved.*refs/heads/main" out
'

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn sync more &&
	test_expect_code 129 bob mn sync -j &&
	test_expect_code 129 bob mn sync -j many &&
	test_expect_code 75 bob mn sync --jobs 2 -q 2>err &&
	test_grep eve err
'

test_done
