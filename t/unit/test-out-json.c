/* json: what is written, and that jansson reads the same back */
#include <jansson.h>

#include "out/json.h"

#include "tap.h"

#include "banned.h"

static struct mn_buf b;

static const char *str(const char *s, size_t len)
{
	struct mn_json j = { &b, 0 };

	mn_buf_clear(&b);
	mn_json_str(&j, (struct mn_str){ s, len });
	return b.p;
}

static void test_strings(void)
{
	is_str(str("a\"b\\c/", 6), "\"a\\\"b\\\\c/\"", "quotes");
	is_str(str("\b\t\n\f\r", 5), "\"\\b\\t\\n\\f\\r\"", "letters");
	is_str(str("\0\v\033\177", 4), "\"\\u0000\\u000b\\u001b\\u007f\"",
	       "other controls");
	is_str(str("\xc2\x9b\xe2\x80\xa8\xe2\x80\xae", 8),
	       "\"\\u009b\\u2028\\u202e\"", "C1, separators, bidi");
	is_str(str("ü漢😀", 9), "\"ü漢😀\"", "UTF-8 stays");
	is_str(str("a\xff" "b", 3), "\"a�b\"", "malformed");
	is_str(str("", 0), "\"\"", "empty");
}

static void test_structure(void)
{
	struct mn_json j = { &b, 0 };

	mn_buf_clear(&b);
	mn_json_open(&j, '{');
	mn_json_add(&j, "s", MN_STR("x"));
	mn_json_add(&j, "none", (struct mn_str){ NULL, 0 });
	mn_json_key(&j, "a");
	mn_json_open(&j, '[');
	mn_json_uint(&j, UINT64_MAX);
	mn_json_int(&j, INT64_MIN);
	mn_json_open(&j, '[');
	mn_json_close(&j, ']');
	mn_json_open(&j, '{');
	mn_json_close(&j, '}');
	mn_json_bool(&j, 1);
	mn_json_hex(&j, "\x01\xab", 2);
	mn_json_close(&j, ']');
	mn_json_key(&j, "b");
	mn_json_bool(&j, 0);
	mn_json_close(&j, '}');
	is_str(b.p, "{\"s\":\"x\",\"a\":[18446744073709551615,"
	       "-9223372036854775808,[],{},true,\"01ab\"],\"b\":false}",
	       "commas are where they must be");
}

/* Every character that JSON may hold comes back as it was. */
static void test_round_trip(void)
{
	uint32_t cp;
	int bad = 0;

	for (cp = 1; cp < 0x110000; cp++) {
		char s[5] = { 0 };
		json_t *read;

		if (cp >= 0xd800 && cp <= 0xdfff)
			continue;
		if (cp > 0x3000 && cp % 97)	/* nothing happens there */
			continue;
		if (cp < 0x80) {
			s[0] = (char)cp;
		} else if (cp < 0x800) {
			s[0] = (char)(0xc0 | cp >> 6);
			s[1] = (char)(0x80 | (cp & 63));
		} else if (cp < 0x10000) {
			s[0] = (char)(0xe0 | cp >> 12);
			s[1] = (char)(0x80 | (cp >> 6 & 63));
			s[2] = (char)(0x80 | (cp & 63));
		} else {
			s[0] = (char)(0xf0 | cp >> 18);
			s[1] = (char)(0x80 | (cp >> 12 & 63));
			s[2] = (char)(0x80 | (cp >> 6 & 63));
			s[3] = (char)(0x80 | (cp & 63));
		}
		read = json_loads(str(s, strlen(s)), JSON_DECODE_ANY, NULL);
		bad += !read || strcmp(json_string_value(read), s) != 0;
		json_decref(read);
	}
	is_int(bad, 0, "every character is read back");
}

int main(void)
{
	mn_buf_init(&b);
	test_strings();
	test_structure();
	test_round_trip();
	mn_buf_release(&b);
	return done_testing();
}
