#!/bin/sh

test_description='a push into a directory that is killed, or has no room

mn push is ended before the first call that changes something below the
target, then before the second, and so on. Whatever is there then must be
sound, no ref may be lost, and the next push must bring everything. The same
where the disk is full.
TEST_LONG=1 tries each call.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

ROOM=write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,openat,open,\
rename,renameat,renameat2,link,linkat,symlink,symlinkat,mkdir,mkdirat

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 &&
	! grep -i "error\|warning\|missing" fsck.out >bad || {
		note "git fsck: $(cat fsck.out)"
		return 1
	}
}

# What was there is there, or what was to come; and it is whole.
half_done () {
	test -d there/ada.git || return 0
	sound there/ada.git || return
	refs there/ada.git >now &&
	cat old.refs new.refs | sort >either &&
	sort now | comm -13 either - >strange &&
	test ! -s strange || {
		note "neither old nor new: $(cat strange)"
		return 1
	}
	test "$(wc -l <now)" -ge "$(wc -l <old.refs)" || {
		note "refs are lost: $(cat now)"
		return 1
	}
}

# Now it goes through, and nothing but the repository is there.
completes () {
	mn push there/ada.git >out 2>err || {
		note "the next push: $(cat out err)"
		return 1
	}
	refs there/ada.git | sort >now && test_cmp new.refs now &&
	sound there/ada.git || return
	rm -rf check.git && cp -R there/ada.git check.git &&
	git -C check.git update-server-info &&
	cmp check.git/info/refs there/ada.git/info/refs &&
	cmp check.git/objects/info/packs there/ada.git/objects/info/packs || {
		note "a web server would show something else"
		return 1
	}
	find there/ada.git/mn/incoming there/ada.git/mn/tmp -mindepth 1 \
		>litter &&
	find there/ada.git -name "*.lock" >>litter &&
	test ! -s litter || {
		note "left behind: $(cat litter)"
		return 1
	}
}

# target DIR: there/ holds what is in DIR
target () {
	rm -rf there && cp -a "$1" there
}

# at_each STEP FROM COMMAND...: COMMAND of syscall, to be followed by a number
at_each () {
	by=$1 from=$2 mode=$3
	shift 3
	refs "$repo" | sort >new.refs
	: >old.refs
	test ! -d "$from/ada.git" || refs "$from/ada.git" | sort >old.refs
	n=1
	while :
	do
		target "$from" || return
		syscall ${ONLY:+--only "$ONLY"} --path /there/ "$mode" "$n" "$@" \
			mn push there/ada.git >out 2>err
		status=$?
		test "$status" != 0 || break
		after_each && half_done && completes || {
			note "$mode $n: exit $status, $(cat out err)"
			return 1
		}
		n=$((n + by))
	done
	echo "$n changes" >&3
	test "$n" -gt 10
}

killed () {
	test "$status" = 137
}

full () {
	test "$status" = 128 && test "$(wc -l <err)" -le 2 &&
	grep "^mn push: .*: No space left on device" err >/dev/null
}

test_expect_success 'set up' '
	mkdir empty small large &&
	MN_DIR=$PWD/home && mn init >id 2>/dev/null && find_repo &&
	mn post -m one && mn post -m two && mn push -q small/ada.git &&
	mn post -m three
'

test_expect_success 'killed while a directory is made' '
	after_each () { killed; } &&
	at_each "$(step 17)" empty kill
'

test_expect_success 'killed while a post comes behind others' '
	at_each "$(step 9)" small kill
'

test_expect_success 'no room, while a directory is made' '
	after_each () { full; } && ONLY=$ROOM &&
	at_each "$(step 17)" empty fail ENOSPC
'

test_expect_success 'no room, while a post comes behind others' '
	at_each "$(step 9)" small fail ENOSPC
'

test_expect_success 'set up: many posts' '
	cp -a small/ada.git large/ &&
	seq 1 80 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	mn gc -q
'

test_expect_success 'killed while a pack comes' '
	after_each () { killed; } && ONLY= &&
	at_each "$(step 11)" large kill
'

test_expect_success 'no room for a pack' '
	after_each () { full; } && ONLY=$ROOM &&
	at_each "$(step 11)" large fail ENOSPC
'

test_done
