/* ini: reading and changing files in the syntax of git's configuration */
#include "base/ini.h"

#include "tap.h"

#include "banned.h"

static int list(void *ctx, const char *name, const char *value)
{
	mn_buf_addf(ctx, "%s=%s|", name, value);
	return 0;
}

static void reads(const char *text, const char *want, const char *what)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	if (mn_ini_parse(mn_str(text), list, &b, &err) < 0)
		mn_buf_adds(&b, err.msg);
	is_str(b.p, want, "%s", what);
	mn_buf_release(&b);
}

static void test_parse(void)
{
	reads("", "", "an empty file");
	reads("# c\n ; d\n\n", "", "comments alone");
	reads("[Core]\n\tBare = TRUE\n", "core.bare=TRUE|", "lower case");
	reads("[a]\nk=v", "a.k=v|", "no newline at the end");
	reads("\xef\xbb\xbf[a]\r\nk = v\r\n", "a.k=v|", "BOM and CRLF");
	reads("[a] k = v\n[b]k=w", "a.k=v|b.k=w|", "behind a header");
	reads("[a][b]\nk=1\n", "b.k=1|", "two headers in a line");
	reads("[a \"S.u\\\"b\\\\\"]\nk=1\n", "a.S.u\"b\\.k=1|", "subsection");
	reads("[a \"\"]\nk=1\n", "a..k=1|", "empty subsection");
	reads("[A.Sub]\nk=1\n", "a.sub.k=1|", "old subsection");
	reads("[a]\nk\nl = \nm =\n", "a.k=true|a.l=|a.m=|", "bare and empty");
	reads("[a]\nk = a  b \t\n", "a.k=a  b|", "blanks");
	reads("[a]\nk = \" a \" # c\n", "a.k= a |", "quoted blanks");
	reads("[a]\nk = a\" ; \"b ; c\n", "a.k=a ; b|", "quoted in the midst");
	reads("[a]\nk = \"\" x\n", "a.k=x|", "empty quotes");
	reads("[a]\nk = a;b\n", "a.k=a|", "a comment without a blank");
	reads("[a]\nk = \\n\\t\\b\\\\\\\"\n", "a.k=\n\t\b\\\"|", "escapes");
	reads("[a]\nk = a \\\n  b\\\nc\n", "a.k=a   bc|", "continued");
	reads("[a]\nk = \"a\\\r\nb\"\n", "a.k=ab|", "continued in quotes");
	reads("[a]\nk = a \\\n\nl = 1", "a.k=a|a.l=1|", "continued, empty");
	reads("[a]\nk=1\nk=2\n[b]\n[a]\nk=3\n", "a.k=1|a.k=2|a.k=3|",
	      "several values");
	reads("[a]\nk = \xc3\xa4\n", "a.k=\xc3\xa4|", "UTF-8");
	reads("[a-1]\nk-2 = x\n", "a-1.k-2=x|", "digits and dashes");
}

static void test_malformed(void)
{
	reads("k = v\n", "line 1: entry outside of a section", "no section");
	reads("[a]\n\n1k = v\n", "line 3: neither a section nor a key", "key");
	reads("[a]\nk ! v\n", "line 2: no '=' behind a key", "no =");
	reads("[a]\nk # c\n", "line 2: no '=' behind a key", "bare, comment");
	reads("[a\n]", "line 1: bad section header", "open header");
	reads("[]\n", "line 1: bad section header", "empty header");
	reads("[a b]\n", "line 1: bad section header", "blank in a header");
	reads("[a \"b\n\"]", "line 1: bad section header", "newline in one");
	reads("[a \"b\\\n\"]", "line 1: bad section header", "escaped");
	reads("[a \"b\\", "line 1: bad section header", "cut in an escape");
	reads("[a \"b\" ]\n", "line 1: bad section header", "blank behind");
	reads("[a_b]\n", "line 1: bad section header", "underscore");
	reads("[a]\nk = \"v\n", "line 2: quote without its end", "open quote");
	reads("[a]\nk = \\x\n", "line 2: unknown escape", "escape");
	reads("[a]\nk = v\\", "line 2: nothing behind a backslash", "cut");
	reads("[a]\nk = \xff\n", "line 2: not UTF-8", "not UTF-8");
	reads("[a]\nk = \x1b\n", "line 2: control character", "control");
	reads("[a]\nk = v\rw\n", "line 2: control character", "CR alone");
	reads("[a]\nk = v\r", "line 2: control character", "CR at the end");
	reads("# \xe2\x80\xa8\n", "line 1: control character", "U+2028");
	reads("[a]\nk=1\nl=\"", "a.k=1|line 3: quote without its end",
	      "what comes before an error is reported");
}

