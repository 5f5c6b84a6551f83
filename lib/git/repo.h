/*
 * repo: one bare repository: its path, its lock, its configuration marks.
 * Layout: mnrepository-layout(5).
 */
#ifndef MN_GIT_REPO_H
#define MN_GIT_REPO_H

#include "base/buf.h"
#include "base/err.h"
#include "base/lock.h"
#include "git/oid.h"
#include "git/store.h"

#define MN_REPO_FORMAT 1
#define MN_REPO_LOCK_MS 60000	/* how long a writer waits for another */

struct mn_repo {
	char *path;		/* of the bare repository */
	struct mn_store *store;
	struct mn_lock lock;
};

/*
 * Makes a bare repository of format MN_REPO_FORMAT for a profile (64 hex
 * digits), beside its place and renamed there when complete and synced, so
 * that a crash leaves none or a whole one. HEAD names refs/heads/main.
 * profile NULL: a plain copy, for git and for whoever fetches from it; mn
 * doesn't open it.
 */
int mn_repo_init(const char *path, const char *profile, struct mn_err *err);

/* Opens; checks core.repositoryformatversion, mn.format (MN_EVERSION when
 * newer or when it is no repository of mn) and reads mn.profile to profile. */
int mn_repo_open(struct mn_repo *r, const char *path, char profile[65],
		 struct mn_err *err);
void mn_repo_close(struct mn_repo *r);

/* Makes mn/ and mn/tmp, which a copy made by git lacks; who then opens a
 * file there learns what failed. */
void mn_repo_own_dirs(const struct mn_repo *r);
/* The writers' lock; also clears what a killed writer left (mn/tmp). */
int mn_repo_lock(struct mn_repo *r, int wait_ms, struct mn_err *err);
void mn_repo_unlock(struct mn_repo *r);
/* Removes temporary files of objects and packs that are older than an hour.
 * The caller holds the lock. */
int mn_repo_sweep(struct mn_repo *r, struct mn_err *err);

/* What libgit2 does for us. Each starts libgit2 on first use. */
/* Any revision git understands (gitrevisions(7)); MN_ENOTFOUND, MN_EAMBIGUOUS. */
int mn_git_revparse(struct mn_oid *out, const struct mn_repo *r,
		    const char *spec, struct mn_err *err);
/* A range "A..B", "^A B", ...: calls fn for each commit, newest (topological)
 * first. */
typedef int mn_git_walk_fn(void *ctx, const struct mn_oid *commit);
int mn_git_walk(const struct mn_repo *r, const struct mn_oid *tips, size_t ntips,
		const struct mn_oid *hide, size_t nhide, mn_git_walk_fn *fn,
		void *ctx, struct mn_err *err);
/* Writes objects/info/commit-graph for what the tips reach. */
int mn_git_commit_graph(const struct mn_repo *r, const struct mn_oid *tips,
			size_t ntips, struct mn_err *err);

#endif
