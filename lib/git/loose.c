#include "git/loose.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/map.h"
#include "base/vec.h"
#include "git/loosefile.h"
#include "git/pack.h"
#include "git/store.h"
#include "git/sync.h"
#include "git/tmp.h"

#include "banned.h"

#define LEVEL 6
#define OPEN_MAX_FDS 64		/* beyond, files are synced one by one */
#define SAMPLE_FROM ((size_t)64 * 1024)
#define DIR_TRIES 100	/* directories made, and removed by another */
#define SETTLED 35	/* seconds after which the kernel has written back */

struct file {
	char *tmp;		/* NULL: it was there already */
	char *path;
	int fd;			/* -1: synced and closed */
};

struct mn_loose {
	char *objdir;
	struct mn_store *store;
	int own_store;
	struct mn_reader *rd;
	struct mn_inflater inflater;
	struct mn_deflater *deflater, *storer;
	struct mn_buf head, z, old, path;
	MN_VEC(struct file) files;
	struct mn_map seen;
	unsigned char touched[256];	/* directories to sync */
	int made_dir;
	size_t open;
	const int *also;	/* mn_loose_sync_also */
	size_t nalso;
	int failed;		/* the first error: nothing is committed then */
};

int mn_loose_begin_in(struct mn_loose **out, const char *gitdir,
		      struct mn_store *store, struct mn_err *err)
{
	struct mn_loose *w = mn_xcalloc(1, sizeof(*w));

	(void)err;
	mn_buf_init(&w->head);
	mn_buf_init(&w->z);
	mn_buf_init(&w->old);
	mn_buf_init(&w->path);
	mn_buf_addf(&w->path, "%s/objects", gitdir);
	w->objdir = mn_xstrdup(w->path.p);
	w->store = store;
	mn_map_init(&w->seen, sizeof(struct mn_oid));
	*out = w;
	return 0;
}

int mn_loose_begin(struct mn_loose **out, const char *gitdir,
		   struct mn_err *err)
{
	struct mn_store *s;
	int r = mn_store_open(&s, gitdir, err);

	if (r < 0)
		return r;
	r = mn_loose_begin_in(out, gitdir, s, err);
	if (r < 0)
		mn_store_close(s);
	else
		(*out)->own_store = 1;
	return r;
}

static int sync_fd(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r && errno == EINTR);
	return r;
}

static int sync_file(struct mn_loose *w, struct file *f, struct mn_err *err)
{
	int r = 0;

	if (f->fd < 0)
		return 0;
	if (sync_fd(f->fd))
		r = mn_err_sys(err, "cannot sync '%s'", f->path);
	if (close(f->fd) && !r)
		r = mn_err_sys(err, "cannot close '%s'", f->path);
	f->fd = -1;
	w->open--;
	return r;
}

static int write_all(int fd, const struct mn_buf *b, const char *path,
		     struct mn_err *err)
{
	int r = mn_io_write_full(fd, b->p, b->len, err);

	return r < 0 ? mn_err_sys(err, "cannot write '%s'", path) : 0;
}

static int make_dir(struct mn_loose *w, const char *file, struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	int r = 0;

	mn_buf_add(&dir, file, (size_t)(strrchr(file, '/') - file));
	if (!mkdir(dir.p, 0777))
		w->made_dir = 1;
	else if (errno != EEXIST)
		r = mn_err_sys(err, "cannot create directory '%s'", dir.p);
	mn_buf_release(&dir);
	return r;
}

/* Opens the temporary file, beside its place, so that git gc finds it if we
 * are killed. */
static int open_tmp(struct mn_loose *w, struct file *f, struct mn_err *err)
{
	struct mn_buf tmp = MN_BUF_INIT;
	int r, tries = 0;

	mn_buf_add(&tmp, f->path, (size_t)(strrchr(f->path, '/') - f->path));
	mn_buf_adds(&tmp, "/tmp_obj_XXXXXX");
	r = mn_tmp_open(&f->fd, tmp.p, 0444, err);
	/* More than once, since a gc removes directories that are empty. */
	while (r == MN_ENOTFOUND && tries++ < DIR_TRIES) {
		mn_err_clear(err);
		r = make_dir(w, f->path, err);
		if (!r)
			r = mn_tmp_open(&f->fd, tmp.p, 0444, err);
	}
	if (r < 0) {
		mn_buf_release(&tmp);
		return r;
	}
	f->tmp = mn_buf_detach(&tmp, NULL);
	w->open++;
	return 0;
}

