/* indexpack: packs of git's, packs that nobody should send */
#include "git/indexpack.h"

#include <inttypes.h>
#include <nettle/sha1.h>

#include "git/delta.h"
#include "git/pack.h"
#include "git/packfile.h"
#include "git-temp.h"

#include "banned.h"

#define COUNT_AT 8

enum { OFS = 6, REF = 7 };

static struct mn_deflater *deflater;

/* A pack in the making. */
struct made {
	struct mn_buf b;
	uint32_t n;
};

static void be32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static void made_begin(struct made *m)
{
	mn_buf_init(&m->b);
	mn_buf_add(&m->b, "PACK\0\0\0\2\0\0\0\0", 12);
	m->n = 0;
}

static size_t put_head(struct made *m, unsigned type, uint64_t size)
{
	size_t at = m->b.len;
	unsigned c = type << 4 | (unsigned)(size & 15);

	for (size >>= 4; size; size >>= 7) {
		mn_buf_addc(&m->b, (char)(unsigned char)(c | 0x80));
		c = (unsigned)(size & 0x7f);
	}
	mn_buf_addc(&m->b, (char)(unsigned char)c);
	m->n++;
	return at;
}

/* Appends an entry that is no delta; its offset. */
static size_t put_whole(struct made *m, unsigned type, const void *data,
			size_t len)
{
	size_t at = put_head(m, type, len);

	mn_deflate(deflater, &m->b, data, len);
	return at;
}

static size_t put_raw_delta(struct made *m, size_t base,
			    const struct mn_oid *ref, const struct mn_buf *d)
{
	size_t at = put_head(m, ref ? REF : OFS, d->len), k = 10;
	unsigned char tmp[10];
	uint64_t back = at - base;

	if (ref) {
		mn_buf_add(&m->b, ref->b, sizeof(ref->b));
	} else {
		tmp[--k] = back & 0x7f;
		while (back >>= 7)
			tmp[--k] = (unsigned char)(0x80 | (--back & 0x7f));
		mn_buf_add(&m->b, tmp + k, sizeof(tmp) - k);
	}
	mn_deflate(deflater, &m->b, d->p, d->len);
	return at;
}

/* The delta that makes b of a: upon the entry at base, or upon ref. */
static size_t put_delta(struct made *m, size_t base, const struct mn_oid *ref,
			const char *a, size_t alen, const char *b, size_t blen)
{
	struct mn_buf d = MN_BUF_INIT;
	size_t at;

	mn_delta_make(&d, a, alen, b, blen);
	at = put_raw_delta(m, base, ref, &d);
	mn_buf_release(&d);
	return at;
}

static void seal(struct mn_buf *b)
{
	struct sha1_ctx sha;
	unsigned char sum[20];

	sha1_init(&sha);
	sha1_update(&sha, b->len, (const uint8_t *)b->p);
	sha1_digest(&sha, sizeof(sum), sum);
	mn_buf_add(b, sum, sizeof(sum));
}

static void reseal(struct mn_buf *b)
{
	mn_buf_setlen(b, b->len - 20);
	seal(b);
}

static void made_end(struct made *m)
{
	be32((unsigned char *)m->b.p + COUNT_AT, m->n);
	seal(&m->b);
}

static struct mn_err err;
static struct mn_store *bases;	/* of thin packs */

/* Feeds a pack in slices and ends it, in the directory "in", which is new. */
static int run(struct mn_indexpack_result *res, const struct mn_buf *b,
	       size_t slice, const struct mn_indexpack_limits *lim,
	       int salvage)
{
	struct mn_indexpack *ip;
	int r;

	mn_err_clear(&err);
	mn_io_remove_tree("in", NULL);
	mkdir("in", 0777);
	r = mn_indexpack_begin(&ip, "in", lim, &err);
	if (r < 0)
		return r;
	if (bases)
		mn_indexpack_bases(ip, bases);
	for (size_t at = 0; at < b->len && !r; at += slice)
		r = mn_indexpack_feed(ip, b->p + at, b->len - at < slice ?
				      b->len - at : slice, &err);
	if (r < 0)
		is_int(mn_indexpack_feed(ip, "x", 1, &err), r,
		       "it takes no more: %s", err.msg);
	else if (salvage)
		r = mn_indexpack_salvage(ip, res, &err);
	else
		r = mn_indexpack_finish(ip, res, &err);
	mn_indexpack_free(ip);
	return r;
}

