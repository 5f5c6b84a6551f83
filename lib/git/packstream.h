/*
 * packstream: a pack that is made while it is read, of objects that a store
 * has, in the order given; nothing is written to disk. Entries of packs are
 * copied as they lie there, a delta only where its base is sent, too; other
 * objects are deflated. Memory: the list, and one object at a time; where much
 * of a pack is copied, 16 bytes for each of its objects.
 *
 *	mn_packstream_new(&ps, &what, &err);
 *	while ((n = mn_packstream_read(ps, buf, size, &err)) > 0) ...
 *	mn_packstream_free(ps);
 *
 * Format: gitformat-pack(5).
 */
#ifndef MN_GIT_PACKSTREAM_H
#define MN_GIT_PACKSTREAM_H

#include <sys/types.h>

#include "base/err.h"
#include "git/objlist.h"
#include "git/packfile.h"
#include "git/store.h"

struct mn_packstream;

struct mn_packstream_what {		/* all borrowed until free */
	struct mn_store *store;
	const struct mn_objlist *list;
	/* Packs of that store that are sent before, all of each as it lies
	 * there; no two of these and of list hold the same object. */
	const struct mn_packfile *const *packs;
	size_t npacks;
	int ofs_delta;		/* deltas may name their base by its distance:
				   shorter, for 8 bytes of memory an object */
};

/* MN_ELIMIT: more objects than a pack can hold. */
int mn_packstream_new(struct mn_packstream **out,
		      const struct mn_packstream_what *what,
		      struct mn_err *err);
void mn_packstream_free(struct mn_packstream *ps);
/* Up to size bytes; 0 at the end. MN_ENOTFOUND: an object is missing;
 * MN_ECORRUPT, MN_ELIMIT; after a failure it fails again. */
ssize_t mn_packstream_read(struct mn_packstream *ps, void *buf, size_t size,
			   struct mn_err *err);
uint64_t mn_packstream_count(const struct mn_packstream *ps);	/* objects */

#endif
