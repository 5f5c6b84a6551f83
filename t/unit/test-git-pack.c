/* pack, packidx, packfile */
#include "git/pack.h"

#include <inttypes.h>

#include "git/packfile.h"
#include "git/packidx.h"
#include "git/store.h"
#include "git-temp.h"

#include "banned.h"

static uint32_t rnd_state = 3;

static uint32_t rnd(void)
{
	rnd_state = rnd_state * 1664525u + 1013904223u;
	return rnd_state >> 8;
}

static void make_text(struct mn_buf *b, size_t i)
{
	mn_buf_clear(b);
	mn_buf_addf(b, "mn 1\nkind post\nseq %zu\n", i);
	for (size_t k = 0; k < i % 37; k++)
		mn_buf_addf(b, "line %zu of %zu: %u\n", k, i, rnd() % 10);
}

/* Reads every object that git knows and compares its name with what we
 * read. How many there were, or -1. */
static int compare_all(const char *dir)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_store *s;
	struct mn_reader *rd;
	char *list = sh("cd %s && git cat-file --batch-all-objects "
			"--batch-check='%%(objectname) %%(objecttype) "
			"%%(objectsize)'", dir), *p = list, line[128];
	int n = 0, bad = 0;

	if (mn_store_open(&s, dir, &err) < 0)
		return -1;
	rd = mn_reader_new(s);
	for (; *p; p += strcspn(p, "\n"), p += *p == '\n', n++) {
		struct mn_object o;
		struct mn_oid oid, back;
		enum mn_otype type;
		uint64_t size;

		mn_oid_parse(&oid, p);
		if (mn_reader_stat(rd, &type, &size, &oid, &err) < 0 ||
		    mn_reader_read(rd, &o, &oid, MN_OBJECT_MAX, &err) < 0) {
			fprintf(stderr, "# %s\n", err.msg);
			bad = 1;
			continue;
		}
		snprintf(line, sizeof(line), "%.40s %s %zu", p,
			 mn_otype_name(o.type), o.len);
		mn_oid_of(&back, o.type, o.data, o.len);
		bad |= !mn_oid_eq(&oid, &back) || type != o.type ||
			size != o.len ||
			strncmp(p, line, strlen(line)) ||
			p[strlen(line)] > '\n';
	}
	mn_reader_free(rd);
	mn_store_close(s);
	free(list);
	return bad ? -1 : n;
}

static int write_texts(const char *dir, size_t n, size_t announced,
		       size_t big, char *name)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_pack *w;
	struct mn_oid oid;
	int r = mn_pack_begin_n(&w, dir, announced, &err);

	for (size_t i = 0; i < n && !r; i++) {
		make_text(&b, i);
		while (b.len < big)	/* noise, so that it is stored */
			mn_buf_addc(&b, (char)(unsigned char)rnd());
		r = mn_pack_add(w, &oid, MN_BLOB, b.p, b.len, &err);
		if (!r && i == 5)	/* a second time */
			r = mn_pack_add(w, &oid, MN_BLOB, b.p, b.len, &err);
	}
	if (!r && (mn_pack_count(w) != n || (n && !mn_pack_has(w, &oid))))
		r = 1;
	if (!r)
		r = mn_pack_finish(w, name, &err);
	if (!r && n && mn_pack_add(w, &oid, MN_BLOB, "late", 4, &err) >= 0)
		r = 1;	/* it takes no more */
	mn_pack_free(w);
	mn_buf_release(&b);
	if (r < 0)
		fprintf(stderr, "# %s\n", err.msg);
	return r;
}

static void test_write(void)
{
	static const struct {
		size_t n, announced, big;
		const char *what;
	} t[] = {
		{ 0, 0, 0, "no objects" },
		{ 1, 0, 0, "one object" },
		{ 2000, 0, 0, "2000 objects" },
		{ 2000, 2000, 0, "2000, announced" },
		{ 40, 0, 300000, "12 MB" },
		{ 40, 40, 300000, "12 MB, announced" },
		{ 40, 41, 300000, "12 MB, announced wrongly" },
		{ 3, 0, 5000000, "large ones" }
	};
	char name[MN_OID_HEX + 1];

	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		free(sh("rm -rf w.git && git init -q --bare w.git"));
		rnd_state = 3;
		is_int(write_texts("w.git", t[i].n, t[i].announced, t[i].big,
				   name), 0, "write: %s", t[i].what);
		if (!t[i].n) {
			is_str(name, "", "no name");
		} else {
			ok(sh_ok("cd w.git/objects/pack && git verify-pack "
				 "pack-%s.idx", name), "verify-pack");
			ok(sh_ok("cd w.git && test \"$(git fsck --strict 2>&1 "
				 "| grep -vc -e dangling -e notice)\" = 0"),
			   "fsck");
			ok(sh_ok("cd w.git && "
				 "cp objects/pack/pack-*.pack x.pack && "
				 "git index-pack -o x.idx x.pack && "
				 "cmp x.idx objects/pack/pack-*.idx"),
			   "the index is what git makes");
		}
		is_int(compare_all("w.git"), t[i].n, "all are read back");
		ok(sh_ok("! ls w.git/objects/pack | grep tmp"),
		   "nothing is left over");
	}
}

