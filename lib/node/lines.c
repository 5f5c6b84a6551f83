#include "node/lines.h"

#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"

#include "banned.h"

#define BLOCK 16	/* bytes that are looked at together */

/* Whether BLOCK bytes are printable ASCII, or one that is allowed beside it;
 * compilers make it a few steps. */
static int is_plain(const unsigned char *p, unsigned char beside)
{
	unsigned char other = 0;

	for (size_t i = 0; i < BLOCK; i++)
		other |= ((unsigned char)(p[i] - 0x20) > 0x7e - 0x20) &
			(p[i] != beside);
	return !other;
}

/*
 * U+0080-009F are C2 80-9F, U+2028 and U+2029 are E2 80 A8/A9: all other
 * control characters are single bytes.
 */
static int is_control(const unsigned char *p, size_t len, int newline)
{
	if (*p < 0x20)
		return *p != '\n' || !newline;
	if (*p == 0xc2)
		return len > 1 && p[1] < 0xa0;
	if (*p == 0xe2)
		return len > 2 && p[1] == 0x80 &&
			(p[2] == 0xa8 || p[2] == 0xa9);
	return *p == 0x7f;
}

static int has_control(const unsigned char *p, size_t len, int newline)
{
	for (size_t i = 0; i < len; i += BLOCK) {
		size_t end = len - i < BLOCK ? len : i + BLOCK;

		if (end - i == BLOCK && is_plain(p + i, newline ? '\n' : ' '))
			continue;
		for (size_t k = i; k < end; k++)
			if (is_control(p + k, len - k, newline))
				return 1;
	}
	return 0;
}

enum mn_lines_check mn_lines_check(struct mn_str text)
{
	const char *p = text.p, *end = text.p + text.len;

	if (mn_utf8_check(text.p, text.len) != text.len)
		return MN_LINES_UTF8;
	if (has_control((const unsigned char *)text.p, text.len, 1))
		return MN_LINES_CONTROL;
	if (!text.len || end[-1] != '\n')
		return MN_LINES_LINE;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *sp = memchr(p, ' ', (size_t)(nl - p));

		if (!sp || sp == p || sp + 1 == nl)
			return MN_LINES_LINE;
		p = nl + 1;
	}
	return MN_LINES_OK;
}

static void lines_load(struct mn_lines *l)
{
	const char *nl, *sp;

	if (l->p == l->end) {
		l->key = l->value = (struct mn_str){ NULL, 0 };
		l->size = 0;
		return;
	}
	nl = memchr(l->p, '\n', (size_t)(l->end - l->p));
	sp = memchr(l->p, ' ', (size_t)(nl - l->p));
	l->key = (struct mn_str){ l->p, (size_t)(sp - l->p) };
	l->value = (struct mn_str){ sp + 1, (size_t)(nl - sp - 1) };
	l->size = (size_t)(nl - l->p) + 1;
}

void mn_lines_start(struct mn_lines *l, struct mn_str text)
{
	l->p = text.p;
	l->end = text.p + text.len;
	lines_load(l);
}

void mn_lines_next(struct mn_lines *l)
{
	l->p += l->size;
	lines_load(l);
}

int mn_lines_is(const struct mn_lines *l, const char *key)
{
	return l->key.p && mn_str_eq(l->key, key);
}

int mn_value_number(uint64_t *out, struct mn_str v, uint64_t min, uint64_t max)
{
	uint64_t n = 0;

	if (!v.len || v.len > 16 || (v.p[0] == '0' && v.len > 1))
		return -1;
	for (size_t i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	if (n < min || n > max || n > MN_NUMBER_MAX)
		return -1;
	*out = n;
	return 0;
}

int mn_value_id(struct mn_id *out, struct mn_str v)
{
	if (v.len != MN_ID_HEX)
		return -1;
	return mn_id_parse(out, v.p);
}

int mn_value_name(struct mn_str v)
{
	if (!v.len || v.len > 32 || v.p[0] < 'a' || v.p[0] > 'z')
		return -1;
	for (size_t i = 1; i < v.len; i++) {
		char c = v.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '-'))
			return -1;
	}
	return 0;
}

int mn_value_text(struct mn_str v, size_t max)
{
	if (!v.len || v.len > max || v.p[0] == ' ' || v.p[v.len - 1] == ' ')
		return -1;
	return 0;
}

int mn_text_check(struct mn_str v, size_t max)
{
	if (mn_utf8_check(v.p, v.len) != v.len ||
	    has_control((const unsigned char *)v.p, v.len, 0))
		return -1;
	return mn_value_text(v, max);
}

