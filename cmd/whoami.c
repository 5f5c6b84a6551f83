/* whoami: the profile and the device that would post. */
#include <stdlib.h>

#include "base/hex.h"
#include "out/json.h"
#include "out/text.h"
#include "profile.h"
#include "banned.h"

static const char usage[] =
	"mn whoami [--all] [--json]\n";

struct opts {
	int all, json;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "list every profile of this home"),
	MN_OPT_BOOL(0, "json", struct opts, json, "one JSON object a line"),
	MN_OPT_END
};

/* What is known of a profile of this home. */
static int show(struct mn_cmd *c, const struct mn_home *h, const char *hex,
		const struct opts *o, struct mn_err *err)
{
	char *path = mn_home_key(h, hex, "device");
	struct mn_buf out = MN_BUF_INIT;
	const struct mn_id_device *device = NULL;
	struct mn_json j = { &out, 0 };
	struct mn_profile p;
	struct mn_pub pub;
	const char *petname;
	int own, r = mn_profile_open(&p, h, hex, err);

	if (r < 0)
		goto out;
	own = mn_keyfile_pub(&pub, path, err) == 0;
	if (own)
		device = mn_identity_device(mn_identity_last(&p.identity),
					    &pub);
	petname = mn_cmd_name(c, hex);
	if (o->json) {
		mn_json_open(&j, '{');
		mn_json_add(&j, "profile", mn_str(hex));
		if (petname)
			mn_json_add(&j, "name", mn_str(petname));
		if (own) {
			mn_json_key(&j, "device");
			mn_json_hex(&j, pub.b, sizeof(pub.b));
		}
		if (device)
			mn_json_add(&j, "label", device->label);
		mn_json_close(&j, '}');
	} else {
		mn_buf_adds(&out, hex);
		mn_buf_addc(&out, '\t');
		if (own)
			mn_buf_addhex(&out, pub.b, sizeof(pub.b));
		mn_buf_addc(&out, '\t');
		mn_text_line(&out, mn_str(petname ? petname : ""));
		mn_buf_addc(&out, '\t');
		if (device)
			mn_text_line(&out, device->label);
	}
	mn_buf_addc(&out, '\n');
	mn_out_buf(c, &out);
	mn_profile_close(&p);
out:
	mn_buf_release(&out);
	free(path);
	return r;
}

static int show_all(struct mn_cmd *c, const struct mn_home *h,
		    const struct opts *o, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int r = mn_home_list(&all, h, err);

	for (size_t i = 0; i < all.n && r == 0; i++)
		r = show(c, h, all.p[i].hex, o, err);
	mn_home_profiles_release(&all);
	return r;
}

int cmd_whoami(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_home h;
	char hex[MN_ID_HEX + 1];
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "it takes no operands: '%s'", c->argv[0]);
	if (mn_key_init() < 0)
		mn_die(c, "no source of randomness");
	mn_home_init(&h, mn_home(c));
	if (o.all) {
		r = show_all(c, &h, &o, &err);
	} else {
		r = mn_cmd_which(hex, c, &h, c->profile, &err);
		if (r == 0)
			r = show(c, &h, hex, &o, &err);
	}
	mn_home_release(&h);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
