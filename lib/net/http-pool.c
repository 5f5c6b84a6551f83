#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http.h"

#include "banned.h"

#define CONNECTIONS 8L		/* kept open, in all */
#define CURL_BUFFER (64L * 1024)
#define DRAIN ((size_t)64 * 1024)	/* a longer rest is cut off */
#define DRAIN_MS 200
#define HEAD_TOO_LONG "the head of the answer is too long"

int mn_http_pool_get(struct mn_http_pool **out, struct mn_net *net,
		     struct mn_err *err)
{
	struct mn_http_pool *p = net->http;

	*out = p;
	if (p)
		return 0;
	/* Thread-safe in the curl that we need, and counted. */
	if (curl_global_init(CURL_GLOBAL_DEFAULT))
		return mn_err_set(err, MN_EFAIL, "cannot start libcurl");
	p = mn_xcalloc(1, sizeof(*p));
	p->multi = curl_multi_init();
	if (!p->multi) {
		curl_global_cleanup();
		free(p);
		return mn_err_set(err, MN_ENOMEM, "cannot start libcurl");
	}
	curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS);
	curl_multi_setopt(p->multi, CURLMOPT_MAX_HOST_CONNECTIONS,
			  CONNECTIONS);
	*out = net->http = p;
	return 0;
}

void mn_http_pool_free(struct mn_http_pool *p)
{
	if (!p)
		return;
	while (p->nidle)
		curl_easy_cleanup(p->idle[--p->nidle]);
	curl_multi_cleanup(p->multi);
	while (p->logins) {
		struct mn_http_login *l = p->logins;

		p->logins = l->next;
		mn_http_login_free(l);
	}
	free(p);
	curl_global_cleanup();
}

/* Every byte of HTTP passes here, in both directions. */
static int on_debug(CURL *easy, curl_infotype type, char *data, size_t len,
		    void *ctx)
{
	struct mn_http_xfer *x = ctx;

	(void)easy;
	(void)data;
	switch (type) {
	case CURLINFO_HEADER_IN:
	case CURLINFO_DATA_IN:
		x->net->wire.in += len;
		break;
	case CURLINFO_HEADER_OUT:
	case CURLINFO_DATA_OUT:
		x->net->wire.out += len;
		break;
	case CURLINFO_SSL_DATA_IN:
	case CURLINFO_SSL_DATA_OUT:
		break;
	default:
		return 0;
	}
	x->moved = mn_net_now_ms();
	return 0;
}

static size_t on_header(char *data, size_t size, size_t n, void *ctx)
{
	struct mn_http_xfer *x = ctx;

	n *= size;
	if (!x->nlines)
		x->head_at = mn_net_now_ms();
	x->nbytes += n;
	if (++x->nlines > MN_HTTP_HEADERS || x->nbytes > MN_HTTP_HEADER_BYTES) {
		x->r = mn_err_set(&x->why, MN_ELIMIT,
				  HEAD_TOO_LONG);
		return 0;
	}
	if (n && (data[0] == '\r' || data[0] == '\n')) {
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
		x->headed = x->status >= 200;
	}
	return n;
}

static size_t on_data(char *data, size_t size, size_t n, void *ctx)
{
	struct mn_http_xfer *x = ctx;

	n *= size;
	if (x->at == x->in.len) {
		mn_buf_clear(&x->in);
		x->at = 0;
	}
	if (x->in.len && x->in.len + n > MN_HTTP_BUFFER) {
		x->paused = 1;
		return CURL_WRITEFUNC_PAUSE;
	}
	mn_buf_add(&x->in, data, n);
	return n;
}

