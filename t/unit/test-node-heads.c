/*
 * Heads and merges of many devices that post at once and exchange nodes in
 * pairs, with losses: laws that hold for every history. A history follows
 * from its seed; a failing one is printed.
 *
 *	test-node-heads [FIRST [COUNT]]		also MN_TEST_SEEDS=COUNT
 */
#include "node/heads.h"
#include "node/links.h"
#include "node/verify.h"

#include "node-world.h"

#include "banned.h"

#define SEEDS 200

static size_t tips_of(struct world *w, const struct set *knows,
		      struct mn_tip tips[DEVICES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < w->ndevices; i++) {
		const struct device *d = &w->devices[i];
		size_t k = d->n;

		while (k && !has(knows, d->chain[k - 1]))
			k--;
		if (k)
			tips[n++] = (struct mn_tip){ d->author.pub, 0, k,
				w->nodes[d->chain[k - 1]].made.carrier };
	}
	for (size_t k = n; k > 1; k--) {	/* in no order */
		size_t r = rng_below(&w->rng, k);
		struct mn_tip t = tips[r];

		tips[r] = tips[k - 1];
		tips[k - 1] = t;
	}
	return n;
}

static int same_heads(const struct world *w, const struct mn_head_list *got,
		      const size_t *want, size_t n)
{
	if (got->n != n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		const struct node *node = &w->nodes[want[i]];

		if (!mn_id_eq(&got->p[i].node, &node->made.id) ||
		    !mn_oid_eq(&got->p[i].carrier, &node->made.carrier) ||
		    got->p[i].seconds != node->seconds)
			return 0;
	}
	return 1;
}

/* By mn_links_maximal, over all that is known. */
static void check_maximal(struct world *w, const struct set *knows,
			  const size_t *want, size_t n)
{
	struct mn_index_list e = { NULL, 0, 0 };
	struct mn_links l;
	int same;

	mn_links_init(&l, NULL);
	for (size_t i = 0; i < w->nnodes; i++)
		if (has(knows, i))
			mn_links_add(&l, &w->loaded[i], 0);
	mn_links_maximal(&l, &e);
	same = e.n == n;
	for (size_t i = 0; same && i < n; i++)
		same = mn_id_eq(&l.nodes.p[e.p[i]].id,
				&w->nodes[want[i]].made.id);
	LAW(w, same, "mn_links_maximal finds %zu, not %zu", e.n, n);
	mn_vec_release(&e);
	mn_links_release(&l);
}

/* The merge of heads, whatever their order. */
static void check_merge(struct world *w, const struct mn_head_list *heads)
{
	struct mn_buf merge = MN_BUF_INIT, again = MN_BUF_INIT;
	struct mn_head *p = mn_xcalloc(heads->n, sizeof(*p));
	struct mn_carrier c;
	struct mn_oid oid, other;

	memcpy(p, heads->p, heads->n * sizeof(*p));
	mn_heads_merge(&oid, &merge, p, heads->n);
	if (heads->n == 1) {
		LAW(w, !merge.len && mn_oid_eq(&oid, &p->carrier),
		    "one head is merged");
		goto out;
	}
	for (size_t k = heads->n; k > 1; k--) {
		size_t r = rng_below(&w->rng, k);
		struct mn_head t = p[r];

		p[r] = p[k - 1];
		p[k - 1] = t;
	}
	mn_heads_merge(&other, &again, p, heads->n);
	LAW(w, mn_oid_eq(&oid, &other) && !mn_str_cmp(text_of(&merge),
						      text_of(&again)),
	    "a merge depends on the order of its heads");
	LAW(w, mn_carrier_parse(&c, text_of(&merge)) == MN_RULE_NONE &&
	    c.is_merge && mn_links_check_merge(&w->all, &c, text_of(&merge))
	    == MN_RULE_NONE, "a merge is not accepted");
	mn_map_put(&w->merges, oid.b, heads->n);
out:
	free(p);
	mn_buf_release(&again);
	mn_buf_release(&merge);
}

static void check_snap(struct world *w, const struct snap *s)
{
	struct device *d = &w->devices[s->device];
	struct mn_known_heads known = { d->tips, d->ntips, d->heads.p,
					d->heads.n };
	struct mn_head_list scratch = { NULL, 0, 0 }, next = { NULL, 0, 0 };
	struct mn_oid oids[DEVICES_MAX];
	struct mn_tip tips[DEVICES_MAX];
	struct mn_err err = MN_ERR_INIT;
	size_t want[NODES_MAX], n = maximal(w, &s->knows, want);
	size_t ntips = tips_of(w, &s->knows, tips);

	for (size_t i = 0; i < ntips; i++)
		oids[i] = tips[i].carrier;
	must(mn_heads(&scratch, w->s->rd, oids, ntips, NULL, &err), &err);
	LAW(w, same_heads(w, &scratch, want, n),
	    "mn_heads finds %zu heads, not %zu", scratch.n, n);
	must(mn_heads(&next, w->s->rd, oids, ntips, &known, &err), &err);
	LAW(w, same_heads(w, &next, want, n),
	    "mn_heads, knowing %zu heads, finds %zu, not %zu", known.nheads,
	    next.n, n);
	check_maximal(w, &s->knows, want, n);
	check_merge(w, &next);
	mn_vec_release(&scratch);
	mn_vec_release(&d->heads);
	d->heads = next;
	memcpy(d->tips, tips, sizeof(tips));
	d->ntips = ntips;
}

