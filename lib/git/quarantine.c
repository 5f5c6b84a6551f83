#include "git/quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/lock.h"
#include "git/quarantine-impl.h"
#include "git/tmp.h"

#include "banned.h"

#define TRIES 10

/* The directory, and a lock in it. A sweep may take the directory for one
 * of the dead before it is locked: then another is made. */
static int make_dir(struct mn_quarantine *q, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r, tries = 0;

	mn_buf_addf(&path, "%s/mn/incoming", q->gitdir);
	r = mn_io_mkdirs(path.p, 0777, err);
	while (!r) {
		mn_buf_clear(&q->dir);
		mn_buf_addf(&q->dir, "%s/mn/incoming/XXXXXX", q->gitdir);
		r = mn_tmp_mkdir(q->dir.p, err);
		if (r < 0) {
			mn_buf_clear(&q->dir);
			break;
		}
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/lock", q->dir.p);
		r = mn_lock_take(&q->lock, path.p, 0, err);
		if ((r != MN_ENOTFOUND && r != MN_ELOCKED) ||
		    ++tries == TRIES)
			break;
		mn_err_clear(err);
		r = 0;
	}
	mn_buf_release(&path);
	return r;
}

int mn_quarantine_begin(struct mn_quarantine **out, const char *gitdir,
			struct mn_err *err)
{
	struct mn_quarantine *q = mn_xcalloc(1, sizeof(*q));
	int r;

	q->gitdir = mn_xstrdup(gitdir);
	q->lock.fd = -1;
	mn_buf_init(&q->dir);
	mn_map_init(&q->loose, sizeof(struct mn_oid));
	r = make_dir(q, err);
	if (!r)
		r = mn_quarantine_load(q, err);
	if (r < 0)
		mn_quarantine_free(q);
	else
		*out = q;
	return r;
}

static void unload(struct mn_quarantine *q)
{
	for (size_t i = 0; i < q->packs.n; i++) {
		mn_packfile_free(q->packs.p[i].p);
		free(q->packs.p[i].bits);
		free(q->packs.p[i].order);
	}
	mn_vec_release(&q->packs);
	mn_store_close(q->all);
	mn_store_close(q->repo);
	q->all = q->repo = NULL;
	mn_map_release(&q->loose);
}

void mn_quarantine_free(struct mn_quarantine *q)
{
	if (!q)
		return;
	unload(q);
	if (q->dir.len && q->lock.fd >= 0)
		mn_io_remove_tree(q->dir.p, NULL);
	mn_lock_drop(&q->lock);
	mn_buf_release(&q->dir);
	free(q->gitdir);
	free(q);
}

const char *mn_quarantine_dir(const struct mn_quarantine *q)
{
	return q->dir.p;
}

struct mn_store *mn_quarantine_store(struct mn_quarantine *q)
{
	return q->all;
}

size_t mn_quarantine_count(const struct mn_quarantine *q)
{
	size_t n = 0;

	for (size_t i = 0; i < q->packs.n; i++)
		n += q->packs.p[i].p->n;
	return n;
}

/* "pack-<40 digits>.idx": the digits, else NULL. */
static const char *idx_name(const char *name)
{
	return strlen(name) == 5 + MN_OID_HEX + 4 &&
		!memcmp(name, "pack-", 5) &&
		!memcmp(name + 5 + MN_OID_HEX, ".idx", 5) ? name + 5 : NULL;
}

static int open_pack(struct mn_quarantine *q, const char *hex,
		     struct mn_err *err)
{
	struct mn_buf stem = MN_BUF_INIT;
	struct mn_qpack k = { .p = NULL };
	int r;

	memcpy(k.name, hex, MN_OID_HEX);
	mn_buf_addf(&stem, "%s/pack-%s", q->dir.p, k.name);
	r = mn_packfile_open(&k.p, stem.p, err);
	if (!r)
		*mn_vec_push(&q->packs) = k;
	mn_buf_release(&stem);
	return r;
}

