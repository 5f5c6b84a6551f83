/*
 * quarantine, whole; and the program that is killed at each system call:
 * "test-git-quarantine admit GITDIR PACK MODE".
 */
#include "git/quarantine.h"

#include <libgen.h>
#include <sys/wait.h>

#include "base/lock.h"
#include "git/indexpack.h"
#include "git/pack.h"
#include "git/whole.h"
#include "git-temp.h"

#include "banned.h"

static struct mn_err err;

struct oids {
	struct mn_oid *p;
	size_t n;
};

/* Parses names, a line each. */
static struct oids names(char *list)
{
	struct oids o = { mn_xcalloc(strlen(list) / 41 + 1, sizeof(*o.p)), 0 };

	for (char *p = list; strlen(p) >= 40; p += p[40] ? 41 : 40)
		if (mn_oid_parse(&o.p[o.n++], p))
			abort();
	free(list);
	return o;
}

/* Puts a pack into the quarantine, and looks at it. */
static int put(struct mn_quarantine *q, const char *path)
{
	struct mn_indexpack_result res;
	struct mn_indexpack *ip;
	struct mn_buf b = MN_BUF_INIT;
	int r = mn_io_read_file(&b, path, 64u << 20, &err);

	if (!r)
		r = mn_indexpack_begin(&ip, mn_quarantine_dir(q), NULL, &err);
	if (r < 0)
		return r;
	r = mn_indexpack_feed(ip, b.p, b.len, &err);
	if (!r)
		r = mn_indexpack_finish(ip, &res, &err);
	mn_indexpack_free(ip);
	mn_buf_release(&b);
	return r ? r : mn_quarantine_load(q, &err);
}

/* The whole of it, as a program. */
static int admit_main(char **argv)
{
	struct mn_quarantine_wanted w = { .promisor = argv[5] != NULL };
	struct mn_quarantine *q;
	struct oids o;
	int r;

	o = names(sh("cat %s", argv[4]));
	w.keep = o.p;
	w.n = o.n;
	r = mn_quarantine_begin(&q, argv[2], &err);
	if (!r)
		r = put(q, argv[3]);
	if (!r)
		r = mn_quarantine_admit(q, &w, &err);
	if (r < 0)
		fprintf(stderr, "# %s\n", err.msg);
	else
		mn_quarantine_free(q);
	free(o.p);
	return r != 0;
}

/* r: a repository of 150 commits; its packs and the names of its objects. */
static void make_source(void)
{
	free(sh("git init -q --bare r.git && "
		"i=0; while test $i -lt 150; do i=$((i + 1)); "
		"printf 'commit refs/heads/main\\ncommitter T <t@example.org> "
		"%%d +0000\\ndata 2\\nm\\nM 644 inline f\\ndata <<END\\n"
		"text number %%d, and what is the same in all\\nEND\\n\\n' "
		"$((1000000000 + i)) $i; done | "
		"git -C r.git fast-import --quiet && cd r.git && "
		"git rev-list --objects main | cut -c 1-40 >../all && "
		"git rev-list --objects main~100 | cut -c 1-40 >../old && "
		"git rev-list --objects main~148 | cut -c 1-40 >../few && "
		"grep -v -x -F -f ../old ../all >../new && "
		"git pack-objects -q --window=0 --no-reuse-delta --stdout "
		"<../all >../all.pack && "
		"git pack-objects -q --delta-base-offset --window=9 --stdout "
		"<../all >../delta.pack && "
		"git pack-objects -q --stdout <../old >../old.pack && "
		"git pack-objects -q --stdout <../few >../few.pack && "
		"git pack-objects -q --stdout <../new >../new.pack"));
}

static void fresh(void)
{
	free(sh("rm -rf t.git && git init -q --bare t.git"));
}

static int sound(const char *rev)
{
	return sh_ok("cd t.git && git update-ref refs/heads/main "
		     "$(git -C ../r.git rev-parse %s) && "
		     "git fsck --strict --no-dangling && "
		     "test -z \"$(ls objects/pack | grep tmp_)\"", rev);
}

static int admitted(struct mn_quarantine *q, const char *list, int promisor)
{
	struct mn_quarantine_wanted w = { .promisor = promisor };
	struct oids o = names(sh("cat %s", list));
	int r;

	w.keep = o.p;
	w.n = o.n;
	mn_err_clear(&err);
	r = mn_quarantine_admit(q, &w, &err);
	free(o.p);
	return r;
}

static struct mn_quarantine *begin(const char *pack)
{
	struct mn_quarantine *q;

