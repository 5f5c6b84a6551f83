/* fetch-pack: where what mn fetch-pack fetches goes. */
#ifndef MN_CMD_FETCH_PACK_H
#define MN_CMD_FETCH_PACK_H

#include "cmd.h"
#include "git/indexpack.h"
#include "net/remote.h"
#include "progress.h"

struct mn_fetch_pack {			/* borrowed */
	struct mn_cmd *c;
	const char *dir;		/* NULL: the pack goes to stdout */
	int json;
	struct mn_progress *progress;
	const struct mn_oid *haves;
	size_t nhaves;
	struct mn_indexpack_limits limits;
};

/* Fetches, and prints a line for each pack that is there now and for each
 * commit whose parents are not. */
int mn_fetch_pack(const struct mn_fetch_pack *f, struct mn_remote *remote,
		  const struct mn_remote_want *want, struct mn_err *err);

#endif
