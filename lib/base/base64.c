#include "base/base64.h"

#include "banned.h"

static int value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, of which the last pad are "=". */
static int decode_group(struct mn_buf *out, const char *p, size_t pad)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < 4; i++) {
		int v = i >= 4 - pad ? 0 : value(p[i]);

		if (v < 0)
			return -1;
		bits = bits << 6 | (uint32_t)v;
	}
	if (pad && bits & ((1u << 8 * pad) - 1))
		return -1;
	for (size_t i = 0; i < 3 - pad; i++)
		mn_buf_addc(out, (char)(bits >> (16 - 8 * i) & 255));
	return 0;
}

int mn_base64_decode(struct mn_buf *out, struct mn_str s)
{
	size_t start = out->len, pad = 0;

	if (s.len % 4)
		return -1;
	while (pad < 2 && s.len > pad && s.p[s.len - 1 - pad] == '=')
		pad++;
	for (size_t i = 0; i < s.len; i += 4) {
		if (decode_group(out, s.p + i, i + 4 == s.len ? pad : 0) == 0)
			continue;
		mn_buf_setlen(out, start);
		return -1;
	}
	return 0;
}

void mn_base64_encode(struct mn_buf *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		"abcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = data;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = 0;

		for (size_t k = 0; k < 3; k++)
			bits = bits << 8 | (k < n ? p[i + k] : 0u);
		for (size_t k = 0; k < 4; k++)
			mn_buf_addc(out, k > n ? '=' :
				    digits[bits >> (18 - 6 * k) & 63]);
	}
}
