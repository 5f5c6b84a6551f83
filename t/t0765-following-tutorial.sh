#!/bin/sh

test_description='the commands of mnfollowing(7), run as they stand there'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-tutorial.sh"

run_page "$TEST_DIRECTORY/../Documentation/mnfollowing.7.scd" 30

test_done
