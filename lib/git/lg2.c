#include "git/lg2.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/io.h"
#include "git/lg2-api.h"
#include "git/repo.h"

#include "banned.h"

#define PRIORITY 1000		/* before all others */
#define CACHE_MAX ((ssize_t)32 * 1024 * 1024)

/* What libgit2 knows as a backend for objects: one of our readers. */
struct backend {
	git_odb_backend parent;
	const struct mn_lg2_api *git;
	struct mn_store *store;
	struct mn_reader *rd;
	int *missed;		/* set where something was not found */
};

struct mn_lg2 {
	struct mn_store *store;
	struct mn_lg2_api git;	/* once started */
	pthread_mutex_t init;	/* of started and packs */
	pthread_mutex_t use;	/* of repo; recursive: callbacks may ask too */
	int started, missed;
	int depth;		/* of calls, of which a callback makes more */
	git_odb *packs;		/* libgit2's own reader of packs alone */
	git_repository *repo;
};

struct mn_lg2 *mn_lg2_new(struct mn_store *s)
{
	struct mn_lg2 *g = mn_xcalloc(1, sizeof(*g));
	pthread_mutexattr_t a;

	g->store = s;
	pthread_mutex_init(&g->init, NULL);
	pthread_mutexattr_init(&a);
	pthread_mutexattr_settype(&a, PTHREAD_MUTEX_RECURSIVE);
	pthread_mutex_init(&g->use, &a);
	pthread_mutexattr_destroy(&a);
	return g;
}

void mn_lg2_free(struct mn_lg2 *g)
{
	if (!g)
		return;
	if (g->started) {
		g->git.repository_free(g->repo);
		g->git.odb_free(g->packs);
	}
	pthread_mutex_destroy(&g->use);
	pthread_mutex_destroy(&g->init);
	free(g);
}

/* Turns what libgit2 said last into our words. */
static int said(const struct mn_lg2 *g, struct mn_err *err, int r)
{
	const git_error *e = g->git.error_last();
	int code = r == GIT_ENOTFOUND ? MN_ENOTFOUND :
		r == GIT_EAMBIGUOUS ? MN_EAMBIGUOUS :
		r == GIT_EINVALIDSPEC ? MN_EINVALID :
		r == GIT_ELOCKED ? MN_ELOCKED : MN_EFAIL;

	return mn_err_set(err, code, "%s", e && e->message ? e->message :
			  "libgit2 failed");
}

/*
 * No configuration but the repository's own; partial clones are fine with
 * us. The hash of what is read is checked by fsck, not on every read.
 */
static int configure(const struct mn_lg2 *g)
{
	static const int levels[] = {
		GIT_CONFIG_LEVEL_PROGRAMDATA, GIT_CONFIG_LEVEL_SYSTEM,
		GIT_CONFIG_LEVEL_XDG, GIT_CONFIG_LEVEL_GLOBAL
	};
	const char *extensions[] = { "partialclone" };
	int r = 0;

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels) && !r; i++)
		r = g->git.libgit2_opts(GIT_OPT_SET_SEARCH_PATH, levels[i],
					"");
	if (!r)
		r = g->git.libgit2_opts(GIT_OPT_SET_EXTENSIONS, extensions,
					(size_t)1);
	if (!r)
		r = g->git.libgit2_opts(
			GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0);
	if (!r)
		r = g->git.libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_MAX);
	return r;
}

/*
 * What libgit2 is set to counts for the whole process, and setting it is not
 * safe while others use it. So it is started once, and never shut down: what it
 * keeps for a thread would be lost with the threads that are still there.
 */
static struct {
	pthread_mutex_t lock;
	int started;
	struct mn_lg2_api git;
} all = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int load_all(struct mn_lg2 *g, struct mn_err *err)
{
	int r = mn_lg2_load(&g->git, err);

	if (r < 0)
		return r;
	r = g->git.libgit2_init();
	if (r > 0)
		r = configure(g);
	if (r < 0)
		return said(g, err, r);
	all.git = g->git;
	all.started = 1;
	return 0;
}

static int load(struct mn_lg2 *g, struct mn_err *err)
{
	int r = 0;

	pthread_mutex_lock(&all.lock);
	if (!all.started)
		r = load_all(g, err);
	g->git = all.git;
	g->started = all.started;
	pthread_mutex_unlock(&all.lock);
	return r;
}

