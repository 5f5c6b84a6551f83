#!/bin/sh

test_description='mn follow: a profile comes over, with its settings

The addresses are directories of this machine.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"

zeros=$(printf '%064d' 0)

forget () {
	rm -rf "$TRASH_DIRECTORY/bob"
}

# What of bob's settings is to be seen by scripts.
settings () {
	bob mn following --all --json >settings &&
	jq -r "$1" settings
}

test_expect_success 'set up' '
	two_people &&
	ada mn post -m "a text" &&
	head -c 40000 /dev/urandom >medium.bin &&
	head -c 3000000 /dev/urandom >large.bin &&
	ada mn post -m "with files" --stream photos --tag sea \
		--attach medium.bin --attach large.bin >files.id &&
	ada mn post -m "other files" --attach medium.bin >other.id
'

test_expect_success 'in a home where there was nothing' '
	bob mn follow "$ada_repo" --as ada >out 2>err &&
	grep "^ada: 3 new posts" out &&
	test_must_be_empty err &&
	bob mn -p ada log --format="%(text)" >out &&
	ada mn log --format="%(text)" >expect &&
	test_cmp expect out &&
	bob mn -p ada show -c 1 -o got $(cat files.id) &&
	test_cmp medium.bin got &&
	same_refs && same_log &&
	bob mn -p ada fsck
'

test_expect_success 'nothing is left in the making' '
	ls bob/profiles >out &&
	echo "$profile.git" >expect &&
	test_cmp expect out
'

test_expect_success 'what is new comes with the next fetch' '
	ada mn post -m news &&
	bob mn fetch >out &&
	echo "ada: 1 new post" >expect &&
	test_cmp expect out
'

test_expect_success 'the petname and the first digits are names of it' '
	bob mn -p ada log --format="%(node)" >expect &&
	bob mn -p $(echo $profile | cut -c 1-5) log --format="%(node)" >out &&
	test_cmp expect out &&
	bob mn -p ada show $(cat files.id) >out &&
	test_grep "with files" out &&
	MN_PROFILE=ada bob mn show $(cat files.id) >out2 &&
	test_cmp out out2
'

test_expect_success 'nobody can post in it' '
	test_expect_code 128 bob mn -p ada post -m forged 2>err &&
	test_line_count = 1 err &&
	test_grep "no device key.*it can be read, not posted to" err &&
	echo "touch edited" >editor && chmod +x editor &&
	test_expect_code 128 env MN_EDITOR=./editor MN_DIR="$PWD/bob" \
		mn -p ada post 2>err </dev/null &&
	test_path_is_missing edited &&
	test_grep "no device key" err &&
	test_expect_code 128 bob mn post -m "who am I" 2>err &&
	test_grep "no profile of yours" err &&
	same_refs
'

test_expect_success 'it is never the default' '
	test_expect_code 128 bob mn whoami 2>err &&
	test_grep "no profile of yours" err &&
	bob mn init --name bob >id 2>/dev/null &&
	bob mn whoami >out &&
	cut -f 1 out >actual && test_cmp id actual &&
	bob mn config --unset profile.default &&
	bob mn whoami >out &&
	cut -f 1 out >actual && test_cmp id actual &&
	bob mn post -m mine &&
	bob mn log --format="%(text)" >out &&
	echo mine >expect && test_cmp expect out &&
	bob mn following >out && test_line_count = 1 out &&
	bob mn whoami --all --json >out &&
	jq -r "select(.device) | .name" out >actual &&
	echo bob >expect && test_cmp expect actual
'

test_expect_success 'all that goes over a home takes it in its stride' '
	bob mn fsck --all && bob mn gc --all -q && bob mn index &&
	bob mn -p ada fsck && same_refs
'

