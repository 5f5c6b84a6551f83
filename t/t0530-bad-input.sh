#!/bin/sh

test_description='bad input, damage and what is foreign

Each time there must be the right exit code, nothing on stdout, words on
stderr that say what failed and about what, and nothing may be lost: the
profile is whole afterwards, and takes the next post.'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-crash.sh"

# says CODE PATTERN command...: that exit code, no output, and one line of
# error, in lower case, that fits
says () {
	code=$1 pattern=$2
	shift 2
	test_expect_code "$code" timeout 20 "$@" >out 2>err
	status=$?
	test "$status" = 0 || note "exit code of $*: $(cat err)"
	test_must_be_empty out || status=1
	sed '/^see .mn .* -h.$/d' err >said
	test "$(wc -l <said)" = 1 &&
	grep '^mn\( [a-z-]*\)\{0,1\}: [^A-Z]' said >/dev/null &&
	grep "$pattern" said >/dev/null || {
		note "no '$pattern' for $*: $(cat err)"
		status=1
	}
	return "$status"
}

# The profile is what it was, and works.
unharmed () {
	before=$(git -C base/profiles/"${repo##*/}" rev-list --count --all) &&
	test "$(git -C "$repo" rev-list --count --all)" = "$before" &&
	is_sound && next_post "$(count_posts)"
}

# A loose object's file, writable.
loose_file () {
	oid=$(git -C "$repo" rev-parse "$1") &&
	file=$repo/objects/$(echo "$oid" | sed 's,^..,&/,') &&
	chmod u+w "$file"
}

# Cuts the file in half.
cut_file () {
	chmod u+w "$1" && truncate -s $(($(stat -c %s "$1") / 2)) "$1"
}

# Overwrites some bytes in the middle.
flip_file () {
	chmod u+w "$1" &&
	printf '\377\0\377\0\377' |
		dd of="$1" bs=1 seek=$(($(stat -c %s "$1") / 2)) conv=notrunc \
			2>/dev/null
}

test_expect_success 'a home with two posts' '
	mn init --name ada >profile 2>phrase && profile=$(cat profile) &&
	find_repo &&
	mn post -m first >first &&
	mn post -m second --title T >second &&
	cp -a "$MN_DIR" base
'

#
# what is posted
#

test_expect_success 'text that is not UTF-8, or has a NUL in it' '
	printf "caf\\351" >latin1 && printf "a\\000b" >nul &&
	says 128 "the text is not UTF-8 (byte 4); attach it" \
		mn post -F latin1 &&
	says 128 "the text is not UTF-8" mn post -m "$(cat latin1)" &&
	says 128 "the text has a NUL in it (byte 2); attach it" \
		mn post -F nul &&
	says 128 "the text is not UTF-8" sh -c "mn post - <latin1" &&
	unharmed
'

test_expect_success 'and the same attached, as the words say' '
	mn post -m look --attach latin1 --attach nul >id &&
	mn cat-object content:1 "$(cat id)" >actual &&
	test_cmp latin1 actual &&
	mn cat-object content:2 "$(cat id)" >actual &&
	test_cmp nul actual
'

test_expect_success 'text that is too large' '
	fresh_home &&
	head -c 1048577 /dev/zero | tr "\\0" a >large &&
	says 128 "larger than 1048576 bytes; attach it" mn post -F large &&
	says 128 "larger than 1048576 bytes; attach it" \
		sh -c "mn post - <large" &&
	unharmed &&
	head -c 1048576 large >just && mn post -F just >id &&
	mn cat-object content "$(cat id)" >actual && test_cmp just actual
'

test_expect_success 'titles' '
	fresh_home &&
	says 128 "the title has control characters or line breaks" \
		mn post -m x --title "two
