#include "net/dumb.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "git/loosefile.h"
#include "git/refname.h"
#include "net/dumb-impl.h"
#include "net/http.h"

#include "banned.h"

#define PEEK 64			/* bytes of a loose object that tell its size */
#define LOOSE_MAX (MN_DUMB_OBJECT + MN_DUMB_OBJECT / 8 + 4096)

static int to_buf(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	(void)err;
	mn_buf_add(ctx, data, len);
	return 0;
}

int mn_dumb_text(struct mn_transport *t, const char *path, size_t max,
		 struct mn_buf *out, struct mn_err *err)
{
	return t->ops->get(t, path, max, to_buf, out, err);
}

/* refs */

static int is_wanted(struct mn_str name, const char *const *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (mn_str_starts(name, prefixes[i]))
			return 1;
	return !n;
}

static int no_refs(struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "there is no repository: "
			  "info/refs is not what git writes");
}

/* "<oid>\t<name>" */
static int ref_line(struct mn_ref_list *out, struct mn_str line,
		    const char *const *prefixes, size_t n, uint64_t max,
		    struct mn_err *err)
{
	struct mn_str name = { line.p + MN_OID_HEX + 1, 0 };
	struct mn_oid oid;
	struct mn_ref *ref;

	if (line.len < MN_OID_HEX + 2 || line.p[MN_OID_HEX] != '\t' ||
	    mn_oid_parse(&oid, line.p))
		return no_refs(err);
	name.len = line.len - MN_OID_HEX - 1;
	if (name.len > 3 && !memcmp(name.p + name.len - 3, "^{}", 3))
		return 0;
	if (!is_wanted(name, prefixes, n))
		return 0;
	if (!mn_refname_ok(name.p, name.len))
		return mn_err_set(err, MN_EINVALID, "the server has a ref of "
				  "no valid name: '%.*s'",
				  (int)(name.len < 100 ? name.len : 100),
				  name.p);
	if (out->n >= max)
		return mn_err_set(err, MN_ELIMIT, "the server has more than "
				  "%llu refs", (unsigned long long)max);
	ref = mn_vec_push(out);
	memset(ref, 0, sizeof(*ref));
	memcpy(ref->name, name.p, name.len);
	ref->oid = oid;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mn_ref *)a)->name,
		      ((const struct mn_ref *)b)->name);
}

int mn_dumb_refs(struct mn_transport *t, struct mn_net *net,
		 const char *const *prefixes, size_t n,
		 struct mn_ref_list *out, struct mn_err *err)
{
	const struct mn_net_options *opt = mn_net_options(net);
	struct mn_buf text = MN_BUF_INIT;
	size_t at = 0;
	int r = mn_dumb_text(t, "info/refs", (size_t)opt->max_answer, &text,
			     err);

	memset(out, 0, sizeof(*out));
	while (!r && at < text.len) {
		const char *line = text.p + at;
		const char *end = memchr(line, '\n', text.len - at);

		if (!end) {
			r = no_refs(err);
			break;
		}
		r = ref_line(out, (struct mn_str){ line, (size_t)(end - line) },
			     prefixes, n, opt->max_refs, err);
		at = (size_t)(end - text.p) + 1;
	}
	if (!r && out->n)
		qsort(out->p, out->n, sizeof(*out->p), by_name);
	for (size_t i = 1; !r && i < out->n; i++)
		if (!strcmp(out->p[i - 1].name, out->p[i].name))
			r = mn_err_set(err, MN_EINVALID, "the server has the "
				       "ref '%s' twice", out->p[i].name);
	if (r < 0)
		mn_refs_release(out);
	mn_buf_release(&text);
	return r;
}

/* objects */

struct item {
	struct mn_oid oid;
	enum mn_otype type;	/* as what it is reached; 0: a want */
	int announced;
};

