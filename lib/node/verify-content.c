/* Reading contents, verified: mnformat-node(5), CONTENTS. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "node/verify.h"

#include "banned.h"

struct content_reader {
	struct mn_reader *rd;
	const struct mn_content *c;
	const struct mn_salt *salt;
	mn_content_fn *fn;
	void *ctx;
	enum mn_rule *rule;
	struct mn_err *err;
	_Atomic uint64_t *left;		/* budget, or NULL */
	int *missing;			/* not NULL: parts may be missing */
};

static int broken(const struct content_reader *r, enum mn_rule rule)
{
	if (r->rule)
		*r->rule = rule;
	return mn_err_set(r->err, MN_EINVALID, "%s (%s)", mn_rule_words(rule),
			  mn_rule_name(rule));
}

/* Takes what is about to be read off the budget. */
static int charge(const struct content_reader *r, uint64_t bytes)
{
	uint64_t left;

	if (!r->left)
		return 0;
	left = atomic_load(r->left);
	do {
		if (left < bytes)
			return mn_err_set(r->err, MN_ELIMIT, "verifying its "
					  "contents takes more work than is "
					  "allowed");
	} while (!atomic_compare_exchange_weak(r->left, &left, left - bytes));
	return 0;
}

/* 1 for a part that is missing and may be; else what r says. */
static int may_miss(const struct content_reader *r, int ret)
{
	if (ret != MN_ENOTFOUND || !r->missing)
		return ret;
	mn_err_clear(r->err);
	*r->missing = 1;
	return 1;
}

/* Reads a blob that must have size bytes and, salted, the digest. */
static int read_blob(const struct content_reader *r, struct mn_object *o,
		     const struct mn_oid *oid, uint64_t size,
		     const struct mn_id *digest)
{
	struct mn_id id;
	int ret = charge(r, size);

	if (ret < 0)
		return ret;
	ret = mn_reader_read(r->rd, o, oid, (size_t)size, r->err);
	if (ret == MN_ELIMIT)
		return broken(r, MN_RULE_CONTENT_SIZE);
	if (ret < 0)
		return ret;
	if (o->type != MN_BLOB)
		return broken(r, MN_RULE_CARRIER_TREE);
	if (o->len != size)
		return broken(r, MN_RULE_CONTENT_SIZE);
	mn_content_digest(&id, r->salt, o->data, o->len);
	if (!mn_id_eq(&id, digest))
		return broken(r, MN_RULE_CONTENT_DIGEST);
	return 0;
}

static int hand_out(const struct content_reader *r, const struct mn_object *o)
{
	return r->fn ? r->fn(r->ctx, o->data, o->len, r->err) : 0;
}

/* Without fn, a chunk that may be missing does not end it. */
static int read_chunks(const struct content_reader *r,
		       const struct mn_oid *chunks,
		       const struct mn_id *digests, size_t n)
{
	struct mn_object o;
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		uint64_t size = i + 1 < n ? MN_CHUNK_SIZE
			: r->c->size - (uint64_t)i * MN_CHUNK_SIZE;

		ret = may_miss(r, read_blob(r, &o, &chunks[i], size,
					    &digests[i]));
		if (ret == 0)
			ret = hand_out(r, &o);
		else if (ret > 0)
			ret = 0;
	}
	return ret;
}

static int read_chunk_tree(const struct content_reader *r,
			   struct mn_oid *chunks, size_t n,
			   struct mn_oid *list, const struct mn_oid *tree)
{
	struct mn_object o;
	int ret = charge(r, n * (sizeof(*chunks) + sizeof(struct mn_id)));

	if (ret < 0)
		return ret;
	ret = mn_reader_read(r->rd, &o, tree, MN_CHUNKS_MAX * 48, r->err);
	if (ret == MN_ELIMIT)
		return broken(r, MN_RULE_CARRIER_TREE);
	if (ret < 0)
		return may_miss(r, ret);
	if (o.type != MN_TREE ||
	    mn_chunk_tree_decode(chunks, n, list,
				 (struct mn_str){ o.data, o.len }) < 0)
		return broken(r, MN_RULE_CARRIER_TREE);
	return 0;
}

