/*
 * net: what the connections of one thread share: settings, limits, and the
 * connections themselves, which are kept and used again for the next request
 * to the same server (HTTP handles, ssh sessions). A struct mn_net belongs to
 * one thread.
 */
#ifndef MN_NET_NET_H
#define MN_NET_NET_H

#include <stdint.h>

#include "base/err.h"

#define MN_AGENT "mn/" MN_RELEASE	/* which the Makefile gives */

struct mn_credential {		/* as git-credential(1) has it */
	char protocol[16], host[300], path[MN_ERR_MAX];
	char user[256], password[1024];
};

enum mn_credential_op { MN_CRED_FILL, MN_CRED_APPROVE, MN_CRED_REJECT };

struct mn_net_options {		/* strings are borrowed; 0 or NULL: default */
	int connect_ms;		/* 15,000 */
	int stall_ms;		/* nothing came for so long: 60,000 */
	uint64_t max_refs;	/* in one advertisement: 100,000 */
	uint64_t max_answer;	/* bytes of an answer that is no pack: 16 MiB */
	const char *home;	/* the user's directory, for ~/.ssh */
	const char *ssh_command;/* run instead of libssh2; through sh */
	int ssh_builtin;	/* 1: libssh2 only; -1: the system's ssh only;
				   0: libssh2, and ssh for what it can't do */
	const char *ssh_auth_sock;
	const char *proxy;	/* as curl has it: http://, socks5h://... NULL:
				   that of the environment */
	const char *ca_file;	/* certificates to trust, PEM; NULL: system's */
	int protocol;		/* 0: the newest; 1 or 2: ask for that; -1: for
				   none, which gives version 0 */
	/* Asks a person; 1 yes, 0 no. NULL: nobody is there, so no. */
	int (*ask)(void *ctx, const char *question);
	/* git's credential helpers; below 0 where none is known. May be NULL. */
	int (*credential)(void *ctx, enum mn_credential_op op,
			  struct mn_credential *c, struct mn_err *err);
	int progress;		/* 1: servers shall say how far they are, too */
	/* A line that the server says (sideband 2), not yet made safe for a
	 * terminal. May be NULL. */
	void (*say)(void *ctx, const char *text, size_t len);
	void (*trace)(void *ctx, const char *words);	/* may be NULL */
	/*
	 * Signs a request of a device that pushes (mnprotocol(5)): the value of
	 * the header Authorization. url: where the request goes, after
	 * redirects, without a password; the path in it is that of the request.
	 * MN_ENOTFOUND or MN_EINVALID: it goes unsigned. NULL: all do.
	 */
	int (*sign)(void *ctx, const char *method, const char *url,
		    const unsigned char body_digest[32],
		    char out[512], struct mn_err *err);
	void *ctx;
};

struct mn_net;

struct mn_net *mn_net_new(const struct mn_net_options *opt);	/* copied */
void mn_net_free(struct mn_net *net);
const struct mn_net_options *mn_net_options(const struct mn_net *net);
struct mn_net_wire {		/* since mn_net_new, for figures and tests */
	uint64_t in, out;	/* bytes; of HTTP with its headers */
	uint64_t requests, connections;
};
void mn_net_wire(const struct mn_net *net, struct mn_net_wire *w);

#endif
