#!/bin/sh

test_description='mn device revoke, adopt, rekey

A laptop with the root secret, a phone, and bob, who follows; a directory in
between.
'

. ./test-lib.sh

hub=$TRASH_DIRECTORY/hub.git

laptop () {
	MN_DIR=$TRASH_DIRECTORY/laptop "$@"
}

phone () {
	MN_DIR=$TRASH_DIRECTORY/phone "$@"
}

bob () {
	MN_DIR=$TRASH_DIRECTORY/bob "$@"
}

# join HOME LABEL: another device
join () {
	MN_DIR=$TRASH_DIRECTORY/$1 mn device request --label "$2" >asked &&
	laptop mn device add --yes - <asked >answer &&
	laptop mn push &&
	MN_DIR=$TRASH_DIRECTORY/$1 mn init --join "$(cat answer)"
}

key_of () {
	MN_DIR=$TRASH_DIRECTORY/$1 mn whoami --json | jq -r .device
}

# What is shown, oldest first.
texts () {
	MN_DIR=$TRASH_DIRECTORY/$1 mn -p "$profile" log --reverse \
		--format="%(text)" | grep .
}

exchange () {
	laptop mn fetch && laptop mn push && phone mn fetch && bob mn fetch
}

# The hub may still have posts of a device of which nothing counts; they are
# refused, and said to be.
bob_fetches () {
	bob mn fetch 2>fetch.err || grep "device-cut" fetch.err
}

test_expect_success 'set up' '
	profile=$(laptop mn init --device laptop 2>/dev/null) &&
	laptop_key=$(key_of laptop) &&
	laptop mn post -m "laptop 1" &&
	git init -q --bare "$hub" &&
	laptop mn remote add hub "$hub" &&
	join phone phone &&
	old=$(key_of phone) &&
	phone mn post -m "phone 1" &&
	phone mn post -m "phone 2" &&
	phone mn push &&
	laptop mn fetch &&
	laptop mn push &&
	bob mn follow --as ada "$hub" &&
	texts bob >out &&
	test_line_count = 3 out
'

test_expect_success 'revoke asks, and does nothing without a terminal' '
	test_expect_code 128 setsid -w env MN_DIR="$PWD/laptop" \
		mn device revoke phone </dev/null 2>err &&
	grep "no terminal to ask on" err &&
	laptop mn device list --json | jq -r .state | sort -u >out &&
	echo listed >expect &&
	test_cmp expect out
'

test_expect_success 'on a terminal, no is no, and yes is yes' '
	cat >answer.py <<-\EOF &&
	import os, pty, sys
	pid, fd = pty.fork()
	if not pid:
	    os.execvp(sys.argv[2], sys.argv[2:])
	said = b""
	while b"(yes or no)" not in said:
	    said += os.read(fd, 4096)
	os.write(fd, sys.argv[1].encode() + b"\n")
	try:
	    while True:
	        more = os.read(fd, 4096)
	        if not more:
	            break
	        said += more
	except OSError:
	    pass
	sys.stdout.buffer.write(said.replace(b"\r", b""))
	sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
	EOF
	test_expect_code 1 laptop python3 answer.py no mn device revoke phone \
		>out &&
	grep "^Device  phone$" out &&
	grep "^Posts   the first 2 count" out &&
	grep "nothing was changed" out &&
	laptop mn device list | grep "^phone " &&
	MN_DIR=$PWD/spare mn device request --label spare >request &&
	laptop python3 answer.py yes mn device add "$(cat request)" >out &&
	grep "^mn-device-answer" out &&
	laptop python3 answer.py yes mn device revoke spare &&
	laptop mn device list | grep "^spare .*cut at 0"
'

test_expect_success 'the phone posts on, and is revoked meanwhile' '
	phone mn post -m "phone 3" --tag sea >id3 &&
	echo "a file" >file.txt &&
	phone mn post -m "phone 4" --title Four --attach file.txt \
		--stream s --lang en --place 1.5,-2 \
		--link https://example.org/ >id4 &&
	before=$(git -C laptop/profiles/$profile.git cat-file blob \
		refs/mn/identity | grep ^encryption | tail -n 1) &&
	laptop mn device revoke --yes phone 2>err &&
	grep "Posts   the first 2 count" err || grep "mn push" err &&
	after=$(git -C laptop/profiles/$profile.git cat-file blob \
		refs/mn/identity | grep ^encryption | tail -n 1) &&
	test "$before" != "$after" &&
	laptop mn device list --json >list &&
	jq -r "select(.device == \"$old\") | [.state, .cut.seq, .seq] | @tsv" \
		list >out &&
	printf "cut\t2\t2\n" >expect &&
	test_cmp expect out &&
	laptop mn post -m "laptop 2"
