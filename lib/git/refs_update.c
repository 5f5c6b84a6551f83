/*
 * Moving refs. The lock of a ref is git's: the file "<ref>.lock", made by
 * whoever can, renamed over the ref at the end. Ours is made as a second
 * name of a file in mn/tmp, which holds the new value already, so that one
 * that a killed process left can be told from one that git holds.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/date.h"
#include "base/io.h"
#include "base/vec.h"
#include "git/refname.h"
#include "git/refs.h"
#include "git/sync.h"
#include "git/tmp.h"

#include "banned.h"

#define WAIT_US 1000000		/* for the lock of another */
#define NAP_MS 5

struct held {
	char *tmp;		/* NULL: none */
	char *lock;		/* NULL: not held, or spent */
	char *path;		/* of the ref */
	int fd;			/* of tmp */
};

struct mn_refs_txn {
	const char *gitdir;
	const struct mn_ref_update *u;
	size_t n;
	struct held *h;
	struct mn_buf packed;	/* packed-refs as it is under our locks */
	MN_VEC(char *) dirs;	/* to be synced */
};

static char *join(const char *dir, const char *name, const char *end)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/%s%s", dir, name, end);
	return mn_buf_detach(&b, NULL);
}

/* Opens h->tmp and writes what the ref shall hold. */
static int make_tmp(struct held *h, const char *gitdir, const char *text,
		    size_t len, struct mn_err *err)
{
	int r;

	h->tmp = join(gitdir, "mn/tmp/ref-XXXXXX", "");
	r = mn_tmp_open(&h->fd, h->tmp, 0666, err);
	if (r < 0) {
		free(h->tmp);
		h->tmp = NULL;
		return r;
	}
	r = mn_io_write_full(h->fd, text, len, err);
	return r < 0 ? mn_err_sys(err, "cannot write '%s'", h->tmp) : 0;
}

static int sync_tmp(struct held *h, struct mn_err *err)
{
	while (fsync(h->fd))
		if (errno != EINTR)
			return mn_err_sys(err, "cannot sync '%s'", h->tmp);
	return 0;
}

static void sync_later(struct mn_refs_txn *t, const char *path, size_t len)
{
	struct mn_buf b = MN_BUF_INIT;

	for (size_t i = 0; i < t->dirs.n; i++)
		if (strlen(t->dirs.p[i]) == len &&
		    !memcmp(t->dirs.p[i], path, len))
			return;
	mn_buf_add(&b, path, len);
	*mn_vec_push(&t->dirs) = mn_buf_detach(&b, NULL);
}

static size_t dirlen(const char *path)
{
	return (size_t)(strrchr(path, '/') - path);
}

static int make_dirs(const char *path, struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	int r;

	mn_buf_add(&dir, path, dirlen(path));
	r = mn_io_mkdirs(dir.p, 0777, err);
	mn_buf_release(&dir);
	return r;
}

/* Has the directory of a ref synced, and those above it up to refs/ that
 * somebody made just now: we, or one who was killed. */
static void sync_dirs_later(struct mn_refs_txn *t, const char *path)
{
	struct mn_buf dir = MN_BUF_INIT;
	size_t top = strlen(t->gitdir) + strlen("/refs");
	int young = 1;

	mn_buf_add(&dir, path, dirlen(path));
	while (young) {
		sync_later(t, dir.p, dir.len);
		young = dir.len > top && mn_io_is_young(dir.p);
		mn_buf_setlen(&dir, dirlen(dir.p));
	}
	mn_buf_release(&dir);
}

