/*
 * vec: a typed growing array, as a macro. Declare with MN_VEC(type), zero it
 * to initialise; items are v.p[0] .. v.p[v.n - 1].
 *
 *	MN_VEC(struct mn_id) ids = {0};
 *	*mn_vec_push(&ids) = id;
 *	mn_vec_release(&ids);
 */
#ifndef MN_BASE_VEC_H
#define MN_BASE_VEC_H

#include <stddef.h>
#include <stdlib.h>

#include "base/buf.h"

#define MN_VEC(type) struct { type *p; size_t n, cap; }

/* The address of one new item, not zeroed. */
#define mn_vec_push(v) \
	(((v)->n == (v)->cap \
	  ? (void)((v)->p = mn_vec_grow((v)->p, &(v)->cap, sizeof(*(v)->p))) \
	  : (void)0), &(v)->p[(v)->n++])
#define mn_vec_clear(v) ((void)((v)->n = 0))
#define mn_vec_release(v) \
	(free((v)->p), (v)->p = NULL, (void)((v)->n = (v)->cap = 0))

void *mn_vec_grow(void *p, size_t *cap, size_t item);

#endif
