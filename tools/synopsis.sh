#!/bin/sh
#
# synopsis.sh PAGE.scd: the SYNOPSIS of a manual page as -h has it, a form a
# line. synopsis.sh -h: makes the same of the output of -h on stdin. Both
# reduce white space, so that they can be compared.

if test "$1" = -h
then
	awk '
		/^$/ { exit }
		/^usage: |^   or: / {
			if (form) print form
			sub(/^usage: |^   or: /, "")
			form = $0
			next
		}
		{ form = form " " $0 }
		END { print form }'
else
	awk '
		/^# / { on = $0 == "# SYNOPSIS"; next }
		!on || /^$/ { next }
		{
			form = form " " $0
			if (sub(/\+\+$/, "", form)) {
				print form
				form = ""
			}
		}
		END { if (form) print form }' "$1" |
	# the marks of bold and underline, then escapes
	sed 's/\([^\\]\)[*]/\1/g; s/^[*]//
		s/\(^\|[^\\A-Za-z0-9]\)_\([A-Z]\)/\1\2/g
		s/\([A-Z.0-9]\)_\([^A-Za-z0-9_]\|$\)/\1\2/g
		s/\\\(.\)/\1/g'
fi | sed 's/[[:space:]][[:space:]]*/ /g; s/^ //; s/ $//'
