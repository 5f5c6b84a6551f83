#include "git/bundlefile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/refname.h"

#include "banned.h"

#define V2 "# v2 git bundle"
#define V3 "# v3 git bundle"

/* Each comes behind the one before it. */
enum part { FIRST, CAPABILITIES, NEEDS, REFS, DONE };

void mn_bundlefile_init(struct mn_bundlefile *b)
{
	memset(b, 0, sizeof(*b));
	mn_buf_init(&b->filter);
	mn_buf_init(&b->line);
}

void mn_bundlefile_release(struct mn_bundlefile *b)
{
	mn_vec_release(&b->needs);
	mn_refs_release(&b->refs);
	mn_buf_release(&b->filter);
	mn_buf_release(&b->line);
}

static int no_bundle(struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "it is no bundle of git");
}

static int take_first(struct mn_bundlefile *b, struct mn_str line,
		      struct mn_err *err)
{
	if (line.len && line.p[line.len - 1] == '\r')
		return mn_err_set(err, MN_EINVALID, "its lines end with CR LF: "
				  "something took the bundle for a text");
	if (mn_str_eq(line, V2))
		b->version = 2;
	else if (mn_str_eq(line, V3))
		b->version = 3;
	else if (mn_str_starts(line, "# v"))
		return mn_err_set(err, MN_EVERSION, "it is no bundle of "
				  "version 2 or 3");
	else
		return no_bundle(err);
	b->part = b->version == 3 ? CAPABILITIES : NEEDS;
	return 0;
}

static int is_printable(struct mn_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] <= ' ' || s.p[i] > '~')
			return 0;
	return s.len > 0;
}

/* "@key" or "@key=value" */
static int take_capability(struct mn_bundlefile *b, struct mn_str line,
			   struct mn_err *err)
{
	static const char format[] = "@object-format=", filter[] = "@filter=";
	struct mn_str v;

	if (!is_printable(line))
		return mn_err_set(err, MN_EINVALID, "a broken capability");
	if (mn_str_starts(line, format)) {
		if (b->has_format++)
			goto twice;
		if (!mn_str_eq(line, "@object-format=sha1"))
			return mn_err_set(err, MN_EVERSION, "its objects are "
					  "not named by SHA-1");
		return 0;
	}
	if (!mn_str_starts(line, filter))
		return mn_err_set(err, MN_EVERSION, "it asks for '%.*s', which "
				  "is not known here",
				  line.len < 100 ? (int)line.len : 100, line.p);
	v.p = line.p + sizeof(filter) - 1;
	v.len = line.len - (sizeof(filter) - 1);
	if (b->filter.len)
		goto twice;
	if (!v.len || v.len > MN_BUNDLE_FILTER_MAX)
		return mn_err_set(err, MN_EINVALID, "a broken filter");
	mn_buf_addstr(&b->filter, v);
	return 0;
twice:
	return mn_err_set(err, MN_EINVALID, "a capability stands there twice");
}

/* "-<id>", and perhaps a space and words, which are for people */
static int take_need(struct mn_bundlefile *b, struct mn_str line,
		     struct mn_err *err)
{
	struct mn_oid oid;

	if (line.len < 1 + MN_OID_HEX || mn_oid_parse(&oid, line.p + 1) < 0 ||
	    (line.len > 1 + MN_OID_HEX && line.p[1 + MN_OID_HEX] != ' ') ||
	    line.p[line.len - 1] == '\r' || mn_oid_is_zero(&oid))
		return mn_err_set(err, MN_EINVALID, "a broken line of what it "
				  "builds on");
	if (b->needs.n >= MN_BUNDLE_NEEDS_MAX)
		return mn_err_set(err, MN_ELIMIT, "it builds on more than %d "
				  "commits", MN_BUNDLE_NEEDS_MAX);
	*mn_vec_push(&b->needs) = oid;
	return 0;
}

/* "<id> <name>" */
static int take_ref(struct mn_bundlefile *b, struct mn_str line,
		    struct mn_err *err)
{
	const size_t at = MN_OID_HEX + 1;
	struct mn_oid oid;
	struct mn_str name;
	struct mn_ref *ref;

