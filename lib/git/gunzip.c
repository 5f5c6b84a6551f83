#include "git/gunzip.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/buf.h"

#include "banned.h"

#define GZIP_ONLY (15 + 16)	/* see inflateInit2 */
#define OUT_SIZE 16384

struct mn_gunzip {
	z_stream z;
	uint64_t left;		/* bytes that may still come out */
	int ended;
	unsigned char out[OUT_SIZE];
};

struct mn_gunzip *mn_gunzip_new(uint64_t max)
{
	struct mn_gunzip *g = mn_xmalloc(sizeof(*g));

	memset(&g->z, 0, sizeof(g->z));
	if (inflateInit2(&g->z, GZIP_ONLY) != Z_OK)
		MN_BUG("no memory for inflate");
	g->left = max;
	g->ended = 0;
	return g;
}

void mn_gunzip_free(struct mn_gunzip *g)
{
	if (!g)
		return;
	inflateEnd(&g->z);
	free(g);
}

/* Hands on what one call of inflate made. */
static int hand_on(struct mn_gunzip *g, mn_gunzip_sink *sink, void *ctx,
		   struct mn_err *err)
{
	size_t n = OUT_SIZE - g->z.avail_out;

	if (!n)
		return 0;
	if (n > g->left)
		return mn_err_set(err, MN_ELIMIT, "more than is allowed comes "
				  "out of a compressed body");
	g->left -= n;
	return sink(ctx, g->out, n, err);
}

int mn_gunzip_feed(struct mn_gunzip *g, const void *data, size_t len,
		   mn_gunzip_sink *sink, void *ctx, struct mn_err *err)
{
	int r, z;

	if (len > UINT_MAX)
		return mn_err_set(err, MN_ELIMIT, "too much at a time");
	if (!len)
		return 0;
	if (g->ended)
		return mn_err_set(err, MN_EINVALID,
				  "bytes behind the end of a gzip stream");
	g->z.next_in = (z_const Bytef *)(uintptr_t)data;
	g->z.avail_in = (unsigned)len;
	do {
		g->z.next_out = g->out;
		g->z.avail_out = OUT_SIZE;
		z = inflate(&g->z, Z_NO_FLUSH);
		if (z != Z_OK && z != Z_STREAM_END && z != Z_BUF_ERROR)
			return mn_err_set(err, MN_EINVALID,
					  "not a good gzip stream");
		r = hand_on(g, sink, ctx, err);
		if (r < 0)
			return r;
	} while (z != Z_STREAM_END && (g->z.avail_in || !g->z.avail_out));
	g->ended = z == Z_STREAM_END;
	if (g->ended && g->z.avail_in)
		return mn_err_set(err, MN_EINVALID,
				  "bytes behind the end of a gzip stream");
	return 0;
}

int mn_gunzip_finish(struct mn_gunzip *g, struct mn_err *err)
{
	return g->ended ? 0 : mn_err_set(err, MN_EINVALID,
					 "a gzip stream is cut short");
}