/* Reads all objects of the pack that run made; how many are right, or -1. */
static int read_back(const struct mn_indexpack_result *res)
{
	struct mn_inflater f = { NULL, NULL };
	struct mn_unpacker *u = mn_unpacker_new(&f);
	struct mn_buf stem = MN_BUF_INIT;
	struct mn_packfile *p;
	int n = -1;

	mn_buf_addf(&stem, "in/pack-%s", res->name);
	if (!mn_packfile_open(&p, stem.p, &err)) {
		for (n = 0; (uint32_t)n < p->n; n++) {
			struct mn_object o;
			struct mn_oid a, b;
			uint64_t off;

			mn_packfile_oid(p, (uint32_t)n, &a);
			if (mn_packfile_offset(p, (uint32_t)n, &off, &err) ||
			    mn_unpack(u, &o, p, off, 64u << 20, &err))
				break;
			mn_oid_of(&b, o.type, o.data, o.len);
			if (!mn_oid_eq(&a, &b))
				break;
		}
		if ((uint32_t)n != p->n || p->n != res->objects)
			n = -1;
		mn_packfile_free(p);
	}
	mn_unpacker_free(u);
	mn_inflater_release(&f);
	mn_buf_release(&stem);
	return n;
}

static int nothing_left(void)
{
	return sh_ok("test -z \"$(ls -A in)\"");
}

static void refused(const struct mn_buf *b,
		    const struct mn_indexpack_limits *lim, int want,
		    const char *what)
{
	struct mn_indexpack_result res;
	int r = run(&res, b, 1000, lim, 0);

	is_int(r, want, "%s: %s", what, err.msg);
	ok(nothing_left(), "and nothing is left of it");
}

static void slurp(struct mn_buf *b, const char *path)
{
	mn_buf_clear(b);
	if (mn_io_read_file(b, path, (size_t)1 << 30, &err) < 0)
		abort();
}

/* A repository with texts that are much alike, and two that are large. */
static void make_repo(void)
{
	free(sh("git init -q r && cd r && "
		"awk 'BEGIN { for (i = 0; i < 4000; i++) "
		"print \"line\", i, i * i %% 7919 }' >big && "
		"i=0; while test $i -lt 60; do i=$((i + 1)); "
		"{ head -n $((i * 3)) big; echo end $i; } >a && "
		"sed \"s/line $i /LINE /\" big >b && "
		"git add a b && git commit -q -m \"commit $i\"; done && "
		"awk 'BEGIN { srand(1); for (i = 0; i < 250000; i++) "
		"printf \"%%c\", int(rand() * 255) + 1 }' >noise && "
		"awk 'BEGIN { for (i = 0; i < 90000; i++) print i %% 100 }' "
		">plain && cat noise big noise plain >large && "
		"git add . && git commit -q -m large && "
		"{ cat noise big; echo new; cat noise plain; } >large && "
		"git add . && git commit -q -m larger && git tag -a -m t t"));
}

