/*
 * tap: what a unit test in C needs to speak TAP. The plan comes at the end:
 *
 *	int main(void)
 *	{
 *		ok(mn_str_eq(MN_STR("a"), "a"), "equal strings are equal");
 *		is_int(1 + 1, 2, "%d and %d", 1, 1);
 *		return done_testing();
 *	}
 *
 * A failed check says on stderr where it stands and what it saw.
 */
#ifndef MN_TAP_H
#define MN_TAP_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_run, tap_failed;

/* Each gives back whether the check held. The name is a printf format. */
#define ok(cond, ...) tap_ok(__FILE__, __LINE__, !!(cond), __VA_ARGS__)
#define is_int(got, want, ...) \
	tap_is_int(__FILE__, __LINE__, (intmax_t)(got), (intmax_t)(want), \
		   __VA_ARGS__)
#define is_str(got, want, ...) \
	tap_is_str(__FILE__, __LINE__, (got), (want), __VA_ARGS__)
#define is_mem(got, want, len, ...) \
	tap_is_mem(__FILE__, __LINE__, (got), (want), (len), __VA_ARGS__)

#define TAP_UNUSED __attribute__((unused))
#define TAP_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

static void tap_line(const char *file, int line, int good, const char *fmt,
		     va_list ap) TAP_UNUSED TAP_PRINTF(4, 0);
static int tap_ok(const char *file, int line, int good, const char *fmt, ...)
	TAP_UNUSED TAP_PRINTF(4, 5);
static int tap_is_int(const char *file, int line, intmax_t got, intmax_t want,
		      const char *fmt, ...) TAP_UNUSED TAP_PRINTF(5, 6);
static int tap_is_str(const char *file, int line, const char *got,
		      const char *want, const char *fmt, ...)
	TAP_UNUSED TAP_PRINTF(5, 6);
static int tap_is_mem(const char *file, int line, const void *got,
		      const void *want, size_t len, const char *fmt, ...)
	TAP_UNUSED TAP_PRINTF(6, 7);
static int done_testing(void) TAP_UNUSED;

static void tap_line(const char *file, int line, int good, const char *fmt,
		     va_list ap)
{
	printf("%sok %d - ", good ? "" : "not ", ++tap_run);
	vprintf(fmt, ap);
	putchar('\n');
	fflush(stdout);
	if (!good) {
		tap_failed++;
		fprintf(stderr, "# failed at %s:%d\n", file, line);
	}
}

static int tap_ok(const char *file, int line, int good, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(file, line, good, fmt, ap);
	va_end(ap);
	return good;
}

static int tap_is_int(const char *file, int line, intmax_t got, intmax_t want,
		      const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tap_line(file, line, got == want, fmt, ap);
	va_end(ap);
	if (got != want)
		fprintf(stderr, "#   got %jd, want %jd\n", got, want);
	return got == want;
}

static int tap_is_str(const char *file, int line, const char *got,
		      const char *want, const char *fmt, ...)
{
	int same = got && want ? !strcmp(got, want) : got == want;
	va_list ap;

	va_start(ap, fmt);
	tap_line(file, line, same, fmt, ap);
	va_end(ap);
	if (!same)
		fprintf(stderr, "#   got  '%s'\n#   want '%s'\n",
			got ? got : "(null)", want ? want : "(null)");
	return same;
}

static int tap_is_mem(const char *file, int line, const void *got,
		      const void *want, size_t len, const char *fmt, ...)
{
	const unsigned char *g = got, *w = want;
	size_t at = 0;
	va_list ap;

	while (at < len && g[at] == w[at])
		at++;
	va_start(ap, fmt);
	tap_line(file, line, at == len, fmt, ap);
	va_end(ap);
	if (at < len)
		fprintf(stderr, "#   byte %zu of %zu: got %02x, want %02x\n",
			at, len, g[at], w[at]);
	return at == len;
}

/* Prints the plan; the exit status of the test. */
static int done_testing(void)
{
	printf("1..%d\n", tap_run);
	if (fflush(stdout) || ferror(stdout))
		return 1;
	return tap_failed || !tap_run;
}

#endif
