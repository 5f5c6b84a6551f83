#!/bin/sh

test_description='mn serve: isomorphic-git, a client that shares nothing with git

It is fetched from the registry of npm; where that cannot be reached, there is
nothing to test with.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"

# The registry may be set in the user's own configuration, which is not in the
# home of a test.
install_client () {
	_rc=$(getent passwd "$(id -u)" | cut -d : -f 6)/.npmrc
	test ! -f "$_rc" || export npm_config_userconfig="$_rc"
	mkdir -p client && (
		cd client && echo '{"private":true}' >package.json &&
		npm_config_cache=$PWD/cache timeout 120 npm install \
			--no-audit --no-fund --no-update-notifier \
			--ignore-scripts --fetch-timeout=20000 \
			--fetch-retries=1 isomorphic-git@1
	) >install.out 2>&1
}

if ! command -v node >/dev/null || ! command -v npm >/dev/null
then
	skip_all='node or npm is not here'
	test_done
elif ! install_client
then
	skip_all='isomorphic-git cannot be had from the registry of npm'
	test_done
fi

# client VERB URL DIR
client () {
	(cd client && node client.cjs "$@")
}

cat >client/client.cjs <<\EOF2
const fs = require('fs');
const git = require('isomorphic-git');
const http = require('isomorphic-git/http/node');

async function main(verb, url, dir) {
  if (verb === 'refs') {
    for (const protocolVersion of [1, 2]) {
      const refs = await git.listServerRefs({ http, url, protocolVersion });
      for (const r of refs)
        console.log(protocolVersion + ' ' + r.oid + ' ' + r.ref);
    }
  } else if (verb === 'clone' || verb === 'shallow') {
    await git.clone({ fs, http, dir, url, ref: 'main', singleBranch: true,
      noTags: true, ...(verb === 'shallow' ? { depth: 3 } : {}) });
  } else if (verb === 'fetch') {
    const got = await git.fetch({ fs, http, dir, url, ref: 'main',
      singleBranch: true, tags: false });
    console.log(got.fetchHead);
  } else if (verb === 'log') {
    for (const c of await git.log({ fs, dir, ref: 'HEAD' }))
      console.log(c.oid);
  }
}

main(...process.argv.slice(2)).catch((e) => {
  console.error(e);
  process.exit(1);
});
EOF2

test_expect_success 'set up' '
	test_init_profile ada &&
	for i in 1 2 3
	do
		mn post -m "post $i" || return 1
	done &&
	head -c 60000 /dev/urandom >noise.bin &&
	seq 1 40 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	mn post -m "with noise" --attach noise.bin &&
	start_mn_serve && url=$url/$profile.git
'

test_expect_success 'refs, in versions 1 and 2' '
	client refs "$url" >out &&
	git -C "$repo" for-each-ref --format="%(objectname) %(refname)" \
		>expect &&
	for v in 1 2
	do
		sed -n "s/^$v //p" out | grep -v " HEAD\$" | sort -k 2 >actual &&
		test_cmp expect actual || return 1
	done
'

test_expect_success 'clone: head, history and files' '
	client clone "$url" "$PWD/got" &&
	git -C "$repo" rev-parse main >expect &&
	git -C got rev-parse HEAD >actual &&
	test_cmp expect actual &&
	git -C "$repo" rev-list --first-parent main >expect &&
	client log "$url" "$PWD/got" >actual &&
	test_cmp expect actual &&
	git clone -q "$repo" stock &&
	diff -r -x .git stock got &&
	git -C got fsck --strict &&
	find got -name "*noise.bin" >files && test_line_count = 1 files &&
	cmp noise.bin "$(cat files)"
'

test_expect_success 'fetch what is new' '
	mn post -m "the newest" &&
	git -C "$repo" rev-parse main >expect &&
	client fetch "$url" "$PWD/got" >actual &&
	test_cmp expect actual &&
	git -C got fsck --strict
'

test_expect_success 'a shallow clone' '
	client shallow "$url" "$PWD/shallow" &&
	git -C shallow rev-list HEAD >actual &&
	test_line_count = 3 actual
'

test_expect_success 'clone of the stored pack' '
	mn gc -q &&
	client clone "$url" "$PWD/packed" &&
	git -C "$repo" rev-parse main >expect &&
	git -C packed rev-parse HEAD >actual &&
	test_cmp expect actual &&
	git -C packed fsck --strict
'

test_done
