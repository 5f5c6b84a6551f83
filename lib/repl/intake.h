/*
 * intake: a push into a profile: what net/receive.h reads goes into a
 * quarantine, is verified, and what is good is let in (admit.h). For
 * mn receive-pack and for the server.
 *
 *	in = mn_intake_new(&what);
 *	mn_receive(source, ctx, mn_intake_ops(in), &out, &err);
 *	... mn_intake_report(in)->moved ...
 *	mn_intake_free(in);
 *
 * What a command asks for is done when its ref ends up where the client wanted
 * it; otherwise the report to the client says why. Nothing is ever deleted,
 * and the old values that a client names don't matter: refs of devices only
 * grow, and main is computed.
 */
#ifndef MN_REPL_INTAKE_H
#define MN_REPL_INTAKE_H

#include "git/indexpack.h"
#include "net/receive.h"
#include "repl/admit.h"

struct mn_intake;

struct mn_intake_what {			/* borrowed until free */
	struct mn_profile *profile;
	const struct mn_follow *follow;	/* as in admit.h; NULL: all is kept */
	struct mn_index *index;		/* may be NULL */
	struct mn_indexpack_limits pack;
	struct mn_admit_limits admit;
	int threads;			/* 0: all processors */
	int wait_ms;			/* for the repository's lock */
};

struct mn_intake *mn_intake_new(const struct mn_intake_what *what);
void mn_intake_free(struct mn_intake *in);
/* Owned by in, for one push. */
const struct mn_receive_ops *mn_intake_ops(const struct mn_intake *in);
/* What was let in; empty before the push is over. */
const struct mn_admit_report *mn_intake_report(const struct mn_intake *in);

#endif
