#include "social/room.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "node/content.h"
#include "node/node.h"

#include "banned.h"

#define DEPTH 32	/* of directories in a repository */

/* objects/pack, objects/xx (two digits), or anything else */
static int kind_of(int depth, int kind, const char *name)
{
	if (depth == 0)
		return !strcmp(name, "objects") ? MN_ROOM_LOOSE : MN_ROOM_OTHER;
	if (depth > 1 || kind != MN_ROOM_LOOSE)
		return kind;
	if (!strcmp(name, "pack"))
		return MN_ROOM_PACKS;
	return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2
		? MN_ROOM_LOOSE : MN_ROOM_OTHER;
}

/* Others may write there meanwhile: what has gone takes no room. */
static void add_dir(uint64_t *bytes, int at, const char *dir, int depth,
		    int kind)
{
	int fd = openat(at, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	struct stat st;

	if (!d && fd >= 0)
		close(fd);
	while (d && (e = readdir(d))) {
		int k = kind_of(depth, kind, e->d_name);

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    fstatat(fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(st.st_mode) && depth < DEPTH)
			add_dir(bytes, fd, e->d_name, depth + 1, k);
		else if (S_ISREG(st.st_mode))
			bytes[k] += (uint64_t)st.st_size;
	}
	if (d)
		closedir(d);
}

void mn_room_files(uint64_t bytes[MN_ROOM_KINDS], const char *gitdir)
{
	memset(bytes, 0, MN_ROOM_KINDS * sizeof(*bytes));
	add_dir(bytes, AT_FDCWD, gitdir, 0, MN_ROOM_OTHER);
}

struct looking {
	struct mn_profile *p;
	struct mn_node node;
	uint64_t missing;
};

static int is_here(const struct looking *l, const struct mn_oid *oid)
{
	return mn_store_has_packed(l->p->repo.store, oid) ||
		mn_store_has_loose(l->p->repo.store, oid);
}

static int chunks_are_here(struct looking *l, const struct mn_oid *tree,
			   uint64_t size)
{
	size_t n = (size_t)mn_content_chunks(size);
	struct mn_oid *chunks = NULL, list;
	struct mn_object o;
	int here = 0;

	if (n > MN_CHUNKS_MAX ||
	    mn_reader_read(l->p->rd, &o, tree, MN_OBJECT_MAX, NULL) < 0)
		return 0;
	chunks = mn_xcalloc(n, sizeof(*chunks));
	if (mn_chunk_tree_decode(chunks, n, &list,
				 (struct mn_str){ o.data, o.len }) == 0)
		here = is_here(l, &list);
	for (size_t i = 0; i < n && here; i++)
		here = is_here(l, &chunks[i]);
	free(chunks);
	return here;
}

/* What was deleted isn't missing: the carrier says so. */
static int look(void *ctx, const struct mn_index_row *row, struct mn_err *err)
{
	struct looking *l = ctx;
	struct mn_node *n = &l->node;

	if (mn_node_load(n, l->p->rd, &row->carrier, NULL, err) < 0) {
		mn_err_clear(err);	/* fsck tells about those */
		return 0;
	}
	for (size_t i = 0; i < n->meta.ncontents; i++) {
		const struct mn_oid *oid = &n->tree.contents[i];
		uint64_t size = n->meta.contents[i].size;

		if (!(n->tree.present >> i & 1))
			continue;
		if (!is_here(l, oid) || (mn_content_is_chunked(size) &&
					 !chunks_are_here(l, oid, size)))
			l->missing++;
	}
	return 0;
}

int mn_room_missing(uint64_t *out, struct mn_index *ix, struct mn_profile *p,
		    struct mn_err *err)
{
	struct mn_index_query q = { .profile = &p->id };
	struct looking l = { .p = p };
	int r;

	*out = 0;
	if (!mn_store_is_partial(p->repo.store))
		return 0;
	mn_node_init(&l.node);
	r = mn_index_list(ix, &q, look, &l, err);
	mn_node_release(&l.node);
	*out = l.missing;
	return r;
}
