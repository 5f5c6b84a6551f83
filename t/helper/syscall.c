/*
 * syscall: runs a command under ptrace(2) and counts, logs, ends or fails
 * its system calls, for the tests of what a crash or a full disk leaves.
 *
 *	syscall [OPTION...] count COMMAND...
 *	syscall [OPTION...] log COMMAND...
 *	syscall [OPTION...] kill N COMMAND...	before the Nth call is made
 *	syscall [OPTION...] after N COMMAND...	when the Nth has been made
 *	syscall [OPTION...] fail N ERRNO COMMAND...	the Nth and all later
 *
 *	-o FILE		the count, or the log; in every mode
 *	--only LIST	names of calls, joined by commas (default: all below)
 *	--path WORD	only calls about a path with WORD in it
 *	--once		fail the Nth alone
 *
 * Only calls that change files count, and fsync and the like: the names of
 * the table below. An open counts where it may create or empty a file.
 * Children and threads are followed and killed with the rest.
 *
 * A line of the log, tab-separated: name, result (0 and above, or the name
 * of an errno), descriptor or "new"/"old" for an open (was there a file?) or
 * "-", path, second path or "-". Paths are absolute, a descriptor's is
 * the one it has now.
 *
 * The exit status is the command's; 137 when it was killed; 125 where it
 * can't be traced. Linux on x86-64 and aarch64.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/vec.h"

#define CANNOT 125
#define OPTIONS (PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | \
		 PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | \
		 PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL)

/* args: what the arguments are, in order: f a descriptor, p a path, d a
 * descriptor and a path below it, x a path that means nothing here. */
struct call {
	const char *name, *args;
	long nr;
};

static const struct call calls[] = {
	{ "write", "f", SYS_write },
	{ "writev", "f", SYS_writev },
	{ "pwrite64", "f", SYS_pwrite64 },
	{ "pwritev", "f", SYS_pwritev },
	{ "pwritev2", "f", SYS_pwritev2 },
	{ "fsync", "f", SYS_fsync },
	{ "fdatasync", "f", SYS_fdatasync },
	{ "sync_file_range", "f", SYS_sync_file_range },
	{ "syncfs", "f", SYS_syncfs },
	{ "ftruncate", "f", SYS_ftruncate },
	{ "truncate", "p", SYS_truncate },
	{ "fallocate", "f", SYS_fallocate },
	{ "openat", "d", SYS_openat },
	{ "renameat2", "dd", SYS_renameat2 },
	{ "linkat", "dd", SYS_linkat },
	{ "symlinkat", "xd", SYS_symlinkat },
	{ "unlinkat", "d", SYS_unlinkat },
	{ "mkdirat", "d", SYS_mkdirat },
#ifdef SYS_renameat
	{ "renameat", "dd", SYS_renameat },
#endif
#ifdef SYS_open		/* what a newer architecture has only in the at form */
	{ "open", "p", SYS_open },
	{ "creat", "p", SYS_creat },
	{ "rename", "pp", SYS_rename },
	{ "link", "pp", SYS_link },
	{ "symlink", "xp", SYS_symlink },
	{ "unlink", "p", SYS_unlink },
	{ "rmdir", "p", SYS_rmdir },
	{ "mkdir", "p", SYS_mkdir },
#endif
};
#define NCALLS (sizeof(calls) / sizeof(*calls))

static const struct {
	const char *name;
	int value;
} errors[] = {
	{ "ENOSPC", ENOSPC }, { "EIO", EIO }, { "EACCES", EACCES },
	{ "EROFS", EROFS }, { "EDQUOT", EDQUOT }, { "EPERM", EPERM },
	{ "ENOENT", ENOENT }, { "EEXIST", EEXIST }, { "EINVAL", EINVAL },
};
#define NERRORS (sizeof(errors) / sizeof(*errors))

enum mode { COUNT, LOG, KILL, AFTER, FAIL };

struct thread {
	pid_t pid;
	const struct call *call;	/* that it is in, where it counts */
	unsigned long at;		/* its number */
	int failing;
	char flag[16];			/* third word of the log */
	char paths[2][PATH_MAX];
};

