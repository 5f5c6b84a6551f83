#!/bin/sh

test_description='mn identity: show, verify, export, rotate, passphrase'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

ada=''		# the profile, once it is made

# phrase_of FILE: the recovery phrase that was shown in it
phrase_of () {
	grep -Ex ' *([a-z]{5} ){9}[a-z]{5}' "$1" | sed 's/^ *//'
}

# shown KEY: a member of the newest document
shown () {
	mn identity show --json | jq -r "$1"
}

# another LABEL: one more device, by who has the root secret here
another () {
	add-device "$MN_DIR" "$ada" "$1" "$TRASH_DIRECTORY/$1"
}

test_expect_success 'set up' '
	ada=$(mn init --name ada --device laptop 2>err) &&
	phrase_of err >phrase.0 && test_line_count = 1 phrase.0 &&
	mn post -m one && mn post -m two &&
	repo=$MN_DIR/profiles/$ada.git
'

test_expect_success 'show: what a person wants to know' '
	mn identity show >out &&
	test_grep "^profile  *$ada  ada$" out &&
	test_grep "^document  *R0 " out &&
	test_grep "^ *the root secret is kept here$" out &&
	device=$(mn whoami | cut -f 2) &&
	test_grep "^device  *$(echo $device | cut -c 1-12)  laptop  (this device)$" \
		out
'

test_expect_success 'show --json: all that the document says' '
	mn identity export | sed -n "s/^root //p" >expect &&
	shown ".roots[]" >actual && test_cmp expect actual &&
	mn identity export | sed -n "s/^next //p" >expect &&
	shown ".next[]" >actual && test_cmp expect actual &&
	mn identity export | sed -n "s/^encryption //p" >expect &&
	shown .encryption >actual && test_cmp expect actual &&
	mn identity export | sed -n "s/^time //p" >expect &&
	shown .time >actual && test_cmp expect actual &&
	mn identity export | sed -n "s/^device //p" >expect &&
	shown ".devices[] | .device + \" \" + .label" >actual &&
	test_cmp expect actual &&
	test "$(shown .digest)" = "$ada" &&
	test "$(shown ".devices[0].sealed, .devices[0].here, .newest" |
		sort -u)" = true &&
	test "$(shown ".\"root-kept\"")" = yes
'

test_expect_success 'export is what the ref holds, byte for byte' '
	git -C "$repo" cat-file blob refs/mn/identity >expect &&
	mn identity export >actual && cmp expect actual &&
	mn identity export -o chain && cmp expect chain &&
	mn identity export -o - >actual && cmp expect actual
'

test_expect_success 'show --all: all documents, and who was removed' '
	another phone &&
	phone=$(sed -n "s/^public //p" phone/keys/$ada.device) &&
	cut-device "$MN_DIR" $ada $phone 0 &&
	mn identity show --all >out &&
	grep -c "^document " out >actual && echo 3 >expect &&
	test_cmp expect actual &&
	test_grep "^removed  *$(echo $phone | cut -c 1-12)  phone, with nothing" \
		out &&
	test "$(shown ".removed[] | .device, .label, .seq" | tr "\n" " ")" = \
		"$phone phone 0 " &&
	mn identity show --all --json | jq -r .number >actual &&
	printf "0\n1\n2\n" >expect && test_cmp expect actual
'

test_expect_success 'a label cannot steer the terminal' '
	another "$(printf "a\342\200\256b")" &&
	mn identity show >out && test_grep "a<U+202E>b" out
'

test_expect_success 'verify: a good chain, from wherever it comes' '
	printf "%s\tok\tR0 to R3\n" $ada >expect &&
	mn identity verify >actual && test_cmp expect actual &&
	mn identity export >chain &&
	mn identity verify chain >actual && test_cmp expect actual &&
	mn identity verify - <chain >actual && test_cmp expect actual &&
	mn -p ada identity verify chain >actual && test_cmp expect actual &&
	test "$(mn identity verify --json chain |
		jq -r ".ok, .profile, .documents" | tr "\n" " ")" = \
		"true $ada 4 "
'

# bad NUMBER RULE: what is in the file "broken", by its name
bad () {
	test_must_fail 1 mn identity verify broken >out &&
	cut -f 1,2 out >actual && printf '%s\t%s\n' "$1" "$2" >expect &&
	test_cmp expect actual &&
	test "$(test_must_fail 1 mn identity verify --json broken |
		jq -r '.ok, .rule' | tr '\n' ' ')" = "false $2 "
}

