#include "net/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "git/refname.h"
#include "net/dumb.h"
#include "net/net-impl.h"
#include "net/remote-impl.h"

#include "banned.h"

#define WORDS 300		/* of a server, in an error */
#define TALK_MAX 1000		/* bytes of a line that it says */
#define TALK_LINES 100		/* of an answer that are passed on */
#define SLICE ((size_t)64 * 1024)

int mn_remote_fail(const struct mn_remote *r, struct mn_err *err, int code,
		   const char *fmt, ...)
{
	struct mn_buf words = MN_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	mn_buf_vaddf(&words, fmt, ap);
	va_end(ap);
	mn_err_set(err, code, "'%s': %s", r->url->text, words.p);
	mn_buf_release(&words);
	return code;
}

int mn_remote_words(struct mn_str s)
{
	return (int)(s.len < WORDS ? s.len : WORDS);
}

/* "ERR <words>" */
static int says_no(struct mn_remote *r, struct mn_str words,
		   struct mn_err *err)
{
	int code = MN_EFAIL;

	if (mn_str_starts(words, "upload-pack: not our ref"))
		code = MN_ENOTFOUND;
	return mn_remote_fail(r, err, code, "the server says: %.*s",
			      mn_remote_words(words), words.p);
}

static int count(struct mn_remote *r, size_t len, struct mn_err *err)
{
	if (len > r->left)
		return mn_remote_fail(r, err, MN_ELIMIT, "the answer of the "
				      "server has more than %" PRIu64 " bytes",
				      r->net->opt.max_answer);
	r->left -= len;
	return 0;
}

int mn_remote_read(struct mn_remote *r, enum mn_pkt_kind *kind,
		   struct mn_err *err)
{
	struct mn_str text;
	int ret;

	r->broke = 0;
	ret = mn_pkt_read(&r->in, kind, err);
	if (ret < 0) {
		r->spent = 1;
		return r->broke ? ret :
			mn_err_wrap(err, ret, "'%s'", r->url->text);
	}
	if (*kind == MN_PKT_EOF)
		r->spent = 1;
	ret = count(r, r->in.line.len + 4, err);
	if (ret < 0 || *kind != MN_PKT_DATA)
		return ret;
	text = mn_pkt_text(&r->in);
	if (!mn_str_starts(text, "ERR "))
		return 0;
	r->spent = 1;
	return says_no(r, (struct mn_str){ text.p + 4, text.len - 4 }, err);
}

int mn_remote_read_on(struct mn_remote *r, enum mn_pkt_kind *kind,
		      struct mn_err *err)
{
	int ret = mn_remote_read(r, kind, err);

	if (!ret && *kind == MN_PKT_EOF)
		ret = mn_remote_fail(r, err, MN_EUNREACHABLE,
				     "the server broke off its answer");
	return ret;
}

struct message {
	const struct mn_buf *text;
	size_t at;
	mn_body_fn *body;
	void *ctx;
};

static ssize_t message_read(void *ctx, void *buf, size_t size,
			    struct mn_err *err)
{
	struct message *m = ctx;
	size_t n = m->text->len - m->at;

	if (!n)
		return m->body ? m->body(m->ctx, buf, size, err) : 0;
	if (n > size)
		n = size;
	memcpy(buf, m->text->p + m->at, n);
	m->at += n;
	return (ssize_t)n;
}

int mn_remote_ask(struct mn_remote *r, const struct mn_buf *text,
		  mn_body_fn *body, void *ctx, uint64_t len,
		  struct mn_err *err)
{
	struct message m = { text, 0, body, ctx };
	int ret;

	if (!body)
		len = 0;
	if (len != UINT64_MAX)
		len += text->len;
	if (r->t->stateless)
		r->in.at = r->in.end = 0;
	r->left = r->net->opt.max_answer;
	r->pace = (struct mn_net_pace){ 0, 0 };
	mn_buf_clear(&r->talk);
	r->said = 0;
	ret = r->t->ops->request(r->t, message_read, &m, len, err);
	if (ret < 0)
		r->spent = 1;
	return ret;
}

/* Sideband 2: lines. Those that end with \r are a progress display's, and
 * each will be overwritten by the next. */
static void hear(struct mn_remote *r, struct mn_str s)
{
	const struct mn_net_options *o = &r->net->opt;

	if (!o->say)
		return;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] == '\n' && r->said++ < TALK_LINES)
			o->say(o->ctx, r->talk.p, r->talk.len);
		if (s.p[i] == '\n' || s.p[i] == '\r')
			mn_buf_clear(&r->talk);
		else if (r->talk.len < TALK_MAX)
			mn_buf_addc(&r->talk, s.p[i]);
	}
}

