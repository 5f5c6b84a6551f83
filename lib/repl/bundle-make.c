/* Writes a bundle: the refs, what a reader must have, and a pack that needs
 * no object but those that it holds and they reach. */
#include <stdlib.h>
#include <string.h>

#include "git/objlist.h"
#include "git/packstream.h"
#include "net/walk.h"
#include "repl/bundle.h"

#include "banned.h"

#define PIECE ((size_t)256 * 1024)

static int is_device(const char *name)
{
	return !strncmp(name, MN_REF_DEVICES, sizeof(MN_REF_DEVICES) - 1);
}

void mn_bundle_has_release(struct mn_bundle_has *has)
{
	mn_vec_release(&has->oids);
	mn_vec_release(&has->older);
}

/* The tips of devices stay in every history that comes after; main may be a
 * computed merge, which none has once another was computed. */
void mn_bundle_has_head(struct mn_bundle_has *has,
			const struct mn_bundlefile *head)
{
	const struct mn_ref_list *refs = &head->refs;
	size_t devices = 0;

	for (size_t i = 0; i < refs->n; i++)
		devices += is_device(refs->p[i].name) != 0;
	for (size_t i = 0; i < refs->n; i++)
		if (is_device(refs->p[i].name) ||
		    !strcmp(refs->p[i].name, MN_REF_IDENTITY) ||
		    (!devices && !strncmp(refs->p[i].name, "refs/heads/", 11)))
			*mn_vec_push(&has->oids) = refs->p[i].oid;
	for (size_t i = 0; i < head->needs.n; i++)
		*mn_vec_push(&has->older) = head->needs.p[i];
}

struct making {
	const struct mn_bundle_make *m;
	struct mn_bundlefile head;
	struct mn_objlist seen;		/* that the other side has, and here */
	MN_VEC(struct mn_oid) wants;
	struct mn_objlist list;
};

static int is_of_profile(const char *name)
{
	return !strcmp(name, MN_REF_MAIN) || !strncmp(name, "refs/mn/", 8);
}

static int read_refs(struct making *k, struct mn_err *err)
{
	struct mn_ref_list all = { NULL, 0, 0 };
	int r = mn_refs_list(&all, k->m->profile->repo.path, "refs/",
			     MN_BUNDLE_REFS_MAX, err);

	for (size_t i = 0; i < all.n && !r; i++) {
		if (is_of_profile(all.p[i].name))
			*mn_vec_push(&k->head.refs) = all.p[i];
	}
	mn_refs_release(&all);
	return r;
}

/* Takes those that are commits here; how many are not. */
static size_t take_needs(struct making *k, const struct mn_oid_list *oids)
{
	struct mn_reader *rd = mn_reader_new(k->m->profile->repo.store);
	size_t unknown = 0;

	for (size_t i = 0; i < oids->n; i++) {
		enum mn_otype type;
		uint64_t size;

		if (!mn_store_has(k->m->profile->repo.store, &oids->p[i]) ||
		    mn_reader_stat(rd, &type, &size, &oids->p[i], NULL) < 0) {
			unknown++;
			continue;
		}
		if (k->seen.n < MN_BUNDLE_NEEDS_MAX &&
		    mn_objlist_add(&k->seen, &oids->p[i], type, NULL) &&
		    type == MN_COMMIT)
			*mn_vec_push(&k->head.needs) = oids->p[i];
	}
	mn_reader_free(rd);
	return unknown;
}

/* What they lead to is sent, but for what the other side has: the identity
 * is no commit, so no need says that it is there. */
static void choose_wants(struct making *k)
{
	for (size_t i = 0; i < k->head.refs.n; i++)
		if (mn_objlist_find(&k->seen, &k->head.refs.p[i].oid) ==
		    SIZE_MAX)
			*mn_vec_push(&k->wants) = k->head.refs.p[i].oid;
}

/* Before anything is written; a bundle that says nothing of a filter has all. */
static int all_here(struct making *k)
{
	struct mn_store *s = k->m->profile->repo.store;

	for (size_t i = 0; i < k->list.n; i++)
		if (!mn_store_has_packed(s, &k->list.p[i].oid) &&
		    !mn_store_has_loose(s, &k->list.p[i].oid))
			return 0;
	return 1;
}

