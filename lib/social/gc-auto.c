/* When a repository is packed by itself. */
#include <dirent.h>
#include <string.h>

#include "social/gc.h"

#include "banned.h"

#define DIRS 4		/* of 256 in which loose objects are counted */

/* Files of a directory whose names end so; "": all with names of len. */
static uint64_t count(const struct mn_buf *path, const char *ending,
		      size_t len)
{
	DIR *dir = opendir(path->p);
	struct dirent *e;
	uint64_t n = 0;

	while (dir && (e = readdir(dir))) {
		size_t k = strlen(e->d_name), m = strlen(ending);

		n += (!len || k == len) && k >= m &&
			!strcmp(e->d_name + k - m, ending);
	}
	if (dir)
		closedir(dir);
	return n;
}

static int many_loose(const char *gitdir, uint64_t limit)
{
	static const char *const dirs[DIRS] = { "17", "51", "8b", "c5" };
	struct mn_buf path = MN_BUF_INIT;
	uint64_t n = 0;

	for (size_t i = 0; limit && i < DIRS; i++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/objects/%s", gitdir, dirs[i]);
		n += count(&path, "", MN_OID_HEX - 2);
	}
	mn_buf_release(&path);
	return limit && n * (256 / DIRS) > limit;
}

static int many_packs(const char *gitdir, uint64_t limit)
{
	struct mn_buf path = MN_BUF_INIT;
	uint64_t n = 0;

	mn_buf_addf(&path, "%s/objects/pack", gitdir);
	if (limit)
		n = count(&path, ".idx", 0);
	if (n > limit)
		n -= count(&path, ".keep", 0);
	mn_buf_release(&path);
	return limit && n > limit;
}

int mn_gc_is_due(const char *gitdir, const struct mn_gc_limits *limits)
{
	return many_loose(gitdir, limits->loose) ||
		many_packs(gitdir, limits->packs);
}

int mn_gc_auto(struct mn_repo *r, const struct mn_gc_limits *limits,
	       const struct mn_gc_options *opt, struct mn_gc_counts *counts,
	       struct mn_err *err)
{
	struct mn_gc_options o = *opt;
	int ret;

	memset(counts, 0, sizeof(*counts));
	counts->unchanged = 1;
	if (!mn_gc_is_due(r->path, limits))
		return 0;
	o.incremental = 1;
	ret = mn_gc(r, &o, counts, err);
	/* what a large pack lacks of what it reaches may have stayed loose */
	if (ret == 0 && mn_gc_is_due(r->path, limits))
		ret = mn_gc(r, opt, counts, err);
	if (ret != MN_ELOCKED)
		return ret;
	mn_err_clear(err);
	counts->unchanged = 1;
	return 0;
}
