#!/bin/sh

test_description='mn send-pack: pushes to git http-backend, and to directories

What the server has afterwards is compared with where it came from, and checked
by git fsck --strict.
'

. ./test-lib.sh
. "$TEST_DIRECTORY/lib-http.sh"

to=

test_expect_success 'a repository to push from, and a server' '
	git init -q -b main work &&
	for i in 1 2 3 4 5 6 7 8 9
	do
		echo "commit refs/heads/main" &&
		echo "committer A <a@example.com> 160000000$i +0000" &&
		echo "data 1" && echo x &&
		echo "M 100644 inline dir/$i" && echo "data 2" && echo "$i" ||
		return 1
	done >stream &&
	git -C work fast-import --quiet <stream &&
	git -C work tag -a -m "a tag" v1 main~2 &&
	git -C work update-ref refs/heads/old main~4 &&
	git -C work update-ref refs/heads/side \
		$(git -C work commit-tree -m side -p main~3 "main^{tree}") &&
	git init -q --bare repos/a.git &&
	git -C repos/a.git config http.receivepack true &&
	write_script talk <<-\EOF2 &&
	for last; do :; done
	exec sh -c "$last"
	EOF2
	MN_SSH_COMMAND=$PWD/talk && export MN_SSH_COMMAND &&
	talk=ssh://host$PWD/repos &&
	start_lighttpd_git "$PWD/repos" && smart=$url && to=$smart/a.git &&
	zero=0000000000000000000000000000000000000000
'

rev () {
	git -C "${2:-work}" rev-parse --verify -q "$1"
}

refs () {
	git -C "$1" for-each-ref --format="%(objectname) %(refname)"
}

sound () {
	git -C repos/a.git fsck --strict >fsck.out 2>&1 &&
	test_grep ! -i "error\|missing\|warning" fsck.out
}

push () {
	mn send-pack --repo work "$to" "$@" >out 2>err
}

for v in 0 1 2 conversation directory
do
	test_expect_success "$v: into an empty repository" '
		case '$v' in
		directory) to=repos/a.git ;;
		conversation) to=$talk/a.git ;;
		*) mn config net.protocol '$v' ;;
		esac &&
		rm -rf repos/a.git && git init -q --bare repos/a.git &&
		git -C repos/a.git config http.receivepack true &&
		push refs/heads/old refs/tags/v1 &&
		test_must_be_empty err &&
		printf "%s\t$zero\tok\t%s\t\"\"\n" $(rev old) refs/heads/old \
			$(rev v1) refs/tags/v1 >expect &&
		test_cmp expect out &&
		refs work | grep "old\|v1" >expect &&
		refs repos/a.git >actual &&
		test_cmp expect actual && sound
	'

	test_expect_success "$v: only what is new is sent" '
		git -C repos/a.git repack -adq &&
		push refs/heads/main:refs/heads/old refs/tags/v1 \
			$(rev main~1):refs/mn/x &&
		printf "%s\t%s\t%s\t%s\t\"\"\n" \
			$(rev main) $(rev main~4) ok refs/heads/old \
			$(rev v1) $(rev v1) same refs/tags/v1 \
			$(rev main~1) $zero ok refs/mn/x >expect &&
		test_cmp expect out && sound &&
		rev refs/mn/x repos/a.git >actual &&
		rev main~1 >expect && test_cmp expect actual &&
		git -C repos/a.git count-objects >count &&
		test_grep "^8 objects" count
	'

	test_expect_success "$v: a ref moves back only when it is forced" '
		test_expect_code 1 mn send-pack --repo work --json \
			"$to" refs/heads/side:refs/heads/old \
			refs/heads/main >out 2>err &&
		test_must_be_empty err &&
		jq -r "[.oid, .old, .result, .ref, .why != null] | @tsv" out \
			>actual &&
		printf "%s\t%s\t%s\t%s\t%s\n" \
			$(rev side) $(rev main) refused refs/heads/old true \
			$(rev main) $zero ok refs/heads/main false >expect &&
		test_cmp expect actual &&
		push +refs/heads/side:refs/heads/old &&
		rev old repos/a.git >actual &&
		rev side >expect && test_cmp expect actual &&
		push -f refs/heads/main:refs/heads/old && sound
	'

	if test $v = directory
	then
		test_expect_success "$v: refs are never deleted" '
			test_expect_code 1 mn send-pack --repo work "$to" \
				:refs/heads/old refs/heads/main >out &&
			cut -f 3- out >actual &&
			printf "%s\t%s\t%s\n" refused refs/heads/old \
				"\"the server deletes no refs\"" \
				same refs/heads/main "\"\"" >expect &&
			test_cmp expect actual &&
			rev old repos/a.git
		'
	else
		test_expect_success "$v: refs are deleted" '
			push :refs/heads/old :refs/mn/x :refs/none &&
			cut -f 3,4 out >actual &&
			printf "%s\t%s\n" ok refs/heads/old ok refs/mn/x \
				same refs/none >expect &&
			test_cmp expect actual &&
			refs work | grep "main\|v1" >expect &&
			refs repos/a.git >actual &&
			test_cmp expect actual
		'
	fi

	test_expect_success "$v: what is there under another name" '
		push refs/heads/main:refs/heads/copy &&
		rev main >expect && rev copy repos/a.git >actual &&
		test_cmp expect actual && sound
	'
