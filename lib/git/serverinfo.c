#include "git/serverinfo.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/vec.h"
#include "git/refs.h"
#include "git/store.h"

#include "banned.h"

#define REFS_MAX ((size_t)1000 * 1000)
#define FILE_MAX ((size_t)512 * 1024 * 1024)
#define PEEL_MAX 64

struct pack {
	char *name;		/* "pack-<digits>.pack" */
	size_t place;		/* in the file that is there; SIZE_MAX: new */
	struct timespec mtime;
};

struct packs {
	MN_VEC(struct pack) all;
};

/* As git orders them: what was listed first, then the others, which are
 * ordered by their age. */
static int by_place(const void *a, const void *b)
{
	const struct pack *x = a, *y = b;

	if (x->place != y->place)
		return x->place < y->place ? -1 : 1;
	if (x->mtime.tv_sec != y->mtime.tv_sec)
		return x->mtime.tv_sec < y->mtime.tv_sec ? -1 : 1;
	if (x->mtime.tv_nsec != y->mtime.tv_nsec)
		return x->mtime.tv_nsec < y->mtime.tv_nsec ? -1 : 1;
	return strcmp(x->name, y->name);
}

static int by_name(const void *a, const void *b)
{
	const struct pack *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A pack is there when its index is: that comes last. */
static void add_pack(struct packs *p, const char *dir, const char *idx)
{
	size_t n = strlen(idx);
	struct mn_buf path = MN_BUF_INIT;
	struct pack *pack;
	struct stat st;

	if (n < 9 || strncmp(idx, "pack-", 5) || strcmp(idx + n - 4, ".idx") ||
	    strchr(idx, '\n'))
		return;
	mn_buf_addf(&path, "%s/%.*s.pack", dir, (int)(n - 4), idx);
	if (!stat(path.p, &st) && S_ISREG(st.st_mode)) {
		pack = mn_vec_push(&p->all);
		pack->name = mn_xstrdup(path.p + strlen(dir) + 1);
		pack->place = SIZE_MAX;
		pack->mtime = st.st_mtim;
	}
	mn_buf_release(&path);
}

static int find_packs(struct packs *p, const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	DIR *dir;
	int r = 0;

	mn_buf_addf(&path, "%s/objects/pack", gitdir);
	dir = opendir(path.p);
	if (!dir && errno != ENOENT)
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	while (dir && (e = readdir(dir)))
		add_pack(p, path.p, e->d_name);
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	if (p->all.n)
		qsort(p->all.p, p->all.n, sizeof(*p->all.p), by_name);
	return r;
}

/* Gives packs the places that they have in the file. One that can't be read
 * as such, or names packs that are gone, says nothing, as for git. */
static void place_packs(struct packs *p, const struct mn_buf *old)
{
	const char *at = old->p, *end = old->p + old->len;
	struct mn_buf name = MN_BUF_INIT;
	int good = 1;

	for (size_t place = 0; at < end && good; place++) {
		const char *nl = memchr(at, '\n', (size_t)(end - at));
		struct pack key = { NULL, 0, { 0, 0 } }, *found;

		good = nl && (nl == at || (nl - at > 2 && at[0] == 'P' &&
					   at[1] == ' '));
		if (good && nl != at) {
			mn_buf_clear(&name);
			mn_buf_add(&name, at + 2, (size_t)(nl - at - 2));
			key.name = name.p;
			found = p->all.n ? bsearch(&key, p->all.p, p->all.n,
						   sizeof(key), by_name) :
				NULL;
			good = found != NULL;
			if (found)
				found->place = place;
		}
		at = nl ? nl + 1 : end;
	}
	for (size_t i = 0; i < p->all.n && !good; i++)
		p->all.p[i].place = SIZE_MAX;
	mn_buf_release(&name);
}

static int read_old(struct mn_buf *old, const char *path, struct mn_err *err)
{
	int r = mn_io_read_file(old, path, FILE_MAX, err);

	if (r != MN_ENOTFOUND)
		return r;
	mn_err_clear(err);
	return 0;
}

/* Writes what differs; the directory may be missing. */
static int put(const char *path, const struct mn_buf *old,
	       const struct mn_buf *text, struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	int r;

	if (old->len == text->len && mn_io_exists(path) &&
	    (!text->len || !memcmp(old->p, text->p, text->len)))
		return 0;
	mn_buf_add(&dir, path, (size_t)(strrchr(path, '/') - path));
	r = mn_io_mkdirs(dir.p, 0777, err);
	if (!r)
		r = mn_io_replace(path, text->p, text->len, 0666, 0, err);
	mn_buf_release(&dir);
	return r;
}

static int update_packs(const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, old = MN_BUF_INIT;
	struct mn_buf text = MN_BUF_INIT;
	struct packs p = { { NULL, 0, 0 } };
	int r = find_packs(&p, gitdir, err);

	mn_buf_addf(&path, "%s/objects/info/packs", gitdir);
	if (!r)
		r = read_old(&old, path.p, err);
	if (!r) {
		place_packs(&p, &old);
		if (p.all.n)
			qsort(p.all.p, p.all.n, sizeof(*p.all.p), by_place);
		for (size_t i = 0; i < p.all.n; i++)
			mn_buf_addf(&text, "P %s\n", p.all.p[i].name);
		mn_buf_addc(&text, '\n');
		r = put(path.p, &old, &text, err);
	}
	for (size_t i = 0; i < p.all.n; i++)
		free(p.all.p[i].name);
	mn_vec_release(&p.all);
	mn_buf_release(&path);
	mn_buf_release(&old);
	mn_buf_release(&text);
	return r;
}

static void add_line(struct mn_buf *text, const struct mn_oid *oid,
		     const char *name, const char *end)
{
	mn_buf_addhex(text, oid->b, sizeof(oid->b));
	mn_buf_addf(text, "\t%s%s\n", name, end);
}

/* A ref whose object is gone is passed over; git makes no file then. */
static int add_ref(struct mn_buf *text, struct mn_reader *rd,
		   const struct mn_ref *ref, struct mn_err *err)
{
	struct mn_oid oid = ref->oid;
	enum mn_otype type;
	struct mn_object o;
	uint64_t size;
	int depth = 0;
	int r = mn_reader_stat(rd, &type, &size, &oid, err);

	if (!r)
		add_line(text, &oid, ref->name, "");
	while (!r && type == MN_TAG && depth++ < PEEL_MAX) {
		r = mn_reader_read(rd, &o, &oid, MN_OBJECT_MAX, err);
		if (!r && (o.len <= 7 + MN_OID_HEX ||
			   memcmp(o.data, "object ", 7) ||
			   mn_oid_parse(&oid, o.data + 7) < 0))
			r = MN_ENOTFOUND;
		if (!r)
			r = mn_reader_stat(rd, &type, &size, &oid, err);
	}
	if (!r && depth)
		add_line(text, &oid, ref->name, "^{}");
	if (r != MN_ENOTFOUND)
		return r;
	mn_err_clear(err);
	return 0;
}

static int update_refs(const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, old = MN_BUF_INIT;
	struct mn_buf text = MN_BUF_INIT;
	struct mn_ref_list refs = { NULL, 0, 0 };
	struct mn_store *store = NULL;
	struct mn_reader *rd = NULL;
	int r = mn_refs_list(&refs, gitdir, "refs/", REFS_MAX, err);

	if (!r)
		r = mn_store_open(&store, gitdir, err);
	if (!r)
		rd = mn_reader_new(store);
	for (size_t i = 0; i < refs.n && !r; i++)
		r = add_ref(&text, rd, &refs.p[i], err);
	mn_buf_addf(&path, "%s/info/refs", gitdir);
	if (!r)
		r = read_old(&old, path.p, err);
	if (!r)
		r = put(path.p, &old, &text, err);
	if (rd)
		mn_reader_free(rd);
	mn_store_close(store);
	mn_refs_release(&refs);
	mn_buf_release(&path);
	mn_buf_release(&old);
	mn_buf_release(&text);
	return r;
}

int mn_serverinfo_update(const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	mn_buf_addf(&path, "%s/objects", gitdir);
	if (!mn_io_exists(path.p))
		r = mn_err_set(err, MN_ENOTFOUND,
			       "'%s' is no bare repository", gitdir);
	mn_buf_release(&path);
	if (!r)
		r = update_packs(gitdir, err);
	return r < 0 ? r : update_refs(gitdir, err);
}
