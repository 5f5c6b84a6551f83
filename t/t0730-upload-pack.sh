#!/bin/sh

test_description='mn upload-pack: stock git fetches from it, in every version

The same repository, loose, packed by mn gc and packed by git gc, and one that
mn never made, with branches and tags. What git ends up with is compared with
the origin and checked by git fsck --strict.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

up="mn upload-pack"

# served VERSION COMMAND...: git with that version of the protocol
served () {
	_v=$1
	shift
	git -c protocol.version="$_v" "$@"
}

url () {
	echo "file://$PWD/$1.git"
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

# A line a commit on fd 1, for git fast-import.
commits () {
	awk -v n="$1" 'BEGIN {
		for (i = 1; i <= n; i++) {
			print "commit refs/heads/main"
			printf "committer A <a@example.com> %d +0000\n", \
				1700000000 + i * 60
			print "data <<END\nnumber " i "\nEND"
			printf "M 100644 inline dir%d/sub/file%d\n", i % 3, i
			print "data <<END\ntext " i * 7919 "\nEND"
			print "M 100644 inline big"
			print "data <<END"
			for (k = 0; k < 200; k++)
				print "line " k " of " (k == i ? "x" : "y")
			print "END\n"
		}
	}'
}

test_expect_success 'set up: a profile, packed in three ways' '
	test_init_profile ada &&
	for i in 1 2 3 4 5
	do
		mn post -m "post $i" || return 1
	done &&
	head -c 60000 /dev/urandom >noise.bin &&
	mn post -m "with noise" --attach noise.bin &&
	seq 1 40 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	mn post -m "the last" &&
	cp -R "$repo" loose.git &&
	mn gc &&
	cp -R "$repo" mngc.git &&
	cp -R loose.git gitgc.git &&
	git -C gitgc.git gc -q &&
	mn post -m "behind the pack" && mn post -m "and more" &&
	cp -R "$repo" whole.git
'

