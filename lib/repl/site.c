/* site: the life of a request; see site.h. */
#include "repl/site.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "repl/site-impl.h"

#include "banned.h"

#define IN_MEMORY 65536		/* of a request, before it goes to a file */
#define REQUEST_MAX (4u << 20)
#define PUSH_MAX (UINT64_C(1) << 30)
#define CACHE_BYTES (UINT64_C(8) << 20)

int mn_site_new(struct mn_site **out, const struct mn_site_options *opt,
		struct mn_err *err)
{
	struct mn_site *s;

	if (mn_key_init() < 0)
		return mn_err_set(err, MN_EFAIL, "no source of randomness");
	s = mn_xcalloc(1, sizeof(*s));
	s->opt = *opt;
	if (!s->opt.tmpdir)
		s->opt.tmpdir = "/tmp";
	if (!s->opt.max_request)
		s->opt.max_request = REQUEST_MAX;
	if (!s->opt.max_push)
		s->opt.max_push = PUSH_MAX;
	if (!s->opt.cache_bytes)
		s->opt.cache_bytes = CACHE_BYTES;
	s->answers = mn_answers_new(s->opt.cache_bytes);
	*out = s;
	return 0;
}

void mn_site_free(struct mn_site *s)
{
	if (!s)
		return;
	mn_answers_free(s->answers);
	free(s);
}

int mn_site_which_parse(enum mn_site_which *w, const char *word)
{
	if (!strcmp(word, "own"))
		*w = MN_SITE_OWN;
	else if (!strcmp(word, "followed"))
		*w = MN_SITE_FOLLOWED;
	else if (!strcmp(word, "all"))
		*w = MN_SITE_ALL;
	else
		return -1;
	return 0;
}

/* ---------------------------------------------------------- what is served */

int mn_site_shows(struct mn_site *s, const char *hex, int own)
{
	struct mn_follow f;
	char *dir;
	int yes = 0;

	if (s->opt.which == MN_SITE_OWN)
		return own;
	if (s->opt.which == MN_SITE_ALL)
		return 1;
	if (s->opt.which == MN_SITE_LIST) {
		for (size_t i = 0; i < s->opt.nlist && !yes; i++)
			yes = !strcmp(s->opt.list[i].hex, hex);
		return yes;
	}
	dir = mn_home_repo(s->opt.home, hex);
	mn_follow_init(&f);
	yes = mn_follow_read(&f, dir, NULL) == 0 && f.follow;
	mn_follow_release(&f);
	free(dir);
	return yes;
}

int mn_site_serves(struct mn_site *s, const char *hex)
{
	char *path = mn_home_repo(s->opt.home, hex);
	int here = mn_io_exists(path), own = 0;

	free(path);
	if (here && s->opt.which == MN_SITE_OWN) {
		path = mn_home_key(s->opt.home, hex, "device");
		own = mn_io_exists(path);
		free(path);
	}
	return here && mn_site_shows(s, hex, own);
}

/* What else stands in a repository is its owner's own business. */
int mn_site_show_ref(void *ctx, const char *name)
{
	(void)ctx;
	return !strcmp(name, "HEAD") || !strcmp(name, MN_REF_MAIN) ||
	       !strncmp(name, "refs/mn/", 8);
}

/* -------------------------------------------------------------- the answers */

void mn_site_header(struct mn_exchange *e, const char *name, const char *value)
{
	struct mn_web_reply *r = e->reply;

	if (r->nheaders == MN_WEB_HEADERS_MAX)
		MN_BUG("too many headers");
	r->headers[r->nheaders].name = name;
	snprintf(r->headers[r->nheaders].value,
		 sizeof(r->headers[0].value), "%s", value);
	r->nheaders++;
}

void mn_site_answer(struct mn_exchange *e, const char *type)
{
	struct mn_str text = { e->out.p, e->out.len };

	if (e->answer)
		text = mn_answer_text(e->answer);
	e->reply->type = type;
	e->reply->data = text.p;
	e->reply->length = text.len;
	if (!e->reply->status)
		e->reply->status = 200;
}

void mn_site_say(struct mn_exchange *e, int status, const char *fmt, ...)
{
	va_list ap;

	mn_buf_clear(&e->out);
	va_start(ap, fmt);
	mn_buf_vaddf(&e->out, fmt, ap);
	va_end(ap);
	mn_buf_addc(&e->out, '\n');
	mn_answer_drop(e->answer);
	e->answer = NULL;
	e->reply->status = status;
	mn_site_answer(e, "text/plain; charset=utf-8");
}

void mn_site_fail(struct mn_exchange *e, int code, const struct mn_err *err)
{
	const struct mn_site_options *o = &e->site->opt;

	if (o->say && err->msg[0])
		o->say(o->ctx, err->msg);
	if (code == MN_ELOCKED)
		mn_site_say(e, 503, "busy: try again");
	else if (code == MN_ENOTFOUND)
		mn_site_say(e, 404, "not served here");
	else
		mn_site_say(e, 500, "something is wrong here; the server's "
			    "own messages tell");
}

static void say_status(struct mn_exchange *e, int status)
{
	const char *words = "not served here";

	if (status == 400)
		words = "the address is malformed";
	else if (status == 403)
		words = "only git's smart protocol is served: "
			"service=git-upload-pack, service=git-receive-pack";
	else if (status == 414)
		words = "the address is too long";
	mn_site_say(e, status, "%s", words);
}

/* ------------------------------------------------------------ before a body */

