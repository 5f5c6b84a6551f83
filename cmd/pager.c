/*
 * pager: puts a pager between stdout and the terminal, and waits for it.
 * Also the other program that talks to a person: the editor.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/spawn.h"
#include "cmd.h"
#include "pager.h"
#include "banned.h"

int mn_stdout_is_tty(const struct mn_cmd *c)
{
	return c->pager_pid > 0 || isatty(STDOUT_FILENO);
}

static const char *pager_command(struct mn_cmd *c)
{
	const char *p = c->env.mn_pager;

	if (!p)
		p = mn_conf_get(mn_cmd_conf(c), "core.pager");
	if (!p)
		p = c->env.pager;
	if (!p)
		p = "less";
	return strcmp(p, "cat") != 0 && *p ? p : NULL;
}

void mn_pager_start(struct mn_cmd *c)
{
	const char *command;
	const char *argv[6];
	int n = 0, fds[2];
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_err err = MN_ERR_INIT;

	if (c->pager_pid || c->no_pager || !isatty(STDOUT_FILENO))
		return;
	command = pager_command(c);
	if (!command || pipe2(fds, O_CLOEXEC) < 0)
		return;
	if (!c->env.has_less) {
		argv[n++] = "env";
		argv[n++] = "LESS=FRX";
	}
	argv[n++] = "sh";
	argv[n++] = "-c";
	argv[n++] = command;
	argv[n] = NULL;
	s.argv = argv;
	s.in = fds[0];
	if (mn_spawn_start(&c->pager_pid, &s, &err) < 0) {
		c->pager_pid = 0;
		mn_warning(c, "no pager: %s", err.msg);
		close(fds[1]);
	} else {
		fflush(stdout);
		dup2(fds[1], STDOUT_FILENO);
		close(fds[1]);
	}
	close(fds[0]);
}

void mn_pager_finish(struct mn_cmd *c)
{
	int status;

	if (!c->pager_pid)
		return;
	/* only the end of its input lets the pager end */
	close(STDOUT_FILENO);
	/* ^C is for the pager now */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	mn_spawn_wait(&status, c->pager_pid, NULL);
	c->pager_pid = 0;
}

int mn_edit_file(struct mn_cmd *c, const char *path, struct mn_err *err)
{
	const char *editor = c->env.mn_editor;
	struct mn_spawn s = MN_SPAWN_INIT;
	struct mn_buf script = MN_BUF_INIT;
	const char *argv[6] = { "sh", "-c", NULL, NULL, NULL, NULL };
	int status, r;

	if (!editor)
		editor = mn_conf_get(mn_cmd_conf(c), "core.editor");
	if (!editor)
		editor = c->env.visual;
	if (!editor)
		editor = c->env.editor;
	if (!editor)
		editor = "vi";
	mn_buf_addf(&script, "%s \"$@\"", editor);
	argv[2] = script.p;
	argv[3] = editor;
	argv[4] = path;
	s.argv = argv;
	r = mn_spawn_run(&status, &s, err);
	if (r >= 0 && status)
		r = mn_err_set(err, MN_EFAIL, "the editor '%s' gave up "
			       "(exit %d)", editor, status);
	mn_buf_release(&script);
	return r;
}
