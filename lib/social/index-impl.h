/*
 * index-impl: what the files of the index share: the database, its tables,
 * and the writing side. Outside lib/social/index*.c only its test includes
 * this.
 *
 * Tables (index-schema.c). A node's row number is its place in the order:
 *
 *	pos = profile number << 40 | gen << 10 | slot
 *
 * so that lists are a walk over rows and every index, having the row
 * number behind its key, is in that order too. A slot stands for a device in
 * an era, since such a chain has at most one node of each generation; where
 * a device signed two, the second gets a slot of its own. Within one
 * generation readers sort by (time, node id).
 *
 * Of node id and carrier, the first four bytes are integers with an index
 * (profile number << 32 | bytes, less 2^31), the rest is in a blob.
 */
#ifndef MN_SOCIAL_INDEX_IMPL_H
#define MN_SOCIAL_INDEX_IMPL_H

#include <sqlite3.h>

#include "base/vec.h"
#include "social/index.h"

#define MN_INDEX_VERSION 2		/* of the schema: PRAGMA user_version */

#define MN_INDEX_SLOT_BITS 10
#define MN_INDEX_GEN_BITS 30
#define MN_INDEX_SLOTS (1 << MN_INDEX_SLOT_BITS)
#define MN_INDEX_GEN_MAX ((UINT64_C(1) << MN_INDEX_GEN_BITS) - 1)
#define MN_INDEX_PROFILES (1 << 22)
#define MN_INDEX_MISSING_MAX 32

enum mn_index_sql {
	MN_SQL_BEGIN, MN_SQL_COMMIT, MN_SQL_ROLLBACK,
	MN_SQL_PROFILE, MN_SQL_PROFILES, MN_SQL_PROFILE_FREE,
	MN_SQL_PROFILE_PUT, MN_SQL_PROFILE_OTHER,
	MN_SQL_CHAINS, MN_SQL_CHAIN_PUT,
	MN_SQL_NODE_PUT, MN_SQL_TAG_PUT, MN_SQL_NODE_AT,
	MN_SQL_HAS_CARRIER, MN_SQL_BY_ID, MN_SQL_BY_CARRIER, MN_SQL_BY_SEQ,
	MN_SQL_ID_UP, MN_SQL_ID_DOWN,
	MN_SQL_BARE_PUT, MN_SQL_BARE_HAS, MN_SQL_BARE_SOME,
	MN_SQL_COUNT
};

/* What a profile's row says. */
struct mn_index_tip {
	struct mn_pub device;
	uint64_t era, seq;		/* 0, 0: its node could not be read */
	struct mn_id node;
	struct mn_oid carrier;
};

struct mn_index_chain {
	struct mn_pub device;
	uint64_t era;
	int64_t no;			/* profile number << 10 | slot */
};

struct mn_index_state {
	struct mn_id profile;
	int64_t no;			/* -1: the profile has no row yet */
	uint64_t posts;
	uint64_t bare;			/* nodes whose meta is not here */
	MN_VEC(struct mn_index_tip) tips;
	MN_VEC(struct mn_head) heads;	/* none while something is missing */
	MN_VEC(struct mn_oid) missing;	/* carriers that could not be read */
	MN_VEC(struct mn_index_chain) chains;	/* when writing */
	size_t last;			/* chain of the row put last */
};

enum mn_index_adding { MN_ADD_NONE, MN_ADD_SKIP, MN_ADD_ROWS };

struct mn_index {
	sqlite3 *db;
	sqlite3_stmt *stmt[MN_SQL_COUNT];
	char *path;
	int wait_ms;
	int in_memory;			/* nothing of it is kept */
	int log_pages;			/* in the log after the last commit */
	int rc;				/* SQLite's last failure; 0 */
	int damaged;			/* the file is; set aside at the next
					   sync, or when closed */
	uint64_t dev, ino;		/* of the file that is open */
	/* the number of the profile that was asked for last */
	struct mn_id last_profile;
	int64_t last_no;		/* -1: none */
	/* between add_begin and commit */
	enum mn_index_adding adding;
	struct mn_index_state add;
	struct mn_index_tip add_tip;
	uint64_t added;
};

/* index-schema.c */

