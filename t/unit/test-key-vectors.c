/* The golden vectors of t/vectors that lib/key alone can check: root keys,
 * recovery phrases, digests of contents. */
#include "key/root.h"

#include <jansson.h>

#include "base/hex.h"

#include "tap.h"

#include "banned.h"

#define BLOB_MAX ((size_t)4 << 20)
#define CHUNK ((size_t)1 << 20)

static const char *text(json_t *v, const char *key)
{
	const char *s = json_string_value(json_object_get(v, key));

	return s ? s : "";
}

static size_t unhex(void *out, const char *hex, size_t max)
{
	size_t n = strlen(hex) / 2;

	if (n > max || mn_hex_decode(out, hex, n) < 0)
		abort();
	return n;
}

static struct mn_root *root_of(json_t *v)
{
	unsigned char b[MN_ROOT_SIZE];

	if (unhex(b, text(v, "secret"), sizeof(b)) != sizeof(b))
		abort();
	return mn_root_from_bytes(b);
}

static void each(const char *file, void (*check)(json_t *v, const char *name))
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t cap = 0;
	int n = 0;

	while (f && getline(&line, &cap, f) > 0) {
		json_t *v = json_loads(line, 0, NULL);

		if (!ok(v != NULL, "%s: line %d is JSON", file, n + 1))
			break;
		check(v, text(v, "name"));
		json_decref(v);
		n++;
	}
	ok(n > 0, "%s: %d vectors", file, n);
	free(line);
	if (f)
		fclose(f);
}

/* {"secret","phrase"}, {"secret","read"}: another spelling of a phrase, or
 * {"phrase","error"}. */
static void check_phrase(json_t *v, const char *name)
{
	const char *phrase = text(v, "phrase"), *read = text(v, "read");
	struct mn_err err = MN_ERR_INIT;
	unsigned char want[MN_ROOT_SIZE], got[MN_ROOT_SIZE];
	struct mn_root *r, *back;
	char out[MN_PHRASE_MAX];

	if (json_object_get(v, "error")) {
		is_int(mn_phrase_decode(&back, phrase, &err), MN_EINVALID,
		       "%s: %s", name, err.msg);
		return;
	}
	r = root_of(v);
	if (*phrase) {
		mn_phrase_encode(out, r);
		is_str(out, phrase, "%s: written", name);
		read = phrase;
	}
	if (!is_int(mn_phrase_decode(&back, read, NULL), 0, "%s: read", name))
		goto out;
	mn_root_bytes(want, r);
	mn_root_bytes(got, back);
	is_mem(got, want, sizeof(got), "%s: the same root", name);
	mn_root_free(back);
out:
	mn_root_free(r);
}

static void check_hex(const void *bytes, json_t *v, const char *key,
		      const char *name)
{
	char hex[65];

	mn_hex_encode(hex, bytes, 32);
	is_str(hex, text(v, key), "%s: %s", name, key);
}

static void check_rootkey(json_t *v, const char *name)
{
	uint64_t n = (uint64_t)json_integer_value(json_object_get(v, "n"));
	struct mn_root *r = root_of(v);
	struct mn_secret *s = mn_root_key(r, n);
	unsigned char seed[32], pub[32];
	struct mn_pub key;
	struct mn_id next;

	mn_secret_seed(seed, s);
	check_hex(seed, v, "root_seed", name);
	mn_secret_pub(&key, s);
	check_hex(key.b, v, "root_public", name);
	mn_root_commitment(&next, &key);
	check_hex(next.b, v, "next", name);
	mn_root_encryption(seed, pub, r, n);
	check_hex(seed, v, "encryption_seed", name);
	check_hex(pub, v, "encryption_public", name);
	mn_secret_free(s);
	mn_root_free(r);
}

static unsigned char *expand(json_t *spec, size_t *size)
{
	const char *hex = text(spec, "hex");
	unsigned char pattern[1024], *p;
	size_t n;

	*size = strlen(hex) / 2;
	if (json_object_get(spec, "repeat")) {
		hex = text(spec, "repeat");
		*size = (size_t)json_integer_value(
				json_object_get(spec, "size"));
	}
	n = unhex(pattern, hex, sizeof(pattern));
	p = mn_xmalloc(*size);
	for (size_t i = 0; i < *size; i++)
		p[i] = pattern[i % n];
	return p;
}

static void check_content(json_t *v, const char *name)
{
	size_t size, nchunks;
	unsigned char salt[MN_SALT_SIZE];
	unsigned char *p = expand(json_object_get(v, "content"), &size);
	struct mn_hasher h;
	struct mn_id *d, id;
	char *hex;

	unhex(salt, text(v, "salt"), sizeof(salt));
	if (size <= BLOB_MAX) {
		mn_hash_keyed(&id, salt, sizeof(salt), p, size);
		check_hex(id.b, v, "digest", name);
		free(p);
		return;
	}
	nchunks = (size + CHUNK - 1) / CHUNK;
	d = mn_xcalloc(nchunks, sizeof(*d));
	mn_hasher_init(&h, salt, sizeof(salt));
	for (size_t i = 0; i < nchunks; i++) {
		size_t at = i * CHUNK;

		mn_hash_keyed(&d[i], salt, sizeof(salt), p + at,
			      size - at < CHUNK ? size - at : CHUNK);
		mn_hasher_add(&h, d[i].b, sizeof(d[i].b));
	}
	mn_hasher_done(&h, &id);
	check_hex(id.b, v, "digest", name);
	hex = mn_xmalloc(64 * nchunks + 1);
	mn_hex_encode(hex, d, 32 * nchunks);
	is_str(hex, text(v, "digests"), "%s: digests", name);
	free(hex);
	free(d);
	free(p);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	each("t/vectors/phrase.jsonl", check_phrase);
	each("t/vectors/rootkeys.jsonl", check_rootkey);
	each("t/vectors/content.jsonl", check_content);
	return done_testing();
}
