# shellcheck shell=sh
#
# A private ssh server for tests, on a free port of 127.0.0.1; it ends with the
# script. Keys and settings are below $TRASH_DIRECTORY/.ssh-srv and
# $HOME/.ssh; nothing of the system's is read.
#
#	ssh_setup			keys of both sides, once
#	start_sshd [LINE...]		with these lines added to its settings;
#					$sshd_port, $sshd_log, $sshd_pid
#	ssh_known [TYPE]		$HOME/.ssh/known_hosts knows the server,
#					by its key of that type (ed25519)
#	ssh_connections			how many logins there were
#
# Commands run on the other side with the PATH of the test, so with the mn that
# was just built (or with $ssh_path), and without the user's git configuration.

ssh_count=0
ssh_srv=$TRASH_DIRECTORY/.ssh-srv

# ssh_key TYPE FILE [PASSPHRASE]
ssh_key () {
	ssh-keygen -q -t "$1" -N "${3-}" -C "" -f "$2" </dev/null
}

ssh_setup () {
	ssh_sshd=$(command -v sshd || echo /usr/sbin/sshd)
	# sshd as root wants it, and the system makes it when it starts sshd
	if test "$(id -u)" = 0
	then
		mkdir -p /run/sshd
	fi
	mkdir -p "$ssh_srv" "$HOME/.ssh" && chmod 700 "$HOME/.ssh" &&
	ssh_key ed25519 "$ssh_srv/host_ed25519" &&
	ssh_key rsa "$ssh_srv/host_rsa" &&
	ssh_key ed25519 "$HOME/.ssh/id_ed25519" &&
	cp "$HOME/.ssh/id_ed25519.pub" "$ssh_srv/authorized"
}

_sshd_config () {
	# shellcheck disable=SC2154 # sshd_port
	cat <<-EOC
	ListenAddress 127.0.0.1:$sshd_port
	PidFile none
	AuthorizedKeysFile "$ssh_srv/authorized"
	StrictModes no
	UsePAM no
	PasswordAuthentication no
	KbdInteractiveAuthentication no
	PermitRootLogin prohibit-password
	LogLevel VERBOSE
	PermitUserEnvironment no
	MaxStartups 100
	SetEnv "PATH=${ssh_path:-$PATH}" "HOME=$HOME" GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null
	EOC
	for _line
	do
		echo "$_line"
	done
	case "$*" in
	*HostKey\ *) ;;
	*) echo "HostKey \"$ssh_srv/host_ed25519\"" ;;
	esac
}

# Whether a server says who it is.
_sshd_greets () {
	python3 -c 'import socket, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5)
sys.exit(not s.recv(4).startswith(b"SSH-"))' "$1" 2>/dev/null
}

# Another may take the port between the choice of it and its use: then the
# next is tried.
start_sshd () {
	for _try in 1 2 3 4 5
	do
		ssh_count=$((ssh_count + 1))
		sshd_log=$ssh_srv/log-$ssh_count
		sshd_port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		_sshd_config "$@" >"$ssh_srv/config-$ssh_count"
		"$ssh_sshd" -D -e -f "$ssh_srv/config-$ssh_count" \
			>"$sshd_log" 2>&1 </dev/null 5>&- &
		sshd_pid=$!
		_tries=0
		while kill -0 $sshd_pid 2>/dev/null && test $_tries -lt 200
		do
			if _sshd_greets "$sshd_port"
			then
				test_atexit "kill $sshd_pid 2>/dev/null"
				return 0
			fi
			_tries=$((_tries + 1))
			sleep 0.05
		done
		kill $sshd_pid 2>/dev/null
		wait $sshd_pid
		grep -q "Address already in use" "$sshd_log" || break
	done
	cat "$sshd_log" >&4
	return 1
}

ssh_known () {
	echo "[127.0.0.1]:$sshd_port $(cut -d " " -f 1,2 \
		"$ssh_srv/host_${1:-ed25519}.pub")" >"$HOME/.ssh/known_hosts"
}

ssh_connections () {
	grep -c "^Accepted publickey" "$sshd_log"
}
