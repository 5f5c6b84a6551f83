/*
 * http: for the parts of the HTTP transport alone.
 *
 *	http.c		the transport: open, request, read, get
 *	http-pool.c	connections, which are curl's; one transfer: how it is
 *			set up, driven, and what goes wrong with it
 *	http-body.c	bodies of requests: in memory, in a file, as a stream
 *	http-auth.c	passwords; redirects
 *
 * A pool belongs to a struct mn_net, so to one thread. Its transfers run only
 * while somebody waits for one of them: what arrives is kept until it is read,
 * and no more than MN_HTTP_BUFFER of it.
 */
#ifndef MN_NET_HTTP_H
#define MN_NET_HTTP_H

#include <curl/curl.h>

#include "base/buf.h"
#include "net/net-impl.h"
#include "net/spool.h"
#include "net/transport.h"

#define MN_HTTP_BUFFER ((size_t)1024 * 1024)	/* of an answer, in memory */
#define MN_HTTP_HEADERS 128			/* lines of an answer's head */
#define MN_HTTP_HEADER_BYTES ((size_t)64 * 1024)
#define MN_HTTP_REDIRECTS 5
#define MN_HTTP_IDLE 8
#define MN_HTTP_AHEAD 6		/* files under way before they are asked for */

/* A password that a server took, or that is being tried. The memory is that
 * of secrets. */
struct mn_http_login {
	struct mn_http_login *next;
	char origin[512];	/* "https://host:port" */
	char asked[256];	/* the user that the address names, or "" */
	struct mn_credential c;
	int from_helper, approved, refs;
};

struct mn_http_pool {
	CURLM *multi;
	CURL *idle[MN_HTTP_IDLE];	/* handles for the next transfers */
	int nidle;
	struct mn_http_login *logins;
};

/* Made when first needed. */
int mn_http_pool_get(struct mn_http_pool **out, struct mn_net *net,
		     struct mn_err *err);

/* The body of a request. */
struct mn_http_body {
	struct mn_buf mem;	/* all of it, or how it begins */
	size_t at;
	int whole;		/* mem is all */
	int gzip;		/* mem is compressed */
	int spooled;		/* all of it lies in spool */
	struct mn_spool spool;
	uint64_t len, sent;	/* of all of it; len UINT64_MAX: not known */
	mn_body_fn *fn;		/* gives what is behind mem */
	void *ctx;
	int r;			/* below 0: it failed, for why */
	struct mn_err why;
};
#define MN_HTTP_BODY_INIT { \
	.mem = MN_BUF_INIT, .spool = { .mem = MN_BUF_INIT, .fd = -1 } }
/* digest NULL: none is needed. With one, the whole body is read here. */
int mn_http_body_make(struct mn_http_body *b, mn_body_fn *fn, void *ctx,
		      uint64_t len, int may_gzip, unsigned char digest[32],
		      struct mn_err *err);
void mn_http_body_release(struct mn_http_body *b);
/* Back to its first byte: 0; -1 where that is gone. */
int mn_http_body_rewind(struct mn_http_body *b);
/* curl's callbacks */
size_t mn_http_body_read(char *buf, size_t size, size_t n, void *ctx);
int mn_http_body_seek(void *ctx, curl_off_t off, int origin);

/* One request and its answer. */
struct mn_http_xfer {
	struct mn_net *net;
	struct mn_http_pool *pool;
	CURL *easy;		/* NULL: nothing is under way */
	struct curl_slist *headers;
	char words[CURL_ERROR_SIZE];	/* curl's */
	struct mn_buf in;	/* arrived, from at on not read yet */
	size_t at;
	int paused, headed, done;
	CURLcode result;
	long status;
	size_t nlines, nbytes;	/* of the answer's head */
	int r;			/* below 0: refused by us, for why */
	struct mn_err why;
	struct mn_http_body *body;	/* borrowed, or NULL */
	uint64_t moved;		/* when a byte came or went last, ms */
	uint64_t head_at;	/* when its head began, ms */
	const char *name;	/* of the address, for words; borrowed */
};

/* How a request is made; strings and body are borrowed until the end. */
struct mn_http_ask {
	const char *url;
	const char *const *headers;	/* NULL-ended */
	struct mn_http_body *body;	/* NULL: GET */
	const struct mn_http_login *login;	/* NULL: none */
};

/* Begins; what comes of it shows when one waits for its head, x->status. */
int mn_http_xfer_begin(struct mn_http_xfer *x, const struct mn_http_ask *q,
		       struct mn_err *err);
int mn_http_xfer_head(struct mn_http_xfer *x, struct mn_err *err);
/* Both. */
int mn_http_xfer_start(struct mn_http_xfer *x, const struct mn_http_ask *q,
		       struct mn_err *err);
/* What has arrived: up to size bytes; 0 at the end of the answer. */
ssize_t mn_http_xfer_read(struct mn_http_xfer *x, void *buf, size_t size,
			  struct mn_err *err);
/* Reads a short rest away, so that the connection can be used again. */
void mn_http_xfer_drain(struct mn_http_xfer *x);
/* Ends it, finished or not. */
void mn_http_xfer_end(struct mn_http_xfer *x);
/* 1 where the answer is of this media type. */
int mn_http_xfer_is(const struct mn_http_xfer *x, const char *type);
/* The words and the code for a status that isn't 200. */
int mn_http_status(const struct mn_http_xfer *x, struct mn_err *err);

struct mn_http_ahead {		/* a file that will be asked for */
	struct mn_buf path;
	struct mn_http_xfer x;
};

struct http {			/* the transport */
	struct mn_transport t;
	struct mn_net *net;
	const struct mn_url *url;
	struct mn_http_xfer x;
	struct mn_http_body body;
	struct mn_buf origin;	/* "http://host:80", as in logins */
	struct mn_buf base;	/* the address without a final slash */
	enum mn_service service;
	int version;
	int parked;		/* x is the answer of a plain server to open */
	struct mn_http_login *login;
	struct mn_http_ahead *ahead[MN_HTTP_AHEAD];	/* oldest first */
	int nahead;
	int tried_url;		/* its password was no good */
	int no_sign;		/* the server wants passwords, no signatures */
};

/* Says that get of this path will follow soon: it may be begun now. Nothing
 * happens where t is another transport. */
void mn_http_soon(struct mn_transport *t, const char *path);

/* Sets base and origin from the address. */
int mn_http_set_base(struct http *h, const struct mn_url *url,
		     struct mn_err *err);
/* Follows a redirect of base + tail, where that is safe. */
int mn_http_redirect(struct http *h, const char *tail, struct mn_err *err);
/* 1 where a password for the server was good before: it is used at once. */
int mn_http_known(struct http *h);
void mn_http_login_free(struct mn_http_login *l);	/* NULL allowed */
/* After 401: 0 and another h->login to be tried, or MN_EDENIED. */
int mn_http_refused(struct http *h, struct mn_err *err);
/* After an answer that isn't 401: the password is good. */
void mn_http_accepted(struct http *h);

#endif
