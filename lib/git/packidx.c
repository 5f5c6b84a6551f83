#include "git/packidx.h"

#include <nettle/sha1.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "git/tmp.h"

#include "banned.h"

#define BUCKETS 65536		/* by the first two bytes of a name */
#define FLUSH ((size_t)256 * 1024)
#define LARGE 0x80000000u	/* offsets from here on are 64 bits wide */

struct out {
	int fd;
	const char *path;
	struct mn_buf buf;
	struct sha1_ctx sha;
	int r;
	struct mn_err *err;
};

static void write_out(struct out *o, const void *p, size_t len)
{
	if (!o->r && mn_io_write_full(o->fd, p, len, NULL) < 0)
		o->r = mn_err_sys(o->err, "cannot write '%s'", o->path);
}

static void flush(struct out *o)
{
	sha1_update(&o->sha, o->buf.len, (const uint8_t *)o->buf.p);
	write_out(o, o->buf.p, o->buf.len);
	mn_buf_clear(&o->buf);
}

static void put(struct out *o, const void *data, size_t len)
{
	if (o->buf.len + len > FLUSH)
		flush(o);
	mn_buf_add(&o->buf, data, len);
}

static void put32(struct out *o, uint32_t v)
{
	unsigned char b[4] = {
		(unsigned char)(v >> 24), (unsigned char)(v >> 16),
		(unsigned char)(v >> 8), (unsigned char)v
	};

	put(o, b, sizeof(b));
}

static unsigned bucket(const struct mn_idx_entry *e)
{
	return (unsigned)e->oid.b[0] << 8 | e->oid.b[1];
}

static int by_name(const void *a, const void *b, void *ctx)
{
	const struct mn_idx_entry *e = ctx;
	const uint32_t *x = a, *y = b;

	return mn_oid_cmp(&e[*x].oid, &e[*y].oid);
}

/* The numbers of the entries in the order of their names. Names are hashes,
 * so that buckets by their first bytes are about equally full. */
static uint32_t *sorted(const struct mn_idx_entry *e, uint32_t n)
{
	uint32_t *order = mn_xmalloc((size_t)n * sizeof(*order) + 1);
	uint32_t *at = mn_xcalloc(BUCKETS + 1, sizeof(*at));
	uint32_t from = 0;

	for (uint32_t i = 0; i < n; i++)
		at[bucket(&e[i]) + 1]++;
	for (unsigned b = 0; b < BUCKETS; b++)
		at[b + 1] += at[b];
	for (uint32_t i = 0; i < n; i++)
		order[at[bucket(&e[i])]++] = i;
	/* Now at[b] is where bucket b ends. */
	for (unsigned b = 0; b < BUCKETS; from = at[b++])
		if (at[b] - from > 1)
			qsort_r(order + from, at[b] - from, sizeof(*order),
				by_name, (void *)(uintptr_t)e);
	free(at);
	return order;
}

static void put_fanout(struct out *o, const struct mn_idx_entry *e,
		       const uint32_t *order, uint32_t n)
{
	uint32_t i = 0;

	for (unsigned b = 0; b < 256; b++) {
		while (i < n && e[order[i]].oid.b[0] <= b)
			i++;
		put32(o, i);
	}
}

static void put_offsets(struct out *o, const struct mn_idx_entry *e,
			const uint32_t *order, uint32_t n)
{
	uint32_t large = 0;

	for (uint32_t i = 0; i < n; i++) {
		uint64_t off = e[order[i]].off;

		put32(o, off < LARGE ? (uint32_t)off : LARGE | large++);
	}
	for (uint32_t i = 0; i < n && large; i++) {
		uint64_t off = e[order[i]].off;

		if (off < LARGE)
			continue;
		put32(o, (uint32_t)(off >> 32));
		put32(o, (uint32_t)off);
	}
}

static int check_once(const struct mn_idx_entry *e, const uint32_t *order,
		      uint32_t n, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	for (uint32_t i = 1; i < n; i++) {
		if (!mn_oid_eq(&e[order[i - 1]].oid, &e[order[i]].oid))
			continue;
		mn_oid_hex(hex, &e[order[i]].oid);
		return mn_err_set(err, MN_EINVALID,
				  "object %s is twice in the pack", hex);
	}
	return 0;
}

int mn_packidx_write(int fd, const char *path, const struct mn_idx_entry *e,
		     uint32_t n, const unsigned char packsum[20],
		     struct mn_err *err)
{
	static const unsigned char magic[] = { 0xff, 't', 'O', 'c', 0, 0, 0,
					       2 };
	struct out o = { fd, path, MN_BUF_INIT, { .count = 0 }, 0, err };
	uint32_t *order = sorted(e, n);
	unsigned char sum[SHA1_DIGEST_SIZE];

	o.r = check_once(e, order, n, err);
	if (o.r < 0)
		goto done;
	sha1_init(&o.sha);
	put(&o, magic, sizeof(magic));
	put_fanout(&o, e, order, n);
	for (uint32_t i = 0; i < n; i++)
		put(&o, e[order[i]].oid.b, sizeof(e->oid.b));
	for (uint32_t i = 0; i < n; i++)
		put32(&o, e[order[i]].crc);
	put_offsets(&o, e, order, n);
	put(&o, packsum, SHA1_DIGEST_SIZE);
	flush(&o);
	sha1_digest(&o.sha, sizeof(sum), sum);
	write_out(&o, sum, sizeof(sum));
done:
	free(order);
	mn_buf_release(&o.buf);
	return o.r;
}

int mn_packidx_create(int *fd, struct mn_buf *tmp, const char *dir,
		      const struct mn_idx_entry *e, uint32_t n,
		      const unsigned char packsum[20], struct mn_err *err)
{
	int r;

	mn_buf_clear(tmp);
	mn_buf_addf(tmp, "%s/tmp_idx_XXXXXX", dir);
	r = mn_tmp_open(fd, tmp->p, 0444, err);
	if (r < 0) {
		mn_buf_clear(tmp);
		return r;
	}
	r = mn_packidx_write(*fd, tmp->p, e, n, packsum, err);
	if (r < 0) {
		close(*fd);
		*fd = -1;
	}
	return r;
}