/* Opens the file, or makes it, or a database in memory where neither can be
 * done. */
int mn_index_attach(struct mn_index *ix, struct mn_err *err);
void mn_index_detach(struct mn_index *ix);
/* The file is damaged: renames it to index.db.bad, unless another process
 * did so before, and attaches anew. */
int mn_index_set_aside(struct mn_index *ix, struct mn_err *err);
/* Goes on with a private copy in memory, for when the file can't be written. */
int mn_index_to_memory(struct mn_index *ix, struct mn_err *err);
/* Words and code for a failure of SQLite. */
int mn_index_fail(struct mn_index *ix, int rc, struct mn_err *err);
/* A prepared statement, reset; NULL with err set. */
sqlite3_stmt *mn_index_stmt(struct mn_index *ix, enum mn_index_sql which,
			    struct mn_err *err);
/* Runs one that gives no rows; binds are done before. */
int mn_index_run(struct mn_index *ix, sqlite3_stmt *s, struct mn_err *err);
/* The writers' transaction. MN_ELOCKED after wait_ms. */
int mn_index_begin(struct mn_index *ix, struct mn_err *err);
int mn_index_commit(struct mn_index *ix, struct mn_err *err);
void mn_index_rollback(struct mn_index *ix);

/* index-state.c */

void mn_index_state_init(struct mn_index_state *st, const struct mn_id *profile);
void mn_index_state_release(struct mn_index_state *st);
/* Reads the profile's row; no is -1 where there is none. */
int mn_index_state_load(struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err);
/* In a transaction: gives the profile a number, reads its chains. */
int mn_index_state_open(struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err);
int mn_index_state_save(const struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err);
struct mn_index_tip *mn_index_state_tip(struct mn_index_state *st,
					const struct mn_pub *device);
/* Deletes all rows of the profile but its own. */
int mn_index_forget(struct mn_index *ix, struct mn_index_state *st,
		    struct mn_err *err);
/* Inserts a row. 1: it is there already; 2: under another carrier. MN_ELIMIT
 * for what has no place in pos. */
int mn_index_put(struct mn_index *ix, struct mn_index_state *st,
		 const struct mn_index_row *row, struct mn_err *err);
/* Of a partial repository: that a node's meta is not here (noted once); whether
 * that was noted: 1, 0; up to max of them. */
int mn_index_bare_put(struct mn_index *ix, struct mn_index_state *st,
		      const struct mn_oid *carrier, struct mn_err *err);
int mn_index_bare_has(struct mn_index *ix, const struct mn_index_state *st,
		      const struct mn_oid *carrier, struct mn_err *err);
int mn_index_bare_some(struct mn_oid *out, int max, struct mn_index *ix,
		       const struct mn_index_state *st, struct mn_err *err);
/* The device that a ref "refs/mn/devices/<hex>" is of: 0, -1. */
int mn_index_ref_device(struct mn_pub *out, const struct mn_ref *ref);

static inline int64_t mn_index_pos(int64_t no, uint64_t gen, int64_t slot)
{
	return no << (MN_INDEX_GEN_BITS + MN_INDEX_SLOT_BITS) |
	       (int64_t)(gen << MN_INDEX_SLOT_BITS) | slot;
}

static inline uint64_t mn_index_pos_gen(int64_t pos)
{
	return (uint64_t)pos >> MN_INDEX_SLOT_BITS & MN_INDEX_GEN_MAX;
}

/* Of a node id or a carrier, by its first four bytes. */
static inline int64_t mn_index_key(int64_t no, const unsigned char *b)
{
	return no * (INT64_C(1) << 32) - (INT64_C(1) << 31) +
	       ((int64_t)b[0] << 24 | b[1] << 16 | b[2] << 8 | b[3]);
}

/* index-query.c */

/* The number of a profile, or -1. */
int mn_index_profile_no(int64_t *no, struct mn_index *ix,
			const struct mn_id *profile, struct mn_err *err);
/* The statement of a list, ready to step; its rows are in the order of the
 * list, but for those of one generation. */
int mn_index_list_prepare(sqlite3_stmt **out, struct mn_index *ix,
			  const struct mn_index_query *q, int64_t no,
			  struct mn_err *err);

#endif
