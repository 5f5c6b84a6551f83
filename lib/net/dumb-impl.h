/*
 * dumb-impl: for the parts of dumb alone.
 *
 *	dumb.c		files of text, loose objects, the walk over both
 *	dumb-pack.c	the packs of a server, their indexes, and what is in them
 */
#ifndef MN_NET_DUMB_IMPL_H
#define MN_NET_DUMB_IMPL_H

#include "base/vec.h"
#include "git/packfile.h"
#include "net/dumb.h"
#include "net/spool.h"

#define MN_DUMB_PACKS 10000		/* that a server may list */
#define MN_DUMB_OBJECTS 10000000	/* that are walked over */
#define MN_DUMB_OBJECT ((size_t)16 * 1024 * 1024)	/* bytes of one */

enum mn_dumb_state { MN_PACK_LISTED, MN_PACK_INDEXED, MN_PACK_HERE,
		     MN_PACK_GONE };

struct mn_dumb_pack {
	char name[MN_OID_HEX + 1];
	enum mn_dumb_state state;
	struct mn_spool idx, pack;
	struct mn_packfile file;	/* maps what is in the two spools */
};

struct mn_dumb_packs {
	struct mn_transport *t;
	const struct mn_remote_sink *sink;
	int listed;			/* objects/info/packs was read */
	MN_VEC(struct mn_dumb_pack *) p;
	struct mn_inflater inflater;
	struct mn_unpacker *unpacker;
};

void mn_dumb_packs_init(struct mn_dumb_packs *s, struct mn_transport *t,
			const struct mn_remote_sink *sink);
void mn_dumb_packs_release(struct mn_dumb_packs *s);
/* In a pack that came: 1 and which, or 0. */
int mn_dumb_packs_here(struct mn_dumb_packs *s, const struct mn_oid *oid,
		       struct mn_dumb_pack **out, uint32_t *pos);
/* In a pack whose index is known; with look, indexes are fetched till one has
 * it. 1, 0, or below. */
int mn_dumb_packs_seek(struct mn_dumb_packs *s, const struct mn_oid *oid,
		       int look, struct mn_dumb_pack **out,
		       struct mn_err *err);
/* Fetches it, for the sink and for us. MN_ENOTFOUND where it has gone. */
int mn_dumb_packs_fetch(struct mn_dumb_packs *s, struct mn_dumb_pack *p,
			struct mn_err *err);
/* o->data is good until the next call. */
int mn_dumb_packs_read(struct mn_dumb_packs *s, struct mn_dumb_pack *p,
		       uint32_t pos, struct mn_object *o, struct mn_err *err);
/* Its type, where that is known without reading it; else 0. */
enum mn_otype mn_dumb_packs_type(struct mn_dumb_pack *p, uint32_t pos);

/* A file of text, whole. */
int mn_dumb_text(struct mn_transport *t, const char *path, size_t max,
		 struct mn_buf *out, struct mn_err *err);

#endif
