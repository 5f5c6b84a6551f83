#!/bin/sh

test_description='mn gc is killed where contents are missing, or are to be dropped

It is killed before its first call that changes a file, on the next copy of
the home before its second, and so on. After each, the repository must be
whole, and the next mn gc must do what this one would have done.
TEST_LONG=1 tries each call.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-partial.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

# What must be there whatever happens: all posts, and the young photo.
is_whole () {
	sound bob && same_log &&
	bob mn -p ada show --no-fetch -c 1 -o got "$(cat new.id)" &&
	cmp new got
}

# A pack without index, and its mark, that a killed one left stay for an hour.
ends_well () {
	bob mn -p ada gc -q && is_whole &&
	find "$bob_repo"/objects/pack -name "*.idx" >packs &&
	test_line_count '=' 1 packs &&
	pack=$(cat packs) && test_path_is_file "${pack%.idx}.promisor" &&
	(cd "$bob_repo/objects" && find . -type f -path "./??/*") >loose &&
	test_must_be_empty loose &&
	objects_of "$bob_repo" >after && test_cmp expect after
}

# die_at_each STEP CMD...
die_at_each () {
	_step=$1 n=1
	shift
	while :
	do
		rm -rf bob && cp -a base bob || return
		bob syscall kill "$n" "$@" >out 2>err
		status=$?
		test "$status" = 137 || break
		is_whole && ends_well || {
			note "killed at change $n"
			return 1
		}
		n=$((n + _step))
	done
	test "$status" = 0 && test "$n" -gt 10 || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

# What is there when nothing kills it, from the same beginning.
expect_of_gc () {
	rm -rf base && cp -a bob base &&
	bob mn -p ada gc -q && objects_of "$bob_repo" >expect
}

test_expect_success 'set up' '
	two_people &&
	head -c 40000 /dev/urandom >old &&
	head -c 40000 /dev/urandom >new &&
	ada mn post --time "200 days ago" -m "a text" &&
	ada mn post --time "200 days ago" -m "an old photo" --attach old &&
	ada mn post --time "2 days ago" -m "a photo" --attach new >new.id &&
	bob mn follow "file://$ada_repo" --as ada &&
	ada mn post -m more && bob mn fetch &&
	bob mn config gc.auto-packs 1 && bob mn config gc.auto 1 &&
	old=$(git -C "$ada_repo" rev-parse main~2:1-old)
'

test_expect_success 'gc that drops old contents' '
	bob mn follow ada --no-fetch --keep 90d &&
	expect_of_gc && test_grep ! "^$old" expect &&
	die_at_each "$(step 7)" mn -p ada gc -q
'

test_expect_success 'gc of what is partial' '
	rm -rf bob && cp -a base bob && bob mn -p ada gc -q &&
	ada mn post -m "and more" && bob mn fetch &&
	bob mn -p ada show -c 1 -o got "$(cat new.id)" &&
	expect_of_gc && die_at_each "$(step 7)" mn -p ada gc -q
'

test_expect_success 'automatic gc' '
	rm -rf bob && cp -a base bob && bob mn config gc.auto-packs 0 &&
	for i in 1 2 3
	do
		ada mn post -m "post $i" && bob mn fetch || return 1
	done &&
	bob mn config gc.auto-packs 1 &&
	expect_of_gc && die_at_each "$(step 7)" mn -p ada gc -q --auto
'

test_done
