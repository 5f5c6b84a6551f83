#!/bin/sh
#
# Fetching and serving, against stock git: a profile as a whole, one new post,
# many profiles without news, many contents in one request. Both sides are on
# loopback; git's is git http-backend behind lighttpd.

. "$(dirname "$0")/perf-lib.sh"
. "$PERF_DIR/servers.sh"

# the profile of the size, packed, in a home of its own that may change
serve_copy () {
	copy "$(packed "$1")" "$scratch/home-$1"
	git_dir=$(repo "$scratch/home-$1")
	profile=$(basename "$git_dir" .git)
	start_mn_serve "$scratch/home-$1"
	rm -rf "$scratch/git"
	mkdir "$scratch/git"
	git clone -q --mirror "$git_dir" "$scratch/git/repo.git"
	git -C "$scratch/git/repo.git" repack -q -a -d -b
	git -C "$scratch/git/repo.git" config uploadpack.allowFilter true
	start_http_backend "$scratch/git"
}

# a home that follows the profile, and has nothing of it yet
follower () {
	rm -rf "$scratch/blank"
	MN_DIR=$scratch/blank quiet mn follow --no-fetch "$mn_url/$profile"
}

cat >"$scratch/prepare.sh" <<END
set -e
cd "$scratch"
rm -rf "\$1"
test "\$1" = b || cp -R blank a
sync
END

whole () {
	n=$(thousands "$1")
	serve_copy "$1"
	follower
	ed25519 make "$1" >"$scratch/signatures"
	compare -n 3 -- ed25519 verify "$threads" "$scratch/signatures"
	verify=$a
	compare -n "$(runs 5 3)" -w -p "$scratch/prepare.sh" -- \
		env MN_DIR="$scratch/a" mn fetch -q -- \
		git clone -q --mirror "$backend_url/repo.git" "$scratch/b"
	row "mn fetch, $n posts, against git clone and the" \
		"$(seconds "$a")" "$(seconds "$(calc "$b + $verify" %.4f)")" \
		"$(calc "$a / ($b + $verify)")"
	row '  signatures alone' '' '' '' "$a / ($b + $verify)" '<=' 1
	row '  its peak memory' "$(mib "$a_rss")" "$(mib "$b_rss")" \
		"$(calc "$a_rss / $b_rss")"
	served_cpu "$1"
	compare -n "$(runs 5 3)" -w -p "$scratch/prepare-clones.sh" -- \
		git clone -q --mirror "$mn_url/$profile.git" "$scratch/a" -- \
		git clone -q --mirror "$backend_url/repo.git" "$scratch/b"
	row "git clone, $n posts, from mn serve" "$(seconds "$a")" \
		"$(seconds "$b")" "$ratio" "$ratio" '<=' 0.8
}

printf 'rm -rf "%s/$1"\n' "$scratch" >"$scratch/prepare-clones.sh"

# the processor's time that a whole profile takes the server; git serves the
# very same repository
served_cpu () {
	before=$(cpu_of "$mn_pid")
	for i in 1 2 3 4 5
	do
		rm -rf "$scratch/a"
		cp -R "$scratch/blank" "$scratch/a"
		MN_DIR=$scratch/a mn fetch -q
	done
	ours=$(calc "($(cpu_of "$mn_pid") - $before) / 5" %.4f)
	cat >"$scratch/upload-pack" <<-END
	#!/bin/sh
	git-upload-pack "\$@"
	times >"$scratch/times"
	END
	chmod +x "$scratch/upload-pack"
	rm -rf "$scratch/b"
	git clone -q --mirror -u "$scratch/upload-pack" \
		"file://$git_dir" "$scratch/b"
	peer=$(sed -n '2s/[ms]/ /gp' "$scratch/times" |
		awk '{ print $1 * 60 + $2 + $3 * 60 + $4 }')
	row "  processor of mn serve, and of git upload-pack" \
		"$(ms "$ours")" "$(ms "$peer")" "$(calc "$ours / $peer")" \
		"$ours / $peer" '<=' 0.1
}

