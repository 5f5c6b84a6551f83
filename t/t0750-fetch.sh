#!/bin/sh

test_description='mn fetch: a profile comes over, at each level

The addresses are directories of this machine here; other tests have the
servers.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

is_clean () {
	bob mn -p "$profile" fsck >fsck.out 2>&1 &&
	git -C "$bob_repo" fsck --strict >git.out 2>&1 &&
	test_grep ! "error\|missing" git.out
}

test_expect_success 'set up' '
	two_people &&
	for i in 1 2 3
	do
		ada mn post -m "post $i" || return 1
	done &&
	head -c 9000000 /dev/urandom >large.bin &&
	head -c 40000 /dev/urandom >medium.bin &&
	ada mn post -m "with files" --stream photos --tag sea \
		--attach large.bin --attach medium.bin >files.id
'

test_expect_success 'a whole profile comes over' '
	bob_follows "$ada_repo" &&
	bob mn fetch >out &&
	echo "$(echo $profile | cut -c 1-12): 4 new posts, 8 content parts" \
		>expect &&
	test_cmp expect out &&
	same_refs && same_log && is_clean &&
	bob mn -p "$profile" show -c 1 -o got $(cat files.id) &&
	test_cmp large.bin got
'

test_expect_success 'nothing new is nothing said' '
	bob mn fetch >out &&
	test_must_be_empty out &&
	bob mn fetch -v >out &&
	test_grep "nothing new" out &&
	bob mn fetch --json >out &&
	echo "true 0 0" >expect &&
	jq -r "\"\(.ok) \(.posts) \(.bytes)\"" out >actual &&
	test_cmp expect actual
'

test_expect_success 'one more post comes, and little with it' '
	ada mn post -m "one more" &&
	bob mn fetch --json >out &&
	echo "1 0" >expect &&
	jq -r "\"\(.posts) \(.contents)\"" out >actual &&
	test_cmp expect actual &&
	test "$(jq .bytes out)" -lt 4000 &&
	same_refs && same_log && is_clean
'

test_expect_success 'level meta: no content comes, until it is shown' '
	bob_follows "$ada_repo" mn.replicate meta \
		remote.origin.partialclonefilter blob:limit=16k &&
	bob mn fetch --json >out &&
	test "$(jq .posts out)" = 5 &&
	test "$(jq .bytes out)" -lt 16000 &&
	same_refs && same_log &&
	test_must_fail bob mn -p "$profile" show -c 1 --no-fetch \
		$(cat files.id) >got 2>err &&
	bob mn -p "$profile" show -c 1 -o got $(cat files.id) &&
	test_cmp large.bin got &&
	test_must_fail bob mn -p "$profile" show -c 2 --no-fetch \
		-o got $(cat files.id)
'

test_expect_success 'level limit: what is small enough comes' '
	bob_follows "$ada_repo" mn.replicate limit=64k &&
	bob mn fetch &&
	same_refs && same_log &&
	bob mn -p "$profile" show -c 2 --no-fetch -o got $(cat files.id) &&
	test_cmp medium.bin got &&
	test_must_fail bob mn -p "$profile" show -c 1 --no-fetch -o got \
		$(cat files.id)
'

test_expect_success 'level dag: heads move, and can be passed on' '
	bob_follows "$ada_repo" mn.replicate dag &&
	bob mn fetch --json >out &&
	test "$(jq .posts out)" = 5 &&
	same_refs &&
	git -C "$bob_repo" log --format=%s refs/heads/main >actual &&
	test_line_count = 5 actual &&
	test_expect_code 1 bob mn -p "$profile" show HEAD 2>err &&
	test_grep "metadata is not here: .* level dag" err
'

test_expect_success 'a stream: its contents come, of the rest metadata' '
	head -c 5000000 /dev/urandom >other.bin &&
	ada mn post -m "other files" --attach other.bin >other.id &&
	bob_follows "$ada_repo" mn.stream photos &&
	bob mn fetch &&
	same_refs && same_log &&
	bob mn -p "$profile" show -c 1 --no-fetch -o got $(cat files.id) &&
	test_cmp large.bin got &&
	test_must_fail bob mn -p "$profile" show -c 1 --no-fetch -o got \
		$(cat other.id)
'

