# shellcheck shell=sh disable=SC2154
#
# Partial copies of profiles, made with stock git.

# partial_copy HOME FILTER [SETTING VALUE]...: $repo as the profile of another
# home, without the objects that the filter leaves out
partial_copy () {
	_home=$1 _filter=$2
	shift 2
	_copy=$PWD/$_home/profiles/$profile.git
	mkdir -p "$_home/profiles" &&
	git clone -q --bare --filter="$_filter" "file://$repo" "$_copy" &&
	git -C "$_copy" fetch -q origin "+refs/mn/*:refs/mn/*" &&
	git -C "$_copy" config mn.format 1 &&
	git -C "$_copy" config mn.profile "$profile" &&
	git -C "$_copy" config mn.follow true &&
	git -C "$_copy" config gc.auto 0 &&
	git -C "$_copy" config commitGraph.generationVersion 1 || return 1
	while test $# -gt 0
	do
		git -C "$_copy" config "$1" "$2" || return 1
		shift 2
	done
}

# Objects that are here, without asking for others.
objects_of () {
	git -C "$1" -c remote.origin.promisor=false cat-file \
		--batch-all-objects --batch-check | sort -u
}

# sound HOME: neither git nor mn finds anything wrong
sound () {
	MN_DIR=$PWD/$1 mn -p "$profile" fsck -q >fsck.out 2>fsck.err &&
	test_must_be_empty fsck.out &&
	git -C "$1/profiles/$profile.git" fsck --strict >fsck.out 2>&1 &&
	test_grep ! -i "error\|warning\|missing" fsck.out
}

# one_promisor_pack HOME: a single pack, marked, and nothing else
one_promisor_pack () {
	_objects=$1/profiles/$profile.git/objects
	ls "$_objects"/pack/*.pack >packs && test_line_count '=' 1 packs &&
	ls "$_objects"/pack/*.promisor >marks && test_line_count '=' 1 marks &&
	(cd "$_objects" && find . -type f -path "./??/*") >loose &&
	test_must_be_empty loose
}