static int open_packs(struct mn_quarantine *q, struct mn_err *err)
{
	DIR *dir = opendir(q->dir.p);
	struct dirent *e;
	int r = 0;

	if (!dir)
		return mn_err_sys(err, "cannot open '%s'", q->dir.p);
	while (!r && (e = readdir(dir)))
		if (idx_name(e->d_name))
			r = open_pack(q, idx_name(e->d_name), err);
	closedir(dir);
	return r;
}

static int note_loose(void *ctx, const struct mn_oid *oid, int packed)
{
	struct mn_quarantine *q = ctx;

	if (!packed)
		mn_map_put(&q->loose, oid->b, 0);
	return 0;
}

int mn_quarantine_look(struct mn_quarantine *q, struct mn_err *err)
{
	mn_map_release(&q->loose);
	q->mapped = mn_quarantine_count(q) >= MN_QUARANTINE_MANY;
	return q->mapped ? mn_store_each_loose(q->repo, note_loose, q, err) :
		0;
}

int mn_quarantine_load(struct mn_quarantine *q, struct mn_err *err)
{
	int r;

	unload(q);
	r = mn_store_open(&q->repo, q->gitdir, err);
	if (!r)
		r = open_packs(q, err);
	if (!r)
		r = mn_quarantine_look(q, err);
	if (!r)
		r = mn_store_open_also(&q->all, q->gitdir, q->dir.p, err);
	return r;
}

int mn_quarantine_known(struct mn_quarantine *q, const struct mn_oid *oid)
{
	if (mn_store_has_packed(q->repo, oid))
		return 1;
	return q->mapped ? mn_map_get(&q->loose, oid->b) != SIZE_MAX :
		mn_store_has_loose(q->repo, oid);
}

/*
 * A pack that was being moved when its maker died lies in objects/pack without
 * its index, which is still in the quarantine.
 */
static void unmove(const char *gitdir, const char *dirpath)
{
	static const char *const endings[] = { "pack", "promisor" };
	struct mn_buf path = MN_BUF_INIT;
	DIR *dir = opendir(dirpath);
	struct dirent *e;
	const char *hex;

	while (dir && (e = readdir(dir))) {
		hex = idx_name(e->d_name);
		if (!hex)
			continue;
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/objects/pack/%s", gitdir, e->d_name);
		if (mn_io_exists(path.p))
			continue;
		for (size_t i = 0; i < 2; i++) {
			mn_buf_setlen(&path, path.len -
				      (i ? strlen("pack") : strlen("idx")));
			mn_buf_adds(&path, endings[i]);
			unlink(path.p);
		}
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
}

/* Removes a directory in mn/incoming, unless its maker lives. */
static int sweep_one(const char *gitdir, const char *dir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct mn_lock lock;
	int r;

	mn_buf_addf(&path, "%s/lock", dir);
	r = mn_lock_take(&lock, path.p, 0, err);
	mn_buf_release(&path);
	if (r == MN_ELOCKED || r == MN_ENOTFOUND) {	/* or it is gone */
		mn_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	unmove(gitdir, dir);
	r = mn_io_remove_tree(dir, err);
	mn_lock_drop(&lock);
	return r;
}

int mn_quarantine_sweep(const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	struct stat st;
	DIR *dir = NULL;
	size_t base;
	int r = 0, fd;

	mn_buf_addf(&path, "%s/mn/incoming", gitdir);
	fd = open(path.p, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		r = errno == ENOENT ? 0 :
			mn_err_sys(err, "cannot open '%s'", path.p);
		goto done;
	}
	dir = fdopendir(fd);
	if (!dir) {
		r = mn_err_sys(err, "cannot open '%s'", path.p);
		close(fd);
		goto done;
	}
	mn_buf_addc(&path, '/');
	base = path.len;
	while (!r && (e = readdir(dir))) {
		if (e->d_name[0] == '.' ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISDIR(st.st_mode))
			continue;
		mn_buf_setlen(&path, base);
		mn_buf_adds(&path, e->d_name);
		r = sweep_one(gitdir, path.p, err);
	}
	closedir(dir);
done:
	mn_buf_release(&path);
	return r;
}
