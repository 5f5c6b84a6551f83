#!/bin/sh
test_description='HTTP: passwords, redirects, proxies and TLS'
. ./test-lib.sh
. "$TEST_DIRECTORY"/lib-http.sh

ask='/a.git/info/refs?service=git-upload-pack'

# What the client said last time: says CODE WORDS
says () {
	test_grep "^error -$1: .*$2" err &&
	test_grep ! "$(printf '[\033\007]')" err
}

# Nobody but git's helpers is asked, and only ours.
unset http_proxy https_proxy all_proxy HTTPS_PROXY ALL_PROXY no_proxy NO_PROXY

test_expect_success 'a repository behind a password' '
	git init -q --bare repos/a.git &&
	git -C repos/a.git config http.receivepack true &&
	start_server auth "$PWD/repos" ada "se cret:+%" &&
	locked=$url && locked_log=$server_log && host=${url#http://} &&
	start_server git "$PWD/repos" && plain=$url && plain_log=$server_log
'

test_expect_success 'none is known' '
	test_must_fail http-client open "$locked/a.git" 2>err &&
	says 15 "wants a password, and none is known" &&
	echo "GET $ask - -" >expect &&
	test_cmp expect "$locked_log"
'

test_expect_success 'that of the address is sent when it is asked for' '
	: >"$locked_log" &&
	http-client open "http://ada:se%20cret%3A%2B%25@$host/a.git" >out 2>err &&
	test_grep "^smart" out &&
	{ echo "GET $ask - -" && echo "GET $ask Basic -"; } >expect &&
	test_cmp expect "$locked_log" &&
	: >"$plain_log" &&
	http-client open "http://ada:x@${plain#http://}/a.git" >out 2>err &&
	echo "GET $ask - -" >expect &&
	test_cmp expect "$plain_log"
'

test_expect_success 'a wrong one is not shown' '
	test_must_fail http-client open "http://ada:wrong@$host/a.git" 2>err &&
	says 15 "http://ada@$host/a.git. wants a password" &&
	test_grep ! wrong err
'

test_expect_success 'a helper is asked once, and told that it was right' '
	: >"$locked_log" &&
	http-client "--login=ada:se cret:+%" again "$locked/a.git" 3 2>err &&
	cat >expect <<-EOF &&
	fill http $host a.git 
	approve http $host a.git ada
	EOF
	sed "/^wire/d" err >actual &&
	test_cmp expect actual &&
	{
		echo "GET $ask - -" && echo "GET $ask Basic -" &&
		echo "GET $ask Basic -" && echo "GET $ask Basic -"
	} >expect &&
	test_cmp expect "$locked_log"
'

test_expect_success 'a helper is told that it was wrong' '
	test_must_fail http-client --login=ada:no open "$locked/a.git" 2>err &&
	cat >expect <<-EOF &&
	fill http $host a.git 
	reject http $host a.git ada
	error -15: '\''$locked/a.git'\'': the server does not take the password
	EOF
	sed "/^wire/d" err >actual &&
	test_cmp expect actual
'

test_expect_success 'a helper is asked when the address has a wrong one' '
	http-client "--login=ada:se cret:+%" open "http://ada:no@$host/a.git" \
		>out 2>err &&
	test_grep "^fill http $host a.git ada$" err &&
	test_grep "^smart" out
'

test_expect_success 'a push uses the password from its start' '
	: >"$locked_log" &&
	http-client "--login=ada:se cret:+%" post "$locked/a.git" 3000000 2>err &&
	cat >expect <<-\EOF &&
	GET /a.git/info/refs?service=git-receive-pack - -
	GET /a.git/info/refs?service=git-receive-pack Basic -
	POST /a.git/git-receive-pack Basic -
	EOF
	test_cmp expect "$locked_log"
'

test_expect_success 'a server that wants passwords gets no signatures' '
	: >"$locked_log" &&
	http-client --sign "--login=ada:se cret:+%" post "$locked/a.git" 10 \
		2>err &&
	cat >expect <<-\EOF &&
	GET /a.git/info/refs?service=git-receive-pack Test -
	GET /a.git/info/refs?service=git-receive-pack Basic -
	POST /a.git/git-receive-pack Basic -
	EOF
	test_cmp expect "$locked_log"
'

# git itself, with a helper of ours; what git is called with is written down
test_expect_success 'helpers of git: found, stored, and erased' '
	real=$(command -v git) &&
	mkdir -p bin &&
	write_script bin/git <<-EOF &&
	echo "\$*" >>"$PWD/git-args"
	env >>"$PWD/git-env"
	exec "$real" "\$@"
	EOF
	write_script helper <<-EOF &&
	echo "\$1" >>"$PWD/helper-log"
	case \$1 in
	get) printf "username=ada\\npassword=%s\\n" "\$(cat "$PWD/password")" ;;
	esac
	EOF
	printf "[credential]\\n\\thelper = \"%s\"\\n" "$PWD/helper" >gitconfig &&
	echo "se cret:+%" >password &&
	GIT_CONFIG_GLOBAL=$PWD/gitconfig PATH=$PWD/bin:$PATH \
		http-client --git open "$locked/a.git" >out 2>err &&
	test_grep "^smart" out &&
	printf "get\\nstore\\n" >expect && test_cmp expect helper-log &&
	printf "credential fill\\ncredential approve\\n" >expect &&
	test_cmp expect git-args &&
	test_grep ! "se cret" git-env &&
	rm helper-log && echo other >password &&
	test_must_fail env GIT_CONFIG_GLOBAL="$PWD/gitconfig" \
		http-client --git open "$locked/a.git" 2>err &&
	says 15 "does not take the password" &&
	printf "get\\nerase\\n" >expect && test_cmp expect helper-log
