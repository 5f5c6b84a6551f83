/*
 * httpd: an HTTP/1.1 server (libmicrohttpd) for one handler (web.h): listens,
 * holds clients to limits, and stops when a signal says so, after the
 * requests under way.
 *
 * Each connection has a thread of its own, with a small stack: an answer is
 * computed while it is sent, and neither a slow reader nor a large answer
 * holds up the others.
 *
 *	mn_httpd_block_signals();		before any thread is made
 *	mn_httpd_new(&d, &opt, &handler, &err);
 *	puts(mn_httpd_url(d));
 *	mn_httpd_run(d, &err);			until SIGTERM or SIGINT
 *	mn_httpd_free(d);
 */
#ifndef MN_NET_HTTPD_H
#define MN_NET_HTTPD_H

#include "base/err.h"
#include "net/web.h"

struct mn_httpd;

struct mn_httpd_options {	/* 0: the default */
	const char *listen;	/* "ADDR:PORT", "[ADDR]:PORT"; port 0: any */
	unsigned connections;	/* at a time; 256. More wait to be accepted */
	unsigned per_address;	/* 128 of one address; more are closed */
	unsigned idle_seconds;	/* nothing goes either way for so long; 30 */
	unsigned stop_seconds;	/* given to requests under way at the end; 5 */
};

/* SIGTERM, SIGINT and SIGHUP are taken by mn_httpd_run alone: blocked here, in
 * this thread and those it makes. */
void mn_httpd_block_signals(void);

/* Listens and answers from now on. handler and what it points to stay until
 * free. MN_EINVALID: the address; MN_EIO: it can't be listened on. */
int mn_httpd_new(struct mn_httpd **out, const struct mn_httpd_options *opt,
		 const struct mn_web_handler *handler, struct mn_err *err);
/* "http://127.0.0.1:8418/"; owned by d. */
const char *mn_httpd_url(const struct mn_httpd *d);
/* Waits for a signal to stop; then listens no more, and returns when no request
 * is under way, or their time is over. */
int mn_httpd_run(struct mn_httpd *d, struct mn_err *err);
void mn_httpd_free(struct mn_httpd *d);		/* NULL allowed */

#endif
