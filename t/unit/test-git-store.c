/* store and loose */
#include "git/loose.h"
#include "git/pack.h"
#include "git/store.h"

#include "git-temp.h"

#include "banned.h"

static struct mn_store *open_store(const char *path)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_store *s = NULL;

	if (mn_store_open(&s, path, &err) < 0) {
		fprintf(stderr, "# %s\n", err.msg);
		exit(1);
	}
	return s;
}

static int read_hex(struct mn_store *s, const char *hex, struct mn_buf *out,
		    size_t max)
{
	struct mn_reader *rd = mn_reader_new(s);
	struct mn_err err = MN_ERR_INIT;
	struct mn_object o;
	struct mn_oid oid;
	int r;

	if (mn_oid_parse(&oid, hex))
		abort();
	mn_buf_clear(out);
	r = mn_reader_read(rd, &o, &oid, max, &err);
	if (!r) {
		mn_buf_add(out, o.data, o.len);
		if (o.data[o.len])
			r = 99;	/* no NUL behind it */
		if (err.code)
			r = 98;
	} else if (!err.msg[0] || err.code != r) {
		r = 97;
	}
	mn_reader_free(rd);
	return r;
}

static int add_all(const char *dir, char hex[2][MN_OID_HEX + 1],
		   struct mn_err *err)
{
	struct mn_buf big = MN_BUF_INIT;
	struct mn_loose *w;
	struct mn_oid oid;
	int r = mn_loose_begin(&w, dir, err);

	if (r < 0)
		return r;
	r = mn_loose_add(w, &oid, MN_BLOB, "hello\n", 6, err);
	mn_oid_hex(hex[0], &oid);
	while (big.len < 3000000)
		mn_buf_addf(&big, "line %zu\n", big.len);
	if (!r)
		r = mn_loose_add(w, &oid, MN_BLOB, big.p, big.len, err);
	mn_oid_hex(hex[1], &oid);
	if (!r)		/* the same again is nothing new */
		r = mn_loose_add(w, &oid, MN_BLOB, "hello\n", 6, err);
	if (!r)
		r = mn_loose_commit(w, err);
	mn_loose_free(w);
	mn_buf_release(&big);
	return r;
}

static void test_loose(void)
{
	char hex[2][MN_OID_HEX + 1], *s;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_store *st;
	enum mn_otype type;
	struct mn_reader *rd;
	struct mn_oid oid;
	uint64_t size = 0;

	free(sh("git init -q --bare l.git"));
	is_int(add_all("l.git", hex, &err), 0, "write: %s", err.msg);
	is_str(hex[0], "ce013625030ba8dba906f756967f9e9ca394464a", "name");
	s = sh("git -C l.git cat-file blob %s", hex[0]);
	is_str(s, "hello", "git reads it");
	free(s);
	ok(sh_ok("git -C l.git fsck --strict 2>&1"), "fsck");
	s = sh("find l.git/objects -type f -perm 0444 | wc -l");
	is_str(s, "2", "two files, read-only");
	free(s);
	st = open_store("l.git");
	is_int(read_hex(st, hex[0], &b, 6), 0, "read");
	is_str(b.p, "hello\n", "as written");
	is_int(read_hex(st, hex[0], &b, 5), MN_ELIMIT, "limit of a small one");
	is_int(read_hex(st, hex[1], &b, 64u << 20), 0, "read a large one");
	ok(b.len > 3000000 && !memcmp(b.p, "line 0\n", 7), "all of it");
	is_int(read_hex(st, hex[1], &b, 1000), MN_ELIMIT, "its limit");
	rd = mn_reader_new(st);
	mn_oid_parse(&oid, hex[1]);
	is_int(mn_reader_stat(rd, &type, &size, &oid, &err), 0, "stat");
	ok(size > 3000000 && type == MN_BLOB, "size and type");
	mn_reader_free(rd);
	is_int(read_hex(st, "00000000000000000000000000000000000000aa", &b,
			10), MN_ENOTFOUND, "one that is not there");
	mn_store_close(st);
	mn_buf_release(&b);
}

