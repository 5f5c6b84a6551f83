# shellcheck shell=sh
#
# What the tests of crashes and full disks share; sourced after test-lib.sh.
#
# They work on copies of a small home: $TRASH_DIRECTORY/base is prepared
# once, $MN_DIR is the copy. TEST_LONG=1 (or "make crash") tries every system
# call of every command, where the short form takes a sample of some.

MN_DIR=$TRASH_DIRECTORY/home
export MN_DIR
# a leak is not looked for where the process is traced
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS

if syscall count true 2>/dev/null
then
	test_set_prereq TRACE
fi

# step N: N, or 1 when all is wanted
step () {
	if test -n "${TEST_LONG:-}"
	then
		echo 1
	else
		echo "$1"
	fi
}

# For people: on the TAP stream, as a comment.
note () {
	printf '%s\n' "$*" | sed 's/^/# /' >&5
}

# A picture that libmagic knows for one: a PNG of one pixel.
make_png () {
	printf '%b' '\0211PNG\r\n\032\n' \
		'\0\0\0\015IHDR\0\0\0\01\0\0\0\01\010\06\0\0\0\037\025\0304\0211' \
		'\0\0\0\015IDATx\0332c\0374\0317\0300\0360\0237\01\0\06\0202\02\0177' \
		'\0\0\0\0IEND\0256B\0140\0202' >"$1"
}

fresh_home () {
	rm -rf "$MN_DIR" && cp -a base "$MN_DIR"
}

# Sets repo to the repository of the only profile in $MN_DIR.
find_repo () {
	repo=
	for repo in "$MN_DIR"/profiles/*.git
	do
		:
	done
	test -d "$repo"
}

count_posts () {
	git -C "$repo" rev-list --count --glob='refs/mn/devices/*'
}

# The repository is whole, for mn and for git.
is_sound () {
	mn fsck >fsck.out 2>&1 || {
		note "mn fsck: $(cat fsck.out)"
		return 1
	}
	git -C "$repo" fsck --strict >git.out 2>&1 || {
		note "git fsck: $(cat git.out)"
		return 1
	}
	! grep -i '^error\|^warning' git.out >bad || {
		note "git fsck: $(cat bad)"
		return 1
	}
}

# Each id in the file is that of a post which is there, and complete.
ids_are_there () {
	while read -r id
	do
		mn cat-object content "$id" >/dev/null 2>&1 || {
			note "the id $id was printed; it is not there"
			return 1
		}
	done <"$1"
}

# Nothing that would stop the next writer, or anybody.
no_stale_lock () {
	find "$MN_DIR" -name '*.lock' ! -path '*.git/mn/*' >locks &&
	find "$repo/mn/tmp" -type f >>locks &&
	test ! -s locks || {
		note "left behind: $(cat locks)"
		return 1
	}
}

# The files of a writer that died: gc takes them when they are old.
no_litter_after_gc () {
	find "$repo/objects" -name 'tmp_*' >litter
	test -s litter || return 0
	xargs touch -d '2 hours ago' <litter
	mn gc 2>gc.err || {
		note "mn gc: $(cat gc.err)"
		return 1
	}
	find "$repo/objects" -name 'tmp_*' >litter
	test ! -s litter || {
		note "gc left $(cat litter)"
		return 1
	}
}

# next_post BEFORE: one more post, and all is as if nothing had been
next_post () {
	mn post -m 'the next one' >next 2>next.err || {
		note "the next post: $(cat next.err)"
		return 1
	}
	test "$(count_posts)" = $(($1 + 1)) || {
		note "the next post makes $(count_posts), not $(($1 + 1))"
		return 1
	}
	ids_are_there next && no_stale_lock
}

# logged: mn log lists just what the refs reach
logged () {
	mn log --format='%(node)' >logged 2>log.err || {
		note "mn log: $(cat log.err)"
		return 1
	}
	test "$(wc -l <logged)" = "$(count_posts)" || {
		note "mn log lists $(wc -l <logged) of $(count_posts)"
		return 1
	}
}

# What a power cut takes, by the log of helper/syscall on stdin: what POSIX
# does not promise to be on disk. $1, in awk, says where the log is cut, for
# instance: $1 == "write" && $3 == 1. Lines, tab-separated:
#
#	data PATH	what was written to the file is not synced
#	entry PATH	the file's name, or that it was replaced
#	removed PATH	that the name is gone
undurable () {
	awk -F '\t' '
	function dir (path) {
		sub("/[^/]*$", "", path)
		return path == "" ? "/" : path
	}
	function is_now (path, how) {
		entry[path] = how
		parent[path] = dir(path)
	}
	# what is below a directory moves with it
	function move_below (from, to,    path, new) {
		for (path in entry) {
			if (index(path, from "/") != 1)
				continue
			new = to substr(path, length(from) + 1)
			is_now(new, entry[path])
			delete entry[path]
		}
		for (path in data) {
			if (index(path, from "/") != 1)
				continue
			data[to substr(path, length(from) + 1)] = 1
			delete data[path]
		}
	}
	'"${1:-0}"' { exit }
	$2 !~ /^[0-9]/ { next }
	/^open|^creat/ && $3 == "new" { is_now($4, "entry"); data[$4] = 1 }
	/^mkdir|^symlink/ { is_now($4, "entry") }
	/^p?write|^ftruncate|^truncate|^fallocate/ { data[$4] = 1 }
	/^fsync|^fdatasync/ {
		delete data[$4]
		for (path in entry)
			if (parent[path] == $4)
				delete entry[path]
	}
	/^rename/ {
		move_below($4, $5)
		is_now($4, "removed")
		is_now($5, "entry")
		if ($4 in data)
			data[$5] = 1
		else
			delete data[$5]
		delete data[$4]
	}
	/^link/ {
		is_now($5, "entry")
		if ($4 in data)
			data[$5] = 1
	}
	/^unlink|^rmdir/ { is_now($4, "removed"); delete data[$4] }
	END {
		for (path in data)
			print "data\t" path
		for (path in entry)
			print entry[path] "\t" path
	}'
}

# Makes of $MN_DIR what a power cut would have left of it: of what is listed
# on stdin nothing is on disk, so what was in base is there again.
cut_power () {
	rm -f "$MN_DIR/index.db-shm"	# memory, not a file
	sort -r | while IFS=$(printf '\t') read -r how path
	do
		below=${path#"$MN_DIR"/}
		test "$below" != "$path" || continue
		if test "$how" = data
		then
			test ! -f "$path" || : >"$path"
		else
			rm -rf "$path"
		fi
		if test -f "base/$below" && test -d "${path%/*}"
		then
			cp -a "base/$below" "$path"
		fi
	done
}

# The other extreme: names are on disk, what was written under them isn't.
cut_power_late () {
	grep '^data' | cut_power
}
