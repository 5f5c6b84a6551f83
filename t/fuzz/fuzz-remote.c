/*
 * fuzz-remote: what servers of git's protocol say.
 *
 * Input: a byte, and what the server says:
 *
 *	bits 0-2  0: an advertisement of any version, the answer to ls-refs;
 *		  1: an advertisement of version 0, and what follows a fetch;
 *		  2: the answer to a fetch of version 2; 3: of version 0, with
 *		  sideband; 4: without; 5: the report of a push; 6: without
 *		  sideband
 *	bit 3	  each request is answered by itself, as over HTTP
 *	bits 4-7  in which slices it arrives
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/refname.h"
#include "net/remote-impl.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define REFS_MAX 50
#define ANSWER_MAX 20000

#define ONE "1111111111111111111111111111111111111111"

/* Where a server speaks from: what it says first, and the input. */
static struct script {
	const char *head;
	size_t headlen;
	const uint8_t *data;
	size_t size, slice;
	int stateless;
} script;

struct server {
	struct mn_transport t;
	int asked;
	size_t at;		/* in head, then in data */
};

static int server_open(struct mn_transport *t, enum mn_service s, int version,
		       struct mn_err *err)
{
	(void)t;
	(void)s;
	(void)version;
	(void)err;
	return 0;
}

static int server_request(struct mn_transport *t, mn_body_fn *body, void *ctx,
			  uint64_t len, struct mn_err *err)
{
	struct server *s = (struct server *)t;
	uint64_t total = 0;
	char buf[100];
	ssize_t n;

	while ((n = body(ctx, buf, sizeof(buf), err)) > 0)
		total += (uint64_t)n;
	LAW(!n && total && (len == total || len == UINT64_MAX));
	s->asked = 1;
	if (s->t.stateless)
		s->at = script.headlen;
	return 0;
}

static ssize_t server_read(struct mn_transport *t, void *buf, size_t size,
			   struct mn_err *err)
{
	struct server *s = (struct server *)t;
	size_t total = script.headlen + script.size, n = total - s->at;
	const char *from;

	(void)err;
	if (s->at < script.headlen) {
		n = script.headlen - s->at;
		from = script.head + s->at;
	} else {
		if (s->t.stateless && script.headlen && !s->asked)
			return 0;
		from = (const char *)script.data + (s->at - script.headlen);
	}
	n = n < size ? n : size;
	n = n < script.slice ? n : script.slice;
	if (n)
		memcpy(buf, from, n);
	s->at += n;
	return (ssize_t)n;
}

static void server_free(struct mn_transport *t)
{
	free(t);
}

static int server_new(struct mn_transport **out, struct mn_net *net,
		      const struct mn_url *url, struct mn_err *err)
{
	static const struct mn_transport_ops ops = {
		.open = server_open, .request = server_request,
		.read = server_read, .free = server_free,
	};
	struct server *s = mn_xcalloc(1, sizeof(*s));

	(void)net;
	(void)url;
	(void)err;
	s->t.ops = &ops;
	s->t.stateless = script.stateless;
	*out = &s->t;
	return 0;
}

static void check_err(int r, const struct mn_err *err)
{
	LAW(r <= 0 && (r == 0 || err->msg[0]));
	for (const char *p = err->msg; *p; p++)
		LAW((unsigned char)*p >= ' ' && *p != 0x7f);
}

static void try_refs(struct mn_remote *r, const char *prefix)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_ref_list l;
	int ret = mn_remote_refs(r, &prefix, prefix ? 1 : 0, &l, &err);

	check_err(ret, &err);
	LAW(!ret || !l.n);
	LAW(l.n <= REFS_MAX);
	for (size_t i = 0; i < l.n; i++) {
		LAW(mn_refname_ok(l.p[i].name, strlen(l.p[i].name)));
		LAW(!mn_oid_is_zero(&l.p[i].oid));
		LAW(!prefix || !strncmp(l.p[i].name, prefix, strlen(prefix)));
		LAW(!i || strcmp(l.p[i - 1].name, l.p[i].name) < 0);
	}
	mn_refs_release(&l);
}

struct got {
	int begun, ended;
	size_t bytes, shallow;
};

static int got_begin(void *ctx, struct mn_err *err)
{
	struct got *g = ctx;

	(void)err;
	LAW(!g->begun++);
	return 0;
}

static int got_data(void *ctx, const void *data, size_t len,
		    struct mn_err *err)
{
	struct got *g = ctx;

	LAW(g->begun && !g->ended && data && len);
	g->bytes += len;
	LAW(g->bytes <= script.size);
	return g->bytes > 10000 ?
		mn_err_set(err, MN_ELIMIT, "that is enough") : 0;
}

