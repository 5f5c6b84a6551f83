#!/bin/sh

test_description='ssh as the user has set it up, and what takes the system'\''s ssh

~/.ssh/config as ssh itself resolves it: aliases, keys, jump hosts. What the
library is not able to is recognised, and ssh is run instead.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-ssh.sh"

config=$HOME/.ssh/config

at () {
	echo "ssh://127.0.0.1:$sshd_port$PWD/a.git"
}

# The last run of ssh-client talked to the repository: in the process, or by
# the system's ssh.
in_process () {
	test_grep "refs/heads/main" out && test_grep "libssh2 is in" err &&
	test_grep ! "runs ssh" err
}
by_ssh () {
	test_grep "refs/heads/main" out && test_grep "runs ssh.*$1" err
}

test_expect_success 'set up' '
	ssh_setup &&
	git init -q --bare a.git &&
	tree=$(git -C a.git mktree </dev/null) &&
	c=$(git -C a.git commit-tree -m one $tree) &&
	git -C a.git update-ref refs/heads/main $c &&
	start_sshd && ssh_known
'

test_expect_success 'an alias: host, port, user, key and known hosts' '
	mkdir -p "a dir" && mv "$HOME/.ssh/id_ed25519" "a dir/key" &&
	mv "$HOME/.ssh/known_hosts" "a dir/known" &&
	test_when_finished "
		rm -f \"$config\" &&
		mv \"a dir/known\" \"$HOME/.ssh/known_hosts\" &&
		mv \"a dir/key\" \"$HOME/.ssh/id_ed25519\"" &&
	cat >"$config" <<-EOF &&
	Host friend
		HostName 127.0.0.1
		Port $sshd_port
		User $(id -un)
		IdentityFile "$PWD/a dir/key"
		IdentitiesOnly yes
		UserKnownHostsFile "$PWD/a dir/known"
	EOF
	ssh-client ssh://friend$PWD/a.git >out 2>err && in_process &&
	ssh-client friend:$PWD/a.git >out 2>err && in_process &&
	mn ls-remote friend:$PWD/a.git >out && test_grep refs/heads/main out &&
	ssh-client --builtin=-1 friend:$PWD/a.git >out 2>err && by_ssh
'

test_expect_success 'a path with ~ is below the home that mn was told of' '
	mv "$HOME/.ssh/id_ed25519" "$HOME/.ssh/mine" &&
	test_when_finished "rm -f \"$config\" &&
		mv \"$HOME/.ssh/mine\" \"$HOME/.ssh/id_ed25519\"" &&
	echo "IdentityFile ~/.ssh/mine" >"$config" &&
	ssh-client $(at) >out 2>err && in_process &&
	ssh-client --builtin=-1 $(at) >out 2>err && by_ssh
'

test_expect_success 'a host is accepted at first sight where it is set so' '
	rm "$HOME/.ssh/known_hosts" &&
	test_when_finished "rm -f \"$config\"" &&
	echo "StrictHostKeyChecking accept-new" >"$config" &&
	ssh-client $(at) >out 2>err && in_process &&
	test_grep "^\[127.0.0.1\]:$sshd_port " "$HOME/.ssh/known_hosts"
'

test_expect_success 'a changed key is refused, even with checks turned off' '
	ssh_key ed25519 other &&
	echo "[127.0.0.1]:$sshd_port $(cat other.pub)" \
		>"$HOME/.ssh/known_hosts" &&
	test_when_finished "rm -f \"$config\"; ssh_known" &&
	echo "StrictHostKeyChecking no" >"$config" &&
	test_must_fail ssh-client $(at) 2>err &&
	test_grep "error -15: .*has changed" err &&
	test_must_fail ssh-client --builtin=-1 $(at) 2>err &&
	test_grep "error -15: .*is not the one" err
'

test_expect_success 'a jump host takes the system'\''s ssh' '
	test_when_finished "rm -f \"$config\"" &&
	cat >"$config" <<-EOF &&
	Host *
		IdentityFile $HOME/.ssh/id_ed25519
		UserKnownHostsFile $HOME/.ssh/known_hosts
	Host inner
		HostName 127.0.0.1
		Port $sshd_port
		ProxyJump outer
	Host outer
		HostName 127.0.0.1
		Port $sshd_port
	EOF
	before=$(ssh_connections) &&
	ssh-client inner:$PWD/a.git >out 2>err && by_ssh "ProxyJump" &&
	test $(ssh_connections) = $((before + 2)) &&
	test_must_fail ssh-client --builtin=1 inner:$PWD/a.git 2>err &&
	test_grep "error -1: .*ProxyJump" err
