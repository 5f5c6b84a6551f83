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
#define MN_META_LIMIT 16384u		/* the same, in bytes */
#define MN_REMOTES_MAX 64		/* of a profile */
#define MN_REMOTE_NAME_MAX 64		/* [A-Za-z0-9][A-Za-z0-9._-]*, no "..",
					   no ".lock" or "." at its end */
#define MN_FOLLOW_WORDS_MAX 256		/* streams, and tags */

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
 * nothing followed, no remotes. Remotes with names that mn would not give are
 * left to git. MN_EINVALID names the setting. */
int mn_follow_read(struct mn_follow *f, const char *gitdir,
		   struct mn_err *err);
/*
 * Writes all of f there, atomically and durably; other settings stay. The
 * caller holds the repository's lock, or made it just now. Where objects may be
 * missing now, remotes are marked promisor; the mark stays when all is wanted
 * again, since what is missing is not there at once. Without any remote the
 * mark stands at one named "origin" that has no address.
 */
int mn_follow_write(const struct mn_follow *f, const char *gitdir,
		    struct mn_err *err);

/* Adds an address; the name is made up where it is NULL. MN_EINVALID for an
 * impossible name or address; MN_EEXISTS for an address or a name that is there;
 * MN_ELIMIT. */
int mn_follow_add_remote(struct mn_follow *f, const char *name,
			 const char *url, struct mn_err *err);
/* Removes all addresses of the name; MN_ENOTFOUND. */
int mn_follow_drop_remote(struct mn_follow *f, const char *name,
			  struct mn_err *err);
/* Sets one word of a list, unless it is there. MN_EINVALID, MN_ELIMIT. */
int mn_follow_add_stream(struct mn_follow *f, const char *stream,
			 struct mn_err *err);
int mn_follow_add_tag(struct mn_follow *f, const char *tag,
		      struct mn_err *err);
void mn_follow_clear_streams(struct mn_follow *f);
void mn_follow_clear_tags(struct mn_follow *f);
/* Sets keep; NULL or "": contents are kept. MN_EINVALID. */
int mn_follow_set_keep(struct mn_follow *f, const char *age,
		       struct mn_err *err);
/* Whether the settings mean that objects may be missing here: 1, 0. */
int mn_follow_is_partial(const struct mn_follow *f);
/* The time in ms before which contents are dropped at the time now;
 * INT64_MIN: never. */
int64_t mn_follow_cutoff(const struct mn_follow *f, int64_t now);

/* "full", "meta", "dag", "limit=4m". MN_EINVALID. */
int mn_level_parse(enum mn_level *level, uint64_t *limit, const char *text);
/* Appends the same. */
void mn_level_text(struct mn_buf *out, enum mn_level level, uint64_t limit);
/* The partial-clone filter of a fetch; "" for none. With streams or tags only
 * metadata comes with it, and contents are asked for one by one. A limit under
 * 16k is taken for 16k, which metadata needs. */
void mn_follow_filter(struct mn_buf *out, const struct mn_follow *f);
/* Whether contents of a node with this stream (p NULL: none) and these tags
 * (separated by spaces) are wanted at all: 1, 0. It is enough that one stream
 * or one tag is among those followed. */
int mn_follow_wants(const struct mn_follow *f, struct mn_str stream,
		    struct mn_str tags);
/* Whether it may name a remote: 1, 0. */
int mn_remote_name_ok(const char *name);
/* Which name a new remote gets: "origin", then the host of url, then with a
 * number behind. buf of MN_REMOTE_NAME_MAX + 1. */
void mn_follow_new_name(char *buf, const struct mn_follow *f,
			const char *url);

#endif
