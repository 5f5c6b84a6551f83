/*
 * follow: what is kept of a profile, and where it is fetched from. Both stand
 * in the configuration of its repository, so that they go where it goes, and
 * stock git sees the remotes (mnrepository-layout(5), FOLLOWING):
 *
 *	[mn]
 *		follow = true
 *		replicate = full | meta | dag | limit=SIZE
 *		stream = photos			any number
 *		tag = weather			any number
 *		keep = 90d			contents, after their posting
 *	[remote "origin"]
 *		url = https://host/profile.git	any number
 *		promisor = true			if less than "full" is kept
 *		partialclonefilter = blob:limit=16k
 *
 * How a profile is called is in the home's config (profile.<id>.name).
 */
#ifndef MN_REPL_FOLLOW_H
#define MN_REPL_FOLLOW_H

#include <stdint.h>

#include "base/err.h"
#include "base/vec.h"
#include "social/home.h"

enum mn_level { MN_LEVEL_FULL, MN_LEVEL_LIMIT, MN_LEVEL_META, MN_LEVEL_DAG };

#define MN_META_FILTER "blob:limit=16k"
#define MN_REMOTES_MAX 64		/* of a profile */
#define MN_REMOTE_NAME_MAX 64		/* [A-Za-z0-9][A-Za-z0-9._-]* */

struct mn_remote_addr {
	char *name, *url;	/* owned */
};

struct mn_follow {
	char hex[MN_ID_HEX + 1];
	int follow;		/* 0: only stored (own profiles, say) */
	enum mn_level level;
	uint64_t limit;		/* bytes, of MN_LEVEL_LIMIT */
	MN_VEC(char *) streams, tags;	/* none: everything */
	char *keep;		/* an age as the user wrote it, or NULL */
	MN_VEC(struct mn_remote_addr) remotes;	/* in the order they are tried */
};

void mn_follow_init(struct mn_follow *f);
void mn_follow_release(struct mn_follow *f);
/* Reads the configuration of the repository at gitdir. Never set: MN_LEVEL_FULL,
 * nothing followed, no remotes. MN_EINVALID names the setting. */
int mn_follow_read(struct mn_follow *f, const char *gitdir,
		   struct mn_err *err);
/* Writes all of f there, atomically and durably; other settings stay. The
 * caller holds the repository's lock, or made it just now. */
int mn_follow_write(const struct mn_follow *f, const char *gitdir,
		    struct mn_err *err);

/* "full", "meta", "dag", "limit=4m". MN_EINVALID. */
int mn_level_parse(enum mn_level *level, uint64_t *limit, const char *text);
/* Appends the same. */
void mn_level_text(struct mn_buf *out, enum mn_level level, uint64_t limit);
/* The partial-clone filter of a fetch; "" for none. With streams or tags only
 * metadata comes with it, and contents are asked for one by one. */
void mn_follow_filter(struct mn_buf *out, const struct mn_follow *f);
/* Whether contents of a node with this stream (p NULL: none) and these tags
 * (separated by spaces) are wanted at all: 1, 0. */
int mn_follow_wants(const struct mn_follow *f, struct mn_str stream,
		    struct mn_str tags);
/* Which name a new remote gets: "origin", then the host of url, then with a
 * number behind. buf of MN_REMOTE_NAME_MAX + 1. */
void mn_follow_new_name(char *buf, const struct mn_follow *f,
			const char *url);

#endif
