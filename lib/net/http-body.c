#include <stdio.h>
#include <string.h>

#include "git/gzip.h"
#include "key/hash.h"
#include "net/http.h"

#include "banned.h"

#define STEP ((size_t)64 * 1024)
#define GZIP_FROM 1024		/* bytes; less is hardly made smaller */
#define SPOOL_DIR "/tmp"

/* Reads the first megabyte, or all there is. */
static int collect(struct mn_http_body *b, struct mn_err *err)
{
	while (b->mem.len < MN_HTTP_BUFFER) {
		ssize_t n;

		mn_buf_grow(&b->mem, STEP);
		n = b->fn(b->ctx, b->mem.p + b->mem.len, STEP, err);
		if (n < 0)
			return (int)n;
		if (!n) {
			b->whole = 1;
			break;
		}
		mn_buf_setlen(&b->mem, b->mem.len + (size_t)n);
	}
	if (b->len == UINT64_MAX ? 0 : b->whole ? b->len != b->mem.len :
	    b->len < b->mem.len)
		return mn_err_set(err, MN_EFAIL,
				  "a request is not as long as announced");
	return 0;
}

/* Copies all of it to a file, since its digest goes before it. */
static int spool(struct mn_http_body *b, struct mn_hasher *h,
		 struct mn_err *err)
{
	ssize_t n;
	int r = mn_spool_add(&b->spool, b->mem.p, b->mem.len, err);

	mn_buf_clear(&b->mem);
	mn_buf_grow(&b->mem, STEP);
	while (!r) {
		n = b->fn(b->ctx, b->mem.p, STEP, err);
		if (n < 0)
			return (int)n;
		if (!n)
			break;
		mn_hasher_add(h, b->mem.p, (size_t)n);
		r = mn_spool_add(&b->spool, b->mem.p, (size_t)n, err);
	}
	if (r < 0)
		return r;
	if (b->len != UINT64_MAX && b->len != b->spool.len)
		return mn_err_set(err, MN_EFAIL,
				  "a request is not as long as announced");
	b->len = b->spool.len;
	b->spooled = 1;
	return 0;
}

int mn_http_body_make(struct mn_http_body *b, mn_body_fn *fn, void *ctx,
		      uint64_t len, int may_gzip, unsigned char digest[32],
		      struct mn_err *err)
{
	struct mn_hasher h;
	struct mn_id id;
	int r;

	mn_http_body_release(b);
	mn_spool_init(&b->spool, SPOOL_DIR, MN_HTTP_BUFFER, UINT64_MAX);
	b->fn = fn;
	b->ctx = ctx;
	b->len = len;
	r = collect(b, err);
	if (r < 0)
		return r;
	if (digest) {
		mn_hasher_init(&h, NULL, 0);
		mn_hasher_add(&h, b->mem.p, b->mem.len);
		if (!b->whole)
			r = spool(b, &h, err);
		mn_hasher_done(&h, &id);
		memcpy(digest, id.b, sizeof(id.b));
	} else if (b->whole && may_gzip && b->mem.len >= GZIP_FROM) {
		struct mn_buf z = MN_BUF_INIT;

		mn_gzip(&z, b->mem.p, b->mem.len);
		mn_buf_release(&b->mem);
		b->mem = z;
		b->gzip = 1;
	}
	if (b->whole)
		b->len = b->mem.len;
	return r < 0 ? r : mn_http_body_rewind(b);
}

void mn_http_body_release(struct mn_http_body *b)
{
	static const struct mn_http_body empty = MN_HTTP_BODY_INIT;

	mn_buf_release(&b->mem);
	mn_spool_release(&b->spool);
	*b = empty;
}

int mn_http_body_rewind(struct mn_http_body *b)
{
	if (!b->whole && !b->spooled && b->sent > b->mem.len)
		return -1;
	b->at = 0;
	b->sent = 0;
	b->spool.at = 0;
	return 0;
}

/* Up to size bytes from wherever they lie. */
static ssize_t next(struct mn_http_body *b, char *buf, size_t size,
		    struct mn_err *err)
{
	size_t n = b->mem.len - b->at;

	if (b->spooled)
		return mn_spool_read(&b->spool, buf, size, err);
	if (n || b->whole) {
		n = n < size ? n : size;
		memcpy(buf, b->mem.p + b->at, n);
		b->at += n;
		return (ssize_t)n;
	}
	return b->fn(b->ctx, buf, size, err);
}

size_t mn_http_body_read(char *buf, size_t size, size_t n, void *ctx)
{
	struct mn_http_body *b = ctx;
	ssize_t got = next(b, buf, size * n, &b->why);

	if (got > 0)
		b->sent += (uint64_t)got;
	else if (!got && b->len != UINT64_MAX && b->sent != b->len)
		got = mn_err_set(&b->why, MN_EFAIL,
				 "a request is not as long as announced");
	if (got < 0 || (b->len != UINT64_MAX && b->sent > b->len)) {
		b->r = got < 0 ? (int)got :
			mn_err_set(&b->why, MN_EFAIL,
				   "a request is longer than announced");
		return CURL_READFUNC_ABORT;
	}
	return (size_t)got;
}

int mn_http_body_seek(void *ctx, curl_off_t off, int origin)
{
	if (off || origin != SEEK_SET || mn_http_body_rewind(ctx))
		return CURL_SEEKFUNC_CANTSEEK;
	return CURL_SEEKFUNC_OK;
}
