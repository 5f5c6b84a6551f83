/* hooks: see hooks.h. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/spawn.h"
#include "conf/hooks.h"
#include "banned.h"

static void hook_path(struct mn_buf *b, const char *home, const char *name)
{
	mn_buf_addf(b, "%s/hooks/%s", home, name);
}

int mn_hook_exists(const char *home, const char *name)
{
	struct mn_buf path = MN_BUF_INIT;
	int yes;

	hook_path(&path, home, name);
	yes = access(path.p, X_OK) == 0;
	mn_buf_release(&path);
	return yes;
}

/* Whether the hook reads it all is its own affair: EPIPE is no error. */
static void feed(int fd, struct mn_str in)
{
	mn_io_write_full(fd, in.p, in.len, NULL);
}

int mn_hook_run(int *status, const char *home, const char *name,
		struct mn_str in, int errfd, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, dir = MN_BUF_INIT;
	const char *argv[] = { "env", NULL, NULL, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int fds[2], r = 0;
	pid_t pid;

	*status = 0;
	if (!mn_hook_exists(home, name))
		return 0;
	hook_path(&path, home[0] == '/' ? home : ".", name);
	mn_buf_addf(&dir, "MN_DIR=%s", home[0] == '/' ? home : ".");
	argv[1] = dir.p;
	argv[2] = path.p;
	s.argv = argv;
	s.dir = home;
	s.out = errfd;
	s.errfd = errfd;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		r = mn_err_sys(err, "cannot make a pipe");
		goto out;
	}
	s.in = fds[0];
	r = mn_spawn_start(&pid, &s, err);
	close(fds[0]);
	if (r >= 0)
		feed(fds[1], in);
	close(fds[1]);
	if (r >= 0)
		r = mn_spawn_wait(status, pid, err);
out:
	mn_buf_release(&dir);
	mn_buf_release(&path);
	if (r < 0)
		mn_err_wrap(err, r, "cannot run hook '%s'", name);
	return r;
}
