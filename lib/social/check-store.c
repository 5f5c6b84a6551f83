#include "social/check-store.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"

#include "banned.h"

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct mn_stored_pack *)a)->name,
		      ((const struct mn_stored_pack *)b)->name);
}

static void add_junk(struct mn_stored *s, const char *dir, const char *name)
{
	struct mn_buf path = MN_BUF_INIT;

	mn_buf_addf(&path, "%s/%s", dir, name);
	*mn_vec_push(&s->junk) = mn_buf_detach(&path, NULL);
}

/* One file of a pack; those of one pack are joined later. */
static void add_pack_file(struct mn_stored *s, const char *dir,
			  const char *name)
{
	struct mn_buf path = MN_BUF_INIT;
	const char *dot = strrchr(name, '.');
	struct mn_stored_pack *p;
	struct stat st;
	size_t len = dot ? (size_t)(dot - name) : 0;

	if (strncmp(name, "pack-", 5) || len <= 5 ||
	    len >= MN_STORED_NAME_MAX)
		return;
	p = mn_vec_push(&s->packs);
	memset(p, 0, sizeof(*p));
	memcpy(p->name, name, len);
	p->has_pack = !strcmp(dot, ".pack");
	p->has_idx = !strcmp(dot, ".idx");
	p->has_keep = !strcmp(dot, ".keep");
	p->has_promisor = !strcmp(dot, ".promisor");
	mn_buf_addf(&path, "%s/%s", dir, name);
	if ((p->has_pack || p->has_promisor) && !stat(path.p, &st))
		p->time = st.st_mtim.tv_sec;
	mn_buf_release(&path);
}

static void join_packs(struct mn_stored *s)
{
	size_t n = 0;

	if (s->packs.n)
		qsort(s->packs.p, s->packs.n, sizeof(*s->packs.p), by_name);
	for (size_t i = 0; i < s->packs.n; i++) {
		struct mn_stored_pack *p = &s->packs.p[i], *q;

		if (!n || strcmp(s->packs.p[n - 1].name, p->name)) {
			s->packs.p[n++] = *p;
			continue;
		}
		q = &s->packs.p[n - 1];
		if (p->has_pack || (!q->has_pack && p->has_promisor))
			q->time = p->time;
		q->has_pack |= p->has_pack;
		q->has_idx |= p->has_idx;
		q->has_keep |= p->has_keep;
		q->has_promisor |= p->has_promisor;
	}
	s->packs.n = n;
}

static int list_packs(struct mn_stored *s, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	DIR *dir;
	int r = 0;

	mn_buf_addf(&path, "%s/pack", s->dir);
	dir = opendir(path.p);
	if (!dir && errno != ENOENT)
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	while (dir && (e = readdir(dir))) {
		if (!strncmp(e->d_name, "tmp_", 4) ||
		    !strncmp(e->d_name, ".tmp-", 5))
			add_junk(s, path.p, e->d_name);
		else
			add_pack_file(s, path.p, e->d_name);
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	join_packs(s);
	return r;
}

static int list_loose(struct mn_stored *s, unsigned k, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	char hex[MN_OID_HEX + 1];
	unsigned char c = (unsigned char)k;
	struct mn_oid oid;
	struct dirent *e;
	DIR *dir;
	int r = 0;

	mn_hex_encode(hex, &c, 1);
	mn_buf_addf(&path, "%s/%s", s->dir, hex);
	dir = opendir(path.p);
	if (!dir && errno != ENOENT && errno != ENOTDIR)
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	while (dir && (e = readdir(dir))) {
		if (!strncmp(e->d_name, "tmp_obj_", 8))
			add_junk(s, path.p, e->d_name);
		if (strlen(e->d_name) != MN_OID_HEX - 2)
			continue;
		memcpy(hex + 2, e->d_name, MN_OID_HEX - 1);
		if (!mn_oid_parse(&oid, hex))
			*mn_vec_push(&s->loose) = oid;
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	return r;
}

int mn_stored_list(struct mn_stored *s, const char *gitdir,
		   struct mn_err *err)
{
	struct mn_buf dir = MN_BUF_INIT;
	int r;

	memset(s, 0, sizeof(*s));
	mn_buf_addf(&dir, "%s/objects", gitdir);
	s->dir = mn_buf_detach(&dir, NULL);
	/* Loose ones first: what is packed meanwhile is then seen twice. */
	r = 0;
	for (unsigned k = 0; k < 256 && !r; k++)
		r = list_loose(s, k, err);
	if (!r)
		r = list_packs(s, err);
	if (r < 0)
		mn_stored_release(s);
	return r;
}

void mn_stored_release(struct mn_stored *s)
{
	for (size_t i = 0; i < s->junk.n; i++)
		free(s->junk.p[i]);
	mn_vec_release(&s->junk);
	mn_vec_release(&s->loose);
	mn_vec_release(&s->packs);
	free(s->dir);
	s->dir = NULL;
}
