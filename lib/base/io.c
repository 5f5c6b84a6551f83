#include "base/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/vec.h"

#include "banned.h"

#define SETTLED 35	/* seconds after which the kernel has written back */
#define DEPTH_MAX 256	/* directories in one another that are removed */

/*
 * Whether a call is to be made again: it was interrupted, or the descriptor
 * (one that we inherited, perhaps) is non-blocking and was not ready.
 */
static int again(int fd, short events)
{
	struct pollfd pfd = { fd, events, 0 };

	if (errno == EINTR)
		return 1;
	if (errno != EAGAIN)
		return 0;
	return poll(&pfd, 1, -1) >= 0 || errno == EINTR;
}

int mn_io_write_full(int fd, const void *data, size_t len, struct mn_err *err)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0) {
			if (again(fd, POLLOUT))
				continue;
			return mn_err_sys(err, "cannot write");
		}
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int mn_io_read_full(int fd, void *data, size_t len, size_t *got,
		    struct mn_err *err)
{
	char *p = data;

	*got = 0;
	while (*got < len) {
		ssize_t n = read(fd, p + *got, len - *got);

		if (n < 0) {
			if (again(fd, POLLIN))
				continue;
			return mn_err_sys(err, "cannot read");
		}
		if (!n)
			break;
		*got += (size_t)n;
	}
	return 0;
}

int mn_io_read_fd(struct mn_buf *b, int fd, size_t max, struct mn_err *err)
{
	size_t start = b->len, step, got;
	struct stat st;
	int r;

	/* A hint only, one more so that the end shows in the first round. */
	step = 4096;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uint64_t)st.st_size <= max)
		step = (size_t)st.st_size + 1;
	for (;;) {
		mn_buf_grow(b, step);
		r = mn_io_read_full(fd, b->p + b->len, step, &got, err);
		if (r < 0)
			break;
		mn_buf_setlen(b, b->len + got);
		if (b->len - start > max) {
			r = mn_err_set(err, MN_ELIMIT,
				       "more than %zu bytes", max);
			break;
		}
		if (got < step)
			return 0;
		step = b->len - start;
		if (step > max)
			step = max;
		if (step < 4096)
			step = 4096;
	}
	mn_buf_setlen(b, start);
	return r;
}

int mn_io_read_file(struct mn_buf *b, const char *path, size_t max,
		    struct mn_err *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return mn_err_sys(err, "cannot open '%s'", path);
	r = mn_io_read_fd(b, fd, max, err);
	if (r == MN_ELIMIT)
		mn_err_wrap(err, r, "cannot read '%s'", path);
	else if (r < 0)
		mn_err_sys(err, "cannot read '%s'", path);
	close(fd);
	return r;
}

/* As mkostemp, but with a mode that the umask takes from. */
static int open_temp(struct mn_buf *name, const char *path, mode_t mode)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz012345";
	unsigned char rnd[8];
	size_t i;
	int fd, tries = 0;

	do {
		if (getrandom(rnd, sizeof(rnd), 0) != sizeof(rnd))
			return -1;
		mn_buf_clear(name);
		mn_buf_addf(name, "%s.tmp-", path);
		for (i = 0; i < sizeof(rnd); i++)
			mn_buf_addc(name, letters[rnd[i] & 31]);
		fd = open(name->p, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
			  mode);
	} while (fd < 0 && errno == EEXIST && ++tries < 100);
	return fd;
}

static int sync_fd(int fd)
{
	int r;

	do
		r = fsync(fd);
	while (r < 0 && errno == EINTR);
	return r;
}

int mn_io_fsync_parent(const char *path, struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	const char *slash = strrchr(path, '/');
	int r;

	if (!slash)
		mn_buf_adds(&dir, ".");
	else
		mn_buf_add(&dir, path, slash == path ? 1 :
			   (size_t)(slash - path));
	r = mn_io_fsync_dir(dir.p, err);
	mn_buf_release(&dir);
	return r;
}

int mn_io_replace(const char *path, const void *data, size_t len,
		  mode_t mode, int durable, struct mn_err *err)
{
	struct mn_buf tmp = MN_BUF_INIT;
	int fd, r;

	fd = open_temp(&tmp, path, mode);
	if (fd < 0) {
		r = mn_err_sys(err, "cannot create '%s'", tmp.p);
		goto out;
	}
	r = mn_io_write_full(fd, data, len, err);
	if (r < 0)
		mn_err_sys(err, "cannot write '%s'", tmp.p);
	else if (durable && sync_fd(fd) < 0)
		r = mn_err_sys(err, "cannot sync '%s'", tmp.p);
	/* Some file systems only tell now that there was no room. */
	if (close(fd) < 0 && errno != EINTR && !r)
		r = mn_err_sys(err, "cannot close '%s'", tmp.p);
	if (!r && rename(tmp.p, path) < 0)
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", tmp.p,
			       path);
	if (r < 0)
		unlink(tmp.p);
	else if (durable)
		r = mn_io_fsync_parent(path, err);
out:
	mn_buf_release(&tmp);
	return r;
}

