/* local: where a repository on this machine lies. */
#ifndef MN_NET_LOCAL_H
#define MN_NET_LOCAL_H

#include "base/err.h"

/*
 * The git directory that a path means, as git takes it: path/.git, path, or
 * path.git; the caller frees. *bare (may be NULL): 0 where files are checked
 * out beside it. MN_ENOTFOUND.
 */
int mn_local_gitdir(char **out, int *bare, const char *path,
		    struct mn_err *err);

#endif
