#include "node/node.h"

#include <string.h>

#include "banned.h"

void mn_node_init(struct mn_node *n)
{
	memset(n, 0, sizeof(*n));
	mn_buf_init(&n->commit_text);
	mn_buf_init(&n->tree_text);
	mn_buf_init(&n->meta_text);
}

void mn_node_release(struct mn_node *n)
{
	mn_buf_release(&n->meta_text);
	mn_buf_release(&n->tree_text);
	mn_buf_release(&n->commit_text);
}

/* Reads an object of the given type to b. */
static int load(struct mn_buf *b, struct mn_reader *rd, enum mn_otype type,
		const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	struct mn_object o;
	char hex[MN_OID_HEX + 1];
	int r = mn_reader_read(rd, &o, oid, max, err);

	if (r < 0)
		return r;
	if (o.type != type) {
		mn_oid_hex(hex, oid);
		return mn_err_set(err, MN_EINVALID, "object %s is not a %s",
				  hex, mn_otype_name(type));
	}
	mn_buf_clear(b);
	mn_buf_add(b, o.data, o.len);
	return 0;
}

static struct mn_str view(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

static int broken(enum mn_rule *out, enum mn_rule rule, struct mn_err *err)
{
	if (out)
		*out = rule;
	return mn_err_set(err, MN_EINVALID, "%s (%s)", mn_rule_words(rule),
			  mn_rule_name(rule));
}

/* A thing of the wrong kind or size where one of the node's stands. */
static int unfit(int r, enum mn_rule *out, enum mn_rule rule,
		 struct mn_err *err)
{
	if (r == MN_EINVALID || r == MN_ELIMIT)
		return broken(out, rule, err);
	return r;
}

int mn_node_load(struct mn_node *n, struct mn_reader *rd,
		 const struct mn_oid *oid, enum mn_rule *rule,
		 struct mn_err *err)
{
	enum mn_rule broke;
	int r;

	if (rule)
		*rule = MN_RULE_NONE;
	n->oid = *oid;
	n->loaded = MN_NODE_NOTHING;
	r = load(&n->commit_text, rd, MN_COMMIT, oid, MN_CARRIER_MAX, err);
	if (r < 0)
		return unfit(r, rule, MN_RULE_CARRIER_PARSE, err);
	broke = mn_carrier_parse(&n->carrier, view(&n->commit_text));
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	n->loaded = n->carrier.is_merge ? MN_NODE_ALL : MN_NODE_CARRIER;
	if (n->carrier.is_merge)
		return 0;
	r = load(&n->tree_text, rd, MN_TREE, &n->carrier.tree,
		 MN_CARRIER_TREE_MAX, err);
	if (r < 0)
		return unfit(r, rule, MN_RULE_CARRIER_TREE, err);
	if (mn_carrier_tree_find(&n->tree, view(&n->tree_text)) < 0)
		return broken(rule, MN_RULE_CARRIER_TREE, err);
	n->loaded = MN_NODE_TREE;
	r = load(&n->meta_text, rd, MN_BLOB, &n->tree.meta, MN_META_MAX, err);
	if (r < 0)
		return unfit(r, rule, r == MN_ELIMIT ? MN_RULE_META_SIZE
			     : MN_RULE_CARRIER_TREE, err);
	broke = mn_meta_decode(&n->meta, view(&n->meta_text));
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	mn_node_id(&n->id, view(&n->meta_text));
	if (!mn_id_eq(&n->id, &n->carrier.node))
		return broken(rule, MN_RULE_NODE_ID, err);
	n->tree_ok = mn_carrier_tree_decode(&n->tree, &n->meta,
					    view(&n->tree_text)) == 0;
	n->loaded = MN_NODE_ALL;
	return 0;
}
