/* upload: version 2 of the protocol (gitprotocol-v2(5)). */
#include <stdlib.h>
#include <string.h>

#include "upload-impl.h"

#include "banned.h"

void mn_upload_advertise_v2(struct mn_upload *u, struct mn_buf *out)
{
	mn_pkt_addf(out, "version 2\n");
	mn_pkt_addf(out, "agent=%s\n", u->opt.agent);
	mn_pkt_addf(out, "ls-refs=unborn\n");
	mn_pkt_addf(out, "fetch=shallow wait-for-done filter\n");
	mn_pkt_addf(out, "object-format=sha1\n");
	mn_pkt_flush(out);
}

/* What a client asks of ls-refs; the prefixes lie in text, each behind its
 * length. */
struct ls_refs {
	int peel, symrefs, unborn;
	size_t nprefixes;
	struct mn_buf text;
};

static int has_prefix(const struct ls_refs *l, const char *name)
{
	const char *p = l->text.p, *end = p + l->text.len;

	if (!l->nprefixes || l->nprefixes > MN_UPLOAD_LINES_MAX)
		return 1;
	for (; p < end; p += strlen(p) + 1)
		if (!strncmp(name, p, strlen(p)))
			return 1;
	return 0;
}

static int ls_refs_line(struct mn_upload *u, struct ls_refs *l,
			struct mn_str line)
{
	if (mn_str_eq(line, "peel")) {
		l->peel = 1;
	} else if (mn_str_eq(line, "symrefs")) {
		l->symrefs = 1;
	} else if (mn_str_eq(line, "unborn")) {
		l->unborn = 1;
	} else if (mn_str_starts(line, "ref-prefix ")) {
		/* As in git: beyond some number all refs are told. A longer
		 * prefix than any name is one that none has. */
		if (line.len - 11 > MN_REF_MAX + 1)
			line.len = 11 + MN_REF_MAX + 1;
		if (memchr(line.p, 0, line.len))
			return mn_upload_refuse(u, "ls-refs: malformed prefix");
		if (l->nprefixes++ >= MN_UPLOAD_LINES_MAX)
			return 0;
		mn_buf_add(&l->text, line.p + 11, line.len - 11);
		mn_buf_addc(&l->text, 0);
	} else {
		return mn_upload_refuse(u, "ls-refs: unexpected line '%.*s'",
					(int)(line.len % 200), line.p);
	}
	return 0;
}

static void tell_head(struct mn_upload *u, const struct ls_refs *l,
		      const struct mn_upload_refs *refs)
{
	struct mn_buf line = MN_BUF_INIT;

	if (!has_prefix(l, "HEAD") ||
	    (!refs->has_head && (!l->unborn || !refs->head[0])))
		return;
	if (refs->has_head)
		mn_buf_addhex(&line, refs->head_oid.b, sizeof(refs->head_oid));
	else
		mn_buf_adds(&line, "unborn");
	mn_buf_adds(&line, " HEAD");
	if (refs->head[0] && (l->symrefs || !refs->has_head))
		mn_buf_addf(&line, " symref-target:%s", refs->head);
	mn_buf_addc(&line, '\n');
	mn_pkt_add(&u->out, line.p, line.len);
	mn_buf_release(&line);
}

static int ls_refs(struct mn_upload *u, const struct ls_refs *l,
		   struct mn_err *err)
{
	struct mn_upload_refs refs;
	struct mn_buf line = MN_BUF_INIT;
	struct mn_oid peeled;
	int r = mn_upload_refs(u, &refs, err);

	if (!r)
		tell_head(u, l, &refs);
	for (size_t i = 0; i < refs.list.n && !r; i++) {
		const struct mn_ref *ref = &refs.list.p[i];

		if (!has_prefix(l, ref->name))
			continue;
		mn_buf_clear(&line);
		mn_buf_addhex(&line, ref->oid.b, sizeof(ref->oid.b));
		mn_buf_addc(&line, ' ');
		mn_buf_adds(&line, ref->name);
		if (l->peel && mn_upload_peel(u, ref, &peeled)) {
			mn_buf_adds(&line, " peeled:");
			mn_buf_addhex(&line, peeled.b, sizeof(peeled.b));
		}
		mn_buf_addc(&line, '\n');
		mn_pkt_add(&u->out, line.p, line.len);
	}
	mn_pkt_flush(&u->out);
	mn_buf_release(&line);
	mn_refs_release(&refs.list);
	return r;
}

static int fetch_line(struct mn_upload *u, struct mn_str line,
		      struct mn_err *err)
{
	struct mn_upload_ask *a = &u->ask;
	int taken, r = mn_upload_line(u, line, &taken, err);

	if (r || taken)
		return r;
	if (mn_str_eq(line, "done"))
		a->done = 1;
	else if (mn_str_eq(line, "wait-for-done"))
		a->wait_for_done = 1;
	else if (mn_str_eq(line, "ofs-delta"))
		a->ofs_delta = 1;
	else if (mn_str_eq(line, "deepen-relative"))
		a->relative = 1;
	else if (!mn_str_eq(line, "thin-pack") &&
		 !mn_str_eq(line, "no-progress") &&
		 !mn_str_eq(line, "include-tag"))
		return mn_upload_refuse(u, "fetch: unexpected line '%.*s'",
					(int)(line.len % 200), line.p);
	return 0;
}

