/* Contents that are wanted and not here, by their ids. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "git/quarantine.h"
#include "node/verify.h"
#include "repl/fetch-impl.h"

#include "banned.h"

/* one batch */

/* Under the lock: what came of what was asked for becomes part of the
 * repository. */
static int keep(struct mn_fetching *g, struct mn_quarantine *q,
		const struct mn_oid *oids, size_t n, size_t *got,
		struct mn_err *err)
{
	MN_VEC(struct mn_oid) came = { 0 };
	struct mn_quarantine_wanted w;
	struct mn_repo *repo = &g->profile.repo;
	int r;

	for (size_t i = 0; i < n; i++)
		if (!mn_quarantine_known(q, &oids[i]) &&
		    mn_store_has(mn_quarantine_store(q), &oids[i]))
			*mn_vec_push(&came) = oids[i];
	w = (struct mn_quarantine_wanted){ came.p, came.n, 1 };
	r = mn_repo_lock(repo, g->o->wait_ms, err);
	if (r == 0 && came.n)
		r = mn_quarantine_admit(q, &w, err);
	mn_repo_unlock(repo);
	if (r == 0)
		*got += came.n;
	mn_vec_release(&came);
	return r;
}

static int known(void *ctx, const struct mn_oid *oid)
{
	return mn_quarantine_known(ctx, oid);
}

/* below 0 where nothing can be kept; otherwise *why says how it ended. */
static int receive(struct mn_fetching *g, struct mn_quarantine *q,
		   const struct mn_oid *oids, size_t n, int *why,
		   struct mn_err *err)
{
	struct mn_remote_want want = { .wants = oids, .nwants = n };
	struct mn_err broke = MN_ERR_INIT;
	struct mn_remote_sink sink;
	struct mn_arrival in;
	int r;

	mn_arrival_init(&in, mn_quarantine_dir(q), &g->o->pack);
	in.has = known;
	in.has_ctx = q;
	in.progress = g->o->progress;
	in.progress_ctx = g->o->ctx;
	mn_arrival_sink(&sink, &in);
	*why = mn_remote_fetch(g->remote, &want, &sink, &broke);
	r = *why;
	if (r == 0 || r == MN_EUNREACHABLE || r == MN_ENOTFOUND)
		r = mn_arrival_end(&in, r < 0, err);
	if (r == 0 && *why < 0)
		*err = broke;
	else if (r < 0 && r == *why)
		*err = broke;
	g->rep->bytes += in.bytes;
	mn_arrival_release(&in);
	return r;
}

static int fetch_batch(struct mn_fetching *g, const struct mn_oid *oids,
		       size_t n, size_t *got, struct mn_err *err)
{
	struct mn_quarantine *q = NULL;
	struct mn_err words = MN_ERR_INIT;
	int why = 0, r = mn_quarantine_begin(&q, g->gitdir, err);

	if (r == 0)
		r = receive(g, q, oids, n, &why, &words);
	if (r < 0 && words.code)
		*err = words;
	if (r == 0)
		r = mn_quarantine_load(q, err);
	if (r == 0)
		r = keep(g, q, oids, n, got, err);
	mn_quarantine_free(q);
	if (r == 0 && why < 0) {
		*err = words;
		r = why;
	}
	return r;
}

/* Objects by id into the repository; *got counts. */
static int fetch_objects(struct mn_fetching *g, const struct mn_oid *oids,
			 size_t n, size_t *got, struct mn_err *err)
{
	const struct mn_remote_features *f = mn_remote_features(g->remote);
	int r = mn_fetching_open(g, err);

	if (r == 0 && !f->any_want && f->version >= 0)
		return mn_err_set(err, MN_EFAIL, "the server gives no single "
				  "contents (git's uploadpack.allowAnySHA1InWant"
				  " lets it)");
	for (size_t at = 0; at < n && r == 0; at += MN_FETCH_BATCH_OBJECTS) {
		size_t some = n - at < MN_FETCH_BATCH_OBJECTS ? n - at
			: MN_FETCH_BATCH_OBJECTS;

		r = fetch_batch(g, oids + at, some, got, err);
	}
	if (*got) {
		struct mn_err none = MN_ERR_INIT;
		int ret = mn_store_refresh(g->profile.repo.store, &none);

		if (r == 0 && ret < 0) {
			*err = none;
			r = ret;
		}
	}
	return r;
}

