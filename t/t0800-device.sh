#!/bin/sh

test_description='mn device: pairing

A laptop makes the profile, a phone joins it, by way of a directory.
'

. ./test-lib.sh

pairing_lines=$TEST_DIRECTORY/../tools/pairing-lines.py

laptop () {
	MN_DIR=$TRASH_DIRECTORY/laptop "$@"
}

phone () {
	MN_DIR=$TRASH_DIRECTORY/phone "$@"
}

# Without a terminal: one of its own session has none.
alone () {
	setsid -w "$@" </dev/null
}

hub=$TRASH_DIRECTORY/hub.git

test_expect_success 'set up' '
	profile=$(laptop mn init --device laptop 2>/dev/null) &&
	laptop mn post -m "from the laptop" &&
	git init -q --bare "$hub" &&
	laptop mn remote add hub "$hub" &&
	laptop mn push
'

test_expect_success 'request prints one line, and keeps a key that others cannot read' '
	phone mn device request --label "my phone" >request 2>err &&
	test_line_count = 1 request &&
	grep "^mn-device-request:1:[0-9a-f]*:my%20phone:" request &&
	key=$(cut -d: -f3 request) &&
	test "$(stat -c %a phone/keys/$key.pending)" = 600 &&
	grep "^profile 0\{64\}$" phone/keys/$key.pending &&
	digits=$(echo $key | sed "s/\(....\)/\1 /g" | cut -c 1-29) &&
	grep "$digits" err &&
	grep "my phone" err
'

test_expect_success 'the line is the one that a second hand makes' '
	seed=$(sed -n "s/^plain //p" phone/keys/$key.pending) &&
	"$pairing_lines" request $seed "my phone" >expect &&
	test_cmp expect request
'

test_expect_success 'a label that is none is refused, and no key is left' '
	test_expect_code 128 phone mn device request --label " x" 2>err &&
	grep "label is 1 to 64 bytes" err &&
	ls phone/keys >out &&
	test_line_count = 1 out
'

test_expect_success 'a QR code is drawn if asked for' '
	MN_DIR=$PWD/qr mn device request --label x --qr >line 2>err &&
	grep "█" err >code &&
	MN_DIR=$PWD/qr mn device request --label x 2>err &&
	! grep "█" err
'

test_expect_success zbarimg 'it says the line' '
	python3 - >code.pgm <<-\EOF &&
	rows = [line.rstrip("\n") for line in open("code", encoding="utf-8")]
	shape = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
	pixels = [[shape[c][half] for c in row]
	          for row in rows for half in (0, 1)]
	print("P2", 4 * len(pixels[0]), 4 * len(pixels), 1)
	for row in pixels:
	    for _ in range(4):
	        print(*(p for p in row for _ in range(4)))
	EOF
	zbarimg -q --raw code.pgm >said &&
	test_cmp line said
'

test_expect_success 'who is not listed yet can try again later' '
	test_expect_code 75 phone mn init --join "$hub" >out 2>err &&
	test_must_be_empty out &&
	grep "does not list this device yet" err &&
	test_path_is_file phone/keys/$key.pending &&
	test_must_fail phone mn -p $profile post -m early
'

test_expect_success 'add asks, and does nothing without a terminal' '
	test_expect_code 128 alone env MN_DIR="$PWD/laptop" \
		mn device add "$(cat request)" >out 2>err &&
	grep "no terminal to ask on" err &&
	test_must_be_empty out &&
	laptop mn device list -z | tr "\0" "\n" >list &&
	test_line_count = 1 list
'

test_expect_success 'wrong lines' '
	line=$(cat request) &&
	test_expect_code 128 laptop mn device add --yes "${line%?}" 2>err &&
	grep "not copied whole" err &&
	test_expect_code 128 laptop mn device add --yes \
		"$(echo "$line" | sed s/phone/fone/)" 2>err &&
	grep "not copied whole" err &&
	test_expect_code 128 laptop mn device add --yes \
		"$(echo "$line" | sed s/:1:/:2:/)" 2>err &&
	grep "another version" err &&
	test_expect_code 128 laptop mn device add --yes hello 2>err &&
	grep "no request" err &&
	jq -r "select(.name == \"forged\").line" \
		"$TEST_DIRECTORY/vectors/pairing.jsonl" >forged &&
	test_expect_code 1 laptop mn device add --yes - <forged 2>err &&
	grep "forged" err &&
	laptop mn device list -z | tr "\0" "\n" >list &&
	test_line_count = 1 list
