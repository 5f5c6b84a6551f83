/* storewalk: for the parts of store: how they reach its packs. */
#ifndef MN_GIT_STOREWALK_H
#define MN_GIT_STOREWALK_H

#include "git/packfile.h"
#include "git/store.h"

size_t mn_store_npacks(const struct mn_store *s);
/* NULL for one that could not be opened. */
const struct mn_packfile *mn_store_pack(const struct mn_store *s, size_t i);

#endif
