/*
 * Objects are sought in the packs that were there when the store was opened,
 * then among the loose ones. When both know nothing, the directories of
 * packs are looked at again: another process may have packed the loose
 * object in the meantime. Only then is libgit2 asked.
 */
#include "git/store.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "base/vec.h"
#include "git/lg2.h"
#include "git/loosefile.h"
#include "git/pack.h"
#include "git/packfile.h"
#include "git/storewalk.h"

#include "banned.h"

#define DIRS_MAX 64		/* alternates, all told */
#define PACKS_MAX 4096
#define ALTERNATES_MAX (64 * 1024)
#define RACY_NS 20000000	/* a directory's time may be this coarse */

struct objdir {
	char *path;
	dev_t dev;		/* which directory it is; 0, 0 for none */
	ino_t ino;
	struct timespec mtime;	/* of pack/, before it was last read */
	int racy;		/* it was read within a tick of its mtime */
	int flat;		/* packs lie in it, and nothing else */
};

struct known_pack {
	char *stem;		/* path without the ending */
	struct mn_packfile *p;	/* NULL: could not be opened */
	int there;
};

struct mn_store {
	char *gitdir;
	MN_VEC(struct objdir) dirs;
	size_t given;		/* of them; the others are alternates */
	MN_VEC(struct known_pack) packs;
	uint64_t next_id;
	size_t broken;		/* packs that could not be opened */
	char why[256];		/* the first of them */
	pthread_mutex_t lock;	/* of the times of dirs */
	struct mn_lg2 *lg2;
};

struct mn_reader {
	struct mn_store *store;
	struct mn_inflater inflater;
	struct mn_unpacker *unpacker;
	struct mn_buf path, z, out;
	size_t last;		/* pack of the last find */
	mn_reader_fn *watch;
	void *watch_ctx;
	mn_reader_miss_fn *miss;
	void *miss_ctx;
};

static int add_dir(struct mn_store *s, const char *path, int flat,
		   struct mn_err *err)
{
	struct objdir d = { .flat = flat };
	struct stat st;

	/* Alternates of one another may have a new name in each round. */
	if (!stat(path, &st)) {
		d.dev = st.st_dev;
		d.ino = st.st_ino;
	}
	for (size_t i = 0; i < s->dirs.n; i++)
		if (!strcmp(s->dirs.p[i].path, path) ||
		    (d.ino && s->dirs.p[i].ino == d.ino &&
		     s->dirs.p[i].dev == d.dev))
			return 0;
	if (s->dirs.n == DIRS_MAX)
		return mn_err_set(err, MN_ELIMIT, "more than %d alternates",
				  DIRS_MAX);
	d.path = mn_xstrdup(path);
	*mn_vec_push(&s->dirs) = d;
	return 0;
}

/* Adds the alternates of the i-th directory (gitrepository-layout(5)). */
static int add_alternates(struct mn_store *s, size_t i, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	int r;

	if (s->dirs.p[i].flat)
		return 0;
	mn_buf_addf(&path, "%s/info/alternates", s->dirs.p[i].path);
	r = mn_io_read_file(&text, path.p, ALTERNATES_MAX, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	for (char *p = text.p, *nl; !r && p < text.p + text.len; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(text.p + text.len - p));
		if (!nl)
			nl = text.p + text.len;
		*nl = 0;
		if (!*p || *p == '#' || *p == '"')
			continue;
		mn_buf_clear(&path);
		if (*p != '/')
			mn_buf_addf(&path, "%s/", s->dirs.p[i].path);
		mn_buf_adds(&path, p);
		r = add_dir(s, path.p, 0, err);
	}
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

static struct known_pack *known(struct mn_store *s, const char *stem)
{
	for (size_t i = 0; i < s->packs.n; i++)
		if (!strcmp(s->packs.p[i].stem, stem))
			return &s->packs.p[i];
	return NULL;
}

static int is_idx(const char *name)
{
	size_t n = strlen(name);

	return n > 9 && n < 200 && !memcmp(name, "pack-", 5) &&
		!strcmp(name + n - 4, ".idx");
}

static int add_pack(struct mn_store *s, const char *stem, struct mn_err *err)
{
	struct known_pack *k = known(s, stem);
	struct mn_err why = MN_ERR_INIT;
	int r;

	if (k && k->p) {
		k->there = 1;
		return 0;
	}
	if (!k) {
		if (s->packs.n == PACKS_MAX)
			return mn_err_set(err, MN_ELIMIT,
					  "more than %d packs: 'git gc' "
					  "makes one of them", PACKS_MAX);
		k = mn_vec_push(&s->packs);
		*k = (struct known_pack){ .stem = mn_xstrdup(stem) };
	}
	k->there = 1;
	r = mn_packfile_open(&k->p, stem, &why);
	if (r == MN_ENOTFOUND) {	/* an index without its pack */
		k->there = 0;
	} else if (r < 0) {
		if (!s->broken++)
			snprintf(s->why, sizeof(s->why), "%s", why.msg);
	} else {
		k->p->id = ++s->next_id;
	}
	return 0;
}

/* Where the packs of a directory are. */
static void pack_dir(struct mn_buf *path, const struct objdir *d)
{
	mn_buf_clear(path);
	mn_buf_addf(path, d->flat ? "%s" : "%s/pack", d->path);
}

static int is_racy(const struct timespec *mtime)
{
	struct timespec now;
	int64_t ns;

	clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec > mtime->tv_sec + 1)
		return 0;
	ns = (int64_t)(now.tv_sec - mtime->tv_sec) * 1000000000 +
		(now.tv_nsec - mtime->tv_nsec);
	return ns < RACY_NS;
}

