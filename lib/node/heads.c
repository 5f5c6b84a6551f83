#include "node/heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "git/loose.h"

#include "banned.h"

struct visit {
	struct mn_head head;
	struct mn_pub device;
	uint64_t era, seq, gen;
	size_t parents, nparents;	/* in walk->oids */
	int is_tip;
	int has_child;
};

struct walk {
	struct mn_reader *rd;
	struct mn_node node;
	const struct mn_known_heads *known;
	MN_VEC(struct visit) seen;
	MN_VEC(struct mn_oid) oids;
	MN_VEC(size_t) heap;		/* of seen, highest gen on top */
	struct mn_map index;		/* carrier -> seen */
	uint64_t lowest;		/* gen of the lowest tip */
};

struct mn_oids {
	struct mn_oid *p;
	size_t n, cap;
};

/* A binary heap by generation. */
static int above(const struct walk *w, size_t a, size_t b)
{
	return w->seen.p[w->heap.p[a]].gen > w->seen.p[w->heap.p[b]].gen;
}

static void swap(struct walk *w, size_t a, size_t b)
{
	size_t t = w->heap.p[a];

	w->heap.p[a] = w->heap.p[b];
	w->heap.p[b] = t;
}

static void heap_push(struct walk *w, size_t i)
{
	size_t at = w->heap.n;

	*mn_vec_push(&w->heap) = i;
	for (; at && above(w, at, (at - 1) / 2); at = (at - 1) / 2)
		swap(w, at, (at - 1) / 2);
}

static size_t heap_pop(struct walk *w)
{
	size_t top = w->heap.p[0], at = 0;

	w->heap.p[0] = w->heap.p[--w->heap.n];
	for (;;) {
		size_t c = 2 * at + 1;

		if (c >= w->heap.n)
			return top;
		if (c + 1 < w->heap.n && above(w, c + 1, c))
			c++;
		if (!above(w, c, at))
			return top;
		swap(w, c, at);
		at = c;
	}
}

/* Whether the node was known when the known heads were computed. */
static int is_known(const struct walk *w, const struct visit *v)
{
	const struct mn_known_heads *k = w->known;

	for (size_t i = 0; k && i < k->ntips; i++)
		if (!memcmp(k->tips[i].device.b, v->device.b, 32) &&
		    k->tips[i].era == v->era)
			return v->seq <= k->tips[i].seq;
	return 0;
}

/* Loads a node into seen, unless it is there; its index in *out. */
static int visit(struct walk *w, size_t *out, const struct mn_oid *carrier,
		 struct mn_err *err)
{
	struct visit *v;
	int r;

	*out = mn_map_get(&w->index, carrier->b);
	if (*out != SIZE_MAX)
		return 0;
	r = mn_node_load(&w->node, w->rd, carrier, NULL, err);
	if (r < 0)
		return r;
	if (w->node.carrier.is_merge)
		return mn_err_set(err, MN_EINVALID,
				  "a merge stands where a node must be");
	*out = w->seen.n;
	v = mn_vec_push(&w->seen);
	*v = (struct visit){
		.head = { w->node.id, *carrier, w->node.carrier.seconds },
		.device = w->node.meta.device, .era = w->node.meta.era,
		.seq = w->node.meta.seq, .gen = w->node.meta.gen,
		.parents = w->oids.n, .nparents = w->node.carrier.nparents,
	};
	for (size_t i = 0; i < v->nparents; i++)
		mn_carrier_parent(mn_vec_push(&w->oids), &w->node.carrier, i);
	mn_map_put(&w->index, carrier->b, *out);
	return 0;
}

/* Whether a device stands where it was known to stand, or further. */
static int still_stands(const struct walk *w, const struct mn_tip *t)
{
	for (size_t i = 0; i < w->seen.n; i++) {
		const struct visit *v = &w->seen.p[i];

		if (!memcmp(v->device.b, t->device.b, 32) &&
		    (v->era > t->era || (v->era == t->era && v->seq >= t->seq)))
			return 1;
	}
	return !t->seq;
}

/* A device that was cut went back: what was known then says nothing now. */
static void doubt(struct walk *w)
{
	const struct mn_known_heads *k = w->known;

	for (size_t i = 0; k && i < k->ntips; i++)
		if (!still_stands(w, &k->tips[i]))
			w->known = NULL;
}

static int add_tips(struct walk *w, const struct mn_oid *tips, size_t n,
		    struct mn_err *err)
{
	size_t at;
	int r;

	w->lowest = UINT64_MAX;
	for (size_t i = 0; i < n; i++) {
		r = visit(w, &at, &tips[i], err);
		if (r < 0)
			return r;
	}
	doubt(w);
	for (size_t i = 0; i < n; i++) {
		r = visit(w, &at, &tips[i], err);
		if (r < 0)
			return r;
		if (is_known(w, &w->seen.p[at]))
			continue;
		w->seen.p[at].is_tip = 1;
		if (w->seen.p[at].gen < w->lowest)
			w->lowest = w->seen.p[at].gen;
		heap_push(w, at);
	}
	return 0;
}

