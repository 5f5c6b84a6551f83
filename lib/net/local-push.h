/*
 * local-push: a push into a directory of this machine, taken within the
 * process: what git-receive-pack(1) does, for plain copies of a repository.
 * Nothing is verified but that all is there: whoever fetches verifies.
 *
 * Objects wait in quarantine (git/quarantine.h) until the pack is whole and
 * everything that the new refs reach is there; then refs move that are still
 * where the client saw them. Nothing is deleted, and a branch that is checked
 * out is left alone. What a plain web server needs is brought up to date
 * (git/serverinfo.h).
 *
 * Where there is no repository, but a directory for it to stand in, a bare
 * one is made when the pack arrives.
 */
#ifndef MN_NET_LOCAL_PUSH_H
#define MN_NET_LOCAL_PUSH_H

#include "base/buf.h"
#include "net/net.h"
#include "net/transport.h"

struct mn_local_push;

/* Appends the advertisement to said. MN_ENOTFOUND: there is no such directory;
 * MN_EVERSION: a repository of a kind that mn can't write. */
int mn_local_push_begin(struct mn_local_push **out, struct mn_net *net,
			const char *path, struct mn_buf *said,
			struct mn_err *err);
/* Reads the push from body, and appends the report to said. */
int mn_local_push_take(struct mn_local_push *p, mn_body_fn *body, void *ctx,
		       struct mn_buf *said, struct mn_err *err);
void mn_local_push_free(struct mn_local_push *p);

#endif
