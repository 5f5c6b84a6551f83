/*
 * roster: who may sign for a profile, changed by its owner: a new identity
 * document becomes the one in force.
 */
#ifndef MN_SOCIAL_ROSTER_H
#define MN_SOCIAL_ROSTER_H

#include "node/identity-edit.h"
#include "social/profile.h"

/*
 * Makes the document (node/identity-edit.h), stores it durably and moves
 * refs/mn/identity; p->identity is the new one. Where a device was cut, refs
 * follow (settle.h). Takes the lock. What
 * mn_identity_next gives; MN_EEXISTS where another document came meanwhile: try
 * again.
 */
int mn_roster_change(struct mn_profile *p, const struct mn_identity_keys *keys,
		     const struct mn_identity_edit *e, int wait_ms,
		     struct mn_err *err);

/* A cut of the device out->key at its newest node that is here, which still
 * counts; at nothing (seq 0) where none is. */
int mn_roster_cut_at_tip(struct mn_id_cut *out, const struct mn_profile *p,
			 struct mn_err *err);

/* Which device a word means: its label, or the start (4 digits or more) of its
 * key; listed or, with cut, removed ones. MN_ENOTFOUND, MN_EAMBIGUOUS. */
int mn_roster_find(struct mn_pub *out, const struct mn_identity *id,
		   const char *word, int cut, struct mn_err *err);

#endif
