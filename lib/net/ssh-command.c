#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/spawn.h"
#include "net/ssh.h"

#include "banned.h"

#define PIECE 4096		/* of stderr */
#define GRACE_MS 2000		/* for the command to end by itself */

struct command {
	struct mn_ssh_link link;
	pid_t pid;		/* 0: has ended */
	int status;
	int in, out, err;	/* its; -1: closed */
	uint64_t got;		/* bytes of stdout */
};

static void shut(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* -- how it ended -- */

static void take_stderr(struct command *c)
{
	char buf[PIECE];
	ssize_t n;

	while (c->err >= 0) {
		n = read(c->err, buf, sizeof(buf));
		if (n > 0)
			mn_ssh_words_add(&c->link.words, c->link.net, buf,
					 (size_t)n);
		else if (n < 0 && errno == EINTR)
			continue;
		else if (n < 0 && errno == EAGAIN)
			return;
		else
			shut(&c->err);
	}
}

static int end(struct command *c, int ms, struct mn_err *err)
{
	int r = 0;

	shut(&c->in);
	shut(&c->out);
	if (c->pid > 0)
		r = mn_spawn_end(&c->status, c->pid, ms, err);
	c->pid = 0;
	return r;
}

/* The user's own command is not there: a shell on the other side that misses
 * git's would name that. */
static int is_missing(const struct command *c)
{
	const char *name = mn_service_name(c->link.service);

	return c->link.net->opt.ssh_command && c->status == 127 &&
		!memmem(c->link.words.kept, c->link.words.n, name,
			strlen(name));
}

/* Whether a process that ssh left behind still holds stderr doesn't matter:
 * what ssh itself said is there when it has ended. */
static int finish(struct command *c, struct mn_err *err)
{
	int r = end(c, c->link.net->opt.stall_ms, err);

	if (r < 0)
		return r;
	take_stderr(c);
	if (!c->status && c->got)
		return 0;
	if (is_missing(c))
		return mn_err_set(err, MN_EFAIL, "cannot run '%s', which is "
				  "set to be used for ssh",
				  c->link.net->opt.ssh_command);
	return mn_ssh_words_explain(&c->link.words, c->link.url,
				    c->link.service, c->status, 1, err);
}

/* -- bytes -- */

/* Until the first byte comes a person may be at a prompt of ssh: then it is up
 * to ssh how long to wait. */
static int patience(const struct command *c)
{
	const struct mn_net_options *o = &c->link.net->opt;

	if (c->got)
		return o->stall_ms;
	return o->ask ? -1 : o->connect_ms > INT32_MAX - o->stall_ms ?
		INT32_MAX : o->connect_ms + o->stall_ms;
}

/* Waits for events of fd; stderr is read meanwhile. */
static int wait_more(struct command *c, int fd, short events,
		     struct mn_err *err)
{
	int ms = patience(c);
	long long limit = mn_ssh_now_ms() + ms;

	for (;;) {
		struct pollfd p[2] = { { .fd = fd, .events = events },
				       { .fd = c->err, .events = POLLIN } };
		long long left = limit - mn_ssh_now_ms();
		int n = poll(p, 2, ms < 0 ? -1 : left > 0 ? (int)left : 0);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return mn_err_sys(err, "cannot wait for '%s'",
					  c->link.url->host);
		if (!n)
			break;
		if (p[1].revents)
			take_stderr(c);
		if (p[0].revents)
			return 0;
	}
	end(c, 0, NULL);
	return mn_err_set(err, MN_EUNREACHABLE,
			  "'%s' said nothing for %d seconds",
			  c->link.url->host, ms / 1000);
}

static ssize_t command_read(struct mn_ssh_link *l, void *buf, size_t size,
			    struct mn_err *err)
{
	struct command *c = (struct command *)l;
	int r;

	while (c->out >= 0) {
		ssize_t n = read(c->out, buf, size);

		if (n > 0) {
			if (!c->got)
				mn_ssh_words_open(&l->words, l->net);
			c->got += (uint64_t)n;
			l->net->wire.in += (uint64_t)n;
			return n;
		}
		if (!n)
			break;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return mn_err_sys(err, "cannot read from '%s'",
					  l->url->host);
		r = wait_more(c, c->out, POLLIN, err);
		if (r < 0)
			return r;
	}
	return finish(c, err);
}

/* The other side doesn't read any more: it says why, or has said it. */
static int not_taken(struct command *c, struct mn_err *err)
{
	char buf[PIECE];
	ssize_t n;

	while ((n = command_read(&c->link, buf, sizeof(buf), err)) > 0)
		;
	return n < 0 ? (int)n :
		mn_err_set(err, MN_EUNREACHABLE, "'%s' ended the conversation",
			   c->link.url->host);
}

static int command_write(struct mn_ssh_link *l, const void *data, size_t len,
			 struct mn_err *err)
{
	struct command *c = (struct command *)l;
	const char *p = data;
	int r;

	while (len) {
		ssize_t n = write(c->in, p, len);

		if (n >= 0) {
			p += n;
			len -= (size_t)n;
			l->net->wire.out += (uint64_t)n;
			continue;
		}
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return not_taken(c, err);
		r = wait_more(c, c->in, POLLOUT, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static void command_free(struct mn_ssh_link *l)
{
	struct command *c = (struct command *)l;

	end(c, GRACE_MS, NULL);
	shut(&c->err);
	mn_ssh_words_release(&l->words);
	free(c);
}

/* -- how it begins -- */

struct args {
	struct mn_arena mem;
	MN_VEC(const char *) v;
};

static void arg(struct args *a, const char *s)
{
	*mn_vec_push(&a->v) = s;
}

static void argf(struct args *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static void argf(struct args *a, const char *fmt, ...)
{
	struct mn_buf b = MN_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	mn_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	arg(a, mn_arena_strdup(&a->mem, (struct mn_str){ b.p, b.len }));
	mn_buf_release(&b);
}

/* A value as ssh reads it from a configuration. */
static void add_quoted(struct mn_buf *b, const char *s)
{
	mn_buf_adds(b, b->len ? " \"" : "\"");
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			mn_buf_addc(b, '\\');
		if (*s == '%')
			mn_buf_addc(b, '%');
		mn_buf_addc(b, *s);
	}
	mn_buf_addc(b, '"');
}

/* ssh takes the user's directory from the password file. Where mn was told of
 * another, the files in it are named one by one. */
static void add_home(struct args *a, const struct mn_ssh_peer *p)
{
	const struct mn_ssh_conf *c = &p->conf;
	struct mn_buf system = MN_BUF_INIT, b = MN_BUF_INIT;
	struct mn_ssh_homes h = { .home = p->net->opt.home };
	const char *config;

	mn_ssh_system_home(&system);
	h.system = system.len ? system.p : NULL;
	config = mn_ssh_config_file(&h, &b);
	if (!config)
		goto out;
	arg(a, "-F");
	argf(a, "%s", config);
	mn_buf_clear(&b);
	for (size_t i = 0; i < c->user_files; i++)
		add_quoted(&b, c->known_files.p[i]);
	if (b.len) {
		arg(a, "-o");
		argf(a, "UserKnownHostsFile=%s", b.p);
	}
	for (size_t i = 0; i < c->ids.n; i++) {
		if (!mn_io_exists(c->ids.p[i].path))
			continue;
		mn_buf_clear(&b);
		add_quoted(&b, c->ids.p[i].path);
		arg(a, "-o");
		argf(a, "IdentityFile=%s", b.p);
	}
out:
	mn_buf_release(&system);
	mn_buf_release(&b);
}

/* What the user's configuration doesn't say, or must not: a key of a host that
 * has changed is refused whatever stands there. */
static void add_options(struct args *a, const struct mn_ssh_peer *p)
{
	const struct mn_net_options *o = &p->net->opt;

	add_home(a, p);
	if (!o->ask) {
		arg(a, "-o");
		arg(a, "BatchMode=yes");
	}
	if (p->conf.strict == MN_SSH_ACCEPT_NEW) {
		arg(a, "-o");
		arg(a, "StrictHostKeyChecking=accept-new");
	}
	if (!p->conf.connect_ms) {
		arg(a, "-o");
		argf(a, "ConnectTimeout=%d", (o->connect_ms + 999) / 1000);
	}
}

static void make_args(struct args *a, const struct mn_net *net,
		      const struct mn_ssh_peer *p, const struct mn_url *url,
		      enum mn_service s, int version)
{
	const char *own = net->opt.ssh_command;
	struct mn_buf b = MN_BUF_INIT;

	if (own) {
		arg(a, "sh");
		arg(a, "-c");
		argf(a, "%s \"$@\"", own);
		arg(a, own);
	} else {
		arg(a, "ssh");
		if (p)
			add_options(a, p);
	}
	if (version > 0) {
		arg(a, "-o");
		arg(a, "SendEnv=GIT_PROTOCOL");
	}
	if (url->port) {
		arg(a, "-p");
		argf(a, "%u", url->port);
	}
	argf(a, "%s%s%s", url->user ? url->user : "", url->user ? "@" : "",
	     url->host);
	mn_ssh_remote_command(&b, s, url->path);
	argf(a, "%s", b.p);
	arg(a, NULL);
	mn_buf_release(&b);
}

/* Ours of the two ends waits for nothing. */
static int make_pipe(int *ours, int *its, int we_read, struct mn_err *err)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return mn_err_sys(err, "cannot make a pipe");
	*ours = fds[!we_read];
	*its = fds[we_read];
	fcntl(*ours, F_SETFL, O_NONBLOCK);
	return 0;
}

static int start(struct command *c, const char *const *argv, int version,
		 struct mn_err *err)
{
	struct mn_buf protocol = MN_BUF_INIT;
	const char *env[2] = { NULL, NULL };
	struct mn_spawn s = MN_SPAWN_INIT;
	int r = make_pipe(&c->in, &s.in, 0, err);

	if (!r)
		r = make_pipe(&c->out, &s.out, 1, err);
	if (!r)
		r = make_pipe(&c->err, &s.errfd, 1, err);
	if (version > 0) {
		mn_buf_addf(&protocol, "GIT_PROTOCOL=version=%d", version);
		env[0] = protocol.p;
	}
	s.argv = argv;
	s.env = env;
	if (!r)
		r = mn_spawn_start(&c->pid, &s, err);
	shut(&s.in);
	shut(&s.out);
	shut(&s.errfd);
	mn_buf_release(&protocol);
	return r;
}

int mn_ssh_command_open(struct mn_ssh_link **out, struct mn_net *net,
			const struct mn_ssh_peer *p, const struct mn_url *url,
			enum mn_service s, int version, struct mn_err *err)
{
	static const struct mn_ssh_link_ops ops = {
		.read = command_read, .write = command_write,
		.free = command_free,
	};
	struct args a = { .mem = MN_ARENA_INIT };
	struct command *c = mn_xcalloc(1, sizeof(*c));
	int r;

	c->link.ops = &ops;
	c->link.net = net;
	c->link.url = url;
	c->link.service = s;
	c->in = c->out = c->err = -1;
	mn_ssh_words_init(&c->link.words);
	make_args(&a, net, p, url, s, version);
	r = start(c, a.v.p, version, err);
	if (r < 0) {
		c->pid = 0;
		command_free(&c->link);
	} else {
		net->wire.connections++;
		*out = &c->link;
	}
	mn_vec_release(&a.v);
	mn_arena_release(&a.mem);
	return r;
}
