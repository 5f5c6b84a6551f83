/*
 * index-world: a home with a profile of three devices whose history is made
 * at random, and what the index must say of it by a model of its own.
 */
#ifndef MN_INDEX_WORLD_H
#define MN_INDEX_WORLD_H

#include "base/hex.h"
#include "social/index.h"
#include "social/index-impl.h"

#include "node-make.h"

#define DEVICES 3
#define NODES 320
#define WORDS (NODES / 64)

struct node {
	struct made made;
	size_t device;
	uint64_t seq, gen;
	int64_t time;
	const char *kind, *title, *stream;
	const char *tags[2];		/* ascending */
	size_t ntags;
	uint64_t below[WORDS];		/* ancestors, and itself */
};

struct world {
	struct rng rng;
	char dir[40];
	struct mn_home home;
	struct test_store s;		/* of the repository */
	struct mn_buf identity;
	struct mn_id profile;
	char hex[MN_ID_HEX + 1];
	struct author devices[DEVICES];
	size_t chain[DEVICES][NODES], n[DEVICES];
	uint64_t knows[DEVICES][WORDS];
	struct node nodes[NODES];
	size_t nnodes;
	struct mn_profile p;
	struct mn_index *ix;
	struct mn_err err;
	char hidden[MN_OID_HEX + 1];	/* name of a pack */
};

struct listing {
	struct mn_id ids[NODES + 8];
	size_t n;
	int bad;			/* a row is not what its node is */
	const struct world *w;
};

static int has(const uint64_t *set, size_t i) TAP_UNUSED;
static void join(uint64_t *to, const uint64_t *from) TAP_UNUSED;
static struct mn_str text_of(const struct mn_buf *b) TAP_UNUSED;
static void close_profile(struct world *w) TAP_UNUSED;
static void open_profile(struct world *w) TAP_UNUSED;
static void open_index(struct world *w) TAP_UNUSED;
static void finish_pack(struct world *w) TAP_UNUSED;
static void move_pack(struct world *w, int away) TAP_UNUSED;
static void hide_pack(struct world *w) TAP_UNUSED;
static void bring_pack(struct world *w) TAP_UNUSED;
static void set_ref(struct world *w, const char *name, const struct mn_oid
	*oid) TAP_UNUSED;
static void set_tip(struct world *w, size_t device, const struct mn_oid *oid)
	TAP_UNUSED;
static void make_repo(struct world *w, const struct mn_root *root) TAP_UNUSED;
static void world_begin(struct world *w, uint64_t seed, const char *home)
	TAP_UNUSED;
static void world_end(struct world *w) TAP_UNUSED;
static size_t maximal(const struct world *w, const uint64_t *set, size_t
	out[NODES]) TAP_UNUSED;
static int cmp_index_by_id(const void *a, const void *b, void *ctx)
	TAP_UNUSED;
static void dress(struct world *w, struct node *n, size_t i) TAP_UNUSED;
static void make(struct world *w, size_t i, const size_t *parents, size_t n,
	const char *salt, struct made *out) TAP_UNUSED;
static size_t post(struct world *w, size_t device) TAP_UNUSED;
static void history(struct world *w, size_t n) TAP_UNUSED;
static void show_all(struct world *w) TAP_UNUSED;
static int same_str(struct mn_str a, const char *b) TAP_UNUSED;
static int row_fits(const struct world *w, const struct mn_index_row *row)
	TAP_UNUSED;
static int take_row(void *ctx, const struct mn_index_row *row, struct mn_err
	*err) TAP_UNUSED;
static int wanted(const struct world *w, const struct node *n, const struct
	mn_index_query *q) TAP_UNUSED;
static int cmp_newest(const void *pa, const void *pb, void *ctx) TAP_UNUSED;
static int list_fits(struct world *w, const uint64_t *set, const struct
	mn_index_query *q) TAP_UNUSED;
static int heads_fit(struct world *w, const uint64_t *set) TAP_UNUSED;
static int count_is(struct world *w, uint64_t want) TAP_UNUSED;
static uint64_t size_of(const uint64_t *set) TAP_UNUSED;
static int holds(struct world *w, const uint64_t *set) TAP_UNUSED;
static int add_nodes(struct world *w, struct mn_index *ix, size_t first,
	size_t n, const struct mn_oid *old, const uint64_t *set) TAP_UNUSED;
