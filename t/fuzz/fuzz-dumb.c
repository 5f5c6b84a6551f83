/*
 * fuzz-dumb: a plain file server with any files: what the refs are and what
 * is walked over ends, in an error or with objects that are what their names
 * say, and no object and no pack comes twice.
 *
 * Input: files, each as "<path>\n<length>\n" and its bytes. The last ref of
 * info/refs is what is asked for.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/map.h"
#include "net/dumb.h"

#include "banned.h"

#define LAW(cond) do { if (!(cond)) abort(); } while (0)

struct server {
	struct mn_transport t;
	const uint8_t *data;
	size_t size;
	struct mn_map seen;
	int in_pack;
	size_t packs;
};

/* The file behind *at: 1, and *at moves behind it. */
static int next_file(const struct server *s, size_t *at, struct mn_str *path,
		     struct mn_str *file)
{
	const char *p = (const char *)s->data + *at;
	const char *end = (const char *)s->data + s->size;
	const char *nl = memchr(p, '\n', (size_t)(end - p));
	size_t len = 0;

	if (!nl)
		return 0;
	*path = (struct mn_str){ p, (size_t)(nl - p) };
	for (p = nl + 1; p < end && *p >= '0' && *p <= '9' && len < 1 << 24;
	     p++)
		len = len * 10 + (size_t)(*p - '0');
	if (p == end || *p++ != '\n')
		return 0;
	if (len > (size_t)(end - p))
		len = (size_t)(end - p);
	*file = (struct mn_str){ p, len };
	*at = (size_t)(p - (const char *)s->data) + len;
	return 1;
}

static int get(struct mn_transport *t, const char *path, uint64_t max,
	       int (*sink)(void *ctx, const void *data, size_t len,
			   struct mn_err *err),
	       void *ctx, struct mn_err *err)
{
	struct server *s = (struct server *)t;
	struct mn_str name, file;
	size_t at = 0, half;
	int r;

	while (next_file(s, &at, &name, &file)) {
		if (!mn_str_eq(name, path))
			continue;
		if (file.len > max)
			return mn_err_set(err, MN_ELIMIT, "too long");
		half = file.len / 2;
		r = half ? sink(ctx, file.p, half, err) : 0;
		if (!r && file.len)
			r = sink(ctx, file.p + half, file.len - half, err);
		return r;
	}
	return mn_err_set(err, MN_ENOTFOUND, "not there");
}

static int begin(void *ctx, struct mn_err *err)
{
	struct server *s = ctx;

	(void)err;
	LAW(!s->in_pack);
	s->in_pack = 1;
	return 0;
}

static int data_of(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	struct server *s = ctx;

	(void)err;
	LAW(s->in_pack && data && len);
	return 0;
}

static int end(void *ctx, struct mn_err *err)
{
	struct server *s = ctx;

	(void)err;
	LAW(s->in_pack);
	s->in_pack = 0;
	s->packs++;
	return 0;
}

static int object(void *ctx, const struct mn_oid *oid, enum mn_otype type,
		  const void *data, size_t len, struct mn_err *err)
{
	struct server *s = ctx;
	struct mn_oid check;

	(void)err;
	LAW(!s->in_pack);
	mn_oid_of(&check, type, data, len);
	LAW(mn_oid_eq(&check, oid));
	LAW(mn_map_get(&s->seen, oid->b) == SIZE_MAX);
	mn_map_put(&s->seen, oid->b, 0);
	return 0;
}

static int has(void *ctx, const struct mn_oid *oid)
{
	(void)ctx;
	return !(oid->b[19] & 15);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const filters[] = { NULL, "tree:0", "blob:none",
					       "blob:limit=1k" };
	const struct mn_transport_ops ops = { .get = get };
	struct server s = { .t = { .ops = &ops, .dumb = 1 }, .data = data,
			    .size = size };
	struct mn_remote_sink sink = { .begin = begin, .data = data_of,
				       .end = end, .object = object,
				       .has = has, .ctx = &s };
	struct mn_net *net = mn_net_new(NULL);
	struct mn_err err = MN_ERR_INIT;
	struct mn_ref_list refs;
	struct mn_remote_want want = { .nwants = 1,
				       .filter = filters[size & 3] };
	int r = mn_dumb_refs(&s.t, net, NULL, 0, &refs, &err);

	LAW(r == 0 || err.msg[0]);
	mn_map_init(&s.seen, sizeof(struct mn_oid));
	if (!r && refs.n) {
		want.wants = &refs.p[refs.n - 1].oid;
		r = mn_dumb_fetch(&s.t, net, &want, &sink, &err);
		LAW(r == 0 || err.msg[0]);
	}
	mn_refs_release(&refs);
	mn_map_release(&s.seen);
	mn_net_free(net);
	return 0;
}
