#!/bin/sh

test_description='the pager'

. ./test-lib.sh

if ! command -v script >/dev/null
then
	skip_all='script(1) is needed to make a terminal'
	test_done
fi

# on_tty COMMAND: runs it with a terminal as stdin, stdout and stderr; what
# comes out is left in out, without carriage returns, the status in status
on_tty () {
	status=0
	script -qec "$1" /dev/null </dev/null >raw || status=$?
	tr -d '\r' <raw >out
}

test_expect_success 'setup: a pager that marks what it was given' '
	mkdir bin &&
	write_script bin/mark <<-\EOT &&
	echo "LESS=$LESS" >less-was
	sed "s/^/paged: /"
	EOT
	PATH=$PWD/bin:$PATH &&
	mn config a.b c
'

test_expect_success 'MN_PAGER is used on a terminal' '
	on_tty "MN_PAGER=mark mn config --list" &&
	echo "paged: a.b=c" >expect &&
	test_cmp expect out &&
	test "$status" = 0 &&
	echo LESS=FRX >expect &&
	test_cmp expect less-was
'

test_expect_success 'no pager for a file or a pipe' '
	MN_PAGER=mark mn config --list >out &&
	echo a.b=c >expect &&
	test_cmp expect out &&
	MN_PAGER=mark mn config --list | cat >out &&
	test_cmp expect out
'

test_expect_success 'LESS of the user is left alone' '
	on_tty "LESS=X MN_PAGER=mark mn config --list" &&
	echo LESS=X >expect &&
	test_cmp expect less-was
'

test_expect_success '--no-pager, cat and the empty pager mean none' '
	echo a.b=c >expect &&
	on_tty "MN_PAGER=mark mn --no-pager config --list" &&
	test_cmp expect out &&
	on_tty "MN_PAGER=cat mn config --list" &&
	test_cmp expect out &&
	on_tty "PAGER=mark MN_PAGER= mn config --list" &&
	test_cmp expect out
'

test_expect_success 'core.pager comes after MN_PAGER and before PAGER' '
	test_when_finished "mn config --unset core.pager" &&
	mn config core.pager "sed s/^/conf:/" &&
	on_tty "PAGER=mark mn config --list" &&
	test_grep "^conf:a.b=c" out &&
	on_tty "MN_PAGER=mark mn config --list" &&
	test_grep "^paged: a.b=c" out
'

test_expect_success 'PAGER is used' '
	on_tty "PAGER=mark mn config --list" &&
	test_grep "^paged: a.b=c" out
'

test_expect_success 'a pager may be a line of shell' '
	on_tty "MN_PAGER=\"mark | tr a-z A-Z\" mn config --list" &&
	test_grep "^PAGED: A.B=C" out
'

test_expect_success 'leaving the pager early is no failure' '
	for i in 1 2 3 4 5 6 7 8 9
	do
		mn config big.v$i "$(printf "%09000d" 1)" || return 1
	done &&
	test_when_finished "mn config --unset big.v1" &&
	on_tty "MN_PAGER=\"exec <&-; true\" mn config --list" &&
	test_grep ! "error" out &&
	test "$status" = 0
'

test_expect_success 'an error before the output is the exit status' '
	on_tty "MN_PAGER=mark mn config --list x" &&
	test "$status" = 129 &&
	test_grep "wrong number" out
'

test_done
