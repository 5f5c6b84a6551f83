#include <stdlib.h>
#include <string.h>

#include "git/pack.h"
#include "git/quarantine-impl.h"

#include "banned.h"

#define HASH 20			/* the checksum that ends a pack */

static struct mn_qpack *find(struct mn_quarantine *q, const struct mn_oid *oid,
			     uint32_t *pos)
{
	for (size_t i = 0; i < q->packs.n; i++)
		if (mn_packfile_find(q->packs.p[i].p, oid, pos))
			return &q->packs.p[i];
	return NULL;
}

/* The place in the order of the pack; k->p->n where there is no entry. */
static uint32_t place(const struct mn_qpack *k, uint64_t off)
{
	uint32_t lo = 0, hi = k->p->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (k->order[mid].off < off)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < k->p->n && k->order[lo].off == off ? lo : k->p->n;
}

/* Describes the entry at an offset; MN_ENOTFOUND where it can't be copied. */
static int describe(struct mn_qpack *k, const struct mn_pack *to,
		    uint64_t off, struct mn_packed *e, struct mn_err *err)
{
	const struct mn_packfile *p = k->p;
	struct mn_pack_entry pe;
	uint64_t end = p->pack.len - HASH;
	uint32_t at, base;
	int r = mn_packfile_entry(p, off, &pe, err);

	if (r < 0)
		return r;
	at = place(k, off);
	if (at + 1 < p->n)
		end = k->order[at + 1].off;
	if (at == p->n || end <= pe.z)
		return mn_err_set(err, MN_ECORRUPT, "pack '%s' has changed",
				  p->name);
	e->type = pe.type;
	e->size = pe.size;
	e->z = p->pack.p + pe.z;
	e->zlen = (size_t)(end - pe.z);
	if (pe.type)
		return 0;
	base = place(k, pe.base);
	if (base == p->n)
		return mn_err_set(err, MN_ECORRUPT, "pack '%s' has changed",
				  p->name);
	mn_packfile_oid(p, k->order[base].pos, &e->base);
	e->is_delta = 1;
	return mn_pack_has(to, &e->base) ? 0 : MN_ENOTFOUND;
}

static int add_anew(struct mn_pack *to, struct mn_reader *rd,
		    const struct mn_oid *want, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_object o;
	struct mn_oid oid;
	int r = mn_reader_read(rd, &o, want, MN_OBJECT_MAX, err);

	if (!r)
		r = mn_pack_add(to, &oid, o.type, o.data, o.len, err);
	if (!r && !mn_oid_eq(&oid, want)) {
		mn_oid_hex(hex, want);
		r = mn_err_set(err, MN_ECORRUPT,
			       "object %s is not what it was", hex);
	}
	return r;
}

int mn_quarantine_copy(struct mn_quarantine *q, struct mn_pack *to,
		       struct mn_reader *rd, const struct mn_oid *oid,
		       struct mn_err *err)
{
	struct mn_packed e = { .oid = *oid };
	uint32_t pos;
	struct mn_qpack *k = find(q, oid, &pos);
	uint64_t off;
	int r = 0;

	if (!k)
		return add_anew(to, rd, oid, err);
	if (!k->order)
		r = mn_packfile_order(&k->order, k->p, err);
	if (!r)
		r = mn_packfile_offset(k->p, pos, &off, err);
	if (!r)
		r = describe(k, to, off, &e, err);
	if (r == MN_ENOTFOUND)
		return add_anew(to, rd, oid, err);
	return r ? r : mn_pack_add_packed(to, &e, err);
}
