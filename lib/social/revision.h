/*
 * revision: what a user's word for a node or an object means.
 *
 *	OBJECT :=	full node id, or an abbreviation of 4 digits or more
 *		|	git object id, or an abbreviation (where no node has it)
 *		|	HEAD, @, and what git knows: HEAD~3, main^, <rev>^{tree},
 *			<rev>:<path> - a merge stands where git has it
 *		|	@{DEVICE}: newest node of a device, by label or key
 *		|	PROFILE:NODE, PROFILE:HEAD, ...
 *		|	mn:PROFILE, mn:PROFILE/NODE
 *	RANGE :=	A..B, ^A, B, A...B as in gitrevisions(7), over OBJECTs
 *
 * The parser works on foreign text too: strict, bounded, no recursion.
 */
#ifndef MN_SOCIAL_REVISION_H
#define MN_SOCIAL_REVISION_H

#include "base/err.h"
#include "base/vec.h"
#include "git/oid.h"
#include "key/sign.h"

#define MN_REVISION_MAX 1024		/* bytes of a word */

enum mn_revision_form {
	MN_REV_HEX,		/* digits: node id, git id, or a part of one */
	MN_REV_DEVICE,		/* @{...} */
	MN_REV_GIT,		/* anything that git is asked about */
	MN_REV_PROFILE		/* mn:PROFILE alone: its head; base is empty */
};

/* A word taken apart; pure. Borrows. */
struct mn_revision {
	enum mn_revision_form form;
	struct mn_str profile;		/* p NULL: the current one */
	struct mn_str base;		/* digits, device, or git's revision */
	struct mn_str suffix;		/* ~3, ^2, ^{tree}, :path behind them */
};
int mn_revision_parse(struct mn_revision *out, struct mn_str word,
		      struct mn_err *err);

/* A range taken apart: each part with its sign. Pure. */
struct mn_range_part {
	struct mn_str word;	/* empty, where a side of the dots is: HEAD */
	int exclude;		/* 1: ^A */
	int symmetric;		/* of A...B: both parts carry it */
};
struct mn_range {
	struct mn_range_part p[64];
	size_t n;
};
int mn_range_parse(struct mn_range *out, struct mn_str arg,
		   struct mn_err *err);		/* adds to out */

/* resolving: needs a home, the index and repositories */
struct mn_index;
struct mn_home;
struct mn_profile;

struct mn_resolver {
	const struct mn_home *home;
	struct mn_index *index;		/* may be NULL: slower */
	struct mn_profile *current;	/* may be NULL: words must name one */
	int synced;			/* the caller has brought the index up
					   to date with current */
};

struct mn_resolved {
	struct mn_profile *profile;	/* current, or opened for the resolver */
	int opened;			/* close it: mn_resolved_release */
	struct mn_oid oid;		/* the carrier, or the git object */
	int is_node;			/* named as a node: node is its id */
	struct mn_id node;
};
/* MN_EINVALID, MN_ENOTFOUND; MN_EAMBIGUOUS, whose words list candidates. An id
 * that no node and no object of the profile has is sought among the nodes
 * of all profiles, if there is an index. out holds nothing after an error. */
int mn_resolve(struct mn_resolved *out, const struct mn_resolver *r,
	       const char *word, struct mn_err *err);
void mn_resolved_release(struct mn_resolved *r);
/* Finds out which node the commit carries, where that is not known yet. For
 * a merge, and for what is no carrier, is_node stays 0. */
int mn_resolved_node(struct mn_resolved *r, struct mn_err *err);

/* A device by its label, else by its key or 4 digits or more of one. */
int mn_device_find(struct mn_pub *out, const struct mn_profile *p,
		   struct mn_str word, struct mn_err *err);

/*
 * A range of commits, resolved: what tips reach and hide does not. All of one
 * profile.
 */
struct mn_oid_list {
	struct mn_oid *p;
	size_t n, cap;
};
struct mn_range_set {
	struct mn_profile *profile;
	struct mn_resolved *opened;	/* holds the profile, or NULL */
	struct mn_oid_list tips, hide;
};
/* n >= 1 arguments; without one that includes anything, HEAD is meant. */
int mn_range_resolve(struct mn_range_set *out, const struct mn_resolver *r,
		     const char *const *args, size_t n, struct mn_err *err);
void mn_range_release(struct mn_range_set *s);

#endif