static void test_git_packs(void)
{
	static const struct {
		const char *what, *options;
	} t[] = {
		{ "ofs-deltas", "--delta-base-offset --window=20 --depth=50" },
		{ "ref-deltas", "--window=20 --depth=50" },
		{ "deep chains", "--delta-base-offset --window=20 --depth=240" },
		{ "no deltas", "--window=0" },
		{ "level 0", "--compression=0 --no-reuse-object" }
	};
	static const size_t slices[] = { 1, 13, 65515, SIZE_MAX / 2 };
	struct mn_buf b = MN_BUF_INIT;
	struct mn_indexpack_result res;

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		free(sh("cd r && git rev-list --objects --all | "
			"git pack-objects -q --no-reuse-delta %s --stdout "
			">../p.pack && git index-pack -o ../p.idx ../p.pack",
			t[i].options));
		slurp(&b, "p.pack");
		for (size_t k = 0; k < 4; k++) {
			int r = run(&res, &b, slices[k], NULL, 0);

			is_int(r, 0, "%s in slices of %zu: %s", t[i].what,
			       slices[k], err.msg);
			ok(sh_ok("cmp p.pack in/pack-*.pack && "
				 "cmp p.idx in/pack-*.idx && "
				 "test $(ls in | wc -l) = 2"),
			   "both files are those of git");
		}
		is_int(res.bytes, b.len, "its bytes");
		is_int(read_back(&res), res.objects, "all are read back");
		ok(sh_ok("git verify-pack in/pack-%s.idx", res.name),
		   "git verify-pack");
		ok(sh_ok("rm -rf f.git && git init -q --bare f.git && "
			 "mv in/* f.git/objects/pack && cd f.git && "
			 "git update-ref refs/heads/main "
			 "$(git -C ../r rev-parse HEAD) && "
			 "git fsck --strict"), "git fsck");
	}
	mn_buf_release(&b);
}

static void test_empty(void)
{
	struct mn_indexpack_result res;
	struct mn_buf b = MN_BUF_INIT;
	struct made m;

	made_begin(&m);
	made_end(&m);
	is_int(run(&res, &m.b, 5, NULL, 0), 0, "an empty pack: %s", err.msg);
	is_int(res.objects, 0, "no objects");
	is_str(res.name, "", "no name");
	ok(nothing_left(), "no files");
	mn_buf_addc(&m.b, 'x');
	refused(&m.b, NULL, MN_EINVALID, "a byte behind it");
	refused(&b, NULL, MN_EINVALID, "no byte at all");
	mn_buf_adds(&b, "PACK\n, and the rest is text");
	refused(&b, NULL, MN_EINVALID, "text");
	mn_buf_clear(&b);
	mn_buf_adds(&b, "<html>and the rest is text");
	refused(&b, NULL, MN_EINVALID, "more text");
	mn_buf_release(&b);
	mn_buf_release(&m.b);
}

/* A small pack with a bit of everything: commit, blobs, deltas of both kinds
 * one upon the other, one whose base comes later, an empty blob. */
static void make_small(struct made *m)
{
	static const char commit[] = "tree " MN_OID_EMPTY_TREE_HEX "\n"
		"author T <t@example.org> 1 +0000\n"
		"committer T <t@example.org> 1 +0000\n\nx\n";
	static const char *const v[] = {
		"one two three four five six seven eight nine ten",
		"one two three four FIVE six seven eight nine ten",
		"one two three four FIVE six seven eight nine ten eleven",
		"zero one two three four FIVE six seven eight nine ten eleven"
	};
	struct mn_oid last, second;
	size_t base, up;

	mn_oid_of(&last, MN_BLOB, v[2], strlen(v[2]));
	mn_oid_of(&second, MN_BLOB, v[1], strlen(v[1]));
	made_begin(m);
	put_whole(m, MN_COMMIT, commit, strlen(commit));
	put_whole(m, MN_TREE, "", 0);
	put_delta(m, 0, &last, v[2], strlen(v[2]), v[3], strlen(v[3]));
	base = put_whole(m, MN_BLOB, v[0], strlen(v[0]));
	up = put_delta(m, base, NULL, v[0], strlen(v[0]), v[1], strlen(v[1]));
	put_delta(m, 0, &second, v[1], strlen(v[1]), v[2], strlen(v[2]));
	put_delta(m, up, NULL, v[1], strlen(v[1]), v[0], 18);
	made_end(m);
}