/* what is wanted of the nodes in mn/wanted */

struct gathering {
	struct mn_fetching *g;
	struct mn_node node;
	MN_VEC(struct mn_oid) missing;	/* of the batch */
	struct mn_map asked;		/* whatever was asked for already */
	uint64_t bytes;			/* that these have */
	size_t got;
	int lacks;			/* of the node at hand */
	int any;			/* whatever the settings say ... */
	size_t only;			/* ... this content; SIZE_MAX: all */
};

static int flush(struct gathering *w, struct mn_err *err)
{
	int r = 0;

	if (w->missing.n)
		r = fetch_objects(w->g, w->missing.p, w->missing.n, &w->got,
				  err);
	mn_vec_clear(&w->missing);
	w->bytes = 0;
	return r;
}

/* One object: 1 where it is here. */
static int need(struct gathering *w, const struct mn_oid *oid, uint64_t size,
		struct mn_err *err)
{
	int r;

	if (mn_store_has_packed(w->g->profile.repo.store, oid) ||
	    mn_store_has_loose(w->g->profile.repo.store, oid))
		return 1;
	w->lacks = 1;
	if (mn_map_get(&w->asked, oid->b) != SIZE_MAX)
		return 0;
	if (w->missing.n >= MN_FETCH_BATCH_OBJECTS ||
	    (w->missing.n && w->bytes + size > MN_FETCH_BATCH_BYTES)) {
		r = flush(w, err);
		if (r < 0)
			return r;
	}
	mn_map_put(&w->asked, oid->b, 0);
	*mn_vec_push(&w->missing) = *oid;
	w->bytes += size;
	return 0;
}

static int need_chunks(struct gathering *w, const struct mn_oid *tree,
		       uint64_t size, struct mn_err *err)
{
	size_t n = (size_t)mn_content_chunks(size);
	struct mn_oid *chunks, list;
	struct mn_object o;
	int r = need(w, tree, n * 48, err);

	if (r <= 0)
		return r;
	r = mn_reader_read(w->g->profile.rd, &o, tree, MN_OBJECT_MAX, err);
	if (r < 0)
		return r;
	chunks = mn_xcalloc(n, sizeof(*chunks));
	if (mn_chunk_tree_decode(chunks, n, &list,
				 (struct mn_str){ o.data, o.len }) == 0) {
		r = need(w, &list, n * sizeof(struct mn_id), err);
		for (size_t i = 0; i < n && r >= 0; i++)
			r = need(w, &chunks[i], MN_CHUNK_SIZE, err);
	}
	free(chunks);
	return r < 0 ? r : 0;
}

static int wants(const struct gathering *w, size_t i)
{
	const struct mn_node *n = &w->node;

	if (!((n->tree.present & n->carrier.present) >> i & 1))
		return 0;
	if (w->any)
		return w->only == SIZE_MAX || w->only == i;
	return mn_admit_wants_content(w->g->follow, &n->meta, i);
}

static int need_node(struct gathering *w, const struct mn_oid *carrier,
		     struct mn_err *err)
{
	struct mn_node *n = &w->node;
	int r = mn_node_load(n, w->g->profile.rd, carrier, NULL, err);

	w->lacks = 0;
	if (r < 0 || n->carrier.is_merge) {
		mn_err_clear(err);
		return 0;	/* gone since: nothing to do */
	}
	for (size_t i = 0; i < n->meta.ncontents && r >= 0; i++) {
		const struct mn_content *c = &n->meta.contents[i];

		if (!wants(w, i))
			continue;
		if (mn_content_is_chunked(c->size))
			r = need_chunks(w, &n->tree.contents[i], c->size, err);
		else
			r = need(w, &n->tree.contents[i], c->size, err);
	}
	return r < 0 ? r : 0;
}

