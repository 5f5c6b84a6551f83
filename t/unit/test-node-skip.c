/*
 * Skip links: from any node any earlier one is reached in a logarithmic
 * number of steps, by the skip link where it does not lead below what is
 * looked for, by prev otherwise.
 */
#include "node/meta.h"

#include "tap.h"

#include "banned.h"

#define N 1000000u
#define LARGE MN_NUMBER_MAX

static uint32_t skip[N + 1];
static unsigned char steps[N + 1];
static uint32_t stack[N + 1];

/*
 * The nodes fall into blocks: one of level k + 1 is three of level k and one
 * node more. In each level of the block that holds n the walk makes at most
 * two steps on its way up, past the blocks beside, and two on its way down.
 */
static unsigned bound(uint64_t n)
{
	unsigned levels = 0;

	for (uint64_t size = 0; size < n; size = 3 * size + 1)
		levels++;
	return 4 * levels;
}

static uint64_t next(uint64_t n, uint64_t target)
{
	uint64_t s = n <= N ? skip[n] : mn_lipmaa(n);

	return s >= target ? s : n - 1;
}

/* Each skip link leads down, and no two of them cross: where they did, a
 * greedy walk could miss. */
static void check_links(void)
{
	size_t top = 0, crossing = 0, up = 0;

	skip[0] = 0;
	stack[top++] = 0;
	for (uint32_t n = 1; n <= N; n++) {
		uint64_t s = mn_lipmaa(n);

		up += s >= n;
		skip[n] = (uint32_t)s;
		while (top && stack[top - 1] > s)
			top--;
		crossing += !top || stack[top - 1] != s;
		stack[top++] = n;
	}
	is_int(up, 0, "links lead down");
	is_int(crossing, 0, "no links cross");
}

/* The most steps from any n to m. */
static unsigned farthest(uint32_t m, uint32_t top, size_t *beyond)
{
	unsigned most = 0;

	steps[m] = 0;
	for (uint32_t n = m + 1; n <= top; n++) {
		uint64_t to = next(n, m);

		steps[n] = (unsigned char)(steps[to] + 1);
		if (steps[n] > most)
			most = steps[n];
		*beyond += steps[n] > bound(n);
	}
	return most;
}

static void check_all_pairs(void)
{
	size_t beyond = 0;
	unsigned most = 0, s;

	for (uint32_t m = 1; m < 4000; m++) {
		s = farthest(m, 4000, &beyond);
		most = s > most ? s : most;
	}
	is_int(beyond, 0, "all pairs up to 4000: %u steps at most, bound %u",
	       most, bound(4000));
}

static void check_from_all(void)
{
	size_t beyond = 0;
	unsigned most = 0, s;
	uint32_t m = 1, count = 0;

	for (; m < N; m += m / 3 + 1, count++) {
		s = farthest(m, N, &beyond);
		most = s > most ? s : most;
	}
	is_int(beyond, 0, "from all nodes up to %u to each of %u: %u steps at "
	       "most, bound %u", N, count, most, bound(N));
}

/* A chain of the greatest length, to places all over it. */
static void check_largest(void)
{
	unsigned most = 0, s;
	int reached = 1;

	for (uint64_t m = 1; m < LARGE; m += m / 7 + 1) {
		uint64_t n = LARGE;

		for (s = 0; n > m && s <= bound(LARGE); s++)
			n = next(n, m);
		reached &= n == m;
		most = s > most ? s : most;
	}
	ok(reached, "from the last number: %u steps at most, bound %u", most,
	   bound(LARGE));
}

int main(void)
{
	check_links();
	check_all_pairs();
	check_from_all();
	check_largest();
	return done_testing();
}
