/*
 * draft: a node before it is made: what an author wants to say, checked
 * against the limits of the format with words for people.
 *
 * All strings live in the draft's arena.
 */
#ifndef MN_SOCIAL_DRAFT_H
#define MN_SOCIAL_DRAFT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "node/meta.h"

#define MN_TEXT_MAX (1u << 20)		/* bytes of a post's text */
#define MN_TEXT_TYPE "text/markdown"
#define MN_TEXT_NAME "post.md"

/* Where the bytes of a content come from. */
struct mn_source {
	const char *path;		/* a file; NULL: data */
	struct mn_str data;
};

struct mn_draft_content {
	struct mn_str role, type, name;
	struct mn_source from;
};

struct mn_draft {
	struct mn_arena arena;
	struct mn_str kind;		/* "post" */
	struct mn_str title, stream, lang;	/* p NULL: none */
	int has_place;
	int32_t lat, lon;
	int64_t time;			/* ms; -1: now */
	size_t ntags, nsubjects, nattrs, nlinks, ncontents;
	struct mn_str tags[MN_TAGS_MAX];
	struct mn_subject subjects[MN_SUBJECTS_MAX];
	struct mn_attr attrs[MN_ATTRS_MAX];
	struct mn_str links[MN_LINKS_MAX];
	struct mn_draft_content contents[MN_CONTENTS_MAX];
};

void mn_draft_init(struct mn_draft *d);
void mn_draft_reset(struct mn_draft *d);	/* empty again, for reuse */
void mn_draft_release(struct mn_draft *d);

/* Each copies its argument. MN_EINVALID or MN_ELIMIT with words that name the
 * option or field. */
int mn_draft_kind(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_title(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_stream(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_lang(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_place(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_tag(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_link(struct mn_draft *d, struct mn_str v, struct mn_err *err);
int mn_draft_attr(struct mn_draft *d, struct mn_str name, struct mn_str value,
		  struct mn_err *err);
int mn_draft_subject(struct mn_draft *d, struct mn_str rel, struct mn_str ref,
		     struct mn_err *err);
int mn_draft_time(struct mn_draft *d, int64_t ms, struct mn_err *err);
/* The text of the post becomes the first content. Empty text: none. */
int mn_draft_text(struct mn_draft *d, struct mn_str v, struct mn_err *err);
/* Any content, as a file or as bytes. */
int mn_draft_content(struct mn_draft *d, struct mn_str role,
		     struct mn_str type, struct mn_str name,
		     const struct mn_source *from, struct mn_err *err);

/* Sorts tags, subjects, attributes and links, drops duplicates; says what
 * is missing (a post without text,
 * attachment and link). */
int mn_draft_finish(struct mn_draft *d, struct mn_err *err);

#endif