static int start(struct mn_lg2 *g, struct mn_err *err)
{
	int r = 0;

	pthread_mutex_lock(&g->init);
	if (!g->started)
		r = load(g, err);
	pthread_mutex_unlock(&g->init);
	return r;
}

/* Hands an error of ours to libgit2. */
static int to_git(struct backend *be, int r, const struct mn_err *err)
{
	be->git->error_set_str(GIT_ERROR_ODB, err->msg);
	if (r != MN_ENOTFOUND)
		return GIT_ERROR;
	*be->missed = 1;
	return GIT_ENOTFOUND;
}

static int be_read(void **data, size_t *len, git_object_t *type,
		   git_odb_backend *b, const git_oid *id)
{
	struct backend *be = (struct backend *)b;
	struct mn_err err = MN_ERR_INIT;
	struct mn_object o;
	struct mn_oid oid;
	char *copy;
	int r;

	memcpy(oid.b, id->id, sizeof(oid.b));
	r = mn_reader_read(be->rd, &o, &oid, MN_OBJECT_MAX, &err);
	if (r < 0)
		return to_git(be, r, &err);
	copy = be->git->odb_backend_data_alloc(b, o.len + 1);
	if (!copy)
		return GIT_ERROR;
	memcpy(copy, o.data, o.len);
	copy[o.len] = 0;
	*data = copy;
	*len = o.len;
	*type = (git_object_t)o.type;
	return 0;
}

static int be_read_header(size_t *len, git_object_t *type, git_odb_backend *b,
			  const git_oid *id)
{
	struct backend *be = (struct backend *)b;
	struct mn_err err = MN_ERR_INIT;
	enum mn_otype t;
	struct mn_oid oid;
	uint64_t size;
	int r;

	memcpy(oid.b, id->id, sizeof(oid.b));
	r = mn_reader_stat(be->rd, &t, &size, &oid, &err);
	if (r < 0)
		return to_git(be, r, &err);
	*len = (size_t)size;
	*type = (git_object_t)t;
	return 0;
}

static int be_exists(git_odb_backend *b, const git_oid *id)
{
	struct backend *be = (struct backend *)b;
	struct mn_oid oid;
	int r;

	memcpy(oid.b, id->id, sizeof(oid.b));
	r = mn_store_has(be->store, &oid);
	if (!r)
		*be->missed = 1;
	return r;
}

static int be_exists_prefix(git_oid *out, git_odb_backend *b,
			    const git_oid *id, size_t n)
{
	struct backend *be = (struct backend *)b;
	struct mn_err err = MN_ERR_INIT;
	char hex[MN_OID_HEX + 1];
	struct mn_oid oid;
	int r;

	mn_hex_encode(hex, id->id, sizeof(id->id));
	r = mn_store_abbrev(be->store, &oid, hex,
			    n < MN_OID_HEX ? n : MN_OID_HEX, &err);
	if (!r)
		r = mn_err_set(&err, MN_ENOTFOUND, "no object %s", hex);
	if (r < 0)
		return to_git(be, r, &err);
	if (r > 1)
		return GIT_EAMBIGUOUS;
	memcpy(out->id, oid.b, sizeof(oid.b));
	return 0;
}

static int be_read_prefix(git_oid *out, void **data, size_t *len,
			  git_object_t *type, git_odb_backend *b,
			  const git_oid *id, size_t n)
{
	int r = be_exists_prefix(out, b, id, n);

	return r ? r : be_read(data, len, type, b, out);
}

static int be_refresh(git_odb_backend *b)
{
	(void)b;	/* a miss has looked at the disk already */
	return 0;
}

static void be_free(git_odb_backend *b)
{
	struct backend *be = (struct backend *)b;

	mn_reader_free(be->rd);
	free(be);
}

/*
 * Takes the repository's own database of objects, since it opens the
 * commit-graph when that is first needed, and makes its backends deaf, so
 * that ours is the only one to be asked.
 */
