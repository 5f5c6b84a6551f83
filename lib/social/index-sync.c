/*
 * Bringing the index up to date. From the tips that moved, commits are read
 * downwards until those that are in the index by their carrier; then the
 * nodes are loaded, by several threads where there are many, and inserted,
 * roughly the oldest first (any order would do).
 *
 * That is right only while refs move forward. A new node with the place of
 * an old one in its device's chain, a lost ref, another era: then history
 * was rewritten, and all of the profile is read again.
 *
 * In a partial repository metas may be missing. Such a node is noted and
 * left out; where one of these, or of the tips, has its meta by now, all of
 * the profile is read again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/parallel.h"
#include "social/index-impl.h"
#include "social/index-seed.h"

#include "banned.h"

#define CHUNK 256		/* nodes that are loaded before the next go in */
#define GRAIN 16
#define MANY 128		/* nodes for which threads are started */
#define BARE_TRIES 16		/* without meta, that are looked at again */

struct found {
	struct mn_oid carrier;
	int has_child;
	const struct mn_index_seeded *seeded;	/* NULL: to be read */
};

/* A loaded node. */
struct item {
	int r;				/* of loading */
	int bare;			/* only the meta is not here */
	struct mn_index_row row;	/* strings in the worker's arena */
	struct mn_id prev;
	uint64_t seconds;
};

struct worker {
	struct mn_reader *rd;
	struct mn_node node;
	struct mn_buf scratch;
	struct mn_arena strings[2];	/* one a batch */
	struct mn_err why;		/* of the first node that failed */
};

/* Two of them: one is loaded while the other is inserted. */
struct batch {
	struct item *items;
	size_t first, n;		/* of found, from the end */
};

struct sync {
	struct mn_index *ix;
	struct mn_profile *p;
	struct mn_index_state *st;
	struct mn_err *err;
	int full;			/* nothing of the profile is there yet */
	int partial;			/* metas may be missing */
	struct mn_index_seed *seed;	/* NULL: none */
	MN_VEC(struct found) found;
	size_t unread;			/* of them */
	struct mn_map by_carrier;
	struct mn_pool *pool;
	struct worker *workers;
	struct batch batches[2];
	size_t loading;			/* which of them */
	int r;				/* of inserting */
	int rewritten;
	uint64_t added;
};

/* walking */

/* 1, 0, or negative. */
static int is_indexed(struct sync *y, const struct mn_oid *carrier)
{
	sqlite3_stmt *s;
	int rc, found = 0;

	if (y->full)
		return 0;
	s = mn_index_stmt(y->ix, MN_SQL_HAS_CARRIER, y->err);
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, mn_index_key(y->st->no, carrier->b));
	while (!found && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		const unsigned char *p = sqlite3_column_blob(s, 0);

		found = p && sqlite3_column_bytes(s, 0) >= 28 + 16 &&
			!memcmp(p + 28, carrier->b + 4, 16);
	}
	sqlite3_reset(s);
	if (found)
		return 1;
	if (rc == SQLITE_DONE)
		return mn_index_bare_has(y->ix, y->st, carrier, y->err);
	return mn_index_fail(y->ix, rc, y->err);
}

static void cover_head(struct mn_index_state *st, const struct mn_oid *carrier)
{
	size_t kept = 0;

	for (size_t i = 0; i < st->heads.n; i++)
		if (!mn_oid_eq(&st->heads.p[i].carrier, carrier))
			st->heads.p[kept++] = st->heads.p[i];
	st->heads.n = kept;
}

