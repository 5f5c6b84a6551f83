#include "git/storewalk.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/io.h"
#include "git/lg2.h"

#include "banned.h"

#define REST (MN_OID_HEX - 2)	/* digits of a loose object's file name */

struct matches {
	struct mn_oid oid;
	int n;			/* different ones, at most 2 */
};

static void match(struct matches *m, const struct mn_oid *oid)
{
	if (m->n && mn_oid_eq(&m->oid, oid))
		return;
	if (!m->n)
		m->oid = *oid;
	if (m->n < 2)
		m->n++;
}

static int has_prefix(const struct mn_oid *oid, const char *digits, size_t n)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	return !memcmp(hex, digits, n);
}

static void match_pack(struct matches *m, const struct mn_packfile *p,
		       const struct mn_oid *least, const char *digits,
		       size_t n)
{
	struct mn_oid oid;

	for (uint32_t i = mn_packfile_lower(p, least); i < p->n && m->n < 2;
	     i++) {
		mn_packfile_oid(p, i, &oid);
		if (!has_prefix(&oid, digits, n))
			break;
		match(m, &oid);
	}
}

/* Calls fn for each object in one directory of two digits. */
static int each_loose_in(const char *path, const char *digits, mn_store_fn *fn,
			 void *ctx, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_oid oid;
	struct dirent *e;
	DIR *dir = opendir(path);
	int r = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
			mn_err_sys(err, "cannot open '%s'", path);
	memcpy(hex, digits, 2);
	while (!r && (e = readdir(dir))) {
		if (strlen(e->d_name) != REST)
			continue;
		memcpy(hex + 2, e->d_name, REST + 1);
		if (!mn_oid_parse(&oid, hex))
			r = fn(ctx, &oid, 0);
	}
	closedir(dir);
	return r;
}

struct prefix {
	struct matches *m;
	const char *digits;
	size_t n;
};

static int match_loose(void *ctx, const struct mn_oid *oid, int packed)
{
	const struct prefix *x = ctx;

	(void)packed;
	if (has_prefix(oid, x->digits, x->n))
		match(x->m, oid);
	return 0;
}

int mn_store_abbrev(struct mn_store *s, struct mn_oid *out, const char *digits,
		    size_t n, struct mn_err *err)
{
	char padded[MN_OID_HEX + 1];
	struct mn_buf path = MN_BUF_INIT;
	struct matches m = { .n = 0 };
	struct prefix x = { &m, digits, n };
	struct mn_oid least;
	int r = 0;

	if (n < 4 || n > MN_OID_HEX || mn_hex_span(digits, n) != n)
		return mn_err_set(err, MN_EINVALID,
				  "an abbreviation has 4 to 40 digits");
	memset(padded, '0', MN_OID_HEX);
	padded[MN_OID_HEX] = 0;
	memcpy(padded, digits, n);
	if (mn_oid_parse(&least, padded))
		return mn_err_set(err, MN_EINVALID, "not an object name");
	for (size_t i = 0; i < mn_store_npacks(s); i++)
		if (mn_store_pack(s, i))
			match_pack(&m, mn_store_pack(s, i), &least, digits, n);
	for (size_t i = 0; i < mn_store_ndirs(s) && !r; i++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/%.2s", mn_store_dir(s, i), digits);
		r = each_loose_in(path.p, digits, match_loose, &x, err);
	}
	mn_buf_release(&path);
	if (r < 0)
		return r;
	if (m.n)
		*out = m.oid;
	return m.n;
}

int mn_store_is_partial(struct mn_store *s)
{
	struct mn_buf path = MN_BUF_INIT;
	int found = 0;

	for (size_t i = 0; i < mn_store_npacks(s) && !found; i++) {
		const struct mn_packfile *p = mn_store_pack(s, i);

		if (!p || !p->name)
			continue;
		mn_buf_clear(&path);
		mn_buf_adds(&path, p->name);
		mn_buf_setlen(&path, path.len - strlen(".pack"));
		mn_buf_adds(&path, ".promisor");
		found = mn_io_exists(path.p);
	}
	mn_buf_release(&path);
	return found;
}

static int each_packed(const struct mn_packfile *p, mn_store_fn *fn, void *ctx,
		       struct mn_err *err)
{
	struct mn_packfile_place *v = NULL;
	struct mn_oid oid;
	int r = mn_packfile_order(&v, p, err);

	for (uint32_t i = 0; i < p->n && !r; i++) {
		mn_packfile_oid(p, v[i].pos, &oid);
		r = fn(ctx, &oid, 1);
	}
	free(v);
	return r;
}

int mn_store_each_loose(struct mn_store *s, mn_store_fn *fn, void *ctx,
			struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	char digits[3];
	int r = 0;

	for (size_t i = 0; i < mn_store_ndirs(s) && !r; i++) {
		for (unsigned k = 0; k < 256 && !r; k++) {
			unsigned char c = (unsigned char)k;

			mn_hex_encode(digits, &c, 1);
			mn_buf_clear(&path);
			mn_buf_addf(&path, "%s/%s", mn_store_dir(s, i),
				    digits);
			r = each_loose_in(path.p, digits, fn, ctx, err);
		}
	}
	mn_buf_release(&path);
	return r;
}

int mn_store_each(struct mn_store *s, mn_store_fn *fn, void *ctx,
		  struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < mn_store_npacks(s) && !r; i++)
		if (mn_store_pack(s, i))
			r = each_packed(mn_store_pack(s, i), fn, ctx, err);
	return r ? r : mn_store_each_loose(s, fn, ctx, err);
}
