#!/bin/sh

test_description='mn help, and that every command answers -h'

. ./test-lib.sh

test_expect_success 'mn help lists the common commands' '
	mn help >actual &&
	test_grep "^   config  *read and change settings$" actual &&
	test_grep ! "^   version " actual &&
	mn --help >again &&
	test_cmp actual again &&
	mn -h >again &&
	test_cmp actual again
'

test_expect_success 'mn help -a lists every command of command-list.txt' '
	mn help -a >out &&
	sed -n "s/^   \([a-z-]*\) .*/\1/p" out | sort >actual &&
	sed -e "/^#/d" -e "/^$/d" -e "s/ .*//" \
		"$TEST_DIRECTORY/../command-list.txt" | sort >expect &&
	test_cmp expect actual
'

builtins () {
	(cd "$TEST_DIRECTORY/.." &&
	tools/generate.sh builtins <command-list.txt)
}

for name in $(builtins)
do
	test_expect_success "mn $name -h" '
		mn "$name" -h >actual 2>err &&
		test_must_be_empty err &&
		head -n 1 actual >first &&
		test_grep "^usage: mn $name" first
	'

	test_expect_success "the page of mn $name has the same synopsis" '
		mn "$name" -h >help &&
		"$TEST_DIRECTORY"/../tools/synopsis.sh -h <help >expect &&
		"$TEST_DIRECTORY"/../tools/synopsis.sh \
			"$TEST_DIRECTORY"/../Documentation/mn-"$name".1.scd \
			>actual &&
		test_cmp expect actual
	'
done

test_expect_success 'mn help CMD opens the page of the command' '
	mkdir bin &&
	write_script bin/man <<-\EOT &&
	echo "$*"
	EOT
	PATH="$PWD/bin:$PATH" mn help config >actual &&
	echo "-- mn-config" >expect &&
	test_cmp expect actual &&
	PATH="$PWD/bin:$PATH" mn help mnformat-node >actual &&
	echo "-- mnformat-node" >expect &&
	test_cmp expect actual
'

test_expect_success 'mn help without man says so' '
	mkdir empty &&
	cp "$MN_BUILD/mn" empty/ &&
	test_expect_code 128 env PATH=/nowhere empty/mn help config 2>err &&
	test_grep "cannot run .man." err
'

test_expect_success 'mn help: wrong usage' '
	test_expect_code 129 mn help config log 2>err &&
	test_grep "one command at a time" err
'

test_done
