#!/bin/sh
#
# The head of a profile with 20 devices, of whose nodes 1,000 are new to the
# index, against git merge-base --octopus over the same heads; and the same
# of a younger profile: the time depends on what is new alone.

. "$(dirname "$0")/perf-lib.sh"

PATH=$MN_BUILD/t/helper:$PATH
devices=20 new=1000

# post_some HOME N
post_some () {
	yes '{"text":"a post of one of many devices"}' | head -n "$2" |
		MN_DIR=$1 mn post --batch >/dev/null
}

# many N NAME: a profile of N nodes, below $scratch/NAME. Its devices share
# the repository of the first, whose index does not know the last 1,000 nodes:
# all devices posted these side by side.
many () {
	dir=$scratch/$2
	profile=$(MN_DIR=$dir/d1 mn init --device d1 2>/dev/null)
	store=$dir/d1/profiles/$profile.git
	for i in $(seq 2 $devices)
	do
		add-device "$dir/d1" "$profile" "d$i" "$dir/d$i"
		ln -s "$store" "$dir/d$i/profiles/"
	done
	for i in $(seq $devices)
	do
		post_some "$dir/d$i" $((($1 - new) / devices))
	done
	MN_DIR=$dir/d1 mn index >/dev/null
	mkdir "$dir/index" && cp "$dir"/d1/index.db* "$dir/index/"
	git -C "$store" for-each-ref --format='update %(refname) %(objectname)' \
		>"$dir/base"
	for i in $(seq $devices)
	do
		post_some "$dir/d$i" $((new / devices))
		git -C "$store" for-each-ref \
			--format='update %(refname) %(objectname)' |
			grep -vxFf "$dir/base" | grep /devices/ >>"$dir/news"
		git -C "$store" update-ref --stdin <"$dir/base"
	done
	git -C "$store" update-ref --stdin <"$dir/news"
	MN_DIR=$dir/d1 quiet mn gc
	git -C "$store" commit-graph write --reachable
	cat >"$dir/restore" <<-END
	rm -f "$dir"/d1/index.db* && cp "$dir"/index/index.db* "$dir/d1/"
	END
}

# measure NAME: sets $a and $b
measure () {
	dir=$scratch/$1
	store=$(repo "$dir/d1")
	heads=$(git -C "$store" for-each-ref --format='%(objectname)' \
		refs/mn/devices)
	test "$(echo "$heads" | wc -l)" = $devices
	# shellcheck disable=SC2086 # a list
	compare -n "$(runs 10 5)" -w -p "$dir/restore" -- \
		env MN_DIR="$dir/d1" mn merge-heads --dry-run -- \
		git -C "$store" merge-base --octopus $heads
}

many "$least" young
measure young
young=$a
row "head of $(thousands "$least") nodes, $new new" "$(ms "$a")" "$(ms "$b")" \
	"$ratio" "$ratio" '<=' 1.5
if test "$most" != "$least"
then
	many "$most" old
	measure old
	row "head of $(thousands "$most") nodes, $new new" "$(ms "$a")" \
		"$(ms "$b")" "$ratio" "$ratio" '<=' 1.5
	row 'the older against the younger' "$(ms "$a")" "$(ms "$young")" \
		"$(calc "$a / $young")" "$a / $young" '<=' 1.2
fi