struct tracer {
	enum mode mode;
	unsigned long n, seen;
	int error, once;
	const char *only, *path;
	FILE *out;
	pid_t child;
	int status;			/* of the child */
	int killed;
	MN_VEC(struct thread *) threads;
};

static void __attribute__((noreturn)) quit(const char *what)
{
	fprintf(stderr, "syscall: %s: %s\n", what, strerror(errno));
	exit(CANNOT);
}

static void __attribute__((noreturn)) usage(void)
{
	fputs("usage: syscall [-o FILE] [--only LIST] [--path WORD] [--once]\n"
	      "               (count | log | kill N | after N | fail N ERRNO)"
	      " COMMAND...\n", stderr);
	exit(129);
}

/* the command's memory and descriptors */

static int is_open(const struct call *c)
{
	return !strcmp(c->name, "openat") || !strcmp(c->name, "open") ||
	       !strcmp(c->name, "creat");
}

static int may_create(const struct call *c, const uint64_t *args)
{
	if (!strcmp(c->name, "creat"))
		return 1;
	return (args[*c->args == 'd' ? 2 : 1] & (O_CREAT | O_TRUNC)) != 0;
}

static void proc_link(char out[PATH_MAX], pid_t pid, int fd)
{
	char name[64];
	ssize_t n;

	if (fd == AT_FDCWD)
		snprintf(name, sizeof(name), "/proc/%d/cwd", (int)pid);
	else
		snprintf(name, sizeof(name), "/proc/%d/fd/%d", (int)pid, fd);
	n = readlink(name, out, PATH_MAX - 1);
	out[n < 0 ? 0 : n] = '\0';
}

static void read_path(char out[PATH_MAX], pid_t pid, int dirfd, uint64_t addr)
{
	char name[64], word[PATH_MAX];
	int fd;
	ssize_t n;
	size_t len;

	snprintf(name, sizeof(name), "/proc/%d/mem", (int)pid);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : pread(fd, word, sizeof(word) - 1, (off_t)addr);
	if (fd >= 0)
		close(fd);
	word[n < 0 ? 0 : n] = '\0';
	out[0] = '\0';
	if (word[0] != '/')
		proc_link(out, pid, dirfd);
	len = strlen(out);
	snprintf(out + len, PATH_MAX - len, "%s%s", len ? "/" : "", word);
}

static void read_args(struct thread *t, const uint64_t *args)
{
	size_t k = 0, found = 0;

	snprintf(t->flag, sizeof(t->flag), "-");
	t->paths[0][0] = t->paths[1][0] = '\0';
	for (const char *p = t->call->args; *p; p++) {
		char *to = t->paths[found];

		if (*p == 'f') {
			proc_link(to, t->pid, (int)args[k]);
			snprintf(t->flag, sizeof(t->flag), "%d", (int)args[k]);
		} else if (*p == 'd') {
			read_path(to, t->pid, (int)args[k], args[k + 1]);
			k++;
		} else if (*p == 'p') {
			read_path(to, t->pid, AT_FDCWD, args[k]);
		}
		k++;
		found += *p != 'x';
	}
	if (is_open(t->call))
		snprintf(t->flag, sizeof(t->flag), "%s",
			 access(t->paths[0], F_OK) ? "new" : "old");
}

/* Makes the call one that does not exist, so that nothing happens. */
static void skip_call(pid_t pid)
{
#if defined(__x86_64__)
	struct user_regs_struct regs;

	if (ptrace(PTRACE_GETREGS, pid, NULL, &regs))
		quit("PTRACE_GETREGS");
	regs.orig_rax = (unsigned long long)-1;
	if (ptrace(PTRACE_SETREGS, pid, NULL, &regs))
		quit("PTRACE_SETREGS");
#elif defined(__aarch64__)
	int nr = -1;
	struct iovec v = { &nr, sizeof(nr) };

	if (ptrace(PTRACE_SETREGSET, pid, NT_ARM_SYSTEM_CALL, &v))
		quit("PTRACE_SETREGSET");
#else
#error "syscall: not written for this architecture"
#endif
}

static void set_result(pid_t pid, int error)
{
	struct user_regs_struct regs;
	struct iovec v = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &v))
		quit("PTRACE_GETREGSET");
#if defined(__x86_64__)
	regs.rax = (unsigned long long)-(long long)error;
