/*
 * gc: packs what a repository's refs reach into one pack, in the order of the
 * nodes, and removes what that replaces.
 *
 * The pack is written beside what is there, from objects whose hashes are
 * compared as they are read, and removal begins when it is complete and
 * synced, under the repository's lock; so a crash at any point leaves every
 * object in at least one place. Others may post meanwhile: what came since
 * is left as it is. What no ref reaches stays until it is old enough.
 *
 * In the pack: of up to 64 nodes in a row, the first meta and commit are
 * whole, and those of the others deltas against them (chains are never
 * longer than that); contents and trees are whole, and copied as they were
 * compressed where that is possible.
 *
 * In a partial repository - the settings say so, or a pack is marked .promisor -
 * trees and blobs may be missing; commits, and what refs name, may not. The
 * new pack is marked then, too, before anybody can see it, and replaces marked
 * ones. Where all is there and the settings want all of it, the mark goes.
 * Contents of old nodes that younger ones also have stay, and so do those
 * in packs with .keep.
 */
#ifndef MN_SOCIAL_GC_H
#define MN_SOCIAL_GC_H

#include "base/err.h"
#include "git/repo.h"

#define MN_GC_PRUNE_DAYS 14
#define MN_GC_DROP_MIN 16384u	/* bytes: what a copy of level meta lacks */

struct mn_gc_options {
	int partial;		/* by the settings, contents may be missing:
				   the pack is marked .promisor */
	int incremental;	/* large packs stay as they are, and nothing is
				   pruned: see mn_gc_auto */
	int64_t prune_before;	/* unreachable objects older than that (in
				   seconds since 1970) are removed */
	int64_t drop_before;	/* of nodes that are older (ms), blobs of
				   MN_GC_DROP_MIN bytes and more go, where
				   partial is set; 0 or less: none */
	int threads;		/* 0: all processors */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);	/* may be NULL; total 0: unknown */
	void *ctx;
};

struct mn_gc_counts {
	char pack[MN_OID_HEX + 1];	/* its checksum; "": nothing to pack */
	int unchanged;			/* everything was packed already */
	size_t nodes, objects;		/* in the pack */
	uint64_t bytes;			/* of the pack and its index */
	size_t loose, packs;		/* replaced, and removed */
	size_t kept, pruned;		/* unreachable objects */
	size_t dropped;			/* contents, or pieces of them */
};

/* The repository is open and not locked. MN_ECORRUPT where a reachable object
 * is damaged or missing: nothing is changed then. MN_ELOCKED. */
int mn_gc(struct mn_repo *r, const struct mn_gc_options *opt,
	  struct mn_gc_counts *counts, struct mn_err *err);

/*
 * gc where there is reason for it: many loose objects (about; counted in a few
 * directories) or many packs without .keep; 0 of either: never for that. It
 * is incremental: the largest packs, each of which has twice as many objects
 * as all the smaller ones and the loose ones together, stay as they are, so
 * that the cost follows what is new. counts->unchanged where there was no
 * reason, or another gc is at work.
 */
#define MN_GC_AUTO_LOOSE 2000
#define MN_GC_AUTO_PACKS 50
struct mn_gc_limits {
	uint64_t loose, packs;
};
int mn_gc_is_due(const char *gitdir, const struct mn_gc_limits *limits);
int mn_gc_auto(struct mn_repo *r, const struct mn_gc_limits *limits,
	       const struct mn_gc_options *opt, struct mn_gc_counts *counts,
	       struct mn_err *err);

#endif
