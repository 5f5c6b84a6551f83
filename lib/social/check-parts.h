/* check-parts: for the parts of check-repo. */
#ifndef MN_SOCIAL_CHECK_PARTS_H
#define MN_SOCIAL_CHECK_PARTS_H

#include "base/map.h"
#include "git/packfile.h"
#include "git/refs.h"
#include "git/repo.h"
#include "social/check.h"
#include "social/check-repo.h"
#include "social/check-store.h"

#define MN_FSCK_REFS_MAX 100000

struct mn_fsck_entry {		/* of a pack, in the order of the file */
	uint64_t off;
	uint32_t pos;
	unsigned char type;	/* 0: could not be told */
};

struct mn_fsck_pack {
	const struct mn_packfile *p;
	struct mn_fsck_entry *e;	/* p->n of them, or NULL */
	unsigned char *seen;	/* by pos: read, and its hash is right */
};

struct mn_fsck {
	const struct mn_home *home;
	const char *hex;
	const struct mn_fsck_options *opt;
	struct mn_fsck_counts *counts;
	struct mn_id profile;
	struct mn_repo repo;
	struct mn_reader *rd;
	struct mn_check *check;
	struct mn_identity identity;
	int has_identity;
	struct mn_ref_list refs;
	struct mn_stored stored;
	MN_VEC(struct mn_fsck_pack) packs;
	/* every commit that is stored, and what became of it */
	MN_VEC(struct mn_check_result) commits;
	struct mn_map commit_at;	/* oid -> its place in commits */
	unsigned char *reached;		/* by place: from refs of nodes */
	unsigned may_miss;		/* MN_MISSING_META, ..._CONTENTS */
	size_t missing;			/* objects that need not be there, of
					   what is no node */
	int main_ahead;			/* main reaches what no device's ref does */
};

void mn_fsck_say(struct mn_fsck *f, enum mn_severity severity,
		 const char *object, const char *rule, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
void mn_fsck_say_oid(struct mn_fsck *f, enum mn_severity severity,
		     const struct mn_oid *oid, const char *rule,
		     const char *words);
void mn_fsck_progress(struct mn_fsck *f, const char *what, size_t done,
		      size_t total);

/* check-objects.c: lists packs, loose objects and commits, from f->stored; the
 * loose ones are read. */
void mn_fsck_list_objects(struct mn_fsck *f);
void mn_fsck_release_objects(struct mn_fsck *f);
/* A mn_reader_fn, with the struct mn_fsck as ctx: compares the hash. */
int mn_fsck_watch(void *ctx, const struct mn_oid *oid,
		  const struct mn_object *o, const struct mn_packfile *pack,
		  uint32_t pos, struct mn_err *err);
/* Reads what is packed and was not read before. */
void mn_fsck_rest(struct mn_fsck *f);
/* Packs as wholes, on a thread of its own: start, then say what was found. */
struct mn_fsck_sums;
struct mn_fsck_sums *mn_fsck_sums_start(struct mn_fsck *f);
void mn_fsck_sums_finish(struct mn_fsck *f, struct mn_fsck_sums *s);

/* check-reach.c: follows the refs, sets reached, and says what is not there
 * or has the wrong type. */
void mn_fsck_reach(struct mn_fsck *f);

/* check-refs.c: what refs, HEAD, identity and key must be. */
void mn_fsck_read_refs(struct mn_fsck *f);
void mn_fsck_read_identity(struct mn_fsck *f);
void mn_fsck_check_refs(struct mn_fsck *f);
void mn_fsck_check_key(struct mn_fsck *f);

#endif
