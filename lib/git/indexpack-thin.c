/*
 * A thin pack is completed as git index-pack --fix-thin does it: the bases
 * that it lacks are put behind its last entry, whole, and the deltas are
 * made once more, from the beginning.
 */
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "git/indexpack-impl.h"
#include "git/pack.h"

#include "banned.h"

#define LEVEL 6

/* Type and size; up to 10 bytes. */
static size_t put_head(unsigned char *p, unsigned type, uint64_t size)
{
	size_t n = 0;

	p[n] = (unsigned char)(type << 4 | (size & 15));
	for (size >>= 4; size; size >>= 7) {
		p[n++] |= 0x80;
		p[n] = (unsigned char)(size & 127);
	}
	return n + 1;
}

struct completing {
	struct mn_indexpack *ip;
	struct mn_reader *rd;
	struct mn_deflater *deflater;
	struct mn_buf z;
};

static int append(struct completing *k, const struct mn_oid *oid,
		  const struct mn_object *o, struct mn_err *err)
{
	struct mn_indexpack *ip = k->ip;
	struct mn_idx_entry *e;
	unsigned char head[10];
	size_t n = put_head(head, o->type, o->len);

	mn_buf_clear(&k->z);
	mn_buf_add(&k->z, head, n);
	mn_deflate(k->deflater, &k->z, o->data, o->len);
	if (ip->e.n >= ip->lim.objects ||
	    k->z.len > ip->lim.pack_bytes - ip->end ||
	    o->len > ip->lim.inflated_bytes - ip->inflated)
		return mn_err_set(err, MN_ELIMIT, "a thin pack is too large "
				  "with its bases");
	if (mn_io_write_full(ip->fd, k->z.p, k->z.len, NULL) < 0)
		return mn_err_sys(err, "cannot write '%s'", ip->tmp.p);
	e = mn_vec_push(&ip->e);
	*e = (struct mn_idx_entry){
		.oid = *oid, .off = ip->end,
		.crc = libdeflate_crc32(0, k->z.p, k->z.len)
	};
	*mn_vec_push(&ip->type) = (unsigned char)o->type;
	ip->inflated += o->len;
	ip->end += k->z.len;
	return 0;
}

/* The bases of deltas that could not be made; the refs are in the order of
 * their bases. How many there were. */
static int append_bases(struct completing *k, struct mn_err *err)
{
	struct mn_indexpack *ip = k->ip;
	const struct mn_oid *last = NULL;
	int added = 0, r = 0;

	for (size_t i = 0; i < ip->refs.n && r >= 0; i++) {
		const struct mn_ip_ref *f = &ip->refs.p[i];
		struct mn_oid real;
		struct mn_object o;

		if (ip->type.p[f->obj] || (last && mn_oid_eq(last, &f->base)))
			continue;
		last = &f->base;
		r = mn_reader_read(k->rd, &o, &f->base,
				   (size_t)ip->lim.object_bytes, err);
		if (r == MN_ENOTFOUND) {
			mn_err_clear(err);
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		mn_oid_of(&real, o.type, o.data, o.len);
		if (!mn_oid_eq(&real, &f->base))
			return mn_err_set(err, MN_ECORRUPT, "an object here "
					  "is damaged, which a pack builds on");
		r = append(k, &f->base, &o, err);
		added++;
	}
	return r < 0 ? r : added;
}

/* All deltas are to be made again: their bases are looked for by type. */
static void forget(struct mn_indexpack *ip)
{
	for (size_t i = 0; i < ip->ofs.n; i++)
		ip->type.p[ip->ofs.p[i].obj] = 0;
	for (size_t i = 0; i < ip->refs.n; i++) {
		ip->type.p[ip->refs.p[i].obj] = 0;
		ip->refs.p[i].from = MN_IP_NONE;
	}
}

int mn_ip_complete(struct mn_indexpack *ip, struct mn_err *err)
{
	struct completing k = { .ip = ip };
	int r;

	k.rd = mn_reader_new(ip->bases);
	k.deflater = mn_deflater_new(LEVEL);
	mn_buf_init(&k.z);
	r = append_bases(&k, err);
	mn_buf_release(&k.z);
	mn_deflater_free(k.deflater);
	mn_reader_free(k.rd);
	if (r <= 0)
		return r;
	forget(ip);
	r = mn_ip_resolve(ip, err);
	return r < 0 ? r : 1;
}
