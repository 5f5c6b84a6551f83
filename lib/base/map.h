/*
 * map: a hash table from fixed-size binary keys (ids, oids) to a size_t.
 * Open addressing, linear probing; keys are digests, so their first eight
 * bytes are the hash, mixed with a random seed against chosen ids.
 */
#ifndef MN_BASE_MAP_H
#define MN_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct mn_map {
	unsigned char *keys;	/* cap * keylen */
	size_t *vals;		/* SIZE_MAX marks a free slot */
	size_t n, cap, keylen;
	uint64_t seed;
};

void mn_map_init(struct mn_map *m, size_t keylen);	/* keylen >= 8 */
void mn_map_release(struct mn_map *m);
/* Inserts or replaces. val < SIZE_MAX. */
void mn_map_put(struct mn_map *m, const void *key, size_t val);
/* The value, or SIZE_MAX. */
size_t mn_map_get(const struct mn_map *m, const void *key);

#endif
