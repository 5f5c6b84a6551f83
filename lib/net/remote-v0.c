/* remote: versions 0 and 1 of the protocol (gitprotocol-pack(5)). */
#include <string.h>

#include "net/net-impl.h"
#include "net/remote-impl.h"

#include "banned.h"

static int take_capability(struct mn_remote *r, struct mn_str word,
			   struct mn_err *err)
{
	static const struct { const char *word; enum mn_remote_cap cap; }
	known[] = {
		{ "multi_ack_detailed", MN_CAP_ACKS },
		{ "side-band-64k", MN_CAP_BAND },
		{ "ofs-delta", MN_CAP_OFS_DELTA },
		{ "no-progress", MN_CAP_QUIET },
		{ "quiet", MN_CAP_QUIET },
		{ "report-status", MN_CAP_REPORT },
		{ "delete-refs", MN_CAP_DELETE },
		{ "allow-tip-sha1-in-want", MN_CAP_TIP },
		{ "allow-reachable-sha1-in-want", MN_CAP_REACHABLE },
	};

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++)
		if (mn_str_eq(word, known[i].word))
			r->caps |= (unsigned)known[i].cap;
	if (mn_str_eq(word, "filter"))
		r->features.filter = 1;
	else if (mn_str_eq(word, "shallow"))
		r->features.shallow = 1;
	else if (mn_str_starts(word, "agent="))
		mn_remote_set_agent(r, (struct mn_str){ word.p + 6,
							word.len - 6 });
	else if (mn_str_starts(word, "object-format="))
		return mn_remote_set_format(r, (struct mn_str){
				word.p + 14, word.len - 14 }, err);
	return 0;
}

/* Behind the NUL of the first ref. */
static int take_capabilities(struct mn_remote *r, struct mn_str caps,
			     struct mn_err *err)
{
	const char *at = caps.p, *end = at + caps.len;
	const unsigned any = MN_CAP_TIP | MN_CAP_REACHABLE;
	int ret = 0;

	while (!ret && at < end) {
		const char *space = memchr(at, ' ', (size_t)(end - at));
		struct mn_str word = {
			at, (size_t)((space ? space : end) - at)
		};

		ret = take_capability(r, word, err);
		at = word.p + word.len + 1;
	}
	r->features.any_want = (r->caps & any) == any;
	return ret;
}

/* "<oid> <name>" without control bytes, so that one can be a line of adv. */
static int is_ref_line(struct mn_str line)
{
	struct mn_oid oid;

	if (line.len < MN_OID_HEX + 2 || line.p[MN_OID_HEX] != ' ' ||
	    mn_oid_parse(&oid, line.p) < 0)
		return 0;
	for (size_t i = MN_OID_HEX; i < line.len; i++)
		if ((unsigned char)line.p[i] < ' ' || line.p[i] == 0x7f)
			return 0;
	return 1;
}

static int take_line(struct mn_remote *r, struct mn_str line, int first,
		     struct mn_err *err)
{
	const char *nul = first ? memchr(line.p, 0, line.len) : NULL;
	struct mn_oid oid;
	int ret = 0;

	if (nul) {
		size_t at = (size_t)(nul - line.p);

		ret = take_capabilities(r, (struct mn_str){
				nul + 1, line.len - at - 1 }, err);
		line.len = at;
	}
	if (ret < 0)
		return ret;
	/* where the server's own history ends */
	if (line.len == 8 + MN_OID_HEX && mn_str_starts(line, "shallow ") &&
	    !mn_oid_parse(&oid, line.p + 8))
		return 0;
	if (!is_ref_line(line))
		return mn_remote_fail(r, err, MN_EINVALID, "the server says "
				      "'%.*s' where only refs stand",
				      mn_remote_words(line), line.p);
	mn_buf_addstr(&r->adv, line);
	mn_buf_addc(&r->adv, '\n');
	return 0;
}

int mn_remote_v0_open(struct mn_remote *r, enum mn_pkt_kind kind,
		      struct mn_err *err)
{
	int ret = 0;

	for (int first = 1; kind != MN_PKT_FLUSH; first = 0) {
		ret = kind == MN_PKT_DATA ?
			take_line(r, mn_pkt_text(&r->in), first, err) :
			mn_remote_fail(r, err, MN_EINVALID,
				       "the list of refs is malformed");
		if (!ret)
			ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0)
			break;
	}
	return ret;
}

