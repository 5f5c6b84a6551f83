#include "net/httpd.h"

#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/date.h"

#include "banned.h"

#define LISTEN_MAX 300
#define BACKLOG 512
#define HEAD_MEMORY 65536	/* of a connection, for its headers and slices */
#define SLICE 65536		/* of an answer of known length */
#define STACK (512u * 1024)	/* of a connection's thread; what it touches of
				   it is what it costs */
/* Of a body that was refused, so much is read before the answer: a connection
 * closed upon unread bytes may lose the answer, too. */
#define DRAIN_MAX (1024u * 1024)

struct mn_httpd {
	const struct mn_web_handler *handler;
	struct mn_httpd_options opt;
	struct MHD_Daemon *daemon;
	char url[LISTEN_MAX + 32];
	pthread_mutex_t lock;	/* of active */
	size_t active;		/* requests that began and have not ended */
};

struct request {
	struct mn_httpd *d;
	void *exchange;		/* NULL: not begun */
	struct mn_web_reply reply;
	struct mn_web_request head;
	char *target;		/* owned */
	int64_t began;		/* microseconds */
	uint64_t sent, drained;
	char from[64];
	char method[24];
};

/* ----------------------------------------------------- the life of a request */

/* libmicrohttpd's first call: the request line is there. */
static void *on_target(void *ctx, const char *uri, struct MHD_Connection *c)
{
	struct request *q = mn_xcalloc(1, sizeof(*q));

	(void)c;
	q->d = ctx;
	q->target = mn_xstrdup(uri);
	q->began = mn_date_mono();
	pthread_mutex_lock(&q->d->lock);
	q->d->active++;
	pthread_mutex_unlock(&q->d->lock);
	return q;
}

/* Also called where the connection broke before the head was whole. */
static void on_completed(void *ctx, struct MHD_Connection *c, void **state,
			 enum MHD_RequestTerminationCode why)
{
	struct mn_httpd *d = ctx;
	struct request *q = *state;

	(void)c;
	(void)why;
	if (!q)
		return;
	if (q->exchange) {
		if (d->handler->log)
			d->handler->log(d->handler->ctx, q->from, q->method,
					q->target, q->reply.status, q->sent,
					mn_date_mono() - q->began);
		d->handler->end(q->exchange);
	}
	pthread_mutex_lock(&d->lock);
	d->active--;
	pthread_mutex_unlock(&d->lock);
	free(q->target);
	free(q);
	*state = NULL;
}

static void name_peer(struct request *q, struct MHD_Connection *c)
{
	const union MHD_ConnectionInfo *i;
	socklen_t len = sizeof(struct sockaddr_in);

	i = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	if (!i || !i->client_addr)
		return;
	if (i->client_addr->sa_family == AF_INET6)
		len = sizeof(struct sockaddr_in6);
	if (getnameinfo(i->client_addr, len, q->from, sizeof(q->from), NULL, 0,
			NI_NUMERICHOST))
		q->from[0] = '\0';
}

static const char *header(struct MHD_Connection *c, const char *name)
{
	return MHD_lookup_connection_value(c, MHD_HEADER_KIND, name);
}

/* libmicrohttpd has refused a length that is no number by now. */
static uint64_t body_length(const char *digits)
{
	uint64_t n = 0;

	for (; *digits >= '0' && *digits <= '9'; digits++) {
		if (n > (UINT64_MAX - 10) / 10)
			return UINT64_MAX - 1;
		n = 10 * n + (uint64_t)(*digits - '0');
	}
	return n;
}

static void begin(struct request *q, struct MHD_Connection *c,
		  const char *method)
{
	const struct mn_web_handler *h = q->d->handler;
	struct mn_web_request *head = &q->head;
	const char *length = header(c, "Content-Length");
	const char *coding = header(c, "Transfer-Encoding");
	size_t n = strnlen(method, sizeof(q->method) - 1);

	memcpy(q->method, method, n);
	name_peer(q, c);
	head->method = method;
	head->target = q->target;
	head->prefix = "";
	head->scheme = "http";
	head->host = header(c, "Host");
	head->accept = header(c, "Accept");
	head->authorization = header(c, "Authorization");
	head->content_type = header(c, "Content-Type");
	head->content_encoding = header(c, "Content-Encoding");
	head->git_protocol = header(c, "Git-Protocol");
	head->has_body = length || coding;
	head->length = length && !coding ? body_length(length)
					 : coding ? MN_WEB_UNKNOWN : 0;
	q->exchange = h->begin(h->ctx, head, &q->reply);
}

/* ---------------------------------------------------------------- the answer */

