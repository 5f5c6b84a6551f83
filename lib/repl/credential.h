/*
 * credential: passwords for servers from git's credential helpers, by
 * running git-credential(1), so that whoever set up git for a host has set up
 * mn. Git asks on the terminal, too, where it has one and no helper knows.
 *
 *	opt.credential = mn_credential_git;
 *
 * A password travels through pipes alone, never in arguments or the
 * environment. What git reads is its own and the user's configuration, not
 * that of a repository which happens to be around.
 */
#ifndef MN_REPL_CREDENTIAL_H
#define MN_REPL_CREDENTIAL_H

#include "net/net.h"

/*
 * For struct mn_net_options; ctx isn't used. FILL: MN_ENOTFOUND where git isn't
 * there, MN_EDENIED where it knows nothing; MN_EINVALID for a value with a line
 * feed. APPROVE and REJECT tell the helpers.
 */
int mn_credential_git(void *ctx, enum mn_credential_op op,
		      struct mn_credential *c, struct mn_err *err);

#endif
