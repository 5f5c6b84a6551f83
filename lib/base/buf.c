#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/hex.h"

#include "banned.h"

/* Shared by all empty buffers of all threads: never written to. */
char mn_buf_empty[1] = "";

static void out_of_memory(void) __attribute__((noreturn));

static void out_of_memory(void)
{
	static const char msg[] = "out of memory\n";

	if (write(2, msg, sizeof(msg) - 1) < 0)
		abort();
	abort();
}

void *mn_xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mn_xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (!p)
		out_of_memory();
	return p;
}

void *mn_xrealloc(void *p, size_t n)
{
	p = realloc(p, n ? n : 1);
	if (!p)
		out_of_memory();
	return p;
}

char *mn_xstrdup(const char *s)
{
	size_t n = strlen(s) + 1;

	return memcpy(mn_xmalloc(n), s, n);
}

void mn_buf_init(struct mn_buf *b)
{
	b->p = mn_buf_empty;
	b->len = b->cap = 0;
}

void mn_buf_release(struct mn_buf *b)
{
	if (b->cap)
		free(b->p);
	mn_buf_init(b);
}

void mn_buf_clear(struct mn_buf *b)
{
	b->len = 0;
	if (b->cap)
		b->p[0] = '\0';
	else
		b->p = mn_buf_empty;
}

static void enlarge(struct mn_buf *b, size_t extra)
{
	size_t need, cap;

	if (extra >= SIZE_MAX / 2 - b->len)
		out_of_memory();
	need = b->len + extra + 1;
	cap = b->cap < 32 ? 64 : b->cap * 2;
	if (cap < need)
		cap = need;
	b->p = mn_xrealloc(b->cap ? b->p : NULL, cap);
	b->cap = cap;
	b->p[b->len] = '\0';
}

void mn_buf_grow(struct mn_buf *b, size_t extra)
{
	if (b->cap <= b->len || b->cap - b->len - 1 < extra)
		enlarge(b, extra);
}

void mn_buf_setlen(struct mn_buf *b, size_t len)
{
	if (len >= b->cap && (len || b->cap))
		MN_BUG("buffer length beyond what is allocated");
	b->len = len;
	if (b->cap)
		b->p[len] = '\0';
	else
		b->p = mn_buf_empty;
}

void mn_buf_add(struct mn_buf *b, const void *data, size_t len)
{
	mn_buf_grow(b, len);
	if (len)
		memcpy(b->p + b->len, data, len);
	b->len += len;
	b->p[b->len] = '\0';
}

void mn_buf_adds(struct mn_buf *b, const char *s)
{
	mn_buf_add(b, s, strlen(s));
}

void mn_buf_addc(struct mn_buf *b, char c)
{
	mn_buf_grow(b, 1);
	b->p[b->len++] = c;
	b->p[b->len] = '\0';
}

void mn_buf_addstr(struct mn_buf *b, struct mn_str s)
{
	mn_buf_add(b, s.p, s.len);
}

static const char pairs[] =
	"00010203040506070809101112131415161718192021222324"
	"25262728293031323334353637383940414243444546474849"
	"50515253545556575859606162636465666768697071727374"
	"75767778798081828384858687888990919293949596979899";

void mn_buf_addu(struct mn_buf *b, uint64_t n)
{
	char text[20];
	size_t at = sizeof(text);

	while (n >= 100) {
		at -= 2;
		memcpy(text + at, pairs + 2 * (n % 100), 2);
		n /= 100;
	}
	if (n >= 10) {
		at -= 2;
		memcpy(text + at, pairs + 2 * n, 2);
	} else {
		text[--at] = (char)('0' + n);
	}
	mn_buf_add(b, text + at, sizeof(text) - at);
}

void mn_buf_addhex(struct mn_buf *b, const void *bytes, size_t len)
{
	if (len > SIZE_MAX / 4)
		out_of_memory();
	mn_buf_grow(b, 2 * len);
	mn_hex_encode(b->p + b->len, bytes, len);
	b->len += 2 * len;
}

void mn_buf_addf(struct mn_buf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	mn_buf_vaddf(b, fmt, ap);
	va_end(ap);
}

void mn_buf_vaddf(struct mn_buf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	va_copy(again, ap);
	mn_buf_grow(b, 0);
	room = b->cap - b->len;
	n = vsnprintf(b->p + b->len, room, fmt, ap);
	if (n < 0)
		MN_BUG("impossible format");
	if ((size_t)n >= room) {
		mn_buf_grow(b, (size_t)n);
		n = vsnprintf(b->p + b->len, (size_t)n + 1, fmt, again);
		if (n < 0)
			MN_BUG("impossible format");
	}
	va_end(again);
	b->len += (size_t)n;
}

char *mn_buf_detach(struct mn_buf *b, size_t *len)
{
	char *p;

	mn_buf_grow(b, 0);
	p = b->p;
	if (len)
		*len = b->len;
	mn_buf_init(b);
	return p;
}

struct mn_str mn_str(const char *s)
{
	return (struct mn_str){ s, strlen(s) };
}

int mn_str_eq(struct mn_str a, const char *lit)
{
	size_t n = strlen(lit);

	return a.len == n && (!n || !memcmp(a.p, lit, n));
}

int mn_str_cmp(struct mn_str a, struct mn_str b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int r = n ? memcmp(a.p, b.p, n) : 0;

	return r ? r : (a.len > b.len) - (a.len < b.len);
}

int mn_str_starts(struct mn_str s, const char *prefix)
{
	size_t n = strlen(prefix);

	return s.len >= n && (!n || !memcmp(s.p, prefix, n));
}
