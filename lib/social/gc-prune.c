/* Removing what the new pack replaces, and what is unreachable and old. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "git/loosefile.h"
#include "social/gc-parts.h"

#include "banned.h"

#define OLD 3600	/* seconds after which a part of a pack is nobody's */

static int is_packed(const struct mn_gc *g, const struct mn_oid *oid)
{
	return mn_pack_has(g->pack, oid) || mn_gc_is_kept(g, oid) ||
		(g->rest && mn_pack_has(g->rest, oid));
}

static int is_new(const struct mn_gc *g, const struct mn_stored_pack *s)
{
	return !strcmp(s->name + 5, g->counts->pack) ||
		!strcmp(s->name + 5, g->rest_name);
}

/* Whether the pack is one that may be replaced. */
static const struct mn_packfile *replaceable(const struct mn_gc *g,
					     const struct mn_stored_pack *s)
{
	const struct mn_packfile *p;

	if (!s->has_pack || !s->has_idx || s->has_keep || is_new(g, s))
		return NULL;
	p = mn_gc_packfile(g, s);
	/* what counts as kept by it must not go with it */
	for (size_t i = 0; p && i < g->kept.n; i++)
		if (g->kept.p[i] == p)
			return NULL;
	return p;
}

/* The age of those in it stays what it was: that of their old packs. */
static void set_time(const struct mn_gc *g)
{
	struct mn_buf path = MN_BUF_INIT;
	const struct timespec t[2] = { { .tv_nsec = UTIME_OMIT },
				       { .tv_sec = g->rest_time } };

	mn_buf_addf(&path, "%s/pack/pack-%s.pack", g->stored.dir,
		    g->rest_name);
	utimensat(AT_FDCWD, path.p, t, 0);
	mn_buf_release(&path);
}

int mn_gc_write_rest(struct mn_gc *g, struct mn_err *err)
{
	struct mn_oid oid;
	int r = mn_pack_begin(&g->rest, g->repo->path, err);

	if (r == 0 && g->promisor)
		mn_pack_promisor(g->rest);
	for (size_t i = 0; i < g->stored.packs.n && r == 0; i++) {
		const struct mn_stored_pack *s = &g->stored.packs.p[i];
		const struct mn_packfile *p = replaceable(g, s);

		if (!p || s->time < g->prune_before)
			continue;
		for (uint32_t j = 0; j < p->n && r == 0; j++) {
			mn_packfile_oid(p, j, &oid);
			if (is_packed(g, &oid) || mn_gc_is_dropped(g, &oid))
				continue;
			/* a damaged one stays where it is: see may_go() */
			r = mn_gc_put(g, g->rest, &oid, err);
			if (r == MN_ECORRUPT || r == MN_ENOTFOUND ||
			    r == MN_ELIMIT) {
				mn_err_clear(err);
				r = 0;
			}
			if (s->time > g->rest_time)
				g->rest_time = s->time;
		}
	}
	if (r == 0)
		r = mn_pack_finish(g->rest, g->rest_name, err);
	if (r == 0 && g->rest_name[0])
		set_time(g);
	return r;
}

/* under the lock */

struct removing {
	struct mn_gc *g;
	struct mn_map live;		/* reached by refs that moved since */
	struct mn_buf path;
};

static int is_old_ref(const struct mn_gc *g, const struct mn_ref *ref)
{
	for (size_t i = 0; i < g->refs.n; i++)
		if (mn_oid_eq(&g->refs.p[i].oid, &ref->oid))
			return 1;
	return 0;
}

/* What a ref reaches that is not in the new pack must stay. */
static int mark_live(struct removing *x, const struct mn_oid *tip,
		     struct mn_err *err)
{
	struct mn_gc *g = x->g;
	struct mn_gc_oids todo = { 0 };
	struct mn_object o;
	enum mn_otype type;
	uint64_t size;
	int r = 0;

	*mn_vec_push(&todo) = *tip;
	while (todo.n && r == 0) {
		struct mn_oid oid = todo.p[--todo.n];

		if (mn_pack_has(g->pack, &oid) ||
		    mn_map_get(&x->live, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&x->live, oid.b, 0);
		r = mn_reader_stat(g->rd, &type, &size, &oid, err);
		if (r == 0 && type != MN_BLOB) {
			r = mn_gc_read(g->rd, &o, &oid, err);
			if (r == 0)
				r = mn_gc_push_named(&todo, &o, err);
		}
		if (r == MN_ENOTFOUND && mn_gc_may_miss(g, &oid)) {
			mn_err_clear(err);
			r = 0;
		}
	}
	mn_vec_release(&todo);
	return r;
}

static int mark_moved(struct removing *x, struct mn_err *err)
{
	struct mn_gc *g = x->g;
	struct mn_ref_list refs;
	int r = mn_refs_list(&refs, g->repo->path, "refs/", MN_GC_REFS_MAX,
			     err), moved = 0;

	if (r < 0)
		return r;
	for (size_t i = 0; i < refs.n && r == 0; i++) {
		if (is_old_ref(g, &refs.p[i]))
			continue;
		if (!moved++) {		/* what came in a pack is seen now */
			r = mn_store_refresh(g->repo->store, err);
			mn_gc_list_kept(g);
		}
		if (r == 0)
			r = mark_live(x, &refs.p[i].oid, err);
	}
	mn_refs_release(&refs);
	return r;
}

static int64_t time_of(const char *path)
{
	struct stat st;

	return stat(path, &st) ? INT64_MAX : st.st_mtim.tv_sec;
}

static int remove_file(const char *path, struct mn_err *err)
{
	if (unlink(path) && errno != ENOENT)
		return mn_err_sys(err, "cannot remove '%s'", path);
	return 0;
}

static int remove_loose(struct removing *x, const struct mn_oid *oid,
			struct mn_err *err)
{
	struct mn_gc *g = x->g;
	int packed = is_packed(g, oid);

