#include "base/ini.h"

#include <string.h>

#include "base/utf8.h"

#include "banned.h"

/*
 * One scanner serves reading and changing: it reports sections and entries
 * with the places where they stand in the text.
 */
enum token { TOKEN_END, TOKEN_SECTION, TOKEN_ENTRY };

struct scan {
	struct mn_str text;
	size_t pos;
	struct mn_buf section;	/* "section." or "section.sub." */
	struct mn_buf name;	/* of the entry: section and key */
	struct mn_buf value;
	size_t begin;		/* first byte of the header or the key */
	size_t vend;		/* behind ']' or the last byte of the value */
	size_t end;		/* behind the newline of the entry */
};

static void scan_release(struct scan *s)
{
	mn_buf_release(&s->section);
	mn_buf_release(&s->name);
	mn_buf_release(&s->value);
}

/* The byte n further on, or a newline at the end. */
static char look(const struct scan *s, size_t n)
{
	return s->pos + n < s->text.len ? s->text.p[s->pos + n] : '\n';
}

/* CR stands before LF only: check_text saw to it. */
static int is_newline(char c)
{
	return c == '\n' || c == '\r';
}

static int is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static int is_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static int is_name(char c)
{
	return is_alpha(c) || (c >= '0' && c <= '9') || c == '-';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static void skip_blanks(struct scan *s)
{
	while (is_blank(look(s, 0)))
		s->pos++;
}

static void skip_newline(struct scan *s)
{
	if (s->pos < s->text.len && s->text.p[s->pos] == '\r')
		s->pos++;
	if (s->pos < s->text.len)
		s->pos++;
}

static void skip_line(struct scan *s)
{
	while (!is_newline(look(s, 0)))
		s->pos++;
	skip_newline(s);
}

static int fail(const struct scan *s, const char *what, struct mn_err *err)
{
	size_t line = 1, i;

	for (i = 0; i < s->pos && i < s->text.len; i++)
		line += s->text.p[i] == '\n';
	return mn_err_set(err, MN_EINVALID, "line %zu: %s", line, what);
}

/* UTF-8, and no control but tab, newline and CR before a newline. */
static int check_text(struct scan *s, struct mn_err *err)
{
	const char *p = s->text.p;
	size_t len = s->text.len, at = 0;

	if (len > MN_INI_MAX)
		return mn_err_set(err, MN_ELIMIT,
				  "configuration is larger than %d bytes",
				  MN_INI_MAX);
	while (at < len) {
		uint32_t cp;
		size_t n = mn_utf8_next(&cp, p + at, len - at);

		s->pos = at;
		if (!n)
			return fail(s, "not UTF-8", err);
		if (mn_utf8_is_control(cp) && cp != '\t' && cp != '\n' &&
		    !(cp == '\r' && at + 1 < len && p[at + 1] == '\n'))
			return fail(s, "control character", err);
		at += n;
	}
	s->pos = 0;
	return 0;
}

static int scan_init(struct scan *s, struct mn_str text, struct mn_err *err)
{
	int r;

	memset(s, 0, sizeof(*s));
	mn_buf_init(&s->section);
	mn_buf_init(&s->name);
	mn_buf_init(&s->value);
	s->text = text;
	r = check_text(s, err);
	if (!r && mn_str_starts(text, "\xef\xbb\xbf"))
		s->pos = 3;
	return r;
}

/* "sub\"section"], from the quote to the bracket. */
static int scan_subsection(struct scan *s, struct mn_err *err)
{
	for (s->pos++; look(s, 0) != '"'; s->pos++) {
		if (look(s, 0) == '\\')
			s->pos++;
		if (is_newline(look(s, 0)))
			return fail(s, "bad section header", err);
		mn_buf_addc(&s->section, look(s, 0));
	}
	s->pos++;
	return 0;
}

static int scan_section(struct scan *s, struct mn_err *err)
{
	size_t start;

	s->begin = s->pos++;
	start = s->pos;
	mn_buf_clear(&s->section);
	for (; is_name(look(s, 0)) || look(s, 0) == '.'; s->pos++)
		mn_buf_addc(&s->section, lower(look(s, 0)));
	if (s->pos == start)
		return fail(s, "bad section header", err);
	mn_buf_addc(&s->section, '.');
	if (is_blank(look(s, 0))) {
		skip_blanks(s);
		if (look(s, 0) != '"')
			return fail(s, "bad section header", err);
		if (scan_subsection(s, err) < 0)
			return MN_EINVALID;
		mn_buf_addc(&s->section, '.');
	}
	if (look(s, 0) != ']')
		return fail(s, "bad section header", err);
	s->vend = ++s->pos;
	return TOKEN_SECTION;
}

/* What a backslash stands before; a newline continues the line. */
static int scan_escape(struct scan *s, struct mn_err *err)
{
	static const char from[] = "ntb\\\"", to[] = "\n\t\b\\\"";
	const char *at;

	s->pos++;
	if (s->pos >= s->text.len)
		return fail(s, "nothing behind a backslash", err);
	if (is_newline(look(s, 0))) {
		skip_newline(s);
		return 0;
	}
	at = memchr(from, look(s, 0), sizeof(from) - 1);
	if (!at)
		return fail(s, "unknown escape", err);
	mn_buf_addc(&s->value, to[at - from]);
	s->vend = ++s->pos;
	return 1;
}

/* Blanks around a value don't belong to it, unless they are quoted. */
static int scan_value(struct scan *s, struct mn_err *err)
{
	size_t keep = 0;	/* bytes of the value that are not trimmed */
	int quoted = 0, r;

	skip_blanks(s);
	for (;;) {
		char c = look(s, 0);

		if (is_newline(c) && quoted)
			return fail(s, "quote without its end", err);
		if (is_newline(c))
			break;
		if (!quoted && (c == '#' || c == ';'))
			break;
		if (c == '\\') {
			r = scan_escape(s, err);
			if (r < 0)
				return r;
			if (r)
				keep = s->value.len;
			continue;
		}
		s->pos++;
		if (c == '"')
			quoted = !quoted;
		else if (quoted || !is_blank(c) || keep)
			mn_buf_addc(&s->value, c);
		if (c == '"' || quoted || !is_blank(c)) {
			keep = s->value.len;
			s->vend = s->pos;
		}
	}
	mn_buf_setlen(&s->value, keep);
	return 0;
}

static int scan_entry(struct scan *s, struct mn_err *err)
{
	if (!s->section.len)
		return fail(s, "entry outside of a section", err);
	s->begin = s->pos;
	mn_buf_clear(&s->name);
	mn_buf_clear(&s->value);
	mn_buf_add(&s->name, s->section.p, s->section.len);
	for (; is_name(look(s, 0)); s->pos++)
		mn_buf_addc(&s->name, lower(look(s, 0)));
	s->vend = s->pos;
	skip_blanks(s);
	if (look(s, 0) == '=') {
		s->vend = ++s->pos;
		if (scan_value(s, err) < 0)
			return MN_EINVALID;
	} else if (is_newline(look(s, 0))) {
		mn_buf_adds(&s->value, "true");
	} else {
		return fail(s, "no '=' behind a key", err);
	}
	skip_line(s);
	s->end = s->pos;
	return TOKEN_ENTRY;
}

/* An enum token, or an error. */
static int scan_next(struct scan *s, struct mn_err *err)
{
	while (s->pos < s->text.len) {
		char c = look(s, 0);

		if (is_blank(c))
			s->pos++;
		else if (is_newline(c))
			skip_newline(s);
		else if (c == '#' || c == ';')
			skip_line(s);
		else if (c == '[')
			return scan_section(s, err);
		else if (is_alpha(c))
			return scan_entry(s, err);
		else
			return fail(s, "neither a section nor a key", err);
	}
	return TOKEN_END;
}

int mn_ini_parse(struct mn_str text, mn_ini_fn *fn, void *ctx,
		 struct mn_err *err)
{
	struct scan s;
	int r;

	r = scan_init(&s, text, err);
	while (!r) {
		r = scan_next(&s, err);
		if (r == TOKEN_END || r < 0)
			break;
		r = r == TOKEN_ENTRY ? fn(ctx, s.name.p, s.value.p) : 0;
	}
	scan_release(&s);
	return r;
}

/* A full name, taken apart: what is written, and what is compared. */
struct name {
	struct mn_str section, sub, key;
	int has_sub;
	struct mn_buf full;	/* section and key in lower case */
};

static int bad_name(const char *name, struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "'%s' is no name of an entry",
			  name);
}

