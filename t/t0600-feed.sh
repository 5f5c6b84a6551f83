#!/bin/sh

test_description='mn feed: posts as an Atom feed'

. ./test-lib.sh

# atom EXPRESSION: what a parser of XML that is not ours makes of ./feed
atom () {
	python3 - "$1" <<-\EOT
	import sys, xml.etree.ElementTree as ET
	a = '{http://www.w3.org/2005/Atom}'
	thr = '{http://purl.org/syndication/thread/1.0}'
	feed = ET.parse('feed').getroot()
	entries = feed.findall(a + 'entry')
	def text(tag):
	    return [e.findtext(a + tag) for e in entries]
	def links(rel):
	    return [l.attrib for l in feed.iter(a + 'link')
	            if l.get('rel') == rel]
	for x in eval('(' + sys.argv[1] + ')'):
	    print(x)
	EOT
}

test_expect_success 'a feed of nothing is a feed' '
	test_init_profile ada &&
	mn feed >feed &&
	atom "[feed.tag, feed.findtext(a + \"id\"), len(entries),
		feed.findtext(a + \"updated\")]" >actual &&
	cat >expect <<-EOT &&
	{http://www.w3.org/2005/Atom}feed
	mn:$profile
	0
	1970-01-01T00:00:00Z
	EOT
	test_cmp expect actual
'

test_expect_success 'set up posts' '
	printf "not a picture" >"a <&> b.bin" &&
	one=$(mn post --time 2026-01-02T03:04:05Z -m "First <&> \"one\"
	line two

	next ]]> paragraph") &&
	two=$(mn post --time 2026-01-03T00:00:00Z --title "Ünï <b> & ]]>" \
		--stream photos --tag sea --tag "a&b" --lang de \
		--link "https://example.org/?a=1&b=2" \
		--attach "a <&> b.bin" -m "See.") &&
	three=$(printf "bad \033[1m \001 \357\277\277 end" |
		mn post --time 2026-01-01T00:00:00.999Z --stream photos -) &&
	four=$(printf "{\"kind\":\"reply\",\"text\":\"yes\",\"subjects\":[%s]}" \
		"{\"rel\":\"reply-to\",\"ref\":\"mn:$profile/$one\"}" |
		mn post --batch)
'

test_expect_success 'ids are stable, newest first, updated is the newest' '
	mn feed >feed &&
	atom "text(\"id\")" >actual &&
	printf "mn:$profile/%s\n" $four $three $two $one >expect &&
	test_cmp expect actual &&
	atom "text(\"updated\")[1:] + text(\"published\")[1:2]" >actual &&
	cat >expect <<-\EOT &&
	2026-01-01T00:00:00Z
	2026-01-03T00:00:00Z
	2026-01-02T03:04:05Z
	2026-01-01T00:00:00Z
	EOT
	test_cmp expect actual &&
	atom "[feed.findtext(a + \"updated\") == max(text(\"updated\"))]" \
		>actual &&
	echo True >expect &&
	test_cmp expect actual &&
	mn feed | cmp feed -
'

test_expect_success 'titles and texts survive, whatever is in them' '
	atom "text(\"title\")[2:]" >actual &&
	printf "%s\n" "Ünï <b> & ]]>" "First <&> \"one\"" >expect &&
	test_cmp expect actual &&
	atom "text(\"content\")[3:]" >actual &&
	cat >expect <<-\EOT &&
	<p>First &lt;&amp;&gt; &quot;one&quot;<br/>line two</p>
	<p>next ]]&gt; paragraph</p>
	EOT
	tr -d "\t" <actual >without-tabs &&
	test_cmp expect without-tabs
'

test_expect_success 'what XML does not allow is replaced' '
	atom "text(\"content\")[1:2]" >actual &&
	printf "<p>bad �[1m � � end</p>\n" >expect &&
	test_cmp expect actual
'

test_expect_success 'tags, links, replies' '
	atom "[c.get(\"term\") for c in entries[2].findall(a + \"category\")] +
		[l[\"href\"] for l in links(\"related\")] +
		[r.get(\"ref\") for r in feed.iter(thr + \"in-reply-to\")]" \
		>actual &&
	cat >expect <<-EOT &&
	a&b
	sea
	https://example.org/?a=1&b=2
	mn:$profile/$one
	EOT
	test_cmp expect actual
'

test_expect_success 'attachments are enclosures' '
	atom "[l[k] for l in links(\"enclosure\")
		for k in (\"href\", \"type\", \"length\", \"title\")]" >actual &&
	cat >expect <<-EOT &&
	mn:$profile/$two#1
	text/plain
	13
	a <&> b.bin
	EOT
	test_cmp expect actual
'

test_expect_success '--files says where a git host shows them' '
	mn feed --files https://example.org/raw/ >feed &&
	atom "[l[\"href\"] for l in links(\"enclosure\")]" >actual &&
	commit=$(mn rev-parse --git $two 2>/dev/null ||
		mn log --json | jq -r "select(.node == \"$two\").commit") &&
	echo "https://example.org/raw/$commit/1-a%20%3C%26%3E%20b.bin" \
		>expect &&
	test_cmp expect actual &&
	git -C "$repo" cat-file blob "$commit:1-a <&> b.bin" >blob &&
	test_cmp "a <&> b.bin" blob
'

test_expect_success '-n, --stream, --tag, --since choose' '
	mn feed -n 1 >feed && atom "text(\"id\")" >actual &&
	echo "mn:$profile/$four" >expect && test_cmp expect actual &&
	mn feed --stream=photos --tag "#sea" --tag "a&b" >feed &&
	atom "text(\"id\") + [feed.findtext(a + \"id\"),
		feed.findtext(a + \"title\")]" >actual &&
	cat >expect <<-EOT &&
	mn:$profile/$two
	mn:$profile?stream=photos&tag=sea&tag=a%26b
	ada photos #sea #a&b
	EOT
	test_cmp expect actual &&
	mn feed --since 2026-01-02T12:00:00Z >feed &&
	atom "text(\"id\")" >actual &&
	printf "mn:$profile/%s\n" $four $two >expect &&
	test_cmp expect actual
'

test_expect_success '--title and --self, and another profile' '
	other=$(mn init --name bob 2>/dev/null) &&
	mn -p bob feed --title "a < b" --self "https://e.org/?x&y" >feed &&
	atom "[feed.findtext(a + x) for x in (\"title\", \"id\")] +
		[l[\"href\"] for l in links(\"self\")]" >actual &&
	cat >expect <<-EOT &&
	a < b
	mn:$other
	https://e.org/?x&y
	EOT
	test_cmp expect actual
'

test_expect_success 'wrong usage, and failures of mn log' '
	test_expect_code 129 mn feed --bad 2>err &&
	test_grep "not an option: .--bad" err &&
	test_expect_code 129 mn feed --stream 2>err &&
	test_grep "needs a value" err &&
	test_expect_code 129 mn feed --tag "a b" 2>err &&
	test_must_fail mn feed --since nonsense >out 2>err &&
	test_must_be_empty out &&
	test_must_fail mn -p nobody feed >out 2>err &&
	test_must_be_empty out
'

test_done
