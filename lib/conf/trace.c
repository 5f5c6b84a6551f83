/* trace: see trace.h. */
#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "base/buf.h"
#include "base/io.h"
#include "conf/trace.h"
#include "banned.h"

void mn_trace_printf(const struct mn_trace *t, const char *fmt, ...)
{
	struct mn_buf b = MN_BUF_INIT;
	struct timespec now;
	va_list ap;
	size_t i;
	int64_t s;

	clock_gettime(CLOCK_REALTIME, &now);
	s = now.tv_sec % 86400;
	mn_buf_addf(&b, "%02" PRId64 ":%02" PRId64 ":%02" PRId64 ".%06ld ",
		    s / 3600, s / 60 % 60, s % 60, now.tv_nsec / 1000);
	va_start(ap, fmt);
	mn_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	for (i = 0; i < b.len; i++)
		if ((unsigned char)b.p[i] < 0x20 || b.p[i] == 0x7f)
			b.p[i] = '?';
	mn_buf_addc(&b, '\n');
	/* one write, so that lines of several processes don't mix */
	mn_io_write_full(t->fd, b.p, b.len, NULL);
	mn_buf_release(&b);
}
