#!/bin/sh

test_description='mn init: homes, keys, and new profiles'

. ./test-lib.sh

mode () {
	stat -c %a "$@"
}

test_expect_success 'without a profile, everybody says what to do' '
	test_must_fail 128 mn whoami 2>err &&
	test_grep "mn init" err &&
	test_must_fail 128 mn post -m x 2>err &&
	test_grep "mn init" err &&
	test_must_fail 128 mn log 2>err &&
	test_grep "mn init" err &&
	mn whoami --all >out &&
	test_must_be_empty out
'

test_expect_success 'the id goes to stdout, the phrase to stderr' '
	mn init --name ada --device laptop >out 2>err &&
	test_line_count = 1 out &&
	grep -Ex "[0-9a-f]{64}" out &&
	grep -Ex " *([a-z]{5} ){9}[a-z]{5}" err &&
	! grep -E "([a-z]{5} ){9}" out &&
	ada=$(cat out)
'

test_expect_success 'others are kept out, whatever the umask' '
	mode "$MN_HOME" "$MN_HOME/keys" "$MN_HOME/profiles" \
		"$MN_HOME/hooks" >actual &&
	printf "700\n700\n700\n700\n" >expect &&
	test_cmp expect actual &&
	mode "$MN_HOME"/keys/$ada.* "$MN_HOME/config" >actual &&
	printf "600\n600\n600\n" >expect &&
	test_cmp expect actual &&
	(
		umask 0 &&
		MN_DIR=$PWD/open mn init 2>/dev/null >id &&
		mode open open/keys open/keys/$(cat id).root >actual
	) &&
	printf "700\n700\n600\n" >expect &&
	test_cmp expect actual
'

test_expect_success 'the repository is one that git likes, and empty' '
	repo=$MN_HOME/profiles/$ada.git &&
	git -C "$repo" fsck --strict &&
	git -C "$repo" rev-parse --is-bare-repository >actual &&
	echo true >expect &&
	test_cmp expect actual &&
	git -C "$repo" for-each-ref --format="%(refname) %(objecttype)" \
		>actual &&
	echo "refs/mn/identity blob" >expect &&
	test_cmp expect actual &&
	git -C "$repo" symbolic-ref HEAD >actual &&
	echo refs/heads/main >expect &&
	test_cmp expect actual &&
	git clone "$repo" clone 2>/dev/null &&
	mn fsck &&
	mn log >out &&
	test_must_be_empty out
'

test_expect_success 'nothing of the making is left over' '
	ls "$MN_HOME/profiles" >actual &&
	echo $ada.git >expect &&
	test_cmp expect actual
'

test_expect_success 'more profiles in the same home; the first is the default' '
	bob=$(mn init --name bob 2>/dev/null) &&
	nobody=$(mn init 2>/dev/null) &&
	test $ada != $bob && test $bob != $nobody &&
	mn whoami | cut -f 1 >actual &&
	echo $ada >expect &&
	test_cmp expect actual &&
	mn whoami --all | cut -f 1,3 >actual &&
	printf "%s\t%s\n" $ada ada $bob bob $nobody "" | sort >expect &&
	test_cmp expect actual
'

test_expect_success 'a name is taken once, and is one word' '
	ls "$MN_HOME/keys" >before &&
	test_must_fail 128 mn init --name ada 2>err &&
	test_grep "already" err &&
	test_must_fail 128 mn init --name "a b" 2>err &&
	test_must_fail 128 mn init --name "a,b" 2>err &&
	test_must_fail 128 mn init --name "" 2>err &&
	test_must_fail 128 mn init --name "$(printf "a\033b")" 2>err &&
	test_grep ! "$(printf "\033")" err &&
	test_must_fail 128 mn init --name "$(printf "%065d" 0)" 2>err &&
	test_must_fail 128 mn init --device "$(printf "a\nb")" 2>err &&
	ls "$MN_HOME/keys" >after &&
	test_cmp before after &&
	test_expect_code 129 mn init extra
'