'

test_expect_success 'git knows none, git is not there' '
	test_must_fail http-client --git open "$locked/a.git" 2>err &&
	says 15 "wants a password: none is known" &&
	mkdir -p empty &&
	client=$(command -v http-client) &&
	test_must_fail env PATH="$PWD/empty" "$client" --git \
		open "$locked/a.git" 2>err &&
	says 15 "wants a password: cannot run .git."
'

test_expect_success 'a line feed never gets to a helper' '
	test_must_fail env GIT_CONFIG_GLOBAL="$PWD/gitconfig" \
		http-client --git open "http://a%0Ahost=evil@$host/a.git" 2>err &&
	test_grep "^error -\(5\|15\): " err &&
	test_grep ! "^host=evil" err
'

test_expect_success 'a redirect on the same server is followed, also by POST' '
	start_server moved "$PWD/repos" /old &&
	http-client post "$url/old/a.git" 100 2>err &&
	cat >expect <<-\EOF &&
	GET /old/a.git/info/refs?service=git-receive-pack - -
	GET /a.git/info/refs?service=git-receive-pack - -
	POST /a.git/git-receive-pack - -
	EOF
	test_cmp expect "$server_log"
'

test_expect_success 'another host, another port, another scheme: not followed' '
	: >"$plain_log" &&
	port=${plain##*:} &&
	for to in "http://localhost:$port{path}" "http://127.0.0.1:$port{path}" \
		"ftp://127.0.0.1:$port{path}" "file:///etc/passwd" \
		"http://u:p@127.0.0.2:$port{path}" "//localhost:$port{path}"
	do
		start_server redirect 302 "$to" &&
		test_must_fail http-client "--login=ada:x" open "$url/a.git" \
			2>err &&
		says 15 "redirects to .*: not followed" &&
		test_line_count = 2 err &&
		kill $server_pid || return 1
	done &&
	test_must_be_empty "$plain_log"
'

test_expect_success 'a redirect to elsewhere on the server is no repository' '
	start_server redirect 302 /login?next={path} &&
	test_must_fail http-client open "$url/a.git" 2>err &&
	says 15 "redirects to what is no repository"
'

test_expect_success 'redirects without an end; a redirect of POST' '
	start_server loop &&
	test_must_fail http-client open "$url/a.git" 2>err &&
	says 15 "redirects more than 5 times" &&
	test_line_count = 6 "$server_log" &&
	start_server moved "$PWD/repos" /a.git/git-upload-pack &&
	test_must_fail http-client fetch "$url/a.git" \
		1111111111111111111111111111111111111111 2>err &&
	says 15 "redirects what must not be redirected"
'

test_expect_success openssl 'certificates of our own' '
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout ca.key -out ca.pem -days 36500 -subj /CN=ca &&
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes \
		-keyout key.pem -out csr -subj /CN=server &&
	echo subjectAltName=IP:127.0.0.1 >ext &&
	openssl x509 -req -in csr -CA ca.pem -CAkey ca.key -CAcreateserial \
		-extfile ext -out cert.pem -days 36500 &&
	TLS=$PWD/cert.pem,$PWD/key.pem && export TLS &&
	start_server git "$PWD/repos" && secure=$url && unset TLS
'

test_expect_success openssl 'a certificate is verified' '
	test_must_fail http-client open "$secure/a.git" 2>err &&
	says 15 "certificate" &&
	http-client --ca=ca.pem open "$secure/a.git" >out 2>err &&
	test_grep "^smart" out &&
	test_must_fail http-client --ca=ca.pem \
		open "https://localhost:${secure##*:}/a.git" 2>err &&
	says 15 "localhost" &&
	test_must_fail http-client --ca=none.pem open "$secure/a.git" 2>err &&
	test_grep "^error -1: " err
'

test_expect_success openssl 'from http to https is followed, not back' '
	start_server redirect 301 "$secure{path}" &&
	http-client --ca=ca.pem open "$url/a.git" >out 2>err &&
	test_grep "^smart" out &&
	TLS=$PWD/cert.pem,$PWD/key.pem && export TLS &&
	start_server redirect 301 "$plain{path}" && unset TLS &&
	test_must_fail http-client --ca=ca.pem open "$url/a.git" 2>err &&
	says 15 "redirects to .http:.*: not followed"
'

test_expect_success openssl 'a proxy, and a tunnel through one' '
	start_server proxy && proxy=$url && proxy_log=$server_log &&
	http-client --proxy="$proxy" open "$plain/a.git" >out 2>err &&
	test_grep "^smart" out &&
	http_proxy=$proxy http-client open "$plain/a.git" >out 2>err &&
	test_grep "^smart" out &&
	http-client --proxy="$proxy" --ca=ca.pem open "$secure/a.git" \
		>out 2>err &&
	test_grep "^smart" out &&
	{
		echo "GET $plain$ask - -" && echo "GET $plain$ask - -" &&
		echo "CONNECT ${secure#https://} -"
	} >expect &&
	test_cmp expect "$proxy_log"
'

test_expect_success openssl 'a proxy that says no, or is not there' '
	start_server status 407 &&
	test_must_fail http-client --proxy="$url" open "$plain/a.git" 2>err &&
	says 15 "the proxy says no (407)" &&
	start_server deny &&
	test_must_fail http-client --proxy="$url" open "$secure/a.git" 2>err &&
	says 15 "the proxy says no (403)" &&
	test_must_fail http-client --proxy=http://127.0.0.1:1 \
		open "$plain/a.git" 2>err &&
	says 14 "refused"
'

test_expect_success 'SOCKS: the name is looked up at its other end' '
	start_server socks && socks=${url#http://} &&
	http-client --proxy="socks5h://$socks" \
		open "http://nowhere.invalid:${plain##*:}/a.git" >out 2>err &&
	test_grep "^smart" out &&
	echo "SOCKS nowhere.invalid ${plain##*:}" >expect &&
	test_cmp expect "$server_log"
'

test_done
