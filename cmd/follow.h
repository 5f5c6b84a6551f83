/* follow: what its two files share. */
#ifndef MN_CMD_FOLLOW_H
#define MN_CMD_FOLLOW_H

#include "follows.h"

struct mn_follow_opts {
	const char *petname, *replicate, *keep;
	struct mn_opt_list streams, tags;
	int all_posts, no_fetch, json, quiet;
};

/* What one gives at the command line; MN_EINVALID. */
int mn_cmd_follow_check(const struct mn_follow_opts *o, struct mn_err *err);
/* Changes settings by what was given: 1 where something did. */
int mn_cmd_follow_apply(struct mn_follow *f, const struct mn_follow_opts *o,
			struct mn_err *err);

/*
 * Which profile lies at the address: its id, and its identity documents.
 * MN_EUNREACHABLE, MN_ENOTFOUND, MN_EDENIED.
 */
int mn_cmd_follow_ask(struct mn_cmd *c, const struct mn_home *h,
		  const struct mn_follow_opts *o, const char *address,
		      char hex[MN_ID_HEX + 1], struct mn_buf *identity,
		      struct mn_err *err);

#endif
