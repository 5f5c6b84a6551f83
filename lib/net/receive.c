#include "net/receive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "git/refname.h"
#include "git/refs.h"
#include "net/net.h"

#include "banned.h"

#define REFS_MAX ((size_t)1000 * 1000)
#define LINES_MAX 65536		/* shallow, which are not looked at */
#define SLICE ((size_t)64 * 1024)
#define BAND_MAX (MN_PKT_MAX - 5)

static const unsigned char zero[20];

static void add_ref(struct mn_buf *out, struct mn_buf *caps,
		    const unsigned char oid[20], const char *name)
{
	struct mn_buf line = MN_BUF_INIT;

	mn_buf_addhex(&line, oid, 20);
	mn_buf_addf(&line, " %s", name);
	if (caps->len) {
		mn_buf_addc(&line, 0);
		mn_buf_add(&line, caps->p, caps->len);
		mn_buf_clear(caps);
	}
	mn_buf_addc(&line, '\n');
	mn_pkt_add(out, line.p, line.len);
	mn_buf_release(&line);
}

int mn_receive_advertise(const char *gitdir, const char *agent,
			 int (*show_ref)(void *ctx, const char *name),
			 void *ctx, struct mn_buf *out, struct mn_err *err)
{
	struct mn_ref_list refs;
	struct mn_buf caps = MN_BUF_INIT;
	int r = mn_refs_list(&refs, gitdir, "refs/", REFS_MAX, err);

	if (r < 0)
		return r;
	mn_buf_addf(&caps, "report-status side-band-64k ofs-delta "
		    "no-thin object-format=sha1 agent=%s", agent ? agent : MN_AGENT);
	for (size_t i = 0; i < refs.n; i++)
		if (!show_ref || show_ref(ctx, refs.p[i].name))
			add_ref(out, &caps, refs.p[i].oid.b, refs.p[i].name);
	if (caps.len)
		add_ref(out, &caps, zero, "capabilities^{}");
	mn_pkt_flush(out);
	mn_buf_release(&caps);
	mn_refs_release(&refs);
	return 0;
}

struct push {
	struct mn_pkt_reader in;
	struct mn_push_command *c;
	size_t n, cap;
	int report, band;
};

static int refuse(const char *why, struct mn_err *err)
{
	return mn_err_set(err, MN_EINVALID, "%s", why);
}

static int take_capabilities(struct push *p, struct mn_str caps,
			     struct mn_err *err)
{
	for (const char *at = caps.p, *end = at + caps.len; at < end;) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		struct mn_str word = {
			at, (size_t)((space ? space : end) - at)
		};

		if (mn_str_eq(word, "report-status"))
			p->report = 1;
		else if (mn_str_eq(word, "side-band-64k"))
			p->band = 1;
		else if (mn_str_starts(word, "object-format=") &&
			 !mn_str_eq(word, "object-format=sha1"))
			return refuse("the objects here have names of sha1",
				      err);
		at = word.p + word.len + 1;
	}
	return 0;
}

/* "<old> <new> <name>" */
static int take_command(struct push *p, struct mn_str line,
			struct mn_err *err)
{
	struct mn_push_command *c;
	struct mn_oid old_oid, new_oid;
	struct mn_str name = { line.p + 82, line.len - 82 };

	if (line.len < 83 || line.p[40] != ' ' || line.p[81] != ' ' ||
	    mn_oid_parse(&old_oid, line.p) < 0 ||
	    mn_oid_parse(&new_oid, line.p + 41) < 0)
		return refuse("malformed command", err);
	if (!mn_refname_ok(name.p, name.len) || name.len >= sizeof(c->name))
		return mn_err_set(err, MN_EINVALID,
				  "'%.*s' can't be the name of a ref",
				  (int)(name.len % 200), name.p);
	if (p->n == MN_PUSH_REFS_MAX)
		return mn_err_set(err, MN_EINVALID, "more than %d refs",
				  MN_PUSH_REFS_MAX);
	for (size_t i = 0; i < p->n; i++)
		if (mn_str_eq(name, p->c[i].name))
			return mn_err_set(err, MN_EINVALID,
					  "'%s' is there twice", p->c[i].name);
	if (p->n == p->cap)
		p->c = mn_vec_grow(p->c, &p->cap, sizeof(*p->c));
	c = &p->c[p->n++];
	memset(c, 0, sizeof(*c));
	memcpy(c->name, name.p, name.len);
	memcpy(c->old_oid, old_oid.b, sizeof(c->old_oid));
	memcpy(c->new_oid, new_oid.b, sizeof(c->new_oid));
	return 0;
}

