/*
 * lg2: libgit2 for one store, started on first use. Its repository reads
 * objects through our own readers, so that no damaged loose object reaches
 * libgit2's; and what our store cannot see (packs that came just now, old
 * index formats) is read by libgit2's reader of packs.
 */
#ifndef MN_GIT_LG2_H
#define MN_GIT_LG2_H

#include "base/buf.h"
#include "base/err.h"
#include "git/oid.h"
#include "git/store.h"

struct mn_lg2;

struct mn_lg2 *mn_lg2_new(struct mn_store *s);
void mn_lg2_free(struct mn_lg2 *g);

/* Packed objects, as libgit2 sees them now. MN_ENOTFOUND, MN_ELIMIT. */
int mn_lg2_read(struct mn_lg2 *g, struct mn_buf *out, enum mn_otype *type,
		const struct mn_oid *oid, size_t max, struct mn_err *err);
int mn_lg2_stat(struct mn_lg2 *g, enum mn_otype *type, uint64_t *size,
		const struct mn_oid *oid, struct mn_err *err);
int mn_lg2_has(struct mn_lg2 *g, const struct mn_oid *oid);

/* For the implementation of store. */
const char *mn_store_gitdir(const struct mn_store *s);
size_t mn_store_ndirs(const struct mn_store *s);
const char *mn_store_dir(const struct mn_store *s, size_t i);
struct mn_lg2 *mn_store_lg2(struct mn_store *s);

#endif
