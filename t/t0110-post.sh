#!/bin/sh

test_description='mn post: texts, options, attachments, and what git makes of it'

. ./test-lib.sh

# field FILTER [REV]: of the newest post
field () {
	mn show --json "${2:-@}" | jq -r "$1"
}

test_expect_success 'set up' '
	test_init_profile ada &&
	printf "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\020\0\0\0\020\001\003" \
		>a.png &&
	printf "\0\0\0%%=m\"" >>a.png &&
	printf "\377\330\377\340\0\020JFIF\0\001\001\0\0\001\0\001\0\0" \
		>b.jpeg &&
	printf "%%PDF-1.4\n%%\342\343\317\323\n1 0 obj\n" >c.pdf &&
	echo "Just words, and more of them." >d.txt &&
	echo "# A heading" >e.md &&
	printf "\001\002\003\377\376\375" >f.bin &&
	: >empty
'

test_expect_success 'a text: its id is printed, and it is there' '
	mn post -m "Hello, wörld" >id 2>err &&
	test_must_be_empty err &&
	test_line_count = 1 id &&
	grep -Ex "[0-9a-f]{64}" id &&
	field .node >actual &&
	test_cmp id actual &&
	field .text >actual &&
	echo "Hello, wörld" >expect &&
	test_cmp expect actual &&
	mn verify-node $(cat id)
'

test_expect_success 'several -m are paragraphs' '
	mn post -m one -m two --message=three &&
	field .text >actual &&
	printf "one\n\ntwo\n\nthree\n" >expect &&
	test_cmp expect actual
'

test_expect_success '-F takes the file as it is, - is stdin' '
	printf "  spaces \n\nand no end of line" >text &&
	mn post -F text &&
	mn show --raw @ >actual &&
	test_cmp text actual &&
	mn post -F - <text &&
	mn show --raw @ >actual &&
	test_cmp text actual &&
	mn post --title t - <d.txt &&
	mn show --raw @ >actual &&
	test_cmp d.txt actual &&
	test_expect_code 129 mn post -m x -F text &&
	test_must_fail mn post -F missing 2>err &&
	test_grep "missing" err
'

test_expect_success 'title, stream, language, links' '
	mn post --title "A title: 1 & 2" --stream photos --lang PT_br \
		--link https://b.example/x?y#z --link ipfs://bafy \
		--link https://b.example/x?y#z -m x &&
	field "[.title, .stream, .lang] + .links | .[]" >actual &&
	cat >expect <<-\EOT &&
	A title: 1 & 2
	photos
	pt-br
	https://b.example/x?y#z
	ipfs://bafy
	EOT
	test_cmp expect actual
'

test_expect_success 'tags are sorted, each once, without #' '
	mn post -t zeta --tag "#alpha" -t zeta -t Ünï -t beta -m x &&
	field ".tags[]" >actual &&
	printf "%s\n" alpha beta zeta Ünï >expect &&
	test_cmp expect actual
'

test_expect_success 'places in the ways that people write them' '
	for pair in \
		52.52,13.405:52.52,13.405 \
		-33.90,+018.4:-33.9,18.4 \
		"51.5, -0.12:51.5,-0.12" \
		90,-180.000:90,-180 \
		-0,0.0:0,0 \
		1.23456789,2:1.234567,2
	do
		mn post -m x --place "${pair%:*}" &&
		field .place >actual &&
		echo "${pair#*:}" >expect &&
		test_cmp expect actual || return 1
	done &&
	mn post -m x --place=-1,-2 &&
	for bad in 91,0 0,181 1 1,2,3 a,b 1e1,2 , "" 0x1,2 nan,1 \
		52.1234567E,13
	do
		test_must_fail 128 mn post -m x --place "$bad" 2>err &&
		test_grep "not a place" err || return 1
	done
'