lines" &&
	says 128 "the title has control characters" \
		mn post -m x --title "$(printf "a\\033[31mred")" &&
	says 128 "the title is not UTF-8" \
		mn post -m x --title "$(cat latin1)" &&
	says 128 "the title is empty" mn post -m x --title "" &&
	says 128 "the title is too long: 2000 bytes, at most" \
		mn post -m x --title "$(head -c 2000 large)" &&
	unharmed
'

test_expect_success 'no control byte of an argument reaches the terminal' '
	says 128 "the tag .*" mn post -m x \
		--tag "$(printf "a\\033]0;b\\007 c")" &&
	! grep "$(printf "[\\033\\007]")" err &&
	says 128 "no revision: it holds control characters" \
		mn show "$(printf "x\\033[2Jy")" &&
	! grep "$(printf "\\033")" err
'

test_expect_success 'tags, streams, languages, places, links, times' '
	fresh_home &&
	says 128 "the tag has a space or a comma in it: .a b." \
		mn post -m x --tag "a b" &&
	says 128 "the stream has a space or a comma in it: .a,b." \
		mn post -m x --stream a,b &&
	says 128 "not a language like .en.*: .1." mn post -m x --lang 1 &&
	says 128 "not a place like .*: .91,0." mn post -m x --place 91,0 &&
	says 128 "not a URI like .*: .no uri." mn post -m x --link "no uri" &&
	says 128 "not a date: .someday." mn post -m x --time someday &&
	says 128 "nothing to post" mn post -m "" &&
	unharmed
'

test_expect_success 'files that cannot be attached' '
	fresh_home && mkfifo fifo && test_when_finished "rm -f fifo" &&
	says 128 "cannot read .nofile.: No such file" \
		mn post -m x --attach nofile &&
	says 128 "'"'.' is a directory"'" mn post -m x --attach . &&
	says 128 "/dev/null. is not a regular file" \
		mn post -m x --attach /dev/null &&
	says 128 "fifo. is not a regular file" mn post -m x --attach fifo &&
	says 128 "cannot open .nofile.: No such file" mn post -F nofile &&
	says 128 "cannot read .\..: Is a directory" mn post -F . &&
	says 128 "cannot read .\..: Is a directory" mn post --batch . &&
	says 128 "cannot open .nofile.: No such file" mn post --batch nofile &&
	unharmed
'

test_expect_success 'a batch with one bad line posts nothing' '
	fresh_home &&
	good="{\"text\":\"good\"}" &&
	while IFS="|" read -r bad words
	do
		printf "%s\n%s\n%s\n" "$good" "$bad" "$good" >batch &&
		says 128 "nothing was posted: line 2: $words" \
			mn post --batch batch || return 1
	done <<-\EOS &&
	{"text":5}|"text" is not a string
	{"text":|not JSON
	[1]|not a JSON object
	{"text":"a\u0000b"}|there is a NUL character in it
	{"text":"a","title":"x\ny"}|the title has control characters
	{"text":""}|nothing to post
	{"text":"a","attachments":[{"file":"nofile"}]}|cannot read .nofile.
	EOS
	printf "%s\n{\"text\":\"%s\"}\n" "$good" "$(cat latin1)" >batch &&
	says 128 "line 2: not JSON: unable to decode byte 0xe9" mn post --batch batch &&
	unharmed
'

#
# ids
#

test_expect_success 'ids that nobody has' '
	fresh_home &&
	id=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef &&
	for command in log show rev-list rev-parse "cat-object -p" \
		"cat-object content" verify-node
	do
		says 1 "no node.*01234567" mn $command 01234567 &&
		says 1 "no node.*$id" mn $command $id &&
		says 1 "nothing is called .nowhere." mn $command nowhere &&
		says 128 "empty" mn $command "" || return 1
	done &&
	test_expect_code 1 mn cat-object -e $id >out 2>err &&
	test_must_be_empty out && test_must_be_empty err
'

test_expect_success 'ids that two have' '
	for i in $(seq 1200)
	do
		echo "{\"text\":\"$i\"}"
	done >batch &&
	mn post --batch batch >ids &&
	cut -c1-4 ids | sort | uniq -d | head -n 1 >twice &&
	word=$(cat twice) && test -n "$word" &&
	grep "^$word" ids | head -n 1 >one &&
	for command in log show "cat-object -p" verify-node rev-parse
	do
		says 128 ".$word. is ambiguous: it may be .*$(cat one)" \
			mn $command "$word" || return 1
	done
'

test_expect_success 'profiles that are not here' '
	fresh_home &&
	says 1 "no profile .nobody. here" mn -p nobody log &&
	says 1 "no profile .nobody. here" mn -p nobody post -m x &&
	MN_PROFILE=0123 says 1 "no profile .0123. here" mn log &&
	says 128 "there is a profile .ada. already" mn init --name ada &&
	says 128 "a name is one word" mn init --name "a b" &&
	mn init --name ben >other 2>err &&
	mn config --unset profile.default &&
	says 128 "which of your 2 profiles? Give -p" mn post -m x &&
	mn -p ada fsck && mn -p ben fsck
'

#
# keys
#

test_expect_success 'a key that others can read' '
	fresh_home && key=$MN_DIR/keys/$profile.device &&
	chmod 644 "$key" &&
	says 128 "device. can be read by others: chmod 600" mn post -m x &&
	chmod 600 "$key" && unharmed
'

test_expect_success 'a key that is missing, damaged, newer, or a link' '
	fresh_home && rm "$key" &&
	says 128 "no device key for profile .* here: it can be read" \
		mn post -m x &&
	mn log >/dev/null && mn show main >/dev/null &&
	fresh_home && : >"$key" &&
	says 128 "cannot read .*device.: this is not a key file" \
		mn post -m x &&
	fresh_home && cut_file "$key" &&
	says 128 "cannot read .*device.: the key file is damaged" \
		mn post -m x &&
	fresh_home && sed -i "1s/1/9/" "$key" &&
	says 128 "the key file is of another version" mn post -m x &&
	fresh_home && mv "$key" moved && ln -s "$PWD/moved" "$key" &&
	says 128 "device. is a symbolic link" mn post -m x &&
	fresh_home && unharmed
'

test_expect_success 'the key of another profile' '
	fresh_home && mn init --name ben >other 2>err &&
	cp "$MN_DIR/keys/$(cat other).device" "$key" &&
	says 128 "it is the key of another profile" mn -p ada post -m x &&
	cp "base/keys/$profile.root" "$key" &&
	says 128 "it is the key of a root, not that of a device" \
		mn -p ada post -m x
'

test_expect_success 'passphrases' '
	(
		MN_DIR=$PWD/locked && export MN_DIR &&
		echo right >right && echo wrong >wrong && : >empty &&
		head -c 5000 large >endless &&
		MN_PASSPHRASE_FILE=right mn init --passphrase >id 2>err &&
		for file in wrong:"wrong passphrase" \
			nofile:"cannot open MN_PASSPHRASE_FILE .nofile." \
			empty:"the key needs a passphrase" \
			endless:"the passphrase in .endless. is too long"
		do
			MN_PASSPHRASE_FILE=${file%%:*} &&
			export MN_PASSPHRASE_FILE &&
			says 128 "cannot use .*device.: ${file#*:}" \
				mn post -m x || exit 1
		done &&
		MN_PASSPHRASE_FILE=empty &&
		says 128 "the passphrase is empty" mn init --passphrase &&
		unset MN_PASSPHRASE_FILE &&
		says 128 "no terminal to ask on: set MN_PASSPHRASE_FILE" \
			setsid -w mn post -m x &&
		says 128 "no terminal to ask on: set MN_PASSPHRASE_FILE" \
			setsid -w mn init --passphrase &&
		ls "$MN_DIR"/profiles >profiles && test_line_count = 1 profiles &&
		ls "$MN_DIR"/keys >keys && test_line_count = 2 keys &&
		MN_PASSPHRASE_FILE=right mn post -m x >id &&
		find_repo && is_sound
	)
'

#
# the home
#

test_expect_success 'a home that is a file, or that is nowhere' '
	: >file &&
	for command in log "post -m x" init "config a.b c" fsck
	do
		(
			MN_DIR=$PWD/file && export MN_DIR &&
			says 128 "file.*: \(Not a directory\|File exists\)" \
				mn $command &&
			MN_DIR=$PWD/file/below &&
			says 128 "below.*: Not a directory" mn $command &&
			unset MN_DIR XDG_DATA_HOME HOME &&
			says 128 "no home directory: set MN_DIR or HOME" \
				mn $command
		) || return 1
	done &&
	test_must_be_empty file &&
	(
		MN_DIR=$PWD/nowhere && export MN_DIR &&
		says 128 "no profile of yours in .*: .mn init. makes one" \
			mn log &&
		says 128 "no profile of yours in .*: .mn init. makes one" \
			mn post -m x
	) &&
	test_path_is_missing nowhere
'

test_expect_success 'a configuration that is damaged' '
	fresh_home && echo "[broken" >"$MN_DIR/config" &&
	for command in log "post -m x" init "config --list" "config a.b c"
	do
		says 128 "config.: line 1: bad section header" mn $command ||
			return 1
	done &&
	ls "$MN_DIR/profiles" >profiles && test_line_count = 1 profiles &&
	cp base/config "$MN_DIR/config" && unharmed
'

# As root, nothing is read-only: nobody it shall be.
if test "$(id -u)" != 0
then
	write_script as-user <<-\EOS
	exec "$@"
	EOS
else
	write_script as-user <<-\EOS
	exec setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
	EOS
fi
./as-user mn version >/dev/null 2>&1 && ./as-user test -r . &&
	test_set_prereq USER

read_only_home () {
	fresh_home && { test "$(id -u)" != 0 || chown -R 65534:65534 "$MN_DIR"; } &&
	test_when_finished "chmod -R u+w \"$MN_DIR\"" &&
	chmod -R a-w "$MN_DIR"
}

test_expect_success USER 'a home that is read-only can be read' '
	read_only_home &&
	./as-user mn log --format="%(node)" >actual &&
	cat second first >expect && test_cmp expect actual &&
	./as-user mn show "$(cat first)" >actual && grep first actual &&
	./as-user mn fsck
'

test_expect_success USER 'without its index, too' '
	read_only_home && chmod u+w "$MN_DIR" && rm "$MN_DIR"/index.db* &&
	chmod a-w "$MN_DIR" &&
	./as-user mn log --format="%(node)" >actual && test_cmp expect actual &&
	./as-user mn show "$(cat first)" >actual && grep first actual
'

test_expect_success USER 'and what would write says where it cannot' '
	read_only_home &&
	for command in "post -m x" "post --batch batch" gc merge-heads
	do
		says 128 "cannot open lock .*: Permission denied" \
			./as-user mn $command || return 1
	done &&
	says 128 "cannot create .*/keys/.*: Permission denied" \
		./as-user mn init &&
	says 128 "config.*: Permission denied" ./as-user mn config a.b c &&
	says 128 "index: .*readonly" ./as-user mn index --rebuild &&
	./as-user mn fsck
'

test_expect_success USER 'a key or an attachment that may not be read' '
	read_only_home && : >secret && chmod 0 secret &&
	chmod -R u+w "$MN_DIR" &&
	says 128 "cannot open .secret.: Permission denied" \
		./as-user mn post -m x --attach secret &&
	chmod 0 "$MN_DIR/keys" &&
	says 128 "cannot open .*device.: Permission denied" \
		./as-user mn post -m x &&
	chmod 700 "$MN_DIR/keys"
'

#
# what is foreign, or newer
#

test_expect_success 'a repository of a newer format' '
	fresh_home && git config -f "$repo/config" mn.format 2 &&
	for command in "post -m x" log "show main" fsck gc "cat-object -p main" \
		whoami merge-heads ls-refs "index --rebuild" "rev-list main"
	do
		says 128 "made by a newer version of mn (format 2; this one reads 1)" \
			mn $command || return 1
	done &&
	git config -f "$repo/config" mn.format 1 && unharmed
'

test_expect_success 'a repository that is not one of mn, or of git' '
	fresh_home && git config -f "$repo/config" --unset mn.format &&
	says 128 "is not a repository of mn" mn post -m x &&
	fresh_home && rm "$repo/config" &&
	says 128 "is not a repository of mn" mn log &&
	fresh_home && git config -f "$repo/config" mn.profile 123 &&
	says 128 "mn.profile is no id" mn log &&
	fresh_home && git config -f "$repo/config" \
		core.repositoryFormatVersion 7 &&
	says 128 "a version of git.s format that this mn does not read" \
		mn post -m x &&
	fresh_home && git config -f "$repo/config" \
		extensions.objectFormat sha256 &&
	says 128 "uses git.s extension .objectformat." mn post -m x &&
	fresh_home && other=$(echo "$profile" | tr 0-9a-f 1-9a-f0) &&
	mv "$repo" "$MN_DIR/profiles/$other.git" &&
	says 128 "the repository is that of the profile .$profile" \
		mn -p "$other" log
'

# commit_with META: a commit like the newest, but with another meta
commit_with () {
	meta=$(git -C "$repo" hash-object -w --stdin <"$1") &&
	tree=$(git -C "$repo" ls-tree main |
		sed "s/[0-9a-f]*	meta$/$meta	meta/" |
		git -C "$repo" mktree) &&
	git -C "$repo" cat-file commit main | sed "1s/.*/tree $tree/" |
		git -C "$repo" hash-object -w -t commit --stdin
}

test_expect_success 'a node of a newer version' '
	fresh_home &&
	device=$(git -C "$repo" for-each-ref --format="%(refname)" \
		refs/mn/devices) &&
	git -C "$repo" cat-file blob main:meta | sed "1s/1$/2/" >newer &&
	commit=$(commit_with newer) &&
	git -C "$repo" update-ref "$device" $commit &&
	git -C "$repo" update-ref refs/heads/main $commit &&
	says 128 "cannot read the newest nodes: another version" \
		mn post -m x &&
	says 128 "another version of the format (meta-version)" mn show main &&
	test_expect_code 1 mn fsck >out &&
	grep "meta-version" out &&
	test_expect_code 1 mn verify-node main >out && grep "meta-version" out &&
	test_expect_code 128 mn log --format="%(node)" >out 2>err &&
	grep "$(cat first)" out && grep "see .mn fsck." err
'

test_expect_success 'an identity that is newer, damaged, or gone' '
	fresh_home &&
	git -C "$repo" cat-file blob refs/mn/identity >identity &&
	sed "1s/1$/2/" identity >newer && sed "3s/./x/" identity >damaged &&
	git -C "$repo" update-ref refs/mn/identity \
		$(git -C "$repo" hash-object -w --stdin <newer) &&
	for command in "post -m x" log "show main" whoami
	do
		says 128 "identity was made by a newer version of mn" \
			mn $command || return 1
	done &&
	git -C "$repo" update-ref refs/mn/identity \
		$(git -C "$repo" hash-object -w --stdin <damaged) &&
	says 128 "the identity is damaged: .*(identity-" mn post -m x &&
	test_expect_code 1 mn fsck >out && grep identity- out &&
	git -C "$repo" update-ref -d refs/mn/identity &&
	says 128 "there is no refs/mn/identity" mn post -m x &&
	fresh_home && loose_file refs/mn/identity && rm "$file" &&
	says 128 "cannot read the identity: no object $oid" mn log
'

#
# damage
#

# damaged_by HOW WHAT: what all commands say of an object
damaged_by () {
	fresh_home && loose_file "$2" && $1 "$file" || return
	test_expect_code 1 mn fsck >out 2>err &&
	grep "$oid.*object-" out || return
	says 128 "${oid#??}. is damaged" mn gc &&
	cp "base/profiles/${repo##*/}/objects/${file##*/objects/}" "$file" &&
	mn log >/dev/null && unharmed
}

empty_file () {
	: >"$1"
}

test_expect_success 'an object that is cut, changed or empty' '
	for how in cut_file flip_file empty_file
	do
		for what in main main:meta main:0-post.md main~1
		do
			damaged_by $how $what || {
				note "$how $what"
				return 1
			}
		done
	done
'

test_expect_success 'a newest node that is damaged' '
	fresh_home && loose_file main && cut_file "$file" &&
	for command in "show main" "cat-object -p main" \
		"cat-object content main"
	do
		says 128 "$oid.*damaged" mn $command || return 1
	done &&
	says 128 "cannot read the newest nodes: .*$oid.*damaged" mn post -m x &&
	test_expect_code 1 mn verify-node main >out && grep damaged out &&
	test_expect_code 128 mn index --rebuild >out 2>err &&
	grep "$oid.*damaged" err
'

test_expect_success 'a text that is damaged spoils no other post' '
	fresh_home && loose_file main~1:0-post.md && cut_file "$file" &&
	says 128 "$oid.*damaged" mn cat-object content "$(cat first)" &&
	mn show "$(cat second)" >out && grep second out &&
	mn post -m "goes on" >id && ids_are_there id
'

test_expect_success 'posting the same text again heals it' '
	mn post -m first >id && is_sound && ids_are_there first
'

test_expect_success 'packs that are cut, changed or gone' '
	fresh_home && mn gc && cp -a "$MN_DIR" packed &&
	for how in cut_file flip_file rm
	do
		for ending in pack idx
		do
			rm -rf "$MN_DIR" && cp -a packed "$MN_DIR" &&
			chmod -R u+w "$MN_DIR" &&
			$how "$repo"/objects/pack/pack-*.$ending &&
			test_expect_code 1 timeout 20 mn fsck >out 2>err &&
			grep "^error" out || {
				note "$how $ending: $(cat out err)"
				return 1
			}
			# all of it was packed: gc has no reason to read it
			test "$how-$ending" = flip_file-pack || {
				says 128 "no object" mn gc &&
				says 128 "cannot read the identity: no object" \
					mn post -m x
			} || return 1
			diff -r "packed/profiles/${repo##*/}/refs" \
				"$repo/refs" || return 1
		done
	done
'

test_expect_success 'refs that are damaged, or name nothing' '
	fresh_home &&
	nothing=1234567890123456789012345678901234567890 &&
	echo garbage >"$repo/$device" &&
	says 128 "ref .$device. is damaged" mn post -m x &&
	test_expect_code 1 mn fsck >out && grep "$device.*damaged" out &&
	test_expect_code 128 mn log --format="%(node)" >out 2>err &&
	grep "$(cat first)" out && grep "ref .$device. is damaged" err &&
	echo $nothing >"$repo/$device" &&
	says 128 "cannot read the newest nodes: no object $nothing" \
		mn post -m x &&
	test_expect_code 1 mn fsck >out && grep "$nothing.*object-missing" out
'

test_expect_success 'a head that is damaged is made anew by the next post' '
	for text in garbage $nothing
	do
		fresh_home && echo $text >"$repo/refs/heads/main" &&
		test_expect_code 1 mn fsck >out &&
		mn log --format="%(node)" >actual &&
		cat second first >expect && test_cmp expect actual &&
		mn post -m x >id && is_sound || return 1
	done
'

test_expect_success 'an index that is damaged is made anew' '
	cat second first >expect &&
	for how in "head -c 5000 latin1 large" "head -c 3000 $PWD/file.db" \
		"head -c 0 large"
	do
		fresh_home && mn log >/dev/null &&
		cp "$MN_DIR/index.db" file.db && rm -f "$MN_DIR"/index.db-* &&
		$how >"$MN_DIR/index.db" &&
		mn log --format="%(node)" >actual 2>err &&
		test_cmp expect actual && test_must_be_empty err &&
		mn post -m x >id && mn log -n 1 --format="%(node)" >actual &&
		test_cmp id actual || return 1
	done
'

test_done
