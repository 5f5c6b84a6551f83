/*
 * gunzip: a gzip stream (RFC 1952) as it arrives in slices, for bodies that a
 * client of HTTP compressed. What it inflates to is capped as it is made, so
 * that a small stream can't ask for much memory or disk.
 *
 *	g = mn_gunzip_new(max);
 *	r = mn_gunzip_feed(g, data, len, sink, ctx, &err);	any number
 *	r = mn_gunzip_finish(g, &err);
 *	mn_gunzip_free(g);
 */
#ifndef MN_GIT_GUNZIP_H
#define MN_GIT_GUNZIP_H

#include <stdint.h>

#include "base/err.h"

struct mn_gunzip;

typedef int mn_gunzip_sink(void *ctx, const void *data, size_t len,
			   struct mn_err *err);

/* max: bytes that may come out in all. Never NULL. */
struct mn_gunzip *mn_gunzip_new(uint64_t max);
void mn_gunzip_free(struct mn_gunzip *g);	/* NULL allowed */
/* MN_EINVALID: not gzip, damaged, or bytes behind its end; MN_ELIMIT: more
 * than max comes out; else what the sink returned below 0. */
int mn_gunzip_feed(struct mn_gunzip *g, const void *data, size_t len,
		   mn_gunzip_sink *sink, void *ctx, struct mn_err *err);
/* MN_EINVALID where the stream has not ended. */
int mn_gunzip_finish(struct mn_gunzip *g, struct mn_err *err);

#endif