static void test_rewrite(void)
{
	char hex[2][MN_OID_HEX + 1], *a, *b, f[64];
	struct mn_err err = MN_ERR_INIT;
	struct mn_loose *w;
	struct mn_oid oid;

	snprintf(f, sizeof(f), "l.git/objects/ce/%s",
		 "013625030ba8dba906f756967f9e9ca394464a");
	a = sh("stat -c '%%i %%y' %s", f);
	is_int(add_all("l.git", hex, &err), 0, "write again");
	b = sh("stat -c '%%i %%y' %s", f);
	is_str(a, b, "what is whole is left alone");
	free(a);
	free(b);
	free(sh("chmod u+w %s && truncate -s -3 %s", f, f));
	is_int(add_all("l.git", hex, &err), 0, "write over a damaged one");
	ok(sh_ok("git -C l.git fsck --strict 2>&1"), "it is whole again");
	free(sh("git -C l.git cat-file blob %s >x && "
		"git init -q --bare p.git", hex[0]));
	free(sh("cd p.git && git hash-object -w --stdin <../x | "
		"git pack-objects -q objects/pack/pack && git prune-packed"));
	is_int(mn_loose_begin(&w, "p.git", &err), 0, "begin");
	is_int(mn_loose_add(w, &oid, MN_BLOB, "hello\n", 6, &err), 0, "add");
	is_int(mn_loose_commit(w, &err), 0, "commit");
	mn_loose_free(w);
	ok(sh_ok("! test -e p.git/objects/ce"), "a packed one is not written");
	is_int(mn_loose_begin(&w, "p.git", &err), 0, "begin");
	is_int(mn_loose_add(w, &oid, MN_BLOB, "other\n", 6, &err), 0, "add");
	mn_loose_free(w);
	ok(sh_ok("! find p.git/objects/[0-9a-f]* -type f | grep ."),
	   "without commit nothing stays");
}

/* Bytes of every damaged file must give an error, and no more. */
static void test_damage(void)
{
	char *path, *text;
	struct mn_buf b = MN_BUF_INIT, file = MN_BUF_INIT;
	const char *hex = "bd9dbf5aae1a3862dd1526723246b20206e5fc37";
	struct mn_store *st;
	int cut_bad = 1, flip_bad = 1, r;

	free(sh("git init -q --bare d.git && printf 'what is up, doc?' | "
		"git -C d.git hash-object -w --stdin && "
		"chmod u+w d.git/objects/bd/*"));
	path = sh("echo d.git/objects/bd/*");
	mn_io_read_file(&file, path, 1000, NULL);
	st = open_store("d.git");
	for (size_t n = 0; n < file.len; n++) {
		mn_io_replace(path, file.p, n, 0644, 0, NULL);
		cut_bad &= read_hex(st, hex, &b, 1000) == MN_ECORRUPT;
	}
	ok(cut_bad, "cut short anywhere");
	for (size_t n = 0; n < file.len; n++) {
		file.p[n] = (char)(file.p[n] ^ 0x10);
		mn_io_replace(path, file.p, file.len, 0644, 0, NULL);
		file.p[n] = (char)(file.p[n] ^ 0x10);
		/* some bits stand for nothing */
		r = read_hex(st, hex, &b, 1000);
		flip_bad &= r == MN_ECORRUPT ||
			(!r && !strcmp(b.p, "what is up, doc?"));
	}
	ok(flip_bad, "one bit flipped anywhere");
	mn_buf_addc(&file, 'x');
	mn_io_replace(path, file.p, file.len, 0644, 0, NULL);
	is_int(read_hex(st, hex, &b, 1000), MN_ECORRUPT, "bytes behind it");
	text = sh("printf 'blob 99999999999\\0abc' | "
		  "python3 -c 'import sys,zlib; sys.stdout.buffer.write("
		  "zlib.compress(sys.stdin.buffer.read()))' >%s; echo", path);
	is_int(read_hex(st, hex, &b, 1000), MN_ECORRUPT, "a false size");
	free(text);
	mn_store_close(st);
	free(path);
	mn_buf_release(&b);
	mn_buf_release(&file);
}