/* Looks at the parents of seen[i]. */
static int descend(struct walk *w, size_t i, struct mn_err *err)
{
	size_t first = w->seen.p[i].parents, n = w->seen.p[i].nparents;

	for (size_t k = 0; k < n; k++) {
		struct mn_oid oid = w->oids.p[first + k];
		size_t before = w->seen.n, at;
		int r = visit(w, &at, &oid, err);

		if (r < 0)
			return r;
		w->seen.p[at].has_child = 1;
		if (at == before && !is_known(w, &w->seen.p[at]))
			heap_push(w, at);
	}
	return 0;
}

static int run(struct walk *w, struct mn_err *err)
{
	/* with known heads all new nodes must be seen: their parents decide
	 * which of the known heads stay */
	int bounded = !w->known || !w->known->nheads;
	int r = 0;

	while (w->heap.n && r == 0) {
		size_t i = heap_pop(w);

		if (bounded && w->seen.p[i].gen <= w->lowest)
			break;
		r = descend(w, i, err);
	}
	return r;
}

/* Whether a new node has the known head as its parent. */
static int is_covered(const struct walk *w, const struct mn_oid *carrier)
{
	size_t i = mn_map_get(&w->index, carrier->b);

	return i != SIZE_MAX && w->seen.p[i].has_child;
}

static int cmp_head(const void *a, const void *b)
{
	return mn_id_cmp(&((const struct mn_head *)a)->node,
			 &((const struct mn_head *)b)->node);
}

int mn_heads(struct mn_head_list *out, struct mn_reader *rd,
	     const struct mn_oid *tips, size_t ntips,
	     const struct mn_known_heads *known, struct mn_err *err)
{
	struct walk w = { .rd = rd, .known = known };
	int r;

	mn_node_init(&w.node);
	mn_map_init(&w.index, sizeof(struct mn_oid));
	r = add_tips(&w, tips, ntips, err);
	if (r == 0)
		r = run(&w, err);
	if (r < 0)
		goto out;
	known = w.known;
	for (size_t i = 0; known && i < known->nheads; i++)
		if (!is_covered(&w, &known->heads[i].carrier))
			*mn_vec_push(out) = known->heads[i];
	for (size_t i = 0; i < w.seen.n; i++)
		if (w.seen.p[i].is_tip && !w.seen.p[i].has_child)
			*mn_vec_push(out) = w.seen.p[i].head;
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), cmp_head);
out:
	mn_vec_release(&w.heap);
	mn_vec_release(&w.oids);
	mn_vec_release(&w.seen);
	mn_map_release(&w.index);
	mn_node_release(&w.node);
	return r;
}

/* Reads a carrier; its parents go to todo. */
static int step(struct mn_carrier *c, struct mn_reader *rd,
		const struct mn_oid *oid, struct mn_oids *todo,
		struct mn_err *err)
{
	struct mn_object o;
	int r = mn_reader_read(rd, &o, oid, MN_CARRIER_MAX, err);

	if (r < 0)
		return r;
	if (o.type != MN_COMMIT ||
	    mn_carrier_parse(c, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE || c->is_merge)
		return mn_err_set(err, MN_EINVALID,
				  "a commit that is no node stands where a "
				  "node must be");
	for (size_t i = 0; i < c->nparents; i++)
		mn_carrier_parent(mn_vec_push(todo), c, i);
	return 0;
}

int mn_heads_by_commits(struct mn_head_list *out, struct mn_reader *rd,
			const struct mn_oid *tips, size_t ntips,
			struct mn_err *err)
{
	struct mn_carrier *c = mn_xmalloc(sizeof(*c));
	struct mn_oids todo = { 0 };
	struct mn_map below;		/* what is a parent of something */
	int r = 0;

	mn_map_init(&below, sizeof(struct mn_oid));
	for (size_t i = 0; i < ntips && r == 0; i++)
		r = step(c, rd, &tips[i], &todo, err);
	while (todo.n && r == 0 && ntips > 1) {
		struct mn_oid oid = todo.p[--todo.n];

		if (mn_map_get(&below, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&below, oid.b, 0);
		r = step(c, rd, &oid, &todo, err);
	}
	todo.n = 0;
	for (size_t i = 0; i < ntips && r == 0; i++) {
		if (mn_map_get(&below, tips[i].b) != SIZE_MAX)
			continue;
		r = step(c, rd, &tips[i], &todo, err);
		if (r == 0)
			*mn_vec_push(out) = (struct mn_head){
				c->node, tips[i], c->seconds };
	}
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), cmp_head);
	mn_map_release(&below);
	mn_vec_release(&todo);
	free(c);
	return r;
}

void mn_heads_merge(struct mn_oid *head, struct mn_buf *merge,
		    struct mn_head *heads, size_t n)
{
	size_t start = merge->len;

	if (n == 1) {
		*head = heads[0].carrier;
		return;
	}
	mn_merge_encode(merge, heads, n);
	mn_oid_of(head, MN_COMMIT, merge->p + start, merge->len - start);
}

int mn_heads_write(const char *gitdir, const struct mn_buf *merge,
		   struct mn_err *err)
{
	struct mn_loose *w;
	struct mn_oid oid;
	int r;

	if (!merge->len)
		return 0;
	r = mn_loose_begin(&w, gitdir, err);
	if (r < 0)
		return r;
	r = mn_loose_add(w, &oid, MN_TREE, "", 0, err);
	if (r == 0)
		r = mn_loose_add(w, &oid, MN_COMMIT, merge->p, merge->len,
				 err);
	if (r == 0)
		r = mn_loose_commit(w, err);
	mn_loose_free(w);
	return r;
}
