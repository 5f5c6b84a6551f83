/*
 * upload-impl: for the parts of upload. Functions give 0, below 0 where the
 * repository fails, and 1 where the client is refused: then its ERR packet is
 * all that the answer holds.
 */
#ifndef MN_NET_UPLOAD_IMPL_H
#define MN_NET_UPLOAD_IMPL_H

#include "base/vec.h"
#include "git/packstream.h"
#include "git/refs.h"
#include "net/pkt.h"
#include "net/upload.h"
#include "net/walk.h"

#define MN_UPLOAD_REFS_MAX ((size_t)1000 * 1000)
#define MN_UPLOAD_LINES_MAX ((size_t)65536)	/* shallow, ref-prefix, ... */
#define MN_UPLOAD_INFINITE 0x7fffffffu		/* a depth: --unshallow */

struct mn_upload_oids {
	struct mn_oid *p;
	size_t n, cap;
};

struct mn_upload_ask {		/* a fetch, as far as it is known */
	struct mn_upload_oids wants;
	struct mn_upload_oids haves;	/* that we have, too */
	size_t nhaves;			/* that were named */
	struct mn_objlist shallow;	/* the client's */
	struct mn_filter filter;
	uint64_t depth;			/* 0: all */
	int64_t since;			/* 0: no matter */
	int relative;			/* depth counts from the shallow ones */
	int done, wait_for_done;
	int ofs_delta, no_done;
	int band;			/* bytes of a packet; 0: no sideband */
	int acks;			/* of v0: 0, 1 multi_ack, 2 detailed */
};

struct mn_upload {
	char *gitdir;
	struct mn_upload_options opt;
	struct mn_store *store;		/* opened when needed */
	int partial;
	struct mn_objlist grafts;	/* where the repository itself ends */
	struct mn_upload_ask ask;
	struct mn_objlist edges;	/* where this fetch ends */
	int ready;			/* every want was found to reach a have;
					   of ask.haves.n == ready_at */
	size_t ready_at;

	struct mn_buf out;		/* the answer, made already */
	size_t at;
	int packing;			/* the pack comes behind it */
	int band;			/* how it is framed */
	struct mn_objlist list;
	MN_VEC(const struct mn_packfile *) packs;
	struct mn_packstream *pack;
	int failed;			/* said to the client; told next */
	struct mn_err why;
};

/* Forgets the request and its answer. */
void mn_upload_clear(struct mn_upload *u);
int mn_upload_refuse(struct mn_upload *u, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
int mn_upload_open(struct mn_upload *u, struct mn_err *err);

/* Refs that are shown. head: "" where HEAD names none; unborn: it names one
 * that isn't there. */
struct mn_upload_refs {
	struct mn_ref_list list;
	char head[MN_REF_MAX + 1];
	int has_head;
	struct mn_oid head_oid;
};
int mn_upload_refs(struct mn_upload *u, struct mn_upload_refs *refs,
		   struct mn_err *err);
/* What a tag names in the end: 1; 0 where the ref is no tag. */
int mn_upload_peel(struct mn_upload *u, const struct mn_ref *ref,
		   struct mn_oid *out);

/* Lines of a fetch that all versions have: *taken 1 where it was one. */
int mn_upload_line(struct mn_upload *u, struct mn_str line, int *taken,
		   struct mn_err *err);
/* Whether the haves suffice: 1, 0, below 0. */
int mn_upload_is_ready(struct mn_upload *u, struct mn_err *err);
/* All wants must be there. */
int mn_upload_check_wants(struct mn_upload *u, struct mn_err *err);

/* upload-shallow.c: says where the history that is sent ends: appends
 * "shallow" and "unshallow" packets. */
int mn_upload_shallow(struct mn_upload *u, struct mn_buf *out,
		      struct mn_err *err);
int mn_upload_read_grafts(struct mn_upload *u, struct mn_err *err);

/* upload-pack.c: decides what the pack holds. */
int mn_upload_pack(struct mn_upload *u, struct mn_err *err);

/*
 * upload-v2.c, upload-v0.c: one request. *more is set to 0 when the client has
 * no more to say. say sends what is in u->out, where the client waits for it;
 * NULL: all is left there.
 */
typedef int mn_upload_say(void *ctx, struct mn_err *err);
int mn_upload_v2(struct mn_upload *u, struct mn_pkt_reader *in, int *more,
		 struct mn_err *err);
int mn_upload_v0(struct mn_upload *u, struct mn_pkt_reader *in,
		 mn_upload_say *say, void *ctx, struct mn_err *err);
int mn_upload_advertise_v0(struct mn_upload *u, int version,
			   struct mn_buf *out, struct mn_err *err);
void mn_upload_advertise_v2(struct mn_upload *u, struct mn_buf *out);

#endif
