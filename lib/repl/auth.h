/*
 * auth: requests that a device signs, so that a server lets it push
 * (mnprotocol(5), AUTHORIZATION). Both sides: the client makes the value of
 * the header, the server reads it and checks the signature; whether the key is
 * that of a device of the profile is the server's question to the identity.
 *
 *	Authorization: mn-device key=<64 hex>, date=<ms>, body=<64 hex>, sig=<128 hex>
 *
 * The signature is over the method, the host as the client names it, the path
 * from the profile on, the date and the digest of the body. It can be
 * checked before the body is read.
 */
#ifndef MN_REPL_AUTH_H
#define MN_REPL_AUTH_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "key/sign.h"

#define MN_AUTH_SCHEME "mn-device"
#define MN_AUTH_MAX 512			/* bytes of the header's value, with NUL */
#define MN_AUTH_HOST_MAX 280		/* bytes of host:port, with NUL */
#define MN_AUTH_WINDOW INT64_C(300000)	/* ms; either way */

struct mn_auth {			/* what a header says */
	struct mn_pub key;
	int64_t date;			/* ms */
	struct mn_id body;		/* BLAKE2b-256 of the body as it is sent */
	struct mn_sig sig;
};

struct mn_auth_request {		/* what it is about; borrowed */
	const char *method;		/* "POST" */
	const char *host;		/* as in the header Host, or a URL */
	unsigned default_port;		/* 80, 443; left out where it stands in
					   host; 0: none is left out */
	const char *path;		/* from anywhere before the profile on; a
					   query is not looked at */
};

/*
 * Signs. out: MN_AUTH_MAX bytes. MN_EINVALID: the path names no profile, or the
 * host can't be one.
 */
int mn_auth_make(char *out, const struct mn_secret *s,
		 const struct mn_auth_request *rq, int64_t date,
		 const struct mn_id *body, struct mn_err *err);

/* The same, to "http://host[:port]/path" or https. */
int mn_auth_make_url(char *out, const struct mn_secret *s, const char *method,
		     const char *url, int64_t date, const struct mn_id *body,
		     struct mn_err *err);

/* Reads the value of a header. MN_EINVALID; MN_ENOTFOUND where it is of another
 * scheme. */
int mn_auth_parse(struct mn_auth *a, struct mn_str value, struct mn_err *err);

/* Whether the date is within the window around now, and the signature is one of
 * a->key over this request. MN_EDENIED, MN_EINVALID; the words are for the
 * other side. */
int mn_auth_check(const struct mn_auth *a, const struct mn_auth_request *rq,
		  int64_t now, struct mn_err *err);

/* The text whose digest is signed; for tests. MN_EINVALID as above. */
int mn_auth_text(struct mn_buf *out, const struct mn_auth_request *rq,
		 int64_t date, const struct mn_id *body, struct mn_err *err);

#endif
