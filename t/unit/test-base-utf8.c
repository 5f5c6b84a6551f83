/* hex and utf8 */
#include "base/hex.h"
#include "base/utf8.h"

#include "tap.h"

#include "banned.h"

static void test_hex_encode(void)
{
	unsigned char all[256], back[256];
	char text[513], two[3];
	int i, bad = 0;

	for (i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	mn_hex_encode(text, all, sizeof(all));
	for (i = 0; i < 256; i++) {
		snprintf(two, sizeof(two), "%02x", (unsigned)i);
		bad += memcmp(two, text + 2 * i, 2) != 0;
	}
	is_int(bad, 0, "every byte is encoded as printf does");
	is_int(text[512], 0, "NUL at the end");
	is_int(mn_hex_decode(back, text, 256), 0, "decoded");
	is_mem(back, all, 256, "to the same bytes");
	mn_hex_encode(text, all, 0);
	is_str(text, "", "no bytes are no digits");
}

static void test_hex_decode(void)
{
	unsigned char out[4];
	char text[9];
	int c, at, good = 0;

	for (at = 0; at < 8; at++) {
		for (c = 0; c < 256; c++) {
			memcpy(text, "00000000", 9);
			text[at] = (char)c;
			good += !mn_hex_decode(out, text, 4);
		}
	}
	is_int(good, 8 * 16, "16 of 256 bytes are digits, in each place");
	is_int(mn_hex_decode(out, "0A", 1), -1, "no upper case");
	is_int(mn_hex_decode(out, "abc", 2), -1, "half a byte is missing");
	is_int(mn_hex_decode(out, "", 1), -1, "nothing there");
	is_int(mn_hex_decode(out, "", 0), 0, "nothing wanted");
	is_int(mn_hex_span("0123fgz", 7), 5, "span ends at what is no digit");
	is_int(mn_hex_span("0123", 2), 2, "span ends at max");
	is_int(mn_hex_span("ABC", 3), 0, "span of upper case");
}

/* By the definition of UTF-8 (RFC 3629, 3), written the other way round. */
static size_t encode(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 63));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 63));
		out[2] = (char)(0x80 | (cp & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 63));
	out[2] = (char)(0x80 | (cp >> 6 & 63));
	out[3] = (char)(0x80 | (cp & 63));
	return 4;
}

static void test_next(void)
{
	uint32_t cp, got;
	int bad = 0, cut = 0;
	char s[4];

	for (cp = 0; cp < 0x110000; cp++) {
		size_t n = encode(s, cp), k;
		int surrogate = cp >= 0xd800 && cp <= 0xdfff;
		size_t r = mn_utf8_next(&got, s, n);

		bad += surrogate ? r != 0 : r != n || got != cp;
		for (k = 0; k < n; k++)
			cut += mn_utf8_next(&got, s, k) != 0;
	}
	is_int(bad, 0, "every character, and no surrogate");
	is_int(cut, 0, "none that is cut");
}

/* All sequences of two bytes, and of three and four with edge bytes. */
static void test_malformed(void)
{
	static const unsigned char edge[] = {
		0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff
	};
	size_t i, j, k, valid2 = 0, valid3 = 0, valid4 = 0;
	uint32_t cp;
	char s[4];

	for (i = 0; i < 65536; i++) {
		s[0] = (char)(i >> 8);
		s[1] = (char)(i & 255);
		valid2 += mn_utf8_next(&cp, s, 2) == 2;
	}
	is_int(valid2, 0x800 - 0x80, "no overlong form of two bytes");
	for (i = 0; i < 256; i++) {
		for (j = 0; j < 10; j++) {
			s[0] = (char)i;
			s[1] = (char)edge[j];
			s[2] = s[3] = (char)0x80;
			valid3 += mn_utf8_next(&cp, s, 4) == 3;
			valid4 += mn_utf8_next(&cp, s, 4) == 4;
		}
	}
	/* Table 3-7: e0 a0..bf; e1-ec, ee, ef 80..bf; ed 80..9f. */
	is_int(valid3, 2 + 14 * 6 + 4, "first bytes of three");
	/* f0 90..bf; f1-f3 80..bf; f4 80..8f. */
	is_int(valid4, 4 + 3 * 6 + 2, "first bytes of four");
	for (k = 0xf5; k < 256; k++) {
		s[0] = (char)k;
		if (mn_utf8_next(&cp, s, 4))
			break;
	}
	is_int(k, 256, "nothing begins with f5..ff");
}