static void set_safety(CURL *e, const struct mn_net_options *opt)
{
	curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(e, CURLOPT_HTTP09_ALLOWED, 0L);
	curl_easy_setopt(e, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(e, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(e, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (opt->ca_file) {
		curl_easy_setopt(e, CURLOPT_CAINFO, opt->ca_file);
		curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
	}
	if (opt->proxy)
		curl_easy_setopt(e, CURLOPT_PROXY, opt->proxy);
	curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, (long)opt->connect_ms);
}

static void set_body(CURL *e, struct mn_http_body *b)
{
	curl_easy_setopt(e, CURLOPT_POST, 1L);
	if (b->whole && !b->spooled) {
		curl_easy_setopt(e, CURLOPT_POSTFIELDS, b->mem.p);
	} else {
		curl_easy_setopt(e, CURLOPT_READFUNCTION, mn_http_body_read);
		curl_easy_setopt(e, CURLOPT_READDATA, b);
		curl_easy_setopt(e, CURLOPT_SEEKFUNCTION, mn_http_body_seek);
		curl_easy_setopt(e, CURLOPT_SEEKDATA, b);
	}
	curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE,
			 b->len == UINT64_MAX ? (curl_off_t)-1 :
			 (curl_off_t)b->len);
}

static void set_request(struct mn_http_xfer *x, const struct mn_http_ask *q)
{
	CURL *e = x->easy;

	for (const char *const *s = q->headers; *s; s++)
		x->headers = curl_slist_append(x->headers, *s);
	x->headers = curl_slist_append(x->headers, "Expect:");
	if (q->body && q->body->gzip)
		x->headers = curl_slist_append(x->headers,
					       "Content-Encoding: gzip");
	if (q->body && q->body->len == UINT64_MAX)
		x->headers = curl_slist_append(x->headers,
					       "Transfer-Encoding: chunked");
	curl_easy_setopt(e, CURLOPT_HTTPHEADER, x->headers);
	curl_easy_setopt(e, CURLOPT_URL, q->url);
	curl_easy_setopt(e, CURLOPT_USERAGENT, MN_AGENT);
	curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
			 !strncmp(q->url, "https:", 6) ?
			 (long)CURL_HTTP_VERSION_2TLS :
			 (long)CURL_HTTP_VERSION_1_1);
	if (q->login) {
		curl_easy_setopt(e, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
		curl_easy_setopt(e, CURLOPT_USERNAME, q->login->c.user);
		curl_easy_setopt(e, CURLOPT_PASSWORD, q->login->c.password);
	}
	if (q->body)
		set_body(e, q->body);
}

static void set_callbacks(struct mn_http_xfer *x)
{
	CURL *e = x->easy;

	curl_easy_setopt(e, CURLOPT_PRIVATE, x);
	curl_easy_setopt(e, CURLOPT_ERRORBUFFER, x->words);
	curl_easy_setopt(e, CURLOPT_BUFFERSIZE, CURL_BUFFER);
	curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(e, CURLOPT_HEADERDATA, x);
	curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_data);
	curl_easy_setopt(e, CURLOPT_WRITEDATA, x);
	curl_easy_setopt(e, CURLOPT_DEBUGFUNCTION, on_debug);
	curl_easy_setopt(e, CURLOPT_DEBUGDATA, x);
	curl_easy_setopt(e, CURLOPT_VERBOSE, 1L);
}

/* Messages may be of another transfer that runs beside this one. */
static void collect_done(struct mn_http_pool *p)
{
	CURLMsg *m;
	int left;

	while ((m = curl_multi_info_read(p->multi, &left))) {
		struct mn_http_xfer *x = NULL;

		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &x);
		if (!x)
			continue;
		x->done = 1;
		x->result = m->data.result;
		curl_easy_getinfo(x->easy, CURLINFO_RESPONSE_CODE, &x->status);
	}
}

/* Words of curl for what went wrong, without its capital. */
static const char *words_of(struct mn_http_xfer *x)
{
	char *w = x->words;

	switch (x->result) {
	case CURLE_COULDNT_RESOLVE_HOST:
		return "no such host is known";
	case CURLE_COULDNT_RESOLVE_PROXY:
		return "no such proxy is known";
	case CURLE_OPERATION_TIMEDOUT:
		return "it does not answer";
	case CURLE_COULDNT_CONNECT:
		return "the connection is refused";
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_HTTP2:
	case CURLE_HTTP2_STREAM:
		return "the connection broke";
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return "the answer is not HTTP";
	default:
		break;
	}
	if (!w[0])
		return curl_easy_strerror(x->result);
	if (w[0] >= 'A' && w[0] <= 'Z' && w[1] >= 'a' && w[1] <= 'z')
		w[0] = (char)(w[0] - 'A' + 'a');
	return w;
}

