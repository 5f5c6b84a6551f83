#include <libssh2.h>
#include <stdlib.h>
#include <string.h>

#include "net/ssh.h"

#include "banned.h"

#define PIECE 4096		/* of stderr */

struct channel {
	struct mn_ssh_link link;
	struct mn_ssh_session *s;
	LIBSSH2_CHANNEL *lib;
	uint64_t got;		/* bytes of stdout */
};

static int wait_more(struct channel *c, struct mn_err *err)
{
	return mn_ssh_session_wait(c->s, c->link.net->opt.stall_ms, err);
}

/* -- how it ended -- */

/* What there is of stderr. 1 if there was any; 0; an error of libssh2. */
static ssize_t take_stderr(struct channel *c)
{
	char buf[PIECE];
	ssize_t n = libssh2_channel_read_stderr(c->lib, buf, sizeof(buf));

	if (n > 0)
		mn_ssh_words_add(&c->link.words, c->link.net, buf, (size_t)n);
	return n > 0 ? 1 : n == LIBSSH2_ERROR_EAGAIN ? 0 : n;
}

static int exit_status(struct channel *c)
{
	char *name = NULL;
	size_t len = 0;
	int status = libssh2_channel_get_exit_status(c->lib);

	libssh2_channel_get_exit_signal(c->lib, &name, &len, NULL, NULL, NULL,
					NULL);
	if (name)
		libssh2_free(c->s->lib, name);
	return !status && name ? 128 : status;
}

/*
 * Nothing comes any more. The exit status comes behind the end of the output,
 * before the channel is closed.
 */
static int finish(struct channel *c, struct mn_err *err)
{
	int rc, r;

	while ((rc = libssh2_channel_wait_closed(c->lib)) ==
	       LIBSSH2_ERROR_EAGAIN) {
		r = wait_more(c, err);
		if (r < 0)
			return r;
	}
	if (rc)
		return mn_ssh_session_fail(c->s, rc, "lost", err);
	while (take_stderr(c) > 0)
		;
	rc = exit_status(c);
	if (!rc && c->got)
		return 0;
	return mn_ssh_words_explain(&c->link.words, c->link.url,
				    c->link.service, rc, 0, err);
}

/* -- bytes -- */

static ssize_t channel_read(struct mn_ssh_link *l, void *buf, size_t size,
			    struct mn_err *err)
{
	struct channel *c = (struct channel *)l;
	int r;

	for (;;) {
		ssize_t n = libssh2_channel_read(c->lib, buf, size), more;

		if (n > 0) {
			if (!c->got)
				mn_ssh_words_open(&l->words, l->net);
			c->got += (uint64_t)n;
			return n;
		}
		if (n < 0 && n != LIBSSH2_ERROR_EAGAIN)
			return mn_ssh_session_fail(c->s, (int)n, "lost", err);
		more = take_stderr(c);
		if (more < 0)
			return mn_ssh_session_fail(c->s, (int)more, "lost",
						   err);
		if (more)
			continue;
		if (libssh2_channel_eof(c->lib))
			return finish(c, err);
		r = wait_more(c, err);
		if (r < 0)
			return r;
	}
}

/* The other side doesn't read any more: it says why, or has said it. */
static int not_taken(struct channel *c, ssize_t rc, struct mn_err *err)
{
	char buf[PIECE];
	ssize_t n;

	if (rc != LIBSSH2_ERROR_CHANNEL_CLOSED &&
	    rc != LIBSSH2_ERROR_CHANNEL_EOF_SENT)
		return mn_ssh_session_fail(c->s, (int)rc, "cannot send to",
					   err);
	while ((n = channel_read(&c->link, buf, sizeof(buf), err)) > 0)
		;
	return n < 0 ? (int)n :
		mn_err_set(err, MN_EUNREACHABLE, "'%s' ended the conversation",
			   c->link.url->host);
}

static int channel_write(struct mn_ssh_link *l, const void *data, size_t len,
			 struct mn_err *err)
{
	struct channel *c = (struct channel *)l;
	const char *p = data;
	int r;