static int read_chunked(const struct content_reader *r,
			const struct mn_oid *tree)
{
	size_t n = (size_t)mn_content_chunks(r->c->size);
	struct mn_oid *chunks = mn_xcalloc(n, sizeof(*chunks));
	struct mn_id *digests = mn_xcalloc(n, sizeof(*digests));
	struct mn_oid list;
	struct mn_object o;
	int ret = read_chunk_tree(r, chunks, n, &list, tree);

	if (ret == 0)
		ret = may_miss(r, read_blob(r, &o, &list,
					    n * sizeof(*digests),
					    &r->c->digest));
	if (ret == 0) {
		memcpy(digests, o.data, n * sizeof(*digests));
		ret = read_chunks(r, chunks, digests, n);
	} else if (ret > 0) {
		ret = 0;
	}
	free(digests);
	free(chunks);
	return ret;
}

static int read_content(const struct content_reader *r,
			const struct mn_oid *oid)
{
	struct mn_object o;
	int ret;

	if (mn_content_is_chunked(r->c->size))
		return read_chunked(r, oid);
	ret = may_miss(r, read_blob(r, &o, oid, r->c->size, &r->c->digest));
	if (ret == 0)
		return hand_out(r, &o);
	return ret > 0 ? 0 : ret;
}

static int is_dropped(const struct mn_node *n, size_t i)
{
	return !((n->tree.present & n->carrier.present) >> i & 1);
}

int mn_content_read(struct mn_reader *rd, const struct mn_node *n, size_t i,
		    mn_content_fn *fn, void *ctx, enum mn_rule *rule,
		    struct mn_err *err)
{
	struct content_reader r = { .rd = rd, .fn = fn, .ctx = ctx,
				    .rule = rule, .err = err };

	if (i >= n->meta.ncontents)
		return mn_err_set(err, MN_ENOTFOUND,
				  "the node has no content %zu", i);
	if (is_dropped(n, i))
		return mn_err_set(err, MN_ENOTFOUND,
				  "content %zu was dropped", i);
	r.c = &n->meta.contents[i];
	r.salt = &n->carrier.salts[i];
	return read_content(&r, &n->tree.contents[i]);
}

int mn_verify_contents(struct mn_reader *rd, const struct mn_node *n,
		       _Atomic uint64_t *left, int *missing,
		       enum mn_rule *rule, struct mn_err *err)
{
	struct content_reader r = { .rd = rd, .rule = rule, .err = err,
				    .left = left, .missing = missing };
	int ret = 0;

	for (size_t i = 0; i < n->meta.ncontents && ret == 0; i++) {
		if (is_dropped(n, i))
			continue;
		r.c = &n->meta.contents[i];
		r.salt = &n->carrier.salts[i];
		ret = read_content(&r, &n->tree.contents[i]);
	}
	return ret;
}

/* presence */

/* MN_HERE, MN_NOT_HERE, < 0. */
static int look_for(struct mn_reader *rd, const struct mn_oid *oid,
		    struct mn_err *err)
{
	enum mn_otype type;
	uint64_t size;
	int r = mn_reader_stat(rd, &type, &size, oid, err);

	if (r != MN_ENOTFOUND)
		return r < 0 ? r : MN_HERE;
	mn_err_clear(err);
	return MN_NOT_HERE;
}

/* All that the tree of a chunked content names. */
static int look_for_chunks(struct mn_reader *rd, const struct mn_oid *tree,
			   size_t n, struct mn_err *err)
{
	struct mn_oid *chunks, list;
	struct mn_object o;
	int r = mn_reader_read(rd, &o, tree, MN_CHUNKS_MAX * 48, err);

	if (r < 0)
		return r;
	chunks = mn_xcalloc(n, sizeof(*chunks));
	if (mn_chunk_tree_decode(chunks, n, &list,
				 (struct mn_str){ o.data, o.len }) < 0)
		r = mn_err_set(err, MN_EINVALID, "%s",
			       mn_rule_words(MN_RULE_CARRIER_TREE));
	else
		r = look_for(rd, &list, err);
	for (size_t i = 0; i < n && r == MN_HERE; i++)
		r = look_for(rd, &chunks[i], err);
	free(chunks);
	return r;
}

int mn_content_presence(struct mn_reader *rd, const struct mn_node *n,
			size_t i, struct mn_err *err)
{
	uint64_t size = n->meta.contents[i].size;
	int r;

	if (is_dropped(n, i))
		return MN_DROPPED;
	r = look_for(rd, &n->tree.contents[i], err);
	if (r == MN_HERE && mn_content_is_chunked(size))
		r = look_for_chunks(rd, &n->tree.contents[i],
				    (size_t)mn_content_chunks(size), err);
	return r;
}
