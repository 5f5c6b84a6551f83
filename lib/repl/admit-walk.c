/* The commits that are new, parents before children, without recursion. */
#include <stdlib.h>
#include <string.h>

#include "git/packfile.h"
#include "git/storewalk.h"
#include "repl/admit-impl.h"

#include "banned.h"

/* A commit whose parents are being looked at. */
struct frame {
	struct mn_oid oid;
	size_t first, n, at;	/* parents, in walk.parents */
	struct mn_pub device;
};

struct walk {
	struct mn_admission *ad;
	MN_VEC(struct frame) stack;
	MN_VEC(struct mn_oid) parents;
	struct mn_map found;	/* every commit that was ever on the stack */
	struct mn_map admitted;	/* where there is no index: what refs reach */
	size_t max;
};

/* All that the refs of devices reach: for who has no index. */
static int list_admitted(struct walk *w, struct mn_err *err)
{
	struct mn_admission *ad = w->ad;
	MN_VEC(struct mn_oid) todo = { 0 };
	struct mn_carrier c;
	struct mn_object o;
	int r = 0;

	for (size_t i = 0; i < ad->local.n; i++)
		*mn_vec_push(&todo) = ad->local.p[i].oid;
	while (todo.n && r == 0) {
		struct mn_oid oid = todo.p[--todo.n];

		if (mn_map_get(&w->admitted, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&w->admitted, oid.b, 0);
		r = mn_reader_read(ad->rd, &o, &oid, MN_CARRIER_MAX, err);
		if (r < 0 || mn_carrier_parse(&c, (struct mn_str){
				o.data, o.len }) != MN_RULE_NONE)
			continue;
		for (size_t i = 0; i < c.nparents; i++)
			mn_carrier_parent(mn_vec_push(&todo), &c, i);
	}
	mn_vec_release(&todo);
	return r;
}

/*
 * Whether a commit was let in before: a ref reaches it. That its object is
 * here is not enough: who let it in may have died before the ref moved, and
 * then nobody says that what it is built on is here, too.
 */
static int is_admitted(struct walk *w, const struct mn_oid *oid)
{
	struct mn_admission *ad = w->ad;
	struct mn_arena arena = MN_ARENA_INIT;
	struct mn_index_row row;
	int r;

	if (!ad->local.n || !mn_quarantine_known(ad->a->quarantine, oid))
		return 0;
	if (!ad->a->index)
		return mn_map_get(&w->admitted, oid->b) != SIZE_MAX;
	for (size_t i = 0; i < ad->local.n; i++)
		if (mn_oid_eq(&ad->local.p[i].oid, oid))
			return 1;
	r = mn_index_by_carrier(&row, &arena, ad->a->index,
				&ad->a->profile->id, oid, NULL);
	mn_arena_release(&arena);
	return r == 0;
}

/* What is here already is read from here, whatever else came by that name. */
static const struct mn_commit_note *noted(const struct mn_admission *ad,
					  const struct mn_oid *oid)
{
	if (!ad->a->commits || mn_quarantine_known(ad->a->quarantine, oid))
		return NULL;
	return mn_commits_find(ad->a->commits, oid);
}

/* What is no carrier has no parents: it is found to be bad later. */
static void push_parents(struct walk *w, struct frame *f)
{
	struct mn_admission *ad = w->ad;
	const struct mn_commit_note *note = noted(ad, &f->oid);
	struct mn_carrier c;
	struct mn_object o;
	int r;

	if (note) {
		for (size_t i = 0; i < note->nparents; i++)
			*mn_vec_push(&w->parents) =
				ad->a->commits->parents.p[note->first + i];
		f->n = note->nparents;
		f->device = note->device;
		return;
	}
	r = mn_reader_read(ad->rd, &o, &f->oid, MN_CARRIER_MAX, NULL);
	if (r == MN_ENOTFOUND)
		ad->incomplete = 1;
	if (r < 0 || o.type != MN_COMMIT ||
	    mn_carrier_parse(&c, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE)
		return;
	for (size_t i = 0; i < c.nparents; i++)
		mn_carrier_parent(mn_vec_push(&w->parents), &c, i);
	f->n = c.nparents;
	if (!c.is_merge)
		f->device = c.device;
}

static int enter(struct walk *w, const struct mn_oid *oid, struct mn_err *err)
{
	struct frame f = { .oid = *oid, .first = w->parents.n };

	if (mn_map_get(&w->found, oid->b) != SIZE_MAX ||
	    is_admitted(w, oid))
		return 0;
	if (w->found.n >= w->max)
		return mn_err_set(err, MN_ELIMIT, "more than %zu new nodes at "
				  "a time", w->max);
	mn_map_put(&w->found, oid->b, 0);
	push_parents(w, &f);
	*mn_vec_push(&w->stack) = f;
	return 0;
}

static void leave(struct walk *w, const struct frame *f)
{
	struct mn_admission *ad = w->ad;
	struct mn_new_commit *c = mn_vec_push(&ad->commits);

	*c = (struct mn_new_commit){
		.oid = f->oid, .first = ad->parents.n, .nparents = f->n,
		.device = f->device,
	};
	for (size_t i = 0; i < f->n; i++)
		*mn_vec_push(&ad->parents) = w->parents.p[f->first + i];
	mn_map_put(&ad->by_oid, f->oid.b, ad->commits.n - 1);
}

static int walk_from(struct walk *w, const struct mn_oid *tip,
		     struct mn_err *err)
{
	int r = enter(w, tip, err);

	while (r == 0 && w->stack.n) {
		struct frame *f = &w->stack.p[w->stack.n - 1];

		if (f->at < f->n) {
			struct mn_oid oid = w->parents.p[f->first + f->at++];

			r = enter(w, &oid, err);
			continue;
		}
		leave(w, f);
		/* nothing on the stack needs what lies behind */
		w->parents.n = f->first;
		w->stack.n--;
	}
	return r;
}

static int walk_pack(struct walk *w, const struct mn_packfile *pack,
		     struct mn_err *err)
{
	struct mn_admission *ad = w->ad;
	enum mn_otype type;
	struct mn_oid oid;
	uint64_t size;
	int r = 0;

	for (uint32_t pos = 0; pos < pack->n && r == 0; pos++) {
		mn_packfile_oid(pack, pos, &oid);
		if (mn_reader_stat(ad->rd, &type, &size, &oid, NULL) == 0 &&
		    type == MN_COMMIT)
			r = walk_from(w, &oid, err);
	}
	return r;
}

/* The stream broke off. Where the oldest came first no ref leads to what
 * came. */
static int walk_quarantine(struct walk *w, struct mn_err *err)
{
	struct mn_admission *ad = w->ad;
	const struct mn_store *s = mn_quarantine_store(ad->a->quarantine);
	const char *dir = mn_quarantine_dir(ad->a->quarantine);
	int r = 0;

	for (size_t i = 0; i < mn_store_npacks(s) && r == 0; i++) {
		const struct mn_packfile *pack = mn_store_pack(s, i);

		if (pack->name && !strncmp(pack->name, dir, strlen(dir)))
			r = walk_pack(w, pack, err);
	}
	return r;
}

int mn_admission_walk(struct mn_admission *ad, struct mn_err *err)
{
	const struct mn_ref_list *refs = ad->a->offered;
	struct walk w = { .ad = ad, .max = ad->a->limits.nodes };
	int devices = 0, r = 0;

	if (!w.max)
		w.max = MN_ADMIT_NODES_MAX;
	mn_map_init(&w.found, sizeof(struct mn_oid));
	mn_map_init(&w.admitted, sizeof(struct mn_oid));
	if (!ad->a->index)
		r = list_admitted(&w, err);
	for (size_t i = 0; i < refs->n && r == 0; i++) {
		if (strncmp(refs->p[i].name, MN_REF_DEVICES,
			    sizeof(MN_REF_DEVICES) - 1))
			continue;
		devices = 1;
		r = walk_from(&w, &refs->p[i].oid, err);
	}
	/* a copy that has branches only */
	for (size_t i = 0; i < refs->n && r == 0 && !devices; i++)
		if (!strcmp(refs->p[i].name, MN_REF_MAIN))
			r = walk_from(&w, &refs->p[i].oid, err);
	if (r == 0 && ad->a->partial)
		r = walk_quarantine(&w, err);
	mn_vec_release(&w.stack);
	mn_vec_release(&w.parents);
	mn_map_release(&w.found);
	mn_map_release(&w.admitted);
	return r;
}