struct walk {
	struct mn_transport *t;
	const struct mn_remote_sink *sink;
	struct mn_dumb_packs packs;
	struct mn_map seen;
	MN_VEC(struct item) queue;
	size_t head;
	uint64_t blob_limit;	/* larger loose ones are left */
	int no_trees;
	struct mn_inflater inflater;
	struct mn_buf z, out;
	int too_large;		/* the blob that is coming */
	const struct item *item;
	struct mn_oid missing;	/* the first that is nowhere */
	size_t nmissing;
};

/* "tree:0", "blob:none", "blob:limit=16k"; what else there is costs only
 * that more comes than was asked for. */
static void set_filter(struct walk *w, const char *filter)
{
	static const char limit[] = "blob:limit=";
	unsigned long long n;
	char *end;

	w->blob_limit = UINT64_MAX;
	if (!filter)
		return;
	if (!strcmp(filter, "tree:0"))
		w->no_trees = 1;
	if (!strcmp(filter, "blob:none"))
		w->blob_limit = 0;
	if (strncmp(filter, limit, sizeof(limit) - 1))
		return;
	n = strtoull(filter + sizeof(limit) - 1, &end, 10);
	if (n > UINT64_MAX >> 30)
		return;
	switch (*end) {
	case 'k': n <<= 10; break;
	case 'm': n <<= 20; break;
	case 'g': n <<= 30; break;
	default: break;
	}
	w->blob_limit = n;
}

static int add(struct walk *w, const unsigned char *oid, enum mn_otype type,
	       struct mn_err *err)
{
	struct mn_dumb_pack *p;
	struct item *it;
	uint32_t pos;

	if (mn_map_get(&w->seen, oid) != SIZE_MAX)
		return 0;
	if (type == MN_BLOB && (!w->blob_limit ||
	    mn_dumb_packs_here(&w->packs, (const struct mn_oid *)
			       (const void *)oid, &p, &pos)))
		return 0;
	if (w->seen.n >= MN_DUMB_OBJECTS)
		return mn_err_set(err, MN_ELIMIT, "the server has more than "
				  "%d objects", MN_DUMB_OBJECTS);
	mn_map_put(&w->seen, oid, 0);
	if (w->head > 4096 && w->head > w->queue.n / 2) {
		w->queue.n -= w->head;
		memmove(w->queue.p, w->queue.p + w->head,
			w->queue.n * sizeof(*w->queue.p));
		w->head = 0;
	}
	it = mn_vec_push(&w->queue);
	memcpy(it->oid.b, oid, sizeof(it->oid.b));
	it->type = type;
	it->announced = 0;
	return 0;
}

/* "<key> <40 digits>\n" at *p: 1 and *p behind it. */
static int take_line(const char **p, const char *end, const char *key,
		     struct mn_oid *oid)
{
	size_t n = strlen(key);

	if ((size_t)(end - *p) < n + 1 + MN_OID_HEX + 1 ||
	    memcmp(*p, key, n) || (*p)[n] != ' ' ||
	    (*p)[n + 1 + MN_OID_HEX] != '\n' || mn_oid_parse(oid, *p + n + 1))
		return 0;
	*p += n + 1 + MN_OID_HEX + 1;
	return 1;
}

static int bad_object(const struct item *it, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, &it->oid);
	return mn_err_set(err, MN_EINVALID, "the server's object %s is "
			  "damaged", hex);
}

static int walk_commit(struct walk *w, const struct item *it,
		       const struct mn_object *o, struct mn_err *err)
{
	const char *p = o->data, *end = p + o->len;
	struct mn_oid oid;
	int r = 0;

	if (!take_line(&p, end, "tree", &oid))
		return bad_object(it, err);
	if (!w->no_trees)
		r = add(w, oid.b, MN_TREE, err);
	while (!r && take_line(&p, end, "parent", &oid))
		r = add(w, oid.b, MN_COMMIT, err);
	return r;
}

