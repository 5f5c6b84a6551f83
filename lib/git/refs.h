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
/* The same refs with the same values: 1, 0. */
int mn_refs_eq(const struct mn_ref_list *a, const struct mn_ref_list *b);
/* MN_ENOTFOUND where there is none. */
int mn_refs_read(struct mn_oid *out, const char *gitdir, const char *name,
		 struct mn_err *err);

struct mn_ref_update {
	const char *name;
	struct mn_oid new_oid;	/* zero: delete */
	struct mn_oid old_oid;	/* what must be there; zero: nothing */
	int any_old;		/* do not look at old_oid */
	int durable;		/* sync it; without, it may be lost in a power cut */
	int barrier;		/* what moved before is on disk before this moves */
};

/*
 * All or none as far as locks and old values go: every lock is taken and
 * every old value compared before the first ref moves; then they move in the
 * order given. MN_ELOCKED when another holds a lock; MN_EEXISTS when an old
 * value differs. The caller holds the repository's lock.
 */
int mn_refs_update(const char *gitdir, const struct mn_ref_update *u, size_t n,
		   struct mn_err *err);

/*
 * The same in two steps, so that the new values are synced together with the
 * objects that they name (mn_loose_sync_also):
 *
 *	mn_refs_begin(&t, gitdir, u, n, &err);	writes temporary files
 *	n = mn_refs_unsynced(t, fds);		at most n of them; borrowed
 *	... the objects and these files are synced ...
 *	mn_refs_finish(t, 1, &err);		takes the locks and moves refs
 *
 * u is borrowed until the end. finish syncs the files itself unless synced is
 * set, and frees t, also when it fails; abort only frees it.
 */
struct mn_refs_txn;
int mn_refs_begin(struct mn_refs_txn **out, const char *gitdir,
		  const struct mn_ref_update *u, size_t n, struct mn_err *err);
size_t mn_refs_unsynced(const struct mn_refs_txn *t, int *fds);
int mn_refs_finish(struct mn_refs_txn *t, int synced, struct mn_err *err);
void mn_refs_abort(struct mn_refs_txn *t);

#endif
