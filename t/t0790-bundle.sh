#!/bin/sh

test_description='mn bundle: a profile, or what is new of it, in one file

Two homes that exchange by files alone; what stock git makes of our bundles,
and we of those that git wrote; and files that are not what they seem.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-devices.sh"

ada=''	# the profile, once it is made

# at HOME COMMAND...: there, in a home of its own
at () {
	_at=$PWD/home-$1
	shift
	MN_DIR=$_at "$@"
}

# the ids of all posts of a profile, sorted
posts () {
	at "$1" mn -p "$2" log --format="%(node)" | sort
}

# the same posts at both
same () {
	posts "$1" "$3" >posts.1 && posts "$2" "$3" >posts.2 &&
	test -s posts.1 && test_cmp posts.1 posts.2
}

sound () {
	git -C "$1" fsck --strict >fsck.out 2>&1 || return 1
	test_grep ! -i "error\|warning\|missing" fsck.out
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

# Nothing of an attempt stays.
clean () {
	find "home-$1" -path "*/mn/incoming/*" -o -name "new-*" \
		-o -name "tmp_*" >litter &&
	test_must_be_empty litter
}

# refused FILE WORDS: by verify and by fetch, and nothing stays or moves
refused () {
	refs home-bea/profiles/"$ada".git >before &&
	test_must_fail 1 at bea mn bundle verify "$1" >out 2>err &&
	test_grep "$2" err &&
	test_must_fail 128 at bea mn bundle fetch "$1" >out 2>err &&
	test_grep "$2" err && test_must_be_empty out &&
	test "$(wc -l <err)" -eq 1 && clean bea &&
	test_must_fail 128 at new mn bundle fetch --follow "$1" 2>err &&
	test_grep "$2" err && clean new &&
	refs home-bea/profiles/"$ada".git >after && test_cmp before after &&
	ls home-new/profiles >left && test_must_be_empty left
}

# header LINE...: with the pack of good.bundle behind
header () {
	printf "%b\n" "$@" && echo && sed "1,/^\$/d" good.bundle
}

test_expect_success 'set up: ada, with posts small and large' '
	ada=$(at ada mn init --name ada 2>/dev/null) &&
	repo=$PWD/home-ada/profiles/$ada.git &&
	head -c 60000 /dev/urandom >noise.bin &&
	at ada mn post -m "one" && at ada mn post -m "two" -t tag &&
	at ada mn post -m "with noise" --attach noise.bin
'

test_expect_success 'create: all of it, which stock git takes' '
	at ada mn bundle create ada.bundle 2>err &&
	test_grep "3 commits" err &&
	head -n 1 ada.bundle >line && echo "# v2 git bundle" >expect &&
	test_cmp expect line &&
	git -C "$repo" bundle verify "$PWD/ada.bundle" &&
	git clone -q --bare ada.bundle clone.git 2>err &&
	test_must_be_empty err &&
	sound clone.git &&
	git clone -q --mirror ada.bundle mirror.git &&
	refs "$repo" >expect && refs mirror.git >actual &&
	test_cmp expect actual && sound mirror.git &&
	git init -q --bare fetched.git &&
	git -C fetched.git fetch -q ../ada.bundle "refs/*:refs/*" &&
	refs fetched.git >actual && test_cmp expect actual
'

test_expect_success 'verify: with the profile here, and in an empty home' '
	for h in ada bea
	do
		at $h mn bundle verify ada.bundle >out || return 1
		test_grep "^nodes	3$" out &&
		test_grep "^profile	$ada$" out || return 1
	done &&
	at bea mn bundle verify --json ada.bundle >out &&
	test "$(jq -c "[.good, .nodes, .profile, .version, (.refs|length)]" \
		out)" = "[true,3,\"$ada\",2,3]" &&
	test_path_is_missing home-bea/profiles &&
	clean ada
'

test_expect_success 'fetch: a profile that is not here is not followed unasked' '
	test_must_fail 1 at bea mn bundle fetch ada.bundle 2>err &&
	test_grep -e "--follow" err && test_grep $ada err &&
	test_path_is_missing home-bea/profiles/$ada.git && clean bea
'

test_expect_success 'fetch --follow --as' '
	at bea mn init --name bea 2>/dev/null >bea &&
	at bea mn bundle fetch --follow --as ada ada.bundle >out &&
	printf "%s\t3\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada && clean bea &&
	sound home-bea/profiles/$ada.git &&
	refs "$repo" >expect && refs home-bea/profiles/$ada.git >actual &&
	test_cmp expect actual &&
	at bea mn -p ada fsck &&
	git config -f home-bea/profiles/$ada.git/config --get mn.follow \
		>actual && echo true >expect && test_cmp expect actual &&
	at bea mn bundle fetch --json ada.bundle >out &&
	test "$(jq -c "[.nodes, .moved, .made]" out)" = "[0,0,false]"
'

test_expect_success 'create --since: nothing new' '
	test_must_fail 1 at ada mn bundle create --since ada.bundle no.bundle \
		2>err &&
	test_grep "nothing is new" err && test_path_is_missing no.bundle
'

test_expect_success 'create --since: what is new, and only that' '
	at ada mn post -m "four" && at ada mn post -m "five" &&
	at ada mn bundle create --since ada.bundle more.bundle &&
	test $(wc -c <more.bundle) -lt 6000 &&
	git -C mirror.git bundle verify "$PWD/more.bundle" &&
	git -C mirror.git fetch -q ../more.bundle "+refs/*:refs/*" &&
	refs "$repo" >expect && refs mirror.git >actual &&
	test_cmp expect actual && sound mirror.git &&
	at bea mn bundle verify more.bundle >out &&
	test_grep "^nodes	2$" out && test_grep "^needs	" out &&
	at bea mn bundle fetch more.bundle >out &&
	printf "%s\t2\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada && clean bea
'

test_expect_success 'what it builds on is not here' '
	at cid mn init --name cid 2>/dev/null >cid &&
	test_must_fail 1 at cid mn bundle verify more.bundle >out 2>err &&
	test_grep "not here" err && test_grep "^needs	" out &&
	test_must_fail 1 at cid mn bundle fetch --follow more.bundle 2>err &&
	test_grep "not here" err &&
	test_path_is_missing home-cid/profiles/$ada.git && clean cid &&
	at ada mn post -m "six" &&
	at ada mn bundle create --since more.bundle third.bundle &&
	at cid mn bundle fetch --follow ada.bundle &&
	test_must_fail 1 at cid mn bundle verify --json third.bundle >out \
		2>err &&
	test "$(jq -c "[.good, .missing]" out)" = "[false,1]" &&
	test_must_fail 1 at cid mn bundle fetch third.bundle 2>err &&
	test_grep "builds on 1 nodes that are not here" err && clean cid &&
	at cid mn bundle fetch more.bundle && at cid mn bundle fetch third.bundle &&
	same ada cid $ada
'

test_expect_success 'create -p: of a profile that is followed; to a pipe' '
	at bea mn bundle create -p ada --since ada.bundle - >piped &&
	git -C mirror.git bundle verify "$PWD/piped" &&
	at cid mn bundle create -p $ada - | at dan mn bundle fetch --follow - &&
	same cid dan $ada
'

test_expect_success 'create --since-refs: a list of refs' '
	at bea mn -p ada ls-refs >refs &&
	at ada mn bundle create --since-refs refs by-refs.bundle &&
	git ls-remote home-bea/profiles/$ada.git |
		at ada mn bundle create --since-refs - by-pipe.bundle &&
	cmp by-refs.bundle by-pipe.bundle &&
	at bea mn bundle fetch by-refs.bundle >out &&
	printf "%s\t1\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada &&
	echo nonsense >refs &&
	test_must_fail 128 at ada mn bundle create --since-refs refs no.bundle
'

test_expect_success 'bundles that stock git wrote: v2 and v3, whole' '
	for v in 2 3
	do
		git -C "$repo" bundle create -q --version=$v \
			"$PWD/git-v$v.bundle" --all &&
		at ada mn bundle verify git-v$v.bundle >out &&
		test_grep "^nodes	6$" out &&
		rm -rf home-eve &&
		at eve mn bundle fetch --follow git-v$v.bundle &&
		same ada eve $ada && clean eve &&
		sound home-eve/profiles/$ada.git || return 1
	done
'

test_expect_success 'stock git, incremental, with a thin pack' '
	seq 2000 >long.txt &&
	at ada mn post -m "long" --attach long.txt &&
	old=$(git -C "$repo" rev-parse main) &&
	at eve mn bundle create -p $ada full.bundle &&
	git -C "$repo" bundle create -q "$PWD/b1.bundle" --all &&
	at eve mn bundle fetch b1.bundle &&
	for i in 1 2 3
	do
		seq $((2000 + i)) >long.txt &&
		at ada mn post -m "long $i" --attach long.txt || return 1
	done &&
	git clone -q --mirror "$repo" deltas.git &&
	for v in 2 3
	do
		git -C deltas.git bundle create -q --version=$v \
			"$PWD/thin$v.bundle" --all "^$old" &&
		sed "1,/^\$/d" thin$v.bundle >thin.pack &&
		test_must_fail 128 git -C fetched.git index-pack \
			--stdin <thin.pack 2>err &&
		test_grep "unresolved deltas" err &&
		at eve mn bundle verify thin$v.bundle >out &&
		test_grep "^nodes	3$" out || return 1
	done &&
	at eve mn bundle fetch thin2.bundle >out &&
	printf "%s\t3\t1\n" $ada >expect && test_cmp expect out &&
	same ada eve $ada && clean eve &&
	sound home-eve/profiles/$ada.git && at eve mn -p $ada fsck &&
	at eve mn bundle fetch thin3.bundle >out &&
	printf "%s\t0\t0\n" $ada >expect && test_cmp expect out
'

test_expect_success 'stock git, of branches alone: -p says whose it is' '
	git -C "$repo" bundle create -q "$PWD/main.bundle" main &&
	test_must_fail 128 at bea mn bundle fetch main.bundle 2>err &&
	test_grep -e "-p PROFILE" err &&
	at bea mn bundle verify -p ada main.bundle &&
	at bea mn bundle fetch -p ada main.bundle >out &&
	printf "%s\t4\t1\n" $ada >expect && test_cmp expect out &&
	same ada bea ada &&
	test_must_fail 1 at bea mn bundle fetch -p bea main.bundle 2>err &&
	clean bea
'

test_expect_success 'refs that are none of a profile are passed over' '
	git clone -q --mirror "$repo" tagged.git &&
	git -C tagged.git tag v1 main &&
	git -C tagged.git branch side main~1 &&
	git -C tagged.git bundle create -q "$PWD/tagged.bundle" --all &&
	rm -rf home-eve &&
	at eve mn bundle fetch --follow tagged.bundle >out 2>err &&
	test_grep "2 refs are none of a profile" err &&
	same ada eve $ada &&
	refs home-eve/profiles/$ada.git >actual &&
	test_grep ! "v1\|side" actual
'

test_expect_success 'two devices that post at once, by files' '
	two_devices &&
	laptop=$PWD/laptop/profiles/$profile.git &&
	phone=$PWD/phone/profiles/$profile.git &&
	on laptop mn post -m "here" && on phone mn post -m "there" &&
	on laptop mn bundle create l.bundle &&
	on phone mn bundle fetch l.bundle &&
	on phone mn bundle create --since l.bundle p.bundle &&
	on laptop mn bundle fetch p.bundle &&
	refs "$laptop" >expect && refs "$phone" >actual &&
	test_cmp expect actual && test_line_count = 4 actual &&
	git -C "$laptop" rev-parse main^2 &&
	test_must_fail 1 on laptop mn bundle create --since p.bundle \
		--since l.bundle no.bundle &&
	on laptop mn post -m "again" &&
	on laptop mn bundle create --since p.bundle --since l.bundle l2.bundle &&
	git -C "$phone" bundle verify "$PWD/l2.bundle" &&
	on phone mn bundle fetch l2.bundle &&
	refs "$laptop" >expect && refs "$phone" >actual &&
	test_cmp expect actual && sound "$phone" && sound "$laptop"
'

test_expect_success 'a bundle of the reader, who has more than is here' '
	on phone mn post -m "only on the phone" &&
	on laptop mn post -m "only on the laptop" &&
	on phone mn bundle create --since l2.bundle p2.bundle &&
	on laptop mn bundle create --since p2.bundle l3.bundle 2>err &&
	test_grep "are not here" err &&
	on phone mn bundle fetch l3.bundle >out &&
	printf "%s\t1\t1\n" $profile >expect && test_cmp expect out
'

test_expect_success '--replicate meta: version 3, with a filter' '
	at ada mn bundle create --replicate meta meta.bundle &&
	head -n 3 meta.bundle >head &&
	printf "%s\n" "# v3 git bundle" "@object-format=sha1" \
		"@filter=blob:limit=16k" >expect && test_cmp expect head &&
	test $(wc -c <meta.bundle) -lt 40000 &&
	git -C mirror.git bundle verify "$PWD/meta.bundle" 2>err &&
	at bea mn bundle verify meta.bundle >out &&
	test_grep "^filter	blob:limit=16k$" out &&
	test_grep "^nodes	10$" out &&
	at gus mn bundle fetch --follow --as ada meta.bundle &&
	same ada gus ada && clean gus &&
	git config -f home-gus/profiles/$ada.git/config mn.replicate >actual &&
	echo meta >expect && test_cmp expect actual &&
	git -C home-gus/profiles/$ada.git fsck --strict >out 2>&1 &&
	test_grep ! "missing\|error" out &&
	at gus mn -p ada fsck &&
	git -C "$repo" bundle create -q --version=3 "$PWD/gitmeta.bundle" \
		--filter=blob:limit=16k --all &&
	at fay mn bundle fetch --follow gitmeta.bundle && same ada fay $ada &&
	git config -f home-fay/profiles/$ada.git/config mn.replicate >actual &&
	test_cmp expect actual
'

test_expect_success 'limit=SIZE; and a partial profile goes on as it is kept' '
	at ada mn bundle create --replicate limit=32k limit.bundle &&
	at hal mn bundle fetch --follow limit.bundle &&
	git config -f home-hal/profiles/$ada.git/config mn.replicate >actual &&
	echo limit=32k >expect && test_cmp expect actual &&
	at gus mn bundle create -p ada from-gus.bundle &&
	test_grep -a "^@filter=blob:limit=16k" from-gus.bundle &&
	at ivy mn bundle fetch --follow from-gus.bundle && same ada ivy $ada &&
	test_must_fail 128 at gus mn bundle create -p ada --replicate full \
		no.bundle 2>err &&
	test_grep "not here" err && test_path_is_missing no.bundle
'

test_expect_success 'a bundle that leaves out contents, for who keeps all' '
	at ada mn post -m "small" &&
	head -c 50000 /dev/urandom >other.bin &&
	at ada mn post -m "large" --attach other.bin &&
	at ada mn bundle create --replicate meta --since limit.bundle \
		m2.bundle &&
	test_must_fail 1 at bea mn bundle fetch m2.bundle >out 2>err &&
	printf "%s\t1\t1\n" $ada >expect && test_cmp expect out &&
	test_grep "leaves out contents" err && clean bea &&
	sound home-bea/profiles/$ada.git &&
	at ada mn bundle create --since limit.bundle f2.bundle &&
	at bea mn bundle fetch f2.bundle && same ada bea ada &&
	at gus mn bundle fetch m2.bundle && same ada gus ada
'

test_expect_success '2,000 posts: whole, and what is new' '
	kit=$(at kit mn init --name kit 2>/dev/null) &&
	kitrepo=$PWD/home-kit/profiles/$kit.git &&
	seq 2000 | sed "s/.*/{\"text\":\"number &\",\"tags\":[\"t\"]}/" |
		at kit mn post --batch >ids &&
	at kit mn bundle create k1.bundle &&
	git clone -q --mirror k1.bundle many.git && sound many.git &&
	at lea mn bundle fetch --follow --as kit k1.bundle >out &&
	printf "%s\t2000\t1\n" $kit >expect && test_cmp expect out &&
	same kit lea kit && sound home-lea/profiles/$kit.git &&
	at kit mn gc -q && at kit mn bundle create k2.bundle &&
	at kit mn bundle verify k2.bundle >out && test_grep "^nodes	2000$" out &&
	seq 500 | sed "s/.*/{\"text\":\"more &\"}/" |
		at kit mn post --batch >ids &&
	at kit mn bundle create --since k2.bundle k3.bundle &&
	git -C many.git bundle verify "$PWD/k3.bundle" &&
	at lea mn bundle fetch k3.bundle >out &&
	printf "%s\t500\t1\n" $kit >expect && test_cmp expect out &&
	same kit lea kit && clean lea && at lea mn -p kit fsck
'

test_expect_success 'set up: what is new for bea' '
	at ada mn post -m "to be let in" &&
	at ada mn bundle create good.bundle &&
	at ada mn bundle create --since f2.bundle inc.bundle &&
	at new mn config core.x y
'

test_expect_success 'cut short anywhere' '
	mkdir -p home-new/profiles &&
	size=$(wc -c <good.bundle) &&
	for n in 0 1 10 16 100 $((size / 2)) $((size - 20)) $((size - 1))
	do
		head -c $n good.bundle >cut.bundle &&
		refused cut.bundle "cut short\|no bundle\|no pack" || return 1
	done
'

test_expect_success 'a wrong checksum, a flipped byte, bytes left over' '
	head -c -1 good.bundle >sum.bundle && printf "\001" >>sum.bundle &&
	tail -c 1 good.bundle | od -An -tx1 | grep -q 01 ||
		refused sum.bundle "checksum" || return 1
	cp good.bundle flip.bundle &&
	printf "\252\125" | dd of=flip.bundle bs=1 seek=$((size / 2)) \
		conv=notrunc 2>/dev/null &&
	refused flip.bundle "bundle" &&
	cat good.bundle good.bundle >twice.bundle &&
	refused twice.bundle "bundle"
'

test_expect_success 'headers that are none' '
	oid=$(git -C "$repo" rev-parse main) &&
	v2="# v2 git bundle" && v3="# v3 git bundle" &&
	m="$oid refs/heads/main" &&
	header "# v9 git bundle" "$m" >bad && refused bad "version" &&
	header "$v3" "@object-format=sha256" "$m" >bad &&
	refused bad "SHA-1" &&
	header "$v3" "@sticks=2" "$m" >bad && refused bad "@sticks=2" &&
	header "$v3" "@filter=sparse:oid=$oid" "$m" \
		"$(git -C "$repo" rev-parse refs/mn/identity) refs/mn/identity" \
		>bad &&
	test_must_fail 1 at new mn bundle verify bad 2>err &&
	test_grep "sparse.*not known here" err && clean new &&
	header "$v2\r" "$m\r" "\r" >bad && refused bad "CR LF" &&
	header "$v2" "$m" "-$oid " >bad && refused bad "order" &&
	header "$v2" "$m" "$m" >bad && refused bad "twice" &&
	header "$v2" >bad && refused bad "no refs" &&
	header "$v2" "$oid refs/heads/../../x" >bad &&
	refused bad "no name of a ref" &&
	header "$v2" "$oid refs/heads/\033]0;x\007\033[31m" >bad &&
	refused bad "no name of a ref" &&
	tr -d "\n -~" <err >controls && test_must_be_empty controls
'

test_expect_success 'a million refs, a line without end' '
	{
		echo "# v2 git bundle" &&
		seq -f "$oid refs/heads/b%.0f" 1000000 && echo
	} >many.bundle &&
	refused many.bundle "more than 100000 refs" &&
	{
		echo "# v2 git bundle" &&
		seq -f "-$(echo $oid | cut -c 8-)%07.0f " 1000000 && echo
	} >many.bundle &&
	refused many.bundle "more than 100000 commits" &&
	{
		echo "# v2 git bundle" && printf "$oid refs/" &&
		head -c 10000000 /dev/zero | tr "\0" x
	} >many.bundle &&
	refused many.bundle "too long" && rm many.bundle &&
	test_must_fail 128 at bea mn bundle fetch /dev/zero 2>err
'

test_expect_success 'another profile than it says' '
	other=$(cat bea) &&
	git clone -q --mirror "$repo" liar.git &&
	git -C liar.git fetch -q ../home-bea/profiles/$other.git \
		+refs/mn/identity:refs/mn/identity &&
	git -C liar.git bundle create -q "$PWD/liar.bundle" --all &&
	at new mn bundle fetch --follow ada.bundle &&
	test_must_fail 128 at new mn bundle fetch liar.bundle 2>err &&
	test_grep "of another profile" err && clean new &&
	at bea mn bundle verify -p $ada good.bundle &&
	MN_PROFILE=nobody at new mn bundle verify good.bundle &&
	test_must_fail 1 at bea mn bundle verify -p bea good.bundle 2>err &&
	test_grep "it is of the profile $ada" err &&
	test_must_fail 128 at bea mn bundle fetch -p bea good.bundle &&
	clean bea &&
	rm -rf home-new && mkdir -p home-new/profiles &&
	refs home-bea/profiles/$other.git >before &&
	test_must_fail 1 at bea mn bundle fetch liar.bundle >out 2>err &&
	printf "%s\t0\t0\n" $other >expect && test_cmp expect out &&
	refs home-bea/profiles/$other.git >after && test_cmp before after &&
	clean bea &&
	test_must_fail 1 at new mn bundle verify liar.bundle &&
	test_must_fail 128 at new mn bundle fetch --follow liar.bundle 2>err &&
	test_grep "nothing in it is good" err &&
	ls home-new/profiles >left && test_must_be_empty left
'

test_expect_success 'an identity that is not there, or none' '
	grep -a -v "refs/mn/identity\$" good.bundle >noid.bundle &&
	test_must_fail 1 at new mn bundle verify noid.bundle 2>err &&
	test_grep "does not say whose" err &&
	head -n 1 good.bundle >bad && echo "$oid refs/mn/identity" >>bad &&
	echo >>bad && sed "1,/^\$/d" good.bundle >>bad &&
	test_must_fail 1 at new mn bundle verify bad 2>err &&
	test_grep "its identity is no blob" err && clean new
'

test_expect_success 'what it builds on is a lie' '
	at old mn bundle fetch --follow ada.bundle &&
	sed "2,/^\$/{/^-/d}" inc.bundle >lie.bundle &&
	test_must_fail 1 at old mn bundle fetch lie.bundle >out 2>err &&
	printf "%s\t0\t0\n" $ada >expect && test_cmp expect out &&
	clean old && at old mn -p $ada fsck &&
	sed "2s/^-.*/-$(git -C "$repo" rev-parse \
		"$(sed -n "s/ refs.heads.main//p" ada.bundle)") /" \
		inc.bundle >lie.bundle &&
	test_must_fail 1 at old mn bundle fetch lie.bundle &&
	clean old && at old mn -p $ada fsck &&
	posts old $ada >posts.1 && test_line_count = 3 posts.1
'

test_expect_success 'main that points elsewhere counts for nothing' '
	sed "2,/^\$/s/^[0-9a-f]* refs.heads.main/$(git -C "$repo" \
		rev-parse main~3) refs\/heads\/main/" inc.bundle >main.bundle &&
	at bea mn bundle fetch main.bundle && same ada bea ada &&
	git -C "$repo" rev-parse main >expect &&
	git -C home-bea/profiles/$ada.git rev-parse main >actual &&
	test_cmp expect actual
'

test_expect_success 'files that are no files' '
	mkdir dir && mkfifo fifo && ln -s good.bundle link &&
	ln -s nowhere dangling &&
	for f in dir fifo dangling nothing
	do
		test_must_fail 128 at bea mn bundle verify $f 2>err &&
		test_must_fail 128 at bea mn bundle fetch $f 2>err &&
		test_must_fail 128 at ada mn bundle create --since $f x 2>err &&
		test_path_is_missing x || return 1
	done &&
	at bea mn bundle verify link &&
	test_must_fail 128 at ada mn bundle create dir 2>err &&
	test_must_fail 128 at ada mn bundle create nodir/x 2>err &&
	cp good.bundle kept && ln -s kept tokept &&
	at ada mn bundle create tokept && cmp good.bundle kept &&
	test -f tokept && git bundle list-heads tokept
'

test_expect_success 'called wrongly' '
	for args in "" "create" "frob x" "create a b" "verify --follow x" \
		"fetch --as x y" "fetch --since x y" "create --json x"
	do
		test_must_fail 129 mn bundle $args 2>err || return 1
	done &&
	test_must_fail 128 at ada mn bundle create --replicate some x 2>err &&
	test_grep "no level" err &&
	test_must_fail 128 at new mn bundle fetch --follow --as "a b" \
		good.bundle 2>err &&
	test_grep "one word" err
'

test_done