	if (mn_quarantine_begin(&q, "t.git", &err) < 0 ||
	    (pack && put(q, pack) < 0)) {
		fprintf(stderr, "# %s\n", err.msg);
		abort();
	}
	return q;
}

static int reads(struct mn_store *s, const struct mn_oid *oid)
{
	struct mn_reader *rd = mn_reader_new(s);
	struct mn_object o;
	int r = mn_reader_read(rd, &o, oid, MN_OBJECT_MAX, &err);

	mn_reader_free(rd);
	return r;
}

static void test_reading(void)
{
	struct mn_quarantine *q;
	struct mn_store *s;
	struct oids new, old;

	fresh();
	free(sh("cd t.git && git index-pack --stdin <../old.pack"));
	new = names(sh("cat new"));
	old = names(sh("cat old"));
	q = begin(NULL);
	ok(mn_io_exists(mn_quarantine_dir(q)), "its directory is there");
	is_int(mn_quarantine_count(q), 0, "it is empty");
	is_int(reads(mn_quarantine_store(q), &old.p[3]), 0,
	       "the repository is read through it");
	is_int(reads(mn_quarantine_store(q), &new.p[3]), MN_ENOTFOUND,
	       "what is not there is not");
	is_int(put(q, "new.pack"), 0, "a pack comes");
	is_int(mn_quarantine_count(q), new.n, "its objects");
	is_int(reads(mn_quarantine_store(q), &new.p[3]), 0, "are read");
	is_int(reads(mn_quarantine_store(q), &old.p[3]), 0,
	       "and the others are");
	ok(!mn_quarantine_known(q, &new.p[3]), "the new ones are not known");
	ok(mn_quarantine_known(q, &old.p[3]), "the old ones are");
	is_int(mn_store_open(&s, "t.git", &err), 0, "the repository itself");
	is_int(reads(s, &new.p[3]), MN_ENOTFOUND, "has none of them");
	ok(sh_ok("cd t.git && ! git cat-file -e $(head -n 1 ../new) && "
		 "git fsck --strict"), "nor for git");
	mn_store_close(s);
	mn_quarantine_free(q);
	ok(sh_ok("test -d t.git/mn/incoming && "
		 "test -z \"$(ls t.git/mn/incoming)\""), "it is gone");
	free(new.p);
	free(old.p);
}

static void test_whole_pack(void)
{
	struct mn_quarantine *q;
	struct mn_store *s;
	struct oids all;

	fresh();
	all = names(sh("cat all"));
	is_int(mn_store_open(&s, "t.git", &err), 0, "a store");
	q = begin("delta.pack");
	is_int(admitted(q, "all", 0), 0, "admit all: %s", err.msg);
	is_int(reads(mn_quarantine_store(q), &all.p[9]), 0,
	       "its store still reads");
	ok(sh_ok("cmp t.git/objects/pack/*.pack delta.pack"),
	   "the pack is moved as it is");
	ok(sound("main"), "git fsck");
	is_int(mn_store_refresh(s, &err), 0, "refresh");
	is_int(reads(s, &all.p[9]), 0, "the repository has it");
	is_int(admitted(q, "all", 0), 0, "once more: %s", err.msg);
	mn_quarantine_free(q);
	mn_store_close(s);
	ok(sh_ok("ls t.git/objects/pack | wc -l | grep -x 2"),
	   "there is one pack");

	q = begin("all.pack");
	is_int(admitted(q, "all", 0), 0, "the same objects again");
	mn_quarantine_free(q);
	ok(sh_ok("ls t.git/objects/pack | wc -l | grep -x 2 && "
		 "test -z \"$(ls t.git/mn/incoming)\""),
	   "are left out, all of them");
	free(all.p);
}

static void test_part(const char *pack, const char *what)
{
	struct mn_quarantine *q;

	fresh();
	q = begin(pack);
	free(sh("sort -R --random-source=all old >some && head -n 20 some "
		">>some"));
	is_int(admitted(q, "some", 0), 0, "admit a part, %s: %s", what,
	       err.msg);
	mn_quarantine_free(q);
	ok(sound("main~100"), "git fsck");
	ok(sh_ok("cd t.git && git show-index <$(ls objects/pack/*.idx) | "
		 "sort -n | cut -d ' ' -f 2 >../order && cd .. && "
		 "head -n $(wc -l <old) some | cmp - order"),
	   "a pack of just these, in their order");

	q = begin("all.pack");
	is_int(admitted(q, "all", 0), 0, "the others: %s", err.msg);
	mn_quarantine_free(q);
	ok(sound("main"), "git fsck");
	ok(sh_ok("cd t.git && for i in objects/pack/*.idx; do "
		 "git show-index <$i; done | cut -d ' ' -f 2 | sort >../a && "
		 "sort ../all | cmp - ../a"), "no object is there twice");
}

