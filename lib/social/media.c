#include "social/media.h"

#include <magic.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "node/lines.h"

#include "banned.h"

#define TYPE_UNKNOWN "application/octet-stream"

struct mn_media {
	magic_t magic;		/* NULL until it is needed, or if it fails */
	int tried;
};

struct mn_media *mn_media_new(void)
{
	return mn_xcalloc(1, sizeof(struct mn_media));
}

void mn_media_free(struct mn_media *m)
{
	if (!m)
		return;
	if (m->magic)
		magic_close(m->magic);
	free(m);
}

static int load(struct mn_media *m)
{
	if (m->tried)
		return m->magic ? 0 : -1;
	m->tried = 1;
	m->magic = magic_open(MAGIC_MIME_TYPE | MAGIC_SYMLINK | MAGIC_ERROR);
	if (!m->magic)
		return -1;
	if (magic_load(m->magic, NULL) == 0)
		return 0;
	magic_close(m->magic);
	m->magic = NULL;
	return -1;
}

/* What text is cannot be seen from its bytes as well as from its name. */
static const struct {
	const char *ending, *type;
} text_types[] = {
	{ ".md", "text/markdown" }, { ".markdown", "text/markdown" },
	{ ".csv", "text/csv" }, { ".tsv", "text/tab-separated-values" },
	{ ".css", "text/css" }, { ".html", "text/html" },
	{ ".htm", "text/html" }, { ".ics", "text/calendar" },
	{ ".vcf", "text/vcard" }, { ".json", "application/json" },
	{ ".js", "text/javascript" }, { ".xml", "application/xml" },
	{ ".svg", "image/svg+xml" }, { ".patch", "text/x-diff" },
	{ ".diff", "text/x-diff" }, { ".geojson", "application/geo+json" },
	{ ".gpx", "application/gpx+xml" }, { ".bib", "text/x-bibtex" },
};

static int ends_with(struct mn_str name, const char *ending)
{
	size_t n = strlen(ending);

	if (name.len <= n)
		return 0;
	for (size_t i = 0; i < n; i++) {
		char c = name.p[name.len - n + i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c != ending[i])
			return 0;
	}
	return 1;
}

static struct mn_str refine(struct mn_str type, struct mn_str name)
{
	if (!mn_str_starts(type, "text/") &&
	    !mn_str_eq(type, "application/json") &&
	    !mn_str_eq(type, "application/xml"))
		return type;
	for (size_t i = 0; i < sizeof(text_types) / sizeof(*text_types); i++)
		if (ends_with(name, text_types[i].ending))
			return mn_str(text_types[i].type);
	return type;
}

struct mn_str mn_media_type(struct mn_media *m, struct mn_arena *a,
			    const struct mn_source *from, struct mn_str name)
{
	const char *found = NULL;
	struct mn_str type;

	if (load(m) == 0)
		found = from->path ? magic_file(m->magic, from->path)
			: magic_buffer(m->magic, from->data.p, from->data.len);
	if (!found)
		found = TYPE_UNKNOWN;
	type = mn_str(found);
	if (mn_value_type(type) < 0 || mn_str_starts(type, "inode/"))
		type = MN_STR(TYPE_UNKNOWN);
	return mn_arena_str(a, refine(type, name));
}

/*
 * Appends the character at p, or "_" where a file name must not hold it; 0
 * when there is no room left for it.
 */
static size_t add_char(struct mn_buf *b, const char *p, size_t len)
{
	uint32_t cp;
	size_t n = mn_utf8_next(&cp, p, len);

	if (!n || mn_utf8_is_control(cp) || cp == '/' || cp == '\\') {
		mn_buf_addc(b, '_');
		return n ? n : 1;
	}
	if (b->len + n > MN_FILE_NAME_MAX)
		return 0;
	mn_buf_add(b, p, n);
	return n;
}

struct mn_str mn_media_name(struct mn_arena *a, const char *path)
{
	const char *slash = strrchr(path, '/');
	const char *p = slash ? slash + 1 : path;
	size_t len = strlen(p), at = 0, n = 1;
	struct mn_buf b = MN_BUF_INIT;
	struct mn_str out;

	while (at < len && p[at] == ' ')
		at++;
	for (; at < len && n && b.len < MN_FILE_NAME_MAX; at += n)
		n = add_char(&b, p + at, len - at);
	while (b.len && b.p[b.len - 1] == ' ')
		mn_buf_setlen(&b, b.len - 1);
	if (!b.len)
		mn_buf_adds(&b, "file");
	out = mn_arena_str(a, (struct mn_str){ b.p, b.len });
	mn_buf_release(&b);
	return out;
}
