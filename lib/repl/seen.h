/*
 * seen: what each remote of a profile offered last, so that one which goes
 * back is noticed: the file mn/seen of a repository, a line
 * "<remote> <ref> <oid>" each. It is a memory, not a promise: when it is lost,
 * the next fetch begins anew. mnrepository-layout(5).
 */
#ifndef MN_REPL_SEEN_H
#define MN_REPL_SEEN_H

#include "base/err.h"
#include "base/vec.h"
#include "git/refs.h"

#define MN_SEEN_MAX (8u << 20)		/* bytes of the file */

struct mn_seen_line {
	char *remote;			/* owned */
	struct mn_ref ref;
};
struct mn_seen {
	MN_VEC(struct mn_seen_line) lines;
	int changed;
};

void mn_seen_release(struct mn_seen *s);
/* Lines that are none are passed over; no file is an empty one. */
int mn_seen_read(struct mn_seen *s, const char *gitdir, struct mn_err *err);
/* What the remote offered for a ref; NULL: nothing is known. */
const struct mn_oid *mn_seen_get(const struct mn_seen *s, const char *remote,
				 const char *ref);
void mn_seen_put(struct mn_seen *s, const char *remote, const struct mn_ref *ref);
/* Writes it if it has changed; not synced. The time of the file becomes that of
 * now in any case. */
int mn_seen_write(struct mn_seen *s, const char *gitdir, struct mn_err *err);

#endif
