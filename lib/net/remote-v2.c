/* remote: version 2 of the protocol (gitprotocol-v2(5)). */
#include <string.h>

#include "net/net-impl.h"
#include "net/remote-impl.h"

#include "banned.h"

/* The first of the words, which single spaces part; 0 where none is left. */
static int next_word(struct mn_str *words, struct mn_str *word)
{
	const char *space;

	if (!words->len)
		return 0;
	space = memchr(words->p, ' ', words->len);
	*word = *words;
	if (space)
		word->len = (size_t)(space - words->p);
	words->p += word->len + (space ? 1 : 0);
	words->len -= word->len + (space ? 1 : 0);
	return 1;
}

static int take_capability(struct mn_remote *r, struct mn_str line,
			   struct mn_err *err)
{
	const char *eq = memchr(line.p, '=', line.len);
	struct mn_str key = line, value = MN_STR(""), word;

	if (eq) {
		key.len = (size_t)(eq - line.p);
		value.p = eq + 1;
		value.len = line.len - key.len - 1;
	}
	if (mn_str_eq(key, "agent"))
		mn_remote_set_agent(r, value);
	else if (mn_str_eq(key, "object-format"))
		return mn_remote_set_format(r, value, err);
	else if (mn_str_eq(key, "ls-refs"))
		r->caps |= MN_CAP_LS_REFS;
	else if (mn_str_eq(key, "fetch")) {
		r->caps |= MN_CAP_FETCH;
		while (next_word(&value, &word)) {
			r->features.filter |= mn_str_eq(word, "filter");
			r->features.shallow |= mn_str_eq(word, "shallow");
		}
	}
	return 0;
}

int mn_remote_v2_open(struct mn_remote *r, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	int ret;

	r->features.version = 2;
	r->features.any_want = 1;
	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0 || kind == MN_PKT_FLUSH)
			return ret;
		if (kind != MN_PKT_DATA)
			return mn_remote_fail(r, err, MN_EINVALID, "the list "
					      "of capabilities is malformed");
		ret = take_capability(r, mn_pkt_text(&r->in), err);
		if (ret < 0)
			return ret;
	}
}

static int begin(struct mn_remote *r, struct mn_buf *b, const char *command,
		 enum mn_remote_cap cap, struct mn_err *err)
{
	if (!(r->caps & cap))
		return mn_remote_fail(r, err, MN_EVERSION,
				      "the server knows no '%s'", command);
	mn_pkt_addf(b, "command=%s\n", command);
	if (r->caps & MN_CAP_AGENT)
		mn_pkt_addf(b, "agent=%s\n", MN_AGENT);
	if (r->caps & MN_CAP_FORMAT)
		mn_pkt_addf(b, "object-format=sha1\n");
	mn_pkt_delim(b);
	return 0;
}

/* "<oid> <name>[ <attribute>...]"; "unborn ..." */
static int ref_line(struct mn_remote *r, struct mn_remote_sift *s,
		    struct mn_str line, struct mn_err *err)
{
	struct mn_str rest = line, oid_word, name;
	struct mn_oid oid;

	if (mn_str_starts(line, "unborn "))
		return 0;
	if (!next_word(&rest, &oid_word) || oid_word.len != MN_OID_HEX ||
	    !next_word(&rest, &name) || !name.len ||
	    mn_oid_parse(&oid, oid_word.p) < 0)
		return mn_remote_fail(r, err, MN_EINVALID, "the server says "
				      "'%.*s' where only refs stand",
				      mn_remote_words(line), line.p);
	return mn_remote_sift(r, s, &oid, name, err);
}

