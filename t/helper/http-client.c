/*
 * http-client: speaks to a server through the HTTP transport alone, a step at
 * a time, for what no command shows: how much memory a slow reader takes,
 * which requests are signed, how many connections there are.
 *
 *	http-client [--ca=F] [--proxy=P] [--stall=MS] [--sign] [--slow] \
 *		[--login=USER:PASS | --git] VERB URL [ARG]
 *
 *	open URL	"smart", with the first bytes, or "dumb"
 *	fetch URL OID	the answer to a request of version 2, to stdout
 *	refs URL	info/refs of a plain server
 *	walk URL OID[,FILTER]  what a fetch from a plain server brings, a line each
 *	post URL BYTES	a push's request of so many bytes; prints the answer
 *	again URL N	opens the same N times
 *
 * The last line of stderr: bytes in, out, requests, connections, and the most
 * memory that was used, in KiB.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/vec.h"
#include "git/oid.h"
#include "net/dumb.h"
#include "net/net.h"
#include "net/pkt.h"
#include "net/transport.h"
#include "repl/credential.h"

#include "banned.h"

struct client {
	struct mn_net_options opt;
	const char *login;
	int slow;
	struct mn_net *net;
	struct mn_url url;
	struct mn_transport *t;
	const char *arg;
	uint64_t left;
	struct mn_buf body;
	size_t at;
	MN_VEC(struct mn_oid) here;
	size_t packs, loose;
};

static ssize_t body_zeros(void *ctx, void *buf, size_t size,
			  struct mn_err *err)
{
	struct client *c = ctx;
	size_t n = c->left < size ? (size_t)c->left : size;

	(void)err;
	memset(buf, '0', n);
	c->left -= n;
	return (ssize_t)n;
}

static ssize_t body_text(void *ctx, void *buf, size_t size,
			 struct mn_err *err)
{
	struct client *c = ctx;
	size_t n = c->body.len - c->at;

	(void)err;
	n = n < size ? n : size;
	memcpy(buf, c->body.p + c->at, n);
	c->at += n;
	return (ssize_t)n;
}

static int copy_answer(struct client *c, int out, struct mn_err *err)
{
	static char buf[65536];
	ssize_t n;

	while ((n = c->t->ops->read(c->t, buf, sizeof(buf), err)) > 0) {
		if (out && fwrite(buf, 1, (size_t)n, stdout) != (size_t)n)
			return mn_err_sys(err, "cannot write");
		if (c->slow) {
			struct timespec ms = { 0, 200000 };

			nanosleep(&ms, NULL);
		}
	}
	return (int)n;
}

static int do_open(struct client *c, struct mn_err *err)
{
	char head[32] = "";
	int r = c->t->ops->open(c->t, MN_UPLOAD_PACK, 2, err);
	ssize_t n;

	if (r < 0)
		return r;
	if (c->t->dumb) {
		puts("dumb");
		return 0;
	}
	n = c->t->ops->read(c->t, head, 4, err);
	if (n < 0)
		return (int)n;
	printf("smart %s\n", head);
	return copy_answer(c, 0, err);
}

static int do_fetch(struct client *c, struct mn_err *err)
{
	int r = c->t->ops->open(c->t, MN_UPLOAD_PACK, 2, err);

	if (r < 0)
		return r;
	r = copy_answer(c, 0, err);
	if (r < 0)
		return r;
	mn_pkt_addf(&c->body, "command=fetch");
	mn_pkt_delim(&c->body);
	mn_pkt_addf(&c->body, "want %s\n", c->arg);
	for (int i = 0; i < 100; i++)	/* enough to be compressed */
		mn_pkt_addf(&c->body, "have %040d\n", i);
	mn_pkt_addf(&c->body, "done\n");
	mn_pkt_flush(&c->body);
	r = c->t->ops->request(c->t, body_text, c, c->body.len, err);
	return r < 0 ? r : copy_answer(c, 1, err);
}

static int do_refs(struct client *c, struct mn_err *err)
{
	struct mn_ref_list refs;
	char hex[MN_OID_HEX + 1];
	int r = c->t->ops->open(c->t, MN_UPLOAD_PACK, 2, err);

	if (r < 0)
		return r;
	r = mn_dumb_refs(c->t, c->net, NULL, 0, &refs, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < refs.n; i++) {
		mn_oid_hex(hex, &refs.p[i].oid);
		printf("%s\t%s\n", hex, refs.p[i].name);
	}
	mn_refs_release(&refs);
	return 0;
}

static int sink_begin(void *ctx, struct mn_err *err)
{
	struct client *c = ctx;

	(void)err;
	c->packs++;
	return 0;
}

static int sink_data(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)err;
	return 0;
}

static int sink_end(void *ctx, struct mn_err *err)
{
	(void)ctx;
	(void)err;
	puts("pack");
	return 0;
}

static int sink_object(void *ctx, const struct mn_oid *oid, enum mn_otype t,
		       const void *data, size_t len, struct mn_err *err)
{
	struct client *c = ctx;
	char hex[MN_OID_HEX + 1];

	(void)data;
	(void)err;
	c->loose++;
	mn_oid_hex(hex, oid);
	printf("%s %s %zu\n", hex, mn_otype_name(t), len);
	return 0;
}

static int sink_has(void *ctx, const struct mn_oid *oid)
{
	(void)ctx;
	(void)oid;
	return 0;
}

