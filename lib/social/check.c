#include "social/check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "node/verify.h"

#include "banned.h"

#define BLOCK 4096		/* nodes between two rounds of the threads */
#define GRAIN 4			/* they wait for each other at its end */

struct worker {
	struct mn_reader *rd;
	struct mn_verifier *verifier;
	struct mn_node node;
	struct mn_err err;
};

/* What is kept of a node until it is put to the links, in order. */
struct item {
	int loaded;
	struct mn_link link;
	struct mn_link_parent parents[MN_PARENTS_MAX];
};

struct oid_list {
	struct mn_oid *p;
	size_t n, cap;
};

struct mn_check {
	struct mn_store *store;
	struct mn_id profile;
	const struct mn_identity *known;
	struct mn_index *index;
	struct mn_index_seed *seed;
	unsigned may_miss;
	_Atomic uint64_t left;		/* of the budget */
	struct mn_pool *pool;
	struct worker *workers;
	struct mn_links links;
	struct item *items, *before;	/* BLOCK of them each: of the block at
					   hand, and of the one before */
	size_t nbefore;			/* of it that are not in links yet */
	struct mn_check_result *res;	/* of the block at hand */
	/* what the index said, when asked for everything */
	int learned;
	struct mn_map where;		/* node id -> carriers */
	MN_VEC(struct mn_oid) carriers;
	unsigned char chain_loaded[MN_CUTS_MAX];
	struct mn_arena arena;
};

static void worker_init(struct worker *w, struct mn_check *k,
			const struct mn_check_options *opt)
{
	w->rd = mn_reader_new(k->store);
	if (opt->watch)
		mn_reader_watch(w->rd, opt->watch, opt->watch_ctx);
	w->verifier = mn_verifier_new(w->rd, &k->profile, k->known);
	mn_verifier_allow_missing(w->verifier, k->may_miss);
	if (opt->content_budget)
		mn_verifier_budget(w->verifier, &k->left);
	mn_node_init(&w->node);
}

struct mn_check *mn_check_new(struct mn_store *store,
			      const struct mn_id *profile,
			      const struct mn_identity *identity,
			      const struct mn_check_options *opt)
{
	struct mn_check *k = mn_xcalloc(1, sizeof(*k));
	size_t n;

	k->store = store;
	k->profile = *profile;
	k->known = identity;
	k->index = opt->index;
	k->seed = opt->seed;
	k->may_miss = opt->allow_missing;
	atomic_init(&k->left, opt->content_budget);
	k->pool = mn_pool_new(opt->threads);
	n = (size_t)mn_pool_threads(k->pool);
	k->workers = mn_xcalloc(n, sizeof(*k->workers));
	if (k->seed)
		mn_index_seed_workers(k->seed, (int)n);
	for (size_t i = 0; i < n; i++)
		worker_init(&k->workers[i], k, opt);
	k->items = mn_xcalloc(BLOCK, sizeof(*k->items));
	k->before = mn_xcalloc(BLOCK, sizeof(*k->before));
	mn_links_init(&k->links, identity);
	/* what the index lacks may be there without its meta */
	k->links.partial = opt->index && k->may_miss & MN_MISSING_META;
	mn_map_init(&k->where, sizeof(struct mn_id));
	return k;
}

void mn_check_free(struct mn_check *k)
{
	if (!k)
		return;
	for (int i = 0; i < mn_pool_threads(k->pool); i++) {
		mn_node_release(&k->workers[i].node);
		mn_verifier_free(k->workers[i].verifier);
		mn_reader_free(k->workers[i].rd);
	}
	free(k->workers);
	mn_pool_free(k->pool);
	free(k->items);
	free(k->before);
	mn_links_release(&k->links);
	mn_map_release(&k->where);
	mn_vec_release(&k->carriers);
	mn_arena_release(&k->arena);
	free(k);
}

const struct mn_links *mn_check_known(const struct mn_check *k)
{
	return &k->links;
}

struct mn_pool *mn_check_pool(struct mn_check *k)
{
	return k->pool;
}

void mn_check_results_release(struct mn_check_result *res, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		free(res[i].words);
		res[i].words = NULL;
	}
}

/* by itself */

/* The number of the identity document that an unverified node names. */
static uint64_t claimed_number(const struct mn_check *k,
			       const struct mn_node *n)
{
	const struct mn_identity_doc *doc = NULL;

	if (k->known)
		doc = mn_identity_find(k->known, &n->meta.identity);
	return doc ? doc->number : 0;
}

