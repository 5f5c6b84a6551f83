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

/* want: the id that the repository has to be of; NULL: any. */
static int open_at(struct mn_profile *p, const char *path, const char *want,
		   struct mn_err *err)
{
	char found[MN_ID_HEX + 1];
	int r = mn_repo_open(&p->repo, path, found, err);

	if (r < 0)
		return r;
	if (want && strcmp(found, want))
		r = mn_err_set(err, MN_ECORRUPT, "the repository is that of "
			       "the profile '%s'", found);
	else if (mn_id_parse(&p->id, found) < 0)
		r = mn_err_set(err, MN_ECORRUPT, "mn.profile is no id");
	if (r == 0) {
		mn_id_hex(p->hex, &p->id);
		p->rd = mn_reader_new(p->repo.store);
		r = load_identity(p, err);
	if (r == 0)
		r = mn_forks_read(&p->forks, p->repo.path, err);
	}
	if (r < 0)
		mn_profile_close(p);
	return r;
}

int mn_profile_open(struct mn_profile *p, const struct mn_home *h,
		    const char *hex, struct mn_err *err)
{
	char *path = mn_home_repo(h, hex), want[MN_ID_HEX + 1];
	int r;

	memset(p, 0, sizeof(*p));
	mn_identity_init(&p->identity);
	if (mn_id_parse(&p->id, hex) < 0)
		MN_BUG("a profile is opened by its full id");
	mn_id_hex(want, &p->id);
	if (mn_io_exists(path))
		r = open_at(p, path, want, err);
	else
		r = mn_err_set(err, MN_ENOTFOUND, "no profile '%s' here", hex);
	free(path);
	return r < 0 && r != MN_ENOTFOUND
		? mn_err_wrap(err, r, "profile %.12s", hex) : r;
}

int mn_profile_open_path(struct mn_profile *p, const char *path,
			 struct mn_err *err)
{
	int r;

	memset(p, 0, sizeof(*p));
	mn_identity_init(&p->identity);
	if (!mn_io_exists(path))
		return mn_err_set(err, MN_ENOTFOUND, "no repository '%s'",
				  path);
	r = open_at(p, path, NULL, err);
	return r < 0 ? mn_err_wrap(err, r, "repository '%s'", path) : r;
}

void mn_profile_close(struct mn_profile *p)
{
	mn_forks_release(&p->forks);
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

int mn_profile_voids(const struct mn_profile *p, const struct mn_pub *device,
		     uint64_t era, uint64_t seq)
{
	return mn_forks_voids(&p->forks, mn_identity_last(&p->identity),
			      device, era, seq);
}
