#!/bin/sh
#
# What "make check" runs: everything that can be proved without running mn
# on data. Each step says ok or what is wrong; all steps run.
# MAKE and O come from the Makefile.

# shellcheck disable=SC2317 # the functions are called by step

failed=0

step () {
	name=$1
	shift
	if "$@" >"$O/check.log" 2>&1
	then
		echo "ok    $name"
	else
		echo "FAIL  $name"
		sed 's/^/      /' "$O/check.log"
		failed=1
	fi
}

need () {
	for program
	do
		command -v "$program" >/dev/null && continue
		echo "make check needs $program" >&2
		exit 1
	done
}

# $MAKE may hold options
build () {
	# shellcheck disable=SC2086
	${MAKE:-make} -s O="$O/check-$1" CC="$1" WERROR=1 objects
}

shell_files () {
	find contrib t tools .ci -type f ! -path 't/trash/*' |
	while read -r file
	do
		case $file in
		contrib/completion/_mn) ;; # zsh
		*.sh) echo "$file" ;;
		*) head -n 1 "$file" | grep -qa '^#!.*sh' && echo "$file" ;;
		esac
	done
	echo contrib/completion/mn.bash
}

shell () {
	shell_files | xargs shellcheck -x -S style
}

cpp () {
	cppcheck --quiet --std=c11 --enable=warning,performance,portability \
		--error-exitcode=1 --inline-suppr --max-configs=4 \
		--suppressions-list=tools/cppcheck.suppress \
		--cppcheck-build-dir="$O/cppcheck" \
		-j "$(nproc)" -Ilib -I"$O/gen" -D_GNU_SOURCE lib cmd
}

need gcc clang cppcheck shellcheck ctags mandoc
mkdir -p "$O/cppcheck"

step 'gcc, warnings are errors' build gcc
step 'clang, warnings are errors' build clang
step 'layers of the library' tools/check-layers
step 'headers stand alone' tools/check-headers "$O"
step 'functions and files are short' tools/check-size
step 'commands have page, synopsis and test' tools/check-docs "$O"
step 'cppcheck' cpp
step 'shellcheck' shell
exit $failed
