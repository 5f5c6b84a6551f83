#include "git/packfile.h"

#include <stdlib.h>
#include <string.h>

#include "git/packentry.h"

#include "banned.h"

#define HASH 20
#define FANOUT (256 * 4)
#define IDX_HEAD 8
#define PACK_HEAD 12
#define GUESSES 4	/* where an id lies, before halving */
#define NEAR 8		/* so few places are not worth a guess */

static uint32_t be32(const unsigned char *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 |
		(uint32_t)p[2] << 8 | p[3];
}

static uint64_t be64(const unsigned char *p)
{
	return (uint64_t)be32(p) << 32 | be32(p + 4);
}

static int bad(const struct mn_packfile *p, struct mn_err *err,
	       const char *why)
{
	if (!p->name)
		return mn_err_set(err, MN_ECORRUPT, "%s", why);
	return mn_err_set(err, MN_ECORRUPT, "pack '%s': %s", p->name, why);
}

int mn_packfile_check_idx(struct mn_packfile *p, struct mn_err *err)
{
	static const unsigned char magic[] = { 0xff, 't', 'O', 'c', 0, 0, 0,
					       2 };
	const unsigned char *b = p->idx.p;
	uint64_t need, rest;

	if (p->idx.len < IDX_HEAD + FANOUT + 2 * HASH ||
	    memcmp(b, magic, sizeof(magic)))
		return bad(p, err, "no index of version 2");
	p->fanout = b + IDX_HEAD;
	for (int i = 1; i < 256; i++)
		if (be32(p->fanout + 4 * i) < be32(p->fanout + 4 * (i - 1)))
			return bad(p, err, "the index is not in order");
	p->n = be32(p->fanout + 4 * 255);
	need = IDX_HEAD + FANOUT + 2 * HASH + (uint64_t)p->n * (HASH + 4 + 4);
	if (p->idx.len < need)
		return bad(p, err, "the index is cut short");
	rest = p->idx.len - need;
	if (rest % 8 || rest / 8 > p->n)
		return bad(p, err, "the index has a wrong size");
	p->n64 = (size_t)(rest / 8);
	p->oids = p->fanout + FANOUT;
	p->off32 = p->oids + (size_t)p->n * (HASH + 4);
	p->off64 = p->off32 + (size_t)p->n * 4;
	return 0;
}

int mn_packfile_check(struct mn_packfile *p, struct mn_err *err)
{
	const unsigned char *b = p->pack.p;
	int r = mn_packfile_check_idx(p, err);

	if (r < 0)
		return r;
	if (p->pack.len < PACK_HEAD + HASH || memcmp(b, "PACK", 4) ||
	    (be32(b + 4) != 2 && be32(b + 4) != 3))
		return bad(p, err, "not a pack of version 2");
	if (be32(b + 8) != p->n)
		return bad(p, err, "its number of objects isn't "
			   "that of the index");
	if (memcmp(b + p->pack.len - HASH, p->idx.p + p->idx.len - 2 * HASH,
		   HASH))
		return bad(p, err, "cut short, or its index is that of "
			   "another pack");
	return 0;
}

int mn_packfile_open(struct mn_packfile **out, const char *stem,
		     struct mn_err *err)
{
	struct mn_packfile *p = mn_xcalloc(1, sizeof(*p));
	struct mn_buf path = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "%s.idx", stem);
	r = mn_io_map(&p->idx, path.p, err);
	if (r < 0)
		goto done;
	mn_buf_clear(&path);
	mn_buf_addf(&path, "%s.pack", stem);
	p->name = mn_xstrdup(path.p);
	r = mn_io_map(&p->pack, path.p, err);
	if (r < 0)
		goto done;
	r = mn_packfile_check(p, err);
done:
	mn_buf_release(&path);
	if (r < 0)
		mn_packfile_free(p);
	else
		*out = p;
	return r;
}

void mn_packfile_free(struct mn_packfile *p)
{
	if (!p)
		return;
	if (p->idx.p)
		mn_io_unmap(&p->idx);
	if (p->pack.p)
		mn_io_unmap(&p->pack);
	free(p->name);
	free(p);
}

/*
 * Narrows lo to hi, the places that oid may have. Ids are spread evenly, so
 * a guess by their first four bytes comes close, and saves most of the jumps
 * through memory that halving would make. Where they are not, the guesses
 * soon end, and nothing is lost.
 */
