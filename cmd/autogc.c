/* autogc: packs repositories that have grown. */
#include "autogc.h"

#include "base/date.h"
#include "repl/follow.h"
#include "banned.h"

static int limit(uint64_t *out, struct mn_cmd *c, const char *name,
		 int64_t def, struct mn_err *err)
{
	int64_t v = 0;
	int r = mn_conf_int(&v, mn_cmd_conf(c), name, def, err);

	if (r == 0 && v < 0)
		r = mn_err_set(err, MN_EINVALID, "%s is a number of 0 or more",
			       name);
	*out = r == 0 ? (uint64_t)v : 0;
	return r;
}

static int limits(struct mn_gc_limits *l, struct mn_cmd *c, struct mn_err *err)
{
	int r = limit(&l->loose, c, "gc.auto", MN_GC_AUTO_LOOSE, err);

	return r < 0 ? r : limit(&l->packs, c, "gc.auto-packs",
				 MN_GC_AUTO_PACKS, err);
}

int mn_autogc_settings(struct mn_gc_options *gc, const char *path,
		       struct mn_err *err)
{
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	r = mn_follow_read(&f, path, err);
	gc->partial = r == 0 && mn_follow_is_partial(&f);
	gc->drop_before = mn_follow_cutoff(&f, mn_date_now());
	mn_follow_release(&f);
	return r;
}

int mn_autogc_run(struct mn_cmd *c, struct mn_repo *repo,
		  const struct mn_gc_options *gc, struct mn_gc_counts *n,
		  struct mn_err *err)
{
	struct mn_gc_limits l;
	int r = limits(&l, c, err);

	return r < 0 ? r : mn_gc_auto(repo, &l, gc, n, err);
}

void mn_autogc(struct mn_cmd *c, struct mn_repo *repo)
{
	struct mn_gc_options gc = {
		.prune_before = mn_date_now() / 1000 -
			(int64_t)MN_GC_PRUNE_DAYS * 86400,
	};
	struct mn_err err = MN_ERR_INIT;
	struct mn_gc_limits l;
	struct mn_gc_counts n;
	int r = limits(&l, c, &err);

	if (r == 0 && !mn_gc_is_due(repo->path, &l))
		return;
	if (r == 0)
		r = mn_autogc_settings(&gc, repo->path, &err);
	gc.drop_before = 0;
	if (r == 0)
		r = mn_gc_auto(repo, &l, &gc, &n, &err);
	if (r < 0)
		mn_warning(c, "all is safe, but it could not be packed: "
			   "%s", err.msg);
}
