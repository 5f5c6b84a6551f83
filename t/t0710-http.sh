#!/bin/sh
test_description='the HTTP transport: smart servers, good and bad'
. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-http.sh

# The pack in an answer of protocol v2, without its framing.
write_script unpack-answer <<\EOF2
exec python3 -c '
import sys
data, at = sys.stdin.buffer.read(), 0
while at < len(data):
    n = int(data[at:at + 4], 16)
    if n > 4 and data[at + 4] == 1:
        sys.stdout.buffer.write(data[at + 5:at + n])
    at += max(n, 4)
'
EOF2

test_expect_success 'a repository, and servers of it' '
	git init -q --bare repos/a.git &&
	git -C repos/a.git symbolic-ref HEAD refs/heads/main &&
	git -C repos/a.git config http.receivepack true &&
	for i in 1 2 3 4 5 6 7 8 9
	do
		echo "commit refs/heads/main" &&
		echo "committer A <a@example.com> 160000000$i +0000" &&
		echo "data 1" && echo x &&
		echo "M 100644 inline $i" && echo "data 2" && echo "$i" ||
		return 1
	done >stream &&
	git -C repos/a.git fast-import --quiet <stream &&
	oid=$(git -C repos/a.git rev-parse main) &&
	start_lighttpd_git "$PWD/repos" && lighttpd=$url &&
	start_server git "$PWD/repos" && plain=$url && plain_log=$server_log
'

test_expect_success 'git http-backend behind lighttpd is recognised' '
	http-client open "$lighttpd/a.git" >actual 2>err &&
	echo "smart 000e" >expect &&
	test_cmp expect actual
'

test_expect_success 'a pack comes through it as git made it' '
	http-client fetch "$lighttpd/a.git" $oid >answer 2>err &&
	./unpack-answer <answer >got.pack &&
	git init -q --bare got.git &&
	git -C got.git index-pack --strict --stdin <got.pack &&
	git -C got.git rev-list --objects $oid >list &&
	test_line_count = 27 list
'

test_expect_success 'one connection carries it, and the request is compressed' '
	tail -n 1 err >last &&
	test_grep "^wire [0-9]* [0-9]* 2 1 " last &&
	: >"$plain_log" &&
	http-client fetch "$plain/a.git" $oid >answer 2>err &&
	tail -n 1 "$plain_log" >last &&
	echo "POST /a.git/git-upload-pack - gzip" >expect &&
	test_cmp expect last &&
	./unpack-answer <answer >got2.pack &&
	cmp got.pack got2.pack
'

test_expect_success 'ten repositories of a server need one connection' '
	http-client again "$lighttpd/a.git" 10 2>err &&
	test_grep "^wire [0-9]* [0-9]* 10 1 " err
'

test_expect_success 'a push is streamed, without being in memory as a whole' '
	: >"$plain_log" &&
	http-client post "$plain/a.git" 100000000 2>err &&
	test_grep ! error err &&
	set -- $(tail -n 1 err) &&
	test "$3" -gt 100000000 && test "$6" -lt 80000
'

test_expect_success 'a signed push is digested first, and sent as it was' '
	head -c 5000000 /dev/zero | tr "\\0" 0 | b2sum -l 256 >sum &&
	read -r sum rest <sum &&
	printf "" | b2sum -l 256 >none &&
	read -r none rest <none &&
	: >"$plain_log" &&
	http-client --sign post "$plain/a.git" 5000000 2>err &&
	sed "/^wire/d" err >signed &&
	cat >expect <<-EOF &&
	signed GET $plain/a.git/info/refs?service=git-receive-pack $none
	signed POST $plain/a.git/git-receive-pack $sum
	EOF
	test_cmp expect signed &&
	cat >expect <<-\EOF &&
	GET /a.git/info/refs?service=git-receive-pack Test -
	POST /a.git/git-receive-pack Test -
	EOF
	test_cmp expect "$plain_log"
'

test_expect_success 'what only reads is not signed' '
	http-client --sign fetch "$plain/a.git" $oid >answer 2>err &&
	test_grep ! signed err
'

test_expect_success strace 'without TLS no certificates are read' '
	ASAN_OPTIONS=detect_leaks=0 strace -f -e trace=openat,open -o trace \
		http-client open "$plain/a.git" 2>err &&
	test_grep ! -i "\.pem\|\.crt\|/certs" trace
'

# says CODE WORDS: what the client said last time
says () {
	test_grep "^error -$1: .*$2" err &&
	test "$(wc -l <err)" = 2 &&
	test_grep ! "$(printf "[\\033\\007]")" err
}

test_expect_success 'no such repository' '
	test_must_fail http-client open "$lighttpd/none.git" 2>err &&
	says 2 "none.git. is not there"
'

test_expect_success 'a server that says no, in its own words' '
	for status in 403:15:403 404:2:there 410:2:there 418:5:418 429:14:429 \
		500:14:500 503:14:503
	do
		code=${status#*:} &&
		start_server status "${status%%:*}" &&
		test_must_fail http-client open "$url/a.git" 2>err &&
		says "${code%:*}" "${code#*:}" || return 1
		kill $server_pid
	done
'

test_expect_success 'nobody there; no such host' '
	test_must_fail http-client open http://127.0.0.1:1/a.git 2>err &&
	says 14 "the connection is refused" &&
	test_must_fail http-client open http://nobody.invalid/a.git 2>err &&
	says 14 "no such host is known"
'

test_expect_success 'a server that stalls' '
	start_server stall &&
	test_must_fail http-client --stall=500 open "$url/a.git" 2>err &&
	says 14 "nothing came for"
'

test_expect_success 'an answer that breaks off' '
	start_server half "$PWD/repos" &&
	test_must_fail http-client fetch "$url/a.git" $oid 2>err >answer &&
	says 14 "the connection broke" &&
	test -s answer
'

test_expect_success 'a head that does not end' '
	start_server heads &&
	test_must_fail http-client open "$url/a.git" 2>err &&
	says 12 "the head of the answer is too long"
'

test_expect_success 'what is not HTTP' '
	start_server raw "$(printf "SSH-2.0-none\\r\\n")" &&
	test_must_fail http-client open "$url/a.git" 2>err &&
	says 5 "the answer is not HTTP"
'

test_expect_success 'a slow reader holds up the server, not the memory' '
	start_server huge application/x-git-upload-pack-advertisement 300 &&
	http-client --slow open "$url/a.git" 2>err &&
	set -- $(tail -n 1 err) &&
	test "$2" -gt 300000000 && test "$6" -lt 120000
'

test_expect_success 'a server without pushes says so' '
	mkdir -p files/x.git/info && : >files/x.git/info/refs &&
	start_server static "$PWD/files" &&
	test_must_fail http-client post "$url/x.git" 10 2>err &&
	says 15 "takes no pushes"
'

test_done
