#include "node/links.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* The key of by_seq: its first eight bytes are what the map hashes. */
struct seq_key {
	uint64_t mix;
	uint64_t era, seq;
	struct mn_pub device;
};

static struct seq_key seq_key(const struct mn_pub *device, uint64_t era,
			      uint64_t seq)
{
	struct seq_key k = { 0, era, seq, *device };

	memcpy(&k.mix, device->b, sizeof(k.mix));
	k.mix += seq * UINT64_C(0x9e3779b97f4a7c15) +
		 era * UINT64_C(0xc2b2ae3d27d4eb4f);
	return k;
}

void mn_links_init(struct mn_links *l, const struct mn_identity *known)
{
	memset(l, 0, sizeof(*l));
	mn_map_init(&l->by_id, sizeof(struct mn_id));
	mn_map_init(&l->by_carrier, sizeof(struct mn_oid));
	mn_map_init(&l->by_seq, sizeof(struct seq_key));
	l->known = known;
}

void mn_links_release(struct mn_links *l)
{
	mn_map_release(&l->by_seq);
	mn_map_release(&l->by_carrier);
	mn_map_release(&l->by_id);
	mn_vec_release(&l->parents);
	mn_vec_release(&l->nodes);
}

size_t mn_links_find(const struct mn_links *l, const struct mn_id *id)
{
	return mn_map_get(&l->by_id, id->b);
}

size_t mn_links_find_carrier(const struct mn_links *l,
			     const struct mn_oid *carrier)
{
	return mn_map_get(&l->by_carrier, carrier->b);
}

void mn_link_of(struct mn_link *out,
		struct mn_link_parent parents[MN_PARENTS_MAX],
		const struct mn_node *n, uint64_t identity_number)
{
	const struct mn_meta *m = &n->meta;

	*out = (struct mn_link){
		.id = n->id, .profile = m->profile, .prev = m->prev,
		.skip = m->skip, .carrier = n->oid, .device = m->device,
		.seq = m->seq, .gen = m->gen, .era = m->era,
		.time = (uint64_t)m->time, .identity = identity_number,
		.nparents = (unsigned char)m->nparents,
	};
	for (size_t k = 0; k < m->nparents; k++) {
		memset(&parents[k], 0, sizeof(parents[k]));
		parents[k].node = m->parents[k];
		if (k < n->carrier.nparents)
			mn_carrier_parent(&parents[k].carrier, &n->carrier, k);
	}
}

void mn_link_of_bare(struct mn_link *out, const struct mn_node *n)
{
	*out = (struct mn_link){
		.id = n->carrier.node, .carrier = n->oid,
		.device = n->carrier.device,
		.time = n->carrier.seconds * 1000, .bare = 1,
	};
}

/* Notes who has which number; two with one prove an equivocation. */
static void put_seq(struct mn_links *l, size_t i)
{
	struct mn_link *n = &l->nodes.p[i];
	struct seq_key key = seq_key(&n->device, n->era, n->seq);
	size_t first = mn_map_get(&l->by_seq, &key);

	if (first == SIZE_MAX)
		mn_map_put(&l->by_seq, &key, i);
	else
		l->nodes.p[first].twice = n->twice = 1;
}

void mn_links_prove_only(struct mn_links *l, const unsigned char *keep)
{
	mn_map_release(&l->by_seq);
	mn_map_init(&l->by_seq, sizeof(struct seq_key));
	for (size_t i = 0; i < l->nodes.n; i++)
		l->nodes.p[i].twice = 0;
	for (size_t i = 0; i < l->nodes.n; i++)
		if (keep[i] && !l->nodes.p[i].unproven && !l->nodes.p[i].bare)
			put_seq(l, i);
}

size_t mn_links_put(struct mn_links *l, const struct mn_link *link,
		    const struct mn_link_parent *parents)
{
	size_t i = mn_links_find(l, &link->id);

	if (link->bare)
		l->partial = 1;
	if (i == SIZE_MAX || (l->nodes.p[i].bare && !link->bare)) {
		if (i == SIZE_MAX) {
			i = l->nodes.n;
			mn_vec_push(&l->nodes);
		}
		l->nodes.p[i] = *link;
		l->nodes.p[i].parents = l->parents.n;
		for (size_t k = 0; k < link->nparents; k++)
			*mn_vec_push(&l->parents) = parents[k];
		mn_map_put(&l->by_id, link->id.b, i);
		mn_map_put(&l->by_carrier, link->carrier.b, i);
		if (!link->unproven && !link->bare)
			put_seq(l, i);
	} else if (l->nodes.p[i].unproven && !link->unproven && !link->bare) {
		l->nodes.p[i].unproven = 0;
		put_seq(l, i);
	}
	return i;
}

