/*
 * index: what the repositories hold, in one SQLite database, so that lists,
 * look-ups and (later) timelines need not walk them. It can always be made
 * anew; it is never wrong, at worst behind: each profile's row remembers
 * which device tips it has seen, and readers bring it up to date first.
 * Writers never wait for it: where it is busy or broken, it stays behind.
 *
 * Order of posts: (gen, time, node id), the same on every device; "newest
 * first" is its reverse. Parents always come before children.
 */
#ifndef MN_SOCIAL_INDEX_H
#define MN_SOCIAL_INDEX_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "git/oid.h"
#include "key/hash.h"
#include "key/sign.h"
#include "node/heads.h"
#include "node/node.h"
#include "social/home.h"
#include "social/profile.h"

struct mn_index;

/* What the index keeps of a node. Strings are borrowed. */
struct mn_index_row {
	struct mn_id node;
	struct mn_oid carrier;
	struct mn_oid meta;		/* blob */
	struct mn_oid text;		/* blob of the first content of role
					   "text", zero where there is none */
	struct mn_pub device;
	uint64_t seq, gen, era;
	int64_t time;			/* ms */
	struct mn_str kind;
	struct mn_str title;		/* p NULL: none */
	struct mn_str stream;		/* p NULL: none */
	struct mn_str tags;		/* separated by single spaces; p NULL */
	int has_media;			/* contents beside the text */
};

/* Opens, and makes it where it is missing. wait_ms: how long to wait for
 * another writer (0: not at all). A damaged or older file is set aside and
 * begun anew. */
int mn_index_open(struct mn_index **out, const struct mn_home *h, int wait_ms,
		  struct mn_err *err);
void mn_index_close(struct mn_index *ix);
/* Whether it is a private copy in memory, because the home can't be written
 * or others kept it busy: answers are right, but nothing is kept. */
int mn_index_in_memory(const struct mn_index *ix);
/* Removes the file. Whoever has it open goes on with it undisturbed. */
int mn_index_drop(const struct mn_home *h, struct mn_err *err);

/*
 * Brings the profile up to date with its refs. With nothing new that is one
 * query and a look at the refs. Otherwise the nodes that are new are read
 * (their signatures are not checked: refs move only onto verified nodes). Where
 * refs went back or history was rewritten, the profile is read anew.
 *
 * MN_ECORRUPT when some nodes can't be read: all others are in the index
 * then, and lists may go on with them. In a partial repository the metas of
 * nodes may be missing: these are left out, which is no error.
 */
int mn_index_sync(struct mn_index *ix, struct mn_profile *p,
		  struct mn_err *err);
/* The same; what the seed has (index-seed.h, NULL: nothing) is not read. */
struct mn_index_seed;
int mn_index_sync_from(struct mn_index *ix, struct mn_profile *p,
		       struct mn_index_seed *seed, struct mn_err *err);
/* Forgets the profile and reads all of it again; threads 0: all processors.
 * MN_ELOCKED when another writes for longer than wait_ms; MN_ECORRUPT as
 * above, with *count set. */
int mn_index_rebuild(struct mn_index *ix, struct mn_profile *p, int threads,
		     uint64_t *count, struct mn_err *err);

/*
 * Writers: what was just committed, between begin and commit; the device's
 * tip moves from old (zero: none) to the last row's carrier. If the index did
 * not stand at old, or not at the tips of the other devices, or can't be
 * written, nothing is added and it stays behind (0 all the same). In between
 * other processes can read, but not write. Look-ups are allowed, sync is
 * not. heads: E as it is now, remembered for the next post.
 */
int mn_index_add_begin(struct mn_index *ix, const struct mn_profile *p,
		       const struct mn_pub *device, const struct mn_oid *old,
		       struct mn_err *err);
int mn_index_add(struct mn_index *ix, const struct mn_index_row *row,
		 struct mn_err *err);
int mn_index_add_commit(struct mn_index *ix, const struct mn_head *heads,
			size_t nheads, struct mn_err *err);
void mn_index_add_abort(struct mn_index *ix);
/* The part of a row that follows from the meta; the number of the content whose
 * blob is the row's text, SIZE_MAX where there is none. */
size_t mn_index_row_meta(struct mn_index_row *row, struct mn_buf *scratch,
			 const struct mn_meta *m);
/* What mn_index_row says of a loaded node; strings borrowed from it, tags
 * joined into scratch. */
void mn_index_row_of(struct mn_index_row *row, struct mn_buf *scratch,
		     const struct mn_node *n);

/* The known heads and tips that mn_heads takes. Arrays in the arena. */
int mn_index_known_heads(struct mn_known_heads *out, struct mn_arena *a,
			 struct mn_index *ix, const struct mn_profile *p,
			 struct mn_err *err);

/* Look-ups. MN_ENOTFOUND. */
int mn_index_by_id(struct mn_index_row *row, struct mn_arena *a,
		   struct mn_index *ix, const struct mn_id *profile,
		   const struct mn_id *node, struct mn_err *err);
int mn_index_by_seq(struct mn_id *node, struct mn_oid *carrier,
		    struct mn_index *ix, const struct mn_id *profile,
		    const struct mn_pub *device, uint64_t era, uint64_t seq,
		    struct mn_err *err);
int mn_index_by_carrier(struct mn_index_row *row, struct mn_arena *a,
			struct mn_index *ix, const struct mn_id *profile,
			const struct mn_oid *carrier, struct mn_err *err);
/* Nodes whose id begins with digits (4 or more): profile NULL for all. Up to
 * max matches to ids; how many, or < 0. */
struct mn_index_match {
	struct mn_id profile, node;
};
int mn_index_abbrev(struct mn_index_match *out, int max, struct mn_index *ix,
		    const struct mn_id *profile, const char *digits,
		    struct mn_err *err);
/* Shortest abbreviation (at least min digits) that is unique in the profile. */
int mn_index_unique_len(struct mn_index *ix, const struct mn_id *profile,
			const struct mn_id *node, int min, struct mn_err *err);

/* Lists. */
struct mn_index_query {
	const struct mn_id *profile;
	const char *stream, *kind;		/* NULL: any */
	const char *const *tags;		/* all of them */
	size_t ntags;
	const struct mn_pub *device;		/* NULL: any */
	int64_t since, until;			/* ms; until 0: none */
	int reverse;				/* oldest first */
	uint64_t limit;				/* 0: none */
	/* When set, only nodes for which it returns 1 (revision ranges). */
	int (*want)(void *ctx, const struct mn_oid *carrier);
	void *want_ctx;
};
/* Nonzero stops and is returned. The row is valid until it returns. */
typedef int mn_index_fn(void *ctx, const struct mn_index_row *row,
			struct mn_err *err);
int mn_index_list(struct mn_index *ix, const struct mn_index_query *q,
		  mn_index_fn *fn, void *ctx, struct mn_err *err);
int mn_index_count(uint64_t *out, struct mn_index *ix,
		   const struct mn_id *profile, struct mn_err *err);
/* Nodes that were left out, since their metas are not here: see sync. */
int mn_index_count_bare(uint64_t *out, struct mn_index *ix,
			const struct mn_id *profile, struct mn_err *err);

struct mn_index_stats {
	uint64_t profiles, posts, tags;
	uint64_t bytes;			/* of the file, without its log */
	uint64_t free_bytes;		/* of these: in use by nothing */
};
int mn_index_stats(struct mn_index_stats *out, struct mn_index *ix,
		   struct mn_err *err);

#endif
