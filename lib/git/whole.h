/*
 * whole: what mn gc leaves for servers in mn/whole: which packs together hold
 * exactly what was reachable from the refs of then, so that a client that
 * has nothing can be sent the packs as they lie. mnrepository-layout(5).
 *
 *	mn-whole 1
 *	pack <checksum, 40 digits>		one or more, disjoint, self-contained
 *	tip <oid>				all ref values of then, ascending
 *	objects <n>				in all packs together
 *	largest-blob <bytes>
 */
#ifndef MN_GIT_WHOLE_H
#define MN_GIT_WHOLE_H

#include "base/err.h"
#include "base/vec.h"
#include "git/oid.h"

#define MN_WHOLE_FILE_MAX (256 * 1024)	/* of mn/whole */

struct mn_whole {
	MN_VEC(struct mn_oid) packs, tips;
	uint64_t objects, largest_blob;
};

void mn_whole_release(struct mn_whole *w);
/* MN_ENOTFOUND: there is none, or it is not readable as such (it is a hint). */
int mn_whole_read(struct mn_whole *w, const char *gitdir, struct mn_err *err);
/* Sorts the tips by itself. MN_ELIMIT above MN_WHOLE_FILE_MAX: nothing is written,
 * and what was there stays. Not synced: a hint that is lost is made again. */
int mn_whole_write(const struct mn_whole *w, const char *gitdir,
		   struct mn_err *err);
void mn_whole_remove(const char *gitdir);

#endif
