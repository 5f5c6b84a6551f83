#include "git/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <libdeflate.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/date.h"
#include "base/hex.h"
#include "base/io.h"
#include "base/vec.h"
#include "git/packentry.h"
#include "git/packidx.h"
#include "git/tmp.h"

#include "banned.h"

#define LEVEL 6
#define FLUSH ((size_t)1024 * 1024)
#define HEAD 12
#define SUM SHA1_DIGEST_SIZE
#define SAMPLE_FROM ((size_t)64 * 1024)
#define BEHIND ((off_t)8 * 1024 * 1024)	/* writeback is started that often */

struct mn_pack {
	char *dir;		/* objects/pack */
	struct mn_buf tmp, itmp;	/* empty: no such file */
	int fd;
	struct mn_buf buf;	/* not written yet */
	off_t written, started;	/* bytes of the file; of it under writeback */
	struct sha1_ctx sha;
	size_t count;		/* as announced, 0: unknown */
	MN_VEC(struct mn_idx_entry) e;
	uint32_t *slots;	/* hash table: 1 + index into e, 0 free */
	size_t nslots;
	uint64_t seed;
	struct mn_deflater *deflater, *storer;
	struct mn_buf z;
	int promisor;		/* see mn_pack_promisor */
	int failed;
};

static void put_be32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)(v >> 24);
	p[1] = (unsigned char)(v >> 16);
	p[2] = (unsigned char)(v >> 8);
	p[3] = (unsigned char)v;
}

static void make_head(unsigned char head[HEAD], size_t count)
{
	memcpy(head, "PACK", 4);
	put_be32(head + 4, 2);
	put_be32(head + 8, (uint32_t)count);
}

int mn_pack_begin(struct mn_pack **out, const char *gitdir,
		  struct mn_err *err)
{
	return mn_pack_begin_n(out, gitdir, 0, err);
}

int mn_pack_begin_n(struct mn_pack **out, const char *gitdir, size_t count,
		    struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	int r;

	mn_buf_addf(&dir, "%s/objects/pack", gitdir);
	r = mn_io_mkdirs(dir.p, 0777, err);
	if (!r)
		r = mn_pack_begin_in(out, dir.p, count, err);
	mn_buf_release(&dir);
	return r;
}

int mn_pack_begin_in(struct mn_pack **out, const char *dir, size_t count,
		     struct mn_err *err)
{
	struct mn_pack *w = mn_xcalloc(1, sizeof(*w));
	unsigned char head[HEAD];
	int r;

	mn_buf_init(&w->tmp);
	mn_buf_init(&w->itmp);
	mn_buf_init(&w->buf);
	mn_buf_init(&w->z);
	w->fd = -1;
	w->count = count;
	if (getrandom(&w->seed, sizeof(w->seed), GRND_NONBLOCK) < 0)
		w->seed = (uint64_t)mn_date_mono();
	w->dir = mn_xstrdup(dir);
	mn_buf_addf(&w->tmp, "%s/tmp_pack_XXXXXX", dir);
	r = mn_tmp_open(&w->fd, w->tmp.p, 0444, err);
	if (r < 0) {
		mn_buf_clear(&w->tmp);
		mn_pack_free(w);
		return r;
	}
	sha1_init(&w->sha);
	make_head(head, count);
	mn_buf_grow(&w->buf, FLUSH);
	mn_buf_add(&w->buf, head, sizeof(head));
	*out = w;
	return 0;
}

void mn_pack_free(struct mn_pack *w)
{
	if (!w)
		return;
	if (w->fd >= 0)
		close(w->fd);
	if (w->tmp.len)
		unlink(w->tmp.p);
	if (w->itmp.len)
		unlink(w->itmp.p);
	mn_buf_release(&w->tmp);
	mn_buf_release(&w->itmp);
	mn_buf_release(&w->buf);
	mn_buf_release(&w->z);
	mn_vec_release(&w->e);
	mn_deflater_free(w->deflater);
	mn_deflater_free(w->storer);
	free(w->slots);
	free(w->dir);
	free(w);
}

static int write_out(struct mn_pack *w, const void *p, size_t len,
		     struct mn_err *err)
{
	int r;

	if (w->count)
		sha1_update(&w->sha, len, p);
	r = mn_io_write_full(w->fd, p, len, err);
	if (r < 0) {
		w->failed = r;
		return mn_err_sys(err, "cannot write '%s'", w->tmp.p);
	}
	w->written += (off_t)len;
	if (w->written - w->started >= BEHIND) {
		sync_file_range(w->fd, w->started, w->written - w->started,
				SYNC_FILE_RANGE_WRITE);
		w->started = w->written;
	}
	return 0;
}

static int flush(struct mn_pack *w, struct mn_err *err)
{
	int r = write_out(w, w->buf.p, w->buf.len, err);

	mn_buf_clear(&w->buf);
	return r;
}