'

test_expect_success 'once more changes nothing' '
	laptop mn device revoke --yes $old 2>err &&
	grep "revoked already" err
'

test_expect_success 'posts beyond the cut come in nowhere' '
	# a remote that takes whatever a thief pushes with git
	cp -R "$hub" thief.git &&
	git -C phone/profiles/$profile.git push -q "$PWD/thief.git" \
		refs/mn/devices/$old &&
	laptop mn push &&
	bob mn -p ada remote add thief "$PWD/thief.git" &&
	{ bob mn fetch || :; } &&
	bob mn -p ada remote remove thief &&
	texts bob >out &&
	printf "%s\n" "laptop 1" "phone 1" "phone 2" "laptop 2" >expect &&
	test_cmp expect out &&
	bob mn -p ada fsck &&
	git -C bob/profiles/$profile.git rev-parse refs/mn/devices/$old \
		>a &&
	git -C laptop/profiles/$profile.git rev-parse \
		refs/mn/devices/$old >b &&
	test_cmp b a
'

test_expect_success 'the phone hears of it, and keeps its posts aside' '
	laptop mn push &&
	{ phone mn fetch || :; } &&
	test_expect_code 128 phone mn post -m "phone 5" 2>err &&
	grep "removed from the profile" err &&
	texts phone >out &&
	test_cmp expect out &&
	git -C phone/profiles/$profile.git rev-parse refs/mn/aside/$(cat id4) &&
	phone mn fsck
'

test_expect_success 'rekey without the root secret asks for a new key' '
	test_expect_code 128 phone mn device rekey --from HEAD 2>err &&
	phone mn device rekey --label phone2 >asked 2>err &&
	grep "^mn-device-request:1:.*:phone2:" asked &&
	grep "mn device adopt $(echo $old | cut -c 1-12)" err &&
	test "$(key_of phone)" = $old &&
	laptop mn device add --yes - <asked >answer &&
	laptop mn push &&
	phone mn init --join "$(cat answer)" &&
	test "$(key_of phone)" != $old &&
	test_path_is_file phone/keys/$old.old &&
	phone mn post -m "phone 5"
'

test_expect_success 'adopt takes over what was posted beyond the cut' '
	phone mn device adopt $old >adopted &&
	test_line_count = 2 adopted &&
	cat id3 id4 >expect &&
	cut -f 1 adopted >out &&
	test_cmp expect out &&
	new=$(tail -n 1 adopted | cut -f 2) &&
	phone mn cat-object meta $new >meta &&
	grep "^summary Four$" meta &&
	grep "^stream s$" meta &&
	grep "^lang en$" meta &&
	grep "^subject adopts mn:$profile/$(cat id4)$" meta &&
	grep "^attr adopted-time [0-9]*$" meta &&
	grep "^place 1.5,-2$" meta &&
	grep "^link https://example.org/$" meta &&
	phone mn show -c 1 -o got $new &&
	test_cmp file.txt got &&
	phone mn fsck
'

test_expect_success 'what was adopted is left out' '
	phone mn device adopt $old >out 2>err &&
	test_must_be_empty out &&
	grep "adopted already" err &&
	test_expect_code 1 phone mn device adopt 0000000000 2>err &&
	grep "no post beyond a cut" err
'

test_expect_success 'all have it, in the same order' '
	phone mn push && exchange &&
	texts phone >out &&
	printf "%s\n" "laptop 1" "phone 1" "phone 2" "laptop 2" "phone 5" \
		"phone 3" "phone 4" >expect &&
	test_cmp expect out &&
	texts laptop >out && test_cmp expect out &&
	texts bob >out && test_cmp expect out &&
	git -C "$hub" for-each-ref --format="%(refname)" >refs &&
	! grep aside refs
'