/* Header and data in one zlib stream, in w->z. */
static void compress(struct mn_loose *w, enum mn_otype t, const void *data,
		     size_t len)
{
	struct mn_deflater *d;

	if (!w->deflater)
		w->deflater = mn_deflater_new(LEVEL);
	d = w->deflater;
	if (len > SAMPLE_FROM && !mn_deflate_pays(d, data, len)) {
		if (!w->storer)
			w->storer = mn_deflater_new(0);
		d = w->storer;
	}
	mn_buf_clear(&w->head);
	mn_buf_addf(&w->head, "%s %zu", mn_otype_name(t), len);
	mn_buf_addc(&w->head, 0);
	mn_buf_add(&w->head, data, len);
	mn_buf_clear(&w->z);
	mn_deflate(d, &w->z, w->head.p, w->head.len);
}

/*
 * Notes a file that is there already: 1; 0 where it has gone meanwhile, to a
 * pack perhaps. What another process made a moment ago may not be on disk
 * yet, and we promise that ours is. What is old gets a new time: nothing may
 * reach it yet, and then it would be the next that a gc removes.
 */
static int note_existing(struct mn_loose *w, struct file *f, unsigned dir)
{
	struct stat st;
	int there;

	f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	there = f->fd >= 0 && !fstat(f->fd, &st) &&
		!mn_io_freshen(f->path, MN_FRESH);
	if (there && st.st_ctim.tv_sec + SETTLED >= time(NULL)) {
		w->open++;
		w->touched[dir] = 1;
		w->made_dir = 1;
		return 1;
	}
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
	return there;
}

/* 1 where the file holds just this object. */
static int is_whole(struct mn_loose *w, const char *path, enum mn_otype t,
		    const void *data, size_t len)
{
	struct mn_object o;

	return !mn_loosefile_read(&w->inflater, &w->z, &w->old, &o, path, len,
				  NULL) &&
		o.type == t && o.len == len && !memcmp(o.data, data, len);
}

/* 1 where a pack holds the object, gives it back, and is going to stay. */
static int is_packed(struct mn_loose *w, const struct mn_oid *oid,
		     enum mn_otype t, const void *data, size_t len)
{
	struct mn_object o;

	if (!mn_store_freshen(w->store, oid))
		return 0;
	if (!w->rd)
		w->rd = mn_reader_new(w->store);
	return !mn_reader_read(w->rd, &o, oid, len, NULL) && o.type == t &&
		o.len == len && !memcmp(o.data, data, len);
}