	while (len) {
		ssize_t n = libssh2_channel_write(c->lib, p, len);

		if (n == LIBSSH2_ERROR_EAGAIN) {
			r = wait_more(c, err);
			if (r < 0)
				return r;
		} else if (n < 0) {
			return not_taken(c, n, err);
		} else {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

static void channel_free(struct mn_ssh_link *l)
{
	struct channel *c = (struct channel *)l;

	/* what it said while we read something else */
	while (c->lib && c->got && take_stderr(c) > 0)
		;
	mn_ssh_words_release(&l->words);
	if (c->lib)
		mn_ssh_session_leave(c->s, c->lib);
	mn_ssh_session_drop(c->s);
	free(c);
}

/* -- how it begins -- */

void mn_ssh_remote_command(struct mn_buf *out, enum mn_service s,
			   const char *path)
{
	mn_buf_addf(out, "%s '", mn_service_name(s));
	for (; *path; path++)
		if (*path == '\'' || *path == '!')
			mn_buf_addf(out, "'\\%c'", *path);
		else
			mn_buf_addc(out, *path);
	mn_buf_addc(out, '\'');
}

/* A session that is kept may be dead without a sign of it: not much time is
 * given to that. */
static int open_channel(struct channel *c, int ms, struct mn_err *err)
{
	int rc, r;

	while (!(c->lib = libssh2_channel_open_session(c->s->lib))) {
		rc = libssh2_session_last_errno(c->s->lib);
		if (rc == LIBSSH2_ERROR_CHANNEL_FAILURE)
			return mn_err_set(err, MN_EDENIED, "'%s' lets us in, "
					  "but gives no channel",
					  c->link.url->host);
		if (rc != LIBSSH2_ERROR_EAGAIN)
			return mn_ssh_session_fail(c->s, rc, "cannot talk to",
						   err);
		r = mn_ssh_session_wait(c->s, ms, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* That the server refuses it is usual: it answers in version 0 then. */
static int ask_version(struct channel *c, int version, struct mn_err *err)
{
	static const char name[] = "GIT_PROTOCOL";
	char value[32] = "version=0";
	int rc, r;

	if (version < 1 || version > 9)
		return 0;
	value[8] = (char)('0' + version);
	while ((rc = libssh2_channel_setenv_ex(c->lib, name, sizeof(name) - 1,
					       value,
					       (unsigned)strlen(value))) ==
	       LIBSSH2_ERROR_EAGAIN) {
		r = wait_more(c, err);
		if (r < 0)
			return r;
	}
	if (!rc)
		return 0;
	if (rc != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return mn_ssh_session_fail(c->s, rc, "cannot talk to", err);
	mn_net_trace(c->link.net, "ssh: '%s' refuses the variable %s",
		     c->link.url->host, name);
	return 0;
}

static int run_command(struct channel *c, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int rc, r = 0;

	mn_ssh_remote_command(&b, c->link.service, c->link.url->path);
	while ((rc = libssh2_channel_process_startup(c->lib, "exec", 4, b.p,
						     (unsigned)b.len)) ==
	       LIBSSH2_ERROR_EAGAIN) {
		r = wait_more(c, err);
		if (r < 0)
			break;
	}
	mn_buf_release(&b);
	if (r < 0 || !rc)
		return r;
	if (rc == LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED)
		return mn_err_set(err, MN_EDENIED, "'%s' lets us in, but runs "
				  "no commands", c->link.url->host);
	return mn_ssh_session_fail(c->s, rc, "cannot talk to", err);
}

int mn_ssh_channel_open(struct mn_ssh_link **out, struct mn_ssh_peer *p,
			const struct mn_url *url, enum mn_service s,
			int version, int *fresh, struct mn_err *err)
{
	static const struct mn_ssh_link_ops ops = {
		.read = channel_read, .write = channel_write,
		.free = channel_free,
	};
	const struct mn_net_options *opt = &p->net->opt;
	struct mn_ssh_session *session;
	struct channel *c;
	int r = mn_ssh_session_get(&session, p, fresh, err);

	if (r)
		return r;
	c = mn_xcalloc(1, sizeof(*c));
	c->s = session;
	c->link.ops = &ops;
	c->link.net = p->net;
	c->link.url = url;
	c->link.service = s;
	mn_ssh_words_init(&c->link.words);
	r = open_channel(c, *fresh || opt->stall_ms < opt->connect_ms ?
			 opt->stall_ms : opt->connect_ms, err);
	if (!r)
		r = ask_version(c, version, err);
	if (!r)
		r = run_command(c, err);
	if (r)
		channel_free(&c->link);
	else
		*out = &c->link;
	return r;
}