static size_t first_slot(const struct mn_pack *w, const struct mn_oid *oid)
{
	uint64_t h;

	memcpy(&h, oid->b, sizeof(h));
	h = (h ^ w->seed) * 0x9e3779b97f4a7c15u;
	return (size_t)(h >> 20) & (w->nslots - 1);
}

/* The slot that holds oid, or the free one where it belongs. */
static uint32_t *slot(const struct mn_pack *w, const struct mn_oid *oid)
{
	size_t i = first_slot(w, oid);

	while (w->slots[i] && !mn_oid_eq(&w->e.p[w->slots[i] - 1].oid, oid))
		i = (i + 1) & (w->nslots - 1);
	return &w->slots[i];
}

static void grow_slots(struct mn_pack *w)
{
	free(w->slots);
	w->nslots = w->nslots ? w->nslots * 2 : 1024;
	w->slots = mn_xcalloc(w->nslots, sizeof(*w->slots));
	for (size_t i = 0; i < w->e.n; i++)
		*slot(w, &w->e.p[i].oid) = (uint32_t)(i + 1);
}

static const struct mn_idx_entry *entry(const struct mn_pack *w,
					const struct mn_oid *oid)
{
	uint32_t i = w->nslots ? *slot(w, oid) : 0;

	return i ? &w->e.p[i - 1] : NULL;
}

int mn_pack_has(const struct mn_pack *w, const struct mn_oid *oid)
{
	return entry(w, oid) != NULL;
}

void mn_pack_promisor(struct mn_pack *w)
{
	w->promisor = 1;
}

size_t mn_pack_count(const struct mn_pack *w)
{
	return w->e.n;
}

/* Type and size, and for a delta the distance to its base. */
static size_t entry_head(unsigned char out[32], unsigned type, uint64_t size,
			 uint64_t back)
{
	unsigned char tmp[16];
	size_t n = 0, k = sizeof(tmp);
	unsigned c = type << 4 | (unsigned)(size & 15);

	for (size >>= 4; size; size >>= 7) {
		out[n++] = (unsigned char)(c | 0x80);
		c = (unsigned)(size & 0x7f);
	}
	out[n++] = (unsigned char)c;
	if (!back)
		return n;
	tmp[--k] = back & 0x7f;
	while (back >>= 7)
		tmp[--k] = (unsigned char)(0x80 | (--back & 0x7f));
	memcpy(out + n, tmp + k, sizeof(tmp) - k);
	return n + sizeof(tmp) - k;
}

int mn_pack_add_packed(struct mn_pack *w, const struct mn_packed *e,
		       struct mn_err *err)
{
	unsigned char head[32];
	const struct mn_idx_entry *base = NULL;
	struct mn_idx_entry ie = { .oid = e->oid };
	size_t n;
	int r = 0;

	if (w->failed)
		return mn_err_set(err, w->failed, "an earlier write failed");
	if (mn_pack_has(w, &e->oid))
		return 0;
	if (w->e.n >= UINT32_MAX - 1)
		return mn_err_set(err, MN_ELIMIT, "too many objects in a pack");
	if (e->is_delta && !(base = entry(w, &e->base)))
		return mn_err_set(err, MN_EINVALID,
				  "the base of a delta is not in the pack");
	ie.off = (uint64_t)w->written + w->buf.len;
	n = entry_head(head, base ? MN_OFS_DELTA : (unsigned)e->type, e->size,
		       base ? ie.off - base->off : 0);
	ie.crc = libdeflate_crc32(0, head, n);
	ie.crc = libdeflate_crc32(ie.crc, e->z, e->zlen);
	if (w->buf.len + n + e->zlen > FLUSH)
		r = flush(w, err);
	mn_buf_add(&w->buf, head, n);
	if (!r && e->zlen > FLUSH / 2) {
		r = flush(w, err);
		if (!r)
			r = write_out(w, e->z, e->zlen, err);
	} else {
		mn_buf_add(&w->buf, e->z, e->zlen);
	}
	if (r < 0)
		return r;
	if ((w->e.n + 1) * 2 > w->nslots)
		grow_slots(w);
	*mn_vec_push(&w->e) = ie;
	*slot(w, &ie.oid) = (uint32_t)w->e.n;
	return 0;
}

int mn_pack_add(struct mn_pack *w, struct mn_oid *oid, enum mn_otype t,
		const void *data, size_t len, struct mn_err *err)
{
	struct mn_packed e = { .type = t, .size = len };
	struct mn_deflater *d;

	mn_oid_of(oid, t, data, len);
	if (mn_pack_has(w, oid))
		return 0;
	if (!w->deflater)
		w->deflater = mn_deflater_new(LEVEL);
	d = w->deflater;
	if (len > SAMPLE_FROM && !mn_deflate_pays(d, data, len)) {
		if (!w->storer)
			w->storer = mn_deflater_new(0);
		d = w->storer;
	}
	mn_buf_clear(&w->z);
	mn_deflate(d, &w->z, data, len);
	e.oid = *oid;
	e.z = w->z.p;
	e.zlen = w->z.len;
	return mn_pack_add_packed(w, &e, err);
}

