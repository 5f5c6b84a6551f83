#include "git/refs.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "base/vec.h"
#include "git/refname.h"

#include "banned.h"

int mn_refs_read(struct mn_oid *out, const char *gitdir, const char *name,
		 struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	int r;

	if (!mn_refname_ok(name, strlen(name)))
		return mn_err_set(err, MN_EINVALID, "'%s' is no name of a ref",
				  name);
	/* In this order: git pack-refs writes the packed ones first. */
	r = mn_ref_read_loose(out, gitdir, name, err);
	if (r != MN_ENOTFOUND)
		return r;
	mn_err_clear(err);
	r = mn_packed_read(&text, gitdir, err);
	if (!r)
		r = mn_packed_find(out, (struct mn_str){ text.p, text.len },
				   name, err);
	mn_buf_release(&text);
	return r;
}

void mn_refs_release(struct mn_ref_list *l)
{
	free(l->p);
	*l = (struct mn_ref_list){ NULL, 0, 0 };
}

int mn_refs_eq(const struct mn_ref_list *a, const struct mn_ref_list *b)
{
	if (a->n != b->n)
		return 0;
	for (size_t i = 0; i < a->n; i++)
		if (strcmp(a->p[i].name, b->p[i].name) ||
		    !mn_oid_eq(&a->p[i].oid, &b->p[i].oid))
			return 0;
	return 1;
}

/* Directories that are yet to be read, as names ("refs/heads"). */
struct todo {
	MN_VEC(char *) dirs;
};

static int append(struct mn_ref_list *l, struct mn_str name,
		  const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	struct mn_ref *ref;

	if (l->n >= max)
		return mn_err_set(err, MN_ELIMIT, "more than %zu refs", max);
	ref = mn_vec_push(l);
	memcpy(ref->name, name.p, name.len);
	ref->name[name.len] = 0;
	ref->oid = *oid;
	return 0;
}

static int is_lock(const char *name)
{
	size_t n = strlen(name);

	return n >= 5 && !strcmp(name + n - 5, ".lock");
}

/* One entry of a directory of refs: a ref, a directory for later, a lock. */
static int visit(struct mn_ref_list *l, struct todo *t, const char *gitdir,
		 const char *name, const char *prefix, size_t max,
		 struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	struct mn_oid oid;
	struct stat st;
	size_t n = strlen(name), plen = strlen(prefix);
	int r;

	mn_buf_addf(&path, "%s/%s", gitdir, name);
	r = lstat(path.p, &st);
	mn_buf_release(&path);
	if (r)
		return errno == ENOENT ? 0 :
			mn_err_sys(err, "cannot stat ref '%s'", name);
	if (S_ISDIR(st.st_mode)) {
		size_t k = n < plen ? n : plen;

		if (!memcmp(name, prefix, k) &&
		    (n >= plen || prefix[n] == '/'))
			*mn_vec_push(&t->dirs) = mn_xstrdup(name);
		return 0;
	}
	if (strncmp(name, prefix, plen) || is_lock(name))
		return 0;
	if (!mn_refname_ok(name, n))
		return mn_err_set(err, n > MN_REF_MAX ? MN_ELIMIT :
				  MN_ECORRUPT, "'%s' is no name of a ref",
				  name);
	r = mn_ref_read_loose(&oid, gitdir, name, err);
	if (r == MN_ENOTFOUND) {	/* moved to packed-refs meanwhile */
		mn_err_clear(err);
		return 0;
	}
	return r < 0 ? r : append(l, mn_str(name), &oid, max, err);
}

static int list_dir(struct mn_ref_list *l, struct todo *t, const char *gitdir,
		    const char *name, const char *prefix, size_t max,
		    struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, sub = MN_BUF_INIT;
	struct dirent *e;
	DIR *dir;
	int r = 0;

	mn_buf_addf(&path, "%s/%s", gitdir, name);
	dir = opendir(path.p);
	if (!dir && errno != ENOENT && errno != ENOTDIR)
		r = mn_err_sys(err, "cannot open '%s'", path.p);
	while (dir && !r && (e = readdir(dir))) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, ".."))
			continue;
		mn_buf_clear(&sub);
		mn_buf_addf(&sub, "%s/%s", name, e->d_name);
		if (sub.len > 4096)
			r = mn_err_set(err, MN_ELIMIT,
				       "directories of refs are too deep");
		else
			r = visit(l, t, gitdir, sub.p, prefix, max, err);
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	mn_buf_release(&sub);
	return r;
}

