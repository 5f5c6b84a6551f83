#!/bin/sh

test_description='how options are read; shown with mn config and mn version'

. ./test-lib.sh

test_expect_success 'setup' '
	mn config a.one 1 &&
	mn config a.two 2
'

test_expect_success 'long options may be shortened as long as one fits' '
	mn config --list >expect &&
	mn config --li >actual &&
	test_cmp expect actual &&
	test_expect_code 129 mn config --a a.one 2 2>err &&
	test_grep "ambiguous" err &&
	test_expect_code 129 mn config --lists 2>err &&
	test_grep "unknown option .--lists" err
'

test_expect_success 'short options are bundled' '
	printf "a.one\n1\0a.two\n2\0" >expect &&
	mn config -lz >actual &&
	test_cmp expect actual &&
	test_expect_code 129 mn config -lq 2>err &&
	test_grep "unknown option .-q" err
'

test_expect_success '--no-x takes x back' '
	mn config --list >expect &&
	mn config --list --json --no-json >actual &&
	test_cmp expect actual &&
	mn config --list -z --no-nu >actual &&
	test_cmp expect actual &&
	test_expect_code 129 mn config --no-list 2>err &&
	test_grep "unknown option" err
'

test_expect_success 'options and operands may be mixed, until --' '
	mn config a.one --json >actual &&
	echo "{\"name\":\"a.one\",\"value\":\"1\"}" >expect &&
	test_cmp expect actual &&
	mn config a.dash -- --json &&
	mn config a.dash >actual &&
	echo --json >expect &&
	test_cmp expect actual
'

test_expect_success 'a lone - is an operand' '
	mn config a.dash - &&
	mn config a.dash >actual &&
	echo - >expect &&
	test_cmp expect actual
'

test_expect_success 'a value for an option that takes none' '
	test_expect_code 129 mn version --json=1 2>err &&
	test_grep "takes no value" err &&
	test_expect_code 129 mn version --no-json=1 2>err &&
	test_grep "takes no value" err
'

test_expect_success 'options of mn itself end at the command' '
	test_expect_code 129 mn version -p x 2>err &&
	test_grep "^mn version: unknown option .-p" err &&
	mn --profile=x version &&
	mn -px version
'

test_expect_success 'wrong usage: one line, one hint, nothing on stdout' '
	test_expect_code 129 mn config --nonsense >out 2>err &&
	cat >expect <<-\EOT &&
	mn config: unknown option '\''--nonsense'\''
	see '\''mn config -h'\''
	EOT
	test_cmp expect err &&
	test_must_be_empty out
'

test_expect_success '-h: synopsis, empty line, aligned table, exit 0' '
	mn version -h >actual 2>err &&
	cat >expect <<-\EOT &&
	usage: mn version [--build-options] [--json]

	      --build-options     also print compiler, flags, libraries and formats
	      --json              print one JSON object
	EOT
	test_cmp expect actual &&
	test_must_be_empty err &&
	mn version --help >actual &&
	test_cmp expect actual &&
	mn version --json -h >actual &&
	test_cmp expect actual
'

test_expect_success '--list-options tells completion what there is' '
	mn version --list-options >actual &&
	printf "%s\t\t%s\n" \
		--build-options \
		"also print compiler, flags, libraries and formats" \
		--json "print one JSON object" >expect &&
	test_cmp expect actual
'

test_done
