#include "net/net.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"
#include "net/net-impl.h"

#include "banned.h"

struct mn_net *mn_net_new(const struct mn_net_options *opt)
{
	struct mn_net *net = mn_xcalloc(1, sizeof(*net));
	struct mn_net_options *o = &net->opt;

	if (opt)
		*o = *opt;
	if (o->connect_ms <= 0)
		o->connect_ms = 15000;
	if (o->stall_ms <= 0)
		o->stall_ms = 60000;
	if (!o->max_refs)
		o->max_refs = 100000;
	if (!o->max_answer)
		o->max_answer = 16 * 1024 * 1024;
	return net;
}

void mn_net_free(struct mn_net *net)
{
	if (!net)
		return;
	mn_ssh_pool_free(net->ssh);
	mn_http_pool_free(net->http);
	free(net);
}

const struct mn_net_options *mn_net_options(const struct mn_net *net)
{
	return &net->opt;
}

void mn_net_wire(const struct mn_net *net, struct mn_net_wire *w)
{
	*w = net->wire;
}

uint64_t mn_net_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

int mn_net_pace(struct mn_net_pace *p, const struct mn_net_options *o,
		const char *name, uint64_t since, size_t n,
		struct mn_err *err)
{
	p->ms += mn_net_now_ms() - since;
	p->bytes += n;
	if (p->ms < (uint64_t)o->stall_ms * MN_NET_PATIENCE ||
	    p->bytes >= p->ms / 1000 * MN_NET_PACE)
		return 0;
	return mn_err_set(err, MN_EUNREACHABLE, "'%s': too little comes: %"
			  PRIu64 " bytes in %" PRIu64 " seconds", name,
			  p->bytes, p->ms / 1000);
}

void mn_net_trace(struct mn_net *net, const char *fmt, ...)
{
	struct mn_buf b = MN_BUF_INIT;
	va_list ap;

	if (!net->opt.trace)
		return;
	va_start(ap, fmt);
	mn_buf_vaddf(&b, fmt, ap);
	va_end(ap);
	net->opt.trace(net->opt.ctx, b.p);
	mn_buf_release(&b);
}
