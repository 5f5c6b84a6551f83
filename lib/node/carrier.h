/*
 * carrier: the git commit and the git tree of a node, and the computed merge.
 * mnformat-node(5), CARRIER and MERGE.
 *
 * Parsing a commit takes out what it says; whether it is the one that
 * follows from its node is found by making it anew and comparing bytes.
 */
#ifndef MN_NODE_CARRIER_H
#define MN_NODE_CARRIER_H

#include <stdint.h>

#include "base/buf.h"
#include "git/oid.h"
#include "key/sign.h"
#include "node/content.h"
#include "node/meta.h"
#include "node/rule.h"

#define MN_MERGE_PARENTS_MAX 4096	/* heads in a merge that we read */
#define MN_CARRIER_MAX 262144u		/* bytes of a commit that we read */
#define MN_CARRIER_TREE_MAX 16384u	/* bytes of its tree */

struct mn_carrier {
	int is_merge;
	struct mn_oid tree;
	size_t nparents;
	const char *parents;		/* lines "parent <40 digits>\n" */
	uint64_t seconds;
	struct mn_str kind;		/* of the subject line; borrowed */
	struct mn_str subject;		/* the rest of it: summary, or "#seq" */
	/* not of a merge: */
	struct mn_id node;
	struct mn_pub device;
	struct mn_sig sig;
	uint64_t present;		/* bit i: content i has a salt here */
	int stray_salt;			/* one of a content that no meta has */
	struct mn_salt salts[MN_CONTENTS_MAX];
};

/* Borrows from text. MN_RULE_CARRIER_PARSE or _VERSION. */
enum mn_rule mn_carrier_parse(struct mn_carrier *c, struct mn_str text);
void mn_carrier_parent(struct mn_oid *out, const struct mn_carrier *c, size_t i);

/* What a carrier is made of, beside its meta. */
struct mn_carrier_parts {
	const struct mn_oid *tree;
	const struct mn_oid *parents;	/* m->nparents of them */
	const struct mn_id *node;
	const struct mn_sig *sig;
	uint64_t present;
	const struct mn_salt *salts;	/* of the contents that are present */
};
void mn_carrier_encode(struct mn_buf *out, const struct mn_meta *m,
		       const struct mn_carrier_parts *parts);

/* The tree of a carrier. */
struct mn_carrier_tree {
	struct mn_oid identity, meta;
	uint64_t present;			/* bit i: content i is there */
	struct mn_oid contents[MN_CONTENTS_MAX];	/* blob, or chunk tree */
};
void mn_carrier_tree_encode(struct mn_buf *out, const struct mn_meta *m,
			    const struct mn_carrier_tree *t);
/* Finds identity and meta only: before the meta is known. 0, or -1. */
int mn_carrier_tree_find(struct mn_carrier_tree *t, struct mn_str tree);
/* Reads all of it, strictly, with the meta at hand. 0, or -1. */
int mn_carrier_tree_decode(struct mn_carrier_tree *t, const struct mn_meta *m,
			   struct mn_str tree);

/*
 * A head: a maximal node and its carrier.
 */
struct mn_head {
	struct mn_id node;
	struct mn_oid carrier;
	uint64_t seconds;		/* of the carrier's date */
};
/* Appends the merge of n >= 2 heads; sorts them by node id. */
void mn_merge_encode(struct mn_buf *out, struct mn_head *heads, size_t n);

#endif