/* A pack is moved although the repository has one object of it, unless that
 * is another one of the same name. */
static void test_common(void)
{
	struct mn_quarantine *q;
	char *oid;

	for (int i = 0; i < 2; i++) {
		fresh();
		oid = sh("git -C r.git cat-file blob main:f | "
			 "git -C t.git hash-object -w --stdin");
		if (i)
			free(sh("echo %s | sed 's,..,&/,' >to && echo x | "
				"git -C t.git hash-object -w --stdin | "
				"sed 's,..,&/,' >from && cd t.git/objects && "
				"mv -f $(cat ../../from) $(cat ../../to)",
				oid));
		free(oid);
		q = begin("all.pack");
		is_int(admitted(q, "all", 0), 0, "one is there: %s", err.msg);
		mn_quarantine_free(q);
		is_int(sh_ok("cmp t.git/objects/pack/*.pack all.pack"), !i,
		       i ? "it is another: the pack is made without it" :
		       "the pack is moved as it is");
		if (!i)
			ok(sound("main"), "git fsck");
	}
	ok(sh_ok("git show-index <$(ls t.git/objects/pack/*.idx) | "
		 "wc -l | grep -x $(($(wc -l <all) - 1))"),
	   "all but that one");
}

static void test_few(void)
{
	struct mn_quarantine *q;

	fresh();
	q = begin("few.pack");
	is_int(admitted(q, "few", 0), 0, "a few: %s", err.msg);
	mn_quarantine_free(q);
	ok(sound("main~148"), "git fsck");
	ok(sh_ok("cd t.git && test -z \"$(ls objects/pack)\" && "
		 "test $(git count-objects | cut -d ' ' -f 1) = "
		 "$(wc -l <../few)"), "they are loose");
	q = begin("few.pack");
	is_int(admitted(q, "few", 0), 0, "again: they are known");
	mn_quarantine_free(q);

	fresh();	/* large ones */
	free(sh("head -c 600000 /dev/urandom >x && "
		"head -c 600000 /dev/urandom >y && cd r.git && "
		"git hash-object -w ../x ../y >../xy && "
		"git pack-objects -q --stdout <../xy >../xy.pack"));
	q = begin("xy.pack");
	is_int(admitted(q, "xy", 0), 0, "two large ones: %s", err.msg);
	mn_quarantine_free(q);
	ok(sh_ok("cmp xy.pack t.git/objects/pack/*.pack"), "are a pack");
}

static void test_two_packs(void)
{
	struct mn_quarantine *q;

	fresh();
	q = begin("old.pack");
	is_int(put(q, "new.pack"), 0, "a second pack");
	is_int(put(q, "few.pack"), 0, "a third, of what is in the first");
	is_int(admitted(q, "all", 0), 0, "admit all: %s", err.msg);
	mn_quarantine_free(q);
	ok(sound("main"), "git fsck");

	fresh();
	q = begin("old.pack");
	is_int(put(q, "new.pack"), 0, "two packs");
	free(sh("{ cat old; head -n 110 new; } >some"));
	is_int(admitted(q, "some", 0), 0, "one of them, and a part: %s",
	       err.msg);
	mn_quarantine_free(q);
	ok(sh_ok("cd t.git && for i in objects/pack/*.idx; do "
		 "git show-index <$i; done | cut -d ' ' -f 2 | sort >../a && "
		 "sort ../some | cmp - ../a && "
		 "cmp ../old.pack objects/pack/pack-$(tail -c 20 ../old.pack | "
		 "od -An -v -tx1 | tr -d ' \\n').pack"),
	   "one is moved, the other made anew");
}

static void test_promisor(void)
{
	static const char *const packs[] = { "few.pack", "all.pack" };
	struct mn_quarantine *q;

	for (size_t i = 0; i < 2; i++) {
		fresh();
		free(sh("cd t.git && git config extensions.partialClone o && "
			"git config core.repositoryformatversion 1 && "
			"git config remote.o.promisor true && "
			"git config remote.o.url /nowhere && "
			"git -C ../r.git rev-parse main~149 main~149^{tree} "
			">../part"));
		q = begin(packs[i]);
		is_int(admitted(q, "part", 1), 0, "a part that lacks a blob: "
		       "%s", err.msg);
		mn_quarantine_free(q);
		ok(sh_ok("ls t.git/objects/pack/*.promisor"), "it is marked");
		ok(sound("main~149"), "git fsck knows that it may lack it");
	}
	fresh();
	q = begin("all.pack");
	is_int(admitted(q, "all", 1), 0, "all of a pack");
	mn_quarantine_free(q);
	ok(sh_ok("ls t.git/objects/pack | wc -l | grep -x 3"),
	   "three files of one pack");
}