# a home and a clone that have all but the newest post, again and again
one_post () {
	copy "$scratch/blank" "$scratch/a"
	MN_DIR=$scratch/a mn fetch -q
	rm -rf "$scratch/b"
	git clone -q --mirror "$backend_url/repo.git" "$scratch/b"
	cat >"$scratch/prepare-one.sh" <<-END
	test "\$1" = a || exit 0
	MN_DIR="$scratch/home-$least" mn post -m "post number \$2" &&
	git -C "$scratch/git/repo.git" fetch -q "$git_dir" "+refs/*:refs/*"
	END
	compare -n "$(runs 20 10)" -w -p "$scratch/prepare-one.sh" -- \
		env MN_DIR="$scratch/a" mn fetch -q -- \
		git -C "$scratch/b" fetch -q
	row 'one new post: mn fetch, git fetch over HTTP' "$(ms "$a")" \
		"$(ms "$b")" "$ratio" "$ratio" '<=' 0.6
	MN_DIR=$scratch/home-$least quiet mn post -m 'the last one'
	MN_DIR=$scratch/a mn fetch --json >"$scratch/one.json"
	wire=$(jq '.wire.in + .wire.out' "$scratch/one.json")
	row '  bytes on the wire' "$wire" '' '' "$wire" '<=' 4096 B
	trips=$(jq .wire.requests "$scratch/one.json")
	row '  requests' "$trips" '' '' "$trips" '<=' 3
}

one_post_over_ssh () {
	start_sshd || {
		say 'no sshd here: left out'
		return
	}
	copy "$scratch/blank" "$scratch/a"
	git -C "$(repo "$scratch/a")" config remote.origin.url \
		"ssh://127.0.0.1:$sshd_port$git_dir"
	git -C "$git_dir" config uploadpack.allowFilter true
	MN_DIR=$scratch/a mn fetch -q
	rm -rf "$scratch/b"
	git clone -q --mirror "ssh://127.0.0.1:$sshd_port$git_dir" "$scratch/b"
	cat >"$scratch/prepare-one.sh" <<-END
	test "\$1" = a || exit 0
	MN_DIR="$scratch/home-$least" mn post -m "over ssh \$2"
	END
	compare -n "$(runs 20 10)" -w -p "$scratch/prepare-one.sh" -- \
		env MN_DIR="$scratch/a" mn fetch -q -- \
		git -C "$scratch/b" fetch -q
	row 'one new post: mn fetch, git fetch over SSH' "$(ms "$a")" \
		"$(ms "$b")" "$ratio" "$ratio" '<=' 1
}

many_profiles () {
	rm -rf "$scratch/many" "$scratch/follows"
	say 'making 1,000 profiles'
	for i in $(seq 1000)
	do
		MN_DIR=$scratch/many mn init --name "n$i" >/dev/null 2>&1
	done
	start_mn_serve "$scratch/many"
	mkdir "$scratch/follows"
	cp -R "$scratch/many/profiles" "$scratch/follows/"
	for dir in "$scratch/follows/profiles"/*.git
	do
		printf '[mn]\n\tfollow = true\n[remote "origin"]\n\turl = %s\n' \
			"$mn_url/$(basename "$dir")" >>"$dir/config"
	done
	compare -n "$(runs 10 5)" -w -- \
		env MN_DIR="$scratch/follows" mn fetch -q
	row '1,000 profiles without news' "$(ms "$a")" '' '' "$a" '<=' 1.5 s
	connections=$(MN_DIR=$scratch/follows mn fetch --json |
		jq -s 'map(.wire.connections) | add')
	row '  connections' "$connections" '' ''
}

many_contents () {
	rm -rf "$scratch/contents" "$scratch/meta"
	MN_DIR=$scratch/contents quiet mn init --name files
	for i in $(seq 500)
	do
		head -c 20000 /dev/urandom >"$scratch/file-$i"
		printf '{"text":"file %d","attachments":[{"file":"%s"}]}\n' \
			"$i" "$scratch/file-$i"
	done >"$scratch/files.jsonl"
	MN_DIR=$scratch/contents mn post --batch "$scratch/files.jsonl" \
		>/dev/null
	MN_DIR=$scratch/contents quiet mn gc
	rm -f "$scratch"/file-*
	git_dir=$(repo "$scratch/contents")
	git -C "$git_dir" cat-file --batch-all-objects --batch-check |
		awk '$2 == "blob" && $3 == 20000 { print $1 }' \
		>"$scratch/wants"
	test "$(wc -l <"$scratch/wants")" = 500
	start_mn_serve "$scratch/contents"
	compare -n "$(runs 10 5)" -w -- \
		sh -c "mn fetch-pack --stdin --stdout '$mn_url/$(basename \
			"$git_dir")' <'$scratch/wants' >/dev/null"
	row '500 missing contents in one request' "$(ms "$a")" '' '' \
		"$a * 1000" '<=' 60 ms
}

for size in $sizes
do
	whole "$size"
	if test "$size" = "$least"
	then
		one_post
		one_post_over_ssh
	fi
done
many_profiles
many_contents
