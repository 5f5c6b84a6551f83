#include "social/gc.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "git/quarantine.h"
#include "git/storewalk.h"
#include "social/gc-parts.h"

#include "banned.h"

#define MARK_MAX 4096

void mn_gc_progress(struct mn_gc *g, const char *what, size_t done,
		    size_t total)
{
	if (g->opt->progress)
		g->opt->progress(g->opt->ctx, what, done, total);
}

int mn_gc_is_kept(const struct mn_gc *g, const struct mn_oid *oid)
{
	uint32_t pos;

	for (size_t i = 0; i < g->kept.n; i++)
		if (mn_packfile_find(g->kept.p[i], oid, &pos))
			return 1;
	return 0;
}

/* Whether the pack is <dir>/pack/<name>.pack */
static int has_name(const struct mn_gc *g, const struct mn_packfile *p,
		    const char *name)
{
	struct mn_buf path = MN_BUF_INIT;
	int same;

	mn_buf_addf(&path, "%s/pack/%s.pack", g->stored.dir, name);
	same = p->name && !strcmp(p->name, path.p);
	mn_buf_release(&path);
	return same;
}

const struct mn_packfile *mn_gc_packfile(const struct mn_gc *g,
					 const struct mn_stored_pack *s)
{
	for (size_t i = 0; i < mn_store_npacks(g->repo->store); i++) {
		const struct mn_packfile *p =
			mn_store_pack(g->repo->store, i);

		if (p && has_name(g, p, s->name))
			return p;
	}
	return NULL;
}

static int by_count(const void *a, const void *b)
{
	const struct mn_packfile *const *x = a, *const *y = b;

	return (*x)->n > (*y)->n ? -1 : (*x)->n < (*y)->n;
}

/* Of the packs that could be replaced those that are large: each has twice as
 * many objects as all that are smaller, and the loose ones, together. */
static void keep_large(struct mn_gc *g)
{
	MN_VEC(const struct mn_packfile *) packs = { 0 };
	uint64_t left = g->stored.loose.n;

	for (size_t i = 0; i < g->stored.packs.n; i++) {
		const struct mn_packfile *p =
			mn_gc_packfile(g, &g->stored.packs.p[i]);

		if (!p || g->stored.packs.p[i].has_keep)
			continue;
		*mn_vec_push(&packs) = p;
		left += p->n;
	}
	if (packs.n)
		qsort(packs.p, packs.n, sizeof(packs.p[0]), by_count);
	for (size_t i = 0; i < packs.n; i++) {
		left -= packs.p[i]->n;
		if (packs.p[i]->n / 2 < left)
			break;
		*mn_vec_push(&g->kept) = packs.p[i];
	}
	mn_vec_release(&packs);
	g->incremental = g->kept.n > 0;
	g->prune_before = g->incremental ? INT64_MIN : g->opt->prune_before;
}

void mn_gc_list_kept(struct mn_gc *g)
{
	mn_vec_clear(&g->kept);
	if (g->opt->incremental)
		keep_large(g);
	for (size_t i = 0; i < mn_store_npacks(g->repo->store); i++) {
		const struct mn_packfile *p =
			mn_store_pack(g->repo->store, i);
		int kept = 1;

		for (size_t k = 0; p && k < g->stored.packs.n && kept; k++) {
			const struct mn_stored_pack *s =
				&g->stored.packs.p[k];

			kept = s->has_keep || !has_name(g, p, s->name);
		}
		if (p && kept)
			*mn_vec_push(&g->kept) = p;
	}
	g->partial |= g->opt->partial;
	for (size_t i = 0; i < g->stored.packs.n; i++)
		g->partial |= g->stored.packs.p[i].has_promisor;
}

/*
 * The mark of the last run: the name of its pack, the refs as they were, and,
 * if old contents were dropped, the time (ms) of the oldest node that keeps
 * some: "oldest none" where there is none. With the same refs, that pack
 * alone, nothing loose and nothing to drop, there is nothing to do.
 */