static void test_abandon(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_pack *w;
	struct mn_oid oid;

	free(sh("rm -rf w.git && git init -q --bare w.git"));
	is_int(mn_pack_begin(&w, "w.git", &err), 0, "begin");
	is_int(mn_pack_add(w, &oid, MN_BLOB, "x", 1, &err), 0, "add");
	mn_pack_free(w);
	ok(sh_ok("! ls w.git/objects/pack | grep ."), "nothing stays");
	is_int(mn_pack_begin(&w, "/proc/nowhere", &err), MN_ENOTFOUND,
	       "no place: %s", "refused");
	if (!sh_ok("mkdir full && mount -t tmpfs -o size=256k none full "
		   "2>/dev/null")) {
		printf("ok %d # SKIP cannot mount\n", ++tap_run);
		return;
	}
	free(sh("git init -q --bare --template= full/w.git"));
	is_int(write_texts("full/w.git", 40, 0, 300000, NULL), MN_EIO, "full");
	ok(sh_ok("! ls full/w.git/objects/pack | grep ."), "nothing stays");
	free(sh("umount full"));
}

/* Deltas that we make: a chain of 50, and one whose base is missing. */
static void test_deltas(void)
{
	struct mn_deflater *d = mn_deflater_new(6);
	struct mn_buf a = MN_BUF_INIT, b = MN_BUF_INIT, delta = MN_BUF_INIT;
	struct mn_buf z = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_packed e;
	struct mn_pack *w;
	struct mn_oid oid;
	int r = 0;
	char *s;

	free(sh("rm -rf w.git && git init -q --bare w.git"));
	is_int(mn_pack_begin(&w, "w.git", &err), 0, "begin");
	make_text(&a, 36);
	r = mn_pack_add(w, &oid, MN_BLOB, a.p, a.len, &err);
	for (size_t i = 0; i < 50 && !r; i++) {
		mn_buf_clear(&b);
		mn_buf_addf(&b, "new %zu\n", i);
		mn_buf_add(&b, a.p, a.len);
		mn_buf_clear(&delta);
		mn_delta_make(&delta, a.p, a.len, b.p, b.len);
		mn_buf_clear(&z);
		mn_deflate(d, &z, delta.p, delta.len);
		e = (struct mn_packed){ .type = MN_BLOB, .size = delta.len,
			.z = z.p, .zlen = z.len, .is_delta = 1, .base = oid };
		mn_oid_of(&e.oid, MN_BLOB, b.p, b.len);
		r = mn_pack_add_packed(w, &e, &err);
		oid = e.oid;
		mn_buf_clear(&a);
		mn_buf_add(&a, b.p, b.len);
	}
	is_int(r, 0, "deltas");
	e.oid.b[0] ^= 1;
	e.base.b[0] ^= 1;
	is_int(mn_pack_add_packed(w, &e, &err), MN_EINVALID, "no such base");
	is_int(mn_pack_finish(w, NULL, &err), 0, "finish");
	mn_pack_free(w);
	is_int(compare_all("w.git"), 51, "read back");
	s = sh("cd w.git/objects/pack && git verify-pack -v *.idx | "
	       "grep -c '^chain length'");
	is_str(s, "50", "git sees the chain");
	free(s);
	mn_deflater_free(d);
	mn_buf_release(&a);
	mn_buf_release(&b);
	mn_buf_release(&delta);
	mn_buf_release(&z);
}

/* What a pack holds is copied to another as it lies. */
static int copy_entry(void *ctx, const struct mn_oid *oid, int packed)
{
	void **c = ctx;
	struct mn_reader *rd = c[0];
	struct mn_pack *w = c[1];
	struct mn_packed e;
	struct mn_object o;
	struct mn_oid name;
	int r = mn_reader_entry(rd, &e, &o, oid, MN_OBJECT_MAX, NULL);

	if (!packed || r < 0)
		return r < 0 ? r : MN_EFAIL;
	mn_oid_of(&name, o.type, o.data, o.len);
	if (!mn_oid_eq(&name, oid))
		return MN_ECORRUPT;
	return mn_pack_add_packed(w, &e, NULL);
}

static void test_copy(void)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_store *s;
	struct mn_pack *w;
	void *c[2];

	free(sh("rm -rf w.git c.git && git init -q --bare w.git && "
		"git init -q --bare c.git"));
	write_texts("w.git", 500, 500, 0, NULL);
	is_int(mn_store_open(&s, "w.git", &err), 0, "open");
	c[0] = mn_reader_new(s);
	is_int(mn_pack_begin(&w, "c.git", &err), 0, "begin");
	c[1] = w;
	is_int(mn_store_each(s, copy_entry, c, &err), 0, "copy");
	is_int(mn_pack_finish(w, NULL, &err), 0, "finish");
	mn_pack_free(w);
	mn_reader_free(c[0]);
	mn_store_close(s);
	ok(sh_ok("cmp w.git/objects/pack/*.pack c.git/objects/pack/*.pack"),
	   "the same pack");
}

