/* status: what is known of a profile's devices and remotes; for mn status. */
#ifndef MN_CMD_STATUS_H
#define MN_CMD_STATUS_H

#include "node/node.h"
#include "profile.h"
#include "repl/follow.h"
#include "repl/seen.h"

struct mn_status_device {
	struct mn_pub key;
	struct mn_str label;		/* p NULL: cut */
	const struct mn_id_cut *cut;	/* NULL: listed */
	int frozen, mine;
	char ref[sizeof(MN_REF_DEVICES) + MN_ID_HEX];
	struct mn_oid tip;		/* zero: nothing is here */
	struct mn_id node;
	uint64_t seq;			/* 0: its meta is not here */
	int64_t time;			/* ms */
};

struct mn_status {
	struct mn_cmd *c;
	struct mn_profile p;
	struct mn_home home;
	struct mn_follow follow;
	struct mn_seen seen;
	struct mn_node n;		/* for reading one */
	MN_VEC(struct mn_status_device) devices;
	struct mn_buf out;
};

/* status-print.c: as text, or as one object. */
void mn_status_text(struct mn_status *s);
void mn_status_json(struct mn_status *s);

#endif
