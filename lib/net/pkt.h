/*
 * pkt: git's packet lines (gitprotocol-common(5)): four hexadecimal digits
 * of length, which count themselves, and that many bytes; "0000" flush, "0001"
 * delimiter, "0002" response end. At most 65,520 bytes in all.
 *
 * A reader takes its bytes from a function, so that it works on anything.
 */
#ifndef MN_NET_PKT_H
#define MN_NET_PKT_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

#define MN_PKT_MAX 65520	/* with its four digits */

enum mn_pkt_kind { MN_PKT_DATA, MN_PKT_FLUSH, MN_PKT_DELIM, MN_PKT_END,
		   MN_PKT_EOF };	/* EOF: between packets only */

typedef ssize_t mn_pkt_source(void *ctx, void *buf, size_t size,
			      struct mn_err *err);
struct mn_pkt_reader {
	mn_pkt_source *source;
	void *ctx;
	char *buf;		/* owned */
	size_t at, end;
	struct mn_str line;	/* of the packet read last; borrowed */
};

void mn_pkt_reader_init(struct mn_pkt_reader *p, mn_pkt_source *source,
			void *ctx);
void mn_pkt_reader_release(struct mn_pkt_reader *p);
/* p->line is set for DATA, as it is; mn_pkt_text takes one final \n off.
 * MN_EINVALID: no packet; MN_EUNREACHABLE: the end came within one. */
int mn_pkt_read(struct mn_pkt_reader *p, enum mn_pkt_kind *kind,
		struct mn_err *err);
struct mn_str mn_pkt_text(const struct mn_pkt_reader *p);
/* Bytes behind the last packet, without framing (the pack of v0 without
 * sideband). 0 at the end. */
ssize_t mn_pkt_rest(struct mn_pkt_reader *p, void *buf, size_t size,
		    struct mn_err *err);

/* Append one packet. */
void mn_pkt_add(struct mn_buf *b, const void *data, size_t len);
void mn_pkt_addf(struct mn_buf *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void mn_pkt_flush(struct mn_buf *b);
void mn_pkt_delim(struct mn_buf *b);

#endif
