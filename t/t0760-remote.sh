#!/bin/sh

test_description='mn remote: the addresses of a profile'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

tab=$(printf '\t')

test_expect_success 'set up' '
	two_people &&
	bob_follows "$ada_repo" &&
	bob mn config "profile.$profile.name" ada
'

test_expect_success 'a new profile has no remote' '
	ada mn remote >out &&
	test_must_be_empty out
'

test_expect_success 'what was added is listed, in order, and git sees it' '
	ada mn remote add zoo /media/stick/ada.git &&
	ada mn remote add attic https://example.org/ada.git &&
	ada mn remote add pi pi:ada.git &&
	cat >expect <<-EOF &&
	zoo$tab/media/stick/ada.git
	attic${tab}https://example.org/ada.git
	pi${tab}pi:ada.git
	EOF
	ada mn remote >out && test_cmp expect out &&
	ada mn remote list >out && test_cmp expect out &&
	echo pi:ada.git >expect &&
	git -C "$ada_repo" remote get-url pi >out &&
	test_cmp expect out
'

test_expect_success '--json and -z' '
	echo "{\"profile\":\"$profile\",\"remote\":\"zoo\"," \
		"\"url\":\"/media/stick/ada.git\"}" >expect &&
	ada mn remote --json | sed -n "1s/,\"url/, \"url/p" >out &&
	test_cmp expect out &&
	ada mn remote -z | tr "\\0" "\\n" >out &&
	ada mn remote >expect &&
	test_cmp expect out
'

test_expect_success 'a relative path is kept as an absolute one' '
	mkdir -p here && (
		cd here &&
		MN_DIR=../ada mn remote add soon ./later/ada.git &&
		MN_DIR=../ada mn remote add up ..
	) &&
	ada mn remote >out &&
	test_grep "^soon$tab$PWD/here/later/ada.git\$" out &&
	test_grep "^up$tab$PWD\$" out
'

test_expect_success 'special characters are quoted, but not with -z' '
	name=$(printf "/tmp/\\303\\251 \\042x\\042") &&
	ada mn remote add odd "$name" &&
	ada mn remote | grep "^odd" >out &&
	quote="\\134\\042" &&
	printf "odd\\t\\042/tmp/\\134303\\134251 ${quote}x$quote\\042\\n" >expect &&
	test_cmp expect out &&
	ada mn remote -z | tr "\\0" "\\n" | grep "^odd" >out &&
	printf "odd\\t%s\\n" "$name" >expect &&
	test_cmp expect out
'

test_expect_success 'a name or an address that is there, or impossible' '
	ada mn remote >before &&
	test_expect_code 128 ada mn remote add zoo /elsewhere 2>err &&
	test_grep "there is a remote .zoo. already" err &&
	test_expect_code 128 ada mn remote add zoo2 pi:ada.git 2>err &&
	test_grep "address of the remote .pi. already" err &&
	test_expect_code 128 ada mn remote add ../x /elsewhere 2>err &&
	test_grep "name of a remote" err &&
	test_expect_code 128 ada mn remote add x ftp://example.org/ 2>err &&
	test_grep ftp err &&
	test_expect_code 128 ada mn remote add x -- -oProxyCommand=x:y &&
	ada mn remote >after &&
	test_cmp before after
'

test_expect_success 'an address of another profile is refused' '
	other=$(echo $profile | tr 0123456789abcdef 123456789abcdef0) &&
	test_expect_code 128 ada mn remote add x "/some/where#$other" 2>err &&
	test_grep "not of" err &&
	ada mn remote add x "/some/where#$profile"
'

test_expect_success 'a password is not kept' '
	ada mn remote add secret https://me:hunter2@example.org/x 2>err &&
	test_grep "password is not kept" err &&
	test_must_fail grep -r hunter2 "$ada_repo"
'

test_expect_success 'one is removed, the others stay' '
	ada mn remote | grep -v ^attic >expect &&
	ada mn remote remove attic &&
	ada mn remote >out && test_cmp expect out &&
	test_expect_code 1 ada mn remote remove attic 2>err &&
	test_grep "there is no remote .attic." err
'

test_expect_success 'of a profile that is followed: -p in both places' '
	bob mn remote -p ada add more /elsewhere &&
	bob mn -p ada remote >out &&
	test_line_count = 2 out &&
	bob mn -p ada remote remove origin &&
	bob mn remote -p $(echo $profile | cut -c 1-6) >out &&
	echo "more$tab/elsewhere" >expect &&
	test_cmp expect out
'

test_expect_success 'without -p it is never one that is followed' '
	test_expect_code 128 bob mn remote 2>err &&
	test_grep "no profile of yours" err
'

test_expect_success 'many at a time, and none is lost' '
	pids= &&
	for i in 1 2 3 4 5 6 7 8
	do
		ada mn remote add "at$i" "/at/$i" &
		pids="$pids $!"
	done &&
	for pid in $pids
	do
		wait $pid || return 1
	done &&
	ada mn remote | grep -c ^at >out &&
	echo 8 >expect &&
	test_cmp expect out
'

test_expect_success 'wrong calls' '
	test_expect_code 129 ada mn remote add one &&
	test_expect_code 129 ada mn remote remove &&
	test_expect_code 129 ada mn remote rename a b &&
	test_expect_code 129 ada mn remote list more &&
	test_expect_code 129 ada mn remote --json -z &&
	test_expect_code 129 ada mn remote --json remove zoo &&
	test_expect_code 1 ada mn remote -p nobody
'

test_done