test_expect_success 'verify names the rule that is broken, and where' '
	: >broken && bad - identity-size &&
	head -c 5000000 /dev/zero >broken && bad - identity-size &&
	sed "s/^mn-identity 1/mn-identity 2/" chain >broken &&
	bad R0 identity-version &&
	awk "/^number 2/ { print \"number 3\"; next } { print }" chain \
		>broken && bad R2 chain-number &&
	sed "/^number 1/,/^number 2/s/^device .*/&x/" chain >broken &&
	bad R1 chain-signature &&
	awk "/^mn-identity/ { n++ } n != 2" chain >broken &&
	bad R1 chain-number &&
	awk "/^mn-identity/ { n++ } n == 4 && /^cut / { next } { print }" \
		chain >broken && bad R3 chain-device &&
	head -c 100 chain >broken && bad R0 identity-line
'

test_expect_success 'verify: the right chain of another profile' '
	bob=$(MN_DIR=$PWD/bob mn init 2>/dev/null) &&
	MN_DIR=$PWD/bob mn identity export >broken &&
	mn identity verify broken &&
	test_must_fail 1 mn identity verify -p ada broken >out &&
	cut -f 1,2 out >actual && printf "%s\tidentity-profile\n" - >expect &&
	test_cmp expect actual
'

test_expect_success 'verify: a profile whose ref names something else' '
	cp -R "$MN_DIR" spoilt &&
	blob=$(sed "s/^label/x/;s/^threshold 1/threshold 2/" chain |
		git -C "spoilt/profiles/$ada.git" hash-object -w --stdin) &&
	git -C "spoilt/profiles/$ada.git" update-ref refs/mn/identity $blob &&
	test_must_fail 1 env MN_DIR="$PWD/spoilt" mn identity verify >out &&
	test_grep "^R0	identity-threshold	" out
'

test_expect_success 'what cannot be read is no negative answer' '
	test_must_fail 128 mn identity verify nowhere 2>err &&
	test_grep "nowhere" err &&
	test_must_fail 128 mn identity verify . 2>err &&
	test_expect_code 129 mn identity &&
	test_expect_code 129 mn identity chain &&
	test_expect_code 129 mn identity show chain &&
	test_expect_code 129 mn identity verify chain chain &&
	test_expect_code 129 mn identity show --revoke x &&
	test_expect_code 129 mn identity recover --all &&
	test_expect_code 129 mn identity passphrase --remove --new-file x
'

# ------------------------------------------------------------------ rotation

test_expect_success 'rotate: a new phrase, and the old one is void' '
	before=$(shown .digest) && cp "$MN_DIR/keys/$ada.root" root.0 &&
	mn identity rotate 2>err &&
	phrase_of err >phrase.1 && test_line_count = 1 phrase.1 &&
	! cmp -s phrase.0 phrase.1 &&
	test_grep "is void" err &&
	test "$(shown .previous)" = $before &&
	test "$(shown ".\"root-kept\"")" = yes &&
	mn identity verify && mn fsck &&
	ls "$MN_DIR/keys" >actual &&
	printf "%s\n" $ada.device $ada.root >expect && test_cmp expect actual &&
	! cmp -s root.0 "$MN_DIR/keys/$ada.root" &&
	mn post -m "after it"
'

test_expect_success 'the new secret adds a device, the old one does not' '
	another tablet && mn identity verify &&
	test_must_fail 128 mn identity rotate --phrase-file phrase.0 2>err &&
	test_grep "older recovery phrase" err &&
	test_grep "void since R4" err &&
	cp -R "$MN_DIR" stale && cp root.0 "stale/keys/$ada.root" &&
	test_must_fail 128 env MN_DIR="$PWD/stale" mn identity rotate 2>err &&
	test_grep "not in force any more" err &&
	MN_DIR=$PWD/stale mn identity show >out &&
	test_grep "that is kept here is not in force" out
'

test_expect_success 'by its phrase, where the secret is not kept' '
	cp -R "$MN_DIR" keyless && rm "keyless/keys/$ada.root" &&
	(
		MN_DIR=$PWD/keyless && export MN_DIR &&
		mn identity show >out &&
		test_grep "the root secret is not kept here" out &&
		test_must_fail 128 setsid mn identity rotate 2>err </dev/null &&
		test_grep -e "--phrase-file" err &&
		mn identity rotate --phrase-file - <phrase.1 2>err &&
		phrase_of err >phrase.2 &&
		test_grep "the new one is not kept here" err &&
		ls "$MN_DIR/keys" >actual && echo $ada.device >expect &&
		test_cmp expect actual &&
		test_must_fail 128 mn identity rotate --phrase-file phrase.1 &&
		mn identity rotate --phrase-file phrase.2 2>err
	)
'

test_expect_success 'a phrase that is none, or that of somebody else' '
	echo "ten words" >none &&
	test_must_fail 128 mn identity rotate --phrase-file none 2>err &&
	test_grep "phrase" err &&
	MN_DIR=$PWD/other mn init 2>err && phrase_of err >phrase.other &&
	test_must_fail 128 mn identity rotate --phrase-file phrase.other \
		2>err &&
	test_grep "not the recovery phrase of profile" err &&
	test_must_fail 128 mn identity rotate --phrase-file nowhere 2>err &&
	test_grep "nowhere" err
