/* What a server may send as it lies: git/whole.h. */
#include <string.h>

#include "git/whole.h"
#include "social/gc-parts.h"
#include "social/profile.h"

#include "banned.h"

/* Refs that are not served, such as those of git's own tools, reach more than a
 * client gets. */
static int is_served(const char *name)
{
	return !strcmp(name, MN_REF_MAIN) || !strncmp(name, "refs/mn/", 8);
}

static int is_whole(const struct mn_gc *g)
{
	if (g->promisor || g->kept.n)
		return 0;
	for (size_t i = 0; i < g->refs.n; i++)
		if (!is_served(g->refs.p[i].name))
			return 0;
	return 1;
}

void mn_gc_tell_whole(const struct mn_gc *g)
{
	struct mn_whole w = { .objects = g->counts->objects,
			      .largest_blob = g->largest_blob };

	if (!is_whole(g) ||
	    mn_oid_parse(mn_vec_push(&w.packs), g->counts->pack) < 0) {
		mn_whole_remove(g->repo->path);
		mn_whole_release(&w);
		return;
	}
	for (size_t i = 0; i < g->refs.n; i++)
		*mn_vec_push(&w.tips) = g->refs.p[i].oid;
	if (mn_whole_write(&w, g->repo->path, NULL) < 0)
		mn_whole_remove(g->repo->path);
	mn_whole_release(&w);
}
