#!/bin/sh
#
# What prove runs for each test. Shell tests run in t; a program of t/fuzz
# is given its corpus; all speak TAP.

case $1 in
*.sh)
	cd "$(dirname "$1")" && exec sh "./$(basename "$1")"
	;;
*/fuzz-*)
	name=${1##*/fuzz-}
	exec "$1" "t/fuzz/corpus/$name"
	;;
*)
	exec "$1"
	;;
esac
