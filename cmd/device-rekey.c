/* device-rekey: another key for this device, whose own is used twice. */
#include <stdlib.h>
#include <string.h>

#include "device.h"
#include "identity-view.h"
#include "join.h"
#include "out/text.h"
#include "social/pairing.h"
#include "banned.h"

struct rekeying {
	struct mn_device_at *at;
	struct mn_pub old;
	struct mn_buf label;
	char passphrase[MN_PASSPHRASE_MAX];
};

/* The new key's file is under a passphrase where that of the old one is. */
static int passphrase(struct rekeying *w, struct mn_err *err)
{
	struct mn_device_at *at = w->at;
	char *path = mn_home_key(&at->home, at->p.hex, "device");
	struct mn_secret *s = NULL;
	int wrapped = mn_keyfile_read_device(&s, path, &at->p.id, NULL, NULL,
					     NULL) == MN_EPASSPHRASE;

	mn_secret_free(s);
	free(path);
	if (!wrapped && !at->o->passphrase)
		return 0;
	return mn_cmd_new_passphrase(at->c, w->passphrase,
				     sizeof(w->passphrase), err);
}

static int look(struct rekeying *w, struct mn_err *err)
{
	struct mn_device_at *at = w->at;
	char *path = mn_home_key(&at->home, at->p.hex, "device");
	struct mn_str before;
	int r = mn_keyfile_pub(&w->old, path, err);

	free(path);
	if (r == MN_ENOTFOUND)
		return mn_cmd_may_post(&at->home, &at->p, err);
	if (r < 0)
		return r;
	before = mn_identity_old_label(&at->p.identity, &w->old);
	if (at->o->label || !before.p)
		mn_device_label(&w->label, at->o->label);
	else
		mn_buf_addstr(&w->label, before);
	return mn_device_label_free(&at->p, w->label.p, &w->old, err);
}

/* ------------------------------------------------- without the root secret */

static int ask(struct rekeying *w, struct mn_err *err)
{
	struct mn_device_at *at = w->at;
	struct mn_buf b = MN_BUF_INIT;
	int r;

	if (at->o->from)
		return mn_err_set(err, MN_EFAIL, "the root secret is not kept "
				  "here: --from goes to 'mn device revoke' "
				  "where it is");
	r = mn_device_ask(at, w->label.p, w->passphrase, err);
	if (r < 0)
		return r;
	mn_buf_addhex(&b, w->old.b, 6);
	fprintf(stderr, "There, 'mn device revoke %s' comes first. After 'mn "
		"init --join' here,\n'mn device adopt %s' takes over the posts "
		"that were cut off.\n", b.p, b.p);
	mn_buf_release(&b);
	return 0;
}

/* ---------------------------------------------------- with the root secret */

static int confirm(struct rekeying *w, const struct mn_id_cut *cut,
		   struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_buf_adds(&b, "Device  ");
	mn_text_line(&b, (struct mn_str){ w->label.p, w->label.len });
	mn_buf_adds(&b, ", which is this one\nKey     ");
	mn_pairing_fingerprint(&b, &w->old);
	mn_buf_addf(&b, "\nPosts   the first %llu count, later ones get the new "
		    "key\nRevoke this key, and make another? That can't be "
		    "undone.", (unsigned long long)cut->seq);
	r = mn_device_confirm(w->at, b.p, err);
	mn_buf_release(&b);
	return r;
}

/* Whether the cut would change anything. */
static int is_lower(const struct mn_identity_doc *d,
		    const struct mn_id_cut *cut)
{
	const struct mn_id_cut *is = mn_identity_cut(d, &cut->key);

	return !is || cut->era < is->era ||
		(cut->era == is->era && cut->seq < is->seq);
}

static int change(struct rekeying *w, const struct mn_id_cut *cut,
		  struct mn_err *err)
{
	struct mn_device_at *at = w->at;
	struct mn_id_device device = { .label = { w->label.p, w->label.len } };
	struct mn_identity_edit e = { .add = &device, .nadd = 1, .cuts = cut };
	struct mn_secret *key = NULL;
	int r = mn_device_new_key(&key, at, w->passphrase, err);

	e.ncuts = is_lower(mn_identity_last(&at->p.identity), cut) ? 1 : 0;
	if (r == 0) {
		mn_secret_pub(&device.key, key);
		r = mn_device_change(at, &e, err);
		if (r < 0)
			mn_device_forget_key(at, &device.key);
	}
	if (r == 0)
		r = mn_cmd_take_key(&at->home, &at->p, &device.key, err);
	mn_secret_free(key);
	return r;
}

static int rekey(struct rekeying *w, struct mn_err *err)
{
	struct mn_id_cut cut;
	int r = mn_device_cut_at(&cut, w->at, &w->old, w->at->o->from, err);

	if (r == 0)
		r = confirm(w, &cut, err);
	if (r <= 0)
		return r < 0 ? r : MN_EXIT_NO;
	r = change(w, &cut, err);
	if (r == 0)
		r = mn_device_adopt_from(w->at, &w->old, err);
	if (r == 0)
		mn_device_say_push(w->at);
	return r;
}

int mn_device_rekey(struct mn_device_at *at, struct mn_err *err)
{
	struct rekeying w = { .at = at, .label = MN_BUF_INIT };
	int r = look(&w, err);

	if (r == 0)
		r = passphrase(&w, err);
	if (r == 0)
		r = mn_device_has_root(at) ? rekey(&w, err) : ask(&w, err);
	mn_wipe(w.passphrase, sizeof(w.passphrase));
	mn_buf_release(&w.label);
	return r;
}
