#!/bin/sh
#
# Reading: the newest 50 posts against the bare start of a program that uses
# libgit2, and all posts as JSON against git log.

. "$(dirname "$0")/perf-lib.sh"

for n in $sizes
do
	MN_DIR=$(packed "$n")
	export MN_DIR
	# brings the index up to date, too
	test "$(mn log -n 50 --json | wc -l)" = 50
	compare -n "$(runs 200 100)" -w -- mn log -n 50 -- git2-start
	row "mn log -n 50, at $(thousands "$n") / libgit2 start" "$(ms "$a")" \
		"$(ms "$b")" "$ratio" "$ratio" '<=' 1.4
done

if test "$most" != "$least"
then
	large=$(packed "$most") small=$(packed "$least")
	compare -n 200 -w -- env MN_DIR="$large" mn log -n 50 -- \
		env MN_DIR="$small" mn log -n 50
	row "mn log -n 50, at $(thousands "$most") / at $(thousands "$least")" \
		"$(ms "$a")" "$(ms "$b")" "$ratio" "$ratio" '<=' 1.1
fi

# json WORDS HOME: all posts of a home
json () {
	MN_DIR=$2
	export MN_DIR
	test "$(mn log --json | wc -l)" = "$most"
	git_dir=$(repo "$MN_DIR")
	compare -n 5 -w -- mn log --json -- \
		git -C "$git_dir" log --format=%H%x00%B refs/heads/main
	row "mn log --json, $1" "$(seconds "$a")" "$(seconds "$b")" \
		"$ratio" "$ratio" '<=' 1
}
made=$(home "$most")
packed=$(packed "$most")
json "$(thousands "$most"), before mn gc" "$made"
json 'after mn gc' "$packed"
