/*
 * fuzz-json: whatever line of JSON is taken for a draft, the draft is one of
 * which a node can be made: its meta encodes (or is too large), and decodes
 * to what the draft says.
 */
#include <stdlib.h>
#include <string.h>

#include "social/draft-json.h"
#include "social/item.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

/* The first node of a device. */
static void check_meta(const struct mn_draft *d)
{
	struct mn_item it;
	struct mn_meta m;
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_item_init(&it);
	mn_item_begin(&it, d, 0, 0);
	mn_item_contents(&it, NULL);
	it.meta.seq = it.meta.gen = 1;
	r = mn_item_meta(&it, &err);
	LAW(r == 0 || r == MN_ELIMIT);
	if (r == 0) {
		LAW(mn_meta_decode(&m, (struct mn_str){ it.meta_text.p,
				it.meta_text.len }) == MN_RULE_NONE);
		LAW(m.ntags == d->ntags && m.ncontents == d->ncontents);
		LAW((m.summary.p != NULL) == (d->title.p != NULL));
		LAW(d->time < 0 || m.time == d->time);
	}
	mn_item_release(&it);
}

static int no_fetch(void *ctx, struct mn_buf *out, const char *profile,
		    const char *node, size_t content, struct mn_err *err)
{
	(void)ctx;
	LAW(strlen(profile) >= MN_ID_HEX && strlen(node) >= MN_ID_HEX);
	LAW(content < MN_CONTENTS_MAX);
	mn_buf_adds(out, "bytes");
	return content == 7 ? mn_err_set(err, MN_ENOTFOUND, "gone") : 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mn_media *media;	/* loading its database is slow */
	struct mn_draft_source src = { NULL, no_fetch, NULL };
	struct mn_err err = MN_ERR_INIT;
	struct mn_draft d;
	int r;

	if (!media)
		media = mn_media_new();
	src.media = media;
	/* nothing of the file system is opened here */
	if (size < 65536 && !memmem(data, size, "file", 4) &&
	    !memmem(data, size, "\\u", 2)) {
		mn_draft_init(&d);
		r = mn_draft_from_json(&d, (struct mn_str){ (const char *)data,
					size }, &src, &err);
		if (r == 0)
			r = mn_draft_finish(&d, &err);
		if (r == 0)
			check_meta(&d);
		else
			LAW(err.msg[0]);
		mn_draft_release(&d);
	}
	return 0;
}
