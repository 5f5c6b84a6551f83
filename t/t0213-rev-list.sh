#!/bin/sh

test_description='mn rev-list, against git rev-list'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

test_expect_success 'set-up' '
	two_devices &&
	repo=$PWD/laptop/profiles/$profile.git &&
	for i in 1 2 3
	do
		on laptop mn post -m "laptop $i" &&
		on phone mn post -m "phone $i" &&
		fetch_from laptop phone &&
		on laptop mn post -m "both $i" &&
		fetch_from phone laptop || return 1
	done >ids &&
	on laptop mn post -m a && on phone mn post -m b &&
	fetch_from laptop phone &&
	MN_DIR=$PWD/laptop && export MN_DIR &&
	a=$(mn rev-parse @{laptop}) &&
	b=$(mn rev-parse @{phone})
'

test_expect_success 'nodes, in the order of mn log' '
	mn log --format "%(node)" >expect &&
	test_line_count = 11 expect &&
	mn rev-list >actual &&
	test_cmp expect actual &&
	mn rev-list HEAD >actual &&
	test_cmp expect actual &&
	tac expect >reversed &&
	mn rev-list --reverse >actual &&
	test_cmp reversed actual
'

test_expect_success 'the same commits as git' '
	for range in HEAD HEAD~1..HEAD "^HEAD^1 HEAD^2" HEAD^1...HEAD^2 \
		"HEAD~2 ^HEAD^2~2" "HEAD^1 HEAD^2" "HEAD..HEAD~1" HEAD~3 \
		"HEAD~3...HEAD^2~1 ^HEAD~5"
	do
		for how in "" --merges --no-merges
		do
			git -C "$repo" rev-list $how $range >list &&
			sort list >expect &&
			mn rev-list --git $how $range >out &&
			sort out >actual &&
			test_cmp expect actual &&
			wc -l <list >expect &&
			mn rev-list --git $how --count $range >actual &&
			test_cmp expect actual || return 1
		done
	done
'

test_expect_success 'nodes of a range are those of its commits, without merges' '
	for range in HEAD~1..HEAD HEAD^1...HEAD^2 "HEAD~2 ^HEAD^2~2"
	do
		git -C "$repo" log --format=%B $range |
		sed -n "s/^Mn-Node: //p" | sort >expect &&
		mn rev-list $range >out &&
		sort out >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'children come before their parents' '
	for how in --git --node
	do
		mn rev-list $how |
		mn cat-object --batch-check="%(objectname)" >commits &&
		git -C "$repo" rev-list --all --parents >parents &&
		awk "NR == FNR { at[\$1] = FNR; next }
			\$1 in at { for (i = 2; i <= NF; i++)
				if (\$i in at && at[\$i] < at[\$1]) bad = 1 }
			END { exit bad }" commits parents || return 1
	done
'

test_expect_success '-n counts from the newest' '
	mn rev-list >all &&
	head -n 3 all >expect &&
	mn rev-list -n 3 >actual &&
	test_cmp expect actual &&
	mn rev-list -3 HEAD >actual &&
	test_cmp expect actual &&
	tac expect >reversed &&
	mn rev-list -3 --reverse >actual &&
	test_cmp reversed actual &&
	mn rev-list -n 0 >actual &&
	test_must_be_empty actual &&
	mn rev-list --git -3 >expect &&
	mn rev-list --git | head -n 3 | test_cmp - expect &&
	tac expect >reversed &&
	mn rev-list --git --reverse -3 >actual &&
	test_cmp reversed actual
'

test_expect_success '--merges of nodes' '
	mn log --format "%(node) %(parents)" | awk "NF > 2 { print \$1 }" \
		>expect &&
	test_line_count = 3 expect &&
	mn rev-list --merges >actual &&
	test_cmp expect actual &&
	mn rev-list --no-merges --count >actual &&
	echo 8 >expect &&
	test_cmp expect actual
'

test_expect_success '-z, and a profile without posts' '
	mn rev-list -z -n 2 | xargs -0 -n 1 echo >actual &&
	mn rev-list -n 2 >expect &&
	test_cmp expect actual &&
	empty=$(mn init --name empty 2>/dev/null) &&
	mn -p empty rev-list >actual &&
	test_must_be_empty actual &&
	mn -p empty rev-list --git >actual &&
	test_must_be_empty actual &&
	mn -p empty rev-list --count >actual &&
	echo 0 >expect &&
	test_cmp expect actual &&
	test_expect_code 1 mn -p empty rev-list HEAD 2>err &&
	test_grep "nothing was posted" err
'

test_expect_success 'ranges in another profile, and over several' '
	mn -p empty post -m x >id &&
	mn rev-list $empty:HEAD >actual &&
	test_cmp id actual &&
	mn rev-list --git $empty:HEAD..$empty:HEAD >actual &&
	test_must_be_empty actual &&
	test_expect_code 128 mn rev-list HEAD $empty:HEAD 2>err &&
	test_grep "several profiles" err &&
	test_expect_code 1 mn rev-list nosuch 2>err &&
	test_expect_code 128 mn rev-list HEAD^1:meta 2>err &&
	test_grep "blob" err
'

test_done
