#!/bin/sh

test_description='mn whoami: which profile it is, and how it is chosen'

. ./test-lib.sh

test_expect_success 'set up' '
	ada=$(mn init --name ada --device laptop 2>/dev/null) &&
	bob=$(mn init --name bob 2>/dev/null) &&
	nobody=$(mn init 2>/dev/null)
'

test_expect_success 'whoami' '
	mn whoami >actual &&
	device=$(sed -n "s/^public //p" "$MN_HOME/keys/$ada.device") &&
	printf "$ada\t$device\tada\tlaptop\n" >expect &&
	test_cmp expect actual &&
	mn whoami --json >actual &&
	jq -c . <<-EOT >expect &&
	{"profile":"$ada","name":"ada","device":"$device","label":"laptop"}
	EOT
	test_cmp expect actual
'

test_expect_success '-p takes a name, an id, the start of one, an mn: URI' '
	echo $bob >expect &&
	for word in bob $bob $(echo $bob | cut -c 1-12) mn:$bob
	do
		mn -p $word whoami | cut -f 1 >actual &&
		test_cmp expect actual || return 1
	done &&
	test_must_fail 1 mn -p carol whoami 2>err &&
	test_grep "no profile .carol. here" err &&
	test_must_fail 1 mn -p abc whoami &&
	test_must_fail 1 mn -p ffffffffffff whoami
'

test_expect_success 'MN_PROFILE chooses, -p overrules it' '
	MN_PROFILE=bob mn whoami | cut -f 3 >actual &&
	MN_PROFILE=bob mn -p ada whoami | cut -f 3 >>actual &&
	printf "bob\nada\n" >expect &&
	test_cmp expect actual
'

test_expect_success 'an abbreviation that fits two profiles is refused' '
	mkdir many &&
	for i in 1 2 3 4 5 6 7 8 9
	do
		mkdir -p "many/profiles/abcd$i$(echo $bob | cut -c 6-).git" ||
			return 1
	done &&
	test_must_fail 128 env MN_DIR=$PWD/many mn -p abcd whoami 2>err &&
	test_grep "fits 9 profiles" err
'

test_expect_success '--default, and profile.default by hand' '
	carol=$(mn init --name carol --default 2>/dev/null) &&
	mn whoami | cut -f 3 >actual &&
	mn config profile.default bob &&
	mn whoami | cut -f 3 >>actual &&
	mn config profile.default $ada &&
	mn whoami | cut -f 3 >>actual &&
	printf "carol\nbob\nada\n" >expect &&
	test_cmp expect actual
'

test_expect_success 'without a default, one own profile is it, of two none' '
	mn config --unset profile.default &&
	test_must_fail 128 mn whoami 2>err &&
	test_grep "which of your 4 profiles" err &&
	MN_DIR=$PWD/single mn init --name only >id 2>/dev/null &&
	rm single/config &&
	MN_DIR=$PWD/single mn whoami | cut -f 1 >actual &&
	test_cmp id actual &&
	mn config profile.default nonesuch &&
	test_must_fail 1 mn whoami 2>err &&
	test_grep "profile.default: no profile .nonesuch." err &&
	mn config profile.default $ada
'

test_expect_success 'a profile without a key can be read, not posted to' '
	mv "$MN_HOME/keys/$bob.device" kept &&
	test_when_finished "mv kept \"$MN_HOME/keys/$bob.device\"" &&
	mn -p bob log &&
	mn -p bob whoami | cut -f 2,4 >actual &&
	printf "\t\n" >expect &&
	test_cmp expect actual &&
	test_must_fail 128 mn -p bob post -m x 2>err &&
	test_grep "no device key" err
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn whoami extra
'

test_done
