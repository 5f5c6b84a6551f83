/*
 * arrival: what one fetch brings, on its way into a quarantine: packs are
 * indexed while they arrive, single objects (of a plain file server) are put
 * into a pack of their own.
 *
 *	mn_arrival_init(&a, mn_quarantine_dir(q), &limits);
 *	mn_arrival_sink(&sink, &a);
 *	r = mn_remote_fetch(remote, &want, &sink, &err);
 *	r = mn_arrival_end(&a, r == MN_EUNREACHABLE, &err);
 *	mn_arrival_release(&a);
 */
#ifndef MN_REPL_ARRIVAL_H
#define MN_REPL_ARRIVAL_H

#include "git/indexpack.h"
#include "git/pack.h"
#include "net/remote.h"
#include "repl/commits.h"

struct mn_arrival {
	const char *dir;
	const struct mn_indexpack_limits *limits;
	struct mn_indexpack *ip;	/* of the pack at hand */
	struct mn_pack *loose;
	uint64_t bytes;			/* of packs, and of loose objects */
	size_t objects;			/* in all */
	size_t packs;
	/* NULL, or gets the commits of what comes, unless that is several
	 * packs. True only if all came whole. */
	struct mn_commits *commits;
	/* For a file server: what is here already. NULL: nothing. */
	int (*has)(void *ctx, const struct mn_oid *oid);
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *has_ctx, *progress_ctx;
};

/* Borrows both. */
void mn_arrival_init(struct mn_arrival *a, const char *dir,
		     const struct mn_indexpack_limits *limits);
void mn_arrival_sink(struct mn_remote_sink *out, struct mn_arrival *a);
/* All that comes has come. broke: the stream ended too early, and of the pack
 * at hand what came whole is kept. */
int mn_arrival_end(struct mn_arrival *a, int broke, struct mn_err *err);
void mn_arrival_release(struct mn_arrival *a);

#endif