static int read_commands(struct push *p, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	int r;

	for (size_t lines = 0; ; lines++) {
		struct mn_str line;
		const char *nul;

		r = mn_pkt_read(&p->in, &kind, err);
		if (r < 0)
			return r;
		if (kind == MN_PKT_FLUSH || (kind == MN_PKT_EOF && !lines))
			return 0;
		if (kind != MN_PKT_DATA || lines > LINES_MAX)
			return refuse("the request is cut short, or too long",
				      err);
		line = mn_pkt_text(&p->in);
		if (mn_str_starts(line, "shallow "))
			continue;
		if (mn_str_starts(line, "push-cert"))
			return refuse("signed pushes are not supported", err);
		nul = memchr(line.p, 0, line.len);
		if (nul) {
			size_t at = (size_t)(nul - line.p);
			struct mn_str caps = { nul + 1, line.len - at - 1 };

			r = take_capabilities(p, caps, err);
			line.len = at;
		}
		if (!r)
			r = take_command(p, line, err);
		if (r < 0)
			return r;
	}
}

static int is_deletion(const struct mn_push_command *c)
{
	return !memcmp(c->new_oid, zero, sizeof(zero));
}

static int pass_pack(struct push *p, const struct mn_receive_ops *ops,
		     struct mn_err *err)
{
	char *buf = mn_xmalloc(SLICE);
	ssize_t n = 1;
	int r = 0;

	while (!r && n) {
		n = mn_pkt_rest(&p->in, buf, SLICE, err);
		if (n < 0)
			r = (int)n;
		else
			r = ops->pack(ops->ctx, n ? buf : NULL, (size_t)n,
				      err);
	}
	free(buf);
	return r < 0 ? r : 0;
}

static void add_report(const struct push *p, int r, const char *why,
		       struct mn_buf *out)
{
	if (r < 0)
		mn_pkt_addf(out, "unpack %s\n", why);
	else
		mn_pkt_addf(out, "unpack ok\n");
	for (size_t i = 0; i < p->n; i++) {
		const struct mn_push_command *c = &p->c[i];

		if (r < 0)
			mn_pkt_addf(out, "ng %s %s\n", c->name,
				    "nothing was taken");
		else if (c->why[0])
			mn_pkt_addf(out, "ng %s %s\n", c->name, c->why);
		else
			mn_pkt_addf(out, "ok %s\n", c->name);
	}
	mn_pkt_flush(out);
}

/* Within the sideband the report is a stream of its own. */
static void add_banded(struct mn_buf *out, const struct mn_buf *report)
{
	struct mn_buf part = MN_BUF_INIT;

	for (size_t at = 0, n; at < report->len; at += n) {
		n = report->len - at;
		if (n > BAND_MAX)
			n = BAND_MAX;
		mn_buf_clear(&part);
		mn_buf_addc(&part, 1);
		mn_buf_add(&part, report->p + at, n);
		mn_pkt_add(out, part.p, part.len);
	}
	mn_pkt_flush(out);
	mn_buf_release(&part);
}

static int take_push(struct push *p, const struct mn_receive_ops *ops,
		     struct mn_buf *out, struct mn_err *err)
{
	struct mn_buf report = MN_BUF_INIT;
	int need_pack = 0, r = 0;

	for (size_t i = 0; i < p->n; i++)
		need_pack |= !is_deletion(&p->c[i]);
	if (need_pack)
		r = pass_pack(p, ops, err);
	if (!r)
		r = ops->apply(ops->ctx, p->c, p->n, err);
	if (p->report) {
		add_report(p, r, err->msg, p->band ? &report : out);
		if (p->band)
			add_banded(out, &report);
	}
	mn_buf_release(&report);
	return p->report ? 0 : r;
}

int mn_receive(mn_pkt_source *source, void *source_ctx,
	       const struct mn_receive_ops *ops, struct mn_buf *out,
	       struct mn_err *err)
{
	struct push p = { .n = 0 };
	struct mn_err own = MN_ERR_INIT;
	int r;

	mn_pkt_reader_init(&p.in, source, source_ctx);
	r = read_commands(&p, &own);
	if (r == MN_EINVALID) {
		mn_pkt_addf(out, "ERR %s\n", own.msg);
		r = 0;
	} else if (!r && p.n) {
		r = take_push(&p, ops, out, &own);
	}
	if (r < 0 && err)
		*err = own;
	mn_pkt_reader_release(&p.in);
	free(p.c);
	return r;
}