/* Calls fn with the stem of each index in the directory. A store without
 * packs is a good one. */
static int each_idx(struct mn_store *s, struct objdir *d,
		    int (*fn)(struct mn_store *, const char *,
			      struct mn_err *), struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	struct stat st;
	DIR *dir;
	size_t base;
	int r = 0;

	pack_dir(&path, d);
	d->mtime = (struct timespec){ 0, 0 };
	d->racy = 0;
	dir = opendir(path.p);
	if (!dir) {
		if (errno != ENOENT)
			r = mn_err_sys(err, "cannot open '%s'", path.p);
		goto done;
	}
	if (!fstat(dirfd(dir), &st)) {
		d->mtime = st.st_mtim;
		d->racy = is_racy(&st.st_mtim);
	}
	mn_buf_addc(&path, '/');
	base = path.len;
	while (!r && (e = readdir(dir))) {
		if (!is_idx(e->d_name))
			continue;
		mn_buf_setlen(&path, base);
		mn_buf_add(&path, e->d_name, strlen(e->d_name) - 4);
		r = fn(s, path.p, err);
	}
	closedir(dir);
done:
	mn_buf_release(&path);
	return r;
}

static void free_pack(struct known_pack *k)
{
	free(k->stem);
	mn_packfile_free(k->p);
}

