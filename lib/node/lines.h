/*
 * lines: what metas and identity documents have in common: canonical text
 * in "key value" lines, read strictly in a fixed order. mnformat-node(5),
 * CONVENTIONS and READING A META.
 */
#ifndef MN_NODE_LINES_H
#define MN_NODE_LINES_H

#include <stdint.h>

#include "base/buf.h"
#include "key/hash.h"
#include "node/rule.h"

#define MN_NUMBER_MAX UINT64_C(9007199254740991)	/* 2^53 - 1 */

/* The whole text: which of the first four checks fails. */
enum mn_lines_check {
	MN_LINES_OK, MN_LINES_UTF8, MN_LINES_CONTROL, MN_LINES_LINE
};
enum mn_lines_check mn_lines_check(struct mn_str text);

/* A line at a time. The text has passed mn_lines_check. */
struct mn_lines {
	const char *p, *end;		/* what is left */
	struct mn_str key, value;	/* of the line at p; key.p NULL at the end */
	size_t size;			/* bytes of the line at p, with its \n */
};
void mn_lines_start(struct mn_lines *l, struct mn_str text);
void mn_lines_next(struct mn_lines *l);
int mn_lines_is(const struct mn_lines *l, const char *key);	/* 1, 0 */

/* Strict readers of one value: 0, or -1. */
int mn_value_number(uint64_t *out, struct mn_str v, uint64_t min, uint64_t max);
int mn_value_id(struct mn_id *out, struct mn_str v);
int mn_value_name(struct mn_str v);
int mn_value_text(struct mn_str v, size_t max);	/* within a checked text */
int mn_value_word(struct mn_str v);
int mn_value_lang(struct mn_str v);
int mn_value_link(struct mn_str v);
int mn_value_type(struct mn_str v);		/* media type */
int mn_value_file_name(struct mn_str v);
/* "-33.9,18.4" to millionths of a degree */
int mn_value_place(int32_t *lat, int32_t *lon, struct mn_str v);
/* Cuts v at its first space: head and what is behind. -1 without one. */
int mn_value_cut(struct mn_str *head, struct mn_str *v);

/* As mn_value_text, for text that comes from a user: also UTF-8 and control
 * characters are looked at. */
int mn_text_check(struct mn_str v, size_t max);

#endif
