/*
 * Attacks with whole nodes: by a device that was cut, with an older or a
 * conflicting identity, with a key used twice. mnformat-node(5), VERIFYING.
 */
#include "node/links.h"
#include "node/verify.h"

#include "node-make.h"

#include "banned.h"

enum { A, B, DEVICES };
#define NODES 8

/*
 * R0 lists A and B. R1 cuts B at its second node; other is another R1. The
 * nodes are given as index, device and parents.
 */
struct world {
	struct test_store s;
	struct mn_root *root;
	struct author devices[DEVICES];
	struct mn_buf r0, r1, other;
	struct mn_identity old, known, fork;
	struct mn_meta metas[NODES];
	struct made nodes[NODES];
	size_t n;
};

static struct mn_str text_of(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

/* Makes the next node, under the last document of an identity. The device's
 * last node is prev, or none if it is -1; its number in *out. */
static size_t make(struct world *w, int device, const struct mn_identity *id,
		   int prev, int skip, const size_t *parents, size_t nparents)
{
	struct mn_meta *m = &w->metas[w->n];
	struct mn_oid oids[MN_PARENTS_MAX];

	if (w->n == NODES)
		abort();
	mn_meta_init(m);
	m->kind = MN_STR("post");
	m->profile = *mn_identity_profile(id);
	m->identity = mn_identity_last(id)->digest;
	m->device = w->devices[device].pub;
	m->seq = prev < 0 ? 1 : w->metas[prev].seq + 1;
	if (prev >= 0)
		m->prev = m->skip = w->nodes[prev].id;
	if (skip >= 0)
		m->skip = w->nodes[skip].id;
	m->gen = 1;
	m->time = (int64_t)(1700000000000 + w->n);
	for (size_t i = 0; i < nparents; i++) {
		const struct mn_meta *p = &w->metas[parents[i]];
		size_t k = i;

		/* ascending */
		for (; k && mn_id_cmp(&m->parents[k - 1],
				      &w->nodes[parents[i]].id) > 0; k--) {
			m->parents[k] = m->parents[k - 1];
			oids[k] = oids[k - 1];
		}
		m->parents[k] = w->nodes[parents[i]].id;
		oids[k] = w->nodes[parents[i]].carrier;
		if (p->gen >= m->gen)
			m->gen = p->gen + 1;
	}
	m->nparents = nparents;
	node_make(&w->nodes[w->n], &w->s, m, &w->devices[device], oids,
		  id->text);
	return w->n++;
}

/* What a verifier says of node i that knows an identity, and the nodes that
 * bits of among name; the node itself comes last. */
static const char *verdict(struct world *w, size_t i, uint64_t among,
			   const struct mn_identity *known)
{
	struct mn_verifier *v = mn_verifier_new(w->s.rd,
			mn_identity_profile(&w->old), known);
	struct mn_verifier *lenient = mn_verifier_new(w->s.rd,
			mn_identity_profile(&w->old), NULL);
	struct mn_err err = MN_ERR_INIT;
	enum mn_rule rule = MN_RULE_NONE;
	struct mn_links l;
	struct mn_node n;

	mn_node_init(&n);
	mn_links_init(&l, known);
	for (size_t k = 0; k < w->n; k++) {
		if (k == i || !(among >> k & 1))
			continue;
		must(mn_verify_node(lenient, &n, &w->nodes[k].carrier, NULL,
				    &err), &err);
		mn_links_add(&l, &n, mn_verifier_doc(lenient)->number);
	}
	if (mn_verify_node(v, &n, &w->nodes[i].carrier, &rule, &err) == 0) {
		mn_links_add(&l, &n, mn_verifier_doc(v)->number);
		mn_links_mark_cuts(&l);
		rule = mn_links_check(&l, mn_links_find(&l, &n.id));
	}
	mn_links_release(&l);
	mn_node_release(&n);
	mn_verifier_free(lenient);
	mn_verifier_free(v);
	return mn_rule_name(rule);
}

static void parse(struct mn_identity *id, const struct mn_buf *blob)
{
	mn_identity_init(id);
	if (mn_identity_parse(id, text_of(blob)) != MN_RULE_NONE)
		abort();
}

static void world_init(struct world *w)
{
	struct rng rng = { 1 };

	memset(w, 0, sizeof(*w));
	store_begin(&w->s);
	w->root = root_make(&rng);
	author_init(&w->devices[A], &rng);
	author_init(&w->devices[B], &rng);
	authors_sort(w->devices, DEVICES);
	mn_buf_init(&w->r0);
	mn_buf_init(&w->r1);
	mn_buf_init(&w->other);
	identity_of(&w->r0, w->root, w->devices, DEVICES);
	parse(&w->old, &w->r0);
}

/* R1, which cuts B at a node. */
static void cut(struct world *w, struct mn_buf *out, const struct mn_id *node,
		uint64_t seq)
{
	struct mn_id_device a = { w->devices[A].pub, MN_STR("a device") };
	struct mn_id_cut c = { w->devices[B].pub, 0, seq, *node };
	struct mn_identity_doc d = { .number = 1, .time = 1700000000001,
		.previous = mn_identity_last(&w->old)->digest,
		.devices = &a, .ndevices = 1, .cuts = &c, .ncuts = 1 };

	mn_buf_addstr(out, text_of(&w->r0));
	identity_put(out, &d, w->root);
}

static void world_release(struct world *w)
{
	mn_identity_release(&w->old);
	mn_identity_release(&w->known);
	mn_identity_release(&w->fork);
	mn_buf_release(&w->r0);
	mn_buf_release(&w->r1);
	mn_buf_release(&w->other);
	for (int i = 0; i < DEVICES; i++)
		mn_secret_free(w->devices[i].secret);
	mn_root_free(w->root);
	store_end(&w->s);
}

/* B posts b1, b2; A cuts it there and posts a1 under R1. */
static void test_cut(struct world *w)
{
	size_t b1 = make(w, B, &w->old, -1, -1, NULL, 0);
	size_t b2 = make(w, B, &w->old, (int)b1, -1, &b1, 1);
	size_t twin = make(w, B, &w->old, (int)b1, -1, (size_t[]){ b1 }, 1);
	size_t a1, late, b3;

	cut(w, &w->r1, &w->nodes[b2].id, 2);
	cut(w, &w->other, &w->nodes[b1].id, 1);
	parse(&w->known, &w->r1);
	parse(&w->fork, &w->other);
	a1 = make(w, A, &w->known, -1, -1, &b2, 1);
	b3 = make(w, B, &w->old, (int)b2, -1, &b2, 1);
	late = make(w, B, &w->old, (int)b2, -1, &a1, 1);
	store_open(&w->s);

	is_str(verdict(w, b1, 1 << b2, &w->known), "ok", "before the cut");
	is_str(verdict(w, b2, 1 << b1, &w->known), "ok", "at the cut");
	is_str(verdict(w, b1, 0, &w->known), "device-cut-chain",
	       "before the cut, without the node at it");
	is_str(verdict(w, b3, 1 << b1 | 1 << b2, &w->known), "device-cut",
	       "beyond the cut");
	is_str(verdict(w, b3, 1 << b1 | 1 << b2, NULL), "ok",
	       "beyond the cut, where it is not known");
	is_str(verdict(w, twin, 1 << b1 | 1 << b2, &w->known),
	       "device-cut-chain", "another node with the number of the cut");
	is_str(verdict(w, twin, 1 << b1 | 1 << b2, NULL), "equivocation",
	       "it proves that the key is used twice");
	is_str(verdict(w, b2, 1 << b1 | 1 << twin, NULL), "equivocation",
	       "and so does the first");
	is_str(verdict(w, late, 1 << b1 | 1 << b2 | 1 << a1, NULL),
	       "identity-regress", "an older document than its parent's");
	is_str(verdict(w, a1, 1 << b1 | 1 << b2, &w->known), "ok",
	       "a newer document than its parent's");
	is_str(verdict(w, a1, 1 << b1 | 1 << b2, &w->old), "ok",
	       "a newer document than the one known");
	is_str(verdict(w, a1, 1 << b1 | 1 << b2, &w->fork), "identity-fork",
	       "a document that conflicts with the one known");
	is_str(verdict(w, b1, 0, &w->fork), "ok",
	       "a document that both have in common");
}

static void test_fork(struct world *w)
{
	struct mn_buf both = MN_BUF_INIT;
	struct mn_identity id;

	ok(mn_identity_extends(&w->known, &w->old) &&
	   mn_identity_extends(&w->fork, &w->old), "both extend R0");
	ok(!mn_identity_extends(&w->known, &w->fork) &&
	   !mn_identity_extends(&w->fork, &w->known),
	   "neither extends the other");
	mn_buf_addstr(&both, text_of(&w->r1));
	mn_buf_addstr(&both, (struct mn_str){ w->other.p + w->r0.len,
					      w->other.len - w->r0.len });
	mn_identity_init(&id);
	is_str(mn_rule_name(mn_identity_parse(&id, text_of(&both))),
	       "chain-number", "not both in one list");
	mn_identity_release(&id);
	mn_buf_release(&both);
}

/* A merge of what must not be merged. */
static void test_merge(struct world *w)
{
	struct mn_buf text = MN_BUF_INIT;
	struct mn_head heads[2];
	struct mn_carrier c;
	struct mn_err err = MN_ERR_INIT;
	struct mn_links l;
	struct mn_node n;

	mn_links_init(&l, NULL);
	mn_node_init(&n);
	for (size_t i = 0; i < 2; i++) {
		must(mn_node_load(&n, w->s.rd, &w->nodes[i + 1].carrier, NULL,
				  &err), &err);
		mn_links_add(&l, &n, 0);
		heads[i] = (struct mn_head){ n.id, n.oid, n.carrier.seconds };
	}
	mn_merge_encode(&text, heads, 2);
	if (mn_carrier_parse(&c, text_of(&text)) != MN_RULE_NONE)
		abort();
	is_str(mn_rule_name(mn_links_check_merge(&l, &c, text_of(&text))),
	       "ok", "a merge of two");
	mn_buf_clear(&text);
	heads[1] = heads[0];
	mn_merge_encode(&text, heads, 2);
	if (mn_carrier_parse(&c, text_of(&text)) != MN_RULE_NONE)
		abort();
	is_str(mn_rule_name(mn_links_check_merge(&l, &c, text_of(&text))),
	       "carrier-mismatch", "a merge of one with itself");
	mn_buf_clear(&text);
	mn_merge_encode(&text, heads, 1);
	if (mn_carrier_parse(&c, text_of(&text)) != MN_RULE_NONE)
		abort();
	is_str(mn_rule_name(mn_links_check_merge(&l, &c, text_of(&text))),
	       "carrier-mismatch", "a merge of one");
	mn_node_release(&n);
	mn_links_release(&l);
	mn_buf_release(&text);
}

int main(void)
{
	struct world *w = mn_xmalloc(sizeof(*w));

	if (mn_key_init() < 0)
		return 1;
	world_init(w);
	test_cut(w);
	test_fork(w);
	test_merge(w);
	world_release(w);
	free(w);
	return done_testing();
}
