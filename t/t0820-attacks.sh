#!/bin/sh

test_description='mn fetch: attacks on who may sign for a profile

A thief has a device or an old root secret, or somebody who carries the profile
lies. Each is refused with words, and what else came is kept.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-hostile.sh"

# identity HOME: what its ref of the identity names
identity () {
	git -C "$1/profiles/$profile.git" rev-parse refs/mn/identity
}

# Of the phone all came, and the identity that cuts the laptop.
phone_came_and_cut () {
	test "$(git -C "$bob_repo" rev-parse "refs/mn/devices/$phone")" = \
		"$(git -C "$phone_repo" rev-parse "refs/mn/devices/$phone")" &&
	test "$(identity bob)" = "$(identity laptop)"
}

# from REPO: what bob fetches next
from () {
	git -C "$bob_repo" config remote.origin.url "$1" &&
	git -C "$bob_repo" for-each-ref >refs.first
}

test_expect_success 'a profile on two devices, and one who follows' '
	hostile_world && evil && bob_at_first &&
	bob mn fetch >out 2>err && test_must_be_empty err && then_honest &&
	cp -R laptop laptop.at-first && cp -R phone phone.at-first
'

test_expect_success 'a node of another profile' '
	other=$(MN_DIR=$PWD/other mn init --device laptop 2>/dev/null) &&
	MN_DIR=$PWD/other mn post -m "not hers" >/dev/null &&
	graft=$(git -C "other/profiles/$other.git" rev-parse main) &&
	evil && git -C "$evil_repo" fetch -q \
		"$PWD/other/profiles/$other.git" main &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" "$graft" &&
	bob_at_first &&
	refused 1 "refused [0-9a-f]*: .*profile.* (profile)" && phone_came &&
	then_honest
'

test_expect_success 'the same, below a node of the profile' '
	evil && git -C "$evil_repo" fetch -q \
		"$PWD/other/profiles/$other.git" main &&
	bad also=$graft && bob_at_first &&
	test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused $(node_of $graft): .* (profile)" err &&
	test_grep "refused $bad_node: .* (parent-" err &&
	phone_came && then_honest
'

# cut_there HOME SEQ COMMIT: the laptop is cut there, behind its node number SEQ
cut_there () {
	cut-device "$PWD/$1" "$profile" "$laptop" "$2" "$(node_of "$3")"
}

again () {
	rm -rf laptop phone && cp -R laptop.at-first laptop &&
	cp -R phone.at-first phone
}

test_expect_success 'an old identity does not undo a newer one' '
	evil && cut_there laptop 2 $tip && bob_at_first "$laptop_repo" &&
	bob mn fetch >out && test_grep "newer identity" out &&
	from "$evil_repo" && bob mn fetch >out 2>err &&
	test_must_be_empty err && nothing_came &&
	test "$(identity bob)" = "$(identity laptop)"
'

test_expect_success 'nor do posts of a device that it cuts, with an old date' '
	bad time=1000 &&
	refused 1 "refused $bad_node: the device was cut .* (device-cut)" &&
	nothing_came && then_honest
'

test_expect_success 'the same, where the cut comes with it' '
	git -C "$evil_repo" fetch -q "$laptop_repo" \
		+refs/mn/identity:refs/mn/identity && bob_at_first &&
	refused 1 "refused $bad_node: the device was cut .* (device-cut)" &&
	phone_came_and_cut && then_honest
'

test_expect_success 'the same, where the post was here before the cut' '
	again && evil && bad time=1000 && bob_at_first &&
	bob mn fetch >out 2>err && test_must_be_empty err &&
	cut_there laptop 2 $tip && honest_brings &&
	bob mn -p "$profile" log --format="%(node)" >list && test_grep ! $bad_node list &&
	from "$evil_repo" &&
	test_expect_code 1 bob mn fetch >out 2>err && nothing_came &&
	test_grep "refused $bad_node: the device was cut .* (device-cut)" err
'

test_expect_success 'a second post at a number within the cut' '
	again && evil && first=$(git -C "$evil_repo" rev-list "$tip" |
		tail -n 1) &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" $first &&
	bad &&
	cut_there laptop 2 $tip && bob_at_first "$laptop_repo" && bob mn fetch &&
	from "$evil_repo" && test_expect_code 1 bob mn fetch >out 2>err &&
	test_grep "refused $bad_node: .* (device-cut-chain)" \
		err &&
	nothing_came && honest_brings
'

test_expect_success 'the same, where the second came first' '
	bob_at_first && { bob mn fetch || test $? = 1; } && honest_brings &&
	bob mn -p "$profile" log --format="%(node)" >list && test_grep ! $bad_node list &&
	test_grep $tip_node list
'

test_expect_success 'two identity documents of one number, in either order' '
	again && cp -R laptop fork &&
	cut_there fork 1 $first && cut_there laptop 2 $tip &&
	fork=$PWD/fork/profiles/$profile.git &&
	for order in "$laptop_repo $fork" "$fork $laptop_repo"
	do
		set -- $order && bob_at_first "$1" && bob mn fetch &&
		kept=$(identity bob) && from "$2" &&
		test_expect_code 1 bob mn fetch >out 2>err &&
		test_grep "refused refs/mn/identity: .* the first seen are kept (identity-fork)" err &&
		nothing_came && test "$(identity bob)" = $kept || return 1
	done
'

test_expect_success 'a stranger who lists himself' '
	again && evil && rm -r evil/keys &&
	claim-identity "$PWD/evil" "$profile" device && bob_at_first &&
	refused 1 "refused refs/mn/identity: .* was not committed to by the document before (chain-root)" &&
	phone_came && honest_brings
'

test_expect_success 'a device that lists itself again after its cut' '
	cp -R laptop thief && cut_there laptop 2 $tip && cut_there thief 2 $tip &&
	evil && cp thief/keys/* evil/keys/ &&
	claim-identity "$PWD/evil" "$profile" device && bob_at_first &&
	refused 1 "refused refs/mn/identity: .* was not committed to by the document before (chain-root)" &&
	phone_came && honest_brings
'

test_expect_success 'a root key that was stolen, without the next one' '
	again && evil && claim-identity "$PWD/evil" "$profile" 1 &&
	bob_at_first && refused 1 "refused refs/mn/identity: .* was not committed to by the document before (chain-root)" &&
	phone_came && honest_brings &&
	evil && claim-identity "$PWD/evil" "$profile" 0 &&
	bob_at_first && refused 1 "refused refs/mn/identity: .* (chain-root)" &&
	phone_came && honest_brings
'

test_done