static int all_name(struct mn_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		if (!is_name(s.p[i]))
			return 0;
	return s.len > 0;
}

/* UTF-8 with no other controls than those in ok. */
static int is_text(struct mn_str s, const char *ok)
{
	size_t at = 0;

	while (at < s.len) {
		uint32_t cp;
		size_t n = mn_utf8_next(&cp, s.p + at, s.len - at);

		if (!n || (mn_utf8_is_control(cp) &&
			   (n > 1 || !strchr(ok, (int)cp))))
			return 0;
		at += n;
	}
	return 1;
}

static void add_lower(struct mn_buf *b, struct mn_str s)
{
	size_t i;

	for (i = 0; i < s.len; i++)
		mn_buf_addc(b, lower(s.p[i]));
}

static int name_split(struct name *n, const char *name, struct mn_err *err)
{
	const char *first = strchr(name, '.');
	const char *last = strrchr(name, '.');

	mn_buf_init(&n->full);
	if (!first || strlen(name) > MN_INI_MAX)
		return bad_name(name, err);
	n->section = (struct mn_str){ name, (size_t)(first - name) };
	n->has_sub = first != last;
	n->sub = MN_STR("");
	if (n->has_sub)
		n->sub = (struct mn_str){ first + 1,
					  (size_t)(last - first - 1) };
	n->key = mn_str(last + 1);
	if (!all_name(n->section) || !all_name(n->key) ||
	    !is_alpha(n->key.p[0]) || !is_text(n->sub, "\t"))
		return bad_name(name, err);
	add_lower(&n->full, n->section);
	mn_buf_addc(&n->full, '.');
	if (n->has_sub) {
		mn_buf_addstr(&n->full, n->sub);
		mn_buf_addc(&n->full, '.');
	}
	add_lower(&n->full, n->key);
	return 0;
}

