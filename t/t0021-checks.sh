#!/bin/sh

test_description='the checks of make check find what they are for'

. ./test-lib.sh

tools=$TEST_DIRECTORY/../tools

# new_tree: a library and a command that the checks have nothing against
new_tree () {
	rm -rf lib cmd &&
	mkdir -p lib/base lib/git lib/key cmd &&
	: >lib/base/a.h &&
	cat >lib/base/a.c <<-\EOT &&
	/* not exit() or "quotes" */
	#include <string.h>
	#include "base/a.h"
	#include "banned.h"

	const char *a(int err)
	{
		return err ? "calls exit(1), uses stdout" : "\"getenv(";
	}
	EOT
	cat >lib/git/b.c <<-\EOT &&
	#include <git2.h>
	#include "base/a.h"
	#include "banned.h"
	EOT
	echo "#include \"banned.h\"" >cmd/c.c
}

# refuse FILE PATTERN: with the line on stdin added to it, check-layers
# fails and says so
refuse () {
	new_tree &&
	cat >>"$1" &&
	test_expect_code 1 "$tools/check-layers" >out &&
	test_grep "$2" out
}

test_expect_success 'layers: a tree that is all right' '
	new_tree &&
	"$tools/check-layers" >out &&
	test_must_be_empty out
'

test_expect_success 'layers: an include from a later layer' '
	echo "#include \"git/x.h\"" |
	refuse lib/base/a.c "base must not include .git/x.h"
'

test_expect_success 'layers: libraries outside of their layer' '
	echo "#include <sodium.h>" | refuse lib/git/b.c "lib/key" &&
	echo "#include <git2.h>" | refuse lib/base/a.c "lib/git" &&
	echo "#include <zlib.h>" | refuse lib/base/a.c "lib/git" &&
	echo "#include <git2/refs.h>" | refuse cmd/c.c "git2"
'

test_expect_success 'layers: the library ends, talks or reads the environment' '
	for code in "exit(1);" "abort();" "x = getenv(\"HOME\");" \
		"fputs(\"x\", stdout);" "printf (\"x\");" "/* */ exit (1);"
	do
		echo "void f(void) { $code }" |
		refuse lib/git/b.c "lib/git/b.c:" || return 1
	done
'

test_expect_success 'layers: a command that exits or reads the environment' '
	echo "void f(void) { exit(1); }" | refuse cmd/c.c "cmd/c.c" &&
	echo "void f(void) { getenv(\"x\"); }" | refuse cmd/c.c "cmd/c.c"
'

test_expect_success 'layers: a file without banned.h, a layer nobody knows' '
	new_tree &&
	echo "int x;" >lib/base/n.c &&
	test_expect_code 1 "$tools/check-layers" >out &&
	test_grep "lib/base/n.c: does not include banned.h" out &&
	new_tree &&
	mkdir lib/misc &&
	test_expect_code 1 "$tools/check-layers" >out &&
	test_grep "lib/misc/: no such layer" out
'

test_expect_success 'what is banned does not compile' '
	for call in "strcpy(a, a)" "sprintf(a, a)" "atoi(a)" "strtok(a, a)"
	do
		cat >bad.c <<-EOT &&
		#include <stdio.h>
		#include <stdlib.h>
		#include <string.h>
		#include "banned.h"
		void f(char *a);
		void f(char *a) { $call; }
		EOT
		! gcc -I"$tools/../lib" -fsyntax-only bad.c 2>err &&
		test_grep "banned" err || return 1
	done
'

test_expect_success ctags 'size: a function and a file that are too long' '
	new_tree &&
	"$tools/check-size" &&
	{
		echo "void f(void)" && echo "{" &&
		printf "\n%.0s" $(seq 58) && echo "}"
	} >>lib/base/a.c &&
	test_expect_code 1 "$tools/check-size" >out &&
	test_grep "lib/base/a.c.* f has 61 lines" out &&
	new_tree &&
	printf "\n%.0s" $(seq 300) >>cmd/c.c &&
	test_expect_code 1 "$tools/check-size" >out &&
	test_grep "cmd/c.c: 301 lines" out
'

test_expect_success 'synopsis: marks and escapes are taken off, forms kept' '
	cat >page.scd <<-\EOT &&
	mn-x(1)

	# NAME

	mn-x - do

	# SYNOPSIS

	*mn x* [-m _TEXT_ | -F _FILE_] [--place _LAT,LON_]
		[_REV_...]++
	*mn x* --batch\[=_N_\] \_

	# DESCRIPTION
	EOT
	cat >expect <<-\EOT &&
	mn x [-m TEXT | -F FILE] [--place LAT,LON] [REV...]
	mn x --batch[=N] _
	EOT
	"$tools/synopsis.sh" page.scd >actual &&
	test_cmp expect actual &&
	cat >help <<-\EOT &&
	usage: mn x [-m TEXT | -F FILE] [--place LAT,LON]
	            [REV...]
	   or: mn x --batch[=N] _

	  -m   text
	EOT
	"$tools/synopsis.sh" -h <help >actual &&
	test_cmp expect actual
'

test_done
