#!/bin/sh

test_description='the commands of mntutorial(7), run as they stand there'

. ./test-lib.sh

page=$TEST_DIRECTORY/../Documentation/mntutorial.7.scd

# Number by number: the command to NNN.cmd, and what shall come back to
# NNN.want, as extended regular expressions: "..." stands for anything.
take_apart () {
	awk '
	/^```/ { on = !on; next }
	!on { next }
	{ gsub(/\\\\/, "\\") }
	/^\$ / {
		name = sprintf("%03d", ++n)
		print substr($0, 3) >(name ".cmd")
		printf "" >(name ".want")
		next
	}
	{
		gsub(/[][\\.*^$()+?{}|]/, "\\\\&")
		gsub(/\\\.\\\.\\\./, ".*")
		print >(name ".want")
	}' "$page"
}

# Whether each line of $2 is as in $1; a line of "..." alone may stand for
# any number of lines.
is_like () {
	awk '
	NR == FNR { want[n++] = $0; next }
	{ got[m++] = $0 }
	END {
		k = 0
		for (i = 0; i < n; i++) {
			if (want[i] == ".*" && i + 1 < n && want[i + 1] != ".*")
				while (k < m && got[k] !~ "^" want[i + 1] "$")
					k++
			else if (k >= m || got[k++] !~ "^" want[i] "$")
				exit 1
		}
		exit k != m
	}' "$1" "$2"
}

test_expect_success 'the page has commands' '
	take_apart &&
	ls ???.cmd >commands &&
	test $(wc -l <commands) -gt 20
'

for command in ???.cmd
do
	name=${command%.cmd}
	test_expect_success "$(cat "$command")" '
		. "./$command" >$name.got &&
		is_like $name.want $name.got || {
			diff -u $name.want $name.got >&4
			false
		}
	'
done

test_expect_success 'what a line says matters' '
	printf "a\nb\n" >got &&
	printf "a\nb\n" >want && is_like want got &&
	printf "a\n" >want && ! is_like want got &&
	printf "a\nc\n" >want && ! is_like want got &&
	printf "a\nb\nc\n" >want && ! is_like want got &&
	printf ".*\nb\n" >want && is_like want got
'

test_done
