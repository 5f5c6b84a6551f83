/* post-batch: many posts from lines of JSON, in one transaction. */
#ifndef MN_CMD_POST_BATCH_H
#define MN_CMD_POST_BATCH_H

#include "cmd.h"
#include "social/home.h"
#include "social/media.h"
#include "social/post.h"

struct mn_post_ids {		/* a mn_vec */
	struct mn_id *p;
	size_t n, cap;
};

/* Reads path ("-": stdin), posts all, commits, prints an id a line; the ids
 * are in ids. */
int mn_post_batch(struct mn_post_ids *ids, struct mn_cmd *c,
		  const struct mn_home *h, struct mn_author *a,
		  struct mn_media *media, const char *path,
		  struct mn_err *err);

#endif