int mn_store_refresh(struct mn_store *s, struct mn_err *err)
{
	size_t n = 0;
	int r;

	while (s->dirs.n > s->given)
		free(s->dirs.p[--s->dirs.n].path);
	for (size_t i = 0; i < s->packs.n; i++)
		s->packs.p[i].there = 0;
	s->broken = 0;
	for (size_t i = 0; i < s->dirs.n; i++) {
		r = add_alternates(s, i, err);
		if (!r)
			r = each_idx(s, &s->dirs.p[i], add_pack, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; i < s->packs.n; i++) {
		if (s->packs.p[i].there)
			s->packs.p[n++] = s->packs.p[i];
		else
			free_pack(&s->packs.p[i]);
	}
	s->packs.n = n;
	return 0;
}

int mn_store_open(struct mn_store **out, const char *gitdir,
		  struct mn_err *err)
{
	return mn_store_open_also(out, gitdir, NULL, err);
}

int mn_store_open_also(struct mn_store **out, const char *gitdir,
		       const char *also, struct mn_err *err)
{
	struct mn_store *s = mn_xcalloc(1, sizeof(*s));
	struct mn_buf path = MN_BUF_INIT;
	int r;

	s->gitdir = mn_xstrdup(gitdir);
	pthread_mutex_init(&s->lock, NULL);
	s->lg2 = mn_lg2_new(s);
	mn_buf_addf(&path, "%s/objects", gitdir);
	r = add_dir(s, path.p, 0, err);
	if (!r && access(path.p, X_OK | R_OK))
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	if (!r && also)
		r = add_dir(s, also, 1, err);
	s->given = s->dirs.n;
	if (!r)
		r = mn_store_refresh(s, err);
	mn_buf_release(&path);
	if (r < 0)
		mn_store_close(s);
	else
		*out = s;
	return r;
}

void mn_store_close(struct mn_store *s)
{
	if (!s)
		return;
	mn_lg2_free(s->lg2);
	for (size_t i = 0; i < s->packs.n; i++)
		free_pack(&s->packs.p[i]);
	mn_vec_release(&s->packs);
	for (size_t i = 0; i < s->dirs.n; i++)
		free(s->dirs.p[i].path);
	mn_vec_release(&s->dirs);
	pthread_mutex_destroy(&s->lock);
	free(s->gitdir);
	free(s);
}

const char *mn_store_gitdir(const struct mn_store *s)
{
	return s->gitdir;
}

size_t mn_store_ndirs(const struct mn_store *s)
{
	return s->dirs.n;
}

const char *mn_store_dir(const struct mn_store *s, size_t i)
{
	return s->dirs.p[i].path;
}

struct mn_lg2 *mn_store_lg2(struct mn_store *s)
{
	return s->lg2;
}

size_t mn_store_npacks(const struct mn_store *s)
{
	return s->packs.n;
}

const struct mn_packfile *mn_store_pack(const struct mn_store *s, size_t i)
{
	return s->packs.p[i].p;
}

size_t mn_store_broken(const struct mn_store *s, const char **why)
{
	*why = s->broken ? s->why : "";
	return s->broken;
}

struct mn_reader *mn_reader_new(struct mn_store *s)
{
	struct mn_reader *rd = mn_xcalloc(1, sizeof(*rd));

	rd->store = s;
	rd->unpacker = mn_unpacker_new(&rd->inflater);
	mn_buf_init(&rd->path);
	mn_buf_init(&rd->z);
	mn_buf_init(&rd->out);
	return rd;
}

void mn_reader_free(struct mn_reader *rd)
{
	if (!rd)
		return;
	mn_unpacker_free(rd->unpacker);
	mn_inflater_release(&rd->inflater);
	mn_buf_release(&rd->path);
	mn_buf_release(&rd->z);
	mn_buf_release(&rd->out);
	free(rd);
}

void mn_reader_watch(struct mn_reader *rd, mn_reader_fn *fn, void *ctx)
{
	rd->watch = fn;
	rd->watch_ctx = ctx;
}

/* Looking for the packs that hold a name, one after the other. */
struct search {
	size_t first;		/* looked at before all others: the last find */
	size_t turn;		/* the next: 0 the first, i the one at i - 1 */
	size_t at;		/* the pack that was found */
	uint32_t pos;		/* its place in the index */
};

static const struct mn_packfile *find(const struct mn_store *s,
				      const struct mn_oid *oid,
				      struct search *x)
{
	while (x->turn <= s->packs.n) {
		size_t i = x->turn ? x->turn - 1 : x->first;

		if (x->turn++ && i == x->first)
			continue;
		if (i < s->packs.n && s->packs.p[i].p &&
		    mn_packfile_find(s->packs.p[i].p, oid, &x->pos)) {
			x->at = i;
			return s->packs.p[i].p;
		}
	}
	return NULL;
}

static int is_unknown(struct mn_store *s, const char *stem,
		      struct mn_err *err)
{
	(void)err;
	return known(s, stem) ? 0 : 1;
}

/* Whether there may be packs that we don't read: new ones, broken ones. */
static int unseen_packs(struct mn_store *s)
{
	struct stat st;
	int r = s->broken > 0;
	struct mn_buf path = MN_BUF_INIT;

	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < s->dirs.n && !r; i++) {
		struct objdir *d = &s->dirs.p[i];

		pack_dir(&path, d);
		if (stat(path.p, &st))
			continue;
		if (!d->racy && d->mtime.tv_sec == st.st_mtim.tv_sec &&
		    d->mtime.tv_nsec == st.st_mtim.tv_nsec)
			continue;
		r = each_idx(s, d, is_unknown, NULL);
		if (r)		/* look again the next time */
			d->mtime = (struct timespec){ 0, 0 };
	}
	pthread_mutex_unlock(&s->lock);
	mn_buf_release(&path);
	return r != 0;
}

static int not_found(const struct mn_store *s, const struct mn_oid *oid,
		     struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	if (s->broken)
		return mn_err_set(err, MN_ECORRUPT,
				  "no object %s, and %s", hex, s->why);
	return mn_err_set(err, MN_ENOTFOUND, "no object %s", hex);
}

