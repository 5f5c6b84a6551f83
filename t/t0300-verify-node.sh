#!/bin/sh

test_description='what mn verify-node says of nodes, good and bad'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

tab=$(printf '\t')

# Stores a commit that is that of $1 changed by sed, and prints its git id.
changed () {
	mn cat-object carrier "$1" >commit &&
	sed "$2" commit >new &&
	! cmp -s commit new &&
	git -C "$repo" hash-object -t commit -w --stdin <new
}

# is_bad RULE OBJECT
is_bad () {
	test_expect_code 1 mn verify-node "$2" >out &&
	cut -f 2 out >actual &&
	echo "$1" >expect &&
	test_cmp expect actual
}

test_expect_success 'set up some posts' '
	test_init_profile ada &&
	for i in 1 2 3 4 5 6
	do
		mn post -m "post number $i" --time @170000000$i >>ids ||
			return 1
	done &&
	head=$(tail -n 1 ids)
'

test_expect_success 'good ones, by any name, in the order asked' '
	first=$(head -n 1 ids) &&
	mn verify-node HEAD HEAD~5 $(git -C "$repo" rev-parse main~2) >actual &&
	printf "%s\tok\n" $head $first $(sed -n 4p ids) >expect &&
	test_cmp expect actual
'

test_expect_success '--batch' '
	sed "s/\$/${tab}ok/" ids >expect &&
	mn verify-node --batch <ids >actual &&
	test_cmp expect actual &&
	tr "\n" "\0" <ids | mn verify-node --batch -z |
		tr "\0" "\n" >actual &&
	test_cmp expect actual &&
	mn rev-list --node HEAD | mn verify-node --batch >actual &&
	sort expect >sorted && sort actual | test_cmp sorted -
'

test_expect_success '--batch answers before it waits for more' '
	mkfifo to from &&
	test_when_finished "rm to from" &&
	{ mn verify-node --batch <to >from & } &&
	exec 7>to 8<from &&
	echo HEAD >&7 && read -r one ok <&8 && test "$one $ok" = "$head ok" &&
	echo HEAD~1 >&7 && read -r two ok <&8 &&
	test "$two $ok" = "$(sed -n 5p ids) ok" &&
	exec 7>&- && ! read -r three <&8 &&
	exec 8<&- && wait
'

test_expect_success 'what is not there' '
	test_expect_code 1 mn verify-node 0123456789abcdef 2>err &&
	test_expect_code 1 mn verify-node --batch >actual <<-EOF &&
	$head
	no such thing
	0123456789abcdef
	EOF
	cut -f 1,2 actual >names &&
	cat >expect <<-EOF &&
	$head${tab}ok
	no such thing${tab}missing
	0123456789abcdef${tab}missing
	EOF
	test_cmp expect names
'

test_expect_success '--json' '
	mn verify-node --json HEAD >actual &&
	jq -c "[.object, .node, .ok, .carrier]" actual >out &&
	echo "[\"HEAD\",\"$head\",true,\"$(git -C "$repo" rev-parse main)\"]" \
		>expect &&
	test_cmp expect out &&
	bad=$(changed HEAD "/^Mn-Signature/s/.\$/x/") &&
	test_expect_code 1 mn verify-node --json $bad >actual &&
	jq -c "[.ok, .rule]" actual >out &&
	echo "[false,\"carrier-parse\"]" >expect &&
	test_cmp expect out
'

test_expect_success 'a signature that is another' '
	bad=$(changed HEAD "/^Mn-Signature/y/0123456789/1234567890/") &&
	is_bad signature $bad &&
	cut -f 1 out >actual && echo $head >expect && test_cmp expect actual
'

