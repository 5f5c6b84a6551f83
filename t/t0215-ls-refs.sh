#!/bin/sh

test_description='mn ls-refs, against git'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

test_expect_success 'set-up' '
	two_devices &&
	repo=$PWD/laptop/profiles/$profile.git &&
	on laptop mn post -m one >a && on phone mn post -m two >b &&
	fetch_from laptop phone &&
	MN_DIR=$PWD/laptop && export MN_DIR
'

test_expect_success 'the same ids and names as git' '
	git ls-remote "$repo" >expect &&
	mn ls-refs >out &&
	cut -f 1,2 out >actual &&
	test_cmp expect actual &&
	git -C "$repo" pack-refs --all &&
	mn ls-refs >actual &&
	test_cmp out actual
'

test_expect_success 'node ids where there is a node' '
	awk -F "\t" "NF != 3" out >bad &&
	test_must_be_empty bad &&
	cut -f 2,3 out | grep devices | cut -f 2 | sort >actual &&
	sort a b >expect &&
	test_cmp expect actual &&
	awk -F "\t" "\$2 !~ /devices/ && \$3 != \"-\"" out >bad &&
	test_must_be_empty bad &&
	on phone mn ls-refs HEAD | cut -f 3 >actual &&
	test_cmp b actual
'

test_expect_success 'patterns' '
	for pattern in HEAD main "devices/*" "refs/*" "*" "identit?" \
		"heads/m*" "refs/mn/identity"
	do
		git ls-remote "$repo" "$pattern" >expect &&
		mn ls-refs "$pattern" | cut -f 1,2 >actual &&
		test_cmp expect actual || return 1
	done &&
	mn ls-refs HEAD identity | cut -f 2 >actual &&
	printf "HEAD\nrefs/mn/identity\n" >expect &&
	test_cmp expect actual &&
	test_expect_code 1 mn ls-refs nosuch >actual 2>err &&
	test_must_be_empty actual &&
	test_must_be_empty err
'

test_expect_success '-z and --json' '
	mn ls-refs -z | tr "\0" "\n" >actual &&
	test_cmp out actual &&
	mn ls-refs --json | jq -r "[.oid, .ref, .node // \"-\"] | @tsv" \
		>actual &&
	test_cmp out actual &&
	test_expect_code 129 mn ls-refs --json -z
'

test_expect_success 'a profile without posts has no HEAD' '
	MN_DIR=$PWD/empty mn init >/dev/null 2>&1 &&
	MN_DIR=$PWD/empty mn ls-refs | cut -f 2 >actual &&
	echo refs/mn/identity >expect &&
	test_cmp expect actual
'

test_expect_success 'a name that others chose does not steer the terminal' '
	name=refs/tags/$(printf "a\302\2332Jb") &&
	git -C "$repo" update-ref "$name" refs/mn/identity &&
	test_when_finished "git -C \"$repo\" update-ref -d \"$name\"" &&
	mn ls-refs "*2Jb" | cut -f 2 >actual &&
	printf "\"%s\"\n" "refs/tags/a\\302\\2332Jb" >expect &&
	test_cmp expect actual &&
	mn ls-refs -z "*2Jb" | cut -f 2 >actual &&
	echo "$name" >expect &&
	test_cmp expect actual
'

test_expect_success 'a ref that names no object' '
	echo 0123456789012345678901234567890123456789 \
		>"$repo/refs/heads/broken" &&
	test_expect_code 1 mn ls-refs broken 2>err &&
	test_grep "refs/heads/broken" err
'

test_done
