/* bundle-impl: what the parts that read bundles share. */
#ifndef MN_REPL_BUNDLE_IMPL_H
#define MN_REPL_BUNDLE_IMPL_H

#include "git/quarantine.h"
#include "repl/bundle.h"
#include "repl/follow.h"

struct mn_bundle {
	int fd;
	char *name;
	struct mn_bundlefile head;
	char *buf;		/* what was read behind the header */
	size_t at, len;
	int taken;
};

struct mn_taking {
	struct mn_bundle *b;
	const struct mn_bundle_take *what;
	struct mn_bundle_report *rep;
	struct mn_ref_list offered;	/* refs of a profile */
	const struct mn_oid *identity;	/* in offered; NULL: not there */

	char *stage;			/* a directory; NULL: none */
	struct mn_home stage_home;	/* in it */
	struct mn_indexpack_result pack;
	struct mn_profile profile;
	int is_open;
	struct mn_follow follow;
	struct mn_quarantine *quarantine;
};

/* bundle-stage.c */

/*
 * A profile that isn't here: its pack is indexed in a directory of its own, in
 * which a whole repository is made and filled; that gets its place when all of
 * it is good. A directory whose maker died is swept by mn_home_sweep.
 */
int mn_taking_stage(struct mn_taking *t, struct mn_err *err);

/* bundle.c */

/* Reads the pack and indexes it in dir; store has bases of a thin one. */
int mn_taking_index(struct mn_taking *t, const char *dir,
		    struct mn_store *store, struct mn_err *err);
/* t->profile and t->quarantine are there, the pack lies in it. follow as in
 * admit.h. */
int mn_taking_admit(struct mn_taking *t, const struct mn_follow *follow,
		    struct mn_err *err);
/* Whether it is the profile that is meant, now that it is known. */
int mn_taking_expects(const struct mn_taking *t, struct mn_err *err);
/* The profile at home, into which it goes. moved: the pack is indexed, and
 * lies in t->stage. */
int mn_taking_known(struct mn_taking *t, int moved, struct mn_err *err);
/* The settings that a bundle with this filter asks for. */
int mn_taking_follow(struct mn_follow *f, const struct mn_bundlefile *head,
		     struct mn_err *err);

#endif
