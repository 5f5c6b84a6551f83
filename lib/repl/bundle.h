/*
 * bundle: a profile, or what is new of it, as one file in git's bundle format
 * (gitformat-bundle(5)), that stock git reads and that is carried by hand.
 *
 * Writing:
 *
 *	struct mn_bundle_make m = { .profile = &p, .has = &known, ... };
 *	r = mn_bundle_make(&m, write_bytes, ctx, &made, &err);
 *
 * Reading: the header says whose it is, the pack goes into a quarantine, is
 * verified, and what is good is let in (admit.h):
 *
 *	mn_bundle_open(&b, fd, name, &err);
 *	... mn_bundle_head(b) ...
 *	r = mn_bundle_take(b, &what, &report, &err);
 *	mn_bundle_close(b);
 */
#ifndef MN_REPL_BUNDLE_H
#define MN_REPL_BUNDLE_H

#include "base/err.h"
#include "git/bundlefile.h"
#include "git/indexpack.h"
#include "repl/admit.h"
#include "repl/wanted.h"
#include "social/home.h"
#include "social/profile.h"

/* What the other side has: commits, whether they are here or not. */
struct mn_bundle_has {
	struct mn_oid_list oids;	/* its tips */
	struct mn_oid_list older;	/* what it had before; taken where a tip
					   is not here */
};
void mn_bundle_has_release(struct mn_bundle_has *has);
/* By a bundle that it made, or that was made for it before. */
void mn_bundle_has_head(struct mn_bundle_has *has,
			const struct mn_bundlefile *head);

struct mn_bundle_make {			/* borrowed */
	struct mn_profile *profile;
	const struct mn_bundle_has *has;	/* NULL: nothing */
	const char *filter;	/* of a partial clone; NULL or "": all */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *ctx;
};
struct mn_bundle_made {
	size_t refs, needs;
	size_t unknown;		/* tips of the other side that are not here */
	size_t nodes;		/* commits, computed merges among them */
	uint64_t objects, bytes;
};
typedef int mn_bundle_write(void *ctx, const void *data, size_t len,
			    struct mn_err *err);
/*
 * 1: there is nothing that the other side doesn't have; nothing was written.
 * MN_EFAIL where contents are missing here that the filter doesn't leave out.
 */
int mn_bundle_make(const struct mn_bundle_make *m, mn_bundle_write *fn,
		   void *ctx, struct mn_bundle_made *made, struct mn_err *err);

struct mn_bundle;

/* Reads the header from fd, which stays the caller's. name is for words. */
int mn_bundle_open(struct mn_bundle **out, int fd, const char *name,
		   struct mn_err *err);
void mn_bundle_close(struct mn_bundle *b);	/* NULL allowed */
const struct mn_bundlefile *mn_bundle_head(const struct mn_bundle *b);

struct mn_bundle_take {			/* borrowed */
	const struct mn_home *home;
	/* Whose it is, where it doesn't say that itself; NULL: unknown. */
	const char *profile;
	int only;		/* ... and one of another is refused */
	int verify;		/* nothing is let in, nothing stays */
	int follow;		/* a profile that is not here is made */
	const char *scratch;	/* a directory for a bundle of an unknown
				   profile that is verified, without a home */
	struct mn_index *index;		/* brought up to date first; NULL: the
					   profile is walked */
	struct mn_indexpack_limits pack;
	struct mn_admit_limits admit;
	int threads;			/* 0: all processors */
	int wait_ms;			/* for the repository's lock */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *ctx;
};

struct mn_bundle_report {
	char hex[MN_ID_HEX + 1];	/* the profile; "": not known */
	int here;			/* it was here before */
	int made;			/* its repository was made */
	size_t missing;			/* commits it builds on, not here */
	struct mn_oid first_missing;
	size_t foreign;			/* refs that are none of a profile */
	char first_foreign[MN_REF_MAX + 1];
	size_t left_out;		/* bytes are missing by its filter, and
					   the profile is kept in full: 1 */
	uint64_t objects, bytes;
	struct mn_admit_report admit;	/* nodes: that are new and good */
};
void mn_bundle_report_release(struct mn_bundle_report *rep);
/*
 * 0, also when something was refused: see rep->admit. MN_ENOTFOUND: commits that
 * it builds on are missing (rep->missing), or the profile is not here and is not
 * to be followed (missing 0). MN_EDENIED: it is of another profile than it
 * claims. MN_EINVALID, MN_ELIMIT: it is broken. Once for each bundle.
 */
int mn_bundle_take(struct mn_bundle *b, const struct mn_bundle_take *what,
		   struct mn_bundle_report *rep, struct mn_err *err);

#endif
