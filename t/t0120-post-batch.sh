#!/bin/sh

test_description='mn post --batch: posts from lines of JSON, all or none'

. ./test-lib.sh

# What an author chooses of posts, oldest first: the same for equal posts.
content () {
	mn "$@" log --reverse --json | jq -cS '{kind, time, title, text, stream,
		tags, lang, place, links, subjects, attrs,
		attachments: (.attachments // [] | map({role, name, type, size}))}'
}

count () {
	mn rev-list @ | wc -l
}

test_expect_success 'set up' '
	test_init_profile ada &&
	mn init --name bob >/dev/null 2>&1 &&
	printf "\211PNG\r\n\032\n\0\0\0\rIHDR\0\0\0\020\0\0\0\020\001\003" \
		>a.png &&
	printf "\0\0\0%%=m\"" >>a.png
'

test_expect_success 'the smallest post' '
	echo "{\"text\":\"hello\"}" >in &&
	mn post --batch in >ids &&
	mn post --batch <in >>ids &&
	mn post --batch - <in >>ids &&
	printf "{\"text\":\"hello\"}" | mn post --batch >>ids &&
	test_line_count = 4 ids &&
	mn log --reverse --json | jq -r .node >actual &&
	test_cmp ids actual &&
	mn log --json | jq -r .text | sort -u >actual &&
	echo hello >expect &&
	test_cmp expect actual
'

test_expect_success 'all that JSON can say of a post' '
	ref=mn:$profile/$(head -n 1 ids) &&
	cat >in <<-EOT &&
	{"kind":"reply","time":1767323045678,"title":"T \u00fc \"q\"","text":"l1\nl2 \ud83d\ude00\t","stream":"s","tags":["b","#a","b"],"lang":"en_GB","place":"1.50,-2","links":["https://e.org/"],"subjects":[{"rel":"reply-to","ref":"$ref"}],"attrs":[{"name":"x","value":"2"},{"name":"x","value":"1"}]}
	EOT
	mn post --batch in >id &&
	mn log -n 1 --json | jq -cS "{kind, time, title, text, stream, tags, lang,
		place, links, subjects, attrs}" >actual &&
	jq -cS ".tags = [\"a\", \"b\"] | .lang = \"en-gb\" |
		.place = \"1.5,-2\" | .attrs |= sort_by(.value)" in >expect &&
	test_cmp expect actual
'

test_expect_success 'what the author does not choose is ignored, null is none' '
	cat >in <<-EOT &&
	{"text":"x","node":"00","device":"zz","seq":77,"gen":5,"era":9,"parents":["a"],"commit":"b","profile":"p","title":null,"tags":null,"unknown":{"a":[1]}}
	EOT
	mn post --batch in &&
	mn log -n 1 --json | jq -c "[.title, .tags, .profile, .gen]" >actual &&
	echo "[null,null,\"$profile\",6]" >expect &&
	test_cmp expect actual
'

test_expect_success 'blank lines, CRLF and an empty input are fine' '
	count >before &&
	printf "\n  \n{\"text\":\"a\"}\r\n\r\n\t{ \"text\" : \"b\" }\n\n" |
		mn post --batch >ids &&
	test_line_count = 2 ids &&
	mn post --batch </dev/null >ids &&
	test_must_be_empty ids &&
	mn post --batch /dev/null >ids &&
	test_must_be_empty ids &&
	count >after &&
	test $(($(cat before) + 2)) = $(cat after)
'

test_expect_success 'attachments: a file, base64, name and type' '
	cat >in <<-EOT &&
	{"attachments":[{"file":"a.png"},{"file":"$PWD/a.png","name":"sun.png","type":"image/x-own","role":"cover"},{"data":"$(base64 -w 0 a.png)","name":"data.png"},{"data":"aGk=","name":"hi.txt"},{"data":"","name":"none"}]}
	EOT
	mn post --batch in >id &&
	mn show --json $(cat id) | jq -c ".attachments[] |
		[.content, .role, .name, .type, .size, .present]" >actual &&
	cat >expect <<-\EOT &&
	[0,"attachment","a.png","image/png",33,true]
	[1,"cover","sun.png","image/x-own",33,true]
	[2,"attachment","data.png","image/png",33,true]
	[3,"attachment","hi.txt","text/plain",2,true]
	[4,"attachment","none","application/octet-stream",0,true]
	EOT
	sed "s/application.x-empty/application\/octet-stream/" actual >got &&
	test_cmp expect got &&
	for n in 0 1 2
	do
		mn show --content $n -o out $(cat id) &&
		test_cmp a.png out || return 1
	done
