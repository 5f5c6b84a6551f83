/* follow: from now on a profile is fetched. */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "fetching.h"
#include "follow.h"
#include "repl/again.h"
#include "repl/newrepo.h"
#include "banned.h"

static const char usage[] =
	"mn follow [--as PETNAME] [--replicate LEVEL] [--keep AGE]\n"
	"          [--stream STREAM]... [--tag TAG]... [--all-posts]\n"
	"          [--no-fetch] [--json] [-q] (URL | PROFILE)\n";

static const struct mn_opt options[] = {
	MN_OPT_STR(0, "as", struct mn_follow_opts, petname, "PETNAME",
		   "what you call the profile: mn -p PETNAME log"),
	MN_OPT_STR('r', "replicate", struct mn_follow_opts, replicate, "LEVEL",
		   "how much is kept: full (the default), limit=SIZE, meta "
		   "or dag"),
	MN_OPT_LIST('s', "stream", struct mn_follow_opts, streams, "STREAM",
		    "contents of this stream alone (repeatable)"),
	MN_OPT_LIST('t', "tag", struct mn_follow_opts, tags, "TAG",
		    "contents of posts with this tag alone (repeatable)"),
	MN_OPT_BOOL(0, "all-posts", struct mn_follow_opts, all_posts,
		    "of all streams and tags again"),
	MN_OPT_STR(0, "keep", struct mn_follow_opts, keep, "AGE",
		   "how long contents are kept, such as 90d; or forever"),
	MN_OPT_BOOL(0, "no-fetch", struct mn_follow_opts, no_fetch,
		    "leave it to the next mn fetch to bring posts"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct mn_follow_opts, json,
		    "print what came, an object"),
	MN_OPT_BOOL('q', "quiet", struct mn_follow_opts, quiet,
		    "no progress, and nothing of what was done"),
	MN_OPT_END
};

/* What is to be done. */
struct following {
	struct mn_cmd *c;
	const struct mn_follow_opts *o;
	struct mn_home home;
	char hex[MN_ID_HEX + 1];
	struct mn_buf url;		/* empty: none was given */
	int own, added;
	int dag;			/* what is here came without more */
};

static int is_here(const struct following *w)
{
	char *repo = mn_home_repo(&w->home, w->hex);
	int here = mn_io_exists(repo);

	free(repo);
	return here;
}

/* Whether the word can only be an address. */
static int looks_like_url(const char *word)
{
	return strchr(word, '/') || *word == '.' ||
		(strchr(word, ':') && strncmp(word, "mn:", 3));
}

/*
 * A profile that is here, by whatever names it; else an address, and a
 * directory is one without a slash, too.
 */
static int understand(struct following *w, const char *word,
		      struct mn_err *err)
{
	struct mn_err why = MN_ERR_INIT;
	int r;

	if (looks_like_url(word))
		return mn_cmd_address(&w->url, word, err);
	r = mn_cmd_which(w->hex, w->c, &w->home, word, &why);
	if (r == 0 && is_here(w))
		return 0;
	if (r != MN_EAMBIGUOUS && mn_io_exists(word))
		return mn_cmd_address(&w->url, word, err);
	if (r == 0)
		return mn_err_set(err, MN_ENOTFOUND, "profile %.12s is not "
				  "here: give an address where it lies",
				  w->hex);
	if (r == MN_ENOTFOUND)
		return mn_err_set(err, r, "'%s' is neither a profile that is "
				  "here nor an address", word);
	*err = why;
	return r;
}

/* ---------------------------------------------------------------- settings */

static int has_url(const struct mn_follow *f, const char *url)
{
	for (size_t i = 0; i < f->remotes.n; i++)
		if (!strcmp(f->remotes.p[i].url, url))
			return 1;
	return 0;
}

static int add_url(struct following *w, struct mn_follow *f,
		   struct mn_err *err)
{
	struct mn_url u;
	int r;

	if (!w->url.len)
		return 0;
	r = mn_url_parse(&u, w->url.p, err);
	if (r < 0)
		return r;
	if (!has_url(f, u.text)) {
		r = mn_follow_add_remote(f, NULL, u.text, err);
		w->added = r == 0;
	}
	mn_url_release(&u);
	return r;
}

/* Settings of a profile that is here. */
static int change(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		  struct mn_err *err)
{
	struct following *w = ctx;
	int partial = mn_follow_is_partial(f), r;

	w->dag = f->level == MN_LEVEL_DAG;
	r = add_url(w, f, err);
	if (r < 0 || w->own)
		return r;
	f->follow = 1;
	r = mn_cmd_follow_apply(f, w->o, err);
	w->dag = w->dag && f->level != MN_LEVEL_DAG;
	if (r > 0 && partial && f->level != MN_LEVEL_DAG)
		r = mn_want_again(repo, err);
	return r < 0 ? r : 0;
}

