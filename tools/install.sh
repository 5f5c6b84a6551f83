#!/bin/sh
#
# install.sh install|uninstall BUILD DESTDIR BINDIR MANDIR DOCDIR BASH ZSH
#            LIBEXECDIR
#
# One list of files for both directions.

set -e
action=$1
build=$2
dest=$3
bindir=$4
mandir=$5
docdir=$6
bashdir=$7
zshdir=$8
libexecdir=$9

# put MODE FILE TARGET
put () {
	if test "$action" = install
	then
		mkdir -p "$dest$(dirname "$3")"
		install -m "$1" "$2" "$dest$3"
	else
		rm -f "$dest$3"
	fi
}

link () {
	if test "$action" = install
	then
		ln -sf "$1" "$dest$2"
	else
		rm -f "$dest$2"
	fi
}

put 755 "$build/installed/mn" "$bindir/mn"
put 755 "$build/mn-net" "$libexecdir/mn/mn-net"
for name in $(tools/generate.sh builtins <command-list.txt)
do
	link mn "$bindir/mn-$name"
done
for name in $(tools/generate.sh scripts <command-list.txt)
do
	put 755 "contrib/mn-$name" "$bindir/mn-$name"
done
for page in "$build"/man/*.[1-9]
do
	put 644 "$page" "$mandir/man${page##*.}/${page##*/}"
done
for page in "$build"/html/*.html
do
	put 644 "$page" "$docdir/html/${page##*/}"
done
put 644 README "$docdir/README"
put 644 COPYING "$docdir/COPYING"
put 644 "$build/gen/mn.bash" "$bashdir/mn"
put 644 "$build/gen/_mn" "$zshdir/_mn"