'

test_expect_success 'add shows label and key, and answers' '
	laptop mn device add --yes - <request >answer 2>err &&
	test_line_count = 1 answer &&
	grep "$digits" err &&
	grep "my phone" err &&
	"$pairing_lines" answer $profile $key "$hub" >expect &&
	test_cmp expect answer
'

test_expect_success 'once more gives the same answer, and changes nothing' '
	git -C laptop/profiles/$profile.git rev-parse refs/mn/identity >before &&
	laptop mn device add --yes - <request >out &&
	test_cmp answer out &&
	git -C laptop/profiles/$profile.git rev-parse refs/mn/identity >after &&
	test_cmp before after
'

test_expect_success 'a label is taken once; --label gives another' '
	MN_DIR=$PWD/other mn device request --label "my phone" >request2 &&
	test_expect_code 128 laptop mn device add --yes - <request2 2>err &&
	grep "already: give another label" err
'

test_expect_success 'answers that are none for this device' '
	test_expect_code 128 phone mn init --join "$(sed "s/hub/hup/" answer)" \
		2>err &&
	grep "not copied whole" err &&
	test_expect_code 128 env MN_DIR="$PWD/other" \
		mn init --join "$(cat answer)" 2>err &&
	grep "not requested here" err &&
	"$pairing_lines" answer $(printf %064d 7) $key "$hub" >wrong &&
	test_expect_code 128 phone mn init --join "$(cat wrong)" 2>err &&
	test_expect_code 128 env MN_DIR="$PWD/nobody" \
		mn init --join "$hub" 2>err &&
	grep "mn device request" err &&
	test_path_is_missing nobody
'

test_expect_success 'join finishes' '
	laptop mn push &&
	phone mn init --join "$(cat answer)" --name me >out &&
	echo $profile >expect &&
	test_cmp expect out &&
	ls phone/keys >out &&
	echo $profile.device >expect &&
	test_cmp expect out &&
	test "$(stat -c %a phone/keys/$profile.device)" = 600 &&
	phone mn whoami >out &&
	printf "%s\t%s\tme\tmy phone\n" $profile $key >expect &&
	test_cmp expect out &&
	phone mn remote >out &&
	grep "$hub" out
'

test_expect_success 'both post, and both have it all' '
	phone mn post -m "from the phone" &&
	laptop mn post -m "from the laptop, too" &&
	phone mn push &&
	laptop mn fetch &&
	laptop mn push &&
	phone mn fetch &&
	laptop mn log --format="%(node)" >log.laptop &&
	phone mn log --format="%(node)" >log.phone &&
	test_line_count = 3 log.laptop &&
	test_cmp log.laptop log.phone &&
	git -C laptop/profiles/$profile.git rev-parse refs/heads/main >a &&
	git -C phone/profiles/$profile.git rev-parse refs/heads/main >b &&
	test_cmp a b &&
	laptop mn fsck && phone mn fsck
'

test_expect_success 'list' '
	laptop mn device list --json >list &&
	jq -r "[.device, .label, .state, .mine, .sealed, .seq] | @tsv" list |
		sort >actual &&
	{
		printf "%s\tlaptop\tlisted\ttrue\ttrue\t2\n" \
			$(laptop mn whoami --json | jq -r .device) &&
		printf "%s\tmy phone\tlisted\tfalse\ttrue\t1\n" $key
	} | sort >expect &&
	test_cmp expect actual &&
	laptop mn device list >out &&
	grep "^laptop  *[0-9a-f]\{12\}  this device  2 posts" out &&
	grep "^my phone  $(echo $key | cut -c 1-12)  listed  *1 post," out
'

test_expect_success 'rename' '
	laptop mn device rename "my phone" handy &&
	laptop mn device list >out &&
	grep "^handy " out &&
	test_expect_code 128 laptop mn device rename handy laptop 2>err &&
	grep "already" err &&
	test_expect_code 1 laptop mn device rename nobody x 2>err &&
	grep "no device .nobody." err &&
	laptop mn push && phone mn fetch &&
	phone mn whoami | grep "	handy$"
'

test_expect_success 'who has not the root secret needs the phrase' '
	test_expect_code 128 alone env MN_DIR="$PWD/phone" \
		mn device rename handy phone 2>err &&
	grep "root secret .* is not kept here" err &&
	grep -e "--phrase-file" err