/* What a proxy said to CONNECT is the failure, where there was one. */
static int proxy_failed(struct mn_http_xfer *x, struct mn_err *err)
{
	long status = 0;

	curl_easy_getinfo(x->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (status < 300)
		return 0;
	return mn_err_set(err, status < 500 ? MN_EDENIED : MN_EUNREACHABLE,
			  "cannot reach '%s': the proxy says no (%ld)",
			  x->name, status);
}

static int code_of(CURLcode result)
{
	switch (result) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_ISSUER_ERROR:
		return MN_EDENIED;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
		return MN_EINVALID;
	case CURLE_URL_MALFORMAT:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_NOT_BUILT_IN:
		return MN_EFAIL;
	case CURLE_OUT_OF_MEMORY:
		return MN_ENOMEM;
	default:
		return MN_EUNREACHABLE;
	}
}

static int failed(struct mn_http_xfer *x, struct mn_err *err)
{
	int r;

	if (x->body && x->body->r < 0)
		return mn_err_set(err, x->body->r, "%s", x->body->why.msg);
	if (x->r < 0)
		return mn_err_set(err, x->r, "'%s': %s", x->name, x->why.msg);
	if (x->result == CURLE_OK)
		return 0;
	r = proxy_failed(x, err);
	if (r < 0)
		return r;
	/* what curl calls it, of whose lines no end comes */
	if (x->result == CURLE_OUT_OF_MEMORY && !x->headed)
		return mn_err_set(err, MN_ELIMIT, "'%s': " HEAD_TOO_LONG,
				  x->name);
	return mn_err_set(err, code_of(x->result), "cannot reach '%s': %s",
			  x->name, words_of(x));
}

static int is_there(const struct mn_http_xfer *x, int head)
{
	return x->done || (head ? x->headed : x->in.len > x->at);
}

/* Lets curl work until there is a head, or else some of the answer, or the
 * end. */
static int wait_for(struct mn_http_xfer *x, int head, struct mn_err *err)
{
	const struct mn_net_options *opt = &x->net->opt;
	uint64_t limit = (uint64_t)opt->stall_ms;
	int running;

	/* Connecting has a limit of its own. */
	if (head && limit < (uint64_t)opt->connect_ms)
		limit = (uint64_t)opt->connect_ms;
	x->moved = mn_net_now_ms();
	for (;;) {
		uint64_t idle;

		if (curl_multi_perform(x->pool->multi, &running) != CURLM_OK)
			return mn_err_set(err, MN_EFAIL, "cannot reach '%s': "
					  "libcurl failed", x->name);
		collect_done(x->pool);
		if (is_there(x, head))
			return 0;
		idle = mn_net_now_ms() - x->moved;
		if (idle >= limit)
			break;
		if (head && x->nlines && mn_net_now_ms() - x->head_at >=
		    limit * MN_NET_PATIENCE)
			return mn_err_set(err, MN_EUNREACHABLE, "'%s': the "
					  "head of the answer takes too long",
					  x->name);
		curl_multi_poll(x->pool->multi, NULL, 0, (int)(limit - idle),
				NULL);
	}
	return mn_err_set(err, MN_EUNREACHABLE, "cannot reach '%s': nothing "
			  "came for %d seconds", x->name,
			  (int)((limit + 999) / 1000));
}

int mn_http_xfer_begin(struct mn_http_xfer *x, const struct mn_http_ask *q,
		       struct mn_err *err)
{
	int r;

	mn_http_xfer_end(x);
	r = mn_http_pool_get(&x->pool, x->net, err);
	if (r < 0)
		return r;
	x->easy = x->pool->nidle ? x->pool->idle[--x->pool->nidle] :
		curl_easy_init();
	if (!x->easy)
		return mn_err_set(err, MN_ENOMEM, "cannot start libcurl");
	x->body = q->body;
	set_callbacks(x);
	set_safety(x->easy, &x->net->opt);
	set_request(x, q);
	if (curl_multi_add_handle(x->pool->multi, x->easy) != CURLM_OK)
		return mn_err_set(err, MN_EFAIL, "cannot reach '%s': libcurl "
				  "failed", x->name);
	x->net->wire.requests++;
	return 0;
}

int mn_http_xfer_head(struct mn_http_xfer *x, struct mn_err *err)
{
	int r = wait_for(x, 1, err);

	if (!r && (!x->headed || x->r < 0))
		r = failed(x, err);
	if (!r && !x->headed)
		r = mn_err_set(err, MN_EUNREACHABLE, "cannot reach '%s': the "
			       "connection broke", x->name);
	if (r < 0)
		mn_http_xfer_end(x);
	return r;
}

