#include "git/delta.h"

#include <stdlib.h>
#include <string.h>

#include "git/pack.h"

#include "banned.h"

#define BLOCK 16		/* bytes of base that one index entry covers */
#define COPY_MAX 0x10000	/* what one copy of pack version 2 holds */
#define INSERT_MAX 127
#define INDEX_BITS_MAX 20

/* Little-endian groups of seven bits; NULL where it ends early, or is too
 * big. */
static const unsigned char *get_size(uint64_t *v, const unsigned char *p,
				     const unsigned char *end)
{
	unsigned shift = 0;

	*v = 0;
	do {
		if (p == end || shift > 56)
			return NULL;
		*v |= (uint64_t)(*p & 0x7f) << shift;
		shift += 7;
	} while (*p++ & 0x80);
	return p;
}

int mn_delta_size(uint64_t *size, const void *delta, size_t len)
{
	const unsigned char *p = delta, *end = p + len;
	uint64_t base;

	p = get_size(&base, p, end);
	if (p)
		p = get_size(size, p, end);
	return p ? 0 : -1;
}

/* Reads the offset and size of a copy; NULL where the delta ends early. */
static const unsigned char *get_copy(size_t *off, size_t *n, unsigned op,
				     const unsigned char *p,
				     const unsigned char *end)
{
	size_t v[2] = { 0, 0 };

	for (unsigned i = 0; i < 7; i++) {
		if (!(op & (1u << i)))
			continue;
		if (p == end)
			return NULL;
		if (i < 4)
			v[0] |= (size_t)*p++ << (8 * i);
		else
			v[1] |= (size_t)*p++ << (8 * (i - 4));
	}
	*off = v[0];
	*n = v[1] ? v[1] : COPY_MAX;
	return p;
}

static int run_ops(char *out, size_t outlen, const unsigned char *base,
		   size_t baselen, const unsigned char *p,
		   const unsigned char *end)
{
	size_t at = 0, off, n;

	while (p < end) {
		unsigned op = *p++;

		if (op & 0x80) {
			p = get_copy(&off, &n, op, p, end);
			if (!p || off > baselen || n > baselen - off ||
			    n > outlen - at)
				return -1;
			memcpy(out + at, base + off, n);
		} else {
			n = op;
			if (!n || n > (size_t)(end - p) || n > outlen - at)
				return -1;
			memcpy(out + at, p, n);
			p += n;
		}
		at += n;
	}
	return at == outlen ? 0 : -1;
}

int mn_delta_apply(struct mn_buf *out, const void *base, size_t baselen,
		   const void *delta, size_t len, size_t max,
		   struct mn_err *err)
{
	const unsigned char *p = delta, *end = p + len;
	uint64_t want, size;

	p = get_size(&want, p, end);
	if (p)
		p = get_size(&size, p, end);
	if (!p || want != baselen)
		return mn_err_set(err, MN_ECORRUPT,
				  "a delta does not fit its base");
	if (size > max)
		return mn_err_set(err, MN_ELIMIT,
				  "object is larger than %zu bytes", max);
	mn_buf_clear(out);
	mn_buf_grow(out, (size_t)size);
	if (run_ops(out->p, (size_t)size, base, baselen, p, end))
		return mn_err_set(err, MN_ECORRUPT, "a delta is damaged");
	mn_buf_setlen(out, (size_t)size);
	return 0;
}

static void put_size(struct mn_buf *out, uint64_t v)
{
	while (v >= 0x80) {
		mn_buf_addc(out, (char)(unsigned char)(v | 0x80));
		v >>= 7;
	}
	mn_buf_addc(out, (char)v);
}

static void put_insert(struct mn_buf *out, const unsigned char *p, size_t len)
{
	while (len) {
		size_t n = len < INSERT_MAX ? len : INSERT_MAX;

		mn_buf_addc(out, (char)n);
		mn_buf_add(out, p, n);
		p += n;
		len -= n;
	}
}

static void put_one_copy(struct mn_buf *out, size_t off, size_t n)
{
	unsigned char ins[8];
	size_t k = 1;
	unsigned op = 0x80;

	for (unsigned i = 0; i < 4; i++) {
		unsigned char c = (unsigned char)(off >> (8 * i));

		if (c) {
			op |= 1u << i;
			ins[k++] = c;
		}
	}
	for (unsigned i = 0; n != COPY_MAX && i < 2; i++) {
		unsigned char c = (unsigned char)(n >> (8 * i));

		if (c) {
			op |= 1u << (4 + i);
			ins[k++] = c;
		}
	}
	ins[0] = (unsigned char)op;
	mn_buf_add(out, ins, k);
}

