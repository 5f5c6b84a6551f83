/* remote: pushes (gitprotocol-pack(5), "Pushing data to a server"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/refname.h"
#include "net/net-impl.h"
#include "net/remote-impl.h"

#include "banned.h"

/* A pack of no objects, which follows where all that is pushed is there. */
static const unsigned char no_objects[32] = {
	'P', 'A', 'C', 'K', 0, 0, 0, 2, 0, 0, 0, 0,
	0x02, 0x9d, 0x08, 0x82, 0x3b, 0xd8, 0xa8, 0xea, 0xb5, 0x10,
	0xad, 0x6a, 0xc7, 0x5c, 0x82, 0x3c, 0xfd, 0x3e, 0xd3, 0x1e
};

/* Words may hold anything; mn_err_set makes them harmless, but for a NUL. */
static void set_why(struct mn_remote_update *u, struct mn_str words)
{
	struct mn_err safe = MN_ERR_INIT;
	char text[sizeof(u->why)];
	size_t n = 0;

	for (; n < words.len && n + 1 < sizeof(text); n++)
		text[n] = (char)(words.p[n] ? words.p[n] : ' ');
	text[n] = '\0';
	mn_err_set(&safe, MN_EFAIL, "%s", text);
	u->ok = 0;
	snprintf(u->why, sizeof(u->why), "%s", safe.msg);
}

static int is_deletion(const struct mn_remote_update *u)
{
	return mn_oid_is_zero(&u->new_oid);
}

/* The capabilities that are used stand behind the first command. */
static void add_command(const struct mn_remote *r, struct mn_buf *b,
			const struct mn_remote_update *u, int first)
{
	struct mn_buf line = MN_BUF_INIT;

	mn_buf_addhex(&line, u->old_oid.b, sizeof(u->old_oid.b));
	mn_buf_addc(&line, ' ');
	mn_buf_addhex(&line, u->new_oid.b, sizeof(u->new_oid.b));
	mn_buf_addf(&line, " %s", u->name);
	if (first) {
		mn_buf_addc(&line, '\0');
		mn_buf_adds(&line, " report-status");
		if (r->caps & MN_CAP_BAND)
			mn_buf_adds(&line, " side-band-64k");
		if ((r->caps & MN_CAP_QUIET) && !r->net->opt.progress)
			mn_buf_adds(&line, " quiet");
		if (r->caps & MN_CAP_FORMAT)
			mn_buf_adds(&line, " object-format=sha1");
		if (r->caps & MN_CAP_AGENT)
			mn_buf_adds(&line, " agent=" MN_AGENT);
	}
	mn_pkt_add(b, line.p, line.len);
	mn_buf_release(&line);
}

/* Those that are sent, *sent of them, wait for the report. */
static void add_commands(const struct mn_remote *r, struct mn_buf *b,
			 struct mn_remote_update *u, size_t n, size_t *sent,
			 int *creates)
{
	*sent = 0;
	*creates = 0;
	for (size_t i = 0; i < n; i++) {
		if (is_deletion(&u[i]) && !(r->caps & MN_CAP_DELETE)) {
			set_why(&u[i], MN_STR("the server deletes no refs"));
			continue;
		}
		add_command(r, b, &u[i], !*sent);
		*creates |= !is_deletion(&u[i]);
		++*sent;
		set_why(&u[i], MN_STR("the server doesn't say what became of "
				      "it"));
	}
	mn_pkt_flush(b);
}

/* The report is a stream of packets, which may lie in sideband 1. */
struct report {
	struct mn_remote *r;
	struct mn_pkt_reader in;
	struct mn_str rest;	/* of a packet of the sideband */
	int broke;		/* no error of the report's own packets */
};

static ssize_t from_band(void *ctx, void *buf, size_t size,
			 struct mn_err *err)
{
	struct report *p = ctx;
	int ret;

	if (!p->rest.len) {
		ret = mn_remote_band(p->r, &p->rest, err);
		p->broke = ret < 0;
		if (ret <= 0)
			return ret;
		/* a report is short: it counts, unlike a pack */
		if (p->rest.len > p->r->left) {
			p->broke = 1;
			return mn_remote_fail(p->r, err, MN_ELIMIT,
					      "the report is too long");
		}
		p->r->left -= p->rest.len;
	}
	if (size > p->rest.len)
		size = p->rest.len;
	memcpy(buf, p->rest.p, size);
	p->rest.p += size;
	p->rest.len -= size;
	return (ssize_t)size;
}

static int next_line(struct report *p, enum mn_pkt_kind *kind,
		     struct mn_str *line, struct mn_err *err)
{
	struct mn_remote *r = p->r;
	int ret;

	if (r->caps & MN_CAP_BAND) {
		ret = mn_pkt_read(&p->in, kind, err);
		if (ret < 0 && !p->broke)
			mn_err_wrap(err, ret, "'%s'", r->url->text);
		*line = ret < 0 ? MN_STR("") : mn_pkt_text(&p->in);
	} else {
		ret = mn_remote_read(r, kind, err);
		*line = ret < 0 ? MN_STR("") : mn_pkt_text(&r->in);
	}
	if (!ret && *kind == MN_PKT_EOF)
		ret = mn_remote_fail(r, err, MN_EUNREACHABLE, "the server "
				     "broke off its report");
	if (!ret && *kind != MN_PKT_DATA && *kind != MN_PKT_FLUSH)
		ret = mn_remote_fail(r, err, MN_EINVALID, "the report of the "
				     "server is malformed");
	return ret;
}

