#!/bin/sh

test_description='a large file: posted and read back in little memory

40 MiB of noise, or 1 GiB with MN_LONG=1 in the environment. Noise does not
compress, so its chunks are stored as they are.'

# before test-lib.sh clears it
long=${MN_LONG:-}
. ./test-lib.sh

size=41943041
test -z "$long" || size=1073741825
limit_kb=65536

# peak FILE COMMAND...: runs it, puts the most KiB that it held to FILE.
# Address sanitizers hold more than the program does.
peak () {
	python3 - "$@" <<-\EOT
	import resource, subprocess, sys
	status = subprocess.call(sys.argv[2:], close_fds=False)
	used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
	with open(sys.argv[1], 'w') as f:
	    print(used, file=f)
	sys.exit(status)
	EOT
}

is_low () {
	test "$(cat "$1")" -lt "$limit_kb" && return 0
	echo >&4 "$(cat "$1") KiB of memory, limit $limit_kb"
	return 1
}

case $(mn version --build-options 2>/dev/null) in
*-fsanitize=*) ;;
*) test_set_prereq BARE_MEMORY ;;
esac

test_expect_success 'set up a file' '
	test_init_profile ada &&
	head -c $size /dev/urandom >big &&
	cksum <big >expect-sum
'

test_expect_success 'it is posted' '
	peak mem.post mn post -m "Large" -a big >id &&
	test_line_count = 1 id
'

test_expect_success BARE_MEMORY 'in less than 64 MiB of memory' '
	is_low mem.post
'

test_expect_success 'it lies in chunks of 1 MiB, in one pack' '
	mn show --json @ | jq ".attachments[0].size" >actual &&
	echo $size >expect &&
	test_cmp expect actual &&
	git -C "$repo" ls-tree -l main:1-big | awk "{ print \$4, \$5 }" >tree &&
	chunks=$(((size + 1048575) / 1048576)) &&
	test_line_count = $((chunks + 1)) tree &&
	echo "1048576 0000" >expect &&
	head -n 1 tree >actual &&
	test_cmp expect actual &&
	printf "1 %04x\n%d digests\n" $((chunks - 1)) $((32 * chunks)) >expect &&
	tail -n 2 tree >actual &&
	test_cmp expect actual &&
	ls "$repo"/objects/pack/*.pack >packs &&
	test_line_count = 1 packs
'

test_expect_success 'it takes no more room than it has to' '
	used=$(du -sk "$repo" | cut -f 1) &&
	test $used -lt $((size / 1024 * 101 / 100 + 400))
'

test_expect_success 'it comes back byte for byte' '
	peak mem.show mn show --content 1 -o copy @ &&
	cmp big copy &&
	mn show --content 1 @ | cksum >actual &&
	test_cmp expect-sum actual &&
	rm copy
'

test_expect_success BARE_MEMORY 'in less than 64 MiB of memory, too' '
	is_low mem.show
'

test_expect_success 'git puts the same together' '
	for blob in $(git -C "$repo" ls-tree main:1-big | grep -v digests |
		awk "{ print \$3 }")
	do
		git -C "$repo" cat-file blob $blob || return 1
	done | cksum >actual &&
	test_cmp expect-sum actual
'

test_expect_success 'it verifies, by mn and by git' '
	peak mem.verify mn verify-node $(cat id) &&
	mn fsck &&
	git -C "$repo" fsck --strict
'

test_expect_success BARE_MEMORY 'verifying takes little memory as well' '
	is_low mem.verify
'

test_expect_success 'after gc it is there still, all of it reachable' '
	mn gc --json >counts &&
	jq -c "[.nodes, .kept, .pruned]" counts >actual &&
	echo "[1,0,0]" >expect &&
	test_cmp expect actual &&
	mn gc --prune now &&
	mn show --content 1 @ | cksum >actual &&
	test_cmp expect-sum actual &&
	git -C "$repo" fsck --strict
'

test_expect_success 'a pack that is to be kept may hold a tree without its chunks' '
	git -C "$repo" rev-parse main:1-big |
		git -C "$repo" pack-objects -q objects/pack/pack >name &&
	: >"$repo/objects/pack/pack-$(cat name).keep" &&
	mn post -m "something to pack" &&
	mn gc --prune now &&
	test_path_is_file "$repo/objects/pack/pack-$(cat name).pack" &&
	mn show --content 1 @~1 | cksum >actual &&
	test_cmp expect-sum actual &&
	git -C "$repo" fsck --strict &&
	rm "$repo/objects/pack/pack-$(cat name).keep"
'

test_expect_success 'a chunk that is damaged is not handed out' '
	git init -q --bare other.git &&
	git -C "$repo" rev-list --objects --all |
		git -C "$repo" pack-objects -q --stdout |
		git -C other.git unpack-objects -q &&
	cp -R "$MN_HOME" damaged &&
	test_when_finished "rm -rf damaged other.git" &&
	rm damaged/profiles/*/objects/pack/pack-* &&
	cp -R other.git/objects/?? damaged/profiles/*/objects/ &&
	objects=$(echo damaged/profiles/*/objects) &&
	path=$(git -C "$repo" rev-parse main~1:1-big/0007 | sed "s,^..,&/,") &&
	other=$(git -C "$repo" rev-parse main~1:1-big/0008 | sed "s,^..,&/,") &&
	cp -f "$objects/$other" "$objects/$path" &&
	test_must_fail env MN_DIR="$PWD/damaged" \
		mn show --content 1 -o out @~1 2>err &&
	test_path_is_missing out
'

test_done
