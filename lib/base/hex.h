/* hex: lower-case hexadecimal, strictly: no upper case, no prefix, no space. */
#ifndef MN_BASE_HEX_H
#define MN_BASE_HEX_H

#include <stddef.h>

/* Writes 2 * n digits and a NUL. */
void mn_hex_encode(char *out, const void *bytes, size_t n);

/* Reads exactly 2 * n digits; 0, or -1 where one is not [0-9a-f]. */
int mn_hex_decode(void *out, const char *digits, size_t n);

/* How many of the first max bytes are [0-9a-f]. */
size_t mn_hex_span(const char *s, size_t max);

#endif
