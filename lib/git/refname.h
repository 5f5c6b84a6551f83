/* refname: names of refs, and packed-refs, for the parts of refs. */
#ifndef MN_GIT_REFNAME_H
#define MN_GIT_REFNAME_H

#include "base/buf.h"
#include "base/err.h"
#include "git/refs.h"

/* git-check-ref-format(1), under "refs/", at most MN_REF_MAX bytes. */
int mn_refname_ok(const char *name, size_t len);	/* 1, 0 */

/* Reads packed-refs; an absent file is an empty text. */
int mn_packed_read(struct mn_buf *text, const char *gitdir,
		   struct mn_err *err);

/* One entry of packed-refs. */
struct mn_packed_ref {
	struct mn_str line;	/* with what was peeled, and the line feeds */
	struct mn_str name;
	struct mn_oid oid;
};

/* Reads the entry at *at and moves *at behind it: 1; 0 at the end;
 * MN_ECORRUPT. Start with *at = 0. */
int mn_packed_next(struct mn_packed_ref *e, struct mn_str text, size_t *at,
		   struct mn_err *err);
/* 0, MN_ENOTFOUND, MN_ECORRUPT */
int mn_packed_find(struct mn_oid *oid, struct mn_str text, const char *name,
		   struct mn_err *err);

/* The loose file alone: 0, MN_ENOTFOUND, MN_ECORRUPT. */
int mn_ref_read_loose(struct mn_oid *out, const char *gitdir,
		      const char *name, struct mn_err *err);

#endif