static void hear_end(struct mn_remote *r)
{
	if (r->talk.len)
		hear(r, MN_STR("\n"));
}

int mn_remote_band(struct mn_remote *r, struct mn_str *data,
		   struct mn_err *err)
{
	enum mn_pkt_kind kind;
	struct mn_str line;
	int ret;

	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0 || kind == MN_PKT_FLUSH) {
			hear_end(r);
			return ret;
		}
		line = r->in.line;
		if (kind != MN_PKT_DATA || !line.len || line.p[0] < 1 ||
		    line.p[0] > 3)
			return mn_remote_fail(r, err, MN_EINVALID, "the "
					      "answer has a packet of no "
					      "sideband");
		data->p = line.p + 1;
		data->len = line.len - 1;
		if (line.p[0] == 2) {
			hear(r, *data);
		} else if (line.p[0] == 3) {
			hear_end(r);
			line = mn_pkt_text(&r->in);
			return mn_remote_fail(r, err, MN_EFAIL, "the server "
					      "says: %.*s", mn_remote_words(*data),
					      line.p + 1);
		} else if (data->len) {
			r->left += line.len + 4;
			return 1;
		}
	}
}

static int raw_pack(struct mn_remote *r, const struct mn_remote_sink *sink,
		    struct mn_err *err)
{
	char *buf = mn_xmalloc(SLICE);
	int ret = 0;

	while (!ret) {
		ssize_t n = mn_pkt_rest(&r->in, buf, SLICE, err);

		if (n <= 0) {
			ret = (int)n;
			break;
		}
		ret = sink->data(sink->ctx, buf, (size_t)n, err);
	}
	free(buf);
	r->spent = 1;
	return ret;
}

int mn_remote_pack(struct mn_remote *r, int banded,
		   const struct mn_remote_sink *sink, struct mn_err *err)
{
	struct mn_str data;
	int ret = sink->begin ? sink->begin(sink->ctx, err) : 0;

	if (!ret && !banded)
		ret = raw_pack(r, sink, err);
	while (!ret && banded) {
		ret = mn_remote_band(r, &data, err);
		if (ret <= 0)
			break;
		ret = sink->data(sink->ctx, data.p, data.len, err);
	}
	if (!ret && sink->end)
		ret = sink->end(sink->ctx, err);
	if (ret < 0)
		r->spent = 1;
	return ret;
}

int mn_remote_shallow(struct mn_remote *r, struct mn_str line,
		      const struct mn_remote_sink *sink, struct mn_err *err)
{
	int un = mn_str_starts(line, "unshallow ");
	size_t at = un ? 10 : 8;
	struct mn_oid oid;

	if ((!un && !mn_str_starts(line, "shallow ")) ||
	    line.len != at + MN_OID_HEX || mn_oid_parse(&oid, line.p + at) < 0)
		return mn_remote_fail(r, err, MN_EINVALID, "the server says "
				      "'%.*s' where only shallow commits stand",
				      mn_remote_words(line), line.p);
	if (un)
		return sink->unshallow ?
			sink->unshallow(sink->ctx, &oid, err) : 0;
	return sink->shallow ? sink->shallow(sink->ctx, &oid, err) : 0;
}

static int is_wanted(const struct mn_remote_sift *s, struct mn_str name)
{
	for (size_t i = 0; i < s->n; i++)
		if (mn_str_starts(name, s->prefixes[i]))
			return 1;
	return !s->n;
}

int mn_remote_sift(struct mn_remote *r, struct mn_remote_sift *s,
		   const struct mn_oid *oid, struct mn_str name,
		   struct mn_err *err)
{
	struct mn_ref *ref;

	if ((name.len > 3 && !memcmp(name.p + name.len - 3, "^{}", 3)) ||
	    mn_str_eq(name, "HEAD") || mn_str_eq(name, ".have"))
		return 0;
	if (++s->seen > r->net->opt.max_refs)
		return mn_remote_fail(r, err, MN_ELIMIT, "the server has more "
				      "than %" PRIu64 " refs",
				      r->net->opt.max_refs);
	if (!is_wanted(s, name))
		return 0;
	if (mn_oid_is_zero(oid))
		return mn_remote_fail(r, err, MN_EINVALID, "the server has a "
				      "ref that names nothing: '%.*s'",
				      mn_remote_words(name), name.p);
	if (!mn_refname_ok(name.p, name.len))
		return mn_remote_fail(r, err, MN_EINVALID, "the server has a "
				      "ref of no valid name: '%.*s'",
				      mn_remote_words(name), name.p);
	ref = mn_vec_push(s->out);
	memset(ref, 0, sizeof(*ref));
	memcpy(ref->name, name.p, name.len);
	ref->oid = *oid;
	return 0;
}

