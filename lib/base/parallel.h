/*
 * parallel: the same work over 0..n-1 on several threads. Items are handed
 * out in chunks of grain, in order. The function must not fail the process;
 * it leaves its result in its item.
 */
#ifndef MN_BASE_PARALLEL_H
#define MN_BASE_PARALLEL_H

#include <stddef.h>

struct mn_pool;		/* worker threads that wait between calls */

/* threads 0: one a processor. Never NULL; with 1, work runs in the caller. */
struct mn_pool *mn_pool_new(int threads);
int mn_pool_threads(const struct mn_pool *p);
/* Calls fn(ctx, worker, i) for each i; worker is 0..threads-1. Returns when
 * all are done. The caller's thread is worker 0. One call at a time on a
 * pool: fn must not call it again. */
void mn_pool_for(struct mn_pool *p, size_t n, size_t grain,
		 void (*fn)(void *ctx, int worker, size_t i), void *ctx);
void mn_pool_free(struct mn_pool *p);

#endif