'

test_expect_success 'a mistake in the configuration is told by ssh' '
	test_when_finished "rm -f \"$config\"" &&
	echo "Nonsense yes" >"$config" &&
	test_must_fail ssh-client $(at) 2>err &&
	test_grep -i "error .*\(nonsense\|bad configuration\)" err
'

test_expect_success 'RSA keys take the system'\''s ssh' '
	mkdir away && mv "$HOME"/.ssh/id_ed25519* away/ &&
	ssh_key rsa "$HOME/.ssh/id_rsa" &&
	cat "$HOME/.ssh/id_rsa.pub" >>"$ssh_srv/authorized" &&
	test_when_finished "rm \"$HOME\"/.ssh/id_rsa* &&
		mv away/* \"$HOME/.ssh/\"" &&
	ssh-client $(at) >out 2>err && by_ssh "RSA" &&
	mn ls-remote $(at) >out && test_line_count = 1 out
'

test_expect_success 'a key file with a passphrase: not without somebody' '
	mkdir -p away && mv "$HOME"/.ssh/id_ed25519* away/ &&
	ssh_key ed25519 "$HOME/.ssh/id_ed25519" secret &&
	cat "$HOME/.ssh/id_ed25519.pub" >>"$ssh_srv/authorized" &&
	test_when_finished "mv away/* \"$HOME/.ssh/\"" &&
	test_must_fail ssh-client $(at) >out 2>err &&
	test_grep "runs ssh.*passphrase" err &&
	test_grep "error -15: " err
'

test_expect_success 'a server with an RSA key alone' '
	start_sshd "AcceptEnv GIT_PROTOCOL" "HostKey \"$ssh_srv/host_rsa\"" &&
	ssh_known rsa &&
	ssh-client $(at) >out 2>err && test_grep "^version 2" out &&
	test_grep "runs ssh" err &&
	mn ls-remote $(at) >out && test_line_count = 1 out &&
	rm "$HOME/.ssh/known_hosts" &&
	test_must_fail ssh-client $(at) 2>err &&
	test_grep "error -15: .*is unknown" err
'

test_expect_success 'the way is looked for once, not for each repository' '
	ssh_known rsa &&
	echo "" >>"$HOME/.ssh/known_hosts" &&
	ssh-client --version=0 $(at) $(at) >out 2>err &&
	test_grep "wire .* 2$" err && by_ssh
'

test_expect_success 'a server with ciphers that the library does not have' '
	start_sshd "Ciphers chacha20-poly1305@openssh.com" && ssh_known &&
	ssh-client $(at) >out 2>err && by_ssh "no way to talk" &&
	mn config net.ssh builtin &&
	test_when_finished "mn config --unset net.ssh" &&
	test_must_fail 128 mn ls-remote $(at) 2>err &&
	test_line_count = 1 err && test_grep "no way to talk" err
'

test_expect_success 'MN_SSH_COMMAND, and net.ssh-command' '
	write_script "my ssh" <<-\EOF &&
	printf "%s\n" "$@" "$GIT_PROTOCOL" >args
	for last; do :; done
	eval "$last"
	EOF
	MN_SSH_COMMAND="\"$PWD/my ssh\" -x" \
		mn ls-remote ssh://me@far:77$PWD/a.git >out &&
	test_line_count = 1 out &&
	cat >expect <<-EOF &&
	-x
	-o
	SendEnv=GIT_PROTOCOL
	-p
	77
	me@far
	git-upload-pack '\''$PWD/a.git'\''
	version=2
	EOF
	test_cmp expect args &&
	mn config net.ssh-command "exec \"$PWD/my ssh\" -y" &&
	test_when_finished "mn config --unset net.ssh-command" &&
	mn ls-remote far:$PWD/a.git >out && test_line_count = 1 out &&
	test_grep "^-y" args &&
	test_must_fail mn ls-remote far:none.git 2>err &&
	test_grep "no repository .none.git. on .far." err
'

test_expect_success 'a command that is not there' '
	MN_SSH_COMMAND=nothing-like-it \
		test_must_fail mn ls-remote far:a.git 2>err &&
	test_line_count = 1 err && test_grep "nothing-like-it" err
'

test_done