'

test_expect_success 'a stolen root key cannot make the next document' '
	mn identity export >chain && n=$(shown .number) &&
	forge-identity phrase.1 $n <chain >broken &&
	bad R$((n + 1)) chain-root &&
	forge-identity phrase.0 $((n + 1)) <chain >broken &&
	bad R$((n + 1)) chain-root &&
	forge-identity phrase.1 $((n + 1)) <chain >broken &&
	mn identity verify broken
'

test_expect_success TRACE 'a rotation that died before it took place' '
	cp -R "$MN_DIR" died && cp "died/keys/$ada.root" died.root &&
	(
		MN_DIR=$PWD/died && export MN_DIR &&
		syscall --path .lock kill 1 mn identity rotate 2>err
		test -f "died/keys/$ada.root.next" || exit 1
		phrase_of err >phrase.next && test_line_count = 1 phrase.next &&
		cmp died.root "died/keys/$ada.root" &&
		mn identity rotate 2>err && phrase_of err >phrase.again &&
		test_cmp phrase.next phrase.again &&
		test_path_is_missing "died/keys/$ada.root.next" &&
		mn identity recover --phrase-file phrase.next
	)
'

test_expect_success TRACE 'a rotation that died when it had taken place' '
	cp -R died ended && cp died.root "ended/keys/$ada.root" &&
	cp "died/keys/$ada.root" "ended/keys/$ada.root.next" &&
	(
		MN_DIR=$PWD/ended && export MN_DIR &&
		mn identity show >out &&
		test_grep "the root secret is kept here" out &&
		line=$(MN_DIR=$PWD/new mn device request --label new) &&
		mn device add --yes "$line" >out &&
		test_path_is_missing "ended/keys/$ada.root.next" &&
		cmp "died/keys/$ada.root" "ended/keys/$ada.root"
	)
'

# --------------------------------------------------------------- passphrases

test_expect_success 'a passphrase comes' '
	echo "correct horse" >pass.1 && echo "battery staple" >pass.2 &&
	echo "wrong" >pass.bad && : >pass.empty &&
	mn identity passphrase --new-file pass.1 2>err &&
	test_grep "under the new passphrase" err &&
	for key in "$MN_DIR"/keys/$ada.*
	do
		test_grep "^argon2id " $key && test_grep ! "^plain" $key &&
		test "$(stat -c %a "$key")" = 600 || return 1
	done &&
	test_must_fail 128 setsid mn post -m no </dev/null &&
	MN_PASSPHRASE_FILE=pass.1 mn post -m yes &&
	mn identity show >out &&
	test_grep "kept here, under a passphrase" out &&
	test "$(shown ".\"root-kept\"")" = wrapped
'

test_expect_success 'it changes, by who knows it' '
	cp -R "$MN_DIR/keys" before &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=pass.bad \
		mn identity passphrase --new-file pass.2 2>err &&
	test_grep "wrong passphrase" err &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=pass.1 \
		mn identity passphrase --new-file pass.empty 2>err &&
	test_grep -e "--remove" err &&
	test_must_fail 128 setsid mn identity passphrase --remove \
		2>err </dev/null &&
	diff -r before "$MN_DIR/keys" &&
	MN_PASSPHRASE_FILE=pass.1 mn identity passphrase --new-file pass.2 &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=pass.1 mn post -m no &&
	MN_PASSPHRASE_FILE=pass.2 mn post -m yes
'

test_expect_success 'one that died in between is completed' '
	cp "before/$ada.device" "$MN_DIR/keys/" &&
	MN_PASSPHRASE_FILE=pass.1 mn identity passphrase --new-file pass.2 &&
	MN_PASSPHRASE_FILE=pass.2 mn post -m yes
'

test_expect_success 'a rotation keeps it' '
	MN_PASSPHRASE_FILE=pass.2 mn identity rotate 2>err &&
	test_grep "^argon2id " "$MN_DIR/keys/$ada.root" &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=pass.1 mn identity rotate &&
	MN_PASSPHRASE_FILE=pass.2 mn identity rotate 2>err
'

test_expect_success 'it goes' '
	MN_PASSPHRASE_FILE=pass.2 mn identity passphrase --remove 2>err &&
	test_grep "no passphrase any more" err &&
	mn post -m "without one" && mn identity rotate 2>err &&
	mn identity passphrase --remove
'

test_expect_success 'there must be keys' '
	cp -R "$MN_DIR" bare && rm bare/keys/* &&
	test_must_fail 128 env MN_DIR="$PWD/bare" \
		mn -p $ada identity passphrase --remove 2>err &&
	test_grep "no keys" err
'

test_done
