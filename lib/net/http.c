#include "net/http.h"

#include <stdlib.h>
#include <string.h>

#include "key/hash.h"

#include "banned.h"

#define HEADERS_MAX 8
#define CHUNK ((size_t)32 * 1024)

struct headers {		/* of a request; strings are in text */
	struct mn_buf text;	/* each ends with a NUL */
	const char *p[HEADERS_MAX];
	size_t at[HEADERS_MAX], n;
};

static void add_header(struct headers *l, const char *name, const char *value)
{
	if (l->n + 1 >= HEADERS_MAX)
		MN_BUG("too many headers");
	l->at[l->n++] = l->text.len;
	mn_buf_adds(&l->text, name);
	mn_buf_adds(&l->text, value);
	mn_buf_addc(&l->text, '\0');
}

static const char *const *header_list(struct headers *l)
{
	for (size_t i = 0; i < l->n; i++)
		l->p[i] = l->text.p + l->at[i];
	l->p[l->n] = NULL;
	return l->p;
}

/* A request may have to be made twice: without a password, and with one. */
static int sign(struct http *h, struct headers *l, const char *method,
		const char *url, const unsigned char digest[32],
		struct mn_err *err)
{
	const struct mn_net_options *opt = &h->net->opt;
	char value[512];
	int r;

	if (!opt->sign || h->login || h->no_sign ||
	    h->service != MN_RECEIVE_PACK)
		return 0;
	value[0] = '\0';
	r = opt->sign(opt->ctx, method, url, digest, value, err);
	if (r == MN_ENOTFOUND || r == MN_EINVALID) {
		mn_err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	value[sizeof(value) - 1] = '\0';
	if (strpbrk(value, "\r\n"))
		return mn_err_set(err, MN_EINVALID, "a signature holds a line "
				  "feed");
	add_header(l, "Authorization: ", value);
	return 0;
}

/* One request, made again where a password is asked for. Whatever is not 401
 * is the caller's business. */
static int exchange(struct http *h, const char *tail,
		    const char *const *headers, struct mn_http_body *body,
		    const unsigned char digest[32], struct mn_err *err)
{
	const char *method = body ? "POST" : "GET";
	struct headers l = { .text = MN_BUF_INIT };
	struct mn_buf url = MN_BUF_INIT;
	struct mn_http_ask q;
	int r;

	mn_http_known(h);
	mn_buf_add(&url, h->base.p, h->base.len);
	mn_buf_adds(&url, tail);
	for (;;) {
		mn_buf_clear(&l.text);
		l.n = 0;
		for (const char *const *s = headers; *s; s++)
			add_header(&l, *s, "");
		if (h->version > 0)
			add_header(&l, "Git-Protocol: version=",
				   h->version == 1 ? "1" : "2");
		r = sign(h, &l, method, url.p, digest, err);
		if (r < 0)
			break;
		q = (struct mn_http_ask){ url.p, header_list(&l), body,
					  h->login };
		r = mn_http_xfer_start(&h->x, &q, err);
		if (r < 0)
			break;
		mn_net_trace(h->net, "http: %s %s: %ld", method, url.p,
			     h->x.status);
		if (h->x.status != 401) {
			mn_http_accepted(h);
			break;
		}
		r = mn_http_refused(h, err);
		mn_http_xfer_drain(&h->x);
		if (!r && body && mn_http_body_rewind(body))
			r = mn_err_set(err, MN_EDENIED, "'%s' wants a password "
				       "in the middle of a push",
				       h->url->text);
		if (r < 0)
			break;
	}
	mn_buf_release(&url);
	mn_buf_release(&l.text);
	return r;
}

static int is_redirect(long status)
{
	return (status >= 301 && status <= 303) || status == 307 ||
		status == 308;
}

static void digest_of_nothing(unsigned char out[32])
{
	struct mn_id id;

	mn_hash(&id, "", "", 0);
	memcpy(out, id.b, sizeof(id.b));
}

static int fail_status(struct http *h, struct mn_err *err)
{
	int r = mn_http_status(&h->x, err);

	mn_http_xfer_drain(&h->x);
	return r;
}

/* GET of info/refs, wherever that is. */
static int ask_refs(struct http *h, struct mn_err *err)
{
	static const char *const headers[] = {
		"Accept: */*", "Pragma: no-cache", NULL
	};
	unsigned char digest[32];
	struct mn_buf tail = MN_BUF_INIT;
	int r;

	digest_of_nothing(digest);
	mn_buf_addf(&tail, "/info/refs?service=%s",
		    mn_service_name(h->service));
	for (int hops = 0;; hops++) {
		r = exchange(h, tail.p, headers, NULL, digest, err);
		if (r < 0 || !is_redirect(h->x.status))
			break;
		r = hops < MN_HTTP_REDIRECTS ?
			mn_http_redirect(h, tail.p, err) :
			mn_err_set(err, MN_EDENIED, "'%s': the server "
				   "redirects more than %d times",
				   h->url->text, MN_HTTP_REDIRECTS);
		mn_http_xfer_drain(&h->x);
		if (r < 0)
			break;
	}
	mn_buf_release(&tail);
	if (!r && h->x.status != 200)
		r = fail_status(h, err);
	return r;
}

static int http_open(struct mn_transport *t, enum mn_service s, int version,
		     struct mn_err *err)
{
	struct http *h = (struct http *)t;
	struct mn_buf type = MN_BUF_INIT;
	int r;

