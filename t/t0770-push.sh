#!/bin/sh

test_description='mn push: a profile to directories, git hosts and mn serve

What arrives is compared with the origin, checked by git fsck --strict, and
fetched by stock git. Two devices push to the same place, pushes are killed and
repeated, and the disk fills.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"
. "$TEST_DIRECTORY/lib-http.sh"
. "$TEST_DIRECTORY/lib-follow.sh"

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

# same_refs REPO REPO...: all have the refs of the first
same_refs () {
	_first=$1
	shift
	refs "$_first" >expect.refs
	for _repo
	do
		refs "$_repo" >actual.refs &&
		test_cmp expect.refs actual.refs || return 1
	done
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || {
		cat fsck.out >&4
		return 1
	}
	test_grep ! -i "error\|warning\|missing" fsck.out
}

# current REPO: what a plain web server needs is what git would make
current () {
	rm -rf copy.git && cp -R "$1" copy.git &&
	git -C copy.git update-server-info &&
	test_cmp copy.git/info/refs "$1/info/refs" &&
	test_cmp copy.git/objects/info/packs "$1/objects/info/packs"
}

test_expect_success 'set up' '
	test_init_profile ada &&
	for i in 1 2 3 4 5
	do
		mn post -m "post $i" || return 1
	done &&
	mn post -m "a file" --attach "$TEST_DIRECTORY/test-lib.sh"
'

test_expect_success 'no remote: a clear word' '
	test_expect_code 128 mn push 2>err &&
	test_grep "has no remote" err &&
	test_expect_code 1 mn push nowhere 2>err &&
	test_grep "no remote .nowhere." err &&
	test_path_is_missing nowhere
'

test_expect_success 'a directory is made' '
	mkdir stick &&
	mn push stick/ada.git >out &&
	test_grep "new.refs/heads/main" out &&
	same_refs "$repo" stick/ada.git &&
	sound stick/ada.git && current stick/ada.git &&
	test "$(git -C stick/ada.git symbolic-ref HEAD)" = refs/heads/main &&
	test "$(git -C stick/ada.git config core.bare)" = true &&
	ls stick >actual && echo ada.git >expect && test_cmp expect actual
'

test_expect_success 'nothing new: up to date' '
	mn push stick/ada.git >out &&
	test_grep "up to date" out &&
	mn push --json stick/ada.git >out &&
	jq -r ".refs[].state" out >states &&
	sort -u states >actual && echo same >expect && test_cmp expect actual
'

test_expect_success 'what is new comes behind it' '
	mn post -m "one more" && mn push stick/ada.git >out &&
	test_grep "moved.refs/heads/main" out &&
	same_refs "$repo" stick/ada.git &&
	sound stick/ada.git && current stick/ada.git
'

test_expect_success '--dry-run moves nothing' '
	mn post -m "dry" && refs stick/ada.git >before &&
	mn push -n stick/ada.git >out && test_grep "moved.refs/heads/main" out &&
	refs stick/ada.git >after && test_cmp before after &&
	mn push -n stick/none.git >out && test_path_is_missing stick/none.git &&
	mn push -q stick/ada.git >out && test_must_be_empty out
'

test_expect_success 'a packed profile goes as it is stored' '
	seq 1 60 | sed "s/.*/{\"text\":\"batch &\"}/" | mn post --batch >ids &&
	mn gc -q && mn push stick/packed.git &&
	same_refs "$repo" stick/packed.git &&
	sound stick/packed.git && current stick/packed.git &&
	ls "$repo/objects/pack" | grep "pack$" >expect &&
	ls stick/packed.git/objects/pack | grep "pack$" >actual &&
	test_cmp expect actual
'

test_expect_success 'an empty directory will do, one with other things not' '
	mkdir stick/empty stick/full && echo x >stick/full/x &&
	mn push stick/empty && same_refs "$repo" stick/empty &&
	test_expect_code 1 mn push stick/full 2>err &&
	test_grep "no repository at" err &&
	test_expect_code 1 mn push stick/no/such.git 2>err &&
	test_grep "no directory" err
'

test_expect_success 'a repository that git made' '
	git init -q --bare plain.git &&
	mn push "file://$PWD/plain.git" && same_refs "$repo" plain.git &&
	sound plain.git && current plain.git
'

test_expect_success 'what is checked out is left alone' '
	git init -q -b main tree && mn push -n tree &&
	test_expect_code 1 mn push tree >out &&
	test_grep "refused.refs/heads/main.*checked out" out &&
	test_grep "new.refs/mn/identity" out && sound tree
'

