/* follow: see follow.h. */
#include "repl/follow.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "net/url.h"
#include "node/lines.h"

#include "banned.h"

void mn_follow_init(struct mn_follow *f)
{
	memset(f, 0, sizeof(*f));
	f->level = MN_LEVEL_FULL;
}

static void free_strings(char **p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(p[i]);
}

void mn_follow_clear_streams(struct mn_follow *f)
{
	free_strings(f->streams.p, f->streams.n);
	mn_vec_clear(&f->streams);
}

void mn_follow_clear_tags(struct mn_follow *f)
{
	free_strings(f->tags.p, f->tags.n);
	mn_vec_clear(&f->tags);
}

void mn_follow_release(struct mn_follow *f)
{
	mn_follow_clear_streams(f);
	mn_vec_release(&f->streams);
	mn_follow_clear_tags(f);
	mn_vec_release(&f->tags);
	for (size_t i = 0; i < f->remotes.n; i++) {
		free(f->remotes.p[i].name);
		free(f->remotes.p[i].url);
	}
	mn_vec_release(&f->remotes);
	free(f->keep);
	f->keep = NULL;
}

static int has_word(char *const *p, size_t n, struct mn_str word)
{
	for (size_t i = 0; i < n; i++)
		if (mn_str_eq(word, p[i]))
			return 1;
	return 0;
}

/* Whether the word may join the list: 1; 0: it is there; or an error. */
static int check_word(char *const *p, size_t n, const char *what,
		      const char *word, struct mn_err *err)
{
	if (mn_text_check(mn_str(word), 64) < 0 ||
	    mn_value_word(mn_str(word)) < 0)
		return mn_err_set(err, MN_EINVALID, "a %s is one word of 1 to "
				  "64 bytes, without comma: '%s'", what, word);
	if (has_word(p, n, mn_str(word)))
		return 0;
	if (n >= MN_FOLLOW_WORDS_MAX)
		return mn_err_set(err, MN_ELIMIT, "more than %d of '%s'",
				  MN_FOLLOW_WORDS_MAX, what);
	return 1;
}

int mn_follow_add_stream(struct mn_follow *f, const char *stream,
			 struct mn_err *err)
{
	int r = check_word(f->streams.p, f->streams.n, "stream", stream, err);

	if (r > 0)
		*mn_vec_push(&f->streams) = mn_xstrdup(stream);
	return r < 0 ? r : 0;
}

int mn_follow_add_tag(struct mn_follow *f, const char *tag,
		      struct mn_err *err)
{
	int r = check_word(f->tags.p, f->tags.n, "tag", tag, err);

	if (r > 0)
		*mn_vec_push(&f->tags) = mn_xstrdup(tag);
	return r < 0 ? r : 0;
}

/* "90d", "6 weeks": no date, no word like "today". */
static int parse_age(int64_t *ms, const char *age, int64_t now)
{
	size_t n = strspn(age, "0123456789");
	char unit = age[n + strspn(age + n, " .")] | 0x20;

	if (!n || n > 9 || unit < 'a' || unit > 'z')
		return MN_EINVALID;
	return mn_date_parse(ms, age, now);
}

int mn_follow_set_keep(struct mn_follow *f, const char *age,
		       struct mn_err *err)
{
	int64_t ms;

	if (age && *age && (parse_age(&ms, age, MN_DATE_MAX) < 0 ||
			    ms == MN_DATE_MAX))
		return mn_err_set(err, MN_EINVALID, "'%s' is no age, like 90d "
				  "or 6w", age);
	free(f->keep);
	f->keep = age && *age ? mn_xstrdup(age) : NULL;
	return 0;
}

int64_t mn_follow_cutoff(const struct mn_follow *f, int64_t now)
{
	int64_t ms;

	/* older than 1970 is never */
	if (!f->keep || parse_age(&ms, f->keep, now) < 0)
		return INT64_MIN;
	return ms;
}

int mn_follow_is_partial(const struct mn_follow *f)
{
	return f->level != MN_LEVEL_FULL || f->streams.n || f->tags.n ||
	       f->keep;
}