/* The section of acknowledgments: 1 when the pack follows in any case. */
static int acknowledge(struct mn_upload *u, int *go_on, struct mn_err *err)
{
	const struct mn_upload_ask *a = &u->ask;
	char hex[MN_OID_HEX + 1];
	int ready = 0;

	*go_on = 1;
	if (a->done || (!a->nhaves && !a->wait_for_done))
		return 0;
	mn_pkt_addf(&u->out, "acknowledgments\n");
	if (!a->haves.n)
		mn_pkt_addf(&u->out, "NAK\n");
	for (size_t i = 0; i < a->haves.n; i++) {
		mn_oid_hex(hex, &a->haves.p[i]);
		mn_pkt_addf(&u->out, "ACK %s\n", hex);
	}
	if (!a->wait_for_done)
		ready = mn_upload_is_ready(u, err);
	if (ready < 0)
		return ready;
	*go_on = ready;
	if (ready) {
		mn_pkt_addf(&u->out, "ready\n");
		mn_pkt_delim(&u->out);
	} else {
		mn_pkt_flush(&u->out);
	}
	return 0;
}

static int fetch(struct mn_upload *u, struct mn_err *err)
{
	struct mn_buf shallow = MN_BUF_INIT;
	int go_on = 0, r;

	if (!u->ask.wants.n)
		return mn_upload_refuse(u, "fetch: nothing is wanted");
	r = mn_upload_check_wants(u, err);
	if (!r)
		r = mn_upload_shallow(u, &shallow, err);
	if (!r)
		r = acknowledge(u, &go_on, err);
	if (r || !go_on)
		goto done;
	if (shallow.len) {
		mn_pkt_addf(&u->out, "shallow-info\n");
		mn_buf_add(&u->out, shallow.p, shallow.len);
		mn_pkt_delim(&u->out);
	}
	mn_pkt_addf(&u->out, "packfile\n");
	u->ask.band = MN_PKT_MAX;
	r = mn_upload_pack(u, err);
done:
	mn_buf_release(&shallow);
	return r;
}

/* The lines before the arguments: 0 with the command, 1 refused. */
static int read_command(struct mn_upload *u, struct mn_pkt_reader *in,
			char command[16], int *args, struct mn_err *err)
{
	enum mn_pkt_kind kind = MN_PKT_DATA;
	struct mn_str line;
	int r;

	for (size_t n = 0; n < 64; n++) {
		r = mn_pkt_read(in, &kind, err);
		if (r < 0)
			return r;
		*args = kind == MN_PKT_DELIM;
		if (kind == MN_PKT_EOF && (n || command[0]))
			return mn_upload_refuse(u, "the request is cut short");
		if (kind != MN_PKT_DATA)
			return 0;
		line = mn_pkt_text(in);
		if (mn_str_starts(line, "command=")) {
			if (line.len - 8 > 15 || command[0])
				return mn_upload_refuse(u, "invalid command");
			memcpy(command, line.p + 8, line.len - 8);
			command[line.len - 8] = 0;
		} else if (mn_str_starts(line, "object-format=") &&
			   !mn_str_eq(line, "object-format=sha1")) {
			return mn_upload_refuse(u, "the objects here have "
						"names of sha1");
		}
	}
	return mn_upload_refuse(u, "too many capabilities");
}

static int read_args(struct mn_upload *u, struct mn_pkt_reader *in,
		     struct ls_refs *l, struct mn_err *err)
{
	enum mn_pkt_kind kind;
	int r;

	for (size_t n = 0; ; n++) {
		r = mn_pkt_read(in, &kind, err);
		if (r < 0)
			return r;
		if (kind == MN_PKT_FLUSH)
			return 0;
		if (kind != MN_PKT_DATA)
			return mn_upload_refuse(u, "the request is cut short");
		if (n > 4 * MN_UPLOAD_LINES_MAX)
			return mn_upload_refuse(u, "the request is too long");
		r = l ? ls_refs_line(u, l, mn_pkt_text(in)) :
			fetch_line(u, mn_pkt_text(in), err);
		if (r)
			return r;
	}
}

int mn_upload_v2(struct mn_upload *u, struct mn_pkt_reader *in, int *more,
		 struct mn_err *err)
{
	struct ls_refs l = { .text = MN_BUF_INIT };
	char command[16] = "";
	int args = 0, is_ls, r;

	r = read_command(u, in, command, &args, err);
	if (!r && !command[0] && !args) {	/* the client goes */
		*more = 0;
		return 0;
	}
	is_ls = !strcmp(command, "ls-refs");
	if (!r && !is_ls && strcmp(command, "fetch"))
		r = mn_upload_refuse(u, "unknown command '%s'", command);
	if (!r && args)
		r = read_args(u, in, is_ls ? &l : NULL, err);
	if (!r)
		r = is_ls ? ls_refs(u, &l, err) : fetch(u, err);
	mn_buf_release(&l.text);
	return r;
}