static void test_missing(void)
{
	struct mn_quarantine *q;

	fresh();
	q = begin("old.pack");
	is_int(admitted(q, "all", 0), MN_ENOTFOUND, "more than came: %s",
	       err.msg);
	ok(sh_ok("test -z \"$(ls t.git/objects/pack)\""),
	   "nothing is let in");
	free(sh(": >none"));
	is_int(admitted(q, "none", 0), 0, "none at all");
	ok(sh_ok("test -z \"$(ls t.git/objects/pack)\""), "that is nothing");
	mn_quarantine_free(q);
}

/* What is there but old may be removed by a gc at any moment. */
static void test_fresh_again(void)
{
	struct mn_quarantine *q;

	fresh();
	free(sh("cd t.git && git index-pack --stdin <../old.pack && "
		"git unpack-objects -q <../few.pack; "
		"find objects -type f | xargs touch -d '30 days ago'"));
	q = begin("all.pack");
	is_int(admitted(q, "all", 0), 0, "admit: %s", err.msg);
	mn_quarantine_free(q);
	ok(sh_ok("test -z \"$(find t.git/objects -name '*.pack' -mtime +1)\""),
	   "what was old and is used again is young");

	fresh();
	free(sh("cd t.git && git unpack-objects -q <../few.pack; "
		"find objects -type f | xargs touch -d '30 days ago'"));
	q = begin("all.pack");
	is_int(admitted(q, "all", 0), 0, "loose ones: %s", err.msg);
	mn_quarantine_free(q);
	ok(sh_ok("test -z \"$(find t.git/objects -type f -mtime +1)\""),
	   "are young, too");
}

