/*
 * hooks: programs of the user's that run when something has happened:
 * executable files in $MN_DIR/hooks. They run in the home directory, with
 * MN_DIR set, GIT_* cleared and the given bytes on stdin; their stdout goes
 * to stderr, since stdout is the data of the command.
 *
 * post-post: after posts are on disk; stdin has "<profile> <node>\n" each.
 */
#ifndef MN_CONF_HOOKS_H
#define MN_CONF_HOOKS_H

#include "base/buf.h"
#include "base/err.h"

/* Is there such a hook, and may it be run? One access(2). 1 or 0. */
int mn_hook_exists(const char *home, const char *name);

/*
 * Runs the hook if there is one, and waits for it. What a hook leaves unread
 * of its stdin is no error. *status is its exit status, 0 where there is no
 * hook. errfd is where its output goes. MN_EIO when it could not be started.
 */
int mn_hook_run(int *status, const char *home, const char *name,
		struct mn_str in, int errfd, struct mn_err *err);

#endif
