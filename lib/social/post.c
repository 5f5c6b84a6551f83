#include "social/post.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/parallel.h"
#include "social/chain.h"
#include "social/item.h"
#include "social/stage.h"

#include "banned.h"

#define LOOSE_MAX (UINT64_C(8) << 20)	/* contents of more: a pack */

struct mn_author {
	struct mn_profile *profile;
	const struct mn_secret *secret;
	struct mn_index *index;
	struct mn_author_options opt;
	struct mn_pub device;
	struct mn_chain chain;
	struct mn_stage stage;
	int staging;			/* the stage has begun */
	int indexing;			/* the index follows, in a transaction */
	size_t at;			/* draft that is worked on alone */
	struct mn_pool *pool;		/* made at first use */
	struct mn_item *items;		/* MN_ITEMS of them, for a batch */
	size_t nitems;
	struct mn_deflater **deflaters;	/* one a thread */
};

static int check_device(const struct mn_author *a, struct mn_err *err)
{
	const struct mn_identity_doc *last =
		mn_identity_last(&a->profile->identity);
	const struct mn_id_cut *cut = mn_identity_cut(last, &a->device);

	if (mn_forks_find(&a->profile->forks, last, &a->device))
		return mn_err_set(err, MN_EINVALID, "this device's key was used "
				  "twice, here and on a copy: 'mn device rekey' "
				  "gives it a new one");
	if (cut)
		return mn_err_set(err, MN_EINVALID, "this device was removed "
				  "from the profile: it cannot post");
	if (!mn_identity_device(last, &a->device))
		return mn_err_set(err, MN_EINVALID, "this device's key is not "
				  "in the profile's identity: it cannot post");
	return 0;
}

int mn_author_open(struct mn_author **out, struct mn_profile *p,
		   const struct mn_secret *secret, struct mn_index *index,
		   const struct mn_author_options *opt, struct mn_err *err)
{
	struct mn_author *a = mn_xcalloc(1, sizeof(*a));
	int r;

	a->profile = p;
	a->secret = secret;
	a->index = index;
	a->opt = *opt;
	mn_secret_pub(&a->device, secret);
	r = check_device(a, err);
	if (r == 0)
		r = mn_repo_lock(&p->repo, opt->wait_ms, err);
	if (r < 0) {
		free(a);
		return r;
	}
	/* packs may have come while we waited */
	r = mn_store_refresh(p->repo.store, err);
	if (r == 0)
		r = mn_chain_open(&a->chain, p, &a->device, index, err);
	if (r < 0) {
		mn_repo_unlock(&p->repo);
		free(a);
		return r;
	}
	*out = a;
	return 0;
}

void mn_author_close(struct mn_author *a)
{
	if (!a)
		return;
	if (a->indexing)
		mn_index_add_abort(a->index);
	for (size_t i = 0; i < a->nitems; i++)
		mn_item_release(&a->items[i]);
	free(a->items);
	for (int i = 0; a->deflaters && i < mn_pool_threads(a->pool); i++)
		mn_deflater_free(a->deflaters[i]);
	free(a->deflaters);
	mn_pool_free(a->pool);
	mn_stage_release(&a->stage);
	mn_chain_close(&a->chain);
	mn_repo_unlock(&a->profile->repo);
	free(a);
}

/* Loose files for a little, a pack for a batch and for much. */
static int begin_stage(struct mn_author *a, struct mn_draft *const *drafts,
		       size_t n, struct mn_err *err)
{
	uint64_t total = 0, chunks = 0;
	size_t objects = 0;
	int r = 0;

	if (a->staging)
		return 0;
	for (size_t i = 0; i < n && !a->opt.batch && r == 0; i++)
		for (size_t k = 0; k < drafts[i]->ncontents && r == 0; k++) {
			uint64_t size;

			r = mn_source_size(&size, &drafts[i]->contents[k].from,
					   err);
			if (r < 0)
				return r;
			total += size;
			if (mn_content_is_chunked(size))
				chunks += mn_content_chunks(size) + 1;
		}
	/* contents and their chunks; tree, meta, commit */
	objects = (size_t)chunks + (n ? drafts[0]->ncontents : 0) + 3;
	r = mn_stage_begin(&a->stage, &a->profile->repo,
			   a->opt.batch || total > LOOSE_MAX,
			   a->opt.batch || n != 1 ? 0 : objects, err);
	a->staging = r == 0;
	return r;
}