	h->service = s;
	h->version = version;
	h->parked = 0;
	t->dumb = 0;
	r = ask_refs(h, err);
	if (r < 0)
		return r;
	mn_buf_addf(&type, "application/x-%s-advertisement",
		    mn_service_name(s));
	if (!mn_http_xfer_is(&h->x, type.p)) {
		t->dumb = h->parked = 1;
		if (s == MN_RECEIVE_PACK) {
			mn_http_xfer_drain(&h->x);
			h->parked = 0;
			r = mn_err_set(err, MN_EDENIED, "'%s': the server "
				       "takes no pushes", h->url->text);
		}
	}
	mn_buf_release(&type);
	return r;
}

static int http_request(struct mn_transport *t, mn_body_fn *body, void *ctx,
			uint64_t len, struct mn_err *err)
{
	struct http *h = (struct http *)t;
	const char *name = mn_service_name(h->service);
	const char *headers[3] = { NULL, NULL, NULL };
	int push = h->service == MN_RECEIVE_PACK;
	int signs = push && h->net->opt.sign && !h->login && !h->no_sign;
	struct mn_buf b[4] = { MN_BUF_INIT, MN_BUF_INIT, MN_BUF_INIT,
			       MN_BUF_INIT };
	unsigned char digest[32];
	int r;

	mn_http_xfer_drain(&h->x);
	h->parked = 0;
	mn_buf_addf(&b[0], "/%s", name);
	mn_buf_addf(&b[1], "Content-Type: application/x-%s-request", name);
	mn_buf_addf(&b[2], "Accept: application/x-%s-result", name);
	mn_buf_addf(&b[3], "application/x-%s-result", name);
	headers[0] = b[1].p;
	headers[1] = b[2].p;
	r = mn_http_body_make(&h->body, body, ctx, len, !push,
			      signs ? digest : NULL, err);
	if (!r)
		r = exchange(h, b[0].p, headers, &h->body, digest, err);
	if (!r && h->x.status != 200)
		r = fail_status(h, err);
	if (!r && !mn_http_xfer_is(&h->x, b[3].p)) {
		mn_http_xfer_drain(&h->x);
		r = mn_err_set(err, MN_EINVALID, "'%s': the server answers "
			       "with what is not git's protocol",
			       h->url->text);
	}
	for (int i = 0; i < 4; i++)
		mn_buf_release(&b[i]);
	if (r < 0)
		mn_http_body_release(&h->body);
	return r;
}

static ssize_t http_read(struct mn_transport *t, void *buf, size_t size,
			 struct mn_err *err)
{
	struct http *h = (struct http *)t;