static int walk_tree(struct walk *w, const struct item *it,
		     const struct mn_object *o, struct mn_err *err)
{
	const char *p = o->data, *end = p + o->len, *nul;
	int r = 0;

	while (!r && p < end) {
		nul = memchr(p, 0, (size_t)(end - p));
		if (!nul || end - nul < 21)
			return bad_object(it, err);
		/* a gitlink is no object of this repository */
		if (strncmp(p, "160000 ", 7))
			r = add(w, (const unsigned char *)nul + 1,
				strncmp(p, "40000 ", 6) ? MN_BLOB : MN_TREE,
				err);
		p = nul + 21;
	}
	return r;
}

static int walk_object(struct walk *w, const struct item *it,
		       const struct mn_object *o, struct mn_err *err)
{
	const char *p = o->data;
	struct mn_oid oid;

	if (it->type && it->type != o->type)
		return bad_object(it, err);
	switch (o->type) {
	case MN_COMMIT:
		return walk_commit(w, it, o, err);
	case MN_TREE:
		return w->no_trees ? 0 : walk_tree(w, it, o, err);
	case MN_TAG:
		if (!take_line(&p, p + o->len, "object", &oid))
			return bad_object(it, err);
		return add(w, oid.b, (enum mn_otype)0, err);
	case MN_BLOB:
		break;
	}
	return 0;
}

static int loose_data(void *ctx, const void *data, size_t len,
		      struct mn_err *err)
{
	struct walk *w = ctx;
	size_t before = w->z.len;
	enum mn_otype type;
	uint64_t size;

	mn_buf_add(&w->z, data, len);
	if (before >= PEEK || w->z.len < PEEK || w->item->type != MN_BLOB)
		return 0;
	if (!mn_loosefile_head(&w->inflater, &w->z, &type, &size) &&
	    type == MN_BLOB && size > w->blob_limit) {
		w->too_large = 1;
		return mn_err_set(err, MN_ELIMIT, "left where it is");
	}
	return 0;
}

/* Fetches a loose object: MN_ENOTFOUND where there is none. */
static int fetch_loose(struct walk *w, const struct item *it,
		       struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct mn_object o;
	struct mn_oid oid;
	int r;

	mn_buf_adds(&path, "objects");
	mn_loosefile_path(&path, &it->oid);
	mn_buf_clear(&w->z);
	w->too_large = 0;
	w->item = it;
	r = w->t->ops->get(w->t, path.p, LOOSE_MAX, loose_data, w, err);
	if (w->too_large) {
		mn_err_clear(err);
		r = 0;
		goto done;
	}
	if (!r && mn_loosefile_decode(&w->inflater, &w->z, &w->out, &o,
				      MN_DUMB_OBJECT, err) < 0)
		r = mn_err_wrap(err, MN_EINVALID, "'%s'", path.p);
	if (r < 0)
		goto done;
	mn_oid_of(&oid, o.type, o.data, o.len);
	if (!mn_oid_eq(&oid, &it->oid))
		r = bad_object(it, err);
	else if (o.type != MN_BLOB || !it->type || o.len <= w->blob_limit)
		r = w->sink->object(w->sink->ctx, &oid, o.type, o.data, o.len,
				    err);
	if (!r)
		r = walk_object(w, it, &o, err);
done:
	mn_buf_release(&path);
	return r;
}

static int walk_packed(struct walk *w, const struct item *it,
		       struct mn_dumb_pack *p, uint32_t pos,
		       struct mn_err *err)
{
	struct mn_object o;
	int r;

	if (mn_dumb_packs_type(p, pos) == MN_BLOB || it->type == MN_BLOB)
		return 0;
	r = mn_dumb_packs_read(&w->packs, p, pos, &o, err);
	return r < 0 ? r : walk_object(w, it, &o, err);
}

/* A pack that is known to hold it: 1 when it came, 0 where there is none. */
static int from_pack(struct walk *w, const struct item *it, int look,
		     struct mn_err *err)
{
	struct mn_dumb_pack *p;
	uint32_t pos;
	int r;

