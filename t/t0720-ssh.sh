#!/bin/sh

test_description='fetch and push over ssh, in the process

OpenSSH at the other side, with stock git and with mn there. Who is on the
other side is known by its key, and who we are by ours.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-ssh.sh"

# The address of a path below the trash directory.
at () {
	echo "ssh://127.0.0.1:$sshd_port$PWD/$1"
}

objects () {
	git -C "$1" cat-file --batch-all-objects --batch-check | sort
}

# Another server, whose commands have this PATH, for the rest of a test.
other_server () {
	first_port=$sshd_port first_pid=$sshd_pid first_log=$sshd_log
	ssh_path=$1
	shift
	test_when_finished "kill \$sshd_pid; ssh_path=
		sshd_port=$first_port sshd_pid=$first_pid sshd_log=$first_log
		ssh_known" &&
	start_sshd "$@" && ssh_known ed25519
}

# Runs with an agent of its own, which holds the given keys.
with_agent () {
	_key=$1
	shift
	(
		eval "$(ssh-agent)" >/dev/null &&
		ssh-add -q "$_key" 2>&4 &&
		"$@"
		_got=$?
		kill "$SSH_AGENT_PID"
		exit "$_got"
	)
}

test_expect_success 'set up: a server that takes GIT_PROTOCOL' '
	ssh_setup &&
	git init -q --bare a.git && git init -q --bare b.git &&
	tree=$(git -C a.git mktree </dev/null) &&
	c=$(git -C a.git commit-tree -m one $tree) &&
	git -C a.git update-ref refs/heads/main $c &&
	git -C a.git update-ref refs/heads/side $c &&
	start_sshd "AcceptEnv GIT_PROTOCOL" && ssh_known
'

test_expect_success 'version 2 is asked for, and answered' '
	ssh-client $(at a.git) >out 2>err &&
	test_grep "^version 2" out &&
	test_grep "libssh2 is in" err
'

test_expect_success 'mn ls-remote: what git says of the repository' '
	git ls-remote a.git "refs/*" | sort >expect &&
	mn ls-remote $(at a.git) >out && grep refs/ out | sort >actual &&
	test_cmp expect actual
'

