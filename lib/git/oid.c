#include "git/oid.h"

#include <nettle/hmac.h>
#include <nettle/sha1.h>
#include <stdio.h>
#include <string.h>

#include "base/hex.h"

#include "banned.h"

static const char *const type_names[] = {
	"", "commit", "tree", "blob", "tag"
};

const char *mn_otype_name(enum mn_otype t)
{
	return t >= MN_COMMIT && t <= MN_TAG ? type_names[t] : "unknown";
}

int mn_otype_parse(enum mn_otype *t, const char *s, size_t len)
{
	for (int i = MN_COMMIT; i <= MN_TAG; i++) {
		if (strlen(type_names[i]) == len &&
		    !memcmp(type_names[i], s, len)) {
			*t = (enum mn_otype)i;
			return 0;
		}
	}
	return -1;
}

void mn_oid_of(struct mn_oid *out, enum mn_otype t, const void *data,
	       size_t len)
{
	struct sha1_ctx c;
	char head[32];
	int n = snprintf(head, sizeof(head), "%s %zu", mn_otype_name(t), len);

	sha1_init(&c);
	sha1_update(&c, (size_t)n + 1, (const uint8_t *)head);
	if (len)
		sha1_update(&c, len, data);
	sha1_digest(&c, sizeof(out->b), out->b);
}

int mn_oid_parse(struct mn_oid *out, const char *hex40)
{
	return mn_hex_decode(out->b, hex40, sizeof(out->b));
}

void mn_oid_hex(char out[MN_OID_HEX + 1], const struct mn_oid *oid)
{
	mn_hex_encode(out, oid->b, sizeof(oid->b));
}

int mn_oid_cmp(const struct mn_oid *a, const struct mn_oid *b)
{
	return memcmp(a->b, b->b, sizeof(a->b));
}

int mn_oid_eq(const struct mn_oid *a, const struct mn_oid *b)
{
	return !memcmp(a->b, b->b, sizeof(a->b));
}

int mn_oid_is_zero(const struct mn_oid *a)
{
	static const struct mn_oid zero;

	return mn_oid_eq(a, &zero);
}

void mn_hmac_sha1(unsigned char out[20], const void *key, size_t keylen,
		  const void *data, size_t len)
{
	struct hmac_sha1_ctx c;

	hmac_sha1_set_key(&c, keylen, key);
	hmac_sha1_update(&c, len, data);
	hmac_sha1_digest(&c, SHA1_DIGEST_SIZE, out);
}
