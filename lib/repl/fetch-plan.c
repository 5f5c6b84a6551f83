/* What is asked for, and what a remote takes back. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/map.h"
#include "repl/fetch-impl.h"

#include "banned.h"

void mn_fetch_plan_release(struct mn_fetch_plan *plan)
{
	mn_vec_release(&plan->wants);
	mn_vec_release(&plan->haves);
}

static const struct mn_oid *find(const struct mn_ref_list *refs,
				 const char *name)
{
	for (size_t i = 0; i < refs->n; i++)
		if (!strcmp(refs->p[i].name, name))
			return &refs->p[i].oid;
	return NULL;
}

/* The head is made of what the devices' refs name, where there are any. */
static int matters(const struct mn_ref_list *offered, const struct mn_ref *ref)
{
	if (strcmp(ref->name, MN_REF_MAIN))
		return 1;
	for (size_t i = 0; i < offered->n; i++)
		if (!strncmp(offered->p[i].name, MN_REF_DEVICES,
			     sizeof(MN_REF_DEVICES) - 1))
			return 0;
	return 1;
}

/* Whether the node of oid a comes before that of b in a device's chain. 1, 0;
 * -1: one of them is not here, or not its meta. */
static int is_before(struct mn_fetching *g, const struct mn_oid *a,
		     const struct mn_oid *b)
{
	struct mn_node n;
	uint64_t era, seq;
	int yes = -1;

	mn_node_init(&n);
	if (mn_node_load(&n, g->profile.rd, a, NULL, NULL) == 0 &&
	    !n.carrier.is_merge) {
		era = n.meta.era;
		seq = n.meta.seq;
		if (mn_node_load(&n, g->profile.rd, b, NULL, NULL) == 0 &&
		    !n.carrier.is_merge)
			yes = era < n.meta.era ||
				(era == n.meta.era && seq < n.meta.seq);
	}
	mn_node_release(&n);
	return yes;
}