int mn_remote_v0_refs(struct mn_remote *r, struct mn_remote_sift *s,
		      struct mn_err *err)
{
	const char *at = r->adv.p, *end = at + r->adv.len, *lf;
	struct mn_oid oid;
	int ret = 0;

	for (; !ret && at < end; at = lf + 1) {
		struct mn_str name = { at + MN_OID_HEX + 1, 0 };

		lf = memchr(at, '\n', (size_t)(end - at));
		name.len = (size_t)(lf - name.p);
		mn_oid_parse(&oid, at);
		ret = mn_remote_sift(r, s, &oid, name, err);
	}
	return ret;
}

static void add_wants(const struct mn_remote *r, struct mn_buf *b,
		      const struct mn_remote_want *w)
{
	struct mn_buf caps = MN_BUF_INIT;

	mn_buf_addhex(&caps, w->wants[0].b, sizeof(w->wants[0].b));
	if (r->caps & MN_CAP_ACKS)
		mn_buf_adds(&caps, " multi_ack_detailed");
	if (r->caps & MN_CAP_BAND)
		mn_buf_adds(&caps, " side-band-64k");
	if (r->caps & MN_CAP_OFS_DELTA)
		mn_buf_adds(&caps, " ofs-delta");
	if ((r->caps & MN_CAP_QUIET) && !r->net->opt.progress)
		mn_buf_adds(&caps, " no-progress");
	if (r->features.filter && w->filter)
		mn_buf_adds(&caps, " filter");
	if (r->caps & MN_CAP_FORMAT)
		mn_buf_adds(&caps, " object-format=sha1");
	if (r->caps & MN_CAP_AGENT)
		mn_buf_adds(&caps, " agent=" MN_AGENT);
	mn_pkt_addf(b, "want %s\n", caps.p);
	mn_buf_release(&caps);
	mn_remote_add_oids(b, "want", w->wants + 1, w->nwants - 1);
}

/* What a depth gives, up to the flush. */
static int read_shallow(struct mn_remote *r, const struct mn_remote_sink *sink,
			struct mn_err *err)
{
	enum mn_pkt_kind kind;
	int ret;

	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0 || kind == MN_PKT_FLUSH)
			return ret;
		ret = kind == MN_PKT_DATA ?
			mn_remote_shallow(r, mn_pkt_text(&r->in), sink, err) :
			mn_remote_fail(r, err, MN_EINVALID, "the list of "
				       "shallow commits is malformed");
		if (ret < 0)
			return ret;
	}
}

/* Any number of "ACK <oid> common", "... ready", "... continue"; then
 * "ACK <oid>" or "NAK". */
static int read_acks(struct mn_remote *r, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	struct mn_str line, tail;
	struct mn_oid oid;
	int ret;

	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0)
			return ret;
		line = kind == MN_PKT_DATA ? mn_pkt_text(&r->in) : MN_STR("");
		if (mn_str_eq(line, "NAK"))
			return 0;
		if (line.len < 4 + MN_OID_HEX || !mn_str_starts(line, "ACK ") ||
		    mn_oid_parse(&oid, line.p + 4) < 0)
			break;
		tail.p = line.p + 4 + MN_OID_HEX;
		tail.len = line.len - 4 - MN_OID_HEX;
		if (!tail.len)
			return 0;
		if (!mn_str_eq(tail, " common") && !mn_str_eq(tail, " ready") &&
		    !mn_str_eq(tail, " continue"))
			break;
	}
	return mn_remote_fail(r, err, MN_EINVALID, "the server says '%.*s' "
			      "where only acknowledgments stand",
			      mn_remote_words(line), line.p);
}

int mn_remote_v0_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		       const struct mn_remote_sink *sink, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int ret;

	add_wants(r, &b, w);
	mn_remote_add_limits(r, &b, w);
	mn_pkt_flush(&b);
	mn_remote_add_oids(&b, "have", w->haves, w->nhaves < MN_REMOTE_HAVES ?
			   w->nhaves : MN_REMOTE_HAVES);
	mn_pkt_addf(&b, "done\n");
	ret = mn_remote_ask(r, &b, NULL, NULL, 0, err);
	mn_buf_release(&b);
	if (!ret && w->depth && r->features.shallow)
		ret = read_shallow(r, sink, err);
	if (!ret)
		ret = read_acks(r, err);
	if (!ret)
		ret = mn_remote_pack(r, (r->caps & MN_CAP_BAND) != 0, sink,
				     err);
	r->spent = 1;	/* the server goes when it has sent a pack */
	return ret;
}
