/*
 * mn: what both binaries begin with. Called as mn-foo it is the command foo;
 * called as mn it reads the global options and finds the command: in its own
 * table, else in mn-net, else a program mn-foo in PATH.
 *
 * mn-net holds the commands that talk to the network: loading curl, ssh and
 * TLS would cost each command of mn several milliseconds. It is compiled from
 * this file with MN_NET defined, lies beside mn, in ../libexec/mn or, for the
 * mn that is installed, in MN_LIBEXECDIR, and is executed by mn alone, as
 * mn-foo.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd.h"
#ifdef MN_NET
#define LOCAL(fn) NULL
#define NET(fn) fn
#else
#define LOCAL(fn) fn
#define NET(fn) NULL
#endif
#include "commands.h"
#include "banned.h"

static const char usage[] =
	"mn [-p PROFILE] [-C DIR] [--no-pager] COMMAND [ARG...]\n"
	"mn --help\n"
	"mn --version\n";

struct opts {
	const char *profile;
	int no_pager, help, version;
};

static void change_dir(struct mn_cmd *c, void *opts, const char *value)
{
	(void)opts;
	if (chdir(value) < 0)
		mn_die(c, "cannot change to '%s': %s", value, strerror(errno));
}

static const struct mn_opt options[] = {
	MN_OPT_STR('p', "profile", struct opts, profile, "PROFILE",
		   "act as this profile: a name, an id or the start of one"),
	MN_OPT_CALL('C', NULL, change_dir, "DIR", "go to this directory first"),
	MN_OPT_BOOL(0, "no-pager", struct opts, no_pager, "don't use a pager"),
	MN_OPT_BOOL('h', "help", struct opts, help, "list the common commands"),
	MN_OPT_BOOL(0, "version", struct opts, version, "print the version"),
	MN_OPT_END
};

const struct mn_command *mn_command_table(void)
{
	return mn_commands;
}

const struct mn_command *mn_command_find(const char *name)
{
	const struct mn_command *m;

	for (m = mn_commands; m->name; m++)
		if (!strcmp(m->name, name))
			return m;
	return NULL;
}

/* MN_TRACE: 1 or true is stderr, 2 to 9 a descriptor, /path a file. */
static void open_trace(struct mn_cmd *c)
{
	const char *to = c->env.trace;

	if (!to || !strcmp(to, "0") || !strcmp(to, "false"))
		return;
	if (!strcmp(to, "1") || !strcmp(to, "true"))
		c->trace.fd = STDERR_FILENO;
	else if (to[0] >= '2' && to[0] <= '9' && !to[1])
		c->trace.fd = to[0] - '0';
	else if (to[0] == '/')
		c->trace.fd = open(to, O_WRONLY | O_CREAT | O_APPEND |
				   O_CLOEXEC, 0600);
	if (c->trace.fd < 0)
		mn_warning(c, "cannot trace to '%s'", to);
}

/* Files that we open must not end up as stdin, stdout or stderr. */
static void keep_std_fds(void)
{
	int fd = open("/dev/null", O_RDONLY);

	while (fd >= 0 && fd <= STDERR_FILENO)
		fd = open("/dev/null", O_RDONLY);
	if (fd >= 0)
		close(fd);
}

static void run(struct mn_cmd *c, const struct mn_command *m)
{
	int status;

	c->name = m->name;
	mn_trace(&c->trace, "run %s", m->name);
	status = m->fn(c);
	mn_trace(&c->trace, "exit %d", status);
	mn_exit(c, status);
}

/* What an external command calls as mn should be this very mn. */
static void prepend_path(const struct mn_cmd *c, const char *self)
{
	const char *slash = strrchr(self, '/');
	struct mn_buf b = MN_BUF_INIT;

	if (!slash)
		return;
	mn_buf_add(&b, self, (size_t)(slash - self) + (slash == self));
	if (c->env.path)
		mn_buf_addf(&b, ":%s", c->env.path);
	setenv("PATH", b.p, 1);
	mn_buf_release(&b);
}

/* What this program was started as, whatever PATH says. */
static char *own_directory(struct mn_buf *b)
{
	ssize_t n;
	char *slash;

	mn_buf_grow(b, PATH_MAX);
	n = readlink("/proc/self/exe", b->p, PATH_MAX);
	if (n <= 0 || n >= PATH_MAX)
		return NULL;
	mn_buf_setlen(b, (size_t)n);
	b->p[n] = '\0';
	slash = strrchr(b->p, '/');
	if (!slash)
		return NULL;
	mn_buf_setlen(b, (size_t)(slash - b->p));
	return b->p;
}

