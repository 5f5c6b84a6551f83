/* init: a new profile, and the home where there is none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/date.h"
#include "device.h"
#include "join.h"
#include "repl/newrepo.h"
#include "banned.h"

static const char usage[] =
	"mn init [--name NAME] [--device LABEL] [--passphrase] [--no-root]\n"
	"        [--default]\n"
	"mn init --join (ANSWER | URL | BUNDLE) [--name NAME] [--default]\n";

struct opts {
	const char *name, *device, *join;
	int passphrase, no_root, make_default;
};

static const struct mn_opt options[] = {
	MN_OPT_STR('n', "name", struct opts, name, "NAME",
		   "what you call the profile here: mn -p NAME"),
	MN_OPT_STR('d', "device", struct opts, device, "LABEL",
		   "label of this device (default: the host's name)"),
	MN_OPT_BOOL(0, "passphrase", struct opts, passphrase,
		    "protect the keys with a passphrase"),
	MN_OPT_SET(0, "no-root", struct opts, no_root, 1,
		   "don't keep the root secret here, only show its phrase"),
	MN_OPT_BOOL(0, "default", struct opts, make_default,
		    "make it the default, even if there is one"),
	MN_OPT_STR('j', "join", struct opts, join, "ANSWER",
		   "become a device of the profile whose answer this is, or "
		   "which lies there"),
	MN_OPT_END
};

/* A profile in the making. */
struct making {
	struct mn_home home;
	struct mn_root *root;
	struct mn_secret *device;
	struct mn_buf identity;
	struct mn_id id;
	char hex[MN_ID_HEX + 1];
	struct mn_newrepo repo;
	char passphrase[MN_PASSPHRASE_MAX];
};

static int make_identity(struct making *m, const struct opts *o,
			 struct mn_err *err)
{
	struct mn_identity id;
	struct mn_buf label = MN_BUF_INIT;
	struct mn_pub pub;
	enum mn_rule rule;
	int r;

	mn_identity_init(&id);
	mn_device_label(&label, o->device);
	m->root = mn_root_random();
	m->device = mn_secret_random();
	mn_secret_pub(&pub, m->device);
	r = mn_identity_create(&m->identity, m->root, &pub, label.p,
			       mn_date_now(), err);
	mn_buf_release(&label);
	if (r < 0)
		return r;
	/* what was signed is verified before anything relies on it */
	rule = mn_identity_parse(&id, (struct mn_str){ m->identity.p,
						       m->identity.len });
	if (rule != MN_RULE_NONE)
		MN_BUG("the identity made here is not valid");
	m->id = *mn_identity_profile(&id);
	mn_id_hex(m->hex, &m->id);
	mn_identity_release(&id);
	return 0;
}

static int write_keys(struct making *m, const struct opts *o,
		      struct mn_err *err)
{
	char *device = mn_home_key(&m->home, m->hex, "device");
	char *root = mn_home_key(&m->home, m->hex, "root");
	int r = 0;

	if (!o->no_root)
		r = mn_keyfile_write_root(root, &m->id, m->root,
					  m->passphrase, 0, err);
	if (r == 0)
		r = mn_keyfile_write_device(device, &m->id, m->device,
					    m->passphrase, 0, err);
	free(root);
	free(device);
	return r;
}

/* The keys of a profile that never came to be are of no use to anybody. */
static void undo(const struct making *m)
{
	char *device = mn_home_key(&m->home, m->hex, "device");
	char *root = mn_home_key(&m->home, m->hex, "root");

	unlink(device);
	unlink(root);
	free(root);
	free(device);
}

static int write_config(struct mn_cmd *c, const struct making *m,
			const struct opts *o, struct mn_err *err)
{
	char *path = mn_home_path(&m->home, "config");
	int r = 0;

	if (o->name)
		r = mn_cmd_set_name(c, m->hex, o->name, err);
	if (r == 0 && (o->make_default ||
		       !mn_conf_get(mn_cmd_conf(c), "profile.default")))
		r = mn_conf_set(path, "profile.default", m->hex, err);
	free(path);
	return r;
}

static int show_phrase(const struct making *m, const struct opts *o,
		       struct mn_err *err)
{
	char phrase[MN_PHRASE_MAX];
	int n;

	mn_phrase_encode(phrase, m->root);
	n = fprintf(stderr,
		"Recovery phrase. Write it down on paper now; it is not shown "
		"again:\n\n    %s\n\n"
		"Whoever knows it owns the profile. Without it, a lost or "
		"stolen device\ncannot be replaced%s.\n", phrase,
		o->no_root ? ", and no device can be added: it is not kept here"
			   : "");
	mn_wipe(phrase, sizeof(phrase));
	return n < 0 ? mn_err_set(err, MN_EIO, "cannot show the recovery "
				  "phrase: no profile was made") : 0;
}

static int init(struct mn_cmd *c, struct making *m, const struct opts *o,
		struct mn_err *err)
{
	int r;

	mn_cmd_conf(c);		/* before anything is made: it may be broken */
	r = o->name ? mn_cmd_check_name(c, &m->home, o->name, NULL, err) : 0;
	if (r == 0 && o->passphrase)
		r = mn_cmd_new_passphrase(c, m->passphrase,
					  sizeof(m->passphrase), err);
	if (r == 0)
		r = make_identity(m, o, err);
	if (r == 0)
		r = mn_home_create(&m->home, err);
	if (r < 0)
		return r;
	mn_home_sweep(&m->home);
	r = write_keys(m, o, err);
	if (r == 0)
		r = mn_newrepo_build(&m->repo, &m->home, m->hex,
				     (struct mn_str){ m->identity.p,
						      m->identity.len },
				     NULL, err);
	if (r < 0) {
		undo(m);
		return r;
	}
	/* no profile is ever there whose phrase nobody has seen */
	r = show_phrase(m, o, err);
	if (r < 0) {
		undo(m);
		return r;
	}
	r = mn_newrepo_place(&m->repo, err);
	if (r < 0) {
		if (m->repo.repo)
			undo(m);
		return r;
	}
	r = write_config(c, m, o, err);
	return r < 0 ? mn_err_wrap(err, r, "profile %s was made, but it is not "
				   "in the configuration", m->hex) : 0;
}

static int join(struct mn_cmd *c, const struct opts *o)
{
	struct mn_join j = { o->join, o->name, o->make_default };
	struct mn_err err = MN_ERR_INIT;
	int r;

	if (o->device || o->passphrase || o->no_root)
		mn_usage(c, "--join takes what 'mn device request' was given: "
			 "no --device, --passphrase or --no-root");
	r = mn_cmd_join(c, &j, &err);
	return r < 0 ? mn_fail(c, r, &err) : r;
}

int cmd_init(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct making m = { .identity = MN_BUF_INIT,
			    .repo = MN_NEWREPO_INIT };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "it takes no operands: '%s'", c->argv[0]);
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	if (o.join)
		return join(c, &o);
	mn_home_init(&m.home, mn_home(c));
	r = init(c, &m, &o, &err);
	if (r == 0) {
		mn_out(c, m.hex, MN_ID_HEX);
		mn_out(c, "\n", 1);
	}
	mn_wipe(m.passphrase, sizeof(m.passphrase));
	mn_buf_release(&m.identity);
	mn_newrepo_release(&m.repo);
	mn_secret_free(m.device);
	mn_root_free(m.root);
	mn_home_release(&m.home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