static int list_objects(struct making *k, struct mn_err *err)
{
	struct mn_profile *p = k->m->profile;
	int partial = mn_walk_is_partial(p->repo.store, p->repo.path);
	const char *filter = k->m->filter;
	struct mn_walk w = {
		.store = p->repo.store,
		.wants = k->wants.p, .nwants = k->wants.n,
		.haves = k->head.needs.p, .nhaves = k->head.needs.n,
	};
	int r;

	if (filter && *filter) {
		if (mn_filter_parse(&w.filter, mn_str(filter)) < 0)
			return mn_err_set(err, MN_EINVALID, "no filter that is "
					  "known here: '%s'", filter);
		w.partial = partial;
		mn_buf_adds(&k->head.filter, filter);
	}
	r = mn_walk(&k->list, &w, err);
	if (!r && partial && !w.partial && !all_here(k))
		r = MN_ENOTFOUND;
	if (r == MN_ENOTFOUND)
		return mn_err_set(err, MN_EFAIL, "contents of this profile are "
				  "not here; with --replicate meta those that "
				  "are go into the bundle");
	return r;
}

/* Whether there is more than a merge, which everybody computes alone. */
static int has_news(const struct making *k)
{
	const struct mn_oid *main_ref = NULL;
	struct mn_oid empty;

	mn_oid_of(&empty, MN_TREE, "", 0);
	for (size_t i = 0; i < k->head.refs.n; i++)
		if (!strcmp(k->head.refs.p[i].name, MN_REF_MAIN))
			main_ref = &k->head.refs.p[i].oid;
	for (size_t i = 0; main_ref && i < k->head.refs.n; i++)
		if (is_device(k->head.refs.p[i].name) &&
		    mn_oid_eq(&k->head.refs.p[i].oid, main_ref))
			main_ref = NULL;
	for (size_t i = 0; i < k->list.n; i++)
		if (!mn_oid_eq(&k->list.p[i].oid, &empty) &&
		    !(main_ref && mn_oid_eq(&k->list.p[i].oid, main_ref)))
			return 1;
	return 0;
}

static void tell(const struct mn_bundle_make *m, const char *what, size_t done,
		 size_t total)
{
	if (m->progress)
		m->progress(m->ctx, what, done, total);
}

static int write_pack(struct making *k, mn_bundle_write *fn, void *ctx,
		      struct mn_bundle_made *made, struct mn_err *err)
{
	struct mn_packstream_what what = {
		.store = k->m->profile->repo.store, .list = &k->list,
		.ofs_delta = 1
	};
	struct mn_packstream *ps;
	char *piece = mn_xmalloc(PIECE);
	ssize_t n = 0;
	int r = mn_packstream_new(&ps, &what, err);

	if (r < 0) {
		free(piece);
		return r;
	}
	made->objects = mn_packstream_count(ps);
	while (!r && (n = mn_packstream_read(ps, piece, PIECE, err)) > 0) {
		r = fn(ctx, piece, (size_t)n, err);
		made->bytes += (uint64_t)n;
		tell(k->m, "writing, KiB", (size_t)(made->bytes >> 10), 0);
	}
	mn_packstream_free(ps);
	free(piece);
	return n < 0 ? (int)n : r;
}

static int write_all(struct making *k, mn_bundle_write *fn, void *ctx,
		     struct mn_bundle_made *made, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	int r;

	mn_bundlefile_write(&text, &k->head);
	made->bytes = text.len;
	r = fn(ctx, text.p, text.len, err);
	mn_buf_release(&text);
	return r ? r : write_pack(k, fn, ctx, made, err);
}

static void count(const struct making *k, struct mn_bundle_made *made)
{
	made->refs = k->head.refs.n;
	made->needs = k->head.needs.n;
	for (size_t i = 0; i < k->list.n; i++)
		made->nodes += k->list.p[i].type == MN_COMMIT;
}

int mn_bundle_make(const struct mn_bundle_make *m, mn_bundle_write *fn,
		   void *ctx, struct mn_bundle_made *made, struct mn_err *err)
{
	struct making k = { .m = m, .list = MN_OBJLIST_INIT,
			    .seen = MN_OBJLIST_INIT };
	int r;

	*made = (struct mn_bundle_made){ .refs = 0 };
	mn_bundlefile_init(&k.head);
	r = read_refs(&k, err);
	if (!r && m->has) {
		made->unknown = take_needs(&k, &m->has->oids);
		if (made->unknown)
			take_needs(&k, &m->has->older);
	}
	choose_wants(&k);
	tell(m, "counting", 0, 0);
	if (!r)
		r = list_objects(&k, err);
	if (!r && !has_news(&k))
		r = 1;
	if (!r) {
		count(&k, made);
		r = write_all(&k, fn, ctx, made, err);
	}
	mn_objlist_release(&k.list);
	mn_objlist_release(&k.seen);
	mn_vec_release(&k.wants);
	mn_bundlefile_release(&k.head);
	return r;
}
