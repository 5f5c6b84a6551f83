/* identity-recover: a device from the recovery phrase; see identity.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "follows.h"
#include "identity.h"
#include "node/lines.h"
#include "out/text.h"
#include "rooted.h"
#include "social/roster.h"
#include "banned.h"

/*
 * The keys are written first, then the identity document that lists the device
 * is made. Who dies in between has a key that nobody knows: the same command
 * once more takes it up again.
 */
struct recovery {
	struct mn_identity_at *at;
	struct mn_cmd_pass pass;
	struct mn_root *root;
	struct mn_secret *device;
	struct mn_pub pub;
	int listed;			/* the device is one already */
	struct mn_buf label;
	struct mn_id_cut *cuts;
	size_t ncuts;
};

/* -------------------------------------------------------------- the device */

static int is_removed(const struct recovery *rec, const struct mn_pub *key)
{
	for (size_t i = 0; i < rec->ncuts; i++)
		if (!memcmp(rec->cuts[i].key.b, key->b, sizeof(key->b)))
			return 1;
	return 0;
}

static int label_in_use(const struct recovery *rec, const char *label)
{
	const struct mn_identity_doc *d = mn_identity_last(&rec->at->p.identity);

	for (size_t i = 0; i < d->ndevices; i++)
		if (mn_str_eq(d->devices[i].label, label) &&
		    !is_removed(rec, &d->devices[i].key))
			return 1;
	return 0;
}

/* The label that was given, or the host's name, with a number behind it where
 * another device has it. */
static int make_label(struct recovery *rec, struct mn_err *err)
{
	char host[MN_LABEL_MAX - 3];

	if (rec->at->o->device) {
		mn_buf_adds(&rec->label, rec->at->o->device);
		if (label_in_use(rec, rec->label.p))
			return mn_err_set(err, MN_EEXISTS, "there is a device "
					  "'%s' already: give another label "
					  "with --device", rec->label.p);
		return 0;
	}
	if (gethostname(host, sizeof(host)) < 0)
		host[0] = '\0';
	host[sizeof(host) - 1] = '\0';
	if (mn_text_check(mn_str(host), MN_LABEL_MAX) < 0)
		memcpy(host, "device", sizeof("device"));
	mn_buf_adds(&rec->label, host);
	for (unsigned i = 2; label_in_use(rec, rec->label.p); i++) {
		mn_buf_clear(&rec->label);
		mn_buf_addf(&rec->label, "%s-%u", host, i);
	}
	return 0;
}

/* A key that lies here already is taken, unless the device was removed. */
static int look_at_key(struct recovery *rec, const char *path,
		       struct mn_err *err)
{
	struct mn_profile *p = &rec->at->p;
	const struct mn_identity_doc *d = mn_identity_last(&p->identity);
	int r;

	if (!mn_io_exists(path))
		return 0;
	r = mn_keyfile_pub(&rec->pub, path, err);
	if (r < 0 || mn_identity_cut(d, &rec->pub))
		return r;
	rec->listed = mn_identity_device(d, &rec->pub) != NULL;
	return mn_keyfile_read_device(&rec->device, path, &p->id,
				      mn_cmd_pass_ask, &rec->pass, err);
}

static int make_key(struct recovery *rec, const char *path, struct mn_err *err)
{
	struct mn_identity_at *at = rec->at;
	int r = 0;

	if (at->o->passphrase) {
		r = mn_cmd_new_passphrase(at->c, rec->pass.text,
					  sizeof(rec->pass.text), err);
		rec->pass.known = r == 0;
	}
	if (r < 0)
		return r;
	rec->device = mn_secret_random();
	mn_secret_pub(&rec->pub, rec->device);
	r = mn_home_create(&at->home, err);
	return r < 0 ? r : mn_keyfile_write_device(path, &at->p.id,
			rec->device, rec->pass.text, 1, err);
}

/* Nothing is written before all is known to be right. */
static int take_key(struct recovery *rec, struct mn_err *err)
{
	struct mn_identity_at *at = rec->at;
	char *path = mn_home_key(&at->home, at->p.hex, "device");
	int r = look_at_key(rec, path, err);

	if (r == 0)
		r = mn_identity_cuts(&rec->cuts, &rec->ncuts, at,
				     rec->listed ? &rec->pub : NULL, err);
	if (r == 0 && !rec->listed)
		r = make_label(rec, err);
	if (r == 0 && !rec->device)
		r = make_key(rec, path, err);
	free(path);
	return r;
}

