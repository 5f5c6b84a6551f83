/*
 * fuzz-ini: whatever text is taken, setting, adding and removing an entry
 * leaves text that is taken too, says what was asked for, and says the same
 * as before about all other entries. Text that is refused is left alone.
 *
 * Input: the name of an entry, a NUL, its value, a NUL, and the file.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/ini.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

/* What a file says: of one name, and of all others. */
struct said {
	const char *name;	/* as it is reported */
	struct mn_buf values;	/* of it, each ended by NUL */
	struct mn_buf others;	/* name, NUL, value, NUL */
};

static void add_z(struct mn_buf *b, const char *s)
{
	mn_buf_add(b, s, strlen(s) + 1);
}

static int gather(void *ctx, const char *name, const char *value)
{
	struct said *s = ctx;

	LAW(mn_utf8_check(name, strlen(name)) == strlen(name));
	LAW(mn_utf8_check(value, strlen(value)) == strlen(value));
	LAW(strchr(name, '.') != NULL);
	if (!strcmp(name, s->name)) {
		add_z(&s->values, value);
	} else {
		add_z(&s->others, name);
		add_z(&s->others, value);
	}
	return 0;
}

static int read_text(struct said *s, const char *name, const struct mn_buf *b)
{
	s->name = name;
	mn_buf_init(&s->values);
	mn_buf_init(&s->others);
	return mn_ini_parse((struct mn_str){ b->p, b->len }, gather, s, NULL);
}

static void forget(struct said *s)
{
	mn_buf_release(&s->values);
	mn_buf_release(&s->others);
}

static int same(const struct mn_buf *a, const struct mn_buf *b)
{
	return a->len == b->len && !memcmp(a->p, b->p, a->len);
}

static void lower_part(char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] - 'A' + 'a');
}

/* The name as parsing reports it: section and key in lower case. */
static char *reported(const char *name)
{
	char *p = mn_xstrdup(name), *first = strchr(p, '.');

	if (first) {
		char *last = strrchr(p, '.');

		lower_part(p, (size_t)(first - p));
		lower_part(last, strlen(last));
	}
	return p;
}

static size_t without_last(const struct mn_buf *values)
{
	size_t n = values->len;

	if (n)
		for (n--; n && values->p[n - 1]; n--)
			;
	return n;
}

enum change { SET, ADD, REMOVE };

static int change(struct mn_buf *b, const char *name, const char *value,
		  enum change how)
{
	if (how == ADD)
		return mn_ini_add(b, name, value, NULL);
	return mn_ini_set(b, name, how == SET ? value : NULL, NULL);
}

/* The values of the name that a change is to leave. */
static void expect(struct mn_buf *want, const struct mn_buf *had,
		   const char *value, enum change how)
{
	mn_buf_clear(want);
	if (how == REMOVE)
		return;
	mn_buf_add(want, had->p, how == ADD ? had->len : without_last(had));
	add_z(want, value);
}

static void try(const struct mn_buf *text, const char *name,
		const char *value, enum change how)
{
	struct mn_buf b = MN_BUF_INIT, want = MN_BUF_INIT;
	char *full = reported(name);
	struct said before, after;
	int taken, r;

	mn_buf_add(&b, text->p, text->len);
	taken = !read_text(&before, full, text);
	r = change(&b, name, value, how);
	LAW(taken || r);
	if (r) {
		LAW(same(&b, text));
		LAW(!taken || !before.values.len || how != REMOVE);
		goto out;
	}
	LAW(!read_text(&after, full, &b));
	LAW(same(&before.others, &after.others));
	expect(&want, &before.values, value, how);
	LAW(same(&want, &after.values));
	forget(&after);
out:
	forget(&before);
	mn_buf_release(&want);
	mn_buf_release(&b);
	free(full);
}

/* The string up to the next NUL; none at all is an empty one. */
static char *take(const uint8_t **data, size_t *size)
{
	struct mn_buf b = MN_BUF_INIT;
	const uint8_t *end = *size ? memchr(*data, 0, *size) : NULL;

	if (end) {
		mn_buf_add(&b, *data, (size_t)(end - *data));
		*size -= (size_t)(end - *data) + 1;
		*data = end + 1;
	}
	return mn_buf_detach(&b, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *name = take(&data, &size), *value = take(&data, &size);
	struct mn_buf text = MN_BUF_INIT;

	mn_buf_add(&text, data, size);
	try(&text, name, value, SET);
	try(&text, name, value, ADD);
	try(&text, name, value, REMOVE);
	try(&text, "a.k", value, SET);
	try(&text, "a.b.k", value, ADD);
	try(&text, "a.k", value, REMOVE);
	mn_buf_release(&text);
	free(name);
	free(value);
	return 0;
}
