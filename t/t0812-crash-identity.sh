#!/bin/sh

test_description='mn identity that is killed is run again, and nothing is lost

mn identity rotate is ended before its first call that changes a file, on the
next copy of the home before its second, and so on; recover and passphrase
likewise. Whatever is there then, the root secret that is in force must be
there, too, and the next try must complete it.
TEST_LONG=1 tries each call of the others, too.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

if ! test_have_prereq TRACE
then
	skip_all='system calls cannot be traced here'
	test_done
fi

profile=''	# once it is made
origin=''	# where a copy of it lies, for recover

phrase_of () {
	grep -Ex ' *([a-z]{5} ){9}[a-z]{5}' "$1" | sed 's/^ *//'
}

# in_force FILE: whether the phrase in it is
in_force () {
	rm -rf probe && cp -a "$MN_DIR" probe &&
	MN_DIR=$PWD/probe mn identity rotate --phrase-file "$1" \
		>/dev/null 2>probe.err
}

# at_each STEP WHAT COMMAND...: kills COMMAND, and WHAT must hold then
at_each () {
	n=1 by=$1 holds=$2
	shift 2
	while :
	do
		fresh_home || return
		syscall kill "$n" "$@" >out 2>err </dev/null
		status=$?
		test "$status" = 137 || break
		"$holds" || {
			note "killed at change $n of $*: $(cat err)"
			return 1
		}
		n=$((n + by))
	done
	echo "$n changes: $*" >&3
	test "$status" = 0 && test "$n" -gt 5 || {
		note "exit $status at change $n: $(cat err)"
		return 1
	}
}

test_expect_success 'set up' '
	profile=$(mn init --device laptop 2>err) &&
	phrase_of err >phrase && mn post -m one &&
	cp -a "$MN_DIR" base
'

# One of the two phrases is in force; without either, what is kept here is
# enough to add a device; and the next rotation goes through.
rotated_or_not () {
	phrase_of err >shown
	mn identity verify >verified || return
	if in_force phrase
	then
		now=old
	else
		now=new
		test -s shown && in_force shown || {
			note "neither phrase is in force"
			return 1
		}
	fi
	mn device rename laptop desk 2>rename.err || {
		note "the root secret in force is not here: $(cat rename.err)"
		return 1
	}
	mn identity rotate 2>again.err || {
		note "the next try: $(cat again.err)"
		return 1
	}
	phrase_of again.err >again &&
	in_force again && ! in_force phrase || return
	# what is on paper by now is not void by that
	test "$now" = new || ! test -s shown || cmp shown again || {
		note "two phrases were shown, and the first is void"
		return 1
	}
	test ! -e "$MN_DIR/keys/$profile.root.next" &&
	mn post -m after >/dev/null && is_sound
}

test_expect_success 'rotate, killed at each call' '
	repo=$MN_DIR/profiles/$profile.git &&
	at_each 1 rotated_or_not mn identity rotate
'

# What was shown is in force, or the secret before: never something else.
with_full_disk () {
	n=1
	while :
	do
		fresh_home || return
		syscall --only write,openat,rename,mkdir,link,linkat,fsync \
			--path "$MN_DIR/" fail "$n" ENOSPC "$@" >out 2>err
		status=$?
		test "$status" != 0 || break
		test "$status" -lt 130 && test -s err && rotated_or_not || {
			note "full at change $n, exit $status: $(cat err)"
			return 1
		}
		n=$((n + $(step 4)))
	done
	test "$n" -gt 5
}

test_expect_success 'rotate, with a full disk' '
	with_full_disk mn identity rotate
'

test_expect_success 'stderr is closed: nobody saw the phrase, nothing changed' '
	fresh_home && test_must_fail 128 mn identity rotate 2>/dev/full &&
	in_force phrase
'

# Each key opens with one of the two; and the same again completes it.
one_or_the_other () {
	for key in "$MN_DIR/keys/$profile.device" "$MN_DIR/keys/$profile.root"
	do
		test -s "$key" || return
	done
	MN_PASSPHRASE_FILE=pass.old mn identity passphrase \
		--new-file pass.new 2>again.err || {
		note "the next try: $(cat again.err)"
		return 1
	}
	MN_PASSPHRASE_FILE=pass.new mn post -m after >/dev/null &&
	MN_PASSPHRASE_FILE=pass.new mn device rename laptop desk 2>again.err
}

test_expect_success 'passphrase, killed' '
	fresh_home && echo old >pass.old && echo new >pass.new &&
	mn identity passphrase --new-file pass.old &&
	rm -rf base && cp -a "$MN_DIR" base &&
	MN_PASSPHRASE_FILE=pass.old && export MN_PASSPHRASE_FILE &&
	test_when_finished "unset MN_PASSPHRASE_FILE" &&
	at_each "$(step 3)" one_or_the_other mn identity passphrase --new-file pass.new
'

# The next try makes it, and there is one new device then, not two.
recovers_again () {
	mn identity recover --from "$origin" --device phone \
		--phrase-file phrase >out 2>again.err || {
		note "the next try: $(cat again.err)"
		return 1
	}
	mn identity show --json | jq -r ".devices[].label" | sort >labels &&
	printf "laptop\nphone\n" >expect && test_cmp expect labels &&
	test -f "$MN_DIR/keys/$profile.root" &&
	mn post -m after >/dev/null && is_sound
}

test_expect_success 'recover, killed' '
	cp -a base origin && origin=$PWD/origin/profiles/$profile.git &&
	rm -rf base && mkdir base &&
	at_each "$(step 23)" recovers_again mn identity recover \
		--from "$origin" --device phone --phrase-file phrase
'

test_expect_success 'recover of what is here, killed' '
	rm -rf "$MN_DIR" && mn follow -q "$origin" &&
	rm -rf base && cp -a "$MN_DIR" base &&
	at_each "$(step 5)" recovers_again mn identity recover \
		--from "$origin" --device phone --phrase-file phrase
'

test_done