/* Whether the last load failed only because the meta is not here. */
static int is_bare(const struct mn_check *k, const struct mn_node *n, int r)
{
	return r == MN_ENOTFOUND && k->may_miss & MN_MISSING_META &&
		n->loaded != MN_NODE_NOTHING;
}

/* What can be said of a node that is not good: others may need it. */
static void note_bad(const struct mn_check *k, struct worker *w,
		     struct mn_check_result *res, struct item *it)
{
	struct mn_node *n = &w->node;

	mn_buf_clear(&n->commit_text);
	if (mn_node_load(n, w->rd, &res->carrier, NULL, NULL) == 0) {
		if (n->carrier.is_merge)
			return;
		res->node = n->id;
		mn_link_of(&it->link, it->parents, n, claimed_number(k, n));
		it->link.unproven = 1;
		it->loaded = 1;
	} else if (n->commit_text.len &&
		   mn_carrier_parse(&n->carrier,
				    (struct mn_str){ n->commit_text.p,
						     n->commit_text.len })
		   == MN_RULE_NONE && !n->carrier.is_merge) {
		res->node = n->carrier.node;
	}
}

static void note_good(struct mn_check *k, int worker,
		      struct mn_check_result *res, struct item *it)
{
	struct worker *w = &k->workers[worker];
	unsigned missing = mn_verifier_missing(w->verifier);

	res->node = w->node.id;
	res->meta_missing = (missing & MN_MISSING_META) != 0;
	res->contents_missing = (missing & MN_MISSING_CONTENTS) != 0;
	it->loaded = 1;
	if (res->meta_missing) {
		mn_link_of_bare(&it->link, &w->node);
		return;
	}
	mn_link_of(&it->link, it->parents, &w->node,
		   mn_verifier_doc(w->verifier)->number);
	if (k->seed)
		mn_index_seed_add(k->seed, worker, &w->node);
}

/* Puts the block before to the links, in order. */
static void put_before(struct mn_check *k)
{
	for (size_t i = 0; i < k->nbefore; i++)
		if (k->before[i].loaded)
			mn_links_put(&k->links, &k->before[i].link,
				     k->before[i].parents);
	k->nbefore = 0;
}

/* Item 0 of a round is what one thread does beside: putting the block
 * before; the others are the nodes of the block. */
static void check_one(void *ctx, int worker, size_t i)
{
	struct mn_check *k = ctx;
	struct worker *w = &k->workers[worker];
	struct mn_check_result *res;
	struct item *it;

	if (!i) {
		put_before(k);
		return;
	}
	res = &k->res[i - 1];
	it = &k->items[i - 1];
	it->loaded = 0;
	res->meta_missing = res->contents_missing = 0;
	memset(&res->node, 0, sizeof(res->node));
	res->is_merge = 0;
	res->words = NULL;
	res->rule = MN_RULE_NONE;
	res->code = mn_verify_node(w->verifier, &w->node, &res->carrier,
				   &res->rule, &w->err);
	if (res->code == 0 && w->node.carrier.is_merge) {
		res->is_merge = 1;
	} else if (res->code == 0) {
		note_good(k, worker, res, it);
	} else {
		if (res->code != MN_EINVALID)
			res->words = mn_xstrdup(w->err.msg);
		note_bad(k, w, res, it);
		mn_err_clear(&w->err);
	}
}

void mn_check_nodes(struct mn_check *k, struct mn_check_result *res, size_t n)
{
	for (size_t at = 0; at < n; at += BLOCK) {
		size_t m = n - at < BLOCK ? n - at : BLOCK;
		struct item *t = k->before;

		k->res = res + at;
		mn_pool_for(k->pool, m + 1, GRAIN, check_one, k);
		k->before = k->items;
		k->nbefore = m;
		k->items = t;
	}
	put_before(k);
}

/* finding what is not there yet */

static int learn_row(void *ctx, const struct mn_index_row *row,
		     struct mn_err *err)
{
	struct mn_check *k = ctx;

	(void)err;
	mn_map_put(&k->where, row->node.b, k->carriers.n);
	*mn_vec_push(&k->carriers) = row->carrier;
	return 0;
}

int mn_check_learn(struct mn_check *k, struct mn_err *err)
{
	struct mn_index_query q = { .profile = &k->profile, .reverse = 1 };
	int r;

	if (!k->index || k->learned)
		return 0;
	r = mn_index_list(k->index, &q, learn_row, k, err);
	k->learned = r == 0;
	return r;
}

