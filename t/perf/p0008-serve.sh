#!/bin/sh
#
# A busy server: how often it tells its refs, against git http-backend behind
# lighttpd; and the memory it takes for 1,000 profiles and 50 clients that
# clone at the same time.

. "$(dirname "$0")/perf-lib.sh"
. "$PERF_DIR/servers.sh"

# peak_of PID: the most memory that it ever had, in KiB
peak_of () {
	sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$1/status"
}

refs_told () {
	copy "$(packed "$least")" "$scratch/home"
	git_dir=$(repo "$scratch/home")
	start_mn_serve "$scratch/home"
	path=/$(basename "$git_dir")
	requests=$(runs 100000 20000)
	hammer "${mn_url##*:}" "$path" 8 1000 >/dev/null
	before=$(cpu_of "$mn_pid")
	told=$(hammer "${mn_url##*:}" "$path" 8 "$requests")
	spent=$(calc "($(cpu_of "$mn_pid") - $before) / $requests" %.8f)
	peer=- ratio=-
	if start_http_backend "$scratch/home/profiles"
	then
		rest=${backend_url#http://*:}
		peer=$(hammer "${rest%%/*}" "/${rest#*/}$path" 8 \
			"$(runs 2000 500)")
		ratio=$(calc "$told / $peer")
		peer="$peer /s"
	else
		say 'no lighttpd here: nothing to compare with'
	fi
	row 'mn serve: ls-refs' "$told /s" "$peer" "$ratio" "$told" '>=' \
		10000 /s
	row '  its processor for each' \
		"$(calc "$spent * 1000000" '%.0f us')" - -
}

# clone NAME: in the background, to a place of its own
clients=
clone () {
	set -- "$1" "$scratch/clones/$(echo "$clients" | wc -w)"
	git clone -q --bare "$mn_url/$1" "$2" &
	clients="$clients $!"
}

# Every other client clones the largest profile, the others one each. All have
# looked into all profiles before.
many_clients () {
	copy "$(packed "$most")" "$scratch/many"
	large=$(basename "$(repo "$scratch/many")")
	say 'making 999 profiles'
	for i in $(seq 999)
	do
		MN_DIR=$scratch/many mn init --name "n$i" >/dev/null 2>&1
	done
	start_mn_serve "$scratch/many"
	for dir in "$scratch"/many/profiles/*.git
	do
		mn ls-remote "$mn_url/$(basename "$dir")" >/dev/null
	done
	mkdir "$scratch/clones"
	for dir in $(printf '%s\n' "$scratch"/many/profiles/*.git |
		grep -v "$large" | head -n 25)
	do
		clone "$large"
		clone "$(basename "$dir")"
	done
	for pid in $clients
	do
		wait "$pid"
	done
	peak=$(peak_of "$mn_pid")
	row 'mn serve, 1,000 profiles, 50 clients: memory' "$(mib "$peak")" \
		- - "$peak / 1024" '<=' 64 MiB
}

refs_told
many_clients