static const struct mn_oid *carrier_of(struct world *w, size_t device)
	TAP_UNUSED;
static void post_and_add(struct world *w, size_t d, size_t n) TAP_UNUSED;

static int has(const uint64_t *set, size_t i)
{
	return (int)(set[i / 64] >> (i % 64) & 1);
}

static void join(uint64_t *to, const uint64_t *from)
{
	for (size_t i = 0; i < WORDS; i++)
		to[i] |= from[i];
}

static struct mn_str text_of(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

/* the world */

static void close_profile(struct world *w)
{
	mn_profile_close(&w->p);
}

static void open_profile(struct world *w)
{
	must(mn_profile_open(&w->p, &w->home, w->hex, &w->err), &w->err);
}

static void open_index(struct world *w)
{
	must(mn_index_open(&w->ix, &w->home, 10000, &w->err), &w->err);
}

static void finish_pack(struct world *w)
{
	if (w->s.pack)
		must(mn_pack_finish(w->s.pack, NULL, &w->err), &w->err);
	mn_pack_free(w->s.pack);
	w->s.pack = NULL;
}

static void move_pack(struct world *w, int away)
{
	static const char *const ends[] = { "pack", "idx" };

	for (size_t i = 0; i < 2; i++) {
		struct mn_buf here = MN_BUF_INIT, there = MN_BUF_INIT;

		mn_buf_addf(&here, "%s/objects/pack/pack-%s.%s",
			    w->s.path.p, w->hidden, ends[i]);
		mn_buf_addf(&there, "%s/%s", w->dir, ends[i]);
		if (away ? rename(here.p, there.p) : rename(there.p, here.p))
			abort();
		mn_buf_release(&here);
		mn_buf_release(&there);
	}
}

/* Finishes the pack elsewhere, where the profile does not see it. */
static void hide_pack(struct world *w)
{
	char name[MN_OID_HEX + 1];

	must(mn_pack_finish(w->s.pack, name, &w->err), &w->err);
	mn_pack_free(w->s.pack);
	w->s.pack = NULL;
	snprintf(w->hidden, sizeof(w->hidden), "%s", name);
	move_pack(w, 1);
}

static void bring_pack(struct world *w)
{
	move_pack(w, 0);
}

static void set_ref(struct world *w, const char *name, const struct mn_oid *oid)
{
	struct mn_ref_update u = { .name = name, .any_old = 1 };

	if (oid)
		u.new_oid = *oid;
	must(mn_refs_update(w->s.path.p, &u, 1, &w->err), &w->err);
}

static void set_tip(struct world *w, size_t device, const struct mn_oid *oid)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;

	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1,
		      w->devices[device].pub.b, 32);
	set_ref(w, name, oid);
}

static void make_repo(struct world *w, const struct mn_root *root)
{
	struct mn_identity id;
	struct mn_oid blob;
	char *path;

	mn_buf_init(&w->identity);
	identity_of(&w->identity, root, w->devices, DEVICES);
	mn_identity_init(&id);
	if (mn_identity_parse(&id, text_of(&w->identity)) != MN_RULE_NONE)
		abort();
	w->profile = *mn_identity_profile(&id);
	mn_identity_release(&id);
	mn_id_hex(w->hex, &w->profile);
	path = mn_home_repo(&w->home, w->hex);
	mn_buf_init(&w->s.path);
	mn_buf_adds(&w->s.path, path);
	free(path);
	must(mn_repo_init(w->s.path.p, w->hex, &w->err), &w->err);
	store_put(&w->s, &blob, MN_BLOB, w->identity.p, w->identity.len);
	finish_pack(w);
	set_ref(w, MN_REF_IDENTITY, &blob);
	open_profile(w);
}

/* home NULL: one of its own */
static void world_begin(struct world *w, uint64_t seed, const char *home)
{
	struct mn_root *root;

	memset(w, 0, sizeof(*w));
	w->rng.state = seed;
	if (home) {
		snprintf(w->dir, sizeof(w->dir), "%s", home);
	} else {
		snprintf(w->dir, sizeof(w->dir), "/tmp/mn-test-index-XXXXXX");
		if (!mkdtemp(w->dir))
			abort();
	}
	mn_home_init(&w->home, w->dir);
	must(mn_home_create(&w->home, &w->err), &w->err);
	root = root_make(&w->rng);
	for (size_t i = 0; i < DEVICES; i++)
		author_init(&w->devices[i], &w->rng);
	authors_sort(w->devices, DEVICES);
	make_repo(w, root);
	mn_root_free(root);
	if (!home)
		open_index(w);
}

