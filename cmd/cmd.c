/* cmd: what every command shares; see cmd.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "pager.h"
#include "banned.h"

const char *mn_home(struct mn_cmd *c)
{
	struct mn_buf b = MN_BUF_INIT;

	if (c->home)
		return c->home;
	if (c->env.mn_dir)
		mn_buf_adds(&b, c->env.mn_dir);
	else if (c->env.xdg_data && c->env.xdg_data[0] == '/')
		mn_buf_addf(&b, "%s/mn", c->env.xdg_data);
	else if (c->env.home)
		mn_buf_addf(&b, "%s/.local/share/mn", c->env.home);
	else
		mn_die(c, "no home directory: set MN_DIR or HOME");
	c->home = mn_buf_detach(&b, NULL);
	return c->home;
}

struct mn_conf *mn_cmd_conf(struct mn_cmd *c)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf path = MN_BUF_INIT;
	int r;

	if (c->conf_loaded)
		return &c->conf;
	mn_buf_addf(&path, "%s/config", mn_home(c));
	r = mn_conf_load(&c->conf, path.p, &err);
	mn_buf_release(&path);
	if (r < 0)
		mn_exit(c, mn_fail(c, r, &err));
	c->conf_loaded = 1;
	return &c->conf;
}

static void say(const struct mn_cmd *c, const char *words)
{
	fprintf(stderr, "mn%s%s: %s\n", *c->name ? " " : "", c->name, words);
}

/* By way of mn_err, which takes the control bytes out. */
static void __attribute__((format(printf, 2, 0)))
say_args(const struct mn_cmd *c, const char *fmt, va_list ap)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	mn_buf_vaddf(&b, fmt, ap);
	mn_err_set(&err, MN_EFAIL, "%s", b.p);
	say(c, err.msg);
	mn_buf_release(&b);
}

int mn_fail(struct mn_cmd *c, int code, const struct mn_err *err)
{
	if (err && err->msg[0])
		say(c, err->msg);
	return mn_exit_status(code);
}

void mn_warning(struct mn_cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_args(c, fmt, ap);
	va_end(ap);
}

void mn_die(struct mn_cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_args(c, fmt, ap);
	va_end(ap);
	mn_exit(c, MN_EXIT_FAIL);
}

void mn_usage(struct mn_cmd *c, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say_args(c, fmt, ap);
	va_end(ap);
	fprintf(stderr, "see 'mn%s%s -h'\n", *c->name ? " " : "", c->name);
	mn_exit(c, MN_EXIT_USAGE);
}

/*
 * Stdout can't be written. A reader who has gone away knows that; after
 * leaving our own pager it isn't even a failure.
 */
static void stdout_broke(struct mn_cmd *c, int error)
{
	int status = MN_EXIT_FAIL;

	if (error != EPIPE)
		fprintf(stderr, "mn%s%s: write error: %s\n",
			*c->name ? " " : "", c->name, strerror(error));
	else if (c->pager_pid)
		status = MN_EXIT_OK;
	mn_pager_finish(c);
	_exit(status);
}

void mn_out(struct mn_cmd *c, const void *data, size_t len)
{
	if (len && fwrite(data, 1, len, stdout) != len)
		stdout_broke(c, errno);
}

void mn_out_buf(struct mn_cmd *c, struct mn_buf *b)
{
	mn_out(c, b->p, b->len);
	mn_buf_clear(b);
}

void mn_out_flush(struct mn_cmd *c)
{
	errno = 0;
	if (fflush(stdout) == EOF || ferror(stdout))
		stdout_broke(c, errno ? errno : EIO);
}

void mn_exit(struct mn_cmd *c, int status)
{
	mn_out_flush(c);
	/* network filesystems tell of a full disk at close */
	if (!c->pager_pid && fclose(stdout) == EOF)
		stdout_broke(c, errno);
	mn_pager_finish(c);
	mn_conf_release(&c->conf);
	free(c->home);
	c->home = NULL;
	exit(status);
}
