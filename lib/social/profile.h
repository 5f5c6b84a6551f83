/*
 * profile: an open profile: its repository, a reader, and the identity that
 * its refs/mn/identity names.
 */
#ifndef MN_SOCIAL_PROFILE_H
#define MN_SOCIAL_PROFILE_H

#include "base/err.h"
#include "git/refs.h"
#include "git/repo.h"
#include "node/identity.h"
#include "social/forks.h"
#include "social/home.h"

#define MN_REF_MAIN "refs/heads/main"
#define MN_REF_DEVICES "refs/mn/devices/"
#define MN_REF_IDENTITY "refs/mn/identity"
#define MN_DEVICE_REFS_MAX 1024		/* devices, cut ones included */

struct mn_profile {
	struct mn_id id;
	char hex[MN_ID_HEX + 1];
	struct mn_repo repo;
	struct mn_reader *rd;		/* of the thread that opened it */
	struct mn_oid identity_blob;
	struct mn_identity identity;	/* the newest that is known */
	struct mn_forks forks;		/* devices whose keys were used twice */
};

/* MN_ENOTFOUND where the home has no such profile; MN_EVERSION; MN_ECORRUPT. */
int mn_profile_open(struct mn_profile *p, const struct mn_home *h,
		    const char *hex, struct mn_err *err);
/* The same, of whatever profile the repository at path is. */
int mn_profile_open_path(struct mn_profile *p, const char *path,
			 struct mn_err *err);
void mn_profile_close(struct mn_profile *p);

/* Whether a node of it does not count: forks.h, identity.h. */
int mn_profile_voids(const struct mn_profile *p, const struct mn_pub *device,
		     uint64_t era, uint64_t seq);

/* The refs of the devices; release with mn_refs_release. */
int mn_profile_tips(struct mn_ref_list *out, const struct mn_profile *p,
		    struct mn_err *err);

#endif
