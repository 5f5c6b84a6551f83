/*
 * root: the root secret of a profile (16 random bytes), the keys made from
 * it, and its recovery phrase. mnformat-identity(5), ROOT SECRET.
 */
#ifndef MN_KEY_ROOT_H
#define MN_KEY_ROOT_H

#include "base/buf.h"
#include "key/sign.h"

#define MN_ROOT_SIZE 16
#define MN_PHRASE_MAX 64	/* ten words of five letters, spaces, NUL */

struct mn_root;			/* in locked memory */

struct mn_root *mn_root_random(void);
struct mn_root *mn_root_from_bytes(const unsigned char b[MN_ROOT_SIZE]);
void mn_root_bytes(unsigned char b[MN_ROOT_SIZE], const struct mn_root *r);
void mn_root_free(struct mn_root *r);

/* Root key number n (that of the document it signs). Caller frees. */
struct mn_secret *mn_root_key(const struct mn_root *r, uint64_t n);
/* BLAKE2b-256("mn:root-key:1\n" || pub), what the document before names. */
void mn_root_commitment(struct mn_id *out, const struct mn_pub *pub);
/* X25519 key pair number n; the caller wipes secret. */
void mn_root_encryption(unsigned char secret[32], unsigned char pub[32],
			const struct mn_root *r, uint64_t n);

/* The phrase: the caller wipes it. */
void mn_phrase_encode(char out[MN_PHRASE_MAX], const struct mn_root *r);
/* MN_EINVALID: not ten words, or the check does not hold. */
int mn_phrase_decode(struct mn_root **out, const char *phrase,
		     struct mn_err *err);

#endif
