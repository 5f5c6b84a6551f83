#include "key/hash.h"

#include <sodium.h>
#include <string.h>

#include "base/err.h"
#include "base/hex.h"

#include "banned.h"

typedef crypto_generichash_blake2b_state blake;

_Static_assert(sizeof(blake) <= sizeof(struct mn_hasher),
	       "libsodium's state fits");
_Static_assert(_Alignof(struct mn_hasher) >= _Alignof(blake),
	       "libsodium's state is aligned");
_Static_assert(sizeof(struct mn_id) == 32, "ids have no padding");

static blake *state(struct mn_hasher *h)
{
	return (blake *)(void *)h;
}

static void check_key(const void *key, size_t keylen)
{
	if (!key || keylen < crypto_generichash_blake2b_KEYBYTES_MIN ||
	    keylen > crypto_generichash_blake2b_KEYBYTES_MAX)
		MN_BUG("impossible length of a hash key");
}

void mn_hash(struct mn_id *out, const char *prefix, const void *data,
	     size_t len)
{
	blake b;

	crypto_generichash_blake2b_init(&b, NULL, 0, sizeof(out->b));
	if (*prefix)
		crypto_generichash_blake2b_update(
			&b, (const unsigned char *)prefix, strlen(prefix));
	if (len)
		crypto_generichash_blake2b_update(&b, data, len);
	crypto_generichash_blake2b_final(&b, out->b, sizeof(out->b));
}

void mn_hash_keyed(struct mn_id *out, const void *key, size_t keylen,
		   const void *data, size_t len)
{
	check_key(key, keylen);
	crypto_generichash_blake2b(out->b, sizeof(out->b), data, len, key,
				   keylen);
}

void mn_hasher_init(struct mn_hasher *h, const void *key, size_t keylen)
{
	if (keylen)
		check_key(key, keylen);
	crypto_generichash_blake2b_init(state(h), keylen ? key : NULL, keylen,
					sizeof(struct mn_id));
}

void mn_hasher_add(struct mn_hasher *h, const void *data, size_t len)
{
	if (len)
		crypto_generichash_blake2b_update(state(h), data, len);
}

void mn_hasher_done(struct mn_hasher *h, struct mn_id *out)
{
	crypto_generichash_blake2b_final(state(h), out->b, sizeof(out->b));
	/* The rest of the state may hold a key or a secret message. */
	sodium_memzero(h, sizeof(*h));
}

int mn_id_parse(struct mn_id *out, const char *hex64)
{
	return mn_hex_decode(out->b, hex64, sizeof(out->b));
}

void mn_id_hex(char out[MN_ID_HEX + 1], const struct mn_id *id)
{
	mn_hex_encode(out, id->b, sizeof(id->b));
}

int mn_id_cmp(const struct mn_id *a, const struct mn_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

int mn_id_eq(const struct mn_id *a, const struct mn_id *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

int mn_id_is_zero(const struct mn_id *a)
{
	static const struct mn_id zero;

	return mn_id_eq(a, &zero);
}

void mn_random(void *out, size_t len)
{
	randombytes_buf(out, len);
}

int mn_key_init(void)
{
	return sodium_init() < 0 ? MN_EFAIL : 0;
}