static int list_loose(struct mn_ref_list *l, const char *gitdir,
		      const char *prefix, size_t max, struct mn_err *err)
{
	struct todo t = { { NULL, 0, 0 } };
	const char *slash = strrchr(prefix, '/');
	struct mn_buf top = MN_BUF_INIT;
	int r = 0;

	if (slash)
		mn_buf_add(&top, prefix, (size_t)(slash - prefix));
	else
		mn_buf_adds(&top, "refs");
	*mn_vec_push(&t.dirs) = mn_buf_detach(&top, NULL);
	while (t.dirs.n) {
		char *name = t.dirs.p[--t.dirs.n];

		if (!r)
			r = list_dir(l, &t, gitdir, name, prefix, max, err);
		free(name);
	}
	mn_vec_release(&t.dirs);
	return r;
}

static int by_name(const void *a, const void *b)
{
	const struct mn_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

/* A directory that is written to while it is read may tell a name twice. */
static void sort_loose(struct mn_ref_list *l)
{
	size_t n = 0;

	if (l->n)
		qsort(l->p, l->n, sizeof(*l->p), by_name);
	for (size_t i = 0; i < l->n; i++)
		if (!n || strcmp(l->p[i].name, l->p[n - 1].name)) {
			if (n != i)
				l->p[n] = l->p[i];
			n++;
		}
	l->n = n;
}

/* Adds those that no loose ref hides; the loose ones are sorted. */
static int list_packed(struct mn_ref_list *l, const char *gitdir,
		       const char *prefix, size_t max, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	struct mn_packed_ref e;
	struct mn_ref *key = mn_xcalloc(1, sizeof(*key));
	size_t at = 0, nloose = l->n;
	int r = mn_packed_read(&text, gitdir, err);

	while (!r) {
		struct mn_str s = { text.p, text.len };

		r = mn_packed_next(&e, s, &at, err);
		if (r <= 0)
			break;
		r = 0;
		if (!mn_str_starts(e.name, prefix))
			continue;
		if (!mn_refname_ok(e.name.p, e.name.len)) {
			r = mn_err_set(err, e.name.len > MN_REF_MAX ?
				       MN_ELIMIT : MN_ECORRUPT,
				       "packed-refs holds '%.*s', which is no "
				       "name of a ref", (int)(e.name.len % 300),
				       e.name.p);
			break;
		}
		memcpy(key->name, e.name.p, e.name.len);
		key->name[e.name.len] = 0;
		if (!nloose || !bsearch(key, l->p, nloose, sizeof(*l->p),
					by_name))
			r = append(l, e.name, &e.oid, max, err);
	}
	free(key);
	mn_buf_release(&text);
	return r;
}

int mn_refs_list(struct mn_ref_list *out, const char *gitdir,
		 const char *prefix, size_t max, struct mn_err *err)
{
	int r;

	*out = (struct mn_ref_list){ NULL, 0, 0 };
	if (strncmp(prefix, "refs", 4) || (prefix[4] && prefix[4] != '/') ||
	    strstr(prefix, ".."))
		return mn_err_set(err, MN_EINVALID, "'%s' is not below refs/",
				  prefix);
	r = list_loose(out, gitdir, prefix, max, err);
	sort_loose(out);
	if (!r)
		r = list_packed(out, gitdir, prefix, max, err);
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), by_name);
	for (size_t i = 1; !r && i < out->n; i++)
		if (!strcmp(out->p[i].name, out->p[i - 1].name))
			r = mn_err_set(err, MN_ECORRUPT,
				       "packed-refs holds '%s' twice",
				       out->p[i].name);
	if (r < 0)
		mn_refs_release(out);
	return r;
}