test_expect_success 'times in the ways that people write them' '
	for pair in \
		2026-01-02T03:04:05Z=1767323045000 \
		"2026-01-02 03:04=1767323040000" \
		2026-01-02T03:04:05.678+01:00=1767319445678 \
		@1767323045=1767323045000 \
		1767323045678=1767323045678 \
		1970-01-01=0
	do
		mn post -m x --time "${pair%=*}" &&
		field .time >actual &&
		echo "${pair#*=}" >expect &&
		test_cmp expect actual || return 1
	done &&
	TZ=Asia/Tokyo mn post -m x --time "2026-01-02 12:04:05" &&
	field .time >actual &&
	echo 1767323045000 >expect &&
	test_cmp expect actual &&
	for bad in tomorrowish 2026-13-01 1969-12-31T00:00:00Z 10000-01-01
	do
		test_must_fail 128 mn post -m x --time "$bad" 2>err || return 1
	done &&
	mn post -m x &&
	now=$(date +%s) then=$(field .time) &&
	test $((now - then / 1000)) -lt 60
'

test_expect_success 'attachments keep order, name, bytes; types are told' '
	mkdir -p dir &&
	cp a.png "dir/ü & x.PNG" &&
	cp e.md dir/notes.csv &&
	mn post -m "With files" -a a.png --attach b.jpeg -a c.pdf -a d.txt \
		-a e.md -a f.bin -a "dir/ü & x.PNG" -a dir/notes.csv -a empty &&
	field ".attachments[] | \"\(.content) \(.name) \(.type) \(.size)\"" \
		>actual &&
	cat >expect <<-EOT &&
	1 a.png image/png 33
	2 b.jpeg image/jpeg $(wc -c <b.jpeg)
	3 c.pdf application/pdf $(wc -c <c.pdf)
	4 d.txt text/plain $(wc -c <d.txt)
	5 e.md text/markdown $(wc -c <e.md)
	6 f.bin application/octet-stream 6
	7 ü & x.PNG image/png 33
	8 notes.csv text/csv $(wc -c <e.md)
	9 empty application/octet-stream 0
	EOT
	test_cmp expect actual &&
	for pair in 1:a.png 2:b.jpeg 6:f.bin "7:dir/ü & x.PNG" 9:empty
	do
		mn show --content "${pair%%:*}" -o out @ &&
		test_cmp "${pair#*:}" out && rm out || return 1
	done
'

test_expect_success 'an attachment or a link alone is a post' '
	mn post -a a.png &&
	field "[.text, .attachments[0].content] | .[]" >actual &&
	printf "null\n0\n" >expect &&
	test_cmp expect actual &&
	mn post --link mailto:a@example.org &&
	field ".links[]" >actual &&
	echo mailto:a@example.org >expect &&
	test_cmp expect actual
'

test_expect_success 'what cannot be attached is named, and nothing is posted' '
	mn rev-parse @ >before &&
	for bad in missing dir /dev/null
	do
		test_must_fail mn post -m x -a a.png -a $bad >out 2>err &&
		test_must_be_empty out &&
		test_grep "$bad" err || return 1
	done &&
	mn rev-parse @ >after &&
	test_cmp before after
'

