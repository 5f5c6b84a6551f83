/* walk, packstream, upload, and the reading of a push, with git as the oracle */
#include "git/packstream.h"
#include "net/receive.h"
#include "net/upload.h"
#include "net/walk.h"

#include "git-temp.h"

#include "banned.h"

static struct mn_store *store;

static void must(int r, const struct mn_err *err)
{
	if (r >= 0)
		return;
	fprintf(stderr, "# %s\n", err->msg);
	exit(1);
}

/* A history with merges, whose dates go up and down where skewed. */
static void make_repo(const char *dir, int skewed)
{
	free(sh("git init -q --bare %s && cd %s && "
		"awk -v skewed=%d 'BEGIN { srand(7); "
		"for (i = 1; i <= 60; i++) { b = int(rand() * 3); "
		"date = 1700000000 + i * 10 + "
		"(skewed ? int(rand() * 1000) - 500 : 0); "
		"print \"commit refs/heads/b\" b; print \"mark :\" i; "
		"print \"committer A <a@b> \" date \" +0000\"; "
		"print \"data 2\\nx\"; "
		"if (last[b]) print \"from :\" last[b]; "
		"o = int(rand() * 3); "
		"if (last[b] && o != b && last[o] && rand() < 0.4) "
		"print \"merge :\" last[o]; "
		"print \"M 644 inline d\" b \"/e/f\" i; print \"data 4\"; "
		"printf \"%%03d\\n\", int(rand() * 30); "
		"last[b] = i } }' | git fast-import --quiet && "
		"git tag -a -m t v1 b0 && git repack -adq", dir, dir, skewed));
}

/* The ids that a command prints, a line each. */
static size_t ids(struct mn_oid *out, size_t max, const char *text)
{
	size_t n = 0;

	while (*text && n < max) {
		if (mn_oid_parse(&out[n++], text))
			abort();
		text = strchr(text, '\n');
		if (!text++)
			break;
	}
	return n;
}

static void filter_words(void)
{
	static const struct {
		const char *text;
		int r;
		enum mn_filter_kind kind;
		uint64_t n;
	} cases[] = {
		{ "blob:none", 0, MN_FILTER_BLOB, 0 },
		{ "blob:limit=0", 0, MN_FILTER_BLOB, 0 },
		{ "blob:limit=17", 0, MN_FILTER_BLOB, 17 },
		{ "blob:limit=4k", 0, MN_FILTER_BLOB, 4096 },
		{ "blob:limit=2m", 0, MN_FILTER_BLOB, 2u << 20 },
		{ "blob:limit=1G", 0, MN_FILTER_BLOB, 1u << 30 },
		{ "tree:0", 0, MN_FILTER_TREE, 0 },
		{ "tree:3", 0, MN_FILTER_TREE, 3 },
		{ "blob:limit=", -1, MN_FILTER_NONE, 0 },
		{ "blob:limit=k", -1, MN_FILTER_NONE, 0 },
		{ "blob:limit=-1", -1, MN_FILTER_NONE, 0 },
		{ "blob:limit=1x", -1, MN_FILTER_NONE, 0 },
		{ "blob:limit=999999999999999999g", -1, MN_FILTER_NONE, 0 },
		{ "tree:", -1, MN_FILTER_NONE, 0 },
		{ "tree:1k", -1, MN_FILTER_NONE, 0 },
		{ "sparse:oid=x", -1, MN_FILTER_NONE, 0 },
		{ "combine:blob:none+tree:1", -1, MN_FILTER_NONE, 0 },
		{ "", -1, MN_FILTER_NONE, 0 }
	};
	struct mn_filter f;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		int r = mn_filter_parse(&f, mn_str(cases[i].text));

		ok(r == cases[i].r &&
		   (r || (f.kind == cases[i].kind && f.n == cases[i].n)),
		   "filter '%s'", cases[i].text);
	}
}

/* Every name of the lines of text that isn't in the list. */
static size_t not_listed(const struct mn_objlist *list, const char *text)
{
	struct mn_oid oid;
	size_t n = 0;

	for (; *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : "") {
		if (mn_oid_parse(&oid, text))
			abort();
		n += mn_objlist_find(list, &oid) == SIZE_MAX;
	}
	return n;
}