#elif defined(__aarch64__)
	regs.regs[0] = (unsigned long long)-(long long)error;
#endif
	if (ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &v))
		quit("PTRACE_SETREGSET");
}

/* threads */

static struct thread *find(struct tracer *tr, pid_t pid)
{
	struct thread *t;

	for (size_t i = 0; i < tr->threads.n; i++)
		if (tr->threads.p[i]->pid == pid)
			return tr->threads.p[i];
	t = mn_xcalloc(1, sizeof(*t));
	t->pid = pid;
	*mn_vec_push(&tr->threads) = t;
	return t;
}

static void forget(struct tracer *tr, pid_t pid)
{
	for (size_t i = 0; i < tr->threads.n; i++) {
		if (tr->threads.p[i]->pid != pid)
			continue;
		free(tr->threads.p[i]);
		tr->threads.p[i] = tr->threads.p[--tr->threads.n];
		return;
	}
}

static void kill_all(struct tracer *tr)
{
	tr->killed = 1;
	for (size_t i = 0; i < tr->threads.n; i++)
		kill(tr->threads.p[i]->pid, SIGKILL);
}

/* calls */

static int in_list(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; (p = strstr(p, name)); p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return 1;
	return 0;
}

static int counts(const struct tracer *tr, struct thread *t,
		  const struct __ptrace_syscall_info *info)
{
	const uint64_t *args = (const uint64_t *)info->entry.args;
	size_t i = 0;

	while (i < NCALLS && (uint64_t)calls[i].nr != info->entry.nr)
		i++;
	if (i == NCALLS || (tr->only && !in_list(tr->only, calls[i].name)))
		return 0;
	t->call = &calls[i];
	if (!is_open(t->call) || may_create(t->call, args)) {
		read_args(t, args);
		if (!tr->path || strstr(t->paths[0], tr->path) ||
		    strstr(t->paths[1], tr->path))
			return 1;
	}
	t->call = NULL;
	return 0;
}

static void enter(struct tracer *tr, struct thread *t,
		  const struct __ptrace_syscall_info *info)
{
	t->call = NULL;
	if (!counts(tr, t, info))
		return;
	t->at = ++tr->seen;
	if (tr->mode == KILL && t->at == tr->n) {
		kill_all(tr);
	} else if (tr->mode == FAIL &&
		   (t->at == tr->n || (t->at > tr->n && !tr->once))) {
		skip_call(t->pid);
		t->failing = 1;
	}
}

static void put_log(struct tracer *tr, const struct thread *t, long long result)
{
	const char *name = NULL;

	for (size_t i = 0; i < NERRORS; i++)
		if (result == -errors[i].value)
			name = errors[i].name;
	if (name)
		fprintf(tr->out, "%s\t%s", t->call->name, name);
	else
		fprintf(tr->out, "%s\t%lld", t->call->name, result);
	fprintf(tr->out, "\t%s\t%s\t%s\n", t->flag, t->paths[0],
		t->paths[1][0] ? t->paths[1] : "-");
}

static void leave(struct tracer *tr, struct thread *t,
		  const struct __ptrace_syscall_info *info)
{
	long long result = info->exit.rval;

	if (!t->call || tr->killed)
		return;
	if (t->failing) {
		result = -tr->error;
		set_result(t->pid, tr->error);
	}
	t->failing = 0;
	if (tr->out && tr->mode != COUNT)
		put_log(tr, t, result);
	if (tr->mode == AFTER && t->at == tr->n)
		kill_all(tr);
	t->call = NULL;
}

static void at_call(struct tracer *tr, struct thread *t)
{
	struct __ptrace_syscall_info info;

	if (ptrace(PTRACE_GET_SYSCALL_INFO, t->pid, sizeof(info), &info) < 0)
		return;			/* it was killed meanwhile */
	if (info.op == PTRACE_SYSCALL_INFO_ENTRY)
		enter(tr, t, &info);
	else if (info.op == PTRACE_SYSCALL_INFO_EXIT)
		leave(tr, t, &info);
}

