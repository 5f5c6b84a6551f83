/* send-pack: what mn send-pack pushes. */
#ifndef MN_CMD_SEND_PACK_H
#define MN_CMD_SEND_PACK_H

#include "base/vec.h"
#include "git/store.h"
#include "net/remote.h"

struct mn_send_ref {
	struct mn_remote_update u;	/* u.name is owned */
	int force;
	int same;			/* it is there already */
};

struct mn_send {
	char *gitdir;			/* owned */
	struct mn_store *store;		/* owned */
	MN_VEC(struct mn_send_ref) refs;
	int asked;			/* the results in refs count */
};

/* "[+]SRC:DST", "SRC" (a ref, for SRC:SRC), ":DST" (to delete). MN_EINVALID,
 * MN_ENOTFOUND. */
int mn_send_add(struct mn_send *s, const char *spec, int force,
		struct mn_err *err);
/* Pushes what can be pushed. What became of each is in refs. */
int mn_send(struct mn_send *s, struct mn_remote *remote, struct mn_err *err);
void mn_send_release(struct mn_send *s);

#endif