static void guess(const struct mn_packfile *p, const struct mn_oid *oid,
		  uint32_t *lo, uint32_t *hi)
{
	uint64_t key = be32(oid->b), least = key & 0xff000000u;
	uint64_t most = least + 0x01000000u;

	for (int i = 0; i < GUESSES && *hi - *lo > NEAR; i++) {
		uint32_t at = *lo + (uint32_t)((*hi - *lo) * (key - least) /
					       (most - least));
		uint64_t v = be32(p->oids + (size_t)at * HASH);

		if (v < key) {
			*lo = at + 1;
			least = v;
		} else if (v > key) {
			*hi = at;
			most = v;
		} else {
			break;
		}
	}
}

uint32_t mn_packfile_lower(const struct mn_packfile *p,
			   const struct mn_oid *oid)
{
	unsigned first = oid->b[0];
	uint32_t lo = first ? be32(p->fanout + 4 * (first - 1)) : 0;
	uint32_t hi = be32(p->fanout + 4 * first);

	guess(p, oid, &lo, &hi);
	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (memcmp(p->oids + (size_t)mid * HASH, oid->b, HASH) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

int mn_packfile_find(const struct mn_packfile *p, const struct mn_oid *oid,
		     uint32_t *pos)
{
	*pos = mn_packfile_lower(p, oid);
	return *pos < p->n &&
		!memcmp(p->oids + (size_t)*pos * HASH, oid->b, HASH);
}

void mn_packfile_oid(const struct mn_packfile *p, uint32_t pos,
		     struct mn_oid *oid)
{
	memcpy(oid->b, p->oids + (size_t)pos * HASH, HASH);
}

int mn_packfile_offset(const struct mn_packfile *p, uint32_t pos,
		       uint64_t *off, struct mn_err *err)
{
	uint32_t v = be32(p->off32 + (size_t)pos * 4);

	*off = v;
	if (v & 0x80000000u) {
		v &= 0x7fffffffu;
		if (v >= p->n64)
			return bad(p, err, "an offset is out of range");
		*off = be64(p->off64 + (size_t)v * 8);
	}
	if (*off < PACK_HEAD || *off >= p->pack.len - HASH)
		return bad(p, err, "an offset is out of range");
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct mn_packfile_place *x = a, *y = b;

	return x->off < y->off ? -1 : x->off > y->off;
}

int mn_packfile_order(struct mn_packfile_place **out,
		      const struct mn_packfile *p, struct mn_err *err)
{
	struct mn_packfile_place *v = mn_xmalloc((size_t)p->n * sizeof(*v) + 1);
	int r = 0;

	for (uint32_t i = 0; i < p->n && !r; i++) {
		v[i].pos = i;
		r = mn_packfile_offset(p, i, &v[i].off, err);
	}
	if (r < 0) {
		free(v);
		return r;
	}
	qsort(v, p->n, sizeof(*v), by_offset);
	*out = v;
	return 0;
}

static int get_base(const struct mn_packfile *p, uint64_t off,
		    const struct mn_packentry *h, uint64_t *base,
		    struct mn_err *err)
{
	struct mn_oid oid;
	uint32_t pos;

	if (h->type == MN_OFS_DELTA) {
		if (h->back > off - PACK_HEAD)
			return bad(p, err, "the base of a delta is not in it");
		*base = off - h->back;
		return 0;
	}
	memcpy(oid.b, h->base, HASH);
	if (!mn_packfile_find(p, &oid, &pos))
		return bad(p, err, "the base of a delta is not in it");
	return mn_packfile_offset(p, pos, base, err);
}

int mn_packfile_entry(const struct mn_packfile *p, uint64_t off,
		      struct mn_pack_entry *e, struct mn_err *err)
{
	const char *why = "an entry is cut short";
	struct mn_packentry h;

	if (off < PACK_HEAD || off >= p->pack.len - HASH)
		return bad(p, err, "an offset is out of range");
	if (mn_packentry_parse(&h, p->pack.p + off,
			       p->pack.len - HASH - (size_t)off, &why) <= 0)
		return bad(p, err, why);
	e->type = (enum mn_otype)0;
	e->size = h.size;
	e->z = off + h.len;
	e->base = 0;
	if (h.type > MN_TAG)
		return get_base(p, off, &h, &e->base, err);
	e->type = (enum mn_otype)h.type;
	return 0;
}
