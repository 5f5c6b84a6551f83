/*
 * indexpack-impl: what the parts of indexpack share. indexpack.c has the
 * files, -scan.c reads entry after entry while they arrive, -delta.c makes
 * the objects that are deltas, from the finished file, -thin.c adds the bases
 * that it lacks.
 */
#ifndef MN_GIT_INDEXPACK_IMPL_H
#define MN_GIT_INDEXPACK_IMPL_H

#include <nettle/sha1.h>
#include <sys/types.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/vec.h"
#include "git/indexpack.h"
#include "git/inflate.h"
#include "git/packentry.h"
#include "git/packidx.h"

#define MN_IP_NONE UINT32_MAX
#define MN_IP_SUM SHA1_DIGEST_SIZE

struct mn_ip_ofs {
	uint32_t obj, base;	/* places in e */
};

struct mn_ip_ref {
	struct mn_oid base;
	uint32_t obj;
	uint32_t from;		/* the place of base, once it is known */
};

enum mn_ip_state {
	MN_IP_HEAD,		/* of the pack */
	MN_IP_ENTRY,		/* at the head of one */
	MN_IP_STREAM,		/* in its zlib stream */
	MN_IP_TRAILER
};

/* The entry that is being read. */
struct mn_ip_entry {
	struct mn_packentry head;	/* but for its base */
	uint32_t base;		/* OFS: a place in e */
	struct mn_oid ref;	/* REF */
	uint64_t off;
	uint32_t crc;
	uint64_t got;		/* inflated so far */
	struct sha1_ctx sha;
};

struct mn_indexpack {
	struct mn_indexpack_limits lim;
	char *dir;
	struct mn_buf tmp, itmp;	/* empty: no such file */
	int fd;
	int failed;
	mn_indexpack_fn *watch;
	void *watch_ctx;
	struct mn_store *bases;	/* of a thin pack; NULL: they are not taken */

	/* What came: the first at bytes are read, and go to the file when
	 * room is needed; start is the offset of the first in the pack. */
	unsigned char *buf;
	size_t at, len;
	uint64_t start;
	off_t behind;		/* writeback was started up to here */
	struct sha1_ctx sha;	/* of what went to the file */

	enum mn_ip_state state;
	uint32_t count;		/* objects, as the pack says */
	struct mn_ip_entry cur;
	struct mn_inflater inflater;
	z_stream z;
	int have_z;
	unsigned char *scratch;
	uint64_t inflated;	/* bytes of all, as far as is known */
	uint64_t end;		/* where the last whole entry ends */

	/* The objects, in their order in the pack. */
	MN_VEC(struct mn_idx_entry) e;
	MN_VEC(unsigned char) type;	/* 0: a delta, not made yet */
	MN_VEC(struct mn_ip_ofs) ofs;
	MN_VEC(struct mn_ip_ref) refs;
};

#define MN_IP_BUF ((size_t)1024 * 1024)

/* Reads as many entries as there are in buf. final: nothing comes behind it.
 * Does not end in the middle of the buffer but before what it needs more of. */
int mn_ip_scan(struct mn_indexpack *ip, int final, struct mn_err *err);
void mn_ip_scan_release(struct mn_indexpack *ip);

/*
 * Makes the objects that are deltas: their names and types. All up to ip->end
 * is in the file. Those whose base is nowhere keep type 0.
 */
int mn_ip_resolve(struct mn_indexpack *ip, struct mn_err *err);

/* Appends bases that are missing, and resolves again: 1; 0 where there was none
 * to be had. The file ends at ip->end, and is not the pack that its head and
 * ip->sha say any more. */
int mn_ip_complete(struct mn_indexpack *ip, struct mn_err *err);

#endif
