/* text: what reaches a terminal */
#include "base/utf8.h"
#include "out/text.h"

#include "tap.h"

#include "banned.h"

static struct mn_buf b;

static const char *line(const char *s, size_t len)
{
	mn_buf_clear(&b);
	mn_text_line(&b, (struct mn_str){ s, len });
	return b.p;
}

static const char *cut(const char *s, size_t columns)
{
	mn_buf_clear(&b);
	mn_text_cut(&b, mn_str(s), columns);
	return b.p;
}

static const char *block(const char *s, size_t indent, size_t width)
{
	mn_buf_clear(&b);
	mn_text_block(&b, mn_str(s), indent, width);
	return b.p;
}

static const char *quote(const char *s)
{
	mn_buf_clear(&b);
	mn_text_quote(&b, mn_str(s));
	return b.p;
}

static const char *quote_path(const char *s)
{
	mn_buf_clear(&b);
	mn_text_quote_path(&b, mn_str(s));
	return b.p;
}

static void test_line(void)
{
	is_str(line("plain ünï 漢字 😀", 23), "plain ünï 漢字 😀",
	       "text stays as it is");
	is_str(line("a\033[31mb", 7), "a␛[31mb", "an escape becomes a picture");
	is_str(line("\0\a\b\t\n\r\177", 7), "␀␇␈␉␊␍␡", "so do other controls");
	is_str(line("\xc2\x9b" "31m", 5), "<U+009B>31m", "C1 by its number");
	is_str(line("\xe2\x80\xa8\xe2\x80\xa9", 6), "<U+2028><U+2029>",
	       "separators of lines and paragraphs");
	is_str(line("\xe2\x80\xaegnp.exe", 10), "<U+202E>gnp.exe",
	       "an override");
	is_str(line("\xd8\x9c\xe2\x81\xa6", 5), "<U+061C><U+2066>",
	       "other bidirectional controls");
	is_str(line("\xff\xc3(\xed\xa0\x80", 6), "��(���",
	       "each malformed byte");
	is_str(line("\x9b\x33", 2), "�3", "a lone C1 byte is malformed");
	is_str(line("", 0), "", "nothing");
	mn_buf_clear(&b);
	mn_text_raw(&b, MN_STR("a\n\tb\rc\033"));
	is_str(b.p, "a\n\tb␍c␛", "raw keeps newlines and tabs");
}

/* Whatever goes in: no control comes out, and it is UTF-8. */
static void test_nothing_gets_through(void)
{
	unsigned seed = 1;
	int bad = 0, k;
	char s[64];
	size_t i;

	for (k = 0; k < 20000; k++) {
		const char *p;
		uint32_t cp;
		size_t n, left;

		for (i = 0; i < sizeof(s); i++) {
			seed = seed * 1103515245 + 12345;
			s[i] = (char)(seed >> 16 & 1 ? seed >> 20 :
				      0x80 | (seed >> 24 & 0x3f));
		}
		line(s, sizeof(s));
		for (p = b.p, left = b.len; left; p += n, left -= n) {
			n = mn_utf8_next(&cp, p, left);
			if (!n || mn_utf8_is_control(cp) ||
			    mn_utf8_is_bidi(cp)) {
				bad++;
				break;
			}
		}
	}
	is_int(bad, 0, "20000 random lines come out harmless");
}

static void test_width(void)
{
	is_int(mn_text_width(MN_STR("abc")), 3, "width of ASCII");
	is_int(mn_text_width(MN_STR("漢字")), 4, "of wide characters");
	is_int(mn_text_width(MN_STR("e\xcc\x81")), 1, "of a combining one");
	is_int(mn_text_width(MN_STR("\033\xe2\x80\xae")), 9, "of what is replaced");
	is_str(cut("abcdef", 6), "abcdef", "what fits is not cut");
	is_str(cut("abcdefg", 6), "abcde…", "what doesn't is");
	is_str(cut("漢字漢字", 6), "漢字…", "between wide characters");
	is_str(cut("漢字漢", 5), "漢字…", "to an odd column");
	is_str(cut("漢字漢", 4), "漢…", "to an even one");
	is_str(cut("ab\033cd", 4), "ab␛…", "pictures have a width, too");
	is_str(cut("abc", 1), "…", "no room but for the ellipsis");
	is_str(cut("abc", 0), "", "no room at all");
	is_str(cut("", 5), "", "nothing to cut");
}