int mn_remote_v2_refs(struct mn_remote *r, struct mn_remote_sift *s,
		      struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	enum mn_pkt_kind kind;
	int ret = begin(r, &b, "ls-refs", MN_CAP_LS_REFS, err);

	for (size_t i = 0; !ret && i < s->n && s->n <= MN_REMOTE_PREFIXES; i++)
		mn_pkt_addf(&b, "ref-prefix %s\n", s->prefixes[i]);
	mn_pkt_flush(&b);
	if (!ret)
		ret = mn_remote_ask(r, &b, NULL, NULL, 0, err);
	mn_buf_release(&b);
	while (!ret) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0 || kind == MN_PKT_FLUSH)
			break;
		ret = kind == MN_PKT_DATA ?
			ref_line(r, s, mn_pkt_text(&r->in), err) :
			mn_remote_fail(r, err, MN_EINVALID,
				       "the list of refs is malformed");
	}
	if (ret < 0)
		r->spent = 1;
	return ret;
}

static int ack_line(struct mn_remote *r, struct mn_str line,
		    struct mn_err *err)
{
	struct mn_oid oid;

	if (mn_str_eq(line, "NAK") || mn_str_eq(line, "ready") ||
	    (line.len == 4 + MN_OID_HEX && mn_str_starts(line, "ACK ") &&
	     !mn_oid_parse(&oid, line.p + 4)))
		return 0;
	return mn_remote_fail(r, err, MN_EINVALID, "the server says '%.*s' "
			      "where only acknowledgments stand",
			      mn_remote_words(line), line.p);
}

/* Up to the delimiter behind the section. */
static int read_section(struct mn_remote *r, int is_acks,
			const struct mn_remote_sink *sink, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	struct mn_str line;
	int ret;

	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0 || kind == MN_PKT_DELIM)
			return ret;
		if (kind != MN_PKT_DATA)
			return mn_remote_fail(r, err, MN_EINVALID,
					      "the server sends no pack");
		line = mn_pkt_text(&r->in);
		ret = is_acks ? ack_line(r, line, err) :
			mn_remote_shallow(r, line, sink, err);
		if (ret < 0)
			return ret;
	}
}

/* Each section at most once, in this order; others were not asked for. */
static int read_answer(struct mn_remote *r, const struct mn_remote_sink *sink,
		       struct mn_err *err)
{
	enum { ACKS, SHALLOW, PACK, NONE } next = ACKS, is;
	enum mn_pkt_kind kind;
	struct mn_str line;
	int ret;

	for (;;) {
		ret = mn_remote_read_on(r, &kind, err);
		if (ret < 0)
			return ret;
		if (kind != MN_PKT_DATA)
			return mn_remote_fail(r, err, MN_EINVALID,
					      "the server sends no pack");
		line = mn_pkt_text(&r->in);
		is = mn_str_eq(line, "acknowledgments") ? ACKS :
			mn_str_eq(line, "shallow-info") ? SHALLOW :
			mn_str_eq(line, "packfile") ? PACK : NONE;
		if (is == NONE || is < next)
			return mn_remote_fail(r, err, MN_EINVALID, "the "
					      "server sends '%.*s' where a "
					      "pack is due",
					      mn_remote_words(line), line.p);
		if (is == PACK)
			return mn_remote_pack(r, 1, sink, err);
		ret = read_section(r, is == ACKS, sink, err);
		if (ret < 0)
			return ret;
		next = is + 1;
	}
}

int mn_remote_v2_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		       const struct mn_remote_sink *sink, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int ret = begin(r, &b, "fetch", MN_CAP_FETCH, err);

	if (!r->net->opt.progress)
		mn_pkt_addf(&b, "no-progress\n");
	mn_pkt_addf(&b, "ofs-delta\n");
	mn_remote_add_oids(&b, "want", w->wants, w->nwants);
	mn_remote_add_limits(r, &b, w);
	mn_remote_add_oids(&b, "have", w->haves, w->nhaves < MN_REMOTE_HAVES ?
			   w->nhaves : MN_REMOTE_HAVES);
	mn_pkt_addf(&b, "done\n");
	mn_pkt_flush(&b);
	if (!ret)
		ret = mn_remote_ask(r, &b, NULL, NULL, 0, err);
	mn_buf_release(&b);
	if (!ret)
		ret = read_answer(r, sink, err);
	if (ret < 0)
		r->spent = 1;
	return ret;
}
