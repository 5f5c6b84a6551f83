#!/bin/sh

test_description='a video of 300 MiB at level meta: fetched when it is opened

No content comes with the metadata. mn show fetches it from mn serve, some
MiB at a time, and writes it, in bounded memory.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"

MIB=300

# 128 MiB of memory of its own, for each process; files that are mapped don't
# count
in_little_memory () {
	# shellcheck disable=SC3045 # ulimit -d is there in dash
	(ulimit -d 131072 && "$@")
}

case ${SANITIZE:-}$(mn version --build-options 2>/dev/null) in
*sanitize*)
	in_little_memory () {
		"$@"
	}
	;;
esac

test_expect_success 'set up' '
	two_people &&
	head -c "${MIB}M" /dev/urandom >video.bin &&
	ada mn post -m "a film" --attach video.bin >film.id &&
	MN_DIR=$PWD/ada && export MN_DIR &&
	start_mn_serve
'

test_expect_success 'with the metadata no content comes' '
	bob_follows "$url/$profile" mn.replicate meta \
		remote.origin.partialclonefilter blob:limit=16k &&
	bob mn fetch --json >out &&
	test "$(jq .posts out)" = 1 &&
	test "$(jq .contents out)" = 0 &&
	test "$(jq ".wire.in + .wire.out" out)" -lt 60000 &&
	same_log
'

test_expect_success 'who wants the beginning alone does not wait for all' '
	bob mn -p "$profile" show -c 1 "$(cat film.id)" |
		head -c 3000000 >actual &&
	head -c 3000000 video.bin >expect &&
	cmp expect actual &&
	test_must_fail bob mn -p "$profile" show --no-fetch -c 1 \
		"$(cat film.id)" >all
'

test_expect_success 'mn show fetches it and writes it' '
	in_little_memory bob mn -p "$profile" show -c 1 "$(cat film.id)" |
		sha256sum >actual &&
	sha256sum <video.bin >expect &&
	test_cmp expect actual
'

test_expect_success 'then it is here' '
	stop_mn_serve &&
	in_little_memory bob mn -p "$profile" show --no-fetch -c 1 \
		"$(cat film.id)" | sha256sum >actual &&
	test_cmp expect actual
'

test_done
