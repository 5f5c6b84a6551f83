/* gzip: the coding of HTTP bodies (RFC 1952). */
#ifndef MN_GIT_GZIP_H
#define MN_GIT_GZIP_H

#include "base/buf.h"

/* Appends data, compressed, to out. */
void mn_gzip(struct mn_buf *out, const void *data, size_t len);

#endif
