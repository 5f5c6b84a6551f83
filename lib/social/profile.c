#include "social/profile.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"

#include "banned.h"

static int load_identity(struct mn_profile *p, struct mn_err *err)
{
	struct mn_object o;
	enum mn_rule rule;
	int r;

	r = mn_refs_read(&p->identity_blob, p->repo.path, MN_REF_IDENTITY, err);
	if (r == MN_ENOTFOUND)
		return mn_err_set(err, MN_ECORRUPT, "there is no "
				  MN_REF_IDENTITY);
	if (r < 0)
		return r;
	r = mn_reader_read(p->rd, &o, &p->identity_blob, MN_IDENTITY_MAX, err);
	if (r == MN_ENOTFOUND)
		r = MN_ECORRUPT;
	if (r < 0)
		return mn_err_wrap(err, r, "cannot read the identity");
	rule = mn_identity_parse(&p->identity, (struct mn_str){ o.data, o.len });
	if (rule == MN_RULE_NONE &&
	    !mn_id_eq(mn_identity_profile(&p->identity), &p->id))
		rule = MN_RULE_IDENTITY_PROFILE;
	if (rule == MN_RULE_IDENTITY_VERSION)
		return mn_err_set(err, MN_EVERSION, "the identity was made by "
				  "a newer version of mn");
	if (rule != MN_RULE_NONE)
		return mn_err_set(err, MN_ECORRUPT, "the identity is damaged: "
				  "%s (%s)", mn_rule_words(rule),
				  mn_rule_name(rule));
	return 0;
}

int mn_profile_open(struct mn_profile *p, const struct mn_home *h,
		    const char *hex, struct mn_err *err)
{
	char *path = mn_home_repo(h, hex);
	char found[MN_ID_HEX + 1];
	int r;

	memset(p, 0, sizeof(*p));
	mn_identity_init(&p->identity);
	if (mn_id_parse(&p->id, hex) < 0)
		MN_BUG("a profile is opened by its full id");
	mn_id_hex(p->hex, &p->id);
	if (!mn_io_exists(path)) {
		r = mn_err_set(err, MN_ENOTFOUND, "no profile '%s' here", hex);
		goto out;
	}
	r = mn_repo_open(&p->repo, path, found, err);
	if (r < 0)
		goto out;
	if (strcmp(found, p->hex)) {
		r = mn_err_set(err, MN_ECORRUPT, "the repository is that of "
			       "the profile '%s'", found);
		goto close;
	}
	p->rd = mn_reader_new(p->repo.store);
	r = load_identity(p, err);
close:
	if (r < 0)
		mn_profile_close(p);
out:
	free(path);
	return r < 0 && r != MN_ENOTFOUND
		? mn_err_wrap(err, r, "profile %.12s", hex) : r;
}

void mn_profile_close(struct mn_profile *p)
{
	mn_identity_release(&p->identity);
	mn_reader_free(p->rd);
	p->rd = NULL;
	mn_repo_close(&p->repo);
}

int mn_profile_tips(struct mn_ref_list *out, const struct mn_profile *p,
		    struct mn_err *err)
{
	return mn_refs_list(out, p->repo.path, MN_REF_DEVICES,
			    MN_DEVICE_REFS_MAX, err);
}
