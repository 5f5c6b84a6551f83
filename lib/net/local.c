/*
 * A directory of this machine: what a server would answer is made in the
 * process, by upload.h. Each request is answered by itself, so it is a
 * stateless transport.
 */
#include "net/local.h"

#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "net/local-push.h"
#include "net/net-impl.h"
#include "net/transport.h"
#include "net/upload.h"

#include "banned.h"

#define REQUEST_MAX ((size_t)16 * 1024 * 1024)

struct local {
	struct mn_transport t;
	struct mn_net *net;
	const struct mn_url *url;
	char *gitdir;
	struct mn_upload *up;
	struct mn_local_push *push;	/* one of both */
	int version;
	struct mn_buf said;	/* the advertisement; the report of a push */
	size_t at;
	struct mn_buf request;	/* lives while it is answered */
};

static int is_gitdir(const struct mn_buf *dir)
{
	static const char *const parts[] = { "/HEAD", "/objects", "/refs" };
	struct mn_buf b = MN_BUF_INIT;
	int ok = 1;

	for (size_t i = 0; ok && i < sizeof(parts) / sizeof(*parts); i++) {
		mn_buf_clear(&b);
		mn_buf_add(&b, dir->p, dir->len);
		mn_buf_adds(&b, parts[i]);
		ok = mn_io_exists(b.p);
	}
	mn_buf_release(&b);
	return ok;
}

static int is_dot_git(const struct mn_buf *dir)
{
	return dir->len >= 4 && !strcmp(dir->p + dir->len - 4, ".git") &&
		(dir->len == 4 || dir->p[dir->len - 5] == '/');
}

int mn_local_gitdir(char **out, int *bare, const char *path,
		    struct mn_err *err)
{
	static const char *const ends[] = { "/.git", "", ".git" };
	struct mn_buf b = MN_BUF_INIT;
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++) {
		mn_buf_clear(&b);
		mn_buf_add(&b, path, len);
		mn_buf_adds(&b, ends[i]);
		if (!is_gitdir(&b))
			continue;
		if (bare)
			*bare = !is_dot_git(&b);
		*out = mn_buf_detach(&b, NULL);
		return 0;
	}
	mn_buf_release(&b);
	return mn_err_set(err, MN_ENOTFOUND, "there is no repository at '%s'",
			  path);
}

static int local_push(struct local *l, struct mn_err *err)
{
	l->net->wire.connections++;
	return mn_local_push_begin(&l->push, l->net, l->url->path, &l->said,
				   err);
}

static int local_open(struct mn_transport *t, enum mn_service s, int version,
		      struct mn_err *err)
{
	struct local *l = (struct local *)t;
	const struct mn_upload_options opt = { .agent = MN_AGENT };
	int r;

	if (s == MN_RECEIVE_PACK)
		return local_push(l, err);
	r = mn_local_gitdir(&l->gitdir, NULL, l->url->path, err);
	if (!r)
		r = mn_upload_new(&l->up, l->gitdir, &opt, err);
	if (r < 0)
		return r;
	l->version = version;
	l->net->wire.connections++;
	return mn_upload_advertise(l->up, version, &l->said, err);
}

static int local_request(struct mn_transport *t, mn_body_fn *body, void *ctx,
			 uint64_t len, struct mn_err *err)
{
	struct local *l = (struct local *)t;
	struct mn_str whole;
	ssize_t n;

	(void)len;
	l->net->wire.requests++;
	l->at = l->said.len;
	if (l->push)
		return mn_local_push_take(l->push, body, ctx, &l->said, err);
	mn_buf_clear(&l->request);
	for (;;) {
		mn_buf_grow(&l->request, 65536);
		n = body(ctx, l->request.p + l->request.len, 65536, err);
		if (n <= 0)
			break;
		mn_buf_setlen(&l->request, l->request.len + (size_t)n);
		if (l->request.len > REQUEST_MAX)
			return mn_err_set(err, MN_ELIMIT,
					  "the request is too long");
	}
	if (n < 0)
		return (int)n;
	l->net->wire.out += l->request.len;
	whole.p = l->request.p;
	whole.len = l->request.len;
	return mn_upload_request(l->up, l->version, whole, err);
}

static ssize_t local_read(struct mn_transport *t, void *buf, size_t size,
			  struct mn_err *err)
{
	struct local *l = (struct local *)t;
	ssize_t n;

	if (l->at == l->said.len) {
		/* nothing was asked for: nothing is answered */
		n = l->request.len ?
			mn_upload_read(l->up, buf, size, err) : 0;
	} else {
		if (size > l->said.len - l->at)
			size = l->said.len - l->at;
		memcpy(buf, l->said.p + l->at, size);
		l->at += size;
		n = (ssize_t)size;
	}
	if (n > 0)
		l->net->wire.in += (uint64_t)n;
	return n;
}

static void local_free(struct mn_transport *t)
{
	struct local *l = (struct local *)t;

	mn_buf_release(&l->request);
	mn_buf_release(&l->said);
	mn_upload_free(l->up);
	mn_local_push_free(l->push);
	free(l->gitdir);
	free(l);
}

int mn_transport_local(struct mn_transport **out, struct mn_net *net,
		       const struct mn_url *url, struct mn_err *err)
{
	static const struct mn_transport_ops ops = {
		.open = local_open, .request = local_request,
		.read = local_read, .free = local_free,
	};
	struct local *l = mn_xcalloc(1, sizeof(*l));

	(void)err;
	l->t.ops = &ops;
	l->t.stateless = 1;
	l->net = net;
	l->url = url;
	mn_buf_init(&l->said);
	mn_buf_init(&l->request);
	*out = &l->t;
	return 0;
}