/* Workers, and items for as many drafts as are made at once. */
static void make_room(struct mn_author *a, size_t n)
{
	if (!a->pool) {
		/* threads pay for a batch, or for much content */
		a->pool = mn_pool_new(a->opt.batch || a->stage.pack ? 0 : 1);
		a->deflaters = mn_xcalloc((size_t)mn_pool_threads(a->pool),
					  sizeof(*a->deflaters));
		for (int i = 0; a->stage.pack && i < mn_pool_threads(a->pool);
		     i++)
			a->deflaters[i] = mn_deflater_new(MN_DEFLATE_LEVEL);
	}
	if (n <= a->nitems)
		return;
	a->items = mn_xrealloc(a->items, n * sizeof(*a->items));
	while (a->nitems < n)
		mn_item_init(&a->items[a->nitems++]);
}

static void begin_index(struct mn_author *a)
{
	struct mn_err none = MN_ERR_INIT;

	if (!a->index || a->indexing)
		return;
	/* where it fails, the index stays behind and readers catch up */
	a->indexing = mn_index_add_begin(a->index, a->profile, &a->device,
					 &a->chain.ref, &none) == 0;
}

/* The parallel parts of making a node. */
static void work_contents(void *ctx, int worker, size_t i)
{
	struct mn_author *a = ctx;

	mn_item_contents(&a->items[i], a->deflaters[worker]);
}

static void work_sign(void *ctx, int worker, size_t i)
{
	struct mn_author *a = ctx;

	mn_item_sign(&a->items[i], a->secret, &a->profile->identity_blob,
		     a->deflaters[worker]);
}

static void work_commit(void *ctx, int worker, size_t i)
{
	struct mn_author *a = ctx;

	mn_item_pack_commit(&a->items[i], a->deflaters[worker]);
}

/* Large contents and files, one after the other: each is parallel in itself. */
static int take_large(struct mn_author *a, size_t n, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++, a->at++)
		r = mn_item_stage_large(&a->items[i], &a->stage, a->pool, err);
	a->at -= r == 0 ? n : 1;
	return r;
}

static int make_metas(struct mn_author *a, size_t n, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct mn_item *it = &a->items[i];

		r = mn_chain_next(&a->chain, &it->meta, it->parents, err);
		if (r == 0)
			r = mn_item_meta(it, err);
		if (r == 0)
			mn_chain_add(&a->chain, &it->meta, &it->id);
		a->at += r == 0;
	}
	return r;
}

/*
 * A commit names its parents' commits, so these are made in order. Within the
 * block, a node has the one before it as a parent.
 */
static void make_commits(struct mn_author *a, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mn_item *it = &a->items[i];

		for (size_t k = 0; i && k < it->meta.nparents; k++)
			if (mn_id_eq(&it->meta.parents[k], &it[-1].id))
				it->parents[k] = it[-1].commit.oid;
		mn_item_commit(it);
	}
	mn_chain_carrier(&a->chain, &a->items[n - 1].commit.oid);
}

static int stage_items(struct mn_author *a, size_t n, struct mn_id *ids,
		       struct mn_err *err)
{
	struct mn_err none = MN_ERR_INIT;
	struct mn_index_row row;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct mn_item *it = &a->items[i];

		r = mn_item_stage(it, &a->stage, err);
		ids[i] = it->id;
		if (r < 0 || !a->indexing)
			continue;
		mn_item_row(it, &row);
		if (mn_index_add(a->index, &row, &none) < 0) {
			mn_index_add_abort(a->index);
			a->indexing = 0;
		}
	}
	return r;
}

static int post_block(struct mn_author *a, struct mn_draft *const *drafts,
		      size_t n, struct mn_id *ids, struct mn_err *err)
{
	int64_t now = mn_date_now();
	int r;

	make_room(a, n);
	for (size_t i = 0; i < n; i++)
		mn_item_begin(&a->items[i], drafts[i], now, !!a->stage.pack);
	r = take_large(a, n, err);
	if (r < 0)
		return r;
	mn_pool_for(a->pool, n, 16, work_contents, a);
	r = make_metas(a, n, err);
	if (r < 0)
		return r;
	mn_pool_for(a->pool, n, 8, work_sign, a);
	if (!a->opt.batch && !mn_item_verify(&a->items[0], &a->device))
		MN_BUG("the signature just made does not verify");
	make_commits(a, n);
	if (a->stage.pack)
		mn_pool_for(a->pool, n, 16, work_commit, a);
	return stage_items(a, n, ids, err);
}

