/*
 * remote: a repository elsewhere, as a client sees it: git's protocol v2
 * (gitprotocol-v2(5)), v0 and v1 where the server has no more, and a plain
 * file server ("dumb") by reading its files.
 *
 *	mn_remote_open(&r, net, &url, MN_UPLOAD_PACK, &err);
 *	mn_remote_refs(r, prefixes, 2, &refs, &err);
 *	mn_remote_fetch(r, &want, sink, ctx, &err);
 *	mn_remote_close(r);
 *
 * Everything that a server says is untrusted: names of refs are checked
 * (git/refname.h), numbers capped, lengths compared; what it says twice, in
 * the wrong order or too long is an error that names the server.
 * Whether objects are what was asked for is the caller's business.
 */
#ifndef MN_NET_REMOTE_H
#define MN_NET_REMOTE_H

#include "git/refs.h"
#include "net/transport.h"

struct mn_remote;

/* net and url are borrowed until close. A conversation that is over (v0 ends
 * with a fetch) or broke is begun again by the next call that needs one. */
int mn_remote_open(struct mn_remote **out, struct mn_net *net,
		   const struct mn_url *url, enum mn_service s,
		   struct mn_err *err);
void mn_remote_close(struct mn_remote *r);

/* Refs whose names begin with one of the prefixes (n 0: all), sorted; symbolic
 * and peeled information is dropped. MN_ELIMIT beyond net's max_refs. */
int mn_remote_refs(struct mn_remote *r, const char *const *prefixes, size_t n,
		   struct mn_ref_list *out, struct mn_err *err);

/* What the server can do; known after open. */
struct mn_remote_features {
	int version;		/* of the protocol: 0, 1, 2; -1: dumb */
	int filter;		/* partial fetches; dumb: of loose objects */
	int any_want;		/* objects that no ref names */
	int shallow;
	char agent[128];	/* as it says; printable ASCII only */
};
const struct mn_remote_features *mn_remote_features(const struct mn_remote *r);

struct mn_remote_want {
	const struct mn_oid *wants;
	size_t nwants;
	const struct mn_oid *haves;	/* newest first; at most 256 are sent */
	size_t nhaves;
	const char *filter;	/* "tree:0", "blob:limit=N"; NULL; dropped when
				   the server has none: see features */
	unsigned depth;		/* 0: all; dropped where features has no
				   shallow, and so is: */
	const struct mn_oid *shallows;	/* commits here whose parents are not */
	size_t nshallows;
};

/*
 * Fetches one pack, handed to the sink as it arrives, without any framing.
 * One round of negotiation: the haves, and "done". Without anything to send
 * the server sends an empty pack. From a dumb server whole packs come, and loose
 * objects: the sink's begin is called for each pack (also the one of smart
 * servers), and object for each loose object. Sideband 3 is MN_EFAIL with the
 * server's words, MN_ENOTFOUND where it lacks a want; a break MN_EUNREACHABLE,
 * and then end is not called, so that what came can be salvaged.
 */
struct mn_remote_sink {
	int (*begin)(void *ctx, struct mn_err *err);
	int (*data)(void *ctx, const void *data, size_t len,
		    struct mn_err *err);
	int (*end)(void *ctx, struct mn_err *err);
	/* dumb only: verified against oid by the callee. */
	int (*object)(void *ctx, const struct mn_oid *oid, enum mn_otype t,
		      const void *data, size_t len, struct mn_err *err);
	/* dumb only: 1 if the object is here already. */
	int (*has)(void *ctx, const struct mn_oid *oid);
	/* A commit whose parents don't come: with a depth, or of a server that
	 * has no more itself. Before begin. May be NULL. */
	int (*shallow)(void *ctx, const struct mn_oid *oid,
		       struct mn_err *err);
	/* One of shallows whose parents come. May be NULL. */
	int (*unshallow)(void *ctx, const struct mn_oid *oid,
			 struct mn_err *err);
	void *ctx;
};
int mn_remote_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		    const struct mn_remote_sink *sink, struct mn_err *err);

struct mn_remote_update {
	const char *name;
	struct mn_oid old_oid, new_oid;	/* zero: not there */
	int ok;			/* result */
	char why[200];		/* result, where not ok: what the server says */
};
/* Pushes in one request. The pack comes from body (NULL: only deletions),
 * packlen bytes or UINT64_MAX. What single refs gave is in the updates;
 * the return value is that of the conversation as a whole. */
int mn_remote_push(struct mn_remote *r, struct mn_remote_update *u, size_t n,
		   mn_body_fn *body, void *ctx, uint64_t packlen,
		   struct mn_err *err);

#endif