static int show(struct mn_reader *rd, const struct mn_oid *oid,
		const struct mn_object *o, const struct mn_packfile *p,
		uint32_t pos, struct mn_err *err)
{
	return rd->watch ? rd->watch(rd->watch_ctx, oid, o, p, pos, err) : 0;
}

static int read_packed(struct mn_reader *rd, struct mn_object *o,
		       const struct mn_oid *oid, size_t max,
		       struct mn_err *err)
{
	struct search x = { .first = rd->last };
	const struct mn_packfile *p;
	uint64_t off;
	int r = MN_ENOTFOUND;

	while ((p = find(rd->store, oid, &x))) {
		rd->last = x.at;
		r = mn_packfile_offset(p, x.pos, &off, err);
		if (!r)
			r = mn_unpack(rd->unpacker, o, p, off, max, err);
		if (!r)
			r = show(rd, oid, o, p, x.pos, err);
		if (r != MN_ECORRUPT)
			break;	/* else another copy may be good */
	}
	return r;
}

static int read_loose(struct mn_reader *rd, struct mn_object *o,
		      const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	int r = MN_ENOTFOUND;

	for (size_t i = 0; i < rd->store->dirs.n && r == MN_ENOTFOUND; i++) {
		if (rd->store->dirs.p[i].flat)
			continue;
		mn_buf_clear(&rd->path);
		mn_buf_adds(&rd->path, rd->store->dirs.p[i].path);
		mn_loosefile_path(&rd->path, oid);
		r = mn_loosefile_read(&rd->inflater, &rd->z, &rd->out, o,
				      rd->path.p, max, err);
	}
	return r ? r : show(rd, oid, o, NULL, 0, err);
}

/* Of two places that both fail, the damaged one is the news. */
static int worse(int a, int b)
{
	return a == MN_ENOTFOUND ? b : b == MN_ENOTFOUND ? a : b;
}

static int read_object(struct mn_reader *rd, struct mn_object *o,
		       const struct mn_oid *oid, size_t max,
		       struct mn_err *err)
{
	struct mn_err loose = MN_ERR_INIT;
	char hex[MN_OID_HEX + 1];
	int r = read_packed(rd, o, oid, max, err), l;

	if (!r || (r != MN_ENOTFOUND && r != MN_ECORRUPT))
		goto done;
	l = read_loose(rd, o, oid, max, &loose);
	if (!l) {
		mn_err_clear(err);
		return 0;
	}
	if (l != MN_ENOTFOUND && err)
		*err = loose;
	r = worse(r, l);
	if (r != MN_ENOTFOUND)
		goto done;
	if (!unseen_packs(rd->store))
		return not_found(rd->store, oid, err);
	r = mn_lg2_read(rd->store->lg2, &rd->out, &o->type, oid, max, err);
	if (r == MN_ENOTFOUND)
		return not_found(rd->store, oid, err);
	o->data = rd->out.p;
	o->len = rd->out.len;
	if (!r)
		r = show(rd, oid, o, NULL, 0, err);
done:
	if (r < 0) {
		mn_oid_hex(hex, oid);
		return mn_err_wrap(err, r, "object %s", hex);
	}
	mn_err_clear(err);	/* of another copy, which was damaged */
	return 0;
}

int mn_reader_read(struct mn_reader *rd, struct mn_object *o,
		   const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	int r = read_object(rd, o, oid, max, err);

	while (r == MN_ENOTFOUND && rd->miss && rd->miss(rd->miss_ctx, oid)) {
		mn_err_clear(err);
		r = read_object(rd, o, oid, max, err);
	}
	return r;
}

void mn_reader_on_miss(struct mn_reader *rd, mn_reader_miss_fn *fn, void *ctx)
{
	rd->miss = fn;
	rd->miss_ctx = ctx;
}

static int stat_packed(struct mn_reader *rd, enum mn_otype *type,
		       uint64_t *size, const struct mn_oid *oid,
		       struct mn_err *err)
{
	struct search x = { .first = rd->last };
	const struct mn_packfile *p;
	uint64_t off;
	int r = MN_ENOTFOUND;

	while ((p = find(rd->store, oid, &x))) {
		rd->last = x.at;
		r = mn_packfile_offset(p, x.pos, &off, err);
		if (!r)
			r = mn_unpack_stat(rd->unpacker, type, size, p, off,
					   err);
		if (r != MN_ECORRUPT)
			break;
	}
	return r;
}

