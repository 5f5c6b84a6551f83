/*
 * remote-impl: for the parts of the client alone.
 *
 *	remote.c	open, refs, fetch: which protocol, and what all share
 *	remote-v2.c	protocol v2
 *	remote-v0.c	protocol v0 and v1
 *	remote-push.c	pushes
 *
 * Each request is one message and its answer, also in a conversation that
 * could have more of them: all haves and "done" are sent at once.
 */
#ifndef MN_NET_REMOTE_IMPL_H
#define MN_NET_REMOTE_IMPL_H

#include "base/buf.h"
#include "net/net-impl.h"
#include "net/pkt.h"
#include "net/remote.h"

#define MN_REMOTE_HAVES 256
#define MN_REMOTE_PREFIXES 256	/* more are not sent, but looked at here */

enum mn_remote_cap {		/* what a server can do, beside features */
	MN_CAP_LS_REFS = 1 << 0,	/* v2 */
	MN_CAP_FETCH = 1 << 1,		/* v2 */
	MN_CAP_FORMAT = 1 << 2,		/* it says object-format=sha1 */
	MN_CAP_BAND = 1 << 3,		/* side-band-64k */
	MN_CAP_OFS_DELTA = 1 << 4,
	MN_CAP_ACKS = 1 << 5,		/* multi_ack_detailed */
	MN_CAP_QUIET = 1 << 6,		/* no-progress; of a push: quiet */
	MN_CAP_REPORT = 1 << 7,		/* report-status */
	MN_CAP_DELETE = 1 << 8,		/* delete-refs */
	MN_CAP_TIP = 1 << 9,		/* allow-tip-sha1-in-want */
	MN_CAP_REACHABLE = 1 << 10,	/* allow-reachable-sha1-in-want */
	MN_CAP_AGENT = 1 << 11
};

/* As mn_transport_new. */
typedef int mn_remote_connect(struct mn_transport **out, struct mn_net *net,
			      const struct mn_url *url, struct mn_err *err);

struct mn_remote {
	mn_remote_connect *connect;
	struct mn_net *net;
	const struct mn_url *url;
	enum mn_service service;
	struct mn_transport *t;	/* NULL: it could not be opened again */
	struct mn_pkt_reader in;
	uint64_t left;		/* what this answer may still have, in bytes,
				   the pack not counted */
	struct mn_net_pace pace;	/* of this answer */
	int broke;		/* the transport failed, and said so */
	int spent;		/* nothing more is said in this conversation */
	struct mn_remote_features features;
	unsigned caps;
	struct mn_buf adv;	/* v0: "<oid> <name>\n" for each ref */
	struct mn_buf talk;	/* of sideband 2: a line that isn't whole */
	size_t said;		/* lines of it */
};

struct mn_remote_sift {		/* refs that are wanted */
	const char *const *prefixes;
	size_t n;
	uint64_t seen;		/* refs, also those that aren't wanted */
	struct mn_ref_list *out;
};

/* Sets words that begin with the address of the server. */
int mn_remote_fail(const struct mn_remote *r, struct mn_err *err, int code,
		   const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* How many of these bytes stand in an error, for "%.*s". */
int mn_remote_words(struct mn_str s);
/* The next packet. "ERR" is an error, and what is too long. */
int mn_remote_read(struct mn_remote *r, enum mn_pkt_kind *kind,
		   struct mn_err *err);
/* The same, where the answer can't end. */
int mn_remote_read_on(struct mn_remote *r, enum mn_pkt_kind *kind,
		      struct mn_err *err);
/* An answer follows to what is sent. body NULL: nothing behind the text. */
int mn_remote_ask(struct mn_remote *r, const struct mn_buf *text,
		  mn_body_fn *body, void *ctx, uint64_t len,
		  struct mn_err *err);
/* What comes next in sideband 1: 1; 0 at the end. Borrowed until the next
 * packet is read. */
int mn_remote_band(struct mn_remote *r, struct mn_str *data,
		   struct mn_err *err);
/* A whole pack; banded: in packets, with its sideband. */
int mn_remote_pack(struct mn_remote *r, int banded,
		   const struct mn_remote_sink *sink, struct mn_err *err);
/* "shallow <oid>", "unshallow <oid>" */
int mn_remote_shallow(struct mn_remote *r, struct mn_str line,
		      const struct mn_remote_sink *sink, struct mn_err *err);
/* Looks at one ref; HEAD and what is peeled is dropped. */
int mn_remote_sift(struct mn_remote *r, struct mn_remote_sift *s,
		   const struct mn_oid *oid, struct mn_str name,
		   struct mn_err *err);
/* What both versions ask for in the same words, one a packet. */
void mn_remote_add_oids(struct mn_buf *b, const char *word,
			const struct mn_oid *oids, size_t n);
void mn_remote_add_limits(const struct mn_remote *r, struct mn_buf *b,
			  const struct mn_remote_want *w);
void mn_remote_set_agent(struct mn_remote *r, struct mn_str agent);
/* "object-format=<format>" */
int mn_remote_set_format(struct mn_remote *r, struct mn_str format,
			 struct mn_err *err);

/* Reads the capabilities, behind "version 2". */
int mn_remote_v2_open(struct mn_remote *r, struct mn_err *err);
int mn_remote_v2_refs(struct mn_remote *r, struct mn_remote_sift *s,
		      struct mn_err *err);
int mn_remote_v2_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		       const struct mn_remote_sink *sink, struct mn_err *err);

/* Reads the refs; the first packet has been read. */
int mn_remote_v0_open(struct mn_remote *r, enum mn_pkt_kind kind,
		      struct mn_err *err);
int mn_remote_v0_refs(struct mn_remote *r, struct mn_remote_sift *s,
		      struct mn_err *err);
int mn_remote_v0_fetch(struct mn_remote *r, const struct mn_remote_want *w,
		       const struct mn_remote_sink *sink, struct mn_err *err);

/* As mn_remote_open, over other transports: for tests. */
int mn_remote_open_over(struct mn_remote **out, mn_remote_connect *connect,
			struct mn_net *net, const struct mn_url *url,
			enum mn_service s, struct mn_err *err);

/* Begins again where the conversation is over. */
int mn_remote_ready(struct mn_remote *r, struct mn_err *err);

#endif
