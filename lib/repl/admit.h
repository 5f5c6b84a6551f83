/*
 * admit: lets what came from outside into a profile, as far as it is good. The
 * objects lie in a quarantine (git/quarantine.h), and somebody says where the
 * refs of the profile should be; every node that is new is verified
 * (mnformat-node(5), VERIFYING), each device's ref moves to the newest node of
 * which it and all before it are good, main is computed anew, and only what
 * these refs reach leaves the quarantine.
 *
 * One bad node costs itself and what was built on it; the rest is let in.
 * Used by fetch, receive-pack and bundles alike.
 */
#ifndef MN_REPL_ADMIT_H
#define MN_REPL_ADMIT_H

#include "base/err.h"
#include "base/vec.h"
#include "git/quarantine.h"
#include "git/refs.h"
#include "node/meta.h"
#include "repl/commits.h"
#include "repl/follow.h"
#include "social/index.h"
#include "social/index-seed.h"
#include "social/profile.h"

struct mn_admit_limits {	/* 0: the default */
	size_t nodes;		/* new ones at a time; 10 million */
	uint64_t content_bytes;	/* hashed in all; 4 GiB + 16 times the pack */
};

struct mn_admit_refusal {
	char what[MN_REF_MAX + 1];	/* a ref, or a node id */
	char why[200];
};

struct mn_admit_report {
	size_t nodes;			/* let in */
	size_t moved;			/* refs of devices that moved */
	int identity;			/* the identity moved */
	int main;			/* main moved */
	MN_VEC(struct mn_admit_refusal) refusals;	/* at most 100 are kept */
	size_t refused;			/* how many there were */
	size_t wanting;			/* nodes that were let in, and of which
					   contents that are wanted are missing:
					   written to mn/wanted (wanted.h) */
};

void mn_admit_report_release(struct mn_admit_report *rep);

/*
 * offered: refs as the other side has them; names that are not of the profile
 * are refused. The level says what may be missing. Takes the repository's lock
 * (wait_ms) when all is verified. 0 also when something was refused: see the
 * report; below 0 nothing was let in.
 */
struct mn_admit {
	struct mn_profile *profile;
	struct mn_quarantine *quarantine;
	const struct mn_ref_list *offered;
	const struct mn_follow *follow;	/* whose level says what may be missing,
					   and which contents are kept; NULL: all
					   must be there, and is kept */
	struct mn_index *index;		/* for look-ups; NULL: the profile is
					   walked */
	struct mn_index_seed *seed;	/* gets what is verified, for
					   mn_index_sync_from; NULL: not */
	const struct mn_commits *commits;	/* some of those that lie in the
					   quarantine, each once; NULL: all are
					   read */
	struct mn_admit_limits limits;
	int threads;			/* 0: all processors */
	int wait_ms;
	uint64_t pack_bytes;		/* of what came */
	int partial;			/* the stream broke off: what is complete
					   is let in, and what is missing is no
					   refusal */
	int dry_run;			/* only verify, and report: nothing moves,
					   and the lock isn't taken */
};
/* Whether content i of a node is wanted: its size, and the node's age, stream
 * and tags. f NULL: everything is. */
int mn_admit_wants_content(const struct mn_follow *f, const struct mn_meta *m,
			   size_t i);
int mn_admit(const struct mn_admit *a, struct mn_admit_report *rep,
	     struct mn_err *err);

#endif
