#include "git/whole.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"

#include "banned.h"

#define HEAD "mn-whole 1\n"

void mn_whole_release(struct mn_whole *w)
{
	mn_vec_release(&w->packs);
	mn_vec_release(&w->tips);
}

static void path_of(struct mn_buf *path, const char *gitdir)
{
	mn_buf_addf(path, "%s/mn/whole", gitdir);
}

/* Takes "<key> <40 digits>\n": 1, or 0 where something else comes. */
static int get_oid(struct mn_oid *oid, struct mn_str *s, const char *key)
{
	size_t k = strlen(key);

	if (s->len < k + MN_OID_HEX + 1 || memcmp(s->p, key, k) ||
	    s->p[k + MN_OID_HEX] != '\n' || mn_oid_parse(oid, s->p + k))
		return 0;
	s->p += k + MN_OID_HEX + 1;
	s->len -= k + MN_OID_HEX + 1;
	return 1;
}

/* Takes "<key> <decimal>\n", without zeros in front. */
static int get_number(uint64_t *v, struct mn_str *s, const char *key)
{
	size_t k = strlen(key), at = k;

	*v = 0;
	if (s->len <= k || memcmp(s->p, key, k))
		return 0;
	for (; at < s->len && s->p[at] >= '0' && s->p[at] <= '9'; at++) {
		if (*v > (UINT64_MAX - 9) / 10 || (at > k && !*v))
			return 0;
		*v = *v * 10 + (uint64_t)(s->p[at] - '0');
	}
	if (at == k || at == s->len || s->p[at] != '\n')
		return 0;
	s->p += at + 1;
	s->len -= at + 1;
	return 1;
}

static int parse(struct mn_whole *w, struct mn_str s)
{
	struct mn_oid oid;

	if (!mn_str_starts(s, HEAD))
		return 0;
	s.p += strlen(HEAD);
	s.len -= strlen(HEAD);
	while (get_oid(&oid, &s, "pack "))
		*mn_vec_push(&w->packs) = oid;
	while (get_oid(&oid, &s, "tip ")) {
		if (w->tips.n &&
		    mn_oid_cmp(&w->tips.p[w->tips.n - 1], &oid) >= 0)
			return 0;
		*mn_vec_push(&w->tips) = oid;
	}
	return w->packs.n && get_number(&w->objects, &s, "objects ") &&
		get_number(&w->largest_blob, &s, "largest-blob ") && !s.len;
}

int mn_whole_read(struct mn_whole *w, const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	int r;

	memset(w, 0, sizeof(*w));
	path_of(&path, gitdir);
	r = mn_io_read_file(&text, path.p, MN_WHOLE_FILE_MAX, err);
	if (!r && !parse(w, (struct mn_str){ text.p, text.len }))
		r = MN_ENOTFOUND;
	if (r < 0) {
		mn_whole_release(w);
		r = mn_err_set(err, MN_ENOTFOUND, "no usable '%s'", path.p);
	}
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

static void put_oids(struct mn_buf *b, const char *key,
		     const struct mn_oid *oids, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		mn_buf_adds(b, key);
		mn_buf_addhex(b, oids[i].b, sizeof(oids[i].b));
		mn_buf_addc(b, '\n');
	}
}

static int by_name(const void *a, const void *b)
{
	return mn_oid_cmp(a, b);
}

/* Each once, ascending. */
static struct mn_oid *sort_tips(const struct mn_whole *w, size_t *n)
{
	struct mn_oid *v = mn_xmalloc(w->tips.n * sizeof(*v) + 1);
	size_t k = 0;

	if (w->tips.n)
		memcpy(v, w->tips.p, w->tips.n * sizeof(*v));
	qsort(v, w->tips.n, sizeof(*v), by_name);
	for (size_t i = 0; i < w->tips.n; i++)
		if (!k || !mn_oid_eq(&v[k - 1], &v[i]))
			v[k++] = v[i];
	*n = k;
	return v;
}

int mn_whole_write(const struct mn_whole *w, const char *gitdir,
		   struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, b = MN_BUF_INIT;
	struct mn_oid *tips;
	size_t n;
	int r;

	tips = sort_tips(w, &n);
	path_of(&path, gitdir);
	mn_buf_adds(&b, HEAD);
	put_oids(&b, "pack ", w->packs.p, w->packs.n);
	put_oids(&b, "tip ", tips, n);
	mn_buf_addf(&b, "objects %" PRIu64 "\nlargest-blob %" PRIu64 "\n",
		    w->objects, w->largest_blob);
	if (b.len > MN_WHOLE_FILE_MAX)
		r = mn_err_set(err, MN_ELIMIT, "'%s' would be too large",
			       path.p);
	else
		r = mn_io_replace(path.p, b.p, b.len, 0666, 0, err);
	free(tips);
	mn_buf_release(&path);
	mn_buf_release(&b);
	return r;
}

void mn_whole_remove(const char *gitdir)
{
	struct mn_buf path = MN_BUF_INIT;

	path_of(&path, gitdir);
	unlink(path.p);
	mn_buf_release(&path);
}
