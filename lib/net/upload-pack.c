/*
 * upload: what the pack of an answer holds.
 *
 * Where mn gc said which packs hold all there was (git/whole.h), and the client
 * has nothing and wants all, these packs are sent as they lie, and behind them
 * what came since. They may hold more than was asked for; but not what was
 * given up since: everything that the refs named then must still be reached.
 */
#include <stdlib.h>
#include <string.h>

#include "git/packfile.h"
#include "git/storewalk.h"
#include "git/whole.h"
#include "upload-impl.h"

#include "banned.h"

#define PROOFS_MAX 1024		/* commits looked at, of computed merges */

/* What is asked while the history is walked. */
struct known {
	struct mn_upload *u;
	struct mn_objlist *met;		/* the objects in the packs that were
					   reached; may be NULL */
};

static int is_known(void *ctx, const struct mn_oid *oid)
{
	struct known *k = ctx;
	uint32_t pos;

	for (size_t i = 0; i < k->u->packs.n; i++)
		if (mn_packfile_find(k->u->packs.p[i], oid, &pos)) {
			if (k->met)
				mn_objlist_add(k->met, oid, MN_COMMIT, NULL);
			return 1;
		}
	return 0;
}

static struct mn_walk walk_of(const struct mn_upload *u)
{
	return (struct mn_walk){
		.store = u->store,
		.wants = u->ask.wants.p, .nwants = u->ask.wants.n,
		.haves = u->ask.haves.p, .nhaves = u->ask.haves.n,
		.filter = u->ask.filter,
		.edges = &u->edges,
		.partial = u->partial,
		.max_objects = u->opt.max_objects
	};
}

static const struct mn_packfile *pack_named(const struct mn_store *s,
					    const struct mn_oid *sum)
{
	for (size_t i = 0; i < mn_store_npacks(s); i++) {
		const struct mn_packfile *p = mn_store_pack(s, i);

		if (p && p->name && p->pack.len > sizeof(*sum) &&
		    !memcmp(p->pack.p + p->pack.len - sizeof(*sum), sum->b,
			    sizeof(*sum)))
			return p;
	}
	return NULL;
}

/* Whether every shown ref with this prefix is wanted, and there is one. */
static int covers(const struct mn_objlist *wants,
		  const struct mn_ref_list *refs, const char *prefix)
{
	size_t n = 0;

	for (size_t i = 0; i < refs->n; i++) {
		if (strncmp(refs->p[i].name, prefix, strlen(prefix)))
			continue;
		if (mn_objlist_find(wants, &refs->p[i].oid) == SIZE_MAX)
			return 0;
		n++;
	}
	return n > 0;
}

/* All of the history is wanted: that of the heads, or that of the devices. */
static int wants_all(struct mn_upload *u, int *all, struct mn_err *err)
{
	struct mn_objlist wants = MN_OBJLIST_INIT;
	struct mn_upload_refs refs;
	int r = mn_upload_refs(u, &refs, err);

	for (size_t i = 0; i < u->ask.wants.n; i++)
		mn_objlist_add(&wants, &u->ask.wants.p[i], MN_COMMIT, NULL);
	*all = !r && (covers(&wants, &refs.list, "refs/heads/") ||
		      covers(&wants, &refs.list, "refs/mn/devices/"));
	mn_objlist_release(&wants);
	mn_refs_release(&refs.list);
	return r;
}

/* A computed merge that main has left is reached by no ref, and holds nothing:
 * its parents count. Anything else that isn't a commit hangs on commits. */
