/* Ed25519: RFC 8032, 7.1; what a strict verifier refuses; sealing. */
#include "key/sign.h"

#include <string.h>

#include "base/hex.h"

#include "tap.h"

#include "banned.h"

static const struct vector {
	const char *name, *seed, *pub, *message, *sig;
} vectors[] = {
	{ "TEST 1",
	  "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
	  "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
	  "",
	  "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155"
	  "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b" },
	{ "TEST 2",
	  "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
	  "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
	  "72",
	  "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
	  "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00" },
	{ "TEST 3",
	  "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
	  "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
	  "af82",
	  "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
	  "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a" },
	{ "TEST SHA(abc)",
	  "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
	  "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
	  "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
	  "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704" },
};

static void unhex(void *out, const char *hex)
{
	if (mn_hex_decode(out, hex, strlen(hex) / 2) < 0)
		abort();
}

static struct mn_secret *secret(const char *hex)
{
	unsigned char seed[32];

	unhex(seed, hex);
	return mn_secret_from_seed(seed);
}

static void test_vector(const struct vector *v)
{
	struct mn_secret *s = secret(v->seed);
	unsigned char message[64], seed[32];
	size_t len = strlen(v->message) / 2;
	struct mn_sig sig, want;
	struct mn_pub pub;
	char hex[65];

	unhex(message, v->message);
	unhex(want.b, v->sig);
	mn_secret_pub(&pub, s);
	mn_hex_encode(hex, pub.b, 32);
	is_str(hex, v->pub, "%s: public key", v->name);
	mn_secret_seed(seed, s);
	mn_hex_encode(hex, seed, 32);
	is_str(hex, v->seed, "%s: the seed comes out again", v->name);
	mn_sign(&sig, s, "", message, len);
	is_mem(sig.b, want.b, sizeof(sig.b), "%s: signature", v->name);
	ok(mn_verify(&want, &pub, "", message, len), "%s: verifies", v->name);
	mn_secret_free(s);
}

static void test_prefix(void)
{
	struct mn_secret *s = secret(vectors[0].seed);
	unsigned char big[256] = { 0 };
	struct mn_sig a, b;
	struct mn_pub pub;

	mn_secret_pub(&pub, s);
	mn_sign(&a, s, "mn:x:1\n", "data", 4);
	mn_sign(&b, s, "", "mn:x:1\ndata", 11);
	is_mem(a.b, b.b, sizeof(a.b), "a prefix goes before the data");
	ok(mn_verify(&a, &pub, "mn:x:1\n", "data", 4), "it verifies");
	ok(!mn_verify(&a, &pub, "mn:y:1\n", "data", 4), "no other prefix does");
	ok(!mn_verify(&a, &pub, "mn:x:1\n", "date", 4), "no other data does");
	ok(!mn_verify(&a, &pub, "mn:x:1\n", "data", 3), "nor less data");
	mn_sign(&a, s, "", big, 256);
	ok(mn_verify(&a, &pub, "", big, 256), "256 bytes");
	mn_secret_free(s);
}

