/*
 * adopt: honest posts beyond the cut of a device, made anew by another. They
 * were set aside when the device was cut (MN_REF_ASIDE of forks.h).
 *
 *	mn_beyond_find(&l, &profile, &err);
 *	... l.p[i].node, .device: choose ...
 *	mn_adopt_draft(&draft, &profile, &l, i, &err);
 *	... post the draft: ids[0]; l.p[i].as = ids[0] ...
 *	mn_beyond_release(&l);
 *
 * What is made says in a subject "adopts" which node it takes the place of,
 * and in an attribute "adopted-time" when that was made.
 */
#ifndef MN_SOCIAL_ADOPT_H
#define MN_SOCIAL_ADOPT_H

#include "base/err.h"
#include "git/oid.h"
#include "social/draft.h"
#include "social/profile.h"

#define MN_ADOPTS "adopts"		/* the subject's relation */
#define MN_ADOPTED_TIME "adopted-time"	/* the attribute: ms */

struct mn_beyond_node {
	struct mn_pub device;
	uint64_t era, seq;
	struct mn_id node;
	struct mn_oid carrier;
	int adopted;			/* by the node: */
	struct mn_id as;
};
struct mn_beyond {			/* by device, then era and seq */
	struct mn_beyond_node *p;
	size_t n, cap;
};

/* All nodes beyond a cut that are here, those on the other branch of a key that
 * was used twice among them, and which of them were adopted. Reads the
 * profile's nodes. */
int mn_beyond_find(struct mn_beyond *out, struct mn_profile *p,
		   struct mn_err *err);
void mn_beyond_release(struct mn_beyond *l);

/*
 * Fills an empty draft: what node i says, and contents, which go to files in
 * dir that the caller removes (MN_CONTENTS_MAX at most, "content-0" and so
 * on). Subjects that name nodes which were adopted name what took their
 * place. MN_ENOTFOUND where a content is not here; MN_ELIMIT where there is no
 * room for the subject or the attribute.
 */
int mn_adopt_draft(struct mn_draft *d, struct mn_profile *p,
		   const struct mn_beyond *l, size_t i, const char *dir,
		   struct mn_err *err);

#endif
