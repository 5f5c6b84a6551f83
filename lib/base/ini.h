/*
 * ini: the syntax of git's configuration files, as far as mn writes and
 * reads it: [section], [section "sub\"section"], key = value, bare keys
 * (true), # and ; comments, quotes, \n \t \b \\ \" escapes, lines continued
 * by a final backslash. No includes. Section and key are case-insensitive
 * and reported in lower case. Text must be UTF-8 without control bytes.
 *
 * A full name is "section.key" or "section.sub.key".
 */
#ifndef MN_BASE_INI_H
#define MN_BASE_INI_H

#include "base/buf.h"
#include "base/err.h"

#define MN_INI_MAX (1024 * 1024)	/* bytes of a file */

/* Called for each entry, in order; nonzero stops and is returned. */
typedef int mn_ini_fn(void *ctx, const char *name, const char *value);

int mn_ini_parse(struct mn_str text, mn_ini_fn *fn, void *ctx,
		 struct mn_err *err);

/*
 * Sets (value) or removes (NULL) an entry in the text of b, in place,
 * keeping comments and order; of several values of the name the last is
 * replaced, and removal removes all (0 where there is none). MN_EINVALID for
 * an impossible name, a value with controls other than \n \t \b, or a text
 * that doesn't parse; the text of b is then as it was.
 */
int mn_ini_set(struct mn_buf *b, const char *name, const char *value,
	       struct mn_err *err);
/* As mn_ini_set, but adds one more value. */
int mn_ini_add(struct mn_buf *b, const char *name, const char *value,
	       struct mn_err *err);

#endif
