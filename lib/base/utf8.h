/*
 * utf8: strict UTF-8 (Unicode 15, table 3-7: no surrogates, no overlong
 * forms, nothing over U+10FFFF), and what of it may reach a terminal.
 */
#ifndef MN_BASE_UTF8_H
#define MN_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Decodes one character; returns its length 1..4, or 0 if malformed. */
size_t mn_utf8_next(uint32_t *cp, const char *s, size_t len);

/* Offset of the first malformed byte, or len. Fast on ASCII. */
size_t mn_utf8_check(const char *s, size_t len);

/* U+0000-001F, U+007F-009F, U+2028, U+2029: no line of a format holds them. */
int mn_utf8_is_control(uint32_t cp);

/* Bidirectional controls: U+061C 200E 200F 202A-202E 2066-2069. */
int mn_utf8_is_bidi(uint32_t cp);

/* Columns on a terminal: 0 combining, 1, 2 wide (East Asian W and F, emoji). */
int mn_utf8_width(uint32_t cp);

#endif
