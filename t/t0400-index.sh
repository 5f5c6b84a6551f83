#!/bin/sh

test_description='mn index: up to date, anew, damaged, shared

The functions of the index have tests of their own: t/unit/test-social-index*'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

db=$MN_HOME/index.db

test_expect_success 'no profile, no index' '
	test_expect_code 128 mn index 2>err &&
	test_grep "no profile of yours" err
'

test_expect_success 'posts are in it as they are made' '
	test_init_profile &&
	first=$profile &&
	mn post -m one --tag a --tag b &&
	mn post -m two --stream s &&
	mn index >actual &&
	printf "%s\t2\t0\n" "$profile" >expect &&
	test_cmp expect actual
'

test_expect_success '--rebuild reads all of it again' '
	mn log --json >before &&
	mn index --rebuild >actual &&
	printf "%s\t2\t2\n" "$profile" >expect &&
	test_cmp expect actual &&
	mn log --json >after &&
	test_cmp before after &&
	mn index --rebuild --threads 1 >actual &&
	test_cmp expect actual
'

test_expect_success '--stats and --json' '
	mn index --stats >actual &&
	sed 1d actual | cut -f1 >keys &&
	printf "%s\n" profiles posts tags bytes free >expect &&
	test_cmp expect keys &&
	test_grep "^posts	2$" actual &&
	test_grep "^tags	2$" actual &&
	mn index --json --stats >actual &&
	jq -c "[.profile, .posts, .added, .profiles, .tags]" actual >compact &&
	cat >expect <<-EOT &&
	["$profile",2,0,null,null]
	[null,2,null,1,2]
	EOT
	test_cmp expect compact &&
	tail -n 1 actual >stats &&
	jq -e ".bytes > 20000 and .free < .bytes" stats
'

test_expect_success 'without the file, the next command makes it' '
	rm -f "$db" "$db-wal" "$db-shm" &&
	mn log --json >after &&
	test_cmp before after &&
	test_path_is_file "$db" &&
	test "$(stat -c %a "$db")" = 600
'

test_expect_success 'a file that is no database is set aside' '
	rm -f "$db-wal" "$db-shm" &&
	echo "this is not a database, however long it is" >"$db" &&
	mn log --json >after 2>err &&
	test_cmp before after &&
	test_must_be_empty err &&
	test_grep "not a database" "$db.bad"
'

test_expect_success 'posting does not mind a damaged file' '
	echo "again" >"$db" &&
	mn post -m three 2>err &&
	test_must_be_empty err &&
	mn log -n1 --format="%(text)" >actual &&
	test_grep three actual
'

test_expect_success 'what stock git brought is found' '
	two_devices >/dev/null &&
	on laptop mn post -m "from the laptop" &&
	on phone mn post -m "from the phone" &&
	on phone mn post -m "and once more" &&
	fetch_from laptop phone &&
	on laptop mn index >actual &&
	cut -f2,3 actual >numbers &&
	printf "3\t2\n" >expect &&
	test_cmp expect numbers &&
	fetch_from phone laptop &&
	on phone mn log --json >phone.json &&
	on laptop mn log --json >laptop.json &&
	test_line_count = 3 phone.json &&
	test_cmp phone.json laptop.json
'

test_expect_success 'a ref that goes back takes its posts along, and brings them again' '
	git=$PWD/phone/profiles/$profile.git &&
	ref=refs/mn/devices/$(on phone mn whoami --json | jq -r .device) &&
	tip=$(git -C "$git" rev-parse "$ref") &&
	git -C "$git" update-ref "$ref" "$ref^" &&
	on phone mn index >actual &&
	cut -f2 actual >numbers &&
	echo 2 >expect &&
	test_cmp expect numbers &&
	git -C "$git" update-ref "$ref" "$tip" &&
	on phone mn index >actual &&
	cut -f2,3 actual >numbers &&
	printf "3\t1\n" >expect &&
	test_cmp expect numbers &&
	on phone mn log --json >actual &&
	test_cmp phone.json actual
'

test_expect_success '--all: every profile of the home' '
	second=$(mn init --name second 2>/dev/null) &&
	mn -p second post -m "in the second" &&
	printf "%s\t3\t0\n%s\t1\t0\n" "$first" "$second" | sort >expect &&
	mn index --all >actual &&
	test_cmp expect actual &&
	printf "%s\t3\t3\n%s\t1\t1\n" "$first" "$second" | sort >expect &&
	mn index --all --rebuild >actual &&
	test_cmp expect actual &&
	mn -p "$first" log --json >after &&
	test_line_count = 3 after
'

test_expect_success '--rebuild of one leaves the other' '
	mn -p "$second" index --rebuild >actual &&
	printf "%s\t1\t1\n" "$second" >expect &&
	test_cmp expect actual &&
	mn -p "$first" index >actual &&
	printf "%s\t3\t0\n" "$first" >expect &&
	test_cmp expect actual
'

test_expect_success 'a profile that fails does not stop the others' '
	test_when_finished "mv away \"$MN_HOME/profiles/$first.git/config\"" &&
	mv "$MN_HOME/profiles/$first.git/config" away &&
	test_expect_code 128 mn index --all >actual 2>err &&
	printf "%s\t1\t0\n" "$second" >expect &&
	test_cmp expect actual &&
	test_grep "$(echo "$first" | cut -c1-12)" err
'

test_expect_success 'one bad node costs that node, nothing else' '
	repo=$MN_HOME/profiles/$first.git &&
	blob=$(git -C "$repo" rev-parse HEAD~1:meta) &&
	lost=$repo/objects/$(echo "$blob" | sed "s|^..|&/|") &&
	mv "$lost" away &&
	test_expect_code 128 mn -p "$first" index --rebuild >actual 2>err &&
	printf "%s\t2\t2\n" "$first" >expect &&
	test_cmp expect actual &&
	test_grep "1 of the nodes can.t be read; the first.*$blob" err &&
	test_expect_code 128 mn -p "$first" log --oneline >actual 2>err &&
	test_line_count = 2 actual &&
	mn -p "$first" post -m "life goes on" &&
	test_expect_code 128 mn -p "$first" index >actual 2>err &&
	printf "%s\t3\t1\n" "$first" >expect &&
	test_cmp expect actual &&
	mv away "$lost" &&
	mn -p "$first" index >actual &&
	printf "%s\t4\t1\n" "$first" >expect &&
	test_cmp expect actual
'

test_expect_success 'readers, posters and rebuilds at the same time' '
	mn -p "$second" index >/dev/null &&
	for i in 1 2 3 4 5 6
	do
		{ mn -p "$second" post -m "at once $i" || echo FAILED; } &
		{ mn -p "$second" index --rebuild || echo FAILED; } &
		{ mn -p "$second" log --oneline || echo FAILED; } &
	done >out 2>err &&
	wait &&
	test_must_be_empty err &&
	test_grep ! FAILED out &&
	mn -p "$second" index >actual &&
	cut -f2 actual >numbers &&
	echo 7 >expect &&
	test_cmp expect numbers
'

test_expect_success NOT_ROOT 'a home that cannot be written' '
	test_when_finished "chmod -R u+w \"$MN_HOME\"" &&
	mn -p "$second" log --json >before &&
	rm -f "$db" "$db-wal" "$db-shm" &&
	chmod -R a-w "$MN_HOME" &&
	mn -p "$second" log --json >after &&
	test_cmp before after &&
	test_expect_code 128 mn -p "$second" index 2>err &&
	test_grep "can.t be written" err
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn index x 2>err &&
	test_grep "too many arguments" err &&
	test_expect_code 129 mn index --threads -1 2>err
'

test_done
