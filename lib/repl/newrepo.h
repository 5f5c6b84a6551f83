/*
 * newrepo: the repository of a profile comes to be: built in a directory of
 * its own beside its place ($MN_DIR/profiles/new-XXXXXX), complete and synced,
 * then renamed. Whoever dies in between leaves a directory that nobody looks
 * into, and which mn_home_sweep removes an hour later.
 *
 *	struct mn_newrepo n = MN_NEWREPO_INIT;
 *	r = mn_newrepo_build(&n, &home, hex, identity, &follow, err);
 *	if (r == 0)
 *		r = mn_newrepo_place(&n, err);
 *	mn_newrepo_release(&n);
 */
#ifndef MN_REPL_NEWREPO_H
#define MN_REPL_NEWREPO_H

#include "base/buf.h"
#include "base/err.h"
#include "repl/follow.h"
#include "social/home.h"

struct mn_newrepo {
	char *dir;		/* new-XXXXXX; NULL: not made, or gone */
	char *repo;		/* in it; NULL once it is in its place */
	char *place;		/* where it goes */
};
#define MN_NEWREPO_INIT { NULL, NULL, NULL }

/*
 * Makes the empty directory; the home is there. For mn_newrepo_build, which
 * does it by itself, or for other things that a profile in the making needs
 * (mn_fetch_discover).
 */
int mn_newrepo_begin(struct mn_newrepo *n, const struct mn_home *h,
		     struct mn_err *err);
/*
 * Builds the repository of profile hex in it: refs/mn/identity names the
 * documents, which the caller has verified to be those of hex; f: its settings,
 * or NULL. MN_EEXISTS where the home has the profile.
 */
int mn_newrepo_build(struct mn_newrepo *n, const struct mn_home *h,
		     const char *hex, struct mn_str identity,
		     const struct mn_follow *f, struct mn_err *err);
/* The same at a path of the caller's, who sees to the rest. */
int mn_newrepo_at(const char *path, const char *hex, struct mn_str identity,
		  const struct mn_follow *f, struct mn_err *err);
/* From here on the profile is there, durably. MN_EEXISTS where somebody else
 * was faster. */
int mn_newrepo_place(struct mn_newrepo *n, struct mn_err *err);
/* Removes what is not in its place. */
void mn_newrepo_release(struct mn_newrepo *n);

#endif