static int stop(void *ctx, const char *name, const char *value)
{
	(void)value;
	mn_buf_adds(ctx, name);
	return 42;
}

static void test_limits(void)
{
	struct mn_buf b = MN_BUF_INIT, seen = MN_BUF_INIT;
	struct mn_str text;
	size_t len;

	is_int(mn_ini_parse(MN_STR("[a]\nk=1\nl=2\n"), stop, &seen, NULL), 42,
	       "the callback stops it");
	is_str(seen.p, "a.k", "at once");
	is_int(mn_ini_parse(MN_STR("# \0"), stop, &seen, NULL), MN_EINVALID,
	       "NUL is a control");
	while (b.len < MN_INI_MAX)
		mn_buf_addc(&b, '\n');
	text = (struct mn_str){ b.p, b.len };
	is_int(mn_ini_parse(text, list, &seen, NULL), 0, "the largest file");
	len = b.len;
	is_int(mn_ini_set(&b, "a.k", "v", NULL), MN_ELIMIT, "grows no more");
	is_int(b.len, len, "and stays as it was");
	mn_buf_addc(&b, '\n');
	text.len++;
	text.p = b.p;
	is_int(mn_ini_parse(text, list, &seen, NULL), MN_ELIMIT, "too large");
	mn_buf_release(&b);
	mn_buf_release(&seen);
}

static void sets(const char *text, const char *name, const char *value,
		 const char *want, const char *what)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	mn_buf_adds(&b, text);
	if (mn_ini_set(&b, name, value, &err) < 0)
		mn_buf_addf(&b, "!%s", err.msg);
	is_str(b.p, want, "%s", what);
	mn_buf_release(&b);
}

static void test_set(void)
{
	sets("", "a.k", "v", "[a]\n\tk = v\n", "the first entry");
	sets("", "a.B c\".k", "v", "[a \"B c\\\"\"]\n\tk = v\n", "subsection");
	sets("", "a.b.c.k", "v", "[a \"b.c\"]\n\tk = v\n", "dots in it");
	sets("# c", "a.k", "v", "# c\n[a]\n\tk = v\n", "no newline before");
	sets("[a]", "a.k", "v", "[a]\n\tk = v\n", "an empty section");
	sets("[a]\n\tk = v # c\n\tl = 1\n", "A.K", "w",
	     "[a]\n\tK = w # c\n\tl = 1\n", "the comment behind stays");
	sets("[a]\n\tk=v#c\n", "a.k", "w", "[a]\n\tk = w#c\n", "close, too");
	sets("[a]\n\tk\n", "a.k", "w", "[a]\n\tk = w\n", "a bare key");
	sets("[a]\n\tk =\n", "a.k", "w", "[a]\n\tk = w\n", "an empty value");
	sets("[a]\n\tk = v\n", "a.k", "", "[a]\n\tk =\n", "to empty");
	sets("[a]\nk = a \\\n  b # c\nl\n", "a.k", "w",
	     "[a]\nk = w # c\nl\n", "a continued value");
	sets("[a]\nk=1\nk=2\n", "a.k", "w", "[a]\nk=1\nk = w\n", "the last");
	sets("[a]\nk=1\n[b]\nl=2\n", "a.l", "w",
	     "[a]\nk=1\n\tl = w\n[b]\nl=2\n", "at the section's end");
	sets("[a]\nk=1\n[b]\n[a]\n# x\n", "a.l", "w",
	     "[a]\nk=1\n[b]\n[a]\n\tl = w\n# x\n", "of the last of the name");
	sets("[a][b]\nl=2\n", "a.l", "w", "[a]\n\tl = w\n[b]\nl=2\n",
	     "between two headers in a line");
	sets("[a] # c\n", "a.l", "w", "[a] # c\n\tl = w\n", "behind a comment");
	sets("[a \"B\"]\nk=1\n", "a.b.k", "w",
	     "[a \"B\"]\nk=1\n[a \"b\"]\n\tk = w\n", "case of a subsection");
	sets("[A.b]\nk=1\n", "a.b.k", "w", "[A.b]\nk = w\n", "an old one");
	sets("[a]\nk=1\\\n", "a.l", "w", "[a]\nk=1\\\n\n\tl = w\n",
	     "behind a value that the end of the file cuts");
	sets("[a]\nk=1\\\r\n", "b.l", "w", "[a]\nk=1\\\r\n\n[b]\n\tl = w\n",
	     "another section behind one");
	sets("[a]\r\nk=1\r\n", "a.k", "w", "[a]\r\nk = w\r\n", "CRLF stays");
}

