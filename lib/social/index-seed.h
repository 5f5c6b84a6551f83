/*
 * index-seed: what the index keeps of nodes that were read, and verified, a
 * moment ago, so that mn_index_sync_from need not read them again. It is only
 * a cache by carrier: what is not in it is read.
 *
 *	seed = mn_index_seed_new();
 *	... check.h, or admit.h, which hands it on, fills it ...
 *	mn_index_sync_from(ix, &profile, seed, &err);
 *	mn_index_seed_free(seed);
 *
 * Some 400 bytes a node, of as many as MN_INDEX_SEED_MAX nodes.
 */
#ifndef MN_SOCIAL_INDEX_SEED_H
#define MN_SOCIAL_INDEX_SEED_H

#include "social/index.h"

#define MN_INDEX_SEED_MAX 250000

struct mn_index_seed;

struct mn_index_seeded {
	struct mn_index_row row;
	struct mn_id prev;
	uint64_t seconds;		/* of the carrier */
	size_t nparents;
	struct mn_oid parents[];	/* carriers */
};

struct mn_index_seed *mn_index_seed_new(void);
void mn_index_seed_free(struct mn_index_seed *s);	/* NULL allowed */
/* How many threads are going to add, each by its number from 0. */
void mn_index_seed_workers(struct mn_index_seed *s, int n);
/* A node that was loaded whole, and is no merge. */
void mn_index_seed_add(struct mn_index_seed *s, int worker,
		       const struct mn_node *n);
/* What was added of a carrier, or NULL. Good until the seed is freed. Not
 * while others add. */
const struct mn_index_seeded *mn_index_seed_find(struct mn_index_seed *s,
						 const struct mn_oid *carrier);

#endif