/* Goes through the list; those who lack something stay in it. */
static int pass(struct gathering *w, struct mn_oid_list *list,
		struct mn_err *err)
{
	size_t kept = 0, i;
	int r = 0;

	for (i = 0; i < list->n && r == 0; i++) {
		r = need_node(w, &list->p[i], err);
		if (w->lacks || r < 0)
			list->p[kept++] = list->p[i];
	}
	for (; i < list->n; i++)
		list->p[kept++] = list->p[i];
	list->n = kept;
	return r < 0 ? r : flush(w, err);
}

static int gather(struct gathering *w, struct mn_oid_list *list,
		  struct mn_err *err)
{
	size_t before;
	int r;

	/* a list of chunks that comes names more; the last look is for what
	 * is left */
	do {
		before = w->got;
		r = pass(w, list, err);
	} while (r == 0 && list->n && w->got > before);
	return r;
}

/* Others may have put more into the file meanwhile: what is done goes. */
static int write_left(struct mn_fetching *g, const struct mn_oid_list *was,
		      const struct mn_oid_list *left, struct mn_err *err)
{
	struct mn_oid_list now = { 0 };
	struct mn_map done;
	size_t n = 0;
	int r = mn_repo_lock(&g->profile.repo, g->o->wait_ms, err);

	if (r < 0)
		return r;
	mn_map_init(&done, sizeof(struct mn_oid));
	for (size_t i = 0; i < was->n; i++)
		mn_map_put(&done, was->p[i].b, 1);
	for (size_t i = 0; i < left->n; i++)
		mn_map_put(&done, left->p[i].b, 0);
	r = mn_wanted_read(&now, g->gitdir, err);
	for (size_t i = 0; i < now.n; i++)
		if (mn_map_get(&done, now.p[i].b) != 1)
			now.p[n++] = now.p[i];
	if (r == 0)
		r = mn_wanted_write(now.p, n, g->gitdir, err);
	mn_repo_unlock(&g->profile.repo);
	mn_map_release(&done);
	mn_vec_release(&now);
	return r;
}

static void gathering_init(struct gathering *w, struct mn_fetching *g)
{
	memset(w, 0, sizeof(*w));
	w->g = g;
	mn_node_init(&w->node);
	mn_map_init(&w->asked, sizeof(struct mn_oid));
}

static void gathering_release(struct gathering *w)
{
	w->g->rep->contents += w->got;
	mn_map_release(&w->asked);
	mn_vec_release(&w->missing);
	mn_node_release(&w->node);
}

int mn_fetching_node(struct mn_fetching *g, const struct mn_oid *carrier,
		     size_t i, int *lacks, struct mn_err *err)
{
	struct mn_oid_list list = { 0 };
	struct gathering w;
	int r = mn_fetching_open(g, err);

	if (r < 0)
		return r;
	*mn_vec_push(&list) = *carrier;
	gathering_init(&w, g);
	w.any = 1;
	w.only = i;
	r = gather(&w, &list, err);
	*lacks = list.n != 0;
	gathering_release(&w);
	mn_vec_release(&list);
	return r;
}

int mn_fetching_contents(struct mn_fetching *g, struct mn_err *err)
{
	struct gathering w;
	struct mn_oid_list was = { 0 }, list = { 0 };
	int end, r = mn_wanted_read(&list, g->gitdir, err);

	if (r == 0 && list.n)
		r = mn_fetching_open(g, err);
	if (r < 0 || !list.n) {
		mn_vec_release(&list);
		return r;
	}
	for (size_t i = 0; i < list.n; i++)
		*mn_vec_push(&was) = list.p[i];
	gathering_init(&w, g);
	r = gather(&w, &list, err);
	end = list.n < was.n ? write_left(g, &was, &list, r < 0 ? NULL : err)
		: 0;
	gathering_release(&w);
	mn_vec_release(&list);
	mn_vec_release(&was);
	return r < 0 ? r : end;
}
