#include "social/chain.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "social/settle.h"

#include "banned.h"

void mn_chain_close(struct mn_chain *c)
{
	mn_vec_release(&c->ids);
	mn_vec_release(&c->gens);
	mn_vec_release(&c->heads);
}

static int known_heads(struct mn_known_heads *out, struct mn_arena *a,
		       struct mn_chain *c)
{
	struct mn_err none = MN_ERR_INIT;

	/* with forks, nodes may begin to count that lie below others */
	if (!c->index || c->profile->forks.n)
		return 0;
	/* without them the heads are found all the same */
	return mn_index_known_heads(out, a, c->index, c->profile, &none) == 0;
}

static int find_heads(struct mn_chain *c, const struct mn_ref_list *tips,
		      struct mn_err *err)
{
	struct mn_oid *oids = mn_xcalloc(tips->n + 1, sizeof(*oids));
	struct mn_arena arena = MN_ARENA_INIT;
	struct mn_known_heads known = { 0 };
	int r, have = 0;

	for (size_t i = 0; i < tips->n; i++)
		oids[i] = tips->p[i].oid;
	if (tips->n > 1)
		have = known_heads(&known, &arena, c);
	r = mn_heads(&c->heads, c->profile->rd, oids, tips->n,
		     have ? &known : NULL, err);
	mn_arena_release(&arena);
	free(oids);
	return r;
}

/* The generations of the heads; heads of an ended era are left behind. */
static int load_heads(struct mn_chain *c, struct mn_node *node,
		      struct mn_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->heads.n; i++) {
		int r = mn_node_load(node, c->profile->rd,
				     &c->heads.p[i].carrier, NULL, err);

		if (r < 0)
			return r;
		if (node->meta.era != c->era)
			continue;
		c->heads.p[kept++] = c->heads.p[i];
		*mn_vec_push(&c->gens) = node->meta.gen;
	}
	c->heads.n = kept;
	return 0;
}

/* The device's newest node, by its ref. */
static int load_tip(struct mn_chain *c, const struct mn_ref_list *tips,
		    struct mn_node *node, struct mn_err *err)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	int r;

	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1, c->device.b, 32);
	for (size_t i = 0; i < tips->n; i++)
		if (!strcmp(tips->p[i].name, name))
			c->ref = tips->p[i].oid;
	if (mn_oid_is_zero(&c->ref))
		return 0;
	r = mn_node_load(node, c->profile->rd, &c->ref, NULL, err);
	if (r < 0)
		return mn_err_wrap(err, r, "cannot read this device's newest "
				   "node");
	if (node->carrier.is_merge ||
	    memcmp(node->meta.device.b, c->device.b, 32))
		return mn_err_set(err, MN_ECORRUPT, "this device's ref names "
				  "a node that is not its own");
	if (node->meta.era != c->era)
		return 0;		/* a new era begins: seq 1 */
	c->seq = node->meta.seq;
	c->newest = c->ref;
	c->newest_gen = node->meta.gen;
	c->first = c->seq;
	*mn_vec_push(&c->ids) = node->id;
	return 0;
}

int mn_chain_open(struct mn_chain *c, struct mn_profile *p,
		  const struct mn_pub *device, struct mn_index *index,
		  struct mn_err *err)
{
	struct mn_ref_list tips = { 0 };
	struct mn_node node;
	int r;

	memset(c, 0, sizeof(*c));
	c->profile = p;
	c->index = index;
	c->device = *device;
	c->era = mn_identity_last(&p->identity)->era;
	c->first = 1;
	mn_node_init(&node);
	r = mn_profile_tips(&tips, p, err);
	if (r == 0)
		r = find_heads(c, &tips, err);
	if (r == 0)
		r = load_heads(c, &node, err);
	if (r < 0)
		mn_err_wrap(err, r, "cannot read the newest nodes");
	else
		r = load_tip(c, &tips, &node, err);
	mn_node_release(&node);
	mn_refs_release(&tips);
	if (r < 0)
		mn_chain_close(c);
	return r;
}

/* The node before one in its device's chain: a parent, unless others posted in
 * between. */
static int find_prev(struct mn_oid *out, struct mn_chain *c,
		     const struct mn_node *n, struct mn_err *err)
{
	int r;

	for (size_t i = 0; i < n->meta.nparents; i++) {
		mn_carrier_parent(out, &n->carrier, i);
		if (mn_id_eq(&n->meta.parents[i], &n->meta.prev))
			return 0;
	}
	r = mn_settle_find(out, c->profile->rd, &n->oid, &n->meta.prev, err);
	if (r == 0)
		r = mn_err_set(err, MN_ECORRUPT, "this device's older nodes "
			       "are not here");
	return r < 0 ? r : 0;
}

/* The node number seq, found by walking down the device's own chain. */
static int walk_to(struct mn_chain *c, struct mn_id *out, uint64_t seq,
		   struct mn_err *err)
{
	struct mn_oid at = c->ref;
	struct mn_node node;
	int r;

