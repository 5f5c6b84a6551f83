#!/bin/sh

test_description='make install, make uninstall, completion'

. ./test-lib.sh

top=$TEST_DIRECTORY/..

# make for the build that is tested, whatever make is around us
run_make () {
	eval "set -- $(cat "$MN_BUILD"/vars) \"\$@\"" &&
	env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make -s -C "$top" "$@"
}

# a page as it reads, without overstriking
plain_page () {
	mandoc -Tascii dest/opt/mn/share/man/man1/"$1" |
		sed "s/.$(printf "\010")//g"
}

if ! command -v scdoc >/dev/null || ! command -v mandoc >/dev/null
then
	skip_all='scdoc and mandoc are needed'
	test_done
fi

test_expect_success 'make install into DESTDIR' '
	run_make install DESTDIR="$PWD/dest" prefix=/opt/mn &&
	test_path_is_file dest/opt/mn/bin/mn &&
	test "$(readlink dest/opt/mn/bin/mn-config)" = mn &&
	test_path_is_file dest/opt/mn/share/man/man1/mn.1 &&
	test_path_is_file dest/opt/mn/share/man/man1/mn-config.1 &&
	test_path_is_file dest/opt/mn/share/man/man5/mnformat-node.5 &&
	find dest -type d ! -path "dest/opt/mn*" >dirs &&
	printf "dest\ndest/opt\n" >expect &&
	sort dirs >actual &&
	test_cmp expect actual
'

test_expect_success 'what was installed runs' '
	mn version --build-options >expect &&
	dest/opt/mn/bin/mn version --build-options >actual &&
	test_cmp expect actual &&
	dest/opt/mn/bin/mn-version --build-options >actual &&
	test_cmp expect actual
'

test_expect_success 'the commands of mn-net run, wherever libexecdir is' '
	dest/opt/mn/bin/mn ls-remote -h >out &&
	test_grep "^usage: mn ls-remote" out &&
	run_make install prefix="$PWD/own" libexecdir="$PWD/else/where" &&
	test_path_is_file else/where/mn/mn-net &&
	test_path_is_missing own/libexec &&
	own/bin/mn ls-remote -h >actual &&
	test_cmp out actual &&
	own/bin/mn-ls-remote -h >actual &&
	test_cmp out actual &&
	run_make uninstall prefix="$PWD/own" libexecdir="$PWD/else/where" &&
	find own else ! -type d >left &&
	test_must_be_empty left
'

test_expect_success 'scripts run as commands of the installed mn' '
	(cd "$top" && tools/generate.sh scripts <command-list.txt) >scripts &&
	while read -r name
	do
		PATH=/usr/bin:/bin dest/opt/mn/bin/mn $name -h >out &&
		test_grep "^usage: mn $name" out || return 1
	done <scripts
'

test_expect_success 'mn(1) lists every command with its summary' '
	plain_page mn.1 >page &&
	mn help -a | sed -n "s/^   \([a-z-]*\)  *\(.*\)/\1/p" >names &&
	while read -r name
	do
		test_grep "mn-$name(1)" page || return 1
	done <names
'

test_expect_success 'every page of a command is installed and has its name' '
	while read -r name
	do
		plain_page mn-$name.1 >page &&
		test_grep "mn-$name - " page || return 1
	done <names
'

test_expect_success bash 'completion in bash: commands and options' '
	cat >complete.bash <<-\EOT &&
	set -eu
	. dest/opt/mn/share/bash-completion/completions/mn
	complete_line () {
		COMP_WORDS=("$@")
		COMP_CWORD=$(($# - 1))
		_mn
		printf "%s\n" "${COMPREPLY[@]}"
	}
	complete_line mn conf
	complete_line mn -p x vers
	complete_line mn help vers
	complete_line mn config --un
	complete_line mn-version --bu
	complete_line mn --no
	complete -p mn-config | grep -c _mn
	EOT
	bash complete.bash >actual &&
	printf "%s\n" config version version --unset --build-options \
		--no-pager 1 >expect &&
	test_cmp expect actual
'

test_expect_success zsh 'completion in zsh is valid' '
	zsh -n dest/opt/mn/share/zsh/site-functions/_mn
'

test_expect_success 'completion in zsh lists every command' '
	sed -n "s/^	.\([a-z-]*\):.*/\1/p" \
		dest/opt/mn/share/zsh/site-functions/_mn | sort >actual &&
	sort names >expect &&
	test_cmp expect actual
'

test_expect_success 'make uninstall leaves nothing but directories' '
	run_make uninstall DESTDIR="$PWD/dest" prefix=/opt/mn &&
	find dest ! -type d >left &&
	test_must_be_empty left
'

test_expect_success 'make help lists the targets' '
	run_make help >actual &&
	for target in all install uninstall test check bench fuzz fuzz-short \
		doc tags help clean
	do
		test_grep "^  $target  *[a-z]" actual || return 1
	done
'

test_done