static void test_first_line(void)
{
	static const struct {
		const char *in, *out;
	} t[] = {
		{ "one\ntwo", "one" }, { "\n \t\r\n  one  \ntwo", "one" },
		{ "one", "one" }, { "", "" }, { "  \n ", "" },
		{ "one\r\n", "one" },
	};
	size_t i;

	for (i = 0; i < sizeof(t) / sizeof(*t); i++) {
		struct mn_str s = mn_text_first_line(mn_str(t[i].in));

		ok(mn_str_eq(s, t[i].out), "first line %zu", i);
	}
}

static void test_block(void)
{
	is_str(block("one\ntwo", 4, 80), "    one\n    two\n",
	       "lines are indented");
	is_str(block("one\n\ntwo\n\n\n", 4, 80), "    one\n\n    two\n",
	       "blank lines have no indent, and none end it");
	is_str(block("one  \r\ntwo \n", 2, 0), "  one\n  two\n",
	       "space at the end of a line goes");
	is_str(block("", 4, 80), "", "no text is no line");
	is_str(block("\n\n", 4, 80), "", "newlines are no line either");
	is_str(block("the quick brown fox jumps", 2, 12),
	       "  the quick\n  brown fox\n  jumps\n", "broken between words");
	is_str(block("the quick brown fox jumps", 2, 0),
	       "  the quick brown fox jumps\n", "not broken without a width");
	is_str(block("0123456789", 0, 10), "0123456789\n", "just as wide");
	is_str(block("0123456789 a", 0, 10), "0123456789\na\n",
	       "the space is what is too much");
	is_str(block("a http://example.org/long b", 0, 10),
	       "a\nhttp://example.org/long\nb\n", "a long word stays whole");
	is_str(block("  - the quick brown fox", 0, 13),
	       "  - the quick\n  brown fox\n", "space in front is kept");
	is_str(block("a\tb", 0, 80), "a       b\n", "tabs become spaces");
	is_str(block("\tx y", 2, 80), "          x y\n",
	       "from the indent on");
	is_str(block("漢字漢字漢字", 0, 5), "漢字\n漢字\n漢字\n",
	       "wide characters may be broken apart");
	is_str(block("ab 漢字", 0, 5), "ab 漢\n字\n", "behind a word, too");
	is_str(block("漢漢abc d", 0, 6), "漢漢\nabc d\n",
	       "and in front of one");
	is_str(block("a\033[2Jb\nc\xe2\x80\xae", 1, 80),
	       " a␛[2Jb\n c<U+202E>\n", "controls are replaced");
	is_str(block("one two", 4, 3), "    one two\n",
	       "no room at all: not broken");
}

static void test_quote(void)
{
	is_str(quote("a \"b\" \\ c"), "\"a \\\"b\\\" \\\\ c\"", "quotes");
	is_str(quote("\n\t\r\a\b\f\v"), "\"\\n\\t\\r\\a\\b\\f\\v\"",
	       "letters for controls that have one");
	is_str(quote("\033\177"), "\"\\033\\177\"", "octal for the others");
	is_str(quote("ü\xe2\x80\xae\xff"), "\"ü\\342\\200\\256\\377\"",
	       "UTF-8 stays, what misleads doesn't");
	is_str(quote_path("plain name-1.txt"), "plain name-1.txt",
	       "a plain path is not quoted");
	is_str(quote_path("ü"), "\"\\303\\274\"", "as git does it");
	is_str(quote_path("a\"b"), "\"a\\\"b\"", "with a quote in it");
}

int main(void)
{
	mn_buf_init(&b);
	test_line();
	test_nothing_gets_through();
	test_width();
	test_first_line();
	test_block();
	test_quote();
	mn_buf_release(&b);
	return done_testing();
}
