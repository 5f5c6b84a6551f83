#!/bin/sh

test_description='the commands of mntutorial(7), run as they stand there'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-tutorial.sh"

run_page "$TEST_DIRECTORY/../Documentation/mntutorial.7.scd" 20

test_expect_success 'what a line says matters' '
	printf "a\nb\n" >got &&
	printf "a\nb\n" >want && is_like want got &&
	printf "a\n" >want && ! is_like want got &&
	printf "a\nc\n" >want && ! is_like want got &&
	printf "a\nb\nc\n" >want && ! is_like want got &&
	printf ".*\nb\n" >want && is_like want got
'

test_done
