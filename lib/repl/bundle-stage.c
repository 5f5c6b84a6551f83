#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "git/packfile.h"
#include "git/tmp.h"
#include "repl/bundle-impl.h"
#include "repl/newrepo.h"

#include "banned.h"

static int make_stage(struct mn_taking *t, struct mn_err *err)
{
	const struct mn_bundle_take *what = t->what;
	char *profiles = mn_home_path(what->home, "profiles");
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	if (!what->verify)
		r = mn_home_create(what->home, err);
	if (!r && mn_io_exists(profiles)) {
		mn_home_sweep(what->home);
		mn_buf_addf(&path, "%s/new-bundle-XXXXXX", profiles);
	} else if (!r) {
		mn_buf_addf(&path, "%s/mn-bundle-XXXXXX", what->scratch);
	}
	if (!r)
		r = mn_tmp_mkdir(path.p, err);
	if (!r)
		t->stage = mn_buf_detach(&path, NULL);
	mn_buf_release(&path);
	free(profiles);
	return r;
}

static int parse_identity(struct mn_taking *t, struct mn_buf *text,
			  const struct mn_object *o, struct mn_err *err)
{
	struct mn_identity id;
	enum mn_rule rule;

	if (o->type != MN_BLOB)
		return mn_err_set(err, MN_EINVALID, "its identity is no blob");
	mn_identity_init(&id);
	rule = mn_identity_parse(&id, (struct mn_str){ o->data, o->len });
	if (rule == MN_RULE_NONE) {
		mn_id_hex(t->rep->hex, mn_identity_profile(&id));
		mn_buf_add(text, o->data, o->len);
	}
	mn_identity_release(&id);
	if (rule == MN_RULE_IDENTITY_VERSION)
		return mn_err_set(err, MN_EVERSION, "its identity was made by "
				  "a newer version of mn");
	if (rule != MN_RULE_NONE)
		return mn_err_set(err, MN_EINVALID, "its identity is not "
				  "valid: %s (%s)", mn_rule_words(rule),
				  mn_rule_name(rule));
	return 0;
}

/* Reads the identity from the pack; that says whose it is. */
static int read_identity(struct mn_taking *t, struct mn_buf *text,
			 struct mn_err *err)
{
	struct mn_buf stem = MN_BUF_INIT;
	struct mn_packfile *pack = NULL;
	struct mn_inflater inflater = { 0 };
	struct mn_unpacker *u = NULL;
	struct mn_object o;
	uint64_t off = 0;
	uint32_t pos = 0;
	int r = 0;

	if (!t->pack.objects)
		goto missing;
	mn_buf_addf(&stem, "%s/pack-%s", t->stage, t->pack.name);
	r = mn_packfile_open(&pack, stem.p, err);
	mn_buf_release(&stem);
	if (r < 0)
		return r;
	if (!mn_packfile_find(pack, t->identity, &pos)) {
		mn_packfile_free(pack);
		goto missing;
	}
	u = mn_unpacker_new(&inflater);
	r = mn_packfile_offset(pack, pos, &off, err);
	if (!r)
		r = mn_unpack(u, &o, pack, off, MN_IDENTITY_MAX, err);
	if (!r)
		r = parse_identity(t, text, &o, err);
	mn_unpacker_free(u);
	mn_inflater_release(&inflater);
	mn_packfile_free(pack);
	return r;
missing:
	return mn_err_set(err, MN_EINVALID, "its identity is not in it");
}

/* A home in the stage, with the repository as it is to be. */
static int make_repo(struct mn_taking *t, const struct mn_buf *identity,
		     struct mn_err *err)
{
	char *profiles, *repo;
	int r;

	mn_home_init(&t->stage_home, t->stage);
	profiles = mn_home_path(&t->stage_home, "profiles");
	repo = mn_home_repo(&t->stage_home, t->rep->hex);
	r = mn_io_mkdirs(profiles, 0700, err);
	if (!r)
		r = mn_taking_follow(&t->follow, &t->b->head, err);
	if (!r) {
		t->follow.follow = 1;
		memcpy(t->follow.hex, t->rep->hex, sizeof(t->follow.hex));
		r = mn_newrepo_at(repo, t->rep->hex, (struct mn_str){
			identity->p, identity->len }, &t->follow, err);
	}
	if (!r)
		r = mn_profile_open(&t->profile, &t->stage_home, t->rep->hex,
				    err);
	t->is_open = !r;
	free(profiles);
	free(repo);
	return r;
}

static int publish(struct mn_taking *t, struct mn_err *err)
{
	char *from = mn_home_repo(&t->stage_home, t->rep->hex);
	char *to = mn_home_repo(t->what->home, t->rep->hex);
	int r = 0;

	mn_quarantine_free(t->quarantine);
	t->quarantine = NULL;
	mn_profile_close(&t->profile);
	t->is_open = 0;
	if (rename(from, to))
		r = mn_err_sys(err, "cannot create '%s'", to);
	else
		r = mn_io_fsync_parent(to, err);
	t->rep->made = !r;
	free(from);
	free(to);
	return r;
}

static int is_here(const struct mn_taking *t)
{
	char *path = mn_home_repo(t->what->home, t->rep->hex);
	int r = mn_io_exists(path);

	free(path);
	return r;
}

int mn_taking_stage(struct mn_taking *t, struct mn_err *err)
{
	struct mn_buf identity = MN_BUF_INIT;
	int r = make_stage(t, err);

	if (!r)
		r = mn_taking_index(t, t->stage, NULL, err);
	if (!r)
		r = read_identity(t, &identity, err);
	if (!r)
		r = mn_taking_expects(t, err);
	if (r < 0)
		goto out;
	if (!t->what->verify && is_here(t)) {
		r = mn_taking_known(t, 1, err);
		goto out;
	}
	if (!t->what->verify && !t->what->follow) {
		r = mn_err_set(err, MN_ENOTFOUND, "it is of the profile %s, "
			       "which is not here; with --follow it is "
			       "followed from now on", t->rep->hex);
		goto out;
	}
	r = make_repo(t, &identity, err);
	if (!r)
		r = mn_taking_known(t, 1, err);
	if (r || t->what->verify)
		goto out;
	if (t->rep->admit.refused && !t->rep->admit.nodes)
		r = mn_err_set(err, MN_EINVALID, "nothing in it is good: %s",
			       t->rep->admit.refusals.p[0].why);
	else
		r = publish(t, err);
out:
	mn_buf_release(&identity);
	return r;
}
