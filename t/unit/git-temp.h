/*
 * git-temp: what the tests of lib/git share: a directory that goes away at
 * the end and holds HOME, and stock git as the oracle.
 */
#ifndef MN_GIT_TEMP_H
#define MN_GIT_TEMP_H

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/io.h"
#include "base/spawn.h"
#include "tap.h"

static char temp_dir[] = "/tmp/mn-test-git-XXXXXX";

static void temp_begin(void) TAP_UNUSED;
static int temp_end(void) TAP_UNUSED;
static char *sh(const char *fmt, ...) TAP_UNUSED TAP_PRINTF(1, 2);
static int sh_ok(const char *fmt, ...) TAP_UNUSED TAP_PRINTF(1, 2);

/* From here on the current directory, and HOME, are the temporary one. */
static void temp_begin(void)
{
	if (!mkdtemp(temp_dir) || chdir(temp_dir) ||
	    setenv("HOME", temp_dir, 1) || setenv("LC_ALL", "C", 1) ||
	    unsetenv("XDG_CONFIG_HOME"))
		abort();
	free(sh("git config --global user.name T && "
		"git config --global user.email t@example.org && "
		"git config --global init.defaultBranch main && "
		"git config --global gc.auto 0"));
}

static int temp_end(void)
{
	if (chdir("/") || mn_io_remove_tree(temp_dir, NULL) < 0)
		fprintf(stderr, "# cannot remove %s\n", temp_dir);
	return done_testing();
}

static int run_sh(struct mn_buf *out, const char *cmd)
{
	const char *const argv[] = { "sh", "-ec", cmd, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_err err = MN_ERR_INIT;
	int status = -1;

	s.argv = argv;
	if (mn_spawn_capture(out, &status, &s, 64u << 20, &err) < 0)
		fprintf(stderr, "# %s\n", err.msg);
	return status;
}

/* What a command in the shell prints, without the last line feed; the
 * caller frees. The test ends where the command fails. */
static char *sh(const char *fmt, ...)
{
	struct mn_buf cmd = MN_BUF_INIT, out = MN_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	mn_buf_vaddf(&cmd, fmt, ap);
	va_end(ap);
	if (run_sh(&out, cmd.p)) {
		fprintf(stderr, "# failed: %s\n%s\n", cmd.p, out.p);
		exit(1);
	}
	if (out.len && out.p[out.len - 1] == '\n')
		mn_buf_setlen(&out, out.len - 1);
	mn_buf_grow(&out, 1);
	out.p[out.len] = 0;
	mn_buf_release(&cmd);
	return mn_buf_detach(&out, NULL);
}

/* Whether a command succeeds. */
static int sh_ok(const char *fmt, ...)
{
	struct mn_buf cmd = MN_BUF_INIT, out = MN_BUF_INIT;
	va_list ap;
	int status;

	va_start(ap, fmt);
	mn_buf_vaddf(&cmd, fmt, ap);
	va_end(ap);
	status = run_sh(&out, cmd.p);
	mn_buf_release(&cmd);
	mn_buf_release(&out);
	return status == 0;
}

#endif
