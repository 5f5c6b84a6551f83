#include "social/index-seed.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"

#include "banned.h"

struct worker {
	struct mn_arena arena;
	struct mn_buf scratch;
	MN_VEC(struct mn_index_seeded *) nodes;
	size_t mapped;		/* of nodes */
};

struct mn_index_seed {
	struct worker *workers;
	int n;
	struct mn_map by_carrier;	/* place in all */
	MN_VEC(const struct mn_index_seeded *) all;
};

struct mn_index_seed *mn_index_seed_new(void)
{
	struct mn_index_seed *s = mn_xcalloc(1, sizeof(*s));

	mn_map_init(&s->by_carrier, sizeof(struct mn_oid));
	return s;
}

void mn_index_seed_free(struct mn_index_seed *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->n; i++) {
		mn_vec_release(&s->workers[i].nodes);
		mn_buf_release(&s->workers[i].scratch);
		mn_arena_release(&s->workers[i].arena);
	}
	free(s->workers);
	mn_map_release(&s->by_carrier);
	mn_vec_release(&s->all);
	free(s);
}

void mn_index_seed_workers(struct mn_index_seed *s, int n)
{
	if (n <= s->n)
		return;
	s->workers = mn_xrealloc(s->workers, (size_t)n * sizeof(*s->workers));
	memset(s->workers + s->n, 0,
	       (size_t)(n - s->n) * sizeof(*s->workers));
	for (; s->n < n; s->n++)
		mn_buf_init(&s->workers[s->n].scratch);
}

static void keep(struct mn_str *s, struct mn_arena *a)
{
	if (s->p)
		*s = mn_arena_str(a, *s);
}

void mn_index_seed_add(struct mn_index_seed *s, int worker,
		       const struct mn_node *n)
{
	struct worker *w = &s->workers[worker];
	size_t nparents = n->carrier.nparents;
	struct mn_index_seeded *x;

	if (w->nodes.n >= MN_INDEX_SEED_MAX / (size_t)s->n)
		return;
	x = mn_arena_alloc(&w->arena, sizeof(*x) +
			   nparents * sizeof(*x->parents));
	mn_index_row_of(&x->row, &w->scratch, n);
	keep(&x->row.kind, &w->arena);
	keep(&x->row.title, &w->arena);
	keep(&x->row.stream, &w->arena);
	keep(&x->row.tags, &w->arena);
	x->prev = n->meta.prev;
	x->seconds = n->carrier.seconds;
	x->nparents = nparents;
	for (size_t i = 0; i < nparents; i++)
		mn_carrier_parent(&x->parents[i], &n->carrier, i);
	*mn_vec_push(&w->nodes) = x;
}

/* Maps what was added since. */
static void map(struct mn_index_seed *s)
{
	for (int i = 0; i < s->n; i++) {
		struct worker *w = &s->workers[i];

		for (; w->mapped < w->nodes.n; w->mapped++) {
			const struct mn_index_seeded *x =
				w->nodes.p[w->mapped];

			mn_map_put(&s->by_carrier, x->row.carrier.b, s->all.n);
			*mn_vec_push(&s->all) = x;
		}
	}
}

const struct mn_index_seeded *mn_index_seed_find(struct mn_index_seed *s,
						 const struct mn_oid *carrier)
{
	size_t i;

	map(s);
	i = mn_map_get(&s->by_carrier, carrier->b);
	return i == SIZE_MAX ? NULL : s->all.p[i];
}
