/*
 * Deltas form trees, whose roots are whole objects. Each tree is walked by
 * one thread, depth first, with a stack of its own: an object is made from
 * the one above it, which is held while it has children left.
 *
 * What is held stays small by the order. Children that have none themselves
 * come first, those with the largest trees last; and an object is let go
 * before the tree below its last child is entered. So a chain of any length
 * holds one object, and to hold k of them takes 2^k deltas. How large the
 * tree is below a REF_DELTA shows only when its name is known: such a child
 * is made once to see, and once more when its turn has come, if there is
 * anything below it.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "base/parallel.h"
#include "git/delta.h"
#include "git/indexpack-impl.h"

#include "banned.h"

#define FEW 512			/* deltas that are not worth threads */
#define GRAIN 16
#define HELD ((uint64_t)64 << 20)	/* and 16 objects of the largest size */
#define SPARE ((size_t)1 << 20)	/* larger buffers are not kept */
#define CACHED ((size_t)1 << 20)	/* readers keep bases up to this */
#define SHORTEST 4		/* delta that git takes */
#define SLACK ((uint64_t)64 << 20)
#define RATIO 1100

struct frame {			/* an object whose children are being made */
	uint32_t obj, at, end;	/* the children left: child[at..end) */
	size_t ref, ref_end;	/* refs[ref..ref_end) */
	size_t late;		/* and the worker's late[late..] */
	unsigned depth;
	uint64_t cost;
	struct mn_buf data;
};

struct worker {
	struct forest *f;
	struct mn_inflater inflater;
	struct mn_buf delta, out;
	MN_VEC(struct frame) stack;
	MN_VEC(uint32_t) late;	/* to be made once more */
	int r;
	struct mn_err err;
};

struct forest {
	struct mn_indexpack *ip;
	struct mn_map_file pack;
	uint32_t *first;	/* child[first[i]..first[i + 1]) are upon i */
	uint32_t *child;
	uint32_t *weight;	/* of a child by OFS: objects below, and itself */
	atomic_uchar *taken;	/* of refs: whether those upon the same base,
				   of which this is the first, are dealt with */
	uint32_t *root;
	size_t nroots;
	uint64_t max_inflated, max_work, max_held;
	atomic_uint_least64_t inflated, work, held;
	atomic_int failed;
	struct worker *workers;
	int threads;
};

static int by_base(const void *a, const void *b)
{
	const struct mn_ip_ref *x = a, *y = b;
	int r = mn_oid_cmp(&x->base, &y->base);

	return r ? r : x->obj < y->obj ? -1 : x->obj > y->obj;
}

static int by_weight(const void *a, const void *b, void *ctx)
{
	const uint32_t *x = a, *y = b, *weight = ctx;

	if (weight[*x] != weight[*y])
		return weight[*x] < weight[*y] ? -1 : 1;
	return *x < *y ? -1 : *x > *y;
}

/* Links the deltas by OFS to their bases. */
static void link_ofs(struct forest *f)
{
	const struct mn_indexpack *ip = f->ip;
	uint32_t n = (uint32_t)ip->e.n;

	f->first = mn_xcalloc((size_t)n + 2, sizeof(*f->first));
	f->child = mn_xcalloc(ip->ofs.n + 1, sizeof(*f->child));
	f->weight = mn_xcalloc((size_t)n + 1, sizeof(*f->weight));
	for (uint32_t i = 0; i < n; i++)
		f->weight[i] = 1;
	for (size_t i = ip->ofs.n; i-- > 0; )	/* bases stand before */
		f->weight[ip->ofs.p[i].base] += f->weight[ip->ofs.p[i].obj];
	for (size_t i = 0; i < ip->ofs.n; i++)
		f->first[ip->ofs.p[i].base + 2]++;
	for (uint32_t i = 1; i < n; i++)
		f->first[i + 1] += f->first[i];
	/* first[i + 1] is where the next child of i goes, and in the end
	 * where those of i end. */
	for (size_t i = 0; i < ip->ofs.n; i++)
		f->child[f->first[ip->ofs.p[i].base + 1]++] =
			ip->ofs.p[i].obj;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t k = f->first[i + 1] - f->first[i];

		if (k > 1 && f->weight[i] > k + 1)
			qsort_r(f->child + f->first[i], k, sizeof(*f->child),
				by_weight, f->weight);
	}
}

