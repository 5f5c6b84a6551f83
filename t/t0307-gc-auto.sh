#!/bin/sh

test_description='mn gc --auto: only where there is reason, and no more than is new'

. ./test-lib.sh

packs () {
	ls "$repo"/objects/pack/*.pack >packs &&
	test_line_count '=' "$1" packs
}

clean () {
	mn fsck >out 2>err && test_must_be_empty out &&
	git -C "$repo" fsck --strict 2>err &&
	test_grep ! -i "error\|warning\|missing" err
}

posts () {
	seq "$1" "$2" | sed 's/.*/{"text":"post &","title":"title &"}/' >posts &&
	mn post --batch posts >>ids
}

# Posts one by one, as loose objects.
loose_posts () {
	for _i in $(seq "$1" "$2")
	do
		mn post -m "single $_i" >>ids || return 1
	done
}

objects () {
	git -C "$repo" cat-file --batch-all-objects --batch-check | sort -u
}

same () {
	mn log --json >log.after && cmp log.before log.after &&
	objects >after && test_cmp before after && clean
}

note_all () {
	mn log --json >log.before && objects >before
}

test_expect_success 'little: nothing is done' '
	test_init_profile ada &&
	posts 1 300 && mn gc -q && packs 1 &&
	loose_posts 1 5 &&
	find "$repo"/objects -type f | sort >before &&
	mn gc --auto --json >actual &&
	test "$(jq .changed actual)" = false &&
	find "$repo"/objects -type f | sort >after && test_cmp before after
'

test_expect_success 'many loose ones: they are packed, the large pack stays' '
	loose_posts 6 30 && note_all &&
	mn config gc.auto 60 &&
	large=$(echo "$repo"/objects/pack/*.pack) &&
	mn gc --auto --json >actual &&
	test "$(jq .changed actual)" = true &&
	test "$(jq .nodes actual)" = 30 &&
	test_path_is_file "$large" && packs 2 && same
'

test_expect_success 'both packs together are the whole profile' '
	test_line_count = 2 packs &&
	grep -c "^pack " "$repo"/mn/whole >n && test "$(cat n)" = 2 &&
	want=$(objects | wc -l) &&
	test_grep "^objects $want\$" "$repo"/mn/whole
'

test_expect_success 'the small ones are packed together, again and again' '
	for round in 1 2 3
	do
		loose_posts 1$round 2$round && note_all &&
		mn config gc.auto 1 && mn gc --auto -q && same ||
			return 1
	done &&
	test_path_is_file "$large" &&
	ls "$repo"/objects/pack/*.pack >packs &&
	test "$(wc -l <packs)" -le 4
'

test_expect_success 'many packs are a reason, too' '
	mn config gc.auto 0 &&
	for i in 1 2 3 4 5 6
	do
		posts 1 120 || return 1
	done &&
	note_all &&
	mn config gc.auto-packs 5 &&
	mn gc --auto -q && same &&
	ls "$repo"/objects/pack/*.pack >packs &&
	test "$(wc -l <packs)" -le 5
'

test_expect_success 'nothing is pruned' '
	blob=$(echo old | git -C "$repo" hash-object -w --stdin) &&
	touch -d "3 weeks ago" "$repo"/objects/$(echo $blob | sed "s|..|&/|") &&
	mn config gc.auto 1 && loose_posts 1 20 && note_all &&
	mn gc --auto --prune now -q && same &&
	git -C "$repo" cat-file -e $blob
'

test_expect_success '0 of both: never' '
	mn config gc.auto 0 && mn config gc.auto-packs 0 &&
	loose_posts 1 10 &&
	mn gc --auto --json >actual && test "$(jq .changed actual)" = false
'

test_expect_success 'then everything: one pack' '
	note_all && mn gc -q && packs 1 && mn log --json >log.after &&
	cmp log.before log.after && clean
'

test_expect_success 'mn post does it by itself, and says nothing' '
	mn config gc.auto 60 &&
	mn post -m "one of many" >out 2>err && test_must_be_empty err &&
	loose_posts 1 30 && note_all &&
	find "$repo"/objects -path "*/??/*" -type f >loose &&
	test "$(wc -l <loose)" -lt 124 && same
'

test_expect_success 'mn fetch does it by itself, and says nothing' '
	MN_DIR=$PWD/bob mn follow -q "file://$repo" --as ada --no-fetch &&
	MN_DIR=$PWD/bob mn config gc.auto-packs 3 &&
	for i in 1 2 3 4 5 6 7
	do
		loose_posts 1 60 &&
		MN_DIR=$PWD/bob mn fetch 2>err || return 1
	done &&
	test_grep ! pack err &&
	ls bob/profiles/*.git/objects/pack/*.pack >all &&
	test "$(wc -l <all)" -lt 5 &&
	mn log --format="%(node)" >expect &&
	MN_DIR=$PWD/bob mn -p ada log --format="%(node)" >actual &&
	test_cmp expect actual &&
	MN_DIR=$PWD/bob mn -p ada fsck -q
'

test_expect_success 'wrong settings' '
	mn config gc.auto -- -1 || mn config gc.auto many &&
	test_expect_code 128 mn gc --auto 2>err &&
	test_grep "gc.auto" err
'

test_done
