/* conf: see conf.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/ini.h"
#include "base/io.h"
#include "base/lock.h"
#include "base/vec.h"
#include "conf/conf.h"
#include "banned.h"

#define LOCK_WAIT_MS 2000

static int add_entry(void *ctx, const char *name, const char *value)
{
	struct mn_conf *c = ctx;
	struct mn_conf_entry *e = mn_vec_push(c);

	e->name = mn_arena_strdup(&c->mem, mn_str(name));
	e->value = mn_arena_strdup(&c->mem, mn_str(value ? value : "true"));
	return 0;
}

/* The text of the file; none if it is missing. */
static int read_text(struct mn_buf *b, const char *path, struct mn_err *err)
{
	int r = mn_io_read_file(b, path, MN_INI_MAX, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	return r;
}

int mn_conf_load(struct mn_conf *c, const char *path, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	int r = read_text(&text, path, err);

	if (r < 0)
		goto out;
	r = mn_ini_parse((struct mn_str){ text.p, text.len }, add_entry, c,
			 err);
	if (r < 0)
		mn_err_wrap(err, r, "'%s'", path);
out:
	mn_buf_release(&text);
	return r;
}

void mn_conf_release(struct mn_conf *c)
{
	mn_vec_release(c);
	mn_arena_release(&c->mem);
}

/*
 * The name as entries have it: section and key in lower case, what stands
 * between them as it is. NULL where there is no dot.
 */
static const char *fold_name(struct mn_buf *b, const char *name)
{
	const char *first = strchr(name, '.'), *last = strrchr(name, '.');
	size_t i;

	if (!first)
		return NULL;
	mn_buf_adds(b, name);
	for (i = 0; i < b->len; i++)
		if ((name + i < first || name + i > last) &&
		    b->p[i] >= 'A' && b->p[i] <= 'Z')
			b->p[i] = (char)(b->p[i] | 0x20);
	return b->p;
}

int mn_conf_each(const struct mn_conf *c, const char *name, mn_conf_fn *fn,
		 void *ctx)
{
	struct mn_buf b = MN_BUF_INIT;
	const char *folded = fold_name(&b, name);
	size_t i;
	int r = 0;

	for (i = 0; folded && !r && i < c->n; i++)
		if (!strcmp(c->p[i].name, folded))
			r = fn(ctx, c->p[i].name, c->p[i].value);
	mn_buf_release(&b);
	return r;
}

static int keep_value(void *ctx, const char *name, const char *value)
{
	(void)name;
	*(const char **)ctx = value;
	return 0;
}

const char *mn_conf_get(const struct mn_conf *c, const char *name)
{
	const char *value = NULL;

	mn_conf_each(c, name, keep_value, &value);
	return value;
}

static int is_one_of(const char *value, const char *const *words)
{
	for (; *words; words++)
		if (!strcasecmp(value, *words))
			return 1;
	return 0;
}

int mn_conf_bool(int *out, const struct mn_conf *c, const char *name, int def,
		 struct mn_err *err)
{
	static const char *const yes[] = { "true", "yes", "on", "1", NULL };
	static const char *const no[] = { "false", "no", "off", "0", "",
					  NULL };
	const char *value = mn_conf_get(c, name);

	if (!value)
		*out = def;
	else if (is_one_of(value, yes))
		*out = 1;
	else if (is_one_of(value, no))
		*out = 0;
	else
		return mn_err_set(err, MN_EINVALID,
				  "config %s: '%s' is neither true nor false",
				  name, value);
	return 0;
}

/* Digits, at most max; *end is what stands behind them. */
static int read_digits(uint64_t *out, const char *s, uint64_t max,
		       const char **end)
{
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		uint64_t d = (uint64_t)(*s - '0');

		if (d > max || n > (max - d) / 10)
			return -1;
		n = n * 10 + d;
	}
	*out = n;
	*end = s;
	return 0;
}

