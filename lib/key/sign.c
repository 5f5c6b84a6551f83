#include "key/sign.h"

#include <sodium.h>
#include <string.h>

#include "key/locked.h"

#include "banned.h"

#define MESSAGE_MAX 256

struct mn_secret {
	unsigned char sk[crypto_sign_SECRETKEYBYTES];	/* seed || public */
};

_Static_assert(sizeof(struct mn_pub) == crypto_sign_PUBLICKEYBYTES, "key");
_Static_assert(MN_SIG_SIZE == crypto_sign_BYTES, "signature");
_Static_assert(MN_SEALED_SIZE == crypto_box_SEALBYTES + 32, "sealed box");

struct mn_secret *mn_secret_random(void)
{
	struct mn_secret *s = mn_locked_new(sizeof(*s));
	struct mn_pub pub;

	crypto_sign_keypair(pub.b, s->sk);
	mn_locked_seal(s);
	return s;
}

struct mn_secret *mn_secret_from_seed(const unsigned char seed[32])
{
	struct mn_secret *s = mn_locked_new(sizeof(*s));
	struct mn_pub pub;

	crypto_sign_seed_keypair(pub.b, s->sk, seed);
	mn_locked_seal(s);
	return s;
}

void mn_secret_free(struct mn_secret *s)
{
	mn_locked_free(s);
}

void mn_secret_pub(struct mn_pub *out, const struct mn_secret *s)
{
	memcpy(out->b, s->sk + 32, sizeof(out->b));
}

void mn_secret_seed(unsigned char seed[32], const struct mn_secret *s)
{
	memcpy(seed, s->sk, 32);
}

static size_t join(unsigned char out[MESSAGE_MAX], const char *prefix,
		   const void *data, size_t len)
{
	size_t plen = strlen(prefix);

	if (plen > MESSAGE_MAX || len > MESSAGE_MAX - plen)
		MN_BUG("a message too long to sign");
	memcpy(out, prefix, plen);
	if (len)
		memcpy(out + plen, data, len);
	return plen + len;
}

void mn_sign(struct mn_sig *out, const struct mn_secret *s, const char *prefix,
	     const void *data, size_t len)
{
	unsigned char m[MESSAGE_MAX];
	size_t n = join(m, prefix, data, len);

	crypto_sign_detached(out->b, NULL, m, n, s->sk);
}

int mn_verify(const struct mn_sig *sig, const struct mn_pub *pub,
	      const char *prefix, const void *data, size_t len)
{
	unsigned char m[MESSAGE_MAX];
	size_t n = join(m, prefix, data, len);

	return !crypto_sign_verify_detached(sig->b, m, n, pub->b);
}

int mn_seal(unsigned char out[MN_SEALED_SIZE], const struct mn_pub *pub,
	    const unsigned char secret[32], struct mn_err *err)
{
	unsigned char x[crypto_box_PUBLICKEYBYTES];

	if (crypto_sign_ed25519_pk_to_curve25519(x, pub->b) < 0 ||
	    crypto_box_seal(out, secret, 32, x) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "cannot seal to an invalid public key");
	return 0;
}

int mn_unseal(unsigned char secret[32], const struct mn_secret *s,
	      const unsigned char box[MN_SEALED_SIZE], struct mn_err *err)
{
	unsigned char xsk[crypto_box_SECRETKEYBYTES];
	unsigned char xpk[crypto_box_PUBLICKEYBYTES];
	int r;

	crypto_sign_ed25519_sk_to_curve25519(xsk, s->sk);
	crypto_scalarmult_base(xpk, xsk);
	r = crypto_box_seal_open(secret, box, MN_SEALED_SIZE, xpk, xsk);
	mn_wipe(xsk, sizeof(xsk));
	if (r < 0)
		return mn_err_set(err, MN_EINVALID,
				  "a sealed secret is damaged, "
				  "or is for another device");
	return 0;
}

void mn_wipe(void *p, size_t n)
{
	sodium_memzero(p, n);
}
