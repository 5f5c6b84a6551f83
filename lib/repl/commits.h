/*
 * commits: the carriers of a pack, noted while they arrive, when they are
 * inflated anyway: admission finds its way along them without reading each
 * once more. Some 150 bytes a commit, of as many as MN_COMMITS_MAX.
 */
#ifndef MN_REPL_COMMITS_H
#define MN_REPL_COMMITS_H

#include "base/map.h"
#include "base/vec.h"
#include "git/oid.h"
#include "key/sign.h"

#define MN_COMMITS_MAX 1000000

struct mn_commit_note {
	struct mn_pub device;	/* as it claims; zero: a merge, or no carrier */
	size_t first, nparents;	/* in parents; none where it is no carrier */
};

struct mn_commits {
	struct mn_map by_oid;
	MN_VEC(struct mn_commit_note) notes;
	MN_VEC(struct mn_oid) parents;
};

void mn_commits_init(struct mn_commits *c);
/* It can be used on, and is empty. */
void mn_commits_release(struct mn_commits *c);
void mn_commits_add(struct mn_commits *c, const struct mn_oid *oid,
		    const void *data, size_t len);
/* NULL where it was not noted. */
const struct mn_commit_note *mn_commits_find(const struct mn_commits *c,
					     const struct mn_oid *oid);

#endif