int mn_loose_add(struct mn_loose *w, struct mn_oid *oid, enum mn_otype t,
		 const void *data, size_t len, struct mn_err *err)
{
	struct file f = { NULL, NULL, -1 };
	int r;

	if (w->failed)
		return mn_err_set(err, w->failed, "an earlier write failed");
	mn_oid_of(oid, t, data, len);
	if (mn_map_get(&w->seen, oid->b) != SIZE_MAX ||
	    is_packed(w, oid, t, data, len))
		return 0;
	mn_buf_clear(&w->path);
	mn_buf_adds(&w->path, w->objdir);
	mn_loosefile_path(&w->path, oid);
	f.path = mn_xstrdup(w->path.p);
	if (is_whole(w, f.path, t, data, len) &&
	    note_existing(w, &f, oid->b[0])) {
		r = 0;
	} else {
		r = open_tmp(w, &f, err);
		if (!r) {
			compress(w, t, data, len);
			r = write_all(f.fd, &w->z, f.tmp, err);
			w->touched[oid->b[0]] = 1;
		}
		if (!r)
			sync_file_range(f.fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	}
	if (!r && w->open > OPEN_MAX_FDS)
		r = sync_file(w, &f, err);
	mn_map_put(&w->seen, oid->b, w->files.n);
	*mn_vec_push(&w->files) = f;
	w->failed = r;
	return r;
}

void mn_loose_sync_also(struct mn_loose *w, const int *fds, size_t n)
{
	w->also = fds;
	w->nalso = n;
}

static int sync_files(struct mn_loose *w, struct mn_err *err)
{
	MN_VEC(int) fds = { NULL, 0, 0 };
	MN_VEC(size_t) at = { NULL, 0, 0 };
	size_t which = 0;
	int r = 0;

	for (size_t i = 0; i < w->files.n; i++) {
		if (w->files.p[i].fd < 0)
			continue;
		*mn_vec_push(&fds) = w->files.p[i].fd;
		*mn_vec_push(&at) = i;
	}
	for (size_t i = 0; i < w->nalso; i++)
		*mn_vec_push(&fds) = w->also[i];
	errno = mn_sync_fds(fds.p, fds.n, &which);
	if (errno)
		r = mn_err_sys(err, "cannot sync '%s'", which < at.n ?
			       w->files.p[at.p[which]].path : w->objdir);
	for (size_t i = 0; i < at.n; i++) {
		struct file *f = &w->files.p[at.p[i]];

		if (close(f->fd) && !r)
			r = mn_err_sys(err, "cannot close '%s'", f->path);
		f->fd = -1;
	}
	w->open = 0;
	mn_vec_release(&fds);
	mn_vec_release(&at);
	return r;
}

static int sync_dirs(struct mn_loose *w, struct mn_err *err)
{
	MN_VEC(char *) dirs = { NULL, 0, 0 };
	int r;

	for (unsigned i = 0; i < 256; i++) {
		if (!w->touched[i])
			continue;
		mn_buf_clear(&w->path);
		mn_buf_addf(&w->path, "%s/%02x", w->objdir, i);
		*mn_vec_push(&dirs) = mn_xstrdup(w->path.p);
		w->made_dir |= mn_io_is_young(w->path.p);
		w->touched[i] = 0;
	}
	if (w->made_dir)
		*mn_vec_push(&dirs) = mn_xstrdup(w->objdir);
	w->made_dir = 0;
	r = mn_sync_dirs((const char *const *)dirs.p, dirs.n, err);
	for (size_t i = 0; i < dirs.n; i++)
		free(dirs.p[i]);
	mn_vec_release(&dirs);
	return r;
}

/* Closes and forgets all; removes temporary files that are left. */
static void drop_files(struct mn_loose *w)
{
	for (size_t i = 0; i < w->files.n; i++) {
		struct file *f = &w->files.p[i];

		if (f->fd >= 0)
			close(f->fd);
		if (f->tmp)
			unlink(f->tmp);
		free(f->tmp);
		free(f->path);
	}
	mn_vec_clear(&w->files);
	w->open = 0;
}

int mn_loose_commit(struct mn_loose *w, struct mn_err *err)
{
	int r = w->failed;

	if (r)
		return mn_err_set(err, r, "an earlier write failed");
	r = sync_files(w, err);
	for (size_t i = 0; i < w->files.n && !r; i++) {
		struct file *f = &w->files.p[i];

		if (!f->tmp)
			continue;
		if (rename(f->tmp, f->path)) {
			r = mn_err_sys(err, "cannot rename '%s' to '%s'",
				       f->tmp, f->path);
			break;
		}
		free(f->tmp);
		f->tmp = NULL;
	}
	if (!r)
		r = sync_dirs(w, err);
	w->also = NULL;		/* they were the caller's for this once */
	w->nalso = 0;
	drop_files(w);
	w->failed = r;
	return r;
}

void mn_loose_free(struct mn_loose *w)
{
	if (!w)
		return;
	drop_files(w);
	mn_vec_release(&w->files);
	mn_map_release(&w->seen);
	mn_reader_free(w->rd);
	if (w->own_store)
		mn_store_close(w->store);
	mn_deflater_free(w->deflater);
	mn_deflater_free(w->storer);
	mn_inflater_release(&w->inflater);
	mn_buf_release(&w->head);
	mn_buf_release(&w->z);
	mn_buf_release(&w->old);
	mn_buf_release(&w->path);
	free(w->objdir);
	free(w);
}
