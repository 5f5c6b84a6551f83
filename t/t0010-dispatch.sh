#!/bin/sh

test_description='how mn finds and runs a command'

. ./test-lib.sh

test_expect_success 'mn foo and mn-foo are the same' '
	mn version >expect &&
	mn-version >actual &&
	test_cmp expect actual &&
	mn --version >actual &&
	test_cmp expect actual
'

test_expect_success 'every builtin command has its link' '
	mn help -a | sed -n "s/^   \([a-z-]*\) .*/\1/p" >names &&
	test_grep "^config$" names &&
	while read -r name
	do
		command -v mn-$name || return 1
	done <names
'

test_expect_success 'an unknown command runs mn-foo from PATH' '
	mkdir bin &&
	write_script bin/mn-foo <<-\EOT &&
	printf "%s\n" foo "$@" "$MN_PROFILE"
	exit 7
	EOT
	test_expect_code 7 env PATH="$PWD/bin:$PATH" \
		mn -p ada foo "a b" -h >actual &&
	printf "%s\n" foo "a b" -h ada >expect &&
	test_cmp expect actual
'

test_expect_success 'mn called by its path is the mn that mn-foo calls' '
	write_script bin/mn-which <<-\EOT &&
	command -v mn
	EOT
	cp "$MN_BUILD/mn" bin/mn &&
	PATH=/usr/bin:/bin ./bin/mn which >actual &&
	echo ./bin/mn >expect &&
	test_cmp expect actual
'

test_expect_success 'a command that is nowhere' '
	test_expect_code 129 mn nonsense 2>err &&
	test_grep "^mn: .nonsense. is not a command" err &&
	test_expect_code 129 mn ../bin/foo 2>err &&
	test_grep "is not a command" err
'

test_expect_success 'control bytes of a command line are not repeated' '
	test_expect_code 129 mn "$(printf "a\033[31mb")" 2>err &&
	test_grep ! "$(printf "\033")" err &&
	test_expect_code 129 mn config "--$(printf "a\033[31mb")" 2>err &&
	test_grep ! "$(printf "\033")" err
'

test_expect_success 'no command, wrong options' '
	test_expect_code 129 mn 2>err >out &&
	test_grep "no command given" err &&
	test_must_be_empty out &&
	test_expect_code 129 mn --nonsense version 2>err &&
	test_grep "unknown option" err &&
	test_expect_code 129 mn -p 2>err &&
	test_grep "needs PROFILE" err
'

test_expect_success '-C changes the directory, one after the other' '
	mkdir -p one/two &&
	write_script bin/mn-pwd <<-\EOT &&
	pwd
	EOT
	PATH="$PWD/bin:$PATH" mn -C one -C two pwd >actual &&
	echo "$PWD/one/two" >expect &&
	test_cmp expect actual &&
	test_expect_code 128 mn -C missing version 2>err &&
	test_grep "missing.*No such file" err
'

test_expect_success 'output that cannot be written is a failure' '
	test_expect_code 128 mn help -a >/dev/full 2>err &&
	test_grep "mn help: write error: No space left" err &&
	test_expect_code 128 mn help -a >&- 2>err &&
	test_grep "write error" err
'

test_expect_success 'a reader that has gone away is a failure without words' '
	mkfifo pipe &&
	{ sh -c ": <pipe" & } &&
	(exec >pipe; sleep 1; mn help -a 2>err; echo $? >status) &&
	wait &&
	echo 128 >expect &&
	test_cmp expect status &&
	test_must_be_empty err
'

test_expect_success 'MN_TRACE traces to a descriptor and to a file' '
	MN_TRACE=9 mn version 9>trace >out &&
	test_grep "^[0-9:.]* run version$" trace &&
	test_grep "^[0-9:.]* exit 0$" trace &&
	MN_TRACE="$PWD/trace2" mn version >out &&
	MN_TRACE="$PWD/trace2" mn version >out &&
	test_line_count = 4 trace2 &&
	MN_TRACE=1 mn version >out 2>err &&
	test_grep "run version" err
'

test_expect_success 'mn does not leave SIGPIPE ignored for others' '
	write_script bin/mn-sigpipe <<-\EOT &&
	grep SigIgn /proc/self/status
	EOT
	PATH="$PWD/bin:$PATH" mn sigpipe >actual &&
	grep SigIgn /proc/self/status >expect &&
	test_cmp expect actual
'

test_done
