#include "netopts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/io.h"
#include "out/text.h"
#include "repl/credential.h"
#include "banned.h"

#define TIMEOUT_MAX 86400	/* seconds */
#define REFS_MAX 100000000

static void say(void *ctx, const char *text, size_t len)
{
	struct mn_netopts *n = ctx;
	struct mn_buf b = MN_BUF_INIT;

	if (n->quiet)
		return;
	mn_buf_adds(&b, "remote: ");
	mn_text_line(&b, (struct mn_str){ text, len });
	mn_buf_addc(&b, '\n');
	if (n->progress)
		mn_progress_clear(n->progress);
	/* threads: a line is one write */
	fwrite(b.p, 1, b.len, stderr);
	mn_buf_release(&b);
}

static void trace(void *ctx, const char *words)
{
	const struct mn_netopts *n = ctx;

	mn_trace(&n->c->trace, "net: %s", words);
}

/* A line from the terminal, without its end; what is too long is cut. */
static void read_line(int tty, char *out, size_t max)
{
	size_t n = 0;
	char ch;

	for (;;) {
		ssize_t got = read(tty, &ch, 1);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0 || ch == '\n')
			break;
		if (n + 1 < max)
			out[n++] = ch;
	}
	out[n] = '\0';
}

static int ask_tty(const char *question)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	struct mn_buf b = MN_BUF_INIT;
	char answer[16] = "";

	if (tty < 0)
		return 0;
	mn_text_raw(&b, mn_str(question));
	mn_buf_adds(&b, " (yes or no) ");
	if (!mn_io_write_full(tty, b.p, b.len, NULL))
		read_line(tty, answer, sizeof(answer));
	mn_buf_release(&b);
	close(tty);
	return !strcasecmp(answer, "yes") || !strcasecmp(answer, "y");
}

static int ask(void *ctx, const char *question)
{
	struct mn_netopts *n = ctx;
	int yes;

	pthread_mutex_lock(&n->asking);
	yes = ask_tty(question);
	pthread_mutex_unlock(&n->asking);
	return yes;
}

/* git may ask on the terminal. */
static int credential(void *ctx, enum mn_credential_op op,
		      struct mn_credential *cred, struct mn_err *err)
{
	struct mn_netopts *n = ctx;
	int r;

	pthread_mutex_lock(&n->asking);
	r = mn_credential_git(NULL, op, cred, err);
	pthread_mutex_unlock(&n->asking);
	return r;
}

static int sign(void *ctx, const char *method, const char *url,
		const unsigned char body_digest[32], char out[512],
		struct mn_err *err)
{
	struct mn_netopts *n = ctx;

	return mn_netsign(&n->sign, method, url, body_digest, out, err);
}

static int has_tty(void)
{
	int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	if (tty >= 0)
		close(tty);
	return tty >= 0;
}

/* A number of 1 to max; def where it is not set. */
static int number(int64_t *out, const struct mn_conf *conf, const char *name,
		  int64_t max, struct mn_err *err)
{
	int r = mn_conf_int(out, conf, name, 0, err);

	if (r < 0 || !mn_conf_get(conf, name))
		return r;
	if (*out < 1 || *out > max)
		return mn_err_set(err, MN_EINVALID, "%s is a number from 1 to "
				  "%lld", name, (long long)max);
	return 0;
}

static int which_ssh(int *out, const struct mn_conf *conf, struct mn_err *err)
{
	const char *v = mn_conf_get(conf, "net.ssh");

	if (!v || !strcmp(v, "auto"))
		*out = 0;
	else if (!strcmp(v, "builtin"))
		*out = 1;
	else if (!strcmp(v, "command"))
		*out = -1;
	else
		return mn_err_set(err, MN_EINVALID, "net.ssh is auto, builtin "
				  "or command, not '%s'", v);
	return 0;
}

static int which_protocol(int *out, const struct mn_conf *conf,
			  struct mn_err *err)
{
	const char *v = mn_conf_get(conf, "net.protocol");

	if (!v || !strcmp(v, "2"))
		*out = 0;
	else if (!strcmp(v, "1"))
		*out = 1;
	else if (!strcmp(v, "0"))
		*out = -1;
	else
		return mn_err_set(err, MN_EINVALID, "net.protocol is 0, 1 or "
				  "2, not '%s'", v);
	return 0;
}

static int from_conf(struct mn_net_options *o, const struct mn_conf *conf,
		     struct mn_err *err)
{
	int64_t connect, stall, refs;
	int r = number(&connect, conf, "net.connect-timeout", TIMEOUT_MAX,
		       err);

	if (!r)
		r = number(&stall, conf, "net.stall-timeout", TIMEOUT_MAX,
			   err);
	if (!r)
		r = number(&refs, conf, "net.max-refs", REFS_MAX, err);
	if (!r)
		r = which_ssh(&o->ssh_builtin, conf, err);
	if (!r)
		r = which_protocol(&o->protocol, conf, err);
	if (r < 0)
		return r;
	o->connect_ms = (int)(connect * 1000);
	o->stall_ms = (int)(stall * 1000);
	o->max_refs = (uint64_t)refs;
	/* an advertisement of so many refs is long */
	o->max_answer = refs > 100000 ? (uint64_t)refs * 256 : 0;
	o->proxy = mn_conf_get(conf, "net.proxy");
	o->ca_file = mn_conf_get(conf, "net.ca-file");
	o->ssh_command = mn_conf_get(conf, "net.ssh-command");
	return 0;
}

int mn_netopts_init(struct mn_netopts *n, struct mn_cmd *c,
		    struct mn_err *err)
{
	struct mn_net_options *o = &n->opt;
	int r;

	memset(n, 0, sizeof(*n));
	n->c = c;
	r = from_conf(o, mn_cmd_conf(c), err);
	if (r < 0)
		return r;
	o->home = c->env.home;
	o->ssh_auth_sock = c->env.ssh_auth_sock;
	if (c->env.ssh_command)
		o->ssh_command = c->env.ssh_command;
	if (has_tty())
		o->ask = ask;
	o->credential = credential;
	o->say = say;
	o->sign = sign;
	mn_netsign_init(&n->sign, c);
	if (c->trace.fd >= 0)
		o->trace = trace;
	o->ctx = n;
	pthread_mutex_init(&n->asking, NULL);
	return 0;
}

void mn_netopts_release(struct mn_netopts *n)
{
	mn_netsign_release(&n->sign);
	pthread_mutex_destroy(&n->asking);
}