static void world_end(struct world *w)
{
	if (w->ix) {
		mn_index_close(w->ix);
		must(mn_io_remove_tree(w->dir, &w->err), &w->err);
	}
	finish_pack(w);
	close_profile(w);
	for (size_t i = 0; i < DEVICES; i++)
		mn_secret_free(w->devices[i].secret);
	mn_buf_release(&w->identity);
	mn_buf_release(&w->s.path);
	mn_home_release(&w->home);
}

/* The maximal nodes of a set. */
static size_t maximal(const struct world *w, const uint64_t *set,
		      size_t out[NODES])
{
	size_t n = 0, k;

	for (size_t i = 0; i < w->nnodes; i++) {
		if (!has(set, i))
			continue;
		for (k = 0; k < w->nnodes; k++)
			if (k != i && has(set, k) &&
			    has(w->nodes[k].below, i))
				break;
		if (k == w->nnodes)
			out[n++] = i;
	}
	return n;
}

static int cmp_index_by_id(const void *a, const void *b, void *ctx)
{
	const struct world *w = ctx;

	return mn_id_cmp(&w->nodes[*(const size_t *)a].made.id,
			 &w->nodes[*(const size_t *)b].made.id);
}

static void dress(struct world *w, struct node *n, size_t i)
{
	n->kind = i % 7 == 3 ? "reply" : "post";
	n->title = i % 3 ? NULL : "a title";
	n->stream = i % 5 == 1 ? "photos" : i % 50 == 2 ? "seldom" : NULL;
	if (i % 4 == 0)
		n->tags[n->ntags++] = "alpha";
	if (i % 6 == 0)
		n->tags[n->ntags++] = i % 12 ? "beta" : "b%_'\"\xc3\xa9";
	/* some at the same time, some out of order */
	n->time = 1700000000000 + (int64_t)(rng_below(&w->rng, NODES) * 1000);
}

/* Encodes node i; salt makes another carrier of the same node. */
static void make(struct world *w, size_t i, const size_t *parents, size_t n,
		 const char *salt, struct made *out)
{
	struct node *node = &w->nodes[i];
	const size_t *chain = w->chain[node->device];
	struct mn_oid carriers[MN_PARENTS_MAX];
	struct mn_buf identity = MN_BUF_INIT;
	struct mn_meta m;

	mn_meta_init(&m);
	m.kind = mn_str(node->kind);
	m.profile = w->profile;
	m.device = w->devices[node->device].pub;
	m.seq = node->seq;
	if (m.seq > 1) {
		m.prev = w->nodes[chain[m.seq - 2]].made.id;
		m.skip = m.prev;
		if (mn_lipmaa(m.seq) < m.seq - 1)
			m.skip = w->nodes[chain[mn_lipmaa(m.seq) - 1]].made.id;
	}
	m.nparents = n;
	for (size_t k = 0; k < n; k++) {
		m.parents[k] = w->nodes[parents[k]].made.id;
		carriers[k] = w->nodes[parents[k]].made.carrier;
	}
	m.gen = node->gen;
	m.time = node->time;
	if (node->title)
		m.summary = mn_str(node->title);
	if (node->stream)
		m.stream = mn_str(node->stream);
	m.ntags = node->ntags;
	for (size_t k = 0; k < node->ntags; k++)
		m.tags[k] = mn_str(node->tags[k]);
	mn_buf_addstr(&identity, text_of(&w->identity));
	mn_buf_adds(&identity, salt);
	node_make(out, &w->s, &m, &w->devices[node->device], carriers,
		  text_of(&identity));
	mn_buf_release(&identity);
}

/* A device posts on top of what it knows. */
static size_t post(struct world *w, size_t device)
{
	size_t i = w->nnodes, heads[NODES], n;
	struct node *node = &w->nodes[i];

	if (i == NODES)
		abort();
	node->device = device;
	node->seq = w->n[device] + 1;
	n = maximal(w, w->knows[device], heads);
	qsort_r(heads, n, sizeof(*heads), cmp_index_by_id, w);
	for (size_t k = 0; k < n; k++) {
		if (w->nodes[heads[k]].gen > node->gen)
			node->gen = w->nodes[heads[k]].gen;
		join(node->below, w->nodes[heads[k]].below);
	}
	node->gen++;
	dress(w, node, i);
	make(w, i, heads, n, "", &node->made);
	node->below[i / 64] |= UINT64_C(1) << (i % 64);
	join(w->knows[device], node->below);
	w->chain[device][w->n[device]++] = i;
	w->nnodes++;
	return i;
}