static void test_truncated(void)
{
	struct mn_indexpack_result res;
	struct made m;
	struct mn_buf b = MN_BUF_INIT;
	size_t had = 0;
	int good = 1, saved = 1, grows = 1;

	make_small(&m);
	is_int(run(&res, &m.b, SIZE_MAX / 2, NULL, 0), 0, "a small pack: %s",
	       err.msg);
	is_int(read_back(&res), 7, "all its objects");
	ok(sh_ok("git verify-pack in/pack-%s.idx", res.name), "for git, too");
	for (size_t n = 0; n < m.b.len; n++) {
		mn_buf_clear(&b);
		mn_buf_add(&b, m.b.p, n);
		good &= run(&res, &b, 7, NULL, 0) == MN_EINVALID &&
			rmdir("in") == 0;
		if (run(&res, &b, 7, NULL, 1) < 0 || !res.salvaged) {
			saved = 0;
			continue;
		}
		grows &= res.objects >= had;
		had = res.objects;
		if (res.objects ? read_back(&res) != (int)res.objects :
		    rmdir("in") != 0)
			saved = 0;
	}
	ok(good, "cut at any byte it is refused, and leaves nothing");
	ok(saved, "what can be salvaged is a pack");
	ok(grows, "the more comes, the more is salvaged");
	is_int(had, 2, "what has its base behind it is no part of that");
	ok(sh_ok("git verify-pack in/*.idx"), "git takes it, too");
	mn_buf_release(&b);
	mn_buf_release(&m.b);
}

static void test_salvage_git(void)
{
	struct mn_indexpack_result res;
	struct mn_buf b = MN_BUF_INIT;
	size_t whole, had = 0;
	int good = 1;

	free(sh("cd r && git rev-list --objects --all | git pack-objects -q "
		"--delta-base-offset --stdout >../p.pack"));
	slurp(&b, "p.pack");
	whole = b.len;
	for (int i = 1; i <= 4; i++) {
		slurp(&b, "p.pack");
		mn_buf_setlen(&b, whole / 5 * (size_t)i);
		int now = !run(&res, &b, 9999, NULL, 1) &&
			read_back(&res) == (int)res.objects &&
			res.objects >= had && res.objects &&
			sh_ok("git verify-pack in/pack-%s.idx", res.name);

		good &= now;
		had = res.objects;
	}
	ok(good, "a pack of git's, cut: the beginning is a pack");
	slurp(&b, "p.pack");
	mn_buf_setlen(&b, whole - 1);
	is_int(run(&res, &b, 9999, NULL, 1), 0, "without its last byte");
	ok(sh_ok("cmp in/*.pack p.pack"), "it is the same again");
	mn_buf_release(&b);
}

static void test_flipped(void)
{
	struct mn_indexpack_result res;
	struct made m;
	struct mn_buf b = MN_BUF_INIT;
	int refusals = 1, good = 1, told = 1, same = 1;

	make_small(&m);
	for (size_t i = 0; i < m.b.len; i++) {
		mn_buf_clear(&b);
		mn_buf_add(&b, m.b.p, m.b.len);
		b.p[i] = (char)(b.p[i] ^ (i & 1 ? 0x40 : 0x01));
		refusals &= run(&res, &b, 999, NULL, 0) < 0 &&
			rmdir("in") == 0;
		if (i >= b.len - 20)
			continue;
		reseal(&b);	/* as by somebody who means it */
		if (!run(&res, &b, 999, NULL, 0)) {
			good &= read_back(&res) == (int)res.objects;
			same &= sh_ok("git index-pack -o x.idx in/*.pack "
				      ">/dev/null && cmp x.idx in/*.idx");
		} else {
			told &= err.msg[0] && rmdir("in") == 0;
		}
	}
	ok(refusals, "any byte flipped: it is refused, and leaves nothing");
	ok(good, "with a checksum that fits: what is taken can be read");
	ok(same, "and git takes it, too");
	ok(told, "else it is refused with words");
	mn_buf_release(&b);
	mn_buf_release(&m.b);
}

static void test_counts(void)
{
	static const uint32_t wrong[] = { 0, 1, 6, 8, 1000, 0x7fffffff,
					  0xffffffff };
	struct made m;

	make_small(&m);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		be32((unsigned char *)m.b.p + COUNT_AT, wrong[i]);
		reseal(&m.b);
		refused(&m.b, NULL, wrong[i] > 50000000 ? MN_ELIMIT :
			MN_EINVALID, "a wrong count");
	}
	mn_buf_release(&m.b);
}