int mn_author_post(struct mn_author *a, struct mn_draft *const *drafts,
		   size_t n, struct mn_id *ids, struct mn_err *err)
{
	int r;

	a->at = n;
	r = begin_stage(a, drafts, n, err);
	if (r < 0)
		return r;
	begin_index(a);
	a->at = 0;
	while (n && r == 0) {
		size_t block = n < MN_ITEMS ? n : MN_ITEMS;

		r = post_block(a, drafts, block, ids, err);
		drafts += block;
		ids += block;
		n -= block;
	}
	return r;
}

size_t mn_author_at(const struct mn_author *a)
{
	return a->at;
}

int mn_author_preview(struct mn_author *a, struct mn_draft *d,
		      struct mn_buf *meta, struct mn_err *err)
{
	struct mn_item *it;
	int r;

	if (a->staging)
		MN_BUG("a preview comes before anything is posted");
	make_room(a, 1);
	it = &a->items[0];
	mn_item_begin(it, d, mn_date_now(), 0);
	r = take_large(a, 1, err);
	if (r < 0)
		return r;
	mn_item_contents(it, NULL);
	r = mn_chain_next(&a->chain, &it->meta, it->parents, err);
	if (r == 0)
		r = mn_item_meta(it, err);
	if (r == 0)
		mn_buf_add(meta, it->meta_text.p, it->meta_text.len);
	return r;
}

/* The head: a merge is written as an object, with its empty tree. */
static int stage_head(struct mn_author *a, struct mn_oid *head,
		      struct mn_err *err)
{
	struct mn_staged tree = { .type = MN_TREE, .raw = MN_STR("") };
	struct mn_staged merge = { .type = MN_COMMIT };
	struct mn_buf text = MN_BUF_INIT;
	int r = 0;

	mn_heads_merge(head, &text, a->chain.heads.p, a->chain.heads.n);
	if (text.len) {
		merge.raw = (struct mn_str){ text.p, text.len };
		r = mn_stage_add(&a->stage, &tree, err);
		if (r == 0)
			r = mn_stage_add(&a->stage, &merge, err);
	}
	mn_buf_release(&text);
	return r;
}

/*
 * Makes the objects durable, and then moves the refs onto them. What the refs
 * shall hold is synced with the objects: each sync is a wait for the disk. The
 * device's ref is on disk before main moves: a main that outlives it in a power
 * cut would lead to a node whose number the device then gives away again.
 */
static int publish(struct mn_author *a, const struct mn_oid *head,
		   struct mn_err *err)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	struct mn_ref_update u[2] = {
		{ .name = name, .new_oid = a->chain.newest,
		  .old_oid = a->chain.ref, .durable = 1 },
		{ .name = MN_REF_MAIN, .new_oid = *head, .any_old = 1,
		  .durable = 1, .barrier = 1 },
	};
	struct mn_refs_txn *refs;
	int fds[2], synced, r;

	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1, a->device.b, 32);
	r = mn_refs_begin(&refs, a->profile->repo.path, u, 2, err);
	if (r < 0)
		return r;
	synced = mn_stage_sync_also(&a->stage, fds,
				    mn_refs_unsynced(refs, fds));
	r = mn_stage_commit(&a->stage, err);
	if (r < 0)
		mn_refs_abort(refs);
	else
		r = mn_refs_finish(refs, synced, err);
	return r;
}

int mn_author_commit(struct mn_author *a, struct mn_err *err)
{
	struct mn_err none = MN_ERR_INIT;
	struct mn_oid head;
	int r;

	if (!a->staging)
		return 0;
	r = stage_head(a, &head, err);
	if (r == 0)
		r = publish(a, &head, err);
	if (r < 0)
		return r;
	if (a->indexing)
		mn_index_add_commit(a->index, a->chain.heads.p,
				    a->chain.heads.n, &none);
	a->indexing = 0;
	a->staging = 0;
	a->chain.ref = a->chain.newest;
	mn_stage_release(&a->stage);
	return 0;
}
