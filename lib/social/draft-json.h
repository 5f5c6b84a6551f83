/*
 * draft-json: a draft from one JSON object, the schema that `mn log --json`
 * prints: mnjson(5). What is not needed may be left out; what the author does
 * not choose (node, device, seq, parents, ...) is ignored.
 */
#ifndef MN_SOCIAL_DRAFT_JSON_H
#define MN_SOCIAL_DRAFT_JSON_H

#include "base/err.h"
#include "social/draft.h"
#include "social/media.h"

#define MN_JSON_LINE_MAX (64u << 20)	/* bytes */

/* Where the bytes of an attachment are found that is given by profile, node
 * and number: appended to out. */
typedef int mn_content_fetch_fn(void *ctx, struct mn_buf *out,
				const char *profile, const char *node,
				size_t content, struct mn_err *err);

struct mn_draft_source {
	struct mn_media *media;
	mn_content_fetch_fn *fetch;	/* NULL: not possible */
	void *ctx;
};

/* d is empty before. MN_EINVALID with words that name the key. Does not finish
 * the draft. */
int mn_draft_from_json(struct mn_draft *d, struct mn_str line,
		       const struct mn_draft_source *src, struct mn_err *err);

#endif