static void test_values(void)
{
	static const char *const values[] = {
		"", " ", "a", " a", "a ", "\t", "a\tb", "a\nb", "\n", "\b",
		"\"", "\\", "a\\", "\\n", "#", "a;b", "a\"b\"c", "  \" ; # \\ ",
		"true", "[x]", "=", "\xc3\xa4\xf0\x9f\x98\x80", "a=b # c",
	};
	struct mn_buf b = MN_BUF_INIT, got = MN_BUF_INIT, want = MN_BUF_INIT;
	size_t i;

	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		mn_buf_clear(&got);
		mn_buf_clear(&want);
		mn_ini_set(&b, "a.k", values[i], NULL);
		mn_ini_parse((struct mn_str){ b.p, b.len }, list, &got, NULL);
		mn_buf_addf(&want, "a.k=%s|", values[i]);
		is_str(got.p, want.p, "value %zu comes back", i);
	}
	mn_buf_release(&b);
	mn_buf_release(&got);
	mn_buf_release(&want);
}

static void test_remove(void)
{
	sets("[a]\nk=1\n# c\n  k=2 # d\nl=3\n", "a.k", NULL,
	     "[a]\n# c\nl=3\n", "all of the name");
	sets("[a] k=1\n[b]\nk=2\n", "a.k", NULL, "[a]\n[b]\nk=2\n",
	     "behind a header");
	sets("[a]\nk = a\\\nb\nl=1", "a.k", NULL, "[a]\nl=1", "continued");
	sets("[a]\nl=1\nk=1", "a.k", NULL, "[a]\nl=1\n", "at the end");
	sets("[a]\nl=1\n", "a.k", NULL, "[a]\nl=1\n", "none there");
	sets("[a]\nk=1\nk=2\nk=3\n[a]\nk=4\n", "A.k", NULL, "[a]\n[a]\n",
	     "in several sections");
}

static void test_add(void)
{
	struct mn_buf b = MN_BUF_INIT;

	is_int(mn_ini_add(&b, "a.k", "1", NULL), 0, "add the first");
	is_int(mn_ini_add(&b, "b.k", "x", NULL), 0, "another section");
	is_int(mn_ini_add(&b, "a.k", "2", NULL), 0, "add a second");
	is_str(b.p, "[a]\n\tk = 1\n\tk = 2\n[b]\n\tk = x\n", "both stand");
	mn_buf_release(&b);
}

static void test_names(void)
{
	static const char *const bad[] = {
		"", "a", "a.", ".k", "..", "a..", "a.1k", "a.-k", "a.k ",
		"a b.k", "a_b.k", "a.k_l", "a.s\n.k", "a.s\x7f.k",
		"a.\xff.k", "a.\xc2\x9b.k", "\xc3\xa4.k",
	};
	struct mn_buf b = MN_BUF_INIT;
	size_t i;

	mn_buf_adds(&b, "[a]\nk=1\n");
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(mn_ini_set(&b, bad[i], "v", NULL) == MN_EINVALID &&
		   mn_ini_set(&b, bad[i], NULL, NULL) == MN_EINVALID &&
		   mn_ini_add(&b, bad[i], "v", NULL) == MN_EINVALID,
		   "impossible name %zu", i);
	is_int(mn_ini_set(&b, "a.k", "\x1b[m", NULL), MN_EINVALID, "control");
	is_int(mn_ini_set(&b, "a.k", "a\r", NULL), MN_EINVALID, "CR");
	is_int(mn_ini_set(&b, "a.k", "\xff", NULL), MN_EINVALID, "not UTF-8");
	is_str(b.p, "[a]\nk=1\n", "nothing was changed");
	mn_buf_adds(&b, "!\n");
	is_int(mn_ini_set(&b, "a.k", "v", NULL), MN_EINVALID, "broken text");
	is_int(mn_ini_set(&b, "a.k", NULL, NULL), MN_EINVALID, "for removal");
	is_str(b.p, "[a]\nk=1\n!\n", "is left alone");
	mn_buf_release(&b);
}

int main(void)
{
	test_parse();
	test_malformed();
	test_limits();
	test_set();
	test_values();
	test_remove();
	test_add();
	test_names();
	return done_testing();
}