static void test_sweep(void)
{
	struct mn_quarantine *q;
	pid_t pid;
	int status;

	fresh();
	is_int(mn_quarantine_sweep("t.git", &err), 0, "no directory: %s",
	       err.msg);
	q = begin("few.pack");
	pid = fork();
	if (!pid) {
		begin("all.pack");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	ok(sh_ok("ls t.git/mn/incoming | wc -l | grep -x 2"),
	   "one lives, one is left of a dead");
	free(sh("mkdir t.git/mn/incoming/bare; touch t.git/mn/incoming/file; "
		"mkdir elsewhere; touch elsewhere/lock elsewhere/x; "
		"ln -s ../../../elsewhere t.git/mn/incoming/link"));
	is_int(mn_quarantine_sweep("t.git", &err), 0, "sweep: %s", err.msg);
	ok(mn_io_exists(mn_quarantine_dir(q)), "the living one stays");
	ok(sh_ok("find t.git/mn/incoming -mindepth 1 -type d | wc -l | "
		 "grep -x 1"), "the dead are gone");
	ok(mn_io_exists("elsewhere/x"), "no link is followed");
	is_int(admitted(q, "few", 0), 0, "it works as before: %s", err.msg);
	mn_quarantine_free(q);
	free(sh("rm -rf t.git/mn/incoming && "
		"ln -s ../../elsewhere t.git/mn/incoming"));
	ok(mn_quarantine_sweep("t.git", &err) < 0, "a link in its place: %s",
	   err.msg);
	ok(mn_io_exists("elsewhere/x"), "is not followed");
}

/* Killed before each call that changes files, and then done again. */
static void test_killed(const char *self, const char *pack, const char *list,
			const char *promisor, const char *rev)
{
	struct mn_buf cmd = MN_BUF_INIT;
	char *copy = mn_xstrdup(self);
	int n = 0, bad = 0, status;

	mn_buf_addf(&cmd, "%s/../helper/syscall", dirname(copy));
	free(copy);
	if (!sh_ok("%s count true 2>/dev/null", cmd.p)) {
		ok(1, "killed # SKIP cannot trace");
		mn_buf_release(&cmd);
		return;
	}
	do {
		char *out;

		fresh();
		n++;
		out = sh("ASAN_OPTIONS=detect_leaks=0 %s kill %d %s admit "
			 "t.git %s %s %s 2>&1 >/dev/null || echo $?", cmd.p,
			 n, self, pack, list, promisor);
		status = *out ? 1 : 0;
		if (*out && strcmp(out, "137"))
			bad++;
		free(out);
		if (!sh_ok("test -z \"$(git -C t.git fsck --strict 2>&1 | "
			   "grep -e error -e warning)\"") ||
		    !sh_ok("%s admit t.git %s %s %s", self, pack, list,
			   promisor) ||
		    /* as gc does, when they are an hour old */
		    !sh_ok("find t.git/objects -name 'tmp_*' -delete") ||
		    !sound(rev) ||
		    !sh_ok("cd t.git && test -z \"$(ls mn/incoming)\" && "
			   "! git count-objects -v | grep 'garbage: [1-9]'")) {
			fprintf(stderr, "# killed before call %d\n", n);
			bad++;
		}
	} while (status && n < 500);
	ok(!bad && n > 15 && n < 500, "killed before each of %d calls "
	   "(%s of %s): done again, all is there, and nothing else", n - 1,
	   list, pack);
	mn_buf_release(&cmd);
}

static void oid_n(struct mn_oid *oid, unsigned n)
{
	memset(oid, 0, sizeof(*oid));
	oid->b[0] = (unsigned char)n;
}

static void test_whole(void)
{
	static const char *const bad[] = {
		"s/mn-whole 1/mn-whole 2/", "s/pack /pakc /", "/^pack/d",
		"s/^tip .*/tip 12/", "s/objects 7/objects 07/",
		"s/objects 7/objects /", "s/objects 7/objects -7/",
		"s/objects 7/objects 77777777777777777777/", "/objects/d",
		"/largest/d", "$s/$/ /", "$s/$/\\n/", "/^tip 03/{h;d};$G",
		"s/^tip 03/tip ff/", "s/^tip 09/tip 03/"
	};
	struct mn_whole w = { .objects = 7, .largest_blob = 123456789012 };
	struct mn_whole got;
	int good = 1;

	fresh();
	free(sh("mkdir t.git/mn"));
	is_int(mn_whole_read(&got, "t.git", &err), MN_ENOTFOUND, "none: %s",
	       err.msg);
	oid_n(mn_vec_push(&w.packs), 200);
	oid_n(mn_vec_push(&w.packs), 100);
	oid_n(mn_vec_push(&w.tips), 9);
	oid_n(mn_vec_push(&w.tips), 3);
	oid_n(mn_vec_push(&w.tips), 9);
	is_int(mn_whole_write(&w, "t.git", &err), 0, "written: %s", err.msg);
	is_int(mn_whole_read(&got, "t.git", &err), 0, "read: %s", err.msg);
	ok(got.packs.n == 2 && got.packs.p[0].b[0] == 200 &&
	   got.tips.n == 2 && got.tips.p[0].b[0] == 3 &&
	   got.tips.p[1].b[0] == 9 && got.objects == 7 &&
	   got.largest_blob == 123456789012, "as it was, tips in order");
	mn_whole_release(&got);
	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
		free(sh("cp t.git/mn/whole w && sed '%s' w >t.git/mn/whole && "
			"! cmp -s w t.git/mn/whole", bad[i]));
		if (mn_whole_read(&got, "t.git", &err) != MN_ENOTFOUND ||
		    got.packs.p || got.tips.p) {
			fprintf(stderr, "# taken: %s\n", bad[i]);
			good = 0;
		}
		free(sh("cp w t.git/mn/whole"));
	}
	ok(good, "what is not just so is none");
	for (unsigned i = 0; i < 6000; i++) {
		struct mn_oid *oid = mn_vec_push(&w.tips);

		oid_n(oid, i & 255);
		oid->b[1] = (unsigned char)(i >> 8);
	}
	is_int(mn_whole_write(&w, "t.git", &err), MN_ELIMIT, "too many: %s",
	       err.msg);
	ok(sh_ok("cmp w t.git/mn/whole"), "what was there stays");
	mn_whole_remove("t.git");
	is_int(mn_whole_read(&got, "t.git", &err), MN_ENOTFOUND, "removed");
	mn_whole_release(&w);
}

int main(int argc, char **argv)
{
	char *self;

	if (argc > 4 && !strcmp(argv[1], "admit"))
		return admit_main(argv);
	self = realpath(argv[0], NULL);
	temp_begin();
	make_source();
	test_reading();
	test_whole_pack();
	test_part("all.pack", "whole entries");
	test_part("delta.pack", "deltas");
	test_common();
	test_few();
	test_two_packs();
	test_promisor();
	test_missing();
	test_fresh_again();
	test_sweep();
	test_killed(self, "delta.pack", "all", "", "main");
	test_killed(self, "all.pack", "old", "", "main~100");
	test_killed(self, "all.pack", "all", "promisor", "main");
	test_killed(self, "few.pack", "few", "", "main~148");
	test_whole();
	free(self);
	return temp_end();
}
