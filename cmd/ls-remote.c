/* ls-remote: lists the references of a repository elsewhere. */
#include "net/remote.h"
#include "netopts.h"
#include "out/json.h"
#include "out/text.h"
#include "banned.h"

static const char usage[] =
	"mn ls-remote [--json | -z] [-q] URL [PREFIX...]\n";

struct opts {
	int json, nul, quiet;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "don't show what the server says"),
	MN_OPT_END
};

static void print_ref(struct mn_cmd *c, const struct opts *o,
		      const struct mn_ref *ref)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	if (o->json) {
		mn_json_open(&j, '{');
		mn_json_key(&j, "oid");
		mn_json_hex(&j, ref->oid.b, sizeof(ref->oid.b));
		mn_json_add(&j, "ref", mn_str(ref->name));
		mn_json_close(&j, '}');
	} else {
		mn_buf_addhex(&b, ref->oid.b, sizeof(ref->oid.b));
		mn_buf_addc(&b, '\t');
		if (o->nul)
			mn_buf_adds(&b, ref->name);
		else
			mn_text_quote_path(&b, mn_str(ref->name));
	}
	mn_buf_addc(&b, o->nul ? '\0' : '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

static int list(struct mn_cmd *c, const struct opts *o, struct mn_net *net,
		const struct mn_url *url, size_t *printed, struct mn_err *err)
{
	const char *const *prefixes = (const char *const *)c->argv + 1;
	struct mn_ref_list refs = { NULL, 0, 0 };
	struct mn_remote *remote;
	int r = mn_remote_open(&remote, net, url, MN_UPLOAD_PACK, err);

	if (r < 0)
		return r;
	r = mn_remote_refs(remote, prefixes, (size_t)c->argc - 1, &refs, err);
	for (size_t i = 0; !r && i < refs.n; i++)
		print_ref(c, o, &refs.p[i]);
	*printed = refs.n;
	mn_refs_release(&refs);
	mn_remote_close(remote);
	return r;
}

int cmd_ls_remote(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_netopts n;
	struct mn_net *net;
	struct mn_url url;
	size_t printed = 0;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (!c->argc)
		mn_usage(c, "no address given");
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	r = mn_url_parse(&url, c->argv[0], &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	r = mn_netopts_init(&n, c, &err);
	if (!r) {
		n.quiet = o.quiet;
		net = mn_net_new(&n.opt);
		r = list(c, &o, net, &url, &printed, &err);
		mn_net_free(net);
		mn_netopts_release(&n);
	}
	mn_url_release(&url);
	if (r < 0)
		return mn_fail(c, r, &err);
	return c->argc > 1 && !printed ? MN_EXIT_NO : MN_EXIT_OK;
}
