/*
 * transport: how bytes of git's protocol get to the other side and back. The
 * client (remote.h) speaks the protocol, a transport carries it:
 *
 *	http.c	 smart HTTP; says if the server is a plain file server ("dumb")
 *	ssh.c	 a channel of libssh2; ssh-command.c: the system's ssh
 *	local.c	 a directory of this machine, served within the process
 *
 * A transport is either stateless (HTTP: each request is answered by itself)
 * or one long conversation. Both are used in the same way: open, read the
 * advertisement, then any number of request and answer.
 */
#ifndef MN_NET_TRANSPORT_H
#define MN_NET_TRANSPORT_H

#include <sys/types.h>

#include "base/err.h"
#include "net/net.h"
#include "net/url.h"

enum mn_service { MN_UPLOAD_PACK, MN_RECEIVE_PACK };
const char *mn_service_name(enum mn_service s);	/* "git-upload-pack" */

/* The bytes of a request, asked for piece by piece: fills buf, returns how
 * many (0: the end). */
typedef ssize_t mn_body_fn(void *ctx, void *buf, size_t size,
			   struct mn_err *err);

struct mn_transport;
struct mn_transport_ops {
	/*
	 * Begins the service with the protocol version asked for (0, 1, 2; what
	 * comes back may be older). The advertisement is then there to be
	 * read, over HTTP with its first packets "# service=...", flush.
	 * MN_ENOTFOUND: no such repository. MN_EUNREACHABLE, MN_EDENIED.
	 */
	int (*open)(struct mn_transport *t, enum mn_service s, int version,
		    struct mn_err *err);
	/* Sends a request; its answer is read afterwards. len: of the body, or
	 * UINT64_MAX if that is not known. */
	int (*request)(struct mn_transport *t, mn_body_fn *body, void *ctx,
		       uint64_t len, struct mn_err *err);
	/* Up to size bytes; 0 at the end (of a stateless answer, or of the
	 * connection); below 0: MN_EUNREACHABLE (broken, stalled), ... */
	ssize_t (*read)(struct mn_transport *t, void *buf, size_t size,
			struct mn_err *err);
	/* A file below the repository ("objects/info/packs"), handed to the
	 * sink as it comes. NULL where the transport has no files.
	 * MN_ENOTFOUND; MN_ELIMIT above max. */
	int (*get)(struct mn_transport *t, const char *path, uint64_t max,
		   int (*sink)(void *ctx, const void *data, size_t len,
			       struct mn_err *err),
		   void *ctx, struct mn_err *err);
	/* Ends the conversation; the connection may be kept in net. */
	void (*free)(struct mn_transport *t);
};

struct mn_transport {
	const struct mn_transport_ops *ops;
	int stateless;
	int dumb;		/* set by open: only get works */
};

/* url and net are borrowed until free. Nothing is sent yet. */
int mn_transport_http(struct mn_transport **out, struct mn_net *net,
		      const struct mn_url *url, struct mn_err *err);
int mn_transport_ssh(struct mn_transport **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err);
int mn_transport_local(struct mn_transport **out, struct mn_net *net,
		       const struct mn_url *url, struct mn_err *err);
/* By the scheme. */
int mn_transport_new(struct mn_transport **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err);

#endif