/* Whether the section that is being scanned is where the name belongs. */
static int in_section(const struct scan *s, const struct name *n)
{
	return s->section.len == n->full.len - n->key.len &&
	       !memcmp(s->section.p, n->full.p, s->section.len);
}

static void add_header(struct mn_buf *out, const struct name *n)
{
	size_t i;

	mn_buf_addc(out, '[');
	mn_buf_addstr(out, n->section);
	if (n->has_sub) {
		mn_buf_adds(out, " \"");
		for (i = 0; i < n->sub.len; i++) {
			if (n->sub.p[i] == '"' || n->sub.p[i] == '\\')
				mn_buf_addc(out, '\\');
			mn_buf_addc(out, n->sub.p[i]);
		}
		mn_buf_addc(out, '"');
	}
	mn_buf_adds(out, "]\n");
}

/* "key = value", so that scan_value gives the value back. */
static void add_entry(struct mn_buf *out, struct mn_str key, struct mn_str v)
{
	int quote = v.len && (is_blank(v.p[0]) || is_blank(v.p[v.len - 1]) ||
			      memchr(v.p, '#', v.len) ||
			      memchr(v.p, ';', v.len));
	size_t i;

	mn_buf_addstr(out, key);
	mn_buf_adds(out, v.len ? " = " : " =");
	if (quote)
		mn_buf_addc(out, '"');
	for (i = 0; i < v.len; i++) {
		switch (v.p[i]) {
		case '\n':
			mn_buf_adds(out, "\\n");
			break;
		case '\t':
			mn_buf_adds(out, "\\t");
			break;
		case '\b':
			mn_buf_adds(out, "\\b");
			break;
		case '"':
		case '\\':
			mn_buf_addc(out, '\\');
			/* fallthrough */
		default:
			mn_buf_addc(out, v.p[i]);
		}
	}
	if (quote)
		mn_buf_addc(out, '"');
}

/* What of the text stands where the name is, or would be. */
struct place {
	int found, section;	/* the entry, its section */
	size_t begin, vend;	/* the last entry with the name */
	size_t insert;		/* behind the section's last entry */
};

/* Where an entry goes that is to be a section's first: in the line behind
 * the header, unless more than a comment stands in the header's own. */
static size_t behind_header(const struct scan *s)
{
	struct scan rest = *s;
	char c;

	skip_blanks(&rest);
	c = look(&rest, 0);
	if (!is_newline(c) && c != '#' && c != ';')
		return s->pos;
	skip_line(&rest);
	return rest.pos;
}

static int find_place(struct place *at, struct mn_str text,
		      const struct name *n, struct mn_err *err)
{
	struct scan s;
	int r;

	memset(at, 0, sizeof(*at));
	r = scan_init(&s, text, err);
	while (!r) {
		r = scan_next(&s, err);
		if (r <= 0)
			break;
		if (!in_section(&s, n)) {
			r = 0;
			continue;
		}
		at->section = 1;
		if (r == TOKEN_SECTION) {
			at->insert = behind_header(&s);
		} else {
			at->insert = s.end;
			if (mn_str_eq((struct mn_str){ s.name.p, s.name.len },
				      n->full.p)) {
				at->found = 1;
				at->begin = s.begin;
				at->vend = s.vend;
			}
		}
		r = 0;
	}
	scan_release(&s);
	return r;
}

static void end_line(struct mn_buf *out)
{
	if (out->len && out->p[out->len - 1] != '\n')
		mn_buf_addc(out, '\n');
}