test_expect_success 'XDG_DATA_HOME, HOME and MN_DIR' '
	test_path_is_file "$XDG_DATA_HOME/mn/config" &&
	MN_DIR=$PWD/elsewhere mn init >id 2>/dev/null &&
	test_path_is_file elsewhere/keys/$(cat id).device &&
	(
		unset XDG_DATA_HOME &&
		HOME=$PWD/h mn init >id 2>/dev/null
	) &&
	test_path_is_file h/.local/share/mn/keys/$(cat id).device &&
	MN_DIR=deep/er/home mn init >id 2>/dev/null &&
	test_path_is_file deep/er/home/keys/$(cat id).device &&
	MN_DIR=deep/er/home mn post -m "a relative home" >id &&
	grep -Ex "[0-9a-f]{64}" id
'

test_expect_success '--no-root keeps the secret out of the home' '
	MN_DIR=$PWD/noroot mn init --no-root >id 2>err &&
	ls noroot/keys >actual &&
	echo $(cat id).device >expect &&
	test_cmp expect actual &&
	grep -Ex " *([a-z]{5} ){9}[a-z]{5}" err &&
	test_grep "not kept here" err
'

test_expect_success '--passphrase wraps both keys' '
	echo "correct horse" >good &&
	echo "wrong horse" >bad &&
	export MN_DIR=$PWD/wrapped &&
	test_when_finished "unset MN_DIR" &&
	MN_PASSPHRASE_FILE=good mn init --passphrase >id 2>err &&
	for key in wrapped/keys/*.device wrapped/keys/*.root
	do
		test_grep "^argon2id " $key &&
		test_grep ! "^plain " $key || return 1
	done &&
	mn whoami >out &&
	test_line_count = 1 out
'

test_expect_success 'a post needs the passphrase' '
	export MN_DIR=$PWD/wrapped &&
	test_when_finished "unset MN_DIR" &&
	test_must_fail 128 setsid mn post -m x >out 2>err &&
	test_must_be_empty out &&
	test_grep "MN_PASSPHRASE_FILE" err &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=bad mn post -m x >out 2>err &&
	test_must_be_empty out &&
	test_grep "passphrase" err &&
	test_grep ! "horse" err &&
	test_must_fail 128 env MN_PASSPHRASE_FILE=missing mn post -m x 2>err &&
	test_grep "missing" err &&
	MN_PASSPHRASE_FILE=good mn post -m x >out &&
	test_line_count = 1 out &&
	mn log --json >log &&
	test_line_count = 1 log
'

test_expect_success 'an empty passphrase is none' '
	: >empty &&
	test_must_fail 128 env MN_DIR=$PWD/e MN_PASSPHRASE_FILE=empty \
		mn init --passphrase >out 2>err &&
	test_must_be_empty out &&
	test_grep "empty" err
'

test_expect_success 'a phrase that cannot be shown: no profile' '
	test_must_fail 128 env MN_DIR=$PWD/unseen mn init >out 2>/dev/full &&
	test_must_be_empty out &&
	ls unseen/profiles unseen/keys | grep -v : >list &&
	test_grep ! "." list
'

test_expect_success 'a key that others can read is refused' '
	chmod 640 "$MN_HOME/keys/$ada.device" &&
	test_when_finished "chmod 600 \"$MN_HOME/keys/$ada.device\"" &&
	test_must_fail 128 mn post -m x 2>err &&
	test_grep "$ada.device" err
'

test_expect_success 'the home cannot be made' '
	: >file &&
	test_must_fail 128 env MN_DIR=$PWD/file/home mn init >out 2>err &&
	test_must_be_empty out &&
	test_grep "file/home" err &&
	test_grep ! -E "([a-z]{5} ){9}" err
'

test_expect_success 'a repository of a newer mn is left alone' '
	git -C "$repo" config mn.format 2 &&
	test_when_finished "git -C \"$repo\" config mn.format 1" &&
	test_must_fail 128 mn post -m x 2>err &&
	test_grep "newer version" err &&
	test_must_fail 128 mn log 2>err &&
	test_grep "newer version" err
'

test_done
