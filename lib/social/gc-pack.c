/* Writing the pack. Threads make the entries of up to 64 nodes each; they are
 * put to the pack in order. */
#include <stdlib.h>
#include <string.h>

#include "git/inflate.h"
#include "git/storewalk.h"
#include "node/carrier.h"
#include "node/meta.h"
#include "social/gc-parts.h"

#include "banned.h"

#define GROUP 64		/* nodes that share their bases */
#define BASES 4			/* devices with bases of their own in a group */
#define ROUND 32		/* groups between two rounds of the threads */
#define LEVEL 9
#define SMALL ((uint64_t)64 * 1024)	/* larger contents are put later */

/* An entry that is ready, or (type 0) an object to be put as it comes. */
struct made {
	struct mn_oid oid, base;
	enum mn_otype type;
	uint64_t size;
	const void *z;		/* in a mapped pack; NULL: in the group's buf */
	size_t at, zlen;
	int is_delta;
	int is_old;		/* of type 0: for drop() */
};

struct group {
	MN_VEC(struct made) e;
	struct mn_buf z;
	int missing;		/* something was not there, and need not be */
	int64_t oldest;		/* ms: of the nodes that keep contents */
	int code;
	struct mn_err err;
};

/* A whole meta or commit that others of the group are deltas against. */
struct base {
	struct mn_oid oid;
	size_t at, len;		/* in texts */
};

struct worker {
	struct mn_reader *rd;
	struct mn_inflater inflater;
	struct mn_deflater *deflater;
	struct mn_buf commit, tree, raw, delta;
	struct mn_buf texts;	/* of the bases */
	struct mn_pub devices[BASES];
	struct base metas[BASES], commits[BASES];
	size_t nbases;
	int is_old;		/* the node: its contents are dropped */
};

struct packing {
	struct mn_gc *g;
	size_t nodes, first;	/* first: of the round */
	struct worker *workers;
	struct group groups[ROUND];
	struct mn_pool *pool;
};

/*
 * Looks for an object that lies whole (no delta) in a pack, inflates it to
 * out and compares its hash: it may be copied as it is. 0, or -1.
 */
static int find_whole(const struct mn_gc *g, struct mn_inflater *f,
		      struct mn_buf *out, struct made *m, uint64_t max)
{
	for (size_t i = 0; i < mn_store_npacks(g->repo->store); i++) {
		const struct mn_packfile *p =
			mn_store_pack(g->repo->store, i);
		struct mn_pack_entry e;
		struct mn_oid is;
		uint32_t pos;
		uint64_t off;
		size_t left;

		if (!p || !mn_packfile_find(p, &m->oid, &pos) ||
		    mn_packfile_offset(p, pos, &off, NULL) < 0 ||
		    mn_packfile_entry(p, off, &e, NULL) < 0 || !e.type ||
		    e.size > max)
			continue;
		left = p->pack.len - sizeof(is.b) - (size_t)e.z;
		if (e.size / 1032 > left)
			continue;
		mn_buf_clear(out);
		mn_buf_grow(out, (size_t)e.size);
		if (mn_inflate(f, p->pack.p + e.z, left, out->p,
			       (size_t)e.size, &m->zlen))
			continue;
		mn_oid_of(&is, e.type, out->p, (size_t)e.size);
		if (!mn_oid_eq(&is, &m->oid))
			continue;
		m->type = e.type;
		m->size = e.size;
		m->z = p->pack.p + e.z;
		return 0;
	}
	return -1;
}

/* entries of a group */

static struct made *add(struct group *gr, const struct mn_oid *oid,
			enum mn_otype type)
{
	struct made *m = mn_vec_push(&gr->e);

	memset(m, 0, sizeof(*m));
	m->oid = *oid;
	m->type = type;
	return m;
}

static void add_deflated(struct worker *w, struct group *gr,
			 const struct mn_oid *oid, enum mn_otype type,
			 const void *data, size_t len)
{
	struct made *m = add(gr, oid, type);

	m->size = len;
	m->at = gr->z.len;
	mn_deflate(w->deflater, &gr->z, data, len);
	m->zlen = gr->z.len - m->at;
}