static int got_end(void *ctx, struct mn_err *err)
{
	struct got *g = ctx;

	(void)err;
	LAW(g->begun && !g->ended++);
	return 0;
}

static int got_shallow(void *ctx, const struct mn_oid *oid, struct mn_err *err)
{
	struct got *g = ctx;

	(void)oid;
	(void)err;
	LAW(!g->begun);
	g->shallow++;
	return 0;
}

static void try_fetch(struct mn_remote *r)
{
	struct mn_err err = MN_ERR_INIT;
	struct got g = { .begun = 0 };
	const struct mn_remote_sink sink = {
		.begin = got_begin, .data = got_data, .end = got_end,
		.shallow = got_shallow, .unshallow = got_shallow, .ctx = &g,
	};
	struct mn_oid oids[2];
	int ret;

	memset(&oids[0], 0x11, sizeof(oids[0]));
	memset(&oids[1], 0x22, sizeof(oids[1]));
	ret = mn_remote_fetch(r, &(struct mn_remote_want){
		.wants = oids, .nwants = 2, .haves = oids + 1, .nhaves = 1,
		.filter = "tree:0", .depth = 3, .shallows = oids,
		.nshallows = 1 }, &sink, &err);
	check_err(ret, &err);
	LAW((ret == 0) == (g.ended == 1));
}

static void try_push(struct mn_remote *r)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_remote_update u[3] = {
		{ .name = "refs/heads/a" }, { .name = "refs/heads/b" },
		{ .name = "refs/heads/c" }
	};
	int ret;

	memset(&u[0].new_oid, 0x11, sizeof(u[0].new_oid));
	memset(&u[1].new_oid, 0x11, sizeof(u[1].new_oid));
	memset(&u[2].old_oid, 0x11, sizeof(u[2].old_oid));
	ret = mn_remote_push(r, u, 3, NULL, NULL, 0, &err);
	check_err(ret, &err);
	for (int i = 0; i < 3; i++)
		LAW(u[i].ok ? !u[i].why[0] : u[i].why[0] != 0);
}

static void say(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	LAW(text && len <= 1000 && !memchr(text, '\n', len));
}

static void set_script(const uint8_t *data, size_t size, int kind,
		       struct mn_buf *head)
{
	if (kind == 2) {
		mn_pkt_addf(head, "version 2\n");
		mn_pkt_addf(head, "ls-refs\n");
		mn_pkt_addf(head, "fetch=shallow filter\n");
	} else if (kind >= 3) {
		struct mn_buf line = MN_BUF_INIT;

		mn_buf_adds(&line, ONE " HEAD");
		mn_buf_addc(&line, 0);
		mn_buf_adds(&line, "shallow filter multi_ack_detailed "
			    "report-status delete-refs");
		if (kind == 3 || kind == 5)
			mn_buf_adds(&line, " side-band-64k");
		mn_pkt_add(head, line.p, line.len);
		mn_buf_release(&line);
	}
	if (kind >= 2)
		mn_pkt_flush(head);
	script = (struct script){
		.head = head->p, .headlen = head->len,
		.data = data + 1, .size = size - 1,
		.slice = (size_t)(data[0] >> 4) * (data[0] >> 4) * 300 + 1,
		.stateless = data[0] >> 3 & 1,
	};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char url_text[] = "http://host/x.git";
	const struct mn_url url = { .scheme = MN_URL_HTTP, .text = url_text };
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf head = MN_BUF_INIT;
	struct mn_remote *r;
	struct mn_net *net;
	int kind, ret;

	if (!size || (data[0] & 7) == 7)
		return 0;
	kind = data[0] & 7;
	set_script(data, size, kind, &head);
	net = mn_net_new(&(struct mn_net_options){
		.max_refs = REFS_MAX, .max_answer = ANSWER_MAX, .say = say });
	ret = mn_remote_open_over(&r, server_new, net, &url, kind >= 5 ?
				  MN_RECEIVE_PACK : MN_UPLOAD_PACK, &err);
	check_err(ret, &err);
	LAW(kind < 2 || !ret);
	if (!ret) {
		if (kind < 2) {
			try_refs(r, kind ? NULL : "refs/heads/");
			try_refs(r, kind ? "refs/" : NULL);
		}
		if (kind < 5) {
			try_fetch(r);
			try_fetch(r);	/* after an error, too */
		} else {
			try_push(r);
			try_push(r);
		}
		mn_remote_close(r);
	}
	mn_net_free(net);
	mn_buf_release(&head);
	return 0;
}
