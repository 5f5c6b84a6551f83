#!/bin/sh

test_description='the commands of mnmultidevice(7), run as they stand there'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-tutorial.sh"

# the server of the page, if a failure left it
test_atexit "test ! -s server || kill \$(cat server) 2>/dev/null"

run_page "$TEST_DIRECTORY/../Documentation/mnmultidevice.7.scd" 60

test_done