static int replace_backends(struct mn_lg2 *g)
{
	struct backend *be = mn_xcalloc(1, sizeof(*be));
	git_odb_backend *b;
	git_odb *odb = NULL;
	int r;

	g->git.odb_init_backend(&be->parent, GIT_ODB_BACKEND_VERSION);
	be->parent.read = be_read;
	be->parent.read_prefix = be_read_prefix;
	be->parent.read_header = be_read_header;
	be->parent.exists = be_exists;
	be->parent.exists_prefix = be_exists_prefix;
	be->parent.refresh = be_refresh;
	be->parent.free = be_free;
	be->git = &g->git;
	be->store = g->store;
	be->rd = mn_reader_new(g->store);
	be->missed = &g->missed;
	r = g->git.repository_odb(&odb, g->repo);
	for (size_t i = 0; !r && i < g->git.odb_num_backends(odb); i++) {
		r = g->git.odb_get_backend(&b, odb, i);
		if (r)
			break;
		b->read = NULL;
		b->read_prefix = NULL;
		b->read_header = NULL;
		b->exists = NULL;
		b->exists_prefix = NULL;
		b->refresh = NULL;
		b->foreach = NULL;
	}
	if (!r)
		r = g->git.odb_add_backend(odb, &be->parent, PRIORITY);
	if (r)
		be_free(&be->parent);
	g->git.odb_free(odb);
	return r;
}

static void close_repo(struct mn_lg2 *g)
{
	g->git.repository_free(g->repo);
	g->repo = NULL;
	g->missed = 0;
}

/*
 * Begins a use of g->repo; leave() ends it, also where this fails. After
 * something was not found the repository is opened anew, since libgit2 1.5
 * then forgets the commit-graph that it has mapped, and maps it again.
 */
static int enter(struct mn_lg2 *g, struct mn_err *err)
{
	int r;

	pthread_mutex_lock(&g->use);
	g->depth++;
	r = start(g, err);
	if (r < 0)
		return r;
	if (g->repo && g->missed && g->depth == 1)
		close_repo(g);
	if (g->repo)
		return 0;
	r = g->git.repository_open_bare(&g->repo, mn_store_gitdir(g->store));
	if (!r)
		r = replace_backends(g);
	if (r < 0) {
		r = said(g, err, r);
		close_repo(g);
	}
	return r < 0 ? r : 0;
}

static void leave(struct mn_lg2 *g)
{
	g->depth--;
	pthread_mutex_unlock(&g->use);
}

static int open_packs(struct mn_lg2 *g, struct mn_err *err)
{
	git_odb_backend *b;
	int r = start(g, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&g->init);
	if (!g->packs) {
		r = g->git.odb_new(&g->packs);
		for (size_t i = 0; !r && i < mn_store_ndirs(g->store); i++) {
			r = g->git.odb_backend_pack(
				&b, mn_store_dir(g->store, i));
			if (r)
				break;
			r = g->git.odb_add_backend(g->packs, b, 1);
			if (r)
				b->free(b);
		}
		if (r < 0) {
			r = said(g, err, r);
			g->git.odb_free(g->packs);
			g->packs = NULL;
		}
	}
	pthread_mutex_unlock(&g->init);
	return r < 0 ? r : 0;
}

int mn_lg2_stat(struct mn_lg2 *g, enum mn_otype *type, uint64_t *size,
		const struct mn_oid *oid, struct mn_err *err)
{
	git_object_t t;
	git_oid id;
	size_t len;
	int r = open_packs(g, err);

	if (r < 0)
		return r;
	memcpy(id.id, oid->b, sizeof(id.id));
	r = g->git.odb_read_header(&len, &t, g->packs, &id);
	if (r < 0)
		return said(g, err, r);
	*type = (enum mn_otype)t;
	*size = len;
	return 0;
}

int mn_lg2_read(struct mn_lg2 *g, struct mn_buf *out, enum mn_otype *type,
		const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	git_odb_object *obj;
	git_oid id;
	uint64_t size;
	int r = mn_lg2_stat(g, type, &size, oid, err);

	if (r < 0)
		return r;
	if (size > max)
		return mn_err_set(err, MN_ELIMIT,
				  "object is larger than %zu bytes", max);
	memcpy(id.id, oid->b, sizeof(id.id));
	r = g->git.odb_read(&obj, g->packs, &id);
	if (r < 0)
		return said(g, err, r);
	mn_buf_clear(out);
	mn_buf_add(out, g->git.odb_object_data(obj),
		   g->git.odb_object_size(obj));
	g->git.odb_object_free(obj);
	return 0;
}

int mn_lg2_has(struct mn_lg2 *g, const struct mn_oid *oid)
{
	git_oid id;

	if (open_packs(g, NULL) < 0)
		return 0;
	memcpy(id.id, oid->b, sizeof(id.id));
	return g->git.odb_exists(g->packs, &id);
}

