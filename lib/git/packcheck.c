#include "git/packcheck.h"

#include <nettle/sha1.h>
#include <string.h>

#include "banned.h"

#define SUM SHA1_DIGEST_SIZE

static int sum_is(const unsigned char *p, size_t len)
{
	struct sha1_ctx sha;
	unsigned char sum[SUM];

	sha1_init(&sha);
	sha1_update(&sha, len - SUM, p);
	sha1_digest(&sha, sizeof(sum), sum);
	return !memcmp(sum, p + len - SUM, SUM);
}

static int bad(const struct mn_packfile *p, struct mn_err *err,
	       const char *why)
{
	return mn_err_set(err, MN_ECORRUPT, "pack '%s': %s",
			  p->name ? p->name : "", why);
}

int mn_packcheck(const struct mn_packfile *p, struct mn_err *err)
{
	struct mn_oid a, b;

	if (!sum_is(p->idx.p, p->idx.len))
		return bad(p, err, "the checksum of the index is wrong");
	if (p->n)
		mn_packfile_oid(p, 0, &a);
	for (uint32_t i = 1; i < p->n; i++, a = b) {
		mn_packfile_oid(p, i, &b);
		if (mn_oid_cmp(&a, &b) >= 0)
			return bad(p, err, "the index is not in order");
	}
	if (!sum_is(p->pack.p, p->pack.len))
		return bad(p, err, "the checksum of the pack is wrong");
	return 0;
}
