#!/bin/sh

test_description='10,000 posts of real text: entries of changelogs'

. ./test-lib.sh

total=10000

# Everything that dpkg installed has one, unless docs were left out.
find /usr/share/doc -follow -type f -name 'changelog*' 2>/dev/null |
	LC_ALL=C sort | head -n 400 >files
if test "$(wc -l <files)" -lt 5
then
	skip_all='no changelogs in /usr/share/doc'
	test_done
fi

# An entry begins with "package (version) suite; urgency=..."; each goes to
# an object of JSON. Where a system has few, they are used again, numbered.
entries () {
	while read -r file
	do
		case $file in
		*.gz) gzip -dcf "$file" ;;
		*) cat "$file" ;;
		esac
	done <files | head -c 4000000 |
	awk 'BEGIN { ORS = "" }
		/^[a-z0-9][a-z0-9.+-]* \([^)]*\)/ { print "\036" }
		{ gsub(/\036/, ""); print $0 "\n" }' |
	jq -Rsc --argjson total "$total" 'split("\u001e")[1:] |
		map({title: (split("\n")[0] | gsub("[[:cntrl:]]"; " ") |
				.[:90] | sub(" +$"; "")),
			text: .[:1500],
			tags: [split(" ")[0] | ascii_downcase]}) as $e |
		range($total) | . as $i | $e[. % ($e | length)] |
		.title |= "\($i + 1): \(.)" | .stream = "changelog" |
		.time = 1700000000000 + $i * 1000'
}

test_expect_success 'set up the entries' '
	entries >in &&
	test_line_count = $total in &&
	jq -r .title in | sort -u >titles &&
	test_line_count = $total titles
'

test_expect_success 'they are posted, in one pack' '
	test_init_profile ada &&
	mn post --batch in >ids 2>err &&
	test_must_be_empty err &&
	sort -u ids >unique &&
	test_line_count = $total unique &&
	ls "$repo"/objects/pack/*.pack >packs &&
	test_line_count = 1 packs
'

test_expect_success 'the log has them all, as they were' '
	mn log --reverse --json >log &&
	jq -r .node log >actual &&
	test_cmp ids actual &&
	jq -cS "{title, text, tags, stream, time}" log >actual &&
	jq -cS "{title, text, tags, stream, time}" in >expect &&
	cmp expect actual
'

test_expect_success 'one of them, by each of its names' '
	id=$(sed -n 5000p ids) &&
	mn show --json $id | jq -r .title >actual &&
	sed -n 5000p in | jq -r .title >expect &&
	test_cmp expect actual &&
	echo $id >expect &&
	for name in $(echo $id | cut -c 1-16) @~5000 HEAD~5000 \
		mn:$profile/$id "$(echo $profile | cut -c 1-12):@~5000"
	do
		mn show --format "%(node)" $name >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'log by tag, by number, by time' '
	tag=$(sed -n 5000p in | jq -r .tags[0]) &&
	jq -r "select(.tags[0] == \"$tag\") | .title" in >expect &&
	mn log --tag "$tag" --reverse --json | jq -r .title >actual &&
	test_cmp expect actual &&
	mn log -n 50 --json | jq -r .node >actual &&
	tail -n 50 ids | sort >expect &&
	sort actual | test_cmp expect - &&
	mn log --since @1700004000 --until @1700004099 --json |
		jq -r .node | sort >actual &&
	sed -n 4001,4100p ids | sort >expect &&
	test_cmp expect actual
'

test_expect_success 'rev-list agrees with log and with git' '
	mn rev-list --reverse @ >actual &&
	test_cmp ids actual &&
	git -C "$repo" rev-list --count main >actual &&
	echo $total >expect &&
	test_cmp expect actual &&
	mn rev-list @~100..@ >range &&
	test_line_count = 100 range
'

test_expect_success 'every node verifies' '
	mn verify-node --batch <ids >out &&
	test_line_count = $total out
'

test_expect_success 'fsck finds nothing' '
	mn fsck >out &&
	test_must_be_empty out
'

test_expect_success 'single posts after them, loose' '
	for i in 1 2 3 4 5 6 7 8 9
	do
		mn post -m "more $i" >>ids || return 1
	done &&
	total=$((total + 9)) &&
	mn log --oneline >log &&
	test_line_count = $total log
'

# what readers see must not change by gc
seen () {
	mn log --json &&
	git -C "$repo" for-each-ref
}

test_expect_success 'gc packs them; nothing else changes' '
	seen >before &&
	mn gc &&
	seen >after &&
	cmp before after &&
	git -C "$repo" count-objects -v >objects &&
	test_grep "^count: 0$" objects &&
	mn fsck &&
	mn post -m "after gc" >>ids &&
	total=$((total + 1))
'

test_expect_success 'git fsck --strict, log, clone' '
	git -C "$repo" fsck --strict --no-dangling 2>err &&
	test_grep ! -i "error\|warning\|missing" err &&
	git -C "$repo" log --format=%s main >subjects &&
	test_line_count = $total subjects &&
	jq -r "\"post: \" + .title" in | tail -n 1 >expect &&
	sed -n 11p subjects >actual &&
	test_cmp expect actual &&
	git clone -q --mirror "$repo" clone.git &&
	git -C clone.git for-each-ref >actual &&
	git -C "$repo" for-each-ref >expect &&
	test_cmp expect actual
'

test_expect_success 'git gc does no harm' '
	git -C "$repo" gc -q &&
	mn fsck &&
	mn log --oneline >log &&
	test_line_count = $total log &&
	mn post -m "after git gc"
'

test_expect_success 'an index made anew says the same' '
	mn log --json >before &&
	mn index --rebuild &&
	mn log --json >after &&
	cmp before after &&
	rm "$MN_HOME"/index.db* &&
	mn log --json >after &&
	cmp before after
'

test_done
