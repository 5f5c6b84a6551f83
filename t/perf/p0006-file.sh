#!/bin/sh
#
# A large file that does not compress: posted, and written out again, in
# bounded memory. Stock git is told not to compress either.

. "$(dirname "$0")/perf-lib.sh"

file=$PERF_WORK/random-$file_mib
if ! test -f "$file"
then
	say "making a random file of $file_mib MiB"
	head -c "$((file_mib << 20))" /dev/urandom >"$file.tmp"
	mv "$file.tmp" "$file"
fi

# speed SECONDS: in megabytes of 10^6 bytes
speed () {
	calc "$file_mib * 1.048576 / $1" '%.0f MB/s'
}

# rows WHAT: speed and memory of what was compared
rows () {
	row "$1, $file_mib MiB" "$(speed "$a")" "$(speed "$b")" \
		"$(calc "$b / $a")" "$file_mib * 1.048576 / $a" '>=' 100 MB/s
	row '  its peak memory' "$(mib "$a_rss")" "$(mib "$b_rss")" \
		"$(calc "$a_rss / $b_rss")" "$a_rss / 1024" '<=' 64 MiB
}

export MN_DIR="$scratch/mn"
cat >"$scratch/in.sh" <<END
set -e
rm -rf "$scratch/mn" "$scratch/git"
mn init --name bench 2>&1
git init -q --bare "$scratch/git"
git -C "$scratch/git" config core.compression 0
sync
END
compare -n 3 -p "$scratch/in.sh" -- \
	mn post -m 'A large file' --attach "$file" -- \
	git -C "$scratch/git" hash-object -w "$file"
rows 'mn post --attach'

# the last preparation left our profile without the file
mn post -m 'A large file' --attach "$file" >"$scratch/node"
blob=$(git -C "$scratch/git" hash-object "$file")
node=$(cat "$scratch/node")
cat >"$scratch/out.sh" <<END
rm -f "$scratch/out"
sync
END
compare -n 3 -p "$scratch/out.sh" -- \
	mn show --content 1 -o "$scratch/out" "$node" -- \
	sh -c "git -C '$scratch/git' cat-file blob $blob >'$scratch/out'"
rows 'mn show --content 1 -o'

mn show --content 1 -o "$scratch/again" "$node"
cmp "$scratch/again" "$file"
