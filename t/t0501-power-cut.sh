#!/bin/sh

test_description='what is on disk when the power fails

Two questions are put to the log of all system calls that change files. When
an id is printed, is every object synced, and the name of each file and
directory, and the ref? And when the power fails at any call, and all that is
not synced by then is lost, is what is left whole?'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

# Where an id is written to stdout, and where a device gets its new node.
ID_PRINTED='$1 == "write" && $3 == 1'
REF_MOVES='/^rename/ && $5 ~ "/refs/mn/devices/[0-9a-f]*$"'
MAIN_MOVES='/^rename/ && $5 ~ "/refs/heads/main$"'

# missing_at MOMENT WORD: what has WORD in its path is all on disk, but for
# what nobody misses: temporary files and locks, what is removed, and objects
# that nothing names.
missing_at () {
	grep -q "$(printf 'write\t[0-9]*\t1\t')" log || {
		note "nothing was printed: $(cat err)"
		return 1
	}
	git -C "$repo" rev-list --objects --all |
		sed 's,^\(..\)\([^ ]*\).*,\1/\2,' >reachable
	undurable "$1" <log | grep "$2" |
		grep -v '^removed\|/mn/tmp/\|/tmp_[a-z]*_[^/]*$\|lock$' |
		awk 'NR == FNR { keep[$1]; keep[substr($1, 1, 2)]; next }
		!match($0, "/objects/[0-9a-f][0-9a-f]") ||
			substr($0, RSTART + 9) in keep' reachable - >missing
	test ! -s missing || {
		note "not on disk: $(cat missing)"
		return 1
	}
}

# The objects that came with the new node are among those made by then.
objects_are_made () {
	awk -F '\t' "$REF_MOVES { exit } { print \$5 }" log >made &&
	git -C "$repo" rev-list --objects --glob='refs/mn/devices/*' |
		cut -c1-40 | sort >after &&
	git -C "base/profiles/${repo##*/}" rev-list --objects --all |
		cut -c1-40 | sort >before &&
	comm -13 before after >new &&
	test_line_count -gt 3 new &&
	while read -r oid
	do
		grep -q "/$(echo "$oid" | cut -c3-)$" made || {
			note "$oid was not made before the ref moved"
			return 1
		}
	done <new
}

test_expect_success 'a home with one post' '
	make_png small.png &&
	syscall -o log log mn init --name ada >out 2>err &&
	find_repo &&
	mn post -m first >first &&
	cp -a "$MN_DIR" base
'

test_expect_success 'mn init prints the id of what is on disk' '
	missing_at "$ID_PRINTED" "$TRASH_DIRECTORY/home"
'

test_expect_success 'the check finds what is not on disk' '
	grep -v "^fsync.*objects/[0-9a-f][0-9a-f]$(printf "\t")" log >less &&
	undurable "$ID_PRINTED" <less | grep "^entry.*/objects/" &&
	grep -v "^fsync.*tmp_obj" log >less &&
	undurable "$ID_PRINTED" <less | grep "^data.*/objects/"
'

test_expect_success 'mn post prints the id of what is on disk' '
	syscall -o log log mn post -m text --attach small.png >out 2>err &&
	missing_at "$ID_PRINTED" "$repo"
'

test_expect_success 'objects are on disk before the ref moves' '
	missing_at "$REF_MOVES" "$repo/objects" &&
	objects_are_made
'

test_expect_success 'the ref of the device is on disk before main moves' '
	missing_at "$MAIN_MOVES" "$repo/refs/mn"
'

test_expect_success 'so it is for the first post of a profile' '
	rm -rf "$MN_DIR" &&
	mn init >out 2>err &&
	find_repo &&
	syscall -o log log mn post -m text >out 2>err &&
	missing_at "$ID_PRINTED" "$repo" &&
	missing_at "$REF_MOVES" "$repo/objects" &&
	missing_at "$MAIN_MOVES" "$repo/refs/mn"
'

test_expect_success 'and for mn post --batch' '
	fresh_home && find_repo &&
	for i in $(seq 20)
	do
		echo "{\"text\":\"post $i\"}"
	done >batch &&
	syscall -o log log mn post --batch batch >out 2>err &&
	missing_at "$ID_PRINTED" "$repo" &&
	missing_at "$REF_MOVES" "$repo/objects"
'

# What the killed one made and did not sync is no excuse for the next.
test_expect_success 'and for a post after one that was killed' '
	rm -rf empty && MN_DIR=$TRASH_DIRECTORY/empty mn init >out 2>err &&
	test_when_finished "rm -rf empty" &&
	n=20 &&
	while
		rm -rf "$MN_DIR" && cp -a empty "$MN_DIR" && find_repo
		syscall -o killed --path "$repo" kill "$n" \
			mn post -m text --time 2020-01-01 >out 2>err
		status=$?
		test "$status" = 137
	do
		syscall -o log log mn post -m text --time 2020-01-01 \
			>out 2>err &&
		cat killed log >both && mv both log &&
		missing_at "$ID_PRINTED" "$repo" || {
			note "after one that was killed at change $n"
			return 1
		}
		n=$((n + $(step 5)))
	done &&
	test "$status" = 0 && test "$n" -gt 30
'

# after_cut BEFORE AFTER
after_cut () {
	find_repo && is_sound && ids_are_there out && logged || return
	now=$(count_posts)
	test "$now" = "$1" && test ! -s out || test "$now" = "$2" || {
		note "$now posts: neither $1 nor $2"
		return 1
	}
	next_post "$now" && is_sound && logged
}

# cut_at_each STEP BEFORE AFTER command...
cut_at_each () {
	by=$1 before=$2 after=$3
	shift 3
	n=1
	while :
	do
		for how in cut_power cut_power_late
		do
			fresh_home || return
			syscall -o log after "$n" "$@" >out 2>err
			status=$?
			test "$status" = 137 || break 2
			undurable <log | $how &&
			after_cut "$before" "$after" || {
				note "power cut ($how) after change $n of $*"
				return 1
			}
		done
		n=$((n + by))
	done
	echo "$n changes: $*" >&3
	test "$status" = 0 && test "$n" -gt 10
}

test_expect_success 'power fails during mn post' '
	cut_at_each "$(step 6)" 1 2 mn post -m text --attach small.png
'

test_expect_success 'power fails during mn post --batch' '
	cut_at_each "$(step 6)" 1 21 mn post --batch batch
'

test_expect_success 'power fails during mn gc' '
	fresh_home &&
	mn post --batch batch >/dev/null &&
	mn post -m one >/dev/null && mn post -m two >/dev/null &&
	rm -rf base && cp -a "$MN_DIR" base &&
	before=$(find_repo && count_posts) &&
	cut_at_each "$(step 24)" "$before" "$before" mn gc
'

test_done
