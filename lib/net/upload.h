/*
 * upload: the server's side of a fetch, on one repository, without git: the
 * protocol in versions 2, 1 and 0, filters (tree:N, blob:none, blob:limit=N),
 * wants of any object, depth. It knows nothing of sockets: bytes go in, bytes
 * come out.
 *
 *	mn_upload_new(&u, gitdir, &opt, &err);
 *	mn_upload_advertise(u, version, &buf, &err);
 *	mn_upload_request(u, version, request, &err);
 *	while ((n = mn_upload_read(u, buf, size, &err)) > 0) ... send ...
 *	mn_upload_free(u);
 *
 * What is sent: where a client has nothing and wants what mn gc packed last
 * (git/whole.h), the packs as they are stored, and behind them what came
 * since; otherwise entries copied as they lie in the packs. The answer is made
 * while it is read: memory is 48 bytes an object of the answer, while it is
 * walked 80 more for each commit, and nothing for what is sent as it is stored.
 */
#ifndef MN_NET_UPLOAD_H
#define MN_NET_UPLOAD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "git/store.h"

struct mn_upload;

struct mn_upload_options {
	const char *agent;
	/* Refs that are shown and may be wanted; NULL: all. 1 yes, 0 no. */
	int (*show_ref)(void *ctx, const char *name);
	void *ctx;
	size_t max_wants;	/* 0: 65,536 */
	size_t max_haves;	/* 0: 65,536 */
	size_t max_objects;	/* of an answer; 0: 50 million */
};

/* Opens the store only when a fetch asks for objects; ls-refs and
 * advertisements need none. Any bare repository. For one request or one
 * conversation: packs that come later are not looked for. */
int mn_upload_new(struct mn_upload **out, const char *gitdir,
		  const struct mn_upload_options *opt, struct mn_err *err);
void mn_upload_free(struct mn_upload *u);

/* Appends what a server says first: the capabilities of v2, the refs of 0 and
 * 1. Not the "# service" packets of HTTP. */
int mn_upload_advertise(struct mn_upload *u, int version, struct mn_buf *out,
			struct mn_err *err);
/*
 * Takes one whole request of a stateless client (the body of a POST). The
 * answer, errors of the client included, is then there to be read ("ERR"
 * packets); below 0 is returned where the repository fails.
 */
int mn_upload_request(struct mn_upload *u, int version, struct mn_str request,
		      struct mn_err *err);
/* Up to size bytes of the answer; 0 at its end. */
ssize_t mn_upload_read(struct mn_upload *u, void *buf, size_t size,
		       struct mn_err *err);

/* A whole conversation over two descriptors, as git-upload-pack(1) has it:
 * advertisement, requests, until the client goes. */
int mn_upload_serve(struct mn_upload *u, int version, int in, int out,
		    struct mn_err *err);
/* The same without advertisement and for one request: --stateless-rpc. */
int mn_upload_rpc(struct mn_upload *u, int version, int in, int out,
		  struct mn_err *err);

#endif
