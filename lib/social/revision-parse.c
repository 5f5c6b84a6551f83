/* revision-parse: takes words and ranges apart; pure. See revision.h. */
#include <string.h>

#include "base/hex.h"
#include "base/utf8.h"
#include "social/revision.h"

#include "banned.h"

#define ABBREV_MIN 4

static int bad(struct mn_str word, const char *why, struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "'%.*s' is no revision: %s",
			  word.len < 80 ? (int)word.len : 80, word.p, why);
}

static struct mn_str from(struct mn_str s, size_t n)
{
	return (struct mn_str){ s.p + n, s.len - n };
}

static int check(struct mn_str word, struct mn_err *err)
{
	const char *p = word.p, *end = word.p + word.len;
	uint32_t cp;
	size_t n;

	if (!word.len)
		return mn_err_set(err, MN_EINVALID, "a revision is empty");
	if (word.len > MN_REVISION_MAX)
		return mn_err_set(err, MN_EINVALID, "a revision is longer than "
				  "%d bytes", MN_REVISION_MAX);
	for (; p < end; p += n) {
		n = mn_utf8_next(&cp, p, (size_t)(end - p));
		if (!n)
			return bad(word, "it is not UTF-8", err);
		if (mn_utf8_is_control(cp))
			return bad(word, "it holds control characters", err);
	}
	if (*word.p == '-')
		return bad(word, "it begins with '-'", err);
	return 0;
}

static int is_suffix(char c)
{
	return c == '~' || c == '^' || c == ':';
}

/* How many digits s begins with, if what follows ends them; else 0. */
static size_t digits(struct mn_str s)
{
	size_t n = mn_hex_span(s.p, s.len);

	if (n < ABBREV_MIN || n > MN_ID_HEX ||
	    (n < s.len && !is_suffix(s.p[n])))
		return 0;
	return n;
}

/* Does s look like a revision, rather than a path in a tree? */
static int names_revision(struct mn_str s)
{
	static const char *const words[] = { "HEAD", "@", "main" };
	size_t i;

	if (digits(s) || mn_str_starts(s, "@{") || mn_str_starts(s, "refs/"))
		return 1;
	for (i = 0; i < sizeof(words) / sizeof(*words); i++) {
		size_t n = strlen(words[i]);

		if (mn_str_starts(s, words[i]) &&
		    (s.len == n || is_suffix(s.p[n])))
			return 1;
	}
	return 0;
}

/* mn:PROFILE, mn:PROFILE/NODE, PROFILE:...; what is left of the word. */
static int parse_profile(struct mn_revision *out, struct mn_str *word,
			 struct mn_err *err)
{
	struct mn_str s = *word;
	int uri = mn_str_starts(s, "mn:");
	size_t n;

	if (uri)
		s = from(s, 3);
	n = mn_hex_span(s.p, s.len);
	if (n < ABBREV_MIN || n > MN_ID_HEX)
		return uri ? bad(*word, "no profile id behind 'mn:'", err) : 0;
	out->profile = (struct mn_str){ s.p, n };
	s = from(s, n);
	if (uri && !s.len) {
		out->form = MN_REV_PROFILE;
		*word = s;
		return 0;
	}
	if (uri && (*s.p != '/' || !digits(from(s, 1))))
		return bad(*word, "neither 'mn:PROFILE' nor "
			   "'mn:PROFILE/NODE'", err);
	if (uri || (s.len && *s.p == ':' && names_revision(from(s, 1))))
		*word = from(s, 1);
	else
		out->profile = (struct mn_str){ NULL, 0 };
	return 0;
}

/* Bytes in front of the first suffix. */
static size_t base_len(struct mn_str s)
{
	size_t n = 0;

	while (n < s.len && !is_suffix(s.p[n]) &&
	       !(s.p[n] == '@' && n + 1 < s.len && s.p[n + 1] == '{'))
		n++;
	return n;
}

int mn_revision_parse(struct mn_revision *out, struct mn_str word,
		      struct mn_err *err)
{
	struct mn_str whole = word;
	const char *brace;
	size_t n;
	int r = check(word, err);

	if (r < 0)
		return r;
	memset(out, 0, sizeof(*out));
	out->form = MN_REV_GIT;
	r = parse_profile(out, &word, err);
	if (r < 0 || out->form == MN_REV_PROFILE) {
		out->base = out->suffix = word;
		return r;
	}
	n = digits(word);
	if (n) {
		out->form = MN_REV_HEX;
		out->base = (struct mn_str){ word.p, n };
		out->suffix = from(word, n);
		return 0;
	}
	if (mn_str_starts(word, "@{")) {
		word = from(word, 2);
		brace = memchr(word.p, '}', word.len);
		if (!brace || brace == word.p)
			return bad(whole, "'@{' without 'DEVICE}'", err);
		n = (size_t)(brace - word.p);
		out->form = MN_REV_DEVICE;
		out->base = (struct mn_str){ word.p, n };
		out->suffix = from(word, n + 1);
		if (out->suffix.len && !is_suffix(*out->suffix.p))
			return bad(whole, "what stands behind '@{...}'", err);
		return 0;
	}
	n = base_len(word);
	if (!n)
		return bad(whole, "nothing in front of its suffix", err);
	out->base = (struct mn_str){ word.p, n };
	out->suffix = from(word, n);
	return 0;
}

static int add_part(struct mn_range *out, struct mn_str word, int exclude,
		    int symmetric, struct mn_err *err)
{
	struct mn_range_part *part;

	if (out->n == sizeof(out->p) / sizeof(out->p[0]))
		return mn_err_set(err, MN_ELIMIT, "more than %zu revisions in "
				  "a range", sizeof(out->p) / sizeof(out->p[0]));
	part = &out->p[out->n++];
	*part = (struct mn_range_part){ word, exclude, symmetric };
	return 0;
}

/* Where ".." stands outside of braces; SIZE_MAX: nowhere. */
static size_t find_dots(struct mn_str s)
{
	size_t i;

	for (i = 0; i + 1 < s.len; i++) {
		if (s.p[i] == '{') {
			const char *end = memchr(s.p + i, '}', s.len - i);

			if (end)
				i = (size_t)(end - s.p);
		} else if (s.p[i] == '.' && s.p[i + 1] == '.') {
			return i;
		}
	}
	return SIZE_MAX;
}

int mn_range_parse(struct mn_range *out, struct mn_str arg, struct mn_err *err)
{
	struct mn_str left, right;
	size_t dots, had = out->n;
	int three, r = check(arg, err);

	if (r < 0)
		return r;
	dots = find_dots(arg);
	if (dots == SIZE_MAX) {
		if (*arg.p != '^')
			return add_part(out, arg, 0, 0, err);
		if (arg.len == 1)
			return bad(arg, "nothing behind '^'", err);
		return add_part(out, from(arg, 1), 1, 0, err);
	}
	three = dots + 2 < arg.len && arg.p[dots + 2] == '.';
	left = (struct mn_str){ arg.p, dots };
	right = from(arg, dots + (three ? 3 : 2));
	if (!left.len && !right.len)
		return bad(arg, "nothing on either side of its dots", err);
	if ((left.len && *left.p == '^') ||
	    (right.len && (*right.p == '^' || *right.p == '.')) ||
	    find_dots(right) != SIZE_MAX)
		return bad(arg, "a range of ranges", err);
	r = add_part(out, left, !three, three, err);
	if (!r)
		r = add_part(out, right, 0, three, err);
	if (r < 0)
		out->n = had;
	return r;
}
