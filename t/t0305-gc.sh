#!/bin/sh

test_description='mn gc: one pack, in node order, and nothing is lost'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

clean () {
	mn fsck >out 2>err && test_must_be_empty out &&
	git -C "$repo" fsck --strict 2>err &&
	test_grep ! -i "error\|warning\|missing" err
}

# Every object there is, by name, type and size.
objects () {
	git -C "$repo" cat-file --batch-all-objects --batch-check | sort
}

packs () {
	ls "$repo"/objects/pack/*.pack >packs 2>/dev/null
	test_line_count '=' "$1" packs
}

loose () {
	git -C "$repo" count-objects -v >count &&
	test_grep "^count: $1\$" count
}

test_expect_success 'nothing posted yet' '
	test_init_profile ada &&
	mn gc 2>err &&
	packs 1 && loose 0 && clean
'

# Real text, where there is some.
texts () {
	cat "$TEST_DIRECTORY"/../Documentation/*.scd |
	jq -Rsc "split(\"\n\n\")[] | select(length > 30) | {text: .[:600]}" |
		head -n 500
}

test_expect_success 'a batch and single posts become one pack' '
	texts >batch &&
	test_line_count = 500 batch &&
	mn post --batch batch >ids &&
	for i in 1 2 3
	do
		mn post -m "post $i" --title "title $i" >>ids || return 1
	done &&
	objects >before &&
	mn log --json >log.before &&
	mn gc 2>err &&
	test_grep "503 nodes" err &&
	packs 1 && loose 0 && clean &&
	objects >after && test_cmp before after &&
	mn log --json >log.after && cmp log.before log.after &&
	mn verify-node --batch <ids >verified &&
	test_line_count = 503 verified
'

test_expect_success 'git reads it, with the commit-graph, and clones it' '
	test_path_is_file "$repo"/objects/info/commit-graph &&
	git -C "$repo" commit-graph verify &&
	git -C "$repo" verify-pack "$repo"/objects/pack/*.idx &&
	git -C "$repo" rev-list --count main >actual &&
	echo 503 >expect && test_cmp expect actual &&
	git clone -q --mirror "$repo" clone.git &&
	git -C clone.git fsck --strict &&
	git -C clone.git for-each-ref >actual &&
	git -C "$repo" for-each-ref >expect && test_cmp expect actual
'

test_expect_success 'nodes lie in order; deltas are one step deep' '
	git -C "$repo" verify-pack -v "$repo"/objects/pack/*.idx >list &&
	grep " commit " list | sort -k 5n | cut -d " " -f 1 >actual &&
	git -C "$repo" rev-list --reverse main >expect &&
	test_cmp expect actual &&
	test_grep "^chain length = 1: " list &&
	test_grep ! "^chain length = [2-9]" list &&
	grep -c "^[0-9a-f]* commit.* 1 [0-9a-f]*\$" list >n &&
	test $(cat n) -gt 450 &&
	! grep "^[0-9a-f]* tree.* 1 [0-9a-f]*\$" list
'

test_expect_success 'again: there is nothing to do' '
	ls -l --time-style=full-iso "$repo"/objects/pack >before &&
	mn gc --json >actual &&
	jq -r .changed actual >changed &&
	echo false >expect && test_cmp expect changed &&
	ls -l --time-style=full-iso "$repo"/objects/pack >after &&
	test_cmp before after &&
	rm "$repo"/objects/info/commit-graph &&
	mn gc -q >out 2>&1 && test_must_be_empty out &&
	test_path_is_file "$repo"/objects/info/commit-graph
'

test_expect_success 'after one more post there is; --json says what' '
	mn post -m "one more" >>ids &&
	mn gc --json >actual &&
	jq -c "[.changed, .nodes, .loose, .packs, .kept, .pruned]" actual >out &&
	echo "[true,504,4,1,0,0]" >expect &&
	test_cmp expect out &&
	packs 1 && loose 0 && clean &&
	name=$(jq -r .pack actual) &&
	test_path_is_file "$repo"/objects/pack/pack-$name.pack &&
	size=$(cat "$repo"/objects/pack/pack-$name.* | wc -c) &&
	test "$(jq .bytes actual)" = $size
'

test_expect_success 'large contents, cut into chunks' '
	head -c 5000000 /dev/urandom >large &&
	yes "quite a boring text" | head -c 4500000 >boring &&
	mn post -m media --attach large --attach boring >>ids &&
	objects >before &&
	mn gc && packs 1 && loose 0 && clean &&
	objects >after && test_cmp before after &&
	mn cat-object content:1 HEAD >actual && cmp large actual &&
	mn cat-object content:2 HEAD >actual && cmp boring actual &&
	mn post -m again >>ids &&
	mn gc && packs 1 && clean &&
	mn cat-object content:1 HEAD~1 >actual && cmp large actual
'

test_expect_success 'what only a branch or a tag of the user reaches stays' '
	commit=$(git -C "$repo" commit-tree -p main -m "my own" main^{tree}) &&
	git -C "$repo" update-ref refs/heads/mine $commit &&
	blob=$(echo a blob | git -C "$repo" hash-object -w --stdin) &&
	git -C "$repo" tag -a -m "a tag" v1 $blob &&
	git -C "$repo" update-ref refs/tree/x \
		$(printf "100644 blob $blob\tf\n" | git -C "$repo" mktree) &&
	objects >before &&
	mn gc --prune=now && packs 1 && loose 0 && clean &&
	objects >after && test_cmp before after
'

test_expect_success 'unreachable objects: young ones stay, old ones go' '
	young=$(echo young | git -C "$repo" hash-object -w --stdin) &&
	old=$(echo old | git -C "$repo" hash-object -w --stdin) &&
	touch -d "3 weeks ago" "$repo"/objects/$(echo $old | sed "s|..|&/|") &&
	mn gc --json >actual &&
	jq -c "[.kept, .pruned]" actual >out &&
	echo "[1,1]" >expect && test_cmp expect out &&
	git -C "$repo" cat-file -e $young &&
	test_must_fail git -C "$repo" cat-file -e $old &&
	mn gc --prune 1d && git -C "$repo" cat-file -e $young &&
	mn gc --prune now && test_must_fail git -C "$repo" cat-file -e $young &&
	clean
'

test_expect_success 'so do those in packs; their age is that of the pack' '
	git -C "$repo" update-ref refs/heads/mine $commit &&
	echo more | git -C "$repo" hash-object -w --stdin >more &&
	git -C "$repo" update-ref refs/blob/more $(cat more) &&
	mn gc && packs 1 &&
	touch -d "10 days ago" "$repo"/objects/pack/*.pack &&
	git -C "$repo" update-ref -d refs/heads/mine &&
	git -C "$repo" update-ref -d refs/blob/more &&
	mn gc && packs 2 && clean &&
	git -C "$repo" cat-file -e $commit &&
	git -C "$repo" cat-file -e $(cat more) &&
	find "$repo"/objects/pack -name "*.pack" -mtime +8 >aged &&
	test_line_count = 1 aged &&
	mn post -m "and another" >>ids &&
	mn gc && packs 2 && clean &&
	find "$repo"/objects/pack -name "*.pack" -mtime +8 >aged &&
	test_line_count = 1 aged &&
	mn gc --prune 5d && packs 1 && clean &&
	test_must_fail git -C "$repo" cat-file -e $commit &&
	test_must_fail git -C "$repo" cat-file -e $(cat more)
'

test_expect_success 'packs of stock git: deltas, bitmaps, indexes over all' '
	mn post -m "for git" >>ids &&
	git -C "$repo" repack -q -a -d -f -b --depth=50 --window=50 &&
	mn post -m "more for git" >>ids &&
	git -C "$repo" repack -q &&
	git -C "$repo" multi-pack-index write --bitmap 2>/dev/null ||
		git -C "$repo" multi-pack-index write &&
	git -C "$repo" commit-graph write --reachable --split &&
	objects >before &&
	mn gc --prune=now && packs 1 && loose 0 && clean &&
	objects >after && test_cmp before after &&
	test_path_is_missing "$repo"/objects/pack/multi-pack-index &&
	test_path_is_missing "$repo"/objects/info/commit-graphs &&
	ls "$repo"/objects/pack >files && test_line_count = 2 files &&
	git -C "$repo" commit-graph verify
'

test_expect_success 'a pack that is kept stays as it is' '
	pack=$(echo "$repo"/objects/pack/*.pack) &&
	touch "${pack%.pack}.keep" &&
	sum=$(sha1sum "$pack") &&
	mn post -m "beside the kept one" >>ids &&
	mn gc && packs 2 && loose 0 && clean &&
	test "$(sha1sum "$pack")" = "$sum" &&
	mn gc && packs 2 && clean &&
	rm "${pack%.pack}.keep" &&
	mn gc && packs 1 && clean
'

test_expect_success 'alternates are read, and not copied' '
	cp -R "$MN_HOME" shared &&
	other=$PWD/shared/profiles/$profile.git &&
	rm -rf "$other"/objects/pack "$other"/objects/info/* &&
	mkdir "$other"/objects/pack &&
	echo "$repo/objects" >"$other"/objects/info/alternates &&
	MN_DIR=$PWD/shared mn post -m "by reference" &&
	MN_DIR=$PWD/shared mn gc &&
	MN_DIR=$PWD/shared mn fsck &&
	git -C "$other" fsck --strict &&
	git -C "$other" count-objects -v >count &&
	test_grep "^in-pack: 4\$" count
'

test_expect_success 'what a killed process left goes when it is old' '
	pack=$(echo "$repo"/objects/pack/*.pack) &&
	half=$repo/objects/pack/pack-$(printf %040d 1) &&
	cp "$pack" $half.pack &&
	touch $half.rev "$repo"/objects/pack/tmp_pack_x &&
	mn gc && test_path_is_file $half.pack &&
	test_path_is_file "$repo"/objects/pack/tmp_pack_x &&
	touch -d "2 hours ago" $half.* "$repo"/objects/pack/tmp_pack_x &&
	mn gc && ls "$repo"/objects/pack >files &&
	test_line_count = 2 files && clean
'

test_expect_success flock 'one at a time' '
	mn post -m "for two" >>ids &&
	{ flock "$repo"/mn/gc.lock sleep 3 & } && sleep 1 &&
	test_expect_code 75 mn gc 2>err &&
	test_grep "another gc" err &&
	wait &&
	mn gc
'

test_expect_success 'many devices, and a merge' '
	two_devices &&
	laptop=$PWD/laptop/profiles/$profile.git &&
	for i in $(seq 70)
	do
		on laptop mn post -m "laptop $i" || return 1
	done >/dev/null &&
	fetch_from phone laptop &&
	for i in $(seq 70)
	do
		on phone mn post -m "phone $i" || return 1
	done >/dev/null &&
	on laptop mn post -m "the last" &&
	fetch_from laptop phone &&
	repo=$laptop &&
	objects >before &&
	test_when_finished "unset MN_DIR" &&
	MN_DIR=$PWD/laptop && export MN_DIR &&
	mn gc && packs 1 && clean &&
	objects >after && test_cmp before after &&
	mn rev-list --node HEAD | mn verify-node --batch >verified &&
	test_line_count = 141 verified
'

test_expect_success 'all profiles' '
	repo=$(echo "$MN_HOME"/profiles/*.git) &&
	bob=$(mn init --name bob 2>/dev/null) &&
	mn -p bob post -m hello && mn -p ada post -m hello &&
	mn gc --all --json >actual &&
	jq -r .changed actual >changed &&
	printf "true\ntrue\n" >expect && test_cmp expect changed &&
	echo nonsense >"$MN_HOME/profiles/$bob.git/config" &&
	test_expect_code 128 mn gc --all 2>err &&
	test_grep "profile $(echo $bob | cut -c 1-12)" err
'

test_expect_success 'a damaged repository is left as it is' '
	mn -p ada post -m "to be damaged" &&
	meta=$(git -C "$repo" rev-parse main:meta) &&
	file=$repo/objects/$(echo $meta | sed "s|..|&/|") &&
	cp "$file" saved && chmod u+w "$file" && echo x >"$file" &&
	find "$repo"/objects -type f | sort >before &&
	test_expect_code 128 mn -p ada gc --prune=now 2>err &&
	test_grep $meta err && test_grep "mn fsck" err &&
	find "$repo"/objects -type f | sort >after &&
	test_cmp before after &&
	rm "$file" &&
	test_expect_code 128 mn -p ada gc --prune=now 2>err &&
	test_grep $meta err &&
	cp saved "$file" &&
	mn -p ada gc
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn gc now &&
	test_expect_code 129 mn gc --prune whenever 2>err &&
	test_grep whenever err
'

test_done
