#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

#include "banned.h"

/*
 * Makes a message harmless, in place: what is malformed, a control or a
 * bidirectional override becomes '?'. A character that truncation cut in
 * two is dropped.
 */
static void clean(char *s, int truncated)
{
	size_t len = strlen(s), in = 0, out = 0;

	while (in < len) {
		uint32_t cp;
		size_t n = mn_utf8_next(&cp, s + in, len - in);

		if (!n && truncated && len - in < 4)
			break;
		if (!n || mn_utf8_is_control(cp) || mn_utf8_is_bidi(cp)) {
			s[out++] = '?';
			in += n ? n : 1;
			continue;
		}
		memmove(s + out, s + in, n);
		out += n;
		in += n;
	}
	s[out] = '\0';
}

static void set_words(char *out, size_t size, const char *fmt, va_list ap)
	__attribute__((format(printf, 3, 0)));

static void set_words(char *out, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(out, size, fmt, ap);

	if (n < 0)
		out[0] = '\0';
	clean(out, n < 0 || (size_t)n >= size);
}

/* Puts ": <tail>" behind the words, as far as there is room. */
static void append(struct mn_err *err, const char *tail)
{
	size_t len = strlen(err->msg);
	size_t room = sizeof(err->msg) - len;
	int n;

	n = snprintf(err->msg + len, room, "%s%s", len ? ": " : "", tail);
	clean(err->msg, n < 0 || (size_t)n >= room);
}

int mn_err_set(struct mn_err *err, int code, const char *fmt, ...)
{
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	set_words(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	err->code = code;
	return code;
}

int mn_err_wrap(struct mn_err *err, int code, const char *fmt, ...)
{
	char inner[MN_ERR_MAX];
	va_list ap;

	if (!err)
		return code;
	memcpy(inner, err->msg, sizeof(inner));
	va_start(ap, fmt);
	set_words(err->msg, sizeof(err->msg), fmt, ap);
	va_end(ap);
	if (inner[0])
		append(err, inner);
	if (!err->code)
		err->code = code;
	return code;
}

int mn_err_sys(struct mn_err *err, const char *fmt, ...)
{
	int saved = errno;
	int code = saved == ENOENT ? MN_ENOTFOUND : MN_EIO;
	char text[128];
	va_list ap;

	if (err) {
		va_start(ap, fmt);
		set_words(err->msg, sizeof(err->msg), fmt, ap);
		va_end(ap);
		append(err, strerror_r(saved, text, sizeof(text)));
		err->code = code;
	}
	errno = saved;
	return code;
}

void mn_err_clear(struct mn_err *err)
{
	if (err) {
		err->code = 0;
		err->msg[0] = '\0';
	}
}

void mn_bug(const char *file, int line, const char *msg)
{
	char text[MN_ERR_MAX];
	int n = snprintf(text, sizeof(text), "BUG: %s:%d: %s\n", file, line,
			 msg);

	if (n > 0) {
		size_t len = (size_t)n < sizeof(text) ? (size_t)n :
			     sizeof(text) - 1;

		if (write(2, text, len) < 0)
			abort();
	}
	abort();
}