/* The first of the deltas by REF that are upon an object; refs.n for none. */
static size_t first_ref(const struct forest *f, const struct mn_oid *oid)
{
	const struct mn_ip_ref *p = f->ip->refs.p;
	size_t lo = 0, hi = f->ip->refs.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (mn_oid_cmp(&p[mid].base, oid) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->ip->refs.n && mn_oid_eq(&p[lo].base, oid) ? lo :
		f->ip->refs.n;
}

static int has_children(const struct forest *f, uint32_t obj)
{
	size_t ref;

	if (f->first[obj + 1] > f->first[obj])
		return 1;
	ref = first_ref(f, &f->ip->e.p[obj].oid);
	return ref < f->ip->refs.n && !atomic_load(&f->taken[ref]);
}

static void find_roots(struct forest *f)
{
	const struct mn_indexpack *ip = f->ip;

	f->root = mn_xmalloc(ip->e.n * sizeof(*f->root) + 1);
	for (uint32_t i = 0; i < ip->e.n; i++)
		if (ip->type.p[i] && has_children(f, i))
			f->root[f->nroots++] = i;
}

static int over(struct mn_err *err, const char *what)
{
	return mn_err_set(err, MN_ELIMIT, "the deltas of a pack make too much "
			  "%s", what);
}

/* Adds, unless that were more than max: then -1. */
static int spend(atomic_uint_least64_t *sum, uint64_t n, uint64_t max)
{
	return atomic_fetch_add(sum, n) + n > max ? -1 : 0;
}

/* Inflates an entry; what is a delta, as such. */
static int inflate_entry(struct worker *w, struct mn_buf *out, uint32_t obj,
			 struct mn_err *err)
{
	const struct mn_indexpack *ip = w->f->ip;
	uint64_t off = ip->e.p[obj].off;
	uint64_t end = obj + 1 < ip->e.n ? ip->e.p[obj + 1].off : ip->end;
	const unsigned char *p = w->f->pack.p + off;
	struct mn_packentry h;
	const char *why;
	size_t used;

	mn_buf_clear(out);
	/* All this was right when it was read; the disk may be failing. */
	if (mn_packentry_parse(&h, p, (size_t)(end - off), &why) <= 0 ||
	    h.size > ip->lim.object_bytes)
		return mn_err_set(err, MN_EIO, "'%s' has changed", ip->tmp.p);
	mn_buf_grow(out, (size_t)h.size);
	if (mn_inflate(&w->inflater, p + h.len, (size_t)(end - off) - h.len,
		       out->p, (size_t)h.size, &used))
		return mn_err_set(err, MN_EIO, "'%s' has changed", ip->tmp.p);
	mn_buf_setlen(out, (size_t)h.size);
	return 0;
}

/* Makes a child of what the frame holds, in w->out. */
static int make(struct worker *w, const struct frame *up, uint32_t obj,
		uint64_t *cost, struct mn_err *err)
{
	struct forest *f = w->f;
	struct mn_indexpack *ip = f->ip;
	enum mn_otype type = (enum mn_otype)ip->type.p[up->obj];
	uint64_t size;
	int r;

	if (up->depth >= ip->lim.delta_depth)
		return mn_err_set(err, MN_ELIMIT, "more than %u deltas in a "
				  "chain", ip->lim.delta_depth);
	r = inflate_entry(w, &w->delta, obj, err);
	if (r < 0)
		return r;
	if (w->delta.len < SHORTEST ||
	    mn_delta_size(&size, w->delta.p, w->delta.len))
		return mn_err_set(err, MN_EINVALID, "a delta is damaged");
	if (size > ip->lim.object_bytes)
		return mn_err_set(err, MN_ELIMIT, "an object of %llu bytes, "
				  "where the limit is %llu",
				  (unsigned long long)size,
				  (unsigned long long)ip->lim.object_bytes);
	*cost = up->cost + (size > CACHED ? size : 0);
	if (spend(&f->inflated, size, f->max_inflated))
		return over(err, "data");
	if (spend(&f->work, *cost, f->max_work))
		return over(err, "work");
	r = mn_delta_apply(&w->out, up->data.p, up->data.len, w->delta.p,
			   w->delta.len, (size_t)ip->lim.object_bytes, err);
	if (r < 0)	/* nothing of ours is corrupt, theirs is invalid */
		return mn_err_set(err, MN_EINVALID, "a delta is damaged, or "
				  "is not upon that base");
	mn_oid_of(&ip->e.p[obj].oid, type, w->out.p, w->out.len);
	ip->type.p[obj] = (unsigned char)type;
	return 0;
}

static void pop(struct worker *w)
{
	struct frame *fr = &w->stack.p[--w->stack.n];

	atomic_fetch_sub(&w->f->held, fr->data.cap);
	if (!w->out.cap && fr->data.cap < SPARE) {
		mn_buf_clear(&fr->data);
		w->out = fr->data;
	} else {
		mn_buf_release(&fr->data);
	}
	w->late.n = fr->late;
}

/* The object in w->out, with all its children left. */
static int push(struct worker *w, uint32_t obj, unsigned depth, uint64_t cost,
		struct mn_err *err)
{
	struct forest *f = w->f;
	size_t n = f->ip->refs.n, ref;
	struct frame fr = {
		.obj = obj, .depth = depth, .cost = cost, .late = w->late.n,
		.at = f->first[obj], .end = f->first[obj + 1],
		.data = w->out
	};

	ref = n ? first_ref(f, &f->ip->e.p[obj].oid) : n;
	/* An object that is there twice is refused in the end; till then only
	 * one of the two may have these children. */
	if (ref < n && !atomic_exchange(&f->taken[ref], 1)) {
		fr.ref = fr.ref_end = ref;
		while (fr.ref_end < n &&
		       mn_oid_eq(&f->ip->refs.p[fr.ref_end].base,
				 &f->ip->refs.p[ref].base))
			fr.ref_end++;
	}
	mn_buf_init(&w->out);
	*mn_vec_push(&w->stack) = fr;
	if (spend(&f->held, fr.data.cap, f->max_held))
		return over(err, "to be held in memory");
	return 0;
}

/* The next child that is left: 1, and whether it is its turn for good. */
static int next(struct worker *w, struct frame *fr, uint32_t *obj, int *turn)
{
	const struct forest *f = w->f;

	*turn = 0;
	if (fr->at < fr->end && f->weight[f->child[fr->at]] == 1) {
		*obj = f->child[fr->at++];
		return 1;
	}
	if (fr->ref < fr->ref_end) {
		f->ip->refs.p[fr->ref].from = fr->obj;
		*obj = f->ip->refs.p[fr->ref++].obj;
		return 1;
	}
	*turn = 1;
	if (w->late.n > fr->late)
		*obj = w->late.p[--w->late.n];
	else if (fr->at < fr->end)
		*obj = f->child[fr->at++];
	else
		return 0;
	return 1;
}

static int is_last(const struct worker *w, const struct frame *fr)
{
	return fr->at == fr->end && fr->ref == fr->ref_end &&
		w->late.n == fr->late;
}

/* One child of the frame on top. */
static int step(struct worker *w, struct mn_err *err)
{
	struct frame *fr = &w->stack.p[w->stack.n - 1];
	unsigned depth = fr->depth;
	uint64_t cost = 0;
	uint32_t obj;
	int turn, last, r;

	if (!next(w, fr, &obj, &turn)) {
		pop(w);
		return 0;
	}
	r = make(w, fr, obj, &cost, err);
	if (r < 0 || !has_children(w->f, obj))
		return r;
	last = is_last(w, fr);
	if (!turn && !last) {
		*mn_vec_push(&w->late) = obj;
		return 0;
	}
	if (last)
		pop(w);
	return push(w, obj, depth + 1, cost, err);
}

static void walk_tree(void *ctx, int worker, size_t i)
{
	struct forest *f = ctx;
	struct worker *w = &f->workers[worker];
	uint32_t obj = f->root[i];
	size_t size;
	int r;

	if (atomic_load(&f->failed))
		return;
	r = inflate_entry(w, &w->out, obj, &w->err);
	size = w->out.len;
	if (!r)
		r = push(w, obj, 0, size > CACHED ? size : 0, &w->err);
	while (!r && w->stack.n) {
		if (atomic_load_explicit(&f->failed, memory_order_relaxed))
			return;
		r = step(w, &w->err);
	}
	if (r < 0) {
		w->r = r;
		atomic_store(&f->failed, 1);
	}
}

static void set_limits(struct forest *f)
{
	const struct mn_indexpack_limits *lim = &f->ip->lim;
	uint64_t ratio = SLACK + f->ip->end * RATIO;

	f->max_inflated = lim->inflated_bytes < ratio ? lim->inflated_bytes :
		ratio;
	f->max_work = lim->work_bytes;
	f->max_held = HELD + 16 * lim->object_bytes;
	atomic_init(&f->inflated, f->ip->inflated);
	atomic_init(&f->work, 0);
	atomic_init(&f->held, 0);
	atomic_init(&f->failed, 0);
}

static int walk(struct forest *f, struct mn_err *err)
{
	struct mn_pool *pool;
	int r = 0;

	pool = mn_pool_new(f->ip->ofs.n + f->ip->refs.n < FEW ? 1 : 0);
	f->threads = mn_pool_threads(pool);
	f->workers = mn_xcalloc((size_t)f->threads, sizeof(*f->workers));
	for (int i = 0; i < f->threads; i++) {
		f->workers[i].f = f;
		mn_buf_init(&f->workers[i].delta);
		mn_buf_init(&f->workers[i].out);
	}
	mn_pool_for(pool, f->nroots, GRAIN, walk_tree, f);
	mn_pool_free(pool);
	for (int i = 0; i < f->threads; i++) {
		struct worker *w = &f->workers[i];

		if (w->r && !r) {
			r = w->r;
			mn_err_set(err, r, "%s", w->err.msg);
		}
		while (w->stack.n)
			pop(w);
		mn_vec_release(&w->stack);
		mn_vec_release(&w->late);
		mn_buf_release(&w->delta);
		mn_buf_release(&w->out);
		mn_inflater_release(&w->inflater);
	}
	free(f->workers);
	return r;
}

int mn_ip_resolve(struct mn_indexpack *ip, struct mn_err *err)
{
	struct forest f = { .ip = ip };
	int r;

	if (!ip->ofs.n && !ip->refs.n)
		return 0;
	r = mn_io_map(&f.pack, ip->tmp.p, err);
	if (r < 0)
		return r;
	set_limits(&f);
	if (ip->refs.n)
		qsort(ip->refs.p, ip->refs.n, sizeof(*ip->refs.p), by_base);
	f.taken = mn_xcalloc(ip->refs.n + 1, sizeof(*f.taken));
	link_ofs(&f);
	find_roots(&f);
	if (f.pack.len < ip->end)
		r = mn_err_set(err, MN_EIO, "'%s' became shorter", ip->tmp.p);
	else
		r = walk(&f, err);
	free(f.root);
	free(f.weight);
	free(f.child);
	free(f.first);
	free(f.taken);
	mn_io_unmap(&f.pack);
	return r;
}
