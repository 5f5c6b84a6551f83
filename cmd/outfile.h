/* outfile: writes a content, verified as it is read, to stdout or a file. */
#ifndef MN_CMD_OUTFILE_H
#define MN_CMD_OUTFILE_H

#include "cmd.h"
#include "node/node.h"

/*
 * file NULL or "-": to stdout; only text goes to a terminal. A regular file
 * appears, or is replaced, when all of it is there and verified; anything
 * else (a device, a pipe) is written to. Memory: a chunk.
 */
int mn_content_write(struct mn_cmd *c, struct mn_reader *rd,
		     const struct mn_node *n, size_t i, const char *file,
		     struct mn_err *err);

#endif