static int count(void *ctx, const struct mn_oid *oid, int packed)
{
	int *n = ctx;

	(void)oid;
	n[packed]++;
	return 0;
}

static int stop(void *ctx, const struct mn_oid *oid, int packed)
{
	(void)oid;
	(void)packed;
	return ++*(int *)ctx == 3 ? 77 : 0;
}

static void test_names(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_oid oid;
	struct mn_store *st;
	int n[2] = { 0, 0 }, few = 0, once = 1;
	char *list, hex[MN_OID_HEX + 1];

	free(sh("git init -q --bare n.git && cd n.git && "
		"for i in $(seq 400); do printf 'blob\\nmark :%%s\\ndata <<E\\n"
		"text %%s\\nE\\n' $i $i; done | "
		"git -c fastimport.unpackLimit=1 fast-import --quiet && "
		"for i in $(seq 20); do echo $i | git hash-object -w --stdin; "
		"done"));
	st = open_store("n.git");
	is_int(mn_store_each(st, count, n, &err), 0, "each");
	is_int(n[1], 400, "packed");
	is_int(n[0], 20, "loose");
	is_int(mn_store_each(st, stop, &few, &err), 77, "stopped");
	list = sh("cd n.git && git cat-file --batch-all-objects "
		  "--batch-check='%%(objectname)'");
	for (char *p = list; *p; p += 40 + (p[40] != 0)) {
		memcpy(hex, p, 40);
		hex[40] = 0;
		once &= mn_store_abbrev(st, &oid, hex, 12, &err) == 1;
		once &= mn_store_abbrev(st, &oid, hex, 40, &err) == 1;
		mn_oid_parse(&oid, hex);
		once &= mn_store_has(st, &oid);
	}
	ok(once, "all are found by 12 digits");
	free(list);
	is_int(mn_store_abbrev(st, &oid, "0000000000", 10, &err), 0, "none");
	is_int(mn_store_abbrev(st, &oid, "abc", 3, &err), MN_EINVALID,
	       "too short");
	is_int(mn_store_abbrev(st, &oid, "ABCD", 4, &err), MN_EINVALID,
	       "upper case");
	mn_oid_parse(&oid, "00000000000000000000000000000000000000aa");
	ok(!mn_store_has(st, &oid), "has not");
	mn_store_close(st);
	/* of 1200 names, some pairs share their first four digits */
	free(sh("git init -q --bare m.git && cd m.git && "
		"for i in $(seq 1200); do "
		"printf 'blob\\nmark :%%s\\ndata <<E\\n"
		"dup %%s\\nE\\n' $i $i; done | git -c fastimport.unpackLimit=1 "
		"fast-import --quiet"));
	list = sh("cd m.git && git cat-file --batch-all-objects "
		  "--batch-check='%%(objectname)' | cut -c1-4 | uniq -d | "
		  "head -n 1");
	st = open_store("m.git");
	is_int(mn_store_abbrev(st, &oid, list, 4, &err), 2, "two of '%s'",
	       list);
	mn_store_close(st);
	free(list);
}

