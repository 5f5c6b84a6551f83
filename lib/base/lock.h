/*
 * lock: an advisory lock on a file (flock), which the kernel drops when its
 * holder dies, however it dies. Exclusive; waits up to a time.
 */
#ifndef MN_BASE_LOCK_H
#define MN_BASE_LOCK_H

#include "base/err.h"

struct mn_lock {
	int fd;		/* -1: not held */
};
#define MN_LOCK_INIT { -1 }

/* Creates the file if needed. MN_ELOCKED after wait_ms milliseconds. */
int mn_lock_take(struct mn_lock *l, const char *path, int wait_ms,
		 struct mn_err *err);
void mn_lock_drop(struct mn_lock *l);

#endif
