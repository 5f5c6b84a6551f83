/* service: what the programs share that a git client starts on this side. */
#ifndef MN_CMD_SERVICE_H
#define MN_CMD_SERVICE_H

#include "cmd.h"

/* The repository that a directory is or holds, as git looks for it: DIR/.git,
 * DIR, DIR.git/.git, DIR.git; only DIR where strict. Dies if there is none.
 * The caller frees. */
char *mn_service_dir(struct mn_cmd *c, const char *dir, int strict);

/* The newest version that GIT_PROTOCOL names ("version=2:..."), up to max;
 * otherwise 0. */
int mn_service_version(const struct mn_cmd *c, int max);

#endif
