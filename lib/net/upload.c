/* What all versions share: refs, lines of a fetch, and the answer as it is
 * read. */
#include "net/upload.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "net/net.h"
#include "upload-impl.h"

#include "banned.h"

#define PEEL_MAX 16
#define CHUNK ((size_t)64 * 1024)

int mn_upload_new(struct mn_upload **out, const char *gitdir,
		  const struct mn_upload_options *opt, struct mn_err *err)
{
	struct mn_upload *u;
	struct mn_buf path = MN_BUF_INIT;
	int there;

	mn_buf_addf(&path, "%s/objects", gitdir);
	there = mn_io_exists(path.p);
	mn_buf_release(&path);
	if (!there)
		return mn_err_set(err, MN_ENOTFOUND,
				  "'%s' is no bare repository", gitdir);
	u = mn_xcalloc(1, sizeof(*u));
	u->gitdir = mn_xstrdup(gitdir);
	if (opt)
		u->opt = *opt;
	if (!u->opt.agent)
		u->opt.agent = MN_AGENT;
	if (!u->opt.max_wants)
		u->opt.max_wants = 65536;
	if (!u->opt.max_haves)
		u->opt.max_haves = 65536;
	mn_buf_init(&u->out);
	*out = u;
	return 0;
}

void mn_upload_clear(struct mn_upload *u)
{
	mn_packstream_free(u->pack);
	u->pack = NULL;
	mn_vec_release(&u->ask.wants);
	mn_vec_release(&u->ask.haves);
	mn_objlist_release(&u->ask.shallow);
	memset(&u->ask, 0, sizeof(u->ask));
	mn_objlist_release(&u->edges);
	mn_objlist_release(&u->list);
	mn_vec_release(&u->packs);
	mn_buf_clear(&u->out);
	u->at = 0;
	u->ready = u->packing = u->failed = 0;
	u->ready_at = 0;
}

void mn_upload_free(struct mn_upload *u)
{
	if (!u)
		return;
	mn_upload_clear(u);
	mn_buf_release(&u->out);
	mn_objlist_release(&u->grafts);
	mn_store_close(u->store);
	free(u->gitdir);
	free(u);
}