/* A repository with history, so that git finds something to delta. */
static void test_foreign(void)
{
	static const struct {
		const char *repack, *what;
	} t[] = {
		{ "git repack -adfq --depth=50 --window=50", "offset deltas" },
		{ "git -c repack.useDeltaBaseOffset=false repack -adfq "
		  "--depth=4095 --window=20", "name deltas" },
		{ "git repack -adfq && cd objects/pack && chmod u+w * && "
		  "rm *.idx; "
		  "git index-pack --index-version=2,0x40 *.pack",
		  "64-bit offsets" },
		{ "git repack -adfq && cd objects/pack && chmod u+w * && "
		  "rm *.idx; git index-pack --index-version=1 *.pack",
		  "an index of version 1, which libgit2 reads" }
	};

	free(sh("git init -q --bare h.git && cd h.git && "
		"awk 'BEGIN { for (i = 1; i <= 400; i++) { "
		"print \"commit refs/heads/main\\ncommitter T <t@e> \" "
		"1700000000 + i \" +0000\\ndata 2\\nc\"; "
		"t = \"\"; for (k = 0; k < 40; k++) "
		"t = t \"line \" (k == i %% 40 ? i : k) \" of it\\n\"; "
		"print \"M 644 inline f\" (i %% 5); "
		"print \"data \" length(t); printf \"%%s\", t } "
		"print \"tag v1\\nfrom refs/heads/main\\ntagger T <t@e> 17 "
		"+0000\\ndata 2\\nt\" }' | "
		"git -c fastimport.unpackLimit=1 fast-import --quiet"));
	for (size_t i = 0; i < sizeof(t) / sizeof(*t); i++) {
		free(sh("cd h.git && { %s; } 2>&1", t[i].repack));
		ok(compare_all("h.git") > 1000, "%s", t[i].what);
	}
}

/* Offsets over 2 GiB, without a pack of that size. */
static void test_large_offsets(void)
{
	struct mn_idx_entry e[300];
	struct mn_err err = MN_ERR_INIT;
	unsigned char sum[20] = { 1 };
	struct mn_buf want = MN_BUF_INIT;
	char *got;
	int fd = open("large.idx", O_RDWR | O_CREAT | O_TRUNC, 0644);

	for (size_t i = 0; i < 300; i++) {
		mn_oid_of(&e[i].oid, MN_BLOB, &i, sizeof(i));
		e[i].off = 12 + (uint64_t)i * 0x1000003;
		e[i].crc = (uint32_t)i;
		mn_buf_addf(&want, "%" PRIu64 " ", e[i].off);
		for (size_t k = 0; k < 20; k++)
			mn_buf_addf(&want, "%02x", e[i].oid.b[k]);
		mn_buf_addf(&want, " (%08zx)\n", i);
	}
	is_int(mn_packidx_write(fd, "large.idx", e, 300, sum, &err), 0,
	       "write");
	close(fd);
	mn_io_replace("want", want.p, want.len, 0644, 0, NULL);
	got = sh("git show-index <large.idx | sort -n | cmp - want && echo ok");
	is_str(got, "ok", "git reads the same");
	free(got);
	mn_buf_release(&want);
}

/* Every byte of a small pack and of its index flipped: never a crash, and
 * never another object under the name. */
static void test_flip(const char *what)
{
	struct mn_buf file = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	char *path = sh("echo f.git/objects/pack/*.%s", what);
	int fine = 0, refused = 0;

	free(sh("chmod u+w %s", path));
	mn_io_read_file(&file, path, 1000000, NULL);
	for (size_t i = 0; i < file.len; i++) {
		struct mn_store *s;
		struct mn_reader *rd;
		struct mn_object o;
		struct mn_oid oid;

		file.p[i] = (char)(file.p[i] ^ 0x41);
		mn_io_replace(path, file.p, file.len, 0644, 0, NULL);
		file.p[i] = (char)(file.p[i] ^ 0x41);
		if (mn_store_open(&s, "f.git", &err) < 0)
			break;
		rd = mn_reader_new(s);
		mn_oid_of(&oid, MN_BLOB, "a\n", 2);
		if (!mn_reader_read(rd, &o, &oid, 1000, &err))
			fine++;
		else
			refused++;
		mn_reader_free(rd);
		mn_store_close(s);
	}
	mn_io_replace(path, file.p, file.len, 0644, 0, NULL);
	ok(fine && refused && (size_t)(fine + refused) == file.len,
	   ".%s: %d read, %d refused", what, fine, refused);
	free(path);
	mn_buf_release(&file);
}

int main(void)
{
	temp_begin();
	test_write();
	test_abandon();
	test_deltas();
	test_copy();
	test_foreign();
	test_large_offsets();
	free(sh("git init -q --bare f.git && cd f.git && "
		"{ echo a | git hash-object -w --stdin; "
		"seq 100 | git hash-object -w --stdin; "
		"seq 101 | git hash-object -w --stdin; } | "
		"git pack-objects -q objects/pack/pack && git prune-packed"));
	test_flip("pack");
	test_flip("idx");
	return temp_end();
}
