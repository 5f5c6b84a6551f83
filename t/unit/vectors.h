/*
 * vectors: what the tests of the golden vectors have in common. The files
 * and their fields: t/vectors/README. A missing or malformed field of a
 * vector aborts: that is a fault of the file, not of what is tested.
 */
#ifndef MN_VECTORS_H
#define MN_VECTORS_H

#include <jansson.h>

#include "base/buf.h"
#include "base/hex.h"
#include "key/hash.h"

#include "tap.h"

#define VECTORS_UNUSED __attribute__((unused))

typedef void vector_fn(json_t *v, const char *name, void *ctx);

static void each_vector(const char *file, vector_fn *fn, void *ctx)
	VECTORS_UNUSED;
static json_t *field(json_t *v, const char *key) VECTORS_UNUSED;
static const char *string(json_t *v, const char *key) VECTORS_UNUSED;
static size_t number(json_t *v, const char *key) VECTORS_UNUSED;
static void unhex(struct mn_buf *out, const char *hex) VECTORS_UNUSED;
static void bytes(struct mn_buf *out, json_t *v) VECTORS_UNUSED;
static void unhex_id(struct mn_id *out, const char *hex) VECTORS_UNUSED;
static struct mn_str view(const struct mn_buf *b) VECTORS_UNUSED;

static json_t *field(json_t *v, const char *key)
{
	json_t *f = json_object_get(v, key);

	if (!f) {
		fprintf(stderr, "# a vector has no '%s'\n", key);
		abort();
	}
	return f;
}

static const char *string(json_t *v, const char *key)
{
	const char *s = json_string_value(field(v, key));

	if (!s)
		abort();
	return s;
}

static size_t number(json_t *v, const char *key)
{
	return (size_t)json_integer_value(field(v, key));
}

/* Appends the bytes of hexadecimal digits. */
static void unhex(struct mn_buf *out, const char *hex)
{
	size_t n = strlen(hex) / 2;

	mn_buf_grow(out, n);
	if (strlen(hex) % 2 || mn_hex_decode(out->p + out->len, hex, n) < 0)
		abort();
	mn_buf_setlen(out, out->len + n);
}

/* Appends those of "hex", or of "repeat" and "size". */
static void bytes(struct mn_buf *out, json_t *v)
{
	struct mn_buf pattern = MN_BUF_INIT;
	size_t size;

	if (json_object_get(v, "hex")) {
		unhex(out, string(v, "hex"));
		return;
	}
	unhex(&pattern, string(v, "repeat"));
	size = number(v, "size");
	mn_buf_grow(out, size);
	for (size_t n; size; size -= n) {
		n = size < pattern.len ? size : pattern.len;
		mn_buf_add(out, pattern.p, n);
	}
	mn_buf_release(&pattern);
}

static void unhex_id(struct mn_id *out, const char *hex)
{
	if (strlen(hex) != MN_ID_HEX || mn_id_parse(out, hex) < 0)
		abort();
}

static struct mn_str view(const struct mn_buf *b)
{
	return (struct mn_str){ b->p, b->len };
}

/* Calls fn for each line of a file, t/vectors/<file>. */
static void each_vector(const char *file, vector_fn *fn, void *ctx)
{
	struct mn_buf path = MN_BUF_INIT;
	char *line = NULL;
	size_t cap = 0;
	int n = 0;
	FILE *f;

	mn_buf_addf(&path, "t/vectors/%s", file);
	f = fopen(path.p, "r");
	while (f && getline(&line, &cap, f) > 0) {
		json_t *v = json_loads(line, 0, NULL);

		if (!v) {
			ok(0, "%s: line %d is JSON", file, n + 1);
			break;
		}
		fn(v, string(v, "name"), ctx);
		json_decref(v);
		n++;
	}
	ok(n > 0, "%s: %d vectors", file, n);
	free(line);
	if (f)
		fclose(f);
	mn_buf_release(&path);
}

#endif
