/*
 * settle: refs as they must stand once a new identity is in force: a device
 * that was cut ends at its cut, and the head is that of what counts.
 */
#ifndef MN_SOCIAL_SETTLE_H
#define MN_SOCIAL_SETTLE_H

#include "base/err.h"
#include "git/store.h"
#include "node/identity.h"
#include "social/profile.h"

/*
 * Where the ref of a device, which names tip, must go. 0: it stays; 1: to *out
 * (zero: it goes away, for nothing of the device counts that is here). Looks
 * for the node at the cut among tip's ancestors, and in what was set aside
 * (refs/mn/aside/, forks.h) of the repository at gitdir.
 */
int mn_settle_device(struct mn_oid *out, struct mn_reader *rd,
		     const char *gitdir, const struct mn_identity_doc *doc,
		     const struct mn_pub *device, const struct mn_oid *tip,
		     struct mn_err *err);

/* The carrier of a node, found among tip and its ancestors, however far: 1, 0,
 * < 0. */
int mn_settle_find(struct mn_oid *out, struct mn_reader *rd,
		   const struct mn_oid *tip, const struct mn_id *node,
		   struct mn_err *err);

/* All refs of a profile, and its head; durable. Takes the lock. *moved counts
 * devices' refs; may be NULL. */
int mn_settle(struct mn_profile *p, int wait_ms, size_t *moved,
	      struct mn_err *err);

#endif
