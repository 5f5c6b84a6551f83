#!/bin/sh
#
# Checking every rule of every node against bare Ed25519 verification of as
# many signatures, with one thread a processor for both.

. "$(dirname "$0")/perf-lib.sh"

ed25519 make "$most" >"$scratch/signatures"

# against_ed25519 WHAT COMMAND...
against_ed25519 () {
	what=$1
	shift
	compare -n 3 -w -- "$@" -- \
		ed25519 verify "$threads" "$scratch/signatures"
	row "$what" "$(rate "$most" "$a" nodes)" "$(rate "$most" "$b" nodes)" \
		"$(calc "$b / $a")" "$b / $a" '>=' 0.6
}

# check WORDS HOME
check () {
	MN_DIR=$2
	export MN_DIR
	test "$(mn rev-list | wc -l)" = "$most"
	against_ed25519 "mn fsck, $1" mn fsck
	against_ed25519 "mn verify-node --batch, $1" \
		sh -c 'mn rev-list | mn verify-node --batch'
}
made=$(home "$most")
packed=$(packed "$most")
check "$(thousands "$most"), before mn gc" "$made"
check 'after mn gc' "$packed"
