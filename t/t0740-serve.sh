#!/bin/sh

test_description='mn serve: stock git and curl as clients

What git ends up with is compared with the profile, and checked by git fsck
--strict, in each version of the protocol.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

# v VERSION COMMAND...: git with that version of the protocol
v () {
	_v=$1
	shift
	git -c protocol.version="$_v" -c gc.auto=0 \
		-c fetch.unpackLimit=1 "$@"
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

objects () {
	git -C "$1" cat-file --batch-all-objects --batch-check | sort
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|warning\|missing" fsck.out
}

# The status of curl's answer.
status () {
	curl -s -o body -w "%{http_code}" "$@"
}

test_expect_success 'set up' '
	test_init_profile ada &&
	for i in 1 2 3 4 5
	do
		mn post -m "post $i" || return 1
	done &&
	head -c 60000 /dev/urandom >noise.bin &&
	mn post -m "with noise" --attach noise.bin >noise.id &&
	seq 1 12 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	start_mn_serve
'

for v in 0 1 2
do
	test_expect_success "v$v: clone, ls-remote" '
		v '$v' clone -q --mirror "$url/$profile.git" got'$v' &&
		sound got'$v' &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual &&
		objects "$repo" >expect && objects got'$v' >actual &&
		test_cmp expect actual &&
		git ls-remote --symref "$repo" >expect &&
		v '$v' ls-remote --symref "$url/$profile.git" >actual &&
		test_cmp expect actual &&
		v '$v' ls-remote "$url/$profile" "refs/heads/*" >actual &&
		test_line_count = 1 actual
	'

	test_expect_success "v$v: fetch what is new, and only that" '
		mn post -m "new for '$v'" >id &&
		n=$(grep -c git-upload-pack "$server_log") &&
		v '$v' -C got'$v' fetch -q &&
		sound got'$v' &&
		refs "$repo" >expect && refs got'$v' >actual &&
		test_cmp expect actual &&
		v '$v' -C got'$v' fetch -q &&
		tail -n +$((n + 1)) "$server_log" | cut -f 6 >sizes &&
		awk "\$1 > 4000" sizes >large &&
		test_must_be_empty large
	'
done

for v in 0 1 2
do
	test_expect_success "v$v: --depth, and more of it" '
		v '$v' clone -q --bare --depth 3 "$url/$profile.git" \
			deep'$v' &&
		echo 3 >expect &&
		git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		sound deep'$v' &&
		v '$v' -C deep'$v' fetch -q --deepen 4 origin main &&
		echo 7 >expect &&
		git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		v '$v' -C deep'$v' fetch -q --unshallow origin main &&
		git -C "$repo" rev-list --count main >expect &&
		git -C deep'$v' rev-list --count HEAD >actual &&
		test_cmp expect actual &&
		sound deep'$v'
	'

	for f in blob:none blob:limit=4k tree:0
	do
		test_expect_success "v$v: clone --filter=$f; more by id" '
			rm -rf part && v '$v' clone -q --bare --filter='$f' \
				"$url/$profile.git" part &&
			git -C "$repo" rev-list --objects main \
				--no-object-names --filter='$f' | sort >expect &&
			git -C part cat-file --batch-all-objects \
				--batch-check="%(objectname)" | sort >actual &&
			test_cmp expect actual &&
			git -C part fsck --strict >fsck.out 2>&1 &&
			test_grep ! -i "error\|missing" fsck.out &&
			git -C "$repo" rev-list --objects main \
				--no-object-names >list &&
			git -C "$repo" cat-file --batch <list >expect &&
			v '$v' -C part cat-file --batch <list >actual &&
			cmp expect actual
		'
	done

	test_expect_success "v$v: fetch --filter into what is here" '
		rm -rf part && git init -q --bare part &&
		git -C part remote add origin "$url/$profile.git" &&
		v '$v' -C part fetch -q --filter=blob:limit=4k origin main &&
		git -C part cat-file --batch-all-objects \
			--batch-check="%(objecttype) %(objectsize)" >out &&
		awk "\$2 > 16000" out >large &&
		test_must_be_empty large &&
		test_grep commit out
	'

	test_expect_success "v$v: a request with many haves is compressed" '
		rm -rf many && git clone -q --bare "$repo" many &&
		git -C many update-ref refs/heads/main main~10 &&
		git -C many prune && git -C many repack -adq &&
		i=0 &&
		while test $((i += 1)) -le 60
		do
			c=$(git -C many commit-tree -m "own $i" \
				-p refs/heads/main "main^{tree}") &&
			git -C many update-ref refs/heads/main $c || return 1
		done &&
		GIT_TRACE_CURL=$PWD/trace GIT_TRACE_CURL_NO_DATA=1 \
			v '$v' -C many fetch -q "$url/$profile.git" \
			main:refs/heads/theirs &&
		test_grep -i "content-encoding: gzip" trace &&
		rm trace &&
		git -C "$repo" rev-parse main >expect &&
		git -C many rev-parse theirs >actual &&
		test_cmp expect actual &&
		sound many
	'
done

test_expect_success 'after mn gc, a clone is the stored pack' '
	mn gc -q &&
	for v in 0 1 2
	do
		rm -rf got && v $v clone -q --bare "$url/$profile.git" got &&
		(cd "$repo/objects/pack" && sha1sum pack-*.pack) >expect &&
		(cd got/objects/pack && sha1sum pack-*.pack) >actual &&
		test_cmp expect actual || return 1
	done &&
	mn post -m "behind the pack" >id &&
	rm -rf got && git clone -q --mirror "$url/$profile.git" got &&
	sound got &&
	refs "$repo" >expect && refs got >actual && test_cmp expect actual
'

test_expect_success 'only the refs of a profile are shown' '
	git -C "$repo" update-ref refs/heads/private main~1 &&
	git -C "$repo" update-ref refs/notes/x main~1 &&
	for v in 0 1 2
	do
		v $v ls-remote "$url/$profile.git" >actual &&
		test_grep ! "private\|notes" actual || return 1
	done &&
	git -C "$repo" update-ref -d refs/heads/private &&
	git -C "$repo" update-ref -d refs/notes/x
'

test_expect_success 'refs that change are seen at once' '
	for i in 1 2 3 4 5 6 7 8
	do
		git -C "$repo" rev-parse main >expect &&
		git ls-remote "$url/$profile.git" refs/heads/main |
			cut -f 1 >actual &&
		test_cmp expect actual &&
		mn post -m "again $i" >id || return 1
	done
'

test_expect_success 'the page: HTML for browsers, lines for programs' '
	curl -s -D head "$url/" >page &&
	test_grep -i "^content-type: text/html" head &&
	test_grep -i "^content-security-policy: default-src .none" head &&
	test_grep "$url/$profile.git" page &&
	curl -s -D head -H "Accept: text/plain" "$url/" >page &&
	test_grep -i "^content-type: text/plain" head &&
	printf "%s\t%s\t%s\t%s\n" $profile \
		"$(git -C "$repo" rev-list --count main)" \
		"$url/$profile.git" ada >expect &&
	test_cmp expect page &&
	curl -s -H "Accept: text/plain" "$url/$profile" >actual &&
	test_cmp expect actual &&
	curl -s -I "$url/" >head &&
	test_grep "^HTTP/1.1 200" head
'

test_expect_success 'nothing of others stands on the page as it is' '
	mn config --set profile.$profile.name \
		"<script>alert(1)</script>" &&
	curl -s "$url/" >page &&
	test_grep ! "<script" page &&
	test_grep "&lt;script&gt;" page &&
	curl -s -H "Host: x\"><b>y" "$url/" >page &&
	test_grep ! "<b>" page &&
	test_grep "href=\"/$profile.git\"" page &&
	curl -s "$url/%3Cb%3Ehello" >page &&
	test_grep ! "hello" page &&
	mn config --set profile.$profile.name ada
'

test_expect_success 'what is not there' '
	none=$(echo $profile | tr 0-9a-f 1-9a-f0) &&
	for path in /x /$none.git "/$none.git/info/refs?service=git-upload-pack" \
		/$profile.git/HEAD /$profile.git/config \
		/$profile.git/objects/info/packs /${profile}0.git \
		/$profile.gitx "/$profile.git/info/refs/x" \
		/profiles/$profile.git/config /$profile.git/../../config \
		/$profile.git/%2e%2e/%2e%2e/config /..%2f..%2fetc/passwd \
		//etc/passwd /%2e%2e/keys/$profile.device \
		/../keys/$profile.device
	do
		test "$(status --path-as-is "$url$path")" = 404 || {
			echo "$path: $(cat body)" >&4
			return 1
		}
		test_grep ! "PRIVATE\|root:\|core" body || return 1
	done
'

test_expect_success 'what is not understood' '
	q=info/refs at=$url/$profile.git &&
	type="Content-Type: application/x-git-upload-pack-request" &&
	test $(status --path-as-is "$url/%zz") = 400 &&
	test $(status --path-as-is "$url/%00") = 400 &&
	test $(status "$url/$(printf "%3000s" x | tr " " x)") = 414 &&
	test $(status "$at/$q") = 403 &&
	test $(status "$at/$q?service=git-upload-archive") = 403 &&
	test $(status -X PUT -d x "$url/") = 405 &&
	test $(status -X DELETE "$at/$q?service=git-upload-pack") = 405 &&
	test $(status "$at/git-upload-pack") = 405 &&
	test $(status -d x "$at/git-upload-pack") = 415 &&
	test $(status -H "$type" -H "Content-Encoding: br" -d x \
		"$at/git-upload-pack") = 415 &&
	test $(status -H "$type" -H "Content-Encoding: gzip" -d x \
		"$at/git-upload-pack") = 400 &&
	test $(status -H "$type" -X POST "$at/git-upload-pack") = 411 &&
	head -c 5000000 /dev/zero >zero &&
	test $(status -H "$type" --data-binary @zero \
		"$at/git-upload-pack") = 413 &&
	test $(status -H "$type" -H "Transfer-Encoding: chunked" \
		-H "Expect:" --data-binary @zero "$at/git-upload-pack") = 413 &&
	gzip -9 <zero >zero.gz &&
	test $(status -H "$type" -H "Content-Encoding: gzip" \
		--data-binary @zero.gz "$at/git-upload-pack") = 413 &&
	test $(status -H "$type" -d nonsense "$at/git-upload-pack") = 200 &&
	test_grep -a "^....ERR " body
'

test_expect_success 'nobody may push without a key, and is told so' '
	test $(status "$url/$profile.git/git-receive-pack" \
		-H "Content-Type: application/x-git-receive-pack-request" \
		-d 0000) = 401 &&
	test_grep "only a device" body &&
	git clone -q "$url/$profile.git" work &&
	test_must_fail git -C work push -q origin HEAD:refs/heads/x 2>err
'

test_expect_success '--profiles' '
	stop_mn_serve &&
	first=$profile && test_init_profile bob && bob=$profile &&
	profile=$first repo=$MN_HOME/profiles/$first.git &&
	mv "$MN_HOME/keys/$bob.device" bob.device &&
	for which in "own:1 0" "followed:0 0" "all:1 1" "$bob:0 1" \
		"ada,$bob:1 1"
	do
		start_mn_serve --profiles "${which%%:*}" &&
		for p in $first $bob
		do
			curl -s -H "Accept: text/plain" "$url/" |
				grep -c "^$p"
			git ls-remote "$url/$p.git" >out 2>&1 && echo yes ||
			echo no
		done >out1
		tr "\n" " " <out1 | sed "s/0 no/0/g; s/1 yes/1/g; s/ \$//" \
			>actual &&
		printf "%s" "${which#*:}" >expect &&
		test_cmp expect actual &&
		stop_mn_serve || return 1
	done
'

test_expect_success 'an address of IPv6, where there is one' '
	mn config --set serve.profiles all &&
	if test -e /proc/net/if_inet6 && grep -q " lo$" /proc/net/if_inet6
	then
		start_mn_serve --listen "[::1]:0" &&
		git ls-remote "$url/$profile.git" >actual &&
		test_grep "refs/heads/main" actual &&
		stop_mn_serve
	fi
'

test_expect_success 'SIGTERM ends it, with 0' '
	start_mn_serve &&
	stop_mn_serve &&
	test_must_fail 7 curl -s "$url/"
'

test_expect_success 'an address that is taken, or none' '
	start_mn_serve &&
	test_must_fail 128 mn serve --listen "${url#http://}" 2>err &&
	test_grep "cannot listen on" err &&
	test_must_fail 128 mn serve --listen nonsense 2>err &&
	test_grep "not ADDRESS:PORT" err &&
	test_must_fail 1 mn serve --profiles nobody,me 2>err &&
	test_grep "nobody" err &&
	test_must_fail 129 mn serve own 2>err &&
	stop_mn_serve
'

test_done
