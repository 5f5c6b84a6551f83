/*
 * packfile: one pack and its index (version 2), mapped; read only. Packs may
 * come from outside, so nothing in them is believed: the index is checked
 * for its sizes and order of its fanout when it is opened, every offset when
 * it is used. Format: gitformat-pack(5).
 *
 * A packfile may be used by threads together; an unpacker belongs to one.
 */
#ifndef MN_GIT_PACKFILE_H
#define MN_GIT_PACKFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/io.h"
#include "git/inflate.h"
#include "git/oid.h"
#include "git/store.h"

#define MN_CHAIN_MAX 4095	/* deltas upon deltas; git writes no more */

struct mn_packfile {
	uint64_t id;		/* tells packs apart in caches; set by owner */
	char *name;		/* path of the pack, or NULL */
	struct mn_map_file pack, idx;
	uint32_t n;		/* objects */
	const unsigned char *fanout, *oids, *off32, *off64;
	size_t n64;
};

/* stem: the path without ".pack". */
int mn_packfile_open(struct mn_packfile **out, const char *stem,
		     struct mn_err *err);
void mn_packfile_free(struct mn_packfile *p);
/* Checks p->pack and p->idx, which are set, and fills in the rest. */
int mn_packfile_check(struct mn_packfile *p, struct mn_err *err);
/* The index alone: enough for find, lower and oid. */
int mn_packfile_check_idx(struct mn_packfile *p, struct mn_err *err);

/* 1 and its place in the index, or 0. */
int mn_packfile_find(const struct mn_packfile *p, const struct mn_oid *oid,
		     uint32_t *pos);
/* The first place whose name is not less than oid. */
uint32_t mn_packfile_lower(const struct mn_packfile *p,
			   const struct mn_oid *oid);
void mn_packfile_oid(const struct mn_packfile *p, uint32_t pos,
		     struct mn_oid *oid);
int mn_packfile_offset(const struct mn_packfile *p, uint32_t pos,
		       uint64_t *off, struct mn_err *err);

/* The objects in the order in which they lie; the caller frees *out. */
struct mn_packfile_place {
	uint64_t off;
	uint32_t pos;		/* in the index */
};
int mn_packfile_order(struct mn_packfile_place **out,
		      const struct mn_packfile *p, struct mn_err *err);

struct mn_pack_entry {
	enum mn_otype type;	/* 0 for a delta */
	uint64_t size;		/* inflated; of the delta, where it is one */
	uint64_t z;		/* offset of the zlib stream */
	uint64_t base;		/* offset of the entry that a delta is upon */
};

int mn_packfile_entry(const struct mn_packfile *p, uint64_t off,
		      struct mn_pack_entry *e, struct mn_err *err);

/* Inflates entries and applies deltas; keeps bases for the next call. */
struct mn_unpacker;
struct mn_unpacker *mn_unpacker_new(struct mn_inflater *f);
void mn_unpacker_free(struct mn_unpacker *u);
/* o->data is valid until the next call. MN_ECORRUPT, MN_ELIMIT. */
int mn_unpack(struct mn_unpacker *u, struct mn_object *o,
	      const struct mn_packfile *p, uint64_t off, size_t max,
	      struct mn_err *err);
/* An entry that is no delta; *zlen is the length of its stream. */
int mn_unpack_whole(struct mn_unpacker *u, struct mn_object *o, size_t *zlen,
		    const struct mn_packfile *p, uint64_t off, size_t max,
		    struct mn_err *err);
int mn_unpack_stat(struct mn_unpacker *u, enum mn_otype *type, uint64_t *size,
		   const struct mn_packfile *p, uint64_t off,
		   struct mn_err *err);

#endif