test_expect_success 'bad texts and words' '
	printf "a\377b" >latin &&
	printf "a\0b" >nul &&
	test_must_fail 128 mn post -F latin 2>err &&
	test_grep "not UTF-8" err &&
	test_must_fail 128 mn post -F nul 2>err &&
	test_must_fail 128 mn post -F empty 2>err &&
	test_grep "nothing to post" err &&
	test_must_fail 128 mn post -m x --title "$(printf "a\033[1mb")" 2>err &&
	test_grep "title has control" err &&
	test_must_fail 128 mn post -m x --title "$(printf "a\nb")" &&
	test_must_fail 128 mn post -m x --title "$(printf "\377")" 2>err &&
	test_grep "title is not UTF-8" err &&
	test_must_fail 128 mn post -m x --title "$(printf "%0301d" 0)" 2>err &&
	test_grep "too long: 301 bytes, at most 300" err &&
	test_must_fail 128 mn post -m x --stream "a b" &&
	test_must_fail 128 mn post -m x --tag "a,b" &&
	test_must_fail 128 mn post -m x --tag "" &&
	test_must_fail 128 mn post -m x --lang "en glish" &&
	test_must_fail 128 mn post -m x --link "no uri" &&
	test_must_fail 128 mn post -m x --link "https://a b/" &&
	test_expect_code 129 mn post -m x extra &&
	test_expect_code 129 mn post --no-such-option &&
	mn rev-parse @ >after &&
	test_cmp before after
'

test_expect_success 'the largest text, and one byte more' '
	head -c 1048576 /dev/zero | tr "\0" x >large &&
	mn post -F large >id &&
	mn show --raw @ >actual &&
	test_cmp large actual &&
	echo >>large &&
	test_must_fail 128 mn post -F large >out 2>err &&
	test_must_be_empty out &&
	test_grep "attach it" err &&
	mn post -a large
'

test_expect_success 'as many tags as fit, and one more' '
	tags=$(for i in $(seq 10 41); do echo --tag=$i; done) &&
	mn post -m x $tags &&
	field ".tags | length" >actual &&
	echo 32 >expect &&
	test_cmp expect actual &&
	test_must_fail 128 mn post -m x $tags --tag=42 2>err &&
	test_grep "more than 32 tags" err
'

test_expect_success 'metadata of over 16 KiB is refused' '
	link=https://example.org/$(printf "%01900d" 0) &&
	links=$(for i in 1 2 3 4 5 6 7 8 9; do echo --link=$link$i; done) &&
	test_must_fail 128 mn post -m x $links >out 2>err &&
	test_must_be_empty out &&
	test_grep "16" err
'

test_expect_success 'without a text the editor is opened' '
	write_script editor <<-\EOT &&
	cat "$1" >seen
	printf "Written\nin an editor\n\n" >"$1"
	EOT
	MN_EDITOR=./editor mn post --title edited &&
	test_must_be_empty seen &&
	field "[.title, .text][]" >actual &&
	printf "%s\n" edited Written "in an editor" >expect &&
	test_cmp expect actual &&
	test_path_is_missing "$MN_HOME/POST_EDIT.md"
'

test_expect_success '--edit starts from what there is; EDITOR, VISUAL, core.editor' '
	EDITOR=./editor mn post --edit -m "draft" &&
	echo draft >expect &&
	test "$(cat seen)" = draft &&
	rm seen && VISUAL=./editor EDITOR=false mn post &&
	test_path_is_file seen &&
	mn config core.editor ./editor &&
	test_when_finished "mn config --unset core.editor" &&
	rm seen && VISUAL=false mn post &&
	test_path_is_file seen
'

test_expect_success 'an editor that fails, or writes nothing' '
	mn rev-parse @ >before &&
	test_must_fail 128 env MN_EDITOR=false mn post 2>err &&
	test_must_fail 128 env MN_EDITOR=true mn post 2>err &&
	test_grep "nothing posted" err &&
	mn rev-parse @ >after &&
	test_cmp before after
'

test_expect_success 'what was written is kept until it is posted' '
	printf "a\033b" >title &&
	test_must_fail 128 env MN_EDITOR=./editor \
		mn post --title "$(cat title)" 2>err &&
	test_grep "your text is kept in" err &&
	write_script look <<-\EOT &&
	cat "$1" >seen
	EOT
	MN_EDITOR=./look mn post --title "better" &&
	test_grep "in an editor" seen &&
	field .text >actual &&
	printf "%s\n" Written "in an editor" >expect &&
	test_cmp expect actual &&
	test_path_is_missing "$MN_HOME/POST_EDIT.md"
'

test_expect_success 'a text that was kept is not overwritten by another' '
	test_must_fail 128 env MN_EDITOR=false mn post -e -m "kept text" &&
	test_must_fail 128 env MN_EDITOR=./look mn post -e -m other 2>err &&
	test_grep "earlier text" err &&
	MN_EDITOR=./look mn post &&
	field .text >actual &&
	echo "kept text" >expect &&
	test_cmp expect actual
'

test_expect_success 'an interrupt in the editor does not end mn' '
	write_script interrupt <<-\EOT &&
	kill -INT $PPID
	echo "typed on" >"$1"
	EOT
	MN_EDITOR="exec ./interrupt" mn post &&
	field .text >actual &&
	echo "typed on" >expect &&
	test_cmp expect actual
'

test_expect_success 'the hook post-post hears of it' '
	write_script "$MN_HOME/hooks/post-post" <<-EOT &&
	cat >>"$PWD/heard"
	echo out
	echo "\$MN_DIR" >"$PWD/dir-of-hook"
	EOT
	test_when_finished "rm \"$MN_HOME/hooks/post-post\"" &&
	mn post -m x >id 2>err &&
	test_line_count = 1 id &&
	echo "$profile $(cat id)" >expect &&
	test_cmp expect heard &&
	echo "$MN_HOME" >expect &&
	test_cmp expect dir-of-hook &&
	rm heard &&
	printf "{\"text\":\"a\"}\n{\"text\":\"b\"}\n" | mn post --batch >ids &&
	sed "s/^/$profile /" ids >expect &&
	test_cmp expect heard
'

test_expect_success 'a hook that fails takes nothing back' '
	write_script "$MN_HOME/hooks/post-post" <<-\EOT &&
	exit 3
	EOT
	test_when_finished "rm \"$MN_HOME/hooks/post-post\"" &&
	mn post -m "all the same" >id 2>err &&
	test_grep "exited with 3" err &&
	field .text "$(cat id)" >actual &&
	echo "all the same" >expect &&
	test_cmp expect actual
'

test_expect_success 'stock git: fsck, log, ls-tree, clone' '
	id=$(mn post --title "For git" -m "Text" -a a.png \
		--time 2026-01-02T03:04:05.678Z) &&
	git -C "$repo" fsck --strict 2>err &&
	git -C "$repo" log -1 --format="%s|%at|%cn|%(trailers:key=Mn-Node)" \
		main >log &&
	test_grep "^post: For git|1767323045|" log &&
	test_grep "$id" log &&
	git clone -q "$repo" clone &&
	git -C clone log --oneline >lines &&
	mn rev-list --count @ >count 2>/dev/null ||
		mn rev-list @ | wc -l >count &&
	test_line_count = $(cat count) lines &&
	git -C clone ls-tree --name-only HEAD >actual &&
	printf "%s\n" 0-post.md 1-a.png identity meta >expect &&
	test_cmp expect actual &&
	test_cmp a.png clone/1-a.png &&
	mn cat-object meta $id >meta &&
	test_cmp meta clone/meta
'

test_expect_success 'two devices of time: the order is that of the posts' '
	first=$(mn post -m later --time 2030-01-01) &&
	second=$(mn post -m earlier --time 1980-01-01) &&
	mn log -n 2 --json | jq -r .node >actual &&
	printf "%s\n" $second $first >expect &&
	test_cmp expect actual
'

test_expect_success 'posts at the same time wait for one another' '
	mn rev-list @ | wc -l >before &&
	for i in 1 2 3 4 5 6 7 8
	do
		mn post -m "number $i" >id.$i &
	done &&
	wait &&
	sort -u id.? >ids &&
	test_line_count = 8 ids &&
	echo $(($(cat before) + 8)) >expect &&
	mn rev-list @ | wc -l >actual &&
	test_cmp expect actual &&
	mn fsck &&
	git -C "$repo" log --merges --oneline main >merges &&
	test_must_be_empty merges
'

test_expect_success 'a branch of the user stays as it was' '
	git -C "$repo" update-ref refs/heads/mine $(git -C "$repo" \
		rev-parse main~3) &&
	git -C "$repo" rev-parse mine >expect &&
	mn post -m x &&
	git -C "$repo" rev-parse mine >actual &&
	test_cmp expect actual
'

test_expect_success 'main that was moved away is set back by the next post' '
	git -C "$repo" update-ref refs/heads/main main~5 &&
	id=$(mn post -m "back again") &&
	git -C "$repo" log -1 --format=%B main >body &&
	test_grep "^Mn-Node: $id" body
'

test_expect_success 'a full disk: an error, no id, nothing lost' '
	mn rev-list @ >before &&
	test_must_fail 128 sh -c "ulimit -f 1; trap \"\" XFSZ;
		mn post -m \"$(printf "%09000d" 0)$(head -c 9000 /dev/urandom |
			base64 -w 0)\"" >out 2>err &&
	test_must_be_empty out &&
	mn rev-list @ >after &&
	test_cmp before after &&
	mn fsck &&
	mn post -m "room again"
'

test_expect_success NOT_ROOT 'a home that cannot be written' '
	chmod -R a-w "$MN_HOME" &&
	test_when_finished "chmod -R u+w \"$MN_HOME\"" &&
	test_must_fail 128 mn post -m x >out 2>err &&
	test_must_be_empty out &&
	mn log -n 1 >log &&
	test_grep "room again" log
'

test_expect_success 'stdout that cannot be written is an error' '
	test_must_fail 128 sh -c "mn post -m x >/dev/full" 2>err &&
	test_grep "No space left" err
'

test_done
