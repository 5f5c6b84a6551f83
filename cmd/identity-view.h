/* identity-view: what mn identity show shows; identity-show.c, identity-json.c. */
#ifndef MN_CMD_IDENTITY_VIEW_H
#define MN_CMD_IDENTITY_VIEW_H

#include "identity.h"

enum mn_root_kept { MN_ROOT_NOT_KEPT, MN_ROOT_KEPT, MN_ROOT_KEPT_WRAPPED, MN_ROOT_KEPT_VOID };

struct mn_identity_view {
	const struct mn_profile *p;
	const char *name;		/* petname, or NULL */
	int has_device;			/* this machine's */
	struct mn_pub device;
	enum mn_root_kept root;
	struct mn_buf out;
};

/* The label of a device, also where it was cut; p NULL where it never had one. */
struct mn_str mn_identity_old_label(const struct mn_identity *id,
				    const struct mn_pub *key);
int mn_identity_is_here(const struct mn_identity_view *s,
			const struct mn_pub *key);
/* Appends the document as a line. */
void mn_identity_json(struct mn_identity_view *s,
		      const struct mn_identity_doc *d, int newest);

#endif