done

test_expect_success 'what a hook says is shown, made safe; what it refuses' '
	mn config --unset net.protocol &&
	to=$smart/a.git &&
	write_script repos/a.git/hooks/update <<-\EOF2 &&
	printf "about %s \033]0;x\007\n" "$1" >&2
	test "$1" != refs/heads/no
	EOF2
	test_expect_code 1 mn send-pack --repo work "$smart/a.git" \
		refs/heads/side:refs/heads/no refs/heads/side >out 2>err &&
	cut -f 3- out >actual &&
	printf "%s\t%s\t%s\n" refused refs/heads/no "\"hook declined\"" \
		ok refs/heads/side "\"\"" >expect &&
	test_cmp expect actual &&
	test_grep "^remote: about refs/heads/no ␛" err &&
	test_grep "^remote: about refs/heads/side" err &&
	tr -d "\\012\\040-\\176\\200-\\377" <err >controls &&
	test_must_be_empty controls &&
	push -q -f refs/heads/main:refs/heads/side && test_must_be_empty err &&
	rm repos/a.git/hooks/update
'

test_expect_success 'a pack that the server does not take' '
	git -C repos/a.git config receive.maxInputSize 100 &&
	head -c 3000 /dev/urandom >noise &&
	oid=$(git -C work hash-object -w ../noise) &&
	test_expect_code 1 mn send-pack --repo work "$smart/a.git" \
		$oid:refs/tags/noise >out 2>err &&
	test_grep "refused.*refs/tags/noise.*not taken" out &&
	git -C repos/a.git config --unset receive.maxInputSize &&
	push $oid:refs/tags/noise && sound
'

test_expect_success 'a profile goes to any git host' '
	test_init_profile ada &&
	mn post -m one >id && mn post -m two >id &&
	git init -q --bare repos/p.git &&
	git -C repos/p.git config http.receivepack true &&
	git -C "$repo" for-each-ref --format="%(refname)" >names &&
	mn send-pack "$smart/p.git" $(cat names) >out &&
	refs "$repo" >expect && refs repos/p.git >actual &&
	test_cmp expect actual &&
	git -C repos/p.git fsck --strict
'

test_expect_success 'a server that takes no pushes' '
	git init -q --bare repos/ro.git &&
	git -C repos/ro.git config http.receivepack false &&
	test_must_fail 128 mn send-pack --repo work "$smart/ro.git" \
		refs/heads/main 2>err &&
	test_line_count = 1 err
'

test_expect_success 'what makes no sense' '
	test_must_fail 129 mn send-pack --repo work "$smart/a.git" 2>err &&
	test_expect_code 1 mn send-pack --repo work "$smart/a.git" \
		refs/heads/none 2>err &&
	test_grep "refs/heads/none" err &&
	test_must_fail 128 mn send-pack --repo work "$smart/a.git" \
		refs/heads/main:main 2>err &&
	test_must_fail 128 mn send-pack --repo work "$smart/a.git" \
		refs/heads/main refs/heads/main 2>err &&
	test_grep twice err &&
	test_expect_code 1 mn send-pack --repo work "$smart/a.git" \
		1234567890123456789012345678901234567890:refs/x >out &&
	test_grep "refused.*not in this repository" out
'

test_done
