#include "git/loosefile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#include "banned.h"

#define HEAD_MAX 64		/* "commit <size>" and NUL, amply */
#define PEEK 4096		/* bytes of a file that hold its head surely */
#define SMALL ((size_t)64 * 1024)

void mn_loosefile_path(struct mn_buf *path, const struct mn_oid *oid)
{
	mn_buf_addc(path, '/');
	mn_buf_addhex(path, oid->b, 1);
	mn_buf_addc(path, '/');
	mn_buf_addhex(path, oid->b + 1, sizeof(oid->b) - 1);
}

static int bad(struct mn_err *err, const char *path)
{
	return mn_err_set(err, MN_ECORRUPT, "loose object '%s' is damaged",
			  path);
}

static int too_large(struct mn_err *err, size_t max)
{
	return mn_err_set(err, MN_ELIMIT, "object is larger than %zu bytes",
			  max);
}

/* "<type> <size>\0": the length of it in *headlen. 0, -1. */
static int parse_head(enum mn_otype *type, uint64_t *size, size_t *headlen,
		      const char *p, size_t len)
{
	const char *sp = memchr(p, ' ', len < HEAD_MAX ? len : HEAD_MAX);
	const char *end = memchr(p, 0, len < HEAD_MAX ? len : HEAD_MAX);

	if (!sp || !end || sp > end || end - sp < 2 || end - sp > 20)
		return -1;
	if (mn_otype_parse(type, p, (size_t)(sp - p)))
		return -1;
	*headlen = (size_t)(end - p) + 1;
	if (sp[1] == '0' && end - sp > 2)
		return -1;
	*size = 0;
	for (sp++; sp < end; sp++) {
		if (*sp < '0' || *sp > '9' || *size > UINT64_MAX / 10 - 1)
			return -1;
		*size = *size * 10 + (uint64_t)(*sp - '0');
	}
	return 0;
}

/* Opens and reads the first bytes of the file. */
static int peek(int *fd, uint64_t *filelen, struct mn_buf *z,
		const char *path, struct mn_err *err)
{
	struct stat st;
	size_t want, got;
	int r;

	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0) {
		if (errno == ENOTDIR)
			errno = ENOENT;
		return mn_err_sys(err, "cannot open '%s'", path);
	}
	if (fstat(*fd, &st))
		return mn_err_sys(err, "cannot stat '%s'", path);
	if (!S_ISREG(st.st_mode))
		return bad(err, path);
	*filelen = (uint64_t)st.st_size;
	want = *filelen <= SMALL ? (size_t)*filelen : PEEK;
	mn_buf_clear(z);
	mn_buf_grow(z, want);
	r = mn_io_read_full(*fd, z->p, want, &got, err);
	if (r < 0)
		return mn_err_wrap(err, r, "'%s'", path);
	mn_buf_setlen(z, got);
	return got == want ? 0 : bad(err, path);
}

static int head_of(struct mn_inflater *f, const struct mn_buf *z,
		   enum mn_otype *type, uint64_t *size, size_t *headlen)
{
	char head[HEAD_MAX];
	size_t got;

	if (mn_inflate_head(f, z->p, z->len, head, sizeof(head), &got))
		return -1;
	return parse_head(type, size, headlen, head, got);
}

/* Reads on behind the bytes that peek read. */
static int read_rest(int fd, struct mn_buf *z, size_t filelen,
		     const char *path, struct mn_err *err)
{
	size_t have = z->len, got;
	int r;

	mn_buf_grow(z, filelen - have);
	r = mn_io_read_full(fd, z->p + have, filelen - have, &got, err);
	if (r < 0)
		return mn_err_wrap(err, r, "'%s'", path);
	mn_buf_setlen(z, have + got);
	return z->len == filelen ? 0 : bad(err, path);
}

/* Small files are inflated on a guess, without reading the head first. */
static int read_small(struct mn_inflater *f, const struct mn_buf *z,
		      struct mn_buf *out)
{
	size_t cap = z->len * 6 + 4096, used, got;
	int r;