static void test_bases(void)
{
	struct mn_oid a, b;
	struct mn_buf d = MN_BUF_INIT;
	struct made m;

	mn_oid_of(&a, MN_BLOB, "aaaa", 4);
	mn_oid_of(&b, MN_BLOB, "bbbb", 4);
	made_begin(&m);
	put_whole(&m, MN_BLOB, "cccc", 4);
	put_delta(&m, 0, &a, "aaaa", 4, "bbbb", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a thin pack");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_delta(&m, 0, &b, "bbbb", 4, "aaaa", 4);
	put_delta(&m, 0, &a, "aaaa", 4, "bbbb", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "deltas in a ring");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_delta(&m, m.b.len, NULL, "aaaa", 4, "bbbb", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a delta upon itself");
	mn_buf_release(&m.b);

	for (size_t at = 0; at < 14; at++) {
		made_begin(&m);
		put_whole(&m, MN_BLOB, "cccc", 4);
		put_delta(&m, at, NULL, "cccc", 4, "bbbb", 4);
		made_end(&m);
		if (at != 12)	/* where the entry is */
			refused(&m.b, NULL, MN_EINVALID,
				"a base between entries");
		mn_buf_release(&m.b);
	}

	made_begin(&m);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "an object twice");
	mn_buf_release(&m.b);

	made_begin(&m);		/* twice, and a delta upon it */
	put_whole(&m, MN_BLOB, "aaaa", 4);
	put_delta(&m, 0, &a, "aaaa", 4, "bbbb", 4);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	put_delta(&m, 0, &b, "bbbb", 4, "aaaa", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "an object three times");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	mn_delta_make(&d, "aaa", 3, "bbbb", 4);
	put_raw_delta(&m, 12, NULL, &d);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a delta upon something else");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	mn_buf_clear(&d);
	mn_buf_add(&d, "\4\0", 2);
	put_raw_delta(&m, 12, NULL, &d);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a delta that git refuses");
	mn_buf_release(&m.b);
	mn_buf_release(&d);
}

/* A chain of deltas by name, where each stands before its base. */
static void test_backwards(void)
{
	struct mn_indexpack_limits lim = { .delta_depth = 40 };
	struct mn_indexpack_result res;
	char text[64][300];
	struct mn_oid oid;
	struct made m;

	for (size_t i = 0; i < 64; i++) {
		memset(text[i], 'a', sizeof(text[i]));
		snprintf(text[i], sizeof(text[i]), "text %zu", i);
	}
	made_begin(&m);
	for (size_t i = 64; --i > 0; ) {
		mn_oid_of(&oid, MN_BLOB, text[i - 1], 300);
		put_delta(&m, 0, &oid, text[i - 1], 300, text[i], 300);
	}
	put_whole(&m, MN_BLOB, text[0], 300);
	made_end(&m);
	is_int(run(&res, &m.b, 100, NULL, 0), 0, "a chain backwards: %s",
	       err.msg);
	is_int(read_back(&res), 64, "all is there");
	refused(&m.b, &lim, MN_ELIMIT, "a chain too deep");
	lim.delta_depth = 63;
	is_int(run(&res, &m.b, 100, &lim, 0), 0, "one just deep enough");
	mn_buf_release(&m.b);
}

/* A tree of deltas where each has many upon it, by name and by offset. */
static void test_bushy(void)
{
	struct mn_indexpack_result res;
	size_t at[2000];
	struct mn_oid oid;
	struct made m;
	char a[100], b[100];

	made_begin(&m);
	memset(a, 'a', sizeof(a));
	memset(b, 'a', sizeof(b));
	for (size_t i = 0; i < 2000; i++) {
		size_t up = i ? (i - 1) / 5 : 0;

		snprintf(a, sizeof(a), "number %zu", up);
		snprintf(b, sizeof(b), "number %zu", i);
		mn_oid_of(&oid, MN_BLOB, a, sizeof(a));
		if (!i)
			at[i] = put_whole(&m, MN_BLOB, b, sizeof(b));
		else
			at[i] = put_delta(&m, at[up], i % 3 ? &oid : NULL, a,
					  sizeof(a), b, sizeof(b));
	}
	made_end(&m);
	is_int(run(&res, &m.b, 4096, NULL, 0), 0, "a tree: %s", err.msg);
	is_int(read_back(&res), 2000, "all is there");
	ok(sh_ok("git index-pack -o x.idx in/*.pack && cmp x.idx in/*.idx"),
	   "as for git");
	mn_buf_release(&m.b);
}

static void test_limits(void)
{
	static const struct {
		struct mn_indexpack_limits lim;
		const char *what;
	} t[] = {
		{ { .pack_bytes = 200 }, "bytes of a pack" },
		{ { .objects = 6 }, "objects" },
		{ { .object_bytes = 47 }, "bytes of an object" },
		{ { .object_bytes = 55 }, "bytes of an object, by a delta" },
		{ { .inflated_bytes = 200 }, "bytes inflated" },
		{ { .inflated_bytes = 300 }, "bytes inflated, by deltas" },
		{ { .delta_depth = 2 }, "deltas" }
	};
	struct mn_indexpack_limits lim = { .objects = 7, .object_bytes = 160,
		.inflated_bytes = 400, .delta_depth = 3 };
	struct mn_indexpack_result res;
	struct made m;

	make_small(&m);
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++)
		refused(&m.b, &t[i].lim, MN_ELIMIT, t[i].what);
	lim.pack_bytes = m.b.len;
	is_int(run(&res, &m.b, 50, &lim, 0), 0, "just within all limits: %s",
	       err.msg);
	mn_buf_release(&m.b);
}

