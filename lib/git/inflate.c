#include "git/inflate.h"

#include <libdeflate.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/err.h"

#include "banned.h"

void mn_inflater_release(struct mn_inflater *f)
{
	if (f->whole)
		libdeflate_free_decompressor(f->whole);
	if (f->some)
		inflateEnd(f->some);
	free(f->some);
	f->whole = NULL;
	f->some = NULL;
}

static enum libdeflate_result run(struct mn_inflater *f, const void *in,
				  size_t inlen, void *out, size_t cap,
				  size_t *used, size_t *got)
{
	if (!f->whole)
		f->whole = libdeflate_alloc_decompressor();
	if (!f->whole)
		MN_BUG("out of memory");
	return libdeflate_zlib_decompress_ex(f->whole, in, inlen, out, cap,
					     used, got);
}

int mn_inflate(struct mn_inflater *f, const void *in, size_t inlen, void *out,
	       size_t len, size_t *used)
{
	size_t n;

	if (run(f, in, inlen, out, len, used, &n) != LIBDEFLATE_SUCCESS)
		return -1;
	return n == len ? 0 : -1;
}

int mn_inflate_upto(struct mn_inflater *f, const void *in, size_t inlen,
		    void *out, size_t cap, size_t *used, size_t *got)
{
	switch (run(f, in, inlen, out, cap, used, got)) {
	case LIBDEFLATE_SUCCESS:
		return 0;
	case LIBDEFLATE_INSUFFICIENT_SPACE:
		return 1;
	default:
		return -1;
	}
}

int mn_inflate_head(struct mn_inflater *f, const void *in, size_t inlen,
		    void *out, size_t cap, size_t *got)
{
	int r;

	if (!f->some) {
		f->some = mn_xcalloc(1, sizeof(*f->some));
		if (inflateInit(f->some) != Z_OK)
			MN_BUG("out of memory");
	} else if (inflateReset(f->some) != Z_OK) {
		return -1;
	}
	if (inlen > UINT_MAX)
		inlen = UINT_MAX;
	f->some->next_in = (z_const Bytef *)(uintptr_t)in;
	f->some->avail_in = (uInt)inlen;
	f->some->next_out = out;
	f->some->avail_out = (uInt)cap;
	r = inflate(f->some, Z_SYNC_FLUSH);
	*got = cap - f->some->avail_out;
	if (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR)
		return 0;
	return -1;
}
