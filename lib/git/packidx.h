/* packidx: the index (version 2) of a pack that was just written. */
#ifndef MN_GIT_PACKIDX_H
#define MN_GIT_PACKIDX_H

#include "base/err.h"
#include "git/oid.h"

struct mn_idx_entry {
	struct mn_oid oid;
	uint32_t crc;
	uint64_t off;
};

/* Writes the whole index to fd. packsum: the 20 bytes that end the pack.
 * path is for words only. */
int mn_packidx_write(int fd, const char *path, const struct mn_idx_entry *e,
		     uint32_t n, const unsigned char packsum[20],
		     struct mn_err *err);

#endif
