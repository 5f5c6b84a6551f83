/* push: brings a profile to its remotes. */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "netopts.h"
#include "out/json.h"
#include "out/text.h"
#include "profile.h"
#include "progress.h"
#include "repl/follow.h"
#include "repl/push.h"
#include "repl/seen.h"
#include "banned.h"

static const char usage[] =
	"mn push [--all] [-n] [--json] [-q] [REMOTE | URL]\n";

struct opts {
	int all, dry_run, json, quiet;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "all profiles of one's own, not only the chosen one"),
	MN_OPT_BOOL('n', "dry-run", struct opts, dry_run,
		    "only say what would move"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json,
		    "print what was done, an object a remote"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "no progress, nothing of what moved"),
	MN_OPT_END
};

struct session {
	struct mn_cmd *c;
	struct mn_netopts netopts;
	struct opts o;
	struct mn_net *net;
	struct mn_home home;
	struct mn_profile p;		/* the one at hand */
	struct mn_progress progress;
	int status;			/* the worst, of remotes */
};

/* ------------------------------------------------------------- what is told */

static void json_ref(struct mn_json *j, const struct mn_push_ref *ref)
{
	mn_json_open(j, '{');
	mn_json_add(j, "ref", mn_str(ref->name));
	mn_json_add(j, "state", mn_str(mn_push_state_name(ref->state)));
	if (!mn_oid_is_zero(&ref->old_oid)) {
		mn_json_key(j, "old");
		mn_json_hex(j, ref->old_oid.b, sizeof(ref->old_oid.b));
	}
	if (!mn_oid_is_zero(&ref->new_oid)) {
		mn_json_key(j, "new");
		mn_json_hex(j, ref->new_oid.b, sizeof(ref->new_oid.b));
	}
	if (ref->why[0])
		mn_json_add(j, "why", mn_str(ref->why));
	mn_json_close(j, '}');
}

static void print_json(struct session *s, const char *name,
		       const struct mn_url *url,
		       const struct mn_push_report *rep, const char *error)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(s->p.hex));
	if (name)
		mn_json_add(&j, "remote", mn_str(name));
	mn_json_add(&j, "url", mn_str(url->text));
	mn_json_key(&j, "refs");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < rep->refs.n; i++)
		json_ref(&j, &rep->refs.p[i]);
	mn_json_close(&j, ']');
	mn_json_key(&j, "bytes");
	mn_json_uint(&j, rep->bytes);
	if (error)
		mn_json_add(&j, "error", mn_str(error));
	mn_json_close(&j, '}');
	mn_buf_addc(&b, '\n');
	mn_out_buf(s->c, &b);
	mn_buf_release(&b);
}

static void print_ref(struct mn_buf *b, const struct mn_push_ref *ref)
{
	mn_buf_addf(b, "  %s\t", mn_push_state_name(ref->state));
	mn_text_quote_path(b, mn_str(ref->name));
	if (ref->state == MN_PUSH_MOVED || ref->state == MN_PUSH_NEW) {
		mn_buf_addc(b, '\t');
		if (ref->state == MN_PUSH_MOVED) {
			mn_buf_addhex(b, ref->old_oid.b, 6);
			mn_buf_adds(b, "..");
		}
		mn_buf_addhex(b, ref->new_oid.b, 6);
	} else if (ref->why[0]) {
		mn_buf_addc(b, '\t');
		mn_text_line(b, mn_str(ref->why));
	}
	mn_buf_addc(b, '\n');
}

/* What went well is left out with -q; what didn't goes to stderr then. */
static void print_text(struct session *s, const struct mn_url *url,
		       const struct mn_push_report *rep)
{
	int bad = rep->left || rep->refused;
	struct mn_buf b = MN_BUF_INIT;

	mn_text_line(&b, mn_str(url->text));
	if (!rep->moved && !bad)
		mn_buf_adds(&b, ": up to date");
	else if (s->o.dry_run)
		mn_buf_adds(&b, " (would be)");
	mn_buf_addc(&b, '\n');
	for (size_t i = 0; i < rep->refs.n; i++)
		if (rep->refs.p[i].state != MN_PUSH_SAME)
			print_ref(&b, &rep->refs.p[i]);
	if (!s->o.quiet)
		mn_out_buf(s->c, &b);
	else if (bad)
		fwrite(b.p, 1, b.len, stderr);
	mn_buf_release(&b);
}

/* ------------------------------------------------------------------ remotes */