static int prove(struct mn_upload *u, const struct mn_objlist *met,
		 const struct mn_whole *w, struct mn_err *err)
{
	struct mn_reader *rd = mn_reader_new(u->store);
	struct mn_walk_commit c = { .date = 0 };
	struct mn_objlist todo = MN_OBJLIST_INIT;
	struct mn_oid empty;
	int r = 1;

	mn_oid_of(&empty, MN_TREE, "", 0);
	for (size_t i = 0; i < w->tips.n; i++)
		mn_objlist_add(&todo, &w->tips.p[i], MN_COMMIT, NULL);
	for (size_t i = 0, seen = 0; i < todo.n && r > 0; i++) {
		struct mn_oid oid = todo.p[i].oid;
		struct mn_object o;

		if (mn_objlist_find(met, &oid) != SIZE_MAX)
			continue;
		r = mn_reader_read(rd, &o, &oid, MN_OBJECT_MAX, err);
		if (r < 0 || o.type != MN_COMMIT) {
			r = r < 0 ? r : 1;
			continue;
		}
		r = !mn_walk_commit_parse(&c, o.data, o.len) &&
			mn_oid_eq(&c.tree, &empty) && c.parents.n > 1 &&
			seen++ < PROOFS_MAX;
		for (size_t k = 0; k < c.parents.n && r; k++)
			mn_objlist_add(&todo, &c.parents.p[k], MN_COMMIT,
				       NULL);
	}
	mn_reader_free(rd);
	mn_vec_release(&c.parents);
	mn_objlist_release(&todo);
	return r;
}

/* Whether what the packs hold is still reached by the refs of now. */
static int still_holds(struct mn_upload *u, const struct mn_whole *w,
		       struct mn_err *err)
{
	struct mn_objlist met = MN_OBJLIST_INIT, news = MN_OBJLIST_INIT;
	struct known k = { u, &met };
	struct mn_upload_oids tips = { NULL, 0, 0 };
	struct mn_ref_list refs;
	struct mn_walk walk = walk_of(u);
	int r = mn_refs_list(&refs, u->gitdir, "refs/", MN_UPLOAD_REFS_MAX,
			     err);

	for (size_t i = 0; i < refs.n; i++)
		*mn_vec_push(&tips) = refs.p[i].oid;
	walk.wants = tips.p;
	walk.nwants = tips.n;
	walk.filter = (struct mn_filter){ MN_FILTER_TREE, 0 };
	walk.known = is_known;
	walk.ctx = &k;
	if (!r)
		r = mn_walk(&news, &walk, err);
	if (!r)
		r = prove(u, &met, w, err);
	mn_refs_release(&refs);
	mn_vec_release(&tips);
	mn_objlist_release(&met);
	mn_objlist_release(&news);
	return r;
}

/* Fills u->packs, or leaves it empty: then all is walked. What fails here,
 * fails there again and is told then. */
static int choose_packs(struct mn_upload *u, struct mn_err *err)
{
	const struct mn_upload_ask *a = &u->ask;
	struct mn_whole w = { .objects = 0 };
	int all = 0, r;

	if (a->haves.n || u->edges.n || !a->ofs_delta ||
	    a->filter.kind == MN_FILTER_TREE)
		return 0;
	r = mn_whole_read(&w, u->gitdir, err);
	if (!r && a->filter.kind == MN_FILTER_BLOB &&
	    w.largest_blob >= a->filter.n)
		r = MN_ENOTFOUND;
	if (!r)
		r = wants_all(u, &all, err);
	for (size_t i = 0; i < w.packs.n && !r && all; i++) {
		const struct mn_packfile *p = pack_named(u->store,
							 &w.packs.p[i]);

		if (p)
			*mn_vec_push(&u->packs) = p;
		else
			r = MN_ENOTFOUND;
	}
	if (!r && all && u->packs.n)
		r = still_holds(u, &w, err);
	if (r <= 0)
		mn_vec_clear(&u->packs);
	if (r < 0)
		mn_err_clear(err);
	mn_whole_release(&w);
	return 0;
}

int mn_upload_pack(struct mn_upload *u, struct mn_err *err)
{
	struct mn_walk walk = walk_of(u);
	struct known k = { u, NULL };
	struct mn_packstream_what what = { .store = u->store,
					   .list = &u->list };
	int r = choose_packs(u, err);

	if (u->packs.n) {
		walk.known = is_known;
		walk.ctx = &k;
	}
	if (!r)
		r = mn_walk(&u->list, &walk, err);
	what.packs = u->packs.p;
	what.npacks = u->packs.n;
	what.ofs_delta = u->ask.ofs_delta;
	if (!r)
		r = mn_packstream_new(&u->pack, &what, err);
	if (r == MN_ELIMIT)
		return mn_upload_refuse(u, "upload-pack: %s",
					err ? err->msg : "too much");
	if (r < 0)
		return r;
	u->band = u->ask.band;
	u->packing = 1;
	return 0;
}
