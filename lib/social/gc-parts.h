/* gc-parts: for the parts of gc. */
#ifndef MN_SOCIAL_GC_PARTS_H
#define MN_SOCIAL_GC_PARTS_H

#include "base/map.h"
#include "base/parallel.h"
#include "git/pack.h"
#include "git/packfile.h"
#include "git/refs.h"
#include "key/hash.h"
#include "key/sign.h"
#include "social/check-store.h"
#include "social/gc.h"

#define MN_GC_REFS_MAX 100000

struct mn_gc_commit {
	struct mn_oid oid;
	struct mn_id node;		/* of a node */
	uint64_t gen;			/* 1 + the highest of its parents */
	size_t parents, nparents;	/* in gc->parents */
	unsigned char is_node;
	unsigned char state;		/* while generations are computed */
};

struct mn_gc {
	struct mn_repo *repo;
	const struct mn_gc_options *opt;
	struct mn_gc_counts *counts;
	struct mn_reader *rd;
	struct mn_ref_list refs;	/* as they were at the start */
	struct mn_stored stored;	/* likewise */
	int partial;			/* what is missing may be missing */
	int incremental;		/* large packs are kept; none is pruned */
	int64_t prune_before;
	int64_t drop_before;		/* ms; 0: nothing is dropped */
	int64_t oldest;			/* ms: of the nodes that keep contents */
	struct mn_map dropped;		/* blobs, unless the pack has them */
	MN_VEC(struct mn_oid) old_trees; /* of pieces, of old nodes */
	int missing;			/* something is */
	int promisor;			/* the new packs are marked */
	MN_VEC(const struct mn_packfile *) kept;	/* packs that are to stay
					   as they are, and alternates' */
	MN_VEC(struct mn_gc_commit) commits;
	MN_VEC(struct mn_oid) parents;
	MN_VEC(struct mn_oid) roots;	/* what refs name and is no commit */
	struct mn_map commit_at;
	struct mn_map walked;		/* by mn_gc_put_all */
	struct mn_pack *pack, *rest;	/* rest: unreachable, but young */
	char rest_name[MN_OID_HEX + 1];
	int64_t rest_time;		/* age of the youngest in it */
	uint64_t largest_blob;		/* in pack; bytes, rounded up where it
					   is stored as a delta */
};

void mn_gc_progress(struct mn_gc *g, const char *what, size_t done,
		    size_t total);
/* Which packs stay as they are: all but those that were listed, of our own
 * and without .keep. */
void mn_gc_list_kept(struct mn_gc *g);
/* Whether it lies in a pack that stays as it is. */
int mn_gc_is_kept(const struct mn_gc *g, const struct mn_oid *oid);
/* The pack of the store that has a name of g->stored; NULL. */
const struct mn_packfile *mn_gc_packfile(const struct mn_gc *g,
					 const struct mn_stored_pack *s);
/* Reads an object and compares its hash. */
int mn_gc_read(struct mn_reader *rd, struct mn_object *o,
	       const struct mn_oid *oid, struct mn_err *err);

/* Whether an object may be missing: all in a partial repository, else only the
 * empty tree, which git knows even where it is not stored. */
int mn_gc_may_miss(const struct mn_gc *g, const struct mn_oid *oid);

/* gc-walk.c: fills commits (in no order) and roots from the refs. */
int mn_gc_walk(struct mn_gc *g, struct mn_err *err);
/* Sorts the commits: nodes by (gen, id), then the others. */
void mn_gc_order(struct mn_gc *g);
/* Entries of a tree, or what a commit or tag names: pushed to todo. */
struct mn_gc_oids {
	struct mn_oid *p;
	size_t n, cap;
};
int mn_gc_push_named(struct mn_gc_oids *todo, const struct mn_object *o,
		     struct mn_err *err);

/* gc-pack.c: writes the pack. */
int mn_gc_write(struct mn_gc *g, struct mn_err *err);
/* An object, and all that it names, unless they are in the pack or kept. */
int mn_gc_put_all(struct mn_gc *g, struct mn_pack *w, const struct mn_oid *oid,
		  struct mn_err *err);
/* Whether it was dropped, and nothing younger has it. */
int mn_gc_is_dropped(const struct mn_gc *g, const struct mn_oid *oid);
/* One object, copied as it is compressed where possible. */
int mn_gc_put(struct mn_gc *g, struct mn_pack *w, const struct mn_oid *oid,
	      struct mn_err *err);

/* gc-prune.c: packs young unreachable objects; then, under the lock, removes
 * what the packs replace and what is old. */
int mn_gc_write_rest(struct mn_gc *g, struct mn_err *err);
int mn_gc_remove(struct mn_gc *g, struct mn_err *err);

/* gc-whole.c: tells servers what the pack holds (git/whole.h), or takes back
 * what was told before. A hint: that it cannot be written is no error. */
void mn_gc_tell_whole(const struct mn_gc *g);

#endif
