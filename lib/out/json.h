/*
 * json: writes JSON (RFC 8259), compact, as fast as it can be copied.
 *
 *	struct mn_json j = { &buf, 0 };
 *	mn_json_open(&j, '{');
 *	mn_json_key(&j, "tags");
 *	mn_json_open(&j, '[');
 *	mn_json_str(&j, MN_STR("a"));
 *	mn_json_close(&j, ']');
 *	mn_json_close(&j, '}');
 *
 * Commas are put in by themselves. Only strings need care about their
 * content: malformed UTF-8 becomes U+FFFD, and what a terminal must not get
 * (controls, bidirectional controls, U+2028, U+2029) is written as an escape,
 * so that nothing is lost and output is harmless wherever it goes.
 */
#ifndef MN_OUT_JSON_H
#define MN_OUT_JSON_H

#include <stdint.h>

#include "base/buf.h"

struct mn_json {
	struct mn_buf *out;	/* borrowed */
	int comma;		/* one is due before the next value */
};

void mn_json_open(struct mn_json *j, char bracket);	/* { or [ */
void mn_json_close(struct mn_json *j, char bracket);	/* } or ] */
/* key: a plain ASCII literal */
void mn_json_key(struct mn_json *j, const char *key);
void mn_json_str(struct mn_json *j, struct mn_str s);
void mn_json_uint(struct mn_json *j, uint64_t n);
void mn_json_int(struct mn_json *j, int64_t n);
void mn_json_bool(struct mn_json *j, int on);
/* A string of hex digits of the bytes. */
void mn_json_hex(struct mn_json *j, const void *bytes, size_t len);

/* A key and its value; nothing where s.p is NULL. */
void mn_json_add(struct mn_json *j, const char *key, struct mn_str s);

#endif