test_expect_success 'set up: a repository of git alone' '
	git init -q --bare plain.git &&
	commits 40 | git -C plain.git fast-import --quiet &&
	git -C plain.git symbolic-ref HEAD refs/heads/main &&
	git -C plain.git branch side main~10 &&
	git -C plain.git tag -a -m "a tag" v1 main~3 &&
	git -C plain.git gc -q &&
	git -C plain.git verify-pack -v "$PWD"/plain.git/objects/pack/*.idx >packed &&
	test_grep "chain length" packed
'

for v in 0 1 2
do
	for r in loose mngc gitgc whole plain
	do
		test_expect_success "v$v: clone --mirror of '$r'" '
			served '$v' clone -q --mirror -u "$up" \
				"$(url '$r')" got-'$v-$r' &&
			sound got-'$v-$r' &&
			refs '$r'.git >expect && refs got-'$v-$r' >actual &&
			test_cmp expect actual &&
			objects '$r'.git >expect &&
			objects got-'$v-$r' >actual &&
			comm -23 expect actual >missing &&
			test_must_be_empty missing
		'
	done
done

test_expect_success 'packs that mn gc left are sent as they lie' '
	git clone -q --bare -u "$up" "$(url mngc)" verbatim &&
	test -f mngc.git/mn/whole &&
	(cd mngc.git/objects/pack && sha1sum pack-*.pack) >expect &&
	(cd verbatim/objects/pack && sha1sum pack-*.pack) >actual &&
	test_cmp expect actual
'

test_expect_success 'what was given up since is not sent' '
	cp -R mngc.git past.git &&
	git -C past.git update-ref refs/heads/main \
		"$(git -C past.git rev-list --max-parents=0 main)" &&
	for d in $(git -C past.git for-each-ref --format="%(refname)" \
		refs/mn/devices)
	do
		git -C past.git update-ref "$d" refs/heads/main || return 1
	done &&
	git clone -q --mirror -u "$up" "$(url past)" got-past &&
	sound got-past &&
	echo 1 >expect &&
	git -C got-past rev-list --all --count >actual &&
	test_cmp expect actual &&
	test_must_fail git -C got-past cat-file -e \
		"$(git -C mngc.git rev-parse main)"
'

test_expect_success 'a computed merge that main has left is no hindrance' '
	two_devices &&
	on laptop mn post -m "here" && on phone mn post -m "there" &&
	fetch_from laptop phone &&
	cp -R "laptop/profiles/$profile.git" two.git &&
	old=$(git -C two.git rev-parse main) &&
	git -C two.git rev-parse main^2 &&
	on laptop mn gc &&
	fetch_from phone laptop &&
	on laptop mn post -m "here again" &&
	on phone mn post -m "there again" &&
	fetch_from laptop phone &&
	rm -rf two.git &&
	cp -R "laptop/profiles/$profile.git" two.git &&
	test_must_fail git -C two.git merge-base --is-ancestor $old main &&
	git clone -q --mirror -u "$up" "$(url two)" got-two &&
	sound got-two &&
	refs two.git >expect && refs got-two >actual &&
	test_cmp expect actual &&
	git -C got-two cat-file -e $old
'

for v in 0 1 2
do
	test_expect_success "v$v: ls-remote, with HEAD, tags and patterns" '
		served '$v' ls-remote --upload-pack="$up" --symref \
			"$(url plain)" >actual &&
		served '$v' ls-remote --symref "$(url plain)" >expect &&
		test_cmp expect actual &&
		served '$v' ls-remote --upload-pack="$up" --heads \
			"$(url plain)" "ma*" >actual &&
		served '$v' ls-remote --heads "$(url plain)" "ma*" >expect &&
		test_line_count = 1 expect &&
		test_cmp expect actual
	'

	test_expect_success "v$v: fetch what is new, and only that" '
		served '$v' clone -q --bare --single-branch --branch side \
			--no-tags -u "$up" "$(url plain)" inc'$v' &&
		git -C inc'$v' count-objects -v | sed -n "s/^in-pack: //p" \
			>before &&
		GIT_TRACE_PACKET=$PWD/trace served '$v' -C inc'$v' fetch -q \
			--no-tags --upload-pack="$up" origin \
			main:refs/heads/main 2>err &&
		git -C plain.git rev-parse main >expect &&
		git -C inc'$v' rev-parse main >actual &&
		test_cmp expect actual &&
		sound inc'$v' &&
		git -C plain.git rev-list --objects main ^side >expect &&
		git -C inc'$v' unpack-objects -n </dev/null 2>/dev/null ||
		git -C inc'$v' count-objects -v >count &&
		awk "/^count|^in-pack/ { n += \$2 } END { print n }" count \
			>after &&
		test $(($(cat after) - $(cat before))) = \
			$(wc -l <expect) &&
		served '$v' -C inc'$v' fetch -q --upload-pack="$up" origin \
			main:refs/heads/main
	'

	test_expect_success "v$v: histories that have parted" '
		git clone -q --bare plain.git parted'$v' &&
		git -C parted'$v' update-ref refs/heads/main main~5 &&
		git -C parted'$v' tag -d v1 >/dev/null &&
		git -C parted'$v' prune &&
		git -C parted'$v' repack -adq &&
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
		do
			c=$(git -C parted'$v' commit-tree -m "own $i" \
				-p refs/heads/main "main^{tree}") &&
			git -C parted'$v' update-ref refs/heads/main $c ||
			return 1
		done &&
		served '$v' -C parted'$v' fetch -q --upload-pack="$up" \
			"$(url plain)" main:refs/heads/theirs &&
		git -C plain.git rev-parse main >expect &&
		git -C parted'$v' rev-parse theirs >actual &&
		test_cmp expect actual &&
		sound parted'$v'
	'

	test_expect_success "v$v: --depth, deepen, unshallow" '
		served '$v' clone -q --bare --depth 3 -u "$up" \
			"$(url plain)" deep'$v' &&
		git -C deep'$v' rev-list --count HEAD >actual &&
		echo 3 >expect && test_cmp expect actual &&
		test_line_count = 1 deep'$v'/shallow &&
		sound deep'$v' &&
		served '$v' -C deep'$v' fetch -q --depth 7 \
			--upload-pack="$up" origin main &&
		echo 7 >expect && git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		served '$v' -C deep'$v' fetch -q --deepen 2 \
			--upload-pack="$up" origin main &&
		echo 9 >expect && git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		sound deep'$v' &&
		served '$v' -C deep'$v' fetch -q --unshallow \
			--upload-pack="$up" origin main &&
		echo 40 >expect &&
		git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		test_path_is_missing deep'$v'/shallow &&
		sound deep'$v'
	'

	test_expect_success "v$v: a shallow clone fetches what is new" '
		git clone -q --bare plain.git grown'$v'.git &&
		git -C grown'$v'.git update-ref refs/heads/main main~4 &&
		served '$v' clone -q --bare --depth 2 -u "$up" \
			"$(url grown'$v')" follow'$v' &&
		git -C grown'$v'.git fetch -q ../plain.git +main:main &&
		served '$v' -C follow'$v' fetch -q --upload-pack="$up" \
			origin main:main &&
		echo 6 >expect &&
		git -C follow'$v' rev-list --count main >actual &&
		test_cmp expect actual &&
		sound follow'$v'
	'

	test_expect_success "v$v: --shallow-since" '
		served '$v' clone -q --bare \
			--shallow-since="@$((1700000000 + 60 * 36))" \
			-u "$up" "$(url plain)" since'$v' &&
		served '$v' clone -q --bare \
			--shallow-since="@$((1700000000 + 60 * 36))" \
			"$(url plain)" since'$v'.git &&
		git -C since'$v'.git rev-list main >expect &&
		git -C since'$v' rev-list main >actual &&
		test_line_count = 5 expect &&
		test_cmp expect actual && sound since'$v'
	'

	for r in loose mngc gitgc whole plain
	do
		for f in blob:none blob:limit=4k tree:0 tree:1 tree:2
		do
			test_expect_success "v$v: $f of '$r'" '
				rm -rf part &&
				served '$v' clone -q --bare --filter='$f' \
					-u "$up" "$(url '$r')" part &&
				git -C part fsck --strict --connectivity-only \
					>fsck.out 2>&1 &&
				test_grep ! -i "error\|missing" fsck.out &&
				git -C '$r'.git rev-list --objects \
					--no-object-names --filter='$f' \
					--branches --tags | sort >expect &&
				git -C part cat-file --batch-all-objects \
					--batch-check="%(objectname)" |
					sort >actual &&
				comm -23 expect actual >missing &&
				test_must_be_empty missing &&
				comm -13 expect actual >more &&
				if test '$r' != mngc && test '$r' != whole
				then
					test_must_be_empty more
				fi
			'
		done
	done
done

test_expect_success 'a filter that leaves out nothing: the packs as they lie' '
	git clone -q --bare --filter=blob:limit=1m -u "$up" "$(url mngc)" all &&
	(cd mngc.git/objects/pack && sha1sum pack-*.pack) >expect &&
	(cd all/objects/pack && sha1sum pack-*.pack) >actual &&
	test_cmp expect actual
'

for f in blob:none tree:0
do
	test_expect_success "$f, and a checkout that asks for the rest by id" '
		rm -rf lazy &&
		git clone -q --no-checkout --filter='$f' -u "$up" \
			"$(url plain)" lazy &&
		git -C lazy checkout -q main &&
		git -C lazy status --porcelain >status &&
		test_must_be_empty status &&
		git -C plain.git cat-file -p main:big >expect &&
		test_cmp expect lazy/big
	'
done

test_expect_success 'a filter that is not known is refused' '
	test_must_fail 128 git clone -q --bare \
		--filter=sparse:oid=main:big -u "$up" "$(url plain)" no \
		2>err &&
	test_grep "filter.*not supported" err
'

test_expect_success 'an object that is not here is refused by its name' '
	git init -q --bare ask &&
	for v in 0 2
	do
		test_must_fail 128 git -C ask -c protocol.version=$v fetch -q \
			--upload-pack="$up" "$(url plain)" \
			1234567890123456789012345678901234567890 2>err &&
		test_grep "not our ref 1234567890123456789012" err ||
		return 1
	done
'

test_expect_success 'a blob by its id alone, though no ref names it' '
	blob=$(echo "named by nobody" | git -C plain.git hash-object -w \
		--stdin) &&
	for v in 0 1 2
	do
		rm -rf ask && git init -q --bare ask &&
		git -C ask -c protocol.version=$v fetch-pack -q \
			--upload-pack="$up" ../plain.git $blob >out &&
		echo "named by nobody" >expect &&
		git -C ask cat-file blob $blob >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'a partial repository serves what it has' '
	git clone -q --bare --filter=blob:limit=4k "$(url loose)" \
		promised.git 2>err &&
	for v in 0 2
	do
		rm -rf part &&
		git -c protocol.version=$v clone -q --bare \
			--filter=blob:limit=4k -u "$up" "$(url promised)" \
			part &&
		objects promised.git >expect && objects part >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'a shallow repository serves what it has' '
	git clone -q --bare --depth 4 "$(url plain)" cut.git &&
	for v in 0 2
	do
		rm -rf part &&
		git -c protocol.version=$v clone -q --bare -u "$up" \
			"$(url cut)" part &&
		test_cmp cut.git/shallow part/shallow &&
		sound part || return 1
	done
'

test_expect_success 'an empty repository' '
	git init -q --bare -b trunk empty.git &&
	for v in 0 1 2
	do
		rm -rf part &&
		git -c protocol.version=$v clone -q -u "$up" "$(url empty)" \
			part 2>err || return 1
	done &&
	echo refs/heads/trunk >expect &&
	git -C part symbolic-ref HEAD >actual &&
	test_cmp expect actual
'

test_expect_success 'a damaged object breaks the clone off, with a word' '
	cp -R loose.git broken.git &&
	blob=$(git -C broken.git ls-tree -r main | sed -n "s/.*blob \([0-9a-f]*\).*/\1/p" |
		head -n 1) &&
	f=broken.git/objects/$(echo $blob | sed "s,..,&/,") &&
	chmod +w $f && echo "garbage" >$f &&
	test_must_fail 128 git clone -q --bare -u "$up" "$(url broken)" no \
		2>err &&
	test_grep "can.t be read" err
