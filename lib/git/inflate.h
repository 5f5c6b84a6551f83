/*
 * inflate: zlib streams, for one thread. Whole ones of known size go through
 * libdeflate; where only the first bytes are wanted, through zlib.
 */
#ifndef MN_GIT_INFLATE_H
#define MN_GIT_INFLATE_H

#include <stddef.h>

struct libdeflate_decompressor;
struct z_stream_s;

struct mn_inflater {
	struct libdeflate_decompressor *whole;	/* made on first use */
	struct z_stream_s *some;
};

void mn_inflater_release(struct mn_inflater *f);

/* Inflates a stream at in to exactly len bytes; *used is what the stream
 * took of the input. 0, or -1 where it is damaged or of another size. */
int mn_inflate(struct mn_inflater *f, const void *in, size_t inlen, void *out,
	       size_t len, size_t *used);
/* Inflates a stream of unknown size: 0; 1 where it is longer than cap. */
int mn_inflate_upto(struct mn_inflater *f, const void *in, size_t inlen,
		    void *out, size_t cap, size_t *used, size_t *got);
/* The first bytes of a stream, of which in may be only the beginning. */
int mn_inflate_head(struct mn_inflater *f, const void *in, size_t inlen,
		    void *out, size_t cap, size_t *got);

#endif
