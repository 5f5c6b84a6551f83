/* What a server may send as it lies: git/whole.h. */
#include <string.h>

#include "git/whole.h"
#include "node/carrier.h"
#include "social/gc-parts.h"
#include "social/profile.h"

#include "banned.h"

/* Refs that are not served, such as those of git's own tools, reach more than a
 * client gets. */
static int is_served(const char *name)
{
	return !strcmp(name, MN_REF_MAIN) || !strncmp(name, "refs/mn/", 8);
}

static int all_served(const struct mn_gc *g)
{
	for (size_t i = 0; i < g->refs.n; i++)
		if (!is_served(g->refs.p[i].name))
			return 0;
	return 1;
}

static int is_kept(const struct mn_gc *g, const struct mn_oid *pack)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, pack);
	for (size_t i = 0; i < g->kept.n; i++)
		if (strstr(g->kept.p[i]->name, hex))
			return 1;
	return 0;
}

/* A node that nothing reaches any more: what it held must not be sent. */
static int is_lost_node(const struct mn_gc *g, const struct mn_oid *tip)
{
	struct mn_carrier c;
	struct mn_object o;

	if (mn_map_get(&g->commit_at, tip->b) != SIZE_MAX ||
	    mn_map_get(&g->walked, tip->b) != SIZE_MAX)
		return 0;
	return mn_gc_read(g->rd, &o, tip, NULL) < 0 ||
		(o.type == MN_COMMIT &&
		 (mn_carrier_parse(&c, (struct mn_str){ o.data, o.len }) !=
		  MN_RULE_NONE || !c.is_merge));
}

/* The packs that are kept are those of before, and what they were told to
 * hold is still reached: then the new one is added to them. */
static int add_to_whole(const struct mn_gc *g, struct mn_whole *w)
{
	if (mn_whole_read(w, g->repo->path, NULL) < 0 ||
	    w->packs.n != g->kept.n)
		return 0;
	for (size_t i = 0; i < w->packs.n; i++)
		if (!is_kept(g, &w->packs.p[i]))
			return 0;
	for (size_t i = 0; i < w->tips.n; i++)
		if (is_lost_node(g, &w->tips.p[i]))
			return 0;
	mn_vec_clear(&w->tips);
	return 1;
}

void mn_gc_tell_whole(const struct mn_gc *g)
{
	struct mn_whole w = { .objects = 0 };
	int good = !g->promisor && all_served(g);

	if (good && g->incremental)
		good = add_to_whole(g, &w);
	else if (g->kept.n)
		good = 0;
	if (good && (g->counts->pack[0] || !w.packs.n))
		good = mn_oid_parse(mn_vec_push(&w.packs),
				    g->counts->pack) == 0;
	w.objects += g->counts->objects;
	if (g->largest_blob > w.largest_blob)
		w.largest_blob = g->largest_blob;
	for (size_t i = 0; i < g->refs.n && good; i++)
		*mn_vec_push(&w.tips) = g->refs.p[i].oid;
	if (!good || mn_whole_write(&w, g->repo->path, NULL) < 0)
		mn_whole_remove(g->repo->path);
	mn_whole_release(&w);
}
