/*
 * text: text that came from others, made fit for a terminal.
 *
 * What could steer a terminal or mislead its reader is replaced by something
 * that can be seen, so that no byte of it gets through: controls by the
 * pictures of Unicode's block of that name (ESC is U+241B), the others
 * (U+0080 to U+009F, U+2028, U+2029, bidirectional controls) by their number,
 * as "<U+202E>", and each malformed byte by U+FFFD. All the rest stays as it
 * is. Output never depends on where it goes.
 */
#ifndef MN_OUT_TEXT_H
#define MN_OUT_TEXT_H

#include <stdint.h>

#include "base/buf.h"

/* Appends s as part of a line: newlines and tabs are controls too. */
void mn_text_line(struct mn_buf *out, struct mn_str s);

/* As mn_text_line, but keeps newlines and tabs. */
void mn_text_raw(struct mn_buf *out, struct mn_str s);

/* As mn_text_line, but at most columns wide: what is cut ends in U+2026. */
void mn_text_cut(struct mn_buf *out, struct mn_str s, size_t columns);

/*
 * Appends a text of several lines, each indented and ended by a newline;
 * newlines at the end of the text count once, and CR LF is a newline. Tabs
 * become spaces, to the next multiple of 8. Lines longer than width columns
 * (indent included; 0: no limit) are broken between words; a word that is
 * longer alone stays whole. Space in front of a line is kept for the lines
 * that it is broken into.
 */
void mn_text_block(struct mn_buf *out, struct mn_str s, size_t indent,
		   size_t width);

/* Columns that s takes once it is made fit by mn_text_line. */
size_t mn_text_width(struct mn_str s);

/* Appends a size for people: "12 bytes", "20.5 KiB". */
void mn_text_size(struct mn_buf *out, uint64_t size);
/* The first line that is not blank, without space around it. Borrowed. */
struct mn_str mn_text_first_line(struct mn_str s);

/*
 * For records of plumbing: appends s in double quotes with the escapes of
 * C strings, octal for what mn_text_line would replace. Other UTF-8 stays.
 */
void mn_text_quote(struct mn_buf *out, struct mn_str s);

/* The same as git quotes paths (core.quotePath): only where it is needed,
 * and all bytes from 0x80 in octal. */
void mn_text_quote_path(struct mn_buf *out, struct mn_str s);

#endif
