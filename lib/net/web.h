/*
 * web: a request of HTTP and its answer, as what answers sees them, whoever
 * carries them: the server of httpd.h, or a web server that runs a CGI
 * program.
 *
 * For each request begin is called with its head; feed with slices of its
 * body, in order, if it has one; finish, when the body has ended; read until
 * the body of the answer is out; end, whatever happened before. The answer is
 * ready as soon as reply.status is set: after that, feed and finish are not
 * called. Requests may come from several threads, each from one at a time.
 */
#ifndef MN_NET_WEB_H
#define MN_NET_WEB_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

#define MN_WEB_HEADERS_MAX 4
#define MN_WEB_UNKNOWN UINT64_MAX

struct mn_web_request {		/* everything is borrowed until end */
	const char *method;
	const char *target;	/* path and query as they stand on the request
				   line, percent-encoded; below prefix */
	const char *prefix;	/* what stands before target in the addresses
				   that a client uses; "" */
	const char *scheme;	/* "http", "https" */
	/* headers; NULL where there is none */
	const char *host, *accept, *authorization;
	const char *content_type, *content_encoding, *git_protocol;
	uint64_t length;	/* of the body; MN_WEB_UNKNOWN: until its end */
	int has_body;		/* a length or a transfer coding was given */
};

struct mn_web_header {
	const char *name;
	char value[128];
};

struct mn_web_reply {
	int status;		/* 0: not known yet */
	const char *type;	/* Content-Type; a constant; NULL: no body */
	uint64_t length;	/* of the body; MN_WEB_UNKNOWN: read tells */
	const void *data;	/* the whole body, where it is in memory; it
				   stays until end, and read is not called */
	struct mn_web_header headers[MN_WEB_HEADERS_MAX];
	size_t nheaders;
};

struct mn_web_handler {
	/* What is returned is handed to the others; never NULL. */
	void *(*begin)(void *ctx, const struct mn_web_request *rq,
		       struct mn_web_reply *reply);
	void (*feed)(void *exchange, const void *data, size_t len);
	void (*finish)(void *exchange);
	/* Up to size bytes; 0 at the end; below 0: the answer breaks off. */
	ssize_t (*read)(void *exchange, void *buf, size_t size);
	void (*end)(void *exchange);
	/* One request is over; sent counts bytes of the answer's body. May be
	 * NULL. */
	void (*log)(void *ctx, const char *from, const char *method,
		    const char *target, int status, uint64_t sent,
		    int64_t microseconds);
	void *ctx;
};

#endif