static void history(struct world *w, size_t n)
{
	while (n--) {
		size_t d = rng_below(&w->rng, DEVICES);

		if (rng_below(&w->rng, 4) == 0)
			join(w->knows[d],
			     w->knows[rng_below(&w->rng, DEVICES)]);
		post(w, d);
	}
	finish_pack(w);
}

static void show_all(struct world *w)
{
	for (size_t d = 0; d < DEVICES; d++)
		if (w->n[d])
			set_tip(w, d, &w->nodes[w->chain[d][w->n[d] - 1]]
				.made.carrier);
}

/* lists, against the model */


static int same_str(struct mn_str a, const char *b)
{
	return b ? mn_str_eq(a, b) : !a.p;
}

static int row_fits(const struct world *w, const struct mn_index_row *row)
{
	char tags[64];

	for (size_t i = 0; i < w->nnodes; i++) {
		const struct node *n = &w->nodes[i];

		if (!mn_id_eq(&n->made.id, &row->node))
			continue;
		snprintf(tags, sizeof(tags), "%s%s%s", n->ntags ? n->tags[0]
			 : "", n->ntags > 1 ? " " : "",
			 n->ntags > 1 ? n->tags[1] : "");
		return mn_oid_eq(&row->carrier, &n->made.carrier) &&
		       !memcmp(row->device.b, w->devices[n->device].pub.b,
			       32) &&
		       row->seq == n->seq && row->gen == n->gen &&
		       row->era == 0 && row->time == n->time &&
		       same_str(row->kind, n->kind) &&
		       same_str(row->title, n->title) &&
		       same_str(row->stream, n->stream) &&
		       same_str(row->tags, n->ntags ? tags : NULL) &&
		       mn_oid_is_zero(&row->text) && !row->has_media &&
		       !mn_oid_is_zero(&row->meta);
	}
	return 0;
}

static int take_row(void *ctx, const struct mn_index_row *row,
		    struct mn_err *err)
{
	struct listing *l = ctx;

	(void)err;
	if (l->n < sizeof(l->ids) / sizeof(*l->ids))
		l->ids[l->n++] = row->node;
	l->bad |= !row_fits(l->w, row);
	return 0;
}

static int wanted(const struct world *w, const struct node *n,
		  const struct mn_index_query *q)
{
	if ((q->stream && (!n->stream || strcmp(n->stream, q->stream))) ||
	    (q->kind && strcmp(n->kind, q->kind)) ||
	    (q->device && memcmp(w->devices[n->device].pub.b, q->device->b,
				 32)) ||
	    n->time < q->since || (q->until && n->time > q->until) ||
	    (q->want && q->want(q->want_ctx, &n->made.carrier) != 1))
		return 0;
	for (size_t i = 0; i < q->ntags; i++) {
		size_t k = 0;

		while (k < n->ntags && strcmp(n->tags[k], q->tags[i]))
			k++;
		if (k == n->ntags)
			return 0;
	}
	return 1;
}

static int cmp_newest(const void *pa, const void *pb, void *ctx)
{
	const struct world *w = ctx;
	const struct node *a = &w->nodes[*(const size_t *)pa];
	const struct node *b = &w->nodes[*(const size_t *)pb];

	if (a->gen != b->gen)
		return a->gen < b->gen ? 1 : -1;
	if (a->time != b->time)
		return a->time < b->time ? 1 : -1;
	return -mn_id_cmp(&a->made.id, &b->made.id);
}

