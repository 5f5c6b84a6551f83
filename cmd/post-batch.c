/* post-batch: many posts from lines of JSON, in one transaction. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/vec.h"
#include "node/verify.h"
#include "post-batch.h"
#include "social/draft-json.h"
#include "social/index.h"
#include "social/item.h"
#include "social/profile.h"
#include "social/revision.h"
#include "banned.h"

#define READ_SIZE ((size_t)256 * 1024)
#define HOLD_MAX ((size_t)16 << 20)	/* bytes of contents, kept in memory */

struct batch {
	struct mn_cmd *c;
	const struct mn_home *home;
	struct mn_author *author;
	struct mn_draft_source src;
	const char *path;
	int fd;
	struct mn_buf in;		/* read, from at on not yet used */
	size_t at;
	int eof;
	uint64_t line;			/* of the input, from 1 */
	struct mn_draft *drafts;	/* MN_ITEMS of them */
	uint64_t lines[MN_ITEMS];	/* that they stand in */
	size_t n, bytes;		/* drafts at hand; their contents */
	struct mn_post_ids *ids;
	struct mn_err *err;
};

/* Appends one content to the buffer ctx. */
static int collect(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	struct mn_buf *b = ctx;

	if (len > MN_OBJECT_MAX - b->len)
		return mn_err_set(err, MN_ELIMIT, "an attachment of over %u "
				  "MiB is not copied: give its \"file\"",
				  MN_OBJECT_MAX >> 20);
	mn_buf_add(b, data, len);
	return 0;
}

/* An attachment that lies in a profile of this home. */
static int fetch(void *ctx, struct mn_buf *out, const char *profile,
		 const char *node, size_t content, struct mn_err *err)
{
	struct batch *b = ctx;
	struct mn_resolver how = { .home = b->home };
	struct mn_resolved found;
	struct mn_buf word = MN_BUF_INIT;
	struct mn_node n;
	int r;

	mn_node_init(&n);
	mn_buf_addf(&word, "mn:%s/%s", profile, node);
	r = mn_resolve(&found, &how, word.p, err);
	if (r == 0) {
		r = mn_node_load(&n, found.profile->rd, &found.oid, NULL, err);
		if (r == 0)
			r = mn_content_read(found.profile->rd, &n, content,
					    collect, out, NULL, err);
		mn_resolved_release(&found);
	}
	mn_buf_release(&word);
	mn_node_release(&n);
	return r;
}

static int fill(struct batch *b)
{
	size_t got;
	int r;

	memmove(b->in.p, b->in.p + b->at, b->in.len - b->at);
	mn_buf_setlen(&b->in, b->in.len - b->at);
	b->at = 0;
	if (b->in.len > MN_JSON_LINE_MAX)
		return mn_err_set(b->err, MN_ELIMIT, "a line of JSON is at "
				  "most %u MiB", MN_JSON_LINE_MAX >> 20);
	mn_buf_grow(&b->in, READ_SIZE);
	r = mn_io_read_full(b->fd, b->in.p + b->in.len, READ_SIZE, &got,
			    b->err);
	if (r < 0)
		return mn_err_sys(b->err, "cannot read '%s'", b->path);
	mn_buf_setlen(&b->in, b->in.len + got);
	b->eof = got < READ_SIZE;
	return 0;
}

/* The next line, borrowed until the one after it; 1, 0 at the end, or < 0. */
static int next_line(struct batch *b, struct mn_str *line)
{
	size_t seen = 0;

	for (;;) {
		char *from = b->in.p + b->at;
		size_t len = b->in.len - b->at;
		char *nl = memchr(from + seen, '\n', len - seen);
		int r;

		if (nl || (b->eof && len)) {
			*line = (struct mn_str){ from, nl ? (size_t)(nl - from)
							  : len };
			b->at += line->len + (nl != NULL);
			b->line++;
			return 1;
		}
		if (b->eof)
			return 0;
		seen = len;
		r = fill(b);
		if (r < 0)
			return r;
	}
}

static int is_blank(struct mn_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!strchr(" \t\r", s.p[i]) || !s.p[i])
			return 0;
	return 1;
}

static int wrap_line(struct batch *b, int r, uint64_t line)
{
	return mn_err_wrap(b->err, r, "line %llu", (unsigned long long)line);
}

static int post_drafts(struct batch *b)
{
	struct mn_draft *list[MN_ITEMS] = { NULL };
	size_t first = b->ids->n, n = b->n, at;
	int r;

	for (size_t i = 0; i < n; i++) {
		list[i] = &b->drafts[i];
		mn_vec_push(b->ids);
	}
	b->n = b->bytes = 0;
	r = mn_author_post(b->author, list, n, b->ids->p + first, b->err);
	at = mn_author_at(b->author);
	return r < 0 && at < n ? wrap_line(b, r, b->lines[at]) : r;
}

static int take_line(struct batch *b, struct mn_str line)
{
	struct mn_draft *d = &b->drafts[b->n];
	int r;

	if (is_blank(line))
		return 0;
	mn_draft_reset(d);
	r = mn_draft_from_json(d, line, &b->src, b->err);
	if (r == 0)
		r = mn_draft_finish(d, b->err);
	if (r < 0)
		return wrap_line(b, r, b->line);
	for (size_t i = 0; i < d->ncontents; i++)
		b->bytes += d->contents[i].from.data.len;
	b->lines[b->n++] = b->line;
	return b->n == MN_ITEMS || b->bytes > HOLD_MAX ? post_drafts(b) : 0;
}

static int post_all(struct batch *b)
{
	struct mn_str line;
	int r;

	while ((r = next_line(b, &line)) > 0) {
		r = take_line(b, line);
		if (r < 0)
			return r;
	}
	if (r == 0 && b->n)
		r = post_drafts(b);
	return r < 0 ? r : mn_author_commit(b->author, b->err);
}

static void print_ids(struct batch *b)
{
	char hex[MN_ID_HEX + 2];

	for (size_t i = 0; i < b->ids->n; i++) {
		mn_id_hex(hex, &b->ids->p[i]);
		hex[MN_ID_HEX] = '\n';
		mn_out(b->c, hex, MN_ID_HEX + 1);
	}
}

int mn_post_batch(struct mn_post_ids *ids, struct mn_cmd *c,
		  const struct mn_home *h, struct mn_author *a,
		  struct mn_media *media, const char *path,
		  struct mn_err *err)
{
	struct batch b = { .c = c, .home = h, .author = a, .path = path,
			   .fd = STDIN_FILENO, .in = MN_BUF_INIT, .ids = ids,
			   .err = err };
	int r;

	b.src = (struct mn_draft_source){ media, fetch, &b };
	if (strcmp(path, "-")) {
		b.fd = open(path, O_RDONLY | O_CLOEXEC);
		if (b.fd < 0)
			return mn_err_sys(err, "cannot open '%s'", path);
	}
	b.drafts = mn_xcalloc(MN_ITEMS, sizeof(*b.drafts));
	r = post_all(&b);
	if (r < 0)
		mn_err_wrap(err, r, "nothing was posted");
	else
		print_ids(&b);
	for (size_t i = 0; i < MN_ITEMS; i++)
		mn_draft_release(&b.drafts[i]);
	free(b.drafts);
	mn_buf_release(&b.in);
	if (b.fd != STDIN_FILENO)
		close(b.fd);
	return r;
}
