/*
 * delta: git's deltas (gitformat-pack(5), "Deltified representation"): the
 * size of the base, the size of the result, and instructions that copy a run
 * of the base or insert bytes. mn_delta_make stands in git/pack.h.
 */
#ifndef MN_GIT_DELTA_H
#define MN_GIT_DELTA_H

#include "base/buf.h"
#include "base/err.h"

/* The size of the result, from the first bytes (20 are enough). 0, -1. */
int mn_delta_size(uint64_t *size, const void *delta, size_t len);

/* Puts the result to out (whose old content is dropped). MN_ECORRUPT;
 * MN_ELIMIT where it were larger than max. */
int mn_delta_apply(struct mn_buf *out, const void *base, size_t baselen,
		   const void *delta, size_t len, size_t max,
		   struct mn_err *err);

#endif
