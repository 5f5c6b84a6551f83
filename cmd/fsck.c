/* fsck: reads everything of a repository and tells what is wrong. */
#include <stdlib.h>
#include <string.h>

#include "out/json.h"
#include "profile.h"
#include "progress.h"
#include "repl/follow.h"
#include "social/check-repo.h"
#include "banned.h"

static const char usage[] =
	"mn fsck [--all] [--no-git] [--threads N] [--json] [-q]\n";

struct opts {
	int all, no_git, json, quiet;
	int64_t threads;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "all profiles of the home, not only the chosen one"),
	MN_OPT_SET(0, "no-git", struct opts, no_git, 1,
		   "check nodes, refs and keys, not git's objects and packs"),
	MN_OPT_INT(0, "threads", struct opts, threads, "N", 0, 256,
		   "threads that check; 0: one a processor (the default)"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "print an object a line"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "problems only: no notes, no progress, no summary"),
	MN_OPT_END
};

struct checking {
	struct mn_cmd *c;
	const struct opts *o;
	const char *hex;	/* of the profile at hand */
	struct mn_progress progress;
	struct mn_buf line;
};

static void found(void *ctx, const struct mn_finding *f)
{
	static const char *const names[] = { "note", "error" };
	struct checking *k = ctx;
	const char *severity = names[f->severity == MN_PROBLEM];

	if (k->o->quiet && f->severity != MN_PROBLEM)
		return;
	mn_progress_clear(&k->progress);
	if (k->o->json) {
		struct mn_json j = { &k->line, 0 };

		mn_json_open(&j, '{');
		mn_json_add(&j, "profile", mn_str(k->hex));
		mn_json_add(&j, "severity", mn_str(severity));
		mn_json_add(&j, "object", mn_str(f->object));
		mn_json_add(&j, "rule", mn_str(f->rule));
		mn_json_add(&j, "words", mn_str(f->words));
		mn_json_close(&j, '}');
		mn_buf_addc(&k->line, '\n');
	} else {
		mn_buf_addf(&k->line, "%s\t%s\t%s\t%s\n", severity, f->object,
			    f->rule, f->words);
	}
	mn_out_buf(k->c, &k->line);
}

static void progress(void *ctx, const char *what, size_t done, size_t total)
{
	struct checking *k = ctx;

	mn_progress_show(&k->progress, what, done, total);
}

/* What the settings let be missing. Settings that can't be read: nothing. */
static void may_miss(struct mn_fsck_options *o, const struct mn_home *h,
		     const char *hex)
{
	char *path = mn_home_repo(h, hex);
	struct mn_follow f;

	mn_follow_init(&f);
	if (mn_follow_read(&f, path, NULL) == 0) {
		o->partial = mn_follow_is_partial(&f);
		o->bare = f.level == MN_LEVEL_DAG;
	}
	mn_follow_release(&f);
	free(path);
}

static int check(struct checking *k, const struct mn_home *h, const char *hex,
		 size_t *problems, struct mn_err *err)
{
	struct mn_fsck_options o = {
		.no_git = k->o->no_git, .threads = (int)k->o->threads,
		.found = found, .progress = progress, .ctx = k,
	};
	struct mn_fsck_counts n;
	int r;

	k->hex = hex;
	may_miss(&o, h, hex);
	mn_progress_init(&k->progress, k->o->quiet);
	r = mn_fsck(h, hex, &o, &n, err);
	mn_progress_clear(&k->progress);
	if (r < 0)
		return mn_err_wrap(err, r, "profile %.12s", hex);
	*problems += n.problems;
	if (!k->o->quiet) {
		mn_out_flush(k->c);
		fprintf(stderr, "profile %.12s: %zu objects, %zu nodes, "
			"%zu problem%s\n", hex, n.objects, n.nodes,
			n.problems, n.problems == 1 ? "" : "s");
	}
	return 0;
}

/* Goes on behind a profile that can't be looked at. */
static int check_every(struct checking *k, const struct mn_home *h,
		       size_t *problems, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int status = 0, r = mn_home_list(&all, h, err);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		int one = check(k, h, all.p[i].hex, problems, err);

		if (one < 0) {
			mn_warning(k->c, "%s", err->msg);
			mn_err_clear(err);
			status = one;
		}
	}
	mn_home_profiles_release(&all);
	return r < 0 ? r : status;
}

int cmd_fsck(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct checking k = { .c = c, .o = &o };
	struct mn_err err = MN_ERR_INIT;
	char hex[MN_ID_HEX + 1];
	struct mn_home home;
	size_t problems = 0;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments; the profile goes behind -p");
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	mn_buf_init(&k.line);
	mn_home_init(&home, mn_home(c));
	if (o.all) {
		r = check_every(&k, &home, &problems, &err);
	} else {
		r = mn_cmd_which(hex, c, &home, c->profile, &err);
		if (r == 0)
			r = check(&k, &home, hex, &problems, &err);
	}
	mn_home_release(&home);
	mn_buf_release(&k.line);
	if (r < 0)
		return mn_fail(c, r, &err);
	return problems ? MN_EXIT_NO : MN_EXIT_OK;
}
