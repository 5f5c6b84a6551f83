#!/bin/sh

test_description='mn fetch: what comes from the wrong hands, bad nodes

Well-formed answers of a repository in which nodes are bad: each costs itself
and what is built on it; what else came is kept.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-hostile.sh"

test_expect_success 'a profile on two devices, and one who follows' '
	hostile_world && evil && bob_at_first &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && nothing_left && then_honest
'

test_expect_success 'a node that is made by the helper is a good one' '
	evil && bob_at_first && bad && bad &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	test_grep "3 new posts" out && nothing_left
'

# costs REGEX: the bad node alone
costs () {
	# shellcheck disable=SC2119 # no argument is meant
	bob_at_first && refused 1 "$1" && phone_came && then_honest
}

test_expect_success 'a forged signature' '
	evil && bad sign=bad &&
	costs "refused $bad_node: the signature does not verify (signature)"
'

test_expect_success 'a device that the profile does not have' '
	evil && bad sign=stranger seq=1 parent=none gen=1 &&
	costs "refused $bad_node: .* (device-unlisted)"
'

test_expect_success 'the node of a cut device' '
	evil && bad &&
	cp -R laptop laptop.kept &&
	cut-device "$PWD/laptop" "$profile" "$laptop" 2 "$tip_node" &&
	git -C "$evil_repo" fetch -q "$laptop_repo" \
		+refs/mn/identity:refs/mn/identity &&
	bob_at_first &&
	refused 1 "refused $bad_node: the device was cut .* (device-cut)" &&
	test_grep "newer identity" out &&
	then_honest
'

test_expect_success 'the same, where the cut is known already' '
	bob mn fetch && git -C "$bob_repo" for-each-ref >refs.first &&
	git -C "$evil_repo" update-ref refs/mn/identity \
		$(git -C blank/profiles/$profile.git rev-parse refs/mn/identity) &&
	git -C "$bob_repo" config remote.origin.url "$evil_repo" &&
	refused 1 "refused $bad_node: .* (device-cut)" && nothing_came &&
	rm -rf laptop && mv laptop.kept laptop
'

test_expect_success 'a key used twice: two nodes of one number' '
	evil && bad text=one && one=$bad &&
	bob_at_first && bob mn fetch &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" "$tip" &&
	bad text=two &&
	git -C "$bob_repo" for-each-ref >refs.first &&
	test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused $laptop: .* used twice.* (equivocation): it is frozen" \
		err && test_line_count = 1 err &&
	git -C "$bob_repo" rev-parse "refs/mn/devices/$laptop" >actual &&
	git -C "$evil_repo" rev-parse "$tip" >expect &&
	test_cmp expect actual
'

test_expect_success 'both of them at a time' '
	evil && bad text=one && one=$bad one_node=$bad_node &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" "$tip" &&
	bad text=two && two=$bad two_node=$bad_node &&
	rm -rf evil2 && cp -R phone evil2 &&
	git -C "evil2/profiles/$profile.git" fetch -q "$evil_repo" $one &&
	made=$(bad-node "$PWD/evil2" "$profile" \
		$(git -C "$phone_repo" rev-parse refs/mn/devices/$phone) \
		also=$one) &&
	git -C "$evil_repo" fetch -q "$PWD/evil2/profiles/$profile.git" \
		${made% *} &&
	git -C "$evil_repo" update-ref refs/mn/devices/$phone ${made% *} &&
	bob_at_first && test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused $laptop: .* used twice.* (equivocation)" err &&
	test_line_count = 1 err && nothing_left &&
	git -C "$bob_repo" rev-parse "refs/mn/devices/$phone" >actual &&
	echo ${made% *} >expect && test_cmp expect actual
'

test_expect_success 'a wrong generation' '
	evil && bad gen=9 && costs "refused $bad_node: .* (gen)"
'

test_expect_success 'a gap in the sequence' '
	evil && bad seq=4 && costs "refused $bad_node: .* (prev)"
'

test_expect_success 'prev is another node' '
	evil && bad prev=$(node_of "$tip~1") &&
	costs "refused $bad_node: .* (prev)"
'

test_expect_success 'prev is one that nobody has' '
	evil && bad prev=$(echo | sha256sum | cut -c 1-64) &&
	costs "refused $bad_node: .* (prev)"
'

test_expect_success 'a skip that leads elsewhere' '
	evil && bad && good=$bad &&
	bad skip=$bad_node &&
	bob_at_first && refused 1 "refused $bad_node: .* (skip)" &&
	git -C "$bob_repo" rev-parse refs/mn/devices/$laptop >actual &&
	echo $good >expect && test_cmp expect actual
'

test_expect_success 'a device that begins again' '
	evil && bad seq=1 parent=none gen=1 && bob_at_first &&
	test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused $laptop: .* (equivocation).* before its node number 1;" \
		err && test_line_count = 1 err && nothing_left
'

test_expect_success 'a tree with an entry more' '
	evil && bad tree=extra && costs "refused $bad_node: .* (carrier-tree)"
'

test_expect_success 'a commit with a line more' '
	evil && bad commit=extra && costs "refused $bad: .* (carrier-parse)"
'

