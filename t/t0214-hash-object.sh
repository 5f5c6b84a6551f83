#!/bin/sh

test_description='mn hash-object'

. ./test-lib.sh

vectors=$TEST_DIRECTORY/vectors
salt=000102030405060708090a0b0c0d0e0f

# unhex DIGITS >file
unhex () {
	printf "%s" "$1" | perl -e 'print pack("H*", <STDIN>)'
}

test_expect_success 'git ids, without a home' '
	printf "hello\n" >a && : >empty && head -c 100000 /dev/urandom >b &&
	git hash-object a empty b >expect &&
	mn hash-object a empty b >actual &&
	test_cmp expect actual &&
	mn hash-object --stdin <b >actual &&
	sed -n 3p expect | test_cmp - actual &&
	mn hash-object --stdin -t blob <empty >actual &&
	sed -n 2p expect | test_cmp - actual &&
	test_path_is_missing "$MN_HOME"
'

test_expect_success 'node ids are those of the vectors' '
	jq -r "[.name, .node, .hex] | @tsv" "$vectors/meta-valid.jsonl" >list &&
	test_line_count -gt 10 list &&
	while read -r name node hex
	do
		unhex "$hex" >meta-$name && echo $node >expect &&
		mn hash-object --node "meta-$name" >actual &&
		test_cmp expect actual &&
		git hash-object "meta-$name" >expect &&
		mn hash-object -t meta --stdin <"meta-$name" >actual &&
		test_cmp expect actual || return 1
	done <list
'

test_expect_success 'what is no meta is told the rule of the vectors' '
	jq -r "[.name, .error, .hex] | @tsv" "$vectors/meta-invalid.jsonl" \
		>list &&
	test_line_count -gt 60 list &&
	while IFS="	" read -r name error hex
	do
		unhex "$hex" >bad &&
		test_expect_code 128 mn hash-object --node bad >out 2>err &&
		test_must_be_empty out &&
		test_grep "($error)\$" err || return 1
	done <list
'

test_expect_success 'identities, too' '
	jq -r "select(.hex) | [.name, .hex] | @tsv" \
		"$vectors/identity-valid.jsonl" | head -n 5 >list &&
	while read -r name hex
	do
		unhex "$hex" >id && git hash-object id >expect &&
		mn hash-object -t identity id >actual &&
		test_cmp expect actual || return 1
	done <list &&
	jq -r "select(.hex and (.profile == null)) | [.error, .hex] | @tsv" \
		"$vectors/identity-invalid.jsonl" | head -n 20 >list &&
	test_line_count = 20 list &&
	while IFS="	" read -r error hex
	do
		unhex "$hex" >bad &&
		test_expect_code 128 mn hash-object -t identity bad >out \
			2>err &&
		test_grep "($error)\$" err || return 1
	done <list
'

test_expect_success 'digests of contents are those of the vectors' '
	jq -r "[.salt, .digest, .content.repeat, .content.size] | @tsv" \
		"$vectors/content.jsonl" >list &&
	test_line_count -gt 10 list &&
	while read -r s digest repeat size
	do
		perl -e "\$p = pack(\"H*\", shift); \$n = shift;
			print substr(\$p x (1 + \$n / length \$p), 0, \$n)" \
			$repeat $size >content &&
		echo $digest >expect &&
		mn hash-object --digest --salt $s content >actual &&
		test_cmp expect actual &&
		cat content | mn hash-object --digest --salt $s --stdin \
			>actual &&
		test_cmp expect actual || return 1
	done <list
'

test_expect_success 'a digest is what a meta names' '
	test_init_profile &&
	head -c 5000000 /dev/urandom >large &&
	mn post --attach large &&
	mn cat-object carrier HEAD >carrier &&
	salt=$(sed -n "s/^Mn-Salt: 0 //p" carrier) &&
	mn cat-object meta HEAD | sed -n "s/^content [a-z]* \([^ ]*\).*/\1/p" \
		>expect &&
	mn hash-object --digest --salt $salt large >actual &&
	test_cmp expect actual
'

test_expect_success '-t text' '
	printf "gr\303\274n\n" >text &&
	git hash-object text >expect &&
	mn hash-object -t text text >actual &&
	test_cmp expect actual &&
	printf "gr\374n\n" >latin1 &&
	test_expect_code 128 mn hash-object -t text latin1 2>err &&
	test_grep "latin1.*not UTF-8 (byte 3)" err &&
	head -c 1048577 /dev/zero | tr "\0" x >long &&
	test_expect_code 128 mn hash-object -t text long 2>err &&
	head -c 1048576 long >just &&
	mn hash-object -t text just
'

test_expect_success '-w stores it' '
	mn hash-object -w a b >actual &&
	git hash-object a b >expect &&
	test_cmp expect actual &&
	while read -r oid
	do
		git -C "$repo" cat-file -e $oid || return 1
	done <actual &&
	git -C "$repo" cat-file blob $(sed -n 2p actual) | cmp - b &&
	test_expect_code 128 mn hash-object -w -t text a latin1 >out 2>err &&
	test_must_be_empty out &&
	mn hash-object -w --node meta-minimal >actual &&
	git -C "$repo" cat-file -e $(git hash-object meta-minimal)
'

test_expect_success 'files that are not there' '
	test_expect_code 1 mn hash-object missing 2>err &&
	test_grep "missing" err &&
	test_expect_code 1 mn hash-object --digest --salt $salt missing 2>err &&
	test_expect_code 128 mn hash-object . 2>err &&
	test_expect_code 128 mn hash-object --digest --salt $salt . 2>err &&
	test_grep "\\..: .*directory" err &&
	mn hash-object a missing >out 2>err;
	git hash-object a >expect &&
	test_cmp expect out
'

test_expect_success 'called wrongly' '
	for bad in "" "--stdin a" "-t nonsense a" "--digest a" "--salt $salt a" \
		"--digest --salt 00 a" "--digest --salt ${salt%f}F a" \
		"--digest --salt $salt --node a" "--node -t text a" \
		"--digest --salt $salt -w a"
	do
		test_expect_code 129 mn hash-object $bad </dev/null 2>err ||
			return 1
	done
'

test_done
