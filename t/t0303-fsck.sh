#!/bin/sh

test_description='mn fsck: refs, nodes, identity and keys'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

tab=$(printf '\t')

# finds SEVERITY OBJECT RULE, among others; exit 1 for an error, 0 otherwise
finds () {
	want=0
	test "$1" != error || want=1
	test_expect_code "$want" mn fsck >out 2>err &&
	test_grep "^$1$tab$2$tab$3$tab" out
}

clean () {
	mn fsck >out 2>err &&
	test_must_be_empty out
}

restore () {
	rm -rf "$repo" && cp -a saved.git "$repo"
}

# Stores a commit that is that of $1 changed by sed, and prints its git id.
changed () {
	git -C "$repo" cat-file -p "$1" >commit &&
	sed "$2" commit >new &&
	! cmp -s commit new &&
	git -C "$repo" hash-object -t commit -w --stdin <new
}

test_expect_success 'a new profile, without posts, is good' '
	test_init_profile ada &&
	clean
'

test_expect_success 'with posts it still is' '
	for i in 1 2 3 4 5 6
	do
		mn post -m "post number $i" >>ids || return 1
	done &&
	clean &&
	test_grep " 6 nodes, 0 problems" err &&
	device=$(mn whoami --json | jq -r .device) &&
	cp -a "$repo" saved.git
'

test_expect_success '-q is silent, --json is not' '
	mn fsck -q >out 2>&1 &&
	test_must_be_empty out &&
	git -C "$repo" update-ref refs/heads/main main~1 &&
	mn fsck -q >out 2>&1 &&
	test_must_be_empty out &&
	mn fsck --json >out &&
	jq -r ".profile, .severity, .object, .rule" out >actual &&
	cat >expect <<-EOF &&
	$profile
	note
	refs/heads/main
	head-behind
	EOF
	test_cmp expect actual &&
	restore
'

test_expect_success 'a main that is behind, or is not there, is a note' '
	git -C "$repo" update-ref refs/heads/main main~2 &&
	finds note refs/heads/main head-behind &&
	git -C "$repo" update-ref -d refs/heads/main &&
	finds note refs/heads/main head-behind &&
	mn merge-heads &&
	clean
'

test_expect_success 'a main that is something else' '
	commit=$(git -C "$repo" commit-tree -m x main^{tree}) &&
	git -C "$repo" update-ref refs/heads/main $commit &&
	finds error refs/heads/main head &&
	test_grep "^error$tab$commit${tab}carrier-parse" out &&
	restore
'

test_expect_success 'a main that is ahead of the devices' '
	git -C "$repo" update-ref refs/mn/devices/$device main~1 &&
	finds error refs/heads/main head &&
	restore
'

test_expect_success 'a ref of a device that is another one'\''s' '
	other=$(printf "%064d" 5) &&
	git -C "$repo" update-ref refs/mn/devices/$other main &&
	finds error refs/mn/devices/$other ref-device &&
	restore &&
	git -C "$repo" update-ref refs/mn/devices/laptop main &&
	finds error refs/mn/devices/laptop ref-device &&
	restore
'

test_expect_success 'a ref that names no commit' '
	git -C "$repo" update-ref refs/mn/devices/$device main^{tree} &&
	finds error refs/mn/devices/$device ref-type &&
	restore
'

test_expect_success 'a ref that is broken' '
	echo garbage >"$repo"/refs/heads/broken &&
	finds error refs/heads/broken ref &&
	restore &&
	: >"$repo"/refs/mn/devices/$device &&
	finds error refs/mn/devices/$device ref &&
	restore &&
	echo "$(printf "%040d" 3)" >"$repo"/refs/heads/gone &&
	finds error $(printf "%040d" 3) object-missing &&
	test_grep "named by refs/heads/gone" out &&
	restore
'

test_expect_success 'HEAD' '
	git -C "$repo" rev-parse main >oid &&
	cp oid "$repo"/HEAD &&
	finds error HEAD ref &&
	restore &&
	echo "ref: refs/heads/other" >"$repo"/HEAD &&
	finds error HEAD ref &&
	restore
'

test_expect_success 'the identity: missing, of the wrong type, not valid' '
	blob=$(git -C "$repo" rev-parse refs/mn/identity) &&
	git -C "$repo" update-ref -d refs/mn/identity &&
	finds error refs/mn/identity ref-missing &&
	restore &&
	git -C "$repo" update-ref refs/mn/identity main &&
	finds error refs/mn/identity ref-identity &&
	restore &&
	git -C "$repo" cat-file blob $blob | sed "s/^time ./time 9/" >id &&
	new=$(git -C "$repo" hash-object -w --stdin <id) &&
	git -C "$repo" update-ref refs/mn/identity $new &&
	finds error refs/mn/identity chain-signature &&
	restore
'

test_expect_success 'the identity of another profile' '
	bob=$(mn init --name bob 2>/dev/null) &&
	git -C "$MN_HOME/profiles/$bob.git" cat-file blob refs/mn/identity >id &&
	new=$(git -C "$repo" hash-object -w --stdin <id) &&
	git -C "$repo" update-ref refs/mn/identity $new &&
	MN_PROFILE=ada finds error refs/mn/identity identity-profile &&
	restore
