/* outfile: see outfile.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "git/tmp.h"
#include "node/verify.h"
#include "outfile.h"
#include "reading.h"
#include "banned.h"

static void dir_of(struct mn_buf *out, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash)
		mn_buf_add(out, path, (size_t)(slash - path) + 1);
	else
		mn_buf_adds(out, "./");
}

int mn_outfile_open(struct mn_outfile *f, const char *path,
		    struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	struct stat st;
	int r = 0;

	f->path = path;
	mn_buf_init(&f->tmp);
	f->in_place = !stat(path, &st) && !S_ISREG(st.st_mode);
	if (f->in_place) {
		f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
		return f->fd < 0 ? mn_err_sys(err, "cannot open '%s'", path) : 0;
	}
	/* without a name nothing stays behind when we are killed */
	dir_of(&dir, path);
	f->fd = open(dir.p, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0666);
	if (f->fd < 0) {
		mn_buf_addf(&f->tmp, "%s.XXXXXX", path);
		r = mn_tmp_open(&f->fd, f->tmp.p, 0666, err);
	}
	mn_buf_release(&dir);
	return r;
}

/* Gives a file without a name one, beside the path. */
static int name_it(struct mn_outfile *f, struct mn_err *err)
{
	char self[40];
	int i;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", f->fd);
	for (i = 0; i < 100; i++) {
		mn_buf_clear(&f->tmp);
		mn_buf_addf(&f->tmp, "%s.%d-%d", f->path, (int)getpid(), i);
		if (!linkat(AT_FDCWD, self, AT_FDCWD, f->tmp.p,
			    AT_SYMLINK_FOLLOW))
			return 0;
		if (errno != EEXIST)
			break;
	}
	mn_buf_clear(&f->tmp);
	return mn_err_sys(err, "cannot write '%s'", f->path);
}

int mn_outfile_close(struct mn_outfile *f, int r, int durable,
		     struct mn_err *err)
{
	if (r >= 0 && durable && !f->in_place && fsync(f->fd))
		r = mn_err_sys(err, "cannot write '%s'", f->path);
	if (r >= 0 && !f->in_place && !f->tmp.len)
		r = name_it(f, err);
	if (f->fd >= 0 && close(f->fd) && r >= 0)
		r = mn_err_sys(err, "cannot write '%s'", f->path);
	if (r >= 0 && !f->in_place && rename(f->tmp.p, f->path))
		r = mn_err_sys(err, "cannot write '%s'", f->path);
	if (r >= 0 && durable && !f->in_place)
		r = mn_io_fsync_parent(f->path, err);
	else if (r < 0 && f->tmp.len)
		unlink(f->tmp.p);
	mn_buf_release(&f->tmp);
	return r;
}

static int to_file(void *ctx, const void *data, size_t len,
		   struct mn_err *err)
{
	struct mn_outfile *f = ctx;

	return mn_io_write_full(f->fd, data, len, err);
}

static int to_stdout(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	return mn_rawout_write(ctx, data, len, err);
}

int mn_content_write(struct mn_cmd *c, struct mn_reader *rd,
		     const struct mn_node *n, size_t i, const char *file,
		     struct mn_err *err)
{
	struct mn_rawout out;
	struct mn_outfile f;
	int r;

	if (!file || !strcmp(file, "-")) {
		mn_rawout_init(&out, c);
		r = mn_content_read(rd, n, i, to_stdout, &out, NULL, err);
		mn_rawout_release(&out);
		return r;
	}
	if (i >= n->meta.ncontents)
		return mn_err_set(err, MN_ENOTFOUND, "there is no content %zu",
				  i);
	r = mn_outfile_open(&f, file, err);
	if (r < 0) {
		mn_buf_release(&f.tmp);
		/* no directory: that is not the content that is missing */
		return r == MN_ENOTFOUND ? MN_EIO : r;
	}
	r = mn_content_read(rd, n, i, to_file, &f, NULL, err);
	return mn_outfile_close(&f, r, 0, err);
}