static ssize_t read_body(void *ctx, uint64_t pos, char *buf, size_t size)
{
	struct request *q = ctx;
	ssize_t n = q->d->handler->read(q->exchange, buf, size);

	(void)pos;
	if (n < 0)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (!n)
		return MHD_CONTENT_READER_END_OF_STREAM;
	q->sent += (uint64_t)n;
	return n;
}

static struct MHD_Response *make_response(struct request *q)
{
	const struct mn_web_reply *r = &q->reply;

	if (r->data || !r->length) {
		q->sent = r->length;
		/* it is only read */
		return MHD_create_response_from_buffer((size_t)r->length,
				(void *)(uintptr_t)r->data,
				MHD_RESPMEM_PERSISTENT);
	}
	return MHD_create_response_from_callback(
			r->length == MN_WEB_UNKNOWN ? MHD_SIZE_UNKNOWN
						    : r->length,
			SLICE, read_body, q, NULL);
}

static enum MHD_Result answer(struct request *q, struct MHD_Connection *c)
{
	const struct mn_web_reply *r = &q->reply;
	struct MHD_Response *resp = make_response(q);
	enum MHD_Result done = MHD_NO;

	if (!resp)
		return MHD_NO;
	if (r->type && MHD_add_response_header(resp, "Content-Type",
					       r->type) != MHD_YES)
		goto out;
	for (size_t i = 0; i < r->nheaders; i++)
		if (MHD_add_response_header(resp, r->headers[i].name,
					    r->headers[i].value) != MHD_YES)
			goto out;
	done = MHD_queue_response(c, (unsigned)r->status, resp);
out:
	MHD_destroy_response(resp);
	return done;
}

/* Is the rest of a body to be read before it is refused? */
static int is_drained(const struct request *q, struct MHD_Connection *c)
{
	const char *expect = header(c, "Expect");

	if (!q->head.has_body || !q->head.length)
		return 0;
	if (expect && !strcasecmp(expect, "100-continue"))
		return 0;
	return q->head.length == MN_WEB_UNKNOWN || q->head.length <= DRAIN_MAX;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *c,
				  const char *url, const char *method,
				  const char *version, const char *data,
				  size_t *len, void **state)
{
	struct mn_httpd *d = ctx;
	struct request *q = *state;

	(void)url;
	(void)version;
	if (!q)
		return MHD_NO;
	if (!q->exchange) {
		begin(q, c, method);
		/* an answer now would cost the connection */
		if (q->reply.status && q->head.has_body && !is_drained(q, c))
			return answer(q, c);
		return MHD_YES;
	}
	if (*len) {
		if (!q->reply.status)
			d->handler->feed(q->exchange, data, *len);
		else if ((q->drained += *len) > DRAIN_MAX)
			return MHD_NO;
		*len = 0;
		return MHD_YES;
	}
	if (!q->reply.status)
		d->handler->finish(q->exchange);
	return q->reply.status ? answer(q, c) : MHD_NO;
}

/* ------------------------------------------------------- listening, stopping */

/* "ADDR:PORT" or "[ADDR]:PORT" into its parts. */
static int split_listen(char host[LISTEN_MAX], const char **port,
			const char *text, struct mn_err *err)
{
	const char *colon = strrchr(text, ':'), *from = text;
	size_t n = colon ? (size_t)(colon - text) : 0;

	if (n >= 2 && text[0] == '[' && colon[-1] == ']') {
		from++;
		n -= 2;
	} else if (memchr(text, ':', n)) {
		n = 0;
	}
	if (!n || n >= LISTEN_MAX || !colon[1] || strlen(colon + 1) > 5 ||
	    colon[1 + strspn(colon + 1, "0123456789")])
		return mn_err_set(err, MN_EINVALID, "'%s' is not ADDRESS:PORT "
				  "or [ADDRESS]:PORT", text);
	memcpy(host, from, n);
	host[n] = '\0';
	*port = colon + 1;
	return 0;
}

static int open_socket(int *fd, const struct addrinfo *a)
{
	const int on = 1;

	*fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		     a->ai_protocol);
	if (*fd < 0)
		return -1;
	setsockopt(*fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (a->ai_family == AF_INET6)
		setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (!bind(*fd, a->ai_addr, a->ai_addrlen) && !listen(*fd, BACKLOG))
		return 0;
	close(*fd);
	*fd = -1;
	return -1;
}