'

MN_PROFILE=ada
export MN_PROFILE

test_expect_success 'an identity that forgot what a node knows' '
	two_devices && repo=$PWD/laptop/profiles/$profile.git &&
	on laptop mn -p $profile post -m hello >id &&
	git -C "$repo" cat-file blob refs/mn/identity |
		awk "NR > 1 && /^mn-identity /{exit} {print}" >older &&
	git -C "$repo" update-ref refs/mn/identity \
		$(git -C "$repo" hash-object -w --stdin <older) &&
	MN_DIR=$PWD/laptop MN_PROFILE=$profile \
		finds error refs/mn/identity identity-behind
'

test_expect_success 'a node that breaks a rule, wherever it stands' '
	repo=$MN_HOME/profiles/$(mn whoami --json | jq -r .profile).git &&
	bad=$(changed main "/^Mn-Signature/y/0123456789/1234567890/") &&
	git -C "$repo" update-ref refs/mn/devices/$device $bad &&
	git -C "$repo" update-ref refs/heads/main $bad &&
	finds error $(tail -n 1 ids) signature &&
	restore &&
	parent=$(changed main~2 "s/^post: .*/post: changed/") &&
	bad=$(changed main~1 "s/^parent .*/parent $parent/") &&
	bad=$(changed main "s/^parent .*/parent $bad/") &&
	git -C "$repo" update-ref refs/mn/devices/$device $bad &&
	git -C "$repo" update-ref refs/heads/main $bad &&
	finds error $(sed -n 4p ids) carrier-mismatch &&
	test_line_count = 1 out &&
	restore
'

test_expect_success 'what no ref of a node reaches breaks no rule' '
	git -C "$repo" update-ref refs/heads/mine \
		$(git -C "$repo" commit-tree -m mine main^{tree}) &&
	git -C "$repo" tag -a -m tagged v1 main~1 &&
	echo unreachable | git -C "$repo" hash-object -w --stdin &&
	changed main "/^Mn-Signature/y/0123456789/1234567890/" &&
	clean &&
	restore
'

test_expect_success 'two nodes of one number, both are told' '
	cp -a "$MN_HOME" stolen &&
	mn post -m mine >mine &&
	MN_DIR=$PWD/stolen mn post -m theirs >theirs &&
	git -C "$repo" fetch -q "$PWD/stolen/profiles/${repo##*/}" main &&
	git -C "$repo" update-ref refs/heads/main FETCH_HEAD &&
	finds error $(cat mine) equivocation &&
	test_grep "^error$tab$(cat theirs)${tab}equivocation" out &&
	restore
'

test_expect_success 'a parent that is not there' '
	oid=$(git -C "$repo" rev-parse main~3) &&
	rm -f "$repo"/objects/$(echo $oid | sed "s|..|&/|") &&
	finds error $oid object-missing &&
	test_grep "^error$tab$(sed -n 4p ids)${tab}parent-missing" out &&
	restore
'

test_expect_success 'the key of this device' '
	key=$MN_HOME/keys/$(basename "$repo" .git).device &&
	cp -p "$key" key &&
	test_when_finished "cp -p key \"$key\"" &&
	echo nothing >"$key" &&
	finds error "$key" key &&
	other=$(MN_DIR=$PWD/other mn init 2>/dev/null) &&
	cp "$PWD/other/keys/$other.device" "$key" &&
	finds error "$key" key
'

test_expect_success 'temporary files are a note, and gc takes them' '
	touch "$repo"/objects/pack/tmp_pack_abc &&
	finds note ".*tmp_pack_abc" unfinished &&
	touch -d "2 hours ago" "$repo"/objects/pack/tmp_pack_abc &&
	mn gc &&
	clean &&
	restore
'

test_expect_success 'packed, loose, packed by git, with git'\''s indexes' '
	mn gc && clean && restore &&
	git -C "$repo" gc -q --prune=now && clean &&
	mn post -m "one more" && clean &&
	git -C "$repo" repack -q && clean &&
	git -C "$repo" multi-pack-index write && clean &&
	git -C "$repo" repack -q -a -d -b --depth=50 --window=50 && clean &&
	git -C "$repo" pack-refs --all && clean &&
	mn fsck --no-git >out &&
	test_must_be_empty out
'

test_expect_success 'several profiles at once' '
	mn fsck --all 2>err >out &&
	test_must_be_empty out &&
	test_line_count = 2 err &&
	echo x >"$repo"/HEAD &&
	test_expect_code 1 mn fsck --all --json >out &&
	jq -r .profile out >actual &&
	basename "$repo" .git >expect &&
	test_cmp expect actual &&
	echo >"$repo"/config &&
	test_expect_code 128 mn fsck --all >out 2>err &&
	test_grep "not a repository of mn" err &&
	restore
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn fsck HEAD
'

test_done
