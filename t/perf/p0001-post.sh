#!/bin/sh
#
# One post by a cold process, durable and indexed, against the same signed
# commit by stock git, which need not even fsync; in profiles of all sizes.

. "$(dirname "$0")/perf-lib.sh"

words='A post of about the usual length, as people write them: a few lines
that say what was done and why, what was tried and did not work, and where
to read more about it. No two of them are the same, so that nothing can be
left out because it is there already. This is number'

ssh-keygen -q -t ed25519 -N '' -f "$scratch/key"

# the number of the run comes as $1
cat >"$scratch/mn.sh" <<END_MN
exec mn post -m "$words \$1"
END_MN

# text, meta (of about the length of ours), tree, commit, ref
cat >"$scratch/git.sh" <<END_GIT
set -e
text=\$(echo "$words \$1" | git hash-object -w --stdin)
meta=\$(git hash-object -w --stdin <<END_META
mn 1
kind post
profile \$profile
identity \$profile
device \$profile
seq \$1
prev \$profile
skip \$profile
parent \$profile
gen \$1
time 1500000000000
content text \$profile 300 text/markdown
END_META
)
tree=\$(git mktree <<END_TREE
100644 blob \$text	0-text
100644 blob \$identity	identity
100644 blob \$meta	meta
END_TREE
)
commit=\$(git commit-tree -S -p refs/heads/main -m "post: number \$1" \$tree)
git update-ref refs/heads/main \$commit
END_GIT

# one_post N: the row of a profile with N posts
one_post () {
	from=$(packed "$1")
	copy "$from" "$scratch/mn-$1"
	MN_DIR=$scratch/mn-$1
	export MN_DIR
	mn post -m first >/dev/null
	copy "$MN_DIR" "$scratch/git"
	GIT_DIR=$(repo "$scratch/git")
	export GIT_DIR
	profile=$(basename "$GIT_DIR" .git)
	identity=$(git rev-parse refs/mn/identity)
	export profile identity
	git config gpg.format ssh
	git config user.signingKey "$scratch/key"
	git config core.fsync none
	compare -n "$(runs 100 40)" -w -- sh "$scratch/mn.sh" %n -- \
		sh "$scratch/git.sh" %n
	git fsck --strict --no-dangling
	GIT_DIR=$(repo "$MN_DIR")
	git fsck --strict --no-dangling
	unset GIT_DIR
	row "mn post -m, at $(thousands "$1") posts" "$(ms "$a")" \
		"$(ms "$b")" "$ratio" "$ratio" '<=' 0.7
	rm -rf "$scratch/git"
}

for n in 0 $sizes
do
	one_post "$n"
done

# the largest profile against the empty one
for n in 0 "$most"
do
	cat >"$scratch/at-$n.sh" <<-END_AT
	MN_DIR=$scratch/mn-$n exec mn post -m "$words \$1, again"
	END_AT
done
compare -n "$(runs 100 40)" -w -- sh "$scratch/at-$most.sh" %n -- \
	sh "$scratch/at-0.sh" %n
row "mn post -m, at $(thousands "$most") / at the first" "$(ms "$a")" \
	"$(ms "$b")" "$ratio" "$ratio" '<=' 1.1
