/*
 * arena: memory that lives as long as a command or a record. Nothing is
 * freed one by one; _reset keeps the blocks for the next record.
 */
#ifndef MN_BASE_ARENA_H
#define MN_BASE_ARENA_H

#include <stddef.h>

#include "base/buf.h"

struct mn_arena_block;
struct mn_arena {
	struct mn_arena_block *head;	/* block in use; older ones behind it */
	size_t used;			/* bytes used of head */
};
#define MN_ARENA_INIT { NULL, 0 }

void *mn_arena_alloc(struct mn_arena *a, size_t n);	/* zeroed, 16-aligned */
char *mn_arena_strdup(struct mn_arena *a, struct mn_str s);	/* NUL-ended */
struct mn_str mn_arena_str(struct mn_arena *a, struct mn_str s);
void mn_arena_reset(struct mn_arena *a);
void mn_arena_release(struct mn_arena *a);

#endif
