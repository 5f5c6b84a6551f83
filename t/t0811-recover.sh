#!/bin/sh

test_description='mn identity recover: a device from the phrase alone

On an empty home, from a directory, a server and a bundle; what is refused;
and what others make of two documents that follow the same one.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

profile=''	# the id, once it is made
repo=''		# that of the laptop

phrase_of () {
	grep -Ex ' *([a-z]{5} ){9}[a-z]{5}' "$1" | sed 's/^ *//'
}

# shown HOME KEY: a member of the newest document
shown () {
	on "$1" mn -p "$profile" identity show --json | jq -r "$2"
}

# the ids of all posts
posts () {
	on "$1" mn log --format="%(node)" | sort
}

# recovers HOME ARGUMENTS...
recovers () {
	_at=$1
	shift
	on "$_at" mn identity recover --phrase-file phrase "$@" \
		>out 2>err || return 1
	echo "$profile" >expect && test_cmp expect out
}

# complete HOME: all posts of the laptop, it may post, and all is sound
complete () {
	posts laptop >expect && posts "$1" >actual &&
	test_cmp expect actual &&
	on "$1" mn identity verify >verified &&
	on "$1" mn post -m "from $1" >id &&
	on "$1" mn show "$(cat id)" >shown && test_grep "from $1" shown &&
	on "$1" mn fsck >fsck.out &&
	git -C "$1/profiles/$profile.git" fsck --strict
}

test_expect_success 'set up' '
	profile=$(on laptop mn init --device laptop 2>err) &&
	phrase_of err >phrase && test_line_count = 1 phrase &&
	repo=$PWD/laptop/profiles/$profile.git &&
	head -c 60000 /dev/urandom >noise.bin &&
	on laptop mn post -m one &&
	on laptop mn post -m two --attach noise.bin &&
	on laptop mn post -m three
'

