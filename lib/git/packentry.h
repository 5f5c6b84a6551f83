/*
 * packentry: the head of an entry of a pack, as gitformat-pack(5) has it: the
 * type and the inflated size, and for a delta where its base is. The zlib
 * stream follows. Nothing is believed but what the bytes say.
 */
#ifndef MN_GIT_PACKENTRY_H
#define MN_GIT_PACKENTRY_H

#include <stddef.h>
#include <stdint.h>

enum { MN_OFS_DELTA = 6, MN_REF_DELTA = 7 };

struct mn_packentry {
	unsigned type;		/* enum mn_otype, or one of the above */
	uint64_t size;		/* inflated; of the delta, where it is one */
	size_t len;		/* of this head */
	uint64_t back;		/* OFS: so far before this entry is the base */
	const unsigned char *base;	/* REF: its name, 20 bytes */
};

/* 1; 0 where it goes on behind len; -1 where it can be none: *why, which is
 * constant. */
int mn_packentry_parse(struct mn_packentry *h, const unsigned char *p,
		       size_t len, const char **why);

#endif