static int note(struct sync *y, const struct mn_oid *carrier, int is_parent)
{
	size_t i = mn_map_get(&y->by_carrier, carrier->b);
	struct found *f;
	int r;

	if (i != SIZE_MAX) {
		y->found.p[i].has_child |= is_parent;
		return 0;
	}
	r = is_indexed(y, carrier);
	if (r == 1 && is_parent)
		cover_head(y->st, carrier);
	if (r)
		return r < 0 ? r : 0;
	mn_map_put(&y->by_carrier, carrier->b, y->found.n);
	f = mn_vec_push(&y->found);
	*f = (struct found){ .carrier = *carrier, .has_child = is_parent };
	if (y->seed)
		f->seeded = mn_index_seed_find(y->seed, carrier);
	y->unread += !f->seeded;
	return 0;
}

/* A commit that can't be read has no parents here; loading tells why. */
static int note_parents(struct sync *y, struct mn_carrier *c,
			const struct mn_oid *carrier)
{
	struct mn_oid oid = *carrier, parent;	/* found moves */
	struct mn_object o;
	int r = 0;

	if (mn_reader_read(y->p->rd, &o, &oid, MN_CARRIER_MAX, NULL) < 0 ||
	    o.type != MN_COMMIT ||
	    mn_carrier_parse(c, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE || c->is_merge)
		return 0;
	for (size_t i = 0; i < c->nparents && r == 0; i++) {
		mn_carrier_parent(&parent, c, i);
		r = note(y, &parent, 1);
	}
	return r;
}

static int walk(struct sync *y)
{
	struct mn_carrier *c = mn_xmalloc(sizeof(*c));
	int r = 0;

	for (size_t i = 0; i < y->found.n && r == 0; i++) {
		const struct mn_index_seeded *x = y->found.p[i].seeded;

		if (!x)
			r = note_parents(y, c, &y->found.p[i].carrier);
		for (size_t k = 0; x && k < x->nparents && r == 0; k++)
			r = note(y, &x->parents[k], 1);
	}
	free(c);
	return r;
}

/* loading */

static void keep(struct mn_str *s, struct mn_arena *a)
{
	if (s->p)
		*s = mn_arena_str(a, *s);
}

static void take_seeded(struct item *it, const struct mn_index_seeded *x)
{
	*it = (struct item){ .row = x->row, .prev = x->prev,
			     .seconds = x->seconds };
}

static void load(struct sync *y, struct worker *w, struct item *it,
		 const struct mn_oid *carrier, struct mn_arena *a)
{
	struct mn_err why = MN_ERR_INIT;
	struct mn_node *n = &w->node;
	int r = mn_node_load(n, w->rd, carrier, NULL, &why);

	if (r == 0 && n->carrier.is_merge)
		r = mn_err_set(&why, MN_EINVALID, "a merge stands where a "
			       "node must be");
	else if (r == 0 && !mn_id_eq(&n->meta.profile, &y->p->id))
		r = mn_err_set(&why, MN_EINVALID, "a node of another profile");
	it->r = r;
	it->bare = r == MN_ENOTFOUND && y->partial &&
		n->loaded != MN_NODE_NOTHING;
	if (r < 0) {
		if (!w->why.code && !it->bare)
			w->why = why;
		return;
	}
	mn_index_row_of(&it->row, &w->scratch, n);
	it->prev = n->meta.prev;
	it->seconds = n->carrier.seconds;
	keep(&it->row.kind, a);
	keep(&it->row.title, a);
	keep(&it->row.stream, a);
	keep(&it->row.tags, a);
}

/* inserting */

static void add_missing(struct mn_index_state *st, const struct mn_oid *oid)
{
	for (size_t i = 0; i < st->missing.n; i++)
		if (mn_oid_eq(&st->missing.p[i], oid))
			return;
	if (st->missing.n < MN_INDEX_MISSING_MAX)
		*mn_vec_push(&st->missing) = *oid;
}

/* Whether a node can be new, by what is known of its device. */
static int can_follow(const struct sync *y, const struct item *it)
{
	const struct mn_index_tip *t;

	if (y->full)
		return 1;
	t = mn_index_state_tip(y->st, &it->row.device);
	if (!t || !t->seq)
		return 1;
	if (it->row.era != t->era || it->row.seq <= t->seq)
		return 0;
	return it->row.seq > t->seq + 1 || mn_id_eq(&it->prev, &t->node);
}

static int insert(struct sync *y, const struct item *it,
		  const struct found *f)
{
	struct mn_head *h;
	int r;

	if (it->r == 0 &&
	    mn_profile_voids(y->p, &it->row.device, it->row.era, it->row.seq))
		return 0;
	if (it->bare)
		return mn_index_bare_put(y->ix, y->st, &f->carrier, y->err);
	if (it->r == 0 && !can_follow(y, it)) {
		y->rewritten = 1;
		return 0;
	}
	r = it->r < 0 ? MN_ELIMIT : mn_index_put(y->ix, y->st, &it->row,
						 y->err);
	if (r == MN_ELIMIT) {
		add_missing(y->st, &f->carrier);
		return 0;
	}
	if (r < 0)
		return r;
	if (r == 2 && !y->full)
		y->rewritten = 1;
	y->added += r == 0;
	if (f->has_child || r == 2)
		return 0;
	h = mn_vec_push(&y->st->heads);
	memset(h, 0, sizeof(*h));
	h->node = it->row.node;
	h->carrier = it->row.carrier;
	h->seconds = it->seconds;
	return 0;
}

static struct found *found_of(const struct sync *y, const struct batch *b,
			      size_t i)
{
	return &y->found.p[y->found.n - 1 - (b->first + i)];
}

static void insert_batch(struct sync *y, size_t which)
{
	struct batch *b = &y->batches[which];

	for (size_t i = 0; i < b->n && y->r == 0 && !y->rewritten; i++)
		y->r = insert(y, &b->items[i], found_of(y, b, i));
	b->n = 0;
	for (int i = 0; i < mn_pool_threads(y->pool); i++)
		mn_arena_reset(&y->workers[i].strings[which]);
}

/* Item 0 is to insert the batch before, the others are to load this one. */
static void work(void *ctx, int worker, size_t i)
{
	struct sync *y = ctx;
	struct worker *w = &y->workers[worker];
	struct batch *b = &y->batches[y->loading];
	const struct found *f = i ? found_of(y, b, i - 1) : NULL;

	if (!f)
		insert_batch(y, 1 - y->loading);
	else if (f->seeded)
		take_seeded(&b->items[i - 1], f->seeded);
	else
		load(y, w, &b->items[i - 1], &f->carrier,
		     &w->strings[y->loading]);
}

static void start_workers(struct sync *y, int threads)
{
	size_t n, size = y->found.n < CHUNK ? y->found.n : CHUNK;

	y->partial = mn_store_is_partial(y->p->repo.store);
	y->pool = mn_pool_new(y->unread < MANY ? 1 : threads);
	n = (size_t)mn_pool_threads(y->pool);
	y->workers = mn_xcalloc(n, sizeof(*y->workers));
	for (size_t i = 0; i < n; i++) {
		struct worker *w = &y->workers[i];

		w->rd = i ? mn_reader_new(y->p->repo.store) : y->p->rd;
		mn_node_init(&w->node);
		mn_buf_init(&w->scratch);
	}
	for (int i = 0; i < 2; i++)
		y->batches[i].items = mn_xcalloc(size + 1,
						 sizeof(struct item));
}

static void stop_workers(struct sync *y)
{
	for (int i = 0; i < mn_pool_threads(y->pool); i++) {
		struct worker *w = &y->workers[i];

		if (i)
			mn_reader_free(w->rd);
		mn_node_release(&w->node);
		mn_buf_release(&w->scratch);
		mn_arena_release(&w->strings[0]);
		mn_arena_release(&w->strings[1]);
		if (w->why.code && y->err && !y->err->code)
			*y->err = w->why;
	}
	free(y->workers);
	for (int i = 0; i < 2; i++)
		free(y->batches[i].items);
	mn_pool_free(y->pool);
}

static int load_all(struct sync *y, int threads)
{
	if (!y->found.n)
		return 0;
	start_workers(y, threads);
	for (size_t at = 0; at < y->found.n && y->r == 0 && !y->rewritten;
	     at += CHUNK) {
		size_t left = y->found.n - at;
		struct batch *b = &y->batches[y->loading];

		b->first = at;
		b->n = left < CHUNK ? left : CHUNK;
		mn_pool_for(y->pool, b->n + 1, GRAIN, work, y);
		y->loading = 1 - y->loading;
	}
	insert_batch(y, 1 - y->loading);
	stop_workers(y);
	return y->r;
}

/* the profile's row */

static int is_tip(const struct mn_index_row *row, const struct mn_pub *device)
{
	return !memcmp(row->device.b, device->b, 32);
}

/* What the index has to say of the node that a device's ref names. */
static int look_up_tip(struct sync *y, struct mn_index_tip *t,
		       struct mn_arena *a)
{
	struct mn_index_row row;
	int r = mn_index_by_carrier(&row, a, y->ix, &y->st->profile,
				    &t->carrier, NULL);

	if (r == MN_ENOTFOUND)
		return 0;
	if (r == 0 && is_tip(&row, &t->device)) {
		t->era = row.era;
		t->seq = row.seq;
		t->node = row.node;
	}
	return r;
}

static int take_tips(struct sync *y, const struct mn_ref_list *refs)
{
	struct mn_arena arena = MN_ARENA_INIT;
	MN_VEC(struct mn_index_tip) tips = { 0 };
	int r = 0;

	y->ix->last_profile = y->st->profile;
	y->ix->last_no = y->st->no;	/* its row is not written yet */
	for (size_t i = 0; i < refs->n && r == 0; i++) {
		struct mn_index_tip *old, t;

		memset(&t, 0, sizeof(t));
		if (mn_index_ref_device(&t.device, &refs->p[i]) < 0)
			continue;
		t.carrier = refs->p[i].oid;
		old = mn_index_state_tip(y->st, &t.device);
		if (old && mn_oid_eq(&old->carrier, &t.carrier) && old->seq) {
			t = *old;
		} else {
			r = look_up_tip(y, &t, &arena);
			if (old && old->seq && t.seq &&
			    (t.era != old->era || t.seq <= old->seq))
				y->rewritten = 1;
		}
		*mn_vec_push(&tips) = t;
	}
	mn_vec_release(&y->st->tips);
	y->st->tips.p = tips.p;
	y->st->tips.n = tips.n;
	y->st->tips.cap = tips.cap;
	mn_arena_release(&arena);
	return r;
}

static int cmp_head(const void *a, const void *b)
{
	return mn_id_cmp(&((const struct mn_head *)a)->node,
			 &((const struct mn_head *)b)->node);
}

/* Everything from the tips down to what is there; 1: history was
 * rewritten. */
static int catch_up(struct sync *y, const struct mn_ref_list *refs, int threads)
{
	struct mn_index_state *st = y->st;
	int r = 0;

	y->r = y->rewritten = 0;
	y->added = 0;
	y->unread = 0;
	mn_map_init(&y->by_carrier, sizeof(struct mn_oid));
	for (size_t i = 0; i < refs->n && r == 0; i++) {
		struct mn_index_tip *t;
		struct mn_pub d;

		if (mn_index_ref_device(&d, &refs->p[i]) < 0)
			continue;
		t = mn_index_state_tip(st, &d);
		if (!t || !mn_oid_eq(&t->carrier, &refs->p[i].oid))
			r = note(y, &refs->p[i].oid, 0);
	}
	if (r == 0)
		r = walk(y);
	mn_map_release(&y->by_carrier);
	if (r == 0)
		r = load_all(y, threads);
	if (r == 0 && !y->rewritten)
		r = take_tips(y, refs);
	mn_vec_release(&y->found);
	/* with forks, nodes may begin to count that lie below others */
	if (st->missing.n || st->bare || y->p->forks.n)
		mn_vec_clear(&st->heads);
	if (st->heads.n > 1)
		qsort(st->heads.p, st->heads.n, sizeof(*st->heads.p),
		      cmp_head);
	return r == 0 && y->rewritten ? 1 : r;
}

/* deciding */

/* Whether the index stands where the refs are; *lost: a device's ref is
 * gone. */
static int is_current(struct mn_index_state *st,
		      const struct mn_ref_list *refs, int *lost)
{
	size_t same = 0, known = 0, all = 0;

	for (size_t i = 0; i < refs->n; i++) {
		struct mn_index_tip *t;
		struct mn_pub d;

		if (mn_index_ref_device(&d, &refs->p[i]) < 0)
			continue;
		all++;
		t = mn_index_state_tip(st, &d);
		known += t != NULL;
		same += t && mn_oid_eq(&t->carrier, &refs->p[i].oid);
	}
	*lost = known != st->tips.n;
	return !*lost && same == all;
}

/* Some of those whose meta was not here, and the tips among them. */
static int some_bare(const struct sync *y, struct mn_node *n)
{
	const struct mn_index_state *st = y->st;
	struct mn_oid some[BARE_TRIES];
	int r = 0, k;

	for (size_t i = 0; i < st->tips.n && !r; i++)
		r = !st->tips.p[i].seq &&
			mn_node_load(n, y->p->rd, &st->tips.p[i].carrier,
				     NULL, NULL) == 0;
	k = mn_index_bare_some(some, BARE_TRIES, y->ix, st, NULL);
	for (int i = 0; i < k && !r; i++)
		r = mn_node_load(n, y->p->rd, &some[i], NULL, NULL) == 0;
	return r;
}

/* Whether a node that could not be read can be now; else why not. */
static int came_back(const struct sync *y)
{
	const struct mn_index_state *st = y->st;
	struct mn_node *n;
	int r = 0;

	if (!st->missing.n && !st->bare)
		return 0;
	n = mn_xcalloc(1, sizeof(*n));
	mn_node_init(n);
	for (size_t i = 0; i < st->missing.n && !r; i++)
		r = mn_node_load(n, y->p->rd, &st->missing.p[i], NULL,
				 i ? NULL : y->err) == 0;
	if (!r && st->bare)
		r = some_bare(y, n);
	mn_node_release(n);
	free(n);
	return r;
}

static int report_missing(const struct mn_index_state *st, struct mn_err *err)
{
	size_t n = st->missing.n;

	if (!n)
		return 0;
	return mn_err_wrap(err, MN_ECORRUPT, "%zu%s of the nodes can't be "
			   "read; the first", n,
			   n == MN_INDEX_MISSING_MAX ? " or more" : "");
}

/* In the transaction. */
static int update(struct sync *y, const struct mn_ref_list *refs, int threads)
{
	struct mn_index_state *st = y->st;
	int r = 0;

	if (y->full)
		r = mn_index_forget(y->ix, st, y->err);
	if (r == 0)
		r = catch_up(y, refs, threads);
	if (r == 1) {
		mn_err_clear(y->err);
		y->full = 1;
		r = mn_index_forget(y->ix, st, y->err);
		if (r == 0)
			r = catch_up(y, refs, threads);
	}
	return r < 0 ? r : mn_index_state_save(st, y->ix, y->err);
}

/* Of a profile that was never read, nothing need be sought. */
static int is_empty(const struct mn_index_state *st)
{
	return !st->posts && !st->bare && !st->tips.n && !st->missing.n;
}

/* Once more, now that no other process can write: 1 when there is nothing to
 * do after all. */
static int decide(struct sync *y, struct mn_ref_list *refs)
{
	int lost, current, r = mn_profile_tips(refs, y->p, y->err);

	if (r == 0)
		r = mn_index_state_load(y->st, y->ix, y->err);
	if (r < 0)
		return r;
	current = is_current(y->st, refs, &lost);
	if (!y->full && current && !y->st->missing.n && !y->st->bare)
		return 1;
	/* what came since the profile was opened */
	r = mn_store_refresh(y->p->repo.store, y->err);
	if (r < 0)
		return r;
	y->full |= lost || came_back(y) || is_empty(y->st);
	if (!y->full && current)
		return 1;
	return mn_index_state_open(y->st, y->ix, y->err);
}

static int locked_update(struct sync *y, int threads)
{
	struct mn_ref_list refs = { 0 };
	int r = mn_index_begin(y->ix, y->err);

	if (r < 0)
		return r;
	r = decide(y, &refs);
	if (r == 0)
		r = update(y, &refs, threads);
	if (r == 0)
		r = mn_index_commit(y->ix, y->err);
	else
		mn_index_rollback(y->ix);
	mn_refs_release(&refs);
	return r < 0 ? r : report_missing(y->st, y->err);
}

/* Without a lock: whether there is anything to do. */
static int look(struct sync *y)
{
	struct mn_ref_list refs = { 0 };
	int lost, r = mn_profile_tips(&refs, y->p, y->err);

	if (r == 0)
		r = mn_index_state_load(y->st, y->ix, y->err);
	if (r == 0)
		r = !is_current(y->st, &refs, &lost) ||
		    came_back(y);
	mn_refs_release(&refs);
	return r;
}

static int sync_once(struct mn_index *ix, struct mn_profile *p,
		     struct mn_index_seed *seed, int full, int threads,
		     uint64_t *count, struct mn_err *err)
{
	struct mn_index_state st;
	struct sync y = { .ix = ix, .p = p, .st = &st, .err = err,
			  .seed = seed, .full = full };
	int r;

	ix->rc = 0;
	mn_index_state_init(&st, &p->id);
	r = full ? 1 : look(&y);
	if (r == 1) {
		mn_err_clear(err);
		r = locked_update(&y, threads);
	} else if (r == 0) {
		r = report_missing(&st, err);
	}
	*count = st.posts;
	mn_index_state_release(&st);
	return r;
}

/* The database failed: what to go on with. */
static int recover(struct mn_index *ix, struct mn_err *err)
{
	if (ix->damaged)
		return mn_index_set_aside(ix, err);
	return mn_index_to_memory(ix, err);
}

int mn_index_sync(struct mn_index *ix, struct mn_profile *p,
		  struct mn_err *err)
{
	return mn_index_sync_from(ix, p, NULL, err);
}

int mn_index_sync_from(struct mn_index *ix, struct mn_profile *p,
		       struct mn_index_seed *seed, struct mn_err *err)
{
	uint64_t count;
	int r = 0;

	if (ix->adding == MN_ADD_ROWS)
		return mn_err_set(err, MN_EFAIL,
				  "the index is being added to");
	if (ix->damaged)
		r = recover(ix, err);
	for (int tries = 0; r >= 0; tries++) {
		r = sync_once(ix, p, seed, 0, 0, &count, err);
		if (r >= 0 || !ix->rc || tries == 2)
			break;
		r = recover(ix, err);
		if (r == 0)
			mn_err_clear(err);
	}
	return r;
}

int mn_index_rebuild(struct mn_index *ix, struct mn_profile *p, int threads,
		     uint64_t *count, struct mn_err *err)
{
	int r;

	mn_index_add_abort(ix);
	r = sync_once(ix, p, NULL, 1, threads, count, err);
	if (r == 0 || !ix->damaged)
		return r;
	r = recover(ix, err);
	if (r < 0)
		return r;
	mn_err_clear(err);
	return sync_once(ix, p, NULL, 1, threads, count, err);
}
