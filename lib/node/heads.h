/*
 * heads: E, the maximal nodes, from the devices' newest nodes alone.
 *
 * Each device's nodes form a chain, so the maximal nodes are among the tips;
 * a tip is not maximal if another tip descends from it. Found by walking
 * down from the tips, highest generation first, no deeper than the lowest
 * tip. What was known before (the E of then, and how far each device's chain
 * had been seen) bounds the walk to the nodes that are new: an element
 * of the old E stays unless a new node has it as a parent, since nodes
 * below the old E are not maximal and never become so.
 */
#ifndef MN_NODE_HEADS_H
#define MN_NODE_HEADS_H

#include "base/err.h"
#include "base/vec.h"
#include "git/oid.h"
#include "key/sign.h"
#include "node/carrier.h"
#include "node/node.h"

struct mn_tip {
	struct mn_pub device;
	uint64_t era, seq;
	struct mn_oid carrier;
};

struct mn_known_heads {		/* as they were computed before */
	const struct mn_tip *tips;
	size_t ntips;
	const struct mn_head *heads;
	size_t nheads;
};

struct mn_head_list {
	struct mn_head *p;
	size_t n, cap;
};

/*
 * Appends E to out, ascending by node id. tips: the carriers that the device
 * refs name. known may be NULL. Reads nodes through rd.
 */
int mn_heads(struct mn_head_list *out, struct mn_reader *rd,
	     const struct mn_oid *tips, size_t ntips,
	     const struct mn_known_heads *known, struct mn_err *err);

/* The same by what the commits say alone, for where metas are not here. All
 * commits are read, if there are two tips or more. */
int mn_heads_by_commits(struct mn_head_list *out, struct mn_reader *rd,
			const struct mn_oid *tips, size_t ntips,
			struct mn_err *err);

/* The head: the carrier of the one element, or the merge, whose bytes are
 * appended to merge (empty where no merge is needed). n >= 1. */
void mn_heads_merge(struct mn_oid *head, struct mn_buf *merge,
		    struct mn_head *heads, size_t n);

/* Writes a merge, and the empty tree that it names, durably; nothing where it is
 * empty. The repository's lock is held. */
int mn_heads_write(const char *gitdir, const struct mn_buf *merge,
		   struct mn_err *err);

#endif
