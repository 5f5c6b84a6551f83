# shellcheck shell=sh
#
# Servers on free ports of 127.0.0.1 for measurements; all end with the script.
#
#	start_mn_serve HOME		$mn_url, $mn_pid
#	start_http_backend DIR		git http-backend behind lighttpd:
#					$backend_url; fails where it isn't
#					installed
#	start_sshd			$sshd_port; ssh finds its key and knows
#					the server; 1 where there is none
#	cpu_of PID			seconds of processor that it has used

# shellcheck disable=SC2154 # scratch is perf-lib.sh's
stop_servers () {
	for pid in $servers
	do
		kill "$pid" 2>/dev/null
	done
	rm -rf "$scratch"
}

servers=
trap stop_servers EXIT

free_port () {
	python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# wait_for_port PORT PID
wait_for_port () {
	for i in $(seq 200)
	do
		kill -0 "$2" 2>/dev/null || return 1
		if python3 -c 'import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)' "$1" 2>/dev/null
		then
			return 0
		fi
		sleep 0.05
	done
	return 1
}

start_mn_serve () {
	port=$(free_port)
	MN_DIR=$1 mn serve --listen "127.0.0.1:$port" >/dev/null \
		2>"$scratch/serve.err" &
	mn_pid=$!
	servers="$servers $mn_pid"
	mn_url=http://127.0.0.1:$port
	wait_for_port "$port" "$mn_pid"
}

start_http_backend () {
	port=$(free_port)
	cat >"$scratch/lighttpd.conf" <<-END
	server.bind = "127.0.0.1"
	server.port = $port
	server.document-root = "$1"
	server.upload-dirs = ( "$scratch" )
	server.modules = ( "mod_setenv", "mod_alias", "mod_cgi" )
	setenv.set-environment = (
		"GIT_PROJECT_ROOT" => "$1", "GIT_HTTP_EXPORT_ALL" => "1",
		"GIT_CONFIG_NOSYSTEM" => "1", "GIT_CONFIG_GLOBAL" => "/dev/null" )
	alias.url = ( "/git" => "$(git --exec-path)/git-http-backend" )
	cgi.assign = ( "" => "" )
	END
	lighttpd=$(command -v lighttpd || echo /usr/sbin/lighttpd)
	"$lighttpd" -D -f "$scratch/lighttpd.conf" >"$scratch/lighttpd.out" \
		2>&1 &
	servers="$servers $!"
	backend_url=http://127.0.0.1:$port/git
	wait_for_port "$port" $!
}

start_sshd () {
	sshd=$(command -v sshd || echo /usr/sbin/sshd)
	test -x "$sshd" || return 1
	test "$(id -u)" != 0 || mkdir -p /run/sshd
	mkdir -p "$HOME/.ssh"
	chmod 700 "$HOME/.ssh"
	rm -f "$HOME/.ssh/id_ed25519" "$scratch/host"
	ssh-keygen -q -t ed25519 -N '' -f "$HOME/.ssh/id_ed25519"
	ssh-keygen -q -t ed25519 -N '' -f "$scratch/host"
	sshd_port=$(free_port)
	cat >"$scratch/sshd.conf" <<-END
	ListenAddress 127.0.0.1:$sshd_port
	HostKey $scratch/host
	PidFile none
	StrictModes no
	UsePAM no
	AcceptEnv GIT_PROTOCOL
	AuthorizedKeysFile $HOME/.ssh/id_ed25519.pub
	SetEnv "PATH=$PATH" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	END
	"$sshd" -D -e -f "$scratch/sshd.conf" 2>"$scratch/sshd.log" &
	servers="$servers $!"
	wait_for_port "$sshd_port" $! || return 1
	echo "[127.0.0.1]:$sshd_port $(cut -d ' ' -f 1,2 "$scratch/host.pub")" \
		>"$HOME/.ssh/known_hosts"
	# the system's ssh does not look for its files below HOME
	GIT_SSH_COMMAND=$scratch/ssh
	cat >"$GIT_SSH_COMMAND" <<-END
	#!/bin/sh
	exec ssh -F /dev/null -i "$HOME/.ssh/id_ed25519" -o IdentitiesOnly=yes \
		-o UserKnownHostsFile="$HOME/.ssh/known_hosts" "\$@"
	END
	chmod +x "$GIT_SSH_COMMAND"
	export GIT_SSH_COMMAND
}

cpu_of () {
	awk -v tick="$(getconf CLK_TCK)" \
		'{ sub(/.*\) /, ""); print ($12 + $13) / tick }' "/proc/$1/stat"
}
