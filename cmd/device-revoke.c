/* device-revoke: from some post on, what a device signs doesn't count. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "device.h"
#include "node/node.h"
#include "out/text.h"
#include "social/pairing.h"
#include "social/revision.h"
#include "social/roster.h"
#include "banned.h"

static int cut_before(struct mn_id_cut *out, struct mn_device_at *at,
		      const char *word, struct mn_node *n, struct mn_err *err)
{
	struct mn_resolver rs = { .home = &at->home, .current = &at->p };
	struct mn_index *index = NULL;
	struct mn_resolved res;
	int r;

	if (mn_cmd_index(at->c, &at->home, &index, 1000, NULL) == 0)
		rs.index = index;
	r = mn_resolve(&res, &rs, word, err);
	if (r == 0) {
		if (res.profile != &at->p)
			r = mn_err_set(err, MN_EINVALID, "'%s' is a node of "
				       "another profile", word);
		else
			r = mn_node_load(n, at->p.rd, &res.oid, NULL, err);
		mn_resolved_release(&res);
	}
	if (index)
		mn_index_close(index);
	if (r < 0)
		return r;
	if (n->carrier.is_merge || memcmp(n->meta.device.b, out->key.b,
					  sizeof(out->key.b)))
		return mn_err_set(err, MN_EINVALID, "'%s' is not a post of this "
				  "device", word);
	out->era = n->meta.era;
	out->seq = n->meta.seq - 1;
	if (out->seq)
		out->node = n->meta.prev;
	return 0;
}

int mn_device_cut_at(struct mn_id_cut *out, struct mn_device_at *at,
		     const struct mn_pub *device, const char *from,
		     struct mn_err *err)
{
	struct mn_node n;
	int r;

	memset(out, 0, sizeof(*out));
	out->key = *device;
	out->era = mn_identity_last(&at->p.identity)->era;
	mn_node_init(&n);
	r = from ? cut_before(out, at, from, &n, err)
		 : mn_roster_cut_at_tip(out, &at->p, err);
	mn_node_release(&n);
	return r;
}

static int confirm(const struct mn_device_at *at, const struct mn_id_cut *cut,
		   const char *word, int mine, struct mn_err *err)
{
	const struct mn_id_device *d = mn_identity_device(
		mn_identity_last(&at->p.identity), &cut->key);
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_buf_adds(&b, "Device  ");
	mn_text_line(&b, d ? d->label : mn_str(word));
	mn_buf_adds(&b, mine ? ", which is this one\nKey     "
		    : "\nKey     ");
	mn_pairing_fingerprint(&b, &cut->key);
	mn_buf_addf(&b, "\nPosts   the first %" PRIu64 " count, and no others\n"
		    "Revoke it? That can't be undone.", cut->seq);
	r = mn_device_confirm(at, b.p, err);
	mn_buf_release(&b);
	return r;
}

/* 0: go on; 1: nothing is to be done. */
static int check(struct mn_device_at *at, const struct mn_id_cut *cut,
		 struct mn_err *err)
{
	const struct mn_identity_doc *d = mn_identity_last(&at->p.identity);
	const struct mn_id_cut *is = mn_identity_cut(d, &cut->key);

	if (!is) {
		if (d->ndevices > 1)
			return 0;
		return mn_err_set(err, MN_EFAIL, "it is the only device: nobody "
				  "could post any more; add another first, or "
				  "give it a new key with 'mn device rekey'");
	}
	if (!at->o->from || (is->era == cut->era && is->seq == cut->seq)) {
		mn_warning(at->c, "it is revoked already, after %" PRIu64
			   " posts; --from lowers that", is->seq);
		return 1;
	}
	if (cut->era > is->era || (cut->era == is->era && cut->seq > is->seq))
		return mn_err_set(err, MN_EINVALID, "it is revoked after %"
				  PRIu64 " posts, which can only be lowered: "
				  "'mn device adopt' takes later ones over",
				  is->seq);
	return 0;
}

static void say(struct mn_device_at *at, const struct mn_pub *key)
{
	struct mn_err none = MN_ERR_INIT;
	size_t n = 0;

	if (mn_device_count_beyond(&n, at, key, &none) == 0 && n)
		fprintf(stderr, "%zu post%s of it that %s here %s not count "
			"any more; 'mn device adopt' takes\nover what was "
			"honest.\n", n, n == 1 ? "" : "s",
			n == 1 ? "is" : "are", n == 1 ? "does" : "do");
	mn_device_say_push(at);
}

int mn_device_revoke(struct mn_device_at *at, struct mn_err *err)
{
	const char *word = at->c->argv[1];
	struct mn_id_cut cut;
	struct mn_identity_edit e = { .cuts = &cut, .ncuts = 1 };
	char *path = mn_home_key(&at->home, at->p.hex, "device");
	struct mn_pub key, me;
	int mine, r = mn_roster_find(&key, &at->p.identity, word, 1, err);

	if (r == 0)
		r = mn_device_cut_at(&cut, at, &key, at->o->from, err);
	if (r == 0)
		r = check(at, &cut, err);
	if (r) {
		free(path);
		return r < 0 ? r : MN_EXIT_OK;
	}
	mine = mn_keyfile_pub(&me, path, NULL) == 0 &&
		!memcmp(me.b, key.b, sizeof(me.b));
	free(path);
	r = confirm(at, &cut, word, mine, err);
	if (r <= 0)
		return r < 0 ? r : MN_EXIT_NO;
	r = mn_device_change(at, &e, err);
	if (r == 0)
		say(at, &key);
	return r;
}
