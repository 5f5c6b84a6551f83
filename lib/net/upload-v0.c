/* upload: versions 0 and 1 of the protocol (gitprotocol-pack(5)). */
#include <stdlib.h>
#include <string.h>

#include "upload-impl.h"

#include "banned.h"

static void add_capabilities(struct mn_buf *line, const struct mn_upload *u,
			     const struct mn_upload_refs *refs)
{
	mn_buf_adds(line, "multi_ack thin-pack side-band side-band-64k "
		    "ofs-delta shallow deepen-since deepen-relative "
		    "no-progress include-tag multi_ack_detailed "
		    "allow-tip-sha1-in-want allow-reachable-sha1-in-want "
		    "no-done");
	if (refs->has_head && refs->head[0])
		mn_buf_addf(line, " symref=HEAD:%s", refs->head);
	mn_buf_addf(line, " filter object-format=sha1 agent=%s",
		    u->opt.agent);
}

/* One line of the advertisement; the first also holds the capabilities. */
static void add_ref(struct mn_buf *out, struct mn_buf *caps,
		    const struct mn_oid *oid, const char *name,
		    const char *suffix)
{
	struct mn_buf line = MN_BUF_INIT;

	mn_buf_addhex(&line, oid->b, sizeof(oid->b));
	mn_buf_addf(&line, " %s%s", name, suffix);
	if (caps->len) {
		mn_buf_addc(&line, 0);
		mn_buf_add(&line, caps->p, caps->len);
		mn_buf_clear(caps);
	}
	mn_buf_addc(&line, '\n');
	mn_pkt_add(out, line.p, line.len);
	mn_buf_release(&line);
}

int mn_upload_advertise_v0(struct mn_upload *u, int version,
			   struct mn_buf *out, struct mn_err *err)
{
	static const struct mn_oid none;
	struct mn_upload_refs refs;
	struct mn_buf caps = MN_BUF_INIT;
	struct mn_oid peeled;
	char hex[MN_OID_HEX + 1];
	int r = mn_upload_refs(u, &refs, err);

	if (!r)
		r = mn_upload_read_grafts(u, err);
	if (r < 0)
		goto done;
	if (version == 1)
		mn_pkt_addf(out, "version 1\n");
	add_capabilities(&caps, u, &refs);
	if (refs.has_head)
		add_ref(out, &caps, &refs.head_oid, "HEAD", "");
	for (size_t i = 0; i < refs.list.n; i++) {
		const struct mn_ref *ref = &refs.list.p[i];

		add_ref(out, &caps, &ref->oid, ref->name, "");
		if (mn_upload_peel(u, ref, &peeled))
			add_ref(out, &caps, &peeled, ref->name, "^{}");
	}
	if (caps.len)
		add_ref(out, &caps, &none, "capabilities^{}", "");
	for (size_t i = 0; i < u->grafts.n; i++) {
		mn_oid_hex(hex, &u->grafts.p[i].oid);
		mn_pkt_addf(out, "shallow %s", hex);
	}
	mn_pkt_flush(out);
done:
	mn_buf_release(&caps);
	mn_refs_release(&refs.list);
	return r;
}

static int take_capability(struct mn_upload *u, struct mn_str word)
{
	struct mn_upload_ask *a = &u->ask;

	if (mn_str_eq(word, "multi_ack"))
		a->acks = 1;
	else if (mn_str_eq(word, "multi_ack_detailed"))
		a->acks = 2;
	else if (mn_str_eq(word, "no-done"))
		a->no_done = 1;
	else if (mn_str_eq(word, "side-band") && !a->band)
		a->band = 1000;
	else if (mn_str_eq(word, "side-band-64k"))
		a->band = MN_PKT_MAX;
	else if (mn_str_eq(word, "ofs-delta"))
		a->ofs_delta = 1;
	else if (mn_str_eq(word, "deepen-relative"))
		a->relative = 1;
	else if (mn_str_starts(word, "object-format=") &&
		 !mn_str_eq(word, "object-format=sha1"))
		return mn_upload_refuse(u, "upload-pack: the objects here "
					"have names of sha1");
	return 0;
}

/* The first want is followed by what the client can do. */
static int take_capabilities(struct mn_upload *u, struct mn_str *line)
{
	size_t at = 5 + MN_OID_HEX;
	struct mn_str word;
	int r = 0;

	if (!mn_str_starts(*line, "want ") || line->len <= at ||
	    line->p[at] != ' ')
		return 0;
	word.p = line->p + at;
	for (const char *end = line->p + line->len; word.p < end && !r;
	     word.p += word.len) {
		const char *space;

		word.p++;
		space = memchr(word.p, ' ', (size_t)(end - word.p));
		word.len = (size_t)((space ? space : end) - word.p);
		r = take_capability(u, word);
	}
	line->len = at;
	return r;
}

/* The wants, up to a flush; *more 0 where the client wants nothing. */
static int read_wants(struct mn_upload *u, struct mn_pkt_reader *in, int *more,
		      struct mn_err *err)
{
	enum mn_pkt_kind kind;
	int r, taken;

