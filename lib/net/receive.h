/*
 * receive: the server's side of a push, without git: reads commands and a
 * pack, hands both to who decides, and reports. Protocol version 0 (a push has
 * no other), report-status, ofs-delta, side-band-64k, no-thin; not atomic, and
 * nothing is deleted: who decides may take some commands and refuse others.
 *
 * Like upload.h it takes bytes and gives bytes; the pack is passed on as it
 * arrives.
 */
#ifndef MN_NET_RECEIVE_H
#define MN_NET_RECEIVE_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/pkt.h"

#define MN_PUSH_REFS_MAX 4096

struct mn_push_command {
	char name[201];
	unsigned char old_oid[20], new_oid[20];
	char why[200];		/* set by apply; "" : done */
};

struct mn_receive_ops {		/* what decides; below 0 ends the push */
	/*
	 * Some of the pack; data NULL: no more comes, whether it is whole or
	 * not. 1: it is whole, and nothing more is read (a client may leave
	 * its end open while it waits for the report).
	 */
	int (*pack)(void *ctx, const void *data, size_t len,
		    struct mn_err *err);
	/* All is there: verify and move refs; fills in why of each command.
	 * Without a pack, too, where all commands delete. */
	int (*apply)(void *ctx, struct mn_push_command *c, size_t n,
		     struct mn_err *err);
	void *ctx;
};

/* The advertisement: refs and capabilities. */
int mn_receive_advertise(const char *gitdir, const char *agent,
			 int (*show_ref)(void *ctx, const char *name),
			 void *ctx, struct mn_buf *out, struct mn_err *err);
/* Takes one push from source, and appends the report to out. 0 also when the
 * push was refused (the report says so); below 0 when nothing can be said. */
int mn_receive(mn_pkt_source *source, void *source_ctx,
	       const struct mn_receive_ops *ops, struct mn_buf *out,
	       struct mn_err *err);

#endif