test_expect_success 'a petname that is taken, or none, is refused' '
	test_expect_code 128 bob mn follow ada --as bob 2>err &&
	test_grep "there is a profile .bob. already" err &&
	test_expect_code 128 bob mn follow ada --as "two words" 2>err &&
	other=$(MN_DIR=$PWD/eve mn init --name eve 2>/dev/null) &&
	test_expect_code 128 bob mn follow "eve/profiles/$other.git" \
		--as ada 2>err &&
	test_path_is_missing "bob/profiles/$other.git" &&
	bob mn follow ada --as ada --no-fetch &&
	bob mn follow ada --as lovelace --no-fetch &&
	bob mn -p lovelace log -n 1 >out &&
	test_expect_code 1 bob mn -p ada log &&
	bob mn follow lovelace --as ada --no-fetch
'

test_expect_success 'a second address becomes one more remote, once' '
	cp -R "$ada_repo" copy.git &&
	bob mn follow copy.git &&
	bob mn follow "$PWD/copy.git#$profile" &&
	bob mn -p ada remote | cut -f 2 >out &&
	printf "%s\\n" "$ada_repo" "$PWD/copy.git" >expect &&
	test_cmp expect out
'

test_expect_success 'settings change only as far as they are given' '
	show="[.replicate, .streams, .tags, .keep] | tojson" &&
	bob mn follow ada --no-fetch --replicate limit=4096k --keep 90d &&
	settings "select(.name == \"ada\") | $show" >out &&
	echo "[\"limit=4m\",null,null,\"90d\"]" >expect &&
	test_cmp expect out &&
	bob mn follow ada --no-fetch -s photos -s notes -t "#sea" &&
	settings "$show" >out &&
	echo "[\"limit=4m\",[\"photos\",\"notes\"],[\"sea\"],\"90d\"]" \
		>expect &&
	test_cmp expect out &&
	bob mn follow ada --no-fetch --tag land --replicate full &&
	settings "$show" >out &&
	echo "[\"full\",null,[\"land\"],\"90d\"]" >expect &&
	test_cmp expect out &&
	bob mn following >out &&
	test_grep "full tag=land keep=90d" out &&
	bob mn follow ada --no-fetch --all-posts --keep forever &&
	settings "$show" >out &&
	echo "[\"full\",null,null,null]" >expect &&
	test_cmp expect out
'

test_expect_success 'level meta, and then more: what is missing comes' '
	forget &&
	bob mn follow "$ada_repo" --as ada --replicate meta &&
	same_refs && same_log &&
	test_must_fail bob mn -p ada show -c 1 --no-fetch -o got \
		$(cat files.id) &&
	bob mn follow ada --replicate limit=100k &&
	bob mn -p ada show -c 1 --no-fetch -o got $(cat files.id) &&
	test_cmp medium.bin got &&
	test_must_fail bob mn -p ada show -c 2 --no-fetch -o got \
		$(cat files.id) &&
	bob mn follow ada --replicate full &&
	bob mn -p ada show -c 2 --no-fetch -o got $(cat files.id) &&
	test_cmp large.bin got &&
	bob mn -p ada fsck
'

test_expect_success 'a stream, and then another tag' '
	forget &&
	bob mn follow "$ada_repo" --as ada --stream photos &&
	bob mn -p ada show -c 1 --no-fetch -o got $(cat files.id) &&
	forget &&
	bob mn follow "$ada_repo" --as ada --tag land &&
	test_must_fail bob mn -p ada show -c 1 --no-fetch -o got \
		$(cat files.id) &&
	bob mn follow ada --tag sea &&
	bob mn -p ada show -c 1 --no-fetch -o got $(cat files.id) &&
	test_cmp medium.bin got
'

test_expect_success 'level dag; that more comes later is not promised' '
	forget &&
	bob mn follow "$ada_repo" --as ada --replicate dag &&
	same_refs &&
	bob mn follow ada --replicate meta 2>err &&
	test_grep "unfollow --delete" err &&
	bob mn follow ada 2>err &&
	test_must_be_empty err
'

test_expect_success '--no-fetch: asked who it is, and no more' '
	forget &&
	bob mn follow --no-fetch "file://$ada_repo" >out &&
	test_must_be_empty out &&
	git -C "$bob_repo" for-each-ref --format="%(refname)" >out &&
	echo refs/mn/identity >expect && test_cmp expect out &&
	bob mn following >out &&
	test_grep "^-  .* never fetched  " out &&
	bob mn fetch && same_refs