'

test_expect_success 'an attachment is copied from a node that is here' '
	head -c 5000000 /dev/urandom >big &&
	from=$(mn post -a a.png -a big) &&
	cat >in <<-EOT &&
	{"text":"copied","profile":"$profile","node":"$from","attachments":[{"content":1,"name":"b"},{"content":0,"name":"a.png"}]}
	EOT
	to=$(mn -p bob post --batch in) &&
	mn -p bob show --content 1 -o out1 $to &&
	mn -p bob show --content 2 -o out2 $to &&
	test_cmp big out1 &&
	test_cmp a.png out2
'

test_expect_success 'log | post makes the same posts, again and again' '
	mn post --title "Mit Ümlaut" --stream s --tag t --tag u --lang de \
		--place 52.52,13.405 --link https://e.org/ -a a.png \
		-m "Text \"q\" \\ / 	tab" --time 2026-01-02T03:04:05.006Z &&
	printf "  no end of line" | mn post - &&
	mn init --name carol >/dev/null 2>&1 &&
	mn log --reverse --json | mn -p carol post --batch >ids &&
	content -p carol >actual &&
	content -p ada >expect &&
	test_cmp expect actual &&
	mn init --name dave >/dev/null 2>&1 &&
	mn -p carol log --reverse --json | mn -p dave post --batch >ids2 &&
	test_line_count = $(wc -l <ids) ids2 &&
	content -p dave >actual &&
	test_cmp expect actual &&
	for who in carol dave
	do
		mn -p $who fsck &&
		mn -p $who show --content 1 -o out @~1 &&
		test_cmp a.png out || return 1
	done
'

test_expect_success 'each is a child of the one before it' '
	for i in 1 2 3 4 5; do echo "{\"text\":\"$i\"}"; done |
		mn post --batch >ids &&
	mn log -n 5 --reverse --json | jq -r ".parents[]" >parents &&
	head -n 4 ids >expect &&
	sed 1d parents >actual &&
	test_cmp expect actual &&
	git -C "$repo" log --merges --format=%H main >merges &&
	test_must_be_empty merges
'

# wrong JSON WORDS: in line 3 of 4, nothing is posted
wrong () {
	{
		echo "{\"text\":\"fine 1\"}"
		echo
		printf "%s\n" "$1"
		echo "{\"text\":\"fine 2\"}"
	} >in &&
	test_must_fail mn post --batch in >out 2>err &&
	test_must_be_empty out &&
	test_grep "nothing was posted" err &&
	test_grep "line 3" err &&
	test_grep -e "$2" err
}

test_expect_success 'an error names the line and the key; nothing is posted' '
	mn ls-refs >before &&
	wrong "{\"text\":1}" "\"text\" is not a string" &&
	wrong "nonsense" "not JSON" &&
	wrong "[1]" "not a JSON object" &&
	wrong "\"text\"" "not" &&
	wrong "{\"text\":\"a\"} {\"text\":\"b\"}" "not JSON" &&
	wrong "{\"text\":\"a\",\"text\":\"b\"}" "not JSON" &&
	wrong "{\"text\":\"a" "not JSON" &&
	wrong "{}" "nothing to post" &&
	wrong "{\"text\":\"\"}" "nothing to post" &&
	wrong "{\"text\":\"x\",\"title\":\"a\\u001b[m\"}" "title has control" &&
	wrong "{\"text\":\"a\\u0000b\"}" "" &&
	wrong "{\"text\":\"x\",\"tags\":\"a\"}" "\"tags\" is not an array" &&
	wrong "{\"text\":\"x\",\"tags\":[1]}" "array of strings" &&
	wrong "{\"text\":\"x\",\"tags\":[\"a b\"]}" "tag" &&
	wrong "{\"text\":\"x\",\"stream\":\"a b\"}" "stream" &&
	wrong "{\"text\":\"x\",\"lang\":\"!\"}" "language" &&
	wrong "{\"text\":\"x\",\"place\":\"here\"}" "place" &&
	wrong "{\"text\":\"x\",\"links\":[\"nix\"]}" "link\|URI" &&
	wrong "{\"text\":\"x\",\"time\":\"now\"}" "milliseconds" &&
	wrong "{\"text\":\"x\",\"time\":1.5}" "milliseconds" &&
	wrong "{\"text\":\"x\",\"time\":-1}" "time" &&
	wrong "{\"text\":\"x\",\"time\":253402300800000}" "time" &&
	wrong "{\"text\":\"x\",\"kind\":\"merge\"}" "merges" &&
	wrong "{\"text\":\"x\",\"kind\":\"No\"}" "kind" &&
	wrong "{\"text\":\"x\",\"attrs\":[{\"name\":\"a\"}]}" "\"value\"" &&
	wrong "{\"text\":\"x\",\"subjects\":[{\"rel\":\"a\",\"ref\":\"b\"}]}" \
		"reference" &&
	wrong "{\"attachments\":[{\"name\":\"x\"}]}" "attachment needs" &&
	wrong "{\"attachments\":[{\"data\":\"%\",\"name\":\"x\"}]}" "base64" &&
	wrong "{\"attachments\":[{\"file\":\"missing\"}]}" "missing" &&
	wrong "{\"attachments\":[{\"data\":\"\",\"name\":\"a/b\"}]}" "slash" &&
	wrong "{\"attachments\":[{\"data\":\"\",\"name\":\"..\",\"type\":\"x\"}]}" \
		"" &&
	wrong "{\"attachments\":[{\"content\":0}],\"profile\":\"$profile\",\"node\":\"$(printf "%064d" 0)\"}" "" &&
	wrong "$(printf "{\"text\":\"\377\"}")" "not JSON" &&
	mn ls-refs >after &&
	test_cmp before after &&
	mn fsck &&
	git -C "$repo" fsck --strict
