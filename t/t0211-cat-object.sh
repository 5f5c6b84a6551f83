#!/bin/sh

test_description='mn cat-object, against git cat-file'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

test_expect_success 'set-up' '
	test_init_profile &&
	first=$(mn post -m one) &&
	printf "\000\001\377" >"ein \"Bild\".bin" &&
	second=$(mn post -m two --attach "ein \"Bild\".bin") &&
	head -c 5000000 /dev/urandom >large &&
	third=$(mn post --attach large) &&
	git -C "$repo" rev-list --objects --all | cut -d " " -f 1 >objects &&
	test_line_count -gt 12 objects
'

test_expect_success 'every object: -t, -s, -p and -e as git has them' '
	while read -r oid
	do
		for how in -t -s -p
		do
			git -C "$repo" cat-file $how $oid >expect &&
			mn cat-object $how $oid >actual &&
			cmp expect actual || return 1
		done &&
		mn cat-object -e $oid || return 1
	done <objects
'

test_expect_success '--batch and --batch-check answer as git does' '
	{
		cat objects &&
		cut -c 1-12 objects &&
		echo HEAD && echo "HEAD^{tree}" && echo HEAD~1:meta &&
		echo HEAD~9 && echo nosuch &&
		echo 0000000000000000000000000000000000000000
	} >names &&
	for how in --batch --batch-check "--batch-check=%(objectsize) x%%y" \
		"--batch=%(objecttype)"
	do
		git -C "$repo" cat-file "$how" <names >expect &&
		mn cat-object "$how" <names >actual &&
		cmp expect actual || return 1
	done
'

test_expect_success 'a node stands for its carrier' '
	commit=$(mn rev-parse --git $first) &&
	for name in $first $(echo $first | cut -c 1-9) mn:$profile/$first \
		$profile:$first
	do
		mn cat-object -t $name >actual &&
		echo commit >expect &&
		test_cmp expect actual &&
		mn cat-object -p $name >actual &&
		git -C "$repo" cat-file -p $commit >expect &&
		test_cmp expect actual &&
		echo $name | mn cat-object --batch-check >actual &&
		git -C "$repo" cat-file --batch-check <<-EOT >expect &&
		$commit
		EOT
		test_cmp expect actual || return 1
	done
'

test_expect_success 'the parts of a node' '
	mn cat-object meta $second >meta &&
	git -C "$repo" cat-file blob HEAD~1:meta >expect &&
	test_cmp expect meta &&
	mn cat-object identity $second >actual &&
	git -C "$repo" cat-file blob HEAD~1:identity >expect &&
	test_cmp expect actual &&
	mn cat-object carrier $second >actual &&
	git -C "$repo" cat-file commit HEAD~1 >expect &&
	test_cmp expect actual &&
	mn cat-object tree $second >actual &&
	git -C "$repo" cat-file tree HEAD~1 >expect &&
	cmp expect actual &&
	mn cat-object content $second >actual &&
	printf two >expect &&
	test_cmp expect actual &&
	mn cat-object content:0 $second >actual &&
	test_cmp expect actual &&
	mn cat-object content:1 $second >actual &&
	cmp "ein \"Bild\".bin" actual &&
	mn cat-object content $third >actual &&
	cmp large actual &&
	mn hash-object --node --stdin <meta >actual &&
	echo $second >expect &&
	test_cmp expect actual
'

test_expect_success '%(node) and %(rest)' '
	{
		echo "$first  what is left " && echo "HEAD:meta	x" &&
		echo $second
	} >names &&
	mn cat-object --batch-check="%(node)|%(rest)" <names >actual &&
	{
		echo "$first|what is left " && echo "|x" && echo "$second|"
	} >expect &&
	test_cmp expect actual
'

test_expect_success '-z: names end with NUL' '
	printf "%s\0" HEAD~1 "HEAD~1:1-ein \"Bild\".bin" "no