test_expect_success 'a commit that was touched' '
	is_bad carrier-mismatch $(changed HEAD "s/post number/past number/;
		s/^post: /note: /") &&
	is_bad carrier-mismatch $(changed HEAD "s/ +0000/1 +0000/") &&
	is_bad carrier-parse $(changed HEAD "\$a Signed-off-by: me") &&
	is_bad carrier-version $(changed HEAD "s/^Mn-Version: 1/Mn-Version: 2/") &&
	is_bad node-id $(changed HEAD "s/^Mn-Node: 0/Mn-Node: z/;
		s/^Mn-Node: [1-9a-f]/Mn-Node: 0/; s/^Mn-Node: z/Mn-Node: 1/")
'

test_expect_success 'a commit whose parent is another' '
	grand=$(git -C "$repo" rev-parse main~2) &&
	bad=$(changed HEAD "s/^parent .*/parent $grand/") &&
	is_bad carrier-parents $bad &&
	mn verify-node --no-links $bad
'

# tree SED: the tree of HEAD, changed as git ls-tree prints it
tree () {
	git -C "$repo" ls-tree main | sed "$1" | git -C "$repo" mktree
}

test_expect_success 'a tree with something else in it' '
	blob=$(echo more | git -C "$repo" hash-object -w --stdin) &&
	new=$(tree "\$a 100644 blob $blob\tmore") &&
	is_bad carrier-tree $(changed HEAD "s/^tree .*/tree $new/") &&
	new=$(tree "s/^100644\(.*\)meta/100755\1meta/") &&
	is_bad carrier-tree $(changed HEAD "s/^tree .*/tree $new/")
'

test_expect_success 'a content that is another' '
	same=$(echo "past number 6" | tr -d "\n" |
		git -C "$repo" hash-object -w --stdin) &&
	new=$(tree "s/[0-9a-f]*\t0-/$same\t0-/") &&
	is_bad content-digest $(changed HEAD "s/^tree .*/tree $new/") &&
	new=$(tree "s/[0-9a-f]*\t0-/$blob\t0-/") &&
	is_bad content-size $(changed HEAD "s/^tree .*/tree $new/")
'

test_expect_success 'a meta that is another' '
	mn cat-object meta HEAD | sed "s/^time .*/time 5/" >meta &&
	new=$(git -C "$repo" hash-object -w --stdin <meta) &&
	new=$(tree "s/[0-9a-f]*\tmeta/$new\tmeta/") &&
	is_bad node-id $(changed HEAD "s/^tree .*/tree $new/") &&
	mn cat-object meta HEAD | sed "s/^era 0/era 00/" >meta &&
	new=$(git -C "$repo" hash-object -w --stdin <meta) &&
	new=$(tree "s/[0-9a-f]*\tmeta/$new\tmeta/") &&
	is_bad meta-number $(changed HEAD "s/^tree .*/tree $new/")
'

test_expect_success 'what is no commit, and what cannot be read' '
	is_bad carrier-parse HEAD^{tree} &&
	is_bad carrier-parse HEAD:meta &&
	new=$(tree "s/[0-9a-f]*\tmeta/$(echo 1234 | sha1sum |
		cut -c 1-40)\tmeta/" 2>/dev/null ||
		git -C "$repo" ls-tree main |
		sed "s/[0-9a-f]*\tmeta/$(echo 1234 | sha1sum |
			cut -c 1-40)\tmeta/" | git -C "$repo" mktree --missing) &&
	is_bad unreadable $(changed HEAD "s/^tree .*/tree $new/")
'

test_expect_success 'a node of another profile' '
	other=$(mn init --name bob 2>/dev/null) &&
	id=$(mn -p bob post -m hello) &&
	mn -p ada verify-node $other:HEAD >actual &&
	echo "$id${tab}ok" >expect &&
	test_cmp expect actual &&
	oid=$(git -C "$MN_HOME/profiles/$other.git" rev-parse main) &&
	git -C "$repo" fetch -q "$MN_HOME/profiles/$other.git" main &&
	is_bad profile $oid
'

test_expect_success 'without an index it is the same' '
	sed "s/\$/${tab}ok/" ids >expect &&
	mv "$MN_HOME"/index.db saved && mkdir "$MN_HOME"/index.db &&
	mn -p ada verify-node --batch <ids >actual &&
	test_cmp expect actual &&
	rmdir "$MN_HOME"/index.db &&
	mv saved "$MN_HOME"/index.db
'

test_expect_success 'one that cannot be read does not hide the others' '
	cp -R "$MN_HOME" damaged &&
	meta=$(git -C "$repo" rev-parse main~3:meta) &&
	file=damaged/profiles/$profile.git/objects/$(echo $meta |
		sed "s|..|&/|") &&
	rm -f damaged/index.db* $file &&
	for n in 1 2 5 6
	do
		MN_DIR=$PWD/damaged mn -p ada verify-node $(sed -n ${n}p ids) ||
			return 1
	done &&
	for n in 3 4
	do
		test_expect_code 1 env MN_DIR="$PWD/damaged" \
			mn -p ada verify-node $(sed -n ${n}p ids) || return 1
	done
'

test_expect_success 'any number of threads' '
	mn -p ada verify-node --threads 1 --batch <ids >actual &&
	test_cmp expect actual &&
	mn -p ada verify-node --threads 7 --batch <ids >actual &&
	test_cmp expect actual
'

test_expect_success 'two devices, and a merge' '
	two_devices &&
	on laptop mn post -m one >all &&
	fetch_from phone laptop &&
	on phone mn post -m two >>all &&
	on laptop mn post -m three >>all &&
	fetch_from laptop phone &&
	repo=$PWD/laptop/profiles/$profile.git &&
	merge=$(git -C "$repo" rev-parse main) &&
	on laptop mn verify-node HEAD >actual &&
	echo "$merge${tab}ok" >expect && test_cmp expect actual &&
	on laptop mn verify-node --batch <all >actual &&
	sed "s/\$/${tab}ok/" all >expect && test_cmp expect actual
'

test_expect_success 'a merge that is not the one' '
	git -C "$repo" cat-file commit main >commit &&
	sed "s/+0000/+0100/" commit >new &&
	bad=$(git -C "$repo" hash-object -t commit -w --stdin <new) &&
	MN_DIR=$PWD/laptop is_bad carrier-parse $bad &&
	sed "s/ \([0-9]*\) +0000/ 1\1 +0000/" commit >new &&
	bad=$(git -C "$repo" hash-object -t commit -w --stdin <new) &&
	MN_DIR=$PWD/laptop is_bad carrier-mismatch $bad &&
	sed "/^parent/{h;d};/^author/{G;s/\(author.*\)\n\(.*\)/\2\n\1/}" \
		commit >new &&
	bad=$(git -C "$repo" hash-object -t commit -w --stdin <new) &&
	MN_DIR=$PWD/laptop is_bad carrier-mismatch $bad
'

test_expect_success 'a key that is used twice' '
	cp -R phone stolen &&
	on phone mn post -m mine >mine &&
	on stolen mn post -m theirs >theirs &&
	on laptop mn verify-node HEAD &&
	fetch_from laptop phone &&
	git -C "$repo" fetch -q "$PWD/stolen/profiles/$profile.git" main &&
	bad=$(git -C "$PWD/stolen/profiles/$profile.git" rev-parse main) &&
	MN_DIR=$PWD/laptop is_bad equivocation $bad &&
	on laptop mn verify-node --no-links $bad
'

test_expect_success 'a device that was cut' '
	device=$(on phone mn whoami --json | jq -r .device) &&
	two=$(sed -n 2p all) &&
	cut-device laptop $profile $device 1 $two &&
	MN_DIR=$PWD/laptop is_bad device-cut $(cat mine) &&
	on laptop mn verify-node $two &&
	on laptop mn verify-node --batch <all
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn verify-node &&
	test_expect_code 129 mn verify-node --batch HEAD &&
	test_expect_code 129 mn verify-node --json -z HEAD
'

test_done
