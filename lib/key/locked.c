#include "key/locked.h"

#include <sodium.h>
#include <string.h>

#include "base/err.h"

#include "banned.h"

void *mn_locked_new(size_t n)
{
	void *p;

	/* The block ends at a page, so its size decides its alignment. */
	n = (n + 15) & ~(size_t)15;
	p = sodium_malloc(n);
	if (!p)
		MN_BUG("no memory for a secret");
	memset(p, 0, n);
	return p;
}

void mn_locked_seal(void *p)
{
	/* A second line of defence: where it is refused we go on. */
	(void)sodium_mprotect_readonly(p);
}

void mn_locked_free(void *p)
{
	sodium_free(p);
}
