/* fetching: brings profiles over and says what came; for fetch and follow. */
#ifndef MN_CMD_FETCHING_H
#define MN_CMD_FETCHING_H

#include "cmd.h"
#include "repl/fetch.h"
#include "repl/follow.h"
#include "social/home.h"

struct mn_fetch_task {
	char hex[MN_ID_HEX + 1];
	int own;
	char *name;			/* petname, or NULL; owned */
	struct mn_follow follow;
	struct mn_fetch_report report;	/* set by mn_cmd_fetch, and below */
	int code;
	struct mn_err err;
};
struct mn_fetch_tasks {
	struct mn_fetch_task *p;
	size_t n, cap;
};

struct mn_fetch_how {
	int json, quiet, verbose, no_contents;
	int jobs;			/* profiles at a time */
	const char *remote;		/* only this one; NULL: all */
	const struct mn_oid *node;	/* not what is new, but of this post
					   (its carrier) ... */
	size_t content;			/* ... this content; SIZE_MAX: all */
};

/* Adds a profile that is here; reads its settings. */
int mn_fetch_task_add(struct mn_fetch_tasks *l, struct mn_cmd *c,
		      const struct mn_home *h, const char *hex, int own,
		      struct mn_err *err);
/* Takes the last one off again. */
void mn_fetch_tasks_drop(struct mn_fetch_tasks *l);
void mn_fetch_tasks_release(struct mn_fetch_tasks *l);

/* Options for one profile out of the configuration: limits, and how long to
 * wait. net and progress are left to the caller. */
int mn_cmd_fetch_options(struct mn_fetch_options *o, struct mn_cmd *c,
			 const struct mn_home *h, struct mn_err *err);

/* Fetches them all and prints what came as each ends: the exit status. Below 0
 * nothing was begun. */
int mn_cmd_fetch(struct mn_cmd *c, const struct mn_home *h,
		 struct mn_fetch_tasks *l, const struct mn_fetch_how *how,
		 struct mn_err *err);

/* fetching-text.c: what a task brought to stdout, what went wrong to stderr. */
void mn_fetch_say(struct mn_cmd *c, const struct mn_fetch_task *t,
		  const struct mn_fetch_how *how);

#endif