static void add_delta(struct worker *w, struct group *gr,
		      const struct mn_oid *oid, enum mn_otype type,
		      const void *data, size_t len, const struct base *base)
{
	struct made *m;

	mn_buf_clear(&w->delta);
	mn_delta_make(&w->delta, w->texts.p + base->at, base->len, data, len);
	if (w->delta.len >= len) {
		add_deflated(w, gr, oid, type, data, len);
		return;
	}
	add_deflated(w, gr, oid, type, w->delta.p, w->delta.len);
	m = &gr->e.p[gr->e.n - 1];
	m->is_delta = 1;
	m->base = base->oid;
}

static void add_base(struct worker *w, struct base *b,
		     const struct mn_oid *oid, const void *data, size_t len)
{
	*b = (struct base){ *oid, w->texts.len, len };
	mn_buf_add(&w->texts, data, len);
}

/* What reading an object gave: that it is not there may be no error. */
static int may_miss(const struct packing *p, struct group *gr, int r,
		    struct mn_err *err)
{
	if (r != MN_ENOTFOUND || !p->g->partial)
		return r;
	mn_err_clear(err);
	gr->missing = 1;
	return 0;
}

/* A content: copied, or compressed here, or left for later. */
static int add_content(struct packing *p, struct worker *w, struct group *gr,
		       const struct mn_oid *oid, struct mn_err *err)
{
	struct made m = { .oid = *oid };
	struct mn_object o;
	enum mn_otype type;
	uint64_t size;
	int r;

	if (w->is_old) {
		add(gr, oid, (enum mn_otype)0)->is_old = 1;
		return 0;
	}
	/* of a tree, what it names has to come along: mn_gc_put_all */
	if (find_whole(p->g, &w->inflater, &w->raw, &m, SMALL) == 0 &&
	    m.type == MN_BLOB) {
		*mn_vec_push(&gr->e) = m;
		return 0;
	}
	r = mn_reader_stat(w->rd, &type, &size, oid, err);
	if (r == 0 && (size > SMALL || type != MN_BLOB)) {
		add(gr, oid, (enum mn_otype)0);
		return 0;
	}
	if (r == 0)
		r = mn_gc_read(w->rd, &o, oid, err);
	if (r == 0)
		add_deflated(w, gr, oid, o.type, o.data, o.len);
	return may_miss(p, gr, r, err);
}

/* Which base this device has in the group; BASES: none, and no room. */
static size_t base_of(struct worker *w, const struct mn_pub *device,
		      int *is_new)
{
	*is_new = 0;
	for (size_t i = 0; i < w->nbases; i++)
		if (!memcmp(w->devices[i].b, device->b, sizeof(device->b)))
			return i;
	if (w->nbases == BASES)
		return 0;
	*is_new = 1;
	w->devices[w->nbases] = *device;
	return w->nbases++;
}

static int add_meta(struct packing *p, struct worker *w, struct group *gr,
		    const struct mn_oid *oid, size_t base, int is_new,
		    struct mn_err *err)
{
	struct mn_object o;
	int r = mn_gc_read(w->rd, &o, oid, err);

	if (r < 0)
		return may_miss(p, gr, r, err);
	if (is_new) {
		add_base(w, &w->metas[base], oid, o.data, o.len);
		add_deflated(w, gr, oid, o.type, o.data, o.len);
	} else if (o.type == MN_BLOB && w->metas[base].len) {
		add_delta(w, gr, oid, o.type, o.data, o.len, &w->metas[base]);
	} else {
		add_deflated(w, gr, oid, o.type, o.data, o.len);
	}
	return 0;
}

/* The entries of a node's tree, as its type of tree has them: whatever else
 * may stand there is taken as a content. */
static int add_named(struct packing *p, struct worker *w, struct group *gr,
		     size_t base, int is_new, struct mn_err *err)
{
	const char *at = w->tree.p, *end = at + w->tree.len, *nul;
	struct mn_oid oid, meta;
	int r = 0, has_meta = 0;

	for (; at < end && r == 0; at = nul + 1 + sizeof(oid.b)) {
		nul = memchr(at, 0, (size_t)(end - at));
		if (!nul || (size_t)(end - nul) < 1 + sizeof(oid.b))
			return mn_err_set(err, MN_ECORRUPT,
					  "a tree is malformed");
		memcpy(oid.b, nul + 1, sizeof(oid.b));
		if (!strcmp(at, "100644 meta")) {
			meta = oid;
			has_meta = 1;
		} else if (!strcmp(at, "100644 identity")) {
			add(gr, &oid, (enum mn_otype)0);
		} else {
			r = add_content(p, w, gr, &oid, err);
		}
	}
	if (r == 0 && has_meta)
		r = add_meta(p, w, gr, &meta, base, is_new, err);
	return r;
}

