#!/bin/sh

test_description='mn make-node: nodes from meta fields on stdin'

. ./test-lib.sh

# fails_with WORDS: what stdin holds is refused, and nothing is posted
fails_with () {
	git -C "$repo" for-each-ref >refs.before &&
	test_must_fail mn make-node 2>err &&
	test_grep -F -e "$1" err &&
	git -C "$repo" for-each-ref >refs.after &&
	test_cmp refs.before refs.after
}

test_expect_success 'set up' '
	test_init_profile ada &&
	device=$(mn whoami --json | jq -r .device) &&
	echo "some text" >text &&
	printf "a\000b" >data
'

test_expect_success '--dry-run prints the meta and makes nothing' '
	cat >fields <<-EOF &&
	content text text/plain text
	tag zebra
	time 1700000000123
	tag apple
	kind note
	summary A title
	EOF
	mn make-node --dry-run <fields >meta &&
	sed "s/^content text [0-9a-f]*/content text D/" meta >actual &&
	cat >expect <<-EOF &&
	mn 1
	kind note
	profile $profile
	identity $profile
	device $device
	seq 1
	gen 1
	era 0
	time 1700000000123
	summary A title
	tag apple
	tag zebra
	content text D 10 text/plain text
	EOF
	test_cmp expect actual &&
	git -C "$repo" for-each-ref refs/heads refs/mn/devices >refs &&
	test_must_be_empty refs &&
	git -C "$repo" count-objects >count &&
	test_grep "^1 objects" count
'

test_expect_success 'without it the node is made, and it is good' '
	mn make-node <fields >id &&
	mn verify-node $(cat id) &&
	mn cat-object meta $(cat id) |
		sed "s/^content text [0-9a-f]*/content text D/" >actual &&
	test_cmp expect actual &&
	mn cat-object content $(cat id) >actual &&
	test_cmp text actual
'

test_expect_success 'every field there is' '
	other=$(printf "%064d" 7) &&
	cat >fields <<-EOF &&
	kind reply
	time 0
	summary ünïcode and "quotes"
	stream photos
	tag one
	lang pt-br
	place -33.9,18.4
	subject reply-to mn:$other/$other
	subject about mn:$other
	attr colour deep  blue
	attr colour red
	link https://example.com/a?b#c
	content text text/markdown text post.md
	content attachment application/octet-stream data two words.bin
	EOF
	mn make-node <fields >id2 &&
	mn verify-node $(cat id2) &&
	mn cat-object meta $(cat id2) >meta &&
	sed -n "/^time/,\$p" meta |
		sed "s/^content \([a-z]*\) [0-9a-f]*/content \1 D/" >actual &&
	cat >expect <<-EOF &&
	time 0
	summary ünïcode and "quotes"
	stream photos
	tag one
	lang pt-br
	place -33.9,18.4
	subject about mn:$other
	subject reply-to mn:$other/$other
	attr colour deep  blue
	attr colour red
	link https://example.com/a?b#c
	content text D 10 text/markdown post.md
	content attachment D 3 application/octet-stream two words.bin
	EOF
	test_cmp expect actual &&
	test_grep "^prev $(cat id)\$" meta &&
	test_grep "^parent $(cat id)\$" meta &&
	test_grep "^seq 2\$" meta &&
	mn cat-object content:1 $(cat id2) >actual &&
	cmp data actual
'

test_expect_success 'a path in quotes, a type that is told from the file' '
	cp text "a file.txt" &&
	echo "content attachment - \"a file.txt\"" |
		mn make-node >id &&
	mn cat-object meta $(cat id) >meta &&
	test_grep " 10 text/plain a file.txt\$" meta
'

test_expect_success 'the time is now, if none is given' '
	before=$(date +%s) &&
	echo "link https://example.com/" | mn make-node >id &&
	after=$(date +%s) &&
	time=$(mn cat-object meta $(cat id) | sed -n "s/^time \(.*\)...\$/\1/p") &&
	test $before -le $time && test $time -le $after
'

test_expect_success 'what is wrong is told with its line' '
	printf "kind note\n\ncolour red\n" | fails_with "line 3: unknown key " &&
	printf "kind note\nseq 5\n" | fails_with "line 2: unknown key " &&
	printf "kind note\nkind post\n" | fails_with "line 2: " &&
	printf "kind\n" | fails_with "line 1: " &&
	printf "kind No\n" | fails_with "line 1: " &&
	printf "time 1.5\n" | fails_with "line 1: " &&
	printf "time 999999999999999\n" | fails_with "line 1: " &&
	printf "tag two words\n" | fails_with "line 1: " &&
	printf "place 91,0\n" | fails_with "line 1: " &&
	printf "lang e!\n" | fails_with "line 1: " &&
	printf "link nothing\n" | fails_with "line 1: " &&
	printf "subject reply-to\n" | fails_with "line 1: " &&
	printf "subject reply-to mn:12\n" | fails_with "line 1: " &&
	printf "attr x\n" | fails_with "line 1: " &&
	printf "content text text/plain\n" | fails_with "line 1: " &&
	printf "content text Text text\n" | fails_with "line 1: " &&
	printf "content text text/plain \"text\n" | fails_with "line 1: " &&
	printf "summary \377\n" | fails_with "line 1: " &&
	printf "summary a\033b\n" | fails_with "line 1: "
'

test_expect_success 'a file that is not there' '
	printf "content text text/plain nowhere\n" | fails_with nowhere
'

test_expect_success 'nothing at all is no post' '
	fails_with "mn make-node" </dev/null &&
	printf "kind note\nattr x y\n" >fields &&
	mn make-node <fields >id &&
	mn verify-node $(cat id)
'

test_expect_success 'where there is no key there is no node' '
	mkdir -p elsewhere/profiles &&
	cp -R "$repo" elsewhere/profiles/ &&
	test_expect_code 128 env MN_DIR="$PWD/elsewhere" \
		mn -p $profile make-node <fields 2>err &&
	test_grep "device key" err
'

test_expect_success 'a content that is not there' '
	printf "content text text/plain missing\n" >fields &&
	test_expect_code 128 mn make-node <fields 2>err &&
	test_grep "missing" err
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn make-node fields </dev/null
'

test_expect_success 'the repository is good' '
	mn fsck &&
	git -C "$repo" fsck --strict
'

test_done
