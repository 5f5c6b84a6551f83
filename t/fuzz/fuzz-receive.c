/*
 * fuzz-receive: a push, as far as the commands go; the pack behind them is
 * passed on and ends where its first byte says.
 */
#include "net/receive.h"

#include <stdlib.h>
#include <string.h>

#include "git/refname.h"

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

struct input {
	struct mn_str rest;
	size_t pack, limit;	/* bytes of the pack, and at most */
	int applied;
};

static ssize_t source(void *ctx, void *buf, size_t size, struct mn_err *err)
{
	struct input *in = ctx;
	size_t n = size < in->rest.len ? size : in->rest.len;

	(void)err;
	memcpy(buf, in->rest.p, n);
	in->rest.p += n;
	in->rest.len -= n;
	return (ssize_t)n;
}

static int pack(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	struct input *in = ctx;

	LAW(!data == !len);
	if (!data && !in->pack)
		return mn_err_set(err, MN_EINVALID, "no pack");
	if (len && !in->pack)
		in->limit = *(const unsigned char *)data;
	in->pack += len;
	return !data || in->pack >= in->limit;
}

static int apply(void *ctx, struct mn_push_command *c, size_t n,
		 struct mn_err *err)
{
	struct input *in = ctx;

	(void)err;
	LAW(n && n <= MN_PUSH_REFS_MAX && !in->applied++);
	for (size_t i = 0; i < n; i++) {
		LAW(mn_refname_ok(c[i].name, strlen(c[i].name)));
		LAW(!c[i].why[0]);
		if (c[i].new_oid[0] & 1)
			memcpy(c[i].why, "odd", 4);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { .rest = { (const char *)data, size } };
	struct mn_receive_ops ops = { pack, apply, &in };
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf out = MN_BUF_INIT;
	int r = mn_receive(source, &in, &ops, &out, &err);

	LAW(r <= 0);
	LAW(r == 0 || err.msg[0]);
	LAW(!out.len || out.len >= 8);
	mn_buf_release(&out);
	return 0;
}