/* A thread stopped: looks at it, and lets it go on. */
static void stopped(struct tracer *tr, pid_t pid, int status)
{
	struct thread *t = find(tr, pid);
	int sig = WSTOPSIG(status), event = status >> 16;
	enum __ptrace_request how = PTRACE_SYSCALL;

	if (tr->killed)
		kill(pid, SIGKILL);	/* one that was made just before */
	if (sig == (SIGTRAP | 0x80)) {
		at_call(tr, t);
		sig = 0;
	} else if (event == PTRACE_EVENT_STOP && sig != SIGTRAP) {
		how = PTRACE_LISTEN;	/* job control */
		sig = 0;
	} else if (event) {
		sig = 0;
	}
	ptrace(how, pid, NULL, (void *)(long)sig);
}

static void follow(struct tracer *tr)
{
	int status;

	for (;;) {
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0 && errno == EINTR)
			continue;
		if (pid < 0)
			return;
		if (WIFSTOPPED(status)) {
			stopped(tr, pid, status);
			continue;
		}
		if (pid == tr->child)
			tr->status = status;
		forget(tr, pid);
	}
}

static void start(struct tracer *tr, char **argv)
{
	int go[2];
	char byte = 0;

	if (pipe2(go, O_CLOEXEC))
		quit("pipe");
	tr->child = fork();
	if (tr->child < 0)
		quit("fork");
	if (!tr->child) {
		close(go[1]);
		if (read(go[0], &byte, 1) != 1)
			_exit(CANNOT);
		execvp(argv[0], argv);
		fprintf(stderr, "syscall: '%s': %s\n", argv[0],
			strerror(errno));
		_exit(127);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, tr->child, NULL, (void *)(long)OPTIONS) ||
	    ptrace(PTRACE_INTERRUPT, tr->child, NULL, NULL))
		quit("cannot trace");
	find(tr, tr->child);
	if (write(go[1], &byte, 1) != 1)
		quit("write");
	close(go[1]);
}

static int error_value(const char *name)
{
	for (size_t i = 0; i < NERRORS; i++)
		if (!strcmp(errors[i].name, name))
			return errors[i].value;
	usage();
}

static unsigned long number(const char *s)
{
	char *end;
	unsigned long n = strtoul(s, &end, 10);

	if (!*s || *end || !n)
		usage();
	return n;
}

static char **parse_mode(struct tracer *tr, char **argv)
{
	static const char *const names[] = {
		"count", "log", "kill", "after", "fail"
	};
	size_t i = 0;

	while (i < 5 && (!*argv || strcmp(*argv, names[i])))
		i++;
	if (i == 5)
		usage();
	tr->mode = (enum mode)i;
	argv++;
	if (tr->mode >= KILL) {
		if (!*argv)
			usage();
		tr->n = number(*argv++);
	}
	if (tr->mode == FAIL) {
		if (!*argv)
			usage();
		tr->error = error_value(*argv++);
	}
	if (*argv && !strcmp(*argv, "--"))
		argv++;
	if (!*argv)
		usage();
	return argv;
}

static char **parse(struct tracer *tr, char **argv)
{
	for (; *argv && **argv == '-'; argv++) {
		if (!strcmp(*argv, "--once")) {
			tr->once = 1;
			continue;
		}
		if (!argv[1])
			usage();
		if (!strcmp(*argv, "-o")) {
			tr->out = fopen(argv[1], "we");
			if (!tr->out)
				quit(argv[1]);
		} else if (!strcmp(*argv, "--only")) {
			tr->only = argv[1];
		} else if (!strcmp(*argv, "--path")) {
			tr->path = argv[1];
		} else {
			usage();
		}
		argv++;
	}
	return parse_mode(tr, argv);
}

int main(int argc, char **argv)
{
	struct tracer tr = { .status = -1 };

	(void)argc;
	argv = parse(&tr, argv + 1);
	start(&tr, argv);
	follow(&tr);
	if (tr.mode == COUNT)
		fprintf(tr.out ? tr.out : stderr, "%lu\n", tr.seen);
	if (tr.out && fclose(tr.out))
		quit("cannot write the log");
	mn_vec_release(&tr.threads);
	if (tr.killed)
		return 137;
	return WIFEXITED(tr.status) ? WEXITSTATUS(tr.status)
				    : 128 + WTERMSIG(tr.status);
}