'

test_expect_success 'the phrase does it on any device' '
	MN_DIR=$PWD/paper mn init --device desk --no-root >paper.id 2>err &&
	sed -n "s/^    //p" err >phrase &&
	MN_DIR=$PWD/paper mn device rename --phrase-file phrase desk table &&
	MN_DIR=$PWD/paper mn device list | grep "^table " &&
	MN_DIR=$PWD/paper mn device add --yes --phrase-file - "$(cat request2)" \
		<phrase &&
	MN_DIR=$PWD/paper mn device list | grep "^my phone " &&
	sed "s/^....../babab /" phrase >wrong &&
	test_expect_code 128 env MN_DIR="$PWD/paper" \
		mn device rename --phrase-file wrong table desk 2>err &&
	laptop mn -p $profile device list >/dev/null &&
	test_expect_code 128 laptop mn device rename --phrase-file phrase \
		handy x 2>err &&
	grep "not the recovery phrase of" err
'

test_expect_success 'a root secret under a passphrase' '
	echo secret >rootpass &&
	MN_PASSPHRASE_FILE=$PWD/rootpass MN_DIR=$PWD/locked mn init \
		--device one --passphrase 2>/dev/null &&
	MN_PASSPHRASE_FILE=$PWD/rootpass MN_DIR=$PWD/locked mn device add \
		--yes - <request2 >out &&
	test_line_count = 1 out &&
	MN_PASSPHRASE_FILE=$PWD/rootpass MN_DIR=$PWD/locked mn device rename \
		one two &&
	echo wrong >wrongpass &&
	test_expect_code 128 env MN_PASSPHRASE_FILE="$PWD/wrongpass" \
		MN_DIR="$PWD/locked" mn device rename two one 2>err &&
	grep "wrong passphrase" err &&
	test_expect_code 128 alone env MN_DIR="$PWD/locked" \
		mn device rename two one 2>err &&
	grep "MN_PASSPHRASE_FILE" err
'

test_expect_success 'by a bundle, where there is no remote' '
	MN_DIR=$PWD/paper mn bundle create paper.bundle &&
	MN_DIR=$PWD/other mn init --join paper.bundle >out &&
	test_cmp paper.id out &&
	MN_DIR=$PWD/other mn post -m "by a bundle"
'

test_expect_success 'a key under a passphrase stays under it' '
	echo secret >pass &&
	MN_PASSPHRASE_FILE=$PWD/pass MN_DIR=$PWD/third mn device request \
		--label third --passphrase >request3 &&
	laptop mn device add --yes - <request3 >answer3 &&
	laptop mn push &&
	MN_DIR=$PWD/third mn init --join "$(cat answer3)" &&
	grep "^argon2id" third/keys/$profile.device &&
	MN_PASSPHRASE_FILE=$PWD/pass MN_DIR=$PWD/third mn post -m third &&
	echo wrong >pass &&
	MN_PASSPHRASE_FILE=$PWD/pass test_must_fail env MN_DIR="$PWD/third" \
		mn post -m third
'

test_expect_success 'a removed pending file and a device file together: join finishes it' '
	cp third/keys/$profile.device \
		third/keys/$(cut -d: -f3 request3).pending &&
	MN_DIR=$PWD/third mn init --join "$(cat answer3)" &&
	ls third/keys >out &&
	echo $profile.device >expect &&
	test_cmp expect out
'

test_expect_success 'one who followed before becomes an owner' '
	MN_DIR=$PWD/fourth mn follow --as laptop "$hub" &&
	MN_DIR=$PWD/fourth mn device request --label fourth >request4 &&
	laptop mn device add --yes - <request4 >answer4 &&
	laptop mn push &&
	MN_DIR=$PWD/fourth mn init --join "$(cat answer4)" &&
	MN_DIR=$PWD/fourth mn post -m fourth &&
	MN_DIR=$PWD/fourth mn following >out &&
	test_must_be_empty out
'

test_expect_success 'options that make no sense' '
	test_expect_code 129 mn device &&
	test_expect_code 129 mn device frob &&
	test_expect_code 129 mn device list --yes &&
	test_expect_code 129 mn device list --json -z &&
	test_expect_code 129 mn device add &&
	test_expect_code 129 mn device rename x &&
	test_expect_code 129 mn device list x &&
	test_expect_code 129 mn init --join x --passphrase
'

test_done
