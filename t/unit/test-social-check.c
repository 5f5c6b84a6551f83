/*
 * Many nodes, checked on any number of threads, in blocks of any size: the
 * results are the same; a forged node proves nothing against a good one.
 */
#include "social/check.h"

#include "node-make.h"

#include "banned.h"

#define CHAIN 3000
#define EXTRA 4
#define NODES (CHAIN + EXTRA)

struct world {
	struct rng rng;
	struct test_store s;
	struct mn_root *root;
	struct author device, thief;
	struct mn_buf text;
	struct mn_identity identity;
	struct made nodes[NODES];
	size_t n;
};

static void begin(struct world *w)
{
	w->rng.state = 5;
	store_begin(&w->s);
	w->root = root_make(&w->rng);
	author_init(&w->device, &w->rng);
	author_init(&w->thief, &w->rng);
	mn_buf_init(&w->text);
	identity_of(&w->text, w->root, &w->device, 1);
	mn_identity_init(&w->identity);
	if (mn_identity_parse(&w->identity,
			      (struct mn_str){ w->text.p, w->text.len }))
		abort();
}

static void end(struct world *w)
{
	mn_identity_release(&w->identity);
	mn_buf_release(&w->text);
	mn_secret_free(w->device.secret);
	mn_secret_free(w->thief.secret);
	mn_root_free(w->root);
	store_end(&w->s);
}

/* Node number seq of the chain that goes through nodes, of a time that tells
 * it from others of its number. */
static size_t make(struct world *w, size_t seq, int64_t time,
		   const struct author *signer)
{
	struct mn_meta m;

	mn_meta_init(&m);
	m.kind = MN_STR("post");
	m.profile = m.identity = *mn_identity_profile(&w->identity);
	m.device = w->device.pub;
	m.seq = m.gen = seq;
	m.time = time;
	if (seq > 1) {
		m.nparents = 1;
		m.parents[0] = m.prev = w->nodes[seq - 2].id;
		m.skip = w->nodes[mn_lipmaa(seq) - 1].id;
	}
	node_make(&w->nodes[w->n], &w->s, &m, signer,
		  seq > 1 ? &w->nodes[seq - 2].carrier : NULL,
		  w->identity.text);
	return w->n++;
}

/* Checks nodes order[0..n-1] in blocks; the rules go to out. */
static void check(struct world *w, const size_t *order, size_t n,
		  size_t block, int threads, enum mn_rule *out)
{
	struct mn_check_options o = { .threads = threads };
	struct mn_check *k = mn_check_new(w->s.store,
			mn_identity_profile(&w->identity), &w->identity, &o);
	struct mn_check_result *res = mn_xcalloc(n + 1, sizeof(*res));

	for (size_t i = 0; i < n; i++)
		res[i].carrier = w->nodes[order[i]].carrier;
	for (size_t i = 0; i < n; i += block)
		mn_check_nodes(k, res + i, n - i < block ? n - i : block);
	mn_check_links(k, res, n);
	for (size_t i = 0; i < n; i++)
		out[order[i]] = res[i].rule;
	mn_check_results_release(res, n);
	free(res);
	mn_check_free(k);
}

static size_t count(const enum mn_rule *rules, size_t n, enum mn_rule rule)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++)
		k += rules[i] == rule;
	return k;
}

static void shuffle(struct world *w, size_t *order, size_t n)
{
	for (size_t i = 0; i < n; i++)
		order[i] = i;
	for (size_t i = n; i > 1; i--) {
		size_t k = rng_below(&w->rng, i), t = order[k];

		order[k] = order[i - 1];
		order[i - 1] = t;
	}
}

static void test_chain(struct world *w, size_t *order, enum mn_rule *rules)
{
	static const size_t blocks[] = { NODES, 1, 7, 1024, 1025 };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(*blocks); i++)
		for (int threads = 1; threads < 6; threads += 2) {
			shuffle(w, order, CHAIN);
			check(w, order, CHAIN, blocks[i], threads, rules);
			is_int(count(rules, CHAIN, MN_RULE_NONE), CHAIN,
			       "a chain is good: blocks of %zu, %d threads",
			       blocks[i], threads);
		}
}

static void test_missing(struct world *w, size_t *order, enum mn_rule *rules)
{
	size_t n = 0, refer = 0;

	for (size_t i = 0; i < CHAIN; i++)
		if (i != 999)
			order[n++] = i;
	check(w, order, n, 100, 3, rules);
	is_int(rules[1000], MN_RULE_PARENT_MISSING,
	       "without a node its child lacks a parent");
	for (size_t i = 1001; i < CHAIN; i++)
		refer += mn_lipmaa(i + 1) == 1000;
	is_int(count(rules, CHAIN, MN_RULE_SKIP), refer,
	       "and those whose skip link leads there lack that");
	rules[999] = MN_RULE_NONE;
	is_int(count(rules, CHAIN, MN_RULE_NONE), CHAIN - 1 - refer,
	       "the others do not mind");
}

static void test_twins(struct world *w, size_t *order, enum mn_rule *rules,
		       size_t forged, size_t twin)
{
	for (int round = 0; round < 4; round++) {
		shuffle(w, order, NODES);
		check(w, order, NODES, 64, round, rules);
		is_int(rules[forged], MN_RULE_SIGNATURE,
		       "what a thief signed is not good");
		is_int(rules[9], MN_RULE_NONE,
		       "and proves nothing against the real one");
		is_int(rules[twin], MN_RULE_EQUIVOCATION,
		       "a second node of one number is told");
		is_int(rules[19], MN_RULE_EQUIVOCATION,
		       "so is the first, in whatever order they come");
		is_int(count(rules, NODES, MN_RULE_NONE), CHAIN - 2,
		       "all others are good");
	}
}

int main(void)
{
	struct world *w = mn_xcalloc(1, sizeof(*w));
	size_t *order = mn_xcalloc(NODES, sizeof(*order));
	enum mn_rule *rules = mn_xcalloc(NODES, sizeof(*rules));
	size_t forged, twin;

	if (mn_key_init() < 0)
		return 1;
	begin(w);
	for (size_t i = 1; i <= CHAIN; i++)
		make(w, i, 1700000000000 + (int64_t)i, &w->device);
	forged = make(w, 10, 5, &w->thief);
	twin = make(w, 20, 6, &w->device);
	make(w, 2, 7, &w->thief);
	make(w, CHAIN, 8, &w->device);
	store_open(&w->s);
	test_chain(w, order, rules);
	test_missing(w, order, rules);
	test_twins(w, order, rules, forged, twin);
	end(w);
	free(rules);
	free(order);
	free(w);
	return done_testing();
}
