#!/bin/sh

test_description='mn fsck finds and names every damage, and never hangs'

. ./test-lib.sh

tab=$(printf '\t')

# With a limit to its time.
fsck () {
	timeout 60 mn fsck
}
fsck_nodes () {
	timeout 60 mn fsck --no-git
}

restore () {
	rm -rf "$repo" && cp -a "${1:-loose.git}" "$repo"
}

clean () {
	fsck >out 2>err && test_must_be_empty out
}

# Turns one bit at an offset of a file.
flip () {
	chmod u+w "$1" &&
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d " ") &&
	byte=$((byte % 2 ? byte - 1 : byte + 1)) &&
	printf '%b' "\\0$(printf %03o "$byte")" |
		dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

cut_to () {
	chmod u+w "$1" && truncate -s "$2" "$1"
}

file_of () {
	echo "$repo/objects/$(git -C "$repo" rev-parse "$1" | sed 's|..|&/|')"
}

# The object must be named; whatever else is told is told as well.
names () {
	test_expect_code 1 fsck >out 2>err &&
	test_grep "^error$tab$1$tab$2$tab" out
}

test_expect_success 'set up: loose, packed by gc, packed with deltas' '
	test_init_profile ada &&
	head -c 200000 /dev/urandom >noise &&
	for i in 1 2 3 4 5 6 7 8
	do
		mn post -m "post number $i: $(seq 10 10 400)" >>ids || return 1
	done &&
	mn post -m "with noise" --attach noise >>ids &&
	clean &&
	cp -a "$repo" loose.git &&
	mn gc && clean && cp -a "$repo" packed.git &&
	git -C "$repo" repack -q -a -d -f --depth=50 --window=50 &&
	clean && cp -a "$repo" deltas.git
'

for what in main 'main^{tree}' main:meta main:0-post.md main:1-noise \
	main~4 'main~4^{tree}' main~4:meta main~4:0-post.md refs/mn/identity
do
	test_expect_success "loose $what: bits, cuts, another, none" '
		restore && git -C "$repo" rev-parse "$what" >oid &&
		file=$(file_of "$what") && size=$(wc -c <"$file") &&
		for at in 0 1 2 3 $((size / 3)) $((size / 2)) $((size - 5)) \
			$((size - 1))
		do
			restore && flip "$file" $at &&
			names $(cat oid) object-corrupt || {
				echo "bit at $at of $size"
				return 1
			}
		done &&
		for to in 0 1 10 $((size / 2)) $((size - 1))
		do
			restore && cut_to "$file" $to &&
			names $(cat oid) object-corrupt || {
				echo "cut to $to of $size"
				return 1
			}
		done &&
		restore && chmod u+w "$file" && echo more >>"$file" &&
		names $(cat oid) object-corrupt &&
		restore && cp -f "$(file_of main~7)" "$file" &&
		names $(cat oid) object-corrupt &&
		test_grep "is that of $(git -C loose.git rev-parse main~7)" \
			out &&
		restore && rm -f "$file" &&
		test_expect_code 1 fsck >out &&
		test_grep $(cat oid) out
	'
done

test_expect_success 'the node that is hit is named as well' '
	restore && flip $(file_of main~4:meta) 20 &&
	test_expect_code 1 fsck >out &&
	test_grep "^error$tab$(sed -n 5p ids)${tab}node-unreadable" out &&
	restore && rm -f $(file_of main~2:0-post.md) &&
	test_expect_code 1 fsck >out &&
	test_grep "^error$tab$(sed -n 7p ids)${tab}node-unreadable" out
'

test_expect_success 'a directory where a loose object should be' '
	restore && file=$(file_of main:meta) && rm -f "$file" &&
	mkdir "$file" &&
	test_expect_code 1 fsck >out &&
	test_grep $(git -C loose.git rev-parse main:meta) out
'