such" >names &&
	mn cat-object --batch-check="%(objectname)" -z <names >actual &&
	{
		git -C "$repo" rev-parse HEAD~1 "HEAD~1:1-ein \"Bild\".bin" &&
		echo "no␊such missing"
	} >expect &&
	test_cmp expect actual
'

test_expect_success 'what is not there, and what is ambiguous' '
	test_expect_code 1 mn cat-object -e nosuch 2>err &&
	test_must_be_empty err &&
	test_expect_code 1 mn cat-object -t nosuch 2>err &&
	test_grep "nosuch" err &&
	test_expect_code 1 mn cat-object content:9 $first 2>err &&
	test_grep "content 9" err &&
	test_expect_code 128 mn cat-object meta HEAD:meta 2>err &&
	i=0 &&
	while test $i -lt 2000
	do
		echo "{\"text\":\"post number $i\"}" &&
		i=$((i + 1)) || return 1
	done >lines &&
	MN_DIR=$PWD/many mn init >/dev/null 2>&1 &&
	MN_DIR=$PWD/many mn post --batch <lines >ids &&
	twice=$(cut -c 1-4 ids | sort | uniq -d | head -n 1) &&
	test -n "$twice" &&
	grep "^$twice" ids | head -n 2 >two &&
	test_expect_code 128 env MN_DIR="$PWD/many" mn cat-object -t $twice \
		2>err &&
	while read -r id
	do
		test_grep "ambiguous.*$id" err || return 1
	done <two &&
	test_expect_code 1 env MN_DIR="$PWD/many" mn cat-object -e $twice \
		2>err &&
	test_must_be_empty err &&
	echo $twice | MN_DIR=$PWD/many mn cat-object --batch-check >actual &&
	echo "$twice ambiguous" >expect &&
	test_cmp expect actual
'

test_expect_success 'answers come before the next question' '
	mkfifo ask answer &&
	{ mn cat-object --batch-check="%(objecttype)" <ask >answer & } &&
	exec 8>ask 9<answer &&
	echo HEAD >&8 && read -r one <&9 &&
	echo HEAD:meta >&8 && read -r two <&9 &&
	exec 8>&- 9<&- &&
	wait &&
	test "$one $two" = "commit blob"
'

test_expect_success 'the last name needs no newline; empty lines are names' '
	printf "\nHEAD" | mn cat-object --batch-check="%(objecttype)" >actual &&
	printf " missing\ncommit\n" >expect &&
	test_cmp expect actual &&
	: | mn cat-object --batch >actual &&
	test_must_be_empty actual
'

test_expect_success 'a merge has a carrier, but no meta' '
	two_devices &&
	on laptop mn post -m a && on phone mn post -m b &&
	fetch_from laptop phone &&
	on laptop mn cat-object carrier HEAD >actual &&
	git -C "laptop/profiles/$profile.git" cat-file commit HEAD >expect &&
	test_cmp expect actual &&
	test_expect_code 128 on laptop mn cat-object meta HEAD 2>err &&
	test_grep "merge" err
'

test_expect_success 'binary does not go to a terminal' '
	script -qec "mn cat-object content:1 $second" /dev/null >out </dev/null;
	test_grep "this is binary" out &&
	script -qec "mn cat-object -p HEAD^{tree}" /dev/null >out </dev/null &&
	test_grep "blob.*meta" out &&
	echo "HEAD^{tree}" >names &&
	script -qec "mn cat-object --batch <names" /dev/null >out </dev/null;
	test_grep "this is binary" out &&
	test_grep ! missing out
'

test_expect_success 'called wrongly' '
	for bad in "" "HEAD" "-t" "-t HEAD HEAD" "nosuch HEAD" \
		"--batch HEAD" "--batch --batch-check" "-z -t HEAD" \
		"content:x HEAD" "content:64 HEAD" "--batch=%(nonsense)" \
		"--batch=%x"
	do
		test_expect_code 129 mn cat-object $bad </dev/null 2>err ||
			return 1
	done
'

test_done
