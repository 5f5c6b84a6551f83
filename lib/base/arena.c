#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/err.h"

#include "banned.h"

#define ALIGN ((size_t)16)
#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)

struct mn_arena_block {
	struct mn_arena_block *next;	/* filled earlier, or spare */
	size_t size;			/* bytes behind this header */
};

static size_t align(size_t n)
{
	return (n + ALIGN - 1) & ~(ALIGN - 1);
}

static unsigned char *block_data(struct mn_arena_block *b)
{
	return (unsigned char *)b + align(sizeof(*b));
}

static void add_block(struct mn_arena *a, size_t n)
{
	size_t size = a->head ? a->head->size * 2 : BLOCK_MIN;
	struct mn_arena_block *b;

	if (size > BLOCK_MAX)
		size = BLOCK_MAX;
	if (size < n)
		size = n;
	b = mn_xmalloc(align(sizeof(*b)) + size);
	b->size = size;
	b->next = a->head;
	a->head = b;
	a->used = 0;
}

void *mn_arena_alloc(struct mn_arena *a, size_t n)
{
	void *p;

	if (n > SIZE_MAX / 4)
		MN_BUG("arena allocation without a cap");
	n = align(n);
	if (!a->head || a->head->size - a->used < n)
		add_block(a, n);
	p = block_data(a->head) + a->used;
	a->used += n;
	return memset(p, 0, n);
}

char *mn_arena_strdup(struct mn_arena *a, struct mn_str s)
{
	char *p = mn_arena_alloc(a, s.len + 1);

	if (s.len)
		memcpy(p, s.p, s.len);
	return p;
}

struct mn_str mn_arena_str(struct mn_arena *a, struct mn_str s)
{
	return (struct mn_str){ mn_arena_strdup(a, s), s.len };
}

/*
 * Keeps one block, as large as all of them were together (within reason):
 * the next record of the same kind then fits without a call of malloc.
 */
void mn_arena_reset(struct mn_arena *a)
{
	struct mn_arena_block *b;
	size_t total = 0;

	a->used = 0;
	if (!a->head || !a->head->next)
		return;
	for (b = a->head; b; b = b->next)
		total += b->size;
	mn_arena_release(a);
	add_block(a, total < BLOCK_MAX ? total : BLOCK_MAX);
}

void mn_arena_release(struct mn_arena *a)
{
	while (a->head) {
		struct mn_arena_block *next = a->head->next;

		free(a->head);
		a->head = next;
	}
	a->used = 0;
}
