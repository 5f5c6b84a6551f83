/* identity-cuts: the devices that mn identity recover removes; see identity.c. */
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "node/node.h"
#include "social/roster.h"
#include "banned.h"

/* Its newest node that is here still counts. */
static int known_cut(struct mn_id_cut *cut, const struct mn_profile *p,
		     struct mn_err *err)
{
	struct mn_buf ref = MN_BUF_INIT;
	struct mn_node n;
	struct mn_oid tip;
	int r;

	mn_buf_adds(&ref, MN_REF_DEVICES);
	mn_buf_addhex(&ref, cut->key.b, sizeof(cut->key.b));
	cut->era = mn_identity_last(&p->identity)->era;
	r = mn_refs_read(&tip, p->repo.path, ref.p, err);
	mn_buf_release(&ref);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	mn_node_init(&n);
	r = mn_node_load(&n, p->rd, &tip, NULL, err);
	if (r == 0 && !n.carrier.is_merge) {
		cut->era = n.meta.era;
		cut->seq = n.meta.seq;
		cut->node = n.id;
	}
	mn_node_release(&n);
	return r < 0 ? mn_err_wrap(err, MN_ECORRUPT, "cannot read the newest "
				   "post of a device") : 0;
}

int mn_identity_cuts(struct mn_id_cut **out, size_t *n,
		     const struct mn_identity_at *at, const struct mn_pub *self,
		     struct mn_err *err)
{
	const struct mn_opt_list *l = &at->o->revoke;
	const struct mn_identity *id = &at->p.identity;
	int r = 0;

	*out = mn_xcalloc(l->n ? l->n : 1, sizeof(**out));
	*n = 0;
	for (size_t i = 0; i < l->n && r == 0; i++) {
		struct mn_id_cut *cut = &(*out)[(*n)++];

		r = mn_roster_find(&cut->key, id, l->p[i], 0, err);
		if (r < 0)
			return mn_err_wrap(err, MN_EFAIL, "--revoke: 'mn -p "
					   "%.12s identity show' lists the "
					   "devices", at->p.hex);
		if (self && !memcmp(cut->key.b, self->b, sizeof(self->b)))
			return mn_err_set(err, MN_EFAIL, "'%s' is this device: "
					  "revoke it from another one",
					  l->p[i]);
		r = known_cut(cut, &at->p, err);
	}
	return r;
}