static const char *const level_names[] = {
	[MN_LEVEL_FULL] = "full", [MN_LEVEL_LIMIT] = "limit=",
	[MN_LEVEL_META] = "meta", [MN_LEVEL_DAG] = "dag"
};

/* Digits with an optional k, m or g, as far as int64_t goes. */
static int parse_size(uint64_t *out, const char *s)
{
	static const char units[] = "kmg";
	const char *unit;
	uint64_t n = 0;
	unsigned shift = 0;

	if (*s < '0' || *s > '9')
		return MN_EINVALID;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (n > (INT64_MAX - 9) / 10)
			return MN_EINVALID;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	if (*s) {
		unit = strchr(units, *s | 0x20);
		if (!unit || s[1])
			return MN_EINVALID;
		shift = 10 * (unsigned)(unit - units + 1);
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		return MN_EINVALID;
	*out = n << shift;
	return 0;
}

int mn_level_parse(enum mn_level *level, uint64_t *limit, const char *text)
{
	static const char prefix[] = "limit=";

	*limit = 0;
	if (!strncmp(text, prefix, sizeof(prefix) - 1)) {
		*level = MN_LEVEL_LIMIT;
		return parse_size(limit, text + sizeof(prefix) - 1);
	}
	for (int i = MN_LEVEL_FULL; i <= MN_LEVEL_DAG; i++) {
		if (i == MN_LEVEL_LIMIT || strcmp(text, level_names[i]))
			continue;
		*level = (enum mn_level)i;
		return 0;
	}
	return MN_EINVALID;
}

static void add_size(struct mn_buf *out, uint64_t n)
{
	static const char units[] = "kmg";
	size_t unit = 0;

	while (n && !(n % 1024) && unit < 3) {
		n /= 1024;
		unit++;
	}
	mn_buf_addu(out, n);
	if (unit)
		mn_buf_addc(out, units[unit - 1]);
}

void mn_level_text(struct mn_buf *out, enum mn_level level, uint64_t limit)
{
	mn_buf_adds(out, level_names[level]);
	if (level == MN_LEVEL_LIMIT)
		add_size(out, limit);
}

void mn_follow_filter(struct mn_buf *out, const struct mn_follow *f)
{
	const uint64_t least = 16384;	/* of MN_META_FILTER */

	if (f->level == MN_LEVEL_DAG) {
		mn_buf_adds(out, "tree:0");
	} else if (f->level == MN_LEVEL_META || f->streams.n || f->tags.n ||
		   (f->level == MN_LEVEL_LIMIT && f->limit <= least)) {
		mn_buf_adds(out, MN_META_FILTER);
	} else if (f->level == MN_LEVEL_LIMIT) {
		mn_buf_adds(out, "blob:limit=");
		add_size(out, f->limit);
	}
}

int mn_follow_wants(const struct mn_follow *f, struct mn_str stream,
		    struct mn_str tags)
{
	struct mn_str rest = tags, tag;

	if (!f->streams.n && !f->tags.n)
		return 1;
	if (stream.p && has_word(f->streams.p, f->streams.n, stream))
		return 1;
	while (rest.len) {
		const char *end = memchr(rest.p, ' ', rest.len);

		tag = (struct mn_str){ rest.p, end ? (size_t)(end - rest.p)
						   : rest.len };
		if (has_word(f->tags.p, f->tags.n, tag))
			return 1;
		rest.p += tag.len + (end ? 1 : 0);
		rest.len -= tag.len + (end ? 1 : 0);
	}
	return 0;
}

static int is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9');
}

/* What git takes for a name of a remote, too. */
int mn_remote_name_ok(const char *name)
{
	size_t n = strlen(name);

	if (!n || n > MN_REMOTE_NAME_MAX || !is_alnum(name[0]) ||
	    name[n - 1] == '.' || strstr(name, "..") ||
	    (n > 5 && !strcmp(name + n - 5, ".lock")))
		return 0;
	for (size_t i = 0; i < n; i++)
		if (!is_alnum(name[i]) && !strchr("._-", name[i]))
			return 0;
	return 1;
}