int mn_check_locate(struct mn_check *k, struct mn_oid *carrier,
		    const struct mn_id *node)
{
	struct mn_index_row row;
	size_t i;
	int r;

	i = mn_map_get(&k->where, node->b);
	if (i != SIZE_MAX) {
		*carrier = k->carriers.p[i];
		return 0;
	}
	if (!k->index || k->learned)
		return MN_ENOTFOUND;
	mn_arena_reset(&k->arena);
	r = mn_index_by_id(&row, &k->arena, k->index, &k->profile, node, NULL);
	if (r == 0)
		*carrier = row.carrier;
	return r;
}

/* Loads the node of a carrier; only if it is the one meant (any: NULL). */
static int load(struct mn_check *k, const struct mn_oid *carrier,
		const struct mn_id *meant)
{
	struct worker *w = &k->workers[0];
	struct mn_link_parent parents[MN_PARENTS_MAX];
	struct mn_link link;
	int r = mn_node_load(&w->node, w->rd, carrier, NULL, NULL);

	if (is_bare(k, &w->node, r) &&
	    (!meant || mn_id_eq(&w->node.carrier.node, meant))) {
		mn_link_of_bare(&link, &w->node);
		mn_links_put(&k->links, &link, parents);
		return 0;
	}
	if (r < 0 || w->node.carrier.is_merge ||
	    (meant && !mn_id_eq(&w->node.id, meant)))
		return MN_ENOTFOUND;
	mn_link_of(&link, parents, &w->node, claimed_number(k, &w->node));
	link.unproven = 1;
	mn_links_put(&k->links, &link, parents);
	return 0;
}

/* guess: a carrier that should be it, or NULL. */
static void need(struct mn_check *k, const struct mn_id *node,
		 const struct mn_oid *guess)
{
	struct mn_oid carrier;

	if (mn_id_is_zero(node) || mn_links_find(&k->links, node) != SIZE_MAX)
		return;
	if (guess && load(k, guess, node) == 0)
		return;
	if (mn_check_locate(k, &carrier, node) == 0)
		load(k, &carrier, node);
}

/* The whole chain of a cut device, down from its cut: whether a node is part
 * of it shows only there. */
static void need_chain(struct mn_check *k, const struct mn_pub *device)
{
	const struct mn_identity_doc *last;
	const struct mn_id_cut *cut;
	struct mn_id id;
	uint64_t seq;

	last = k->known ? mn_identity_last(k->known) : NULL;
	cut = last ? mn_identity_cut(last, device) : NULL;
	if (!cut || k->chain_loaded[cut - last->cuts])
		return;
	k->chain_loaded[cut - last->cuts] = 1;
	id = cut->node;
	for (seq = cut->seq; seq; seq--) {
		size_t i;

		need(k, &id, NULL);
		i = mn_links_find(&k->links, &id);
		if (i == SIZE_MAX)
			break;
		id = k->links.nodes.p[i].prev;
	}
}

/* Another node of the same number, which must be good itself to count. */
static void need_twin(struct mn_check *k, const struct mn_link *n)
{
	struct worker *w = &k->workers[0];
	struct mn_link_parent parents[MN_PARENTS_MAX];
	struct mn_link link;
	struct mn_oid carrier;
	struct mn_id id;

	if (mn_index_by_seq(&id, &carrier, k->index, &k->profile, &n->device,
			    n->era, n->seq, NULL) < 0 ||
	    mn_id_eq(&id, &n->id) ||
	    mn_verify_node(w->verifier, &w->node, &carrier, NULL, NULL) < 0 ||
	    w->node.carrier.is_merge ||
	    mn_verifier_missing(w->verifier) & MN_MISSING_META)
		return;
	mn_link_of(&link, parents, &w->node,
		   mn_verifier_doc(w->verifier)->number);
	mn_links_put(&k->links, &link, parents);
}

/* Copies are taken throughout: loading moves the vectors. */
static void need_links_of(struct mn_check *k, size_t i)
{
	const struct mn_link n = k->links.nodes.p[i];

	for (size_t p = 0; p < n.nparents; p++) {
		struct mn_link_parent parent =
			k->links.parents.p[n.parents + p];

		need(k, &parent.node, &parent.carrier);
	}
	need(k, &n.prev, NULL);
	need(k, &n.skip, NULL);
	need_chain(k, &n.device);
	if (!k->learned)
		need_twin(k, &n);
}

/* The commits above one whose node cannot be read. */
static void push_parents(struct mn_check *k, const struct mn_oid *oid,
			 struct oid_list *todo)
{
	struct worker *w = &k->workers[0];
	struct mn_carrier *c = &w->node.carrier;
	struct mn_object o;

