/* revision: words and ranges, taken apart */
#include "social/revision.h"

#include "tap.h"

#include "banned.h"

#define HEX40 "0123456789012345678901234567890123456789"
#define HEX64 HEX40 "abcdefabcdefabcdefabcdef"

static int eq(struct mn_str s, const char *want)
{
	return want ? mn_str_eq(s, want) : !s.p;
}

static const struct {
	const char *word;
	enum mn_revision_form form;
	const char *profile, *base, *suffix;
} good[] = {
	{ "abcd", MN_REV_HEX, NULL, "abcd", "" },
	{ "0123abc~3", MN_REV_HEX, NULL, "0123abc", "~3" },
	{ HEX40, MN_REV_HEX, NULL, HEX40, "" },
	{ HEX64, MN_REV_HEX, NULL, HEX64, "" },
	{ HEX64 "^{tree}", MN_REV_HEX, NULL, HEX64, "^{tree}" },
	{ "abcd:meta", MN_REV_HEX, NULL, "abcd", ":meta" },
	{ "abcd:0-post.md", MN_REV_HEX, NULL, "abcd", ":0-post.md" },
	{ "abcd:1-video.mp4/0000", MN_REV_HEX, NULL, "abcd",
	  ":1-video.mp4/0000" },
	{ "abc", MN_REV_GIT, NULL, "abc", "" },
	{ "ABCD", MN_REV_GIT, NULL, "ABCD", "" },
	{ "abcdx", MN_REV_GIT, NULL, "abcdx", "" },
	{ HEX64 "0", MN_REV_GIT, NULL, HEX64 "0", "" },
	{ "HEAD", MN_REV_GIT, NULL, "HEAD", "" },
	{ "HEAD~3", MN_REV_GIT, NULL, "HEAD", "~3" },
	{ "HEAD^^{commit}", MN_REV_GIT, NULL, "HEAD", "^^{commit}" },
	{ "HEAD:0-a b.txt", MN_REV_GIT, NULL, "HEAD", ":0-a b.txt" },
	{ "main@{1}", MN_REV_GIT, NULL, "main", "@{1}" },
	{ "@", MN_REV_GIT, NULL, "@", "" },
	{ "@~1", MN_REV_GIT, NULL, "@", "~1" },
	{ "refs/mn/devices/" HEX64, MN_REV_GIT, NULL,
	  "refs/mn/devices/" HEX64, "" },
	{ "@{laptop}", MN_REV_DEVICE, NULL, "laptop", "" },
	{ "@{Ada's phone}~2", MN_REV_DEVICE, NULL, "Ada's phone", "~2" },
	{ "@{a..b}", MN_REV_DEVICE, NULL, "a..b", "" },
	{ "mn:abcd", MN_REV_PROFILE, "abcd", "", "" },
	{ "mn:" HEX64, MN_REV_PROFILE, HEX64, "", "" },
	{ "mn:" HEX64 "/" HEX64, MN_REV_HEX, HEX64, HEX64, "" },
	{ "mn:abcd/ef01^", MN_REV_HEX, "abcd", "ef01", "^" },
	{ "abcd:ef01", MN_REV_HEX, "abcd", "ef01", "" },
	{ "abcd:ef01:meta", MN_REV_HEX, "abcd", "ef01", ":meta" },
	{ "abcd:HEAD", MN_REV_GIT, "abcd", "HEAD", "" },
	{ "abcd:HEAD~1", MN_REV_GIT, "abcd", "HEAD", "~1" },
	{ "abcd:main", MN_REV_GIT, "abcd", "main", "" },
	{ "abcd:@", MN_REV_GIT, "abcd", "@", "" },
	{ "abcd:@{x}", MN_REV_DEVICE, "abcd", "x", "" },
	{ "abcd:refs/heads/main", MN_REV_GIT, "abcd", "refs/heads/main", "" },
	{ "abcd:HEADER", MN_REV_HEX, NULL, "abcd", ":HEADER" },
	{ "abc:HEAD", MN_REV_GIT, NULL, "abc", ":HEAD" },
};

