/* reading: see reading.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "out/text.h"
#include "reading.h"
#include "banned.h"

#define INDEX_WAIT_MS 10000
#define RECORD_MAX 65536
#define READ_SIZE 65536
#define LOOK_AT 8000		/* bytes that tell text from binary */

int mn_reading_open(struct mn_reading *r, struct mn_cmd *c, int need_index,
		    struct mn_err *err)
{
	int ret;

	memset(r, 0, sizeof(*r));
	r->c = c;
	ret = mn_cmd_open(c, &r->home, &r->profile, err);
	if (ret < 0)
		return ret;
	ret = mn_cmd_index(c, &r->home, &r->index, INDEX_WAIT_MS, err);
	if (!ret)
		ret = mn_index_sync(r->index, &r->profile, err);
	if (ret == MN_ECORRUPT && r->index) {
		r->incomplete = 1;
		if (need_index)
			mn_warning(c, "%s", err->msg);
		mn_err_clear(err);
		ret = 0;
	}
	if (ret < 0 && !need_index) {
		mn_trace(&c->trace, "no index: %s", err->msg);
		mn_index_close(r->index);
		r->index = NULL;
		mn_err_clear(err);
		ret = 0;
	}
	if (ret < 0) {
		mn_reading_close(r);
		return ret;
	}
	r->resolver = (struct mn_resolver){ &r->home, r->index, &r->profile,
					    r->index != NULL };
	return 0;
}

void mn_reading_close(struct mn_reading *r)
{
	mn_index_close(r->index);
	mn_profile_close(&r->profile);
	mn_home_release(&r->home);
}

void mn_records_init(struct mn_records *in, struct mn_cmd *c, char end)
{
	*in = (struct mn_records){ .c = c, .end = end };
	mn_buf_init(&in->buf);
}

void mn_records_release(struct mn_records *in)
{
	mn_buf_release(&in->buf);
}

static void read_more(struct mn_records *in)
{
	size_t left = in->buf.len - in->at;
	ssize_t n;

	if (left > RECORD_MAX)
		mn_die(in->c, "stdin: a record of more than %d bytes",
		       RECORD_MAX);
	memmove(in->buf.p, in->buf.p + in->at, left);
	mn_buf_setlen(&in->buf, left);
	in->at = 0;
	mn_buf_grow(&in->buf, READ_SIZE);
	mn_out_flush(in->c);
	do
		n = read(STDIN_FILENO, in->buf.p + left, READ_SIZE);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		mn_die(in->c, "cannot read stdin: %s", strerror(errno));
	in->eof = !n;
	mn_buf_setlen(&in->buf, left + (size_t)n);
}

int mn_records_next(struct mn_records *in, struct mn_str *record)
{
	size_t from = in->at, left, n;
	char *end;

	for (;;) {
		left = in->buf.len - from;
		end = left ? memchr(in->buf.p + from, in->end, left) : NULL;
		if (end || in->eof)
			break;
		n = in->buf.len - in->at;	/* looked at already */
		read_more(in);
		from = in->at + n;
	}
	if (!end && in->at == in->buf.len)
		return 0;
	*record = (struct mn_str){ in->buf.p + in->at, in->buf.len - in->at };
	in->at = in->buf.len;
	if (end) {
		*end = '\0';
		record->len = (size_t)(end - record->p);
		in->at = (size_t)(end + 1 - in->buf.p);
	}
	return 1;
}

int mn_records_wait(const struct mn_records *in)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	size_t left = in->buf.len - in->at;

	if (in->eof || (left && memchr(in->buf.p + in->at, in->end, left)))
		return 0;
	return poll(&fd, 1, 0) <= 0;
}

void mn_rawout_init(struct mn_rawout *o, struct mn_cmd *c)
{
	*o = (struct mn_rawout){ .c = c, .tty = isatty(STDOUT_FILENO) };
	mn_buf_init(&o->safe);
}

static int is_binary(const char *p, size_t len)
{
	size_t n = len < LOOK_AT ? len : LOOK_AT, ok;

	if (memchr(p, '\0', n))
		return 1;
	ok = mn_utf8_check(p, n);
	return ok < n && (n == len || n - ok > 3);
}

/* How many bytes at the end may be the beginning of a character. */
static size_t cut_at_end(const char *p, size_t len)
{
	size_t n;

	for (n = 1; n <= 3 && n <= len; n++) {
		unsigned char c = (unsigned char)p[len - n];

		if (c >= 0xc0)
			return n;
		if (c < 0x80)
			break;
	}
	return 0;
}

static void write_safe(struct mn_rawout *o, const char *p, size_t len)
{
	struct mn_buf all = MN_BUF_INIT;
	size_t cut;

	mn_buf_add(&all, o->cut, o->ncut);
	mn_buf_add(&all, p, len);
	cut = cut_at_end(all.p, all.len);
	memcpy(o->cut, all.p + all.len - cut, cut);
	o->ncut = cut;
	mn_text_raw(&o->safe, (struct mn_str){ all.p, all.len - cut });
	mn_out_buf(o->c, &o->safe);
	mn_buf_release(&all);
}

int mn_rawout_write(struct mn_rawout *o, const void *data, size_t len,
		    struct mn_err *err)
{
	if (!o->tty) {
		mn_out(o->c, data, len);
		return 0;
	}
	if (!o->begun && len && is_binary(data, len))
		return mn_err_set(err, MN_EINVALID, "this is binary: it goes "
				  "to a file or a pipe, not to a terminal");
	o->begun = 1;
	write_safe(o, data, len);
	return 0;
}

void mn_rawout_release(struct mn_rawout *o)
{
	if (o->ncut)
		mn_text_raw(&o->safe, (struct mn_str){ o->cut, o->ncut });
	mn_out_buf(o->c, &o->safe);
	mn_buf_release(&o->safe);
}
