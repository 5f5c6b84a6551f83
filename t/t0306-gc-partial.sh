#!/bin/sh

test_description='mn gc, fsck, index and log where objects are missing on purpose

The copies are made by stock git, as partial clones; whatever mn gc does there,
stock git has to find them in order, and has to be able to go on.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-partial.sh"

in_copy () {
	_h=$1
	shift
	MN_DIR=$PWD/$_h "$@"
}

repo_of () {
	echo "$PWD/$1/profiles/$profile.git"
}

test_expect_success 'set up: posts with small and large contents' '
	test_init_profile ada &&
	head -c 40000 /dev/urandom >photo &&
	head -c 5000000 /dev/urandom >video &&
	for i in 1 2 3 4 5 6
	do
		mn post -m "text $i" --title "title $i" || return 1
	done >ids &&
	mn post -m "a photo" --title photo --attach photo >>ids &&
	mn post -m "a video" --title video --attach video >>ids &&
	mn post -m "the last" --title last >>ids &&
	mn log --format="%(node) %(title)" >log.all &&
	test_line_count = 9 log.all
'

test_expect_success 'a copy with contents up to a limit: one marked pack' '
	partial_copy small blob:limit=16k mn.replicate meta &&
	sound small &&
	objects_of "$(repo_of small)" >before &&
	in_copy small mn -p $profile gc --json >actual &&
	test "$(jq .nodes actual)" = 9 &&
	one_promisor_pack small && sound small &&
	objects_of "$(repo_of small)" >after && test_cmp before after
'

test_expect_success 'again: there is nothing to do' '
	in_copy small mn -p $profile gc --json >actual &&
	test "$(jq .changed actual)" = false &&
	one_promisor_pack small
'

test_expect_success 'fsck says how much is not here, as a remark' '
	in_copy small mn -p $profile fsck >actual 2>err &&
	cut -f 1,3 actual >kinds &&
	printf "note\tcontents-missing\n" >expect &&
	test_cmp expect kinds &&
	test_grep "contents of 2 nodes" actual &&
	test_grep "9 nodes, 0 problems" err
'

test_expect_success 'all posts are listed; stock git can go on' '
	in_copy small mn -p $profile log --format="%(node) %(title)" >log &&
	test_cmp log.all log &&
	git -C "$(repo_of small)" gc -q && sound small &&
	git -C "$(repo_of small)" gc -q --prune=now && sound small &&
	in_copy small mn -p $profile gc && one_promisor_pack small &&
	sound small &&
	in_copy small mn -p $profile log --format="%(node) %(title)" >log &&
	test_cmp log.all log
'

test_expect_success 'what git fetches afterwards goes into the same pack' '
	photo=$(git -C "$repo" rev-parse main~2^{tree}:1-photo) &&
	git -C "$(repo_of small)" cat-file blob $photo >actual &&
	cmp photo actual &&
	mn post -m "one more" --title more >>ids &&
	git -C "$(repo_of small)" fetch -q origin "+refs/mn/*:refs/mn/*" \
		"+refs/heads/*:refs/heads/*" &&
	objects_of "$(repo_of small)" >before &&
	in_copy small mn -p $profile gc && one_promisor_pack small &&
	sound small &&
	objects_of "$(repo_of small)" >after && test_cmp before after &&
	grep $photo after &&
	in_copy small mn -p $profile fsck >actual &&
	test_grep "contents of 1 node are" actual
'

test_expect_success 'what nothing reaches goes when it is old, marked or not' '
	blob=$(echo nothing | git -C "$(repo_of small)" hash-object -w --stdin) &&
	echo $blob | git -C "$(repo_of small)" pack-objects -q \
		"$(repo_of small)/objects/pack/pack" >name &&
	touch "$(repo_of small)/objects/pack/pack-$(cat name).promisor" &&
	in_copy small mn -p $profile gc && sound small &&
	git -C "$(repo_of small)" cat-file -e $blob &&
	in_copy small mn -p $profile gc --prune now &&
	one_promisor_pack small && sound small &&
	test_must_fail git -C "$(repo_of small)" -c remote.origin.promisor=false \
		cat-file -e $blob
'

