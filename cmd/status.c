/* status: the devices of a profile, and what its remotes have of them. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "identity-view.h"
#include "status.h"
#include "banned.h"

static const char usage[] =
	"mn status [--json]\n";

struct opts {
	int json;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "json", struct opts, json, "print one object"),
	MN_OPT_END
};

/* what is here */

static void add_device(struct mn_status *s, const struct mn_pub *key,
		       struct mn_str label, const struct mn_id_cut *cut,
		       const struct mn_pub *me)
{
	const struct mn_identity_doc *doc = mn_identity_last(&s->p.identity);
	struct mn_status_device *d = mn_vec_push(&s->devices);

	memset(d, 0, sizeof(*d));
	d->key = *key;
	d->label = label;
	d->cut = cut;
	d->mine = me && !memcmp(me->b, key->b, sizeof(key->b));
	d->frozen = mn_forks_find(&s->p.forks, doc, key) != NULL;
	memcpy(d->ref, MN_REF_DEVICES, sizeof(MN_REF_DEVICES));
	mn_hex_encode(d->ref + sizeof(MN_REF_DEVICES) - 1, key->b, 32);
}

static int look(struct mn_status *s, struct mn_status_device *d, struct mn_err *err)
{
	int r = mn_refs_read(&d->tip, s->p.repo.path, d->ref, err);

	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		memset(&d->tip, 0, sizeof(d->tip));
		return 0;
	}
	if (r == 0)
		r = mn_node_load(&s->n, s->p.rd, &d->tip, NULL, err);
	if (s->n.loaded >= MN_NODE_CARRIER)
		d->node = s->n.carrier.node;
	if (r == MN_ENOTFOUND && s->n.loaded >= MN_NODE_CARRIER) {
		mn_err_clear(err);
		return 0;
	}
	if (r == 0) {
		d->seq = s->n.meta.seq;
		d->time = s->n.meta.time;
	}
	return r;
}

static int gather(struct mn_status *s, struct mn_err *err)
{
	const struct mn_identity_doc *doc = mn_identity_last(&s->p.identity);
	char *path = mn_home_key(&s->home, s->p.hex, "device");
	struct mn_pub pub, *me;
	int r;

	me = mn_keyfile_pub(&pub, path, NULL) == 0 ? &pub : NULL;
	free(path);
	for (size_t i = 0; i < doc->ndevices; i++)
		add_device(s, &doc->devices[i].key, doc->devices[i].label,
			   NULL, me);
	for (size_t i = 0; i < doc->ncuts; i++)
		add_device(s, &doc->cuts[i].key,
			   mn_identity_old_label(&s->p.identity,
						 &doc->cuts[i].key),
			   &doc->cuts[i], me);
	r = mn_follow_read(&s->follow, s->p.repo.path, err);
	if (r == 0)
		r = mn_seen_read(&s->seen, s->p.repo.path, err);
	for (size_t i = 0; i < s->devices.n && r == 0; i++)
		r = look(s, &s->devices.p[i], err);
	return r;
}

int cmd_status(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_status s = { .c = c, .out = MN_BUF_INIT };
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "it takes no operands: '%s'", c->argv[0]);
	r = mn_cmd_open(c, &s.home, &s.p, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	mn_follow_init(&s.follow);
	mn_node_init(&s.n);
	r = gather(&s, &err);
	if (r == 0 && o.json)
		mn_status_json(&s);
	else if (r == 0)
		mn_status_text(&s);
	mn_buf_release(&s.out);
	mn_vec_release(&s.devices);
	mn_node_release(&s.n);
	mn_seen_release(&s.seen);
	mn_follow_release(&s.follow);
	mn_profile_close(&s.p);
	mn_home_release(&s.home);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
