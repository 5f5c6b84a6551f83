#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

#include "git/indexpack-impl.h"

#include "banned.h"

#define HEAD 12
#define SCRATCH ((size_t)256 * 1024)

/* Objects up to here are inflated in one call, as soon as all of a stream of
 * the usual length is there: that is several times as fast. */
#define SMALL SCRATCH
#define USUAL(size) ((size_t)(size) + (size_t)(size) / 8 + 64)

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static int bad(const struct mn_indexpack *ip, struct mn_err *err,
	       const char *why)
{
	return mn_err_set(err, MN_EINVALID, "a pack is damaged at byte %llu: "
			  "%s", (unsigned long long)(ip->start + ip->at), why);
}

static int read_head(struct mn_indexpack *ip, struct mn_err *err)
{
	const unsigned char *p = ip->buf + ip->at;

	if (ip->len - ip->at < HEAD)
		return 0;
	if (memcmp(p, "PACK", 4))
		return mn_err_set(err, MN_EINVALID, "what came is no pack");
	if (be32(p + 4) != 2 && be32(p + 4) != 3)
		return mn_err_set(err, MN_EINVALID,
				  "a pack of an unknown version");
	ip->count = be32(p + 8);
	if (ip->count > ip->lim.objects)
		return mn_err_set(err, MN_ELIMIT, "a pack of %lu objects, "
				  "where the limit is %zu",
				  (unsigned long)ip->count, ip->lim.objects);
	ip->at += HEAD;
	ip->end = HEAD;
	ip->state = ip->count ? MN_IP_ENTRY : MN_IP_TRAILER;
	return 1;
}

