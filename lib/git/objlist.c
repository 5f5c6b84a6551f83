#include "git/objlist.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/date.h"
#include "base/err.h"
#include "base/vec.h"

#include "banned.h"

/* The slot that holds oid, or the free one where it belongs. */
static uint32_t *slot(const struct mn_objlist *l, const struct mn_oid *oid)
{
	uint64_t h;
	size_t i;

	memcpy(&h, oid->b, sizeof(h));
	h = (h ^ l->seed) * 0x9e3779b97f4a7c15u;
	i = (size_t)(h >> 20) & (l->nslots - 1);
	while (l->slots[i] && !mn_oid_eq(&l->p[l->slots[i] - 1].oid, oid))
		i = (i + 1) & (l->nslots - 1);
	return &l->slots[i];
}

static void grow(struct mn_objlist *l)
{
	if (!l->nslots &&
	    getrandom(&l->seed, sizeof(l->seed), GRND_NONBLOCK) < 0)
		l->seed = (uint64_t)mn_date_mono();
	free(l->slots);
	l->nslots = l->nslots ? l->nslots * 2 : 64;
	l->slots = mn_xcalloc(l->nslots, sizeof(*l->slots));
	for (size_t i = 0; i < l->n; i++)
		*slot(l, &l->p[i].oid) = (uint32_t)(i + 1);
}

int mn_objlist_add(struct mn_objlist *l, const struct mn_oid *oid,
		   enum mn_otype type, size_t *at)
{
	struct mn_listed *e;
	uint32_t *s;

	if ((l->n + 1) * 4 > l->nslots * 3)
		grow(l);
	s = slot(l, oid);
	if (!*s) {
		if (l->n >= MN_OBJLIST_MAX)
			MN_BUG("too many objects in a list");
		e = mn_vec_push(l);
		e->oid = *oid;
		e->type = (unsigned)type & 0xff;
		e->mark = 0;
		*s = (uint32_t)l->n;
		if (at)
			*at = l->n - 1;
		return 1;
	}
	if (at)
		*at = *s - 1;
	return 0;
}

size_t mn_objlist_find(const struct mn_objlist *l, const struct mn_oid *oid)
{
	uint32_t i = l->nslots ? *slot(l, oid) : 0;

	return i ? i - 1 : SIZE_MAX;
}

void mn_objlist_release(struct mn_objlist *l)
{
	free(l->p);
	free(l->slots);
	*l = (struct mn_objlist)MN_OBJLIST_INIT;
}
