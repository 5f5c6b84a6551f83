#!/bin/sh

test_description='mn version'

. ./test-lib.sh

test_expect_success 'mn version' '
	mn version >actual &&
	test_line_count = 1 actual &&
	test_grep -E "^mn version [0-9]+\.[0-9]+\.[0-9]+" actual
'

test_expect_success 'mn version --build-options' '
	mn version --build-options >actual &&
	test_grep -E "^compiler: (gcc|clang) [0-9]" actual &&
	test_grep "^flags: " actual &&
	test_grep -E "^library libgit2: [0-9.]+$" actual &&
	test_grep -E "^library libsodium: [0-9.]+$" actual &&
	test_grep "^format node: [1-9]" actual
'

test_expect_success jq 'mn version --json' '
	mn version --json >actual &&
	mn version | sed "s/mn version //" >expect &&
	jq -r .version actual >version &&
	test_cmp expect version &&
	mn version --build-options --json >actual &&
	jq -e ".libraries.sqlite3 and .compiler and .flags and .formats.node" actual
'

test_expect_success 'mn version takes no arguments' '
	test_expect_code 129 mn version now 2>err &&
	test_grep "takes no arguments" err
'

test_done
