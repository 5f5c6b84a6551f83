#!/bin/sh

test_description='mn rev-parse: how things are named'

. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-devices.sh

test_expect_success 'set-up' '
	two_devices && id_of_profile=$profile &&
	one=$(on laptop mn post -m one) &&
	two=$(on laptop mn post -m two) &&
	three=$(on phone mn post -m three) &&
	fetch_from laptop phone &&
	repo=$PWD/laptop/profiles/$profile.git &&
	MN_DIR=$PWD/laptop && export MN_DIR &&
	other=$(mn init --name Other 2>/dev/null) &&
	four=$(mn -p Other post -m four) &&
	mn config profile.default $profile
'

# names WANT WORD...: each word is the name of what WANT is the id of
names () {
	echo "$1" >expect
	shift
	for word
	do
		mn rev-parse "$word" >actual && test_cmp expect actual ||
			return 1
	done
}

test_expect_success 'nodes by id, abbreviation, URI, commit' '
	names $one $one $(echo $one | cut -c 1-63) $(echo $one | cut -c 1-8) \
		mn:$profile/$one $profile:$one \
		mn:$(echo $profile | cut -c 1-6)/$(echo $one | cut -c 1-6) \
		$(mn rev-parse --git $one) \
		$(mn rev-parse --git $one | cut -c 1-12)
'

test_expect_success 'devices by label and by key' '
	laptop=$(mn whoami --json | jq -r .device) &&
	names $two "@{laptop}" "@{$laptop}" \
		"@{$(echo $laptop | cut -c 1-5)}" "refs/mn/devices/$laptop" \
		"$profile:@{laptop}" &&
	names $three "@{phone}" &&
	names $one "@{laptop}~1" "@{laptop}^" &&
	test_expect_code 1 mn rev-parse "@{nosuch}" 2>err &&
	test_grep "no device .nosuch." err &&
	test_expect_code 1 mn -p Other rev-parse "@{laptop}" 2>err
'

test_expect_success 'HEAD is a merge here: it has a git id' '
	names $(git -C "$repo" rev-parse HEAD) HEAD @ main refs/heads/main \
		"mn:$profile" "$profile:HEAD" "$profile:main" &&
	names $(git -C "$repo" rev-parse HEAD^{tree}) "HEAD^{tree}"
'

test_expect_success 'what git understands, git says' '
	for word in HEAD HEAD^ HEAD^2 HEAD~1 "HEAD^{commit}" "HEAD^{tree}" \
		HEAD^:meta HEAD^:0-post.md HEAD^:identity refs/mn/identity
	do
		git -C "$repo" rev-parse $word >expect &&
		mn rev-parse --git $word >actual &&
		test_cmp expect actual || return 1
	done &&
	names $(git -C "$repo" rev-parse HEAD^:meta) \
		"$(mn rev-parse HEAD^):meta"
'

test_expect_success 'other profiles of the home' '
	names $four mn:$other/$four $other:HEAD mn:$other \
		"$(echo $other | cut -c 1-12):HEAD" "$other:main" &&
	mn -p Other log >/dev/null &&
	names $four $four $(echo $four | cut -c 1-12) &&
	test_expect_code 1 mn rev-parse "$profile:$four" 2>err &&
	test_expect_code 1 mn rev-parse \
		mn:0123456789012345678901234567890123456789012345678901234567890123 \
		2>err
'

test_expect_success '--node and --git' '
	mn rev-parse --node @{laptop} $(mn rev-parse --git $one) >actual &&
	printf "%s\n" $two $one >expect &&
	test_cmp expect actual &&
	test_expect_code 128 mn rev-parse --node HEAD 2>err &&
	test_grep "no node" err &&
	test_expect_code 128 mn rev-parse --node HEAD^:meta 2>err
'

test_expect_success '--short is unique, and leads back' '
	for id in $one $two $three $(mn rev-parse HEAD)
	do
		short=$(mn rev-parse --short $id) &&
		test ${#short} = 8 &&
		names $id $short &&
		short=$(mn rev-parse --short=4 $id) &&
		test ${#short} -ge 4 &&
		names $id $short || return 1
	done &&
	git -C "$repo" rev-parse --short=10 HEAD >expect &&
	mn rev-parse --short=10 HEAD >actual &&
	test_cmp expect actual
'

test_expect_success 'ranges' '
	mn rev-parse $one..$two ^$three HEAD~1.. >actual &&
	{
		echo $two && echo ^$one && echo ^$three &&
		mn rev-parse HEAD && echo ^$(mn rev-parse HEAD~1)
	} >expect &&
	test_cmp expect actual &&
	test_expect_code 128 mn rev-parse $one...$two 2>err &&
	test_expect_code 128 mn rev-parse --verify $one..$two 2>err &&
	test_expect_code 128 mn rev-parse ^ 2>err
'

test_expect_success '-z' '
	mn rev-parse -z $one $two | xargs -0 -n 1 echo >actual &&
	printf "%s\n" $one $two >expect &&
	test_cmp expect actual
'

test_expect_success '--verify, and -q says nothing' '
	mn rev-parse --verify $one &&
	test_expect_code 129 mn rev-parse --verify $one $two 2>err &&
	test_expect_code 1 mn rev-parse --verify nosuch 2>err &&
	test_grep nosuch err &&
	for bad in nosuch "" ffff HEAD~99 "mn:xyz" "@{}" "$one:nosuch" ..
	do
		test_expect_code 1 mn rev-parse --verify -q "$bad" >out 2>err &&
		test_must_be_empty out &&
		test_must_be_empty err || return 1
	done
'

test_expect_success 'what is missing is named in the words of the user' '
	test_expect_code 1 mn rev-parse HEAD~99 2>err &&
	test_grep "nothing is called .HEAD~99." err &&
	test_expect_code 128 mn rev-parse "HEAD^{nonsense}" 2>err &&
	test_grep ".HEAD^{nonsense}. is no revision" err
'

test_expect_success 'words that are no revision' '
	long=$(printf "%01200d" 1) &&
	for bad in "" "a
b" "$(printf "a\033[31m")" "$(printf "\377")" "mn:" "mn:abc" "@{" "$long" \
		"~1" ":x"
	do
		test_expect_code 128 mn rev-parse "$bad" >out 2>err &&
		test_must_be_empty out &&
		test_grep ! "$(printf "\033")" err || return 1
	done
'

test_expect_success 'without an index the repository is asked' '
	rm -f "$MN_DIR"/index.db* && mkdir "$MN_DIR/index.db" &&
	test_when_finished "rmdir \"$MN_DIR/index.db\"" &&
	names $one $one $(echo $one | cut -c 1-8) &&
	names $three "@{phone}" &&
	test_expect_code 1 mn rev-parse ffffffffff
'

test_done
