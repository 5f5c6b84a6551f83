/*
 * loose: writes a few objects as loose files, durably and together.
 *
 *	struct mn_loose *w;
 *	mn_loose_begin(&w, gitdir, &err);
 *	mn_loose_add(w, &oid, MN_BLOB, data, len, &err);	... more ...
 *	mn_loose_commit(w, &err);		now they are on disk
 *	mn_loose_free(w);			without commit: nothing stays
 *
 * All temporary files are written first, their writeback started, then
 * synced, all at a time (from threads), then renamed, then the directories
 * are synced: on a journaling file system that is two commits of the journal
 * for any number of objects.
 * An object that is there already, whole, is not written again; a
 * damaged loose file of that name is replaced.
 */
#ifndef MN_GIT_LOOSE_H
#define MN_GIT_LOOSE_H

#include "base/err.h"
#include "git/oid.h"

struct mn_loose;

int mn_loose_begin(struct mn_loose **out, const char *gitdir,
		   struct mn_err *err);
/* The same, with a store of the repository that is open already (borrowed). */
struct mn_store;
int mn_loose_begin_in(struct mn_loose **out, const char *gitdir,
		      struct mn_store *store, struct mn_err *err);
int mn_loose_add(struct mn_loose *w, struct mn_oid *oid, enum mn_otype t,
		 const void *data, size_t len, struct mn_err *err);
/* Has n other files synced together with the objects, before any of these
 * gets its name; the descriptors are borrowed until commit. */
void mn_loose_sync_also(struct mn_loose *w, const int *fds, size_t n);
int mn_loose_commit(struct mn_loose *w, struct mn_err *err);
void mn_loose_free(struct mn_loose *w);

#endif
