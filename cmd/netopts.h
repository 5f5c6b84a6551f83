/*
 * netopts: how commands that talk to the network come by struct
 * mn_net_options: from the settings net.* (mn-config(1)), the environment and
 * the terminal.
 *
 *	struct mn_netopts n;
 *	r = mn_netopts_init(&n, c, &err);
 *	net = mn_net_new(&n.opt);
 *	... mn_net_free(net) ...
 *	mn_netopts_release(&n);
 *
 * Several nets, each with a thread of its own, may be made of one. Questions
 * go to /dev/tty, one at a time; what servers say to stderr, made safe, a line
 * "remote: ..." each.
 */
#ifndef MN_CMD_NETOPTS_H
#define MN_CMD_NETOPTS_H

#include <pthread.h>

#include "cmd.h"
#include "net/net.h"
#include "netsign.h"
#include "progress.h"

struct mn_netopts {
	struct mn_cmd *c;
	struct mn_net_options opt;	/* may be changed; ctx stays */
	int quiet;			/* nothing of what servers say is shown */
	struct mn_progress *progress;	/* cleared before a line is written; of
					   one thread alone; or NULL */
	pthread_mutex_t asking;
	struct mn_netsign sign;
};

/* n stays where it is until release: it is the ctx of its options. Strings
 * are those of c. MN_EINVALID: a setting makes no sense. */
int mn_netopts_init(struct mn_netopts *n, struct mn_cmd *c,
		    struct mn_err *err);
void mn_netopts_release(struct mn_netopts *n);

#endif
