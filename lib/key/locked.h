/*
 * locked: memory for secrets. It is never swapped out (as far as the
 * system allows), lies between guard pages, is left out of core dumps and
 * wiped when freed. For lib/key's own use.
 */
#ifndef MN_KEY_LOCKED_H
#define MN_KEY_LOCKED_H

#include <stddef.h>

/* Zeroed, aligned to 16 bytes. Never NULL. */
void *mn_locked_new(size_t n) __attribute__((returns_nonnull));
/* No writing to p from now on; freeing is still allowed. */
void mn_locked_seal(void *p);
void mn_locked_free(void *p);	/* NULL allowed */

#endif
