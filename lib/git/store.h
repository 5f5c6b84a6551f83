/*
 * store: reads objects of one repository, loose and packed.
 *
 * The common case - a loose object, or an entry of a pack - is read here:
 * packs and their indexes are mapped, entries inflated with libdeflate,
 * deltas resolved without recursion. What is not found this way (alternates,
 * say) is asked of libgit2. A loose object that is damaged is an error here
 * and never reaches libgit2, whose reader would spin on it.
 *
 * A store may be shared by threads once it is open; each thread reads
 * through a reader of its own, which holds the inflater and the buffers.
 *
 *	struct mn_reader *rd = mn_reader_new(store);
 *	struct mn_object o;
 *	r = mn_reader_read(rd, &o, &oid, MN_OBJECT_MAX, &err);
 *	... o.data is valid until the next call on rd ...
 *	mn_reader_free(rd);
 */
#ifndef MN_GIT_STORE_H
#define MN_GIT_STORE_H

#include "base/buf.h"
#include "base/err.h"
#include "git/oid.h"

#define MN_OBJECT_MAX (64u * 1024 * 1024)	/* bytes we inflate at once */

struct mn_store;
struct mn_reader;

struct mn_object {
	enum mn_otype type;
	const char *data;	/* borrowed from the reader; NUL behind it */
	size_t len;
};

/* gitdir: path of a bare repository. */
int mn_store_open(struct mn_store **out, const char *gitdir,
		  struct mn_err *err);
/*
 * The same, and the packs that lie right in the directory also (pack-*.pack and
 * .idx, no loose objects, no alternates): a quarantine. What stands in both is
 * read from the repository.
 */
int mn_store_open_also(struct mn_store **out, const char *gitdir,
		       const char *also, struct mn_err *err);
void mn_store_close(struct mn_store *s);
/* Looks for packs that came since. Not while other threads read. */
int mn_store_refresh(struct mn_store *s, struct mn_err *err);
/* How many packs could not be opened, and what is wrong with the first; the
 * other objects are read all the same. */
size_t mn_store_broken(const struct mn_store *s, const char **why);

struct mn_reader *mn_reader_new(struct mn_store *s);
void mn_reader_free(struct mn_reader *rd);

/* MN_ENOTFOUND; MN_ECORRUPT; MN_ELIMIT when larger than max. The hash is not
 * recomputed: the caller that needs it (fsck) does. */
int mn_reader_read(struct mn_reader *rd, struct mn_object *o,
		   const struct mn_oid *oid, size_t max, struct mn_err *err);
/*
 * Lets fn see each object that was read, before mn_reader_read hands it out:
 * what fn returns below 0 becomes the result. pack and pos say where it lay
 * (pack NULL: loose, or found by libgit2). For those who check hashes, too.
 */
struct mn_packfile;
typedef int mn_reader_fn(void *ctx, const struct mn_oid *oid,
			 const struct mn_object *o,
			 const struct mn_packfile *pack, uint32_t pos,
			 struct mn_err *err);
void mn_reader_watch(struct mn_reader *rd, mn_reader_fn *fn, void *ctx);
/*
 * Asks fn about each object that is not there: 1, it came meanwhile (the store
 * was refreshed): it is looked for again; 0, it isn't coming. NULL: nobody is
 * asked.
 */
typedef int mn_reader_miss_fn(void *ctx, const struct mn_oid *oid);
void mn_reader_on_miss(struct mn_reader *rd, mn_reader_miss_fn *fn, void *ctx);
/* Type and size alone; deltas are followed, nothing large is inflated. */
int mn_reader_stat(struct mn_reader *rd, enum mn_otype *type, uint64_t *size,
		   const struct mn_oid *oid, struct mn_err *err);
/*
 * A packed object together with its entry as it lies in the pack, to be
 * copied with mn_pack_add_packed: e->z is good until the store is refreshed
 * or closed. MN_ENOTFOUND where it is loose, or a delta.
 */
struct mn_packed;
int mn_reader_entry(struct mn_reader *rd, struct mn_packed *e,
		    struct mn_object *o, const struct mn_oid *oid, size_t max,
		    struct mn_err *err);
/* Whether a pack is marked .promisor, so that objects may be missing: 1, 0. */
int mn_store_is_partial(struct mn_store *s);
int mn_store_has(struct mn_store *s, const struct mn_oid *oid);	/* 1, 0 */
/* As far as is known without looking for packs that came since the store was
 * opened or refreshed: packed; loose. For those who ask for many. */
int mn_store_has_packed(const struct mn_store *s, const struct mn_oid *oid);
int mn_store_has_loose(const struct mn_store *s, const struct mn_oid *oid);
/*
 * Whether a pack that is still there holds it: 1, 0. For those who are about
 * to use it again instead of writing it: what is old and unreachable may be
 * removed at any moment, so the pack gets the time of now, as in git.
 */
#define MN_FRESH 3600	/* seconds for which a time is new enough */
int mn_store_freshen(const struct mn_store *s, const struct mn_oid *oid);
/* The same for a loose one. */
int mn_store_freshen_loose(const struct mn_store *s, const struct mn_oid *oid);

/*
 * Objects whose hex name begins with the given digits (4..40): how many, at
 * most two told apart; *out is one of them.
 */
int mn_store_abbrev(struct mn_store *s, struct mn_oid *out, const char *digits,
		    size_t n, struct mn_err *err);	/* 0, 1, 2, or < 0 */

/* Calls fn for every object name, packed ones first in pack order. Objects
 * that stand twice are told twice. Nonzero from fn stops and is returned. */
typedef int mn_store_fn(void *ctx, const struct mn_oid *oid, int packed);
int mn_store_each(struct mn_store *s, mn_store_fn *fn, void *ctx,
		  struct mn_err *err);
int mn_store_each_loose(struct mn_store *s, mn_store_fn *fn, void *ctx,
			struct mn_err *err);

#endif
