#include "out/text.h"

#include <string.h>

#include "base/utf8.h"

#include "banned.h"

#define TAB 8
#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACEMENT "\xef\xbf\xbd"
#define SHOWN_MAX 16		/* bytes that one character becomes */

/* One character of a text, as it is shown. */
struct shown {
	size_t used;		/* bytes of the text */
	uint32_t cp;		/* UINT32_MAX: malformed */
	const char *p;		/* what is written for it, len bytes */
	size_t len;
	size_t width;		/* columns */
	char own[SHOWN_MAX];
};

static void show_number(struct shown *c)
{
	static const char digits[] = "0123456789ABCDEF";
	char *p = c->own;
	int shift = c->cp > 0xffff ? 20 : 12;

	memcpy(p, "<U+", 3);
	for (p += 3; shift >= 0; shift -= 4)
		*p++ = digits[c->cp >> shift & 15];
	*p++ = '>';
	c->p = c->own;
	c->len = c->width = (size_t)(p - c->own);
}

static void show_picture(struct shown *c)
{
	uint32_t low = c->cp == 0x7f ? 0x21 : c->cp;

	c->own[0] = '\xe2';
	c->own[1] = '\x90';
	c->own[2] = (char)(0x80 | low);
	c->p = c->own;
	c->len = 3;
	c->width = 1;
}

static void next_shown(struct shown *c, const char *p, const char *end)
{
	c->p = p;
	c->width = 1;
	if (*p >= ' ' && *p < 0x7f) {
		c->cp = (unsigned char)*p;
		c->used = c->len = 1;
		return;
	}
	c->used = c->len = mn_utf8_next(&c->cp, p, (size_t)(end - p));
	if (!c->used) {
		c->cp = UINT32_MAX;
		c->used = 1;
		c->p = REPLACEMENT;
		c->len = 3;
	} else if (c->cp < 0x20 || c->cp == 0x7f) {
		show_picture(c);
	} else if (mn_utf8_is_control(c->cp) || mn_utf8_is_bidi(c->cp)) {
		show_number(c);
	} else {
		c->width = (size_t)mn_utf8_width(c->cp);
	}
}

/* How many bytes at p are shown as they are, whatever follows. */
static size_t plain(const char *p, const char *end)
{
	const char *q = p;

	while (q < end && *q >= ' ' && *q < 0x7f)
		q++;
	return (size_t)(q - p);
}

static void add(struct mn_buf *out, struct mn_str s, int keep_space)
{
	const char *p = s.p, *end = s.p + s.len;
	struct shown c;

	while (p < end) {
		size_t n = plain(p, end);

		if (n) {
			mn_buf_add(out, p, n);
			p += n;
			continue;
		}
		next_shown(&c, p, end);
		if (keep_space && (c.cp == '\n' || c.cp == '\t'))
			mn_buf_addc(out, (char)c.cp);
		else
			mn_buf_add(out, c.p, c.len);
		p += c.used;
	}
}

void mn_text_line(struct mn_buf *out, struct mn_str s)
{
	add(out, s, 0);
}

void mn_text_raw(struct mn_buf *out, struct mn_str s)
{
	add(out, s, 1);
}

size_t mn_text_width(struct mn_str s)
{
	const char *p = s.p, *end = s.p + s.len;
	size_t width = 0;
	struct shown c;

	for (; p < end; p += c.used) {
		next_shown(&c, p, end);
		width += c.width;
	}
	return width;
}

void mn_text_cut(struct mn_buf *out, struct mn_str s, size_t columns)
{
	const char *p = s.p, *end = s.p + s.len;
	size_t width = 0, fits = out->len;
	struct shown c;

	for (; p < end; p += c.used) {
		next_shown(&c, p, end);
		width += c.width;
		if (width > columns) {
			mn_buf_setlen(out, fits);
			mn_buf_adds(out, columns ? ELLIPSIS : "");
			return;
		}
		mn_buf_add(out, c.p, c.len);
		if (width < columns)	/* there is room for the ellipsis */
			fits = out->len;
	}
}

struct mn_str mn_text_first_line(struct mn_str s)
{
	const char *p = s.p, *end = s.p + s.len, *q;

	while (p < end && strchr(" \t\r\n", *p) && *p)
		p++;
	for (q = p; q < end && *q != '\n'; )
		q++;
	while (q > p && strchr(" \t\r", q[-1]) && q[-1])
		q--;
	return (struct mn_str){ p, (size_t)(q - p) };
}

/* blocks */

struct block {
	struct mn_buf *out;
	size_t indent, width;	/* width 0: no limit */
	size_t hang;		/* columns of space in front of the line */
	size_t column;		/* from the indent */
	size_t start;		/* of the line in out, behind its indent */
	size_t word;		/* in out: where it may be broken; 0: not yet */
	size_t word_column;
};

static void spaces(struct mn_buf *out, size_t n)
{
	mn_buf_grow(out, n);
	while (n--)
		mn_buf_addc(out, ' ');
}

static void begin_line(struct block *b)
{
	spaces(b->out, b->indent);
	b->start = b->out->len;
	b->column = b->word = b->word_column = 0;
}

/* Drops the spaces that end the text of out, from byte from on. */
static void trim(struct mn_buf *out, size_t from)
{
	size_t n = out->len;

	while (n > from && out->p[n - 1] == ' ')
		n--;
	mn_buf_setlen(out, n);
}

