/* identity: who may sign for a profile: shows, checks, recovers, rotates. */
#include <string.h>

#include "identity.h"
#include "banned.h"

static const char usage[] =
	"mn identity show [--all] [--json]\n"
	"mn identity verify [--json] [FILE]\n"
	"mn identity export [-o FILE]\n"
	"mn identity recover [--from ADDRESS] [--phrase-file FILE]\n"
	"                    [--device LABEL] [--revoke DEVICE]... [--no-root]\n"
	"                    [--passphrase]\n"
	"mn identity rotate [--phrase-file FILE]\n"
	"mn identity passphrase [--remove | --new-file FILE]\n";

static const struct mn_opt options[] = {
	MN_OPT_STR('p', "profile", struct mn_identity_opts, profile, "PROFILE",
		   "the profile that is meant"),
	MN_OPT_STR(0, "phrase-file", struct mn_identity_opts, phrase_file,
		   "FILE", "for recover, rotate: read the recovery phrase "
		   "there ('-': stdin) and don't ask"),
	MN_OPT_GROUP("For show and verify"),
	MN_OPT_BOOL('a', "all", struct mn_identity_opts, all,
		    "show all documents, the oldest first"),
	MN_OPT_BOOL(0, "json", struct mn_identity_opts, json,
		    "an object a line"),
	MN_OPT_GROUP("For export"),
	MN_OPT_STR('o', "output", struct mn_identity_opts, out, "FILE",
		   "write there instead of stdout"),
	MN_OPT_GROUP("For recover"),
	MN_OPT_STR(0, "from", struct mn_identity_opts, from, "ADDRESS",
		   "where a copy lies: a URL, a directory or a bundle"),
	MN_OPT_STR('d', "device", struct mn_identity_opts, device, "LABEL",
		   "label of this device (default: the host's name)"),
	MN_OPT_LIST(0, "revoke", struct mn_identity_opts, revoke, "DEVICE",
		    "remove that device, which was lost (repeatable)"),
	MN_OPT_SET(0, "no-root", struct mn_identity_opts, no_root, 1,
		   "don't keep the root secret here"),
	MN_OPT_BOOL(0, "passphrase", struct mn_identity_opts, passphrase,
		    "protect the keys with a passphrase"),
	MN_OPT_GROUP("For passphrase"),
	MN_OPT_BOOL(0, "remove", struct mn_identity_opts, remove,
		    "keep the keys without one from now on"),
	MN_OPT_STR(0, "new-file", struct mn_identity_opts, new_file, "FILE",
		   "the new one is the first line of that file"),
	MN_OPT_END
};

enum takes {			/* which options */
	ALL = 1, JSON = 2, OUT = 4, PHRASE = 8, RECOVER = 16, PASS = 32,
	OPERAND = 64, NO_PROFILE = 128
};

static const struct action {
	const char *name;
	mn_identity_fn *fn;
	int takes;
} actions[] = {
	{ "show", mn_identity_show, ALL | JSON },
	{ "verify", mn_identity_verify, JSON | OPERAND | NO_PROFILE },
	{ "export", mn_identity_export, OUT },
	{ "recover", mn_identity_recover, PHRASE | RECOVER | NO_PROFILE },
	{ "rotate", mn_identity_rotate, PHRASE },
	{ "passphrase", mn_identity_passphrase, PASS },
};

static const struct action *find_action(struct mn_cmd *c)
{
	static const char names[] =
		"show, verify, export, recover, rotate or passphrase";

	if (!c->argc)
		mn_usage(c, "%s?", names);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, c->argv[0]))
			return &actions[i];
	mn_usage(c, "'%s' is not %s", c->argv[0], names);
}

static void check_options(struct mn_cmd *c, const struct mn_identity_opts *o,
			  const struct action *a)
{
	const struct {
		int given;
		const char *name;
		int takes;
	} given[] = {
		{ o->all, "--all", ALL },
		{ o->json, "--json", JSON },
		{ !!o->out, "--output", OUT },
		{ !!o->phrase_file, "--phrase-file", PHRASE },
		{ !!o->from, "--from", RECOVER },
		{ !!o->device, "--device", RECOVER },
		{ o->revoke.n != 0, "--revoke", RECOVER },
		{ o->no_root, "--no-root", RECOVER },
		{ o->passphrase, "--passphrase", RECOVER },
		{ o->remove, "--remove", PASS },
		{ !!o->new_file, "--new-file", PASS },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].given && !(a->takes & given[i].takes))
			mn_usage(c, "%s is not for %s", given[i].name, a->name);
	if (o->remove && o->new_file)
		mn_usage(c, "--remove and --new-file exclude each other");
	if (c->argc > (a->takes & OPERAND ? 2 : 1))
		mn_usage(c, "%s takes no %soperand: '%s'", a->name,
			 a->takes & OPERAND ? "second " : "", c->argv[c->argc - 1]);
}

int cmd_identity(struct mn_cmd *c)
{
	struct mn_identity_opts o = { 0 };
	struct mn_identity_at at = { .c = c, .o = &o };
	struct mn_err err = MN_ERR_INIT;
	const struct action *a;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	a = find_action(c);
	check_options(c, &o, a);
	at.file = c->argc > 1 ? c->argv[1] : NULL;
	if (o.profile)
		c->profile = o.profile;
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	if (a->takes & NO_PROFILE) {
		mn_home_init(&at.home, mn_home(c));
		r = a->fn(&at, &err);
		mn_home_release(&at.home);
	} else {
		r = mn_cmd_open(c, &at.home, &at.p, &err);
		if (r < 0)
			return mn_fail(c, r, &err);
		r = a->fn(&at, &err);
		mn_profile_close(&at.p);
		mn_home_release(&at.home);
	}
	mn_opt_list_release(&o.revoke);
	return r < 0 ? mn_fail(c, r, &err) : r;
}
