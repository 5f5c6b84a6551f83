/* tmp: temporary files with a mode that the umask still narrows. */
#ifndef MN_GIT_TMP_H
#define MN_GIT_TMP_H

#include <sys/types.h>

#include "base/err.h"

/*
 * Creates and opens a new file; the "XXXXXX" at the end of path becomes
 * random letters, as with mkstemp, whose mode is 0600 always.
 */
int mn_tmp_open(int *fd, char *path, mode_t mode, struct mn_err *err);
/* The same for a directory, of mode 0777 less the umask. */
int mn_tmp_mkdir(char *path, struct mn_err *err);

#endif
