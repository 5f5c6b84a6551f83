/* walk-impl: for the parts of walk. */
#ifndef MN_NET_WALK_IMPL_H
#define MN_NET_WALK_IMPL_H

#include "net/walk.h"

enum {				/* of a commit */
	MN_WALK_THEIRS = 1,	/* a have, or reached by one */
	MN_WALK_HAVE = 2,	/* is one of the haves */
	MN_WALK_READ = 4,	/* what stands below is known */
	MN_WALK_MISSING = 8,	/* it could not be read, and may not be there */
	MN_WALK_QUEUED = 16,	/* went into the queue */
	MN_WALK_DONE = 32,	/* came out of it */
	MN_WALK_TOLD = 64,	/* is in its place in the order */
	MN_WALK_REACHES = 128	/* a have is among its ancestors */
};

struct mn_walk_node {		/* a commit */
	struct mn_oid tree;
	int64_t date;
	uint32_t parents;	/* index of the first */
	uint16_t nparents;
	uint16_t flags;
};

struct mn_walk_state {
	const struct mn_walk *w;
	struct mn_objlist *list;	/* what is to be sent */
	size_t max;
	struct mn_reader *rd;
	struct mn_walk_commit commit;	/* scratch */
	struct mn_objlist names;	/* of nodes, by the same index */
	MN_VEC(struct mn_walk_node) nodes;
	MN_VEC(uint32_t) parents;	/* indexes of nodes */
	MN_VEC(uint32_t) queue;		/* a heap, newest first */
	MN_VEC(uint32_t) ours;		/* as they came out of the queue */
	MN_VEC(uint32_t) tips;
	size_t live;			/* in the queue and not theirs */
	struct mn_objlist theirs;	/* trees and blobs of the border */
	struct mn_buf tree;		/* scratch */
	MN_VEC(struct mn_oid) trees;	/* yet to be read */
	MN_VEC(uint32_t) depths;	/* of each of them */
};

int mn_walk_missing(const struct mn_walk_state *s, int r,
		    struct mn_err *err);
/* Lists one object, unless it is theirs: 1 new, 0 not, or MN_ELIMIT. */
int mn_walk_list(struct mn_walk_state *s, const struct mn_oid *oid,
		 enum mn_otype type, struct mn_err *err);
/* A tree and what it holds, as far as the filter lets it; depth as a filter
 * counts it, 0 for the tree of a commit. */
int mn_walk_tree(struct mn_walk_state *s, const struct mn_oid *tree,
		 int wanted, struct mn_err *err);
/* Marks a tree and what it holds as theirs. */
int mn_walk_border_tree(struct mn_walk_state *s, const struct mn_oid *tree,
			struct mn_err *err);

#endif