/*
 * As end_line, where an entry is to follow. A value may be continued by its
 * last line's backslash and then end with the file; what is added must not
 * become the rest of it. (Behind a comment, the empty line does no harm.)
 */
static void end_entry(struct mn_buf *out)
{
	size_t n;

	end_line(out);
	n = out->len;
	if ((n >= 2 && !memcmp(out->p + n - 2, "\\\n", 2)) ||
	    (n >= 3 && !memcmp(out->p + n - 3, "\\\r\n", 3)))
		mn_buf_addc(out, '\n');
}

/* The text with the entry in it, replacing the last one or added. */
static void write_entry(struct mn_buf *out, const struct mn_buf *text,
			const struct place *at, const struct name *n,
			struct mn_str value, int replace)
{
	size_t rest;

	if (replace) {
		mn_buf_add(out, text->p, at->begin);
		add_entry(out, n->key, value);
		rest = at->vend;
	} else if (at->section) {
		mn_buf_add(out, text->p, at->insert);
		end_entry(out);
		mn_buf_addc(out, '\t');
		add_entry(out, n->key, value);
		mn_buf_addc(out, '\n');
		rest = at->insert;
	} else {
		mn_buf_add(out, text->p, text->len);
		end_entry(out);
		add_header(out, n);
		mn_buf_addc(out, '\t');
		add_entry(out, n->key, value);
		mn_buf_addc(out, '\n');
		rest = text->len;
	}
	mn_buf_add(out, text->p + rest, text->len - rest);
}

/* Puts the new text in the place of the old, if it may be that large. */
static int accept(struct mn_buf *b, struct mn_buf *out, struct mn_err *err)
{
	struct mn_buf old = *b;

	if (out->len > MN_INI_MAX)
		return mn_err_set(err, MN_ELIMIT,
				  "configuration would be larger than %d bytes",
				  MN_INI_MAX);
	*b = *out;
	*out = old;
	return 0;
}

static int put_entry(struct mn_buf *b, const char *name, const char *value,
		     int replace, struct mn_err *err)
{
	struct mn_buf out = MN_BUF_INIT;
	struct mn_str v = mn_str(value);
	struct place at;
	struct name n;
	int r;

	r = name_split(&n, name, err);
	if (r < 0)
		goto out;
	if (v.len > MN_INI_MAX || !is_text(v, "\n\t\b")) {
		r = mn_err_set(err, MN_EINVALID,
			       "value of '%s' is not text", name);
		goto out;
	}
	r = find_place(&at, (struct mn_str){ b->p, b->len }, &n, err);
	if (r < 0)
		goto out;
	write_entry(&out, b, &at, &n, v, replace && at.found);
	r = accept(b, &out, err);
out:
	mn_buf_release(&n.full);
	mn_buf_release(&out);
	return r;
}

/*
 * Copies what stands before an entry that goes. Blanks before a key go with
 * it; where a header stands before it in the line, the newline stays.
 */
static void drop_entry(struct mn_buf *out, const struct scan *s, size_t *from)
{
	size_t begin = s->begin;

	while (begin > *from && is_blank(s->text.p[begin - 1]))
		begin--;
	mn_buf_add(out, s->text.p + *from, begin - *from);
	end_line(out);
	*from = s->end;
}

static int remove_entries(struct mn_buf *b, const char *name,
			  struct mn_err *err)
{
	struct mn_buf out = MN_BUF_INIT;
	struct scan s;
	size_t from = 0;
	struct name n;
	int r;

	r = name_split(&n, name, err);
	if (r < 0)
		goto out_name;
	r = scan_init(&s, (struct mn_str){ b->p, b->len }, err);
	while (!r) {
		r = scan_next(&s, err);
		if (r <= 0)
			break;
		if (r == TOKEN_ENTRY &&
		    mn_str_eq((struct mn_str){ s.name.p, s.name.len },
			      n.full.p))
			drop_entry(&out, &s, &from);
		r = 0;
	}
	if (!r && from) {
		mn_buf_add(&out, b->p + from, b->len - from);
		r = accept(b, &out, err);
	}
	scan_release(&s);
out_name:
	mn_buf_release(&n.full);
	mn_buf_release(&out);
	return r;
}

int mn_ini_set(struct mn_buf *b, const char *name, const char *value,
	       struct mn_err *err)
{
	return value ? put_entry(b, name, value, 1, err) :
		       remove_entries(b, name, err);
}

int mn_ini_add(struct mn_buf *b, const char *name, const char *value,
	       struct mn_err *err)
{
	return put_entry(b, name, value, 0, err);
}
