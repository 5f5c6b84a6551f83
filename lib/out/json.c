#include "out/json.h"

#include "base/utf8.h"

#include "banned.h"

static void before(struct mn_json *j)
{
	if (j->comma)
		mn_buf_addc(j->out, ',');
	j->comma = 1;
}

void mn_json_open(struct mn_json *j, char bracket)
{
	before(j);
	mn_buf_addc(j->out, bracket);
	j->comma = 0;
}

void mn_json_close(struct mn_json *j, char bracket)
{
	mn_buf_addc(j->out, bracket);
	j->comma = 1;
}

void mn_json_key(struct mn_json *j, const char *key)
{
	before(j);
	mn_buf_addc(j->out, '"');
	mn_buf_adds(j->out, key);
	mn_buf_add(j->out, "\":", 2);
	j->comma = 0;
}

static void escape(struct mn_buf *out, uint32_t cp)
{
	static const char digits[] = "0123456789abcdef";
	static const char letters[] = "btn\0fr";	/* of 8 to 13 */
	char u[6] = { '\\', 'u' };
	char two[2] = { '\\', (char)cp };
	int i;

	if (cp >= 8 && cp <= 13 && letters[cp - 8])
		two[1] = letters[cp - 8];
	else if (cp != '"' && cp != '\\') {
		for (i = 0; i < 4; i++)
			u[5 - i] = digits[cp >> 4 * i & 15];
		mn_buf_add(out, u, 6);
		return;
	}
	mn_buf_add(out, two, 2);
}

#define BLOCK 16	/* bytes that are looked at together */

/* Whether all of them stand for themselves; compilers make it a few steps. */
static int is_plain(const char *p)
{
	unsigned char other = 0;

	for (size_t i = 0; i < BLOCK; i++) {
		unsigned char c = (unsigned char)p[i];

		other |= (unsigned char)(c - 0x20) > 0x7e - 0x20;
		other |= (c == '"') | (c == '\\');
	}
	return !other;
}

/* Bytes that stand for themselves, at p: printable ASCII but " and \. */
static size_t plain(const char *p, const char *end)
{
	const char *q = p;

	while (end - q >= BLOCK && is_plain(q))
		q += BLOCK;
	while (q < end && *q >= ' ' && *q < 0x7f && *q != '"' && *q != '\\')
		q++;
	return (size_t)(q - p);
}

void mn_json_str(struct mn_json *j, struct mn_str s)
{
	struct mn_buf *out = j->out;
	const char *p = s.p, *end = s.p + s.len;
	uint32_t cp;

	before(j);
	mn_buf_grow(out, s.len + 2);
	mn_buf_addc(out, '"');
	while (p < end) {
		size_t n = plain(p, end);

		if (n) {
			mn_buf_add(out, p, n);
			p += n;
			continue;
		}
		n = mn_utf8_next(&cp, p, (size_t)(end - p));
		if (!n) {
			mn_buf_add(out, "\xef\xbf\xbd", 3);
			n = 1;
		} else if (cp < 0x80 || mn_utf8_is_control(cp) ||
			   mn_utf8_is_bidi(cp)) {
			escape(out, cp);
		} else {
			mn_buf_add(out, p, n);
		}
		p += n;
	}
	mn_buf_addc(out, '"');
}

void mn_json_uint(struct mn_json *j, uint64_t n)
{
	before(j);
	mn_buf_addu(j->out, n);
}

void mn_json_int(struct mn_json *j, int64_t n)
{
	before(j);
	if (n < 0)
		mn_buf_addc(j->out, '-');
	mn_buf_addu(j->out, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void mn_json_bool(struct mn_json *j, int on)
{
	before(j);
	mn_buf_adds(j->out, on ? "true" : "false");
}

void mn_json_hex(struct mn_json *j, const void *bytes, size_t len)
{
	before(j);
	mn_buf_addc(j->out, '"');
	mn_buf_addhex(j->out, bytes, len);
	mn_buf_addc(j->out, '"');
}

void mn_json_add(struct mn_json *j, const char *key, struct mn_str s)
{
	if (!s.p)
		return;
	mn_json_key(j, key);
	mn_json_str(j, s);
}
