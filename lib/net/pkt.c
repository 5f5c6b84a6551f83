#include "net/pkt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define BUFFER (2 * 65536)	/* the longest packet, and much of the next */

void mn_pkt_reader_init(struct mn_pkt_reader *p, mn_pkt_source *source,
			void *ctx)
{
	*p = (struct mn_pkt_reader){ .source = source, .ctx = ctx };
	p->buf = mn_xmalloc(BUFFER);
}

void mn_pkt_reader_release(struct mn_pkt_reader *p)
{
	free(p->buf);
	*p = (struct mn_pkt_reader){ 0 };
}

/* Makes need bytes stand at p->at: 1; 0 where the end comes first. */
static int fill(struct mn_pkt_reader *p, size_t need, struct mn_err *err)
{
	ssize_t n;

	if (p->at == p->end)
		p->at = p->end = 0;
	if (BUFFER - p->at < need) {
		memmove(p->buf, p->buf + p->at, p->end - p->at);
		p->end -= p->at;
		p->at = 0;
	}
	while (p->end - p->at < need) {
		n = p->source(p->ctx, p->buf + p->end, BUFFER - p->end, err);
		if (n < 0)
			return (int)n;
		if (!n)
			return 0;
		p->end += (size_t)n;
	}
	return 1;
}

/* -1 where it is none; both cases of letters, as git takes them. */
static int length_of(const char *p)
{
	int len = 0;

	for (int i = 0; i < 4; i++) {
		int d = p[i] >= '0' && p[i] <= '9' ? p[i] - '0' :
			p[i] >= 'a' && p[i] <= 'f' ? p[i] - 'a' + 10 :
			p[i] >= 'A' && p[i] <= 'F' ? p[i] - 'A' + 10 : -1;

		if (d < 0)
			return -1;
		len = len * 16 + d;
	}
	return len;
}

static int cut_short(struct mn_err *err)
{
	return mn_err_set(err, MN_EUNREACHABLE,
			  "the other side broke off within a packet");
}

int mn_pkt_read(struct mn_pkt_reader *p, enum mn_pkt_kind *kind,
		struct mn_err *err)
{
	static const enum mn_pkt_kind special[] = {
		MN_PKT_FLUSH, MN_PKT_DELIM, MN_PKT_END
	};
	int r, len;

	p->line = (struct mn_str){ NULL, 0 };
	r = fill(p, 4, err);
	if (r < 0)
		return r;
	if (!r && p->at == p->end) {
		*kind = MN_PKT_EOF;
		return 0;
	}
	if (!r)
		return cut_short(err);
	len = length_of(p->buf + p->at);
	if (len < 0)
		return mn_err_set(err, MN_EINVALID, "the other side doesn't "
				  "speak git's protocol: '%.4s' is no length",
				  p->buf + p->at);
	if (len == 3 || len > MN_PKT_MAX)
		return mn_err_set(err, MN_EINVALID,
				  "a packet of %d bytes is not allowed", len);
	if (len < 3) {
		p->at += 4;
		*kind = special[len];
		return 0;
	}
	r = fill(p, (size_t)len, err);
	if (r <= 0)
		return r < 0 ? r : cut_short(err);
	p->line.p = p->buf + p->at + 4;
	p->line.len = (size_t)len - 4;
	p->at += (size_t)len;
	*kind = MN_PKT_DATA;
	return 0;
}

struct mn_str mn_pkt_text(const struct mn_pkt_reader *p)
{
	struct mn_str s = p->line;

	if (s.len && s.p[s.len - 1] == '\n')
		s.len--;
	return s;
}

ssize_t mn_pkt_rest(struct mn_pkt_reader *p, void *buf, size_t size,
		    struct mn_err *err)
{
	size_t n = p->end - p->at;

	if (!n)
		return p->source(p->ctx, buf, size, err);
	if (n > size)
		n = size;
	memcpy(buf, p->buf + p->at, n);
	p->at += n;
	return (ssize_t)n;
}

void mn_pkt_add(struct mn_buf *b, const void *data, size_t len)
{
	char head[5];

	if (len > MN_PKT_MAX - 4)
		MN_BUG("a packet is too long");
	snprintf(head, sizeof(head), "%04zx", len + 4);
	mn_buf_add(b, head, 4);
	mn_buf_add(b, data, len);
}

void mn_pkt_addf(struct mn_buf *b, const char *fmt, ...)
{
	struct mn_buf text = MN_BUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	mn_buf_vaddf(&text, fmt, ap);
	va_end(ap);
	mn_pkt_add(b, text.p, text.len);
	mn_buf_release(&text);
}

void mn_pkt_flush(struct mn_buf *b)
{
	mn_buf_adds(b, "0000");
}

void mn_pkt_delim(struct mn_buf *b)
{
	mn_buf_adds(b, "0001");
}
