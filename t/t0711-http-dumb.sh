#!/bin/sh
test_description='fetching from a plain web server'
. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-http.sh

oid=

# A history of $1 commits, with a directory and two files each, for git
# fast-import.
history () {
	for _i in $(seq 1 "$1")
	do
		echo "commit refs/heads/main"
		echo "committer A <a@example.com> $((1600000000 + _i)) +0000"
		echo "data 1" && echo x
		echo "M 100644 inline meta" && echo "data ${#_i}" && echo "$_i"
		echo "M 100644 inline dir/content" && echo "data 5000"
		head -c 5000 /dev/zero | tr '\0' a
		echo
		echo "M 100644 inline dir/$_i" && echo "data 2" && echo "y"
	done
}

# Lists the objects that git has of a repository, as walk lists them.
objects_of () {
	git -C "$1" cat-file --batch-all-objects \
		--batch-check='%(objectname) %(objecttype) %(objectsize)' |
	sort
}

test_expect_success 'repositories: loose, packed, and half of each' '
	git init -q --bare files/packed.git &&
	git -C files/packed.git symbolic-ref HEAD refs/heads/main &&
	history 12 | git -C files/packed.git -c fastimport.unpackLimit=0 \
		fast-import --quiet &&
	oid=$(git -C files/packed.git rev-parse main) &&
	old=$(git -C files/packed.git rev-parse main~4) &&
	git -C files/packed.git tag -a -m t v1 main &&
	git -C files/packed.git repack -adq &&
	git clone -q --bare files/packed.git files/loose.git &&
	rm -f files/loose.git/objects/pack/* &&
	git -C files/loose.git unpack-objects -q \
		<$(echo files/packed.git/objects/pack/*.pack) &&
	git clone -q --bare files/loose.git files/mixed.git &&
	rm -rf files/mixed.git/objects/?? files/mixed.git/objects/pack/* &&
	echo $old | git -C files/loose.git pack-objects --revs -q \
		"$PWD/files/mixed.git/objects/pack/pack" >/dev/null &&
	git -C files/loose.git rev-list --objects v1 --not $old |
	cut -d" " -f1 |
	git -C files/loose.git pack-objects -q --stdout >rest.pack &&
	git -C files/mixed.git unpack-objects -q <rest.pack &&
	git -C files/mixed.git fsck --strict --no-dangling &&
	for repo in packed loose mixed
	do
		git -C files/$repo.git update-server-info || return 1
	done &&
	objects_of files/loose.git >all &&
	start_lighttpd_static "$PWD/files"
'

test_expect_success 'a plain server is recognised, and its refs are read' '
	http-client open "$url/loose.git" >actual 2>err &&
	echo dumb >expect &&
	test_cmp expect actual &&
	http-client refs "$url/packed.git" >actual 2>err &&
	git -C files/packed.git show-ref | tr " " "\\t" >expect &&
	test_cmp expect actual &&
	test_grep "^wire [0-9]* [0-9]* 1 1 " err
'

test_expect_success 'loose objects come one by one, over few connections' '
	http-client walk "$url/loose.git" $oid >out 2>err &&
	sort out >actual &&
	grep -v " tag " all >expect &&
	test_cmp expect actual &&
	set -- $(tail -n 1 err) &&
	test "$5" -le 8
'

test_expect_success 'a tag leads to what it names' '
	http-client walk "$url/loose.git" \
		$(git -C files/loose.git rev-parse v1) >out 2>err &&
	sort out >actual &&
	test_cmp all actual
'

test_expect_success 'a pack comes as a whole, with five requests' '
	http-client walk "$url/packed.git" $oid >actual 2>err &&
	echo pack >expect &&
	test_cmp expect actual &&
	test_grep "^wire [0-9]* [0-9]* 5 1 " err
'

test_expect_success 'loose objects and a pack together' '
	http-client walk "$url/mixed.git" $oid >out 2>err &&
	grep -c "^pack$" out >npacks &&
	echo 1 >expect &&
	test_cmp expect npacks &&
	grep -v "^pack$" out | sort >actual &&
	git -C files/loose.git rev-list --objects $oid --not $old |
	cut -d" " -f1 | git -C files/loose.git cat-file \
		--batch-check="%(objectname) %(objecttype) %(objectsize)" |
	sort >expect &&
	test_cmp expect actual
'

test_expect_success 'filters leave loose objects where they are' '
	http-client walk "$url/loose.git" $oid,tree:0 >out 2>err &&
	test_grep ! -v " commit " out && test_line_count = 12 out &&
	http-client walk "$url/loose.git" $oid,blob:limit=1k >out 2>err &&
	sort out >actual &&
	grep -v " tag \| 5000$" all >expect &&
	test_cmp expect actual &&
	http-client walk "$url/loose.git" $oid,blob:none >out 2>err &&
	sort out >actual &&
	grep -v " tag \| blob " all >expect &&
	test_cmp expect actual
'

test_expect_success 'a content that is asked for comes, whatever the filter' '
	blob=$(git -C files/loose.git rev-parse main:dir/content) &&
	http-client walk "$url/loose.git" $blob,blob:limit=1k >actual 2>err &&
	echo "$blob blob 5000" >expect &&
	test_cmp expect actual
'

# A copy of the loose repository, at files/bad.git
spoil () {
	rm -rf files/bad.git && cp -R files/loose.git files/bad.git &&
	chmod -R u+w files/bad.git
}
# the file of a loose object
file_of () {
	_hex=$(git -C files/loose.git rev-parse "$1") &&
	_rest=${_hex#??} &&
	echo "files/bad.git/objects/${_hex%"$_rest"}/$_rest"
}

test_expect_success 'a missing commit: the rest comes, and it is said' '
	spoil && rm "$(file_of main~3)" &&
	test_must_fail http-client walk "$url/bad.git" $oid >out 2>err &&
	test_grep "error -2: the server lacks the object" err &&
	test_grep "$(git -C files/loose.git rev-parse main~3)" err &&
	grep -c " commit " out >n && echo 3 >expect && test_cmp expect n
'

test_expect_success 'a missing content is passed over' '
	spoil && rm "$(file_of main:dir/content)" &&
	http-client walk "$url/bad.git" $oid >out 2>err &&
	sort out >actual &&
	grep -v " tag \| 5000$" all >expect &&
	test_cmp expect actual
'

test_expect_success 'damaged and exchanged objects are refused' '
	for damage in truncate other garbage
	do
		spoil && f=$(file_of main~1^{tree}) &&
		case $damage in
		truncate) truncate -s -1 "$f" ;;
		other) cp "$(file_of main~2^{tree})" "$f" ;;
		garbage) echo hello >"$f" ;;
		esac &&
		test_must_fail http-client walk "$url/bad.git" $oid >out 2>err &&
		test_grep "^error -5: " err || return 1
	done
'

test_expect_success 'an object that inflates to more than it may is refused' '
	spoil && python3 -c "
import sys, zlib
sys.stdout.buffer.write(zlib.compress(b\"tree 99999999999\\0\" + bytes(50000000)))
" >"$(file_of main^{tree})" &&
	test_must_fail http-client walk "$url/bad.git" $oid >out 2>err &&
	test_grep "^error -5: .*larger than" err &&
	set -- $(tail -n 1 err) && test "$6" -lt 120000
'

test_expect_success 'an object that is no tree where one should be' '
	spoil &&
	tree=$(git -C files/bad.git hash-object -w -t blob --stdin <err) &&
	commit=$(printf "tree %s\nauthor A <a@b> 0 +0000\ncommitter A <a@b> 0 +0000\n\nx\n" \
		$tree | git -C files/bad.git hash-object -w -t commit \
		--literally --stdin) &&
	test_must_fail http-client walk "$url/bad.git" $commit >out 2>err &&
	test_grep "^error -5: the server.s object $tree is damaged" err
'

# A walk from $oid over files/bad.git, of which nothing comes.
refused () {
	test_must_fail http-client walk "$url/bad.git" "$oid" >out 2>err &&
	test_grep "^error -\(5\|2\): " err && test_grep ! "^pack$" out
}

test_expect_success 'packs whose index or list is bad are refused' '
	for damage in idx-cut idx-other list-path list-other pack-cut gone
	do
		rm -rf files/bad.git && cp -R files/packed.git files/bad.git &&
		chmod -R u+w files/bad.git &&
		idx=$(echo files/bad.git/objects/pack/*.idx) &&
		pack=$(echo files/bad.git/objects/pack/*.pack) &&
		list=files/bad.git/objects/info/packs &&
		case $damage in
		idx-cut) truncate -s -1 "$idx" ;;
		idx-other) head -c 2000 /dev/zero >"$idx" ;;
		list-path) echo "P ../../../etc/passwd" >"$list" ;;
		list-other) echo "P pack-1234.pack" >"$list" ;;
		gone) rm "$pack" ;;
		pack-cut) rm "$idx" ;;
		esac &&
		refused || { echo "$damage"; return 1; }
	done
'

test_expect_success 'a page of a web site is no repository' '
	mkdir -p files/page.git/info &&
	echo "<html><body>$(printf "\\033[31m")</body></html>" \
		>files/page.git/info/refs &&
	test_must_fail http-client refs "$url/page.git" >out 2>err &&
	test_grep "^error -5: there is no repository" err &&
	test_must_be_empty out
'

test_expect_success 'refs with bad names, or there twice, are refused' '
	for name in refs/heads/../x "refs/heads/a b" "refs/heads/x.lock" \
		"$(printf "refs/heads/\\033[31m")"
	do
		printf "%s\\t%s\\n" $oid "$name" >files/page.git/info/refs &&
		test_must_fail http-client refs "$url/page.git" 2>err &&
		test_grep "^error -5: .*no valid name" err &&
		test_grep ! "$(printf "\\033")" err || return 1
	done &&
	printf "%s\\trefs/heads/x\\n" $oid $oid >files/page.git/info/refs &&
	test_must_fail http-client refs "$url/page.git" 2>err &&
	test_grep "^error -5: .*twice" err &&
	printf "%s\\trefs/heads/x" $oid >files/page.git/info/refs &&
	test_must_fail http-client refs "$url/page.git" 2>err &&
	test_grep "^error -5: " err
'

test_expect_success 'a million refs are refused' '
	seq 1 1000000 | sed "s|.*|$oid	refs/heads/&|" \
		>files/page.git/info/refs &&
	test_must_fail http-client refs "$url/page.git" 2>err &&
	test_grep "^error -12: " err &&
	set -- $(tail -n 1 err) && test "$6" -lt 150000
'

test_expect_success 'a repository that is not there' '
	test_must_fail http-client open "$url/none.git" 2>err &&
	test_grep "^error -2: " err
'

test_done
