/* site-impl: what the parts of site.c share. */
#ifndef MN_REPL_SITE_IMPL_H
#define MN_REPL_SITE_IMPL_H

#include "base/buf.h"
#include "git/gunzip.h"
#include "key/hash.h"
#include "net/spool.h"
#include "net/transport.h"
#include "net/upload.h"
#include "repl/answers.h"
#include "repl/auth.h"
#include "repl/site.h"

struct mn_site {
	struct mn_site_options opt;
	struct mn_answers *answers;
};

enum mn_site_kind {
	MN_SITE_PAGE,		/* GET / */
	MN_SITE_INFO_REFS,
	MN_SITE_SERVICE		/* POST of a service */
};

struct mn_site_route {		/* what a target asks for */
	enum mn_site_kind kind;
	enum mn_service service;	/* not of PAGE */
	char hex[MN_ID_HEX + 1];	/* "" : of PAGE, all */
};

/* site-route.c */

/* Takes a target (path and query) apart: 0; else the status of the answer:
 * 400, 403, 404, 414. */
int mn_site_route(struct mn_site_route *r, const char *target);
/* The version of the protocol that the header Git-Protocol asks for; 0 to 2. */
int mn_site_version(const char *git_protocol);
/* Whether the media type of the header Content-Type is the one wanted: 1, 0. */
int mn_site_type_is(const char *content_type, const char *wanted);
/* 1: gzip; 0: none; -1: another coding. */
int mn_site_coding(const char *content_encoding);
/* Whether text/plain is preferred to text/html. */
int mn_site_wants_text(const char *accept);
/* Whether a value of Host may be shown in an address. */
int mn_site_host_ok(const char *host);

struct mn_exchange {
	struct mn_hasher hasher;	/* of a signed body; first: aligned */
	struct mn_site *site;
	struct mn_web_request rq;
	struct mn_web_reply *reply;
	struct mn_site_route route;
	int version;
	char *gitdir;			/* of route.hex; NULL: none */
	int has_body;			/* feed is expected, into the spool */
	struct mn_spool spool;
	struct mn_gunzip *gunzip;
	struct mn_auth auth;		/* of a push */
	struct mn_answer *answer;	/* shared */
	struct mn_buf out;		/* or an answer of its own */
	struct mn_upload *upload;	/* or one that is made while it is read */
};

/* site.c */

/* The answer is this text for a person. */
void mn_site_say(struct mn_exchange *e, int status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The answer is e->out, or e->answer where that is set. */
void mn_site_answer(struct mn_exchange *e, const char *type);
/* Something failed on this side: 500, or 503 where another try may help. */
void mn_site_fail(struct mn_exchange *e, int code, const struct mn_err *err);
void mn_site_header(struct mn_exchange *e, const char *name,
		    const char *value);
/* Whether a profile is served: 1, 0. */
int mn_site_serves(struct mn_site *s, const char *hex);
/* The same, where it is known if it is one's own. */
int mn_site_shows(struct mn_site *s, const char *hex, int own);
/* A mn_upload_options.show_ref. */
int mn_site_show_ref(void *ctx, const char *name);

/* site-page.c */
void mn_site_page(struct mn_exchange *e);
/* site-git.c */
void mn_site_advertise(struct mn_exchange *e);
void mn_site_upload(struct mn_exchange *e);
/* site-push.c */
/* Checks the signature of e->rq, before its body: 0, or the answer is set. */
int mn_site_authorize(struct mn_exchange *e);
void mn_site_receive(struct mn_exchange *e);

#endif
