#!/bin/sh

test_description='mn gc where contents are kept for a time only (mn follow --keep)'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-partial.sh"

# here OID: whether bob has the object
here () {
	objects_of "$bob_repo" >all.objects && grep -q "^$1 " all.objects
}

blob () {
	git -C "$ada_repo" rev-parse "$1"
}

dropped () {
	bob mn -p ada gc --json >gc.out && jq .dropped gc.out
}

bob_is_sound () {
	bob mn -p ada fsck -q >fsck.out && test_must_be_empty fsck.out &&
	git -C "$bob_repo" fsck --strict >fsck.out 2>&1 &&
	test_grep ! -i "error\|warning\|missing" fsck.out
}

test_expect_success 'set up: old and new posts, small and large contents' '
	two_people &&
	for f in old shared new late
	do
		head -c 40000 /dev/urandom >$f || return 1
	done &&
	head -c 5000000 /dev/urandom >video &&
	head -c 5000000 /dev/urandom >both &&
	ada mn post --time "300 days ago" -m "an old text" --title text &&
	ada mn post --time "200 days ago" -m old --attach old \
		--attach shared >old.id &&
	ada mn post --time "150 days ago" -m video --attach video \
		--attach both >video.id &&
	ada mn post --time "3 days ago" -m shared --attach shared \
		--attach both &&
	ada mn post --time "2 days ago" -m new --attach new >new.id &&
	old=$(blob main~3:1-old) && shared=$(blob main~3:2-shared) &&
	git -C "$ada_repo" ls-tree -r main~2 1-video >pieces &&
	piece=$(sed -n "2s/.* blob \\([0-9a-f]*\\).*/\\1/p" pieces) &&
	test -n "$piece" &&
	new=$(blob main:1-new)
'

test_expect_success 'all of it comes, and without an age all of it stays' '
	bob mn follow "file://$ada_repo" --as ada &&
	bob mn -p ada gc -q --prune now && here $old && here $piece &&
	bob mn du --json >out && test "$(jq .missing out)" = 0 &&
	du=$(jq .bytes out)
'

test_expect_success 'old contents are dropped, and nothing else' '
	bob mn follow ada --no-fetch --keep 90d &&
	bob mn -p ada log --format="%(node) %(title)" >log.before &&
	bob mn -p ada gc 2>err && test_grep "old contents: [1-9]" err &&
	! here $old && ! here $piece && here $shared && here $new &&
	bob mn du --json >out &&
	test "$(jq .missing out)" = 2 &&
	test "$(jq .bytes out)" -lt $((du - 4000000)) &&
	bob mn -p ada log --format="%(node) %(title)" >log.after && cmp log.before log.after &&
	bob mn -p ada show --no-fetch -c 1 -o got "$(cat new.id)" &&
	cmp new got &&
	ls "$bob_repo"/objects/pack/*.promisor && bob_is_sound
'

test_expect_success 'what a young post has, too, is complete' '
	young=$(ada mn log --format="%(node)" | sed -n 2p) &&
	bob mn -p ada show --no-fetch -c 1 -o got $young && cmp shared got &&
	rm got && bob mn -p ada show --no-fetch -c 2 -o got $young &&
	cmp both got
'

test_expect_success 'again: there is nothing to do' '
	test "$(dropped)" = 0 && test "$(jq .changed gc.out)" = false
'

test_expect_success 'a fetch does not bring it back; what is opened comes' '
	ada mn post -m "one more" && bob mn fetch -q && bob mn fetch -q &&
	! here $old && ! here $piece &&
	test_must_fail bob mn -p ada show --no-fetch -c 1 -o got \
		"$(cat old.id)" &&
	rm -f got && bob mn -p ada show -c 1 -o got "$(cat old.id)" &&
	cmp old got && here $old &&
	bob mn -p ada show -c 1 -o got2 "$(cat video.id)" &&
	cmp video got2 && bob_is_sound
'

test_expect_success 'the next gc drops what was opened' '
	test "$(dropped)" -ge 2 && ! here $old && bob_is_sound
'

test_expect_success 'a node that comes new, but is old: its text alone' '
	ada mn post --time "120 days ago" -m "told late" --attach late &&
	late=$(blob main:1-late) &&
	bob mn fetch -q && same_log && ! here $late &&
	bob mn -p ada show --no-fetch >out 2>&1 $(ada mn log -n 1 \
		--format="%(node)") && test_grep "told late" out &&
	bob_is_sound
'

test_expect_success 'with a shorter age, more of it goes, without news' '
	test "$(dropped)" = 0 &&
	bob mn follow ada --no-fetch --keep 60h && test "$(dropped)" -ge 1 &&
	! here $shared && here $new && bob_is_sound
'

test_expect_success 'automatic gc drops nothing' '
	bob mn follow ada --no-fetch --keep 1h &&
	bob mn config gc.auto-packs 1 && bob mn config gc.auto 1 &&
	bob mn -p ada show -c 1 -o got3 "$(cat old.id)" &&
	bob mn -p ada gc --auto -q && here $old && here $new
'

test_expect_success 'nothing of your own is dropped' '
	git -C "$ada_repo" config mn.keep 1d &&
	ada mn gc -q --prune now &&
	git -C "$ada_repo" cat-file -e $old &&
	git -C "$ada_repo" config --unset mn.keep
'

test_expect_success 'all is kept again: all comes back' '
	bob mn follow ada --no-fetch --keep forever &&
	bob mn -p ada show -c 1 -o got4 "$(cat video.id)" && cmp video got4 &&
	test "$(dropped)" = 0 && here $piece && bob_is_sound
'

test_done