static size_t lines(const char *text)
{
	size_t n = *text != 0;

	for (; *text; text++)
		n += *text == '\n' && text[1];
	return n;
}

/* Each commit behind its parents, as far as these are listed. */
static int is_ordered(const struct mn_objlist *list)
{
	struct mn_reader *rd = mn_reader_new(store);
	struct mn_walk_commit c = { .date = 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_object o;
	int good = 1;

	for (size_t i = 0; i < list->n; i++) {
		if (list->p[i].type != MN_COMMIT)
			continue;
		must(mn_reader_read(rd, &o, &list->p[i].oid, MN_OBJECT_MAX,
				    &err), &err);
		if (mn_walk_commit_parse(&c, o.data, o.len))
			abort();
		for (size_t k = 0; k < c.parents.n; k++) {
			size_t at = mn_objlist_find(list, &c.parents.p[k]);

			good &= at == SIZE_MAX || at < i;
		}
	}
	mn_vec_release(&c.parents);
	mn_reader_free(rd);
	return good;
}

/* As git lists it; where dates lie, more is allowed. */
static void compare(const char *dir, const char *wants, const char *haves,
		    const char *filter, int exact)
{
	struct mn_oid w[8], h[8];
	struct mn_objlist list = MN_OBJLIST_INIT;
	struct mn_walk walk = { .store = store, .wants = w, .haves = h };
	struct mn_err err = MN_ERR_INIT;
	char *a = sh("cd %s && git rev-parse %s", dir, wants);
	char *b = sh("cd %s && git rev-parse %s", dir, *haves ? haves : "b0");
	char *want = sh("cd %s && git rev-list --objects-edge-aggressive "
			"--no-object-names %s%s %s %s %s | sed /^-/d", dir,
			*filter ? "--filter=" : "", filter, wants,
			*haves ? "--not" : "", haves);

	walk.nwants = ids(w, 8, a);
	walk.nhaves = *haves ? ids(h, 8, b) : 0;
	if (*filter)
		mn_filter_parse(&walk.filter, mn_str(filter));
	must(mn_walk(&list, &walk, &err), &err);
	ok(!not_listed(&list, want), "%s: %s less %s, %s: nothing is missing",
	   dir, wants, haves, filter);
	ok(list.n >= lines(want) && (!exact || list.n == lines(want)),
	   "%zu listed, %zu by git", list.n, lines(want));
	ok(is_ordered(&list), "parents first");
	mn_objlist_release(&list);
	free(a);
	free(b);
	free(want);
}

static void walks(const char *dir, int exact)
{
	static const char *const wants[] = { "b0", "b0 b1 b2", "v1", "b2~3" };
	static const char *const haves[] = { "", "b0~4", "b1~2 b2~6", "b0" };
	static const char *const filters[] = {
		"", "blob:none", "tree:0", "tree:1", "tree:2"
	};
	struct mn_err err = MN_ERR_INIT;

	must(mn_store_open(&store, dir, &err), &err);
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; k < 4; k++)
			compare(dir, wants[i], haves[k], "", exact && !k);
	for (size_t i = 0; i < 5; i++)
		compare(dir, "b0 b1 b2", "", filters[i], exact);
	mn_store_close(store);
}

static int reaches(const char *dir, const char *wants, const char *haves)
{
	struct mn_oid w[8], h[8];
	struct mn_walk walk = { .store = store, .wants = w, .haves = h };
	struct mn_err err = MN_ERR_INIT;
	char *a = sh("cd %s && git rev-parse %s", dir, wants);
	char *b = sh("cd %s && git rev-parse %s", dir, haves);
	int r;

	walk.nwants = ids(w, 8, a);
	walk.nhaves = ids(h, 8, b);
	r = mn_walk_all_reach(&walk, &err);
	must(r, &err);
	free(a);
	free(b);
	return r;
}

static void reach(const char *dir)
{
	struct mn_err err = MN_ERR_INIT;

	free(sh("cd %s && git update-ref refs/heads/lone "
		"$(git commit-tree -m lone b0^{tree} </dev/null)", dir));
	must(mn_store_open(&store, dir, &err), &err);
	is_int(reaches(dir, "b0", "b0~5"), 1, "an ancestor is enough");
	is_int(reaches(dir, "b0", "b0"), 1, "the same");
	is_int(reaches(dir, "v1", "b0~5"), 1, "through a tag");
	is_int(reaches(dir, "b0 lone", "b0~5"), 0, "not for one of two");
	is_int(reaches(dir, "b0^{tree}", "b0"), 1, "a tree has no ancestors");
	is_int(reaches(dir, "b0~5", "lone"), 0, "nothing in common");
	mn_store_close(store);
}

