/*
 * check: verifies many nodes of one profile on all processors, each by
 * itself (node/verify.h) and then against the others (node/links.h).
 *
 *	mn_check_new(&k, store, &profile_id, &identity, &options);
 *	mn_check_nodes(k, results, n);		results[i].carrier is given
 *	mn_check_links(k, results, n);
 *	mn_check_results_release(results, n);
 *	mn_check_free(k);
 *
 * In a partial repository (allow_missing) a node whose meta is not here is
 * good as far as its carrier tells; whoever is built on it is compared with
 * what is known of it. verify.h says what is checked then.
 *
 * What was checked is remembered, 500 bytes a node, so a profile may be given
 * in blocks. A node is judged by itself and by what its parents, prev and
 * skip say; whether those are good is found by checking them.
 */
#ifndef MN_SOCIAL_CHECK_H
#define MN_SOCIAL_CHECK_H

#include "base/err.h"
#include "base/parallel.h"
#include "git/store.h"
#include "node/identity.h"
#include "node/links.h"
#include "social/index.h"
#include "social/index-seed.h"

struct mn_check;

struct mn_check_options {
	int threads;		/* 0: all processors */
	/*
	 * Where links.h needs a node that was not checked before: it is sought
	 * in the index and loaded. NULL: what was not given is not there.
	 */
	struct mn_index *index;
	/* What may be missing: MN_MISSING_META, MN_MISSING_CONTENTS (verify.h);
	 * 0: nothing. */
	unsigned allow_missing;
	uint64_t content_budget;	/* bytes of contents that are hashed in
					   all; then nodes with contents are
					   MN_ELIMIT. 0: no limit */
	mn_reader_fn *watch;	/* of every reader; called by all threads */
	void *watch_ctx;
	/* Nodes that are good by themselves are added to it. NULL: none is. */
	struct mn_index_seed *seed;
};

struct mn_check_result {
	struct mn_oid carrier;
	struct mn_id node;	/* as the commit claims; zero: it says nothing */
	int is_merge;
	int code;		/* 0: good; MN_EINVALID: breaks the rule;
				   MN_ELIMIT: the budget ended; otherwise it
				   cannot be read */
	/* Where allowed, and code is 0: */
	unsigned char meta_missing;	/* only the carrier was checked; node is
					   what it claims and signs */
	unsigned char contents_missing;	/* some, or parts of some */
	enum mn_rule rule;
	char *words;		/* why it cannot be read, or NULL; owned */
};

/* Never NULL. All is borrowed; identity: the newest that is known, or NULL. */
struct mn_check *mn_check_new(struct mn_store *store,
			      const struct mn_id *profile,
			      const struct mn_identity *identity,
			      const struct mn_check_options *opt);
void mn_check_free(struct mn_check *k);

/* Each by itself. Fills in the results. */
void mn_check_nodes(struct mn_check *k, struct mn_check_result *res, size_t n);
/* Before mn_check_links: of all that was checked only these (where the byte of
 * reached is set) can prove that a device signed twice. */
void mn_check_prove_only(struct mn_check *k, const struct mn_check_result *res,
			 const unsigned char *reached, size_t n);
/* Those that are good so far, against the others; merges too. */
void mn_check_links(struct mn_check *k, struct mn_check_result *res, size_t n);
void mn_check_results_release(struct mn_check_result *res, size_t n);

/* For many nodes: reads the whole list of the index at once. 0, or what the
 * index said; it is then asked for each node. */
int mn_check_learn(struct mn_check *k, struct mn_err *err);
/* The carrier of a node, as the index knows it. MN_ENOTFOUND. */
int mn_check_locate(struct mn_check *k, struct mn_oid *carrier,
		    const struct mn_id *node);
/* In place of an index: loads all nodes of the profile, unverified. */
int mn_check_walk(struct mn_check *k, const struct mn_profile *p,
		  struct mn_err *err);

const struct mn_links *mn_check_known(const struct mn_check *k);
struct mn_pool *mn_check_pool(struct mn_check *k);

#endif
