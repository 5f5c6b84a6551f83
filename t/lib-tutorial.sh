# shellcheck shell=sh
#
# Pages whose commands a test runs as they stand there: lines that begin with
# "$ " between lines of ```; what comes back stands below them.
#
#	run_page PAGE NUMBER	takes the page apart, which has more than
#				that many commands, and runs them all

# take_apart PAGE: number by number, the command to NNN.cmd, and what shall come back to
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
	}' "$1"
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

run_page () {
	page=$1 least=$2
	test_expect_success 'the page has commands' '
		take_apart "$page" &&
		ls ???.cmd >commands &&
		test $(wc -l <commands) -gt $least
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
}