	mn_node_init(&node);
	for (;;) {
		r = mn_node_load(&node, c->profile->rd, &at, NULL, err);
		if (r < 0 || node.meta.seq <= seq)
			break;
		r = find_prev(&at, c, &node, err);
		if (r < 0)
			break;
	}
	if (r == 0)
		*out = node.id;
	mn_node_release(&node);
	return r;
}

static int find_seq(struct mn_chain *c, struct mn_id *out, uint64_t seq,
		    struct mn_err *err)
{
	struct mn_err none = MN_ERR_INIT;
	struct mn_oid carrier;

	if (seq >= c->first && seq - c->first < c->ids.n) {
		*out = c->ids.p[seq - c->first];
		return 0;
	}
	if (c->index) {
		const struct mn_id *profile = &c->profile->id;

		if (mn_index_by_seq(out, &carrier, c->index, profile,
				    &c->device, c->era, seq, &none) == 0)
			return 0;
		if (mn_index_sync(c->index, c->profile, &none) == 0 &&
		    mn_index_by_seq(out, &carrier, c->index, profile,
				    &c->device, c->era, seq, &none) == 0)
			return 0;
	}
	return walk_to(c, out, seq, err);
}

static size_t index_of(const struct mn_chain *c, const struct mn_id *id)
{
	size_t i = 0;

	while (i < c->heads.n && !mn_id_eq(&c->heads.p[i].node, id))
		i++;
	return i;
}

struct parent {
	struct mn_id node;
	struct mn_oid carrier;
	uint64_t gen;
};

static int cmp_parent(const void *a, const void *b)
{
	return mn_id_cmp(&((const struct parent *)a)->node,
			 &((const struct parent *)b)->node);
}

/*
 * All heads are parents. Of more than eight the first ones, the rest stays
 * for the next post; prev then is a parent itself, since the head that
 * descends from it may be among the rest.
 */
static void take_parents(struct mn_chain *c, struct mn_meta *m,
			 struct mn_oid *carriers)
{
	struct parent p[MN_PARENTS_MAX];
	size_t n = c->heads.n < MN_PARENTS_MAX ? c->heads.n : MN_PARENTS_MAX;
	uint64_t gen = 0;

	for (size_t i = 0; i < n; i++)
		p[i] = (struct parent){ c->heads.p[i].node,
					c->heads.p[i].carrier, c->gens.p[i] };
	if (c->heads.n > n && c->seq && index_of(c, &m->prev) >= n) {
		p[n - 1] = (struct parent){ m->prev, c->newest,
					    c->newest_gen };
		qsort(p, n, sizeof(*p), cmp_parent);
	}
	m->nparents = n;
	for (size_t i = 0; i < n; i++) {
		m->parents[i] = p[i].node;
		carriers[i] = p[i].carrier;
		if (p[i].gen > gen)
			gen = p[i].gen;
	}
	m->gen = gen + 1;
}

int mn_chain_next(struct mn_chain *c, struct mn_meta *m,
		  struct mn_oid carriers[MN_PARENTS_MAX], struct mn_err *err)
{
	uint64_t skip;
	int r = 0;

	m->profile = c->profile->id;
	m->identity = mn_identity_last(&c->profile->identity)->digest;
	m->device = c->device;
	m->era = c->era;
	m->seq = c->seq + 1;
	if (c->seq)
		m->prev = m->skip = c->ids.p[c->seq - c->first];
	skip = mn_lipmaa(m->seq);
	if (c->seq && skip < c->seq)
		r = find_seq(c, &m->skip, skip, err);
	take_parents(c, m, carriers);
	return r;
}

void mn_chain_add(struct mn_chain *c, const struct mn_meta *m,
		  const struct mn_id *id)
{
	size_t kept = 0;
	struct mn_head *head;

	for (size_t i = 0; i < c->heads.n; i++) {
		size_t k = 0;

		while (k < m->nparents &&
		       !mn_id_eq(&m->parents[k], &c->heads.p[i].node))
			k++;
		if (k < m->nparents)
			continue;
		c->heads.p[kept] = c->heads.p[i];
		c->gens.p[kept++] = c->gens.p[i];
	}
	c->heads.n = c->gens.n = kept;
	/* at its place: heads ascend by node id */
	mn_vec_push(&c->heads);
	mn_vec_push(&c->gens);
	while (kept && mn_id_cmp(&c->heads.p[kept - 1].node, id) > 0) {
		c->heads.p[kept] = c->heads.p[kept - 1];
		c->gens.p[kept] = c->gens.p[kept - 1];
		kept--;
	}
	head = &c->heads.p[kept];
	memset(head, 0, sizeof(*head));
	head->node = *id;
	head->seconds = (uint64_t)m->time / 1000;
	c->gens.p[kept] = m->gen;
	c->seq = m->seq;
	c->newest_gen = m->gen;
	*mn_vec_push(&c->ids) = *id;
}

void mn_chain_carrier(struct mn_chain *c, const struct mn_oid *carrier)
{
	size_t i = index_of(c, &c->ids.p[c->ids.n - 1]);

	c->newest = *carrier;
	if (i < c->heads.n)
		c->heads.p[i].carrier = *carrier;
}
