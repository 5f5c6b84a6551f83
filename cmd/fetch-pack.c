/* fetch-pack: brings objects of a repository elsewhere, as a pack. */
#include <stdlib.h>
#include <string.h>

#include "fetch-pack.h"
#include "net/url.h"
#include "netopts.h"
#include "reading.h"
#include "banned.h"

static const char usage[] =
	"mn fetch-pack (-o DIR | --stdout) [--filter FILTER] [--depth N]\n"
	"              [--have OID]... [--max-object SIZE] [--json] [-q]\n"
	"              URL WANT...\n"
	"mn fetch-pack (-o DIR | --stdout) [OPTION...] --stdin URL\n";

struct opts {
	const char *dir, *filter;
	int to_stdout, from_stdin, json, quiet;
	int64_t depth;
	uint64_t max_object;
	struct mn_opt_list haves;
};

static const struct mn_opt options[] = {
	MN_OPT_STR('o', "output", struct opts, dir, "DIR",
		   "put the pack and its index into this directory"),
	MN_OPT_BOOL(0, "stdout", struct opts, to_stdout,
		    "write the pack to stdout, as it comes"),
	MN_OPT_STR(0, "filter", struct opts, filter, "FILTER",
		   "leave out objects: tree:N, blob:none, blob:limit=SIZE"),
	MN_OPT_INT(0, "depth", struct opts, depth, "N", 1, 0x7fffffff,
		   "only so many commits from each want"),
	MN_OPT_LIST(0, "have", struct opts, haves, "OID",
		    "this commit is here, with all it leads to (repeatable)"),
	MN_OPT_BOOL(0, "stdin", struct opts, from_stdin,
		    "read the wants from stdin, one a line"),
	MN_OPT_SIZE(0, "max-object", struct opts, max_object, "SIZE",
		    "refuse larger objects (default: 16m)"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "an object a line"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "no progress, nothing of what the server says"),
	MN_OPT_END
};

typedef MN_VEC(struct mn_oid) oids;

/* What is wanted: ids, and names of refs that are looked up later. */
struct wants {
	oids ids;
	MN_VEC(char *) names;
};

static void add_want(struct mn_cmd *c, struct wants *w, const char *word)
{
	struct mn_oid oid;

	if (strlen(word) == MN_OID_HEX && !mn_oid_parse(&oid, word))
		*mn_vec_push(&w->ids) = oid;
	else if (!strncmp(word, "refs/", 5))
		*mn_vec_push(&w->names) = mn_xstrdup(word);
	else
		mn_usage(c, "'%s' is neither a git id of 40 digits nor a name "
			 "that begins with refs/", word);
}

static void read_wants(struct mn_cmd *c, struct wants *w)
{
	struct mn_records in;
	struct mn_str line;

	mn_records_init(&in, c, '\n');
	while (mn_records_next(&in, &line))
		add_want(c, w, line.p);
	mn_records_release(&in);
}

static void release_wants(struct wants *w)
{
	for (size_t i = 0; i < w->names.n; i++)
		free(w->names.p[i]);
	mn_vec_release(&w->names);
	mn_vec_release(&w->ids);
}

static int by_name(const void *name, const void *ref)
{
	return strcmp(name, ((const struct mn_ref *)ref)->name);
}

/* All names are asked for together. */
static int look_up(struct wants *w, struct mn_remote *remote,
		   const struct mn_url *url, struct mn_err *err)
{
	const char *const *names = (const char *const *)w->names.p;
	struct mn_ref_list refs = { 0 };
	const struct mn_ref *ref;
	int r = mn_remote_refs(remote, names, w->names.n, &refs, err);

	for (size_t i = 0; !r && i < w->names.n; i++) {
		ref = refs.n ? bsearch(names[i], refs.p, refs.n,
				       sizeof(*refs.p), by_name) : NULL;
		if (ref)
			*mn_vec_push(&w->ids) = ref->oid;
		else
			r = mn_err_set(err, MN_ENOTFOUND, "'%s' has no ref "
				       "'%s'", url->text, names[i]);
	}
	mn_refs_release(&refs);
	return r;
}

static int fetch(struct mn_cmd *c, const struct opts *o, struct mn_netopts *n,
		 struct wants *w, const oids *haves, const struct mn_url *url,
		 struct mn_err *err)
{
	struct mn_net *net = mn_net_new(&n->opt);
	struct mn_fetch_pack to = {
		.c = c, .dir = o->dir, .json = o->json,
		.progress = n->progress,
		.haves = haves->p, .nhaves = haves->n,
		.limits = { .object_bytes = o->max_object },
	};
	struct mn_remote *remote = NULL;
	struct mn_remote_want want;
	int r = mn_remote_open(&remote, net, url, MN_UPLOAD_PACK, err);

	if (!r && w->names.n)
		r = look_up(w, remote, url, err);
	if (!r && !o->dir && mn_remote_features(remote)->version < 0)
		r = mn_err_set(err, MN_EINVALID, "'%s' is a plain file server, "
			       "which has more than one pack: use -o",
			       url->text);
	if (!r && o->filter && !mn_remote_features(remote)->filter)
		mn_warning(c, "the server has no filters: all will come");
	if (!r && o->depth && !mn_remote_features(remote)->shallow)
		mn_warning(c, "the server knows no depth: all will come");
	want = (struct mn_remote_want){
		.wants = w->ids.p, .nwants = w->ids.n,
		.haves = haves->p, .nhaves = haves->n,
		.filter = o->filter, .depth = (unsigned)o->depth,
	};
	if (!r)
		r = mn_fetch_pack(&to, remote, &want, err);
	mn_remote_close(remote);
	mn_net_free(net);
	return r;
}

static void parse_haves(struct mn_cmd *c, const struct opts *o, oids *haves)
{
	struct mn_oid oid;

	for (size_t i = 0; i < o->haves.n; i++) {
		const char *word = o->haves.p[i];

		if (strlen(word) != MN_OID_HEX || mn_oid_parse(&oid, word))
			mn_usage(c, "'%s' is no git id of 40 digits", word);
		*mn_vec_push(haves) = oid;
	}
}

static void check(struct mn_cmd *c, const struct opts *o)
{
	if (!o->dir == !o->to_stdout)
		mn_usage(c, "one of -o and --stdout");
	if (o->to_stdout && (o->json || o->depth))
		mn_usage(c, "%s needs -o", o->json ? "--json" : "--depth");
	if (!c->argc)
		mn_usage(c, "no address given");
	if (o->from_stdin && c->argc > 1)
		mn_usage(c, "the wants are on stdin");
}

int cmd_fetch_pack(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_progress progress;
	struct wants w = { .ids = { 0 } };
	oids haves = { 0 };
	struct mn_netopts n;
	struct mn_url url;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	check(c, &o);
	parse_haves(c, &o, &haves);
	for (int i = 1; i < c->argc; i++)
		add_want(c, &w, c->argv[i]);
	if (o.from_stdin)
		read_wants(c, &w);
	if (!w.ids.n && !w.names.n)
		mn_usage(c, "nothing is wanted");
	r = mn_url_parse(&url, c->argv[0], &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	mn_progress_init(&progress, o.quiet);
	r = mn_netopts_init(&n, c, &err);
	if (!r) {
		n.quiet = o.quiet;
		n.progress = &progress;
		r = fetch(c, &o, &n, &w, &haves, &url, &err);
		mn_netopts_release(&n);
	}
	mn_progress_clear(&progress);
	mn_url_release(&url);
	release_wants(&w);
	mn_vec_release(&haves);
	mn_opt_list_release(&o.haves);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
