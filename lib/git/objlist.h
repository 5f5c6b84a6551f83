/*
 * objlist: objects in an order, each once, that can be found by name: 36 to 40
 * bytes an object. At most 2^32 - 2 of them.
 *
 *	struct mn_objlist l = MN_OBJLIST_INIT;
 *	if (mn_objlist_add(&l, &oid, MN_BLOB, &at))
 *		... it is new ...
 *	mn_objlist_release(&l);
 */
#ifndef MN_GIT_OBJLIST_H
#define MN_GIT_OBJLIST_H

#include "git/oid.h"

struct mn_listed {
	struct mn_oid oid;
	unsigned type : 8;	/* enum mn_otype; 0: not known */
	unsigned mark : 24;	/* for the owner */
};

struct mn_objlist {
	struct mn_listed *p;
	size_t n, cap;
	uint32_t *slots;	/* hash table: 1 + index into p, 0 free */
	size_t nslots;
	uint64_t seed;		/* against chosen names */
};
#define MN_OBJLIST_INIT { NULL, 0, 0, NULL, 0, 0 }
#define MN_OBJLIST_MAX (UINT32_MAX - 1)

/* 1 when it is new, 0 when it was there; its index goes to *at (may be
 * NULL). The caller sees to it that n stays below MN_OBJLIST_MAX. */
int mn_objlist_add(struct mn_objlist *l, const struct mn_oid *oid,
		   enum mn_otype type, size_t *at);
/* Its index, or SIZE_MAX. */
size_t mn_objlist_find(const struct mn_objlist *l, const struct mn_oid *oid);
void mn_objlist_release(struct mn_objlist *l);

#endif
