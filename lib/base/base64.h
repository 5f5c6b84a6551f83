/* base64: RFC 4648, section 4, strictly: padded, no white space. */
#ifndef MN_BASE_BASE64_H
#define MN_BASE_BASE64_H

#include "base/buf.h"

/* Appends the bytes; 0, or -1 (out as before) if s is not canonical. */
int mn_base64_decode(struct mn_buf *out, struct mn_str s);
/* Appends the text of len bytes, padded. */
void mn_base64_encode(struct mn_buf *out, const void *data, size_t len);

#endif
