# shellcheck shell=sh
#
# Servers of HTTP for tests, on free ports of 127.0.0.1; all end with the
# script.
#
#	start_lighttpd_git DIR [VERSION] the repositories below DIR through git
#					http-backend, with cgi of lighttpd;
#					always this version of the protocol
#	start_lighttpd_mn HOME [ARG...]	mn http-backend, the same way
#	start_lighttpd_static DIR	files
#	start_server MODE [ARG...]	lib-http.py, or the other program in $SERVER
#	start_mn_serve [ARG...]		mn serve of the home; stop_mn_serve
#
# Each leaves the address in $url and its process in $server_pid;
# start_server also leaves the file of request lines in $server_log, start_mn_serve
# what the server said, and its --log.

http_count=0

_wait_for_file () {
	_tries=0
	until test -s "$1"
	do
		_tries=$((_tries + 1))
		test $_tries -lt 600 || return 1
		kill -0 "$server_pid" 2>/dev/null || return 1
		sleep 0.05
	done
}

# Whether somebody listens on a port.
_listens () {
	python3 -c 'import socket, sys
socket.create_connection(("127.0.0.1", int(sys.argv[1])), 5).close()' "$1" \
		2>/dev/null
}

start_server () {
	http_count=$((http_count + 1))
	_dir=$TRASH_DIRECTORY/.http-$http_count
	rm -rf "$_dir" && mkdir -p "$_dir" &&
	server_log=$_dir/log &&
	: >"$server_log" || return 1
	_mode=$1
	shift
	python3 "$TEST_DIRECTORY/${SERVER:-lib-http.py}" "$_mode" "$_dir/port" \
		"$server_log" "$@" >"$_dir/out" 2>&1 5>&- &
	server_pid=$!
	test_atexit "kill $server_pid 2>/dev/null"
	_wait_for_file "$_dir/port" || {
		cat "$_dir/out" >&4
		return 1
	}
	url=http${TLS:+s}://127.0.0.1:$(cat "$_dir/port")
}

# Another may take the port between the choice of it and its use: then the
# next is tried.
_start_lighttpd () {
	_conf=$(cat)
	for _try in 1 2 3 4 5
	do
		http_count=$((http_count + 1))
		_dir=$TRASH_DIRECTORY/.http-$http_count
		mkdir -p "$_dir" || return 1
		_port=$(python3 -c 'import socket
s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
		{
			echo 'server.bind = "127.0.0.1"'
			echo "server.port = $_port"
			echo "server.document-root = \"$1\""
			echo "server.errorlog = \"$_dir/log\""
			echo "server.upload-dirs = ( \"$_dir\" )"
			printf '%s\n' "$_conf"
		} >"$_dir/conf"
		lighttpd -D -f "$_dir/conf" >"$_dir/out" 2>&1 5>&- &
		server_pid=$!
		_tries=0
		while kill -0 $server_pid 2>/dev/null && test $_tries -lt 200
		do
			if _listens "$_port"
			then
				test_atexit "kill $server_pid 2>/dev/null"
				url=http://127.0.0.1:$_port
				return 0
			fi
			_tries=$((_tries + 1))
			sleep 0.05
		done
		kill $server_pid 2>/dev/null
		wait $server_pid
	done
	cat "$_dir/out" "$_dir/log" >&4
	return 1
}

start_lighttpd_static () {
	_start_lighttpd "$1" <<-\EOC
	server.stat-cache-engine = "disable"
	mimetype.assign = ( "" => "text/plain" )
	EOC
}

start_lighttpd_git () {
	_backend=$(git --exec-path)/git-http-backend
	_version=
	test -z "$2" || _version="\"GIT_PROTOCOL\" => \"version=$2\","
	_start_lighttpd "$1" <<-EOC
	server.modules = ( "mod_setenv", "mod_alias", "mod_cgi" )
	setenv.set-environment = (
		"GIT_PROJECT_ROOT" => "$1",
		"GIT_HTTP_EXPORT_ALL" => "1",
		"GIT_CONFIG_NOSYSTEM" => "1",
		"GIT_CONFIG_GLOBAL" => "/dev/null",
		$_version
		"REMOTE_USER" => "somebody" )
	alias.url = ( "/git" => "$_backend" )
	cgi.assign = ( "" => "" )
	EOC
	# shellcheck disable=SC2034 # read by the tests
	url=$url/git
}

start_lighttpd_mn () {
	_home=$1
	shift
	cat >"$TRASH_DIRECTORY/.mn-cgi" <<-EOC &&
	#!/bin/sh
	exec "$(command -v mn)" http-backend $*
	EOC
	chmod +x "$TRASH_DIRECTORY/.mn-cgi" &&
	_start_lighttpd "$_home" <<-EOC || return 1
	server.modules = ( "mod_setenv", "mod_alias", "mod_cgi" )
	setenv.set-environment = ( "MN_DIR" => "$_home" )
	alias.url = ( "/mn" => "$TRASH_DIRECTORY/.mn-cgi" )
	cgi.assign = ( "" => "" )
	EOC
	# shellcheck disable=SC2034 # read by the tests
	url=$url/mn
}

start_mn_serve () {
	http_count=$((http_count + 1))
	_dir=$TRASH_DIRECTORY/.http-$http_count
	rm -rf "$_dir" && mkdir -p "$_dir" || return 1
	server_log=$_dir/log
	mn serve --listen 127.0.0.1:0 --log "$@" >"$_dir/url" \
		2>"$server_log" 5>&- &
	server_pid=$!
	test_atexit "kill $server_pid 2>/dev/null"
	_wait_for_file "$_dir/url" || {
		cat "$server_log" >&4
		return 1
	}
	url=$(cat "$_dir/url")
	url=${url%/}
}

# Its exit status.
stop_mn_serve () {
	kill "$server_pid" && wait "$server_pid"
}
