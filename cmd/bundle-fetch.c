/* bundle-fetch: mn bundle fetch and verify; see bundle.c. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bundle.h"
#include "exit.h"
#include "banned.h"

#define INDEX_WAIT_MS 60000

struct taken {
	struct mn_cmd *c;
	const struct mn_bundle_opts *o;
	struct mn_home home;
	struct mn_bundle *b;
	int fd;
	struct mn_index *index;
	struct mn_progress progress;
	struct mn_bundle_report rep;
};

static void warn_of(struct taken *t)
{
	const struct mn_admit_report *rep = &t->rep.admit;
	size_t i;

	if (t->rep.foreign)
		mn_warning(t->c, "%zu refs are none of a profile and were "
			   "passed over: '%s'%s", t->rep.foreign,
			   t->rep.first_foreign,
			   t->rep.foreign > 1 ? " and others" : "");
	for (i = 0; i < rep->refusals.n && i < 10; i++)
		mn_warning(t->c, "%s: %s", rep->refusals.p[i].what,
			   rep->refusals.p[i].why);
	if (rep->refused > i)
		mn_warning(t->c, "and %zu more", rep->refused - i);
	if (rep->refused && t->rep.left_out)
		mn_warning(t->c, "the bundle leaves out contents, and this "
			   "profile is kept in full: ask for a full one, or "
			   "follow it with --replicate meta");
}

static int take(struct taken *t, int verify, const char *profile,
		struct mn_err *err)
{
	struct mn_bundle_take what = {
		.home = &t->home, .profile = profile,
		.only = t->o->profile != NULL, .verify = verify,
		.follow = t->o->follow, .index = t->index,
		.scratch = t->c->env.tmpdir ? t->c->env.tmpdir : "/tmp",
		.progress = mn_progress_show, .ctx = &t->progress
	};
	int r = verify ? 0 : mn_cmd_lock_wait(&what.wait_ms, t->c, err);

	if (!r)
		r = mn_bundle_take(t->b, &what, &t->rep, err);
	mn_progress_clear(&t->progress);
	return r;
}

static int says_whose(const struct mn_bundle *b)
{
	const struct mn_bundlefile *head = mn_bundle_head(b);

	for (size_t i = 0; i < head->refs.n; i++)
		if (!strcmp(head->refs.p[i].name, MN_REF_IDENTITY))
			return 1;
	return 0;
}

static int begin(struct taken *t, struct mn_cmd *c,
		 const struct mn_bundle_opts *o, const char *file,
		 char hex[MN_ID_HEX + 1], struct mn_err *err)
{
	int r;

	*t = (struct taken){ .c = c, .o = o };
	mn_progress_init(&t->progress, o->quiet);
	mn_home_init(&t->home, mn_home(c));
	r = mn_bundle_open_file(&t->b, &t->fd, file, err);
	hex[0] = '\0';
	if (!r && c->profile && (o->profile || !says_whose(t->b)))
		r = mn_cmd_which(hex, c, &t->home, c->profile, err);
	return r;
}

static void end(struct taken *t)
{
	mn_index_close(t->index);
	mn_bundle_close(t->b);
	if (t->fd > 0)
		close(t->fd);
	mn_bundle_report_release(&t->rep);
	mn_home_release(&t->home);
}

/* Whether the trouble is the bundle, and not this machine. */
static int is_bad(int code)
{
	return code == MN_EINVALID || code == MN_ENOTFOUND ||
		code == MN_EVERSION || code == MN_ELIMIT ||
		code == MN_EDENIED || code == MN_ESIGNATURE;
}

int mn_bundle_verify(struct mn_cmd *c, const struct mn_bundle_opts *o,
		     const char *file, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct taken t;
	int good, r = begin(&t, c, o, file, hex, err);

	if (!r)
		r = take(&t, 1, hex[0] ? hex : NULL, err);
	good = !r && !t.rep.admit.refused;
	if (t.b && o->json)
		mn_bundle_print_json(c, &t.rep, mn_bundle_head(t.b), good);
	else if (t.b)
		mn_bundle_print(c, &t.rep, mn_bundle_head(t.b));
	warn_of(&t);
	end(&t);
	if (!is_bad(r))
		return r < 0 ? r : good ? MN_EXIT_OK : MN_EXIT_NO;
	mn_warning(c, "%s", err->msg);
	return MN_EXIT_NO;
}

/* The index has what is here before it is used, and what came after. */
static int sync_index(struct taken *t, const char *hex, struct mn_err *err)
{
	struct mn_profile p;
	int r = mn_profile_open(&p, &t->home, hex, err);

	if (r < 0)
		return r;
	r = mn_index_sync(t->index, &p, err);
	mn_profile_close(&p);
	return r;
}

static void say(struct taken *t)
{
	const struct mn_bundle_report *rep = &t->rep;

	if (t->o->json) {
		mn_bundle_print_json(t->c, rep, NULL, 0);
		return;
	}
	printf("%s\t%zu\t%zu\n", rep->hex, rep->admit.nodes,
	       rep->admit.moved);
	if (t->o->quiet)
		return;
	fprintf(stderr, "profile %.12s: ", rep->hex);
	if (rep->admit.nodes)
		fprintf(stderr, "%zu nodes came in%s\n", rep->admit.nodes,
			rep->made ? "; it is followed from now on" : "");
	else
		fprintf(stderr, "nothing new%s\n",
			rep->admit.identity ? " but its identity" : "");
}

int mn_bundle_fetch(struct mn_cmd *c, const struct mn_bundle_opts *o,
		    const char *file, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct mn_err none = MN_ERR_INIT;
	struct taken t;
	int r = begin(&t, c, o, file, hex, err);

	if (!r && o->petname)
		r = mn_cmd_check_name(c, &t.home, o->petname, NULL, err);
	/* without an index all is walked */
	if (!r && mn_cmd_index(c, &t.home, &t.index, INDEX_WAIT_MS, &none) < 0)
		t.index = NULL;
	if (!r)
		r = take(&t, 0, hex[0] ? hex : NULL, err);
	if (!r && t.rep.made && o->petname)
		r = mn_cmd_set_name(c, t.rep.hex, o->petname, err);
	if (!r && (t.rep.admit.moved || t.rep.made) && t.index &&
	    sync_index(&t, t.rep.hex, &none) < 0)
		mn_warning(c, "the index is behind: %s", none.msg);
	if (!r)
		say(&t);
	warn_of(&t);
	end(&t);
	if (r < 0)
		return r;
	return t.rep.admit.refused ? MN_EXIT_NO : MN_EXIT_OK;
}
