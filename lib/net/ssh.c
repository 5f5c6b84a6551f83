/*
 * The transport of ssh: which of its two ways is taken. libssh2 is in the
 * process, and its sessions are kept; the system's ssh is run where libssh2
 * isn't able to, or where the user wants it.
 */
#include <stdlib.h>

#include "net/ssh.h"

#include "banned.h"

#define PIECE 65536		/* of a request */

struct ssh {
	struct mn_transport t;
	struct mn_net *net;
	const struct mn_url *url;
	struct mn_ssh_link *link;	/* NULL: not open */
};

/* A session that was kept may have ended, or be full: then a new one is tried,
 * once. */
static int by_library(struct ssh *h, struct mn_ssh_peer *p, enum mn_service s,
		      int version, struct mn_err *err)
{
	int fresh = 0;
	int r = mn_ssh_channel_open(&h->link, p, h->url, s, version, &fresh,
				    err);

	if (r >= 0 || fresh)
		return r;
	mn_net_trace(h->net, "ssh: again, with a new session: %s",
		     err ? err->msg : "");
	mn_err_clear(err);
	fresh = 1;
	return mn_ssh_channel_open(&h->link, p, h->url, s, version, &fresh,
				   err);
}

static int by_command(struct ssh *h, const struct mn_ssh_peer *p,
		      enum mn_service s, int version, struct mn_err *err)
{
	int r = mn_ssh_command_open(&h->link, h->net, p, h->url, s, version,
				    err);

	if (r == MN_ENOTFOUND)
		return mn_err_wrap(err, MN_EFAIL, "'%s' takes the program ssh"
				   "%s%s%s", h->url->host,
				   p && p->unable ? " (" : "",
				   p && p->unable ? p->unable : "",
				   p && p->unable ? ")" : "");
	return r;
}

static int unable(struct ssh *h, const struct mn_ssh_peer *p,
		  struct mn_err *err)
{
	return mn_err_set(err, MN_EFAIL, "cannot talk to '%s': %s, and the "
			  "settings don't allow to run ssh", h->url->host,
			  p->unable);
}

static int ssh_open(struct mn_transport *t, enum mn_service s, int version,
		    struct mn_err *err)
{
	struct ssh *h = (struct ssh *)t;
	int builtin = h->net->opt.ssh_builtin, r;
	struct mn_err why = MN_ERR_INIT;
	struct mn_ssh_peer *p;

	if (h->net->opt.ssh_command)
		return by_command(h, NULL, s, version, err);
	r = mn_ssh_peer_find(&p, h->net, h->url, err);
	if (r < 0)
		return r;
	if (!p->unable && builtin >= 0) {
		r = by_library(h, p, s, version, &why);
		if (r != MN_SSH_UNABLE)
			return r < 0 ? mn_err_set(err, r, "%s", why.msg) : r;
		p->unable = mn_xstrdup(why.msg);
	}
	if (builtin > 0)
		return unable(h, p, err);
	mn_net_trace(h->net, "ssh: runs ssh for '%s': %s", h->url->host,
		     p->unable ? p->unable : "it is set so");
	return by_command(h, p, s, version, err);
}

static int ssh_request(struct mn_transport *t, mn_body_fn *body, void *ctx,
		       uint64_t len, struct mn_err *err)
{
	struct ssh *h = (struct ssh *)t;
	char *buf = mn_xmalloc(PIECE);
	ssize_t n;
	int r = 0;

	(void)len;
	h->net->wire.requests++;
	while (!r && (n = body(ctx, buf, PIECE, err)) != 0)
		r = n < 0 ? (int)n :
			h->link->ops->write(h->link, buf, (size_t)n, err);
	free(buf);
	return r;
}

static ssize_t ssh_read(struct mn_transport *t, void *buf, size_t size,
			struct mn_err *err)
{
	struct ssh *h = (struct ssh *)t;

	return h->link->ops->read(h->link, buf, size, err);
}

static void ssh_free(struct mn_transport *t)
{
	struct ssh *h = (struct ssh *)t;

	if (h->link)
		h->link->ops->free(h->link);
	free(h);
}

int mn_transport_ssh(struct mn_transport **out, struct mn_net *net,
		     const struct mn_url *url, struct mn_err *err)
{
	static const struct mn_transport_ops ops = {
		.open = ssh_open, .request = ssh_request, .read = ssh_read,
		.free = ssh_free,
	};
	struct ssh *h = mn_xcalloc(1, sizeof(*h));

	(void)err;
	h->t.ops = &ops;
	h->net = net;
	h->url = url;
	*out = &h->t;
	return 0;
}