static void name_url(struct mn_httpd *d, int fd)
{
	struct sockaddr_storage a;
	socklen_t len = sizeof(a);
	char host[64] = "", port[16] = "";
	int v6;

	if (!getsockname(fd, (struct sockaddr *)&a, &len))
		getnameinfo((struct sockaddr *)&a, len, host, sizeof(host),
			    port, sizeof(port),
			    NI_NUMERICHOST | NI_NUMERICSERV);
	v6 = strchr(host, ':') != NULL;
	snprintf(d->url, sizeof(d->url), "http://%s%s%s:%s/", v6 ? "[" : "",
		 host, v6 ? "]" : "", port);
}

static int listen_on(int *fd, const char *text, struct mn_err *err)
{
	char host[LISTEN_MAX];
	const char *port = "";
	struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE
	}, *all = NULL;
	int r = split_listen(host, &port, text, err);

	if (r < 0)
		return r;
	*fd = -1;
	r = getaddrinfo(host, port, &hints, &all);
	if (r)
		return mn_err_set(err, MN_EINVALID, "cannot listen on '%s': %s",
				  text, gai_strerror(r));
	errno = EADDRNOTAVAIL;
	for (struct addrinfo *a = all; a && *fd < 0; a = a->ai_next)
		open_socket(fd, a);
	r = *fd < 0 ? mn_err_sys(err, "cannot listen on '%s'", text) : 0;
	freeaddrinfo(all);
	return r;
}

void mn_httpd_block_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* Its words are about what clients did wrong, not for a person. */
static void drop_words(void *ctx, const char *fmt, va_list ap)
{
	(void)ctx;
	(void)fmt;
	(void)ap;
}

static struct MHD_Daemon *start(struct mn_httpd *d, int fd)
{
	return MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION |
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL |
			MHD_USE_ITC | MHD_USE_ERROR_LOG,
		0, NULL, NULL, on_request, d,
		MHD_OPTION_EXTERNAL_LOGGER, drop_words, (void *)NULL,
		MHD_OPTION_LISTEN_SOCKET, fd,
		MHD_OPTION_CONNECTION_LIMIT, d->opt.connections,
		MHD_OPTION_PER_IP_CONNECTION_LIMIT, d->opt.per_address,
		MHD_OPTION_CONNECTION_TIMEOUT, d->opt.idle_seconds,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_MEMORY,
		MHD_OPTION_THREAD_STACK_SIZE, (size_t)STACK,
		MHD_OPTION_URI_LOG_CALLBACK, on_target, (void *)d,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, (void *)d,
		MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_END);
}

static unsigned or_default(unsigned v, unsigned def)
{
	return v ? v : def;
}

int mn_httpd_new(struct mn_httpd **out, const struct mn_httpd_options *opt,
		 const struct mn_web_handler *handler, struct mn_err *err)
{
	struct mn_httpd *d;
	int fd, r = listen_on(&fd, opt->listen, err);

	if (r < 0)
		return r;
	d = mn_xcalloc(1, sizeof(*d));
	d->handler = handler;
	d->opt = *opt;
	d->opt.listen = NULL;
	d->opt.connections = or_default(opt->connections, 256);
	d->opt.per_address = or_default(opt->per_address, 128);
	d->opt.idle_seconds = or_default(opt->idle_seconds, 30);
	d->opt.stop_seconds = or_default(opt->stop_seconds, 5);
	pthread_mutex_init(&d->lock, NULL);
	name_url(d, fd);
	d->daemon = start(d, fd);
	if (!d->daemon) {
		r = mn_err_set(err, MN_EFAIL, "the HTTP server does not start");
		close(fd);
		mn_httpd_free(d);
		return r;
	}
	*out = d;
	return 0;
}

const char *mn_httpd_url(const struct mn_httpd *d)
{
	return d->url;
}

static size_t active(struct mn_httpd *d)
{
	size_t n;

	pthread_mutex_lock(&d->lock);
	n = d->active;
	pthread_mutex_unlock(&d->lock);
	return n;
}

int mn_httpd_run(struct mn_httpd *d, struct mn_err *err)
{
	const struct timespec tick = { 0, 10 * 1000 * 1000 };
	int64_t until;
	sigset_t set;
	int fd, sig;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (sigwait(&set, &sig))
		return mn_err_set(err, MN_EFAIL, "cannot wait for signals");
	fd = (int)MHD_quiesce_daemon(d->daemon);
	if (fd >= 0)
		close(fd);
	until = mn_date_mono() + (int64_t)d->opt.stop_seconds * 1000000;
	while (active(d) && mn_date_mono() < until)
		nanosleep(&tick, NULL);
	return 0;
}

void mn_httpd_free(struct mn_httpd *d)
{
	if (!d)
		return;
	if (d->daemon)
		MHD_stop_daemon(d->daemon);
	pthread_mutex_destroy(&d->lock);
	free(d);
}
