#!/bin/sh

test_description='mn unfollow: an end to following'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

test_expect_success 'set up' '
	two_people &&
	ada mn post -m "with files" &&
	bob mn follow "$ada_repo" --as ada
'

test_expect_success 'unfollow: nothing comes any more, what is here stays' '
	bob mn unfollow ada &&
	test -z "$(bob mn following)" &&
	bob mn following --all >out &&
	test_grep "not followed" out &&
	ada mn post -m "after all" &&
	bob mn fetch &&
	bob mn -p ada log --format="%(text)" -n 1 >out &&
	test_grep ! "after all" out &&
	test_expect_code 1 bob mn unfollow ada 2>err &&
	test_grep "not followed" err
'

test_expect_success 'and it can be taken up again' '
	bob mn follow ada >out &&
	echo "ada: 1 new post" >expect && test_cmp expect out &&
	bob mn following >out && test_line_count = 1 out
'

test_expect_success 'unfollow --delete needs a yes' '
	test_expect_code 128 bob mn unfollow --delete ada 2>err </dev/null &&
	test_grep "give --yes" err &&
	bob mn following >out && test_line_count = 1 out &&
	bob mn unfollow --delete --yes ada &&
	test -z "$(ls bob/profiles)" &&
	test -z "$(bob mn following --all)" &&
	test_expect_code 1 bob mn -p ada log &&
	test_expect_code 1 bob mn -p $profile log &&
	test_must_fail grep -r "with files" bob &&
	bob mn follow "$ada_repo" --as ada &&
	same_log
'

test_expect_success 'an own profile is never unfollowed' '
	test_expect_code 128 ada mn unfollow --delete --yes Ada 2>err &&
	test_grep "profile of your own" err &&
	ada mn log >out &&
	test_expect_code 1 ada mn unfollow nobody
'

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn unfollow &&
	test_expect_code 129 bob mn unfollow --yes ada
'

test_done
