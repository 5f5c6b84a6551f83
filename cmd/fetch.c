/* fetch: brings over what is new of profiles. */
#include <string.h>

#include "fetching.h"
#include "profile.h"
#include "reading.h"
#include "banned.h"

static const char usage[] =
	"mn fetch [--all] [-j N] [--remote NAME] [--no-contents]\n"
	"        [--json | -v] [-q] [PROFILE...]\n"
	"mn fetch --node NODE [--content N] [--json] [-q]\n";

struct opts {
	int all, broken;
	int64_t jobs, content;
	const char *node;
	struct mn_fetch_how how;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "all profiles that have a remote, followed or not"),
	MN_OPT_INT('j', "jobs", struct opts, jobs, "N", 1, 64,
		   "profiles at a time (default: 4)"),
	MN_OPT_STR(0, "remote", struct opts, how.remote, "NAME",
		   "ask this remote alone"),
	MN_OPT_BOOL(0, "no-contents", struct opts, how.no_contents,
		    "leave larger contents for another time"),
	MN_OPT_GROUP("Contents"),
	MN_OPT_STR(0, "node", struct opts, node, "NODE",
		   "bring the contents of this post, whatever is followed"),
	MN_OPT_INT(0, "content", struct opts, content, "N", 0,
		   MN_CONTENTS_MAX - 1, "its content number N alone"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, how.json,
		    "print what came, an object for each profile"),
	MN_OPT_BOOL('v', "verbose", struct opts, how.verbose,
		    "name profiles that have nothing new, too"),
	MN_OPT_BOOL('q', "quiet", struct opts, how.quiet,
		    "no progress, and nothing of what came"),
	MN_OPT_END
};

static int is_wanted(const struct opts *o, const struct mn_fetch_task *t)
{
	return t->follow.remotes.n && (o->all || t->own || t->follow.follow);
}

/* Those that are followed, and one's own that have a remote. */
static int add_all(struct mn_fetch_tasks *l, struct mn_cmd *c,
		   struct opts *o, const struct mn_home *h,
		   struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int r = mn_home_list(&all, h, err);

	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (mn_fetch_task_add(l, c, h, all.p[i].hex, all.p[i].own,
				      err) < 0) {
			/* one that is broken doesn't stop the others */
			mn_warning(c, "%s", err->msg);
			mn_err_clear(err);
			o->broken = 1;
		} else if (is_wanted(o, &l->p[l->n - 1])) {
			continue;
		}
		mn_fetch_tasks_drop(l);
	}
	mn_home_profiles_release(&all);
	return r;
}

static int add_word(struct mn_fetch_tasks *l, struct mn_cmd *c,
		    const struct mn_home *h, const char *word,
		    struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	int r = mn_cmd_which(hex, c, h, word, err);

	for (size_t i = 0; i < l->n && r == 0; i++)
		if (!strcmp(l->p[i].hex, hex))
			return 0;
	if (r == 0)
		r = mn_fetch_task_add(l, c, h, hex, 0, err);
	if (r == 0 && !l->p[l->n - 1].follow.remotes.n)
		r = mn_err_set(err, MN_ENOTFOUND, "'%s' has no remote to fetch "
			       "from: see 'mn remote add'", word);
	return r;
}

/* The contents of one post; its profile is the one that it is found in. */
static int fetch_node(struct mn_fetch_tasks *l, struct mn_cmd *c,
		      struct opts *o, const struct mn_home *h,
		      struct mn_err *err)
{
	struct mn_resolved got;
	struct mn_reading in;
	int r = mn_reading_open(&in, c, 0, err);

	if (r < 0)
		return r;
	r = mn_resolve(&got, &in.resolver, o->node, err);
	if (r == 0) {
		o->how.node = &got.oid;
		o->how.content = o->content < 0 ? SIZE_MAX
			: (size_t)o->content;
		r = mn_fetch_task_add(l, c, h, got.profile->hex, 0, err);
		if (r == 0)
			r = mn_cmd_fetch(c, h, l, &o->how, err);
		mn_resolved_release(&got);
	}
	mn_reading_close(&in);
	return r;
}

static void check(struct mn_cmd *c, const struct opts *o)
{
	if (o->all && (c->argc || c->profile))
		mn_usage(c, "--all and names of profiles exclude each other");
	if (o->how.json && o->how.verbose)
		mn_usage(c, "--json and --verbose exclude each other");
	if (o->node && (o->all || c->argc))
		mn_usage(c, "--node excludes --all and names of profiles");
	if (o->content >= 0 && !o->node)
		mn_usage(c, "--content needs --node");
}

int cmd_fetch(struct mn_cmd *c)
{
	struct opts o = { .jobs = 4, .content = -1 };
	struct mn_fetch_tasks tasks = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_home home;
	int r = 0, status = MN_EXIT_OK;

	mn_options_parse(c, usage, options, &o, 0);
	check(c, &o);
	o.how.jobs = (int)o.jobs;
	if (mn_key_init() < 0)
		return mn_fail(c, mn_err_set(&err, MN_EFAIL, "no source of "
					     "randomness"), &err);
	mn_home_init(&home, mn_home(c));
	if (o.node)
		r = status = fetch_node(&tasks, c, &o, &home, &err);
	for (int i = 0; i < c->argc && r == 0; i++)
		r = add_word(&tasks, c, &home, c->argv[i], &err);
	if (o.node)
		goto out;
	if (r == 0 && c->profile && !c->argc)
		r = add_word(&tasks, c, &home, c->profile, &err);
	else if (r == 0 && !c->argc)
		r = add_all(&tasks, c, &o, &home, &err);
	if (r == 0 && !tasks.n && !o.how.quiet && !o.how.json)
		fprintf(stderr, "nobody is followed yet: see 'mn follow'\n");
	if (r == 0 && tasks.n)
		r = status = mn_cmd_fetch(c, &home, &tasks, &o.how, &err);
out:
	mn_fetch_tasks_release(&tasks);
	mn_home_release(&home);
	if (r < 0)
		return mn_fail(c, r, &err);
	return status == MN_EXIT_OK && o.broken ? MN_EXIT_FAIL : status;
}