test_expect_success 'damage is still found' '
	cp -R small bad &&
	pack=$(echo "$(repo_of bad)"/objects/pack/*.pack) &&
	chmod u+w "$pack" &&
	printf "xxxxxxxx" | dd of="$pack" bs=1 seek=3000 conv=notrunc 2>/dev/null &&
	test_expect_code 1 in_copy bad mn -p $profile fsck -q >actual 2>err &&
	test_grep "error" actual &&
	cp "$pack" before &&
	rm "$(repo_of bad)"/mn/gc &&
	test_expect_code 128 in_copy bad mn -p $profile gc --prune=now 2>err &&
	cmp "$pack" before
'

test_expect_success 'a commit that is missing is damage, not a promise' '
	cp -R small bad2 &&
	git -C "$(repo_of bad2)" rev-list --objects --all --missing=allow-any |
		grep -v "$(git -C "$repo" rev-parse main~4)" | cut -d " " -f 1 |
		git -C "$(repo_of bad2)" pack-objects -q "$PWD/pack" >name &&
	rm -f "$(repo_of bad2)"/objects/pack/* \
		"$(repo_of bad2)"/objects/info/commit-graph &&
	mv pack-* "$(repo_of bad2)"/objects/pack/ &&
	touch "$(repo_of bad2)/objects/pack/pack-$(cat name).promisor" &&
	test_expect_code 1 in_copy bad2 mn -p $profile fsck -q >actual &&
	test_grep object-missing actual &&
	find "$(repo_of bad2)"/objects -type f | sort >before &&
	test_expect_code 128 in_copy bad2 mn -p $profile gc --prune=now 2>err &&
	find "$(repo_of bad2)"/objects -type f | sort >after &&
	test_cmp before after
'

test_expect_success 'a mark whose pack is gone goes, too, when it is old' '
	mark=$(repo_of small)/objects/pack/pack-$(printf %040d 7).promisor &&
	: >"$mark" &&
	mn post -m "news" >>ids &&
	git -C "$(repo_of small)" fetch -q origin "+refs/mn/*:refs/mn/*" \
		"+refs/heads/*:refs/heads/*" &&
	in_copy small mn -p $profile gc && test_path_is_file "$mark" &&
	touch -d "2 hours ago" "$mark" &&
	in_copy small mn -p $profile gc && test_path_is_missing "$mark" &&
	sound small
'

test_expect_success 'when all came, and all is wanted, the mark goes' '
	cp -R small whole &&
	git -C "$(repo_of whole)" config mn.replicate full &&
	git -C "$(repo_of whole)" config --unset remote.origin.partialclonefilter &&
	git -C "$(repo_of whole)" rev-list --objects --all --missing=print >all &&
	sed -n "s/^?//p" all >gone && test -s gone &&
	git -C "$(repo_of whole)" cat-file --batch-check <gone >there &&
	test_grep ! missing there &&
	in_copy whole mn -p $profile gc && sound whole &&
	ls "$(repo_of whole)"/objects/pack >files &&
	test_grep ! promisor files &&
	test_path_is_file "$(repo_of whole)"/mn/whole
'

test_expect_success 'commits only: nothing is listed, and nothing is wrong' '
	partial_copy dag tree:0 mn.replicate dag &&
	sound dag &&
	objects_of "$(repo_of dag)" >before &&
	in_copy dag mn -p $profile gc && one_promisor_pack dag && sound dag &&
	objects_of "$(repo_of dag)" >after && test_cmp before after &&
	in_copy dag mn -p $profile fsck >actual &&
	test_grep "^note.*meta-missing.*11 nodes" actual &&
	git -C "$(repo_of dag)" gc -q && sound dag &&
	in_copy dag mn -p $profile gc && one_promisor_pack dag && sound dag
'

test_expect_success 'the index leaves nodes without metadata out, until it comes' '
	in_copy dag mn -p $profile index --json >actual &&
	jq -c "[.posts, .added, .bare]" actual >out &&
	echo "[0,0,11]" >expect && test_cmp expect out &&
	in_copy dag mn -p $profile log >actual && test_must_be_empty actual &&
	mn post -m "for the commits" &&
	git -C "$(repo_of dag)" fetch -q origin "+refs/mn/*:refs/mn/*" \
		"+refs/heads/*:refs/heads/*" &&
	cp -R dag filled &&
	in_copy dag mn -p $profile index --json >actual &&
	jq -c "[.posts, .added, .bare]" actual >out &&
	in_copy dag mn -p $profile index --rebuild --json >actual &&
	jq -c "[.posts, .added, .bare]" actual >>out &&
	test "$(sed -n 1p out | jq ".[0] + .[2]")" = 12 &&
	test "$(sed -n 2p out | jq ".[0] + .[2]")" = 12 &&
	in_copy filled mn -p $profile index &&
	git -C "$(repo_of filled)" log -p --format= refs/heads/main >/dev/null &&
	in_copy filled mn -p $profile log --format="%(node) %(title)" >log &&
	mn log --format="%(node) %(title)" >log.all &&
	test_cmp log.all log
'

test_expect_success 'metadata that is wanted and not here is a problem' '
	cp -R dag more &&
	git -C "$(repo_of more)" config mn.replicate meta &&
	test_expect_code 1 in_copy more mn -p $profile fsck -q >actual &&
	test_line_count = 1 actual &&
	test_grep "^error.*meta-missing.*12 nodes" actual
'

test_done
