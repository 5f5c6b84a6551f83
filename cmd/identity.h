/* identity: what the parts of mn identity share. */
#ifndef MN_CMD_IDENTITY_H
#define MN_CMD_IDENTITY_H

#include "key/root.h"
#include "profile.h"

struct mn_identity_opts {
	const char *profile, *out, *from, *phrase_file, *device, *new_file;
	struct mn_opt_list revoke;
	int all, json, no_root, passphrase, remove;
};

/* The home, and the profile if the action works on one. */
struct mn_identity_at {
	struct mn_cmd *c;
	const struct mn_identity_opts *o;
	const char *file;		/* operand, or NULL */
	struct mn_home home;
	struct mn_profile p;
};

/* Each returns the exit status, or < 0. */
typedef int mn_identity_fn(struct mn_identity_at *at, struct mn_err *err);

int mn_identity_show(struct mn_identity_at *at, struct mn_err *err);
int mn_identity_export(struct mn_identity_at *at, struct mn_err *err);
int mn_identity_rotate(struct mn_identity_at *at, struct mn_err *err);
int mn_identity_passphrase(struct mn_identity_at *at, struct mn_err *err);
/* at->p is not open in these */
int mn_identity_verify(struct mn_identity_at *at, struct mn_err *err);
int mn_identity_recover(struct mn_identity_at *at, struct mn_err *err);

/* identity-bring.c: the id of the profile that is to be recovered; it is here
 * then: brought from --from, or the one whose root secret it is. */
int mn_identity_locate(char hex[MN_ID_HEX + 1],
		       const struct mn_identity_at *at,
		       const struct mn_root *root, struct mn_err *err);

/* identity-cuts.c: those of --revoke, each cut behind its newest node that is
 * here. self: this device, or NULL. The caller frees, also after an error. */
int mn_identity_cuts(struct mn_id_cut **out, size_t *n,
		     const struct mn_identity_at *at, const struct mn_pub *self,
		     struct mn_err *err);

#endif
