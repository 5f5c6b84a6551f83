#!/bin/sh

test_description='mn following: whom one follows, for people and for scripts'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

test_expect_success 'set up' '
	two_people &&
	ada mn post -m "a text"
'

test_expect_success 'nobody' '
	bob mn following >out &&
	test_must_be_empty out &&
	bob mn following --json >out &&
	test_must_be_empty out
'

test_expect_success 'one' '
	bob mn follow "$ada_repo" --as ada
'

test_expect_success 'following tells people and scripts' '
	bob mn following >out &&
	short=$(echo $profile | cut -c 1-12) &&
	grep "^ada  $short  full  just now  $ada_repo\$" out &&
	echo "$profile ada true full number origin=$ada_repo" >expect &&
	bob mn following --json >settings &&
	jq -r "\"\\(.profile) \\(.name) \\(.followed) \\(.replicate) \" +
		\"\\(.fetched | type) \" +
		(.remotes[0] | \"\\(.remote)=\\(.url)\")" settings >out &&
	test_cmp expect out &&
	bob mn following -z | tr "\\0\\t" "\\n " >out &&
	test_grep "^$profile ada followed full    [0-9]* origin $ada_repo\$" out
'

test_expect_success 'what was chosen of it' '
	bob mn follow ada --no-fetch --replicate limit=1m --keep 6w \
		-s photos -s notes -t sea &&
	bob mn following >out &&
	test_grep "limit=1m stream=photos stream=notes tag=sea keep=6w  " out &&
	bob mn following --json >out &&
	echo "[\"limit=1m\",[\"photos\",\"notes\"],[\"sea\"],\"6w\"]" >expect &&
	jq -c "[.replicate, .streams, .tags, .keep]" out >actual &&
	test_cmp expect actual &&
	bob mn following -z | tr "\\0\\t" "\\n " >out &&
	test_grep "^$profile ada followed limit=1m photos,notes sea 6w " out
'

test_expect_success 'the time of the last answer goes on, and only that' '
	touch -d "3 days ago" "$bob_repo/mn/seen" &&
	bob mn following >out &&
	test_grep "  3 days ago  " out &&
	bob mn fetch &&
	bob mn following >out &&
	test_grep "  just now  " out &&
	touch -d "2 hours ago" "$bob_repo/mn/seen" &&
	mv "$ada_repo" away &&
	test_must_fail bob mn fetch 2>err &&
	mv away "$ada_repo" &&
	bob mn following >out &&
	test_grep "  2 hours ago  " out
'

test_expect_success 'several are in columns; own ones are not among them' '
	bob mn init --name bob &&
	other=$(MN_DIR=$PWD/eve mn init --name eve 2>/dev/null) &&
	bob mn follow "eve/profiles/$other.git" --as "eve-the-long" &&
	bob mn follow ada --all-posts --replicate full --keep forever &&
	bob mn following >out &&
	test_line_count = 2 out &&
	short=$(echo $profile | cut -c 1-12) &&
	grep "^ada           $short  full  just now  $ada_repo\$" out
'

test_expect_success 'a remote cannot mislead who reads it' '
	git -C "$bob_repo" config remote.odd.url "$(printf "/x\\342\\200\\256y")" &&
	bob mn following >out &&
	test_grep "/x<U+202E>y" out &&
	bob mn following --json >out &&
	test_grep "/x.u202ey" out
'

test_expect_success 'one with a broken configuration hides no other' '
	git -C "$bob_repo" config mn.replicate much &&
	test_expect_code 128 bob mn following >out 2>err &&
	test_line_count = 1 out &&
	test_grep "eve-the-long" out &&
	test_line_count = 1 err &&
	test_grep "mn.replicate" err
'

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn following ada &&
	test_expect_code 129 bob mn following --json -z
'

test_done