static void test_claims(void)
{
	struct mn_buf d = MN_BUF_INIT, z = MN_BUF_INIT;
	struct made m;
	char *zero = mn_xcalloc(1, 10u << 20);

	made_begin(&m);
	put_head(&m, MN_BLOB, UINT64_C(1) << 40);
	mn_buf_adds(&m.b, "x\x9c");
	made_end(&m);
	refused(&m.b, NULL, MN_ELIMIT, "an object of a tebibyte");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_head(&m, MN_BLOB, UINT64_MAX >> 4);
	made_end(&m);
	refused(&m.b, NULL, MN_ELIMIT, "an object of all that is");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_head(&m, MN_BLOB, 1);
	m.b.p[12] = (char)0xb1;	/* a size that never ends */
	for (int i = 0; i < 20; i++)
		mn_buf_addc(&m.b, (char)0xff);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a size of many digits");
	mn_buf_release(&m.b);

	mn_deflate(deflater, &z, zero, 10u << 20);
	for (size_t size = 100; size <= (size_t)1 << 20; size <<= 4) {
		made_begin(&m);
		put_head(&m, MN_BLOB, size);
		mn_buf_add(&m.b, z.p, z.len);
		made_end(&m);
		refused(&m.b, NULL, MN_EINVALID, "a bomb of zlib");
		mn_buf_release(&m.b);
	}
	made_begin(&m);
	put_head(&m, MN_BLOB, (10u << 20) + 1);
	mn_buf_add(&m.b, z.p, z.len);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a stream that ends early");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_whole(&m, MN_BLOB, "aaaa", 4);
	mn_buf_add(&d, "\4\x80\x80\x80\x80\x80\x20\x90\4", 9);
	put_raw_delta(&m, 12, NULL, &d);	/* of a tebibyte */
	made_end(&m);
	refused(&m.b, NULL, MN_ELIMIT, "a delta that makes a tebibyte");
	mn_buf_release(&m.b);
	mn_buf_release(&z);
	mn_buf_release(&d);
	free(zero);
}

/* Copies of the base, with a number in front so that all differ. */
static void put_copies(struct made *m, size_t base, uint32_t baselen,
		       unsigned copies, uint32_t number)
{
	struct mn_buf d = MN_BUF_INIT;
	uint64_t size = (uint64_t)copies * 0xffff00 + 4, v = baselen;

	for (int i = 0; i < 2; i++, v = size) {
		for (; v >= 0x80; v >>= 7)
			mn_buf_addc(&d, (char)(unsigned char)(v | 0x80));
		mn_buf_addc(&d, (char)v);
	}
	mn_buf_addc(&d, 4);
	mn_buf_add(&d, &number, 4);
	for (unsigned i = 0; i < copies; i++)
		mn_buf_add(&d, "\xe0\xff\xff", 3);
	put_raw_delta(m, base, NULL, &d);
	mn_buf_release(&d);
}

