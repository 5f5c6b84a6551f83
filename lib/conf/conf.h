/*
 * conf: the configuration of a home, $MN_DIR/config, in git's syntax
 * (base/ini.h). Read whole into memory; entries keep their order, and of
 * several values for one name the last one counts. Names are
 * "section.key" or "section.sub.key"; section and key are compared in lower
 * case.
 *
 *	struct mn_conf conf = MN_CONF_INIT;
 *	r = mn_conf_load(&conf, path, err);
 *	int on;
 *	r = mn_conf_bool(&on, &conf, "core.fsync", 1, err);
 *	mn_conf_release(&conf);
 *
 * Private settings that a user's devices share are not here but in the
 * replicated state.
 */
#ifndef MN_CONF_CONF_H
#define MN_CONF_CONF_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

struct mn_conf_entry {
	const char *name;	/* section and key in lower case */
	const char *value;
};

struct mn_conf {
	struct mn_conf_entry *p;
	size_t n, cap;
	struct mn_arena mem;
};
#define MN_CONF_INIT { NULL, 0, 0, MN_ARENA_INIT }

/* Adds the entries of the file; a missing file has none. MN_EIO, MN_EINVALID,
 * MN_ELIMIT. */
int mn_conf_load(struct mn_conf *c, const char *path, struct mn_err *err);
void mn_conf_release(struct mn_conf *c);

/* The last value, borrowed; NULL if there is none. */
const char *mn_conf_get(const struct mn_conf *c, const char *name);

/*
 * These give def where the name is not set, and MN_EINVALID with the name in
 * the words where the value can't be read. Booleans: true yes on 1, false no
 * off 0 and empty. Sizes: digits with an optional k, m or g (1024).
 */
int mn_conf_bool(int *out, const struct mn_conf *c, const char *name, int def,
		 struct mn_err *err);
int mn_conf_int(int64_t *out, const struct mn_conf *c, const char *name,
		int64_t def, struct mn_err *err);
int mn_conf_size(uint64_t *out, const struct mn_conf *c, const char *name,
		 uint64_t def, struct mn_err *err);

/* All values of a name in order: fn returns nonzero to stop with that. */
typedef int mn_conf_fn(void *ctx, const char *name, const char *value);
int mn_conf_each(const struct mn_conf *c, const char *name, mn_conf_fn *fn,
		 void *ctx);

/*
 * Changes the file (created 0600 where missing) under a lock beside it, and
 * replaces it atomically and durably; comments and order stay. _set replaces
 * the last value, _add adds one, _unset removes all: MN_ENOTFOUND if there
 * was none. MN_EINVALID for an impossible name or value, MN_ELOCKED after
 * two seconds, MN_EIO.
 */
int mn_conf_set(const char *path, const char *name, const char *value,
		struct mn_err *err);
int mn_conf_add(const char *path, const char *name, const char *value,
		struct mn_err *err);
int mn_conf_unset(const char *path, const char *name, struct mn_err *err);

#endif
