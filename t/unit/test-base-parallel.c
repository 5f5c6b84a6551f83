/* map and parallel */
#include "base/buf.h"
#include "base/map.h"
#include "base/parallel.h"

#include <stdatomic.h>
#include <time.h>

#include "tap.h"

#include "banned.h"

/* Keys that differ in a few bits of the first bytes only, or in the last. */
static void make_key(unsigned char key[20], size_t i, int tail)
{
	memset(key, 0, 20);
	memcpy(key + (tail ? 12 : 0), &i, sizeof(i));
}

static void test_map_many(void)
{
	unsigned char key[20];
	struct mn_map m;
	size_t i, n = 20000, bad = 0;

	mn_map_init(&m, sizeof(key));
	make_key(key, 1, 0);
	ok(mn_map_get(&m, key) == SIZE_MAX, "nothing in an empty map");
	for (i = 0; i < n; i++) {
		make_key(key, i, 0);
		mn_map_put(&m, key, i * 3);
	}
	is_int(m.n, n, "so many keys");
	for (i = 0; i < 2 * n; i++) {
		make_key(key, i, 0);
		bad += mn_map_get(&m, key) != (i < n ? i * 3 : SIZE_MAX);
	}
	is_int(bad, 0, "each has its value, and others have none");
	for (i = 0; i < n; i += 2) {
		make_key(key, i, 0);
		mn_map_put(&m, key, i + 1);
	}
	is_int(m.n, n, "replacing adds none");
	for (i = 0; i < n; i++) {
		make_key(key, i, 0);
		bad += mn_map_get(&m, key) != (i % 2 ? i * 3 : i + 1);
	}
	is_int(bad, 0, "and changes just those");
	mn_map_release(&m);
	ok(mn_map_get(&m, key) == SIZE_MAX, "a released map is empty");
	mn_map_put(&m, key, 5);
	is_int(mn_map_get(&m, key), 5, "and can be used again");
	mn_map_release(&m);
}

/* The hash is of eight bytes, but the whole key counts. */
static void test_map_tail(void)
{
	unsigned char key[20];
	struct mn_map m;
	size_t i, bad = 0;

	mn_map_init(&m, sizeof(key));
	for (i = 0; i < 500; i++) {
		make_key(key, i, 1);
		mn_map_put(&m, key, i);
	}
	for (i = 0; i < 1000; i++) {
		make_key(key, i, 1);
		bad += mn_map_get(&m, key) != (i < 500 ? i : SIZE_MAX);
	}
	is_int(bad, 0, "keys with the same hash");
	mn_map_release(&m);
}

#define N 10007

struct job {
	int *count;		/* calls for each item */
	size_t *sums;		/* one for each worker */
	atomic_int outside;	/* worker numbers that can't be */
	int threads;
};

static void add(void *ctx, int worker, size_t i)
{
	struct job *j = ctx;

	if (worker < 0 || worker >= j->threads) {
		atomic_fetch_add(&j->outside, 1);
		return;
	}
	j->count[i]++;
	j->sums[worker] += i;
}

/* How many of n items were not done exactly once, in rounds over one pool. */
static size_t run(int threads, size_t n, size_t grain, int rounds)
{
	struct mn_pool *p = mn_pool_new(threads);
	struct job j = { 0 };
	size_t bad = 0, i, sum;
	int r, w;

	j.threads = mn_pool_threads(p);
	j.count = mn_xcalloc(n, sizeof(*j.count));
	j.sums = mn_xcalloc((size_t)j.threads, sizeof(*j.sums));
	for (r = 0; r < rounds; r++) {
		mn_pool_for(p, n, grain, add, &j);
		for (i = 0; i < n; i++)
			bad += j.count[i] != r + 1;
	}
	for (sum = 0, w = 0; w < j.threads; w++)
		sum += j.sums[w];
	bad += sum != n * (n - (n > 0)) / 2 * (size_t)rounds;
	bad += (size_t)j.outside;
	free(j.count);
	free(j.sums);
	mn_pool_free(p);
	return bad;
}

static void test_pool(void)
{
	struct mn_pool *p;

	is_int(run(1, N, 10, 2), 0, "one thread");
	is_int(run(2, N, 1, 3), 0, "two, one by one");
	is_int(run(4, N, 64, 20), 0, "four, many rounds");
	is_int(run(7, N, 5000, 3), 0, "seven, three chunks");
	is_int(run(4, N, SIZE_MAX, 2), 0, "a grain beyond all items");
	is_int(run(4, 0, 1, 3), 0, "nothing to do");
	is_int(run(4, 3, 1, 300), 0, "fewer items than threads");
	is_int(run(3, N, 0, 1), 0, "grain 0 is 1");
	is_int(run(0, N, 16, 2), 0, "a thread a processor");
	p = mn_pool_new(3);
	is_int(mn_pool_threads(p), 3, "as many as asked for");
	mn_pool_free(p);
	p = mn_pool_new(0);
	ok(mn_pool_threads(p) >= 1, "at least one");
	mn_pool_free(p);
	mn_pool_free(NULL);
}

/* Waits for a second worker to come: proves that two run at once. */
static void meet(void *ctx, int worker, size_t i)
{
	const struct timespec ms = { 0, 1000000 };
	atomic_int *here = ctx;
	int tries;

	(void)worker;
	(void)i;
	atomic_fetch_add(here, 1);
	for (tries = 0; atomic_load(here) < 2 && tries < 10000; tries++)
		nanosleep(&ms, NULL);
	if (tries == 10000)
		atomic_fetch_sub(here, 100);
}

static void test_together(void)
{
	struct mn_pool *p = mn_pool_new(2);
	atomic_int here = 0;

	mn_pool_for(p, 2, 1, meet, &here);
	is_int(atomic_load(&here), 2, "two items are worked on at once");
	mn_pool_free(p);
}

int main(void)
{
	test_map_many();
	test_map_tail();
	test_pool();
	test_together();
	return done_testing();
}
