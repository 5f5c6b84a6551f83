#!/bin/sh

test_description='mn log --graph, and ranges over posts made side by side'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

# graph ARG...: titles instead of ids, so that it can be read here
graph () {
	on laptop mn log --graph --format "%(title)" "$@"
}

test_expect_success 'set-up: two devices that post side by side' '
	two_devices &&
	for t in one two
	do
		on laptop mn post --title $t -m x --tag t || return 1
	done &&
	fetch_from phone laptop &&
	on laptop mn post --title laptop3 -m x &&
	on phone mn post --title phone3 -m x --tag t &&
	on phone mn post --title phone4 -m x &&
	fetch_from laptop phone
'

test_expect_success 'two heads' '
	cat >expect <<-\EOT &&
	* phone4
	* phone3
	| * laptop3
	|/
	* two
	* one
	EOT
	graph >actual &&
	head -n 4 actual | sort >sorted &&
	head -n 4 expect | sort >sorted-expect &&
	test_cmp sorted-expect sorted &&
	tail -n 2 expect >last && tail -n 2 actual | test_cmp last -
'

test_expect_success 'the post that joins them has two edges' '
	on laptop mn post --title five -m x --tag t &&
	graph >actual &&
	head -n 2 actual >top &&
	printf "*   five\n|\\\\\n" >expect &&
	test_cmp expect top &&
	on laptop mn log --graph -1 >full &&
	sed -n 1p full >line &&
	test_grep "^\*   node " line &&
	sed -n 2p full >line &&
	test_grep "^|.  Device: laptop" line
'

test_expect_success 'where posts are left out, edges lead to the next shown' '
	graph --tag t >actual &&
	cat >expect <<-\EOT &&
	*   five
	|\
	| * phone3
	|/
	* two
	* one
	EOT
	sed "s/ *$//" actual >edited &&
	sort expect >sorted-expect && sort edited >sorted &&
	test_line_count = 6 edited &&
	tail -n 2 edited >last && tail -n 2 expect | test_cmp - last
'

# The graph and the labels alone.
labels () {
	on laptop mn log --graph --oneline "$@" |
	sed "s/[0-9a-f]\{12\} [-0-9]* //; s/ *$//"
}

test_expect_success 'labels tell the devices apart' '
	labels >actual &&
	cat >expect <<-\EOT &&
	(laptop) five
	(phone) phone4
	(phone) phone3
	(laptop) laptop3
	(laptop) two
	(laptop) one
	EOT
	sed -n "s/^[|* ]*(/(/p" actual | sort >sorted &&
	sort expect | test_cmp - sorted &&
	on laptop mn log --graph --oneline --color=always >colours &&
	sed -n "s/.*\(.\[3[1-6]m\)(\([a-z]*\)).*/\2 \1/p" colours |
		sort -u >each &&
	test_line_count = 2 each &&
	on laptop mn log --oneline >plain && test_grep ! "(phone)" plain
'

test_expect_success 'ranges agree with git' '
	repo=$PWD/laptop/profiles/$profile.git &&
	for range in "HEAD" "HEAD~1..HEAD" "HEAD^1...HEAD^2" "HEAD^2" \
		"^HEAD^1 HEAD^2" "HEAD~2.."
	do
		git -C "$repo" rev-list $range | sort >expect &&
		on laptop mn rev-list --git $range | sort >actual &&
		test_cmp expect actual &&
		on laptop mn log --format "%(commit)" $range | sort >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'parents never come before their children' '
	on laptop mn log --format "%(node) %(parents)" >list &&
	awk "{ for (i = 2; i <= NF; i++) if (\$i in seen) bad = 1
		seen[\$1] = 1 } END { exit bad }" list
'

test_expect_success 'both devices list the same, in the same order' '
	fetch_from phone laptop &&
	on laptop mn log --format "%(node)" >expect &&
	on phone mn log --format "%(node)" >actual &&
	test_cmp expect actual &&
	on phone mn log --graph >actual &&
	on laptop mn log --graph >expect &&
	test_cmp expect actual
'

test_expect_success '--device tells them apart' '
	on laptop mn log --device phone --reverse --format "%(title)" >actual &&
	printf "phone3\nphone4\n" >expect &&
	test_cmp expect actual &&
	on laptop mn log --format "%(title)" @{phone}~1..@{phone} >actual &&
	echo phone4 >expect &&
	test_cmp expect actual
'

test_expect_success 'an octopus: three devices' '
	add-device "$PWD/laptop" $profile tablet "$PWD/tablet" &&
	cp -R laptop/profiles tablet/ &&
	on tablet mn post --title tablet6 -m x &&
	on phone mn post --title phone6 -m x &&
	on laptop mn post --title laptop6 -m x &&
	fetch_from laptop phone tablet &&
	on laptop mn post --title seven -m x &&
	on laptop mn log -1 --format "%(parents)" >parents &&
	test "$(wc -w <parents)" = 3 &&
	graph -4 >actual &&
	printf "*     seven\n|\\\\\n|\\\\ \\\\\n" >expect &&
	head -n 3 actual | test_cmp expect - &&
	graph >actual &&
	test "$(grep -c "[*]" actual)" = "$(on laptop mn rev-list --count)" &&
	labels -4 >actual &&
	sed -n "s/.*(\([a-z]*\)).*/\1/p" actual | sort -u >devices &&
	printf "laptop\nphone\ntablet\n" >expect &&
	test_cmp expect devices
'

test_done