test_expect_success '--from: everything since then was the thief' '
	join tablet tablet &&
	tablet=$(key_of tablet) &&
	for i in 1 2 3
	do
		MN_DIR=$PWD/tablet mn post -m "tablet $i" >tablet.$i || return 1
	done &&
	MN_DIR=$PWD/tablet mn push &&
	exchange &&
	test_expect_code 128 laptop mn device revoke --yes \
		--from @{laptop} tablet 2>err &&
	laptop mn device revoke --yes --from $(cat tablet.3) tablet 2>err &&
	grep "1 post of it that is here does not count" err &&
	laptop mn push && bob_fetches &&
	texts bob | grep tablet >out &&
	printf "%s\n" "tablet 1" "tablet 2" >expect &&
	test_cmp expect out
'

test_expect_success 'a cut can be lowered, never raised' '
	laptop mn device revoke --yes --from $(cat tablet.1) $tablet &&
	laptop mn push && bob_fetches &&
	! texts bob | grep tablet &&
	test_must_fail laptop mn device revoke --yes \
		--from $(cat tablet.3) $tablet &&
	laptop mn fsck && bob mn -p ada fsck
'

test_expect_success 'single posts can be adopted, by any device' '
	laptop mn device adopt $(cat tablet.2) >out &&
	test_line_count = 1 out &&
	laptop mn device adopt $(echo $tablet | cut -c 1-10) >out &&
	cut -f 1 out >actual &&
	cat tablet.1 tablet.3 >expect &&
	test_cmp expect actual &&
	laptop mn push && bob_fetches &&
	texts bob | grep -c tablet >out &&
	echo 3 >expect &&
	test_cmp expect out
'

test_expect_success 'replies to an adopted post are to what took its place' '
	join desk desk &&
	desk=$(key_of desk) &&
	on_desk () {
		MN_DIR=$TRASH_DIRECTORY/desk "$@"
	} &&
	on_desk mn post -m "first" >first &&
	jq -nc --arg ref "mn:$profile/$(cat first)" \
		"{text: \"second\", subjects: [{rel: \"reply-to\", ref: \$ref}]}" \
		>second.json &&
	on_desk mn post --batch second.json >second &&
	on_desk mn push && { laptop mn fetch || :; } &&
	laptop mn device revoke --yes --from $(cat first) desk &&
	laptop mn device adopt $desk >adopted &&
	first=$(head -n 1 adopted | cut -f 2) &&
	second=$(tail -n 1 adopted | cut -f 2) &&
	laptop mn cat-object meta $second >meta &&
	grep "^subject reply-to mn:$profile/$first$" meta
'

test_expect_success 'gc keeps what may be adopted' '
	join pad pad &&
	pad=$(key_of pad) &&
	MN_DIR=$PWD/pad mn post -m "pad 1" >pad.1 &&
	MN_DIR=$PWD/pad mn push && { laptop mn fetch || :; } &&
	laptop mn device revoke --yes --from $(cat pad.1) pad &&
	laptop mn gc --prune=now &&
	laptop mn device adopt $(cat pad.1) >out &&
	test_line_count = 1 out
'

test_expect_success 'the only device is not revoked' '
	MN_DIR=$PWD/alone mn init --device alone 2>/dev/null &&
	test_expect_code 128 env MN_DIR="$PWD/alone" \
		mn device revoke --yes alone 2>err &&
	grep "only device" err
'

test_expect_success 'rekey with the root secret does all at once' '
	laptop mn post -m "laptop 3" >laptop.3 &&
	laptop mn post -m "laptop 4" &&
	laptop mn push && bob_fetches &&
	before=$(texts bob | wc -l) &&
	laptop mn device rekey --yes --from $(cat laptop.3) >out 2>err &&
	test_line_count = 2 out &&
	test "$(key_of laptop)" != $laptop_key &&
	test_path_is_file laptop/keys/$laptop_key.old &&
	laptop mn device list >out &&
	grep "^laptop .* this device " out &&
	laptop mn push && bob_fetches &&
	test "$(texts bob | wc -l)" = $before &&
	laptop mn post -m "laptop 5" &&
	laptop mn push && { phone mn fetch || :; } && bob_fetches &&
	texts phone >a && texts bob >b && texts laptop >c &&
	test_cmp a b && test_cmp b c &&
	laptop mn fsck
'