static void mark_text(const struct mn_gc *g, const char *pack,
		      struct mn_buf *out)
{
	struct mn_buf refs = MN_BUF_INIT;
	char hex[MN_ID_HEX + 1];
	struct mn_id id;

	for (size_t i = 0; i < g->refs.n; i++) {
		mn_buf_adds(&refs, g->refs.p[i].name);
		mn_buf_addc(&refs, 0);
		mn_buf_add(&refs, g->refs.p[i].oid.b,
			   sizeof(g->refs.p[i].oid.b));
	}
	mn_hash(&id, "", refs.p, refs.len);
	mn_id_hex(hex, &id);
	mn_buf_addf(out, "pack %s\nrefs %s\n", pack, hex);
	mn_buf_release(&refs);
}

static void mark_path(const struct mn_gc *g, struct mn_buf *path)
{
	mn_buf_addf(path, "%s/mn/gc", g->repo->path);
}

/* Whether the rest of the mark says that nothing is to be dropped. */
static int nothing_to_drop(const struct mn_gc *g, const char *rest)
{
	static const char key[] = "oldest ";

	if (!g->drop_before)
		return 1;
	if (strncmp(rest, key, sizeof(key) - 1))
		return 0;
	rest += sizeof(key) - 1;
	return !strcmp(rest, "none\n") ||
		strtoll(rest, NULL, 10) >= g->drop_before;
}

static int is_done(struct mn_gc *g)
{
	struct mn_buf path = MN_BUF_INIT, is = MN_BUF_INIT, want = MN_BUF_INIT;
	const struct mn_stored_pack *s = g->stored.packs.p;
	int done = 0;

	if (g->stored.loose.n || g->stored.packs.n != 1 || s->has_keep ||
	    !mn_gc_packfile(g, s) || (g->opt->partial && !s->has_promisor))
		return 0;
	mark_path(g, &path);
	mark_text(g, s->name + 5, &want);
	if (mn_io_read_file(&is, path.p, MARK_MAX, NULL) == 0)
		done = is.len >= want.len &&
			!memcmp(is.p, want.p, want.len) &&
			nothing_to_drop(g, is.p + want.len);
	mn_buf_release(&path);
	mn_buf_release(&is);
	mn_buf_release(&want);
	return done;
}

static int set_done(struct mn_gc *g, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	int r;

	mark_path(g, &path);
	mark_text(g, g->counts->pack, &text);
	if (g->drop_before && g->oldest == INT64_MAX)
		mn_buf_adds(&text, "oldest none\n");
	else if (g->drop_before)
		mn_buf_addf(&text, "oldest %lld\n", (long long)g->oldest);
	r = mn_io_replace(path.p, text.p, text.len, 0666, 0, err);
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

static int has_graph(const struct mn_gc *g)
{
	struct mn_buf path = MN_BUF_INIT;
	int there;

	mn_buf_addf(&path, "%s/info/commit-graph", g->stored.dir);
	there = mn_io_exists(path.p);
	mn_buf_release(&path);
	return there;
}

/* Our graph is one file; a chain of git's may name commits that go. */
static int write_graph(struct mn_gc *g, struct mn_err *err)
{
	MN_VEC(struct mn_oid) tips = { 0 };
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < g->refs.n; i++) {
		enum mn_otype type;
		uint64_t size;

		if (mn_reader_stat(g->rd, &type, &size, &g->refs.p[i].oid,
				   NULL) == 0 && type == MN_COMMIT)
			*mn_vec_push(&tips) = g->refs.p[i].oid;
	}
	mn_gc_progress(g, "Writing the commit-graph", 0, 0);
	if (tips.n)
		r = mn_git_commit_graph(g->repo, tips.p, tips.n, err);
	mn_buf_addf(&path, "%s/info/commit-graphs", g->stored.dir);
	if (r == 0 && mn_io_exists(path.p))
		r = mn_io_remove_tree(path.p, err);
	mn_buf_release(&path);
	mn_vec_release(&tips);
	return r;
}

