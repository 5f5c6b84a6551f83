/*
 * stage: where the objects of new nodes wait until they are durable: a few
 * loose files, or one pack. And the way of contents into it.
 */
#ifndef MN_SOCIAL_STAGE_H
#define MN_SOCIAL_STAGE_H

#include <stdint.h>

#include "base/err.h"
#include "base/parallel.h"
#include "git/loose.h"
#include "git/pack.h"
#include "git/repo.h"
#include "node/content.h"
#include "social/draft.h"

#define MN_DEFLATE_LEVEL 6

struct mn_stage {
	struct mn_loose *loose;		/* one of the two; none: dry run */
	struct mn_pack *pack;
};

/* An object, and its compressed form if it is made for a pack. */
struct mn_staged {
	enum mn_otype type;
	struct mn_oid oid;
	struct mn_str raw;		/* borrowed */
	struct mn_str z;		/* borrowed; p NULL: not compressed yet */
};

/* as_pack: one pack; count as for mn_pack_begin_n. */
int mn_stage_begin(struct mn_stage *s, struct mn_repo *repo, int as_pack,
		   size_t count, struct mn_err *err);
int mn_stage_add(struct mn_stage *s, const struct mn_staged *o,
		 struct mn_err *err);
/* Has other files synced with the objects; the descriptors are borrowed until
 * commit. 1; or 0, when a stage of this sort doesn't do that. */
int mn_stage_sync_also(struct mn_stage *s, const int *fds, size_t n);
/* All that was added is durable when it returns. */
int mn_stage_commit(struct mn_stage *s, struct mn_err *err);
void mn_stage_release(struct mn_stage *s);

/* What becomes of a content: what meta, carrier and tree say of it. */
struct mn_content_in {
	struct mn_id digest;
	uint64_t size;
	struct mn_salt salt;
	struct mn_oid oid;		/* blob, or tree of chunks */
};

/*
 * Streams a content into the stage: salts, hashes, compresses where that
 * pays, in at most 24 MiB of memory whatever its size.
 */
int mn_content_stage(struct mn_content_in *out, struct mn_stage *s,
		     struct mn_pool *pool, const struct mn_source *from,
		     struct mn_err *err);
/* The size of a source in bytes, without reading it. MN_ELIMIT. */
int mn_source_size(uint64_t *out, const struct mn_source *from,
		   struct mn_err *err);

#endif
