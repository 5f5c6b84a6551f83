/*
 * ssh-client: speaks to servers through the ssh transport alone, for what no
 * command shows: which way was taken, how many connections there are.
 *
 *	ssh-client [--stall=MS] [--connect=MS] [--builtin=1 | --builtin=-1] \
 *		[--command=C] [--version=N] [--yes] [--hold] [--push] URL...
 *
 * Opens each URL in turn, all on one net, and prints the advertisement as text:
 * a packet a line, "0000" at its end. Then it says good-bye with a flush and
 * reads to the end; with --hold the conversations stay open until the last was
 * begun, and are dropped in the middle. --yes answers each question. HOME and
 * SSH_AUTH_SOCK are told to the library, which doesn't read them itself.
 *
 * stderr: "trace: ..." and "say: ..." lines, "error CODE: ..." and, last, "wire
 * IN OUT REQUESTS CONNECTIONS".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/net.h"
#include "net/pkt.h"
#include "net/transport.h"

#include "banned.h"

#define URLS_MAX 64

struct client {
	struct mn_net_options opt;
	int version, hold;
	enum mn_service service;
	struct mn_net *net;
	struct mn_url url[URLS_MAX];
	struct mn_transport *t[URLS_MAX];
};

static void trace(void *ctx, const char *words)
{
	(void)ctx;
	fprintf(stderr, "trace: %s\n", words);
}

static void say(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	fprintf(stderr, "say: %.*s\n", (int)len, text);
}

static int yes(void *ctx, const char *question)
{
	(void)ctx;
	fprintf(stderr, "asked: %s\n", question);
	return 1;
}

static int read_exactly(struct mn_transport *t, char *p, size_t len,
			struct mn_err *err)
{
	while (len) {
		ssize_t n = t->ops->read(t, p, len, err);

		if (n < 0)
			return (int)n;
		if (!n)
			return mn_err_set(err, MN_ECORRUPT, "it ends early");
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int print_advertisement(struct mn_transport *t, struct mn_err *err)
{
	static char buf[65536];
	unsigned long len;
	int r;

	for (;;) {
		memset(buf, 0, 5);
		r = read_exactly(t, buf, 4, err);
		if (r < 0)
			return r;
		len = strtoul(buf, NULL, 16);
		if (len < 5 || len > 65520)
			break;
		r = read_exactly(t, buf, len - 4, err);
		if (r < 0)
			return r;
		buf[len - 4] = '\0';
		printf("%s%s", buf, strchr(buf, '\n') ? "" : "\n");
	}
	puts(buf);
	return 0;
}

static ssize_t flush_packet(void *ctx, void *buf, size_t size,
			    struct mn_err *err)
{
	int *sent = ctx;

	(void)size;
	(void)err;
	if ((*sent)++)
		return 0;
	memcpy(buf, "0000", 4);
	return 4;
}

static int good_bye(struct mn_transport *t, struct mn_err *err)
{
	char buf[256];
	int sent = 0;
	int r = t->ops->request(t, flush_packet, &sent, 4, err);
	ssize_t n = 0;

	while (!r && (n = t->ops->read(t, buf, sizeof(buf), err)) > 0)
		;
	return r < 0 ? r : (int)n;
}

static int talk(struct client *c, int i, struct mn_err *err)
{
	struct mn_transport *t;
	int r = mn_transport_ssh(&c->t[i], c->net, &c->url[i], err);

	if (r < 0)
		return r;
	t = c->t[i];
	r = t->ops->open(t, c->service, c->version, err);
	if (!r)
		r = print_advertisement(t, err);
	if (!r && !c->hold)
		r = good_bye(t, err);
	if (r < 0 || !c->hold) {
		t->ops->free(t);
		c->t[i] = NULL;
	}
	return r;
}

static const char *value(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) ? NULL : arg + n;
}

static void option(struct client *c, const char *arg)
{
	const char *v;

	if ((v = value(arg, "--stall=")))
		c->opt.stall_ms = (int)strtol(v, NULL, 10);
	else if ((v = value(arg, "--connect=")))
		c->opt.connect_ms = (int)strtol(v, NULL, 10);
	else if ((v = value(arg, "--builtin=")))
		c->opt.ssh_builtin = (int)strtol(v, NULL, 10);
	else if ((v = value(arg, "--version=")))
		c->version = (int)strtol(v, NULL, 10);
	else if ((v = value(arg, "--command=")))
		c->opt.ssh_command = v;
	else if (!strcmp(arg, "--yes"))
		c->opt.ask = yes;
	else if (!strcmp(arg, "--hold"))
		c->hold = 1;
	else if (!strcmp(arg, "--push"))
		c->service = MN_RECEIVE_PACK;
}

int main(int argc, char **argv)
{
	static struct client c = { .version = 2, .service = MN_UPLOAD_PACK };
	struct mn_err err = MN_ERR_INIT;
	struct mn_net_wire wire;
	int i, n = 0, r = 0;

	c.opt.home = getenv("HOME");
	c.opt.ssh_auth_sock = getenv("SSH_AUTH_SOCK");
	c.opt.trace = trace;
	c.opt.say = say;
	for (i = 1; i < argc && argv[i][0] == '-'; i++)
		option(&c, argv[i]);
	c.net = mn_net_new(&c.opt);
	for (; !r && i < argc && n < URLS_MAX; i++) {
		r = mn_url_parse(&c.url[n], argv[i], &err);
		if (!r)
			r = talk(&c, n++, &err);
	}
	for (int k = 0; k < n; k++)
		if (c.t[k])
			c.t[k]->ops->free(c.t[k]);
	mn_net_wire(c.net, &wire);
	mn_net_free(c.net);
	for (int k = 0; k < n; k++)
		mn_url_release(&c.url[k]);
	if (r < 0)
		fprintf(stderr, "error %d: %s\n", r, err.msg);
	fprintf(stderr, "wire %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		"\n", wire.in, wire.out, wire.requests, wire.connections);
	return fflush(stdout) || r < 0 ? 1 : 0;
}
