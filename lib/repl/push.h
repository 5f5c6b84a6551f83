/*
 * push: brings what is known of a profile to a remote: refs/mn/identity, the
 * refs of all devices, and refs/heads/main, in one pack with what the remote
 * lacks.
 *
 * Nothing that the remote has gets lost: a device's ref only moves forward,
 * one that is newer there or unknown here stays as it is, and main moves only
 * where the remote has no device's node that isn't known here. A remote whose
 * identity isn't known here gets nothing: it may be another profile. Each is
 * said in the report; "fetch first" helps.
 *
 * The remote may be anything that takes git's pushes. One that takes some refs
 * and refuses others (hosts that allow branches alone) keeps what it took.
 */
#ifndef MN_REPL_PUSH_H
#define MN_REPL_PUSH_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "git/refs.h"
#include "net/net.h"
#include "net/url.h"
#include "social/profile.h"

enum mn_push_state {
	MN_PUSH_SAME,		/* it was there already */
	MN_PUSH_NEW,
	MN_PUSH_MOVED,
	MN_PUSH_LEFT,		/* left alone: see why */
	MN_PUSH_REFUSED		/* by the remote: see why */
};
const char *mn_push_state_name(enum mn_push_state s);	/* "same", ... */

struct mn_push_ref {
	char name[MN_REF_MAX + 1];
	struct mn_oid old_oid, new_oid;	/* zero: not there, not known */
	enum mn_push_state state;
	char why[200];			/* the remote's words may stand in it */
};

struct mn_push_report {
	MN_VEC(struct mn_push_ref) refs;	/* identity, devices, main */
	size_t moved, left, refused;		/* how many */
	uint64_t bytes;				/* of the pack that was sent */
};
void mn_push_report_release(struct mn_push_report *rep);

struct mn_push_options {
	int dry_run;		/* only say what would move */
	/* May be NULL. total 0: not known. */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *ctx;
};

/*
 * 0 when the conversation went well, whatever became of single refs; below 0:
 * MN_EUNREACHABLE, MN_EDENIED, MN_ENOTFOUND (no repository there, or objects
 * missing here, of a profile that is kept in part), ... The report holds what
 * is known then.
 */
int mn_push_profile(const struct mn_profile *p, struct mn_net *net,
		    const struct mn_url *url,
		    const struct mn_push_options *opt,
		    struct mn_push_report *rep, struct mn_err *err);

#endif
