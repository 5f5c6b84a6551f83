#!/bin/sh
#
# Many posts in one transaction, signed, durable and indexed, against git
# fast-import of the very same objects; the memory it takes, and what a post
# takes on disk after mn gc.

. "$(dirname "$0")/perf-lib.sh"

file=$(posts "$most")
from=$(home "$most")
from=$(repo "$from")
head=$(git -C "$from" rev-parse refs/heads/main)
say "exporting $(thousands "$most") posts for git fast-import"
git -C "$from" fast-export refs/heads/main >"$scratch/stream"

# everything begins with an empty profile or repository, and written caches
cat >"$scratch/prepare.sh" <<END
set -e
cd "$scratch"
rm -rf "\$1"
case \$1 in
a) MN_DIR=\$PWD/a mn init --name bench 2>&1 ;;
b) git init -q --bare b ;;
esac
sync
END
export MN_DIR="$scratch/a"
compare -n "$(runs 5 3)" -p "$scratch/prepare.sh" -- \
	mn post --batch "$file" -- \
	sh -c "git -C '$scratch/b' fast-import --quiet <'$scratch/stream'"
test "$(git -C "$scratch/b" rev-parse refs/heads/main)" = "$head"

row "mn post --batch, $(thousands "$most")" "$(rate "$most" "$a")" \
	"$(rate "$most" "$b")" "$(calc "$b / $a")" "$b / $a" '>=' 1
row '  its peak memory' "$(mib "$a_rss")" "$(mib "$b_rss")" \
	"$(calc "$a_rss / $b_rss")" "$a_rss / 1024" '<=' 150 MiB

# bytes DIRECTORY: all that its files take
bytes () {
	find "$1" -type f -exec cat {} + | wc -c
}
git -C "$scratch/b" gc -q
ours=$(packed "$most")
ours=$(repo "$ours")
ours=$(bytes "$ours")
peer=$(bytes "$scratch/b")
row '  on disk after mn gc, a post' "$(calc "$ours / $most" %.0f) B" \
	"$(calc "$peer / $most" %.0f) B" "$(calc "$ours / $peer")" \
	"$ours / $most" '<=' 1000 B