int mn_conf_int(int64_t *out, const struct mn_conf *c, const char *name,
		int64_t def, struct mn_err *err)
{
	const char *value = mn_conf_get(c, name), *end;
	int neg = value && *value == '-';
	uint64_t n;

	*out = def;
	if (!value)
		return 0;
	if (read_digits(&n, value + neg, INT64_MAX, &end) < 0 || *end)
		return mn_err_set(err, MN_EINVALID,
				  "config %s: '%s' is not a number", name,
				  value);
	*out = neg ? -(int64_t)n : (int64_t)n;
	return 0;
}

int mn_conf_size(uint64_t *out, const struct mn_conf *c, const char *name,
		 uint64_t def, struct mn_err *err)
{
	const char *value = mn_conf_get(c, name), *end, *unit;
	static const char units[] = "kmg";
	uint64_t n;
	unsigned int shift = 0;

	*out = def;
	if (!value)
		return 0;
	if (read_digits(&n, value, INT64_MAX, &end) < 0)
		goto bad;
	if (*end) {
		unit = strchr(units, *end | 0x20);
		if (!unit || end[1])
			goto bad;
		shift = 10 * (unsigned int)(unit - units + 1);
	}
	if (n > (uint64_t)INT64_MAX >> shift)
		goto bad;
	*out = n << shift;
	return 0;
bad:
	return mn_err_set(err, MN_EINVALID, "config %s: '%s' is not a size",
			  name, value);
}

typedef int edit_fn(struct mn_buf *b, const char *name, const char *value,
		    struct mn_err *err);

static int unset(struct mn_buf *b, const char *name, const char *value,
		 struct mn_err *err)
{
	struct mn_buf before = MN_BUF_INIT;
	int r;

	mn_buf_add(&before, b->p, b->len);
	r = mn_ini_set(b, name, value, err);
	if (r >= 0 && before.len == b->len && !memcmp(before.p, b->p, b->len))
		r = mn_err_set(err, MN_ENOTFOUND, "'%s' is not set", name);
	mn_buf_release(&before);
	return r;
}

/* The file itself where path is a symbolic link to it. Caller frees. */
static char *follow(const char *path)
{
	char *real = realpath(path, NULL);

	return real ? real : mn_xstrdup(path);
}

static int ignore(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	(void)name;
	(void)value;
	return 0;
}

static int edit(const char *path, edit_fn *fn, const char *name,
		const char *value, struct mn_err *err)
{
	char *file = follow(path);
	struct mn_lock lock = MN_LOCK_INIT;
	struct mn_buf text = MN_BUF_INIT, lockfile = MN_BUF_INIT;
	struct stat st;
	mode_t mode;
	int r;

	/* not .lock: that is what git itself makes, and wants to be absent */
	mn_buf_addf(&lockfile, "%s.flock", file);
	r = mn_lock_take(&lock, lockfile.p, LOCK_WAIT_MS, err);
	if (r < 0)
		goto out;
	r = read_text(&text, file, err);
	if (r < 0)
		goto out;
	r = mn_ini_parse((struct mn_str){ text.p, text.len }, ignore, NULL,
			 err);
	if (r < 0) {
		mn_err_wrap(err, r, "'%s'", file);
		goto out;
	}
	r = fn(&text, name, value, err);
	if (r < 0)
		goto out;
	mode = stat(file, &st) < 0 ? 0600 : st.st_mode & 0777;
	r = mn_io_replace(file, text.p, text.len, mode, 1, err);
out:
	mn_buf_release(&text);
	mn_lock_drop(&lock);
	mn_buf_release(&lockfile);
	free(file);
	return r;
}

int mn_conf_set(const char *path, const char *name, const char *value,
		struct mn_err *err)
{
	return edit(path, mn_ini_set, name, value, err);
}

int mn_conf_add(const char *path, const char *name, const char *value,
		struct mn_err *err)
{
	return edit(path, mn_ini_add, name, value, err);
}

int mn_conf_unset(const char *path, const char *name, struct mn_err *err)
{
	return edit(path, unset, name, NULL, err);
}
