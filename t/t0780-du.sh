#!/bin/sh

test_description='mn du: how much room profiles take'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

# files_below DIR...: bytes of all files
files_below () {
	find "$@" -type f -printf "%s\n" 2>/dev/null |
		awk "{ n += \$1 } END { printf \"%d\\n\", n }"
}

test_expect_success 'set up' '
	two_people &&
	head -c 40000 /dev/urandom >photo &&
	head -c 5000000 /dev/urandom >video &&
	ada mn post -m "a text" &&
	ada mn post -m "a photo" --attach photo &&
	ada mn post -m "a video" --attach video
'

test_expect_success 'the numbers are those of the files' '
	ada mn du --json >out &&
	test_line_count = 1 out &&
	jq -r ".loose, .packs, .packs + .loose + .other" out >actual &&
	{
		files_below "$ada_repo"/objects/?? &&
		files_below "$ada_repo"/objects/pack &&
		files_below "$ada_repo"
	} >expect &&
	test_cmp expect actual &&
	jq -c "[.profile, .name, .nodes, .bare, .missing]" out >actual &&
	echo "[\"$profile\",\"Ada\",3,0,0]" >expect &&
	test_cmp expect actual &&
	jq -e ".index > 0 and .bytes == .packs + .loose + .other + .index" out
'

test_expect_success 'after gc they are in packs' '
	ada mn gc -q &&
	ada mn du --json >out &&
	test "$(jq .packs out)" = "$(files_below "$ada_repo"/objects/pack)" &&
	test "$(jq .loose out)" = 0
'

test_expect_success 'what is not kept here counts as missing' '
	bob mn follow "file://$ada_repo" --as ada --replicate meta &&
	bob mn du --json >out &&
	echo "[3,0,2]" >expect &&
	jq -c "[.nodes, .bare, .missing]" out >actual &&
	test_cmp expect actual &&
	test "$(jq .bytes out)" -lt 1000000 &&
	node=$(bob mn -p ada log --format="%(node)" | sed -n 2p) &&
	bob mn -p ada show --content 1 -o photo.copy $node &&
	cmp photo photo.copy &&
	bob mn du --json ada >out &&
	test "$(jq .missing out)" = 1
'

test_expect_success 'a video is here when all pieces are' '
	git -C "$ada_repo" ls-tree -r main >tree &&
	oid=$(sed -n "s/.* blob \\([0-9a-f]*\\).*1-video.*/\\1/p" tree |
		sed -n 2p) &&
	git -C "$bob_repo" cat-file blob $oid >piece &&
	bob mn du --json >out &&
	test "$(jq .missing out)" = 1 &&
	bob mn -p ada show --content 1 -o video.copy \
		$(ada mn log --format="%(node)" -n 1) &&
	cmp video video.copy &&
	bob mn du --json >out &&
	test "$(jq .missing out)" = 0
'

test_expect_success 'nodes without metadata' '
	bob mn unfollow --delete --yes ada &&
	bob mn follow "file://$ada_repo" --as ada --replicate dag &&
	bob mn du --json >out &&
	echo "[0,3,0]" >expect &&
	jq -c "[.nodes, .bare, .missing]" out >actual &&
	test_cmp expect actual
'

test_expect_success 'a table for people, with sums; records for scripts' '
	bob mn init --name bob &&
	bob mn post -m "one of mine" &&
	bob mn du >out &&
	test_line_count = 4 out &&
	test_grep "^NAME " out &&
	test_grep "^ada  .*KiB.* bytes .* 3 *0\$" out &&
	test_grep "^bob  .*KiB.* 1 *0\$" out &&
	sed -n 4p out >last &&
	test_grep "^total .*KiB.* 4 *0\$" last &&
	bob mn du bob >out &&
	test_line_count = 2 out &&
	test_grep ! total out &&
	bob mn du -z ada | tr "\\0\\t" "\\n " >out &&
	test_grep "^$profile ada\\( [0-9]*\\)\\{5\\} 0 3 0\$" out
'

test_expect_success 'a damaged one is told, and hides no other' '
	cp -R bob bad &&
	: >"bad/profiles/$profile.git/refs/mn/identity" &&
	rm -f "bad/profiles/$profile.git/packed-refs" &&
	test_expect_code 128 env MN_DIR="$PWD/bad" mn du >out 2>err &&
	test_line_count = 4 out &&
	test_grep "profile $(echo $profile | cut -c 1-12)" err
'

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn du --json -z &&
	test_expect_code 1 bob mn du nobody 2>err &&
	test_grep nobody err
'

test_done
