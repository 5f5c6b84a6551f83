/*
 * pager: puts a pager between stdout and the terminal, and waits for it.
 * Also the other program that talks to a person: the editor.
 */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
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

/* ^C is for the child, which does with it what it does; not for us. */
static int run_undisturbed(int *status, const struct mn_spawn *s,
			   struct mn_err *err)
{
	void (*on_int)(int), (*on_quit)(int);
	sigset_t both, before;
	pid_t pid;
	int r;

	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGQUIT);
	/* blocked until the child is there: what is ignored, it inherits */
	sigprocmask(SIG_BLOCK, &both, &before);
	r = mn_spawn_start(&pid, s, err);
	on_int = signal(SIGINT, SIG_IGN);
	on_quit = signal(SIGQUIT, SIG_IGN);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r >= 0)
		r = mn_spawn_wait(status, pid, err);
	signal(SIGINT, on_int);
	signal(SIGQUIT, on_quit);
	return r;
}

static int edit_file(struct mn_cmd *c, const char *path, struct mn_err *err)
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
	r = run_undisturbed(&status, &s, err);
	if (r >= 0 && status)
		r = mn_err_set(err, MN_EFAIL, "the editor '%s' gave up "
			       "(exit %d)", editor, status);
	mn_buf_release(&script);
	return r;
}

int mn_edit_text(struct mn_cmd *c, const char *path, struct mn_buf *text,
		 size_t max, struct mn_err *err)
{
	struct stat st;
	int r = 0, there = !stat(path, &st);

	if (text->len && there && st.st_size)
		return mn_err_set(err, MN_EEXISTS, "an earlier text was not "
				  "posted yet: 'mn post' goes on with it; "
				  "or remove it");
	if (text->len || !there)
		r = mn_io_replace(path, text->p, text->len, 0600, 0, err);
	if (r == 0)
		r = edit_file(c, path, err);
	mn_buf_clear(text);
	if (r == 0)
		r = mn_io_read_file(text, path, max, err);
	while (text->len && strchr(" \t\r\n", text->p[text->len - 1]))
		mn_buf_setlen(text, text->len - 1);
	if (r == 0 && !text->len) {
		unlink(path);
		r = mn_err_set(err, MN_EFAIL, "nothing written, nothing "
			       "posted");
	}
	return r;
}
