/*
 * verify: whether a node may be believed, by itself: with nothing but its
 * own objects and the id of its profile. mnformat-node(5), VERIFYING; what
 * needs other nodes is in links.h.
 *
 * A verifier is one thread's. All of them may share the same known identity.
 *
 *	struct mn_verifier *v = mn_verifier_new(reader, &profile, known);
 *	rule = MN_RULE_NONE;
 *	r = mn_verify_node(v, &node, &oid, &rule, &err);
 */
#ifndef MN_NODE_VERIFY_H
#define MN_NODE_VERIFY_H

#include "base/err.h"
#include "git/store.h"
#include "node/identity.h"
#include "node/node.h"
#include "node/rule.h"

struct mn_verifier;

/* known: the newest identity that is known of the profile, or NULL. It must
 * outlive the verifier. */
struct mn_verifier *mn_verifier_new(struct mn_reader *rd,
				    const struct mn_id *profile,
				    const struct mn_identity *known);
void mn_verifier_free(struct mn_verifier *v);
/* From now on contents are not read: for whoever shows a node at once, and
 * verifies each content when it is opened (mn_content_read). */
void mn_verifier_skip_contents(struct mn_verifier *v);

/*
 * For a partial repository, and for what comes from one. From now on parts of
 * a node that are not there are no error of mn_verify_node, which says with 0
 * that what is there holds, and mn_verifier_missing what is not there:
 *
 * 0			everything was there, and holds.
 * MN_MISSING_CONTENTS	contents, or chunks of them, are missing. All else
 *			holds as it does for a whole node, and so does each
 *			content and each chunk that is there. (Chunks whose
 *			list of digests is missing were not looked at.)
 * MN_MISSING_META	the tree, the meta or the identity documents are
 *			missing. Only the carrier was checked: its form, and
 *			that its signature over the node id that it claims is
 *			that of a device which some document of the known
 *			identity lists. node.id and node.carrier are set,
 *			the rest of the node is not. Profile, sequence
 *			number, generation, era and cuts are unknown, and
 *			nothing proves the commit's parents, summary and
 *			date: such a node can be passed on, never shown, and
 *			it is to be verified again when its meta came.
 *
 * Each of the two has to be allowed; one that is not is MN_ENOTFOUND. What is
 * there and wrong is an error as ever. The commit itself must be there.
 * Without a known identity, a carrier alone is MN_RULE_DEVICE_UNLISTED. With
 * either allowed, a node that names one of the known identity documents needs
 * no identity blob: its name is computed from these.
 */
#define MN_MISSING_META 1u
#define MN_MISSING_CONTENTS 2u
void mn_verifier_allow_missing(struct mn_verifier *v, unsigned parts);
/* Of the node verified last; 0 without allow_missing. */
unsigned mn_verifier_missing(const struct mn_verifier *v);

/*
 * Contents are hashed from now on only while *left, shared by any number of
 * verifiers and threads, lasts: the bytes of each part are taken off before it
 * is read. Then MN_ELIMIT. A few bytes of a pack can name a chunk so often
 * that hashing it each time would take days. NULL: no limit.
 */
void mn_verifier_budget(struct mn_verifier *v, _Atomic uint64_t *left);

/*
 * Loads and checks the node whose carrier is oid, all rules up to and
 * with device-cut, contents that are here included. A merge is only loaded.
 *
 * 0: it holds. MN_EINVALID: *rule says which is broken. MN_ECORRUPT,
 * MN_ENOTFOUND: an object of it cannot be read. MN_ELIMIT: see budget.
 */
int mn_verify_node(struct mn_verifier *v, struct mn_node *n,
		   const struct mn_oid *oid, enum mn_rule *rule,
		   struct mn_err *err);

/* The identity document that the node verified last names; NULL for a merge,
 * and without its meta. */
const struct mn_identity_doc *mn_verifier_doc(const struct mn_verifier *v);

/* Whether the contents that were not dropped have size and digest of the meta.
 * Part of mn_verify_node; 0, MN_EINVALID with *rule, or a reading error. left:
 * a budget, or NULL. missing: set to 1 where a part is not there, which is
 * then no error; or NULL. */
int mn_verify_contents(struct mn_reader *rd, const struct mn_node *n,
		       _Atomic uint64_t *left, int *missing,
		       enum mn_rule *rule, struct mn_err *err);

/*
 * Hands the bytes of content i to fn, in order, each verified before: all at
 * once, or a chunk at a time. Nonzero from fn stops and is returned.
 * MN_ENOTFOUND where the content was dropped, or (in a partial repository) is
 * not here: mn_content_presence tells which.
 */
typedef int mn_content_fn(void *ctx, const void *data, size_t len,
			  struct mn_err *err);
int mn_content_read(struct mn_reader *rd, const struct mn_node *n, size_t i,
		    mn_content_fn *fn, void *ctx, enum mn_rule *rule,
		    struct mn_err *err);

/* Whether content i is here in all its parts (nothing is verified). Dropped: by
 * its author, for good. Not here: it, or a part of it, is to be fetched. < 0: it
 * can't be told. */
enum mn_presence { MN_HERE, MN_DROPPED, MN_NOT_HERE };
int mn_content_presence(struct mn_reader *rd, const struct mn_node *n,
			size_t i, struct mn_err *err);

#endif