	while ((r = mn_dumb_packs_seek(&w->packs, &it->oid, look, &p,
				       err)) > 0) {
		r = mn_dumb_packs_fetch(&w->packs, p, err);
		if (r == MN_ENOTFOUND) {	/* packed anew meanwhile */
			mn_err_clear(err);
			continue;
		}
		if (r < 0 || !mn_packfile_find(&p->file, &it->oid, &pos))
			return r;
		r = walk_packed(w, it, p, pos, err);
		return r < 0 ? r : 1;
	}
	return r;
}

static int one(struct walk *w, const struct item *it, struct mn_err *err)
{
	struct mn_dumb_pack *p;
	uint32_t pos;
	int r;

	if (mn_dumb_packs_here(&w->packs, &it->oid, &p, &pos))
		return walk_packed(w, it, p, pos, err);
	if (w->sink->has && w->sink->has(w->sink->ctx, &it->oid))
		return 0;
	r = from_pack(w, it, 0, err);
	if (r)
		return r < 0 ? r : 0;
	r = fetch_loose(w, it, err);
	if (r != MN_ENOTFOUND)
		return r;
	mn_err_clear(err);
	r = from_pack(w, it, 1, err);
	if (r)
		return r < 0 ? r : 0;
	/* A server that keeps a part itself has no contents to give. */
	if (it->type == MN_BLOB)
		return 0;
	if (!w->nmissing++)
		w->missing = it->oid;
	return 0;
}

/* What comes next in the queue is fetched meanwhile, if it will be: a round
 * trip for each object would be long. */
static void announce(struct walk *w)
{
	size_t end = w->head + MN_HTTP_AHEAD;
	struct mn_buf path = MN_BUF_INIT;
	struct mn_dumb_pack *p;
	uint32_t pos;

	for (size_t i = w->head; i < end && i < w->queue.n; i++) {
		struct item *it = &w->queue.p[i];

		if (it->announced)
			continue;
		it->announced = 1;
		if (mn_dumb_packs_here(&w->packs, &it->oid, &p, &pos) ||
		    (w->sink->has && w->sink->has(w->sink->ctx, &it->oid)) ||
		    mn_dumb_packs_seek(&w->packs, &it->oid, 0, &p, NULL))
			continue;
		mn_buf_clear(&path);
		mn_buf_adds(&path, "objects");
		mn_loosefile_path(&path, &it->oid);
		mn_http_soon(w->t, path.p);
	}
	mn_buf_release(&path);
}

int mn_dumb_fetch(struct mn_transport *t, struct mn_net *net,
		  const struct mn_remote_want *want,
		  const struct mn_remote_sink *sink, struct mn_err *err)
{
	struct walk w = { .t = t, .sink = sink, .z = MN_BUF_INIT,
			  .out = MN_BUF_INIT };
	char hex[MN_OID_HEX + 1];
	int r = 0;

	(void)net;
	mn_map_init(&w.seen, sizeof(struct mn_oid));
	mn_dumb_packs_init(&w.packs, t, sink);
	set_filter(&w, want->filter);
	for (size_t i = 0; !r && i < want->nwants; i++)
		r = add(&w, want->wants[i].b, (enum mn_otype)0, err);
	while (!r && w.head < w.queue.n) {
		struct item it;

		announce(&w);
		it = w.queue.p[w.head++];
		r = one(&w, &it, err);
	}
	if (!r && w.nmissing) {
		mn_oid_hex(hex, &w.missing);
		r = mn_err_set(err, MN_ENOTFOUND, "the server lacks the object "
			       "%s%s", hex, w.nmissing > 1 ? ", and others" :
			       "");
	}
	mn_dumb_packs_release(&w.packs);
	mn_map_release(&w.seen);
	mn_vec_release(&w.queue);
	mn_inflater_release(&w.inflater);
	mn_buf_release(&w.z);
	mn_buf_release(&w.out);
	return r;
}
