/* loosefile: reads one loose object. */
#ifndef MN_GIT_LOOSEFILE_H
#define MN_GIT_LOOSEFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "git/inflate.h"
#include "git/store.h"

/* Appends "/xx/yyyy..." of a name. */
void mn_loosefile_path(struct mn_buf *path, const struct mn_oid *oid);

/* Of the file at path; o->data points into out; z is scratch. MN_ENOTFOUND,
 * MN_ECORRUPT, MN_ELIMIT. The hash is not checked. */
int mn_loosefile_read(struct mn_inflater *f, struct mn_buf *z,
		      struct mn_buf *out, struct mn_object *o,
		      const char *path, size_t max, struct mn_err *err);
int mn_loosefile_stat(struct mn_inflater *f, enum mn_otype *type,
		      uint64_t *size, const char *path, struct mn_err *err);

/*
 * The same of a file that came from elsewhere, in memory: o->data points into
 * out. head needs only the file's first bytes (64 are enough): 0, or -1.
 */
int mn_loosefile_decode(struct mn_inflater *f, const struct mn_buf *z,
			struct mn_buf *out, struct mn_object *o, size_t max,
			struct mn_err *err);
int mn_loosefile_head(struct mn_inflater *f, const struct mn_buf *z,
		      enum mn_otype *type, uint64_t *size);

#endif
