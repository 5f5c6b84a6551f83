/*
 * fuzz-carrier: commits, trees and chunk trees. What is taken strictly is
 * written again byte for byte; what a commit says is said again by the one
 * that is made of it.
 *
 * Input: the size of the commit and that of the tree, 2 bytes each, the high
 * one first; commit, tree and meta.
 */
#include "node/carrier.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

static struct mn_str take(struct mn_str *rest, size_t n)
{
	struct mn_str s = { rest->p, n < rest->len ? n : rest->len };

	rest->p += s.len;
	rest->len -= s.len;
	return s;
}

static struct mn_str text_of(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

static void encode(struct mn_buf *out, const struct mn_meta *m,
		   const struct mn_carrier *c)
{
	struct mn_oid parents[MN_PARENTS_MAX];

	for (size_t i = 0; i < c->nparents; i++)
		mn_carrier_parent(&parents[i], c, i);
	mn_carrier_encode(out, m, &(struct mn_carrier_parts){
		&c->tree, parents, &c->node, &c->sig, c->present, c->salts });
}

static void same_carrier(const struct mn_carrier *a, const struct mn_carrier *b,
			 const struct mn_meta *m)
{
	struct mn_oid x, y;

	LAW(!a->is_merge && !b->is_merge && mn_oid_eq(&a->tree, &b->tree));
	LAW(mn_id_eq(&a->node, &b->node));
	LAW(!memcmp(a->sig.b, b->sig.b, sizeof(a->sig.b)));
	LAW(a->nparents == b->nparents);
	for (size_t i = 0; i < a->nparents; i++) {
		mn_carrier_parent(&x, a, i);
		mn_carrier_parent(&y, b, i);
		LAW(mn_oid_eq(&x, &y));
	}
	for (size_t i = 0; i < m->ncontents; i++)
		if (a->present >> i & 1)
			LAW(b->present >> i & 1 &&
			    !memcmp(&a->salts[i], &b->salts[i],
				    MN_SALT_SIZE));
	LAW(!mn_str_cmp(b->kind, m->kind));
	LAW(!m->summary.p || !mn_str_cmp(b->subject, m->summary));
	LAW(b->seconds == (uint64_t)m->time / 1000);
	LAW(!memcmp(b->device.b, m->device.b, 32));
}

static void try_commit(struct mn_str commit, const struct mn_meta *m)
{
	struct mn_buf made = MN_BUF_INIT, again = MN_BUF_INIT;
	struct mn_carrier c, d;
	struct mn_oid oid;
	enum mn_rule rule = mn_carrier_parse(&c, commit);

	LAW(rule == MN_RULE_NONE || rule == MN_RULE_CARRIER_PARSE ||
	    rule == MN_RULE_CARRIER_VERSION);
	if (rule != MN_RULE_NONE)
		return;
	LAW(c.nparents <= (c.is_merge ? MN_MERGE_PARENTS_MAX
				      : MN_PARENTS_MAX));
	for (size_t i = 0; i < c.nparents; i++)
		mn_carrier_parent(&oid, &c, i);
	if (m && !c.is_merge && c.nparents == m->nparents) {
		encode(&made, m, &c);
		LAW(mn_carrier_parse(&d, text_of(&made)) == MN_RULE_NONE);
		same_carrier(&c, &d, m);
		encode(&again, m, &d);
		LAW(!mn_str_cmp(text_of(&made), text_of(&again)));
	}
	mn_buf_release(&again);
	mn_buf_release(&made);
}

static void try_tree(struct mn_str tree, const struct mn_meta *m)
{
	struct mn_carrier_tree t, found;
	struct mn_buf again = MN_BUF_INIT;
	int r = mn_carrier_tree_find(&found, tree);

	LAW(r == 0 || r == -1);
	if (!m || mn_carrier_tree_decode(&t, m, tree) < 0)
		return;
	LAW(r == 0 && mn_oid_eq(&t.meta, &found.meta) &&
	    mn_oid_eq(&t.identity, &found.identity));
	mn_carrier_tree_encode(&again, m, &t);
	LAW(!mn_str_cmp(text_of(&again), tree));
	mn_buf_release(&again);
}

/* With the number of chunks that would fit, and with others. */
static void try_chunks(struct mn_str tree)
{
	size_t fit = tree.len > 35 ? (tree.len - 35) / 32 : 0;
	struct mn_oid *chunks = mn_xcalloc(fit + 2, sizeof(*chunks)), list;
	struct mn_buf again = MN_BUF_INIT;

	for (size_t n = fit; n < fit + 2; n++) {
		if (mn_chunk_tree_decode(chunks, n, &list, tree) < 0)
			continue;
		mn_buf_clear(&again);
		mn_chunk_tree_encode(&again, chunks, n, &list);
		LAW(!mn_str_cmp(text_of(&again), tree));
	}
	mn_buf_release(&again);
	free(chunks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_str rest = { (const char *)data, size };
	struct mn_str commit, tree;
	size_t n, k;
	struct mn_meta m;
	int good;

	if (size < 4)
		return 0;
	n = (size_t)data[0] << 8 | data[1];
	k = (size_t)data[2] << 8 | data[3];
	take(&rest, 4);
	commit = take(&rest, n);
	tree = take(&rest, k);
	good = mn_meta_decode(&m, rest) == MN_RULE_NONE;
	try_commit(commit, good ? &m : NULL);
	try_tree(tree, good ? &m : NULL);
	try_chunks(tree);
	return 0;
}
