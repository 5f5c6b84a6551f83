/* Known answers are from another BLAKE2b (Python's hashlib). */
#include "key/hash.h"

#include <string.h>

#include "base/hex.h"

#include "tap.h"

#include "banned.h"

static const char *hex(const struct mn_id *id)
{
	static char out[MN_ID_HEX + 1];

	mn_id_hex(out, id);
	return out;
}

static void test_plain(void)
{
	struct mn_id id;

	mn_hash(&id, "", NULL, 0);
	is_str(hex(&id), "0e5751c026e543b2e8ab2eb06099daa1"
			 "d1e5df47778f7787faab45cdf12fe3a8", "nothing");
	mn_hash(&id, "", "abc", 3);
	is_str(hex(&id), "bddd813c634239723171ef3fee98579b"
			 "94964e3bb1cb3e427262c8c068d52319", "abc");
	mn_hash(&id, "mn:node:1\n", "abc", 3);
	is_str(hex(&id), "4814f955817bab078b253a768d4f5e26"
			 "dfc425dd7ce1aa0c2a0ff974b6ef56c2",
	       "abc behind a prefix");
	mn_hash_keyed(&id, "\x00\x01\x02\x03\x04\x05\x06\x07"
			   "\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f", MN_SALT_SIZE,
		      "hello", 5);
	is_str(hex(&id), "75e86aeec75d7a70a51258b25cc325dc"
			 "9a6299fe534f0040df202ebf0e6e98d4",
	       "a salted content");
}

/* In the way of RFC 7693, appendix E: the digest of the digests of all
 * lengths up to 300, which is beyond two blocks. */
static void test_lengths(size_t keylen, const char *want)
{
	static struct mn_id each[301];
	unsigned char data[400];
	struct mn_hasher h;
	struct mn_id id;
	int same = 1;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)i;
	for (size_t n = 0; n < 301; n++) {
		if (keylen)
			mn_hash_keyed(&each[n], data, keylen, data, n);
		else
			mn_hash(&each[n], "", data, n);
		mn_hasher_init(&h, data, keylen);
		for (size_t i = 0; i < n; i += 7)
			mn_hasher_add(&h, data + i, n - i < 7 ? n - i : 7);
		mn_hasher_done(&h, &id);
		same &= mn_id_eq(&id, &each[n]);
	}
	ok(same, "streaming makes no difference, key of %zu bytes", keylen);
	mn_hash(&id, "", each, sizeof(each));
	is_str(hex(&id), want, "all lengths to 300, key of %zu bytes", keylen);
}

static void test_id(void)
{
	static const char text[] = "0123456789abcdef0123456789abcdef"
				   "0123456789abcdef0123456789abcdef tail";
	struct mn_id a, b, zero = { { 0 } };
	char bad[65];
	int refused = 0;

	is_int(mn_id_parse(&a, text), 0, "64 digits, and what follows");
	ok(!strncmp(hex(&a), text, 64), "are read and written alike");
	for (size_t i = 0; i < 64; i++) {
		memcpy(bad, text, 64);
		bad[64] = '\0';
		bad[i] = "GA \0"[i % 4];
		refused += mn_id_parse(&b, bad) == -1;
	}
	is_int(refused, 64, "a bad digit anywhere is refused");
	is_int(mn_id_parse(&b, "0123"), -1, "a short id is refused");
	is_int(mn_id_parse(&b, ""), -1, "so is an empty one");
	b = a;
	ok(mn_id_eq(&a, &b) && !mn_id_cmp(&a, &b), "an id is equal to itself");
	b.b[31]++;
	ok(!mn_id_eq(&a, &b), "not to another");
	ok(mn_id_cmp(&a, &b) < 0 && mn_id_cmp(&b, &a) > 0, "order");
	b = a;
	b.b[0] = 0xff;
	ok(mn_id_cmp(&a, &b) < 0, "bytes are unsigned");
	ok(mn_id_is_zero(&zero) && !mn_id_is_zero(&a), "zero");
}

static void test_random(void)
{
	unsigned char a[32] = { 0 }, b[32] = { 0 };

	mn_random(a, sizeof(a));
	mn_random(b, sizeof(b));
	ok(memcmp(a, b, sizeof(a)), "two random draws differ");
}

int main(void)
{
	is_int(mn_key_init(), 0, "init");
	is_int(mn_key_init(), 0, "init again");
	test_plain();
	test_lengths(0, "42fab777a8768f5324eba626780dd54c"
			"e31c909be62e962fca079d9903d9999a");
	test_lengths(16, "bbbde52fd53887b8c4bbb411ad5ff653"
			 "4ccdd2bc5bc6b6950a0055226645097c");
	test_lengths(32, "f5feabb258de4901b5a973be444d5c5e"
			 "1b2683b0b5367adbe7001276c22c2ba3");
	test_lengths(64, "501ea66f6ae5cce061c9149500ae4172"
			 "26cc6d0ac27dfb745801e48bf4652d98");
	test_id();
	test_random();
	return done_testing();
}
