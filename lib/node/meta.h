/*
 * meta: the metadata of a node, the canonical text that is what gets signed.
 * mnformat-node(5), META.
 *
 * A decoded meta borrows its strings from the text. Encoding and decoding are
 * inverse: the encoder fails on what the decoder would reject.
 */
#ifndef MN_NODE_META_H
#define MN_NODE_META_H

#include <stdint.h>

#include "base/buf.h"
#include "base/date.h"
#include "base/err.h"
#include "key/sign.h"
#include "node/lines.h"

#define MN_META_MAX 16383		/* bytes */
#define MN_PARENTS_MAX 8
#define MN_SUMMARY_MAX 300		/* bytes */
#define MN_TAGS_MAX 32
#define MN_SUBJECTS_MAX 16
#define MN_ATTRS_MAX 32
#define MN_ATTR_MAX 1024		/* bytes */
#define MN_LINKS_MAX 32
#define MN_CONTENTS_MAX 64
#define MN_CONTENT_MAX (UINT64_C(64) << 30)	/* bytes */
#define MN_FILE_NAME_MAX 120		/* bytes */

struct mn_subject {
	struct mn_str rel;		/* "reply-to", ... */
	struct mn_id profile;
	int has_node;
	struct mn_id node;
};

struct mn_attr {
	struct mn_str name, value;
};

struct mn_content {
	struct mn_str role;		/* "text", "attachment" */
	struct mn_id digest;
	uint64_t size;			/* bytes */
	struct mn_str type;		/* media type */
	struct mn_str name;		/* file name */
};

struct mn_meta {
	struct mn_str kind;
	struct mn_id profile;
	struct mn_id identity;		/* digest of the identity document */
	struct mn_pub device;
	uint64_t seq;
	struct mn_id prev;		/* if seq > 1 */
	struct mn_id skip;		/* node number mn_lipmaa(seq); equals prev
					   where there is no line for it */
	size_t nparents;
	struct mn_id parents[MN_PARENTS_MAX];
	uint64_t gen;
	uint64_t era;
	int64_t time;			/* ms */
	struct mn_str summary;		/* p NULL: none; likewise below */
	struct mn_str stream;
	struct mn_str lang;
	int has_place;
	int32_t lat, lon;		/* millionths of a degree */
	size_t ntags, nsubjects, nattrs, nlinks, ncontents;
	struct mn_str tags[MN_TAGS_MAX];
	struct mn_subject subjects[MN_SUBJECTS_MAX];
	struct mn_attr attrs[MN_ATTRS_MAX];
	struct mn_str links[MN_LINKS_MAX];
	struct mn_content contents[MN_CONTENTS_MAX];
};

/* All fields empty. Cheap: the arrays are not cleared. */
void mn_meta_init(struct mn_meta *m);

/* MN_RULE_NONE, or the first rule that the text breaks. */
enum mn_rule mn_meta_decode(struct mn_meta *m, struct mn_str text);

/*
 * Appends the text to out. MN_EINVALID when the result would break a rule, which
 * is named in *rule (may be NULL); out is then as before.
 */
int mn_meta_encode(struct mn_buf *out, const struct mn_meta *m,
		   enum mn_rule *rule, struct mn_err *err);

/* BLAKE2b-256("mn:node:1\n" || text) */
void mn_node_id(struct mn_id *out, struct mn_str meta_text);
#define MN_NODE_SIGN_PREFIX "mn:node-signature:1\n"

/* "52.52,13.405" */
void mn_place_add(struct mn_buf *out, int32_t lat, int32_t lon);
/* "mn:<profile>[/<node>]" */
void mn_subject_add_ref(struct mn_buf *out, const struct mn_subject *s);
int mn_subject_parse_ref(struct mn_subject *s, struct mn_str v);	/* 0, -1 */

/* The sequence number that the skip link of node number n names; n >= 1.
 * mnformat-node(5), SKIP LINKS. */
uint64_t mn_lipmaa(uint64_t n);

#endif
