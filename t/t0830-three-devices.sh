#!/bin/sh

test_description='three devices, and a fourth from the phrase alone

A laptop, a phone and a tablet post real texts to one profile. They meet over
ssh (a bare directory behind sshd), at the mn serve of the laptop, and by
bundles on a stick. The tablet is offline for 1,000 posts of the others; the
phone is stolen in between. At last there is nothing but the phrase. All that
should have the same, and whoever follows, too.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-ssh.sh"
. "$TEST_DIRECTORY/lib-http.sh"

profile=''	# its id, once it is made
hub=$PWD/hub.git	# where devices meet
stick=$PWD/stick
stolen=''	# the first post of the thief

if command -v sshd >/dev/null || test -x /usr/sbin/sshd
then
	test_set_prereq SSHD
fi

# repo HOME
repo () {
	echo "$PWD/$1/profiles/$profile.git"
}

# posts HOME FROM TO: those lines of the texts
posts () {
	sed -n "$2,$3p" texts | on "$1" mn post --batch >posted &&
	test_line_count "=" $(($3 - $2 + 1)) posted
}

# pairs LABEL: a new home, which the laptop adds; what it answers is left in
# the file answer
pairs () {
	_line=$(on "$1" mn device request --label "$1") &&
	on laptop mn device add --yes "$_line" >answer
}

# same HOME...: all have what the laptop has, in the same order
same () {
	git -C "$(repo laptop)" rev-parse refs/heads/main >head.laptop &&
	on laptop mn log --format="%(node)" >log.laptop || return 1
	for _one
	do
		git -C "$(repo "$_one")" rev-parse refs/heads/main \
			>"head.$_one" &&
		on "$_one" mn -p "$profile" log --format="%(node)" \
			>"log.$_one" &&
		test_cmp head.laptop "head.$_one" &&
		test_cmp log.laptop "log.$_one" || return 1
	done
}

# sound HOME...
sound () {
	for _one
	do
		on "$_one" mn -p "$profile" fsck &&
		git -C "$(repo "$_one")" fsck --strict || return 1
	done
}

# Nothing of the thief, and whoever is asked says so.
without_thief () {
	for _one
	do
		on "$_one" mn -p "$profile" log --format="%(node)" >found &&
		test_grep ! "$stolen" found &&
		on "$_one" mn -p "$profile" log --format="%(text)" >found &&
		test_grep ! "not by Ada" found || return 1
	done
}

test_expect_success 'texts for all' '
	perl "$TEST_DIRECTORY/perf/posts.pl" 1400 2>/dev/null |
		jq -c "del(.time)" >texts &&
	test_line_count = 1400 texts
'

test_expect_success SSHD 'devices meet over ssh' '
	ssh_setup && start_sshd && ssh_known &&
	hub=ssh://127.0.0.1:$sshd_port$PWD/hub.git
'

test_expect_success 'the laptop makes the profile' '
	profile=$(on laptop mn init --name ada --device laptop 2>err) &&
	sed -n "s/^    //p" err >paper &&
	test "$(wc -w <paper)" = 10 &&
	posts laptop 1 40 &&
	git init -q --bare hub.git &&
	on laptop mn remote add hub "$hub" &&
	on laptop mn push -q
'

test_expect_success 'the phone joins over the hub' '
	pairs phone &&
	on laptop mn push -q &&
	on phone mn init --join "$(cat answer)" --name ada &&
	posts phone 41 60 &&
	on phone mn sync -q &&
	on laptop mn sync -q &&
	same phone
'

test_expect_success 'the tablet joins by a stick' '
	pairs tablet &&
	mkdir "$stick" &&
	on laptop mn bundle create -q "$stick/first.bundle" &&
	on tablet mn init --join "$stick/first.bundle" --name ada &&
	same tablet &&
	on laptop mn push -q
'

test_expect_success 'somebody follows' '
	on friend mn init --name bob 2>/dev/null &&
	on friend mn follow -q "$hub" --as ada &&
	same friend
'

test_expect_success 'the tablet posts while it is offline' '
	posts tablet 61 100
'

test_expect_success 'meanwhile: 1,000 posts, over the hub and straight to mn serve' '
	MN_DIR=$PWD/laptop && export MN_DIR &&
	start_mn_serve && unset MN_DIR &&
	at=$url/$profile.git &&
	on phone mn remote add laptop "$at" &&
	on phone mn fetch -q &&
	for k in 1 2 3 4 5
	do
		posts laptop $((k * 200 - 99)) $((k * 200)) &&
		posts phone $((k * 200 + 1)) $((k * 200 + 100)) &&
		case $k in
		1)	# it knows not what is new there: its own gets in
			test_expect_code 1 on phone mn push -q laptop &&
			on laptop mn log --format="%(node)" >out &&
			test_line_count = 260 out
			;;
		2 | 4) on phone mn fetch -q --remote laptop &&
			on phone mn push -q laptop && same phone ;;
		3) on phone mn sync -q && on laptop mn sync -q &&
			on friend mn fetch -q && same friend ;;
		esac || return 1
	done &&
	on phone mn fetch -q && on phone mn push -q &&
	on laptop mn sync -q &&
	same phone &&
	on laptop mn log --format="%(node)" >out &&
	test_line_count = 1060 out &&
	on laptop mn log --graph --oneline >graph &&
	test_grep "(phone)" graph && test_grep "(laptop)" graph
