/*
 * identity-rules: what must hold within one identity document, and from one
 * to the next. mnformat-identity(5), CHECKING.
 */
#ifndef MN_NODE_IDENTITY_RULES_H
#define MN_NODE_IDENTITY_RULES_H

#include "node/identity.h"

#define MN_IDENTITY_SIGN_PREFIX "mn:identity-signature:1\n"

enum mn_rule mn_identity_check_doc(const struct mn_identity_doc *d);
/* All documents, R0 first, signatures included. */
enum mn_rule mn_identity_check_chain(const struct mn_identity *id);

#endif
