# shellcheck shell=sh
#
# Two people in two homes, for tests of fetching.
#
#	ada CMD...		with the home of who posts; $profile is hers
#	bob CMD...		with the home of who follows
#	bob_follows URL [KEY VALUE]...
#				a repository of $profile in bob's home, with
#				nothing but the identity, and settings of
#				its configuration (mnrepository-layout(5))

ada () {
	MN_DIR=$TRASH_DIRECTORY/ada "$@"
}

bob () {
	MN_DIR=$TRASH_DIRECTORY/bob "$@"
}

two_people () {
	profile=$(ada mn init --name Ada 2>/dev/null) &&
	ada_repo=$TRASH_DIRECTORY/ada/profiles/$profile.git &&
	bob_repo=$TRASH_DIRECTORY/bob/profiles/$profile.git &&
	mkdir -p blank &&
	cp -R "$ada_repo" blank/
}

bob_follows () {
	rm -rf "$TRASH_DIRECTORY/bob" &&
	mkdir -p "$TRASH_DIRECTORY/bob/profiles" &&
	cp -R "blank/$profile.git" "$TRASH_DIRECTORY/bob/profiles/" &&
	git -C "$bob_repo" config mn.follow true &&
	git -C "$bob_repo" config remote.origin.url "$1" &&
	git -C "$bob_repo" config remote.origin.promisor true || return 1
	shift
	while test $# -gt 1
	do
		git -C "$bob_repo" config "$1" "$2" || return 1
		shift 2
	done
}

# What can be read of the profile is the same in both homes.
same_log () {
	ada mn log --format="%(node) %(title)" >log.ada &&
	bob mn -p "$profile" log --format="%(node) %(title)" >log.bob &&
	test_cmp log.ada log.bob
}

# The same refs in both repositories.
same_refs () {
	git -C "$ada_repo" for-each-ref >refs.ada &&
	git -C "$bob_repo" for-each-ref >refs.bob &&
	test_cmp refs.ada refs.bob
}