'

test_expect_success 'the phone is stolen' '
	cp -R phone thief &&
	stolen=$(on thief mn post -m "not by Ada") &&
	on thief mn post -m "not by Ada either" &&
	on thief mn push -q hub.git &&
	on laptop mn fetch -q &&
	on laptop mn log --format="%(node)" >out && test_grep "$stolen" out &&
	on friend mn fetch -q &&
	on phone mn post -m "written before it was known" >honest
'

test_expect_success 'the laptop revokes it, from the first post of the thief on' '
	on laptop mn device revoke --yes --from $stolen phone &&
	on laptop mn push -q &&
	on friend mn fetch -q &&
	without_thief laptop friend &&
	same friend
'

test_expect_success 'no way leads the thief back' '
	on thief mn post -m "not by Ada, once more" &&
	test_must_fail on thief mn push -q "$at" 2>err &&
	test_must_fail on thief mn push -q "$hub" &&
	on thief mn bundle create -q "$stick/thief.bundle" &&
	test_expect_code 1 on laptop mn bundle fetch -q "$stick/thief.bundle" &&
	test_expect_code 1 on friend mn bundle fetch -q "$stick/thief.bundle" &&
	git -C hub.git fetch -q "$(repo thief)" "+refs/*:refs/*" &&
	{ on laptop mn fetch -q || :; } &&
	{ on friend mn fetch -q || :; } &&
	without_thief laptop friend &&
	same friend &&
	on laptop mn push -q
'

test_expect_success 'the tablet comes back: what it missed lies on a stick' '
	on laptop mn bundle create -q --since "$stick/first.bundle" \
		"$stick/more.bundle" &&
	on tablet mn bundle fetch -q "$stick/more.bundle" &&
	without_thief tablet &&
	on tablet mn log --format="%(node)" >out &&
	test_line_count = 1100 out
'

test_expect_success 'and what it wrote goes the same way, or to mn serve' '
	posts tablet 1101 1120 &&
	on tablet mn bundle create -q --since "$stick/more.bundle" \
		"$stick/back.bundle" &&
	on laptop mn bundle fetch -q "$stick/back.bundle" &&
	same tablet &&
	posts tablet 1121 1140 &&
	on tablet mn push -q "$at" &&
	same tablet &&
	on laptop mn push -q
'

test_expect_success 'the phone turns up: a new key, and what was honest' '
	on phone mn fetch -q --remote origin &&
	test_must_fail on phone mn post -m "with the old key" 2>err &&
	test_grep "removed" err &&
	old=$(sed -n "s/^public //p" phone/keys/$profile.device) &&
	on phone mn device rekey --label phone >request &&
	on laptop mn device add --yes - <request >answer &&
	on laptop mn push -q &&
	on phone mn init --join "$(cat answer)" &&
	on phone mn device adopt $old >adopted &&
	test_line_count = 1 adopted &&
	test "$(cut -f 1 adopted)" = "$(cat honest)" &&
	on phone mn push -q "$at" &&
	on laptop mn push -q &&
	same phone &&
	on laptop mn log -n 1 --format="%(text)" >out &&
	echo "written before it was known" >expect && test_cmp expect out
'

test_expect_success 'the laptop burns; the phrase makes a fourth device' '
	stop_mn_serve &&
	posts tablet 1141 1180 &&
	on desk mn identity recover --from "$hub" --phrase-file paper \
		--device desk --revoke laptop >out &&
	echo $profile >expect && test_cmp expect out &&
	posts desk 1181 1220 &&
	on desk mn push -q "$hub"
'

test_expect_success 'it has the root, as the laptop had' '
	on desk mn device list --json |
		jq -r "select(.state == \"listed\").label" | sort >actual &&
	printf "%s\n" desk phone tablet >expect &&
	test_cmp expect actual &&
	on desk mn device rename tablet pad &&
	on desk mn push -q "$hub"
'

test_expect_success 'all meet' '
	on tablet mn remote add hub "$hub" &&
	on phone mn remote remove laptop &&
	for k in 1 2
	do
		for one in tablet phone desk
		do
			on $one mn sync -q || return 1
		done
	done &&
	for one in friend laptop
	do
		on $one mn fetch -q || return 1
	done
'

test_expect_success 'same head, same order, for devices and who follows' '
	same phone tablet desk friend &&
	test_line_count = 1221 log.laptop &&
	git -C hub.git rev-parse refs/heads/main >head.hub &&
	test_cmp head.laptop head.hub &&
	without_thief laptop phone tablet desk friend
'

test_expect_success 'all is sound' '
	sound laptop phone tablet desk friend &&
	git -C hub.git fsck --strict &&
	git clone -q --bare hub.git clone.git &&
	git -C clone.git fsck --strict
'

test_expect_success 'even the thief comes to the same' '
	{ on thief mn fetch -q --remote origin || :; } &&
	same thief && without_thief thief
'

test_expect_success 'merges stay few' '
	git -C hub.git log --format=%s refs/heads/main >subjects &&
	grep -c "^merge" subjects >merges || : &&
	test $(cat merges) -lt 60
'

test_expect_success SSHD 'it went over ssh' '
	test $(ssh_connections) -gt 20
'

test_done