int mn_upload_refuse(struct mn_upload *u, const char *fmt, ...)
{
	struct mn_err words = MN_ERR_INIT;
	char text[MN_ERR_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	mn_err_set(&words, MN_EINVALID, "%s", text);	/* no control bytes */
	mn_buf_clear(&u->out);
	mn_pkt_addf(&u->out, "ERR %s\n", words.msg);
	u->packing = 0;
	return 1;
}

int mn_upload_open(struct mn_upload *u, struct mn_err *err)
{
	int r;

	if (u->store)
		return 0;
	r = mn_store_open(&u->store, u->gitdir, err);
	if (r < 0)
		return r;
	u->partial = mn_walk_is_partial(u->store, u->gitdir);
	return mn_upload_read_grafts(u, err);
}

/* What HEAD names; a repository without one is a good one. */
static int read_head(struct mn_upload *u, struct mn_upload_refs *refs,
		     struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	struct mn_str s;
	int r;

	mn_buf_addf(&path, "%s/HEAD", u->gitdir);
	r = mn_io_read_file(&text, path.p, 4096, err);
	s = (struct mn_str){ text.p, text.len };
	while (s.len && strchr(" \t\r\n", s.p[s.len - 1]))
		s.len--;
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	} else if (!r && mn_str_starts(s, "ref:")) {
		s.p += 4;
		s.len -= 4;
		while (s.len && *s.p == ' ') {
			s.p++;
			s.len--;
		}
		if (s.len <= MN_REF_MAX && s.len) {
			memcpy(refs->head, s.p, s.len);
			refs->head[s.len] = 0;
		}
	} else if (!r && s.len == MN_OID_HEX) {
		refs->has_head = !mn_oid_parse(&refs->head_oid, s.p);
	}
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

int mn_upload_refs(struct mn_upload *u, struct mn_upload_refs *refs,
		   struct mn_err *err)
{
	size_t n = 0;
	int r;

	memset(refs, 0, sizeof(*refs));
	r = read_head(u, refs, err);
	if (!r)
		r = mn_refs_list(&refs->list, u->gitdir, "refs/",
				 MN_UPLOAD_REFS_MAX, err);
	for (size_t i = 0; i < refs->list.n; i++) {
		struct mn_ref *ref = &refs->list.p[i];

		if (u->opt.show_ref && !u->opt.show_ref(u->opt.ctx, ref->name))
			continue;
		if (!strcmp(ref->name, refs->head)) {
			refs->has_head = 1;
			refs->head_oid = ref->oid;
		}
		if (n++ != i)
			refs->list.p[n - 1] = *ref;
	}
	refs->list.n = n;
	return r;
}

int mn_upload_peel(struct mn_upload *u, const struct mn_ref *ref,
		   struct mn_oid *out)
{
	struct mn_reader *rd;
	struct mn_object o;
	int depth = 0;

	if (strncmp(ref->name, "refs/tags/", 10) || mn_upload_open(u, NULL) < 0)
		return 0;
	rd = mn_reader_new(u->store);
	*out = ref->oid;
	while (depth < PEEL_MAX &&
	       !mn_reader_read(rd, &o, out, MN_OBJECT_MAX, NULL) &&
	       o.type == MN_TAG && o.len > 7 + MN_OID_HEX &&
	       !memcmp(o.data, "object ", 7) &&
	       !mn_oid_parse(out, o.data + 7))
		depth++;
	mn_reader_free(rd);
	return depth > 0;
}

/* The id that is all there is behind a word. */
static int take_id(struct mn_oid *out, struct mn_str line, const char *word)
{
	size_t n = strlen(word);

	return line.len == n + MN_OID_HEX && mn_str_starts(line, word) &&
		!mn_oid_parse(out, line.p + n) ? 1 : 0;
}

static int take_number(uint64_t *out, struct mn_str line, const char *word)
{
	size_t n = strlen(word);

	*out = 0;
	if (line.len == n || line.len > n + 18)
		return 0;
	for (size_t i = n; i < line.len; i++) {
		if (line.p[i] < '0' || line.p[i] > '9')
			return 0;
		*out = *out * 10 + (uint64_t)(line.p[i] - '0');
	}
	return 1;
}

static int take_have(struct mn_upload *u, const struct mn_oid *oid)
{
	struct mn_upload_ask *a = &u->ask;

	if (a->nhaves++ >= u->opt.max_haves)
		return mn_upload_refuse(u, "upload-pack: more than %zu haves",
					u->opt.max_haves);
	if (mn_store_has(u->store, oid))
		*mn_vec_push(&a->haves) = *oid;
	return 0;
}

static int take_depth(struct mn_upload *u, struct mn_str line)
{
	struct mn_upload_ask *a = &u->ask;
	uint64_t n;

	if (mn_str_starts(line, "deepen-since ")) {
		if (!take_number(&n, line, "deepen-since "))
			return mn_upload_refuse(u, "upload-pack: malformed "
						"deepen-since");
		a->since = (int64_t)n;
	} else if (mn_str_starts(line, "deepen ")) {
		if (!take_number(&n, line, "deepen ") || !n)
			return mn_upload_refuse(u, "upload-pack: malformed "
						"deepen");
		a->depth = n;
	} else {
		return mn_upload_refuse(u, "upload-pack: deepen-not is not "
					"supported");
	}
	if (a->depth && a->since)
		return mn_upload_refuse(u, "upload-pack: deepen and "
					"deepen-since exclude each other");
	return 0;
}

int mn_upload_line(struct mn_upload *u, struct mn_str line, int *taken,
		   struct mn_err *err)
{
	struct mn_upload_ask *a = &u->ask;
	struct mn_oid oid;
	int r = mn_upload_open(u, err);

	*taken = 1;
	if (r < 0)
		return r;
	if (take_id(&oid, line, "want ")) {
		if (a->wants.n >= u->opt.max_wants)
			return mn_upload_refuse(u, "upload-pack: more than %zu "
						"wants", u->opt.max_wants);
		*mn_vec_push(&a->wants) = oid;
	} else if (take_id(&oid, line, "have ")) {
		return take_have(u, &oid);
	} else if (take_id(&oid, line, "shallow ")) {
		if (a->shallow.n >= MN_UPLOAD_LINES_MAX)
			return mn_upload_refuse(u, "upload-pack: too many "
						"shallow lines");
		mn_objlist_add(&a->shallow, &oid, MN_COMMIT, NULL);
	} else if (mn_str_starts(line, "deepen ") ||
		   mn_str_starts(line, "deepen-since ") ||
		   mn_str_starts(line, "deepen-not ")) {
		return take_depth(u, line);
	} else if (mn_str_starts(line, "filter ")) {
		line.p += 7;
		line.len -= 7;
		if (mn_filter_parse(&a->filter, line) < 0)
			return mn_upload_refuse(u, "upload-pack: the filter "
						"'%.*s' is not supported",
						(int)(line.len % 200), line.p);
	} else {
		*taken = 0;
	}
	return 0;
}

int mn_upload_check_wants(struct mn_upload *u, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	int r = mn_upload_open(u, err);

	for (size_t i = 0; i < u->ask.wants.n && !r; i++) {
		if (mn_store_has(u->store, &u->ask.wants.p[i]))
			continue;
		mn_oid_hex(hex, &u->ask.wants.p[i]);
		return mn_upload_refuse(u, "upload-pack: not our ref %s", hex);
	}
	return r;
}

int mn_upload_is_ready(struct mn_upload *u, struct mn_err *err)
{
	struct mn_walk w = { .store = u->store };
	int r;

	if (u->ready || u->ready_at == u->ask.haves.n)
		return u->ready;
	w.wants = u->ask.wants.p;
	w.nwants = u->ask.wants.n;
	w.haves = u->ask.haves.p;
	w.nhaves = u->ask.haves.n;
	w.edges = &u->edges;
	w.partial = u->partial;
	w.max_objects = u->opt.max_objects;
	r = mn_walk_all_reach(&w, err);
	u->ready = r > 0;
	u->ready_at = u->ask.haves.n;
	return r;
}

int mn_upload_advertise(struct mn_upload *u, int version, struct mn_buf *out,
			struct mn_err *err)
{
	if (version != 2)
		return mn_upload_advertise_v0(u, version, out, err);
	mn_upload_advertise_v2(u, out);
	return 0;
}

struct text {			/* a request that is there as a whole */
	struct mn_str rest;
};

static ssize_t text_source(void *ctx, void *buf, size_t size,
			   struct mn_err *err)
{
	struct text *t = ctx;
	size_t n = size < t->rest.len ? size : t->rest.len;

	(void)err;
	memcpy(buf, t->rest.p, n);
	t->rest.p += n;
	t->rest.len -= n;
	return (ssize_t)n;
}

int mn_upload_request(struct mn_upload *u, int version, struct mn_str request,
		      struct mn_err *err)
{
	struct mn_pkt_reader in;
	struct text t = { request };
	int r, more = 1;

	mn_upload_clear(u);
	mn_pkt_reader_init(&in, text_source, &t);
	r = version == 2 ? mn_upload_v2(u, &in, &more, err) :
		mn_upload_v0(u, &in, NULL, NULL, err);
	mn_pkt_reader_release(&in);
	if (r == MN_EINVALID || r == MN_EUNREACHABLE) {	/* of no packets */
		mn_upload_refuse(u, "upload-pack: %s", err ? err->msg :
				 "malformed request");
		mn_err_clear(err);
		r = 0;
	}
	return r < 0 ? r : 0;
}

/* Takes what a pack gives into one packet at p; size is room enough. */
static ssize_t read_band(struct mn_upload *u, char *p, size_t size,
			 struct mn_err *err)
{
	static const char digits[] = "0123456789abcdef";
	size_t room = (size_t)u->band - 5;
	ssize_t n;

	if (room > size - 5)
		room = size - 5;
	n = mn_packstream_read(u->pack, p + 5, room, err);
	if (n <= 0)
		return n;
	for (int i = 0; i < 4; i++)
		p[i] = digits[(size_t)(n + 5) >> (12 - 4 * i) & 15];
	p[4] = 1;
	return n + 5;
}

/* The pack can't go on: the client hears why, our caller next time. */
static void break_off(struct mn_upload *u, int r, const struct mn_err *err)
{
	static const char words[] = "\3upload-pack: an object can't be read\n";

	u->failed = r;
	u->why = *err;
	u->packing = 0;
	if (u->band)
		mn_pkt_add(&u->out, words, sizeof(words) - 1);
}

static ssize_t read_pack(struct mn_upload *u, char *buf, size_t size)
{
	struct mn_err err = MN_ERR_INIT;
	size_t got = 0;
	ssize_t n = 0;

	while (got < size && (!u->band || size - got > 1024)) {
		n = u->band ? read_band(u, buf + got, size - got, &err) :
			mn_packstream_read(u->pack, buf + got, size - got,
					   &err);
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	if (n < 0)
		break_off(u, (int)n, &err);
	if (!n && got < size) {
		u->packing = 0;
		if (u->band)
			mn_pkt_flush(&u->out);
	}
	return (ssize_t)got;
}

/* For one who reads less at a time than is worth a packet. */
static void stage_pack(struct mn_upload *u)
{
	struct mn_buf staged = MN_BUF_INIT;
	char part[4096];

	mn_buf_add(&staged, part, (size_t)read_pack(u, part, sizeof(part)));
	mn_buf_add(&staged, u->out.p, u->out.len);	/* what ends it */
	mn_buf_release(&u->out);
	u->out = staged;
}

ssize_t mn_upload_read(struct mn_upload *u, void *buf, size_t size,
		       struct mn_err *err)
{
	char *to = buf;
	size_t got = 0;

	while (got < size) {
		size_t n = u->out.len - u->at;

		if (n) {
			n = n < size - got ? n : size - got;
			memcpy(to + got, u->out.p + u->at, n);
			u->at += n;
			got += n;
			continue;
		}
		mn_buf_clear(&u->out);
		u->at = 0;
		if (!u->packing)
			break;
		if (!u->band || size - got > 1024) {
			got += (size_t)read_pack(u, to + got, size - got);
			continue;
		}
		if (got)
			break;
		stage_pack(u);
	}
	if (!got && u->failed) {
		if (err)
			*err = u->why;
		return u->failed;
	}
	return (ssize_t)got;
}

struct pipe {			/* a conversation over two descriptors */
	struct mn_upload *u;
	int in, out;
};

static ssize_t pipe_source(void *ctx, void *buf, size_t size,
			   struct mn_err *err)
{
	struct pipe *p = ctx;
	ssize_t n;

	do
		n = read(p->in, buf, size);
	while (n < 0 && errno == EINTR);
	return n < 0 ? mn_err_sys(err, "cannot read from the client") : n;
}

/* Everything that the answer holds goes to the client. */
static int pipe_say(void *ctx, struct mn_err *err)
{
	struct pipe *p = ctx;
	char *buf = mn_xmalloc(CHUNK);
	ssize_t n;
	int r = 0;

	while (!r && (n = mn_upload_read(p->u, buf, CHUNK, err)) != 0)
		r = n < 0 ? (int)n :
			mn_io_write_full(p->out, buf, (size_t)n, err);
	free(buf);
	return r;
}

static int serve_v2(struct mn_upload *u, struct mn_pkt_reader *in,
		    struct pipe *p, int once, struct mn_err *err)
{
	int r = 0, more = 1;

	while (!r && more) {
		mn_upload_clear(u);
		r = mn_upload_v2(u, in, &more, err);
		if (!r)
			r = pipe_say(p, err);
		if (once)
			break;
	}
	return r;
}

static int serve(struct pipe *p, int version, int once, struct mn_err *err)
{
	struct mn_upload *u = p->u;
	struct mn_pkt_reader rd;
	int r = 0, w;

	mn_upload_clear(u);
	mn_pkt_reader_init(&rd, pipe_source, p);
	if (!once)
		r = mn_upload_advertise(u, version, &u->out, err);
	if (!r && !once)
		r = pipe_say(p, err);
	if (!r && version == 2)
		r = serve_v2(u, &rd, p, once, err);
	else if (!r)
		r = mn_upload_v0(u, &rd, once ? NULL : pipe_say, p, err);
	if (!r && version != 2)
		r = pipe_say(p, err);
	mn_pkt_reader_release(&rd);
	if (r < 0 && !u->failed)
		mn_upload_refuse(u, "upload-pack: %s", r == MN_EINVALID && err ?
				 err->msg : "the repository can't be read");
	if (r && r != MN_EIO && !u->failed) {
		w = pipe_say(p, NULL);
		if (r > 0)	/* it was said; here nothing failed */
			return w;
	}
	return r;
}

int mn_upload_serve(struct mn_upload *u, int version, int in, int out,
		    struct mn_err *err)
{
	struct pipe p = { u, in, out };

	return serve(&p, version, 0, err);
}

int mn_upload_rpc(struct mn_upload *u, int version, int in, int out,
		  struct mn_err *err)
{
	struct pipe p = { u, in, out };

	return serve(&p, version, 1, err);
}
