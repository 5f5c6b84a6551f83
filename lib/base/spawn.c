#include "base/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "base/vec.h"

#include "banned.h"

typedef MN_VEC(char *) strings;

/* The strings stay the environment's: only the array is ours. */
static void child_env(strings *out, const struct mn_spawn *s)
{
	char **e;

	for (e = environ; e && *e; e++)
		if (s->env_keep_git || strncmp(*e, "GIT_", 4))
			*mn_vec_push(out) = *e;
	for (size_t i = 0; s->env && s->env[i]; i++)
		*mn_vec_push(out) = (char *)(uintptr_t)s->env[i];
	*mn_vec_push(out) = NULL;
}

/*
 * Has fd stand at target in the child. A source among 0..2 may be
 * overwritten before its turn, so it is first moved up, to *moved.
 */
static int place_fd(posix_spawn_file_actions_t *fa, int *moved, int fd,
		    int target)
{
	if (fd < 0)
		return 0;
	if (fd <= 2 && fd != target) {
		fd = *moved = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (fd < 0)
			return errno;
	}
	return posix_spawn_file_actions_adddup2(fa, fd, target);
}

/* Whatever we ignore or block, the child starts with the defaults. */
static int child_signals(posix_spawnattr_t *attr)
{
	sigset_t none, dfl;
	int r;

	sigemptyset(&none);
	sigemptyset(&dfl);
	sigaddset(&dfl, SIGPIPE);
	r = posix_spawnattr_setsigmask(attr, &none);
	if (!r)
		r = posix_spawnattr_setsigdefault(attr, &dfl);
	if (!r)
		r = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK |
					     POSIX_SPAWN_SETSIGDEF);
	return r;
}

/* 0 or an errno. */
static int start(pid_t *pid, const struct mn_spawn *s, int moved[3])
{
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t attr;
	strings env = { 0 };
	int r;

	child_env(&env, s);
	r = posix_spawn_file_actions_init(&fa);
	if (r)
		goto out_env;
	r = posix_spawnattr_init(&attr);
	if (r)
		goto out_actions;
	r = child_signals(&attr);
	if (!r && s->dir)
		r = posix_spawn_file_actions_addchdir_np(&fa, s->dir);
	if (!r)
		r = place_fd(&fa, &moved[0], s->in, 0);
	if (!r)
		r = place_fd(&fa, &moved[1], s->out, 1);
	if (!r)
		r = place_fd(&fa, &moved[2], s->errfd, 2);
	if (!r)
		r = posix_spawnp(pid, s->argv[0], &fa, &attr,
				 (char *const *)s->argv, env.p);
	posix_spawnattr_destroy(&attr);
out_actions:
	posix_spawn_file_actions_destroy(&fa);
out_env:
	mn_vec_release(&env);
	return r;
}

int mn_spawn_start(pid_t *pid, const struct mn_spawn *s, struct mn_err *err)
{
	int moved[3] = { -1, -1, -1 };
	int r, i;

	r = start(pid, s, moved);
	for (i = 0; i < 3; i++)
		if (moved[i] >= 0)
			close(moved[i]);
	if (!r)
		return 0;
	errno = r;
	return mn_err_sys(err, "cannot run '%s'", s->argv[0]);
}

/* 1 where it still runs, which options may ask for. */
static int wait_for(int *status, pid_t pid, int options, struct mn_err *err)
{
	pid_t got;
	int st;

	while ((got = waitpid(pid, &st, options)) < 0)
		if (errno != EINTR)
			return mn_err_sys(err, "cannot wait for process %ld",
					  (long)pid);
	if (!got)
		return 1;
	*status = WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
	return 0;
}

int mn_spawn_wait(int *status, pid_t pid, struct mn_err *err)
{
	return wait_for(status, pid, 0, err);
}

/* Looks ever more seldom: from each half millisecond to each 16. */
static int wait_some(int *status, pid_t pid, int ms, struct mn_err *err)
{
	long left = (long)ms * 1000, us = 500;
	int r;

	while ((r = wait_for(status, pid, WNOHANG, err)) > 0 && left > 0) {
		struct timespec t = { 0, us * 1000 };

		nanosleep(&t, NULL);
		left -= us;
		if (us < 16000)
			us *= 2;
	}
	return r;
}

int mn_spawn_end(int *status, pid_t pid, int ms, struct mn_err *err)
{
	int r = wait_some(status, pid, ms, err);

	if (r > 0) {
		kill(pid, SIGTERM);
		r = wait_some(status, pid, 1000, err);
	}
	if (r > 0) {
		kill(pid, SIGKILL);
		r = mn_spawn_wait(status, pid, err);
	}
	return r;
}

int mn_spawn_run(int *status, const struct mn_spawn *s, struct mn_err *err)
{
	pid_t pid;
	int r = mn_spawn_start(&pid, s, err);

	return r < 0 ? r : mn_spawn_wait(status, pid, err);
}

int mn_spawn_capture(struct mn_buf *out, int *status, const struct mn_spawn *s,
		     size_t max, struct mn_err *err)
{
	struct mn_spawn child = *s;
	int fds[2], r, waited;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return mn_err_sys(err, "cannot make a pipe");
	child.out = fds[1];
	r = mn_spawn_start(&pid, &child, err);
	close(fds[1]);
	if (r < 0) {
		close(fds[0]);
		return r;
	}
	r = mn_io_read_fd(out, fds[0], max, err);
	close(fds[0]);
	if (r < 0) {
		kill(pid, SIGTERM);
		mn_spawn_wait(&waited, pid, NULL);
		return mn_err_wrap(err, r, "output of '%s'", s->argv[0]);
	}
	return mn_spawn_wait(status, pid, err);
}