static int add_node(struct packing *p, struct worker *w, struct group *gr,
		    const struct mn_gc_commit *c, struct mn_err *err)
{
	struct mn_carrier carrier;
	struct mn_object o;
	size_t base;
	int r, is_new;

	r = mn_gc_read(w->rd, &o, &c->oid, err);
	if (r < 0)
		return r;
	mn_buf_clear(&w->commit);
	mn_buf_add(&w->commit, o.data, o.len);
	if (mn_carrier_parse(&carrier, (struct mn_str){ w->commit.p,
							w->commit.len }) !=
	    MN_RULE_NONE)
		return mn_err_set(err, MN_ECORRUPT, "a commit has changed");
	w->is_old = carrier.seconds < (uint64_t)p->g->drop_before / 1000;
	if (!w->is_old && carrier.present &&
	    carrier.seconds < (uint64_t)gr->oldest / 1000)
		gr->oldest = (int64_t)carrier.seconds * 1000;
	base = base_of(w, &carrier.device, &is_new);
	r = mn_gc_read(w->rd, &o, &carrier.tree, err);
	if (r < 0) {
		r = may_miss(p, gr, r, err);
		if (r < 0)
			return r;
	} else {
		mn_buf_clear(&w->tree);
		mn_buf_add(&w->tree, o.data, o.len);
		r = add_named(p, w, gr, base, is_new, err);
		if (r < 0)
			return r;
		add_deflated(w, gr, &carrier.tree, MN_TREE, w->tree.p,
			     w->tree.len);
	}
	if (is_new) {
		add_base(w, &w->commits[base], &c->oid, w->commit.p,
			 w->commit.len);
		add_deflated(w, gr, &c->oid, MN_COMMIT, w->commit.p,
			     w->commit.len);
	} else {
		add_delta(w, gr, &c->oid, MN_COMMIT, w->commit.p,
			  w->commit.len, &w->commits[base]);
	}
	return 0;
}

static void make_group(void *ctx, int worker, size_t i)
{
	struct packing *p = ctx;
	struct worker *w = &p->workers[worker];
	struct group *gr = &p->groups[i];
	size_t from = p->first + i * GROUP;
	size_t to = p->nodes - from < GROUP ? p->nodes : from + GROUP;

	mn_vec_clear(&gr->e);
	mn_buf_clear(&gr->z);
	mn_buf_clear(&w->texts);
	memset(w->metas, 0, sizeof(w->metas));
	w->nbases = 0;
	gr->code = 0;
	gr->missing = 0;
	gr->oldest = INT64_MAX;
	for (; from < to && gr->code == 0; from++)
		gr->code = add_node(p, w, gr, &p->g->commits.p[from],
				    &gr->err);
}

/* putting them to the pack */

/* Only metas are stored as deltas, of blobs. */
static void note_size(struct mn_gc *g, enum mn_otype type, uint64_t size,
		      int is_delta)
{
	if (is_delta)
		size = MN_META_MAX;
	if (type == MN_BLOB && size > g->largest_blob)
		g->largest_blob = size;
}

int mn_gc_put(struct mn_gc *g, struct mn_pack *w, const struct mn_oid *oid,
	      struct mn_err *err)
{
	struct mn_inflater inflater = { NULL, NULL };
	struct mn_buf raw = MN_BUF_INIT;
	struct made m = { .oid = *oid };
	struct mn_packed e = { .oid = *oid };
	struct mn_object o;
	struct mn_oid is;
	int r;

