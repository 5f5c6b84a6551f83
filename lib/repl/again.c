/* again: see again.h. */
#include "repl/again.h"

#include "git/refs.h"
#include "repl/wanted.h"
#include "social/profile.h"

#include "banned.h"

static int note(void *ctx, const struct mn_oid *commit)
{
	struct mn_oid_list *all = ctx;

	*mn_vec_push(all) = *commit;
	return 0;
}

/* The walk goes from the newest down. */
static void turn(struct mn_oid_list *all)
{
	for (size_t i = 0; i < all->n / 2; i++) {
		struct mn_oid last = all->p[all->n - 1 - i];

		all->p[all->n - 1 - i] = all->p[i];
		all->p[i] = last;
	}
}

int mn_want_again(const struct mn_repo *repo, struct mn_err *err)
{
	struct mn_oid_list tips = { 0 }, all = { 0 };
	struct mn_ref_list refs = { 0 };
	int r = mn_refs_list(&refs, repo->path, MN_REF_DEVICES,
			     MN_DEVICE_REFS_MAX, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		*mn_vec_push(&tips) = refs.p[i].oid;
	if (r == 0 && tips.n)
		r = mn_git_walk(repo, tips.p, tips.n, NULL, 0, note, &all,
				err);
	if (r == 0 && all.n) {
		turn(&all);
		r = mn_wanted_write(all.p, all.n, repo->path, err);
	}
	mn_refs_release(&refs);
	mn_vec_release(&tips);
	mn_vec_release(&all);
	return r;
}