	if (line.len <= at || mn_oid_parse(&oid, line.p) < 0 ||
	    line.p[MN_OID_HEX] != ' ' || mn_oid_is_zero(&oid))
		return mn_err_set(err, MN_EINVALID, "a broken line of a ref");
	name = (struct mn_str){ line.p + at, line.len - at };
	if (mn_str_eq(name, "HEAD"))
		return 0;
	if (!mn_refname_ok(name.p, name.len))
		return mn_err_set(err, MN_EINVALID, "'%.*s' is no name of a "
				  "ref", name.len < 80 ? (int)name.len : 80,
				  name.p);
	if (b->refs.n >= MN_BUNDLE_REFS_MAX)
		return mn_err_set(err, MN_ELIMIT, "it has more than %d refs",
				  MN_BUNDLE_REFS_MAX);
	ref = mn_vec_push(&b->refs);
	memcpy(ref->name, name.p, name.len);
	ref->name[name.len] = '\0';
	ref->oid = oid;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct mn_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int end(struct mn_bundlefile *b, struct mn_err *err)
{
	struct mn_ref *p = b->refs.p;

	if (b->part == FIRST)
		return no_bundle(err);
	if (!b->refs.n)
		return mn_err_set(err, MN_EINVALID, "it has no refs");
	qsort(p, b->refs.n, sizeof(*p), by_name);
	for (size_t i = 1; i < b->refs.n; i++)
		if (!strcmp(p[i - 1].name, p[i].name))
			return mn_err_set(err, MN_EINVALID, "a ref stands "
					  "there twice");
	b->part = DONE;
	return 1;
}

static int take_line(struct mn_bundlefile *b, struct mn_str line,
		     struct mn_err *err)
{
	enum part now = REFS;

	if (memchr(line.p, '\0', line.len))
		return mn_err_set(err, MN_EINVALID, "a NUL in its header");
	if (!line.len)
		return end(b, err);
	if (b->part == FIRST)
		return take_first(b, line, err);
	if (line.p[0] == '@')
		now = CAPABILITIES;
	else if (line.p[0] == '-')
		now = NEEDS;
	if (now < (enum part)b->part)
		return mn_err_set(err, MN_EINVALID, "its header is not in "
				  "order");
	b->part = (int)now;
	if (now == CAPABILITIES)
		return take_capability(b, line, err);
	return now == NEEDS ? take_need(b, line, err) : take_ref(b, line, err);
}

/* A beginning that no bundle has need not be read to the end of its line. */
static int begins_well(const struct mn_bundlefile *b)
{
	size_t n = b->line.len;

	return b->part != FIRST || (n <= sizeof(V3) &&
		!memcmp(b->line.p, "# v", n < 3 ? n : 3));
}

static int feed(struct mn_bundlefile *b, const char *p, size_t len,
		size_t *used, struct mn_err *err)
{
	size_t at = 0;
	int r = 0;

	while (!r && at < len) {
		const char *lf = memchr(p + at, '\n', len - at);
		size_t n = lf ? (size_t)(lf - p) - at : len - at;

		b->bytes += n + 1;
		if (n > MN_BUNDLE_LINE_MAX - b->line.len ||
		    b->bytes > MN_BUNDLE_HEAD_MAX)
			return b->part == FIRST ? no_bundle(err) :
				mn_err_set(err, MN_ELIMIT,
					   "its header is too long");
		mn_buf_add(&b->line, p + at, n);
		at += n + !!lf;
		if (!begins_well(b))
			return no_bundle(err);
		if (!lf)
			break;
		r = take_line(b, (struct mn_str){ b->line.p, b->line.len },
			      err);
		mn_buf_clear(&b->line);
	}
	*used = at;
	return r;
}

int mn_bundlefile_feed(struct mn_bundlefile *b, const void *data, size_t len,
		       size_t *used, struct mn_err *err)
{
	int r = b->failed;

	*used = 0;
	if (r)
		return mn_err_set(err, r, "the header is broken, as was said");
	if (b->part == DONE)
		return 1;
	r = feed(b, data, len, used, err);
	b->failed = r < 0 ? r : 0;
	return r;
}

static void add_oid(struct mn_buf *out, const struct mn_oid *oid)
{
	mn_buf_addhex(out, oid->b, sizeof(oid->b));
	mn_buf_addc(out, ' ');
}

void mn_bundlefile_write(struct mn_buf *out, const struct mn_bundlefile *b)
{
	const struct mn_oid *head = NULL;

	mn_buf_adds(out, b->filter.len ? V3 : V2);
	mn_buf_addc(out, '\n');
	if (b->filter.len)
		mn_buf_addf(out, "@object-format=sha1\n@filter=%s\n",
			    b->filter.p);
	for (size_t i = 0; i < b->needs.n; i++) {
		mn_buf_addc(out, '-');
		add_oid(out, &b->needs.p[i]);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < b->refs.n; i++) {
		add_oid(out, &b->refs.p[i].oid);
		mn_buf_adds(out, b->refs.p[i].name);
		mn_buf_addc(out, '\n');
		if (!strcmp(b->refs.p[i].name, "refs/heads/main"))
			head = &b->refs.p[i].oid;
	}
	if (head) {
		add_oid(out, head);
		mn_buf_adds(out, "HEAD\n");
	}
	mn_buf_addc(out, '\n');
}
