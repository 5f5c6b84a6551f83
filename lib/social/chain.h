/*
 * chain: where an author stands: the device's own chain with its skip links,
 * and the heads that the next node takes as parents. mnformat-node(5).
 */
#ifndef MN_SOCIAL_CHAIN_H
#define MN_SOCIAL_CHAIN_H

#include "base/err.h"
#include "base/vec.h"
#include "node/heads.h"
#include "social/index.h"
#include "social/profile.h"

struct mn_chain {
	struct mn_profile *profile;	/* borrowed, locked by the owner */
	struct mn_index *index;		/* borrowed; may be NULL */
	struct mn_pub device;
	uint64_t era;			/* of the identity */
	uint64_t seq;			/* of the newest node; 0: none */
	struct mn_oid ref;		/* what the device's ref holds; zero */
	struct mn_head_list heads;	/* E */
	MN_VEC(uint64_t) gens;		/* of heads */
	uint64_t first;			/* seq of ids.p[0] */
	MN_VEC(struct mn_id) ids;	/* of the nodes added here, and the newest
					   before them */
	struct mn_oid newest;		/* carrier of the newest node */
	uint64_t newest_gen;
};

/* Reads refs, heads and the device's newest node. */
int mn_chain_open(struct mn_chain *c, struct mn_profile *p,
		  const struct mn_pub *device, struct mn_index *index,
		  struct mn_err *err);
void mn_chain_close(struct mn_chain *c);

/*
 * Fills profile, identity, device, seq, prev, skip, parents, gen and era of
 * the next node, and the carriers of its parents, in order.
 */
int mn_chain_next(struct mn_chain *c, struct mn_meta *m,
		  struct mn_oid carriers[MN_PARENTS_MAX], struct mn_err *err);

/* The node was made: it is the newest of the device, and takes the place of
 * its parents among the heads. Its carrier may follow: mn_chain_carrier. */
void mn_chain_add(struct mn_chain *c, const struct mn_meta *m,
		  const struct mn_id *id);
void mn_chain_carrier(struct mn_chain *c, const struct mn_oid *carrier);

#endif
