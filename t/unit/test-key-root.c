/* The root secret, its keys and its phrase. Known answers were computed with
 * other implementations of BLAKE2b, Ed25519 and X25519. */
#include "key/root.h"

#include <ctype.h>
#include <string.h>

#include "base/hex.h"

#include "tap.h"

#include "banned.h"

static const char phrase0[] =
	"babad bamag bibaj bimal boban bomar bubat bumaz pimok furum";

/* The root of the bytes 00 to 0f. */
static struct mn_root *root0(void)
{
	unsigned char b[MN_ROOT_SIZE];

	for (unsigned char i = 0; i < MN_ROOT_SIZE; i++)
		b[i] = i;
	return mn_root_from_bytes(b);
}

static const struct known {
	uint64_t n;
	const char *pub, *commitment, *xsecret, *xpub;
} known[] = {
	{ 0,
	  "cb17e8292cd2a5c7a95332f1286f994958cf25992700933faee563134e7069e1",
	  "95f2367d98b2e6a1f403eacd694801a0b5fa615512474179ab4cfeddc0a8cc1e",
	  "582048e725a96734841b1f76552196d75cb8e38ac49a963f9e8007842e22192c",
	  "68ea9c20cf943809378b39744e4d37b46a9742cca83781cff4c2c24b4a384e39" },
	{ 1,
	  "1cfb99034c67f75be184cd2e5b183245e7fec636d73f530ef4fbe0dc2568ce0d",
	  "af1edade7f571b2b9144a40f418fe1bf39dc5266cdbb0b4c48c009c624dc7365",
	  "297436977dd096ef3edffda438907e77c596c358ce570aa2ed533c82ffcc313b",
	  "b1a1590debd6d0b9e9bd01f7d644daaeff6488a7d2d815bed2b69cc16eb8cf37" },
	{ UINT64_C(4294967297),
	  "1435de9ee4b538bffa4a344c5406fd66576c29987ef7ee8138d4cebc2f77503f",
	  "fe999a3db99556aae749a94f78b34a3b72e7553e85cefef136883c46f7790f7d",
	  "1ffa07ef5672f6b96ab00703b73f01712e7738f9b720590a3e82b0304a2641c0",
	  "23ad3aee3f366fa07ee473f42e1d06d235c5dda9aa09195631dbb5803155b957" },
};

static void test_keys(void)
{
	struct mn_root *r = root0();

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		const struct known *k = &known[i];
		struct mn_secret *s = mn_root_key(r, k->n);
		unsigned char xsecret[32], xpub[32];
		struct mn_pub pub;
		struct mn_id id;
		char hex[65];

		mn_secret_pub(&pub, s);
		mn_hex_encode(hex, pub.b, 32);
		is_str(hex, k->pub, "root key %ju", (uintmax_t)k->n);
		mn_root_commitment(&id, &pub);
		mn_id_hex(hex, &id);
		is_str(hex, k->commitment, "its commitment");
		mn_root_encryption(xsecret, xpub, r, k->n);
		mn_hex_encode(hex, xsecret, 32);
		is_str(hex, k->xsecret, "the secret encryption key");
		mn_hex_encode(hex, xpub, 32);
		is_str(hex, k->xpub, "the public one");
		mn_secret_free(s);
	}
	mn_root_free(r);
}

static void test_phrase_known(void)
{
	unsigned char b[MN_ROOT_SIZE];
	char phrase[MN_PHRASE_MAX];
	struct mn_root *r = root0();

	mn_phrase_encode(phrase, r);
	is_str(phrase, phrase0, "a known phrase");
	mn_root_free(r);
	memset(b, 0xff, sizeof(b));
	r = mn_root_from_bytes(b);
	mn_phrase_encode(phrase, r);
	is_str(phrase, "zuzuz zuzuz zuzuz zuzuz zuzuz zuzuz zuzuz zuzuz bamil "
		       "jorab", "all bits set");
	mn_root_free(r);
	memcpy(b, "\x7f\0\0\1\0\0\0\0\0\0\0\0\0\0\0", 16);
	r = mn_root_from_bytes(b);
	mn_phrase_encode(phrase, r);
	is_str(phrase, "lusab babad babab babab babab babab babab babab riviz "
		       "tutan", "0x7F00 is lusab");
	mn_root_free(r);
}

