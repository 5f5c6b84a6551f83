/*
 * node: a whole node as it lies in the repository: carrier, tree and meta,
 * read and taken apart. Whether it may be believed is verify.h's question.
 *
 * Use one struct for many nodes: its buffers are kept.
 */
#ifndef MN_NODE_NODE_H
#define MN_NODE_NODE_H

#include "base/buf.h"
#include "base/err.h"
#include "git/store.h"
#include "node/carrier.h"
#include "node/meta.h"
#include "node/rule.h"

/* How much of a node could be read. */
enum mn_node_part {
	MN_NODE_NOTHING,
	MN_NODE_CARRIER,		/* oid and carrier are set */
	MN_NODE_TREE,			/* tree.identity and tree.meta, too */
	MN_NODE_ALL
};

struct mn_node {
	struct mn_oid oid;		/* of the carrier */
	enum mn_node_part loaded;
	struct mn_carrier carrier;	/* borrows from commit_text */
	/* of a content node: */
	struct mn_id id;
	struct mn_meta meta;		/* borrows from meta_text */
	struct mn_carrier_tree tree;
	int tree_ok;			/* the tree is exactly what it must be */
	struct mn_buf commit_text, tree_text, meta_text;
};

void mn_node_init(struct mn_node *n);
void mn_node_release(struct mn_node *n);

/*
 * Reads the node whose carrier is oid. 0: for a merge, n->carrier.is_merge is
 * set and nothing else is there. MN_EINVALID with *rule (may be NULL) where a
 * rule up to node-id is broken; MN_ENOTFOUND, MN_ECORRUPT from reading.
 *
 * In a partial repository, MN_ENOTFOUND with n->loaded at MN_NODE_CARRIER or
 * MN_NODE_TREE says that the tree, or the meta, is not here; what n->loaded
 * names was read and is well-formed.
 */
int mn_node_load(struct mn_node *n, struct mn_reader *rd,
		 const struct mn_oid *oid, enum mn_rule *rule,
		 struct mn_err *err);

#endif
