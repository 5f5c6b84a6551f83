/*
 * sign: Ed25519 (RFC 8032) and sealing to an Ed25519 key. Secret keys lie
 * in locked memory (sodium_malloc) behind an opaque type, and are wiped when
 * freed.
 */
#ifndef MN_KEY_SIGN_H
#define MN_KEY_SIGN_H

#include "base/err.h"
#include "key/hash.h"

#define MN_SIG_SIZE 64
#define MN_SEALED_SIZE 80	/* 32 ephemeral key, 16 tag, 32 secret */

struct mn_pub {
	unsigned char b[32];
};
struct mn_sig {
	unsigned char b[MN_SIG_SIZE];
};
struct mn_secret;		/* an Ed25519 secret key */

struct mn_secret *mn_secret_random(void);		/* never NULL */
struct mn_secret *mn_secret_from_seed(const unsigned char seed[32]);
void mn_secret_free(struct mn_secret *s);		/* NULL allowed */
void mn_secret_pub(struct mn_pub *out, const struct mn_secret *s);
/* Copies the 32-byte seed out; the caller wipes it (mn_wipe). */
void mn_secret_seed(unsigned char seed[32], const struct mn_secret *s);

/* Ed25519 over prefix || data (prefix a C string); prefix and data together
 * at most 256 bytes: what is signed here are digests. */
void mn_sign(struct mn_sig *out, const struct mn_secret *s, const char *prefix,
	     const void *data, size_t len);
/* 1 when it verifies (strictly), else 0. */
int mn_verify(const struct mn_sig *sig, const struct mn_pub *pub,
	      const char *prefix, const void *data, size_t len);

/* crypto_box_seal of 32 bytes to the X25519 form of pub. 0 or MN_EINVALID. */
int mn_seal(unsigned char out[MN_SEALED_SIZE], const struct mn_pub *pub,
	    const unsigned char secret[32], struct mn_err *err);
int mn_unseal(unsigned char secret[32], const struct mn_secret *s,
	      const unsigned char box[MN_SEALED_SIZE], struct mn_err *err);

void mn_wipe(void *p, size_t n);

#endif