size_t mn_links_add(struct mn_links *l, const struct mn_node *n,
		    uint64_t identity_number)
{
	struct mn_link_parent parents[MN_PARENTS_MAX];
	struct mn_link link;

	mn_link_of(&link, parents, n, identity_number);
	return mn_links_put(l, &link, parents);
}

static const struct mn_link *get(const struct mn_links *l,
				 const struct mn_id *id)
{
	size_t i = mn_links_find(l, id);

	return i == SIZE_MAX ? NULL : &l->nodes.p[i];
}

void mn_links_mark_cuts(struct mn_links *l)
{
	const struct mn_identity_doc *last;

	if (!l->known)
		return;
	last = mn_identity_last(l->known);
	for (size_t k = 0; k < last->ncuts; k++) {
		const struct mn_id_cut *cut = &last->cuts[k];
		struct mn_id id = cut->node;
		uint64_t seq = cut->seq;

		l->open[k] = 0;
		/* seq falls by one at each step, so this ends */
		for (; seq; seq--) {
			size_t i = mn_links_find(l, &id);
			struct mn_link *n;

			if (i == SIZE_MAX || l->nodes.p[i].bare) {
				l->open[k] = l->partial ? seq : 0;
				break;
			}
			n = &l->nodes.p[i];
			if (n->seq != seq || n->era != cut->era ||
			    memcmp(n->device.b, cut->key.b, 32))
				break;
			n->in_cut_chain = 1;
			id = n->prev;
		}
	}
}

static enum mn_rule check_cut(const struct mn_links *l, const struct mn_link *n)
{
	const struct mn_identity_doc *last;
	const struct mn_id_cut *cut;

	if (!l->known)
		return MN_RULE_NONE;
	last = mn_identity_last(l->known);
	cut = mn_identity_cut(last, &n->device);
	if (!cut)
		return MN_RULE_NONE;
	if (n->era != cut->era || n->seq > cut->seq)
		return MN_RULE_DEVICE_CUT;
	if (n->in_cut_chain || n->seq < l->open[cut - last->cuts])
		return MN_RULE_NONE;
	return MN_RULE_DEVICE_CUT_CHAIN;
}

/* What is known of a parent, against the node; *gen: the highest so far. */
static enum mn_rule check_parent(const struct mn_link *parent,
				 const struct mn_link *n, uint64_t *gen)
{
	if (parent->era != n->era)
		return MN_RULE_PARENT_ERA;
	if (parent->gen > *gen)
		*gen = parent->gen;
	return MN_RULE_NONE;
}

static enum mn_rule check_parents(const struct mn_links *l,
				  const struct mn_link *n)
{
	const struct mn_link *parents[MN_PARENTS_MAX];
	enum mn_rule rule = MN_RULE_NONE;
	uint64_t gen = 0;
	size_t known = 0;

	for (size_t i = 0; i < n->nparents; i++) {
		parents[known] = get(l, &l->parents.p[n->parents + i].node);
		if (!parents[known])
			return MN_RULE_PARENT_MISSING;
		known += !parents[known]->bare;
	}
	for (size_t i = 0; i < known; i++)
		if (!mn_id_eq(&parents[i]->profile, &n->profile))
			return MN_RULE_PARENT_PROFILE;
	for (size_t i = 0; i < known && rule == MN_RULE_NONE; i++)
		rule = check_parent(parents[i], n, &gen);
	if (rule != MN_RULE_NONE)
		return rule;
	if (known == n->nparents ? n->gen != gen + 1 : n->gen <= gen)
		return MN_RULE_GEN;
	for (size_t i = 0; i < known; i++)
		if (parents[i]->identity > n->identity)
			return MN_RULE_IDENTITY_REGRESS;
	return MN_RULE_NONE;
}

/* Whether other is the node of n's device that has number seq, as far as it is
 * known. */
