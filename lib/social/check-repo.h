/*
 * check-repo: what mn fsck does with one repository: everything is read, and
 * everything that is wrong is told, by name; nothing is changed, but that what
 * dead fetches left in mn/incoming goes.
 *
 * git's level: every object has the hash that is its name, packs and indexes
 * their checksums; refs and HEAD are well-formed and lead only to objects
 * that are there. mn's level: every node that the refs reach keeps every
 * rule of the format, refs and keys fit to the identity and the nodes.
 */
#ifndef MN_SOCIAL_CHECK_REPO_H
#define MN_SOCIAL_CHECK_REPO_H

#include "base/err.h"
#include "social/home.h"

enum mn_severity {
	MN_NOTE,	/* nothing is lost, nothing is wrong */
	MN_PROBLEM
};

struct mn_finding {
	enum mn_severity severity;
	const char *object;	/* node id, git id, ref, file or pack */
	const char *rule;	/* a name of node/rule.h or of mn-fsck(1) */
	const char *words;
};

struct mn_fsck_options {
	int no_git;		/* mn's level only */
	/* By the settings of the repository: contents may be missing; and the
	 * metadata of nodes, too. Where a pack is marked .promisor both are
	 * looked over, but missing metadata that is wanted is a problem. */
	int partial, bare;
	int threads;		/* 0: all processors */
	/* Findings come in an order that depends on the repository alone. */
	void (*found)(void *ctx, const struct mn_finding *f);
	/* done of total; total 0: unknown. May be NULL. */
	void (*progress)(void *ctx, const char *what, size_t done,
			 size_t total);
	void *ctx;
};

struct mn_fsck_counts {
	size_t objects, nodes;	/* looked at */
	size_t problems, notes;
};

/* 0 however much was found; negative only where it could not be looked. */
int mn_fsck(const struct mn_home *h, const char *hex,
	    const struct mn_fsck_options *opt, struct mn_fsck_counts *counts,
	    struct mn_err *err);

#endif
