/*
 * node-world: a history of devices that post at once and exchange nodes in
 * pairs, with losses; it follows from its seed.
 *
 * Each device's knowledge is a set of nodes that is closed under ancestors.
 * What it was after each post and each delivery is kept in snaps, to be
 * checked once all nodes are in the store.
 */
#ifndef MN_NODE_WORLD_H
#define MN_NODE_WORLD_H

#include "node/heads.h"
#include "node/links.h"

#include "node-make.h"

#define DEVICES_MAX 20
#define NODES_MAX 128
#define SNAPS_MAX 1024

struct set {				/* of nodes, by index */
	uint64_t w[NODES_MAX / 64];
};

struct node {
	struct made made;
	size_t device;
	uint64_t seq, gen, seconds;
	struct set below;		/* ancestors */
};

struct device {
	struct author author;
	struct set knows;
	size_t chain[NODES_MAX], n;	/* its own nodes */
	/* while checking: what was computed last */
	struct mn_tip tips[DEVICES_MAX];
	size_t ntips;
	struct mn_head_list heads;
};

struct snap {				/* what a device knew then */
	size_t device;
	struct set knows;
	int posted;
};

struct world {
	uint64_t seed;
	struct rng rng;
	struct test_store *s;
	struct mn_root *root;
	struct mn_buf identity;
	struct mn_identity id;
	size_t ndevices, nnodes, nsnaps, loss;
	struct device devices[DEVICES_MAX];
	struct node nodes[NODES_MAX];
	struct snap snaps[SNAPS_MAX];
	struct mn_node loaded[NODES_MAX];
	struct mn_links all;
	struct mn_map merges;		/* those made, by oid */
	size_t left_over;		/* posts that could not take all heads */
	int bad;
};

#define LAW(w, cond, ...) do { \
	if (!(cond)) { \
		fprintf(stderr, "# seed %ju: ", (uintmax_t)(w)->seed); \
		fprintf(stderr, __VA_ARGS__); \
		fprintf(stderr, " (line %d)\n", __LINE__); \
		(w)->bad = 1; \
	} } while (0)

static int has(const struct set *s, size_t i)
{
	return (int)(s->w[i / 64] >> (i % 64) & 1);
}

static void put(struct set *s, size_t i)
{
	s->w[i / 64] |= UINT64_C(1) << (i % 64);
}

static int within(const struct set *a, const struct set *b)
{
	for (size_t i = 0; i < NODES_MAX / 64; i++)
		if (a->w[i] & ~b->w[i])
			return 0;
	return 1;
}

