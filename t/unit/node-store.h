/*
 * node-store: a repository of its own for the tests of lib/node, which goes
 * away at the end. Objects are put into one pack, then read.
 *
 *	store_begin(&s);
 *	store_put(&s, &oid, MN_BLOB, data, len);
 *	store_open(&s);		... s.rd reads ...
 *	store_clear(&s);	empty again
 *	store_end(&s);
 */
#ifndef MN_NODE_STORE_H
#define MN_NODE_STORE_H

#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "git/pack.h"
#include "git/repo.h"

#include "tap.h"

struct test_store {
	char dir[40];
	struct mn_buf path;		/* of the repository */
	struct mn_pack *pack;
	struct mn_store *store;
	struct mn_reader *rd;
};

static void store_begin(struct test_store *s) TAP_UNUSED;
static void store_put(struct test_store *s, struct mn_oid *oid,
		      enum mn_otype type, const void *data, size_t len)
	TAP_UNUSED;
static void store_open(struct test_store *s) TAP_UNUSED;
static void store_clear(struct test_store *s) TAP_UNUSED;
static void store_end(struct test_store *s) TAP_UNUSED;

/* What must not fail. */
static void must(int r, const struct mn_err *err)
{
	if (r < 0) {
		fprintf(stderr, "# %s\n", err->msg);
		abort();
	}
}

static void store_begin(struct test_store *s)
{
	struct mn_err err = MN_ERR_INIT;
	char profile[65];

	memset(s, 0, sizeof(*s));
	memset(profile, '0', 64);
	profile[64] = '\0';
	/* in memory, where there is such a place: nothing here must last */
	snprintf(s->dir, sizeof(s->dir), "%s/mn-test-node-XXXXXX",
		 access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
	if (!mkdtemp(s->dir))
		abort();
	mn_buf_init(&s->path);
	mn_buf_addf(&s->path, "%s/r.git", s->dir);
	must(mn_repo_init(s->path.p, profile, &err), &err);
}

static void store_put(struct test_store *s, struct mn_oid *oid,
		      enum mn_otype type, const void *data, size_t len)
{
	struct mn_err err = MN_ERR_INIT;

	if (!s->pack)
		must(mn_pack_begin(&s->pack, s->path.p, &err), &err);
	must(mn_pack_add(s->pack, oid, type, data, len, &err), &err);
}

static void store_open(struct test_store *s)
{
	struct mn_err err = MN_ERR_INIT;

	if (s->pack)
		must(mn_pack_finish(s->pack, NULL, &err), &err);
	mn_pack_free(s->pack);
	s->pack = NULL;
	must(mn_store_open(&s->store, s->path.p, &err), &err);
	s->rd = mn_reader_new(s->store);
}

static void store_close(struct test_store *s)
{
	if (!s->store)
		return;
	mn_reader_free(s->rd);
	mn_store_close(s->store);
	s->store = NULL;
	s->rd = NULL;
}

static void store_clear(struct test_store *s)
{
	struct mn_buf packs = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	store_close(s);
	mn_buf_addf(&packs, "%s/objects/pack", s->path.p);
	must(mn_io_remove_tree(packs.p, &err), &err);
	if (mkdir(packs.p, 0777))
		abort();
	mn_buf_release(&packs);
}

static void store_end(struct test_store *s)
{
	struct mn_err err = MN_ERR_INIT;

	store_close(s);
	mn_pack_free(s->pack);
	must(mn_io_remove_tree(s->dir, &err), &err);
	mn_buf_release(&s->path);
}

#endif