static const struct mn_remote_addr *find_remote(const struct mn_follow *f,
						const char *name)
{
	for (size_t i = 0; i < f->remotes.n; i++)
		if (!strcmp(f->remotes.p[i].name, name))
			return &f->remotes.p[i];
	return NULL;
}

/* The host as a name; "local" where there is none that would do. */
static void name_of_host(char *buf, const char *url)
{
	struct mn_url u;
	size_t n = 0;

	if (mn_url_parse(&u, url, NULL) == 0) {
		for (const char *h = u.host; h && *h && n < 48; h++)
			buf[n++] = is_alnum(*h) || *h == '.' ? *h : '-';
		mn_url_release(&u);
	}
	buf[n] = '\0';
	if (!mn_remote_name_ok(buf))
		memcpy(buf, "local", sizeof("local"));
}

void mn_follow_new_name(char *buf, const struct mn_follow *f,
			const char *url)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t base;

	memcpy(buf, "origin", sizeof("origin"));
	if (!find_remote(f, buf))
		return;
	name_of_host(buf, url);
	mn_buf_adds(&b, buf);
	base = b.len;
	for (unsigned i = 2; find_remote(f, b.p); i++) {
		mn_buf_setlen(&b, base);
		mn_buf_addf(&b, "-%u", i);
	}
	memcpy(buf, b.p, b.len + 1);
	mn_buf_release(&b);
}

static int check_remote(const struct mn_follow *f, const char *name,
			const char *url, struct mn_err *err)
{
	if (name && !mn_remote_name_ok(name))
		return mn_err_set(err, MN_EINVALID, "a name of a remote is 1 to "
				  "%d letters, digits, '.', '-' and '_', and "
				  "begins with a letter or a digit: '%s'",
				  MN_REMOTE_NAME_MAX, name);
	if (name && find_remote(f, name))
		return mn_err_set(err, MN_EEXISTS, "there is a remote '%s' "
				  "already", name);
	for (size_t i = 0; i < f->remotes.n; i++)
		if (!strcmp(f->remotes.p[i].url, url))
			return mn_err_set(err, MN_EEXISTS, "'%s' is the address "
					  "of the remote '%s' already", url,
					  f->remotes.p[i].name);
	if (f->remotes.n >= MN_REMOTES_MAX)
		return mn_err_set(err, MN_ELIMIT, "there are %d remotes "
				  "already", MN_REMOTES_MAX);
	return 0;
}

int mn_follow_add_remote(struct mn_follow *f, const char *name,
			 const char *url, struct mn_err *err)
{
	char made[MN_REMOTE_NAME_MAX + 1];
	struct mn_remote_addr *a;
	struct mn_url u;
	int r = mn_url_parse(&u, url, err);

	if (r < 0)
		return r;
	if (u.profile && f->hex[0] && strcmp(u.profile, f->hex))
		r = mn_err_set(err, MN_EINVALID, "'%s' is an address of the "
			       "profile %.12s, not of %.12s", u.text,
			       u.profile, f->hex);
	if (r == 0)
		r = check_remote(f, name, u.text, err);
	if (r < 0)
		goto out;
	if (!name) {
		mn_follow_new_name(made, f, u.text);
		name = made;
	}
	a = mn_vec_push(&f->remotes);
	a->name = mn_xstrdup(name);
	a->url = mn_xstrdup(u.text);
out:
	mn_url_release(&u);
	return r;
}

int mn_follow_drop_remote(struct mn_follow *f, const char *name,
			  struct mn_err *err)
{
	size_t kept = 0;

	for (size_t i = 0; i < f->remotes.n; i++) {
		if (strcmp(f->remotes.p[i].name, name)) {
			f->remotes.p[kept++] = f->remotes.p[i];
			continue;
		}
		free(f->remotes.p[i].name);
		free(f->remotes.p[i].url);
	}
	if (kept == f->remotes.n)
		return mn_err_set(err, MN_ENOTFOUND, "there is no remote '%s'",
				  name);
	f->remotes.n = kept;
	return 0;
}
