#!/bin/sh

test_description='mn import-md: Markdown files as posts, each only once'

. ./test-lib.sh

# posts FILTER: the newest first
posts () {
	mn log --json | jq -c "$1"
}

test_expect_success 'set up a directory' '
	test_init_profile ada &&
	mkdir -p md/sub md/img &&
	printf "\211PNG\r\n\032\n one" >"md/img/a b.png" &&
	printf "\211PNG\r\n\032\n two" >md/sub/x.png &&
	echo secret >secret.png &&
	ln -s ../secret.png md/link.png &&
	cat >md/front.md <<-\EOT &&
	---
	title: "Über: alles"
	date: 2024-02-29 12:30:15 +02:00
	tags: [a, "b c", '\''d'\'']
	lang: de_DE
	layout: post
	---
	Hallo ![x](img/a%20b.png) ![y](https://example.org/x.png)
	![z](../secret.png) ![l](link.png) ![w](nope.png)
	EOT
	cat >md/sub/head.md <<-\EOT &&

	# A heading #

	Text ![x](<../img/a b.png>) ![x](x.png "title") ![x](x.png)

	# Another
	EOT
	printf -- "---\ntags:\n  - q\n  - \"r\"\ndate: 2023-01-01\n---\nbody" \
		>md/list.md &&
	printf "no heading\r\nCR" >md/cr.md &&
	printf -- "---\nnot closed" >md/open.md &&
	: >md/empty.md &&
	printf -- "---\ntitle: only\n---\n\n" >md/only.md &&
	touch -d 2020-05-05T00:00:00Z md/*.md md/sub/*.md &&
	touch -d 2020-05-06T00:00:00Z md/cr.md
'

test_expect_success '--dry-run posts nothing' '
	mn import-md -n md >out 2>err &&
	jq -r .attrs[0].value out >actual &&
	cat >expect <<-\EOT &&
	open.md
	sub/head.md
	cr.md
	list.md
	front.md
	EOT
	test_cmp expect actual &&
	mn log >log &&
	test_must_be_empty log
'

test_expect_success 'the files are posted, oldest first' '
	mn import-md --stream blog --tag all md >out 2>err &&
	cut -f 2 out >actual &&
	test_cmp expect actual &&
	cut -f 1 out >ids &&
	mn log --reverse --json | jq -r .node >actual &&
	test_cmp ids actual &&
	posts "[.stream, (.tags | index(\"all\") != null)]" | sort -u >actual &&
	echo "[\"blog\",true]" >expect &&
	test_cmp expect actual
'

test_expect_success 'front matter, headings, times' '
	posts "[.title, .time, .lang, (.tags | join(\" \"))]" >actual &&
	cat >expect <<-\EOT &&
	["Über: alles",1709202615000,"de-de","a all b-c d"]
	[null,1672531200000,null,"all q r"]
	[null,1588723200000,null,"all"]
	["A heading",1588636800000,null,"all"]
	[null,1588636800000,null,"all"]
	EOT
	test_cmp expect actual &&
	posts .text >actual &&
	cat >expect <<-\EOT &&
	"Hallo ![x](img/a%20b.png) ![y](https://example.org/x.png)\n![z](../secret.png) ![l](link.png) ![w](nope.png)\n"
	"body"
	"no heading\nCR"
	"Text ![x](<../img/a b.png>) ![x](x.png \"title\") ![x](x.png)\n\n# Another\n"
	"---\nnot closed"
	EOT
	test_cmp expect actual
'

test_expect_success 'pictures are attached, but none from elsewhere' '
	posts "(.attachments // [])[] | .name" >actual &&
	printf "\"%s\"\n" "a b.png" "a b.png" x.png >expect &&
	test_cmp expect actual &&
	mn show --content 1 -o copy.png "$(tail -n 1 ids)" &&
	test_cmp "md/img/a b.png" copy.png &&
	test_grep "not attached: .\.\./secret.png" err &&
	test_grep "not attached: .link.png" err &&
	test_grep "no picture .nope.png" err
'

test_expect_success 'a second run does nothing' '
	mn import-md --stream blog md >out 2>err &&
	test_must_be_empty out &&
	test_must_be_empty err &&
	mn log --json >log &&
	test_line_count = 5 log
'

test_expect_success 'a new file is posted, a changed one is not' '
	echo new >md/new.md &&
	echo more >>md/cr.md &&
	mn import-md md >out 2>err &&
	cut -f 2 out >actual &&
	echo new.md >expect &&
	test_cmp expect actual &&
	test_grep "changed since it was imported, left out: .cr.md" err
'

test_expect_success '--changed posts it anew' '
	mn import-md --changed md >out &&
	cut -f 2 out >actual &&
	echo cr.md >expect &&
	test_cmp expect actual &&
	posts .text >texts &&
	test_grep "no heading.nCRmore" texts &&
	mn import-md md >out 2>err &&
	test_must_be_empty out &&
	test_must_be_empty err
'

test_expect_success 'what one device has imported, another profile has not' '
	mn init --name bob 2>/dev/null &&
	mn import-md -n md >new &&
	test_must_be_empty new &&
	mn -p bob import-md md >out 2>/dev/null &&
	test_line_count = 6 out
'

test_expect_success 'a bad file is named, and nothing is posted' '
	mn log --json >before &&
	echo fine >md/fine.md &&
	printf "a\377" >md/bad.md &&
	test_must_fail 128 mn import-md md >out 2>err &&
	test_must_be_empty out &&
	test_grep "not UTF-8: .bad.md" err &&
	printf -- "---\ntitle: a\001b\n---\nx" >md/bad.md &&
	test_must_fail 128 mn import-md md >out 2>err &&
	test_must_be_empty out &&
	test_grep "control characters" err &&
	test_grep "that is .bad.md" err &&
	mn log --json >after &&
	test_cmp before after
'

test_expect_success 'odd names of files' '
	mkdir odd &&
	echo one >"odd/ü -x \$(touch pwned).md" &&
	echo two >"odd/-n.md" &&
	echo three >"odd/a	tab.md" &&
	test_must_fail mn import-md odd >out 2>err &&
	rm "odd/a	tab.md" &&
	mn import-md odd >out &&
	test_line_count = 2 out &&
	mn import-md odd >out &&
	test_must_be_empty out &&
	test_path_is_missing odd/pwned &&
	test_path_is_missing pwned
'

test_expect_success 'an empty directory, and wrong usage' '
	mkdir none &&
	mn import-md none >out &&
	test_must_be_empty out &&
	test_must_fail mn import-md missing 2>err &&
	test_expect_code 129 mn import-md 2>err &&
	test_expect_code 129 mn import-md md md 2>err &&
	test_expect_code 129 mn import-md --bad md 2>err
'

test_done