'

test_expect_success 'deep nesting is an error, not a crash' '
	wrong "$(printf "%0100000d" 0 | tr 0 "[")" "not JSON"
'

test_expect_success 'an error in the last of many lines' '
	count >before &&
	for i in $(seq 3000); do echo "{\"text\":\"$i\"}"; done >in &&
	echo "{\"text\":7}" >>in &&
	test_must_fail mn post --batch in >out 2>err &&
	test_must_be_empty out &&
	test_grep "line 3001" err &&
	count >after &&
	test_cmp before after
'

test_expect_success 'options of a single post are refused' '
	for option in "-m x" "--title x" "--tag x" "-a a.png" "--edit" \
		"--time now" "-F a.png" "--stream x" "--lang en" \
		"--place 1,2" "--link a:b"
	do
		test_expect_code 129 mn post --batch $option </dev/null 2>err ||
			return 1
	done &&
	test_expect_code 129 mn post --batch in in
'

test_expect_success 'a batch and single posts at the same time' '
	count >before &&
	for i in $(seq 500); do echo "{\"text\":\"$i\"}"; done >in &&
	{
		mn post --batch in >ids.1 &
		mn post -m single >ids.2 &
		mn post --batch in >ids.3 &
		mn post -m single >ids.4 &
		wait
	} &&
	cat ids.? | sort -u >ids &&
	test_line_count = 1002 ids &&
	count >after &&
	test $(($(cat before) + 1002)) = $(cat after) &&
	mn fsck
'

test_expect_success 'metadata that is too long: the message names the line' '
	link=https://example.org/$(printf "%01900d" 0) &&
	{
		echo "{\"text\":\"first\"}" &&
		echo &&
		echo "{\"text\":\"x\",\"links\":[\"$link\"$(
			for i in 1 2 3 4 5 6 7 8 9; do
				printf ",\"%s\"" "$link$i"
			done)]}"
	} >in &&
	test_must_fail mn post --batch in >out 2>err &&
	test_must_be_empty out &&
	test_grep "nothing was posted: line 3: .*too long" err
'

test_expect_success 'much content in a batch' '
	head -c 3000000 /dev/zero | base64 -w 0 >zeroes &&
	for i in 1 2 3 4 5 6 7
	do
		printf "{\"attachments\":[{\"data\":\"" && cat zeroes &&
		echo "\"}]}" || return 1
	done >in &&
	mn post --batch in >ids &&
	test_line_count = 7 ids &&
	mn show -c 0 -o out $(sed -n 7p ids) &&
	test "$(wc -c <out)" = 3000000
'

test_expect_success 'a line of 64 MiB is too long, and memory stays bounded' '
	head -c 67109000 /dev/zero | tr "\0" " " >long &&
	echo "{\"text\":\"x\"}" >>long &&
	test_must_fail mn post --batch long >out 2>err &&
	test_must_be_empty out &&
	test_grep "64 MiB" err &&
	rm long
'

test_done
