/* quarantine-impl: what quarantine.c and quarantine-admit.c share. */
#ifndef MN_GIT_QUARANTINE_IMPL_H
#define MN_GIT_QUARANTINE_IMPL_H

#include "base/buf.h"
#include "base/lock.h"
#include "base/map.h"
#include "base/vec.h"
#include "git/packfile.h"
#include "git/quarantine.h"

/* From so many objects on, all names of loose ones are listed beforehand, for
 * that is faster than to look for each. */
#define MN_QUARANTINE_MANY 1000

struct mn_qpack {
	char name[MN_OID_HEX + 1];
	struct mn_packfile *p;
	unsigned char *bits;	/* of its index: what is kept */
	uint32_t kept;
	uint32_t known;		/* of these: the repository has them already */
	int moved;
	struct mn_packfile_place *order;	/* made when first needed */
};

struct mn_quarantine {
	char *gitdir;
	struct mn_buf dir;
	struct mn_lock lock;
	struct mn_store *repo;	/* the repository alone */
	struct mn_store *all;
	MN_VEC(struct mn_qpack) packs;
	struct mn_map loose;	/* if mapped: those of the repository */
	int mapped;
};

/*
 * Adds an object to a pack: its entry as it lies in the quarantine, which was
 * checked when it came; where that is a delta whose base is not in the new pack
 * yet, the object deflated anew. rd reads q->all.
 */
struct mn_pack;
int mn_quarantine_copy(struct mn_quarantine *q, struct mn_pack *to,
		       struct mn_reader *rd, const struct mn_oid *oid,
		       struct mn_err *err);

/* Looks for loose objects anew. */
int mn_quarantine_look(struct mn_quarantine *q, struct mn_err *err);

#endif
