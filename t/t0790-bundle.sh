#!/bin/sh

test_description='mn bundle: a profile, or what is new of it, in one file

Two homes that exchange by files alone; what stock git makes of our bundles,
and we of those that git wrote; and files that are not what they seem.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

# at HOME COMMAND...: there, in a home of its own
at () {
	_at=$PWD/home-$1
	shift
	MN_DIR=$_at "$@"
}

# the ids of all posts of a profile, sorted
posts () {
	at "$1" mn -p "$2" log --format="%(node)" | sort
}

# the same posts at both
same () {
	posts "$1" "$3" >posts.1 && posts "$2" "$3" >posts.2 &&
	test -s posts.1 && test_cmp posts.1 posts.2
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|warning\|missing" fsck.out
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

# Nothing of an attempt stays.
clean () {
	find "home-$1" -path "*/mn/incoming/*" -o -name "new-*" \
		-o -name "tmp_*" >litter &&
	test_must_be_empty litter
}

test_expect_success 'set up: ada, with posts small and large' '
	ada=$(at ada mn init --name ada 2>/dev/null) &&
	repo=$PWD/home-ada/profiles/$ada.git &&
	head -c 60000 /dev/urandom >noise.bin &&
	at ada mn post -m "one" && at ada mn post -m "two" -t tag &&
	at ada mn post -m "with noise" --attach noise.bin
'

test_expect_success 'create: all of it, which stock git takes' '
	at ada mn bundle create ada.bundle 2>err &&
	test_grep "3 commits" err &&
	head -n 1 ada.bundle >line && echo "# v2 git bundle" >expect &&
	test_cmp expect line &&
	git -C "$repo" bundle verify "$PWD/ada.bundle" &&
	git clone -q --bare ada.bundle clone.git 2>err &&
	test_must_be_empty err &&
	sound clone.git &&
	git clone -q --mirror ada.bundle mirror.git &&
	refs "$repo" >expect && refs mirror.git >actual &&
	test_cmp expect actual && sound mirror.git &&
	git init -q --bare fetched.git &&
	git -C fetched.git fetch -q ../ada.bundle "refs/*:refs/*" &&
	refs fetched.git >actual && test_cmp expect actual
'

test_expect_success 'verify: with the profile here, and in an empty home' '
	for h in ada bea
	do
		at $h mn bundle verify ada.bundle >out || return 1
		test_grep "^nodes	3$" out &&
		test_grep "^profile	$ada$" out || return 1
	done &&
	at bea mn bundle verify --json ada.bundle >out &&
	test "$(jq -c "[.good, .nodes, .profile, .version, (.refs|length)]" \
		out)" = "[true,3,\"$ada\",2,3]" &&
	test_path_is_missing home-bea/profiles &&
	clean ada
'

test_expect_success 'fetch: a profile that is not here is not followed unasked' '
	test_must_fail 1 at bea mn bundle fetch ada.bundle 2>err &&
	test_grep -e "--follow" err && test_grep $ada err &&
	test_path_is_missing home-bea/profiles/$ada.git && clean bea
'

test_expect_success 'fetch --follow --as' '
	at bea mn init --name bea 2>/dev/null >bea &&
	at bea mn bundle fetch --follow --as ada ada.bundle >out &&
	printf "%s\t3\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada && clean bea &&
	sound home-bea/profiles/$ada.git &&
	refs "$repo" >expect && refs home-bea/profiles/$ada.git >actual &&
	test_cmp expect actual &&
	at bea mn -p ada fsck &&
	git config -f home-bea/profiles/$ada.git/config --get mn.follow \
		>actual && echo true >expect && test_cmp expect actual &&
	at bea mn bundle fetch --json ada.bundle >out &&
	test "$(jq -c "[.nodes, .moved, .made]" out)" = "[0,0,false]"
'

test_expect_success 'create --since: nothing new' '
	test_must_fail 1 at ada mn bundle create --since ada.bundle no.bundle \
		2>err &&
	test_grep "nothing is new" err && test_path_is_missing no.bundle
'

test_expect_success 'create --since: what is new, and only that' '
	at ada mn post -m "four" && at ada mn post -m "five" &&
	at ada mn bundle create --since ada.bundle more.bundle &&
	test $(wc -c <more.bundle) -lt 6000 &&
	git -C mirror.git bundle verify "$PWD/more.bundle" &&
	git -C mirror.git fetch -q ../more.bundle "+refs/*:refs/*" &&
	refs "$repo" >expect && refs mirror.git >actual &&
	test_cmp expect actual && sound mirror.git &&
	at bea mn bundle verify more.bundle >out &&
	test_grep "^nodes	2$" out && test_grep "^needs	" out &&
	at bea mn bundle fetch more.bundle >out &&
	printf "%s\t2\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada && clean bea
'

test_expect_success 'what it builds on is not here' '
	at cid mn init --name cid 2>/dev/null >cid &&
	test_must_fail 1 at cid mn bundle verify more.bundle >out 2>err &&
	test_grep "not here" err && test_grep "^needs	" out &&
	test_must_fail 1 at cid mn bundle fetch --follow more.bundle 2>err &&
	test_grep "not here" err &&
	test_path_is_missing home-cid/profiles/$ada.git && clean cid &&
	at ada mn post -m "six" &&
	at ada mn bundle create --since more.bundle third.bundle &&
	at cid mn bundle fetch --follow ada.bundle &&
	test_must_fail 1 at cid mn bundle verify --json third.bundle >out \
		2>err &&
	test "$(jq -c "[.good, .missing]" out)" = "[false,1]" &&
	test_must_fail 1 at cid mn bundle fetch third.bundle 2>err &&
	test_grep "builds on 1 nodes that are not here" err && clean cid &&
	at cid mn bundle fetch more.bundle && at cid mn bundle fetch third.bundle &&
	same ada cid $ada
'

test_expect_success 'create -p: of a profile that is followed; to a pipe' '
	at bea mn bundle create -p ada --since ada.bundle - >piped &&
	git -C mirror.git bundle verify "$PWD/piped" &&
	at cid mn bundle create -p $ada - | at dan mn bundle fetch --follow - &&
	same cid dan $ada
'

test_expect_success 'create --since-refs: a list of refs' '
	at bea mn -p ada ls-refs >refs &&
	at ada mn bundle create --since-refs refs by-refs.bundle &&
	git ls-remote home-bea/profiles/$ada.git |
		at ada mn bundle create --since-refs - by-pipe.bundle &&
	cmp by-refs.bundle by-pipe.bundle &&
	at bea mn bundle fetch by-refs.bundle >out &&
	printf "%s\t1\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada &&
	echo nonsense >refs &&
	test_must_fail 128 at ada mn bundle create --since-refs refs no.bundle
'

test_done
