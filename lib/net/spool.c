#include "net/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/io.h"

#include "banned.h"

void mn_spool_init(struct mn_spool *s, const char *dir, size_t in_memory,
		   uint64_t max)
{
	memset(s, 0, sizeof(*s));
	s->dir = dir;
	s->in_memory = in_memory;
	s->max = max;
	s->fd = -1;
	mn_buf_init(&s->mem);
}

void mn_spool_release(struct mn_spool *s)
{
	if (s->map)
		munmap(s->map, (size_t)s->len);
	if (s->fd >= 0)
		close(s->fd);
	mn_buf_release(&s->mem);
	s->map = NULL;
	s->fd = -1;
}

/* Not every file system has O_TMPFILE. */
static int open_nameless(const char *dir)
{
	struct mn_buf path = MN_BUF_INIT;
	int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR &&
			errno != EINVAL))
		return fd;
	mn_buf_addf(&path, "%s/.spool-XXXXXX", dir);
	fd = mkostemp(path.p, O_CLOEXEC);
	if (fd >= 0)
		unlink(path.p);
	mn_buf_release(&path);
	return fd;
}

static int to_file(struct mn_spool *s, struct mn_err *err)
{
	int r;

	s->fd = open_nameless(s->dir);
	if (s->fd < 0)
		return mn_err_sys(err, "cannot make a temporary file in '%s'",
				  s->dir);
	r = mn_io_write_full(s->fd, s->mem.p, s->mem.len, err);
	mn_buf_release(&s->mem);
	return r;
}

int mn_spool_add(struct mn_spool *s, const void *data, size_t len,
		 struct mn_err *err)
{
	int r = 0;

	if (len > s->max - s->len)
		return mn_err_set(err, MN_ELIMIT,
				  "more than %llu bytes", (unsigned long long)
				  s->max);
	if (s->fd < 0 && s->mem.len + len > s->in_memory)
		r = to_file(s, err);
	if (r < 0)
		return r;
	if (s->fd < 0)
		mn_buf_add(&s->mem, data, len);
	else
		r = mn_io_write_full(s->fd, data, len, err);
	if (r == 0)
		s->len += len;
	return r;
}

int mn_spool_view(struct mn_spool *s, struct mn_str *all, struct mn_err *err)
{
	void *p;

	all->p = s->mem.p;
	all->len = s->mem.len;
	if (s->fd < 0)
		return 0;
	all->len = (size_t)s->len;
	if (!s->map) {
		p = mmap(NULL, all->len, PROT_READ, MAP_PRIVATE, s->fd, 0);
		if (p == MAP_FAILED)
			return mn_err_sys(err, "cannot map a temporary file");
		s->map = p;
	}
	all->p = s->map;
	return 0;
}

ssize_t mn_spool_read(struct mn_spool *s, void *buf, size_t size,
		      struct mn_err *err)
{
	uint64_t left = s->len - s->at;
	ssize_t n;

	if (size > left)
		size = (size_t)left;
	if (!size)
		return 0;
	if (s->fd < 0) {
		memcpy(buf, s->mem.p + s->at, size);
		s->at += size;
		return (ssize_t)size;
	}
	do
		n = pread(s->fd, buf, size, (off_t)s->at);
	while (n < 0 && errno == EINTR);
	if (n <= 0)
		return n ? mn_err_sys(err, "cannot read a temporary file")
			 : mn_err_set(err, MN_EIO, "a temporary file shrank");
	s->at += (uint64_t)n;
	return n;
}
