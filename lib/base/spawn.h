/*
 * spawn: run another program without a shell. GIT_* variables are cleared
 * from its environment unless env_keep_git is set.
 */
#ifndef MN_BASE_SPAWN_H
#define MN_BASE_SPAWN_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct mn_spawn {
	const char *const *argv;	/* NULL-ended; [0] is sought in PATH */
	const char *dir;		/* NULL: where we are */
	int in, out, errfd;		/* -1: inherit */
	int env_keep_git;		/* the child is to see GIT_* */
	const char *const *env;		/* "NAME=value" to add, NULL-ended; NULL */
};
#define MN_SPAWN_INIT { NULL, NULL, -1, -1, -1, 0, NULL }

int mn_spawn_start(pid_t *pid, const struct mn_spawn *s, struct mn_err *err);
/* The exit status 0..255, or 128 + signal, in *status. */
int mn_spawn_wait(int *status, pid_t pid, struct mn_err *err);
/* As mn_spawn_wait; one that runs after ms is told to end, and made to where it
 * doesn't within a second. */
int mn_spawn_end(int *status, pid_t pid, int ms, struct mn_err *err);
int mn_spawn_run(int *status, const struct mn_spawn *s, struct mn_err *err);
/* Runs and collects stdout, at most max bytes. */
int mn_spawn_capture(struct mn_buf *out, int *status, const struct mn_spawn *s,
		     size_t max, struct mn_err *err);

#endif