static void test_check(void)
{
	char text[64];
	size_t at, len, bad = 0;

	for (len = 0; len <= 40; len++) {
		for (at = 0; at < len; at++) {
			memset(text, 'a', len);
			text[at] = (char)0xff;
			bad += mn_utf8_check(text, len) != at;
			text[at] = (char)0xc3;
			bad += mn_utf8_check(text, len) != at;
			if (at + 1 < len) {
				text[at + 1] = (char)0xa4;
				bad += mn_utf8_check(text, len) != len;
			}
		}
		memset(text, 'a', len);
		bad += mn_utf8_check(text, len) != len;
	}
	is_int(bad, 0, "a bad byte is found wherever it stands");
	is_int(mn_utf8_check("a\0b\xed\xa0\x80", 6), 3, "a surrogate is bad");
}

static void test_classes(void)
{
	uint32_t cp;
	int controls = 0, bidi = 0;

	for (cp = 0; cp < 0x110000; cp++) {
		controls += mn_utf8_is_control(cp);
		bidi += mn_utf8_is_bidi(cp);
	}
	is_int(controls, 32 + 33 + 2, "67 controls");
	is_int(bidi, 12, "12 bidirectional controls");
	ok(mn_utf8_is_control(0) && mn_utf8_is_control(0x1f) &&
	   mn_utf8_is_control(0x7f) && mn_utf8_is_control(0x9f) &&
	   mn_utf8_is_control(0x2028) && mn_utf8_is_control(0x2029),
	   "the controls are these");
	ok(mn_utf8_is_bidi(0x61c) && mn_utf8_is_bidi(0x200e) &&
	   mn_utf8_is_bidi(0x202a) && mn_utf8_is_bidi(0x202e) &&
	   mn_utf8_is_bidi(0x2066) && mn_utf8_is_bidi(0x2069),
	   "and the bidirectional ones these");
}

static void test_width(void)
{
	static const struct {
		uint32_t cp;
		int width;
	} t[] = {
		{ 0x00, 0 }, { 0x1b, 0 }, { ' ', 1 }, { '~', 1 }, { 0x7f, 0 },
		{ 0x9b, 0 }, { 0xa0, 1 }, { 0xad, 1 }, { 0xe4, 1 },
		{ 0x2ff, 1 }, { 0x300, 0 }, { 0x36f, 0 }, { 0x370, 1 },
		{ 0x5d0, 1 }, { 0x5b0, 0 }, { 0x600, 1 }, { 0x64b, 0 },
		{ 0x93c, 0 }, { 0x915, 1 }, { 0xe31, 0 }, { 0x1100, 2 },
		{ 0x115f, 2 }, { 0x1160, 0 }, { 0x11ff, 0 }, { 0x200b, 0 },
		{ 0x200d, 0 }, { 0x2018, 1 }, { 0x202e, 0 }, { 0x20ac, 1 },
		{ 0x20e3, 0 }, { 0x231a, 2 }, { 0x2603, 1 }, { 0x26a1, 2 },
		{ 0x3000, 2 }, { 0x302a, 0 }, { 0x303f, 1 }, { 0x3042, 2 },
		{ 0x4dc0, 1 }, { 0x4e00, 2 }, { 0x9fff, 2 }, { 0xac00, 2 },
		{ 0xd7a3, 2 }, { 0xf900, 2 }, { 0xfb1e, 0 }, { 0xfe0f, 0 },
		{ 0xfeff, 0 }, { 0xff01, 2 }, { 0xff60, 2 }, { 0xff61, 1 },
		{ 0xffe5, 2 }, { 0x1d167, 0 }, { 0x1f1e6, 1 }, { 0x1f3fb, 2 },
		{ 0x1f600, 2 }, { 0x1f9ff, 2 }, { 0x1fae8, 2 },
		{ 0x20000, 2 }, { 0x2fffd, 2 }, { 0x2fffe, 1 },
		{ 0x31350, 2 }, { 0xe0001, 0 }, { 0xe0100, 0 },
		{ 0x10ffff, 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(t[0]); i++)
		is_int(mn_utf8_width(t[i].cp), t[i].width, "width of U+%04X",
		       (unsigned)t[i].cp);
}

int main(void)
{
	test_hex_encode();
	test_hex_decode();
	test_next();
	test_malformed();
	test_check();
	test_classes();
	test_width();
	return done_testing();
}
