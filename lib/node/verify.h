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
 * Loads and checks the node whose carrier is oid, all rules up to and
 * with device-cut, contents that are here included. A merge is only loaded.
 *
 * 0: it holds. MN_EINVALID: *rule says which is broken. MN_ECORRUPT,
 * MN_ENOTFOUND: an object of it cannot be read.
 */
int mn_verify_node(struct mn_verifier *v, struct mn_node *n,
		   const struct mn_oid *oid, enum mn_rule *rule,
		   struct mn_err *err);

/* The identity document that the node verified last names. */
const struct mn_identity_doc *mn_verifier_doc(const struct mn_verifier *v);

/* Whether the contents that are here have size and digest of the meta.
 * Part of mn_verify_node; 0, MN_EINVALID with *rule, or a reading error. */
int mn_verify_contents(struct mn_reader *rd, const struct mn_node *n,
		       enum mn_rule *rule, struct mn_err *err);

/*
 * Hands the bytes of content i to fn, in order, each verified before: all at
 * once, or a chunk at a time. Nonzero from fn stops and is returned.
 * MN_ENOTFOUND where the content was dropped.
 */
typedef int mn_content_fn(void *ctx, const void *data, size_t len,
			  struct mn_err *err);
int mn_content_read(struct mn_reader *rd, const struct mn_node *n, size_t i,
		    mn_content_fn *fn, void *ctx, enum mn_rule *rule,
		    struct mn_err *err);

#endif
