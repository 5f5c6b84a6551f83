#include "git/indexpack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "git/indexpack-impl.h"
#include "git/tmp.h"

#include "banned.h"

#define BEHIND ((off_t)8 * 1024 * 1024)	/* writeback is started that often */
#define COUNT_AT 8		/* where the number of objects stands */

#define PACK_BYTES ((uint64_t)64 << 30)
#define OBJECTS ((size_t)50 * 1000 * 1000)
#define OBJECT_BYTES ((uint64_t)16 << 20)
#define INFLATED_BYTES ((uint64_t)256 << 30)
#define DEPTH 250
#define WORK_BYTES ((uint64_t)64 << 30)
#define WORK_RATIO 1100

static void set_defaults(struct mn_indexpack_limits *lim)
{
	if (!lim->pack_bytes)
		lim->pack_bytes = PACK_BYTES;
	if (!lim->objects)
		lim->objects = OBJECTS;
	if (lim->objects >= MN_IP_NONE)
		lim->objects = MN_IP_NONE - 1;
	if (!lim->object_bytes)
		lim->object_bytes = OBJECT_BYTES;
	if (!lim->inflated_bytes)
		lim->inflated_bytes = INFLATED_BYTES;
	if (!lim->delta_depth)
		lim->delta_depth = DEPTH;
}

int mn_indexpack_begin(struct mn_indexpack **out, const char *dir,
		       const struct mn_indexpack_limits *limits,
		       struct mn_err *err)
{
	struct mn_indexpack *ip = mn_xcalloc(1, sizeof(*ip));
	int r;

	if (limits)
		ip->lim = *limits;
	set_defaults(&ip->lim);
	ip->fd = -1;
	ip->dir = mn_xstrdup(dir);
	mn_buf_init(&ip->tmp);
	mn_buf_init(&ip->itmp);
	mn_buf_addf(&ip->tmp, "%s/tmp_pack_XXXXXX", dir);
	r = mn_tmp_open(&ip->fd, ip->tmp.p, 0444, err);
	if (r < 0) {
		mn_buf_clear(&ip->tmp);
		mn_indexpack_free(ip);
		return r;
	}
	ip->buf = mn_xmalloc(MN_IP_BUF);
	sha1_init(&ip->sha);
	*out = ip;
	return 0;
}

static void drop_files(struct mn_indexpack *ip)
{
	if (ip->fd >= 0)
		close(ip->fd);
	ip->fd = -1;
	if (ip->tmp.len)
		unlink(ip->tmp.p);
	if (ip->itmp.len)
		unlink(ip->itmp.p);
	mn_buf_clear(&ip->tmp);
	mn_buf_clear(&ip->itmp);
}

void mn_indexpack_free(struct mn_indexpack *ip)
{
	if (!ip)
		return;
	drop_files(ip);
	mn_ip_scan_release(ip);
	mn_vec_release(&ip->e);
	mn_vec_release(&ip->type);
	mn_vec_release(&ip->ofs);
	mn_vec_release(&ip->refs);
	mn_buf_release(&ip->tmp);
	mn_buf_release(&ip->itmp);
	free(ip->dir);
	free(ip);
}

static int write_out(struct mn_indexpack *ip, const void *p, size_t len,
		     struct mn_err *err)
{
	if (mn_io_write_full(ip->fd, p, len, NULL) < 0)
		return mn_err_sys(err, "cannot write '%s'", ip->tmp.p);
	return 0;
}

/* Writes what was read of the buffer, and makes room. */
static int flush(struct mn_indexpack *ip, struct mn_err *err)
{
	int r;

	sha1_update(&ip->sha, ip->at, ip->buf);
	r = write_out(ip, ip->buf, ip->at, err);
	if (r < 0)
		return r;
	ip->start += ip->at;
	memmove(ip->buf, ip->buf + ip->at, ip->len - ip->at);
	ip->len -= ip->at;
	ip->at = 0;
	if ((off_t)ip->start - ip->behind >= BEHIND) {
		sync_file_range(ip->fd, ip->behind,
				(off_t)ip->start - ip->behind,
				SYNC_FILE_RANGE_WRITE);
		ip->behind = (off_t)ip->start;
	}
	return 0;
}

void mn_indexpack_watch(struct mn_indexpack *ip, mn_indexpack_fn *fn,
			void *ctx)
{
	ip->watch = fn;
	ip->watch_ctx = ctx;
}

void mn_indexpack_bases(struct mn_indexpack *ip, struct mn_store *bases)
{
	ip->bases = bases;
}