/* Whether the body can be one of this service; its answer otherwise. */
static int check_body(struct mn_exchange *e)
{
	int push = e->route.service == MN_RECEIVE_PACK;
	int coding = mn_site_coding(e->rq.content_encoding);
	uint64_t max = push ? e->site->opt.max_push : e->site->opt.max_request;

	if (!mn_site_type_is(e->rq.content_type, push ?
			     "application/x-git-receive-pack-request" :
			     "application/x-git-upload-pack-request"))
		mn_site_say(e, 415, "the Content-Type is not that of git");
	else if (coding < 0 || (coding && push))
		mn_site_say(e, 415, "a body of this Content-Encoding is not "
			    "taken here");
	else if (!e->rq.has_body)
		mn_site_say(e, 411, "how long is the body?");
	else if (e->rq.length != MN_WEB_UNKNOWN && e->rq.length > max)
		mn_site_say(e, 413, "more than %" PRIu64 " bytes", max);
	else if (push && mn_site_authorize(e) < 0)
		return -1;
	if (e->reply->status)
		return -1;
	if (coding)
		e->gunzip = mn_gunzip_new(max);
	mn_spool_init(&e->spool, push ? e->site->opt.home->dir
				      : e->site->opt.tmpdir, IN_MEMORY, max);
	mn_hasher_init(&e->hasher, NULL, 0);
	e->has_body = 1;
	return 0;
}

static void dispatch(struct mn_exchange *e)
{
	const char *m = e->rq.method;
	int post = e->route.kind == MN_SITE_SERVICE;

	if (post ? strcmp(m, "POST") != 0
		 : strcmp(m, "GET") != 0 && strcmp(m, "HEAD") != 0) {
		mn_site_header(e, "Allow", post ? "POST" : "GET, HEAD");
		mn_site_say(e, 405, "not this method");
		return;
	}
	if (e->route.hex[0]) {
		if (!mn_site_serves(e->site, e->route.hex)) {
			say_status(e, 404);
			return;
		}
		e->gitdir = mn_home_repo(e->site->opt.home, e->route.hex);
	}
	if (e->route.kind == MN_SITE_PAGE)
		mn_site_page(e);
	else if (e->route.kind == MN_SITE_INFO_REFS)
		mn_site_advertise(e);
	else
		check_body(e);
}

static void *begin(void *ctx, const struct mn_web_request *rq,
		   struct mn_web_reply *reply)
{
	struct mn_exchange *e = aligned_alloc(_Alignof(struct mn_exchange),
					      sizeof(*e));
	int status;

	if (!e)
		MN_BUG("no memory");
	memset(e, 0, sizeof(*e));
	e->site = ctx;
	e->rq = *rq;
	e->reply = reply;
	e->spool.fd = -1;
	mn_buf_init(&e->spool.mem);
	mn_buf_init(&e->out);
	e->version = mn_site_version(rq->git_protocol);
	mn_site_header(e, "Cache-Control", "no-cache");
	status = mn_site_route(&e->route, rq->target);
	if (status)
		say_status(e, status);
	else
		dispatch(e);
	return e;
}

/* ------------------------------------------------------------------ a body */

static int to_spool(void *ctx, const void *data, size_t len,
		    struct mn_err *err)
{
	struct mn_exchange *e = ctx;

	return mn_spool_add(&e->spool, data, len, err);
}

static void body_failed(struct mn_exchange *e, int code,
			const struct mn_err *err)
{
	if (code == MN_ELIMIT)
		mn_site_say(e, 413, "%s", err->msg);
	else if (code == MN_EINVALID)
		mn_site_say(e, 400, "%s", err->msg);
	else
		mn_site_fail(e, code, err);
}

static void feed(void *exchange, const void *data, size_t len)
{
	struct mn_exchange *e = exchange;
	struct mn_err err = MN_ERR_INIT;
	int r;

	if (e->reply->status || !e->has_body)
		return;
	if (e->route.service == MN_RECEIVE_PACK)
		mn_hasher_add(&e->hasher, data, len);
	if (e->gunzip)
		r = mn_gunzip_feed(e->gunzip, data, len, to_spool, e, &err);
	else
		r = mn_spool_add(&e->spool, data, len, &err);
	if (r < 0)
		body_failed(e, r, &err);
}

static void finish(void *exchange)
{
	struct mn_exchange *e = exchange;
	struct mn_err err = MN_ERR_INIT;
	int r = 0;

	if (e->reply->status)
		return;
	if (e->gunzip)
		r = mn_gunzip_finish(e->gunzip, &err);
	if (r < 0)
		body_failed(e, r, &err);
	else if (e->route.service == MN_UPLOAD_PACK)
		mn_site_upload(e);
	else
		mn_site_receive(e);
}

static ssize_t read_more(void *exchange, void *buf, size_t size)
{
	struct mn_exchange *e = exchange;
	struct mn_err err = MN_ERR_INIT;
	const struct mn_site_options *o = &e->site->opt;
	ssize_t n;

	if (!e->upload)
		return 0;
	n = mn_upload_read(e->upload, buf, size, &err);
	if (n < 0 && o->say)
		o->say(o->ctx, err.msg);
	return n;
}

static void end(void *exchange)
{
	struct mn_exchange *e = exchange;

	mn_upload_free(e->upload);
	mn_answer_drop(e->answer);
	mn_gunzip_free(e->gunzip);
	mn_spool_release(&e->spool);
	mn_buf_release(&e->out);
	free(e->gitdir);
	free(e);
}

void mn_site_handler(struct mn_web_handler *h, struct mn_site *s)
{
	*h = (struct mn_web_handler){
		.begin = begin, .feed = feed, .finish = finish,
		.read = read_more, .end = end, .ctx = s
	};
}