void mn_remote_add_oids(struct mn_buf *b, const char *word,
			const struct mn_oid *oids, size_t n)
{
	char hex[MN_OID_HEX + 1];

	for (size_t i = 0; i < n; i++) {
		mn_oid_hex(hex, &oids[i]);
		mn_pkt_addf(b, "%s %s\n", word, hex);
	}
}

void mn_remote_add_limits(const struct mn_remote *r, struct mn_buf *b,
			  const struct mn_remote_want *w)
{
	if (r->features.shallow) {
		mn_remote_add_oids(b, "shallow", w->shallows, w->nshallows);
		if (w->depth)
			mn_pkt_addf(b, "deepen %u\n", w->depth);
	}
	if (r->features.filter && w->filter)
		mn_pkt_addf(b, "filter %s\n", w->filter);
}

void mn_remote_set_agent(struct mn_remote *r, struct mn_str agent)
{
	char *p = r->features.agent;
	size_t n = 0;

	for (size_t i = 0; i < agent.len; i++)
		if (n + 1 < sizeof(r->features.agent))
			p[n++] = agent.p[i] > ' ' && agent.p[i] <= '~' ?
				agent.p[i] : '.';
	p[n] = '\0';
	r->caps |= MN_CAP_AGENT;
}

int mn_remote_set_format(struct mn_remote *r, struct mn_str format,
			 struct mn_err *err)
{
	if (!mn_str_eq(format, "sha1"))
		return mn_remote_fail(r, err, MN_EVERSION, "its objects have "
				      "names of %.*s, and not of sha1",
				      mn_remote_words(format), format.p);
	r->caps |= MN_CAP_FORMAT;
	return 0;
}

static ssize_t from_transport(void *ctx, void *buf, size_t size,
			      struct mn_err *err)
{
	struct mn_remote *r = ctx;
	uint64_t since = mn_net_now_ms();
	ssize_t n = r->t->ops->read(r->t, buf, size, err);

	if (n > 0 && mn_net_pace(&r->pace, &r->net->opt, r->url->text, since,
				 (size_t)n, err) < 0)
		n = MN_EUNREACHABLE;
	r->broke = n < 0;
	return n;
}

static int version_asked(const struct mn_remote *r)
{
	int v = r->net->opt.protocol;

	v = v < 0 ? 0 : v ? v : 2;
	if (r->service == MN_RECEIVE_PACK)	/* no push has a version 2 */
		v = v == 1;
	return v;
}

/* "# service=git-upload-pack", flush: before the versions 0 and 1 over HTTP,
 * and with some servers before 2. */
static int skip_service(struct mn_remote *r, enum mn_pkt_kind *kind,
			struct mn_err *err)
{
	struct mn_str text;
	int ret;

	if (*kind != MN_PKT_DATA || !r->t->stateless)
		return 0;
	text = mn_pkt_text(&r->in);
	if (!mn_str_starts(text, "# service="))
		return 0;
	text.p += 10;
	text.len -= 10;
	if (!mn_str_eq(text, mn_service_name(r->service)))
		return mn_remote_fail(r, err, MN_EINVALID, "the server begins "
				      "another service: '%.*s'",
				      mn_remote_words(text), text.p);
	ret = mn_remote_read_on(r, kind, err);
	if (!ret && *kind != MN_PKT_FLUSH)
		ret = mn_remote_fail(r, err, MN_EINVALID, "no flush follows "
				     "the name of the service");
	return ret ? ret : mn_remote_read_on(r, kind, err);
}

static int read_advertisement(struct mn_remote *r, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	struct mn_str text;
	int ret = mn_remote_read(r, &kind, err);

	if (!ret && kind == MN_PKT_EOF)
		return mn_remote_fail(r, err, MN_EUNREACHABLE, "the server "
				      "hung up without a word; is there such a "
				      "repository, and may it be read?");
	if (!ret)
		ret = skip_service(r, &kind, err);
	if (ret < 0)
		return ret;
	text = kind == MN_PKT_DATA ? mn_pkt_text(&r->in) : MN_STR("");
	if (mn_str_eq(text, "version 2") && r->service == MN_UPLOAD_PACK)
		return mn_remote_v2_open(r, err);
	if (mn_str_eq(text, "version 1")) {
		r->features.version = 1;
		ret = mn_remote_read_on(r, &kind, err);
		text = MN_STR("");
	}
	if (!ret && mn_str_starts(text, "version "))
		ret = mn_remote_fail(r, err, MN_EVERSION, "the server speaks "
				     "'%.*s' of the protocol", mn_remote_words(text),
				     text.p);
	return ret ? ret : mn_remote_v0_open(r, kind, err);
}

