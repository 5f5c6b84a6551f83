/*
 * refs: reads and moves refs of a bare repository, in git's own format
 * (loose files and packed-refs), without starting libgit2.
 *
 * Writers hold the repository's lock (git/repo.h) and, for each ref, git's
 * "<ref>.lock", so that stock git may write at the same time. A .lock that a
 * killed mn left behind is recognised (it is a second name of a file in
 * mn/tmp of the repository) and removed by the next writer.
 */
#ifndef MN_GIT_REFS_H
#define MN_GIT_REFS_H

#include "base/err.h"
#include "git/oid.h"

#define MN_REF_MAX 200		/* bytes of a name */

struct mn_ref {
	char name[MN_REF_MAX + 1];
	struct mn_oid oid;
};

struct mn_ref_list {		/* sorted by name */
	struct mn_ref *p;
	size_t n, cap;
};

/* All refs whose name begins with prefix ("refs/mn/devices/"); at most
 * max of them (MN_ELIMIT). Broken or symbolic ones are MN_ECORRUPT. */
int mn_refs_list(struct mn_ref_list *out, const char *gitdir,
		 const char *prefix, size_t max, struct mn_err *err);
void mn_refs_release(struct mn_ref_list *l);
/* MN_ENOTFOUND where there is none. */
int mn_refs_read(struct mn_oid *out, const char *gitdir, const char *name,
		 struct mn_err *err);

struct mn_ref_update {
	const char *name;
	struct mn_oid new_oid;	/* zero: delete */
	struct mn_oid old_oid;	/* what must be there; zero: nothing */
	int any_old;		/* do not look at old_oid */
	int durable;		/* sync it; without, it may be lost in a power cut */
};

/*
 * All or none as far as locks and old values go: every lock is taken and
 * every old value compared before the first ref moves; then they move in the
 * order given. MN_ELOCKED when another holds a lock; MN_EEXISTS when an old
 * value differs. The caller holds the repository's lock.
 */
int mn_refs_update(const char *gitdir, const struct mn_ref_update *u, size_t n,
		   struct mn_err *err);

#endif
