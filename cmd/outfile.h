/* outfile: writes a content, verified as it is read, to stdout or a file. */
#ifndef MN_CMD_OUTFILE_H
#define MN_CMD_OUTFILE_H

#include "cmd.h"
#include "node/node.h"

/*
 * A file that is being written. A regular one appears, or is replaced, when it
 * is closed with r 0; anything else (a device, a pipe) is written to. Close it
 * also where opening failed. durable: it is on disk then.
 */
struct mn_outfile {
	const char *path;
	struct mn_buf tmp;	/* name while it is written; "" has none */
	int fd;
	int in_place;		/* the file is a device, say */
};
int mn_outfile_open(struct mn_outfile *f, const char *path,
		    struct mn_err *err);
int mn_outfile_close(struct mn_outfile *f, int r, int durable,
		     struct mn_err *err);

/*
 * file NULL or "-": to stdout; only text goes to a terminal. A regular file
 * appears, or is replaced, when all of it is there and verified; anything
 * else (a device, a pipe) is written to. Memory: a chunk.
 */
int mn_content_write(struct mn_cmd *c, struct mn_reader *rd,
		     const struct mn_node *n, size_t i, const char *file,
		     struct mn_err *err);

#endif
