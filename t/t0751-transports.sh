#!/bin/sh

test_description='10,000 posts of real text come over, by each transport

Posted in one home, fetched in another: over directories, stock git behind
sshd and behind a web server, a web server of files alone, and mn serve.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-follow.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-ssh.sh"

POSTS=10000

# comes_over: after bob_follows, all is there; one more post follows
comes_over () {
	bob mn fetch --json >out &&
	test "$(jq .posts out)" = "$(ada mn log --format=x | wc -l)" &&
	same_refs && same_log &&
	git -C "$bob_repo" fsck --strict >git.out 2>&1 &&
	ada mn post -m "one more" >id &&
	push_again &&
	bob mn fetch --json >out &&
	test "$(jq .posts out)" = 1 &&
	same_refs &&
	bob mn -p "$profile" show --raw "$(cat id)" >text &&
	printf "one more" >expect && test_cmp expect text
}

# Where a copy is served, it is brought up to date.
push_again () {
	:
}

test_expect_success 'set up' '
	two_people &&
	"$TEST_DIRECTORY/perf/posts.pl" $POSTS >posts.jsonl &&
	ada mn post --batch posts.jsonl >ids &&
	test_line_count = $POSTS ids &&
	ada mn gc
'

test_expect_success 'a directory, a file: address' '
	bob_follows "$ada_repo" && comes_over &&
	bob_follows "file://$ada_repo" && comes_over
'

test_expect_success 'mn serve' '
	MN_DIR=$PWD/ada &&
	export MN_DIR &&
	start_mn_serve &&
	bob_follows "$url/$profile" && comes_over &&
	stop_mn_serve
'

ssh_setup >ssh.out 2>&1 && test_set_prereq SSH

test_expect_success SSH 'sshd, with and without the variable GIT_PROTOCOL' '
	start_sshd "AcceptEnv GIT_PROTOCOL" && ssh_known &&
	bob_follows "ssh://127.0.0.1:$sshd_port$ada_repo" && comes_over &&
	start_sshd && ssh_known &&
	bob_follows "ssh://127.0.0.1:$sshd_port$ada_repo" &&
	git -C "$ada_repo" config uploadpack.allowFilter true &&
	git -C "$ada_repo" config uploadpack.allowAnySHA1InWant true &&
	comes_over
'

if command -v lighttpd >/dev/null
then
	test_set_prereq LIGHTTPD
fi

test_expect_success LIGHTTPD 'git http-backend behind lighttpd' '
	git -C "$ada_repo" config uploadpack.allowFilter true &&
	git -C "$ada_repo" config uploadpack.allowAnySHA1InWant true &&
	start_lighttpd_git "$PWD/ada/profiles" &&
	bob_follows "$url/$profile.git" && comes_over
'

test_expect_success LIGHTTPD 'a web server of files' '
	mkdir -p web &&
	git clone -q --mirror "$ada_repo" web/ada.git &&
	push_again () {
		git -C web/ada.git fetch -q &&
		git -C web/ada.git update-server-info
	} &&
	push_again &&
	start_lighttpd_static "$PWD/web" &&
	bob_follows "$url/ada.git" && comes_over
'

test_done
