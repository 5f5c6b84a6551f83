/* admit-impl: what the parts of admit.c share. */
#ifndef MN_REPL_ADMIT_IMPL_H
#define MN_REPL_ADMIT_IMPL_H

#include <pthread.h>

#include "base/map.h"
#include "node/heads.h"
#include "repl/admit.h"
#include "social/check.h"
#include "social/forks.h"

#define MN_ADMIT_NODES_MAX 10000000	/* at a time */
#define MN_ADMIT_REFUSALS 100		/* that are kept to be shown */
#define MN_ADMIT_PACKS 16		/* of a quarantine that are looked at
					   object by object */

/* A commit that is new here. */
struct mn_new_commit {
	struct mn_oid oid;
	size_t first;		/* parent, in parents */
	size_t nparents;
	struct mn_pub device;	/* as it claims; zero: a merge, or no carrier */
};

/* Which objects of the quarantine the verification read. */
struct mn_touched {
	pthread_mutex_t mutex;
	const char *dir;		/* of the quarantine */
	struct {
		const struct mn_packfile *pack;
		_Atomic unsigned char *seen;	/* NULL: not of the quarantine */
	} packs[MN_ADMIT_PACKS];
	_Atomic int n;
	_Atomic int overflow;
};

/* A ref of a device that is to move. */
struct mn_move {
	struct mn_pub device;
	struct mn_oid old_oid, new_oid;
	uint64_t era, seq;	/* of the new node; 0 where its meta is missing */
	int back;		/* to its cut, or to before a fork; new_oid zero:
				   it goes */
};

struct mn_admission {
	const struct mn_admit *a;
	struct mn_admit_report *rep;
	struct mn_reader *rd;		/* quarantine and repository */
	struct mn_node node;		/* for reading one */

	struct mn_identity offered;	/* set if has_offered */
	int has_offered;		/* it extends the one that is known */
	struct mn_oid identity_oid;

	struct mn_ref_list local;	/* refs of devices, as they are here */
	MN_VEC(struct mn_new_commit) commits;	/* parents before children */
	MN_VEC(struct mn_oid) parents;
	struct mn_map by_oid;		/* commits, by place */
	int incomplete;			/* a commit is not there */

	struct mn_check *check;
	struct mn_check_result *res;	/* of commits */
	unsigned char *good;
	MN_VEC(struct mn_fork) forks;	/* that showed now */
	unsigned char *voids;		/* not good, but others may be built
					   on it: see admit-check.c */
	unsigned char *needed;		/* of these: who is built on it comes */
	int all_good;
	struct mn_touched touched;

	MN_VEC(struct mn_move) moves;
	struct mn_head_list heads;
	struct mn_buf merge;
	struct mn_oid head;
	int has_head;

	MN_VEC(struct mn_oid) keep;
	MN_VEC(struct mn_oid) wanting;	/* carriers */
};

/* Counts a refusal, and keeps the first ones. */
void mn_admission_refuse(struct mn_admission *ad, const char *what,
			 const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The identity that counts: the offered one, or what was known. */
const struct mn_identity *mn_admission_identity(const struct mn_admission *ad);

/* admit-walk.c: finds the commits that are new below the offered refs. */
int mn_admission_walk(struct mn_admission *ad, struct mn_err *err);
/* admit-check.c: verifies them. */
int mn_admission_check(struct mn_admission *ad, struct mn_err *err);
/* Whether the node is frozen by a fork, known or new. */
int mn_admission_frozen(const struct mn_admission *ad,
			const struct mn_pub *device, uint64_t era,
			uint64_t seq);
/* admit-refs.c: how the refs shall stand. */
int mn_admission_identity_offered(struct mn_admission *ad, struct mn_err *err);
/* The documents that a node brings, which was verified, and has newer ones. */
int mn_admission_identity_of(struct mn_admission *ad,
			     const struct mn_oid *carrier, struct mn_err *err);
int mn_admission_moves(struct mn_admission *ad, struct mn_err *err);
int mn_admission_head(struct mn_admission *ad, struct mn_err *err);
/* admit-keep.c: what leaves the quarantine. */
int mn_admission_keep(struct mn_admission *ad, struct mn_err *err);
mn_reader_fn mn_touched_see;
void mn_touched_release(struct mn_touched *t);

#endif