/* All of an answer, read in slices. */
static void read_all(struct mn_upload *u, struct mn_buf *out, size_t slice)
{
	char *buf = mn_xmalloc(slice);
	struct mn_err err = MN_ERR_INIT;
	ssize_t n;

	mn_buf_clear(out);
	while ((n = mn_upload_read(u, buf, slice, &err)) > 0)
		mn_buf_add(out, buf, (size_t)n);
	must((int)n, &err);
	free(buf);
}

static void ask(struct mn_upload *u, int version, struct mn_buf *out,
		size_t slice, const char *fmt, const char *hex)
{
	struct mn_buf rq = MN_BUF_INIT, line = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	for (const char *p = fmt, *end; *p; p = end + (*end == ' ')) {
		end = p + strcspn(p, " ");
		mn_buf_clear(&line);
		mn_buf_add(&line, p, (size_t)(end - p));
		if (mn_str_eq((struct mn_str){ line.p, line.len }, "0000"))
			mn_pkt_flush(&rq);
		else if (!strcmp(line.p, "0001"))
			mn_pkt_delim(&rq);
		else if (!strcmp(line.p, "want"))
			mn_pkt_addf(&rq, "want %s\n", hex);
		else
			mn_pkt_addf(&rq, "%s\n", line.p);
	}
	must(mn_upload_request(u, version, (struct mn_str){ rq.p, rq.len },
			       &err), &err);
	read_all(u, out, slice);
	mn_buf_release(&rq);
	mn_buf_release(&line);
}

#define CLONE "command=fetch 0001 want done 0000"

static void slices(const char *dir)
{
	static const size_t sizes[] = { 1, 7, 1023, 1030, 5000 };
	struct mn_buf all = MN_BUF_INIT, part = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	char *hex = sh("cd %s && git rev-parse b0", dir);
	struct mn_upload *u;

	must(mn_upload_new(&u, dir, NULL, &err), &err);
	ask(u, 0, &all, 1u << 20, "want 0000 done", hex);
	for (size_t i = 0; i < 5; i++) {
		ask(u, 0, &part, sizes[i], "want 0000 done", hex);
		ok(part.len == all.len && !memcmp(part.p, all.p, all.len),
		   "%zu bytes in slices of %zu", all.len, sizes[i]);
	}
	must(mn_io_replace("pack", all.p + 8, all.len - 8, 0644, 0, &err),
	     &err);
	ok(sh_ok("git init -q --bare raw && "
		 "git -C raw index-pack --strict --stdin <pack"),
	   "git takes the pack");
	for (size_t i = 0; i < 5; i++) {
		ask(u, 2, &part, sizes[i], CLONE, hex);
		ok(part.len > all.len && !memcmp(part.p, "000dpackfile\n", 13)
		   && !memcmp(part.p + part.len - 4, "0000", 4),
		   "v2 in slices of %zu", sizes[i]);
	}
	mn_upload_free(u);
	mn_buf_release(&all);
	mn_buf_release(&part);
	free(hex);
}

static int show(void *ctx, const char *name)
{
	(void)ctx;
	return strcmp(name, "refs/heads/b1");
}

static void limits(const char *dir)
{
	struct mn_upload_options opt = { .show_ref = show, .max_wants = 1,
					 .max_objects = 10 };
	struct mn_buf out = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	char *hex = sh("cd %s && git rev-parse b0", dir);
	struct mn_upload *u;

	must(mn_upload_new(&u, dir, &opt, &err), &err);
	ask(u, 2, &out, 9000, "command=ls-refs 0000", hex);
	ok(strstr(out.p, "refs/heads/b0") && !strstr(out.p, "refs/heads/b1"),
	   "a hidden ref is not told");
	ask(u, 2, &out, 9000, "command=fetch 0001 want want done 0000", hex);
	ok(strstr(out.p, "ERR ") == out.p + 4, "too many wants");
	ask(u, 2, &out, 9000, CLONE, hex);
	ok(strstr(out.p, "ERR ") == out.p + 4, "too many objects");
	is_int(mn_upload_new(&u, "nowhere", &opt, &err), MN_ENOTFOUND,
	       "no repository");
	mn_upload_free(u);
	mn_buf_release(&out);
	free(hex);
}