/* Whether a list is what the model says of the nodes in the set. */
static int list_fits(struct world *w, const uint64_t *set,
		     const struct mn_index_query *q)
{
	struct listing l = { .w = w };
	size_t all[NODES], n = 0;

	for (size_t i = 0; i < w->nnodes; i++)
		if (has(set, i) && wanted(w, &w->nodes[i], q))
			all[n++] = i;
	qsort_r(all, n, sizeof(*all), cmp_newest, w);
	must(mn_index_list(w->ix, q, take_row, &l, &w->err), &w->err);
	if (l.bad || l.n != (q->limit && q->limit < n ? q->limit : n)) {
		fprintf(stderr, "# %zu rows of %zu%s\n", l.n, n,
			l.bad ? ", some wrong" : "");
		return 0;
	}
	for (size_t i = 0; i < l.n; i++)
		if (!mn_id_eq(&l.ids[i], &w->nodes[all[q->reverse ? n - 1 - i
						       : i]].made.id))
			return 0;
	return 1;
}

/* E of the set, from the model, against what the index remembers. */
static int heads_fit(struct world *w, const uint64_t *set)
{
	struct mn_arena a = MN_ARENA_INIT;
	struct mn_known_heads k;
	size_t heads[NODES], n = maximal(w, set, heads);
	int good;

	qsort_r(heads, n, sizeof(*heads), cmp_index_by_id, w);
	must(mn_index_known_heads(&k, &a, w->ix, &w->p, &w->err), &w->err);
	good = k.nheads == n;
	for (size_t i = 0; i < n && good; i++)
		good = mn_id_eq(&k.heads[i].node,
				&w->nodes[heads[i]].made.id) &&
		       mn_oid_eq(&k.heads[i].carrier,
				 &w->nodes[heads[i]].made.carrier) &&
		       k.heads[i].seconds ==
		       (uint64_t)w->nodes[heads[i]].time / 1000;
	mn_arena_release(&a);
	return good;
}

static int count_is(struct world *w, uint64_t want)
{
	uint64_t n;

	must(mn_index_count(&n, w->ix, &w->profile, &w->err), &w->err);
	if (n != want)
		fprintf(stderr, "# count %ju, not %ju\n", (uintmax_t)n,
			(uintmax_t)want);
	return n == want;
}

static uint64_t size_of(const uint64_t *set)
{
	uint64_t n = 0;

	for (size_t i = 0; i < NODES; i++)
		n += (uint64_t)has(set, i);
	return n;
}

/* The index holds just this set. */
static int holds(struct world *w, const uint64_t *set)
{
	struct mn_index_query q = { .profile = &w->profile };

	return count_is(w, size_of(set)) && list_fits(w, set, &q) &&
	       heads_fit(w, set);
}

/* adding */

static int add_nodes(struct world *w, struct mn_index *ix, size_t first,
		     size_t n, const struct mn_oid *old, const uint64_t *set)
{
	struct mn_node node;
	struct mn_buf scratch = MN_BUF_INIT;
	struct mn_index_row row;
	struct mn_head heads[DEVICES];
	size_t list[NODES], k = maximal(w, set, list);

	qsort_r(list, k, sizeof(*list), cmp_index_by_id, w);
	for (size_t i = 0; i < k; i++)
		heads[i] = (struct mn_head){
			w->nodes[list[i]].made.id,
			w->nodes[list[i]].made.carrier,
			(uint64_t)w->nodes[list[i]].time / 1000 };
	must(mn_index_add_begin(ix, &w->p,
				&w->devices[w->nodes[first].device].pub, old,
				&w->err), &w->err);
	mn_node_init(&node);
	must(mn_store_refresh(w->p.repo.store, &w->err), &w->err);
	for (size_t i = first; i < first + n; i++) {
		must(mn_node_load(&node, w->p.rd, &w->nodes[i].made.carrier,
				  NULL, &w->err), &w->err);
		mn_index_row_of(&row, &scratch, &node);
		must(mn_index_add(ix, &row, &w->err), &w->err);
	}
	mn_node_release(&node);
	mn_buf_release(&scratch);
	return mn_index_add_commit(ix, heads, k, &w->err);
}

static const struct mn_oid *carrier_of(struct world *w, size_t device)
{
	static const struct mn_oid none;

	return w->n[device] ? &w->nodes[w->chain[device][w->n[device] - 1]]
				.made.carrier : &none;
}

/* A device posts n nodes and tells the index. */
static void post_and_add(struct world *w, size_t d, size_t n)
{
	struct mn_oid old = *carrier_of(w, d);
	size_t first = w->nnodes;

	for (size_t i = 0; i < n; i++)
		post(w, d);
	finish_pack(w);
	set_tip(w, d, carrier_of(w, d));
	must(add_nodes(w, w->ix, first, n, &old, w->knows[d]), &w->err);
}

#endif
