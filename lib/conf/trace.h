/*
 * trace: lines about what the program does, for people who debug it. The
 * command layer opens the destination and decides from MN_TRACE; without it
 * the descriptor is -1 and a call costs one comparison.
 *
 *	mn_trace(t, "index: %zu posts in %s", n, path);
 *
 * prints "12:34:56.789012 index: ...". Control bytes are replaced.
 */
#ifndef MN_CONF_TRACE_H
#define MN_CONF_TRACE_H

#include <stdint.h>

struct mn_trace {
	int fd;			/* -1: off */
};
#define MN_TRACE_INIT { -1 }

void mn_trace_printf(const struct mn_trace *t, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#define mn_trace(t, ...) \
	((t)->fd < 0 ? (void)0 : mn_trace_printf(t, __VA_ARGS__))

#endif
