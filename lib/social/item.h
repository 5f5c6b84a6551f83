/*
 * item: one node in the making, in steps that post.c lays side by side for
 * many nodes: contents, meta, signature and tree, commit.
 */
#ifndef MN_SOCIAL_ITEM_H
#define MN_SOCIAL_ITEM_H

#include "base/buf.h"
#include "git/pack.h"
#include "key/sign.h"
#include "node/carrier.h"
#include "node/meta.h"
#include "social/draft.h"
#include "social/index.h"
#include "social/stage.h"

#define MN_ITEMS 512		/* nodes that are made side by side */

/* Larger contents and files are staged at once, not kept in the item. */
#define MN_INLINE_MAX (64u * 1024)	/* bytes */

struct mn_item {
	const struct mn_draft *draft;
	int for_pack;			/* objects are compressed here */
	struct mn_meta meta;
	struct mn_buf meta_text, tree_text, commit_text, tags;
	struct mn_id id;
	struct mn_sig sig;
	struct mn_oid parents[MN_PARENTS_MAX];
	struct mn_salt salts[MN_CONTENTS_MAX];
	struct mn_oid contents[MN_CONTENTS_MAX];
	uint64_t staged;		/* bit i: content i is in the stage */
	struct mn_staged meta_blob, tree, commit;
	struct mn_buf z;		/* compressed: contents, meta, tree */
	struct mn_buf z_commit;
	size_t z_at[MN_CONTENTS_MAX + 3];	/* where each begins in z */
};

void mn_item_init(struct mn_item *it);
void mn_item_release(struct mn_item *it);

void mn_item_begin(struct mn_item *it, const struct mn_draft *d, int64_t now,
		   int for_pack);
/* Files and large contents go to the stage; not in parallel. */
int mn_item_stage_large(struct mn_item *it, struct mn_stage *s,
			struct mn_pool *pool, struct mn_err *err);
/* Salts, digests and names of the other contents. */
void mn_item_contents(struct mn_item *it, struct mn_deflater *d);
/* The meta's text and the node id; chain fields are set before. */
int mn_item_meta(struct mn_item *it, struct mn_err *err);
/* Signature, meta blob, tree. */
void mn_item_sign(struct mn_item *it, const struct mn_secret *secret,
		  const struct mn_oid *identity, struct mn_deflater *d);
int mn_item_verify(const struct mn_item *it, const struct mn_pub *device);
/* The carrier; it->parents is set before. */
void mn_item_commit(struct mn_item *it);
void mn_item_pack_commit(struct mn_item *it, struct mn_deflater *d);
/* Everything that is not there yet goes to the stage. */
int mn_item_stage(struct mn_item *it, struct mn_stage *s, struct mn_err *err);
/* Borrowed from the item. */
void mn_item_row(struct mn_item *it, struct mn_index_row *row);

#endif
