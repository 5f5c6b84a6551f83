/* ls-refs: lists the references of a profile. */
#include <fnmatch.h>
#include <string.h>

#include "out/json.h"
#include "out/text.h"
#include "reading.h"
#include "banned.h"

static const char usage[] =
	"mn ls-refs [--json | -z] [PATTERN...]\n";

struct opts {
	int json, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_END
};

#define REFS_MAX 100000

/* The whole name, or its end behind a slash. */
static int fits(const char *pattern, const char *name)
{
	const char *p = name;

	for (;;) {
		if (!fnmatch(pattern, p, 0))
			return 1;
		p = strchr(p, '/');
		if (!p)
			return 0;
		p++;
	}
}

static int is_wanted(const struct mn_cmd *c, const char *name)
{
	for (int i = 0; i < c->argc; i++)
		if (fits(c->argv[i], name))
			return 1;
	return !c->argc;
}

static void add_json(struct mn_buf *out, const struct mn_ref *ref,
		     const struct mn_resolved *got)
{
	struct mn_json j = { out, 0 };

	mn_json_open(&j, '{');
	mn_json_key(&j, "oid");
	mn_json_hex(&j, ref->oid.b, sizeof(ref->oid.b));
	mn_json_add(&j, "ref", mn_str(ref->name));
	if (got->is_node) {
		mn_json_key(&j, "node");
		mn_json_hex(&j, got->node.b, sizeof(got->node.b));
	}
	mn_json_close(&j, '}');
}

static int print_ref(struct mn_cmd *c, const struct opts *o,
		     struct mn_profile *p, const struct mn_ref *ref,
		     struct mn_err *err)
{
	struct mn_resolved got = { .profile = p, .oid = ref->oid };
	struct mn_buf b = MN_BUF_INIT;
	int r = mn_resolved_node(&got, err);

	if (r < 0)
		return mn_err_wrap(err, r, "ref '%s'", ref->name);
	if (o->json) {
		add_json(&b, ref, &got);
	} else {
		mn_buf_addhex(&b, ref->oid.b, sizeof(ref->oid.b));
		mn_buf_addc(&b, '\t');
		if (o->nul)
			mn_buf_adds(&b, ref->name);
		else
			mn_text_quote_path(&b, mn_str(ref->name));
		mn_buf_addc(&b, '\t');
		if (got.is_node)
			mn_buf_addhex(&b, got.node.b, sizeof(got.node.b));
		else
			mn_buf_addc(&b, '-');
	}
	mn_buf_addc(&b, o->nul ? '\0' : '\n');
	mn_out_buf(c, &b);
	mn_buf_release(&b);
	return 0;
}

static int list(struct mn_cmd *c, const struct opts *o, struct mn_profile *p,
		size_t *printed, struct mn_err *err)
{
	struct mn_ref_list refs = { NULL, 0, 0 };
	struct mn_ref head = { .name = "HEAD" };
	int r = mn_refs_list(&refs, p->repo.path, "refs/", REFS_MAX, err);

	for (size_t i = 0; i < refs.n && !r; i++) {
		if (strcmp(refs.p[i].name, MN_REF_MAIN))
			continue;
		head.oid = refs.p[i].oid;
		if (is_wanted(c, "HEAD")) {
			r = print_ref(c, o, p, &head, err);
			++*printed;
		}
	}
	for (size_t i = 0; i < refs.n && !r; i++) {
		if (!is_wanted(c, refs.p[i].name))
			continue;
		r = print_ref(c, o, p, &refs.p[i], err);
		++*printed;
	}
	mn_refs_release(&refs);
	return r;
}

int cmd_ls_refs(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_home home;
	struct mn_profile p;
	size_t printed = 0;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	r = mn_cmd_open(c, &home, &p, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	r = list(c, &o, &p, &printed, &err);
	mn_profile_close(&p);
	mn_home_release(&home);
	if (r < 0)
		return mn_fail(c, r, &err);
	return c->argc && !printed ? MN_EXIT_NO : MN_EXIT_OK;
}