'

test_expect_success '--json says what came' '
	forget &&
	bob mn follow --json "$ada_repo" >out &&
	echo "$profile 4" >expect &&
	jq -r "\"\\(.profile) \\(.posts)\"" out >actual &&
	test_cmp expect actual &&
	bob mn follow -q "$ada_repo" >out 2>&1 &&
	test_must_be_empty out
'

test_expect_success 'an address can say whose it is' '
	forget &&
	test_expect_code 128 bob mn follow "$ada_repo#$zeros" 2>err &&
	test_grep "profile .* lies there, not 000000000000" err &&
	test -z "$(ls bob/profiles)" &&
	bob mn follow "$ada_repo#$profile" &&
	same_refs
'

test_expect_success 'a clone by stock git can be followed, too' '
	forget &&
	git clone -q --bare "$ada_repo" clone.git &&
	bob mn follow clone.git --as ada &&
	same_log
'

test_expect_success 'where nothing is' '
	forget &&
	test_expect_code 1 bob mn follow "$PWD/nowhere" 2>err &&
	test_line_count = 1 err &&
	test_grep "nowhere" err &&
	git init -q --bare empty.git &&
	test_expect_code 1 bob mn follow empty.git 2>err &&
	test_grep "empty.git.*no profile" err &&
	git init -q code &&
	git -C code commit -q --allow-empty -m code &&
	git -C code branch -M main &&
	test_must_fail bob mn follow code/.git 2>err &&
	test_line_count = 1 err &&
	test_expect_code 1 bob mn follow nobody 2>err &&
	test_grep "neither a profile that is here nor an address" err &&
	test_expect_code 1 bob mn follow $zeros 2>err &&
	test_grep "not here: give an address" err &&
	test -z "$(ls bob/profiles)"
'

test_expect_success 'out of reach: try again' '
	test_expect_code 75 bob mn follow http://127.0.0.1:1/ada.git 2>err &&
	test_line_count = 1 err &&
	test_grep "http://127.0.0.1:1/ada.git" err
'

test_expect_success 'an own profile gets a remote' '
	ada mn push ./backup.git &&
	ada mn follow backup.git 2>err &&
	test_grep "profile of your own.*is a remote of it now" err &&
	ada mn remote | cut -f 2 >out &&
	echo "$PWD/backup.git" >expect && test_cmp expect out &&
	ada mn follow backup.git 2>err &&
	test_grep "remote of it already" err &&
	test -z "$(ada mn following)" &&
	test_expect_code 128 ada mn follow Ada 2>err &&
	test_grep "profile of your own" err
'

test_expect_success 'two who follow at once' '
	forget &&
	{ bob mn follow "$ada_repo" --as ada >out1 2>&1 & } &&
	pid=$! &&
	bob mn follow "$ada_repo" --as ada >out2 2>&1 &&
	wait $pid &&
	same_refs && same_log &&
	bob mn -p ada remote >out &&
	test_line_count = 1 out &&
	ls bob/profiles >out && test_line_count = 1 out
'

test_expect_success 'what was left in the making is swept' '
	mkdir -p bob/profiles/new-abcdef/x bob/profiles/new-young &&
	touch -d "2 hours ago" bob/profiles/new-abcdef &&
	bob mn follow "$ada_repo" &&
	test_path_is_missing bob/profiles/new-abcdef &&
	test -d bob/profiles/new-young
'

test_expect_success 'wrong calls' '
	test_expect_code 129 bob mn follow &&
	test_expect_code 129 bob mn follow a b &&
	test_expect_code 129 bob mn follow --replicate much "$ada_repo" 2>err &&
	test_grep "none of full, limit=SIZE, meta and dag" err &&
	test_expect_code 129 bob mn follow --keep tomorrow "$ada_repo" &&
	test_expect_code 129 bob mn follow --tag a,b "$ada_repo" &&
	test_expect_code 129 bob mn follow --all-posts --tag a "$ada_repo" &&
	test_expect_code 128 bob mn follow ftp://example.org/x
'

test_done
