#!/bin/sh

test_description='mn serve: many clients at once

Clones in every version, partial ones, pages, posts, pushes and gc at the same
time: none fails, and what each has is sound. Sixteen clones, or as many as
TEST_CLONES says; meant to be run under sanitizers as well:

	make SANITIZE=thread T=t0743-serve-load.sh TEST_CLONES=50 test
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

clones=${TEST_CLONES:-16}

# run NAME COMMAND...: in the background; its status goes to NAME.status
run () {
	_name=$1
	shift
	{
		"$@" >"$_name.out" 2>&1
		echo $? >"$_name.status"
	} 5>&- &
	jobs="$jobs $!"
}

# waits for all that run has started, and looks at how it went
joined () {
	for _job in $jobs
	do
		wait "$_job"
	done
	jobs=
	for _file in *.status
	do
		test "$(cat "$_file")" = 0 && continue
		echo "$_file: $(cat "$_file" "${_file%.status}.out")" >&4
		return 1
	done
	rm -f ./*.status
}

# nothing went wrong that a client isn't told
quiet () {
	grep -v "^127\.0\.0\.1	\|: pushed to " "$server_log" >words
	test_must_be_empty words
}

# What the server runs into, it may say only when it ends.
stop_quietly () {
	stop_mn_serve && quiet
}

clone () {
	case $(($1 % 5)) in
	0 | 1 | 2)
		git -c protocol.version=$(($1 % 3)) clone -q --mirror \
			"$url/$profile.git" "got$1" ;;
	3)
		git clone -q --bare --filter=tree:0 "$url/$profile.git" \
			"got$1" ;;
	4)
		git clone -q --bare --filter=blob:limit=4k --depth 20 \
			"$url/$profile.git" "got$1" ;;
	esac
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|missing" fsck.out
}

post_often () {
	for i in 1 2 3 4 5 6 7 8
	do
		on laptop mn post -m "while others look $i" || return 1
	done
}

push_often () {
	for i in 1 2 3 4
	do
		on phone mn post -m "on the way $i" &&
		on phone mn push "$url/$profile.git" || test $? = 1 ||
		return 1
	done
}

gc_often () {
	for i in 1 2 3
	do
		on laptop mn gc -q || return 1
	done
}

ask () {
	for i in 1 2 3 4 5 6 7 8 9 10
	do
		curl -sf "$url/" "$url/$profile.git" &&
		git ls-remote "$url/$profile.git" || return 1
	done
}

test_expect_success 'set up' '
	two_devices &&
	seq 1 300 | sed "s/.*/{\"text\":\"post &\"}/" |
		on laptop mn post --batch >ids &&
	for i in 1 2 3
	do
		head -c 200000 /dev/urandom >noise &&
		on laptop mn post -m "noise $i" --attach noise || return 1
	done &&
	fetch_from phone laptop &&
	on laptop mn gc -q &&
	on laptop mn post -m "behind the pack" >id &&
	MN_DIR=$PWD/laptop && export MN_DIR &&
	start_mn_serve
'

test_expect_success "$clones clones at once" '
	for n in $(seq 1 $clones)
	do
		run clone$n clone $n
	done &&
	joined &&
	for n in $(seq 1 $clones)
	do
		sound got$n || return 1
	done &&
	git -C "laptop/profiles/$profile.git" rev-list main >expect &&
	git -C got1 rev-list main >actual &&
	test_cmp expect actual &&
	rm -rf got* &&
	quiet
'

test_expect_success 'clones, while the profile changes' '
	run post post_often &&
	run push push_often &&
	run gc gc_often &&
	for n in $(seq 1 $clones)
	do
		run clone$n clone $n
	done &&
	run ask1 ask && run ask2 ask &&
	joined &&
	for n in $(seq 1 $clones)
	do
		sound got$n || return 1
	done &&
	rm -rf got* &&
	quiet
'

test_expect_success 'clients that break off, or send nothing' '
	python3 - "$url" $profile $clones <<-\EOP &&
	import socket, sys
	host, port = sys.argv[1][7:].split(":")
	head = "/%s.git/git-upload-pack HTTP/1.1\r\nHost: x\r\n" % sys.argv[2]
	kind = "Content-Type: application/x-git-upload-pack-request\r\n"
	open_ones = []
	for n in range(int(sys.argv[3])):
	    s = socket.create_connection((host, int(port)), 20)
	    s.sendall((
	        "POST " + head + kind + "Content-Length: 1000\r\n\r\n00",
	        "POST " + head + kind + "Transfer-Encoding: chunked\r\n\r\n5",
	        "GET /",
	        "GET / HTTP/1.1\r\nHost: x\r\n\r\n" * 20,
	        "",
	    )[n % 5].encode())
	    open_ones.append(s)
	EOP
	git ls-remote "$url/$profile.git" >out &&
	test_grep "refs/heads/main" out &&
	quiet
'

test_expect_success 'what is left is sound, and the server ends well' '
	stop_quietly &&
	mn fsck >out 2>&1 &&
	sound "laptop/profiles/$profile.git"
'

test_done