'

test_expect_success 'stateless: the advertisement, and one request' '
	GIT_PROTOCOL=version=2 mn upload-pack --http-backend-info-refs \
		plain.git >out &&
	test_grep -a "version 2" out && test_grep -a "0000\$" out &&
	mn upload-pack --advertise-refs plain.git >out &&
	test_grep -a "multi_ack_detailed" out &&
	printf "0014command=ls-refs\n0001001bref-prefix refs/heads/m0000" \
		>request &&
	GIT_PROTOCOL=version=2 mn upload-pack --stateless-rpc plain.git \
		<request >out &&
	printf "003d%s refs/heads/main\n0000" \
		$(git -C plain.git rev-parse main) >expect &&
	cmp expect out &&
	blob=$(git -C plain.git rev-parse main:big) &&
	printf "0011command=fetch0001000fno-progress0032want %s\n0009done\n0000" \
		$blob >request &&
	GIT_PROTOCOL=version=2 mn upload-pack --stateless-rpc plain.git \
		<request >out &&
	test_grep -a "packfile" out &&
	printf "0032want %s\n00000009done\n" $blob |
		mn upload-pack --stateless-rpc plain.git >out &&
	git init -q --bare raw &&
	tail -c +9 out | git -C raw index-pack --stdin >name &&
	git -C plain.git cat-file -p main:big >expect &&
	git -C raw cat-file blob $blob >actual &&
	test_cmp expect actual
