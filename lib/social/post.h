/*
 * post: makes nodes and puts them into a profile, durably: one as a few loose
 * objects, many as one pack. mnformat-node(5).
 *
 *	mn_author_open(&a, &profile, secret, index, &err);   locks the repository
 *	mn_author_post(a, drafts, n, ids, &err);             any number of times
 *	mn_author_commit(a, &err);                           refs move, index follows
 *	mn_author_close(a);                                  without commit: nothing was posted
 *
 * Order on disk: objects synced, then the device's ref, then refs/heads/main,
 * then the index. A crash in between leaves all of it posted or none.
 */
#ifndef MN_SOCIAL_POST_H
#define MN_SOCIAL_POST_H

#include "base/err.h"
#include "key/sign.h"
#include "social/draft.h"
#include "social/index.h"
#include "social/profile.h"

struct mn_author;

struct mn_author_options {
	int batch;		/* one pack, all processors */
	int wait_ms;		/* for the lock */
};

/* secret and index (may be NULL) are borrowed. MN_ELOCKED; MN_EINVALID
 * when the identity does not list this device, or has cut it. */
int mn_author_open(struct mn_author **out, struct mn_profile *p,
		   const struct mn_secret *secret, struct mn_index *index,
		   const struct mn_author_options *opt, struct mn_err *err);

/* Makes nodes of n drafts, in order, each a child of the one before; their ids
 * go to ids. They exist for others only after the commit. */
int mn_author_post(struct mn_author *a, struct mn_draft *const *drafts,
		   size_t n, struct mn_id *ids, struct mn_err *err);

/* After a post of at most MN_ITEMS drafts that failed: the number of the draft
 * that the error is about, or n when it is about none of them. */
size_t mn_author_at(const struct mn_author *a);

/* The meta that the next node would have; nothing is written. Before any post. */
int mn_author_preview(struct mn_author *a, struct mn_draft *d,
		      struct mn_buf *meta, struct mn_err *err);

int mn_author_commit(struct mn_author *a, struct mn_err *err);
void mn_author_close(struct mn_author *a);

#endif