static int flips_that_pass(void *p, size_t n, const struct mn_sig *sig,
			   const struct mn_pub *pub, char *data, size_t len)
{
	unsigned char *b = p;
	int passed = 0;

	for (size_t i = 0; i < 8 * n; i++) {
		b[i / 8] ^= (unsigned char)(1 << i % 8);
		passed += mn_verify(sig, pub, "p", data, len);
		b[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	return passed;
}

static void test_tampering(void)
{
	struct mn_secret *s = mn_secret_random(), *t = mn_secret_random();
	struct mn_pub pub, other;
	struct mn_sig sig;
	char data[32] = "what was signed";

	mn_secret_pub(&pub, s);
	mn_secret_pub(&other, t);
	mn_sign(&sig, s, "p", data, sizeof(data));
	is_int(flips_that_pass(sig.b, sizeof(sig.b), &sig, &pub, data, 32), 0,
	       "no bit of the signature may differ");
	is_int(flips_that_pass(pub.b, sizeof(pub.b), &sig, &pub, data, 32), 0,
	       "none of the key");
	is_int(flips_that_pass(data, sizeof(data), &sig, &pub, data, 32), 0,
	       "none of the data");
	ok(mn_verify(&sig, &pub, "p", data, 32), "unchanged, it verifies");
	ok(!mn_verify(&sig, &other, "p", data, 32), "not with another key");
	mn_secret_free(s);
	mn_secret_free(t);
	mn_secret_free(NULL);
}

/* S + L is the same scalar as S: a second spelling of a signature. */
static void test_s_not_reduced(void)
{
	static const unsigned char order[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c,
		0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0, 0, 0, 0,
		0, 0, 0, 0, 0, 0, 0, 0x10
	};
	const struct vector *v = &vectors[1];
	struct mn_sig sig;
	struct mn_pub pub;

	unhex(pub.b, v->pub);
	unhex(sig.b, v->sig);
	ok(mn_verify(&sig, &pub, "", "\x72", 1), "a signature");
	for (int times = 1; times < 8; times++) {
		unsigned carry = 0;

		for (int i = 0; i < 32; i++) {
			carry += (unsigned)sig.b[32 + i] + order[i];
			sig.b[32 + i] = (unsigned char)carry;
			carry >>= 8;
		}
		ok(!carry && !mn_verify(&sig, &pub, "", "\x72", 1),
		   "its S + %d L is refused", times);
	}
}

/* The points of order 1, 2, 4 and 8, and their other spellings. */
static const char *const small[] = {
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0000000000000000000000000000000000000000000000000000000000000080",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void test_small_order_key(void)
{
	unsigned char box[MN_SEALED_SIZE], secret32[32] = { 7 };
	/* R = B and S = 1: under a key A of small order this holds for every
	 * message whose hash is a multiple of A's order. */
	struct mn_sig sig = { { 0 } };
	struct mn_pub pub;

	memset(sig.b, 0x66, 32);
	sig.b[0] = 0x58;
	sig.b[32] = 1;
	for (size_t i = 0; i < sizeof(small) / sizeof(*small); i++) {
		struct mn_err err = MN_ERR_INIT;
		int passed = 0;

		unhex(pub.b, small[i]);
		for (unsigned char m = 0; m < 64; m++)
			passed += mn_verify(&sig, &pub, "", &m, 1);
		is_int(passed, 0, "nothing verifies with %.6s..%s", small[i],
		       small[i] + 62);
		is_int(mn_seal(box, &pub, secret32, &err), MN_EINVALID,
		       "nor is a secret sealed to it");
	}
}

/* RFC 8032's equation holds here, with R the neutral element; who accepts it
 * and who does not would disagree about a node. */
static void test_small_order_r(void)
{
	struct mn_sig sig = { { 1 } };
	struct mn_pub pub;

	unhex(pub.b, vectors[0].pub);
	unhex(sig.b + 32, "49e9a1c9a1fc22b4a6d516a1f8fe9909"
			  "523abb1239429a6d32f67f0eb5768400");
	ok(!mn_verify(&sig, &pub, "", "a small R", 9),
	   "an R of small order is refused");
}

static void test_seal_known(void)
{
	struct mn_secret *s = secret(vectors[0].seed);
	unsigned char box[MN_SEALED_SIZE], got[32], want[32];

	for (unsigned char i = 0; i < 32; i++)
		want[i] = i;
	unhex(box, "79a631eede1bf9c98f12032cdeadd0e7a079398fc786b88cc846ec89"
		   "af85a51a46efba1e36ca3846faa2ddbe262fbbde114879b923f3fbc5"
		   "3c55dd1003c998186ccffc775d37ac93b0180558b415a113");
	is_int(mn_unseal(got, s, box, NULL), 0, "a known sealed box opens");
	is_mem(got, want, 32, "and holds what it should");
	mn_secret_free(s);
}

static void test_seal(void)
{
	struct mn_secret *s = mn_secret_random(), *t = mn_secret_random();
	unsigned char box[MN_SEALED_SIZE], again[MN_SEALED_SIZE];
	unsigned char in[32], out[32];
	struct mn_err err = MN_ERR_INIT;
	struct mn_pub pub;
	int opened = 0;

	mn_random(in, sizeof(in));
	mn_secret_pub(&pub, s);
	is_int(mn_seal(box, &pub, in, &err), 0, "seal");
	is_int(mn_unseal(out, s, box, &err), 0, "unseal");
	is_mem(out, in, sizeof(in), "the secret comes back");
	is_int(mn_seal(again, &pub, in, &err), 0, "seal again");
	ok(memcmp(box, again, sizeof(box)), "no box is like another");
	is_int(mn_unseal(out, t, box, &err), MN_EINVALID,
	       "another device can't open it");
	ok(*err.msg, "and says so");
	for (size_t i = 0; i < 8 * sizeof(box); i++) {
		box[i / 8] ^= (unsigned char)(1 << i % 8);
		opened += !mn_unseal(out, s, box, NULL);
		box[i / 8] ^= (unsigned char)(1 << i % 8);
	}
	is_int(opened, 0, "no bit of a box may differ");
	mn_secret_free(s);
	mn_secret_free(t);
}

static void test_wipe(void)
{
	unsigned char b[64], zero[64] = { 0 };

	memset(b, 0xaa, sizeof(b));
	mn_wipe(b, sizeof(b));
	is_mem(b, zero, sizeof(b), "wiped");
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		test_vector(&vectors[i]);
	test_prefix();
	test_tampering();
	test_s_not_reduced();
	test_small_order_key();
	test_small_order_r();
	test_seal_known();
	test_seal();
	test_wipe();
	return done_testing();
}