static struct mn_str text_of(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

/* The maximal nodes by the definition, ascending by node id. */
static size_t maximal(const struct world *w, const struct set *knows,
		      size_t out[NODES_MAX])
{
	struct set covered = { { 0 } };
	size_t n = 0, k;

	for (size_t i = 0; i < w->nnodes; i++)
		for (k = 0; has(knows, i) && k < NODES_MAX / 64; k++)
			covered.w[k] |= w->nodes[i].below.w[k];
	for (size_t i = 0; i < w->nnodes; i++) {
		if (!has(knows, i) || has(&covered, i))
			continue;
		for (k = n++; k && mn_id_cmp(&w->nodes[out[k - 1]].made.id,
				&w->nodes[i].made.id) > 0; k--)
			out[k] = out[k - 1];
		out[k] = i;
	}
	return n;
}

static void snapshot(struct world *w, size_t device, int posted)
{
	if (w->nsnaps == SNAPS_MAX)
		abort();
	w->snaps[w->nsnaps++] = (struct snap){
		device, w->devices[device].knows, posted };
}

/* The heads that the device takes as parents: eight at most, of which one
 * must descend from its own newest node. */
static size_t choose_parents(struct world *w, const struct device *d,
			     size_t out[NODES_MAX])
{
	size_t n = maximal(w, &d->knows, out), k;

	if (n <= MN_PARENTS_MAX)
		return n;
	w->left_over++;
	for (k = n; k > 1; k--) {	/* any eight of them */
		size_t r = rng_below(&w->rng, k), t = out[r];

		out[r] = out[k - 1];
		out[k - 1] = t;
	}
	n = MN_PARENTS_MAX;
	for (k = 0; d->n && k < n; k++)
		if (out[k] == d->chain[d->n - 1] ||
		    has(&w->nodes[out[k]].below, d->chain[d->n - 1]))
			break;
	if (d->n && k == n)
		out[0] = d->chain[d->n - 1];
	for (size_t i = 1; i < n; i++) {
		size_t t = out[i];

		for (k = i; k && mn_id_cmp(&w->nodes[out[k - 1]].made.id,
					   &w->nodes[t].made.id) > 0; k--)
			out[k] = out[k - 1];
		out[k] = t;
	}
	return n;
}

static void post(struct world *w, size_t device)
{
	struct device *d = &w->devices[device];
	size_t parents[NODES_MAX], i = w->nnodes;
	struct mn_oid oids[MN_PARENTS_MAX];
	struct node *n = &w->nodes[i];
	struct mn_meta m;

	if (i == NODES_MAX)
		return;
	mn_meta_init(&m);
	m.kind = MN_STR("post");
	m.profile = m.identity = w->id.docs.p[0].digest;
	m.device = d->author.pub;
	m.nparents = choose_parents(w, d, parents);
	*n = (struct node){ .device = device, .seq = d->n + 1, .gen = 1 };
	for (size_t k = 0; k < m.nparents; k++) {
		const struct node *p = &w->nodes[parents[k]];

		m.parents[k] = p->made.id;
		oids[k] = p->made.carrier;
		n->gen = p->gen >= n->gen ? p->gen + 1 : n->gen;
		put(&n->below, parents[k]);
		for (size_t b = 0; b < NODES_MAX / 64; b++)
			n->below.w[b] |= p->below.w[b];
	}
	m.seq = n->seq;
	m.gen = n->gen;
	if (m.seq > 1) {
		m.prev = w->nodes[d->chain[d->n - 1]].made.id;
		m.skip = w->nodes[d->chain[mn_lipmaa(m.seq) - 1]].made.id;
	}
	/* clocks of devices differ */
	m.time = (int64_t)(1700000000000 + rng_next(&w->rng) % 10000000);
	n->seconds = (uint64_t)m.time / 1000;
	node_make(&n->made, w->s, &m, &d->author, oids, text_of(&w->identity));
	d->chain[d->n++] = i;
	put(&d->knows, i);
	w->nnodes++;
	snapshot(w, device, 1);
}

/* What b has and a has not, each node with its ancestors or not at all. */
static void deliver(struct world *w, size_t a, size_t b, size_t loss)
{
	struct set *to = &w->devices[a].knows;
	int news = 0;

	for (size_t i = 0; i < w->nnodes; i++) {
		if (has(to, i) || !has(&w->devices[b].knows, i) ||
		    rng_below(&w->rng, 100) < loss ||
		    !within(&w->nodes[i].below, to))
			continue;
		put(to, i);
		news = 1;
	}
	if (news)
		snapshot(w, a, 0);
}

static void play(struct world *w)
{
	size_t events = 2 + rng_below(&w->rng, w->seed % 10 ? 40 : 200);
	size_t posting = 20 + rng_below(&w->rng, 60);

	while (events--) {
		size_t a = rng_below(&w->rng, w->ndevices);
		size_t b = rng_below(&w->rng, w->ndevices);

		if (w->nnodes == 0 || rng_below(&w->rng, 100) < posting) {
			post(w, a);
		} else if (a != b) {
			deliver(w, a, b, w->loss);
			deliver(w, b, a, w->loss);
		}
	}
	/* at last everything arrives everywhere, at each in another order */
	for (size_t i = 1; i < w->ndevices; i++)
		deliver(w, 0, i, 0);
	for (size_t i = 1; i < w->ndevices; i++)
		for (size_t loss = 60; loss; loss /= 2)
			deliver(w, i, 0, loss);
	for (size_t i = 1; i < w->ndevices; i++)
		deliver(w, i, 0, 0);
}

#endif
