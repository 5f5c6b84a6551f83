#!/bin/sh

test_description='mn ls-remote: refs of a repository, wherever it lies

Directories, file://, git http-backend behind a web server in each version of
the protocol, git-upload-pack on a pipe as ssh has it, and a web server that
just has the files. git ls-remote says what is right.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-http.sh"

test_expect_success 'a repository with branches and tags, and servers of it' '
	git init -q --bare -b main repos/a.git &&
	for i in 1 2 3 4 5 6 7 8 9
	do
		echo "commit refs/heads/main" &&
		echo "committer A <a@example.com> 160000000$i +0000" &&
		echo "data 1" && echo x &&
		echo "M 100644 inline $i" && echo "data 2" && echo "$i" ||
		return 1
	done >stream &&
	git -C repos/a.git fast-import --quiet <stream &&
	git -C repos/a.git tag -a -m "a tag" v1 main~2 &&
	git -C repos/a.git tag light main~3 &&
	git -C repos/a.git update-ref refs/heads/topic main~1 &&
	git -C repos/a.git update-ref refs/mn/devices/x main~1 &&
	git -C repos/a.git update-ref "refs/heads/ünï" main~1 &&
	git -C repos/a.git update-server-info &&
	git init -q --bare repos/empty.git &&
	git -C repos/empty.git update-server-info &&
	write_script talk <<-\EOF2 &&
	for last; do :; done
	exec sh -c "$last"
	EOF2
	MN_SSH_COMMAND=$PWD/talk && export MN_SSH_COMMAND &&
	talk=ssh://host$PWD/repos &&
	start_lighttpd_git "$PWD/repos" && smart=$url &&
	start_lighttpd_static "$PWD/repos" && static=$url
'

# answers URL: as git has it
answers () {
	git ls-remote --refs repos/a.git >expect &&
	mn ls-remote -z "$1" >actual.z &&
	tr "\\0" "\\n" <actual.z >actual &&
	test_cmp expect actual &&
	git ls-remote --refs repos/a.git "refs/heads/*" "refs/mn/*" >expect &&
	mn ls-remote -z "$1" refs/heads/ refs/mn/ >actual.z &&
	tr "\\0" "\\n" <actual.z >actual &&
	test_cmp expect actual &&
	test_expect_code 1 mn ls-remote "$1" refs/none/ >actual 2>err &&
	test_must_be_empty actual && test_must_be_empty err
}

for v in 0 1 2
do
	test_expect_success "v$v: a directory, file://, a web server with git" '
		mn config net.protocol '$v' &&
		answers repos/a.git && answers ./repos/a &&
		answers "file://$PWD/repos/a.git" &&
		answers "$smart/a.git" && answers "$talk/a.git"
	'

	test_expect_success "v$v: it is spoken, on both sides" '
		for u in "$smart/a.git" "$talk/a.git"
		do
			MN_TRACE=1 mn ls-remote "$u" 2>err >out &&
			test_grep "protocol '$v', agent .git/" err || return 1
		done
	'

	test_expect_success "v$v: an empty repository" '
		for u in repos/empty.git "$smart/empty.git" "$talk/empty.git"
		do
			mn ls-remote "$u" >actual 2>err &&
			test_must_be_empty actual && test_must_be_empty err ||
			return 1
		done
	'
done

test_expect_success 'a web server that has just the files' '
	mn config --unset net.protocol &&
	answers "$static/a.git" &&
	mn ls-remote "$static/empty.git" >actual &&
	test_must_be_empty actual
'

test_expect_success 'a server that has nothing newer than version 0' '
	start_lighttpd_git "$PWD/repos" 0 &&
	answers "$url/a.git" &&
	MN_TRACE=1 mn ls-remote "$url/a.git" 2>err >out &&
	test_grep "protocol 0, agent .git/" err
'

test_expect_success 'names are quoted, and in JSON they are not' '
	mn ls-remote repos/a.git refs/heads/ü >actual &&
	oid=$(git -C repos/a.git rev-parse main~1) &&
	printf "%s\t%s\n" $oid \
		"\"refs/heads/\\303\\274n\\303\\257\"" >expect &&
	test_cmp expect actual &&
	mn ls-remote --json "$smart/a.git" refs/heads/ü >actual &&
	echo "{\"oid\":\"$oid\",\"ref\":\"refs/heads/ünï\"}" >expect &&
	test_cmp expect actual
'

test_expect_success 'no more refs than the setting allows' '
	mn config net.max-refs 3 &&
	for u in repos/a.git "$smart/a.git" "$static/a.git"
	do
		test_must_fail 128 mn ls-remote "$u" >out 2>err &&
		test_must_be_empty out &&
		test_grep "more than 3 refs" err || return 1
	done &&
	mn config net.max-refs 0 &&
	test_must_fail 128 mn ls-remote repos/a.git 2>err &&
	test_grep "net.max-refs is a number" err &&
	mn config --unset net.max-refs
'

test_expect_success 'settings that make no sense are told' '
	for s in "net.ssh maybe" "net.protocol 3" "net.stall-timeout x" \
		"net.connect-timeout 0"
	do
		mn config $s &&
		test_must_fail 128 mn ls-remote repos/a.git 2>err &&
		test_grep "${s% *}" err &&
		mn config --unset ${s% *} || return 1
	done
'

test_expect_success 'no repository, no server, no address' '
	for u in repos/none.git "$smart/none.git" "$static/none.git"
	do
		test_expect_code 1 mn ls-remote "$u" >out 2>err &&
		test_must_be_empty out &&
		test_line_count = 1 err &&
		test_grep "none.git" err || return 1
	done &&
	test_expect_code 75 mn ls-remote "http://127.0.0.1:1/a.git" 2>err &&
	test_line_count = 1 err &&
	test_must_fail 128 mn ls-remote "gopher://x/a.git" 2>err &&
	test_grep gopher err &&
	test_must_fail 129 mn ls-remote 2>err &&
	test_must_fail 129 mn ls-remote -z --json repos/a.git 2>err
'

test_done
