/*
 * fetch: brings over what is new of a profile, from each of its remotes, as
 * much as its settings ask for (follow.h), verified (admit.h).
 *
 * First the refs are compared, then one pack comes with the nodes (and what is
 * small), then the larger contents by their ids, some MiB at a time; each such
 * batch is durable before the next is asked for, so that a fetch which breaks
 * off goes on where it was.
 */
#ifndef MN_REPL_FETCH_H
#define MN_REPL_FETCH_H

#include "base/err.h"
#include "base/vec.h"
#include "git/indexpack.h"
#include "net/net.h"
#include "net/url.h"
#include "repl/admit.h"
#include "repl/follow.h"
#include "social/home.h"
#include "social/profile.h"

struct mn_fetch_options {
	struct mn_net *net;		/* of this thread */
	const struct mn_home *home;
	int threads;			/* that verify; 0: all processors */
	int wait_ms;			/* for the locks */
	struct mn_indexpack_limits pack;
	struct mn_admit_limits admit;
	const char *remote;		/* only this one; NULL: all */
	int no_contents;		/* leave what is wanted by its id for
					   another time */
	/* done and total count objects; total 0: not known. May be NULL. */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *ctx;
};

struct mn_fetch_note {			/* what a person should know */
	char remote[MN_REMOTE_NAME_MAX + 1];
	int code;			/* 0: a remark; < 0: this remote failed */
	char text[MN_ERR_MAX];
};

struct mn_fetch_report {
	struct mn_admit_report admit;	/* of all remotes together */
	MN_VEC(struct mn_fetch_note) notes;
	size_t reached;			/* remotes that answered */
	size_t contents;		/* blobs that came by their ids */
	uint64_t bytes;			/* of packs */
	struct mn_net_wire wire;	/* what it took */
};
void mn_fetch_report_release(struct mn_fetch_report *rep);

/*
 * One profile that is here (hex: its id), with its settings. 0 when at least
 * one remote answered, or there is none; otherwise the code of the first that
 * failed. The index follows (where it can't, it stays behind).
 */
int mn_fetch_profile(const char *hex, const struct mn_follow *f,
		     const struct mn_fetch_options *o,
		     struct mn_fetch_report *rep, struct mn_err *err);

/*
 * The contents of one node of a profile that is here, whatever the settings
 * say: content i, or all (SIZE_MAX). The remotes are asked in turn for what
 * is still missing. 0 when all of it is here (whoever reads it verifies it);
 * MN_ENOTFOUND when no remote has the rest; otherwise why it could not be had.
 */
int mn_fetch_node(const char *hex, const struct mn_follow *f,
		  const struct mn_fetch_options *o,
		  const struct mn_oid *carrier, size_t i,
		  struct mn_fetch_report *rep, struct mn_err *err);

/*
 * Asks an address which profile lies there: its id, and its identity
 * documents, verified (only that they are those of the id). scratch: a
 * directory for temporary files, that is there and empty; it is left with files
 * in it. MN_EDENIED where the URL names another profile; MN_ENOTFOUND where
 * there is none.
 */
int mn_fetch_discover(struct mn_net *net, const struct mn_url *url,
		      const char *scratch, char hex[MN_ID_HEX + 1],
		      struct mn_buf *identity, struct mn_err *err);

#endif