'

test_expect_success 'nonsense gets one line' '
	for bad in "nonsense" "0010command=xyz\n0000" "0003" "ffff" \
		"0014command=ls-refs\n0001000ahello\n0000" \
		"0012command=fetch\n00010009done\n0000" \
		"0012command=fetch\n0001000awant x\n0000" \
		"0012command=fetch\n0001" "0012command=fet"
	do
		printf "$bad" | GIT_PROTOCOL=version=2 mn upload-pack \
			--stateless-rpc plain.git >out 2>err
		test_grep -a "^....ERR " out || return 1
	done &&
	for bad in "nonsense" "0032want 1234567890123456789012345678901234567890\n" \
		"000ahave x\n0000" "000bdeepen x0000"
	do
		printf "$bad" | mn upload-pack --stateless-rpc plain.git \
			>out 2>err
		test_grep -a "^....ERR " out || return 1
	done
'

test_expect_success 'where the repository is looked for' '
	git clone -q --bare plain.git dir/x.git &&
	git init -q dir/work &&
	mn upload-pack --advertise-refs dir/x >out &&
	mn upload-pack --advertise-refs dir/work >out &&
	test_must_fail 128 mn upload-pack --strict --advertise-refs dir/x \
		2>err &&
	test_grep "no repository" err &&
	test_must_fail 129 mn upload-pack 2>err
'

test_done
