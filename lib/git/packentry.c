#include "git/packentry.h"

#include "git/oid.h"

#include "banned.h"

/* The distance back to the base: big-endian groups of seven bits, each but
 * the last counting from one. */
static int get_distance(const unsigned char **p, const unsigned char *end,
			uint64_t *v)
{
	unsigned char c;

	if (*p == end)
		return 0;
	c = *(*p)++;
	*v = c & 0x7f;
	while (c & 0x80) {
		if (*v >= (UINT64_C(1) << 56))
			return -1;
		if (*p == end)
			return 0;
		c = *(*p)++;
		*v = ((*v + 1) << 7) | (c & 0x7f);
	}
	return *v ? 1 : -1;
}

static int get_base(struct mn_packentry *h, const unsigned char **at,
		    const unsigned char *end, const char **why)
{
	int r;

	if (h->type == MN_OFS_DELTA) {
		r = get_distance(at, end, &h->back);
		if (r < 0)
			*why = "the base of a delta is not in it";
		return r;
	}
	if ((size_t)(end - *at) < sizeof(struct mn_oid))
		return 0;
	h->base = *at;
	*at += sizeof(struct mn_oid);
	return 1;
}

int mn_packentry_parse(struct mn_packentry *h, const unsigned char *p,
		       size_t len, const char **why)
{
	const unsigned char *at = p, *end = p + len;
	unsigned c, shift = 4;
	int r = 1;

	if (!len)
		return 0;
	c = *at++;
	h->type = c >> 4 & 7;
	h->size = c & 15;
	h->back = 0;
	h->base = NULL;
	if (!h->type || h->type == 5) {
		*why = "an entry has an unknown type";
		return -1;
	}
	while (c & 0x80) {
		if (shift > 53) {
			*why = "the size of an entry is damaged";
			return -1;
		}
		if (at == end)
			return 0;
		c = *at++;
		h->size |= (uint64_t)(c & 0x7f) << shift;
		shift += 7;
	}
	if (h->type > MN_TAG)
		r = get_base(h, &at, end, why);
	h->len = (size_t)(at - p);
	return r;
}