/* What other processes do while the store is open. */
static void test_others(void)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_store *st;
	const char *why;
	char *hex, *pack, *alt;

	free(sh("git init -q --bare o.git"));
	st = open_store("o.git");
	hex = sh("cd o.git && printf abc | git hash-object -w --stdin");
	is_int(read_hex(st, hex, &b, 10), 0, "a new loose object");
	free(sh("cd o.git && echo %s | git pack-objects -q "
		"objects/pack/pack && git prune-packed", hex));
	is_int(read_hex(st, hex, &b, 10), 0, "then packed by another");
	is_str(b.p, "abc", "the same");
	is_int(mn_store_refresh(st, &err), 0, "refresh");
	is_int(read_hex(st, hex, &b, 10), 0, "read from the new pack");
	alt = sh("git init -q --bare a.git && "
		 "echo ../../o.git/objects >a.git/objects/info/alternates && "
		 "cd a.git && printf x | git hash-object -w --stdin");
	mn_store_close(st);
	st = open_store("a.git");
	is_int(read_hex(st, hex, &b, 10), 0, "by way of alternates");
	is_int(read_hex(st, alt, &b, 10), 0, "its own");
	mn_store_close(st);
	pack = sh("echo o.git/objects/pack/pack-*.idx");
	free(sh("chmod u+w %s && printf 'xxxx' | dd of=%s conv=notrunc "
		"status=none", pack, pack));
	st = open_store("o.git");
	is_int(mn_store_broken(st, &why), 1, "a broken pack");
	ok(strstr(why, "index") != NULL, "and why: %s", why);
	is_int(read_hex(st, hex, &b, 10), MN_ECORRUPT,
	       "what may be in it is not just missing");
	mn_store_close(st);
	free(sh("git init -q --bare q.git && cd q.git && "
		"printf abc | git hash-object -w --stdin && "
		"cp -r objects/?? ../o.git/objects"));
	st = open_store("o.git");
	is_int(read_hex(st, hex, &b, 10), 0, "another copy helps");
	mn_store_close(st);
	is_int(mn_store_open(&st, "nowhere", &err), MN_ENOTFOUND, "no store");
	free(hex);
	free(pack);
	free(alt);
	mn_buf_release(&b);
}

static int add_hello(const char *dir, struct mn_store *st)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_loose *w;
	struct mn_oid oid;
	int r = mn_loose_begin_in(&w, dir, st, &err);

	if (!r)
		r = mn_loose_add(w, &oid, MN_BLOB, "hello\n", 6, &err);
	if (!r)
		r = mn_loose_commit(w, &err);
	mn_loose_free(w);
	return r;
}

/* What is old and used again is not to be removed under our hands. */
static void test_freshen(void)
{
	const char *file = "ce/013625030ba8dba906f756967f9e9ca394464a";
	struct mn_store *st;

	free(sh("git init -q --bare t.git && echo hello | "
		"git -C t.git hash-object -w --stdin && "
		"touch -d '3 weeks ago' t.git/objects/%s", file));
	st = open_store("t.git");
	is_int(add_hello("t.git", st), 0, "add what is there, loose");
	ok(sh_ok("find t.git/objects/%s -mmin -2 | grep .", file),
	   "it is new again");
	free(sh("cd t.git && echo ce013625030ba8dba906f756967f9e9ca394464a | "
		"git pack-objects -q objects/pack/pack && git prune-packed && "
		"touch -d '3 weeks ago' objects/pack/*"));
	mn_store_refresh(st, NULL);
	is_int(add_hello("t.git", st), 0, "and in a pack");
	ok(sh_ok("find t.git/objects/pack/*.pack -mmin -2 | grep . && "
		 "! test -e t.git/objects/ce"), "the pack is new again");
	free(sh("cd t.git/objects/pack && p=$(echo *.pack) && "
		"touch ${p%%.pack}.mtimes"));
	is_int(add_hello("t.git", st), 0, "in one of git's for the unused");
	ok(sh_ok("cd t.git/objects && test -e %s && rm %s pack/*", file, file),
	   "written again");
	is_int(add_hello("t.git", st), 0, "in one that is gone");
	ok(sh_ok("git -C t.git cat-file -e "
		 "ce013625030ba8dba906f756967f9e9ca394464a"), "it is there");
	mn_store_close(st);
}

/* Two packs hold the same; whichever is damaged, the other is read, also
 * where the last find was in the damaged one. */
