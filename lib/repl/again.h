/*
 * again: settings that ask for more than before concern what is here, too:
 * its contents that are missing are wanted now.
 */
#ifndef MN_REPL_AGAIN_H
#define MN_REPL_AGAIN_H

#include "base/err.h"
#include "git/repo.h"

/*
 * Puts all nodes of the repository on the list of wanted.h, of which the next
 * fetch takes off those that lack nothing. The lock is held.
 */
int mn_want_again(const struct mn_repo *repo, struct mn_err *err);

#endif
