/*
 * fetch-impl: what the parts of fetch.c share.
 *
 *	fetch.c			one profile, from each of its remotes
 *	fetch-plan.c		what is asked for; what a remote takes back
 *	fetch-contents.c	contents by their ids
 *	fetch-discover.c	which profile lies at an address
 */
#ifndef MN_REPL_FETCH_IMPL_H
#define MN_REPL_FETCH_IMPL_H

#include "net/remote.h"
#include "repl/arrival.h"
#include "repl/fetch.h"
#include "repl/seen.h"
#include "repl/wanted.h"

#define MN_FETCH_BATCH_BYTES ((uint64_t)32 << 20)
#define MN_FETCH_BATCH_OBJECTS 4096
/* Larger contents of profiles that are kept whole come by their ids, so that
 * what came is kept when the connection breaks. */
#define MN_FETCH_FULL_FILTER "blob:limit=1m"

struct mn_fetching {
	const char *hex;
	char *gitdir;
	const struct mn_follow *follow;
	const struct mn_fetch_options *o;
	struct mn_fetch_report *rep;

	struct mn_profile profile;	/* opened when something is new */
	int is_open;
	struct mn_index *index;		/* NULL: not opened, or broken */
	struct mn_index_seed *seed;	/* nodes that came, for the index */
	struct mn_seen seen;
	struct mn_net_wire before;

	/* of the remote at hand */
	const struct mn_remote_addr *addr;
	struct mn_remote *remote;
	struct mn_ref_list offered;	/* refs of a profile alone */
	int broke;			/* its pack broke off: why */
	struct mn_err why_broke;
};

/* A line for a person about the remote at hand. */
void mn_fetching_note(struct mn_fetching *g, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Opens the profile, unless that is done. */
int mn_fetching_open(struct mn_fetching *g, struct mn_err *err);

/* fetch-plan.c */

struct mn_fetch_plan {
	MN_VEC(struct mn_oid) wants, haves;
	int admit;			/* even if nothing is wanted: what is
					   offered may be here, but was never
					   let in */
};
void mn_fetch_plan_release(struct mn_fetch_plan *plan);
/* What is new in g->offered. */
int mn_fetching_plan(struct mn_fetching *g, struct mn_fetch_plan *plan,
		     struct mn_err *err);
/* Notes what the remote offers, and says where it went back. */
int mn_fetching_see(struct mn_fetching *g, struct mn_err *err);

/* fetch-contents.c */

/* What stands in mn/wanted, from the remote at hand. */
int mn_fetching_contents(struct mn_fetching *g, struct mn_err *err);
/* Content i of a node, or all (SIZE_MAX); *lacks: parts are still missing. */
int mn_fetching_node(struct mn_fetching *g, const struct mn_oid *carrier,
		     size_t i, int *lacks, struct mn_err *err);

#endif