	mn_buf_grow(out, cap);
	r = mn_inflate_upto(f, z->p, z->len, out->p, cap, &used, &got);
	if (r)
		return r;
	mn_buf_setlen(out, got);
	return used == z->len ? 0 : -1;
}

static int read_large(struct mn_inflater *f, int fd, uint64_t filelen,
		      struct mn_buf *z, struct mn_buf *out, const char *path,
		      size_t max, struct mn_err *err)
{
	enum mn_otype type;
	uint64_t size;
	size_t headlen, used;
	int r;

	if (head_of(f, z, &type, &size, &headlen))
		return bad(err, path);
	if (size > max)
		return too_large(err, max);
	if (filelen > size + size / 8 + PEEK || size / 1032 > filelen)
		return bad(err, path);
	r = read_rest(fd, z, (size_t)filelen, path, err);
	if (r < 0)
		return r;
	mn_buf_grow(out, headlen + (size_t)size);
	if (mn_inflate(f, z->p, z->len, out->p, headlen + (size_t)size,
		       &used) || used != z->len)
		return bad(err, path);
	mn_buf_setlen(out, headlen + (size_t)size);
	return 0;
}

int mn_loosefile_read(struct mn_inflater *f, struct mn_buf *z,
		      struct mn_buf *out, struct mn_object *o,
		      const char *path, size_t max, struct mn_err *err)
{
	uint64_t filelen, size;
	size_t headlen;
	int fd, r, guess = 1;

	r = peek(&fd, &filelen, z, path, err);
	if (r < 0)
		goto done;
	mn_buf_clear(out);
	if (filelen <= SMALL)
		guess = read_small(f, z, out);
	if (guess < 0)
		r = bad(err, path);
	else if (guess > 0)
		r = read_large(f, fd, filelen, z, out, path, max, err);
	if (r < 0)
		goto done;
	if (parse_head(&o->type, &size, &headlen, out->p, out->len) ||
	    size != out->len - headlen) {
		r = bad(err, path);
		goto done;
	}
	o->data = out->p + headlen;
	o->len = (size_t)size;
	if (size > max)
		r = too_large(err, max);
done:
	if (fd >= 0)
		close(fd);
	return r;
}

int mn_loosefile_stat(struct mn_inflater *f, enum mn_otype *type,
		      uint64_t *size, const char *path, struct mn_err *err)
{
	struct mn_buf z = MN_BUF_INIT;
	uint64_t filelen;
	size_t headlen;
	int fd, r;

	r = peek(&fd, &filelen, &z, path, err);
	if (!r && head_of(f, &z, type, size, &headlen))
		r = bad(err, path);
	if (fd >= 0)
		close(fd);
	mn_buf_release(&z);
	return r;
}

int mn_loosefile_head(struct mn_inflater *f, const struct mn_buf *z,
		      enum mn_otype *type, uint64_t *size)
{
	size_t headlen;

	return head_of(f, z, type, size, &headlen);
}

int mn_loosefile_decode(struct mn_inflater *f, const struct mn_buf *z,
			struct mn_buf *out, struct mn_object *o, size_t max,
			struct mn_err *err)
{
	size_t headlen, used;
	uint64_t size;

	if (head_of(f, z, &o->type, &size, &headlen))
		return mn_err_set(err, MN_ECORRUPT, "it is no loose object");
	if (size > max)
		return too_large(err, max);
	if (size / 1032 > z->len)
		return mn_err_set(err, MN_ECORRUPT, "it is cut short");
	mn_buf_clear(out);
	mn_buf_grow(out, headlen + (size_t)size);
	if (mn_inflate(f, z->p, z->len, out->p, headlen + (size_t)size,
		       &used) || used != z->len)
		return mn_err_set(err, MN_ECORRUPT, "it is damaged");
	mn_buf_setlen(out, headlen + (size_t)size);
	o->data = out->p + headlen;
	o->len = (size_t)size;
	return 0;
}
