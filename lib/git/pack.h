/*
 * pack: writes a pack and its index (version 2), object after object, in
 * the order given (git's gitformat-pack(5)). The pack appears under its
 * name only when it is complete and synced. Memory: 32 bytes an object and
 * 8 to 16 for the table of names; nothing else grows.
 *
 *	mn_pack_begin(&w, gitdir, &err);
 *	mn_pack_add(w, &oid, MN_BLOB, data, len, &err);
 *	mn_pack_finish(w, name, &err);		durable
 *	mn_pack_free(w);			before finish: removes it
 */
#ifndef MN_GIT_PACK_H
#define MN_GIT_PACK_H

#include "base/err.h"
#include "git/oid.h"

struct mn_pack;

/* An entry made ready elsewhere, by any thread: see mn_deflate. */
struct mn_packed {
	struct mn_oid oid;
	enum mn_otype type;
	uint64_t size;		/* inflated; of the delta, where there is one */
	const void *z;		/* a zlib stream */
	size_t zlen;
	int is_delta;		/* z is a delta against base */
	struct mn_oid base;	/* must stand earlier in this pack */
};

int mn_pack_begin(struct mn_pack **out, const char *gitdir,
		  struct mn_err *err);
/*
 * The same with the exact number of objects known (0: unknown). The pack's
 * checksum covers the number, so without it the file is read again at the
 * end; with a wrong one too.
 */
int mn_pack_begin_n(struct mn_pack **out, const char *gitdir, size_t count,
		    struct mn_err *err);
/* The same into any directory that is there, a quarantine say. */
int mn_pack_begin_in(struct mn_pack **out, const char *dir, size_t count,
		     struct mn_err *err);
/* Deflates and appends; an object that is in this pack already is skipped. */
int mn_pack_add(struct mn_pack *w, struct mn_oid *oid, enum mn_otype t,
		const void *data, size_t len, struct mn_err *err);
int mn_pack_add_packed(struct mn_pack *w, const struct mn_packed *e,
		       struct mn_err *err);
int mn_pack_has(const struct mn_pack *w, const struct mn_oid *oid);
size_t mn_pack_count(const struct mn_pack *w);
/* The pack will have a .promisor file beside it: what its objects name may be
 * missing, and others have it (git's partial clone). */
void mn_pack_promisor(struct mn_pack *w);
/* Puts such a file, durably, where a pack of that name (40 digits) is going to
 * be: before anybody can see it. */
int mn_pack_mark(const char *dir, const char *name, struct mn_err *err);
/* Writes header, trailer and index; syncs; renames into objects/pack. The
 * pack's checksum in hex goes to name (may be NULL). With no objects
 * nothing is written and name is "". */
int mn_pack_finish(struct mn_pack *w, char name[MN_OID_HEX + 1],
		   struct mn_err *err);
void mn_pack_free(struct mn_pack *w);

/*
 * Compression for one thread, reused from call to call: libdeflate.
 * level 0 stores (for what does not compress), 1..12.
 */
struct mn_deflater;
struct mn_deflater *mn_deflater_new(int level);
void mn_deflater_free(struct mn_deflater *d);
/* Appends a zlib stream to out. */
struct mn_buf;
void mn_deflate(struct mn_deflater *d, struct mn_buf *out, const void *data,
		size_t len);
/* Whether a sample of the data (64 KiB from its middle) shrinks by 4 % or more. */
int mn_deflate_pays(struct mn_deflater *d, const void *data, size_t len);

/* Appends git's delta that turns base into target, for texts that share
 * long runs (the previous meta, the previous commit). */
void mn_delta_make(struct mn_buf *out, const void *base, size_t baselen,
		   const void *target, size_t len);

#endif