/* Options before the command's name, for another program that runs it. */
static void pass_options(const struct mn_cmd *c)
{
	if (c->profile)
		setenv("MN_PROFILE", c->profile, 1);
	if (c->no_pager)
		setenv("MN_PAGER", "cat", 1);
}

/* Where mn-net may lie, relative to mn itself, or absolute. */
static const char *const net_places[] = {
	"mn-net", "../libexec/mn/mn-net",
#ifdef MN_LIBEXECDIR
	MN_LIBEXECDIR "/mn/mn-net",
#endif
};

static void run_net(struct mn_cmd *c, const struct mn_command *m)
{
	struct mn_buf dir = MN_BUF_INIT, path = MN_BUF_INIT;
	struct mn_buf name = MN_BUF_INIT;

	pass_options(c);
	mn_buf_addf(&name, "mn-%s", m->name);
	c->argv[0] = name.p;
	c->name = m->name;
	if (!own_directory(&dir))
		mn_die(c, "cannot tell where mn lies, so mn-net is not found");
	for (size_t i = 0; i < sizeof(net_places) / sizeof(*net_places); i++) {
		mn_buf_clear(&path);
		if (net_places[i][0] != '/')
			mn_buf_addf(&path, "%s/", dir.p);
		mn_buf_addf(&path, "%s", net_places[i]);
		execv(path.p, c->argv);
		if (errno != ENOENT)
			break;
	}
	mn_die(c, "cannot run '%s': %s", path.p, strerror(errno));
}

static void run_external(struct mn_cmd *c, const char *self)
{
	struct mn_buf name = MN_BUF_INIT;
	char *word = c->argv[0];

	mn_buf_addf(&name, "mn-%s", word);
	c->argv[0] = name.p;
	if (!strchr(word, '/')) {
		prepend_path(c, self);
		pass_options(c);
		mn_trace(&c->trace, "exec %s", name.p);
		signal(SIGPIPE, SIG_DFL);
		execvp(name.p, c->argv);
		signal(SIGPIPE, SIG_IGN);
		if (errno != ENOENT)
			mn_die(c, "cannot run '%s': %s", name.p,
			       strerror(errno));
	}
	mn_buf_release(&name);
	mn_warning(c, "'%s' is not a command; see 'mn help'", word);
	mn_exit(c, MN_EXIT_USAGE);
}

static void main_as_mn(struct mn_cmd *c)
{
	static char help[] = "help", version[] = "version";
	static char *as_help[] = { help, NULL };
	static char *as_version[] = { version, NULL };
	struct opts o = { 0 };
	const struct mn_command *m;
	const char *self = c->argv[0];

	mn_options_parse(c, usage, options, &o, MN_OPTIONS_STOP);
	if (o.profile)
		c->profile = o.profile;
	c->no_pager = o.no_pager;
	if (o.version || o.help || !c->argc) {
		if (!o.version && !o.help)
			mn_usage(c, "no command given");
		c->argv = o.version ? as_version : as_help;
		c->argc = 1;
	}
	m = mn_command_find(c->argv[0]);
	if (m && m->fn)
		run(c, m);
	else if (m && m->net)
		run_net(c, m);
	else
		run_external(c, self);
}

int main(int argc, char **argv)
{
	struct mn_cmd c = {
		.name = "", .argc = argc, .argv = argv,
		.trace = MN_TRACE_INIT, .conf = MN_CONF_INIT
	};
	const char *base;
	const struct mn_command *m;

	keep_std_fds();
	signal(SIGPIPE, SIG_IGN);
	if (argc < 1)
		return MN_EXIT_USAGE;
	mn_env_read(&c.env);
	c.profile = c.env.profile;
	open_trace(&c);
	base = strrchr(argv[0], '/');
	base = base ? base + 1 : argv[0];
	if (!strncmp(base, "mn-", 3)) {
		m = mn_command_find(base + 3);
		if (m && m->fn)
			run(&c, m);
		if (m && m->net)
			run_net(&c, m);
		mn_die(&c, "there is no command '%s'", base);
	}
	main_as_mn(&c);
}
