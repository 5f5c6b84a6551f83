#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/vec.h"
#include "git/delta.h"
#include "git/packfile.h"

#include "banned.h"

#define HASH 20
#define SLOT_BITS 10
#define SLOTS (1u << SLOT_BITS)
#define KEEP_ONE ((size_t)1024 * 1024)		/* largest base kept */
#define KEEP_ALL ((size_t)16 * 1024 * 1024)	/* bytes of all that are kept */
#define WORK_MAX ((uint64_t)64 * MN_OBJECT_MAX)	/* one chain inflates to */
#define LARGE ((size_t)256 * 1024)	/* bytes in a pack not kept mapped in */
#define PAGE ((uintptr_t)65536)		/* a multiple of any system's */
#define RATIO 1032	/* deflate makes no more than this of a byte */

struct slot {		/* an object that deltas were upon */
	uint64_t pack, off;
	enum mn_otype type;	/* 0: free */
	struct mn_buf data;
};

struct link {
	uint64_t off, z, size;
};

struct mn_unpacker {
	struct mn_inflater *inflater;
	MN_VEC(struct link) chain;
	struct slot cur;	/* what the last call gave */
	int keep_cur;		/* it may serve as a base next */
	struct mn_buf delta, next;
	struct slot *slots;	/* SLOTS of them, or NULL before the first */
	size_t kept;		/* bytes allocated in slots */
};

struct mn_unpacker *mn_unpacker_new(struct mn_inflater *f)
{
	struct mn_unpacker *u = mn_xcalloc(1, sizeof(*u));

	u->inflater = f;
	mn_buf_init(&u->cur.data);
	mn_buf_init(&u->delta);
	mn_buf_init(&u->next);
	return u;
}

static void forget(struct mn_unpacker *u)
{
	for (unsigned i = 0; u->slots && i < SLOTS; i++) {
		mn_buf_release(&u->slots[i].data);
		u->slots[i].type = (enum mn_otype)0;
	}
	u->kept = 0;
}

void mn_unpacker_free(struct mn_unpacker *u)
{
	if (!u)
		return;
	forget(u);
	free(u->slots);
	mn_buf_release(&u->cur.data);
	mn_buf_release(&u->delta);
	mn_buf_release(&u->next);
	mn_vec_release(&u->chain);
	free(u);
}

static struct slot *slot_of(struct mn_unpacker *u, uint64_t pack, uint64_t off)
{
	uint64_t h = (off ^ pack << 48) * 0x9e3779b97f4a7c15u;

	return &u->slots[h >> (64 - SLOT_BITS)];
}

static const struct slot *cached(struct mn_unpacker *u,
				 const struct mn_packfile *p, uint64_t off)
{
	const struct slot *s = u->slots ? slot_of(u, p->id, off) : NULL;

	return s && s->type && s->pack == p->id && s->off == off ? s : NULL;
}

/* Exchanges buffers with the slot: nothing is copied. */
static void keep(struct mn_unpacker *u)
{
	struct mn_buf old;
	struct slot *s;

	if (!u->cur.type || u->cur.data.len > KEEP_ONE ||
	    u->cur.data.cap > 2 * KEEP_ONE)
		return;
	if (!u->slots) {
		u->slots = mn_xcalloc(SLOTS, sizeof(*u->slots));
		for (unsigned i = 0; i < SLOTS; i++)
			mn_buf_init(&u->slots[i].data);
	}
	s = slot_of(u, u->cur.pack, u->cur.off);
	old = s->data;
	if (u->kept - old.cap + u->cur.data.cap > KEEP_ALL) {
		forget(u);
		mn_buf_init(&old);
	}
	u->kept += u->cur.data.cap - old.cap;
	*s = u->cur;
	u->cur.data = old;
	u->cur.type = (enum mn_otype)0;
}

/* What was mapped in for a large entry counts as our memory: give it back.
 * The system has it all the same, should it be read again. */
static void give_back(const struct mn_packfile *p, uint64_t z, size_t used)
{
	uintptr_t base = (uintptr_t)p->pack.p;
	uintptr_t from = base + z, end = from + used;

	if (!p->name || used < LARGE)	/* without a name it is no mapping */
		return;
	from -= from % PAGE;
	if (from < base)
		from = base;
	end -= end % PAGE;
	madvise((void *)from, end - from, MADV_DONTNEED);
}

static int inflate_at(struct mn_unpacker *u, struct mn_buf *out,
		      size_t *used, const struct mn_packfile *p, uint64_t z,
		      uint64_t size, size_t max, struct mn_err *err)
{
	size_t left = p->pack.len - HASH - (size_t)z;

	if (size > max)
		return mn_err_set(err, MN_ELIMIT,
				  "object is larger than %zu bytes", max);
	/* Before memory is taken for a size that can't be true. */
	if (size / RATIO > left)
		return mn_err_set(err, MN_ECORRUPT,
				  "pack '%s': an entry is cut short",
				  p->name ? p->name : "");
	mn_buf_clear(out);
	mn_buf_grow(out, (size_t)size);
	if (mn_inflate(u->inflater, p->pack.p + z, left, out->p, (size_t)size,
		       used))
		return mn_err_set(err, MN_ECORRUPT,
				  "pack '%s': an entry is damaged",
				  p->name ? p->name : "");
	give_back(p, z, *used);
	mn_buf_setlen(out, (size_t)size);
	return 0;
}