test_expect_success 'from a directory' '
	recovers dir --from "$repo" --device phone &&
	test_grep "push" err &&
	test_grep "phone" err &&
	test "$(shown dir ".devices[].label" | sort | tr "\n" " ")" = \
		"laptop phone " &&
	test "$(shown dir ".\"root-kept\"")" = yes &&
	stat -c %a dir/keys/* | sort -u >actual && echo 600 >expect &&
	test_cmp expect actual &&
	complete dir &&
	on dir mn cat-object content "$(posts laptop | head -n 1)" >out &&
	on dir mn following >out && test_must_be_empty out &&
	on dir mn config profile.default >actual && echo $profile >expect &&
	test_cmp expect actual
'

test_expect_success 'from a server' '
	MN_DIR=$PWD/laptop && export MN_DIR &&
	test_when_finished "stop_mn_serve; unset MN_DIR" &&
	start_mn_serve &&
	recovers web --from "$url/$profile.git" &&
	complete web
'

test_expect_success 'from a bundle' '
	on laptop mn bundle create stick.bundle &&
	recovers stick --from stick.bundle --no-root &&
	test_grep "not kept here" err &&
	ls stick/keys >actual && echo $profile.device >expect &&
	test_cmp expect actual &&
	complete stick
'

test_expect_success 'from what is here already' '
	on here mn follow -q "$repo" &&
	recovers here && complete here &&
	test "$(shown here ".devices | length")" = 2
'

test_expect_success 'once more on the same device' '
	digest=$(shown here .digest) &&
	recovers here && test_grep "already" err &&
	test "$(shown here .digest)" = "$digest" &&
	rm here/keys/$profile.root && recovers here &&
	test "$(shown here .digest)" = "$digest" &&
	test "$(shown here ".\"root-kept\"")" = yes
'

test_expect_success 'the host has had a device before: another label' '
	cp -R here again && rm again/keys/* &&
	recovers again &&
	shown again ".devices[].label" >labels && test_line_count = 3 labels &&
	sort -u labels >unique && test_line_count = 3 unique &&
	cp -R here taken && rm taken/keys/* &&
	test_must_fail 128 on taken mn identity recover --phrase-file phrase \
		--device laptop 2>err &&
	test_grep "already" err && test_grep -e "--device" err &&
	ls taken/keys >left && test_must_be_empty left
'

test_expect_success 'the lost device is removed, behind what is known of it' '
	recovers lost --from "$repo" --device laptop --revoke laptop &&
	test_grep "of which 3 posts count" err &&
	test "$(shown lost ".devices | length")" = 1 &&
	newest=$(on laptop mn log -n 1 --format="%(node)") &&
	test "$(shown lost ".removed[] | .label, .seq, .node" |
		tr "\n" " ")" = "laptop 3 $newest " &&
	test "$(shown lost .encryption)" != "$(shown laptop .encryption)" &&
	complete lost &&
	on lost mn log --format="%(node)" >before &&
	cp -R laptop thief && on thief mn post -m "too late" &&
	test_expect_code 1 on lost mn follow \
		"$PWD/thief/profiles/$profile.git" &&
	on lost mn log --format="%(node)" >after && test_cmp before after
'

test_expect_success 'a device that is not there cannot be removed' '
	test_must_fail 128 on none mn identity recover --from "$repo" \
		--phrase-file phrase --revoke tablet 2>err &&
	test_grep "tablet" err && test_grep "identity show" err &&
	ls none/keys >left && test_must_be_empty left &&
	test_must_fail 128 on here mn identity recover --phrase-file phrase \
		--revoke "$(shown here ".devices[] | select(.here).label")" \
		2>err &&
	test_grep "is this device" err
'

test_expect_success 'the phrase is read from stdin, in capitals, with dashes' '
	tr " a-z" "-A-Z" <phrase | on stdin mn identity recover --from "$repo" \
		--phrase-file - &&
	complete stdin
'

test_expect_success 'the phrase is asked for on the terminal' '
	on typed script -qec "mn identity recover --from \"$repo\"" /dev/null \
		<phrase >out &&
	test_grep "Recovery phrase" out && complete typed
'

test_expect_success 'under a passphrase' '
	echo "correct horse" >pass &&
	MN_PASSPHRASE_FILE=pass recovers wrapped --from "$repo" --passphrase &&
	grep -l "^argon2id" wrapped/keys/* >found &&
	test_line_count = 2 found &&
	test_must_fail 128 on wrapped setsid mn post -m x </dev/null &&
	MN_PASSPHRASE_FILE=pass on wrapped mn post -m x
'

# refused HOME WORDS ARGUMENTS...: and no key is left
refused () {
	_at=$1 _words=$2
	shift 2
	test_must_fail 128 on "$_at" mn identity recover "$@" >out 2>err &&
	test_grep -e "$_words" err && test_must_be_empty out || return 1
	ls "$_at/keys" >left 2>/dev/null
	test_must_be_empty left
}

test_expect_success 'a wrong phrase' '
	sed "s/^...../babab/" phrase >wrong &&
	refused mistyped "phrase" --from "$repo" --phrase-file wrong &&
	test_path_is_missing mistyped/profiles &&
	on other mn init 2>err >id && phrase_of err >phrase.other &&
	refused mistyped "not the recovery phrase of profile" --from "$repo" \
		--phrase-file phrase.other &&
	refused mistyped "--from" --phrase-file phrase.other
'

test_expect_success 'without anything to ask or to take it from' '
	refused empty "--from" --phrase-file phrase &&
	refused empty "nowhere" --phrase-file phrase --from nowhere.git &&
	refused empty "noise.bin" --phrase-file phrase --from noise.bin &&
	refused empty "nowhere" --phrase-file nowhere --from "$repo" &&
	test_must_fail 128 on empty setsid mn identity recover --from "$repo" \
		</dev/null 2>err &&
	test_grep -e "--phrase-file" err &&
	test_expect_code 75 on empty mn identity recover --phrase-file phrase \
		--from http://127.0.0.1:1/x.git 2>err &&
	test_grep "127.0.0.1" err
'

test_expect_success '-p says which profile it must be' '
	other=$(cat id) &&
	refused which "not of" -p $other --from "$repo" --phrase-file phrase &&
	recovers which -p $profile --from "$repo"
'

test_expect_success 'an older phrase, after a rotation' '
	cp -R laptop rotated && on rotated mn identity rotate 2>err &&
	phrase_of err >phrase.new &&
	refused older "older recovery phrase" --phrase-file phrase \
		--from "$PWD/rotated/profiles/$profile.git" &&
	test_grep "mn identity rotate" err &&
	on older mn identity recover --phrase-file phrase.new &&
	on older mn post -m "by the new one" &&
	refused stale "older than the phrase" --phrase-file phrase.new \
		--from "$repo"
'

test_expect_success 'the secret that another device keeps is void then, too' '
	recovers second --from "$repo" &&
	cp -R second ahead && on ahead mn identity rotate 2>err &&
	phrase_of err >phrase.ahead &&
	on second mn follow -q "$PWD/ahead/profiles/$profile.git" &&
	test_must_fail 128 on second mn identity rotate 2>err &&
	test_grep "not in force any more" err &&
	test_grep "mn identity recover" err &&
	on second mn identity recover --phrase-file phrase.ahead &&
	on second mn identity rotate 2>err
'

test_expect_success 'a removed device comes back with a new key' '
	cp -R lost back &&
	cp laptop/keys/$profile.device back/keys/ &&
	test_must_fail 128 on back mn post -m "with a void key" &&
	recovers back --device laptop-2 &&
	test "$(shown back ".devices | length")" = 2 &&
	! cmp -s laptop/keys/$profile.device back/keys/$profile.device &&
	on back mn post -m "with a new one"
'

# -------------------------------------------------- two that follow the same

# sees HOME FROM: brings over what FROM has; out, err and the exit status are
# those of mn fetch
sees () {
	if test -d "$1/profiles/$profile.git"
	then
		on "$1" mn -p "$profile" remote add "$2" \
			"$PWD/$2/profiles/$profile.git" || return
	else
		on "$1" mn follow -q --no-fetch \
			"$PWD/$2/profiles/$profile.git" || return
	fi
	on "$1" mn fetch "$profile" >out 2>err
}

test_expect_success 'set up two documents R1' '
	cp -R laptop west && cp -R laptop east &&
	add-device "$PWD/west" $profile tablet "$PWD/tablet" &&
	add-device "$PWD/east" $profile desk "$PWD/desk" &&
	test "$(shown west .number)" = 1 && test "$(shown east .number)" = 1
'

for order in 'west east' 'east west'
do
	test_expect_success "the first seen is kept: $order" '
		rm -rf reader &&
		set -- $order &&
		sees reader $1 &&
		test_expect_code 1 sees reader $2 &&
		test_grep "identity-fork" err &&
		test_grep "the first seen are kept" err &&
		test "$(shown reader .digest)" = "$(shown $1 .digest)" &&
		on reader mn -p "$profile" fsck
	'
done

test_expect_success 'an old document that is sent again changes nothing' '
	rm -rf reader && sees reader west &&
	digest=$(shown reader .digest) &&
	sees reader laptop && test_grep ! "fork\|newer identity" err out &&
	test "$(shown reader .digest)" = "$digest"
'

test_expect_success 'a document of a thief is refused' '
	cp -R laptop stolen && git=$PWD/stolen/profiles/$profile.git &&
	on laptop mn identity export >chain &&
	blob=$(forge-identity phrase 0 <chain |
		git -C "$git" hash-object -w --stdin) &&
	git -C "$git" update-ref refs/mn/identity $blob &&
	rm -rf reader && sees reader laptop &&
	digest=$(shown reader .digest) &&
	test_expect_code 1 sees reader stolen &&
	test_grep "chain-root" err &&
	test "$(shown reader .digest)" = "$digest" &&
	refused newcomer "chain-root" --from "$git" --phrase-file phrase
'

test_done
