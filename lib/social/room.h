/* room: how much room a repository takes, and how many contents it lacks. */
#ifndef MN_SOCIAL_ROOM_H
#define MN_SOCIAL_ROOM_H

#include <stdint.h>

#include "base/err.h"
#include "social/index.h"
#include "social/profile.h"

enum mn_room { MN_ROOM_PACKS, MN_ROOM_LOOSE, MN_ROOM_OTHER, MN_ROOM_KINDS };

/* Bytes of all files below gitdir. What can't be read counts nothing. */
void mn_room_files(uint64_t bytes[MN_ROOM_KINDS], const char *gitdir);
/* Contents that nodes of the index should have and that are not here, or not
 * all of them. Only a partial repository is looked through. */
int mn_room_missing(uint64_t *out, struct mn_index *ix, struct mn_profile *p,
		    struct mn_err *err);

#endif