/* Decodes; 1 if it gives the bytes of r. */
static int decodes_to(const char *phrase, const struct mn_root *r)
{
	unsigned char a[MN_ROOT_SIZE], b[MN_ROOT_SIZE];
	struct mn_root *got;

	if (mn_phrase_decode(&got, phrase, NULL) < 0)
		return 0;
	mn_root_bytes(a, r);
	mn_root_bytes(b, got);
	mn_root_free(got);
	return !memcmp(a, b, sizeof(a));
}

static void test_round_trip(void)
{
	char phrase[MN_PHRASE_MAX], loud[MN_PHRASE_MAX];
	int good = 0, shouted = 0;

	for (int i = 0; i < 200; i++) {
		struct mn_root *r = mn_root_random();

		mn_phrase_encode(phrase, r);
		good += strlen(phrase) == 59 && decodes_to(phrase, r);
		for (size_t k = 0; k <= strlen(phrase); k++)
			loud[k] = phrase[k] == ' ' ? '-' :
				  (char)toupper((unsigned char)phrase[k]);
		shouted += decodes_to(loud, r);
		mn_root_free(r);
	}
	is_int(good, 200, "phrases of random roots come back");
	is_int(shouted, 200, "in capitals and with dashes, too");
}

/* 1 if it is refused with words and without a root. */
static int refused(const char *phrase)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_root *r = NULL;
	int code = mn_phrase_decode(&r, phrase, &err);

	mn_root_free(r);
	return code == MN_EINVALID && !r && *err.msg;
}

static void test_typos(void)
{
	char p[MN_PHRASE_MAX];
	int missed = 0, swaps = 0;

	for (size_t i = 0; i < strlen(phrase0); i++) {
		for (int c = 1; c < 256; c++) {
			memcpy(p, phrase0, sizeof(phrase0));
			if (tolower(c) == p[i] || (p[i] == ' ' && c == '-'))
				continue;
			p[i] = (char)c;
			missed += !refused(p);
		}
	}
	is_int(missed, 0, "no wrong letter goes unnoticed");
	for (size_t i = 0; i < 10; i++) {
		for (size_t k = 0; k < i; k++) {
			memcpy(p, phrase0, sizeof(phrase0));
			memcpy(p + 6 * i, phrase0 + 6 * k, 5);
			memcpy(p + 6 * k, phrase0 + 6 * i, 5);
			swaps += !refused(p);
		}
	}
	is_int(swaps, 0, "nor do two swapped words");
	for (size_t i = 0; i < strlen(phrase0); i++) {
		memcpy(p, phrase0, sizeof(phrase0));
		p[i] = '\0';
		missed += !refused(p);
		memcpy(p, phrase0, i);
		memcpy(p + i, phrase0 + i + 1, sizeof(phrase0) - i - 1);
		missed += !refused(p);
	}
	is_int(missed, 0, "nor does a phrase that is cut, or lacks a letter");
	ok(refused(""), "nothing is no phrase");
	ok(refused("babad bamag bibaj bimal boban bomar bubat bumaz pimok "
		   "furum babad"), "eleven words");
	ok(refused("babad bamag bibaj bimal boban bomar bubat bumaz pimok "
		   "furumb"), "a letter too many");
}

static void test_random(void)
{
	struct mn_root *a = mn_root_random(), *b = mn_root_random();
	char p[MN_PHRASE_MAX];

	mn_phrase_encode(p, a);
	ok(!decodes_to(p, b), "two random roots differ");
	mn_root_free(a);
	mn_root_free(b);
	mn_root_free(NULL);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	test_keys();
	test_phrase_known();
	test_round_trip();
	test_typos();
	test_random();
	return done_testing();
}