/* All nodes, by themselves and together. */
static void check_nodes(struct world *w)
{
	struct mn_verifier *v = mn_verifier_new(w->s->rd,
			mn_identity_profile(&w->id), &w->id);
	struct mn_err err = MN_ERR_INIT;
	enum mn_rule rule;

	for (size_t i = 0; i < w->nnodes; i++) {
		mn_node_init(&w->loaded[i]);
		rule = MN_RULE_NONE;
		LAW(w, mn_verify_node(v, &w->loaded[i],
				      &w->nodes[i].made.carrier, &rule,
				      &err) == 0, "node %zu: %s", i, err.msg);
		mn_links_add(&w->all, &w->loaded[i], 0);
	}
	mn_links_mark_cuts(&w->all);
	for (size_t i = 0; i < w->nnodes; i++) {
		rule = mn_links_check(&w->all, i);
		LAW(w, rule == MN_RULE_NONE, "node %zu: %s", i,
		    mn_rule_name(rule));
	}
	mn_verifier_free(v);
}

/* Everybody knows everything: all have the same head. */
static void check_end(struct world *w)
{
	struct mn_buf first = MN_BUF_INIT, merge = MN_BUF_INIT;
	struct mn_oid oid, other;

	for (size_t i = 0; i < w->ndevices; i++) {
		struct device *d = &w->devices[i];

		mn_buf_clear(&merge);
		if (!d->heads.n) {
			LAW(w, 0, "device %zu has no head", i);
			break;
		}
		mn_heads_merge(&other, &merge, d->heads.p, d->heads.n);
		if (i == 0) {
			oid = other;
			mn_buf_addstr(&first, text_of(&merge));
		}
		LAW(w, mn_oid_eq(&oid, &other) &&
		    !mn_str_cmp(text_of(&first), text_of(&merge)),
		    "device %zu ends with another head", i);
	}
	/* a merge is made when nodes come from others, or a post leaves
	 * heads over */
	LAW(w, w->merges.n <= w->nnodes * (w->ndevices - 1) + w->left_over,
	    "%zu merges of %zu posts", w->merges.n, w->nnodes);
	mn_buf_release(&merge);
	mn_buf_release(&first);
}

static void begin(struct world *w, struct test_store *s, uint64_t seed)
{
	struct author authors[DEVICES_MAX];

	memset(w, 0, sizeof(*w));
	w->s = s;
	w->seed = w->rng.state = seed;
	w->ndevices = 1 + rng_below(&w->rng, seed % 10 ? 7 : DEVICES_MAX);
	w->loss = rng_below(&w->rng, 2) ? rng_below(&w->rng, 90) : 0;
	w->root = root_make(&w->rng);
	for (size_t i = 0; i < w->ndevices; i++)
		author_init(&authors[i], &w->rng);
	authors_sort(authors, w->ndevices);
	for (size_t i = 0; i < w->ndevices; i++)
		w->devices[i].author = authors[i];
	mn_buf_init(&w->identity);
	identity_of(&w->identity, w->root, authors, w->ndevices);
	mn_identity_init(&w->id);
	if (mn_identity_parse(&w->id, text_of(&w->identity)) != MN_RULE_NONE)
		abort();
	mn_links_init(&w->all, &w->id);
	mn_map_init(&w->merges, sizeof(struct mn_oid));
}

static void end(struct world *w)
{
	for (size_t i = 0; i < w->nnodes; i++)
		mn_node_release(&w->loaded[i]);
	for (size_t i = 0; i < w->ndevices; i++) {
		mn_vec_release(&w->devices[i].heads);
		mn_secret_free(w->devices[i].author.secret);
	}
	mn_map_release(&w->merges);
	mn_links_release(&w->all);
	mn_identity_release(&w->id);
	mn_buf_release(&w->identity);
	mn_root_free(w->root);
}

static void try(struct world *w, struct test_store *s, uint64_t seed)
{
	begin(w, s, seed);
	play(w);
	store_open(s);
	check_nodes(w);
	for (size_t i = 0; i < w->nsnaps; i++)
		check_snap(w, &w->snaps[i]);
	check_end(w);
	ok(!w->bad, "seed %ju: %zu devices, %zu posts, %zu states, %zu merges",
	   (uintmax_t)seed, w->ndevices, w->nnodes, w->nsnaps, w->merges.n);
	store_clear(s);
	end(w);
}

/* A profile without a node. */
static void try_nothing(struct test_store *s)
{
	struct mn_head_list heads = { NULL, 0, 0 };
	struct mn_err err = MN_ERR_INIT;

	store_open(s);
	is_int(mn_heads(&heads, s->rd, NULL, 0, NULL, &err), 0, "no tips");
	is_int(heads.n, 0, "no heads");
	store_clear(s);
}

int main(int argc, char **argv)
{
	const char *env = getenv("MN_TEST_SEEDS");
	struct world *w = mn_xmalloc(sizeof(*w));
	uint64_t first = 0, count = SEEDS;
	struct test_store s;

	if (mn_key_init() < 0)
		return 1;
	if (env)
		count = strtoull(env, NULL, 10);
	if (argc > 1) {
		first = strtoull(argv[1], NULL, 10);
		count = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	}
	store_begin(&s);
	try_nothing(&s);
	for (uint64_t seed = first; seed < first + count; seed++)
		try(w, &s, seed);
	store_end(&s);
	free(w);
	return done_testing();
}
