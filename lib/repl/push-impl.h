/* push-impl: for the parts of push: the pack. */
#ifndef MN_REPL_PUSH_IMPL_H
#define MN_REPL_PUSH_IMPL_H

#include <sys/types.h>

#include "git/store.h"
#include "repl/push.h"

struct mn_push_pack;

struct mn_push_want {
	const char *gitdir;
	struct mn_store *store;
	const struct mn_oid *wants, *haves;	/* copied */
	size_t nwants, nhaves;
};

/* *out NULL where nothing need be sent. MN_ENOTFOUND: an object is missing
 * here. */
int mn_push_pack_new(struct mn_push_pack **out, const struct mn_push_want *w,
		     struct mn_err *err);
ssize_t mn_push_pack_read(struct mn_push_pack *k, void *buf, size_t size,
			  struct mn_err *err);
void mn_push_pack_free(struct mn_push_pack *k);

#endif
