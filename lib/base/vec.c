#include "base/vec.h"

#include <stdint.h>

#include "base/err.h"

#include "banned.h"

void *mn_vec_grow(void *p, size_t *cap, size_t item)
{
	size_t n = *cap ? *cap : 4;

	if (n > SIZE_MAX / 4 / item)
		MN_BUG("vector without a cap");
	*cap = n * 2;
	return mn_xrealloc(p, *cap * item);
}