	if (mn_pack_has(w, oid) || mn_gc_is_kept(g, oid))
		return 0;
	if (find_whole(g, &inflater, &raw, &m, MN_OBJECT_MAX) == 0) {
		e.type = m.type;
		e.size = m.size;
		e.z = m.z;
		e.zlen = m.zlen;
		note_size(g, e.type, e.size, 0);
		r = mn_pack_add_packed(w, &e, err);
	} else {
		r = mn_gc_read(g->rd, &o, oid, err);
		if (r == 0) {
			note_size(g, o.type, o.len, 0);
			r = mn_pack_add(w, &is, o.type, o.data, o.len, err);
		}
	}
	mn_inflater_release(&inflater);
	mn_buf_release(&raw);
	return r;
}

int mn_gc_put_all(struct mn_gc *g, struct mn_pack *w, const struct mn_oid *oid,
		  struct mn_err *err)
{
	struct mn_gc_oids todo = { 0 };
	enum mn_otype type;
	struct mn_object o;
	uint64_t size;
	int r = 0;

	*mn_vec_push(&todo) = *oid;
	while (todo.n && r == 0) {
		struct mn_oid at = todo.p[--todo.n];

		/* a pack that is kept need not hold all that its trees name */
		if (mn_pack_has(w, &at) ||
		    mn_map_get(&g->walked, at.b) != SIZE_MAX)
			continue;
		mn_map_put(&g->walked, at.b, 0);
		r = mn_reader_stat(g->rd, &type, &size, &at, err);
		if (r == MN_ENOTFOUND) {
			if (!mn_gc_may_miss(g, &at)) {
				r = MN_ECORRUPT;
				break;
			}
			mn_err_clear(err);
			g->missing |= g->partial;
			r = 0;
			continue;
		}
		if (r == 0 && type != MN_BLOB) {
			r = mn_gc_read(g->rd, &o, &at, err);
			if (r == 0)
				r = mn_gc_push_named(&todo, &o, err);
		}
		if (r == 0)
			r = mn_gc_put(g, w, &at, err);
	}
	mn_vec_release(&todo);
	return r;
}

int mn_gc_is_dropped(const struct mn_gc *g, const struct mn_oid *oid)
{
	return mn_map_get(&g->dropped, oid->b) != SIZE_MAX &&
		!mn_pack_has(g->pack, oid);
}

/* A content of an old node, or a piece of one: put if it is small, else noted.
 * Trees wait, so that younger nodes come first. */
static int drop(struct mn_gc *g, const struct mn_oid *oid, struct mn_err *err)
{
	enum mn_otype type;
	uint64_t size;
	int r = mn_reader_stat(g->rd, &type, &size, oid, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		g->missing = 1;
		return 0;
	}
	if (r < 0)
		return r;
	if (type == MN_TREE) {
		*mn_vec_push(&g->old_trees) = *oid;
		return 0;
	}
	if (type != MN_BLOB || size < MN_GC_DROP_MIN)
		return mn_gc_put(g, g->pack, oid, err);
	mn_map_put(&g->dropped, oid->b, 0);
	g->missing = 1;
	return 0;
}

/* The trees themselves stay: they are small. */
static int drop_pieces(struct mn_gc *g, struct mn_err *err)
{
	struct mn_gc_oids named = { 0 };
	struct mn_object o;
	int r = 0;

	for (size_t i = 0; i < g->old_trees.n && r == 0; i++) {
		struct mn_oid tree = g->old_trees.p[i];

		if (mn_pack_has(g->pack, &tree))
			continue;
		named.n = 0;
		r = mn_gc_read(g->rd, &o, &tree, err);
		if (r == 0)
			r = mn_gc_push_named(&named, &o, err);
		for (size_t k = 0; k < named.n && r == 0; k++)
			r = drop(g, &named.p[k], err);
		if (r == 0)
			r = mn_gc_put(g, g->pack, &tree, err);
	}
	mn_vec_release(&named);
	return r;
}

static int put_group(struct mn_gc *g, const struct group *gr,
		     struct mn_err *err)
{
	int r = gr->code;

