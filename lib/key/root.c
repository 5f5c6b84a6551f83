#include "key/root.h"

#include <sodium.h>
#include <string.h>

#include "key/locked.h"

#include "banned.h"

#define CHECK_SIZE 4
#define PHRASE_BYTES (MN_ROOT_SIZE + CHECK_SIZE)
#define WORDS (PHRASE_BYTES / 2)
#define WORD_LETTERS 5

struct mn_root {
	unsigned char b[MN_ROOT_SIZE];
};

static const char consonants[] = "bdfghjklmnprstvz";
static const char vowels[] = "aiou";

struct mn_root *mn_root_random(void)
{
	struct mn_root *r = mn_locked_new(sizeof(*r));

	randombytes_buf(r->b, sizeof(r->b));
	mn_locked_seal(r);
	return r;
}

struct mn_root *mn_root_from_bytes(const unsigned char b[MN_ROOT_SIZE])
{
	struct mn_root *r = mn_locked_new(sizeof(*r));

	memcpy(r->b, b, sizeof(r->b));
	mn_locked_seal(r);
	return r;
}

void mn_root_bytes(unsigned char b[MN_ROOT_SIZE], const struct mn_root *r)
{
	memcpy(b, r->b, sizeof(r->b));
}

void mn_root_free(struct mn_root *r)
{
	mn_locked_free(r);
}

static void derive(struct mn_id *seed, const struct mn_root *r,
		   const char *prefix, uint64_t n)
{
	struct mn_hasher h;
	unsigned char le[8];

	for (int i = 0; i < 8; i++)
		le[i] = (unsigned char)(n >> (8 * i));
	mn_hasher_init(&h, r->b, sizeof(r->b));
	mn_hasher_add(&h, prefix, strlen(prefix));
	mn_hasher_add(&h, le, sizeof(le));
	mn_hasher_done(&h, seed);
}

struct mn_secret *mn_root_key(const struct mn_root *r, uint64_t n)
{
	struct mn_secret *s;
	struct mn_id seed;

	derive(&seed, r, "mn:root-seed:1\n", n);
	s = mn_secret_from_seed(seed.b);
	mn_wipe(&seed, sizeof(seed));
	return s;
}

void mn_root_commitment(struct mn_id *out, const struct mn_pub *pub)
{
	mn_hash(out, "mn:root-key:1\n", pub->b, sizeof(pub->b));
}

void mn_root_encryption(unsigned char secret[32], unsigned char pub[32],
			const struct mn_root *r, uint64_t n)
{
	struct mn_id seed;

	derive(&seed, r, "mn:encryption-seed:1\n", n);
	memcpy(secret, seed.b, sizeof(seed.b));
	crypto_scalarmult_base(pub, secret);
	mn_wipe(&seed, sizeof(seed));
}

static void phrase_check(unsigned char out[CHECK_SIZE],
			 const unsigned char secret[MN_ROOT_SIZE])
{
	struct mn_id id;

	mn_hash(&id, "mn:phrase:1\n", secret, MN_ROOT_SIZE);
	memcpy(out, id.b, CHECK_SIZE);
	mn_wipe(&id, sizeof(id));
}

void mn_phrase_encode(char out[MN_PHRASE_MAX], const struct mn_root *r)
{
	unsigned char b[PHRASE_BYTES];
	char *p = out;

	memcpy(b, r->b, MN_ROOT_SIZE);
	phrase_check(b + MN_ROOT_SIZE, b);
	for (size_t i = 0; i < WORDS; i++) {
		unsigned w = (unsigned)b[2 * i] << 8 | b[2 * i + 1];

		if (i)
			*p++ = ' ';
		*p++ = consonants[w >> 12];
		*p++ = vowels[w >> 10 & 3];
		*p++ = consonants[w >> 6 & 15];
		*p++ = vowels[w >> 4 & 3];
		*p++ = consonants[w & 15];
	}
	*p = '\0';
	mn_wipe(b, sizeof(b));
}

/* The value of a letter in an alphabet, or -1; ASCII case is ignored. */
static int letter(const char *alphabet, char c)
{
	const char *hit;

	if (c >= 'A' && c <= 'Z')
		c = (char)(c - 'A' + 'a');
	hit = c ? strchr(alphabet, c) : NULL;
	return hit ? (int)(hit - alphabet) : -1;
}

/* 0, or -1 if the WORD_LETTERS bytes at s are no proquint; stops at NUL. */
static int decode_word(unsigned char out[2], const char *s)
{
	unsigned w = 0;

	for (int i = 0; i < WORD_LETTERS; i++) {
		int v = letter(i % 2 ? vowels : consonants, s[i]);

		if (v < 0)
			return -1;
		w = w << (i % 2 ? 2 : 4) | (unsigned)v;
	}
	out[0] = (unsigned char)(w >> 8);
	out[1] = (unsigned char)w;
	return 0;
}

int mn_phrase_decode(struct mn_root **out, const char *phrase,
		     struct mn_err *err)
{
	unsigned char b[PHRASE_BYTES], check[CHECK_SIZE];
	const char *s = phrase;
	int r = 0;

	*out = NULL;
	for (size_t i = 0; i < WORDS; i++) {
		if (i && *s != ' ' && *s != '-') {
			r = mn_err_set(err, MN_EINVALID,
				       "a recovery phrase is ten words of five "
				       "letters, but this ends or runs on "
				       "after word %zu", i);
			goto done;
		}
		s += i > 0;
		if (decode_word(b + 2 * i, s) < 0) {
			r = mn_err_set(err, MN_EINVALID,
				       "word %zu of the recovery phrase is "
				       "misspelt or missing", i + 1);
			goto done;
		}
		s += WORD_LETTERS;
	}
	if (*s) {
		r = mn_err_set(err, MN_EINVALID,
			       "a recovery phrase is ten words of five "
			       "letters, and this goes on after them");
		goto done;
	}
	phrase_check(check, b);
	if (sodium_memcmp(check, b + MN_ROOT_SIZE, CHECK_SIZE)) {
		r = mn_err_set(err, MN_EINVALID,
			       "a word of the recovery phrase is wrong, or "
			       "two are swapped: its check does not hold");
		goto done;
	}
	*out = mn_root_from_bytes(b);
done:
	mn_wipe(b, sizeof(b));
	mn_wipe(check, sizeof(check));
	return r;
}