/* Where there are no second names (FAT), the lock is a copy. */
static int copy_tmp(struct held *h, const char *lock)
{
	char text[MN_OID_HEX + 1];
	ssize_t n = pread(h->fd, text, sizeof(text), 0);
	int fd, r = 0;

	if (n < 0)
		return -1;
	fd = open(lock, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	if (mn_io_write_full(fd, text, (size_t)n, NULL) < 0 || fsync(fd)) {
		r = errno;
		close(fd);
		unlink(lock);
		errno = r;
		return -1;
	}
	close(h->fd);
	h->fd = fd;
	return 0;
}

static int link_or_copy(struct held *h, const char *lock)
{
	if (!link(h->tmp, lock))
		return 0;
	if (errno != EPERM && errno != EOPNOTSUPP && errno != ENOSYS)
		return -1;
	return copy_tmp(h, lock);
}

static int take(const struct mn_refs_txn *t, struct held *h, struct mn_err *err)
{
	const struct timespec nap = { 0, NAP_MS * 1000000 };
	int64_t end = mn_date_mono() + WAIT_US;
	char *lock = join(t->gitdir, h->path + strlen(t->gitdir) + 1,
			  ".lock");
	int r = 0;

	while (link_or_copy(h, lock)) {
		if (errno == ENOENT || errno == ENOTDIR) {
			r = mn_date_mono() < end ? make_dirs(h->path, err) :
				mn_err_set(err, MN_EIO, "cannot make '%s'",
					   lock);
		} else if (errno != EEXIST) {
			r = mn_err_sys(err, "cannot make '%s'", lock);
		} else if (mn_date_mono() >= end) {
			r = mn_err_set(err, MN_ELOCKED, "another process "
				       "holds the lock '%s'", lock);
		} else {
			nanosleep(&nap, NULL);
		}
		if (r < 0) {
			free(lock);
			return r;
		}
	}
	h->lock = lock;
	return 0;
}

size_t mn_refs_unsynced(const struct mn_refs_txn *t, int *fds)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++)
		if (t->u[i].durable && !mn_oid_is_zero(&t->u[i].new_oid))
			fds[n++] = t->h[i].fd;
	return n;
}

static int sync_tmps(struct mn_refs_txn *t, struct mn_err *err)
{
	int *fds = mn_xmalloc(t->n * sizeof(*fds) + 1);
	size_t which = 0;
	int r = 0;

	errno = mn_sync_fds(fds, mn_refs_unsynced(t, fds), &which);
	if (errno)
		r = mn_err_sys(err, "cannot sync '%s/mn/tmp'", t->gitdir);
	free(fds);
	return r;
}

static int write_tmps(struct mn_refs_txn *t, struct mn_err *err)
{
	char text[MN_OID_HEX + 2];
	int r = 0;

	for (size_t i = 0; i < t->n && !r; i++) {
		const struct mn_oid *oid = &t->u[i].new_oid;

		t->h[i].path = join(t->gitdir, t->u[i].name, "");
		mn_oid_hex(text, oid);
		text[MN_OID_HEX] = '\n';
		r = make_tmp(&t->h[i], t->gitdir, text, MN_OID_HEX + 1, err);
		if (!r && t->u[i].durable)
			sync_file_range(t->h[i].fd, 0, 0,
					SYNC_FILE_RANGE_WRITE);
	}
	return r;
}

/* A ref can't stand where another has a directory, though one that is empty
 * may go. Loose ones above it would not let us make the lock; those below,
 * and packed ones, are looked for here. */
static int in_the_way(struct mn_str text, const char *path, const char *name,
		      struct mn_err *err)
{
	struct mn_packed_ref e;
	size_t at = 0, n = strlen(name), k;
	int r;

	if (rmdir(path) && (errno == ENOTEMPTY || errno == EEXIST))
		return mn_err_set(err, MN_EEXISTS, "refs below '%s' are in "
				  "its way", name);
	while ((r = mn_packed_next(&e, text, &at, err)) > 0) {
		k = e.name.len < n ? e.name.len : n;
		if (e.name.len != n && !memcmp(e.name.p, name, k) &&
		    (k < n ? name[k] : e.name.p[k]) == '/')
			return mn_err_set(err, MN_EEXISTS, "ref '%.*s' is in "
					  "the way of '%s'", (int)(e.name.len %
					  1000), e.name.p, name);
	}
	return r;
}

static int compare(struct mn_refs_txn *t, const struct mn_ref_update *u,
		   const char *path, struct mn_err *err)
{
	struct mn_str text = { t->packed.p, t->packed.len };
	struct mn_oid now = { { 0 } };
	int r = mn_oid_is_zero(&u->new_oid) ? 0 :
		in_the_way(text, path, u->name, err);

	if (r < 0 || u->any_old)
		return r;
	r = mn_ref_read_loose(&now, t->gitdir, u->name, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = mn_packed_find(&now, text, u->name, err);
	}
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		memset(&now, 0, sizeof(now));
		r = 0;
	}
	if (r < 0)
		return r;
	if (!mn_oid_eq(&now, &u->old_oid))
		return mn_err_set(err, MN_EEXISTS,
				  "ref '%s' has changed meanwhile", u->name);
	return 0;
}

