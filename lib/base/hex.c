#include "base/hex.h"

#include <stdint.h>
#include <string.h>

#include "banned.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight digits at once: one nibble a byte, lifted to '0'.. or 'a'.. */
static void encode4(char *out, const unsigned char *in)
{
	uint64_t v = (uint64_t)in[0] | (uint64_t)in[1] << 16 |
		     (uint64_t)in[2] << 32 | (uint64_t)in[3] << 48;
	const uint64_t low = UINT64_C(0x000f000f000f000f);
	uint64_t x = ((v >> 4) & low) | ((v & low) << 8);
	uint64_t letter = ((x + EACH(6)) >> 4) & EACH(1);

	x += EACH('0') + letter * ('a' - '0' - 10);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	x = __builtin_bswap64(x);
#endif
	memcpy(out, &x, sizeof(x));
}

void mn_hex_encode(char *out, const void *bytes, size_t n)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *in = bytes;

	for (; n >= 4; n -= 4, in += 4, out += 8)
		encode4(out, in);
	for (; n; n--, in++) {
		*out++ = digits[*in >> 4];
		*out++ = digits[*in & 15];
	}
	*out = '\0';
}

/* The value of a digit with bit 4 set; 0 for what is none. */
static const unsigned char values[256] = {
	['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13,
	['4'] = 0x14, ['5'] = 0x15, ['6'] = 0x16, ['7'] = 0x17,
	['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f,
};

int mn_hex_decode(void *out, const char *digits, size_t n)
{
	const unsigned char *in = (const unsigned char *)digits;
	unsigned char *to = out;
	size_t i;

	for (i = 0; i < n; i++) {
		unsigned hi = values[in[2 * i]], lo;

		/* A string may end here: don't look behind its NUL. */
		if (!hi)
			return -1;
		lo = values[in[2 * i + 1]];
		if (!lo)
			return -1;
		to[i] = (unsigned char)(hi << 4 | (lo & 15));
	}
	return 0;
}

size_t mn_hex_span(const char *s, size_t max)
{
	size_t n = 0;

	while (n < max && values[(unsigned char)s[n]])
		n++;
	return n;
}