	if (mn_reader_read(w->rd, &o, oid, MN_CARRIER_MAX, NULL) < 0 ||
	    mn_carrier_parse(c, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE)
		return;
	for (size_t i = 0; i < c->nparents; i++)
		mn_carrier_parent(mn_vec_push(todo), c, i);
}

int mn_check_walk(struct mn_check *k, const struct mn_profile *profile,
		  struct mn_err *err)
{
	struct mn_ref_list tips = { NULL, 0, 0 };
	struct oid_list todo = { 0 };
	struct mn_map seen;
	int r = mn_profile_tips(&tips, profile, err);

	mn_map_init(&seen, sizeof(struct mn_oid));
	for (size_t i = 0; i < tips.n; i++)
		*mn_vec_push(&todo) = tips.p[i].oid;
	while (todo.n) {
		struct mn_oid oid = todo.p[--todo.n];
		const struct mn_link *l;
		size_t i;

		if (mn_map_get(&seen, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&seen, oid.b, 0);
		load(k, &oid, NULL);
		i = mn_links_find_carrier(&k->links, &oid);
		if (i == SIZE_MAX || k->links.nodes.p[i].bare) {
			push_parents(k, &oid, &todo);
			continue;
		}
		l = &k->links.nodes.p[i];
		for (size_t p = 0; p < l->nparents; p++)
			*mn_vec_push(&todo) =
				k->links.parents.p[l->parents + p].carrier;
	}
	mn_refs_release(&tips);
	mn_map_release(&seen);
	mn_vec_release(&todo);
	return r;
}

/* against the others */

static void set_rule(struct mn_check_result *res, enum mn_rule rule)
{
	res->rule = rule;
	res->code = rule == MN_RULE_NONE ? 0 : MN_EINVALID;
}

static void check_merge(struct mn_check *k, struct mn_check_result *res)
{
	struct worker *w = &k->workers[0];
	struct mn_node *n = &w->node;
	int r = mn_node_load(n, w->rd, &res->carrier, NULL, &w->err);

	if (r < 0) {
		res->code = r;
		free(res->words);
		res->words = mn_xstrdup(w->err.msg);
		mn_err_clear(&w->err);
		return;
	}
	if (k->index) {
		struct oid_list parents = { 0 };

		for (size_t i = 0; i < n->carrier.nparents; i++)
			mn_carrier_parent(mn_vec_push(&parents), &n->carrier,
					  i);
		for (size_t i = 0; i < parents.n; i++)
			if (mn_links_find_carrier(&k->links, &parents.p[i])
			    == SIZE_MAX)
				load(k, &parents.p[i], NULL);
		mn_vec_release(&parents);
		/* loading the parents went through the same node */
		if (mn_node_load(n, w->rd, &res->carrier, NULL, NULL) < 0)
			return;
	}
	set_rule(res, mn_links_check_merge(&k->links, &n->carrier,
			(struct mn_str){ n->commit_text.p,
					 n->commit_text.len }));
}

static void link_one(void *ctx, int worker, size_t i)
{
	struct mn_check *k = ctx;
	struct mn_check_result *res = &k->res[i];
	size_t at;

	(void)worker;
	if (res->code || res->is_merge || res->meta_missing)
		return;
	at = mn_links_find(&k->links, &res->node);
	if (at == SIZE_MAX)
		MN_BUG("a node that was checked is not there");
	set_rule(res, mn_links_check(&k->links, at));
}

void mn_check_prove_only(struct mn_check *k, const struct mn_check_result *res,
			 const unsigned char *reached, size_t n)
{
	unsigned char *keep = mn_xcalloc(k->links.nodes.n + 1, 1);

	for (size_t i = 0; i < n; i++) {
		size_t at = SIZE_MAX;

		if (reached[i] && !res[i].code && !res[i].is_merge)
			at = mn_links_find(&k->links, &res[i].node);
		if (at != SIZE_MAX)
			keep[at] = 1;
	}
	mn_links_prove_only(&k->links, keep);
	free(keep);
}

void mn_check_links(struct mn_check *k, struct mn_check_result *res, size_t n)
{
	for (size_t i = 0; k->index && i < n; i++) {
		size_t at;

		if (res[i].code || res[i].is_merge || res[i].meta_missing)
			continue;
		at = mn_links_find(&k->links, &res[i].node);
		if (at != SIZE_MAX)
			need_links_of(k, at);
	}
	mn_links_mark_cuts(&k->links);
	k->res = res;
	mn_pool_for(k->pool, n, 256, link_one, k);
	for (size_t i = 0; i < n; i++)
		if (!res[i].code && res[i].is_merge)
			check_merge(k, &res[i]);
}
