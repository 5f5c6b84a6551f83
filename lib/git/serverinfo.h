/*
 * serverinfo: the two files that a web server which knows nothing of git
 * needs beside a repository, as git update-server-info(1) makes them:
 *
 *	info/refs		all refs, "<oid>\t<name>\n", sorted by name;
 *				for a tag also "<oid>\t<name>^{}\n", of
 *				what it names in the end
 *	objects/info/packs	"P pack-<name>.pack\n" for each pack, then "\n"
 *
 * Packs that were listed before keep their order, new ones come behind, so
 * that whoever reads the file finds the largest first.
 */
#ifndef MN_GIT_SERVERINFO_H
#define MN_GIT_SERVERINFO_H

#include "base/err.h"

/*
 * Brings both up to date, each atomically, in any bare repository. A file
 * that says the right thing already is not written. The packs come first: a
 * ref that is read finds its objects. Writers hold the repository's lock
 * (git/repo.h). Not synced: what a power cut leaves is old or new, and made
 * again by the next.
 */
int mn_serverinfo_update(const char *gitdir, struct mn_err *err);

#endif