static int feed(struct mn_indexpack *ip, const unsigned char *p, size_t len,
		struct mn_err *err)
{
	int r = 0;

	if (len > ip->lim.pack_bytes - ip->start - ip->len)
		return mn_err_set(err, MN_ELIMIT, "a pack of more than %llu "
				  "bytes",
				  (unsigned long long)ip->lim.pack_bytes);
	while (len && !r) {
		size_t n = MN_IP_BUF - ip->len;

		if (n > len)
			n = len;
		memcpy(ip->buf + ip->len, p, n);
		ip->len += n;
		p += n;
		len -= n;
		r = mn_ip_scan(ip, 0, err);
		if (!r && ip->len == MN_IP_BUF)
			r = flush(ip, err);
	}
	return r;
}

int mn_indexpack_feed(struct mn_indexpack *ip, const void *data, size_t len,
		      struct mn_err *err)
{
	if (ip->failed)
		return mn_err_set(err, ip->failed, "the pack is broken, as "
				  "was said before");
	ip->failed = feed(ip, data, len, err);
	return ip->failed;
}

int mn_indexpack_is_whole(const struct mn_indexpack *ip)
{
	return ip->state == MN_IP_TRAILER && ip->len - ip->at >= MN_IP_SUM;
}

void mn_indexpack_progress(const struct mn_indexpack *ip, size_t *objects,
			   size_t *total, uint64_t *bytes)
{
	*objects = ip->e.n;
	*total = ip->state == MN_IP_HEAD ? 0 : ip->count;
	*bytes = ip->start + ip->len;
}

static int rename_to(struct mn_indexpack *ip, struct mn_buf *tmp,
		     const char *name, const char *ending, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	mn_buf_addf(&path, "%s/pack-%s%s", ip->dir, name, ending);
	if (rename(tmp->p, path.p))
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", tmp->p,
			       path.p);
	else
		mn_buf_clear(tmp);
	mn_buf_release(&path);
	return r;
}

/* The pack is complete in its file, but for its checksum. */
static int end_files(struct mn_indexpack *ip, const unsigned char sum[],
		     struct mn_indexpack_result *res, struct mn_err *err)
{
	char name[MN_OID_HEX + 1];
	int fd, r = write_out(ip, sum, MN_IP_SUM, err);

	if (r < 0)
		return r;
	r = mn_packidx_create(&fd, &ip->itmp, ip->dir, ip->e.p,
			      (uint32_t)ip->e.n, sum, err);
	if (r < 0)
		return r;
	/* Some file systems only tell now that there was no room. */
	if (close(fd))
		return mn_err_sys(err, "cannot close '%s'", ip->itmp.p);
	fd = ip->fd;
	ip->fd = -1;
	if (close(fd))
		return mn_err_sys(err, "cannot close '%s'", ip->tmp.p);
	mn_hex_encode(name, sum, MN_IP_SUM);
	r = rename_to(ip, &ip->tmp, name, ".pack", err);
	if (!r)
		r = rename_to(ip, &ip->itmp, name, ".idx", err);
	if (r < 0)
		return r;
	memcpy(res->name, name, sizeof(name));
	res->objects = ip->e.n;
	res->bytes = ip->end + MN_IP_SUM;
	return 0;
}

static void set_work(struct mn_indexpack *ip)
{
	if (!ip->lim.work_bytes)
		ip->lim.work_bytes = WORK_BYTES + ip->end * WORK_RATIO;
}

static size_t not_made(const struct mn_indexpack *ip)
{
	size_t left = 0;

	for (size_t i = 0; i < ip->type.n; i++)
		left += !ip->type.p[i];
	return left;
}

static int check_all_made(const struct mn_indexpack *ip, struct mn_err *err)
{
	size_t left = not_made(ip);

	if (left)
		return mn_err_set(err, MN_EINVALID, "the bases of %zu deltas "
				  "are not in the pack", left);
	return 0;
}

/* Cuts the file behind its first n objects and corrects their number. */
static int cut(struct mn_indexpack *ip, size_t n, struct mn_err *err)
{
	unsigned char count[4] = {
		(unsigned char)(n >> 24), (unsigned char)(n >> 16),
		(unsigned char)(n >> 8), (unsigned char)n
	};

	if (n < ip->e.n)
		ip->end = ip->e.p[n].off;
	ip->e.n = n;
	if (ftruncate(ip->fd, (off_t)ip->end) ||
	    lseek(ip->fd, (off_t)ip->end, SEEK_SET) < 0 ||
	    pwrite(ip->fd, count, sizeof(count), COUNT_AT) !=
	    (ssize_t)sizeof(count))
		return mn_err_sys(err, "cannot write '%s'", ip->tmp.p);
	return 0;
}