test_expect_success 'a content whose bytes are others' '
	evil && bad content=other && costs "refused $bad_node: .* (content-digest)"
'

test_expect_success 'what stands on a bad node does not come' '
	evil && bad sign=bad && first=$bad_node && bad && bad && costs "$first"
'

test_expect_success 'a commit that is no node' '
	evil &&
	bad=$(git -C "$evil_repo" commit-tree -p "$tip" -m hello "$tip^{tree}") &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" "$bad" &&
	costs "refused $bad: the commit is no carrier (carrier-parse)"
'

test_expect_success 'the ref of a device names a blob, a tree, a tag' '
	for what in "$tip:meta" "$tip^{tree}" tag
	do
		evil &&
		git -C "$evil_repo" tag -a -m x tag "$tip" &&
		oid=$(git -C "$evil_repo" rev-parse "$what") &&
		echo $oid >"$evil_repo/refs/mn/devices/$laptop" &&
		bob_at_first && refused 1 "refused $oid: " && cat err &&
		phone_came && then_honest || return 1
	done
'

test_expect_success 'the ref of a device names another device: that is all' '
	evil &&
	git -C "$evil_repo" update-ref refs/mn/devices/$(printf %064d 0) "$tip" &&
	bob_at_first && bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && nothing_left && then_honest
'

test_expect_success 'other refs are not looked at' '
	evil && bad &&
	git -C "$evil_repo" update-ref refs/mn/devices/$laptop $tip &&
	for ref in heads/x tags/x mn/config/$laptop mn/state/x notes/x
	do
		git -C "$evil_repo" update-ref refs/$ref $bad || return 1
	done &&
	bob_at_first && bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && nothing_left && then_honest
'

test_expect_success 'what is no ref of a device, among them' '
	evil &&
	git -C "$evil_repo" update-ref refs/mn/devices/x $tip &&
	git -C "$evil_repo" update-ref refs/mn/devices/$laptop.x $tip &&
	bob_at_first && test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused refs/mn/devices/x: it is no ref of a profile" err &&
	test_line_count = 2 err && phone_came && nothing_left && then_honest
'

test_expect_success 'symbolic refs, and a HEAD that points elsewhere' '
	evil && bad sign=bad &&
	git -C "$evil_repo" update-ref refs/heads/x $bad &&
	git -C "$evil_repo" update-ref refs/mn/devices/$laptop $tip &&
	git -C "$evil_repo" symbolic-ref HEAD refs/heads/x &&
	git -C "$evil_repo" symbolic-ref refs/heads/main refs/heads/x &&
	bob_at_first && refused 128 "ref .refs/heads/main. is symbolic" &&
	nothing_came &&
	start_server git "$PWD/evil/profiles" &&
	bob_at_first "$url/$profile.git" &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && nothing_left && then_honest
'

test_expect_success 'main that names something else counts for nothing' '
	evil && git -C "$evil_repo" update-ref refs/heads/main $tip~2 &&
	bob_at_first && bob mn fetch >out 2>err && test_must_be_empty err &&
	phone_came && then_honest
'

test_expect_success 'an identity of another profile' '
	MN_DIR=$PWD/other mn init --name Other >other.id 2>/dev/null &&
	evil && git -C "$evil_repo" fetch -q \
		"$PWD/other/profiles/$(cat other.id).git" \
		+refs/mn/identity:refs/mn/identity &&
	costs "refused refs/mn/identity: .* another profile (identity-profile)"
'

test_expect_success 'an identity that is a commit, or nonsense' '
	evil && echo $tip >"$evil_repo/refs/mn/identity" &&
	costs "refused refs/mn/identity: it is no blob" &&
	evil && printf "hello\n" >hello &&
	git -C "$evil_repo" update-ref refs/mn/identity $(git -C "$evil_repo" \
		hash-object -w "$PWD/hello") &&
	costs "refused refs/mn/identity: .* (identity-"
'

test_expect_success 'an identity that contradicts the one known' '
	cp -R laptop laptop.kept && cp -R laptop fork &&
	cut-device "$PWD/fork" "$profile" "$phone" 0 &&
	cut-device "$PWD/laptop" "$profile" "$laptop" 2 "$tip_node" &&
	bob_at_first "$laptop_repo" && bob mn fetch >out &&
	test_grep "newer identity" out &&
	git -C "$bob_repo" for-each-ref >refs.first &&
	git -C "$bob_repo" config remote.origin.url \
		"$PWD/fork/profiles/$profile.git" &&
	refused 1 "refused refs/mn/identity: .* (identity-fork)" &&
	nothing_came && then_honest &&
	rm -rf laptop && mv laptop.kept laptop
'

test_expect_success 'an older identity than the one known: that is all' '
	cp -R laptop laptop.kept && evil &&
	cut-device "$PWD/laptop" "$profile" "$laptop" 2 "$tip_node" &&
	bob_at_first "$laptop_repo" && bob mn fetch >out &&
	git -C "$bob_repo" for-each-ref >refs.first &&
	git -C "$bob_repo" config remote.origin.url "$evil_repo" &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	nothing_came && rm -rf laptop && mv laptop.kept laptop
'

test_done
