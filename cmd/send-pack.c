/* send-pack: pushes objects and references to a repository elsewhere. */
#include <stdlib.h>
#include <string.h>

#include "git/packstream.h"
#include "net/local.h"
#include "net/walk.h"
#include "netopts.h"
#include "out/json.h"
#include "out/text.h"
#include "profile.h"
#include "send-pack.h"
#include "banned.h"

static const char usage[] =
	"mn send-pack [--repo DIR] [-f] [--json | -z] [-q] URL\n"
	"             [+]SRC[:DST]...\n";

struct opts {
	const char *repo;
	int force, json, nul, quiet;
};

static const struct mn_opt options[] = {
	MN_OPT_STR(0, "repo", struct opts, repo, "DIR",
		   "push from this repository, not from that of the profile"),
	MN_OPT_BOOL('f', "force", struct opts, force,
		    "replace what is there, as + does for one reference"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "nothing of what the server says"),
	MN_OPT_END
};

static void print_json(struct mn_buf *b, const struct mn_send_ref *ref,
		       const char *result, const char *why)
{
	struct mn_json j = { b, 0 };

	mn_json_open(&j, '{');
	mn_json_key(&j, "oid");
	mn_json_hex(&j, ref->u.new_oid.b, sizeof(ref->u.new_oid.b));
	mn_json_key(&j, "old");
	mn_json_hex(&j, ref->u.old_oid.b, sizeof(ref->u.old_oid.b));
	mn_json_add(&j, "result", mn_str(result));
	mn_json_add(&j, "ref", mn_str(ref->u.name));
	if (*why)
		mn_json_add(&j, "why", mn_str(why));
	mn_json_close(&j, '}');
}

static void print_ref(struct mn_cmd *c, const struct opts *o,
		      const struct mn_send_ref *ref)
{
	const char *why = ref->u.ok ? "" : ref->u.why;
	const char *result = !ref->u.ok ? "refused" :
		ref->same ? "same" : "ok";
	struct mn_buf b = MN_BUF_INIT;

	if (o->json) {
		print_json(&b, ref, result, why);
	} else {
		mn_buf_addhex(&b, ref->u.new_oid.b, sizeof(ref->u.new_oid.b));
		mn_buf_addc(&b, '\t');
		mn_buf_addhex(&b, ref->u.old_oid.b, sizeof(ref->u.old_oid.b));
		mn_buf_addf(&b, "\t%s\t", result);
		if (o->nul)
			mn_buf_adds(&b, ref->u.name);
		else
			mn_text_quote_path(&b, mn_str(ref->u.name));
		mn_buf_addc(&b, '\t');
		mn_text_quote(&b, mn_str(why));
	}
	mn_buf_addc(&b, o->nul ? '\0' : '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

/* Where to push from; the caller frees. */
static int find_repo(char **out, struct mn_cmd *c, const struct opts *o,
		     struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct mn_home home;
	int r;

	if (o->repo)
		return mn_local_gitdir(out, NULL, o->repo, err);
	mn_home_init(&home, mn_home(c));
	r = mn_cmd_which(hex, c, &home, c->profile, err);
	if (!r)
		*out = mn_home_repo(&home, hex);
	mn_home_release(&home);
	return r;
}

static int send(struct mn_send *s, struct mn_netopts *n,
		const struct mn_url *url, struct mn_err *err)
{
	struct mn_net *net = mn_net_new(&n->opt);
	struct mn_remote *remote = NULL;
	int r = mn_store_open(&s->store, s->gitdir, err);

	if (!r)
		r = mn_remote_open(&remote, net, url, MN_RECEIVE_PACK, err);
	if (!r)
		r = mn_send(s, remote, err);
	mn_remote_close(remote);
	mn_net_free(net);
	return r;
}

int cmd_send_pack(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_send s = { .gitdir = NULL };
	struct mn_netopts n;
	struct mn_url url;
	int refused = 0, r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc < 2)
		mn_usage(c, "an address, and what to push there, please");
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	r = mn_url_parse(&url, c->argv[0], &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	r = find_repo(&s.gitdir, c, &o, &err);
	for (int i = 1; !r && i < c->argc; i++)
		r = mn_send_add(&s, c->argv[i], o.force, &err);
	if (!r)
		r = mn_netopts_init(&n, c, &err);
	if (!r) {
		n.quiet = o.quiet;
		r = send(&s, &n, &url, &err);
		mn_netopts_release(&n);
		for (size_t i = 0; s.asked && i < s.refs.n; i++) {
			print_ref(c, &o, &s.refs.p[i]);
			refused |= !s.refs.p[i].u.ok;
		}
	}
	mn_send_release(&s);
	mn_url_release(&url);
	if (r < 0)
		return mn_fail(c, r, &err);
	return refused ? MN_EXIT_NO : MN_EXIT_OK;
}
