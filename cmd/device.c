/* device: who may sign for a profile. */
#include <string.h>

#include "device.h"
#include "banned.h"

static const char usage[] =
	"mn device request [--label LABEL] [--[no-]qr] [--passphrase]\n"
	"mn device add [--label LABEL] [--phrase-file FILE] [--yes] LINE\n"
	"mn device list [--json | -z]\n"
	"mn device rename [--phrase-file FILE] DEVICE LABEL\n"
	"mn device revoke [--from NODE] [--phrase-file FILE] [--yes] DEVICE\n"
	"mn device adopt (DEVICE | NODE)...\n"
	"mn device rekey [--label LABEL] [--from NODE] [--[no-]qr] [--passphrase]\n"
	"                [--phrase-file FILE] [--yes]\n";

static const struct mn_opt options[] = {
	MN_OPT_STR('p', "profile", struct mn_device_opts, profile, "PROFILE",
		   "the profile whose devices are meant"),
	MN_OPT_STR('l', "label", struct mn_device_opts, label, "LABEL",
		   "for request, add, rekey: what the device is called (default: "
		   "the host's name; what was requested; as before)"),
	MN_OPT_BOOL(0, "qr", struct mn_device_opts, qr,
		    "for requests: draw a QR code on stderr (default: if stdout "
		    "is a terminal)"),
	MN_OPT_BOOL(0, "passphrase", struct mn_device_opts, passphrase,
		    "for request, rekey: protect the key with a passphrase"),
	MN_OPT_STR(0, "phrase-file", struct mn_device_opts, phrase_file, "FILE",
		   "read the recovery phrase there, where the root secret is "
		   "not kept"),
	MN_OPT_STR(0, "from", struct mn_device_opts, from, "NODE",
		   "for revoke, rekey: this post of the device and all later "
		   "ones don't count"),
	MN_OPT_BOOL('y', "yes", struct mn_device_opts, yes, "don't ask"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct mn_device_opts, json,
		    "for list: an object a line"),
	MN_OPT_BOOL('z', "null", struct mn_device_opts, nul,
		    "for list: fields separated by tabs, records end with "
		    "NUL"),
	MN_OPT_END
};

enum takes {			/* which options */
	LABEL = 1, MAKES_KEY = 2, ROOT = 4, ASKS = 8, LISTS = 16,
	NO_PROFILE = 32, CUTS = 64
};

static const struct action {
	const char *name;
	mn_device_fn *fn;
	int min, max;		/* operands behind it; max -1: any number */
	int takes;
} actions[] = {
	{ "request", mn_device_request, 0, 0, LABEL | MAKES_KEY | NO_PROFILE },
	{ "add", mn_device_add, 1, 1, LABEL | ROOT | ASKS },
	{ "list", mn_device_list, 0, 0, LISTS },
	{ "rename", mn_device_rename, 2, 2, ROOT },
	{ "revoke", mn_device_revoke, 1, 1, ROOT | ASKS | CUTS },
	{ "adopt", mn_device_adopt, 1, -1, 0 },
	{ "rekey", mn_device_rekey, 0, 0,
	  LABEL | MAKES_KEY | ROOT | ASKS | CUTS },
};

static const struct action *find_action(struct mn_cmd *c)
{
	static const char names[] = "request, add, list, rename, "
		"revoke, adopt or rekey";

	if (!c->argc)
		mn_usage(c, "%s?", names);
	for (size_t i = 0; i < sizeof(actions) / sizeof(*actions); i++)
		if (!strcmp(actions[i].name, c->argv[0]))
			return &actions[i];
	mn_usage(c, "'%s' is not %s", c->argv[0], names);
}

static void check_options(struct mn_cmd *c, const struct mn_device_opts *o,
			  const struct action *a)
{
	const struct {
		int given;
		const char *name;
		int takes;
	} given[] = {
		{ !!o->label, "--label", LABEL },
		{ o->qr >= 0, "--qr", MAKES_KEY },
		{ o->passphrase, "--passphrase", MAKES_KEY },
		{ !!o->phrase_file, "--phrase-file", ROOT },
		{ o->yes, "--yes", ASKS },
		{ !!o->from, "--from", CUTS },
		{ o->json, "--json", LISTS },
		{ o->nul, "-z", LISTS },
	};

	for (size_t i = 0; i < sizeof(given) / sizeof(*given); i++)
		if (given[i].given && !(a->takes & given[i].takes))
			mn_usage(c, "%s is not for %s", given[i].name, a->name);
	if (o->json && o->nul)
		mn_usage(c, "--json and -z exclude each other");
	if (c->argc - 1 < a->min)
		mn_usage(c, "%s needs %d operand%s", a->name, a->min,
			 a->min == 1 ? "" : "s");
	if (a->max >= 0 && c->argc - 1 > a->max)
		mn_usage(c, "%s takes no more operands: '%s'", a->name,
			 c->argv[1 + a->max]);
}

int cmd_device(struct mn_cmd *c)
{
	struct mn_device_opts o = { .qr = -1 };
	struct mn_device_at at = { .c = c, .o = &o };
	struct mn_err err = MN_ERR_INIT;
	const struct action *a;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	a = find_action(c);
	check_options(c, &o, a);
	if (o.profile)
		c->profile = o.profile;
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	if (a->takes & NO_PROFILE) {
		mn_home_init(&at.home, mn_home(c));
		r = a->fn(&at, &err);
	} else {
		r = mn_cmd_open(c, &at.home, &at.p, &err);
		if (r < 0)
			return mn_fail(c, r, &err);
		r = a->fn(&at, &err);
		mn_profile_close(&at.p);
	}
	mn_home_release(&at.home);
	return r < 0 ? mn_fail(c, r, &err) : r;
}
