/*
 * sync: makes several files or directories durable at the same time. The
 * kernel then puts them into one commit of its journal and one flush of the
 * disk, where one after the other would each wait for its own.
 */
#ifndef MN_GIT_SYNC_H
#define MN_GIT_SYNC_H

#include <stddef.h>

#include "base/err.h"

/* 0; or the errno of one that failed, whose place is *which. */
int mn_sync_fds(const int *fds, size_t n, size_t *which);
/* One that is gone is passed over: git removes those that it has emptied. */
int mn_sync_dirs(const char *const *paths, size_t n, struct mn_err *err);

#endif
