/*
 * site: what a server of profiles answers to requests of HTTP, without
 * sockets: git's smart protocol for each profile (mnprotocol(5)), a page that
 * says what is served, and pushes that a device signs.
 *
 *	GET  /					the page
 *	GET  /<profile>.git/info/refs?service=git-upload-pack
 *	GET  /<profile>.git/info/refs?service=git-receive-pack
 *	POST /<profile>.git/git-upload-pack
 *	POST /<profile>.git/git-receive-pack
 *
 * and the same without ".git". <profile> is all 64 digits of its id.
 *
 *	mn_site_new(&site, &opt, &err);
 *	mn_site_handler(&handler, site);
 *	... requests, from any number of threads ...
 *	mn_site_free(site);
 *
 * Requests share nothing but a bounded cache of small answers (refs), each of
 * which is used only while the files that it was made from are as they were.
 * Repositories are opened for one request and closed behind it. Large bodies
 * of requests lie in nameless files.
 */
#ifndef MN_REPL_SITE_H
#define MN_REPL_SITE_H

#include "base/err.h"
#include "git/indexpack.h"
#include "net/web.h"
#include "repl/admit.h"
#include "social/home.h"

struct mn_site;

enum mn_site_which {
	MN_SITE_OWN,		/* with a device key here */
	MN_SITE_FOLLOWED,	/* that are followed */
	MN_SITE_ALL,		/* that are here */
	MN_SITE_LIST		/* those named */
};

struct mn_site_name {
	char hex[MN_ID_HEX + 1];
};

struct mn_site_options {		/* borrowed until mn_site_free */
	const struct mn_home *home;
	enum mn_site_which which;
	const struct mn_site_name *list;
	size_t nlist;
	const char *agent;		/* "mn/0.1.0" */
	const char *tmpdir;		/* for large requests; NULL: "/tmp" */
	/* Names that clients know this server by: a signed request must be for
	 * one of them. None: for the one it names itself. */
	const char *const *hosts;
	size_t nhosts;
	uint64_t max_request;		/* bytes of a fetch; 0: 4 MiB */
	uint64_t max_push;		/* bytes of a push; 0: 1 GiB */
	uint64_t cache_bytes;		/* of answers; 0: 8 MiB */
	struct mn_indexpack_limits pack;
	struct mn_admit_limits admit;
	int wait_ms;			/* for the lock of a repository */
	/* Something failed here, which the client isn't told. May be NULL. */
	void (*say)(void *ctx, const char *words);
	/* A push brought something into a profile. May be NULL. */
	void (*pushed)(void *ctx, const char *profile,
		       const struct mn_admit_report *rep);
	void *ctx;
};

int mn_site_new(struct mn_site **out, const struct mn_site_options *opt,
		struct mn_err *err);
void mn_site_free(struct mn_site *s);		/* NULL allowed */
void mn_site_handler(struct mn_web_handler *h, struct mn_site *s);

/* "own", "followed", "all": 0; -1 where the word is none of them. */
int mn_site_which_parse(enum mn_site_which *w, const char *word);

#endif
