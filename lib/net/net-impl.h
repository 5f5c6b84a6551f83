/*
 * net-impl: for the parts of lib/net: what struct mn_net holds. Each transport
 * keeps its connections in a pool of its own, made at its first use; they are
 * NULL before. A pool has no lock: a net belongs to one thread.
 */
#ifndef MN_NET_NET_IMPL_H
#define MN_NET_NET_IMPL_H

#include <stdint.h>

#include "net/net.h"

struct mn_http_pool;		/* http.c */
struct mn_ssh_pool;		/* ssh.c */

struct mn_net {
	struct mn_net_options opt;	/* no number is 0 where 0 means default
					   (but protocol and ssh_builtin) */
	struct mn_http_pool *http;	/* owned; NULL: none yet */
	struct mn_ssh_pool *ssh;	/* owned; NULL: none yet */
	struct mn_net_wire wire;	/* the transports count */
};

/* Close the connections. NULL is fine. */
void mn_http_pool_free(struct mn_http_pool *p);
void mn_ssh_pool_free(struct mn_ssh_pool *p);

/*
 * A server that sends a byte now and then never stalls. So who waited for it
 * much longer than it may be silent must have got MN_NET_PACE bytes a second.
 * (git's own servers send five bytes in five seconds while they make a pack.)
 */
#define MN_NET_PACE 100
#define MN_NET_PATIENCE 5	/* times stall_ms, before that is looked at */
struct mn_net_pace {
	uint64_t ms, bytes;
};
uint64_t mn_net_now_ms(void);
/* n bytes came of what was waited for since then. 0, or MN_EUNREACHABLE. */
int mn_net_pace(struct mn_net_pace *p, const struct mn_net_options *o,
		const char *name, uint64_t since, size_t n,
		struct mn_err *err);

/* Words for the trace, if somebody wants them. */
void mn_net_trace(struct mn_net *net, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
