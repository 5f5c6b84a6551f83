/* Reading contents, verified: mnformat-node(5), CONTENTS. */
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
};

static int broken(const struct content_reader *r, enum mn_rule rule)
{
	if (r->rule)
		*r->rule = rule;
	return mn_err_set(r->err, MN_EINVALID, "%s (%s)", mn_rule_words(rule),
			  mn_rule_name(rule));
}

/* Reads a blob that must have size bytes and, salted, the digest. */
static int read_blob(const struct content_reader *r, struct mn_object *o,
		     const struct mn_oid *oid, uint64_t size,
		     const struct mn_id *digest)
{
	struct mn_id id;
	int ret = mn_reader_read(r->rd, o, oid, (size_t)size, r->err);

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

static int read_chunks(const struct content_reader *r,
		       const struct mn_oid *chunks,
		       const struct mn_id *digests, size_t n)
{
	struct mn_object o;
	int ret = 0;

	for (size_t i = 0; i < n && ret == 0; i++) {
		uint64_t size = i + 1 < n ? MN_CHUNK_SIZE
			: r->c->size - (uint64_t)i * MN_CHUNK_SIZE;

		ret = read_blob(r, &o, &chunks[i], size, &digests[i]);
		if (ret == 0)
			ret = hand_out(r, &o);
	}
	return ret;
}

static int read_chunked(const struct content_reader *r,
			const struct mn_oid *tree)
{
	size_t n = (size_t)mn_content_chunks(r->c->size);
	struct mn_oid *chunks = mn_xcalloc(n, sizeof(*chunks));
	struct mn_id *digests = mn_xcalloc(n, sizeof(*digests));
	struct mn_oid list;
	struct mn_object o;
	int ret;

	ret = mn_reader_read(r->rd, &o, tree, MN_CHUNKS_MAX * 48, r->err);
	if (ret == MN_ELIMIT)
		ret = broken(r, MN_RULE_CARRIER_TREE);
	if (ret < 0)
		goto out;
	if (o.type != MN_TREE ||
	    mn_chunk_tree_decode(chunks, n, &list,
				 (struct mn_str){ o.data, o.len }) < 0) {
		ret = broken(r, MN_RULE_CARRIER_TREE);
		goto out;
	}
	ret = read_blob(r, &o, &list, n * sizeof(*digests), &r->c->digest);
	if (ret < 0)
		goto out;
	memcpy(digests, o.data, n * sizeof(*digests));
	ret = read_chunks(r, chunks, digests, n);
out:
	free(digests);
	free(chunks);
	return ret;
}

int mn_content_read(struct mn_reader *rd, const struct mn_node *n, size_t i,
		    mn_content_fn *fn, void *ctx, enum mn_rule *rule,
		    struct mn_err *err)
{
	struct content_reader r = { rd, &n->meta.contents[i],
		&n->carrier.salts[i], fn, ctx, rule, err };
	struct mn_object o;
	int ret;

	if (i >= n->meta.ncontents)
		return mn_err_set(err, MN_ENOTFOUND,
				  "the node has no content %zu", i);
	if (!(n->tree.present & n->carrier.present & UINT64_C(1) << i))
		return mn_err_set(err, MN_ENOTFOUND,
				  "content %zu was dropped", i);
	if (mn_content_is_chunked(r.c->size))
		return read_chunked(&r, &n->tree.contents[i]);
	ret = read_blob(&r, &o, &n->tree.contents[i], r.c->size, &r.c->digest);
	return ret < 0 ? ret : hand_out(&r, &o);
}

int mn_verify_contents(struct mn_reader *rd, const struct mn_node *n,
		       enum mn_rule *rule, struct mn_err *err)
{
	uint64_t present = n->tree.present & n->carrier.present;
	int r = 0;

	for (size_t i = 0; i < n->meta.ncontents && r == 0; i++)
		if (present >> i & 1)
			r = mn_content_read(rd, n, i, NULL, NULL, rule, err);
	return r;
}