	if (r < 0) {
		if (err)
			*err = gr->err;
		return r;
	}
	g->missing |= gr->missing;
	if (gr->oldest < g->oldest)
		g->oldest = gr->oldest;
	for (size_t i = 0; i < gr->e.n && r == 0; i++) {
		const struct made *m = &gr->e.p[i];
		struct mn_packed e = {
			.oid = m->oid, .type = m->type, .size = m->size,
			.z = m->z ? m->z : gr->z.p + m->at, .zlen = m->zlen,
			.is_delta = m->is_delta, .base = m->base,
		};

		if (m->type && mn_gc_is_kept(g, &m->oid))
			continue;
		if (m->is_old) {
			r = drop(g, &m->oid, err);
		} else if (!m->type) {
			r = mn_gc_put_all(g, g->pack, &m->oid, err);
		} else if (m->is_delta && !mn_pack_has(g->pack, &m->base)) {
			/* its base may lie in a pack that is kept */
			r = mn_gc_put(g, g->pack, &m->oid, err);
		} else {
			note_size(g, m->type, m->size, m->is_delta);
			r = mn_pack_add_packed(g->pack, &e, err);
		}
	}
	return r;
}

static void packing_init(struct packing *p, struct mn_gc *g)
{
	size_t n;

	memset(p, 0, sizeof(*p));
	p->g = g;
	p->pool = mn_pool_new(g->opt->threads);
	n = (size_t)mn_pool_threads(p->pool);
	p->workers = mn_xcalloc(n, sizeof(*p->workers));
	for (size_t i = 0; i < n; i++) {
		struct worker *w = &p->workers[i];

		w->rd = mn_reader_new(g->repo->store);
		w->deflater = mn_deflater_new(LEVEL);
		mn_buf_init(&w->commit);
		mn_buf_init(&w->tree);
		mn_buf_init(&w->raw);
		mn_buf_init(&w->delta);
		mn_buf_init(&w->texts);
	}
	for (size_t i = 0; i < ROUND; i++)
		mn_buf_init(&p->groups[i].z);
}

static void packing_release(struct packing *p)
{
	for (int i = 0; i < mn_pool_threads(p->pool); i++) {
		struct worker *w = &p->workers[i];

		mn_reader_free(w->rd);
		mn_inflater_release(&w->inflater);
		mn_deflater_free(w->deflater);
		mn_buf_release(&w->commit);
		mn_buf_release(&w->tree);
		mn_buf_release(&w->raw);
		mn_buf_release(&w->delta);
		mn_buf_release(&w->texts);
	}
	for (size_t i = 0; i < ROUND; i++) {
		mn_vec_release(&p->groups[i].e);
		mn_buf_release(&p->groups[i].z);
	}
	free(p->workers);
	mn_pool_free(p->pool);
}

static int put_nodes(struct packing *p, struct mn_err *err)
{
	int r = 0;

	for (p->first = 0; p->first < p->nodes && r == 0;
	     p->first += ROUND * GROUP) {
		size_t left = p->nodes - p->first;
		size_t n = (left + GROUP - 1) / GROUP;

		if (n > ROUND)
			n = ROUND;
		mn_pool_for(p->pool, n, 1, make_group, p);
		for (size_t i = 0; i < n && r == 0; i++)
			r = put_group(p->g, &p->groups[i], err);
		mn_gc_progress(p->g, "Packing nodes",
			       p->first + (left < ROUND * GROUP ? left
					   : ROUND * GROUP), p->nodes);
	}
	return r;
}

int mn_gc_write(struct mn_gc *g, struct mn_err *err)
{
	struct packing *p = mn_xcalloc(1, sizeof(*p));
	int r;

	packing_init(p, g);
	while (p->nodes < g->commits.n && g->commits.p[p->nodes].is_node)
		p->nodes++;
	g->counts->nodes = p->nodes;
	r = mn_pack_begin(&g->pack, g->repo->path, err);
	if (r == 0)
		r = put_nodes(p, err);
	/* what is no node comes last: merges, states, tags */
	for (size_t i = 0; i < g->roots.n && r == 0; i++)
		r = mn_gc_put_all(g, g->pack, &g->roots.p[i], err);
	for (size_t i = p->nodes; i < g->commits.n && r == 0; i++)
		r = mn_gc_put_all(g, g->pack, &g->commits.p[i].oid, err);
	if (r == 0)
		r = drop_pieces(g, err);
	packing_release(p);
	free(p);
	g->promisor = g->partial && (g->missing || g->opt->partial);
	if (g->promisor)
		mn_pack_promisor(g->pack);
	if (r == 0) {
		g->counts->objects = mn_pack_count(g->pack);
		r = mn_pack_finish(g->pack, g->counts->pack, err);
	}
	return r;
}
