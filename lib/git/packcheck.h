/* packcheck: the checksums and the order of a pack and its index, as a
 * whole; the objects in it are checked one by one elsewhere. */
#ifndef MN_GIT_PACKCHECK_H
#define MN_GIT_PACKCHECK_H

#include "git/packfile.h"

/* MN_ECORRUPT with words. Reads all of both files. */
int mn_packcheck(const struct mn_packfile *p, struct mn_err *err);

#endif
