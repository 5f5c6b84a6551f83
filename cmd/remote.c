/* remote: the addresses of a profile. */
#include <string.h>

#include "follows.h"
#include "net/url.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

static const char usage[] =
	"mn remote [--json | -z] [list]\n"
	"mn remote add NAME URL\n"
	"mn remote remove NAME\n";

struct opts {
	const char *profile;
	int json, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_STR('p', "profile", struct opts, profile, "PROFILE",
		   "whose remotes (default: your own profile's)"),
	MN_OPT_GROUP("Output of list"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_END
};

struct remotes {
	struct mn_cmd *c;
	const struct opts *o;
	struct mn_home home;
	char hex[MN_ID_HEX + 1];
};

static void add_json(struct mn_buf *out, const struct remotes *r,
		     const struct mn_remote_addr *a)
{
	struct mn_json j = { out, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(r->hex));
	mn_json_add(&j, "remote", mn_str(a->name));
	mn_json_add(&j, "url", mn_str(a->url));
	mn_json_close(&j, '}');
}

static int list(struct remotes *rm, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_follow f;
	int r = mn_cmd_settings(&f, &rm->home, rm->hex, err);

	for (size_t i = 0; i < f.remotes.n && r == 0; i++) {
		const struct mn_remote_addr *a = &f.remotes.p[i];

		if (rm->o->json) {
			add_json(&b, rm, a);
		} else {
			mn_buf_addf(&b, "%s\t", a->name);
			if (rm->o->nul)
				mn_buf_adds(&b, a->url);
			else
				mn_text_quote_path(&b, mn_str(a->url));
		}
		mn_buf_addc(&b, rm->o->nul ? '\0' : '\n');
	}
	if (r == 0)
		mn_out_buf(rm->c, &b);
	mn_buf_release(&b);
	mn_follow_release(&f);
	return r;
}

static int add_one(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		   struct mn_err *err)
{
	const struct remotes *rm = ctx;
	struct mn_buf url = MN_BUF_INIT;
	int r = mn_cmd_address(&url, rm->c->argv[2], err);

	(void)repo;
	if (r == 0)
		r = mn_follow_add_remote(f, rm->c->argv[1], url.p, err);
	mn_buf_release(&url);
	return r;
}

static int remove_one(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		      struct mn_err *err)
{
	const struct remotes *rm = ctx;

	(void)repo;
	return mn_follow_drop_remote(f, rm->c->argv[1], err);
}

/* A password would stand in a file that many programs read. */
static void check_url(struct mn_cmd *c, const char *word)
{
	struct mn_url u;

	if (mn_url_parse(&u, word, NULL) < 0)
		return;
	if (u.password)
		mn_warning(c, "the password is not kept: git's credential "
			   "helpers are asked for it");
	mn_url_release(&u);
}

static int act(struct remotes *rm, struct mn_err *err)
{
	struct mn_cmd *c = rm->c;
	const char *action = c->argc ? c->argv[0] : "list";
	int r;

	if (!strcmp(action, "list")) {
		if (c->argc > 1)
			mn_usage(c, "list takes nothing behind it: '%s'",
				 c->argv[1]);
		return list(rm, err);
	}
	if (rm->o->json || rm->o->nul)
		mn_usage(c, "--json and -z are for list");
	if (!strcmp(action, "add")) {
		if (c->argc != 3)
			mn_usage(c, "add takes a name and an address");
		r = mn_cmd_change_settings(c, &rm->home, rm->hex, add_one, rm,
					   err);
		if (r == 0)
			check_url(c, c->argv[2]);
		return r;
	}
	if (strcmp(action, "remove"))
		mn_usage(c, "'%s' is neither add, list nor remove", action);
	if (c->argc != 2)
		mn_usage(c, "remove takes a name");
	return mn_cmd_change_settings(c, &rm->home, rm->hex, remove_one, rm,
				      err);
}

int cmd_remote(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct remotes rm = { .c = c, .o = &o };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	mn_home_init(&rm.home, mn_home(c));
	r = mn_cmd_which(rm.hex, c, &rm.home, o.profile ? o.profile
			 : c->profile, &err);
	if (r == 0)
		r = act(&rm, &err);
	mn_home_release(&rm.home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