/* Whether u deletes the ref that the entry is of. */
static int deleted(const struct mn_refs_txn *t, struct mn_str name)
{
	for (size_t i = 0; i < t->n; i++)
		if (mn_oid_is_zero(&t->u[i].new_oid) &&
		    mn_str_eq(name, t->u[i].name))
			return 1;
	return 0;
}

/* The text of packed-refs without what is deleted; *gone says how many. */
static int without(struct mn_buf *out, struct mn_refs_txn *t, size_t *gone,
		   struct mn_err *err)
{
	struct mn_str text = { t->packed.p, t->packed.len };
	struct mn_packed_ref e;
	size_t at = 0, from;
	int r;

	*gone = 0;
	for (;;) {
		from = at;
		r = mn_packed_next(&e, text, &at, err);
		if (r <= 0)
			break;
		if (deleted(t, e.name)) {	/* comments before it stay */
			mn_buf_add(out, text.p + from,
				   (size_t)(e.line.p - (text.p + from)));
			++*gone;
		} else {
			mn_buf_add(out, text.p + from, at - from);
		}
	}
	return r;
}

/* Before the loose files go, so that no old value shines through. */
static int delete_packed(struct mn_refs_txn *t, struct mn_err *err)
{
	struct held h = { NULL, NULL, NULL, -1 };
	struct mn_buf out = MN_BUF_INIT;
	size_t gone;
	int r = without(&out, t, &gone, err);

	if (r < 0 || !gone)
		goto done;
	h.path = join(t->gitdir, "packed-refs", "");
	r = make_tmp(&h, t->gitdir, "", 0, err);
	if (!r)
		r = take(t, &h, err);
	if (!r) {	/* what it was before we held the lock does not count */
		mn_buf_clear(&t->packed);
		mn_buf_clear(&out);
		r = mn_packed_read(&t->packed, t->gitdir, err);
	}
	if (!r)
		r = without(&out, t, &gone, err);
	if (!r && mn_io_write_full(h.fd, out.p, out.len, NULL) < 0)
		r = mn_err_sys(err, "cannot write '%s'", h.lock);
	if (!r)
		r = sync_tmp(&h, err);
	if (!r && rename(h.lock, h.path))
		r = mn_err_sys(err, "cannot write '%s'", h.path);
	if (r < 0 && h.lock)
		unlink(h.lock);
	sync_later(t, t->gitdir, strlen(t->gitdir));
done:
	if (h.fd >= 0)
		close(h.fd);
	if (h.tmp)
		unlink(h.tmp);
	free(h.tmp);
	free(h.lock);
	free(h.path);
	mn_buf_release(&out);
	return r;
}

static int move_one(struct held *h, const struct mn_ref_update *u,
		    struct mn_err *err)
{
	if (mn_oid_is_zero(&u->new_oid)) {
		if (unlink(h->path) && errno != ENOENT && errno != EISDIR)
			return mn_err_sys(err, "cannot delete ref '%s'",
					  u->name);
		unlink(h->lock);
	} else if (rename(h->lock, h->path)) {
		/* git may have left an empty directory of that name */
		if (errno != EISDIR || rmdir(h->path) ||
		    rename(h->lock, h->path))
			return mn_err_sys(err, "cannot move ref '%s'",
					  u->name);
	}
	free(h->lock);
	h->lock = NULL;
	return 0;
}

static int sync_packed(const struct mn_refs_txn *t, struct mn_err *err)
{
	char *path = join(t->gitdir, "packed-refs", "");
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = 0;
	size_t which;

	if (fd >= 0) {
		errno = mn_sync_fds(&fd, 1, &which);
		if (errno)
			r = mn_err_sys(err, "cannot sync '%s'", path);
		close(fd);
	}
	free(path);
	return r < 0 ? r : mn_io_fsync_dir(t->gitdir, err);
}