static int do_walk(struct client *c, struct mn_err *err)
{
	struct mn_remote_sink sink = { .begin = sink_begin, .data = sink_data,
				       .end = sink_end, .object = sink_object,
				       .has = sink_has, .ctx = c };
	struct mn_remote_want want = { .nwants = 1 };
	char hex[MN_OID_HEX + 1] = "";
	struct mn_oid oid;
	int r = c->t->ops->open(c->t, MN_UPLOAD_PACK, 2, err);

	if (r < 0)
		return r;
	snprintf(hex, sizeof(hex), "%s", c->arg);
	if (strlen(hex) != MN_OID_HEX || mn_oid_parse(&oid, hex))
		return mn_err_set(err, MN_EINVALID, "no oid");
	want.wants = &oid;
	want.filter = strlen(c->arg) > MN_OID_HEX ? c->arg + MN_OID_HEX + 1 :
		NULL;
	return mn_dumb_fetch(c->t, c->net, &want, &sink, err);
}

static int do_post(struct client *c, struct mn_err *err)
{
	int r = c->t->ops->open(c->t, MN_RECEIVE_PACK, 0, err);

	if (r < 0)
		return r;
	r = copy_answer(c, 0, err);
	if (r < 0)
		return r;
	c->left = strtoull(c->arg, NULL, 10);
	r = c->t->ops->request(c->t, body_zeros, c, UINT64_MAX, err);
	return r < 0 ? r : copy_answer(c, 1, err);
}

static int do_again(struct client *c, struct mn_err *err)
{
	int r = 0;

	for (unsigned long n = strtoul(c->arg, NULL, 10); n && !r; n--) {
		r = c->t->ops->open(c->t, MN_UPLOAD_PACK, 2, err);
		if (!r)
			r = copy_answer(c, 0, err);
		c->t->ops->free(c->t);
		c->t = NULL;
		if (!r)
			r = mn_transport_http(&c->t, c->net, &c->url, err);
	}
	return r;
}

static int sign(void *ctx, const char *method, const char *url,
		const unsigned char digest[32], char out[512],
		struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;

	(void)ctx;
	(void)err;
	mn_buf_addhex(&b, digest, 32);
	fprintf(stderr, "signed %s %s %s\n", method, url, b.p);
	snprintf(out, 512, "Test %.16s", b.p);
	mn_buf_release(&b);
	return 0;
}

static int credential(void *ctx, enum mn_credential_op op,
		      struct mn_credential *cred, struct mn_err *err)
{
	static const char *const names[] = { "fill", "approve", "reject" };
	const char *login = ctx;
	size_t n = strcspn(login, ":");

	(void)err;
	fprintf(stderr, "%s %s %s %s %s\n", names[op], cred->protocol,
		cred->host, cred->path, cred->user);
	if (op == MN_CRED_FILL) {
		snprintf(cred->user, sizeof(cred->user), "%.*s", (int)n, login);
		snprintf(cred->password, sizeof(cred->password), "%s",
			 login + n + (login[n] == ':'));
	}
	return 0;
}

static int run(struct client *c, const char *verb, struct mn_err *err)
{
	static const struct {
		const char *name;
		int (*fn)(struct client *c, struct mn_err *err);
	} verbs[] = {
		{ "open", do_open }, { "fetch", do_fetch },
		{ "refs", do_refs }, { "walk", do_walk },
		{ "post", do_post }, { "again", do_again },
	};
	int r;

	r = mn_transport_http(&c->t, c->net, &c->url, err);
	if (r < 0)
		return r;
	r = mn_err_set(err, MN_EINVALID, "no such verb");
	for (size_t i = 0; i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(verb, verbs[i].name))
			r = verbs[i].fn(c, err);
	if (c->t)
		c->t->ops->free(c->t);
	return r;
}

static const char *value(const char *arg, const char *name)
{
	size_t n = strlen(name);

	return strncmp(arg, name, n) ? NULL : arg + n;
}

int main(int argc, char **argv)
{
	struct client c = { .body = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	struct mn_net_wire wire;
	struct rusage usage;
	const char *v;
	int i, r;

	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if ((v = value(argv[i], "--ca=")))
			c.opt.ca_file = v;
		else if ((v = value(argv[i], "--proxy=")))
			c.opt.proxy = v;
		else if ((v = value(argv[i], "--stall=")))
			c.opt.stall_ms = c.opt.connect_ms =
				(int)strtol(v, NULL, 10);
		else if ((v = value(argv[i], "--login=")))
			c.login = v;
		else if (!strcmp(argv[i], "--git"))
			c.opt.credential = mn_credential_git;
		else if (!strcmp(argv[i], "--sign"))
			c.opt.sign = sign;
		else if (!strcmp(argv[i], "--slow"))
			c.slow = 1;
	}
	if (argc - i < 2)
		return 129;
	c.arg = argc - i > 2 ? argv[i + 2] : "";
	if (c.login) {
		c.opt.credential = credential;
		c.opt.ctx = (void *)(uintptr_t)c.login;
	}
	c.net = mn_net_new(&c.opt);
	r = mn_url_parse(&c.url, argv[i + 1], &err);
	if (!r)
		r = run(&c, argv[i], &err);
	mn_net_wire(c.net, &wire);
	mn_net_free(c.net);
	mn_url_release(&c.url);
	mn_buf_release(&c.body);
	if (fflush(stdout))
		return 128;
	if (r < 0)
		fprintf(stderr, "error %d: %s\n", r, err.msg);
	getrusage(RUSAGE_SELF, &usage);
	fprintf(stderr, "wire %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64
		" %ld\n", wire.in, wire.out, wire.requests, wire.connections,
		usage.ru_maxrss);
	return r < 0 ? 1 : 0;
}
