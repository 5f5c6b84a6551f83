/*
 * io: files, whole and durable. All paths are byte strings. Every function
 * retries EINTR and short transfers. Errors are MN_EIO or MN_ENOTFOUND with
 * the path in the words.
 */
#ifndef MN_BASE_IO_H
#define MN_BASE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* After a failure errno is still that of write(2), for words of your own. */
int mn_io_write_full(int fd, const void *data, size_t len, struct mn_err *err);
/* Reads until len bytes or the end; returns the count in *got. */
int mn_io_read_full(int fd, void *data, size_t len, size_t *got,
		    struct mn_err *err);
/* Appends the whole file to b; MN_ELIMIT beyond max bytes. */
int mn_io_read_file(struct mn_buf *b, const char *path, size_t max,
		    struct mn_err *err);
int mn_io_read_fd(struct mn_buf *b, int fd, size_t max, struct mn_err *err);

/*
 * Replaces path atomically: temporary file beside it, write, fsync if
 * durable, rename, fsync of the directory if durable.
 */
int mn_io_replace(const char *path, const void *data, size_t len,
		  mode_t mode, int durable, struct mn_err *err);

/* mkdir -p; existing directories are fine. */
int mn_io_mkdirs(const char *path, mode_t mode, struct mn_err *err);
int mn_io_fsync_dir(const char *path, struct mn_err *err);
/* The directory that path stands in. */
int mn_io_fsync_parent(const char *path, struct mn_err *err);
int mn_io_exists(const char *path);	/* 1, 0 */
/* 0 where it was made longer than that ago, so that the kernel has written its
 * name back by itself; 1 otherwise, and where the file system doesn't tell. */
int mn_io_is_young(const char *path);

/* Gives a file the time of now, if its own is older than age seconds: 0, or
 * -1 where it is gone, or not ours to change. */
int mn_io_freshen(const char *path, int age);

/* Removes a directory and what is in it; symbolic links are not followed.
 * Gives up (MN_EIO) where directories are more than 256 deep. */
int mn_io_remove_tree(const char *path, struct mn_err *err);

/* A read-only mapping of a whole file; {NULL, 0} for an empty one. */
struct mn_map_file {
	const unsigned char *p;
	size_t len;
};
int mn_io_map(struct mn_map_file *m, const char *path, struct mn_err *err);
void mn_io_unmap(struct mn_map_file *m);

#endif