static int hash_file(struct mn_indexpack *ip, unsigned char sum[],
		     struct mn_err *err)
{
	struct mn_map_file m;
	int r = mn_io_map(&m, ip->tmp.p, err);

	if (r < 0)
		return r;
	sha1_init(&ip->sha);
	sha1_update(&ip->sha, m.len, m.p);
	sha1_digest(&ip->sha, MN_IP_SUM, sum);
	mn_io_unmap(&m);
	return 0;
}

/* Makes a thin pack a whole one; one that isn't is left alone. */
static int complete_thin(struct mn_indexpack *ip, unsigned char sum[],
			 struct mn_err *err)
{
	int r;

	if (!ip->bases || !not_made(ip))
		return 0;
	r = mn_ip_complete(ip, err);
	if (r > 0)
		r = cut(ip, ip->e.n, err);
	else
		return r;
	return r ? r : hash_file(ip, sum, err);
}

static int finish(struct mn_indexpack *ip, struct mn_indexpack_result *res,
		  struct mn_err *err)
{
	unsigned char sum[MN_IP_SUM];
	int r = mn_ip_scan(ip, 1, err);

	if (r < 0)
		return r;
	if (ip->state == MN_IP_HEAD)
		return mn_err_set(err, MN_EINVALID, "what came is no pack");
	if (ip->state != MN_IP_TRAILER || ip->len - ip->at < MN_IP_SUM)
		return mn_err_set(err, MN_EINVALID, "a pack is cut short: "
				  "%zu of %lu objects came", ip->e.n,
				  (unsigned long)ip->count);
	r = flush(ip, err);
	if (r < 0)
		return r;
	sha1_digest(&ip->sha, sizeof(sum), sum);
	if (memcmp(sum, ip->buf, sizeof(sum)))
		return mn_err_set(err, MN_EINVALID,
				  "the checksum of a pack is wrong");
	if (!ip->count) {
		drop_files(ip);
		return 0;
	}
	set_work(ip);
	r = mn_ip_resolve(ip, err);
	if (!r)
		r = complete_thin(ip, sum, err);
	if (!r)
		r = check_all_made(ip, err);
	return r ? r : end_files(ip, sum, res, err);
}

int mn_indexpack_finish(struct mn_indexpack *ip,
			struct mn_indexpack_result *res, struct mn_err *err)
{
	int r = ip->failed;

	*res = (struct mn_indexpack_result){ .objects = 0 };
	if (r)
		return mn_err_set(err, r, "the pack is broken, or done with");
	r = finish(ip, res, err);
	ip->failed = r ? r : MN_EFAIL;	/* it takes no more */
	if (r < 0)
		drop_files(ip);
	return r;
}

/* Of the objects that came, the longest beginning that needs nothing else. */
static size_t complete(const struct mn_indexpack *ip)
{
	size_t n = 0;

	while (n < ip->e.n && ip->type.p[n])
		n++;
	for (size_t i = 0; i < ip->refs.n; i++) {
		const struct mn_ip_ref *f = &ip->refs.p[i];

		if (f->from != MN_IP_NONE && f->from > f->obj && f->obj < n)
			n = f->obj;
	}
	return n;
}

static int salvage(struct mn_indexpack *ip, struct mn_indexpack_result *res,
		   struct mn_err *err)
{
	unsigned char sum[MN_IP_SUM];
	size_t n;
	int r = mn_ip_scan(ip, 1, err);

	if (!r)
		r = flush(ip, err);
	if (!r) {
		set_work(ip);
		r = mn_ip_resolve(ip, err);
	}
	if (r < 0)
		return r;
	n = complete(ip);
	if (!n) {
		drop_files(ip);
		return 0;
	}
	r = cut(ip, n, err);
	if (!r)
		r = hash_file(ip, sum, err);
	if (!r)
		r = end_files(ip, sum, res, err);
	return r;
}

int mn_indexpack_salvage(struct mn_indexpack *ip,
			 struct mn_indexpack_result *res, struct mn_err *err)
{
	int r = ip->failed;

	*res = (struct mn_indexpack_result){ .salvaged = 1 };
	if (r)
		return mn_err_set(err, r, "the pack is broken, or done with");
	r = salvage(ip, res, err);
	ip->failed = r ? r : MN_EFAIL;
	if (r < 0)
		drop_files(ip);
	return r;
}
