/*
 * wanted: nodes that were let in although contents of them that are wanted
 * are not here yet: the file mn/wanted of a repository, a carrier (40
 * digits) a line, in the order of the nodes. It is a list of things to do, so that
 * a fetch which broke off goes on; a line too many does no harm.
 * mnrepository-layout(5).
 */
#ifndef MN_REPL_WANTED_H
#define MN_REPL_WANTED_H

#include "base/err.h"
#include "base/vec.h"
#include "git/oid.h"

#define MN_WANTED_MAX (64u << 20)	/* bytes of the file */

struct mn_oid_list {
	struct mn_oid *p;
	size_t n, cap;
};

/* Appends what the file holds; lines that are none are passed over. */
int mn_wanted_read(struct mn_oid_list *out, const char *gitdir,
		   struct mn_err *err);
/* Replaces it durably; without any it is removed. The lock is held. */
int mn_wanted_write(const struct mn_oid *p, size_t n, const char *gitdir,
		    struct mn_err *err);
/* Puts more behind what is there. The lock is held. */
int mn_wanted_add(const struct mn_oid *p, size_t n, const char *gitdir,
		  struct mn_err *err);

#endif
