#!/bin/sh

test_description='mn digest: posts as a mail'

. ./test-lib.sh

# mail EXPRESSION: what a parser of mail that is not ours makes of ./mail
mail () {
	python3 - "$1" <<-\EOT
	import sys, email, email.policy
	with open('mail', 'rb') as f:
	    raw = f.read()
	m = email.message_from_bytes(raw, policy=email.policy.default)
	assert not m.defects, m.defects
	assert max(map(len, raw.split(b'\n'))) <= 998
	assert raw.isascii()
	for x in eval('(' + sys.argv[1] + ')'):
	    print(x)
	EOT
}

test_expect_success 'no posts, no mail' '
	test_init_profile ada &&
	mn post --time 2020-01-01 -m old &&
	test_expect_code 1 mn digest >out 2>err &&
	test_must_be_empty out &&
	test_grep "no posts since 1 day ago" err
'

test_expect_success 'set up posts' '
	printf "x" >data.bin &&
	one=$(mn post --time 2026-01-02T03:04:05Z --stream news \
		--title "Erstes ü" --tag b --tag a -m "$(printf "Text of the first\n.\nFrom here")") &&
	two=$(mn post --time 2026-01-03T00:00:00Z -m "No stream.") &&
	three=$(mn post --time 2026-01-04T00:00:00Z --stream news \
		--link https://example.org/ --attach data.bin \
		-m "$(printf "ctrl \033[1m")")
'

test_expect_success 'headers' '
	mn digest --since 2026-01-01 --from ada@example.org >mail &&
	mail "[m[\"from\"], m[\"to\"], m[\"subject\"],
		m.get_content_type(), m.get_content_charset(),
		m[\"mime-version\"]]" >actual &&
	cat >expect <<-\EOT &&
	ada@example.org
	ada@example.org
	3 posts of ada since 2026-01-01
	text/plain
	utf-8
	1.0
	EOT
	test_cmp expect actual &&
	mail "[m[\"date\"].datetime.utcoffset().seconds == 0,
		abs(m[\"date\"].datetime.timestamp() -
			__import__(\"time\").time()) < 60]" >actual &&
	printf "True\nTrue\n" >expect &&
	test_cmp expect actual &&
	sed -n "s/^Message-ID: //p" mail >id &&
	grep -Ex "<[0-9a-f.]+@[a-z.]+>" id
'

test_expect_success 'the body, by stream, oldest first' '
	mail "[m.get_content().rstrip()]" >actual &&
	cat >expect <<-EOT &&
	* #3
	  2026-01-03 00:00 UTC
	  mn:$profile/$two

	No stream.

	news
	====

	* Erstes ü
	  2026-01-02 03:04 UTC, #a, #b
	  mn:$profile/$one

	Text of the first
	.
	From here

	* #4
	  2026-01-04 00:00 UTC
	  mn:$profile/$three

	ctrl �[1m

	  https://example.org/
	  [1] data.bin (text/plain, 1 bytes)
	EOT
	sed "s/application.octet-stream/text\/plain/" actual >generic &&
	test_cmp expect generic
'

test_expect_success 'names and subjects that are not ASCII' '
	subject="Grüße an alle, mit einem langen, langen Betreff – ✓ 日本語" &&
	mn digest --since 2026-01-01 --from "Ädä Löve <ada@example.org>" \
		--to "Big, \"Club\" <club@example.org>" --subject "$subject" \
		>mail &&
	mail "[m[\"from\"].addresses[0].display_name,
		m[\"from\"].addresses[0].addr_spec,
		m[\"to\"].addresses[0].addr_spec, len(m[\"to\"].addresses),
		m[\"subject\"]]" >actual &&
	cat >expect <<-EOT &&
	Ädä Löve
	ada@example.org
	club@example.org
	1
	$subject
	EOT
	test_cmp expect actual &&
	sed "/^$/q" mail >head &&
	! grep -E "=\?.{74,}\?=" head
'

test_expect_success 'no header can be smuggled in' '
	mn digest --since 2026-01-01 --from a@example.org --subject "x
	Bcc: all@example.org" >mail &&
	mail "[m[\"bcc\"], len(m.keys())]" >actual &&
	printf "None\n8\n" >expect &&
	test_cmp expect actual &&
	test_must_fail mn digest --since 2026-01-01 --from "ü@example.org" \
		2>err &&
	test_grep "ASCII" err
'

test_expect_success 'EMAIL is the sender, --stream and --tag choose' '
	EMAIL=me@example.org mn digest --since 2026-01-01 --stream news \
		--tag "#a" >mail &&
	mail "[m[\"from\"], m[\"subject\"]]" >actual &&
	cat >expect <<-\EOT &&
	me@example.org
	1 post of ada since 2026-01-01
	EOT
	test_cmp expect actual
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn digest --bad 2>err &&
	test_expect_code 129 mn digest --to 2>err &&
	test_must_fail mn digest --since nonsense >out 2>err &&
	test_must_be_empty out
'

test_done