	for (size_t n = 0; ; n++) {
		struct mn_str line;

		r = mn_pkt_read(in, &kind, err);
		if (r < 0)
			return r;
		if (kind == MN_PKT_FLUSH || (kind == MN_PKT_EOF && !n)) {
			*more = u->ask.wants.n > 0;
			return 0;
		}
		line = mn_pkt_text(in);
		r = kind == MN_PKT_DATA ? take_capabilities(u, &line) : 0;
		if (!r && (kind != MN_PKT_DATA ||
			   n > 4 * MN_UPLOAD_LINES_MAX))
			r = mn_upload_refuse(u, "upload-pack: the request is "
					     "cut short, or too long");
		if (!r)
			r = mn_upload_line(u, line, &taken, err);
		if (!r && (!taken || mn_str_starts(line, "have ")))
			r = mn_upload_refuse(u, "upload-pack: unexpected line "
					     "'%.*s'", (int)(line.len % 200),
					     line.p);
		if (r)
			return r;
	}
}

struct talk {			/* about haves */
	struct mn_upload *u;
	mn_upload_say *say;
	void *ctx;
	char last[MN_OID_HEX + 1];	/* that both have */
	int common, other;	/* since the last flush */
	int sent_ready;
};

static int say(struct talk *t, struct mn_err *err)
{
	return t->say ? t->say(t->ctx, err) : 0;
}

/* At a flush: 1 when the pack is to be sent without a "done". */
static int pause(struct talk *t, struct mn_err *err)
{
	struct mn_upload *u = t->u;
	int r = 0;

	if (u->ask.acks == 2 && t->common && !t->other) {
		r = mn_upload_is_ready(u, err);
		if (r > 0) {
			t->sent_ready = 1;
			mn_pkt_addf(&u->out, "ACK %s ready\n", t->last);
		}
	}
	if (r < 0)
		return r;
	if (!u->ask.haves.n || u->ask.acks)
		mn_pkt_addf(&u->out, "NAK\n");
	if (u->ask.no_done && t->sent_ready) {
		mn_pkt_addf(&u->out, "ACK %s\n", t->last);
		return 1;
	}
	t->common = t->other = 0;
	return say(t, err);
}

static int take_have(struct talk *t, struct mn_str line, struct mn_err *err)
{
	static const char *const words[] = { "", " continue", " common" };
	struct mn_upload *u = t->u;
	char hex[MN_OID_HEX + 1] = "";
	size_t before = u->ask.haves.n;
	int taken, r;

	r = mn_upload_line(u, line, &taken, err);
	if (r)
		return r;
	if (!mn_str_starts(line, "have ") || !taken)
		return mn_upload_refuse(u, "upload-pack: unexpected line "
					"'%.*s'", (int)(line.len % 200),
					line.p);
	memcpy(hex, line.p + 5, MN_OID_HEX);
	if (u->ask.haves.n > before) {
		t->common = 1;
		memcpy(t->last, hex, sizeof(hex));
		if (u->ask.acks || u->ask.haves.n == 1)
			mn_pkt_addf(&u->out, "ACK %s%s\n", hex,
				    words[u->ask.acks]);
		return 0;
	}
	t->other = 1;
	r = u->ask.acks ? mn_upload_is_ready(u, err) : 0;
	if (r <= 0)
		return r;
	t->sent_ready |= u->ask.acks == 2;
	mn_pkt_addf(&u->out, "ACK %s %s\n", hex,
		    u->ask.acks == 2 ? "ready" : "continue");
	return 0;
}

/* Until the client is done: *more 0 where it went away before. */
static int negotiate(struct talk *t, struct mn_pkt_reader *in, int *more,
		     struct mn_err *err)
{
	struct mn_upload *u = t->u;
	enum mn_pkt_kind kind;
	int r;

	for (;;) {
		r = mn_pkt_read(in, &kind, err);
		if (r < 0)
			return r;
		if (kind == MN_PKT_EOF) {
			*more = 0;
			return 0;
		}
		if (kind == MN_PKT_DATA &&
		    mn_str_eq(mn_pkt_text(in), "done")) {
			if (!u->ask.haves.n)
				mn_pkt_addf(&u->out, "NAK\n");
			else if (u->ask.acks)
				mn_pkt_addf(&u->out, "ACK %s\n", t->last);
			return 0;
		}
		if (kind == MN_PKT_DATA) {
			r = take_have(t, mn_pkt_text(in), err);
			if (r)
				return r;
			continue;
		}
		r = pause(t, err);
		if (r)
			return r > 0 ? 0 : r;
	}
}

int mn_upload_v0(struct mn_upload *u, struct mn_pkt_reader *in,
		 mn_upload_say *tell, void *ctx, struct mn_err *err)
{
	struct talk t = { .u = u, .say = tell, .ctx = ctx };
	struct mn_buf ends = MN_BUF_INIT;
	int more = 1, r = read_wants(u, in, &more, err);

	if (r || !more)
		return r;
	r = mn_upload_check_wants(u, err);
	if (!r)
		r = mn_upload_shallow(u, &ends, err);
	/* Where the repository itself ends stood in the advertisement. */
	if (!r && (u->ask.depth || u->ask.since)) {
		mn_buf_add(&u->out, ends.p, ends.len);
		mn_pkt_flush(&u->out);
		r = say(&t, err);
	}
	mn_buf_release(&ends);
	if (!r)
		r = negotiate(&t, in, &more, err);
	if (r || !more)
		return r;
	return mn_upload_pack(u, err);
}