for kind in packed deltas
do
	test_expect_success "$kind: a bit anywhere in the pack" '
		restore $kind.git &&
		pack=$(echo "$repo"/objects/pack/*.pack) &&
		name=$(basename "$pack") &&
		size=$(wc -c <"$pack") &&
		for at in 0 4 8 11 12 13 14 20 $((size - 1)) $((size - 20)) \
			$((size - 21)) $(seq 60 $((size / 41)) $((size - 30)))
		do
			restore $kind.git && flip "$pack" $at &&
			test_expect_code 1 fsck >out &&
			test_grep "^error${tab}${name%.pack}.*${tab}pack$tab" \
				out || {
				echo "bit at $at of $size"
				return 1
			}
		done
	'

	test_expect_success "$kind: the objects that are hit are named" '
		restore $kind.git &&
		pack=$(echo "$repo"/objects/pack/*.pack) &&
		git -C "$repo" verify-pack -v "${pack%.pack}.idx" |
			grep -E "^[0-9a-f]{40} (commit|tree|blob)" >list &&
		sed -n "1p;\$p;20p;25p;30p" list >some &&
		while read -r oid type size zsize at rest
		do
			restore $kind.git && flip "$pack" $((at + zsize - 5)) &&
			names $oid object-corrupt || {
				echo "$oid at $at"
				return 1
			}
		done <some
	'

	test_expect_success "$kind: a bit anywhere in the index" '
		idx=${pack%.pack}.idx &&
		size=$(wc -c <"$idx") &&
		for at in 0 7 8 1031 1032 1033 $((size - 1)) $((size - 20)) \
			$((size - 21)) $((size - 40)) \
			$(seq 1040 $(((size - 1040) / 41)) $((size - 42)))
		do
			restore $kind.git && flip "$idx" $at &&
			test_expect_code 1 fsck >out &&
			test_grep "^error${tab}${name%.pack}.*${tab}pack$tab" \
				out || {
				echo "bit at $at of $size"
				return 1
			}
		done
	'

	test_expect_success "$kind: cut short" '
		for file in "$pack" "$idx"
		do
			size=$(wc -c <"$file") &&
			for to in 0 1 11 12 31 32 100 1060 $((size / 2)) \
				$((size - 21)) $((size - 20)) $((size - 1))
			do
				restore $kind.git && cut_to "$file" $to &&
				test_expect_code 1 fsck >out &&
				test_grep "^error${tab}${name%.pack}" out || {
					echo "$file cut to $to of $size"
					return 1
				}
			done || return 1
		done
	'

	test_expect_success "$kind: the pack, or its index, is gone" '
		restore $kind.git && rm -f "$idx" &&
		test_expect_code 1 fsck >out &&
		test_grep "^note${tab}${name%.pack}${tab}unfinished" out &&
		test_grep object-missing out &&
		restore $kind.git && rm -f "$pack" &&
		test_expect_code 1 fsck >out &&
		test_grep object-missing out
	'
done

test_expect_success 'a second copy that is good does not hide a bad one' '
	restore loose.git &&
	cp packed.git/objects/pack/* "$repo"/objects/pack/ &&
	clean &&
	oid=$(git -C "$repo" rev-parse main:meta) &&
	flip $(file_of main:meta) 30 &&
	names $oid object-corrupt &&
	restore loose.git &&
	cp packed.git/objects/pack/* "$repo"/objects/pack/ &&
	at=$(git -C "$repo" verify-pack -v "$repo"/objects/pack/*.idx |
		sed -n "s/^$oid blob *[0-9]* \([0-9]*\) \([0-9]*\).*/\1 + \2 - 3/p") &&
	# shellcheck disable=SC2004 # a sum in a variable
	flip "$repo"/objects/pack/*.pack $(($at)) &&
	names $oid object-corrupt
'

test_expect_success '--no-git looks at nodes alone' '
	restore loose.git &&
	blob=$(echo loose | git -C "$repo" hash-object -w --stdin) &&
	flip $(echo "$repo/objects/$(echo $blob | sed "s|..|&/|")") 5 &&
	names $blob object-corrupt &&
	fsck_nodes >out &&
	test_must_be_empty out &&
	restore packed.git &&
	pack=$(echo "$repo"/objects/pack/*.pack) &&
	flip "$pack" $(($(wc -c <"$pack") - 22)) &&
	test_expect_code 1 fsck_nodes >out &&
	test_grep node-unreadable out
'

test_expect_success 'damage is not repaired, and what is whole is read' '
	restore loose.git && flip $(file_of main~4:meta) 20 &&
	test_expect_code 1 fsck >before &&
	test_expect_code 1 fsck >after &&
	test_cmp before after &&
	mn show HEAD >out && test_grep "with noise" out &&
	test_must_fail mn gc 2>err &&
	test_grep "mn fsck" err &&
	test_expect_code 1 fsck >after &&
	test_cmp before after
'

test_done