/* Leaves errno alone: what mkdir said is what the caller reports. */
static int is_dir(const char *path)
{
	int saved = errno;
	struct stat st;
	int r = !stat(path, &st) && S_ISDIR(st.st_mode);

	errno = saved;
	return r;
}

int mn_io_mkdirs(const char *path, mode_t mode, struct mn_err *err)
{
	char *copy, *p;
	int r = 0;

	if (!mkdir(path, mode) || is_dir(path))
		return 0;
	if (errno != ENOENT)
		return mn_err_sys(err, "cannot create directory '%s'", path);
	copy = mn_xstrdup(path);
	for (p = copy; *p; p++) {
		if (*p != '/' || p == copy || p[-1] == '/')
			continue;
		*p = '\0';
		if (mkdir(copy, mode) < 0 && !is_dir(copy)) {
			r = mn_err_sys(err, "cannot create directory '%s'",
				       copy);
			goto out;
		}
		*p = '/';
	}
	if (mkdir(path, mode) < 0 && !is_dir(path))
		r = mn_err_sys(err, "cannot create directory '%s'", path);
out:
	free(copy);
	return r;
}

int mn_io_fsync_dir(const char *path, struct mn_err *err)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return mn_err_sys(err, "cannot open directory '%s'", path);
	/* EINVAL: a file system that has nothing to sync here. */
	if (sync_fd(fd) < 0 && errno != EINVAL)
		r = mn_err_sys(err, "cannot sync directory '%s'", path);
	close(fd);
	return r;
}

int mn_io_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st);
}

int mn_io_is_young(const char *path)
{
	struct statx st;

	return statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &st) ||
	       !(st.stx_mask & STATX_BTIME) ||
	       st.stx_btime.tv_sec + SETTLED >= time(NULL);
}

int mn_io_freshen(const char *path, int age)
{
	struct stat st;

	if (stat(path, &st))
		return -1;
	if (st.st_mtim.tv_sec + age >= time(NULL))
		return 0;
	return utimensat(AT_FDCWD, path, NULL, 0);
}

/* A directory that is being emptied, and its name in the one before it. */
struct level {
	DIR *dir;
	char *name;
};
typedef MN_VEC(struct level) levels;

/* Opens name below the last level, never through a symbolic link. */
static int descend(levels *ls, const char *name)
{
	int at = ls->n ? dirfd(ls->p[ls->n - 1].dir) : AT_FDCWD;
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);
	struct level l;

	if (fd < 0)
		return -1;
	l.dir = fdopendir(fd);
	if (!l.dir) {
		close(fd);
		return -1;
	}
	l.name = mn_xstrdup(name);
	*mn_vec_push(ls) = l;
	return 0;
}

/* Removes the last level, which is empty by now. */
static int ascend(levels *ls)
{
	struct level l = ls->p[--ls->n];
	int at, r;

	at = ls->n ? dirfd(ls->p[ls->n - 1].dir) : AT_FDCWD;
	closedir(l.dir);
	r = unlinkat(at, l.name, AT_REMOVEDIR);
	free(l.name);
	return r;
}

/* One entry of the last level: removed, or descended into. */
static int remove_entry(levels *ls, const char *name)
{
	int at = dirfd(ls->p[ls->n - 1].dir);

	if (!unlinkat(at, name, 0) || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -1;
	if (ls->n >= DEPTH_MAX) {
		errno = ELOOP;
		return -1;
	}
	return descend(ls, name);
}

static int remove_next(levels *ls)
{
	struct dirent *e;

	errno = 0;
	e = readdir(ls->p[ls->n - 1].dir);
	if (!e)
		return errno ? -1 : ascend(ls);
	if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
		return 0;
	return remove_entry(ls, e->d_name);
}

int mn_io_remove_tree(const char *path, struct mn_err *err)
{
	levels ls = { 0 };
	int r;

	r = descend(&ls, path);
	while (!r && ls.n)
		r = remove_next(&ls);
	if (r < 0)
		r = mn_err_sys(err, "cannot remove '%s'", path);
	while (ls.n) {
		struct level l = ls.p[--ls.n];

		closedir(l.dir);
		free(l.name);
	}
	mn_vec_release(&ls);
	return r;
}

int mn_io_map(struct mn_map_file *m, const char *path, struct mn_err *err)
{
	/* O_NONBLOCK: a fifo of that name must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	void *p;
	int r = 0;

	m->p = NULL;
	m->len = 0;
	if (fd < 0)
		return mn_err_sys(err, "cannot open '%s'", path);
	if (fstat(fd, &st) < 0) {
		r = mn_err_sys(err, "cannot stat '%s'", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		r = mn_err_set(err, MN_EIO, "'%s' is not a file", path);
		goto out;
	}
	if (!st.st_size)
		goto out;
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED) {
		r = mn_err_sys(err, "cannot map '%s'", path);
		goto out;
	}
	m->p = p;
	m->len = (size_t)st.st_size;
out:
	close(fd);
	return r;
}

void mn_io_unmap(struct mn_map_file *m)
{
	if (m->p)
		munmap((void *)(uintptr_t)m->p, m->len);
	m->p = NULL;
	m->len = 0;
}
