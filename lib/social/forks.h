/*
 * forks: devices whose key was used twice, by a restored backup, a cloned
 * machine or a thief: two nodes have the same number. Such a device is frozen:
 * nothing of it counts from that number on, until the owner decides with an
 * identity document that cuts it. What was seen stands in mn/forks of the
 * repository. mnrepository-layout(5).
 *
 * Where the ref of a device goes back, for a fork or a cut (settle.h), what it
 * named stays reachable from refs/mn/aside/<node>, by the newest node of it.
 */
#ifndef MN_SOCIAL_FORKS_H
#define MN_SOCIAL_FORKS_H

#include "base/err.h"
#include "base/vec.h"
#include "git/store.h"
#include "key/sign.h"
#include "node/identity.h"

#define MN_REF_ASIDE "refs/mn/aside/"
#define MN_ASIDE_MAX 4096		/* such refs that are looked at */
#define MN_FORKS_MAX 1024		/* that are kept */

struct mn_fork {
	struct mn_pub device;
	uint64_t era, seq;		/* of both nodes */
	struct mn_id nodes[2];		/* the proof */
};
struct mn_forks {
	struct mn_fork *p;
	size_t n, cap;
};

void mn_forks_release(struct mn_forks *l);
/* No file is an empty list; lines that are none are passed over. */
int mn_forks_read(struct mn_forks *out, const char *gitdir,
		  struct mn_err *err);
/* Notes one, durably, unless as early a one of the device is known; the lock is
 * held. */
int mn_forks_add(struct mn_forks *l, const struct mn_fork *f,
		 const char *gitdir, struct mn_err *err);
/* The earliest of a device that its identity hasn't decided yet; NULL. */
const struct mn_fork *mn_forks_find(const struct mn_forks *l,
				    const struct mn_identity_doc *doc,
				    const struct mn_pub *device);
/* Whether a node does not count: beyond a cut, or from a fork on. */
int mn_forks_voids(const struct mn_forks *l, const struct mn_identity_doc *doc,
		   const struct mn_pub *device, uint64_t era, uint64_t seq);

/*
 * The carrier of the device's node before the fork, below tip: 1; 0: tip stands
 * before it; *out zero: the fork is at its first node.
 */
int mn_forks_before(struct mn_oid *out, struct mn_reader *rd,
		    const struct mn_fork *f, const struct mn_oid *tip,
		    struct mn_err *err);

/* The name of the ref that keeps a branch whose newest node is tip: its node
 * id; or its own where that is unknown. name: MN_REF_MAX + 1 bytes. */
void mn_aside_name(char *name, struct mn_reader *rd, const struct mn_oid *tip);

#endif