static void put_copy(struct mn_buf *out, size_t off, size_t len)
{
	while (len) {
		size_t n = len < COPY_MAX ? len : COPY_MAX;

		put_one_copy(out, off, n);
		off += n;
		len -= n;
	}
}

static size_t same_ahead(const unsigned char *a, const unsigned char *b,
			 size_t max)
{
	size_t n = 0;
	uint64_t x, y;

	while (max - n >= sizeof(x)) {
		memcpy(&x, a + n, sizeof(x));
		memcpy(&y, b + n, sizeof(y));
		if (x != y)
			break;
		n += sizeof(x);
	}
	while (n < max && a[n] == b[n])
		n++;
	return n;
}

/* How many bytes before a and b are the same. */
static size_t same_behind(const unsigned char *a, const unsigned char *b,
			  size_t max)
{
	size_t n = 0;

	while (n < max && a[-1 - (ptrdiff_t)n] == b[-1 - (ptrdiff_t)n])
		n++;
	return n;
}

/* Where in the base a block of BLOCK bytes stands, by its hash; 0 is free,
 * else 1 + the number of the block. */
struct block_index {
	uint32_t *slot;
	unsigned bits;
};

static size_t block_slot(const struct block_index *x, const unsigned char *p)
{
	uint64_t a, b;

	memcpy(&a, p, sizeof(a));
	memcpy(&b, p + sizeof(a), sizeof(b));
	a = (a ^ (b << 29 | b >> 35)) * 0x9e3779b97f4a7c15u;
	a = (a ^ b ^ (a >> 32)) * 0xc2b2ae3d27d4eb4fu;
	return (size_t)(a >> (64 - x->bits));
}

static void index_blocks(struct block_index *x, const unsigned char *base,
			 size_t len)
{
	size_t n = len / BLOCK;

	x->bits = 4;
	while (x->bits < INDEX_BITS_MAX && ((size_t)1 << x->bits) < n * 2)
		x->bits++;
	if (n > UINT32_MAX - 1)
		n = UINT32_MAX - 1;
	x->slot = mn_xcalloc((size_t)1 << x->bits, sizeof(*x->slot));
	/* Backwards, so that of equal blocks the first one stays. */
	for (size_t i = n; i-- > 0; )
		x->slot[block_slot(x, base + i * BLOCK)] = (uint32_t)(i + 1);
}

/* The part of the target between what is the same at both ends. */
static void make_middle(struct mn_buf *out, const unsigned char *base,
			size_t baselen, const unsigned char *t, size_t len)
{
	struct block_index x;
	size_t at = 0, done = 0;	/* done: written up to here */

	index_blocks(&x, base, baselen);
	while (len - at >= BLOCK) {
		uint32_t s = x.slot[block_slot(&x, t + at)];
		size_t off = s ? (size_t)(s - 1) * BLOCK : 0, n, back;

		if (!s || memcmp(base + off, t + at, BLOCK)) {
			at++;
			continue;
		}
		n = len - at < baselen - off ? len - at : baselen - off;
		n = same_ahead(base + off, t + at, n);
		back = at - done < off ? at - done : off;
		back = same_behind(base + off, t + at, back);
		put_insert(out, t + done, at - back - done);
		put_copy(out, off - back, back + n);
		at += n;
		done = at;
	}
	put_insert(out, t + done, len - done);
	free(x.slot);
}

void mn_delta_make(struct mn_buf *out, const void *base, size_t baselen,
		   const void *target, size_t len)
{
	const unsigned char *b = base, *t = target;
	size_t min = baselen < len ? baselen : len;
	size_t head, tail, mid;

	if (baselen > UINT32_MAX)	/* what a copy can address */
		MN_BUG("base of a delta is too large");
	put_size(out, baselen);
	put_size(out, len);
	if (!min) {
		put_insert(out, t, len);
		return;
	}
	head = same_ahead(b, t, min);
	if (head < 4)
		head = 0;
	tail = same_behind(b + baselen, t + len, min - head);
	if (tail < 4)
		tail = 0;
	put_copy(out, 0, head);
	mid = len - head - tail;
	if (mid < BLOCK + 8 || baselen < BLOCK)
		put_insert(out, t + head, mid);
	else
		make_middle(out, b, baselen, t + head, mid);
	put_copy(out, baselen - tail, tail);
}
