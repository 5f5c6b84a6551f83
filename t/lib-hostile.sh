# shellcheck shell=sh
# shellcheck disable=SC2154 # profile: lib-devices.sh
# shellcheck disable=SC3045 # ulimit -v is there in dash
#
# For tests of what comes from the wrong hands. A profile on two devices,
# laptop and phone; bob follows it and has what both posted at first. After
# that the phone posted once more: a good node, which shall come also where it
# comes with bad ones. Needs lib-devices.sh, lib-follow.sh and lib-http.sh.
#
#	hostile_world		makes all that; $laptop, $phone: the keys
#	evil			a new copy of what the laptop knows: $evil_repo,
#				in the home evil; its newest node: $tip, its
#				id: $tip_node
#	bad WORD...		adds a node to it (t/helper/bad-node), moves
#				the laptop's ref there; $bad is the commit,
#				$bad_node its id
#	bob_at_first [URL]	bob as he was; with this remote
#	refused STATUS REGEX	bob fetches; it ends with this status and one
#				line of words that matches; nothing else is
#				left, and the words hold no control bytes
#	phone_came, nothing_came	which refs moved
#	then_honest		a fetch of the laptop's repository brings all;
#				honest_brings: ... and may leave a merge that
#				was the head before

# The most that a fetch may take of addresses, in KiB; sanitizers need more.
HOSTILE_MEMORY=${HOSTILE_MEMORY:-4000000}
HOSTILE_NO_LIMIT=
# the sanitizers want terabytes of addresses
case $(mn version --build-options) in
*-fsanitize=*)
	HOSTILE_NO_LIMIT=yes
	;;
esac

hostile_world () {
	two_devices &&
	for _i in 1 2
	do
		on laptop mn post -m "laptop $_i" >/dev/null &&
		fetch_from phone laptop &&
		on phone mn post -m "phone $_i" >/dev/null &&
		fetch_from laptop phone || return 1
	done &&
	laptop_repo=$PWD/laptop/profiles/$profile.git &&
	phone_repo=$PWD/phone/profiles/$profile.git &&
	evil_repo=$PWD/evil/profiles/$profile.git &&
	bob_repo=$PWD/bob/profiles/$profile.git &&
	laptop=$(on laptop mn whoami --json | jq -r .device) &&
	phone=$(on phone mn whoami --json | jq -r .device) &&
	mkdir -p blank/profiles &&
	git init -q --bare "blank/profiles/$profile.git" &&
	rm -rf "blank/profiles/$profile.git" &&
	cp -R "$laptop_repo" blank/profiles/ &&
	git -C "blank/profiles/$profile.git" prune --expire=now &&
	git -C "blank/profiles/$profile.git" config mn.follow true &&
	git -C "blank/profiles/$profile.git" config remote.origin.promisor true &&
	on phone mn post -m "phone 3" >/dev/null &&
	fetch_from laptop phone
}

evil () {
	rm -rf evil && cp -R laptop evil &&
	tip=$(git -C "$evil_repo" rev-parse "refs/mn/devices/$laptop") &&
	tip_node=$(node_of "$tip")
}

# The node id of a commit.
node_of () {
	git -C "$evil_repo" cat-file commit "$1" | sed -n "s/^Mn-Node: //p"
}

bad () {
	_made=$(bad-node "$PWD/evil" "$profile" \
		"$(git -C "$evil_repo" rev-parse "refs/mn/devices/$laptop")" \
		"$@") &&
	bad=${_made% *} bad_node=${_made#* } &&
	git -C "$evil_repo" update-ref "refs/mn/devices/$laptop" "$bad"
}

bob_at_first () {
	rm -rf bob && cp -R blank bob &&
	git -C "$bob_repo" config remote.origin.url "${1:-$evil_repo}" &&
	git -C "$bob_repo" for-each-ref >refs.first
}

# Whoever fetches has this much memory, and this long.
bounded () {
	if test -n "$HOSTILE_NO_LIMIT"
	then
		timeout 60 "$@"
	else
		(ulimit -v "$HOSTILE_MEMORY" && exec timeout 60 "$@")
	fi
}

nothing_left () {
	find "$bob_repo/mn/incoming" -type f >left.files 2>/dev/null
	find "$bob_repo" -name "*tmp*" -type f >>left.files
	test_must_be_empty left.files &&
	git -C "$bob_repo" fsck --strict >left.fsck 2>&1 &&
	git -C "$bob_repo" rev-list --objects --all 2>left.err |
	cut -d" " -f1 | sort >left.reached &&
	git -C "$bob_repo" cat-file --batch-all-objects \
		--batch-check="%(objectname)" | sort >left.all &&
	comm -13 left.reached left.all >left.objects &&
	test_must_be_empty left.objects
}

# Neither those of ASCII nor those of Latin-1, in UTF-8 or alone.
no_controls () {
	python3 -c "
import sys
text = sys.stdin.buffer.read().decode()
sys.exit(any(ord(c) < 32 and c != '\\n' or 127 <= ord(c) < 160
             for c in text))" <"$1"
}

refused () {
	MN_DIR=$PWD/bob test_expect_code "$1" bounded mn fetch >out 2>err &&
	test_grep "$2" err &&
	test "$(wc -l <err)" = 1 && no_controls err && no_controls out &&
	nothing_left
}

phone_came () {
	git -C "$bob_repo" for-each-ref refs/mn >actual &&
	sed "s/^[0-9a-f]*\\( commit.refs.mn.devices.$phone\\)/$(git -C \
		"$phone_repo" rev-parse "refs/mn/devices/$phone")\\1/" \
		refs.first >expect &&
	sed -i "/refs.heads.main/d" expect &&
	test_cmp expect actual
}

nothing_came () {
	git -C "$bob_repo" for-each-ref >refs.now &&
	test_cmp refs.first refs.now
}

honest_brings () {
	git -C "$bob_repo" config remote.origin.url "$laptop_repo" &&
	MN_DIR=$PWD/bob mn fetch >out 2>err &&
	# what was set aside is bob's own affair
	git -C "$laptop_repo" for-each-ref | grep -v refs/mn/aside \
		>refs.laptop &&
	git -C "$bob_repo" for-each-ref | grep -v refs/mn/aside >refs.bob &&
	test_cmp refs.laptop refs.bob
}

then_honest () {
	honest_brings && nothing_left
}
