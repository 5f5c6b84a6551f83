/* check-store: what lies in a repository's own object directory: packs, loose
 * objects, and what unfinished writers left. For fsck and gc. */
#ifndef MN_SOCIAL_CHECK_STORE_H
#define MN_SOCIAL_CHECK_STORE_H

#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "git/oid.h"

#define MN_STORED_NAME_MAX 128

struct mn_stored_pack {
	char name[MN_STORED_NAME_MAX];	/* "pack-<checksum>" */
	int has_pack, has_idx, has_keep, has_promisor;
	int64_t time;			/* of the pack, in seconds; without
					   one, of its .promisor */
};

struct mn_stored {
	char *dir;			/* <repository>/objects */
	MN_VEC(struct mn_stored_pack) packs;	/* sorted by name */
	MN_VEC(struct mn_oid) loose;
	MN_VEC(char *) junk;		/* paths of temporary files */
};

int mn_stored_list(struct mn_stored *s, const char *gitdir,
		   struct mn_err *err);
void mn_stored_release(struct mn_stored *s);

#endif