static void test_two_packs(void)
{
	const char *hello = "ce013625030ba8dba906f756967f9e9ca394464a";
	struct mn_err err = MN_ERR_INIT;
	int good = 1;

	free(sh("git init -q --bare two.git && cd two.git && "
		"echo hello | git hash-object -w --stdin && "
		"for i in 1 2; do a=$(echo $i | git hash-object -w --stdin); "
		"printf '%%s\\n' %s $a | git pack-objects -q "
		"--compression=0 --window=0 objects/pack/pack; done && "
		"git prune-packed && chmod u+w objects/pack/*", hello));
	for (int i = 1; i <= 2; i++) {
		struct mn_store *st;
		struct mn_reader *rd;
		struct mn_object o;
		struct mn_oid oid;

		free(sh("rm -rf bad.git && cp -r two.git bad.git && "
			"cd bad.git/objects/pack && p=$(ls *.pack | "
			"sed -n %dp) && sed -i s/hello/hallo/ $p", i));
		st = open_store("bad.git");
		rd = mn_reader_new(st);
		for (int k = 1; k <= 2; k++) {	/* in each one first */
			char num[2] = { (char)('0' + k), '\n' };

			mn_oid_of(&oid, MN_BLOB, num, 2);
			good &= !mn_reader_read(rd, &o, &oid, 10, &err);
			mn_oid_parse(&oid, hello);
			good &= !mn_reader_read(rd, &o, &oid, 10, &err) &&
				!memcmp(o.data, "hello\n", 6);
		}
		mn_reader_free(rd);
		mn_store_close(st);
	}
	ok(good, "the copy in another pack is read");
}

/* What nobody should find in a repository, but somebody may put there. */
static void test_tricks(void)
{
	const char *hello = "ce013625030ba8dba906f756967f9e9ca394464a";
	struct mn_buf b = MN_BUF_INIT;
	struct mn_store *st;
	const char *why;

	free(sh("git init -q --bare y.git && git init -q --bare z.git && "
		"echo ../../y.git/objects >z.git/objects/info/alternates && "
		"echo ../../z.git/objects >y.git/objects/info/alternates && "
		"mkdir y.git/objects/ce && "
		"mkfifo y.git/objects/ce/013625030ba8dba906f756967f9e9ca394464a"
		" && mkfifo y.git/objects/pack/pack-a.idx"));
	alarm(20);
	st = open_store("y.git");	/* not: too many alternates */
	is_int((long long)mn_store_broken(st, &why), 1, "a fifo is no pack");
	is_int(read_hex(st, hello, &b, 10), MN_ECORRUPT, "nor an object");
	alarm(0);
	mn_store_close(st);
	mn_buf_release(&b);
}

static void test_refused(void)
{
	char hex[2][MN_OID_HEX + 1];
	struct mn_err err = MN_ERR_INIT;

	if (!geteuid()) {
		printf("ok %d # SKIP root writes anywhere\n", ++tap_run);
		return;
	}
	free(sh("git init -q --bare r.git && chmod a-w r.git/objects"));
	is_int(add_all("r.git", hex, &err), MN_EIO, "no permission: %s",
	       err.msg);
	free(sh("chmod u+w r.git/objects"));
}

/* A file system without room: what was begun goes away again. */
static void test_full(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf big = MN_BUF_INIT;
	struct mn_loose *w;
	struct mn_oid oid;
	uint32_t x = 7;

	if (!sh_ok("mkdir full && mount -t tmpfs -o size=256k none full "
		   "2>/dev/null")) {
		printf("ok %d # SKIP cannot mount\n", ++tap_run);
		return;
	}
	free(sh("git init -q --bare --template= full/f.git"));
	for (int i = 0; i < 500000; i++) {
		x = x * 1664525u + 1013904223u;
		mn_buf_addc(&big, (char)(unsigned char)(x >> 24));
	}
	is_int(mn_loose_begin(&w, "full/f.git", &err), 0, "begin");
	is_int(mn_loose_add(w, &oid, MN_BLOB, big.p, big.len, &err), MN_EIO,
	       "full");
	ok(strstr(err.msg, "No space left") != NULL, "%s", err.msg);
	is_int(mn_loose_commit(w, &err), MN_EIO, "and no commit");
	mn_loose_free(w);
	ok(sh_ok("! find full -name 'tmp_obj*' | grep ."), "nothing stays");
	free(sh("umount full"));
	mn_buf_release(&big);
}

int main(void)
{
	temp_begin();
	test_loose();
	test_rewrite();
	test_damage();
	test_names();
	test_others();
	test_freshen();
	test_two_packs();
	test_tricks();
	test_refused();
	test_full();
	return temp_end();
}
