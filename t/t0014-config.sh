#!/bin/sh

test_description='mn config'

. ./test-lib.sh

file=$MN_HOME/config

test_expect_success 'nothing is set before anything is' '
	mn config --list >actual &&
	test_must_be_empty actual &&
	test_expect_code 1 mn config user.name >actual 2>err &&
	test_must_be_empty actual &&
	test_must_be_empty err &&
	test_path_is_missing "$file"
'

test_expect_success 'set and get, in the short form and the long one' '
	mn config core.pager "less -S" &&
	mn config core.pager >actual &&
	echo "less -S" >expect &&
	test_cmp expect actual &&
	mn config --set core.pager more &&
	mn config --get core.pager >actual &&
	echo more >expect &&
	test_cmp expect actual
'

test_expect_success 'the file is private, and git reads it as we do' '
	test "$(stat -c %a "$file")" = 600 &&
	git config -f "$file" core.pager >actual &&
	test_cmp expect actual &&
	git config -f "$file" profile.ada.theme "dark # blue" &&
	mn config profile.ada.theme >actual &&
	echo "dark # blue" >expect &&
	test_cmp expect actual
'

test_expect_success 'odd values survive, for us and for git' '
	for value in "" " x " "a;b#c" "q\"q" "b\\s" "tab	tab" "ünï" \
		"two
lines" "  " true
	do
		mn config odd.value "$value" &&
		mn config -z odd.value >actual &&
		printf "%s\0" "$value" >expect &&
		test_cmp expect actual &&
		git config -z -f "$file" odd.value >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'section and key are case-insensitive, the middle is not' '
	mn config Sec.Sub.Key 1 &&
	mn config sEC.Sub.kEY >actual &&
	echo 1 >expect &&
	test_cmp expect actual &&
	test_expect_code 1 mn config sec.sub.key
'

test_expect_success 'several values: the last counts, --all shows them' '
	mn config --add multi.v 1 &&
	mn config --add multi.v 2 &&
	mn config multi.v >actual &&
	echo 2 >expect &&
	test_cmp expect actual &&
	mn config --all multi.v >actual &&
	printf "%s\n" 1 2 >expect &&
	test_cmp expect actual &&
	mn config multi.v 3 &&
	mn config --all multi.v >actual &&
	printf "%s\n" 1 3 >expect &&
	test_cmp expect actual
'

test_expect_success '--unset removes all values, and says when there was none' '
	mn config --unset multi.v &&
	test_expect_code 1 mn config multi.v &&
	test_expect_code 1 mn config --unset multi.v 2>err &&
	test_grep "mn config: .multi.v. is not set" err
'

test_expect_success 'comments and order stay' '
	test_when_finished "rm -rf other" &&
	mkdir other &&
	printf "# mine\n[a]\n\tx = 1 ; why\n[b]\n\ty = 2\n" >other/config &&
	MN_DIR=other mn config b.y 3 &&
	printf "# mine\n[a]\n\tx = 1 ; why\n[b]\n\ty = 3\n" >expect &&
	test_cmp expect other/config
'

test_expect_success '--list, -z and --json' '
	test_when_finished "rm -rf other" &&
	mkdir other &&
	MN_DIR=other mn config a.x 1 &&
	MN_DIR=other mn config a.y "two
lines" &&
	printf "a.x=1\na.y=two\nlines\n" >expect &&
	MN_DIR=other mn config --list >actual &&
	test_cmp expect actual &&
	printf "a.x\n1\0a.y\ntwo\nlines\0" >expect &&
	MN_DIR=other mn config --list -z >actual &&
	test_cmp expect actual &&
	cat >expect <<-\EOT &&
	{"name":"a.x","value":"1"}
	{"name":"a.y","value":"two\nlines"}
	EOT
	MN_DIR=other mn config --list --json >actual &&
	test_cmp expect actual
'

test_expect_success 'names that cannot be, and values that cannot be' '
	cp "$file" before &&
	for name in nodot .x x. "a b.c" "a.b c" "a.
x.c" "" 1
	do
		test_must_fail mn config "$name" 1 2>err &&
		test -s err || return 1
	done &&
	test_must_fail mn config a.b "$(printf "\033[31m")" 2>err &&
	test_must_fail mn config a.b "$(printf "\377")" 2>err &&
	test_cmp before "$file"
'

test_expect_success 'a malformed file is told, and not changed' '
	test_when_finished "rm -rf other" &&
	mkdir other &&
	printf "[a\nx = 1\n" >other/config &&
	cp other/config before &&
	test_expect_code 128 env MN_DIR=other mn config a.x 2>err &&
	test_grep "other/config" err &&
	test_must_fail env MN_DIR=other mn config a.x 2 2>err &&
	test_cmp before other/config
'

test_expect_success 'a symbolic link stays one' '
	test_when_finished "rm -rf other" &&
	mkdir -p other/home other/dotfiles &&
	ln -s ../dotfiles/mn other/home/config &&
	echo >other/dotfiles/mn &&
	MN_DIR=other/home mn config a.x 1 &&
	test -L other/home/config &&
	test_grep "x = 1" other/dotfiles/mn
'

test_expect_success 'writers at the same time lose nothing' '
	for i in 1 2 3 4 5 6 7 8
	do
		mn config par.k$i $i &
	done &&
	wait &&
	for i in 1 2 3 4 5 6 7 8
	do
		mn config par.k$i || return 1
	done
'

test_expect_success 'a lock that somebody holds: exit 75' '
	flock "$file.flock" sh -c "
		mn config a.b 1 2>err
		echo \$? >status" &&
	echo 75 >expect &&
	test_cmp expect status &&
	test_grep "lock" err
'

test_expect_success NOT_ROOT 'a home that cannot be written' '
	test_when_finished "chmod 700 ro" &&
	mkdir ro &&
	chmod 500 ro &&
	test_expect_code 128 env MN_DIR=ro mn config a.b 1 2>err &&
	test_grep "Permission denied" err
'

test_expect_success 'no home can be told' '
	test_expect_code 128 env -u HOME -u XDG_DATA_HOME mn config --list \
		2>err &&
	test_grep "set MN_DIR or HOME" err
'

test_expect_success 'MN_DIR, then XDG_DATA_HOME, then HOME' '
	MN_DIR=$PWD/d mn config a.b 1 &&
	test_path_is_file d/config &&
	XDG_DATA_HOME=$PWD/x mn config a.b 1 &&
	test_path_is_file x/mn/config &&
	HOME=$PWD/h XDG_DATA_HOME= mn config a.b 1 &&
	test_path_is_file h/.local/share/mn/config &&
	HOME=$PWD/h XDG_DATA_HOME=relative mn config a.b >actual &&
	echo 1 >expect &&
	test_cmp expect actual
'

test_expect_success 'wrong usage' '
	test_expect_code 129 mn config 2>err &&
	test_grep "no name given" err &&
	test_expect_code 129 mn config --get a.b c 2>err &&
	test_expect_code 129 mn config --list a.b 2>err &&
	test_expect_code 129 mn config --all a.b c 2>err &&
	test_expect_code 129 mn config --json a.b c 2>err &&
	test_expect_code 129 mn config --list --json -z 2>err &&
	test_grep "exclude each other" err
'

test_done