static int make(struct following *w, const struct mn_buf *identity,
		struct mn_err *err)
{
	struct mn_newrepo n = MN_NEWREPO_INIT;
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	memcpy(f.hex, w->hex, sizeof(f.hex));
	f.follow = 1;
	r = mn_cmd_follow_apply(&f, w->o, err);
	if (r >= 0)
		r = add_url(w, &f, err);
	if (r >= 0)
		r = mn_newrepo_build(&n, &w->home, w->hex, (struct mn_str){
			identity->p, identity->len }, &f, err);
	if (r == 0)
		r = mn_newrepo_place(&n, err);
	mn_newrepo_release(&n);
	mn_follow_release(&f);
	return r;
}

/* --------------------------------------------------------------- all of it */

static void say(const struct following *w)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_cmd_add_name(&b, w->c, w->hex);
	if (w->own)
		mn_warning(w->c, "%s is a profile of your own: '%s' is a "
			   "remote of it%s", b.p, w->url.p,
			   w->added ? " now" : " already");
	else if (w->dag)
		mn_warning(w->c, "%s: posts that are here already stay without "
			   "their texts: 'mn unfollow --delete' it and follow "
			   "it again to have them", b.p);
	mn_buf_release(&b);
}

/* Who it is. */
static int find(struct following *w, const char *word,
		struct mn_buf *identity, struct mn_err *err)
{
	int r = understand(w, word, err);

	if (r == 0 && w->url.len) {
		r = mn_home_create(&w->home, err);
		mn_home_sweep(&w->home);
		if (r == 0)
			r = mn_cmd_follow_ask(w->c, &w->home, w->o, w->url.p,
					      w->hex, identity, err);
		if (r < 0 && !strstr(err->msg, w->url.p))
			mn_err_wrap(err, r, "'%s'", word);
	}
	if (r < 0)
		return r;
	w->own = mn_cmd_is_own(&w->home, w->hex);
	if (w->own && !w->url.len)
		return mn_err_set(err, MN_EFAIL, "'%s' is a profile of your "
				  "own", word);
	return 0;
}

static int settle(struct following *w, const char *word, struct mn_err *err)
{
	struct mn_buf identity = MN_BUF_INIT;
	const char *petname = w->o->petname;
	int r = find(w, word, &identity, err);

	if (r == 0 && petname)
		r = mn_cmd_check_name(w->c, &w->home, petname, w->hex, err);
	if (r == 0) {
		r = is_here(w) ? MN_EEXISTS : make(w, &identity, err);
		if (r == MN_EEXISTS) {	/* or somebody else was faster */
			mn_err_clear(err);
			r = mn_cmd_change_settings(w->c, &w->home, w->hex,
						   change, w, err);
		}
	}
	if (r == 0 && petname)
		r = mn_cmd_set_name(w->c, w->hex, petname, err);
	mn_buf_release(&identity);
	return r;
}

static int fetch(struct following *w, struct mn_err *err)
{
	struct mn_fetch_how how = {
		.jobs = 1, .json = w->o->json, .quiet = w->o->quiet,
		.verbose = !w->o->json };
	struct mn_fetch_tasks tasks = { 0 };
	int r = mn_fetch_task_add(&tasks, w->c, &w->home, w->hex, w->own,
				  err);

	if (r == 0 && w->o->petname) {
		free(tasks.p[0].name);	/* what was read is from before */
		tasks.p[0].name = mn_xstrdup(w->o->petname);
	}
	if (r == 0)
		r = mn_cmd_fetch(w->c, &w->home, &tasks, &how, err);
	mn_fetch_tasks_release(&tasks);
	return r;
}

int cmd_follow(struct mn_cmd *c)
{
	struct mn_follow_opts o = { 0 };
	struct following w = { .c = c, .o = &o, .url = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	int r, status = MN_EXIT_OK;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc != 1)
		mn_usage(c, c->argc ? "one profile at a time"
			 : "whom? An address, or a profile that is here");
	if (o.all_posts && (o.streams.n || o.tags.n))
		mn_usage(c, "--all-posts excludes --stream and --tag");
	if (mn_cmd_follow_check(&o, &err) < 0)
		mn_usage(c, "%s", err.msg);
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	mn_home_init(&w.home, mn_home(c));
	r = settle(&w, c->argv[0], &err);
	if (r == 0)
		say(&w);
	if (r == 0 && !o.no_fetch)
		r = status = fetch(&w, &err);
	mn_opt_list_release(&o.streams);
	mn_opt_list_release(&o.tags);
	mn_buf_release(&w.url);
	mn_home_release(&w.home);
	return r < 0 ? mn_fail(c, r, &err) : status;
}
