#include "git/gzip.h"

#include <libdeflate.h>

#include "base/err.h"

#include "banned.h"

#define LEVEL 6

void mn_gzip(struct mn_buf *out, const void *data, size_t len)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
	size_t cap, n;

	if (!c)
		MN_BUG("out of memory");
	cap = libdeflate_gzip_compress_bound(c, len);
	mn_buf_grow(out, cap);
	n = libdeflate_gzip_compress(c, data, len, out->p + out->len, cap);
	if (!n)
		MN_BUG("gzip needs more room than its bound");
	mn_buf_setlen(out, out->len + n);
	libdeflate_free_compressor(c);
}
