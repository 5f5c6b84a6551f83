/*
 * walk: which objects somebody who has some commits needs to have others:
 * all that the wants reach and the haves don't, less what a filter of a
 * partial clone leaves out. For fetches that we serve, for pushes and for
 * bundles.
 *
 *	struct mn_walk w = { .store = s, .wants = oids, .nwants = n, ... };
 *	struct mn_objlist list = MN_OBJLIST_INIT;
 *	r = mn_walk(&list, &w, &err);
 *	... list.p[0 .. list.n - 1], to be sent with git/packstream.h ...
 *	mn_objlist_release(&list);
 *
 * The order: wanted blobs and trees; then the commits, parents before
 * children, each with its tree, the blobs in it, and its subtrees.
 *
 * Commits are walked newest first by their dates, as git does it. Where the
 * dates lie, more is listed than needed, never less.
 */
#ifndef MN_NET_WALK_H
#define MN_NET_WALK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "git/objlist.h"
#include "git/store.h"

enum mn_filter_kind {
	MN_FILTER_NONE,
	MN_FILTER_TREE,		/* no trees and blobs n or more below a commit:
				   0 leaves out all of them */
	MN_FILTER_BLOB		/* no blobs of n bytes or more */
};
struct mn_filter {
	enum mn_filter_kind kind;
	uint64_t n;
};

/* "tree:N", "blob:none", "blob:limit=N" with k, m or g. 0, or -1 for any
 * other (git-rev-list(1), --filter). */
int mn_filter_parse(struct mn_filter *f, struct mn_str text);

#define MN_WALK_OBJECTS_MAX ((size_t)50 * 1000 * 1000)

struct mn_walk {
	struct mn_store *store;
	const struct mn_oid *wants;	/* of any type; listed whatever the
					   filter says, unless a have reaches
					   them */
	size_t nwants;
	const struct mn_oid *haves;	/* commits, or tags of them; any other,
					   and what is not there, is ignored */
	size_t nhaves;
	struct mn_filter filter;
	/* Commits whose parents are not looked at, neither from wants nor
	 * from haves: where shallow histories end. May be NULL. */
	const struct mn_objlist *edges;
	/* What the other side has, with all it reaches: 1, 0. May be NULL. */
	int (*known)(void *ctx, const struct mn_oid *oid);
	void *ctx;
	int partial;		/* what is missing in the store is left out;
				   otherwise it is an error */
	size_t max_objects;	/* MN_ELIMIT beyond; 0: MN_WALK_OBJECTS_MAX */
};

/* Appends to list. MN_ENOTFOUND: an object is missing (err names it). */
int mn_walk(struct mn_objlist *list, const struct mn_walk *w,
	    struct mn_err *err);

/*
 * Whether each want that is a commit has a have among its ancestors, or is
 * one: then there is nothing more to negotiate. 1, 0, or below 0.
 */
int mn_walk_all_reach(const struct mn_walk *w, struct mn_err *err);

struct mn_walk_commit {
	struct mn_oid tree;
	int64_t date;			/* committer's, in seconds */
	MN_VEC(struct mn_oid) parents;	/* of the commit read last */
};
/* Takes a commit apart; what stood in parents is dropped. 0, -1. */
int mn_walk_commit_parse(struct mn_walk_commit *c, const char *data,
			 size_t len);

/* Whether the repository is a partial clone in git's way (a pack marked
 * .promisor, extensions.partialClone, a remote with promisor = true): 1, 0. */
int mn_walk_is_partial(const struct mn_store *s, const char *gitdir);

#endif
