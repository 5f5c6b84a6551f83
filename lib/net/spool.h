/*
 * spool: bytes that arrive and are needed whole, in memory as long as they are
 * few, then in a file without a name, so that many large bodies at a time cost
 * disk, not memory. The file is gone with the process, however it ends.
 *
 *	struct mn_spool s;
 *	mn_spool_init(&s, dir, 65536, max);
 *	mn_spool_add(&s, data, len, &err);	any number
 *	mn_spool_view(&s, &all, &err);		all of it; or
 *	n = mn_spool_read(&s, buf, size, &err);	from the start, in slices
 *	mn_spool_release(&s);
 */
#ifndef MN_NET_SPOOL_H
#define MN_NET_SPOOL_H

#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

struct mn_spool {
	const char *dir;	/* where the file is made; borrowed */
	size_t in_memory;	/* bytes kept in mem before a file is made */
	uint64_t max, len;	/* bytes: at most, and so far */
	uint64_t at;		/* where mn_spool_read is */
	struct mn_buf mem;
	int fd;			/* -1: all is in mem */
	void *map;		/* of mn_spool_view */
};

void mn_spool_init(struct mn_spool *s, const char *dir, size_t in_memory,
		   uint64_t max);
void mn_spool_release(struct mn_spool *s);
/* MN_ELIMIT beyond max, and nothing is added; MN_EIO. */
int mn_spool_add(struct mn_spool *s, const void *data, size_t len,
		 struct mn_err *err);
/* Borrowed until release; nothing may be added afterwards. */
int mn_spool_view(struct mn_spool *s, struct mn_str *all, struct mn_err *err);
/* 0 at the end. */
ssize_t mn_spool_read(struct mn_spool *s, void *buf, size_t size,
		      struct mn_err *err);

#endif
