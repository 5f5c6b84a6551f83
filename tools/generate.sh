#!/bin/sh
#
# Derives from command-list.txt (on stdin) everything that lists commands:
#
#	builtins, scripts   their names
#	local, net          those of the builtins that each binary holds
#	table, protos       C: the dispatch table, the prototypes
#	bash, zsh           completion
#	page                mn.1.scd with its list of commands
#
# Only commands that are there are listed: cmd/NAME.c, contrib/mn-NAME.

kind=$1

# name<TAB>group<TAB>flags<TAB>summary
rows () {
	while read -r name group flags summary
	do
		case $name in '' | '#'*) continue ;; esac
		if test "$group" = script
		then
			file=contrib/mn-$name
		else
			file=cmd/$name.c
		fi
		if test -f "$file"
		then
			printf '%s\t%s\t%s\t%s\n' \
				"$name" "$group" "$flags" "$summary"
		elif test "$kind" = table
		then
			echo >&2 "command-list.txt: no $file yet, left out"
		fi
	done
}

names () {
	rows | awk -F '\t' -v script="$1" \
		'($2 == "script") == script { print $1 }'
}

# names of builtins that do (1) or don't (0) talk to the network
names_by_net () {
	rows | awk -F '\t' -v net="$1" \
		'$2 != "script" && ($3 ~ /(^|,)net(,|$)/) == net { print $1 }'
}

# replaces the line @COMMANDS@ of a file by what is on stdin
insert () {
	awk -v file="$1" '
		{ list = list $0 "\n" }
		END {
			while ((getline line <file) > 0) {
				if (line == "@COMMANDS@")
					printf "%s", list
				else
					print line
			}
		}'
}

page_list () {
	rows | awk -F '\t' '
		function section(group, title,	i) {
			printf "## %s\n\n", title
			for (i = 0; i < n; i++)
				if (g[i] == group)
					printf "*mn-%s*(1)\n\t%s.\n\n", \
						name[i], summary[i]
		}
		BEGIN { n = 0 }
		{ name[n] = $1; g[n] = $2; summary[n++] = $4 }
		END {
			section("porcelain", "Daily commands")
			section("ancillary", "Care and settings")
			section("plumbing", "Plumbing, for scripts")
			section("script", "Scripts over the plumbing")
		}'
}

case $kind in
builtins) names 0 ;;
scripts) names 1 ;;
local) names_by_net 0 ;;
net) names_by_net 1 ;;
table)
	echo '/* Generated from command-list.txt. */'
	echo 'static const struct mn_command mn_commands[] = {'
	rows | awk -F '\t' '{
		fn = $1; gsub("-", "_", fn)
		net = $3 ~ /(^|,)net(,|$)/
		fn = $2 == "script" ? "NULL" : \
			(net ? "NET" : "LOCAL") "(cmd_" fn ")"
		printf "\t{ \"%s\", \"%s\", %s, \"%s\", %d, %d },\n",
			$1, $2, fn, $4, $3 ~ /(^|,)common(,|$)/, net
	}'
	echo '	{ NULL, NULL, NULL, NULL, 0, 0 }'
	echo '};'
	;;
protos)
	echo '/* Generated from command-list.txt. */'
	names 0 | sed 's/-/_/g; s/.*/mn_cmd_fn cmd_&;/'
	;;
bash) rows | cut -f 1 | insert contrib/completion/mn.bash ;;
zsh) rows | awk -F '\t' -v q="'" '{ gsub(q, q "\\" q q, $4)
	printf "\t%s%s:%s%s\n", q, $1, $4, q }' |
	insert contrib/completion/_mn ;;
page) page_list | insert Documentation/mn.1.scd ;;
*)
	echo >&2 "usage: tools/generate.sh KIND <command-list.txt"
	exit 1
	;;
esac