struct push {
	struct mn_str rest;
	size_t pack, whole;
	int ended, applied, fail;
};

static ssize_t push_source(void *ctx, void *buf, size_t size,
			   struct mn_err *err)
{
	struct push *p = ctx;
	size_t n = p->rest.len < size ? p->rest.len : size;

	if (!n && p->whole)
		return mn_err_set(err, MN_EIO, "read behind the pack");
	memcpy(buf, p->rest.p, n);
	p->rest.p += n;
	p->rest.len -= n;
	return (ssize_t)n;
}

static int push_pack(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	struct push *p = ctx;

	p->pack += len;
	p->ended |= !data;
	if (p->fail)
		return mn_err_set(err, MN_EINVALID, "a bad pack");
	return p->whole && p->pack >= p->whole;
}

static int push_apply(void *ctx, struct mn_push_command *c, size_t n,
		      struct mn_err *err)
{
	struct push *p = ctx;

	(void)err;
	p->applied = (int)n;
	if (n > 1)
		memcpy(c[1].why, "no", 3);
	return 0;
}

#define OID "1111111111111111111111111111111111111111"
#define ZERO "0000000000000000000000000000000000000000"

static int take_push(struct push *p, struct mn_buf *out, const char *caps,
		     const char *name, const char *pack)
{
	struct mn_receive_ops ops = { push_pack, push_apply, p };
	struct mn_buf rq = MN_BUF_INIT, line = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_buf_addf(&line, "%s %s %s", ZERO, OID, name);
	mn_buf_addc(&line, 0);
	mn_buf_adds(&line, caps);
	mn_pkt_add(&rq, line.p, line.len);
	mn_pkt_addf(&rq, "%s %s refs/heads/two\n", OID, OID);
	mn_pkt_flush(&rq);
	mn_buf_adds(&rq, pack);
	p->rest = (struct mn_str){ rq.p, rq.len };
	mn_buf_clear(out);
	r = mn_receive(push_source, p, &ops, out, &err);
	mn_buf_release(&rq);
	mn_buf_release(&line);
	return r;
}

static void pushes(void)
{
	struct push a = { .pack = 0 }, b = { .whole = 4 }, c = { .fail = 1 };
	struct push d = { .pack = 0 };
	struct mn_buf out = MN_BUF_INIT;

	is_int(take_push(&a, &out, " report-status", "refs/heads/one", "PACK"),
	       0, "a push");
	ok(a.pack == 4 && a.ended && a.applied == 2, "all of it was passed");
	is_str(out.p, "000eunpack ok\n0016ok refs/heads/one\n"
	       "0019ng refs/heads/two no\n0000", "the report");
	is_int(take_push(&b, &out, "report-status side-band-64k",
			 "refs/heads/one", "PACK"), 0,
	       "a client that leaves its end open");
	ok(b.applied == 2 && !b.ended, "the pack tells where it ends");
	ok(out.len > 10 && out.p[4] == 1 &&
	   !memcmp(out.p + out.len - 8, "00000000", 8),
	   "the report within the sideband");
	take_push(&c, &out, "report-status", "refs/heads/one", "PACK");
	ok(!c.applied && strstr(out.p, "unpack a bad pack") &&
	   strstr(out.p, "ng refs/heads/one"), "a bad pack");
	take_push(&d, &out, "report-status", "refs/heads/../x", "PACK");
	ok(!d.applied && !d.pack && strstr(out.p, "ERR "), "a bad name");
	take_push(&d, &out, "report-status", "refs/heads/two", "PACK");
	ok(!d.applied && strstr(out.p, "twice"), "a name that is there twice");
	mn_buf_release(&out);
}

int main(void)
{
	temp_begin();
	filter_words();
	make_repo("even", 0);
	make_repo("skewed", 1);
	walks("even", 1);
	walks("skewed", 0);
	reach("even");
	slices("even");
	limits("even");
	pushes();
	return temp_end();
}
