#!/bin/sh

test_description='the test library itself

A test that fails must be reported as failing: every other test here rests
on that.'

. ./test-lib.sh

# run_sub NAME [OPTION...]: runs the script on stdin as a test of its own;
# leaves out, err and status
run_sub () {
	name=$1 &&
	shift &&
	mkdir -p sub &&
	{
		echo "test_description='a test of the test'" &&
		echo '. ./test-lib.sh' &&
		cat
	} >sub/"$name".sh &&
	cp "$TEST_DIRECTORY"/test-lib.sh sub/ &&
	status=0 &&
	(cd sub && TEST_OUTPUT=$TRASH_DIRECTORY/sub-trash sh ./"$name".sh "$@" \
		>../out 2>../err) || status=$?
}

test_expect_success 'what succeeds is ok' '
	run_sub ok <<-\EOT &&
	test_expect_success "first" "true"
	test_expect_success "second" "true && test 1 = 1"
	test_done
	EOT
	cat >expect <<-\EOT &&
	ok 1 - first
	ok 2 - second
	1..2
	EOT
	test_cmp expect out &&
	test "$status" = 0 &&
	test_path_is_missing sub-trash/ok
'

test_expect_success 'what fails is not ok, and is the exit status' '
	run_sub bad <<-\EOT &&
	test_expect_success "first" "true"
	test_expect_success "second" "true &&
		false"
	test_expect_success "third" "true"
	test_done
	EOT
	cat >expect <<-\EOT &&
	ok 1 - first
	not ok 2 - second
	# true &&
	# false
	ok 3 - third
	1..3
	EOT
	test_cmp expect out &&
	test "$status" = 1 &&
	test -d sub-trash/bad
'

test_expect_success '-i stops at the first failure' '
	run_sub early -i <<-\EOT &&
	test_expect_success "first" "false"
	test_expect_success "second" "true"
	test_done
	EOT
	test_grep "^not ok 1 - first" out &&
	test_grep ! "second" out &&
	test "$status" = 1
'

test_expect_success 'a script that ends early fails' '
	run_sub nodone <<-\EOT &&
	test_expect_success "first" "true"
	EOT
	test_grep "^not ok 2 - the script ended early" out &&
	test "$status" = 1 &&
	run_sub leaves <<-\EOT &&
	test_expect_success "first" "exit 0"
	test_done
	EOT
	test_grep "^not ok 1 - the script ended early" out &&
	test "$status" = 1
'

test_expect_success '-v shows what the commands print, and -d keeps it' '
	run_sub talk -v -d <<-\EOT &&
	test_expect_success "first" "echo hello >kept && cat kept"
	test_done
	EOT
	test_grep "^hello" err &&
	test_grep ! "^hello" out &&
	test_path_is_file sub-trash/talk/kept
'

test_expect_success '--run picks tests' '
	run_sub pick --run=2,4-5 <<-\EOT &&
	test_expect_success "1" "false"
	test_expect_success "2" "true"
	test_expect_success "3" "false"
	test_expect_success "4" "true"
	test_expect_success "5" "true"
	test_done
	EOT
	test "$status" = 0 &&
	test "$(grep -c SKIP out)" = 2
'

test_expect_success 'a prerequisite that is not met skips' '
	run_sub prereq <<-\EOT &&
	test_expect_success no-such-program "1" "false"
	test_set_prereq THERE
	test_expect_success THERE,sh "2" "false"
	test_done
	EOT
	test_grep "^ok 1 # SKIP" out &&
	test_grep "^not ok 2" out
'

test_expect_success 'skip_all skips the script' '
	run_sub skip <<-\EOT &&
	skip_all="not here"
	test_done
	EOT
	echo "1..0 # SKIP not here" >expect &&
	test_cmp expect out &&
	test "$status" = 0
'

test_expect_success 'clean-up runs after success and failure, latest first' '
	run_sub cleanup <<-\EOT &&
	test_expect_success "1" "
		test_when_finished \"echo one >>../log\" &&
		test_when_finished \"echo two >>../log\" &&
		false
	"
	test_atexit "echo last >>../log"
	test_expect_success "2" "test_when_finished false"
	test_expect_success "3" "
		test_when_finished \"echo three >>../log\" &&
		for i in 1 2; do return 1; done
	"
	test_done
	EOT
	printf "%s\n" two one three last >expect &&
	test_cmp expect sub-trash/log &&
	test_grep "^not ok 2" out &&
	test_grep "^not ok 3" out
'

test_expect_success 'test_expect_code wants just that code' '
	test_expect_code 3 sh -c "exit 3" &&
	! test_expect_code 3 sh -c "exit 4" &&
	! test_expect_code 3 true
'

test_expect_success 'test_must_fail takes errors, not crashes' '
	test_must_fail sh -c "exit 1" &&
	test_must_fail sh -c "exit 128" &&
	test_must_fail 75 sh -c "exit 75" &&
	! test_must_fail 75 sh -c "exit 1" &&
	! test_must_fail true &&
	! test_must_fail sh -c "exit 127" &&
	! test_must_fail sh -c "kill -SEGV \$\$"
'

test_expect_success 'the helpers that compare can tell differences' '
	echo a >a && echo a >same && echo b >b && : >empty &&
	test_cmp a same && ! test_cmp a b &&
	test_grep a a && ! test_grep b a &&
	test_grep ! b a && ! test_grep ! a a &&
	test_line_count = 1 a && ! test_line_count = 2 a &&
	test_must_be_empty empty && ! test_must_be_empty a &&
	test_path_is_file a && ! test_path_is_file none &&
	test_path_is_missing none && ! test_path_is_missing a
'

test_expect_success 'nothing of the user is in the environment' '
	case $HOME in "$TRASH_DIRECTORY"/*) ;; *) false ;; esac &&
	case $(command -v mn) in "$MN_BUILD"/*) ;; *) false ;; esac &&
	test -z "$(git config --list --show-scope)" &&
	test "$(date +%Z)" = UTC
'

test_done
