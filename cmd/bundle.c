/* bundle: a profile, or what is new of it, as one file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bundle.h"
#include "banned.h"

static const char usage[] =
	"mn bundle create [--since BUNDLE]... [--since-refs FILE]...\n"
	"                 [--replicate LEVEL] FILE\n"
	"mn bundle verify [--json] FILE\n"
	"mn bundle fetch [--follow [--as PETNAME]] [--json] FILE\n";

static const struct mn_opt options[] = {
	MN_OPT_STR('p', "profile", struct mn_bundle_opts, profile, "PROFILE",
		   "the profile to write, or that of a bundle which doesn't "
		   "say whose it is"),
	MN_OPT_GROUP("For create"),
	MN_OPT_LIST('s', "since", struct mn_bundle_opts, since, "BUNDLE",
		    "only what is new since that bundle (repeatable)"),
	MN_OPT_LIST(0, "since-refs", struct mn_bundle_opts, since_refs, "FILE",
		    "only what is new since these refs: lines that begin "
		    "with an id (repeatable)"),
	MN_OPT_STR(0, "replicate", struct mn_bundle_opts, replicate, "LEVEL",
		   "full, limit=SIZE or meta (default: all that is here)"),
	MN_OPT_GROUP("For fetch"),
	MN_OPT_BOOL(0, "follow", struct mn_bundle_opts, follow,
		    "follow the profile, if it is not here yet"),
	MN_OPT_STR(0, "as", struct mn_bundle_opts, petname, "PETNAME",
		   "with --follow: what you call it"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct mn_bundle_opts, json,
		    "print what was found, an object a line"),
	MN_OPT_BOOL('q', "quiet", struct mn_bundle_opts, quiet,
		    "no progress, no summary"),
	MN_OPT_END
};

int mn_bundle_open_file(struct mn_bundle **out, int *fd, const char *file,
			struct mn_err *err)
{
	struct stat st;

	*out = NULL;
	*fd = STDIN_FILENO;
	if (!strcmp(file, "-"))
		return mn_bundle_open(out, *fd, "-", err);
	/* a pipe without a writer must not hold us up */
	*fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (*fd < 0 || fstat(*fd, &st)) {
		mn_err_sys(err, "cannot open '%s'", file);
		return MN_EIO;
	}
	if (!S_ISREG(st.st_mode))
		return mn_err_set(err, MN_EIO, "'%s' is no regular file; '-' "
				  "reads from a pipe", file);
	return mn_bundle_open(out, *fd, file, err);
}

typedef int action(struct mn_cmd *c, const struct mn_bundle_opts *o,
		   const char *file, struct mn_err *err);

static action *find_action(const char *name)
{
	static const struct {
		const char *name;
		action *fn;
	} actions[] = {
		{ "create", mn_bundle_create },
		{ "verify", mn_bundle_verify },
		{ "fetch", mn_bundle_fetch },
	};

	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, name))
			return actions[i].fn;
	return NULL;
}

static void check_options(struct mn_cmd *c, const struct mn_bundle_opts *o,
			  action *fn)
{
	if (fn != mn_bundle_create &&
	    (o->since.n || o->since_refs.n || o->replicate))
		mn_usage(c, "--since, --since-refs and --replicate are for "
			 "create");
	if (fn != mn_bundle_fetch && (o->follow || o->petname))
		mn_usage(c, "--follow and --as are for fetch");
	if (fn == mn_bundle_create && o->json)
		mn_usage(c, "--json is for verify and fetch");
	if (o->petname && !o->follow)
		mn_usage(c, "--as goes with --follow");
}

int cmd_bundle(struct mn_cmd *c)
{
	struct mn_bundle_opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	action *fn;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (!c->argc)
		mn_usage(c, "create, verify or fetch?");
	fn = find_action(c->argv[0]);
	if (!fn)
		mn_usage(c, "'%s' is neither create, verify nor fetch",
			 c->argv[0]);
	if (c->argc != 2)
		mn_usage(c, "one file, please ('-' is a pipe)");
	check_options(c, &o, fn);
	if (o.profile)
		c->profile = o.profile;
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	r = fn(c, &o, c->argv[1], &err);
	mn_opt_list_release(&o.since);
	mn_opt_list_release(&o.since_refs);
	return r < 0 ? mn_fail(c, r, &err) : r;
}
