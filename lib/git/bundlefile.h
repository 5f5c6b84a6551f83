/*
 * bundlefile: what stands before the pack in a bundle: its version, the
 * commits that a reader has to have, the refs. Format: gitformat-bundle(5),
 * versions 2 and 3.
 *
 *	struct mn_bundlefile b;
 *	mn_bundlefile_init(&b);
 *	while (!(r = mn_bundlefile_feed(&b, p, n, &used, &err))) ...
 *	... r == 1: the pack begins at p + used ...
 *	mn_bundlefile_release(&b);
 *
 * Read strictly, since bundles come from anywhere: what git would not write
 * is refused. A bundle whose line feeds became CR LF on the way is told as
 * such.
 */
#ifndef MN_GIT_BUNDLEFILE_H
#define MN_GIT_BUNDLEFILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "git/refs.h"

#define MN_BUNDLE_REFS_MAX 100000
#define MN_BUNDLE_NEEDS_MAX 100000
#define MN_BUNDLE_LINE_MAX 65536	/* bytes; git puts whole subjects there */
#define MN_BUNDLE_HEAD_MAX ((uint64_t)64 << 20)	/* bytes of all lines */
#define MN_BUNDLE_FILTER_MAX 200

struct mn_bundlefile {
	int version;			/* 2, 3; 0: nothing read yet */
	MN_VEC(struct mn_oid) needs;	/* commits, in the file's order */
	struct mn_ref_list refs;	/* sorted, each once, without HEAD */
	struct mn_buf filter;		/* "": nothing was left out */

	/* while it is read */
	struct mn_buf line;		/* that is not complete yet */
	uint64_t bytes;
	int part;			/* enum in bundlefile.c */
	int has_format, failed;
};

void mn_bundlefile_init(struct mn_bundlefile *b);
void mn_bundlefile_release(struct mn_bundlefile *b);
/*
 * Takes slices of any length. 1: the header is complete, *used bytes of the
 * slice were part of it. 0: more is needed. MN_EINVALID: it is no bundle, or a
 * broken one; MN_EVERSION: one that asks for what is not known here;
 * MN_ELIMIT.
 */
int mn_bundlefile_feed(struct mn_bundlefile *b, const void *data, size_t len,
		       size_t *used, struct mn_err *err);
/* Appends the header: version 3 where there is a filter, else 2; with a HEAD
 * where there is a refs/heads/main, so that a clone knows its branch. */
void mn_bundlefile_write(struct mn_buf *out, const struct mn_bundlefile *b);

#endif