static void test_delta_bombs(void)
{
	struct mn_indexpack_limits lim = { .work_bytes = 64u << 20 };
	const uint32_t len = 0xffff00;		/* just below 16 MiB */
	char *zero = mn_xcalloc(1, len);
	struct mn_indexpack_result res;
	struct made m;
	size_t at;

	/* 100 bytes each, 16 MiB in memory: more than 1,100 times the pack */
	made_begin(&m);
	put_whole(&m, MN_BLOB, zero, len);
	for (uint32_t i = 0; i < 40; i++)
		put_copies(&m, 12, len, 1, i);
	made_end(&m);
	refused(&m.b, NULL, MN_ELIMIT, "copies of a large base");
	mn_buf_release(&m.b);

	/* a chain, where each object is large */
	made_begin(&m);
	put_whole(&m, MN_BLOB, zero, 2u << 20);
	for (at = 12; m.n < 32; ) {
		struct mn_buf d = MN_BUF_INIT;
		size_t next = m.b.len;

		zero[m.n] = 1;
		mn_delta_make(&d, zero, 2u << 20, zero, 2u << 20);
		mn_buf_clear(&d);
		mn_buf_add(&d, "\x80\x80\x80\1\x80\x80\x80\1\1", 9);
		mn_buf_addc(&d, (char)m.n);
		mn_buf_add(&d, "\xf1\1\xff\xff\x1f", 5);
		put_raw_delta(&m, at, NULL, &d);
		at = next;
		mn_buf_release(&d);
	}
	made_end(&m);
	is_int(run(&res, &m.b, 100, NULL, 0), 0, "a large chain: %s",
	       err.msg);
	is_int(read_back(&res), 32, "is read back");
	refused(&m.b, &lim, MN_ELIMIT, "too much work for readers");
	mn_buf_release(&m.b);
	free(zero);
}

static void test_large(void)
{
	struct mn_indexpack_result res;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_deflater *store = mn_deflater_new(0);
	struct made m;
	uint32_t x = 1;
	size_t at;

	while (b.len < 3u << 20) {
		x = x * 1664525u + 1013904223u;
		mn_buf_addc(&b, (char)(x >> 24));
	}
	made_begin(&m);
	put_head(&m, MN_BLOB, b.len);
	mn_deflate(store, &m.b, b.p, b.len);
	for (size_t len = 1u << 20; len > 1000; len = len / 3 + 1)
		put_whole(&m, MN_BLOB, b.p + 7, len);
	at = put_whole(&m, MN_BLOB, b.p + 1, b.len - 1);
	put_delta(&m, at, NULL, b.p + 1, b.len - 1, b.p + 2, b.len - 2);
	made_end(&m);
	for (size_t slice = 5000; slice < 50000000; slice *= 100) {
		is_int(run(&res, &m.b, slice, NULL, 0), 0,
		       "large objects: %s", err.msg);
		is_int(read_back(&res), res.objects, "are read back");
	}
	mn_deflater_free(store);
	mn_buf_release(&m.b);
	mn_buf_release(&b);
}