test_expect_success 'a plain web server serves the directory, git clones it' '
	mn push -q stick/ada.git &&
	start_lighttpd_static "$PWD/stick" &&
	git clone -q "$url/ada.git" cloned &&
	git -C cloned rev-parse HEAD >actual &&
	git -C "$repo" rev-parse main >expect && test_cmp expect actual &&
	git clone -q --mirror "$url/packed.git" mirrored.git &&
	same_refs "$repo" mirrored.git
'

test_expect_success 'git fetches a part of it' '
	git clone -q --bare --filter=tree:0 "file://$PWD/stick/ada.git" part.git \
		2>err &&
	git -C part.git rev-list --objects --missing=print main >out &&
	grep "^?" out
'

test_expect_success 'to git http-backend' '
	git init -q --bare web/ada.git &&
	git -C web/ada.git config http.receivepack true &&
	start_lighttpd_git "$PWD/web" &&
	mn push "$url/ada.git" && same_refs "$repo" web/ada.git &&
	mn post -m "over http" && mn push "$url/ada.git" &&
	same_refs "$repo" web/ada.git && sound web/ada.git &&
	mn push "$url/ada.git" >out && test_grep "up to date" out
'

test_expect_success 'a host that takes branches alone: the others are named' '
	git init -q --bare web/picky.git &&
	git -C web/picky.git config http.receivepack true &&
	cat >web/picky.git/hooks/update <<-\EOF &&
	#!/bin/sh
	case $1 in refs/heads/*) ;; *) exit 1 ;; esac
	EOF
	chmod +x web/picky.git/hooks/update &&
	test_expect_code 1 mn push "$url/picky.git" >out 2>err &&
	test_grep "new.refs/heads/main" out &&
	test_grep "refused.refs/mn/identity" out &&
	mn post -m "to the picky one" &&
	test_expect_code 1 mn push "$url/picky.git" >out 2>err &&
	test_grep "moved.refs/heads/main" out && sound web/picky.git
'

test_expect_success 'another profile there: nothing is pushed' '
	mkdir other && MN_DIR=$PWD/other mn init >id &&
	MN_DIR=$PWD/other mn post -m "of another" &&
	MN_DIR=$PWD/other mn push stick/other.git &&
	refs stick/other.git >before &&
	test_expect_code 1 mn push stick/other.git >out &&
	test_grep "left.refs/mn/identity.*another profile" out &&
	test_grep ! "new\|moved" out &&
	refs stick/other.git >after && test_cmp before after &&
	git clone -q --bare cloned code.git &&
	git -C code.git update-ref refs/heads/main $(
		git -C code.git commit-tree -m x $(
		git -C code.git mktree </dev/null)) &&
	refs code.git >before &&
	test_expect_code 1 mn push ./code.git >out &&
	refs code.git >after && test_cmp before after
'

test_expect_success 'the profile of an address must be the one pushed' '
	test_expect_code 128 mn push \
		"$PWD/stick/ada.git#$(printf "%064d" 0)" 2>err &&
	test_grep "another profile" err &&
	mn push "$PWD/stick/ada.git#$profile"
'

test_expect_success 'all remotes of a profile; one that fails stops none' '
	git -C "$repo" config remote.gone.url "$PWD/none/none.git" &&
	git -C "$repo" config remote.stick.url "$PWD/stick/ada.git" &&
	git -C "$repo" config remote.plain.url "$PWD/plain.git" &&
	mn post -m "to all" &&
	test_expect_code 1 mn push >out 2>err &&
	test_grep "no directory" err &&
	same_refs "$repo" stick/ada.git plain.git &&
	git -C "$repo" config --unset remote.gone.url &&
	mn push --json >out && test_line_count = 2 out &&
	jq -r .remote out | sort >actual &&
	printf "plain\nstick\n" >expect && test_cmp expect actual &&
	mn push --all >out && test_grep "up to date" out &&
	mn post -m "by name" && mn push stick &&
	same_refs "$repo" stick/ada.git
'

test_expect_success 'what is kept in part: only where nothing is missing' '
	two_people && ada mn post -m "short" &&
	head -c 100000 /dev/urandom >noise &&
	ada mn post -m "long" --attach noise &&
	ada mn push ./whole.git &&
	bob_follows "$PWD/whole.git" mn.replicate meta &&
	bob mn -p "$profile" fetch &&
	bob mn -p "$profile" push ./whole.git >out && test_grep "up to date" out &&
	test_expect_code 1 bob mn -p "$profile" push ./less.git 2>err &&
	test_grep "kept in part" err && test_line_count = 1 err &&
	test_path_is_missing less.git &&
	cp -R whole.git behind.git && ada mn post -m "short again" &&
	ada mn push ./whole.git && bob mn -p "$profile" fetch &&
	bob mn -p "$profile" push ./behind.git &&
	same_refs "$bob_repo" behind.git whole.git && sound behind.git
'

test_done