static uint64_t size_of(const struct mn_gc *g, const char *ending)
{
	struct mn_buf path = MN_BUF_INIT;
	struct stat st;
	uint64_t n = 0;

	mn_buf_addf(&path, "%s/pack/pack-%s%s", g->stored.dir, g->counts->pack,
		    ending);
	if (!stat(path.p, &st))
		n = (uint64_t)st.st_size;
	mn_buf_release(&path);
	return n;
}

static int run(struct mn_gc *g, struct mn_err *err)
{
	int r;

	/* Refs first: what they reach is then surely listed. */
	r = mn_refs_list(&g->refs, g->repo->path, "refs/", MN_GC_REFS_MAX,
			 err);
	if (r == 0)
		r = mn_stored_list(&g->stored, g->repo->path, err);
	if (r == 0)
		r = mn_store_refresh(g->repo->store, err);
	if (r < 0)
		return r;
	mn_gc_list_kept(g);
	if (is_done(g)) {
		g->counts->unchanged = 1;
		return has_graph(g) ? 0 : write_graph(g, err);
	}
	r = mn_gc_walk(g, err);
	if (r == 0) {
		mn_gc_order(g);
		r = mn_gc_write(g, err);
	}
	if (r == 0)
		r = mn_gc_write_rest(g, err);
	/* of the old ones it holds; of all, it costs more than the packs */
	if (r == 0 && !(g->incremental && has_graph(g)))
		r = write_graph(g, err);
	if (r == 0)
		r = mn_gc_remove(g, err);
	if (r == 0) {
		g->counts->bytes = size_of(g, ".pack") + size_of(g, ".idx");
		mn_gc_tell_whole(g);
		if (!g->incremental)
			r = set_done(g, err);
	}
	return r;
}

/* What dead fetches left; at another time if somebody writes just now. */
static void sweep_incoming(struct mn_repo *r)
{
	if (mn_repo_lock(r, 0, NULL) < 0)
		return;
	mn_quarantine_sweep(r->path, NULL);
	mn_repo_unlock(r);
}

int mn_gc(struct mn_repo *r, const struct mn_gc_options *opt,
	  struct mn_gc_counts *counts, struct mn_err *err)
{
	struct mn_gc g = { .repo = r, .opt = opt, .counts = counts,
			   .prune_before = opt->prune_before };
	struct mn_lock only = MN_LOCK_INIT;
	struct mn_buf path = MN_BUF_INIT;
	int ret;

	memset(counts, 0, sizeof(*counts));
	mn_map_init(&g.commit_at, sizeof(struct mn_oid));
	mn_map_init(&g.walked, sizeof(struct mn_oid));
	mn_map_init(&g.dropped, sizeof(struct mn_oid));
	if (opt->partial && !opt->incremental && opt->drop_before > 0)
		g.drop_before = opt->drop_before;
	g.oldest = INT64_MAX;
	mn_repo_own_dirs(r);
	mn_buf_addf(&path, "%s/mn/gc.lock", r->path);
	ret = mn_lock_take(&only, path.p, 0, err);
	if (ret == MN_ELOCKED)
		mn_err_set(err, ret, "another gc is at work: try again when "
			   "it is done");
	if (ret < 0)
		goto out;
	sweep_incoming(r);
	g.rd = mn_reader_new(r->store);
	ret = run(&g, err);
	if (ret == MN_ENOTFOUND)	/* what a ref reaches must be there */
		ret = MN_ECORRUPT;
	mn_reader_free(g.rd);
	mn_pack_free(g.pack);
	mn_pack_free(g.rest);
	if (ret == 0)
		ret = mn_repo_sweep(r, err);
	if (ret == 0)
		ret = mn_store_refresh(r->store, err);
	mn_lock_drop(&only);
out:
	mn_vec_release(&g.kept);
	mn_vec_release(&g.commits);
	mn_vec_release(&g.parents);
	mn_vec_release(&g.roots);
	mn_map_release(&g.commit_at);
	mn_map_release(&g.walked);
	mn_map_release(&g.dropped);
	mn_vec_release(&g.old_trees);
	mn_refs_release(&g.refs);
	if (g.stored.dir)
		mn_stored_release(&g.stored);
	mn_buf_release(&path);
	return ret;
}
