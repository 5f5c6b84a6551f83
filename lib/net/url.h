/*
 * url: where a repository lies, as git writes it (git-fetch(1), GIT URLS):
 *
 *	/path, ./path, file:///path		a directory of this machine
 *	http://host[:port]/path, https://...	user:password@ is taken out
 *	ssh://[user@]host[:port]/path
 *	[user@]host:path			scp-like; ":" before any "/"
 *
 * and with "#<profile>" (64 hex digits) at its end the profile that must be
 * there. Control bytes and a host, user or path that begins with "-" are
 * refused, and any other scheme.
 */
#ifndef MN_NET_URL_H
#define MN_NET_URL_H

#include "base/err.h"
#include "key/hash.h"

#define MN_URL_MAX 2048

enum mn_scheme { MN_URL_LOCAL, MN_URL_HTTP, MN_URL_HTTPS, MN_URL_SSH };

struct mn_url {			/* strings are owned; NULL where absent */
	enum mn_scheme scheme;
	char *user, *password, *host;
	unsigned port;		/* 0: the usual one */
	char *path;		/* decoded for LOCAL; for SSH as the other side
				   takes it ("~x/y" without the slash); for
				   HTTP still percent-encoded, ASCII, with "/"
				   in front and none at the end ("/" alone) */
	char *profile;		/* 64 digits, or NULL */
	char *text;		/* the whole, without password and profile: what
				   messages show and what is kept */
};

/* MN_EINVALID with words that name what is wrong. */
int mn_url_parse(struct mn_url *u, const char *text, struct mn_err *err);
void mn_url_release(struct mn_url *u);

#endif
