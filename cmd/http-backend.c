/* http-backend: the server of profiles as a program of CGI (RFC 3875). */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "net/net.h"
#include "out/text.h"
#include "serving.h"
#include "banned.h"

static const char usage[] =
	"mn http-backend [--profiles own|followed|all|LIST] [--host NAME]...\n"
	"                [--max-push SIZE]\n";

#define SLICE 65536

struct opts {
	const char *profiles;
	struct mn_opt_list hosts;
	uint64_t max_push;
};

static const struct mn_opt options[] = {
	MN_OPT_STR(0, "profiles", struct opts, profiles, "WHICH",
		   "own (the default), followed, all, or names, a comma "
		   "between them"),
	MN_OPT_LIST(0, "host", struct opts, hosts, "NAME",
		    "a name of this server, where devices push (repeatable)"),
	MN_OPT_SIZE(0, "max-push", struct opts, max_push, "SIZE",
		    "bytes of one push (default: 1g)"),
	MN_OPT_END
};

/* The web server keeps what is said here in its log. */
static void say(void *ctx, const char *words)
{
	struct mn_buf b = MN_BUF_INIT;

	(void)ctx;
	mn_buf_adds(&b, "mn http-backend: ");
	mn_text_line(&b, mn_str(words));
	fprintf(stderr, "%s\n", b.p);
	mn_buf_release(&b);
}

/* The web server has decoded the path: what would be read as something else
 * is encoded again. */
static void make_target(struct mn_buf *out, const struct mn_env_cgi *e)
{
	for (const char *p = e->path ? e->path : "/"; *p; p++) {
		unsigned char b = (unsigned char)*p;

		if (b <= ' ' || b >= 0x7f || strchr("%?#\"<>", b))
			mn_buf_addf(out, "%%%02X", (unsigned)b);
		else
			mn_buf_addc(out, *p);
	}
	if (e->query)
		mn_buf_addf(out, "?%s", e->query);
}

static int make_request(struct mn_web_request *rq, const struct mn_buf *target,
			const struct mn_env_cgi *e)
{
	int64_t length = 0;

	*rq = (struct mn_web_request){
		.method = e->method, .target = target->p,
		.prefix = e->script ? e->script : "",
		.scheme = e->scheme ? e->scheme : "http", .host = e->host,
		.accept = e->accept, .authorization = e->authorization,
		.content_type = e->type, .content_encoding = e->encoding,
		.git_protocol = e->git_protocol,
		.has_body = e->length || e->transfer,
		.length = MN_WEB_UNKNOWN
	};
	if (e->https && strcasecmp(e->https, "off"))
		rq->scheme = "https";
	if (strcmp(rq->scheme, "https"))
		rq->scheme = "http";
	if (!e->length)
		return 0;
	if (mn_parse_int(&length, e->length, 0, INT64_MAX) < 0)
		return -1;
	rq->length = (uint64_t)length;
	return 0;
}

static int read_body(void *exchange, const struct mn_web_handler *h,
		     const struct mn_web_request *rq,
		     const struct mn_web_reply *reply, struct mn_err *err)
{
	uint64_t left = rq->has_body ? rq->length : 0;
	char *buf = mn_xmalloc(SLICE);
	ssize_t n = 0;

	while (!reply->status && left) {
		size_t max = left < SLICE ? (size_t)left : SLICE;

		do
			n = read(STDIN_FILENO, buf, max);
		while (n < 0 && errno == EINTR);
		if (n <= 0)
			break;
		h->feed(exchange, buf, (size_t)n);
		if (left != MN_WEB_UNKNOWN)
			left -= (uint64_t)n;
	}
	free(buf);
	if (!reply->status && (n < 0 || (left && left != MN_WEB_UNKNOWN)))
		return mn_err_set(err, MN_EUNREACHABLE,
				  "the request broke off");
	if (!reply->status)
		h->finish(exchange);
	return 0;
}

static void print_head(struct mn_cmd *c, const struct mn_web_reply *r)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "Status: %d\r\n", r->status);
	if (r->type)
		mn_buf_addf(&b, "Content-Type: %s\r\n", r->type);
	for (size_t i = 0; i < r->nheaders; i++)
		mn_buf_addf(&b, "%s: %s\r\n", r->headers[i].name,
			    r->headers[i].value);
	if (r->length != MN_WEB_UNKNOWN)
		mn_buf_addf(&b, "Content-Length: %" PRIu64 "\r\n", r->length);
	mn_buf_adds(&b, "\r\n");
	mn_out_buf(c, &b);
	mn_buf_release(&b);
}

static int print_body(struct mn_cmd *c, void *exchange,
		      const struct mn_web_handler *h,
		      const struct mn_web_reply *r, struct mn_err *err)
{
	char *buf;
	ssize_t n;

	if (r->data || !r->length) {
		mn_out(c, r->data ? r->data : "", (size_t)r->length);
		return 0;
	}
	buf = mn_xmalloc(SLICE);
	while ((n = h->read(exchange, buf, SLICE)) > 0)
		mn_out(c, buf, (size_t)n);
	free(buf);
	return n < 0 ? mn_err_set(err, MN_EFAIL, "the answer breaks off") : 0;
}

static int answer(struct mn_cmd *c, struct mn_site *site, struct mn_err *err)
{
	struct mn_web_reply reply = { .status = 0 };
	struct mn_buf target = MN_BUF_INIT;
	struct mn_web_request rq;
	struct mn_web_handler h;
	void *exchange;
	int r = -1;

	mn_site_handler(&h, site);
	make_target(&target, &c->env.cgi);
	if (make_request(&rq, &target, &c->env.cgi) < 0) {
		r = mn_err_set(err, MN_EINVALID, "CONTENT_LENGTH is no number");
		goto out;
	}
	exchange = h.begin(h.ctx, &rq, &reply);
	r = read_body(exchange, &h, &rq, &reply, err);
	if (r == 0) {
		print_head(c, &reply);
		if (strcmp(rq.method, "HEAD"))
			r = print_body(c, exchange, &h, &reply, err);
	}
	h.end(exchange);
out:
	mn_buf_release(&target);
	return r;
}

int cmd_http_backend(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_site_options s = {
		.agent = MN_AGENT, .tmpdir = c->env.tmpdir, .say = say
	};
	struct mn_site_names list = { 0 };
	struct mn_site *site = NULL;
	struct mn_home home;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments; profiles go behind "
			 "--profiles");
	if (!c->env.cgi.method)
		mn_die(c, "REQUEST_METHOD is not set: a web server starts "
		       "this (see 'mn help http-backend')");
	mn_home_init(&home, mn_home(c));
	s.home = &home;
	s.hosts = o.hosts.p;
	s.nhosts = o.hosts.n;
	s.max_push = o.max_push;
	r = mn_serving_choose(&s, &list, c, o.profiles, &err);
	if (r == 0)
		r = mn_cmd_lock_wait(&s.wait_ms, c, &err);
	if (r == 0)
		r = mn_site_new(&site, &s, &err);
	if (r == 0)
		r = answer(c, site, &err);
	mn_site_free(site);
	mn_vec_release(&list.all);
	mn_home_release(&home);
	mn_opt_list_release(&o.hosts);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
