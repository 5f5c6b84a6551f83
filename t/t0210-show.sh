#!/bin/sh

test_description='mn show'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

esc=$(printf '\033')

test_expect_success 'set-up' '
	test_init_profile &&
	first=$(mn post --time @1700000000 -m "one") &&
	head -c 3000 /dev/zero | tr "\0" "\377" >binary &&
	printf "plain text\n" >notes.txt &&
	second=$(mn post --time @1700000060 --title Two -m "two
lines" --attach binary --attach notes.txt)
'

test_expect_success 'a post with parents, commit and signature' '
	commit=$(mn rev-parse --git $second) &&
	mn show $second >actual &&
	test_grep "^node $second$" actual &&
	test_grep "^Parent: $first$" actual &&
	test_grep "^Commit: $commit$" actual &&
	test_grep "^Signed: good signature$" actual &&
	test_grep "^Title:  Two$" actual &&
	test_grep "^    lines$" actual &&
	test_grep "^    \[1\] binary (.*, 2.9 KiB)$" actual
'

test_expect_success 'HEAD is shown where nothing is named; several in order' '
	mn show >actual &&
	mn show HEAD >expect &&
	test_cmp expect actual &&
	mn show $second $first --format "%(node)" >actual &&
	printf "%s\n" $second $first >expect &&
	test_cmp expect actual &&
	mn show $first $second >actual &&
	{ mn show $first && echo && mn show $second; } >expect &&
	test_cmp expect actual
'

test_expect_success '--oneline, --json and --format are those of mn log' '
	for how in --oneline --json "--format=%(node)|%(text)|%(size)" \
		"--json -z"
	do
		mn log -1 $how >expect &&
		mn show $how >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success '--raw is the text, byte for byte' '
	mn show --raw $second >actual &&
	printf "two\nlines" >expect &&
	test_cmp expect actual
'

test_expect_success '--content to stdout and to a file' '
	mn show --content 1 $second >actual &&
	test_cmp binary actual &&
	mn show --content 2 $second -o out.txt >stdout &&
	test_must_be_empty stdout &&
	test_cmp notes.txt out.txt &&
	mn show -c 1 -o - >actual &&
	test_cmp binary actual &&
	mkdir sub &&
	mn show -c 1 -o sub/out.txt && test_cmp binary sub/out.txt &&
	mn show -c 2 -o sub/out.txt && test_cmp notes.txt sub/out.txt &&
	ls sub >list &&
	echo out.txt >expect &&
	test_cmp expect list &&
	umask 022 &&
	rm out.txt && mn show -c 2 -o out.txt &&
	test "$(stat -c %a out.txt)" = 644
'

test_expect_success 'a device or a pipe is written to, not replaced' '
	mkfifo pipe &&
	{ cat pipe >actual & } &&
	mn show -c 1 -o pipe &&
	wait &&
	test -p pipe &&
	test_cmp binary actual
'

test_expect_success 'a file that cannot be written' '
	test_expect_code 128 mn show -c 1 -o missing/file 2>err &&
	test_grep "missing/file" err &&
	test_expect_code 128 mn show -c 1 -o /dev/full 2>err &&
	test_grep "No space left" err
'

test_expect_success 'contents that are not there' '
	test_expect_code 1 mn show -c 9 $second 2>err &&
	test_grep "no content 9" err &&
	test_expect_code 1 mn show -c 9 $second -o nothing 2>err &&
	test_path_is_missing nothing &&
	id=$(mn post --attach notes.txt) &&
	test_expect_code 1 mn show --raw $id 2>err &&
	test_grep "no text" err
'

test_expect_success 'names of nothing, wrong options' '
	test_expect_code 1 mn show nosuch 2>err &&
	test_grep "nosuch" err &&
	test_expect_code 128 mn show HEAD:meta 2>err &&
	test_expect_code 129 mn show -o x HEAD 2>err &&
	test_expect_code 129 mn show -c 1 HEAD HEAD 2>err &&
	test_expect_code 129 mn show -c 64 HEAD 2>err &&
	test_expect_code 129 mn show -c 1 --json HEAD 2>err &&
	test_expect_code 129 mn show -c 1 --raw HEAD 2>err &&
	test_expect_code 129 mn show --raw -z 2>err &&
	test_expect_code 129 mn show --raw --json 2>err
'

test_expect_success 'only text goes to a terminal, and not raw' '
	script -qec "mn show -c 1 $second" /dev/null >out </dev/null;
	test_grep "this is binary" out &&
	test_grep ! "$(printf "\377")" out &&
	printf "a\033[31mb ü\n" >hostile.txt &&
	id=$(mn post --attach hostile.txt) &&
	script -qec "mn show -c 0 $id" /dev/null >out </dev/null &&
	test_grep "a␛\[31mb ü" out &&
	test_grep ! "$esc" out &&
	mn show -c 0 $id >out &&
	test_cmp hostile.txt out
'

test_expect_success 'large contents go out as they came in' '
	head -c 9000001 /dev/urandom >large &&
	id=$(mn post -m large --attach large) &&
	mn show -c 1 $id | cmp - large &&
	mn show -c 1 $id -o out &&
	cmp large out
'

test_expect_success 'a chunk that is damaged is never handed out as good' '
	mn rev-parse "$id:1-large" >tree &&
	chunk=$(git -C "$repo" ls-tree $(cat tree) | sed -n "3s/.* blob \([0-9a-f]*\).*/\1/p") &&
	mkdir unpacked && (cd unpacked && git init -q --bare repo) &&
	cp -R "$MN_HOME" hurt &&
	hurt=hurt/profiles/$profile.git &&
	file=$hurt/objects/$(echo $chunk | sed "s,..,&/,") &&
	{
		test -f "$file" ||
		{
			mv "$hurt"/objects/pack/* unpacked/ &&
			for p in unpacked/*.pack
			do
				git -C "$hurt" unpack-objects -q <"$p" ||
					return 1
			done
		}
	} &&
	other=$(head -c 1048576 /dev/zero |
		git -C "$hurt" hash-object -w --stdin) &&
	chmod u+w "$file" &&
	cp "$hurt/objects/$(echo $other | sed "s,..,&/,")" "$file" &&
	test_expect_code 128 env MN_DIR="$PWD/hurt" mn show -c 1 $id -o bad \
		2>err &&
	test_grep "content-digest" err &&
	test_path_is_missing bad &&
	ls bad* >list 2>/dev/null;
	test_must_be_empty list
'

test_expect_success 'a signature that does not verify' '
	cp -R "$MN_HOME" forged &&
	forged=forged/profiles/$profile.git &&
	git -C "$forged" cat-file commit $(mn rev-parse --git $first) |
	sed "/^Mn-Signature: /s/: ...../: 00000/" >commit &&
	oid=$(git -C "$forged" hash-object -t commit -w --stdin <commit) &&
	test_expect_code 1 env MN_DIR="$PWD/forged" mn show $oid >out 2>err &&
	test_grep "^Signed: BAD signature$" out &&
	test_grep "^    one$" out &&
	git -C "$forged" cat-file commit $(mn rev-parse --git $first) |
	sed "s/^post: /past: /" >commit &&
	oid=$(git -C "$forged" hash-object -t commit -w --stdin <commit) &&
	test_expect_code 1 env MN_DIR="$PWD/forged" mn show $oid >out 2>err &&
	test_grep "^Signed: not valid: .* (carrier-mismatch)$" out
'

test_expect_success 'a commit that is no carrier' '
	tree=$(git -C "$forged" mktree </dev/null) &&
	oid=$(git -C "$forged" commit-tree -m hello $tree) &&
	test_expect_code 128 env MN_DIR="$PWD/forged" mn show $oid >out 2>err &&
	test_grep "carrier-parse" err &&
	test_must_be_empty out
'

test_expect_success 'a merge' '
	two_devices &&
	on laptop mn post -m a >ids && on phone mn post -m b >>ids &&
	fetch_from laptop phone &&
	sort ids | sed "s/^/Parent: /" >expect &&
	on laptop mn show >actual &&
	sed -n "1s/[0-9a-f]*$//p" actual >first-line &&
	test "$(cat first-line)" = "merge " &&
	sed 1d actual | test_cmp expect - &&
	test_expect_code 128 on laptop mn show --json 2>err &&
	test_grep "merge of 2" err
'

test_done
