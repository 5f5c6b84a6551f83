#include <libdeflate.h>
#include <stdlib.h>

#include "base/buf.h"
#include "git/pack.h"

#include "banned.h"

#define SAMPLE ((size_t)64 * 1024)

struct mn_deflater {
	struct libdeflate_compressor *c;
	struct libdeflate_compressor *probe;	/* made on first use */
	struct mn_buf scratch;
};

static struct libdeflate_compressor *compressor(int level)
{
	struct libdeflate_compressor *c = libdeflate_alloc_compressor(level);

	if (!c)
		MN_BUG("out of memory, or no level of compression");
	return c;
}

struct mn_deflater *mn_deflater_new(int level)
{
	struct mn_deflater *d = mn_xcalloc(1, sizeof(*d));

	d->c = compressor(level);
	mn_buf_init(&d->scratch);
	return d;
}

void mn_deflater_free(struct mn_deflater *d)
{
	if (!d)
		return;
	libdeflate_free_compressor(d->c);
	if (d->probe)
		libdeflate_free_compressor(d->probe);
	mn_buf_release(&d->scratch);
	free(d);
}

void mn_deflate(struct mn_deflater *d, struct mn_buf *out, const void *data,
		size_t len)
{
	size_t cap = libdeflate_zlib_compress_bound(d->c, len), n;

	mn_buf_grow(out, cap);
	n = libdeflate_zlib_compress(d->c, len ? data : "", len,
				     out->p + out->len, cap);
	if (!n)
		MN_BUG("deflate needs more room than its bound");
	mn_buf_setlen(out, out->len + n);
}

int mn_deflate_pays(struct mn_deflater *d, const void *data, size_t len)
{
	const char *p = data;
	size_t cap;

	if (len > SAMPLE) {
		p += (len - SAMPLE) / 2;
		len = SAMPLE;
	}
	if (!len)
		return 0;
	if (!d->probe)
		d->probe = compressor(1);
	cap = len - len / 25;	/* does it fit in 96 %? */
	mn_buf_clear(&d->scratch);
	mn_buf_grow(&d->scratch, cap);
	return libdeflate_zlib_compress(d->probe, p, len, d->scratch.p, cap)
		!= 0;
}
