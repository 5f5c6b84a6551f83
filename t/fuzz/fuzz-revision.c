/*
 * fuzz-revision: whatever is taken for a word or a range, its parts lie
 * within it, do not overlap, and stand in order; and what a range is made of
 * says again the same when it is parsed alone.
 */
#include "social/revision.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

/* Is part within whole? Returns where it ends. */
static const char *within(struct mn_str whole, struct mn_str part,
			  const char *from)
{
	LAW(part.p >= from);
	LAW(part.p <= whole.p + whole.len);
	LAW(part.len <= (size_t)(whole.p + whole.len - part.p));
	return part.p + part.len;
}

static void check_word(struct mn_str word)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_revision r, again;
	const char *at = word.p;
	int ret = mn_revision_parse(&r, word, &err);

	if (ret) {
		LAW(ret == MN_EINVALID);
		LAW(err.msg[0]);
		return;
	}
	LAW(word.len && word.len <= MN_REVISION_MAX);
	if (r.profile.p) {
		LAW(r.profile.len >= 4 && r.profile.len <= MN_ID_HEX);
		at = within(word, r.profile, at);
	}
	at = within(word, r.base, at);
	at = within(word, r.suffix, at);
	LAW(at == word.p + word.len);
	LAW(r.base.len || r.form == MN_REV_PROFILE);
	LAW(r.form != MN_REV_PROFILE || r.profile.p);
	if (r.form == MN_REV_HEX) {
		LAW(!mn_revision_parse(&again, r.base, NULL));
		LAW(again.form == MN_REV_HEX && !again.suffix.len);
	}
}

static void check_range(struct mn_str arg)
{
	struct mn_range range = { .n = 0 };
	const char *at = arg.p;
	size_t i;

	if (mn_range_parse(&range, arg, NULL)) {
		LAW(!range.n);
		return;
	}
	LAW(range.n == 1 || range.n == 2);
	for (i = 0; i < range.n; i++) {
		const struct mn_range_part *p = &range.p[i];

		at = within(arg, p->word, at);
		LAW(!p->symmetric || (!p->exclude && range.n == 2));
		LAW(p->word.len || range.n == 2);
		if (p->word.len)
			check_word(p->word);
	}
	LAW(at == arg.p + arg.len || range.n == 2);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_str s = { size ? (const char *)data : "", size };

	check_word(s);
	check_range(s);
	return 0;
}
