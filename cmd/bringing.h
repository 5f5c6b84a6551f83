/*
 * bringing: contents that are not here, fetched for those who want to show
 * them: "mn fetch --node" runs beside, and what comes can be read while the
 * rest is under way.
 *
 *	mn_bringing_begin(&b, c, p, &node, i, &err);
 *	r = mn_content_write(c, p->rd, &node, i, file, &err);
 *	r = mn_bringing_end(&b, r, &err);
 */
#ifndef MN_CMD_BRINGING_H
#define MN_CMD_BRINGING_H

#include "cmd.h"
#include "node/node.h"
#include "social/profile.h"

struct mn_bringing {
	struct mn_profile *profile;
	pid_t pid;		/* of fetch; 0: it isn't needed, or has ended */
	int failed;
};

/* Where content i of a loaded node is here, or was dropped, nothing is begun.
 * p's reader waits for objects until end. */
int mn_bringing_begin(struct mn_bringing *b, struct mn_cmd *c,
		      struct mn_profile *p, const struct mn_node *n, size_t i,
		      struct mn_err *err);
/* r: what reading gave. Gives it back, with words for who could not fetch;
 * a fetch that is not needed any more is ended. */
int mn_bringing_end(struct mn_bringing *b, int r, struct mn_err *err);

#endif