static void end_line(struct block *b)
{
	trim(b->out, b->start);
	if (b->out->len == b->start)	/* not even the indent */
		mn_buf_setlen(b->out, b->start - b->indent);
	mn_buf_addc(b->out, '\n');
}

/* Ends the line where it may be broken; what is behind moves to the next. */
static void break_line(struct block *b)
{
	struct mn_buf tail = MN_BUF_INIT;
	size_t moved = b->column - b->word_column;

	mn_buf_add(&tail, b->out->p + b->word, b->out->len - b->word);
	mn_buf_setlen(b->out, b->word);
	end_line(b);
	begin_line(b);
	spaces(b->out, b->hang);
	mn_buf_add(b->out, tail.p, tail.len);
	b->column = b->hang + moved;
	mn_buf_release(&tail);
}

static void put(struct block *b, const struct shown *c)
{
	size_t limit = b->width > b->indent ? b->width - b->indent : 0;
	int space = c->cp == ' ' || c->cp == '\t';

	/* in front of and behind wide characters, too */
	if (c->width == 2 && b->column > b->hang) {
		b->word = b->out->len;
		b->word_column = b->column;
	}
	if (c->cp == '\t') {
		size_t n = TAB - b->column % TAB;

		spaces(b->out, n);
		b->column += n;
	} else {
		mn_buf_add(b->out, c->p, c->len);
		b->column += c->width;
	}
	if (limit && b->column > limit && b->word && !space)
		break_line(b);
	if ((space || c->width == 2) && b->column > b->hang) {
		b->word = b->out->len;
		b->word_column = b->column;
	}
}

static size_t leading(const char *p, const char *end)
{
	size_t column = 0;

	for (; p < end && (*p == ' ' || *p == '\t'); p++)
		column += *p == ' ' ? 1 : TAB - column % TAB;
	return column;
}

static void put_line(struct block *b, const char *p, const char *end)
{
	size_t most = b->width > b->indent ? (b->width - b->indent) / 2 : 0;
	struct shown c;

	b->hang = leading(p, end);
	begin_line(b);
	if (b->hang > most)
		b->hang = 0;
	for (; p < end; p += c.used) {
		next_shown(&c, p, end);
		put(b, &c);
	}
	end_line(b);
}

void mn_text_block(struct mn_buf *out, struct mn_str s, size_t indent,
		   size_t width)
{
	struct block b = { .out = out, .indent = indent, .width = width };
	const char *p = s.p, *end = s.p + s.len;

	while (end > p && (end[-1] == '\n' || end[-1] == '\r'))
		end--;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *stop = nl ? nl : end;

		put_line(&b, p, stop > p && stop[-1] == '\r' ? stop - 1 : stop);
		p = nl ? nl + 1 : end;
	}
}

/* quoting */

static void escape(struct mn_buf *out, unsigned char c)
{
	static const char from[] = "\a\b\t\n\v\f\r\"\\", to[] = "abtnvfr\"\\";
	const char *at = c ? strchr(from, (char)c) : NULL;

	mn_buf_addc(out, '\\');
	if (at) {
		mn_buf_addc(out, to[at - from]);
		return;
	}
	mn_buf_addc(out, (char)('0' + (c >> 6)));
	mn_buf_addc(out, (char)('0' + (c >> 3 & 7)));
	mn_buf_addc(out, (char)('0' + (c & 7)));
}

/* Is the character written as it is? */
static int stays(const struct shown *c, const char *p, int ascii)
{
	return c->p == p && c->cp != '"' && c->cp != '\\' &&
		(!ascii || c->cp < 0x80);
}

static void quote(struct mn_buf *out, struct mn_str s, int ascii)
{
	const char *p = s.p, *end = s.p + s.len;
	struct shown c;
	size_t i;

	mn_buf_addc(out, '"');
	for (; p < end; p += c.used) {
		next_shown(&c, p, end);
		if (stays(&c, p, ascii)) {
			mn_buf_add(out, p, c.used);
			continue;
		}
		for (i = 0; i < c.used; i++)
			escape(out, (unsigned char)p[i]);
	}
	mn_buf_addc(out, '"');
}

void mn_text_quote(struct mn_buf *out, struct mn_str s)
{
	quote(out, s, 0);
}

void mn_text_quote_path(struct mn_buf *out, struct mn_str s)
{
	const char *p = s.p, *end = s.p + s.len;
	struct shown c;

	for (; p < end; p += c.used) {
		next_shown(&c, p, end);
		if (!stays(&c, p, 1)) {
			quote(out, s, 1);
			return;
		}
	}
	mn_buf_addstr(out, s);
}

void mn_text_size(struct mn_buf *out, uint64_t size)
{
	static const char units[] = "KMGT";
	uint64_t tenths = size / 1024 * 10 + size % 1024 * 10 / 1024;
	size_t i = 0;

	if (size < 1024) {
		mn_buf_addf(out, "%u bytes", (unsigned)size);
		return;
	}
	for (; tenths >= 10240 && units[i + 1]; i++)
		tenths /= 1024;
	mn_buf_addu(out, tenths / 10);
	mn_buf_addc(out, '.');
	mn_buf_addu(out, tenths % 10);
	mn_buf_addf(out, " %ciB", units[i]);
}