/* What the remote has now, for mn status. */
static void remember(const struct session *s, const char *remote,
		     const struct mn_push_report *rep)
{
	struct mn_seen seen = { .lines = { 0 } };
	struct mn_ref ref;
	int r = mn_seen_read(&seen, s->p.repo.path, NULL);

	for (size_t i = 0; i < rep->refs.n && r == 0; i++) {
		const struct mn_push_ref *at = &rep->refs.p[i];

		if (at->state > MN_PUSH_MOVED ||
		    strncmp(at->name, MN_REF_DEVICES,
			    sizeof(MN_REF_DEVICES) - 1) != 0)
			continue;
		memcpy(ref.name, at->name, sizeof(ref.name));
		ref.oid = at->new_oid;
		mn_seen_put(&seen, remote, &ref);
	}
	/* a memory: where it can't be written, the next fetch knows */
	if (r == 0 && seen.changed)
		mn_seen_write(&seen, s->p.repo.path, NULL);
	mn_seen_release(&seen);
}

static void push_to(struct session *s, const char *name, const char *address)
{
	const struct mn_push_options opt = {
		.dry_run = s->o.dry_run, .progress = mn_progress_show,
		.ctx = &s->progress
	};
	struct mn_push_report rep = { .moved = 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_url url = { .path = NULL };
	int r = mn_url_parse(&url, address, &err);

	if (r == 0) {
		mn_progress_init(&s->progress, s->o.quiet);
		r = mn_push_profile(&s->p, s->net, &url, &opt, &rep, &err);
		mn_progress_clear(&s->progress);
		if (s->o.json)
			print_json(s, name, &url, &rep, r < 0 ? err.msg : NULL);
		else if (r == 0)
			print_text(s, &url, &rep);
	}
	if (r < 0) {
		int status = mn_exit_status(r);

		mn_warning(s->c, "%s", err.msg);
		s->status = status > s->status ? status : s->status;
	} else if ((rep.left || rep.refused) && !s->status) {
		s->status = MN_EXIT_NO;
	}
	if (r == 0 && name && !s->o.dry_run)
		remember(s, name, &rep);
	mn_push_report_release(&rep);
	mn_url_release(&url);
}

static int is_word(const char *s)
{
	return mn_remote_name_ok(s) && !mn_io_exists(s);
}

/* The remotes of the name, else the address. */
static int push_one(struct session *s, const struct mn_follow *f,
		    const char *word, struct mn_err *err)
{
	size_t found = 0;

	for (size_t i = 0; i < f->remotes.n; i++) {
		if (strcmp(f->remotes.p[i].name, word) != 0)
			continue;
		push_to(s, word, f->remotes.p[i].url);
		found++;
	}
	if (!found && is_word(word))
		return mn_err_set(err, MN_ENOTFOUND, "there is no remote '%s'; "
				  "to make a directory of that name, write "
				  "'./%s'", word, word);
	if (!found)
		push_to(s, NULL, word);
	return 0;
}

static int push_profile(struct session *s, const char *hex, const char *word,
			struct mn_err *err)
{
	struct mn_follow f;
	int r = mn_profile_open(&s->p, &s->home, hex, err);

	if (r < 0)
		return r;
	mn_follow_init(&f);
	r = mn_follow_read(&f, s->p.repo.path, err);
	if (r == 0 && word)
		r = push_one(s, &f, word, err);
	else if (r == 0 && !f.remotes.n && !s->o.all)
		r = mn_err_set(err, MN_EFAIL, "profile %.12s has no remote: "
			       "name a directory or an address, or give it "
			       "one with 'mn remote add'", s->p.hex);
	for (size_t i = 0; i < f.remotes.n && r == 0 && !word; i++)
		push_to(s, f.remotes.p[i].name, f.remotes.p[i].url);
	mn_follow_release(&f);
	mn_profile_close(&s->p);
	return r;
}

static int push_own(struct session *s, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int r = mn_home_list(&all, &s->home, err);

	for (size_t i = 0; i < all.n && r == 0; i++)
		if (all.p[i].own)
			r = push_profile(s, all.p[i].hex, NULL, err);
	mn_home_profiles_release(&all);
	return r;
}

int cmd_push(struct mn_cmd *c)
{
	struct session s = { .c = c };
	struct mn_err err = MN_ERR_INIT;
	char hex[MN_ID_HEX + 1];
	int r;

	mn_options_parse(c, usage, options, &s.o, 0);
	if (c->argc > 1)
		mn_usage(c, "too many arguments; the profile goes behind -p");
	if (s.o.all && c->argc)
		mn_usage(c, "--all takes no remote: each profile has its own");
	r = mn_netopts_init(&s.netopts, c, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	s.netopts.quiet = s.o.quiet;
	s.net = mn_net_new(&s.netopts.opt);
	mn_home_init(&s.home, mn_home(c));
	if (s.o.all) {
		r = push_own(&s, &err);
	} else {
		r = mn_cmd_which(hex, c, &s.home, c->profile, &err);
		if (r == 0)
			r = push_profile(&s, hex, c->argc ? c->argv[0] : NULL,
					 &err);
	}
	mn_net_free(s.net);
	mn_home_release(&s.home);
	mn_netopts_release(&s.netopts);
	return r < 0 ? mn_fail(c, r, &err) : s.status;
}