struct results {
	struct mn_remote_update *u;
	size_t n;
	unsigned char *named;	/* for each: 1 when it stood in the report */
	struct mn_buf unpack;	/* why the pack was not taken */
};

/* "ok <name>", "ng <name> <why>" */
static int result_line(struct mn_remote *r, struct results *s,
		       struct mn_str line, struct mn_err *err)
{
	struct mn_str name = { line.p + 3, line.len - 3 }, why = MN_STR("");
	int ok = mn_str_starts(line, "ok ");
	const char *space;
	size_t i;

	if (!ok && !mn_str_starts(line, "ng "))
		goto bad;
	space = memchr(name.p, ' ', name.len);
	if (space) {
		why.p = space + 1;
		why.len = name.len - (size_t)(why.p - name.p);
		name.len = (size_t)(space - name.p);
	}
	for (i = 0; i < s->n; i++)
		if (mn_str_eq(name, s->u[i].name))
			break;
	if (i == s->n || s->named[i])
		goto bad;
	s->named[i] = 1;
	s->u[i].ok = ok;
	s->u[i].why[0] = '\0';
	if (!ok && s->unpack.len)
		set_why(&s->u[i], (struct mn_str){ s->unpack.p,
						   s->unpack.len });
	else if (!ok)
		set_why(&s->u[i], why.len ? why : MN_STR("refused"));
	return 0;
bad:
	return mn_remote_fail(r, err, MN_EINVALID, "the server reports '%.*s', "
			      "which was not asked or stands there twice",
			      mn_remote_words(line), line.p);
}

static int read_lines(struct report *p, struct results *s, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	struct mn_str line;
	int ret = next_line(p, &kind, &line, err);

	if (ret < 0)
		return ret;
	if (kind != MN_PKT_DATA || !mn_str_starts(line, "unpack "))
		return mn_remote_fail(p->r, err, MN_EINVALID, "the server "
				      "doesn't report what became of the push");
	if (!mn_str_eq(line, "unpack ok"))
		mn_buf_addf(&s->unpack, "the pack was not taken: %.*s",
			    mn_remote_words(line) - 7, line.p + 7);
	for (;;) {
		ret = next_line(p, &kind, &line, err);
		if (ret < 0 || kind == MN_PKT_FLUSH)
			return ret;
		ret = result_line(p->r, s, line, err);
		if (ret < 0)
			return ret;
	}
}

/* Behind the report there may be words in sideband 2. */
static int read_rest(struct report *p, struct mn_err *err)
{
	struct mn_str data;
	int ret = 0;

	if (!(p->r->caps & MN_CAP_BAND))
		return 0;
	if (p->rest.len || p->in.at < p->in.end)
		ret = 1;
	if (!ret)
		ret = mn_remote_band(p->r, &data, err);
	return ret <= 0 ? ret :
		mn_remote_fail(p->r, err, MN_EINVALID,
			       "something follows the report of the server");
}

static int read_report(struct mn_remote *r, struct mn_remote_update *u,
		       size_t n, struct mn_err *err)
{
	struct report p = { .r = r };
	struct results s = { u, n, mn_xcalloc(n, 1), MN_BUF_INIT };
	int ret;

	mn_pkt_reader_init(&p.in, from_band, &p);
	ret = read_lines(&p, &s, err);
	if (!ret)
		ret = read_rest(&p, err);
	mn_pkt_reader_release(&p.in);
	mn_buf_release(&s.unpack);
	free(s.named);
	return ret;
}

static ssize_t empty_pack(void *ctx, void *buf, size_t size,
			  struct mn_err *err)
{
	size_t *at = ctx, n = sizeof(no_objects) - *at;

	(void)err;
	if (n > size)
		n = size;
	memcpy(buf, no_objects + *at, n);
	*at += n;
	return (ssize_t)n;
}

static int can_push(struct mn_remote *r, const struct mn_remote_update *u,
		    size_t n, struct mn_err *err)
{
	if (r->service != MN_RECEIVE_PACK)
		MN_BUG("a push to what was opened for a fetch");
	if (!(r->caps & MN_CAP_REPORT))
		return mn_remote_fail(r, err, MN_EVERSION, "the server does "
				      "not report what becomes of a push");
	for (size_t i = 0; i < n; i++)
		if (!mn_refname_ok(u[i].name, strlen(u[i].name)))
			return mn_remote_fail(r, err, MN_EINVALID, "'%s' can't "
					      "be the name of a ref",
					      u[i].name);
	return 0;
}

int mn_remote_push(struct mn_remote *r, struct mn_remote_update *u, size_t n,
		   mn_body_fn *body, void *ctx, uint64_t packlen,
		   struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t at = 0, sent;
	int creates, ret = mn_remote_ready(r, err);

	if (!ret)
		ret = can_push(r, u, n, err);
	if (ret < 0)
		return ret;
	add_commands(r, &b, u, n, &sent, &creates);
	if (creates && !body) {
		body = empty_pack;
		ctx = &at;
		packlen = sizeof(no_objects);
	} else if (!creates) {
		body = NULL;
	}
	if (sent) {
		ret = mn_remote_ask(r, &b, body, ctx, packlen, err);
		if (!ret)
			ret = read_report(r, u, n, err);
		r->spent = 1;
	}
	mn_buf_release(&b);
	return ret;
}
