/* unfollow: ends that a profile is followed. */
#include <stdio.h>
#include <unistd.h>

#include "base/io.h"
#include "follows.h"
#include "banned.h"

static const char usage[] =
	"mn unfollow [--delete [--yes]] PROFILE\n";

struct opts {
	int delete, yes;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "delete", struct opts, delete,
		    "remove all that is here of it, too"),
	MN_OPT_BOOL('y', "yes", struct opts, yes, "don't ask"),
	MN_OPT_END
};

struct ending {
	struct mn_cmd *c;
	const struct opts *o;
	struct mn_home home;
	char hex[MN_ID_HEX + 1];
	struct mn_buf name;
};

static int stop(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		struct mn_err *err)
{
	const struct ending *e = ctx;

	(void)repo;
	if (!f->follow && !e->o->delete)
		return mn_err_set(err, MN_ENOTFOUND, "%s is not followed",
				  e->name.p);
	f->follow = 0;
	return 0;
}

/* 0: yes. */
static int ask(const struct ending *e, struct mn_err *err)
{
	char answer[16];

	if (e->o->yes)
		return 0;
	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return mn_err_set(err, MN_EFAIL, "to remove all that is here "
				  "of %s, give --yes as well", e->name.p);
	fprintf(stderr, "Remove all that is here of %s? [y/N] ", e->name.p);
	fflush(stderr);
	if (!fgets(answer, sizeof(answer), stdin) ||
	    (answer[0] != 'y' && answer[0] != 'Y'))
		return mn_err_set(err, MN_EFAIL, "%s stays as it is",
				  e->name.p);
	return 0;
}

/*
 * Moves it to a name that nobody looks into, under the lock, so that no
 * writer is at work in it; then it is removed at leisure. What a death
 * leaves is swept with other profiles/new-*.
 */
static int move_away(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		     struct mn_err *err)
{
	struct ending *e = ctx;
	struct mn_buf to = MN_BUF_INIT;
	int r = 0;

	(void)f;
	mn_buf_addf(&to, "%s/profiles/new-gone-%s", e->home.dir, e->hex);
	if (mn_io_exists(to.p))
		r = mn_io_remove_tree(to.p, err);
	if (r == 0 && rename(repo->path, to.p) < 0)
		r = mn_err_sys(err, "cannot remove '%s'", repo->path);
	if (r == 0)
		r = mn_io_fsync_parent(to.p, err);
	mn_buf_release(&to);
	return r < 0 ? r : 1;
}

static int delete(struct ending *e, struct mn_err *err)
{
	struct mn_buf gone = MN_BUF_INIT;
	int r = mn_cmd_change_settings(e->c, &e->home, e->hex, move_away, e,
				       err);

	mn_buf_addf(&gone, "%s/profiles/new-gone-%s", e->home.dir, e->hex);
	if (r == 0)
		r = mn_io_remove_tree(gone.p, err);
	mn_buf_release(&gone);
	/* it has its posts, too, and is made anew when it is needed */
	if (r == 0)
		r = mn_index_drop(&e->home, err);
	/* its name may be somebody else's from now on */
	return r < 0 ? r : mn_cmd_set_name(e->c, e->hex, NULL, err);
}

static int end(struct ending *e, const char *word, struct mn_err *err)
{
	int r = mn_cmd_which(e->hex, e->c, &e->home, word, err);

	if (r < 0)
		return r;
	mn_cmd_add_name(&e->name, e->c, e->hex);
	if (mn_cmd_is_own(&e->home, e->hex))
		return mn_err_set(err, MN_EFAIL, "%s is a profile of your own",
				  e->name.p);
	if (e->o->delete)
		r = ask(e, err);
	if (r == 0)
		r = mn_cmd_change_settings(e->c, &e->home, e->hex, stop, e,
					   err);
	if (r == 0 && e->o->delete)
		r = delete(e, err);
	return r;
}

int cmd_unfollow(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct ending e = { .c = c, .o = &o, .name = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc != 1)
		mn_usage(c, c->argc ? "one profile at a time"
			 : "which profile?");
	if (o.yes && !o.delete)
		mn_usage(c, "--yes goes with --delete");
	mn_home_init(&e.home, mn_home(c));
	r = end(&e, c->argv[0], &err);
	mn_buf_release(&e.name);
	mn_home_release(&e.home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