static int connect_to(struct mn_remote *r, struct mn_err *err)
{
	int ret;

	memset(&r->features, 0, sizeof(r->features));
	r->caps = 0;
	r->spent = 0;
	r->in.at = r->in.end = 0;
	r->left = r->net->opt.max_answer;
	r->pace = (struct mn_net_pace){ 0, 0 };
	mn_buf_clear(&r->adv);
	ret = r->connect(&r->t, r->net, r->url, err);
	if (!ret)
		ret = r->t->ops->open(r->t, r->service, version_asked(r), err);
	if (ret < 0)
		return ret;
	if (r->t->dumb) {
		r->features.version = -1;
		r->features.filter = r->features.any_want = 1;
		return 0;
	}
	ret = read_advertisement(r, err);
	mn_net_trace(r->net, "'%s': protocol %d, agent '%s'", r->url->text,
		     r->features.version, r->features.agent);
	return ret;
}

int mn_remote_ready(struct mn_remote *r, struct mn_err *err)
{
	if (r->t && (!r->spent || r->t->stateless)) {
		r->spent = 0;
		return 0;
	}
	if (r->t)
		r->t->ops->free(r->t);
	r->t = NULL;
	return connect_to(r, err);
}

int mn_remote_open_over(struct mn_remote **out, mn_remote_connect *connect,
			struct mn_net *net, const struct mn_url *url,
			enum mn_service s, struct mn_err *err)
{
	struct mn_remote *r = mn_xcalloc(1, sizeof(*r));
	int ret;

	r->connect = connect;
	r->net = net;
	r->url = url;
	r->service = s;
	mn_buf_init(&r->adv);
	mn_buf_init(&r->talk);
	mn_pkt_reader_init(&r->in, from_transport, r);
	ret = connect_to(r, err);
	if (ret < 0) {
		r->spent = 1;
		mn_remote_close(r);
		return ret;
	}
	*out = r;
	return 0;
}

int mn_remote_open(struct mn_remote **out, struct mn_net *net,
		   const struct mn_url *url, enum mn_service s,
		   struct mn_err *err)
{
	return mn_remote_open_over(out, mn_transport_new, net, url, s, err);
}

void mn_remote_close(struct mn_remote *r)
{
	struct mn_buf bye = MN_BUF_INIT;

	if (!r)
		return;
	if (r->t && !r->t->stateless && !r->spent) {
		mn_pkt_flush(&bye);
		mn_remote_ask(r, &bye, NULL, NULL, 0, NULL);
		mn_buf_release(&bye);
	}
	if (r->t)
		r->t->ops->free(r->t);
	mn_pkt_reader_release(&r->in);
	mn_buf_release(&r->adv);
	mn_buf_release(&r->talk);
	free(r);
}

const struct mn_remote_features *mn_remote_features(const struct mn_remote *r)
{
	return &r->features;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mn_ref *)a)->name,
		      ((const struct mn_ref *)b)->name);
}

static int sort(struct mn_remote *r, struct mn_ref_list *l,
		struct mn_err *err)
{
	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), by_name);
	for (size_t i = 1; i < l->n; i++)
		if (!strcmp(l->p[i - 1].name, l->p[i].name))
			return mn_remote_fail(r, err, MN_EINVALID, "the "
					      "server has the ref '%s' twice",
					      l->p[i].name);
	return 0;
}

int mn_remote_refs(struct mn_remote *r, const char *const *prefixes, size_t n,
		   struct mn_ref_list *out, struct mn_err *err)
{
	struct mn_remote_sift s = { prefixes, n, 0, out };
	int ret = 0;

	*out = (struct mn_ref_list){ NULL, 0, 0 };
	if (r->features.version == -1)
		return mn_dumb_refs(r->t, r->net, prefixes, n, out, err);
	/* What v0 told stays known when its conversation is over. */
	if (r->features.version == 2)
		ret = mn_remote_ready(r, err);
	if (!ret)
		ret = r->features.version == 2 ?
			mn_remote_v2_refs(r, &s, err) :
			mn_remote_v0_refs(r, &s, err);
	if (!ret)
		ret = sort(r, out, err);
	if (ret < 0)
		mn_refs_release(out);
	return ret;
}

int mn_remote_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		    const struct mn_remote_sink *sink, struct mn_err *err)
{
	int ret;

	if (!w->nwants)
		return mn_remote_fail(r, err, MN_EINVALID,
				      "nothing is wanted of it");
	if (r->service != MN_UPLOAD_PACK)
		MN_BUG("a fetch from what was opened for a push");
	if (r->features.version == -1)
		return mn_dumb_fetch(r->t, r->net, w, sink, err);
	ret = mn_remote_ready(r, err);
	if (ret < 0)
		return ret;
	return r->features.version == 2 ?
		mn_remote_v2_fetch(r, w, sink, err) :
		mn_remote_v0_fetch(r, w, sink, err);
}