	return mn_http_xfer_read(&h->x, buf, size, err);
}

/* Only what we ask for ourselves: nothing of it has to be encoded. */
static int path_ok(const char *p)
{
	return *p && *p != '/' && !strstr(p, "..") &&
		p[strspn(p, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/")] == '\0';
}

static void drop_ahead(struct http *h, int i)
{
	struct mn_http_ahead *a = h->ahead[i];

	h->nahead--;
	memmove(h->ahead + i, h->ahead + i + 1,
		(size_t)(h->nahead - i) * sizeof(*h->ahead));
	mn_http_xfer_drain(&a->x);
	mn_buf_release(&a->x.in);
	mn_buf_release(&a->path);
	free(a);
}

static int find_ahead(const struct http *h, const char *path)
{
	for (int i = 0; i < h->nahead; i++)
		if (!strcmp(h->ahead[i]->path.p, path))
			return i;
	return -1;
}

static ssize_t http_read(struct mn_transport *t, void *buf, size_t size,
			 struct mn_err *err);

void mn_http_soon(struct mn_transport *t, const char *path)
{
	static const char *const headers[] = { "Accept: */*", NULL };
	struct http *h = (struct http *)t;
	struct mn_buf url = MN_BUF_INIT;
	struct mn_http_ahead *a;
	struct mn_http_ask q;

	if (t->ops->read != http_read || !path_ok(path) ||
	    find_ahead(h, path) >= 0)
		return;
	if (h->nahead == MN_HTTP_AHEAD)
		drop_ahead(h, 0);
	a = mn_xcalloc(1, sizeof(*a));
	mn_buf_init(&a->path);
	mn_buf_adds(&a->path, path);
	mn_buf_init(&a->x.in);
	a->x.net = h->net;
	a->x.name = h->url->text;
	h->ahead[h->nahead++] = a;
	mn_http_known(h);
	mn_buf_addf(&url, "%s/%s", h->base.p, path);
	q = (struct mn_http_ask){ url.p, headers, NULL, h->login };
	/* If it can't be begun, it is asked for again when it is needed. */
	if (mn_http_xfer_begin(&a->x, &q, NULL) < 0)
		drop_ahead(h, h->nahead - 1);
	mn_buf_release(&url);
}

/* One that is under way, with its head there; NULL where there is none, or
 * it has failed. */
static struct mn_http_xfer *take_ahead(struct http *h, const char *path)
{
	int i = find_ahead(h, path);
	struct mn_http_xfer *x;

	if (i < 0)
		return NULL;
	x = &h->ahead[i]->x;
	if (mn_http_xfer_head(x, NULL) < 0 || x->status == 401) {
		drop_ahead(h, i);
		return NULL;
	}
	return x;
}

static int copy_file(struct mn_http_xfer *x, const char *path, uint64_t max,
		     int (*sink)(void *ctx, const void *data, size_t len,
				 struct mn_err *err),
		     void *ctx, struct mn_err *err)
{
	struct mn_net_pace pace = { 0, 0 };
	struct mn_buf chunk = MN_BUF_INIT;
	uint64_t total = 0, since;
	ssize_t n = 0;
	int r = 0;

	mn_buf_grow(&chunk, CHUNK);
	while (!r) {
		since = mn_net_now_ms();
		n = mn_http_xfer_read(x, chunk.p, CHUNK, err);
		if (n <= 0) {
			r = (int)n;
			break;
		}
		r = mn_net_pace(&pace, &x->net->opt, x->name, since, (size_t)n,
				err);
		if (r < 0)
			break;
		total += (uint64_t)n;
		r = total > max ?
			mn_err_set(err, MN_ELIMIT, "'%s': '%s' has more than "
				   "%llu bytes", x->name, path,
				   (unsigned long long)max) :
			sink(ctx, chunk.p, (size_t)n, err);
	}
	mn_buf_release(&chunk);
	return r;
}

static int http_get(struct mn_transport *t, const char *path, uint64_t max,
		    int (*sink)(void *ctx, const void *data, size_t len,
				struct mn_err *err),
		    void *ctx, struct mn_err *err)
{
	static const char *const headers[] = { "Accept: */*", NULL };
	struct http *h = (struct http *)t;
	int is_parked = h->parked && !strcmp(path, "info/refs");
	struct mn_http_xfer *x = take_ahead(h, path);
	struct mn_buf tail = MN_BUF_INIT;
	int r = 0;

	if (!path_ok(path))
		return mn_err_set(err, MN_EINVALID, "'%s' is no path", path);
	mn_buf_addf(&tail, "/%s", path);
	if (!x) {
		x = &h->x;
		if (!is_parked) {
			mn_http_xfer_drain(x);
			r = exchange(h, tail.p, headers, NULL, NULL, err);
		}
		h->parked = 0;
	}
	if (!r && x->status != 200)
		r = mn_http_status(x, err);
	if (!r)
		r = copy_file(x, path, max, sink, ctx, err);
	if (x->status == 200)
		mn_http_xfer_end(x);
	else
		mn_http_xfer_drain(x);
	if (x != &h->x)
		drop_ahead(h, find_ahead(h, path));
	mn_buf_release(&tail);
	return r;
}

static void http_free(struct mn_transport *t)
{
	struct http *h = (struct http *)t;

	while (h->nahead)
		drop_ahead(h, h->nahead - 1);
	mn_http_xfer_drain(&h->x);
	mn_http_body_release(&h->body);
	mn_http_login_free(h->login);
	mn_buf_release(&h->x.in);
	mn_buf_release(&h->base);
	mn_buf_release(&h->origin);
	free(h);
}

int mn_transport_http(struct mn_transport **out, struct mn_net *net,
		      const struct mn_url *url, struct mn_err *err)
{
	static const struct mn_transport_ops ops = {
		http_open, http_request, http_read, http_get, http_free
	};
	static const struct mn_http_body no_body = MN_HTTP_BODY_INIT;
	struct http *h = mn_xcalloc(1, sizeof(*h));
	int r;

	h->t.ops = &ops;
	h->t.stateless = 1;
	h->net = h->x.net = net;
	h->url = url;
	h->x.name = url->text;
	h->body = no_body;
	mn_buf_init(&h->x.in);
	mn_buf_init(&h->base);
	mn_buf_init(&h->origin);
	r = mn_http_set_base(h, url, err);
	if (r < 0)
		http_free(&h->t);
	else
		*out = &h->t;
	return r;
}
