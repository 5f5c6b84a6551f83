#!/bin/sh

test_description='mn fetch-pack: packs from repositories, wherever they lie

Directories, file://, git http-backend behind a web server in each version of
the protocol, and a web server that just has the files. What comes is compared
with what git rev-list says, and checked by git index-pack and git fsck.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-http.sh"

tip=

test_expect_success 'a repository, loose and packed, and servers of it' '
	mkdir none &&
	git init -q --bare -b main repos/a.git &&
	head -c 6000 /dev/urandom | base64 -w 76 >big &&
	for i in 1 2 3 4 5 6 7 8 9
	do
		echo "commit refs/heads/main" &&
		echo "committer A <a@example.com> 160000000$i +0000" &&
		echo "data 1" && echo x &&
		echo "M 100644 inline dir/$i" && echo "data 2" && echo "$i" &&
		echo "M 100644 inline big" &&
		echo "data $(($(wc -c <big) + 2))" && cat big && echo $i ||
		return 1
	done >stream &&
	git -C repos/a.git fast-import --quiet <stream &&
	git -C repos/a.git tag -a -m "a tag" v1 main~2 &&
	git -C repos/a.git config uploadpack.allowFilter true &&
	git -C repos/a.git config uploadpack.allowAnySHA1InWant true &&
	git -C repos/a.git repack -adq &&
	git -C repos/a.git update-server-info &&
	cp -R repos/a.git repos/loose.git &&
	rm repos/loose.git/objects/pack/* &&
	git -C repos/loose.git unpack-objects -q \
		<$(ls repos/a.git/objects/pack/pack-*.pack) &&
	git -C repos/loose.git update-server-info &&
	write_script talk <<-\EOF2 &&
	case "$*" in *mute*) unset GIT_PROTOCOL ;; esac
	for last; do :; done
	exec sh -c "$last"
	EOF2
	MN_SSH_COMMAND=$PWD/talk && export MN_SSH_COMMAND &&
	talk=ssh://host$PWD/repos &&
	mute=ssh://mute$PWD/repos &&
	start_lighttpd_git "$PWD/repos" && smart=$url &&
	start_lighttpd_git "$PWD/repos" 0 && old=$url &&
	start_lighttpd_static "$PWD/repos" && static=$url &&
	tip=$(git -C repos/a.git rev-parse main) &&
	base=$(git -C repos/a.git rev-parse main~4) &&
	blob=$(git -C repos/a.git rev-parse main:big) &&
	tree=$(git -C repos/a.git rev-parse main~1:dir)
'

# fetched URL ARG...: into a new repository got.git, what came to actual
fetched () {
	rm -rf got.git && git init -q --bare got.git &&
	mn fetch-pack -o got.git/objects/pack "$@" >out 2>err &&
	test_must_be_empty err &&
	git -C got.git cat-file --batch-all-objects \
		--batch-check="%(objectname)" >actual &&
	awk -F "\t" "\$2 == \"pack\" { print \$1, \$3, \$4 }" out >packs &&
	while read -r name objects bytes
	do
		_pack=got.git/objects/pack/pack-$name &&
		test "$(git show-index <"$_pack.idx" | wc -l)" = "$objects" &&
		test "$(stat -c %s "$_pack.pack")" = "$bytes" &&
		git verify-pack "$_pack.pack" || return 1
	done <packs
}

# is REV-LIST-ARG...: just these have come
is () {
	git -C repos/a.git rev-list --objects --no-object-names "$@" |
		sort >expect &&
	test_cmp expect actual
}

sound () {
	git -C got.git update-ref refs/heads/main "$tip" &&
	git -C got.git fsck --strict >fsck.out 2>&1 &&
	test_grep ! -i "error\|missing\|warning" fsck.out
}

for v in 0 1 2 0only
do
	if test $v = 0only
	then
		where='"$old/a.git" "$mute/a.git"'
	else
		where='repos/a.git "file://$PWD/repos/a.git" "$smart/a.git" \
			"$talk/a.git"'
	fi

	test_expect_success "v$v: all of it" '
		test '$v' = 0only || mn config net.protocol '$v' &&
		for u in '"$where"'
		do
			fetched "$u" $tip && is $tip && sound &&
			test_line_count = 1 out &&
			fetched "$u" refs/heads/main && is $tip || return 1
		done
	'

	test_expect_success "v$v: a tag, and two wants on stdin" '
		for u in '"$where"'
		do
			fetched "$u" refs/tags/v1 && is v1 &&
			printf "%s\nrefs/tags/v1\n" $base |
				fetched --stdin "$u" && is v1 $base || return 1
		done
	'

	for f in blob:none blob:limit=1k blob:limit=1m tree:0 tree:1 tree:2
	do
		test_expect_success "v$v: --filter $f" '
			for u in '"$where"'
			do
				fetched --filter '$f' "$u" $tip &&
				is --filter='$f' $tip || return 1
			done
		'
	done

	test_expect_success "v$v: what the client has does not come" '
		for u in '"$where"'
		do
			fetched --have $base "$u" $tip &&
			is $tip ^$base &&
			fetched --have $tip "$u" $tip &&
			test_must_be_empty out && test_must_be_empty actual &&
			fetched --have 1234567890123456789012345678901234567890 \
				--have $base "$u" $tip &&
			is $tip ^$base || return 1
		done
	'

	test_expect_success "v$v: blobs and trees by their ids" '
		for u in '"$where"'
		do
			fetched "$u" $blob $tree &&
			{ echo $blob; git -C repos/a.git ls-tree -r -t \
				--object-only main~1:dir; echo $tree; } |
				sort >expect &&
			test_cmp expect actual || return 1
		done
	'

	test_expect_success "v$v: --depth" '
		for u in '"$where"'
		do
			fetched --depth 3 "$u" $tip &&
			git -C repos/a.git rev-parse main~2 >expect &&
			sed -n "s/\tshallow\$//p" out >shallow &&
			test_cmp expect shallow &&
			cp shallow got.git/shallow && sound &&
			git -C got.git rev-list --count main >count &&
			echo 3 >expect && test_cmp expect count || return 1
		done
	'

	test_expect_success "v$v: --stdout" '
		for u in '"$where"'
		do
			rm -rf got.git && git init -q --bare got.git &&
			mn fetch-pack --stdout "$u" $tip >got.pack 2>err &&
			test_must_be_empty err &&
			git -C got.git index-pack --strict --stdin <got.pack \
				>out && sound || return 1
		done
	'
	test_expect_success "v$v: what is not there is said, once" '
		for u in '"$where"'
		do
			test_expect_code 1 mn fetch-pack -o none "$u" \
				1234567890123456789012345678901234567890 \
				>out 2>err &&
			test_grep "not our ref 12345" err &&
			test "$(grep -vc "^remote: " err)" = 1 &&
			test_must_be_empty out &&
			test_expect_code 1 mn fetch-pack -o none "$u" \
				refs/heads/none >out 2>err &&
			test_grep "no ref .refs/heads/none" err &&
			ls none >files && test_must_be_empty files || return 1
		done
	'
done

test_expect_success 'files alone: loose objects and packs' '
	fetched "$static/a.git" $tip && sound && test_line_count = 1 out &&
	fetched "$static/loose.git" $tip && sound &&
	is $tip && test_line_count = 1 out &&
	fetched --filter tree:0 "$static/loose.git" $tip &&
	is --filter=tree:0 $tip &&
	fetched --have $base "$static/loose.git" $tip &&
	git -C got.git cat-file --batch-all-objects \
		--batch-check="%(objecttype)" | grep -c commit >count &&
	echo 4 >expect && test_cmp expect count &&
	fetched "$static/loose.git" $blob && echo $blob >expect &&
	test_cmp expect actual &&
	test_must_fail 128 mn fetch-pack --stdout "$static/a.git" $tip \
		>out 2>err &&
	test_grep "use -o" err && test_must_be_empty out
'

test_expect_success 'a server without filters sends all, and this is said' '
	mn config --unset net.protocol &&
	git -C repos/a.git config uploadpack.allowFilter false &&
	rm -rf got.git && git init -q --bare got.git &&
	for u in "$smart/a.git" "$old/a.git"
	do
		mn fetch-pack -o got.git/objects/pack --filter tree:0 \
			"$u" $tip >out 2>err &&
		test_grep "no filters" err && sound || return 1
	done &&
	git -C repos/a.git config uploadpack.allowFilter true
'

test_expect_success 'a server that is shallow itself' '
	git clone -q --bare --depth 4 "file://$PWD/repos/a.git" \
		repos/cut.git &&
	for u in repos/cut.git "$smart/cut.git" "$old/cut.git" "$talk/cut.git"
	do
		rm -rf got.git && git init -q --bare got.git &&
		mn fetch-pack -o got.git/objects/pack "$u" $tip >out &&
		cp repos/cut.git/shallow got.git/shallow &&
		sound || return 1
	done &&
	mn fetch-pack -o got.git/objects/pack "$smart/cut.git" $tip >out &&
	sed -n "s/\tshallow\$//p" out >actual &&
	test_cmp repos/cut.git/shallow actual
'

test_expect_success 'JSON' '
	mkdir json &&
	mn fetch-pack --json --depth 1 -o json "$smart/a.git" $tip >out &&
	jq -r "[.pack != null, .objects, .shallow] | @tsv" out >actual &&
	printf "true\t13\t\nfalse\t\t%s\n" $tip >expect &&
	test_cmp expect actual
'

test_expect_success 'an object that is too large' '
	for u in repos/a.git "$smart/a.git"
	do
		test_must_fail 128 mn fetch-pack -o none --max-object 4k \
			"$u" $tip >out 2>err &&
		test_line_count = 1 err || return 1
	done &&
	ls none >files && test_must_be_empty files
'

test_expect_success 'a server that breaks off leaves nothing behind' '
	start_server half "$PWD/repos" &&
	test_expect_code 75 mn fetch-pack -o none "$url/a.git" $tip \
		>out 2>err &&
	test_must_be_empty out && test_line_count = 1 err &&
	ls none >files && test_must_be_empty files
'

test_expect_success 'usage' '
	test_must_fail 129 mn fetch-pack -o . repos/a.git 2>err &&
	test_must_fail 129 mn fetch-pack -o . 2>err &&
	test_must_fail 129 mn fetch-pack repos/a.git $tip 2>err &&
	test_must_fail 129 mn fetch-pack -o . --stdout repos/a.git $tip 2>err &&
	test_must_fail 129 mn fetch-pack -o . repos/a.git main 2>err &&
	test_must_fail 129 mn fetch-pack -o . --have x repos/a.git $tip 2>err
'

test_done
