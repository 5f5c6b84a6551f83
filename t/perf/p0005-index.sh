#!/bin/sh
#
# Making the index anew from the repository. Stock git has nothing alike; to
# compare, what it takes to print every object once.

. "$(dirname "$0")/perf-lib.sh"

from=$(packed "$most")
copy "$from" "$scratch/copy"
MN_DIR=$scratch/copy
export MN_DIR
git_dir=$(repo "$MN_DIR")
compare -n 5 -w -- mn index --rebuild -- \
	git -C "$git_dir" cat-file --batch-all-objects --batch
row "mn index --rebuild, $(thousands "$most")" "$(rate "$most" "$a")" \
	"$(rate "$most" "$b")" "$(calc "$b / $a")" \
	"$most / $a" '>=' 25000 posts/s
row '  its peak memory' "$(mib "$a_rss")" "$(mib "$b_rss")" \
	"$(calc "$a_rss / $b_rss")"
test "$(mn log --json | wc -l)" = "$most"
