#include "net/net.h"

#include <stdarg.h>
#include <stdlib.h>

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