test_expect_success 'a cloned machine: both keep all of their posts' '
	hub=$PWD/hub2.git && git init -q --bare "$hub" &&
	MN_DIR=$PWD/one mn init --device one >one.id 2>/dev/null &&
	MN_DIR=$PWD/one mn post -m "before" &&
	MN_DIR=$PWD/one mn remote add hub "$hub" &&
	MN_DIR=$PWD/one mn push &&
	cp -R one two && rm two/keys/*.root &&
	twice=$(key_of one) &&
	MN_DIR=$PWD/one mn post -m "one 1" &&
	MN_DIR=$PWD/two mn post -m "two 1" &&
	MN_DIR=$PWD/two mn post -m "two 2" &&
	MN_DIR=$PWD/one mn push &&
	{ MN_DIR=$PWD/two mn fetch || :; } &&
	MN_DIR=$PWD/two mn device list | grep "^one .*frozen" &&
	{ MN_DIR=$PWD/two mn push || :; } &&
	MN_DIR=$PWD/one mn device rekey --yes --from "@{one}" >out &&
	test_line_count = 1 out &&
	{ MN_DIR=$PWD/one mn push || :; } &&
	MN_DIR=$PWD/two mn device rekey --label two >asked &&
	MN_DIR=$PWD/one mn device add --yes - <asked >answer &&
	{ MN_DIR=$PWD/one mn push || :; } &&
	MN_DIR=$PWD/two mn init --join "$(cat answer)" &&
	MN_DIR=$PWD/two mn device adopt $twice &&
	MN_DIR=$PWD/two mn push &&
	{ MN_DIR=$PWD/one mn fetch || :; } &&
	for who in one two
	do
		MN_DIR=$PWD/$who mn log --format="%(text)" | grep . |
			sort -u >out &&
		printf "%s\n" before "one 1" "two 1" "two 2" >expect &&
		test_cmp expect out || return 1
	done
'

test_expect_success 'what the copy wrote has numbers within the cut' '
	rm -rf one two && hub=$PWD/hub3.git && git init -q --bare "$hub" &&
	MN_DIR=$PWD/one mn init --device one 2>/dev/null &&
	MN_DIR=$PWD/one mn post -m "before" &&
	MN_DIR=$PWD/one mn remote add hub "$hub" &&
	MN_DIR=$PWD/one mn push -q &&
	cp -R one two && rm two/keys/*.root &&
	twice=$(key_of one) &&
	MN_DIR=$PWD/two mn post -m "two 1" &&
	MN_DIR=$PWD/one mn post -m "one 1" &&
	MN_DIR=$PWD/one mn post -m "one 2" &&
	MN_DIR=$PWD/one mn push -q &&
	test_expect_code 1 env MN_DIR="$PWD/two" mn fetch -q &&
	MN_DIR=$PWD/one mn device rekey --yes >out &&
	test_must_be_empty out &&
	MN_DIR=$PWD/two mn device rekey --label two >asked &&
	MN_DIR=$PWD/one mn device add --yes - <asked >answer &&
	MN_DIR=$PWD/one mn push -q &&
	MN_DIR=$PWD/two mn init --join "$(cat answer)" &&
	MN_DIR=$PWD/two mn device adopt $twice >out &&
	test_line_count = 1 out &&
	MN_DIR=$PWD/two mn device adopt $twice >out &&
	test_must_be_empty out &&
	MN_DIR=$PWD/two mn push -q &&
	MN_DIR=$PWD/one mn fetch -q &&
	for who in one two
	do
		MN_DIR=$PWD/$who mn log --format="%(text)" | grep . |
			sort >out &&
		printf "%s\n" before "one 1" "one 2" "two 1" >expect &&
		test_cmp expect out && MN_DIR=$PWD/$who mn fsck || return 1
	done
'

test_expect_success 'rekey keeps a passphrase' '
	echo secret >pass &&
	export MN_PASSPHRASE_FILE="$PWD/pass" &&
	test_when_finished "unset MN_PASSPHRASE_FILE" &&
	MN_DIR=$PWD/safe mn init --device safe --passphrase >safe.id 2>/dev/null &&
	MN_DIR=$PWD/safe mn device rekey --yes &&
	grep "^argon2id" safe/keys/$(cat safe.id).device &&
	MN_DIR=$PWD/safe mn post -m "still safe"
'

test_expect_success 'a wrong phrase leaves no key behind' '
	echo "babab babab" >wrong &&
	ls laptop/keys >before &&
	test_must_fail laptop mn device rekey --yes --phrase-file wrong &&
	ls laptop/keys >after &&
	test_cmp before after
'

test_done
