/* bringing: contents that are not here, fetched by those who want to show them. */
#ifndef MN_CMD_BRINGING_H
#define MN_CMD_BRINGING_H

#include "cmd.h"
#include "node/node.h"
#include "social/profile.h"

/*
 * Makes sure that content i of a loaded node is here: where it isn't, "mn fetch
 * --node" is run for it. 0; MN_ENOTFOUND where its author dropped it;
 * MN_EUNREACHABLE where no remote gave it (which was told by fetch).
 */
int mn_cmd_bring(struct mn_cmd *c, struct mn_profile *p,
		 const struct mn_node *n, size_t i, struct mn_err *err);

#endif