test_expect_success 'mn fetch-pack: all objects come' '
	mkdir got && mn fetch-pack -o got $(at a.git) $c &&
	git init -q --bare copy.git &&
	cp got/*.pack got/*.idx copy.git/objects/pack/ &&
	objects a.git >expect && objects copy.git >actual &&
	test_cmp expect actual
'

test_expect_success 'mn send-pack: pushes' '
	mn send-pack --repo a.git $(at b.git) refs/heads/main &&
	git -C b.git rev-parse main >actual &&
	git -C a.git rev-parse main >expect &&
	test_cmp expect actual
'

test_expect_success 'a path with a quote, a blank and a bang' '
	cp -R a.git "it'\''s a !.git" &&
	mn ls-remote "$(at "it'\''s a !.git")" refs/heads/main >out &&
	test_line_count = 1 out
'

test_expect_success 'no such repository' '
	test_must_fail mn ls-remote $(at none.git) 2>err &&
	test_grep "no repository .*none.git. on .127.0.0.1" err &&
	test_line_count = 1 err
'

test_expect_success 'one session carries all, one after the other' '
	before=$(ssh_connections) &&
	ssh-client $(at a.git) $(at b.git) $(at a.git) $(at none.git) \
		>out 2>err; test_grep "wire .* 1$" err &&
	test_grep "error -2" err &&
	grep -c "^version 2" out >actual && echo 3 >expect &&
	test_cmp expect actual &&
	test $(ssh_connections) = $((before + 1))
'

test_expect_success 'many are open at once: no more in a session than sshd has' '
	set -- && for i in 1 2 3 4 5 6 7 8 9 10 11 12
	do
		set -- "$@" $(at a.git)
	done &&
	ssh-client --hold "$@" >out 2>err &&
	grep -c "^version 2" out >actual && echo 12 >expect &&
	test_cmp expect actual &&
	test_grep "wire .* 2$" err
'

test_expect_success 'many that are dropped in the middle' '
	set -- && for i in 1 2 3 4 5 6 7 8 9 10
	do
		set -- "$@" $(at a.git) $(at b.git) $(at a.git)
	done &&
	ssh-client --push "$@" >out 2>err &&
	test_grep "wire .* 1$" err
'

test_expect_success 'what the server says on stderr is passed on' '
	mkdir -p talking/bin &&
	write_script talking/bin/git-upload-pack <<-\EOF &&
	printf "hello\033[2J\n" >&2
	PATH=${PATH#*:}
	exec git upload-pack "$@"
	EOF
	other_server "$PWD/talking/bin:$PATH" &&
	mn ls-remote $(at a.git) >out 2>err &&
	test_line_count = 2 out &&
	test_grep "^remote: hello" err &&
	test_grep ! "$(printf "\033")" err
'

test_expect_success 'a server that ends in the middle' '
	mkdir -p ending/bin &&
	write_script ending/bin/git-upload-pack <<-\EOF &&
	printf "00"
	EOF
	other_server "$PWD/ending/bin:$PATH" &&
	test_must_fail 75 mn ls-remote $(at a.git) 2>err &&
	test_line_count = 1 err
'

test_expect_success 'neither git nor mn on the other side' '
	other_server /nonexistent &&
	test_must_fail mn ls-remote $(at a.git) 2>err &&
	test_grep "there is no git-upload-pack on .127.0.0.1" err
'

test_expect_success 'set up: a server that refuses GIT_PROTOCOL' '
	start_sshd && ssh_known
'

test_expect_success 'it answers in version 0, which will do' '
	ssh-client $(at a.git) >out 2>err &&
	test_grep "refuses the variable" err &&
	test_grep "refs/heads/main" out &&
	git ls-remote a.git "refs/*" | sort >expect &&
	mn ls-remote $(at a.git) >out && grep refs/ out | sort >actual &&
	test_cmp expect actual &&
	rm -rf got && mkdir got && mn fetch-pack -o got $(at a.git) $c &&
	test -f got/*.pack
'

test_expect_success 'an scp-like address' '
	cat >"$HOME/.ssh/config" <<-EOF &&
	Host short
		HostName 127.0.0.1
		Port $sshd_port
	EOF
	test_when_finished "rm -f \"$HOME/.ssh/config\"" &&
	mn ls-remote "short:$PWD/a.git" >actual &&
	mn ls-remote $(at a.git) >expect &&
	test_cmp expect actual
'

test_expect_success 'mn serves on the other side' '
	mkdir -p mnbin && write_script mnbin/git-upload-pack <<-\EOF &&
	exec mn upload-pack "$@"
	EOF
	test_init_profile ada && mn post -m "hello" && mn post -m "again" &&
	cp -R "$repo" profile.git &&
	other_server "$PWD/mnbin:$PATH" "AcceptEnv GIT_PROTOCOL" &&
	ssh-client $(at profile.git) >out 2>err &&
	test_grep "agent=mn/" out &&
	mkdir whole && mn fetch-pack -o whole $(at profile.git) \
		$(git -C profile.git rev-parse main) &&
	git -C profile.git rev-list --objects main | cut -c1-40 | sort >expect &&
	git show-index <$(echo whole/*.idx) | cut -d" " -f2 | sort >actual &&
	test_cmp expect actual
'

# -- who is on the other side --

test_expect_success 'an unknown host is refused where nobody is asked' '
	ssh_known && rm "$HOME/.ssh/known_hosts" &&
	test_must_fail ssh-client $(at a.git) 2>err &&
	test_grep "error -15: the key of host .*is not known (ED25519 SHA256:" \
		err &&
	test_path_is_missing "$HOME/.ssh/known_hosts"
'

test_expect_success 'somebody says yes: it is remembered, as ssh would' '
	ssh-client --yes $(at a.git) >out 2>err &&
	print=$(ssh-keygen -lf "$ssh_srv/host_ed25519.pub" | cut -d" " -f2) &&
	test_grep "^asked: .*127.0.0.1" err && test_grep -F "$print" err &&
	ssh-keygen -F "[127.0.0.1]:$sshd_port" -f "$HOME/.ssh/known_hosts" &&
	ssh-client $(at a.git) >out
'

test_expect_success 'hashed names are found' '
	ssh_known && ssh-keygen -q -H -f "$HOME/.ssh/known_hosts" 2>&4 &&
	test_grep "^|1|" "$HOME/.ssh/known_hosts" &&
	ssh-client $(at a.git) >out
'

test_expect_success 'a changed key is refused in one line, whoever is there' '
	ssh_key ed25519 other &&
	echo "[127.0.0.1]:$sshd_port $(cat other.pub)" \
		>"$HOME/.ssh/known_hosts" &&
	test_must_fail ssh-client --yes $(at a.git) 2>err &&
	test_grep ! asked err &&
	test_grep "error -15: the key of host .* has changed" err &&
	test_must_fail 128 mn ls-remote $(at a.git) 2>err &&
	test_line_count = 1 err && test_grep "has changed" err &&
	mn config net.ssh command && test_when_finished "mn config --unset net.ssh" &&
	test_must_fail 128 mn ls-remote $(at a.git) 2>err &&
	test_line_count = 1 err && test_grep "is not the one" err
'

test_expect_success 'a revoked key is refused' '
	ssh_known &&
	echo "@revoked * $(cat "$ssh_srv/host_ed25519.pub")" \
		>>"$HOME/.ssh/known_hosts" &&
	test_must_fail ssh-client --yes $(at a.git) 2>err &&
	test_grep "error -15: .*is revoked" err
'

# -- who we are --

test_expect_success 'a wrong key is refused' '
	ssh_known && mv "$HOME/.ssh/id_ed25519" right &&
	mv "$HOME/.ssh/id_ed25519.pub" right.pub &&
	ssh_key ed25519 "$HOME/.ssh/id_ed25519" &&
	test_must_fail ssh-client $(at a.git) 2>err &&
	test_grep "error -15: .*with any of our keys (1 tried)" err &&
	test_must_fail 128 mn ls-remote $(at a.git) 2>err &&
	test_line_count = 1 err
'

test_expect_success 'an agent has the right one' '
	with_agent right ssh-client $(at a.git) >out 2>err &&
	test_grep "libssh2 is in" err &&
	with_agent right mn ls-remote $(at a.git) >out &&
	test_line_count = 2 out
'

test_expect_success 'no key at all' '
	rm "$HOME/.ssh/id_ed25519" "$HOME/.ssh/id_ed25519.pub" &&
	test_must_fail ssh-client $(at a.git) 2>err &&
	test_grep "error -15: .*wants a key" err &&
	mv right "$HOME/.ssh/id_ed25519" &&
	mv right.pub "$HOME/.ssh/id_ed25519.pub"
'

# -- servers that say nothing --

test_expect_success 'a command that stalls' '
	start_sshd "ForceCommand exec cat >/dev/null" && ssh_known &&
	test_must_fail ssh-client --stall=500 $(at a.git) 2>err &&
	test_grep "error -14: .*said nothing" err
'

test_expect_success 'a command of the system that stalls' '
	test_must_fail ssh-client --stall=500 --connect=500 \
		--command="cat >/dev/null; :" $(at a.git) 2>err &&
	test_grep "error -14: .*said nothing" err
'

test_expect_success 'a server that takes the connection, and is silent' '
	python3 -c "import socket, sys, time
s = socket.socket(); s.bind((\"127.0.0.1\", 0)); s.listen(5)
print(s.getsockname()[1], flush=True)
time.sleep(600)" >silent &
	silent=$! && test_when_finished "kill $silent" &&
	until test -s silent; do sleep 0.05; done &&
	test_must_fail ssh-client --connect=500 \
		ssh://127.0.0.1:$(cat silent)/a.git 2>err &&
	test_grep "error -14: .*greet" err
'

test_expect_success 'nobody listens' '
	kill $sshd_pid && wait $sshd_pid;
	test_must_fail 75 mn ls-remote $(at a.git) 2>err &&
	test_grep "cannot connect to .127.0.0.1" err
'

test_done