int mn_git_revparse(struct mn_oid *out, const struct mn_repo *r,
		    const char *spec, struct mn_err *err)
{
	struct mn_lg2 *g = mn_store_lg2(r->store);
	git_object *obj;
	int ret;

	ret = enter(g, err);
	if (ret < 0)
		goto done;
	ret = g->git.revparse_single(&obj, g->repo, spec);
	if (ret < 0) {
		ret = said(g, err, ret);
		if (ret == MN_ENOTFOUND)
			mn_err_set(err, ret, "nothing is called '%s'", spec);
		goto done;
	}
	memcpy(out->b, g->git.object_id(obj)->id, sizeof(out->b));
	g->git.object_free(obj);
done:
	leave(g);
	return ret;
}

static int make_walk(git_revwalk **out, struct mn_lg2 *g,
		     const struct mn_oid *tips, size_t ntips,
		     const struct mn_oid *hide, size_t nhide,
		     struct mn_err *err)
{
	git_oid id;
	int r = g->git.revwalk_new(out, g->repo);

	if (!r)
		r = g->git.revwalk_sorting(*out, GIT_SORT_TOPOLOGICAL |
					   GIT_SORT_TIME);
	for (size_t i = 0; i < ntips && !r; i++) {
		memcpy(id.id, tips[i].b, sizeof(id.id));
		r = g->git.revwalk_push(*out, &id);
	}
	for (size_t i = 0; i < nhide && !r; i++) {
		memcpy(id.id, hide[i].b, sizeof(id.id));
		r = g->git.revwalk_hide(*out, &id);
	}
	return r < 0 ? said(g, err, r) : 0;
}

int mn_git_walk(const struct mn_repo *r, const struct mn_oid *tips,
		size_t ntips, const struct mn_oid *hide, size_t nhide,
		mn_git_walk_fn *fn, void *ctx, struct mn_err *err)
{
	struct mn_lg2 *g = mn_store_lg2(r->store);
	git_revwalk *walk = NULL;
	struct mn_oid oid;
	git_oid id;
	int ret;

	ret = enter(g, err);
	if (!ret)
		ret = make_walk(&walk, g, tips, ntips, hide, nhide, err);
	while (!ret) {
		ret = g->git.revwalk_next(&id, walk);
		if (ret == GIT_ITEROVER) {
			ret = 0;
			break;
		}
		if (ret < 0) {
			ret = said(g, err, ret);
			break;
		}
		memcpy(oid.b, id.id, sizeof(oid.b));
		ret = fn(ctx, &oid);
	}
	if (walk)
		g->git.revwalk_free(walk);
	leave(g);
	return ret;
}

/* Writes the file ourselves: libgit2 would leave its lock behind when it is
 * killed, and never get past it again. */
static int write_graph(struct mn_lg2 *g, git_revwalk *walk,
		       struct mn_err *err)
{
	git_commit_graph_writer_options opts;
	git_commit_graph_writer *w = NULL;
	struct mn_buf path = MN_BUF_INIT;
	git_buf out = { NULL, 0, 0 };
	int r;

	mn_buf_addf(&path, "%s/info", mn_store_dir(g->store, 0));
	r = g->git.commit_graph_writer_options_init(
		&opts, GIT_COMMIT_GRAPH_WRITER_OPTIONS_VERSION);
	if (!r)
		r = g->git.commit_graph_writer_new(&w, path.p);
	if (!r)
		r = g->git.commit_graph_writer_add_revwalk(w, walk);
	if (!r)
		r = g->git.commit_graph_writer_dump(&out, w, &opts);
	if (r < 0) {
		r = said(g, err, r);
		goto done;
	}
	r = mn_io_mkdirs(path.p, 0777, err);
	mn_buf_adds(&path, "/commit-graph");
	if (!r)
		r = mn_io_replace(path.p, out.ptr, out.size, 0444, 1, err);
done:
	g->git.buf_dispose(&out);
	g->git.commit_graph_writer_free(w);
	mn_buf_release(&path);
	return r;
}

int mn_git_commit_graph(const struct mn_repo *r, const struct mn_oid *tips,
			size_t ntips, struct mn_err *err)
{
	struct mn_lg2 *g = mn_store_lg2(r->store);
	git_revwalk *walk = NULL;
	int ret;

	ret = enter(g, err);
	if (!ret)
		ret = make_walk(&walk, g, tips, ntips, NULL, 0, err);
	if (!ret)
		ret = write_graph(g, walk, err);
	if (walk)
		g->git.revwalk_free(walk);
	if (!ret && g->depth == 1)	/* the next use takes the new graph */
		close_repo(g);
	leave(g);
	return ret;
}