int mn_reader_stat(struct mn_reader *rd, enum mn_otype *type, uint64_t *size,
		   const struct mn_oid *oid, struct mn_err *err)
{
	struct mn_store *s = rd->store;
	struct mn_err loose = MN_ERR_INIT;
	int r = stat_packed(rd, type, size, oid, err), l = MN_ENOTFOUND;

	if (!r || (r != MN_ENOTFOUND && r != MN_ECORRUPT))
		return r;
	for (size_t i = 0; i < s->dirs.n && l == MN_ENOTFOUND; i++) {
		if (s->dirs.p[i].flat)
			continue;
		mn_buf_clear(&rd->path);
		mn_buf_adds(&rd->path, s->dirs.p[i].path);
		mn_loosefile_path(&rd->path, oid);
		l = mn_loosefile_stat(&rd->inflater, type, size, rd->path.p,
				      &loose);
	}
	if (!l) {
		mn_err_clear(err);
		return 0;
	}
	if (l != MN_ENOTFOUND && err)
		*err = loose;
	r = worse(r, l);
	if (r != MN_ENOTFOUND)
		return r;
	if (unseen_packs(s))
		r = mn_lg2_stat(s->lg2, type, size, oid, err);
	return r == MN_ENOTFOUND ? not_found(s, oid, err) : r;
}

int mn_reader_entry(struct mn_reader *rd, struct mn_packed *e,
		    struct mn_object *o, const struct mn_oid *oid, size_t max,
		    struct mn_err *err)
{
	struct search x = { .first = rd->last };
	const struct mn_packfile *p;
	struct mn_pack_entry pe;
	uint64_t off;
	int r;

	p = find(rd->store, oid, &x);
	if (!p)
		return not_found(rd->store, oid, err);
	rd->last = x.at;
	r = mn_packfile_offset(p, x.pos, &off, err);
	if (!r)
		r = mn_packfile_entry(p, off, &pe, err);
	if (!r && !pe.type)
		return mn_err_set(err, MN_ENOTFOUND, "it is a delta");
	*e = (struct mn_packed){ .oid = *oid };
	if (!r)
		r = mn_unpack_whole(rd->unpacker, o, &e->zlen, p, off, max,
				    err);
	if (r < 0)
		return r;
	e->type = o->type;
	e->size = o->len;
	e->z = p->pack.p + pe.z;
	return 0;
}

/* In a pack with .mtimes objects have an age of their own. */
static int is_cruft(const char *stem)
{
	struct mn_buf path = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "%s.mtimes", stem);
	r = !access(path.p, F_OK);
	mn_buf_release(&path);
	return r;
}

int mn_store_freshen(const struct mn_store *s, const struct mn_oid *oid)
{
	struct search x = { .turn = 0 };
	const struct mn_packfile *p;

	while ((p = find(s, oid, &x)))
		if (!is_cruft(s->packs.p[x.at].stem) &&
		    !mn_io_freshen(p->name, MN_FRESH))
			return 1;
	return 0;
}

int mn_store_has_packed(const struct mn_store *s, const struct mn_oid *oid)
{
	struct search x = { .turn = 0 };

	return find(s, oid, &x) != NULL;
}

/* Calls fn with the path that a loose object has in each directory, until it
 * gives 0: 1; else 0. */
static int try_loose(const struct mn_store *s, const struct mn_oid *oid,
		     int (*fn)(const char *path))
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	for (size_t i = 0; i < s->dirs.n && !r; i++) {
		if (s->dirs.p[i].flat)
			continue;
		mn_buf_clear(&path);
		mn_buf_adds(&path, s->dirs.p[i].path);
		mn_loosefile_path(&path, oid);
		r = !fn(path.p);
	}
	mn_buf_release(&path);
	return r;
}

static int is_there(const char *path)
{
	return access(path, F_OK);
}

static int freshen(const char *path)
{
	return mn_io_freshen(path, MN_FRESH);
}

int mn_store_has_loose(const struct mn_store *s, const struct mn_oid *oid)
{
	return try_loose(s, oid, is_there);
}

int mn_store_freshen_loose(const struct mn_store *s, const struct mn_oid *oid)
{
	return try_loose(s, oid, freshen);
}

int mn_store_has(struct mn_store *s, const struct mn_oid *oid)
{
	int r = mn_store_has_packed(s, oid) || mn_store_has_loose(s, oid);

	if (!r && unseen_packs(s))
		r = mn_lg2_has(s->lg2, oid);
	return r;
}