/* The same by the commits alone: whether a is an ancestor of b. */
static int is_ancestor(struct mn_fetching *g, const struct mn_oid *a,
		       const struct mn_oid *b)
{
	MN_VEC(struct mn_oid) todo = { 0 };
	struct mn_carrier c;
	struct mn_object o;
	struct mn_map seen;
	int yes = 0;

	mn_map_init(&seen, sizeof(*b));
	*mn_vec_push(&todo) = *b;
	while (todo.n && !yes) {
		struct mn_oid oid = todo.p[--todo.n];

		yes = mn_oid_eq(&oid, a);
		if (mn_map_get(&seen, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&seen, oid.b, 0);
		if (mn_reader_read(g->profile.rd, &o, &oid, MN_CARRIER_MAX,
				   NULL) < 0 ||
		    mn_carrier_parse(&c, (struct mn_str){ o.data, o.len }) !=
		    MN_RULE_NONE)
			continue;
		for (size_t i = 0; i < c.nparents; i++)
			mn_carrier_parent(mn_vec_push(&todo), &c, i);
	}
	mn_vec_release(&todo);
	mn_map_release(&seen);
	return yes;
}

/*
 * Whether what the remote offers was let in here before. That the object is
 * here doesn't say so: see admit-walk.c.
 */
static int is_old(struct mn_fetching *g, const struct mn_oid *here,
		  const struct mn_oid *offered)
{
	int before;

	if (!here || !mn_store_has(g->profile.repo.store, offered))
		return 0;
	before = is_before(g, offered, here);
	return before < 0 ? is_ancestor(g, offered, here) : before;
}

/* An identity that is here and isn't the one in use: older, or one that nobody
 * could let in before. */
static int plan_identity(struct mn_fetching *g, const struct mn_oid *oid,
			 struct mn_fetch_plan *plan)
{
	enum mn_otype type;
	uint64_t size;

	if (mn_reader_stat(g->profile.rd, &type, &size, oid, NULL) < 0)
		*mn_vec_push(&plan->wants) = *oid;
	else if (size > g->profile.identity.text.len)
		plan->admit = 1;
	return 0;
}

static int plan_ref(struct mn_fetching *g, const struct mn_ref_list *local,
		    const struct mn_ref *ref, struct mn_fetch_plan *plan,
		    struct mn_err *err)
{
	const struct mn_oid *here = find(local, ref->name);
	int r;

	if (!matters(&g->offered, ref) ||
	    (here && mn_oid_eq(here, &ref->oid)))
		return 0;
	r = mn_fetching_open(g, err);
	if (r < 0)
		return r;
	if (!strcmp(ref->name, MN_REF_IDENTITY))
		return plan_identity(g, &ref->oid, plan);
	if (is_old(g, here, &ref->oid))
		*mn_vec_push(&plan->haves) = ref->oid;
	else
		*mn_vec_push(&plan->wants) = ref->oid;
	return 0;
}

/* Then it may be that who moved the devices' refs here died before the head
 * followed. */
static int main_differs(const struct mn_fetching *g,
			const struct mn_ref_list *local)
{
	const struct mn_oid *theirs = find(&g->offered, MN_REF_MAIN);
	const struct mn_oid *ours = find(local, MN_REF_MAIN);

	return theirs && (!ours || !mn_oid_eq(theirs, ours));
}

int mn_fetching_plan(struct mn_fetching *g, struct mn_fetch_plan *plan,
		     struct mn_err *err)
{
	struct mn_ref_list local = { 0 };
	int r = mn_refs_list(&local, g->gitdir, "refs/",
			     MN_DEVICE_REFS_MAX + 1000, err);

	for (size_t i = 0; i < g->offered.n && r == 0; i++)
		r = plan_ref(g, &local, &g->offered.p[i], plan, err);
	plan->admit |= main_differs(g, &local);
	/*
	 * What the remote offers and is here, and each device's newest node:
	 * of a chain that both know, one of the two stands at its newest
	 * common node.
	 */
	for (size_t i = 0; i < local.n && r == 0 && plan->wants.n; i++)
		if (!strncmp(local.p[i].name, MN_REF_DEVICES,
			     sizeof(MN_REF_DEVICES) - 1))
			*mn_vec_push(&plan->haves) = local.p[i].oid;
	mn_refs_release(&local);
	return r;
}

/* taking back */

/* A device that was cut, or frozen, goes back everywhere. */
static int has_ended(const struct mn_fetching *g, const struct mn_ref *ref)
{
	const struct mn_identity_doc *doc =
		mn_identity_last(&g->profile.identity);
	struct mn_pub device;

	return mn_hex_decode(device.b, ref->name + sizeof(MN_REF_DEVICES) - 1,
			     32) == 0 &&
		(mn_identity_cut(doc, &device) ||
		 mn_forks_find(&g->profile.forks, doc, &device));
}

/* 1 where it offers less than before. */
static int look_back(struct mn_fetching *g, const struct mn_ref *ref,
		     const struct mn_oid *before, struct mn_err *err)
{
	int r = mn_fetching_open(g, err);

	if (r < 0)
		return r;
	if (!mn_store_has(g->profile.repo.store, &ref->oid) ||
	    has_ended(g, ref) || is_before(g, &ref->oid, before) <= 0)
		return 0;
	mn_fetching_note(g, 0, "it went back: it offers an older node of device "
			 "%.12s than it did; what is here stays",
			 ref->name + sizeof(MN_REF_DEVICES) - 1);
	return 1;
}

int mn_fetching_see(struct mn_fetching *g, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < g->offered.n && r == 0; i++) {
		const struct mn_ref *ref = &g->offered.p[i];
		const struct mn_oid *before;

		if (strncmp(ref->name, MN_REF_DEVICES,
			    sizeof(MN_REF_DEVICES) - 1))
			continue;
		before = mn_seen_get(&g->seen, g->addr->name, ref->name);
		if (before && !mn_oid_eq(before, &ref->oid))
			r = look_back(g, ref, before, err);
		if (r > 0) {	/* it is said again until it is mended */
			r = 0;
			continue;
		}
		mn_seen_put(&g->seen, g->addr->name, ref);
	}
	return r;
}
