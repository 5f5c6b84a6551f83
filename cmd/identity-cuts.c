/* identity-cuts: the devices that mn identity recover removes; see identity.c. */
#include <stdlib.h>
#include <string.h>

#include "identity.h"
#include "social/roster.h"
#include "banned.h"

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
		r = mn_roster_cut_at_tip(cut, &at->p, err);
	}
	return r;
}
