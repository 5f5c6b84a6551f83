#!/bin/sh

test_description='mn merge-heads: the head of a profile with several devices'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

tab=$(printf '\t')

# get TO FROM...: the posts of the others, without merging
get () {
	_to=$1
	shift
	for _from
	do
		_ref=refs/mn/devices/$(on "$_from" mn whoami --json |
			jq -r .device)
		git -C "$_to/profiles/$profile.git" fetch -q \
			"$PWD/$_from/profiles/$profile.git" "$_ref:$_ref" ||
			return 1
	done
}

test_expect_success 'set up two devices that know one post' '
	two_devices &&
	laptop=laptop/profiles/$profile.git &&
	phone=phone/profiles/$profile.git &&
	on laptop mn post -m first >first &&
	get phone laptop
'

test_expect_success 'nothing posted, nothing to merge' '
	empty=$(MN_DIR=$PWD/empty mn init 2>/dev/null) &&
	test_expect_code 1 env MN_DIR="$PWD/empty" mn merge-heads 2>err &&
	test_grep "no nodes" err
'

test_expect_success 'one node is the head itself' '
	oid=$(git -C $laptop rev-parse main) &&
	on laptop mn merge-heads >actual &&
	cat >expect <<-EOF &&
	$oid${tab}node${tab}$(cat first)
	$oid${tab}head${tab}unchanged
	EOF
	test_cmp expect actual
'

test_expect_success 'on the other device main is not there yet' '
	test_must_fail git -C $phone rev-parse -q --verify main &&
	on phone mn fsck >out &&
	test_grep head-behind out &&
	on phone mn merge-heads >actual &&
	sed "s/unchanged/moved/" expect | test_cmp - actual &&
	on phone mn merge-heads >actual &&
	test_cmp expect actual &&
	on phone mn fsck >out &&
	test_must_be_empty out
'

test_expect_success 'two heads: the dry run says it, and writes nothing' '
	on laptop mn post -m "from the laptop" --time @1700000005 >l &&
	on phone mn post -m "from the phone" --time @1700000009 >p &&
	get laptop phone && get phone laptop &&
	find laptop -type f ! -name "index.db*" | sort >before &&
	on laptop mn merge-heads --dry-run >dry &&
	find laptop -type f ! -name "index.db*" | sort >after &&
	test_cmp before after &&
	sed "\$d" dry | cut -f 3 >actual &&
	sort l p >expect &&
	test_cmp expect actual &&
	sed -n "\$p" dry | cut -f 2,3 >actual &&
	echo "head${tab}behind" >expect &&
	test_cmp expect actual
'

test_expect_success 'both devices compute the same merge' '
	on laptop mn merge-heads >actual &&
	sed "s/behind/moved/" dry | test_cmp - actual &&
	on phone mn merge-heads >actual2 &&
	test_cmp actual actual2 &&
	head=$(sed -n "\$s/${tab}.*//p" actual) &&
	for repo in $laptop $phone
	do
		git -C $repo rev-parse main >out && echo $head >expect &&
		test_cmp expect out || return 1
	done
'

test_expect_success 'it is the one of the format' '
	git -C $laptop cat-file commit main >actual &&
	cat >expect <<-EOF &&
	tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904
	$(sed "s/^\(.*\)${tab}node.*/parent \1/; /${tab}head/d" dry)
	author mn <> 1700000009 +0000
	committer mn <> 1700000009 +0000

	merge: 2 heads

	Mn-Version: 1
	EOF
	test_cmp expect actual
'

test_expect_success 'it is good, for mn and for git' '
	on laptop mn fsck >out &&
	test_must_be_empty out &&
	git -C $laptop fsck --strict &&
	git -C $laptop log --format=%s main >subjects &&
	test_line_count = 4 subjects &&
	on laptop mn verify-node HEAD
'

test_expect_success '--json' '
	on laptop mn merge-heads --json >json &&
	jq -r ".head, .merge, .moved, .nodes[].node" json >actual &&
	{
		echo $head && echo true && echo false && sort l p
	} >expect &&
	test_cmp expect actual
'

test_expect_success 'the next post takes all heads, and is the head' '
	on laptop mn post -m third >third &&
	on laptop mn merge-heads >actual &&
	test_line_count = 2 actual &&
	sed -n 1p actual | cut -f 3 >out &&
	test_cmp third out &&
	on laptop mn cat-object meta HEAD >meta &&
	grep "^parent" meta | cut -d " " -f 2 >out &&
	sort l p >expect &&
	test_cmp expect out
'

test_expect_success 'what the other has not seen makes no difference' '
	on phone mn post -m fourth >fourth &&
	get phone laptop && get laptop phone &&
	on phone mn merge-heads >actual &&
	sed "\$d" actual | cut -f 3 >out &&
	sort third fourth >expect &&
	test_cmp expect out &&
	on laptop mn merge-heads >actual2 &&
	test_cmp actual actual2
'

test_expect_success 'a main that was moved by hand comes back' '
	head=$(git -C $laptop rev-parse main) &&
	git -C $laptop update-ref refs/heads/main main~2 &&
	on laptop mn merge-heads >out &&
	test_grep "^$head${tab}head${tab}moved\$" out &&
	git -C $laptop update-ref -d refs/heads/main &&
	on laptop mn merge-heads >out &&
	test_grep "^$head${tab}head${tab}moved\$" out
'

test_expect_success 'without an index it is the same' '
	on laptop mn merge-heads >expect &&
	rm -f laptop/index.db* &&
	on laptop mn merge-heads >actual &&
	test_cmp expect actual
'

test_expect_success 'three devices' '
	add-device "$PWD/laptop" $profile tablet "$PWD/tablet" &&
	cp -R laptop/profiles tablet/ &&
	on tablet mn post -m "from the tablet" >t &&
	on laptop mn post -m "the laptop again" >l &&
	on phone mn post -m "the phone again" >p &&
	get laptop phone tablet && get tablet laptop phone &&
	on laptop mn merge-heads >actual &&
	on tablet mn merge-heads >actual2 &&
	test_cmp actual actual2 &&
	sed "\$d" actual | cut -f 3 >out &&
	sort t l p >expect &&
	test_cmp expect out &&
	git -C $laptop log -1 --format=%s main >out &&
	echo "merge: 3 heads" >expect &&
	test_cmp expect out &&
	on laptop mn fsck &&
	git -C $laptop fsck --strict
'

test_expect_success 'somebody else holds the lock' '
	test_have_prereq flock || return 0
	mn config --help >/dev/null &&
	on laptop mn config core.lockTimeout 100 &&
	flock $laptop/mn/lock sh -c "
		MN_DIR=\$PWD/laptop mn merge-heads 2>err; echo \$? >code
		MN_DIR=\$PWD/laptop mn merge-heads -n >/dev/null 2>&1" &&
	echo 75 >expect &&
	test_cmp expect code
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn merge-heads HEAD
'

test_done
