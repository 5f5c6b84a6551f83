/*
 * fuzz-bundle: the header of a bundle, fed in one piece and byte by byte: both
 * say the same; what was taken is written again, and read back the same.
 *
 * Input: the bundle.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "git/bundlefile.h"
#include "git/refname.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int read_all(struct mn_bundlefile *b, const char *p, size_t size,
		    size_t step, size_t *header)
{
	struct mn_err err = MN_ERR_INIT;
	size_t used;
	int r = 0;

	mn_bundlefile_init(b);
	*header = 0;
	while (!r && *header < size) {
		size_t n = size - *header < step ? size - *header : step;

		r = mn_bundlefile_feed(b, p + *header, n, &used, &err);
		LAW(used <= n && (r || used == n));
		*header += used;
	}
	LAW(r >= 0 || err.msg[0]);
	return r;
}

static void check_taken(const struct mn_bundlefile *b)
{
	LAW(b->version == 2 || b->version == 3);
	LAW(b->refs.n <= MN_BUNDLE_REFS_MAX);
	LAW(b->needs.n <= MN_BUNDLE_NEEDS_MAX);
	LAW(b->filter.len <= MN_BUNDLE_FILTER_MAX);
	for (size_t i = 0; i < b->refs.n; i++) {
		const char *name = b->refs.p[i].name;

		LAW(mn_refname_ok(name, strlen(name)));
		LAW(!i || strcmp(b->refs.p[i - 1].name, name) < 0);
	}
}

static void check_same(const struct mn_bundlefile *a,
		       const struct mn_bundlefile *b)
{
	LAW(a->refs.n == b->refs.n && a->needs.n == b->needs.n);
	LAW(a->filter.len == b->filter.len &&
	    !memcmp(a->filter.p, b->filter.p, a->filter.len));
	for (size_t i = 0; i < a->refs.n; i++)
		LAW(!strcmp(a->refs.p[i].name, b->refs.p[i].name) &&
		    mn_oid_eq(&a->refs.p[i].oid, &b->refs.p[i].oid));
	for (size_t i = 0; i < a->needs.n; i++)
		LAW(mn_oid_eq(&a->needs.p[i], &b->needs.p[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_bundlefile whole, bytes, again;
	struct mn_buf out = MN_BUF_INIT;
	size_t used, one, two;
	int r = read_all(&whole, (const char *)data, size, size, &used);

	LAW(read_all(&bytes, (const char *)data, size, 1, &one) == r);
	if (r == 1) {
		LAW(used == one);
		check_taken(&whole);
		check_same(&whole, &bytes);
		mn_bundlefile_write(&out, &whole);
		LAW(read_all(&again, out.p, out.len, out.len, &two) == 1);
		LAW(two == out.len);
		check_same(&whole, &again);
		mn_bundlefile_release(&again);
	}
	mn_buf_release(&out);
	mn_bundlefile_release(&whole);
	mn_bundlefile_release(&bytes);
	return 0;
}