static void test_good(void)
{
	struct mn_revision r;
	size_t i;

	for (i = 0; i < sizeof(good) / sizeof(*good); i++) {
		is_int(mn_revision_parse(&r, mn_str(good[i].word), NULL), 0,
		       "'%s' is a revision", good[i].word);
		is_int(r.form, good[i].form, "of the form");
		ok(eq(r.profile, good[i].profile), "with the profile");
		ok(eq(r.base, good[i].base), "the base '%s'", good[i].base);
		ok(eq(r.suffix, good[i].suffix), "the suffix '%s'",
		   good[i].suffix);
	}
}

static void test_bad(void)
{
	static const char *const bad[] = {
		"", "-x", "--all", "a\nb", "a\033b", "a\xff", "mn:", "mn:abc",
		"mn:xyz", "mn:abcd/", "mn:abcd/xy", "mn:abcd:ef01",
		"mn:" HEX64 "/" HEX64 "0", "mn:" HEX64 "0", "@{", "@{}",
		"@{x}y", "@{x", "^abcd", "~1", ":path", "^", ":",
	};
	char *longest = mn_xmalloc(MN_REVISION_MAX + 2);
	struct mn_err err = MN_ERR_INIT;
	struct mn_revision r;
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		is_int(mn_revision_parse(&r, mn_str(bad[i]), NULL),
		       MN_EINVALID, "word %zu is none", i);
	memset(longest, 'x', MN_REVISION_MAX + 1);
	is_int(mn_revision_parse(&r, (struct mn_str){ longest,
				 MN_REVISION_MAX }, NULL), 0,
	       "a word of %d bytes", MN_REVISION_MAX);
	is_int(mn_revision_parse(&r, (struct mn_str){ longest,
				 MN_REVISION_MAX + 1 }, &err), MN_EINVALID,
	       "and one that is longer");
	free(longest);
}

static const struct {
	const char *arg, *parts;	/* "^A B", "A=B" for symmetric ones */
} ranges[] = {
	{ "A", "A" }, { "^A", "^A" }, { "A..B", "^A B" }, { "A..", "^A " },
	{ "..B", "^ B" }, { "A...B", "=A =B" }, { "A...", "=A =" },
	{ "@{a..b}", "@{a..b}" }, { "@{a..b}..B", "^@{a..b} B" },
	{ "HEAD~3..HEAD", "^HEAD~3 HEAD" },
	{ "mn:abcd/ef01..HEAD", "^mn:abcd/ef01 HEAD" },
	{ "", NULL }, { "..", NULL }, { "...", NULL }, { "^", NULL },
	{ "A..B..C", NULL }, { "^A..B", NULL }, { "A..^B", NULL },
	{ "A....B", NULL }, { "-n", NULL },
};

static void test_ranges(void)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_range range;
	size_t i, k;

	for (i = 0; i < sizeof(ranges) / sizeof(*ranges); i++) {
		int r;

		range.n = 0;
		r = mn_range_parse(&range, mn_str(ranges[i].arg), NULL);
		if (!ranges[i].parts) {
			is_int(r, MN_EINVALID, "'%s' is no range",
			       ranges[i].arg);
			is_int(range.n, 0, "and adds nothing");
			continue;
		}
		mn_buf_clear(&b);
		for (k = 0; k < range.n; k++) {
			mn_buf_adds(&b, k ? " " : "");
			mn_buf_adds(&b, range.p[k].exclude ? "^" : "");
			mn_buf_adds(&b, range.p[k].symmetric ? "=" : "");
			mn_buf_addstr(&b, range.p[k].word);
		}
		is_str(b.p, ranges[i].parts, "range '%s'", ranges[i].arg);
	}
	mn_buf_release(&b);
}

static void test_many(void)
{
	struct mn_range range = { .n = 0 };
	size_t i;
	int r = 0;

	for (i = 0; i < 32; i++)
		r |= mn_range_parse(&range, MN_STR("A..B"), NULL);
	is_int(r, 0, "32 ranges");
	is_int(range.n, 64, "have 64 parts");
	is_int(mn_range_parse(&range, MN_STR("A"), NULL), MN_ELIMIT,
	       "one more is too many");
	range.n = 63;
	is_int(mn_range_parse(&range, MN_STR("A..B"), NULL), MN_ELIMIT,
	       "so are two where there is room for one");
	is_int(range.n, 63, "and none is added");
}

int main(void)
{
	test_good();
	test_bad();
	test_ranges();
	test_many();
	return done_testing();
}