int mn_http_xfer_start(struct mn_http_xfer *x, const struct mn_http_ask *q,
		       struct mn_err *err)
{
	int r = mn_http_xfer_begin(x, q, err);

	return r < 0 ? r : mn_http_xfer_head(x, err);
}

ssize_t mn_http_xfer_read(struct mn_http_xfer *x, void *buf, size_t size,
			  struct mn_err *err)
{
	size_t n;
	int r;

	if (!x->easy)
		return 0;
	while (x->at == x->in.len) {
		if (x->done)
			return failed(x, err);
		if (x->paused) {
			x->paused = 0;
			curl_easy_pause(x->easy, CURLPAUSE_CONT);
			if (x->in.len > x->at)
				break;
		}
		r = wait_for(x, 0, err);
		if (r < 0)
			return r;
	}
	n = x->in.len - x->at;
	n = n < size ? n : size;
	memcpy(buf, x->in.p + x->at, n);
	x->at += n;
	return (ssize_t)n;
}

void mn_http_xfer_drain(struct mn_http_xfer *x)
{
	uint64_t until = mn_net_now_ms() + DRAIN_MS, now;
	size_t total = 0;
	int running;

	while (x->easy && !x->done && total <= DRAIN) {
		total += x->in.len - x->at;
		x->at = x->in.len;
		now = mn_net_now_ms();
		if (now >= until || x->paused ||
		    curl_multi_perform(x->pool->multi, &running) != CURLM_OK)
			break;
		collect_done(x->pool);
		if (!x->done)
			curl_multi_poll(x->pool->multi, NULL, 0,
					(int)(until - now), NULL);
	}
	mn_http_xfer_end(x);
}

void mn_http_xfer_end(struct mn_http_xfer *x)
{
	long connects = 0;

	if (x->easy) {
		curl_easy_getinfo(x->easy, CURLINFO_NUM_CONNECTS, &connects);
		x->net->wire.connections += (uint64_t)connects;
		curl_multi_remove_handle(x->pool->multi, x->easy);
		curl_easy_reset(x->easy);
		if (x->pool->nidle == MN_HTTP_IDLE)
			curl_easy_cleanup(x->easy);
		else
			x->pool->idle[x->pool->nidle++] = x->easy;
	}
	curl_slist_free_all(x->headers);
	x->headers = NULL;
	x->easy = NULL;
	x->body = NULL;
	mn_buf_clear(&x->in);
	x->at = 0;
	x->paused = x->headed = x->done = x->r = 0;
	x->result = CURLE_OK;
	x->status = 0;
	x->nlines = x->nbytes = 0;
	x->words[0] = '\0';
	mn_err_clear(&x->why);
}

int mn_http_xfer_is(const struct mn_http_xfer *x, const char *type)
{
	size_t len = strlen(type);
	char *got = NULL;

	curl_easy_getinfo(x->easy, CURLINFO_CONTENT_TYPE, &got);
	return got && !strncasecmp(got, type, len) &&
		strchr("; \t", got[len]) != NULL;
}

int mn_http_status(const struct mn_http_xfer *x, struct mn_err *err)
{
	long s = x->status;

	if (s == 404 || s == 410)
		return mn_err_set(err, MN_ENOTFOUND, "'%s' is not there",
				  x->name);
	if (s == 401 || s == 403 || s == 407)
		return mn_err_set(err, MN_EDENIED, "'%s': the %s says no (%ld)",
				  x->name, s == 407 ? "proxy" : "server", s);
	if (s == 413)
		return mn_err_set(err, MN_ELIMIT, "'%s': the server takes no "
				  "request of that size (413)", x->name);
	if (s >= 300 && s < 400)
		return mn_err_set(err, MN_EDENIED, "'%s': the server redirects "
				  "what must not be redirected (%ld)", x->name,
				  s);
	if (s == 408 || s == 429 || s >= 500)
		return mn_err_set(err, MN_EUNREACHABLE, "'%s': the server "
				  "can't answer now (%ld)", x->name, s);
	return mn_err_set(err, MN_EINVALID, "'%s': the server answers %ld",
			  x->name, s);
}
