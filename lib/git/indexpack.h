/*
 * indexpack: takes a pack as it arrives from somewhere and makes the index
 * for it: every object is inflated and hashed, deltas are resolved, and what
 * is too large, too many, too deep or not what it says is refused as soon as
 * that shows. Packs of any git are taken (gitformat-pack(5): OFS_DELTA and
 * REF_DELTA); thin ones, whose bases lie elsewhere, where it is said where.
 *
 *	mn_indexpack_begin(&ip, dir, &limits, &err);
 *	mn_indexpack_feed(ip, data, len, &err);		... as it comes ...
 *	mn_indexpack_finish(ip, &result, &err);
 *	mn_indexpack_free(ip);		before finish: removes its files
 *
 * The pack is written to dir while it arrives; nothing is synced. Memory:
 * some 80 bytes an object, and the bases of deltas that are being made: one
 * or a few, and never more than 64 MiB and 16 times object_bytes.
 */
#ifndef MN_GIT_INDEXPACK_H
#define MN_GIT_INDEXPACK_H

#include "base/err.h"
#include "git/oid.h"
#include "git/store.h"

struct mn_indexpack;

struct mn_indexpack_limits {	/* 0: the default */
	uint64_t pack_bytes;	/* of the pack itself; 64 GiB */
	size_t objects;		/* 50 million */
	uint64_t object_bytes;	/* of one, inflated; 16 MiB */
	uint64_t inflated_bytes;/* of all, deltas applied; 256 GiB. And never
				   more than 64 MiB + 1,100 times the pack */
	unsigned delta_depth;	/* 250 */
	uint64_t work_bytes;	/* what readers will make in all, who come to one
				   object after the other, each with the chain
				   below it; only what is above 1 MiB counts, for
				   smaller bases they keep. 64 GiB and 1,100
				   times the pack */
};

struct mn_indexpack_result {
	char name[MN_OID_HEX + 1];	/* dir/pack-<name>.pack and .idx; "" and
					   no files where there is no object */
	size_t objects;
	uint64_t bytes;			/* of the pack */
	int salvaged;			/* it ended too early: see salvage */
};

/* dir is there. Borrowed until free: nothing. */
int mn_indexpack_begin(struct mn_indexpack **out, const char *dir,
		       const struct mn_indexpack_limits *limits,
		       struct mn_err *err);
/* Before finish: a store that has the bases of a thin pack, which are put into
 * the pack. Borrowed until finish. */
void mn_indexpack_bases(struct mn_indexpack *ip, struct mn_store *bases);
/* Lets fn see the small objects as they come, but for deltas. What the pack is
 * worth shows only in finish. */
typedef void mn_indexpack_fn(void *ctx, const struct mn_oid *oid,
			     enum mn_otype type, const void *data, size_t len);
void mn_indexpack_watch(struct mn_indexpack *ip, mn_indexpack_fn *fn,
			void *ctx);
/* Slices of any length. MN_EINVALID: it is no pack, or broken; MN_ELIMIT.
 * After an error there is nothing more to be had of it. */
int mn_indexpack_feed(struct mn_indexpack *ip, const void *data, size_t len,
		      struct mn_err *err);
/* Whether all of it is there, the trailer included: 1, 0. For a pack behind
 * which the stream goes on, or stays open. */
int mn_indexpack_is_whole(const struct mn_indexpack *ip);
/* How far it is, for a progress display. total 0: not known yet. */
void mn_indexpack_progress(const struct mn_indexpack *ip, size_t *objects,
			   size_t *total, uint64_t *bytes);
/* Compares the trailer, resolves the deltas (with all processors), writes the
 * index and gives both files their names. MN_EINVALID where bytes are missing
 * or left over, a base is not in the pack, or an object is in it twice. */
int mn_indexpack_finish(struct mn_indexpack *ip,
			struct mn_indexpack_result *res, struct mn_err *err);
/*
 * Instead of finish, when the stream broke off: makes a pack of the objects
 * that came whole (and whose bases stand before them): the longest beginning
 * of the pack that is complete in itself. objects is 0, and there is no file,
 * where none did. Not after feed has failed: what is broken, and not just cut,
 * is not to be trusted.
 */
int mn_indexpack_salvage(struct mn_indexpack *ip,
			 struct mn_indexpack_result *res, struct mn_err *err);
void mn_indexpack_free(struct mn_indexpack *ip);

#endif