/* One that is in force stays as it is. */
static int keep_root(struct recovery *rec, struct mn_err *err)
{
	struct mn_identity_at *at = rec->at;
	char *path = mn_home_key(&at->home, at->p.hex, "root");
	char *next = mn_home_key(&at->home, at->p.hex, "root.next");
	struct mn_root *here = NULL;
	int r = 0, same;

	if (mn_io_exists(path) &&
	    mn_keyfile_read_root(&here, path, &at->p.id, mn_cmd_pass_ask,
				 &rec->pass, NULL) < 0)
		here = NULL;
	same = here && mn_identity_is_root(&at->p.identity, here);
	mn_root_free(here);
	if (!same)
		r = mn_keyfile_write_root(path, &at->p.id, rec->root,
					  rec->pass.known ? rec->pass.text : "",
					  1, err);
	if (r == 0)
		unlink(next);	/* of a rotation that did not take place */
	free(next);
	free(path);
	return r;
}

/* --------------------------------------------------------------- all of it */

static int sign(struct recovery *rec, struct mn_err *err)
{
	struct mn_id_device device = { .key = rec->pub,
				       .label = mn_str(rec->label.len ? rec->label.p : "") };
	struct mn_identity_keys keys = { .root = rec->root };
	struct mn_identity_edit e = {
		.add = &device, .nadd = rec->listed ? 0 : 1,
		.cuts = rec->cuts, .ncuts = rec->ncuts };
	int wait_ms, r;

	if (!e.nadd && !e.ncuts)
		return 0;
	r = mn_cmd_lock_wait(&wait_ms, rec->at->c, err);
	return r < 0 ? r : mn_roster_change(&rec->at->p, &keys, &e, wait_ms,
					    err);
}

static int unfollow(void *ctx, struct mn_follow *f, struct mn_repo *repo,
		    struct mn_err *err)
{
	(void)ctx;
	(void)repo;
	(void)err;
	if (!f->follow)
		return 1;
	f->follow = 0;
	return 0;
}

/* It is one's own from now on. */
static int configure(struct recovery *rec, struct mn_err *err)
{
	struct mn_identity_at *at = rec->at;
	char *path = mn_home_path(&at->home, "config");
	int r;

	r = mn_cmd_change_settings(at->c, &at->home, at->p.hex, unfollow, NULL,
				   err);
	if (r == 0 && !mn_conf_get(mn_cmd_conf(at->c), "profile.default"))
		r = mn_conf_set(path, "profile.default", at->p.hex, err);
	free(path);
	return r;
}

static int recover(struct recovery *rec, struct mn_err *err)
{
	struct mn_identity_at *at = rec->at;
	char hex[MN_ID_HEX + 1];
	int r;

	mn_cmd_conf(at->c);	/* before anything is made: it may be broken */
	r = mn_cmd_phrase(&rec->root, at->c, at->o->phrase_file, err);
	if (r == 0)
		r = mn_identity_locate(hex, at, rec->root, err);
	if (r == 0)
		r = mn_profile_open(&at->p, &at->home, hex, err);
	if (r < 0)
		return r;
	r = mn_cmd_root_fits(&at->p, rec->root, err);
	if (r == 0)
		r = take_key(rec, err);
	if (r == 0)
		r = sign(rec, err);
	if (r == 0 && !at->o->no_root)
		r = keep_root(rec, err);
	return r < 0 ? r : configure(rec, err);
}

static void say(const struct recovery *rec)
{
	const struct mn_identity_at *at = rec->at;
	const struct mn_identity_doc *d = mn_identity_last(&at->p.identity);
	struct mn_buf b = MN_BUF_INIT;

	if (rec->listed) {
		mn_buf_adds(&b, "This device was one of the profile's already");
	} else {
		mn_buf_adds(&b, "This device, '");
		mn_text_line(&b, mn_str(rec->label.p));
		mn_buf_addf(&b, "', may post from now on (R%llu)",
			    (unsigned long long)d->number);
	}
	mn_buf_addf(&b, ".\nThe root secret is %s.\n", at->o->no_root
		    ? "not kept here" : "kept here");
	for (size_t i = 0; i < rec->ncuts; i++) {
		mn_buf_adds(&b, "Removed: ");
		mn_buf_addhex(&b, rec->cuts[i].key.b, 6);
		mn_buf_addf(&b, ", of which %llu posts count.\n",
			    (unsigned long long)rec->cuts[i].seq);
	}
	if (!rec->listed || rec->ncuts)
		mn_buf_adds(&b, "Now 'mn push', so that others know.\n");
	fputs(b.p, stderr);
	mn_buf_release(&b);
}

int mn_identity_recover(struct mn_identity_at *at, struct mn_err *err)
{
	struct recovery rec = { .at = at, .pass = { .c = at->c },
				.label = MN_BUF_INIT };
	int r = recover(&rec, err);

	if (r == 0) {
		say(&rec);
		mn_out(at->c, at->p.hex, MN_ID_HEX);
		mn_out(at->c, "\n", 1);
	}
	if (at->p.rd)
		mn_profile_close(&at->p);
	mn_wipe(&rec.pass, sizeof(rec.pass));
	mn_buf_release(&rec.label);
	free(rec.cuts);
	mn_secret_free(rec.device);
	mn_root_free(rec.root);
	return r < 0 ? r : MN_EXIT_OK;
}