	mn_buf_clear(&x->path);
	mn_buf_adds(&x->path, g->stored.dir);
	mn_loosefile_path(&x->path, oid);
	if (packed) {
		g->counts->loose++;
	} else if (mn_map_get(&x->live, oid->b) != SIZE_MAX) {
		return 0;
	} else if (mn_gc_is_dropped(g, oid)) {
		g->counts->dropped++;
	} else if (time_of(x->path.p) >= g->prune_before) {
		g->counts->kept++;
		return 0;
	} else {
		g->counts->pruned++;
	}
	return remove_file(x->path.p, err);
}

/* 1 if every object is elsewhere, or unreachable and old. */
static int may_go(struct removing *x, const struct mn_packfile *p,
		  size_t *pruned, size_t *dropped)
{
	struct mn_gc *g = x->g;
	int old = time_of(p->name) < g->prune_before;
	struct mn_oid oid;

	*pruned = *dropped = 0;
	for (uint32_t i = 0; i < p->n; i++) {
		mn_packfile_oid(p, i, &oid);
		if (is_packed(g, &oid))
			continue;
		if (mn_map_get(&x->live, oid.b) != SIZE_MAX)
			return 0;
		if (mn_gc_is_dropped(g, &oid))
			++*dropped;
		else if (old)
			++*pruned;
		else
			return 0;
	}
	return 1;
}

/* The index first, since without it a pack does not exist for readers. */
static int remove_pack(struct removing *x, const char *name,
		       struct mn_err *err)
{
	static const char *const endings[] = {
		".idx", ".rev", ".bitmap", ".mtimes", ".pack", ".promisor"
	};
	int r = 0;

	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings) && !r; i++) {
		mn_buf_clear(&x->path);
		mn_buf_addf(&x->path, "%s/pack/%s%s", x->g->stored.dir, name,
			    endings[i]);
		r = remove_file(x->path.p, err);
	}
	return r;
}

/* git's index over several packs, and its bitmap, name them: it goes before
 * they do. */
static int remove_midx(struct removing *x, struct mn_err *err)
{
	static const char prefix[] = "multi-pack-index";
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	DIR *dir;
	int r = 0;

	mn_buf_addf(&path, "%s/pack", x->g->stored.dir);
	dir = opendir(path.p);
	if (!dir)
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	while (dir && r == 0 && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, sizeof(prefix) - 1))
			continue;
		mn_buf_clear(&x->path);
		mn_buf_addf(&x->path, "%s/%s", path.p, e->d_name);
		r = remove_file(x->path.p, err);
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	return r;
}

static int remove_packs(struct removing *x, struct mn_err *err)
{
	struct mn_gc *g = x->g;
	int r = 0, first = 1;

	for (size_t i = 0; i < g->stored.packs.n && r == 0; i++) {
		const struct mn_stored_pack *s = &g->stored.packs.p[i];
		const struct mn_packfile *p = replaceable(g, s);
		size_t pruned, dropped;

		if (!p || !may_go(x, p, &pruned, &dropped))
			continue;
		if (first)
			r = remove_midx(x, err);
		first = 0;
		if (r == 0)
			r = remove_pack(x, s->name, err);
		g->counts->packs++;
		g->counts->pruned += pruned;
		g->counts->dropped += dropped;
	}
	return r;
}

/* Parts of packs that a killed process left. */
static int remove_leftovers(struct removing *x, struct mn_err *err)
{
	int64_t old = (int64_t)time(NULL) - OLD;
	int r = 0;

	for (size_t i = 0; i < x->g->stored.packs.n && r == 0; i++) {
		const struct mn_stored_pack *s = &x->g->stored.packs.p[i];

		if (!s->has_keep && !is_new(x->g, s) &&
		    !(s->has_pack && s->has_idx) &&
		    ((!s->has_pack && !s->has_promisor) || s->time < old))
			r = remove_pack(x, s->name, err);
	}
	return r;
}

/* The mark of a pack of the same bytes, from a time when objects were missing. */
static int remove_mark(struct removing *x, struct mn_err *err)
{
	if (x->g->promisor || !x->g->counts->pack[0])
		return 0;
	mn_buf_clear(&x->path);
	mn_buf_addf(&x->path, "%s/pack/pack-%s.promisor", x->g->stored.dir,
		    x->g->counts->pack);
	return remove_file(x->path.p, err);
}

static void remove_empty_dirs(struct removing *x)
{
	for (unsigned i = 0; i < 256; i++) {
		mn_buf_clear(&x->path);
		mn_buf_addf(&x->path, "%s/%02x", x->g->stored.dir, i);
		rmdir(x->path.p);
	}
}

int mn_gc_remove(struct mn_gc *g, struct mn_err *err)
{
	struct removing x = { .g = g };
	int r = mn_repo_lock(g->repo, MN_REPO_LOCK_MS, err);

	if (r < 0)
		return r;
	mn_map_init(&x.live, sizeof(struct mn_oid));
	mn_buf_init(&x.path);
	r = mark_moved(&x, err);
	for (size_t i = 0; i < g->stored.loose.n && r == 0; i++)
		r = remove_loose(&x, &g->stored.loose.p[i], err);
	if (r == 0)
		r = remove_packs(&x, err);
	if (r == 0)
		r = remove_leftovers(&x, err);
	if (r == 0)
		r = remove_mark(&x, err);
	remove_empty_dirs(&x);
	mn_repo_unlock(g->repo);
	if (g->rest)
		g->counts->kept += mn_pack_count(g->rest);
	mn_map_release(&x.live);
	mn_buf_release(&x.path);
	return r;
}