/* Reads the whole file for its checksum, with the head that it shall have. */
static int hash_again(struct mn_pack *w, struct mn_err *err)
{
	unsigned char head[HEAD];
	off_t at = HEAD;

	make_head(head, w->e.n);
	if (pwrite(w->fd, head, sizeof(head), 0) != (ssize_t)sizeof(head))
		return mn_err_sys(err, "cannot write '%s'", w->tmp.p);
	sha1_init(&w->sha);
	sha1_update(&w->sha, sizeof(head), head);
	mn_buf_clear(&w->buf);
	mn_buf_grow(&w->buf, FLUSH);
	while (at < w->written) {
		ssize_t n = pread(w->fd, w->buf.p, FLUSH, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mn_err_sys(err, "cannot read '%s'", w->tmp.p);
		if (!n)
			return mn_err_set(err, MN_EIO, "'%s' became shorter",
					  w->tmp.p);
		sha1_update(&w->sha, (size_t)n, (const uint8_t *)w->buf.p);
		at += n;
	}
	return 0;
}

/* Ends the pack's file; its checksum goes to sum. */
static int end_pack(struct mn_pack *w, unsigned char sum[SUM],
		    struct mn_err *err)
{
	int r = 0, again = w->count != w->e.n;

	if (again && !w->written) {	/* all of it is in memory yet */
		make_head((unsigned char *)w->buf.p, w->e.n);
		w->count = w->e.n;
		again = 0;
	}
	r = flush(w, err);
	if (!r && again)
		r = hash_again(w, err);
	if (r < 0)
		return r;
	sha1_digest(&w->sha, SUM, sum);
	w->count = 0;
	mn_buf_clear(&w->buf);
	return write_out(w, sum, SUM, err);
}

static int sync_close(int *fd, const char *path, struct mn_err *err)
{
	int r = 0;

	while (fsync(*fd)) {
		if (errno == EINTR)
			continue;
		r = mn_err_sys(err, "cannot sync '%s'", path);
		break;
	}
	if (close(*fd) && !r)
		r = mn_err_sys(err, "cannot close '%s'", path);
	*fd = -1;
	return r;
}

static int write_idx(struct mn_pack *w, const unsigned char sum[SUM],
		     struct mn_err *err)
{
	int fd, r;

	r = mn_packidx_create(&fd, &w->itmp, w->dir, w->e.p,
			      (uint32_t)w->e.n, sum, err);
	return r ? r : sync_close(&fd, w->itmp.p, err);
}

int mn_pack_mark(const char *dir, const char *name, struct mn_err *err)
{
	struct mn_buf tmp = MN_BUF_INIT, path = MN_BUF_INIT;
	int fd, r;

	mn_buf_addf(&tmp, "%s/tmp_promisor_XXXXXX", dir);
	mn_buf_addf(&path, "%s/pack-%s.promisor", dir, name);
	r = mn_tmp_open(&fd, tmp.p, 0444, err);
	if (r < 0)
		goto done;
	r = sync_close(&fd, tmp.p, err);
	if (!r && rename(tmp.p, path.p))
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", tmp.p,
			       path.p);
	if (!r)
		r = mn_io_fsync_dir(dir, err);
	else
		unlink(tmp.p);
done:
	mn_buf_release(&tmp);
	mn_buf_release(&path);
	return r;
}

static int move(struct mn_pack *w, struct mn_buf *tmp, const char *hex,
		const char *ending, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	mn_buf_addf(&path, "%s/pack-%s%s", w->dir, hex, ending);
	if (rename(tmp->p, path.p))
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", tmp->p,
			       path.p);
	else
		mn_buf_clear(tmp);
	mn_buf_release(&path);
	return r;
}

int mn_pack_finish(struct mn_pack *w, char name[MN_OID_HEX + 1],
		   struct mn_err *err)
{
	unsigned char sum[SUM];
	char hex[MN_OID_HEX + 1];
	int r;

	if (name)
		name[0] = 0;
	if (w->failed)
		return mn_err_set(err, w->failed, "an earlier write failed");
	if (!w->e.n)
		return 0;
	r = end_pack(w, sum, err);
	if (!r)		/* so that it is written while we sort the index */
		sync_file_range(w->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
	if (!r)
		r = write_idx(w, sum, err);
	if (!r)
		r = sync_close(&w->fd, w->tmp.p, err);
	mn_hex_encode(hex, sum, SUM);
	if (!r && w->promisor)
		r = mn_pack_mark(w->dir, hex, err);
	/* The index last: a pack without one does not exist for readers. */
	if (!r)
		r = move(w, &w->tmp, hex, ".pack", err);
	if (!r)
		r = move(w, &w->itmp, hex, ".idx", err);
	if (!r)
		r = mn_io_fsync_dir(w->dir, err);
	w->failed = r ? r : MN_EFAIL;	/* it takes no more objects */
	if (!r && name)
		memcpy(name, hex, sizeof(hex));
	return r;
}
