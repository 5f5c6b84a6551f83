/* gc: packs what lies loose, and removes what is not needed. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "autogc.h"
#include "base/date.h"
#include "follows.h"
#include "out/json.h"
#include "profile.h"
#include "progress.h"
#include "social/gc.h"
#include "banned.h"

static const char usage[] =
	"mn gc [--all] [--auto] [--prune AGE] [--threads N] [--json] [-q]\n";

struct opts {
	int all, only_due, json, quiet;
	int64_t threads;
	const char *prune;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "all profiles of the home, not only the chosen one"),
	MN_OPT_BOOL(0, "auto", struct opts, only_due,
		    "only where there is much to pack, and no more than that"),
	MN_OPT_STR(0, "prune", struct opts, prune, "AGE",
		   "remove unreachable objects that are older (default: 2w)"),
	MN_OPT_INT(0, "threads", struct opts, threads, "N", 0, 256,
		   "threads that pack; 0: one a processor (the default)"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json,
		    "print what was done, an object a line"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "no progress, no summary"),
	MN_OPT_END
};

static void print_json(struct mn_cmd *c, const char *hex,
		       const struct mn_gc_counts *n)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(hex));
	mn_json_key(&j, "changed");
	mn_json_bool(&j, !n->unchanged);
	if (n->pack[0])
		mn_json_add(&j, "pack", mn_str(n->pack));
	mn_json_key(&j, "nodes");
	mn_json_uint(&j, n->nodes);
	mn_json_key(&j, "objects");
	mn_json_uint(&j, n->objects);
	mn_json_key(&j, "bytes");
	mn_json_uint(&j, n->bytes);
	mn_json_key(&j, "loose");
	mn_json_uint(&j, n->loose);
	mn_json_key(&j, "packs");
	mn_json_uint(&j, n->packs);
	mn_json_key(&j, "kept");
	mn_json_uint(&j, n->kept);
	mn_json_key(&j, "pruned");
	mn_json_uint(&j, n->pruned);
	mn_json_key(&j, "dropped");
	mn_json_uint(&j, n->dropped);
	mn_json_close(&j, '}');
	mn_buf_addc(&b, '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

static void summary(const char *hex, const struct mn_gc_counts *n)
{
	if (n->unchanged) {
		fprintf(stderr, "profile %.12s: all is packed already\n", hex);
		return;
	}
	fprintf(stderr, "profile %.12s: %zu nodes in %" PRIu64 " KiB; replaced "
		"%zu loose objects and %zu packs; unreachable: %zu kept, "
		"%zu removed", hex, n->nodes, n->bytes / 1024, n->loose,
		n->packs, n->kept, n->pruned);
	if (n->dropped)
		fprintf(stderr, "; old contents: %zu dropped", n->dropped);
	fputc('\n', stderr);
}

static int collect(struct mn_cmd *c, const struct opts *o,
		   const struct mn_home *h, const char *hex,
		   int64_t prune_before, struct mn_err *err)
{
	char *path = mn_home_repo(h, hex), found[MN_ID_HEX + 1];
	struct mn_progress progress;
	struct mn_gc_options gc = {
		.prune_before = prune_before, .threads = (int)o->threads,
		.progress = mn_progress_show, .ctx = &progress,
	};
	struct mn_gc_counts n;
	struct mn_repo repo;
	int r = mn_repo_open(&repo, path, found, err);

	if (r == 0) {
		r = mn_autogc_settings(&gc, path, err);
		if (r < 0)
			mn_repo_close(&repo);
	}
	free(path);
	if (o->only_due || mn_cmd_is_own(h, hex))
		gc.drop_before = 0;
	if (r == 0) {
		mn_progress_init(&progress, o->quiet);
		r = o->only_due ? mn_autogc_run(c, &repo, &gc, &n, err)
			: mn_gc(&repo, &gc, &n, err);
		mn_progress_clear(&progress);
		mn_repo_close(&repo);
	}
	if (r == MN_ECORRUPT)
		return mn_err_wrap(err, r, "profile %.12s is damaged (see 'mn "
				   "fsck') and left as it is", hex);
	if (r < 0)
		return mn_err_wrap(err, r, "profile %.12s", hex);
	if (o->json)
		print_json(c, hex, &n);
	else if (!o->quiet)
		summary(hex, &n);
	return 0;
}

/* Goes on behind a profile that fails. */
static int collect_every(struct mn_cmd *c, const struct opts *o,
			 const struct mn_home *h, int64_t prune_before,
			 struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int status = 0, r = mn_home_list(&all, h, err);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		int one = collect(c, o, h, all.p[i].hex, prune_before, err);

		if (one < 0) {
			mn_warning(c, "%s", err->msg);
			mn_err_clear(err);
			status = one;
		}
	}
	mn_home_profiles_release(&all);
	return r < 0 ? r : status;
}

int cmd_gc(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	int64_t now = mn_date_now();
	int64_t before = now - (int64_t)MN_GC_PRUNE_DAYS * 86400 * 1000;
	char hex[MN_ID_HEX + 1];
	struct mn_home home;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments; the profile goes behind -p");
	if (o.prune && mn_date_parse(&before, o.prune, now) < 0)
		mn_usage(c, "not an age or a date: '%s'", o.prune);
	/* whole seconds, as files have them; "now" means all there is */
	before = before / 1000 + (before >= now);
	mn_home_init(&home, mn_home(c));
	if (o.all) {
		r = collect_every(c, &o, &home, before, &err);
	} else {
		r = mn_cmd_which(hex, c, &home, c->profile, &err);
		if (r == 0)
			r = collect(c, &o, &home, hex, before, &err);
	}
	mn_home_release(&home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