test_expect_success 'a tag: likewise' '
	bob_follows "$ada_repo" mn.tag sea &&
	bob mn fetch &&
	bob mn -p "$profile" show -c 2 --no-fetch -o got $(cat files.id) &&
	test_cmp medium.bin got &&
	test_must_fail bob mn -p "$profile" show -c 1 --no-fetch -o got \
		$(cat other.id)
'

test_expect_success '--node brings what is asked for, --content one alone' '
	bob mn -p "$profile" fetch --node $(cat other.id) --content 1 &&
	bob mn -p "$profile" show -c 1 --no-fetch -o got $(cat other.id) &&
	test_cmp other.bin got
'

test_expect_success '--no-contents leaves them for the next fetch' '
	bob_follows "$ada_repo" &&
	bob mn fetch --no-contents >out &&
	test_must_fail bob mn -p "$profile" show -c 1 --no-fetch -o got \
		$(cat files.id) &&
	bob mn fetch >out &&
	test_grep "content parts" out &&
	bob mn -p "$profile" show -c 1 --no-fetch -o got $(cat files.id) &&
	test_cmp large.bin got && is_clean
'

test_expect_success 'several remotes: one is enough' '
	bob_follows "$PWD/nowhere" remote.other.url "$ada_repo" &&
	bob mn fetch >out 2>err &&
	same_refs &&
	test_grep "origin: there is no repository at .*nowhere" err &&
	bob_follows "$PWD/nowhere" &&
	test_expect_code 1 bob mn fetch >out 2>err &&
	test_line_count = 1 err
'

test_expect_success 'a remote that goes back is named, and nothing is lost' '
	bob_follows "$PWD/copy.git" &&
	cp -R "$ada_repo" copy.git &&
	bob mn fetch &&
	cp -R copy.git newer.git &&
	rm -rf copy.git && cp -R "blank/$profile.git" copy.git &&
	ref=$(git -C "$ada_repo" for-each-ref --format="%(refname)" \
		refs/mn/devices) &&
	git -C copy.git fetch -q "$ada_repo" "$ref" &&
	git -C copy.git update-ref "$ref" FETCH_HEAD~2 &&
	git -C copy.git update-ref refs/heads/main FETCH_HEAD~2 &&
	bob mn fetch 2>err &&
	test_grep "went back" err &&
	same_refs &&
	bob mn fetch 2>err &&
	test_grep "went back" err
'

test_expect_success 'an address that names another profile is refused' '
	other=$(echo $profile | tr 0123456789abcdef 123456789abcdef0) &&
	bob_follows "$ada_repo#$other" &&
	test_must_fail bob mn fetch 2>err &&
	test_grep "the address is that of profile" err
'

test_expect_success 'several profiles at a time' '
	bob_follows "$ada_repo" &&
	for i in 1 2 3 4 5 6
	do
		id=$(MN_DIR=$PWD/h$i mn init --name "H$i" 2>/dev/null) &&
		cp -R "h$i/profiles/$id.git" bob/profiles/ &&
		git -C "bob/profiles/$id.git" config mn.follow true &&
		git -C "bob/profiles/$id.git" config remote.origin.url \
			"$PWD/h$i/profiles/$id.git" &&
		MN_DIR=$PWD/h$i mn post -m "of $i" || return 1
	done &&
	bob mn fetch --jobs 3 >out &&
	test_line_count = 7 out &&
	bob mn fetch >out &&
	test_must_be_empty out
'

# Each limit refuses what is more, in one line, and nothing is left.
for limit in maxBytes=1k maxObjects=3 maxUnpacked=2k maxNodes=1
do
	test_expect_success "more than fetch.$limit is refused" '
		bob_follows "$ada_repo" &&
		bob mn config fetch.'${limit%=*}' '${limit#*=}' &&
		git -C "$bob_repo" for-each-ref >expect &&
		test_must_fail bob mn fetch 2>err &&
		test_line_count = 1 err && test_grep "more than\\|larger\\|limit" err &&
		git -C "$bob_repo" for-each-ref >actual &&
		test_cmp expect actual &&
		bob mn config --unset fetch.'${limit%=*}' &&
		bob mn fetch && same_refs
	'
done

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn fetch --all "$profile" &&
	test_expect_code 129 bob mn fetch --json --verbose &&
	test_expect_code 129 bob mn fetch --content 1 &&
	test_expect_code 1 bob mn fetch --remote nobody "$profile" 2>err &&
	test_grep "no remote .nobody." err &&
	test_expect_code 1 bob mn fetch 00000000 2>err
'

test_done