static int is_of_device(const struct mn_links *l, const struct mn_link *other,
			const struct mn_link *n, uint64_t seq)
{
	if (!other)
		return l->partial;
	if (memcmp(other->device.b, n->device.b, sizeof(n->device.b)))
		return 0;
	return other->bare || (other->seq == seq && other->era == n->era &&
			       mn_id_eq(&other->profile, &n->profile));
}

static enum mn_rule check_chain(const struct mn_links *l,
				const struct mn_link *n)
{
	if (n->seq > 1) {
		const struct mn_link *prev = get(l, &n->prev);

		if (!is_of_device(l, prev, n, n->seq - 1) ||
		    (prev && prev->gen >= n->gen))
			return MN_RULE_PREV;
		if (!is_of_device(l, get(l, &n->skip), n, mn_lipmaa(n->seq)))
			return MN_RULE_SKIP;
	}
	return n->twice ? MN_RULE_EQUIVOCATION : MN_RULE_NONE;
}

enum mn_rule mn_links_check(const struct mn_links *l, size_t i)
{
	const struct mn_link *n = &l->nodes.p[i];
	enum mn_rule rule = check_cut(l, n);

	if (rule == MN_RULE_NONE)
		rule = check_parents(l, n);
	if (rule == MN_RULE_NONE)
		rule = check_chain(l, n);
	for (size_t k = 0; k < n->nparents && rule == MN_RULE_NONE; k++) {
		const struct mn_link_parent *p = &l->parents.p[n->parents + k];

		if (!mn_oid_eq(&get(l, &p->node)->carrier, &p->carrier))
			rule = MN_RULE_CARRIER_PARENTS;
	}
	return rule;
}

enum mn_rule mn_links_check_merge(const struct mn_links *l,
				  const struct mn_carrier *c,
				  struct mn_str commit_text)
{
	struct mn_head *heads = mn_xcalloc(c->nparents + 1, sizeof(*heads));
	struct mn_buf again = MN_BUF_INIT;
	enum mn_rule rule = MN_RULE_NONE;

	for (size_t i = 0; i < c->nparents && rule == MN_RULE_NONE; i++) {
		struct mn_oid oid;
		size_t k;

		mn_carrier_parent(&oid, c, i);
		k = mn_links_find_carrier(l, &oid);
		if (k == SIZE_MAX) {
			rule = MN_RULE_PARENT_MISSING;
			break;
		}
		heads[i] = (struct mn_head){ l->nodes.p[k].id, oid,
					     l->nodes.p[k].time / 1000 };
	}
	if (rule == MN_RULE_NONE) {
		mn_merge_encode(&again, heads, c->nparents);
		for (size_t i = 1; i < c->nparents; i++)
			if (mn_id_eq(&heads[i - 1].node, &heads[i].node))
				rule = MN_RULE_CARRIER_MISMATCH;
		if (c->nparents < 2 || again.len != commit_text.len ||
		    memcmp(again.p, commit_text.p, again.len))
			rule = MN_RULE_CARRIER_MISMATCH;
	}
	mn_buf_release(&again);
	free(heads);
	return rule;
}

struct by_node_id {
	const struct mn_link *link;
	size_t i;
};

static int cmp_by_id(const void *a, const void *b)
{
	return mn_id_cmp(&((const struct by_node_id *)a)->link->id,
			 &((const struct by_node_id *)b)->link->id);
}

void mn_links_maximal(const struct mn_links *l, struct mn_index_list *out)
{
	size_t n = l->nodes.n, count = 0;
	unsigned char *has_child = mn_xcalloc(n + 1, 1);
	struct by_node_id *e;

	for (size_t i = 0; i < l->parents.n; i++) {
		size_t k = mn_links_find(l, &l->parents.p[i].node);

		if (k != SIZE_MAX)
			has_child[k] = 1;
	}
	e = mn_xcalloc(n + 1, sizeof(*e));
	for (size_t i = 0; i < n; i++)
		if (!has_child[i])
			e[count++] = (struct by_node_id){ &l->nodes.p[i], i };
	qsort(e, count, sizeof(*e), cmp_by_id);
	for (size_t i = 0; i < count; i++)
		*mn_vec_push(out) = e[i].i;
	free(e);
	free(has_child);
}
