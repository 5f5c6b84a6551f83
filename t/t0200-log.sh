#!/bin/sh

test_description='mn log'

. ./test-lib.sh

esc=$(printf '\033')

test_expect_success 'set-up' '
	test_init_profile &&
	first=$(mn post --time @1700000000 --title "The first" --tag a \
		--tag b --stream notes -m "hello
world") &&
	second=$(mn post --time @1700000060 -m "no title, but text
over two lines" --tag b --lang de --place 52.52,13.405 \
		--link https://example.org/) &&
	printf "\377\330binary" >cat.jpg &&
	third=$(mn post --time @1700000120 -m "a picture" --stream photos \
		--attach cat.jpg) &&
	device=$(mn log --format "%(device)" -1)
'

test_expect_success 'nothing is listed of a profile without posts' '
	MN_DIR=$PWD/empty mn init 2>/dev/null &&
	MN_DIR=$PWD/empty mn log >actual &&
	test_must_be_empty actual &&
	MN_DIR=$PWD/empty mn log --json >actual &&
	test_must_be_empty actual
'

test_expect_success 'the default output' '
	label=$(mn log --format "%(device:label)" -1) &&
	short=$(mn log --format "%(device:short)" -1) &&
	cat >expect <<-EOT &&
	node $third
	Device: $label ($short)
	Date:   Tue Nov 14 22:15:20 2023 +0000
	Stream: photos

	    a picture

	    [1] cat.jpg (image/jpeg, 8 bytes)

	node $second
	Device: $label ($short)
	Date:   Tue Nov 14 22:14:20 2023 +0000
	Tags:   b
	Lang:   de
	Place:  52.52,13.405
	Link:   https://example.org/

	    no title, but text
	    over two lines

	node $first
	Device: $label ($short)
	Date:   Tue Nov 14 22:13:20 2023 +0000
	Stream: notes
	Tags:   a, b
	Title:  The first

	    hello
	    world
	EOT
	mn log >actual &&
	sed "s/([a-z/-]*, 8 bytes)/(image\/jpeg, 8 bytes)/" actual >edited &&
	test_cmp expect edited
'

test_expect_success '--oneline, --no-text, and long lines are cut' '
	{
		echo "$third" | cut -c 1-12 &&
		echo "$second" | cut -c 1-12 &&
		echo "$first" | cut -c 1-12
	} >ids &&
	printf "%s\n" "2023-11-14 a picture" \
		"2023-11-14 no title, but text" \
		"2023-11-14 The first" | paste -d " " ids - >expect &&
	mn log --oneline >actual &&
	test_cmp expect actual &&
	mn log --oneline --no-text -n 1 >actual &&
	echo "$(sed -n 1p ids) 2023-11-14" >expect &&
	test_cmp expect actual &&
	mn log --oneline --width 30 -1 >actual &&
	echo "$(sed -n 1p ids) 2023-11-14 a pic…" >expect &&
	test_cmp expect actual &&
	mn log --no-text >actual &&
	test_grep ! "hello" actual &&
	test_grep "cat.jpg" actual
'

test_expect_success 'filters' '
	check () {
		mn log --format "%(node)" "$@" >actual &&
		test_cmp expect actual
	} &&
	echo $third >expect &&
	check -n 1 && check -1 && check --stream photos && check -n1 &&
	check --since @1700000120 && check --until now -1 &&
	echo $first >expect &&
	check --stream notes && check --tag a && check --tag a --tag b &&
	check --until @1700000059 && check --reverse --until @1700000059 &&
	printf "%s\n" $second $first >expect &&
	check --tag b &&
	printf "%s\n" $third $second $first >expect &&
	check && check --kind post && check --device $device &&
	check --device $(echo $device | cut -c 1-6) && check HEAD && check @ &&
	printf "%s\n" $first $second $third >expect &&
	check --reverse &&
	printf "%s\n" $second $third >expect &&
	check --reverse -n 2 &&
	: >expect &&
	check --kind reply && check --tag nosuch && check --stream a &&
	check -n 0 && check --tag a --stream photos
'

test_expect_success 'ranges' '
	check () {
		mn log --format "%(node)" "$@" >actual &&
		test_cmp expect actual
	} &&
	printf "%s\n" $third $second >expect &&
	check $first.. && check "^$first" HEAD && check "^$first" &&
	check HEAD~2..HEAD && check $first...HEAD && check "@{$device}" -n 2 &&
	check $(echo $first | cut -c 1-10)..$third &&
	printf "%s\n" $second $first >expect &&
	check HEAD~1 && check $second && check $(mn rev-parse --git $second) &&
	: >expect &&
	check HEAD..$first && check HEAD..HEAD
'

test_expect_success 'a range that names nothing, or no node' '
	test_expect_code 1 mn log nosuch 2>err &&
	test_expect_code 1 mn log ffffffff..HEAD 2>err &&
	test_grep "ffffffff" err &&
	test_expect_code 128 mn log "HEAD:meta" 2>err &&
	test_grep "blob" err &&
	test_expect_code 128 mn log a..b..c 2>err &&
	test_expect_code 128 mn log .. 2>err &&
	test_expect_code 1 mn log --device nosuch 2>err &&
	test_grep "no device .nosuch." err
'

test_expect_success '--format' '
	mn log -1 $first \
		--format "%(node)|%(title:quoted)%t%(tags)|%(date)%n%%" \
		>actual &&
	printf "%s|\"The first\"\ta b|2023-11-14T22:13:20Z\n%%\n" $first \
		>expect &&
	test_cmp expect actual &&
	mn log -1 $first --format "%(text)" >actual &&
	printf "hello\nworld\n" >expect &&
	test_cmp expect actual &&
	test_expect_code 129 mn log --format "%(nonsense)" 2>err &&
	test_grep "unknown field .%(nonsense)." err
'

test_expect_success 'every field of the manual page is known' '
	sed -n "/^# FORMAT/,/^# OUTPUT/s/^\*\([a-z].*\*\)$/*\1/p" \
		"$TEST_DIRECTORY/../Documentation/mn-log.1.scd" |
	tr -d "* " | tr , "\n" >fields &&
	test_line_count -gt 30 fields &&
	while read -r field
	do
		mn log -1 --format "%($field)" || return 1
	done <fields >/dev/null
'

test_expect_success '-z ends records with NUL, whatever is in them' '
	mn log -z --format "%(text)" >out &&
	xargs -0 -n 1 sh -c "printf \"<%s>\" \"\$1\"" x <out >actual &&
	printf "<a picture><no title, but text
over two lines><hello
world>" >expect &&
	test_cmp expect actual &&
	mn log -z >out &&
	test "$(tr -dc "\0" <out | wc -c)" = 3 &&
	mn log -z --oneline >out &&
	test "$(tr -dc "\0\n" <out | od -An -c | tr -d " \n")" = "\0\0\0"
'

test_expect_success '--json follows the schema' '
	mn log --json >out &&
	test_line_count = 3 out &&
	jq -r .node out >actual &&
	printf "%s\n" $third $second $first >expect &&
	test_cmp expect actual &&
	sed -n 2p out | jq -r "keys_unsorted | join(\" \")" >actual &&
	echo node profile device seq kind time text tags lang place links gen \
		era parents commit >expect &&
	test_cmp expect actual &&
	jq -e "select(.seq == 1) | .title == \"The first\" and
		.text == \"hello\nworld\" and .time == 1700000000000 and
		.tags == [\"a\", \"b\"] and .profile == \"$profile\" and
		(has(\"parents\") | not)" out &&
	jq -c "select(.seq == 3) | .attachments[0] |
		del(.digest, .type)" out >actual &&
	echo "{\"content\":1,\"role\":\"attachment\",\"name\":\"cat.jpg\",\"size\":8,\"present\":true}" >expect &&
	test_cmp expect actual &&
	mn log --json --no-text | jq -e "has(\"text\") | not"
'

test_expect_success 'log | post round-trips into another profile' '
	MN_DIR=$PWD/copy mn init >/dev/null 2>&1 &&
	mn log --json --reverse | jq -c "del(.attachments)" >lines &&
	MN_DIR=$PWD/copy mn post --batch <lines >ids &&
	test_line_count = 3 ids &&
	strip="del(.node, .profile, .device, .parents, .commit, .attachments)" &&
	mn log --json | jq -c "$strip" >expect &&
	MN_DIR=$PWD/copy mn log --json | jq -c "$strip" >actual &&
	test_cmp expect actual
'

test_expect_success 'with attachments it does within the home' '
	mn init --name Other 2>/dev/null >other &&
	mn log --json --reverse | mn -p Other post --batch >ids &&
	test_line_count = 3 ids &&
	mn -p Other show --content 1 HEAD >actual &&
	test_cmp cat.jpg actual
'

test_expect_success 'text that would steer a terminal does not reach it' '
	hostile=$(printf "\033[31mred\033]0;title\007 \302\233 \342\200\256") &&
	id=$(mn post -m "$hostile" --title "$(printf "a \342\200\256 b")") &&
	for how in "" --oneline --json "--format=%(text)%(title)%(summary)" \
		--graph "--format=%(text:quoted)"
	do
		mn log -1 $how >out &&
		test_grep ! "$esc" out &&
		test_grep ! "$(printf "\302\233")" out &&
		test_grep ! "$(printf "\342\200\256")" out || return 1
	done &&
	mn log -1 >out &&
	test_grep "Title:  a <U+202E> b" out &&
	test_grep "␛\[31mred␛\]0;title␇ <U+009B> <U+202E>" out &&
	mn log -1 --json | jq -j .text >actual &&
	printf "%s" "$hostile" >expect &&
	test_cmp expect actual
'

test_expect_success 'colour: always, never, and on a terminal' '
	mn log -1 --color always >out &&
	test_grep "^$esc\[33mnode [0-9a-f]*$esc\[m$" out &&
	mn log -1 >out &&
	test_grep ! "$esc" out &&
	TERM=xterm script -qec "mn --no-pager log -1" /dev/null >out </dev/null &&
	test_grep "$esc\[33mnode" out &&
	TERM=xterm NO_COLOR=1 script -qec "mn --no-pager log -1" /dev/null \
		>out </dev/null &&
	test_grep ! "$esc\[" out
'

test_expect_success 'the pager is used on a terminal only' '
	write_script pager <<-\EOT &&
	cat >paged
	EOT
	MN_PAGER="$PWD/pager" mn log >out &&
	test_path_is_missing paged &&
	TERM=xterm MN_PAGER="$PWD/pager" script -qec "mn log" /dev/null \
		>/dev/null </dev/null &&
	mn log --color always >expect &&
	test_cmp expect paged
'

test_expect_success '--graph of a line' '
	mn log --graph --oneline -n 2 >actual &&
	mn log --oneline -n 2 | sed "s/^/* /" >expect &&
	test_cmp expect actual &&
	mn log --graph -1 $first >actual &&
	mn log -1 $first | sed "1s/^/* /; 2,\$s/^\(.\)/  \1/" >expect &&
	test_cmp expect actual
'

test_expect_success 'options that exclude each other' '
	for bad in "--json --oneline" "--format=x --json" "--graph --json" \
		"--graph -z" "--graph --reverse" "-n x" "--since nonsense" \
		"--width -1" "--color maybe"
	do
		test_expect_code 129 mn log $bad 2>err || return 1
	done
'

test_expect_success 'a long list is the same, whoever makes its pieces' '
	MN_DIR=$PWD/long mn init >/dev/null 2>&1 &&
	i=0 &&
	while test $i -lt 9000
	do
		echo "{\"text\":\"post number $i\",\"tags\":[\"t$((i % 3))\"]}" &&
		i=$((i + 1)) || return 1
	done >lines &&
	MN_DIR=$PWD/long mn post --batch <lines >ids &&
	MN_DIR=$PWD/long mn log --reverse --format "%(node)" >actual &&
	test_cmp ids actual &&
	MN_DIR=$PWD/long mn log --json | jq -r .node >actual &&
	tac ids >expect &&
	test_cmp expect actual &&
	MN_DIR=$PWD/long mn log --reverse -n 8900 --format "%(seq)" >actual &&
	seq 101 9000 >expect &&
	test_cmp expect actual &&
	MN_DIR=$PWD/long mn log >actual &&
	test "$(grep -c "^node " actual)" = 9000 &&
	test "$(grep -c "^$" actual)" = $((9000 * 2 - 1))
'

test_expect_success 'a post whose meta is damaged is told of, the others come' '
	MN_DIR=$PWD/hurt mn init >/dev/null 2>&1 &&
	for i in 1 2 3
	do
		MN_DIR=$PWD/hurt mn post -m "post $i" >>hurt-ids || return 1
	done &&
	hurt=$(sed -n 2p hurt-ids) &&
	meta=$(MN_DIR=$PWD/hurt mn rev-parse "$hurt:meta") &&
	file=$(echo "$PWD"/hurt/profiles/*.git/objects/$(echo $meta |
		sed "s,..,&/,")) &&
	chmod u+w "$file" && echo garbage >"$file" &&
	test_expect_code 128 env MN_DIR="$PWD/hurt" mn log >out 2>err &&
	test_grep "$hurt" err &&
	test_grep "post 3" out &&
	test_grep "post 1" out &&
	test_grep ! "post 2" out
'

test_done