/* Walks from a delta to the object that it all rests upon: *e, unless that
 * is in the cache: *hit. The deltas between are u->chain, the last first. */
static int follow(struct mn_unpacker *u, const struct mn_packfile *p,
		  uint64_t *off, struct mn_pack_entry *e,
		  const struct slot **hit, struct mn_err *err)
{
	int r;

	mn_vec_clear(&u->chain);
	for (;;) {
		*hit = cached(u, p, *off);
		if (*hit)
			return 0;
		r = mn_packfile_entry(p, *off, e, err);
		if (r < 0 || e->type)
			return r;
		if (u->chain.n == MN_CHAIN_MAX)
			return mn_err_set(err, MN_ECORRUPT,
					  "pack '%s': more than %d deltas in "
					  "a chain", p->name ? p->name : "",
					  MN_CHAIN_MAX);
		*mn_vec_push(&u->chain) = (struct link){ *off, e->z, e->size };
		*off = e->base;
	}
}

static int apply_chain(struct mn_unpacker *u, const struct mn_packfile *p,
		       const struct slot *base, size_t max, struct mn_err *err)
{
	size_t cap = max > MN_OBJECT_MAX ? max : MN_OBJECT_MAX;
	enum mn_otype type = base->type;
	uint64_t work = 0;
	size_t used;
	int r;

	while (u->chain.n) {
		struct link l = u->chain.p[--u->chain.n];

		r = inflate_at(u, &u->delta, &used, p, l.z, l.size, cap,
			       err);
		if (r < 0)
			return r;
		r = mn_delta_apply(&u->next, base->data.p, base->data.len,
				   u->delta.p, u->delta.len,
				   u->chain.n ? cap : max, err);
		if (r < 0)
			return mn_err_wrap(err, r, "pack '%s'",
					   p->name ? p->name : "");
		work += u->delta.len + u->next.len;
		if (work > WORK_MAX)
			return mn_err_set(err, MN_ELIMIT,
					  "pack '%s': a chain of deltas is "
					  "too large", p->name ? p->name : "");
		if (base == &u->cur)
			keep(u);
		struct mn_buf t = u->cur.data;
		u->cur = (struct slot){ p->id, l.off, type, u->next };
		u->next = t;
		base = &u->cur;
	}
	return 0;
}

int mn_unpack(struct mn_unpacker *u, struct mn_object *o,
	      const struct mn_packfile *p, uint64_t off, size_t max,
	      struct mn_err *err)
{
	size_t cap = max > MN_OBJECT_MAX ? max : MN_OBJECT_MAX;
	const struct slot *s;
	struct mn_pack_entry e;
	size_t used;
	int r, deltas;

	if (u->keep_cur)
		keep(u);
	u->keep_cur = 0;
	u->cur.type = (enum mn_otype)0;
	r = follow(u, p, &off, &e, &s, err);
	if (r < 0)
		return r;
	deltas = u->chain.n > 0;
	if (!s) {
		r = inflate_at(u, &u->cur.data, &used, p, e.z, e.size,
			       deltas ? cap : max, err);
		if (r < 0)
			return r;
		u->cur.pack = p->id;
		u->cur.off = off;
		u->cur.type = e.type;
		s = &u->cur;
	}
	if (deltas) {
		r = apply_chain(u, p, s, max, err);
		if (r < 0) {
			u->cur.type = (enum mn_otype)0;
			return r;
		}
		s = &u->cur;
		u->keep_cur = 1;
	} else if (s->data.len > max) {
		return mn_err_set(err, MN_ELIMIT,
				  "object is larger than %zu bytes", max);
	}
	o->type = s->type;
	o->data = s->data.p;
	o->len = s->data.len;
	return 0;
}

int mn_unpack_whole(struct mn_unpacker *u, struct mn_object *o, size_t *zlen,
		    const struct mn_packfile *p, uint64_t off, size_t max,
		    struct mn_err *err)
{
	struct mn_pack_entry e;
	int r = mn_packfile_entry(p, off, &e, err);

	if (r < 0)
		return r;
	if (!e.type)
		return mn_err_set(err, MN_EINVALID, "the entry is a delta");
	u->keep_cur = 0;
	u->cur.type = (enum mn_otype)0;
	r = inflate_at(u, &u->cur.data, zlen, p, e.z, e.size, max, err);
	if (r < 0)
		return r;
	o->type = e.type;
	o->data = u->cur.data.p;
	o->len = u->cur.data.len;
	return 0;
}

int mn_unpack_stat(struct mn_unpacker *u, enum mn_otype *type, uint64_t *size,
		   const struct mn_packfile *p, uint64_t off,
		   struct mn_err *err)
{
	unsigned char head[32];
	const struct slot *s;
	struct mn_pack_entry e;
	size_t got, left;
	int r = follow(u, p, &off, &e, &s, err);

	if (r < 0)
		return r;
	*type = s ? s->type : e.type;
	if (!u->chain.n) {
		*size = s ? s->data.len : e.size;
		return 0;
	}
	left = p->pack.len - HASH - (size_t)u->chain.p[0].z;
	if (mn_inflate_head(u->inflater, p->pack.p + u->chain.p[0].z, left,
			    head, sizeof(head), &got) ||
	    mn_delta_size(size, head, got))
		return mn_err_set(err, MN_ECORRUPT,
				  "pack '%s': a delta is damaged",
				  p->name ? p->name : "");
	return 0;
}
