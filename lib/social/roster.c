#include "social/roster.h"

#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "git/loose.h"
#include "node/node.h"
#include "social/settle.h"

#include "banned.h"

static int store(struct mn_profile *p, const struct mn_buf *text,
		 struct mn_err *err)
{
	struct mn_ref_update u = { .name = MN_REF_IDENTITY, .durable = 1,
				   .old_oid = p->identity_blob };
	struct mn_loose *w;
	int r = mn_loose_begin(&w, p->repo.path, err);

	if (r < 0)
		return r;
	r = mn_loose_add(w, &u.new_oid, MN_BLOB, text->p, text->len, err);
	if (r == 0)
		r = mn_loose_commit(w, err);
	if (r == 0)
		r = mn_refs_update(p->repo.path, &u, 1, err);
	mn_loose_free(w);
	if (r == 0)
		p->identity_blob = u.new_oid;
	return r;
}

int mn_roster_change(struct mn_profile *p, const struct mn_identity_keys *keys,
		     const struct mn_identity_edit *e, int wait_ms,
		     struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	struct mn_identity id;
	int r;

	r = mn_identity_next(&text, &p->identity, keys, e, mn_date_now(), err);
	if (r == 0)
		r = mn_repo_lock(&p->repo, wait_ms, err);
	if (r == 0) {
		r = store(p, &text, err);
		mn_repo_unlock(&p->repo);
	}
	if (r == 0) {
		mn_identity_init(&id);
		if (mn_identity_parse(&id, (struct mn_str){
				text.p, text.len }) != MN_RULE_NONE)
			MN_BUG("the identity made here is not valid");
		mn_identity_release(&p->identity);
		p->identity = id;
	}
	mn_buf_release(&text);
	if (r == 0 && e->ncuts)
		r = mn_settle(p, wait_ms, NULL, err);
	return r;
}

static int fits(const struct mn_pub *key, const char *word)
{
	char hex[MN_ID_HEX + 1];
	size_t len = strlen(word);

	mn_hex_encode(hex, key->b, sizeof(key->b));
	return len >= 4 && len <= MN_ID_HEX && !strncmp(hex, word, len);
}

int mn_roster_find(struct mn_pub *out, const struct mn_identity *id,
		   const char *word, int cut, struct mn_err *err)
{
	const struct mn_identity_doc *last = mn_identity_last(id);
	size_t labels = 0, keys = 0;
	struct mn_pub by_label, by_key;

	for (size_t i = 0; i < last->ndevices; i++) {
		if (mn_str_eq(last->devices[i].label, word)) {
			by_label = last->devices[i].key;
			labels++;
		}
		if (fits(&last->devices[i].key, word)) {
			by_key = last->devices[i].key;
			keys++;
		}
	}
	for (size_t i = 0; cut && i < last->ncuts; i++)
		if (fits(&last->cuts[i].key, word)) {
			by_key = last->cuts[i].key;
			keys++;
		}
	if (labels > 1 || (!labels && keys > 1))
		return mn_err_set(err, MN_EAMBIGUOUS, "'%.64s' fits several "
				  "devices: give more of a key", word);
	if (!labels && !keys)
		return mn_err_set(err, MN_ENOTFOUND, "there is no device "
				  "'%.64s'", word);
	*out = labels ? by_label : by_key;
	return 0;
}

int mn_roster_cut_at_tip(struct mn_id_cut *out, const struct mn_profile *p,
			 struct mn_err *err)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	struct mn_oid tip;
	struct mn_node n;
	int r;

	out->era = mn_identity_last(&p->identity)->era;
	mn_hex_encode(name + strlen(name), out->key.b, sizeof(out->key.b));
	r = mn_refs_read(&tip, p->repo.path, name, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	mn_node_init(&n);
	r = mn_node_load(&n, p->rd, &tip, NULL, err);
	if (r == 0 && !n.carrier.is_merge) {
		out->era = n.meta.era;
		out->seq = n.meta.seq;
		out->node = n.id;
	}
	mn_node_release(&n);
	return r < 0 ? mn_err_wrap(err, MN_ECORRUPT, "cannot read the newest "
				   "post of a device") : 0;
}