int mn_value_word(struct mn_str v)
{
	if (mn_value_text(v, 64) < 0)
		return -1;
	if (memchr(v.p, ' ', v.len) || memchr(v.p, ',', v.len))
		return -1;
	return 0;
}

int mn_value_lang(struct mn_str v)
{
	size_t part = 0, run = 0;

	if (!v.len || v.len > 35)
		return -1;
	for (size_t i = 0; i <= v.len; i++) {
		char c = i < v.len ? v.p[i] : '-';

		if (c == '-') {
			if (run < (part ? 1u : 2u) || run > 8)
				return -1;
			part++;
			run = 0;
		} else if ((c >= 'a' && c <= 'z') ||
			   (part && c >= '0' && c <= '9')) {
			run++;
		} else {
			return -1;
		}
	}
	return 0;
}

int mn_value_link(struct mn_str v)
{
	size_t i = 0;

	if (!v.len || v.len > 2048 || v.p[0] < 'a' || v.p[0] > 'z')
		return -1;
	for (i = 1; i < v.len && v.p[i] != ':'; i++) {
		char c = v.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		      c == '+' || c == '.' || c == '-'))
			return -1;
	}
	if (i > 32 || i + 1 >= v.len)
		return -1;
	for (i++; i < v.len; i++) {
		unsigned char c = (unsigned char)v.p[i];

		if (c < 0x21 || c > 0x7e || strchr("\"<>\\^`{|}", c))
			return -1;
	}
	return 0;
}

static int type_part(const char *p, size_t len)
{
	if (!len || len > 64)
		return -1;
	for (size_t i = 0; i < len; i++) {
		char c = p[i];

		if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
			continue;
		if (!i || !c || !strchr("!#$&^_.+-", c))
			return -1;
	}
	return 0;
}

int mn_value_type(struct mn_str v)
{
	const char *slash = v.len ? memchr(v.p, '/', v.len) : NULL;

	if (!slash)
		return -1;
	if (type_part(v.p, (size_t)(slash - v.p)) < 0)
		return -1;
	return type_part(slash + 1, (size_t)(v.p + v.len - slash - 1));
}

int mn_value_file_name(struct mn_str v)
{
	if (mn_value_text(v, 120) < 0)
		return -1;
	if (memchr(v.p, '/', v.len) || memchr(v.p, '\\', v.len))
		return -1;
	return 0;
}

/* One coordinate: -?digits[.digits], canonical, to millionths. */
static int value_degrees(int32_t *out, struct mn_str v, int32_t max)
{
	size_t i = 0, whole, frac = 0;
	int64_t n = 0;
	int neg = v.len && v.p[0] == '-';

	i = (size_t)neg;
	for (whole = 0; i < v.len && v.p[i] >= '0' && v.p[i] <= '9'; i++) {
		if (++whole > 3)
			return -1;
		n = n * 10 + (v.p[i] - '0');
	}
	if (!whole || (whole > 1 && v.p[neg] == '0'))
		return -1;
	if (i < v.len) {
		if (v.p[i++] != '.')
			return -1;
		for (; i < v.len && v.p[i] >= '0' && v.p[i] <= '9'; i++) {
			if (++frac > 6)
				return -1;
			n = n * 10 + (v.p[i] - '0');
		}
		if (i != v.len || !frac || v.p[v.len - 1] == '0')
			return -1;
	}
	for (; frac < 6; frac++)
		n *= 10;
	if (n > (int64_t)max * 1000000 || (neg && !n))
		return -1;
	*out = (int32_t)(neg ? -n : n);
	return 0;
}

int mn_value_place(int32_t *lat, int32_t *lon, struct mn_str v)
{
	const char *comma = v.len ? memchr(v.p, ',', v.len) : NULL;
	struct mn_str a, b;

	if (!comma || v.len > 32)
		return -1;
	a = (struct mn_str){ v.p, (size_t)(comma - v.p) };
	b = (struct mn_str){ comma + 1, (size_t)(v.p + v.len - comma - 1) };
	if (value_degrees(lat, a, 90) < 0)
		return -1;
	return value_degrees(lon, b, 180);
}

int mn_value_cut(struct mn_str *head, struct mn_str *v)
{
	const char *sp = v->len ? memchr(v->p, ' ', v->len) : NULL;

	if (!sp)
		return -1;
	*head = (struct mn_str){ v->p, (size_t)(sp - v->p) };
	v->len -= head->len + 1;
	v->p = sp + 1;
	return 0;
}