/* The place of the entry at an offset, or MN_IP_NONE. */
static uint32_t entry_at(const struct mn_indexpack *ip, uint64_t off)
{
	size_t lo = 0, hi = ip->e.n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (ip->e.p[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < ip->e.n && ip->e.p[lo].off == off ? (uint32_t)lo :
		MN_IP_NONE;
}

/* The head of an entry is there: checks and notes what it says. */
static int begin_entry(struct mn_indexpack *ip, const struct mn_packentry *h,
		       struct mn_err *err)
{
	struct mn_ip_entry *c = &ip->cur;

	c->head = *h;
	c->head.base = NULL;
	c->off = ip->start + ip->at;
	if (h->size > ip->lim.object_bytes)
		return mn_err_set(err, MN_ELIMIT, "an object of %llu bytes, "
				  "where the limit is %llu",
				  (unsigned long long)h->size,
				  (unsigned long long)ip->lim.object_bytes);
	ip->inflated += h->size;
	if (ip->inflated > ip->lim.inflated_bytes)
		return mn_err_set(err, MN_ELIMIT, "the objects of a pack have "
				  "more than %llu bytes",
				  (unsigned long long)ip->lim.inflated_bytes);
	if (h->type == MN_REF_DELTA) {
		memcpy(c->ref.b, h->base, sizeof(c->ref.b));
	} else if (h->type == MN_OFS_DELTA) {
		c->base = h->back < c->off ? entry_at(ip, c->off - h->back) :
			MN_IP_NONE;
		if (c->base == MN_IP_NONE)
			return bad(ip, err, "the base of a delta is not in "
				   "it");
	}
	return 1;
}

/* The entry was read to its end; oid is for one that is no delta. */
static void end_entry(struct mn_indexpack *ip, const struct mn_oid *oid)
{
	const struct mn_ip_entry *c = &ip->cur;
	struct mn_idx_entry *e = mn_vec_push(&ip->e);
	uint32_t obj = (uint32_t)(ip->e.n - 1);

	*e = (struct mn_idx_entry){ .crc = c->crc, .off = c->off };
	*mn_vec_push(&ip->type) = c->head.type <= MN_TAG ?
		(unsigned char)c->head.type : 0;
	if (c->head.type <= MN_TAG)
		e->oid = *oid;
	else if (c->head.type == MN_OFS_DELTA)
		*mn_vec_push(&ip->ofs) = (struct mn_ip_ofs){ obj, c->base };
	else
		*mn_vec_push(&ip->refs) = (struct mn_ip_ref){ c->ref, obj,
							      MN_IP_NONE };
	ip->end = ip->start + ip->at;
	ip->state = ip->e.n == ip->count ? MN_IP_TRAILER : MN_IP_ENTRY;
}

/* Takes n bytes, which are of the current entry. */
static void take(struct mn_indexpack *ip, size_t n)
{
	ip->cur.crc = libdeflate_crc32(ip->cur.crc, ip->buf + ip->at, n);
	ip->at += n;
}

/* The whole stream in one call: 1, or 0 where that does not work. */
static int read_small(struct mn_indexpack *ip)
{
	size_t size = (size_t)ip->cur.head.size, used;
	enum mn_otype type = (enum mn_otype)ip->cur.head.type;
	struct mn_oid oid;

	if (mn_inflate(&ip->inflater, ip->buf + ip->at, ip->len - ip->at,
		       ip->scratch, size, &used))
		return 0;
	take(ip, used);
	if (ip->cur.head.type <= MN_TAG) {
		mn_oid_of(&oid, type, ip->scratch, size);
		if (ip->watch)
			ip->watch(ip->watch_ctx, &oid, type, ip->scratch,
				  size);
	}
	end_entry(ip, &oid);
	return 1;
}

static int begin_stream(struct mn_indexpack *ip)
{
	struct mn_ip_entry *c = &ip->cur;
	char head[32];
	int n;

	if (!ip->have_z) {
		ip->z.zalloc = Z_NULL;
		ip->z.zfree = Z_NULL;
		ip->z.opaque = Z_NULL;
		ip->z.next_in = NULL;
		ip->z.avail_in = 0;
		if (inflateInit(&ip->z) != Z_OK)
			MN_BUG("out of memory");
		ip->have_z = 1;
	} else if (inflateReset(&ip->z) != Z_OK) {
		MN_BUG("a stream of zlib is not reset");
	}
	c->got = 0;
	if (c->head.type <= MN_TAG) {
		n = snprintf(head, sizeof(head), "%s %llu",
			     mn_otype_name((enum mn_otype)c->head.type),
			     (unsigned long long)c->head.size);
		sha1_init(&c->sha);
		sha1_update(&c->sha, (size_t)n + 1, (const uint8_t *)head);
	}
	ip->state = MN_IP_STREAM;
	return 1;
}

static int read_entry(struct mn_indexpack *ip, int final, struct mn_err *err)
{
	size_t there = ip->len - ip->at;
	struct mn_packentry h;
	const char *why;
	int r = mn_packentry_parse(&h, ip->buf + ip->at, there, &why);

	if (r < 0)
		return bad(ip, err, why);
	if (!r)
		return 0;
	if (h.size <= SMALL && there - h.len < USUAL(h.size) && !final)
		return 0;
	r = begin_entry(ip, &h, err);
	if (r < 0)
		return r;
	ip->cur.crc = 0;
	take(ip, h.len);
	if (h.size <= SMALL && read_small(ip))
		return 1;
	return begin_stream(ip);
}

/* What is there of the stream; 1 at its end, 0 where more is needed. */
static int read_stream(struct mn_indexpack *ip, struct mn_err *err)
{
	struct mn_ip_entry *c = &ip->cur;
	struct mn_oid oid;
	size_t n;
	int z;

	do {
		ip->z.next_in = ip->buf + ip->at;
		ip->z.avail_in = (uInt)(ip->len - ip->at);
		ip->z.next_out = ip->scratch;
		ip->z.avail_out = (uInt)SCRATCH;
		z = inflate(&ip->z, Z_NO_FLUSH);
		take(ip, ip->len - ip->at - ip->z.avail_in);
		n = SCRATCH - ip->z.avail_out;
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return bad(ip, err, "an entry is damaged");
		if (n > c->head.size - c->got)
			return bad(ip, err, "an entry is longer than it says");
		c->got += n;
		if (c->head.type <= MN_TAG)
			sha1_update(&c->sha, n, ip->scratch);
	} while (z == Z_OK && (ip->at < ip->len || !ip->z.avail_out));
	if (z != Z_STREAM_END)
		return 0;
	if (c->got != c->head.size)
		return bad(ip, err, "an entry is shorter than it says");
	if (c->head.type <= MN_TAG)
		sha1_digest(&c->sha, sizeof(oid.b), oid.b);
	end_entry(ip, &oid);
	return 1;
}

int mn_ip_scan(struct mn_indexpack *ip, int final, struct mn_err *err)
{
	int r;

	if (!ip->scratch)
		ip->scratch = mn_xmalloc(SCRATCH);
	do {
		switch (ip->state) {
		case MN_IP_HEAD:
			r = read_head(ip, err);
			break;
		case MN_IP_ENTRY:
			r = read_entry(ip, final, err);
			break;
		case MN_IP_STREAM:
			r = read_stream(ip, err);
			break;
		default:
			r = ip->len - ip->at > MN_IP_SUM ?
				bad(ip, err, "bytes are left over") : 0;
		}
	} while (r > 0);
	return r;
}

void mn_ip_scan_release(struct mn_indexpack *ip)
{
	if (ip->have_z)
		inflateEnd(&ip->z);
	ip->have_z = 0;
	mn_inflater_release(&ip->inflater);
	free(ip->scratch);
	ip->scratch = NULL;
	free(ip->buf);
	ip->buf = NULL;
}