/* What git makes of the same pack with --fix-thin is the oracle. */
static void test_thin_git(void)
{
	static const char *const options[] = { "", "--delta-base-offset" };
	struct mn_buf b = MN_BUF_INIT;
	struct mn_indexpack_result res;

	free(sh("rm -rf old.git && git init -q --bare old.git && "
		"git -C r push -q ../old.git HEAD~5:refs/heads/main"));
	is_int(mn_store_open(&bases, "old.git", &err), 0, "the bases");
	for (int i = 0; i < 2; i++) {
		free(sh("(echo HEAD; echo ^HEAD~5) | git -C r pack-objects "
			"-q --thin --revs --stdout --no-reuse-delta %s "
			">p.pack && ! git index-pack -o p.idx p.pack "
			"2>/dev/null", options[i]));
		slurp(&b, "p.pack");
		is_int(run(&res, &b, 999, NULL, 0), 0, "a thin pack %s: %s",
		       options[i], err.msg);
		is_int(read_back(&res), res.objects, "all are read back");
		ok(sh_ok("git verify-pack in/pack-%s.idx", res.name),
		   "git verify-pack");
		ok(sh_ok("rm -rf f.git && cp -R old.git f.git && "
			 "git -C f.git index-pack --fix-thin --stdin <p.pack "
			 ">/dev/null && "
			 "for p in in/*.idx $(grep -l . f.git/objects/pack/*.idx "
			 "| while read f; do test -e old.git/${f#f.git/} || "
			 "echo $f; done); do git show-index <$p | "
			 "cut -d' ' -f2 >$(basename $(dirname $p)).list; done; "
			 "cmp in.list pack.list"),
		   "it holds what git puts into it");
		ok(sh_ok("rm -rf f.git && cp -R old.git f.git && "
			 "mv in/* f.git/objects/pack && cd f.git && "
			 "git update-ref refs/heads/main "
			 "$(git -C ../r rev-parse HEAD) && "
			 "git fsck --strict"), "git fsck");
	}
	mn_buf_release(&b);
}

static void test_thin(void)
{
	struct mn_indexpack_limits small = { .objects = 2 };
	struct mn_indexpack_result res;
	struct mn_oid here, there, made_oid;
	struct made m;
	char *hex = sh("printf aaaa | git -C old.git hash-object -w --stdin");

	ok(!mn_oid_parse(&here, hex), "a base");
	free(hex);
	mn_oid_of(&there, MN_BLOB, "nowhere", 7);
	mn_oid_of(&made_oid, MN_BLOB, "bbbb", 4);
	made_begin(&m);
	put_delta(&m, 0, &made_oid, "bbbb", 4, "cccc", 4);
	put_delta(&m, 0, &here, "aaaa", 4, "bbbb", 4);
	put_delta(&m, 0, &here, "aaaa", 4, "dddd", 4);
	made_end(&m);
	is_int(run(&res, &m.b, 3, NULL, 0), 0, "a chain upon it: %s", err.msg);
	is_int(read_back(&res), 4, "with its base");
	small.objects = 3;
	refused(&m.b, &small, MN_ELIMIT, "too many, with its base");
	mn_buf_release(&m.b);

	made_begin(&m);
	put_delta(&m, 0, &here, "aaaa", 4, "bbbb", 4);
	put_delta(&m, 0, &there, "nowhere", 7, "cccc", 4);
	made_end(&m);
	refused(&m.b, NULL, MN_EINVALID, "a base that is nowhere");
	mn_buf_release(&m.b);
	mn_store_close(bases);
	bases = NULL;
}

static void test_progress(void)
{
	struct mn_indexpack *ip;
	size_t objects, total;
	uint64_t bytes;
	struct made m;

	make_small(&m);
	free(sh("rm -rf in && mkdir in"));
	is_int(mn_indexpack_begin(&ip, "in", NULL, &err), 0, "begin");
	mn_indexpack_feed(ip, m.b.p, 11, &err);
	mn_indexpack_progress(ip, &objects, &total, &bytes);
	ok(!objects && !total && bytes == 11, "nothing is known at first");
	mn_indexpack_feed(ip, m.b.p + 11, m.b.len - 11, &err);
	mn_indexpack_progress(ip, &objects, &total, &bytes);
	ok(objects > 0 && total == 7 && bytes == m.b.len, "and later it is");
	mn_indexpack_free(ip);
	ok(nothing_left(), "given up: nothing is left");
	ok(mn_indexpack_begin(&ip, "nowhere", NULL, &err) == MN_ENOTFOUND,
	   "no directory: %s", err.msg);
	mn_buf_release(&m.b);
}

int main(void)
{
	temp_begin();
	deflater = mn_deflater_new(6);
	make_repo();
	test_empty();
	test_git_packs();
	test_truncated();
	test_salvage_git();
	test_flipped();
	test_counts();
	test_bases();
	test_backwards();
	test_bushy();
	test_limits();
	test_claims();
	test_delta_bombs();
	test_large();
	test_progress();
	test_thin_git();
	test_thin();
	mn_deflater_free(deflater);
	return temp_end();
}
