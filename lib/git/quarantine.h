/*
 * quarantine: a place in a repository for objects that came from outside,
 * mn/incoming/XXXXXX/, until they are verified. Nobody but its maker sees
 * it: its packs are read through a store of its own, which also reads all
 * that the repository has. It goes away unless it is admitted; one whose
 * maker died is removed by the next (its files are flocked).
 *
 *	mn_quarantine_begin(&q, repo_path, &err);
 *	... mn_indexpack into mn_quarantine_dir(q) ...
 *	mn_quarantine_load(q, &err);
 *	... verify, through mn_quarantine_store(q) ...
 *	mn_quarantine_admit(q, &what, &err);	durable; the lock is held
 *	... move refs ...
 *	mn_quarantine_free(q);
 */
#ifndef MN_GIT_QUARANTINE_H
#define MN_GIT_QUARANTINE_H

#include "base/err.h"
#include "git/store.h"

struct mn_quarantine;

/* The repository's lock need not be held. Loads, too: there is a store. */
int mn_quarantine_begin(struct mn_quarantine **out, const char *gitdir,
			struct mn_err *err);
/* Where packs go, without a final slash. */
const char *mn_quarantine_dir(const struct mn_quarantine *q);
/* Looks for packs that were put there since; the store of before is closed. */
int mn_quarantine_load(struct mn_quarantine *q, struct mn_err *err);
/* Reads the quarantine and the repository. Owned by q. */
struct mn_store *mn_quarantine_store(struct mn_quarantine *q);
/* Whether the repository itself has an object (not: the quarantine), as it was
 * when load was called: 1, 0. Threads may ask together. */
int mn_quarantine_known(struct mn_quarantine *q, const struct mn_oid *oid);
/* Objects in the quarantine. */
size_t mn_quarantine_count(const struct mn_quarantine *q);

struct mn_quarantine_wanted {
	const struct mn_oid *keep;	/* what is admitted; in this order */
	size_t n;
	int promisor;			/* the packs are marked .promisor: the
					   repository is a partial clone */
};
/*
 * Makes the objects that are to be kept part of the repository, durably. Packs of
 * which all is kept are moved as they are; otherwise a new pack is written of
 * what is (entries copied as they lie where possible). Fewer than
 * MN_UNPACK_LIMIT small objects become loose ones instead, unless promisor is
 * set. What the repository has by now is left out (but for the few of which
 * a pack that is moved has a copy of the same bytes), and kept from a gc that
 * would drop it for its age. Reading through the quarantine's store goes on to work;
 * a store of the repository that was open before sees the objects only
 * after mn_store_refresh: its owner has to call that.
 *
 * MN_ENOTFOUND: one to be kept is in neither; then, and after any other error,
 * part of the objects may be there, which does no harm. Killed at any
 * moment: the same. The caller holds the repository's lock.
 */
#define MN_UNPACK_LIMIT 100
#define MN_UNPACK_BYTES (1024 * 1024)	/* that these have in all */
int mn_quarantine_admit(struct mn_quarantine *q,
			const struct mn_quarantine_wanted *w,
			struct mn_err *err);
/* Removes what is left. */
void mn_quarantine_free(struct mn_quarantine *q);
/* Removes those of dead makers, and what one left in objects/pack that died
 * between the pack and its index; the lock is held. admit does it, too. */
int mn_quarantine_sweep(const char *gitdir, struct mn_err *err);

#endif
