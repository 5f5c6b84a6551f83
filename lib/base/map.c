#include "base/map.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"

#include "banned.h"

void mn_map_init(struct mn_map *m, size_t keylen)
{
	if (keylen < sizeof(uint64_t))
		MN_BUG("map key too short");
	memset(m, 0, sizeof(*m));
	m->keylen = keylen;
	/* Not a secret, just unknown beforehand: any seed is better than a
	 * failure. */
	if (getrandom(&m->seed, sizeof(m->seed), 0) != sizeof(m->seed))
		m->seed = (uint64_t)mn_date_mono();
}

void mn_map_release(struct mn_map *m)
{
	free(m->keys);
	free(m->vals);
	m->keys = NULL;
	m->vals = NULL;
	m->n = m->cap = 0;
}

/* The slot that holds the key, or the free one where it belongs. */
static size_t find(const struct mn_map *m, const void *key)
{
	uint64_t h;
	size_t i;

	memcpy(&h, key, sizeof(h));
	h ^= m->seed;
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	h = (h ^ h >> 32) * UINT64_C(0xd6e8feb86659fd93);
	h ^= h >> 32;
	for (i = (size_t)h & (m->cap - 1); m->vals[i] != SIZE_MAX;
	     i = (i + 1) & (m->cap - 1))
		if (!memcmp(m->keys + i * m->keylen, key, m->keylen))
			break;
	return i;
}

static void rehash(struct mn_map *m)
{
	struct mn_map old = *m;
	size_t i;

	m->cap = old.cap ? old.cap * 2 : 16;
	if (m->cap > SIZE_MAX / m->keylen)
		MN_BUG("map without a cap");
	m->keys = mn_xmalloc(m->cap * m->keylen);
	m->vals = mn_xcalloc(m->cap, sizeof(*m->vals));
	for (i = 0; i < m->cap; i++)
		m->vals[i] = SIZE_MAX;
	for (i = 0; i < old.cap; i++) {
		const unsigned char *key = old.keys + i * m->keylen;
		size_t to;

		if (old.vals[i] == SIZE_MAX)
			continue;
		to = find(m, key);
		memcpy(m->keys + to * m->keylen, key, m->keylen);
		m->vals[to] = old.vals[i];
	}
	mn_map_release(&old);
}

void mn_map_put(struct mn_map *m, const void *key, size_t val)
{
	size_t i;

	if (val == SIZE_MAX)
		MN_BUG("map value means a free slot");
	if (m->n + 1 > m->cap / 4 * 3)
		rehash(m);
	i = find(m, key);
	if (m->vals[i] == SIZE_MAX) {
		memcpy(m->keys + i * m->keylen, key, m->keylen);
		m->n++;
	}
	m->vals[i] = val;
}

size_t mn_map_get(const struct mn_map *m, const void *key)
{
	return m->n ? m->vals[find(m, key)] : SIZE_MAX;
}