/* Where git has packed a ref already and removed its directory, it is in
 * packed-refs. */
static int sync_dirs(const struct mn_refs_txn *t, struct mn_err *err)
{
	int r = mn_sync_dirs((const char *const *)t->dirs.p, t->dirs.n, err);

	for (size_t i = 0; i < t->dirs.n && !r; i++)
		if (!mn_io_exists(t->dirs.p[i]))
			return sync_packed(t, err);
	return r;
}

static void drop_dirs(struct mn_refs_txn *t)
{
	for (size_t i = 0; i < t->dirs.n; i++)
		free(t->dirs.p[i]);
	mn_vec_clear(&t->dirs);
}

static int move_all(struct mn_refs_txn *t, struct mn_err *err)
{
	int r = 0, deletes = 0, durable = 0;

	for (size_t i = 0; i < t->n; i++)
		deletes |= mn_oid_is_zero(&t->u[i].new_oid);
	if (deletes)
		r = delete_packed(t, err);
	for (size_t i = 0; i < t->n && !r; i++) {
		if (durable && t->u[i].barrier) {
			r = sync_dirs(t, err);
			drop_dirs(t);
		}
		if (!r)
			r = move_one(&t->h[i], &t->u[i], err);
		if (!r && t->u[i].durable) {
			sync_dirs_later(t, t->h[i].path);
			durable = 1;
		}
	}
	if (!r && durable)
		r = sync_dirs(t, err);
	return r;
}

void mn_refs_abort(struct mn_refs_txn *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		struct held *h = &t->h[i];

		if (h->fd >= 0)
			close(h->fd);
		if (h->lock)
			unlink(h->lock);
		if (h->tmp)
			unlink(h->tmp);
		free(h->lock);
		free(h->tmp);
		free(h->path);
	}
	drop_dirs(t);
	mn_vec_release(&t->dirs);
	mn_buf_release(&t->packed);
	free(t->h);
	free(t);
}

static int check_names(const struct mn_ref_update *u, size_t n,
		       struct mn_err *err)
{
	for (size_t i = 0; i < n; i++) {
		if (!mn_refname_ok(u[i].name, strlen(u[i].name)))
			return mn_err_set(err, MN_EINVALID,
					  "'%s' is no name of a ref",
					  u[i].name);
		for (size_t k = 0; k < i; k++)
			if (!strcmp(u[i].name, u[k].name))
				return mn_err_set(err, MN_EINVALID,
						  "two updates of ref '%s'",
						  u[i].name);
	}
	return 0;
}

int mn_refs_begin(struct mn_refs_txn **out, const char *gitdir,
		  const struct mn_ref_update *u, size_t n, struct mn_err *err)
{
	struct mn_refs_txn *t;
	int r = check_names(u, n, err);

	if (r < 0)
		return r;
	t = mn_xcalloc(1, sizeof(*t));
	t->gitdir = gitdir;
	t->u = u;
	t->n = n;
	mn_buf_init(&t->packed);
	t->h = mn_xcalloc(n, sizeof(*t->h));
	for (size_t i = 0; i < n; i++)
		t->h[i].fd = -1;
	r = write_tmps(t, err);
	if (r < 0)
		mn_refs_abort(t);
	else
		*out = t;
	return r;
}

int mn_refs_finish(struct mn_refs_txn *t, int synced, struct mn_err *err)
{
	int r = synced ? 0 : sync_tmps(t, err);

	for (size_t i = 0; i < t->n && !r; i++)
		r = take(t, &t->h[i], err);
	if (!r)
		r = mn_packed_read(&t->packed, t->gitdir, err);
	for (size_t i = 0; i < t->n && !r; i++)
		r = compare(t, &t->u[i], t->h[i].path, err);
	if (!r)
		r = move_all(t, err);
	mn_refs_abort(t);
	return r;
}

int mn_refs_update(const char *gitdir, const struct mn_ref_update *u, size_t n,
		   struct mn_err *err)
{
	struct mn_refs_txn *t;
	int r = n ? mn_refs_begin(&t, gitdir, u, n, err) : 0;

	return r < 0 || !n ? r : mn_refs_finish(t, 0, err);
}
