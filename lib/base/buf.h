/*
 * buf: bytes that grow. Always NUL-terminated behind len, so that p can be
 * handed to what wants a string. Owned by the caller; _clear keeps the
 * memory for reuse, _release gives it back. Running out of memory aborts:
 * sizes that come from outside are capped before they get here.
 *
 *	struct mn_buf b = MN_BUF_INIT;
 *	mn_buf_addf(&b, "seq %" PRIu64 "\n", seq);
 *	mn_buf_release(&b);
 */
#ifndef MN_BASE_BUF_H
#define MN_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct mn_buf {
	char *p;		/* never NULL after the first use of p or add */
	size_t len;		/* bytes in use */
	size_t cap;		/* bytes allocated; 0: p is the static "" */
};

extern char mn_buf_empty[];
#define MN_BUF_INIT { mn_buf_empty, 0, 0 }

/* A view of bytes somebody else owns. */
struct mn_str {
	const char *p;
	size_t len;
};
#define MN_STR(lit) ((struct mn_str){ (lit), sizeof(lit) - 1 })

void mn_buf_init(struct mn_buf *b);
void mn_buf_release(struct mn_buf *b);
void mn_buf_clear(struct mn_buf *b);
void mn_buf_grow(struct mn_buf *b, size_t extra);	/* and a NUL */
void mn_buf_setlen(struct mn_buf *b, size_t len);	/* len <= allocated */
void mn_buf_add(struct mn_buf *b, const void *data, size_t len);
void mn_buf_adds(struct mn_buf *b, const char *s);
void mn_buf_addc(struct mn_buf *b, char c);
void mn_buf_addstr(struct mn_buf *b, struct mn_str s);
void mn_buf_addu(struct mn_buf *b, uint64_t n);		/* decimal, fast */
void mn_buf_addhex(struct mn_buf *b, const void *bytes, size_t len);
void mn_buf_addf(struct mn_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void mn_buf_vaddf(struct mn_buf *b, const char *fmt, va_list ap)
	__attribute__((format(printf, 2, 0)));
char *mn_buf_detach(struct mn_buf *b, size_t *len);	/* caller frees */

/* strings */
struct mn_str mn_str(const char *s);
int mn_str_eq(struct mn_str a, const char *lit);
int mn_str_cmp(struct mn_str a, struct mn_str b);	/* bytewise */
int mn_str_starts(struct mn_str s, const char *prefix);

void *mn_xmalloc(size_t n);
void *mn_xcalloc(size_t n, size_t size);
void *mn_xrealloc(void *p, size_t n);
char *mn_xstrdup(const char *s);

#endif
