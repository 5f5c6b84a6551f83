/* packidx: the index (version 2) of a pack that was just written. */
#ifndef MN_GIT_PACKIDX_H
#define MN_GIT_PACKIDX_H

#include "base/buf.h"
#include "base/err.h"
#include "git/oid.h"

struct mn_idx_entry {
	struct mn_oid oid;
	uint32_t crc;
	uint64_t off;
};

/* Writes the whole index to fd. packsum: the 20 bytes that end the pack.
 * path is for words only. MN_EINVALID: a name stands there twice. */
int mn_packidx_write(int fd, const char *path, const struct mn_idx_entry *e,
		     uint32_t n, const unsigned char packsum[20],
		     struct mn_err *err);
/* The same to a new file, dir/tmp_idx_XXXXXX, whose name goes to tmp: empty
 * where none was made. The file is the caller's to sync, close, rename. */
int mn_packidx_create(int *fd, struct mn_buf *tmp, const char *dir,
		      const struct mn_idx_entry *e, uint32_t n,
		      const unsigned char packsum[20], struct mn_err *err);

#endif
