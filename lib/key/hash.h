/*
 * hash: BLAKE2b-256 (RFC 7693), plain, keyed with a content's salt, and
 * streaming. Digests are 32 bytes.
 */
#ifndef MN_KEY_HASH_H
#define MN_KEY_HASH_H

#include <stddef.h>
#include <stdint.h>

#define MN_ID_HEX 64
#define MN_SALT_SIZE 16

/* A digest: node id, profile id, content digest, document digest. */
struct mn_id {
	unsigned char b[32];
};

/* BLAKE2b-256(prefix || data); prefix is a C string, may be "". */
void mn_hash(struct mn_id *out, const char *prefix, const void *data,
	     size_t len);
/* Keyed with key (16..64 bytes). */
void mn_hash_keyed(struct mn_id *out, const void *key, size_t keylen,
		   const void *data, size_t len);

/* On the heap it needs aligned_alloc: malloc gives 16. */
struct mn_hasher {
	_Alignas(64) unsigned char opaque[384];	/* libsodium's state */
};
void mn_hasher_init(struct mn_hasher *h, const void *key, size_t keylen);
void mn_hasher_add(struct mn_hasher *h, const void *data, size_t len);
void mn_hasher_done(struct mn_hasher *h, struct mn_id *out);	/* wipes h */

/* Reads 64 digits of [0-9a-f], and does not look at what follows; 0 or -1. */
int mn_id_parse(struct mn_id *out, const char *hex64);
void mn_id_hex(char out[MN_ID_HEX + 1], const struct mn_id *id);
int mn_id_cmp(const struct mn_id *a, const struct mn_id *b);
int mn_id_eq(const struct mn_id *a, const struct mn_id *b);
int mn_id_is_zero(const struct mn_id *a);

/* Random bytes from the kernel. */
void mn_random(void *out, size_t len);

/* Once a process, before anything of lib/key: 0 or MN_EFAIL. */
int mn_key_init(void);

#endif
