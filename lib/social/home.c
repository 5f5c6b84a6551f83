#include "social/home.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "base/hex.h"
#include "base/io.h"

#include "banned.h"

#define REPO_SUFFIX ".git"
#define OLD 3600	/* seconds after which nobody is still making a profile */

void mn_home_init(struct mn_home *h, const char *dir)
{
	h->dir = mn_xstrdup(dir);
}

void mn_home_release(struct mn_home *h)
{
	free(h->dir);
	h->dir = NULL;
}

char *mn_home_path(const struct mn_home *h, const char *name)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/%s", h->dir, name);
	return mn_buf_detach(&b, NULL);
}

char *mn_home_repo(const struct mn_home *h, const char *profile)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/profiles/%s" REPO_SUFFIX, h->dir, profile);
	return mn_buf_detach(&b, NULL);
}

char *mn_home_key(const struct mn_home *h, const char *profile,
		  const char *suffix)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/keys/%s.%s", h->dir, profile, suffix);
	return mn_buf_detach(&b, NULL);
}

/* Cuts off the last part of a path; "." or "/" where nothing is left. */
static void to_parent(struct mn_buf *path)
{
	while (path->len > 1 && path->p[path->len - 1] == '/')
		mn_buf_setlen(path, path->len - 1);
	while (path->len && path->p[path->len - 1] != '/')
		mn_buf_setlen(path, path->len - 1);
	if (!path->len)
		mn_buf_adds(path, ".");
}

/* Makes the home itself, with the entries above it on disk. */
static int make_dir(const struct mn_home *h, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0, missing = 0;

	if (mn_io_exists(h->dir))
		return mn_io_mkdirs(h->dir, 0700, err);
	mn_buf_adds(&path, h->dir);
	for (; !mn_io_exists(path.p); missing++)
		to_parent(&path);
	r = mn_io_mkdirs(h->dir, 0700, err);
	mn_buf_clear(&path);
	mn_buf_adds(&path, h->dir);
	while (r == 0 && missing--) {
		to_parent(&path);
		r = mn_io_fsync_dir(path.p, err);
	}
	mn_buf_release(&path);
	return r;
}

int mn_home_create(const struct mn_home *h, struct mn_err *err)
{
	static const char *const names[] = { "profiles", "keys", "hooks" };
	int r = make_dir(h, err);

	for (size_t i = 0; i < sizeof(names) / sizeof(*names) && r == 0; i++) {
		char *path = mn_home_path(h, names[i]);

		r = mn_io_mkdirs(path, 0700, err);
		free(path);
	}
	return r < 0 ? r : mn_io_fsync_dir(h->dir, err);
}

void mn_home_sweep(const struct mn_home *h)
{
	char *profiles = mn_home_path(h, "profiles");
	struct mn_buf path = MN_BUF_INIT;
	DIR *dir = opendir(profiles);
	struct dirent *e;
	struct stat st;

	while (dir && (e = readdir(dir))) {
		if (strncmp(e->d_name, "new-", 4))
			continue;
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/%s", profiles, e->d_name);
		if (!lstat(path.p, &st) && S_ISDIR(st.st_mode) &&
		    st.st_mtime < time(NULL) - OLD)
			mn_io_remove_tree(path.p, NULL);
	}
	if (dir)
		closedir(dir);
	mn_buf_release(&path);
	free(profiles);
}

/* Whether a file name is that of a profile's repository. */
static int is_repo_name(const char *name)
{
	return strlen(name) == MN_ID_HEX + strlen(REPO_SUFFIX) &&
	       mn_hex_span(name, MN_ID_HEX) == MN_ID_HEX &&
	       !strcmp(name + MN_ID_HEX, REPO_SUFFIX);
}

static int cmp_profile(const void *a, const void *b)
{
	return strcmp(((const struct mn_home_profile *)a)->hex,
		      ((const struct mn_home_profile *)b)->hex);
}

int mn_home_list(struct mn_home_profiles *out, const struct mn_home *h,
		 struct mn_err *err)
{
	char *path = mn_home_path(h, "profiles");
	DIR *dir = opendir(path);
	struct dirent *e;
	int r = 0;

	if (!dir) {
		if (errno != ENOENT)
			r = mn_err_sys(err, "cannot read '%s'", path);
		free(path);
		return r;
	}
	while ((e = readdir(dir))) {
		struct mn_home_profile *p;
		char *key;

		if (!is_repo_name(e->d_name))
			continue;
		p = mn_vec_push(out);
		memcpy(p->hex, e->d_name, MN_ID_HEX);
		p->hex[MN_ID_HEX] = '\0';
		key = mn_home_key(h, p->hex, "device");
		p->own = mn_io_exists(key);
		free(key);
	}
	closedir(dir);
	free(path);
	if (out->n)
		qsort(out->p, out->n, sizeof(*out->p), cmp_profile);
	return 0;
}

void mn_home_profiles_release(struct mn_home_profiles *l)
{
	mn_vec_release(l);
}

int mn_home_resolve(char hex[MN_ID_HEX + 1], const struct mn_home *h,
		    const char *word, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	const char *digits = strncmp(word, "mn:", 3) ? word : word + 3;
	size_t len = strlen(digits), found = 0;
	int r;

	if (len < 4 || len > MN_ID_HEX || mn_hex_span(digits, len) != len)
		return mn_err_set(err, MN_ENOTFOUND,
				  "no profile '%s' here", word);
	if (len == MN_ID_HEX) {
		memcpy(hex, digits, MN_ID_HEX + 1);
		return 0;	/* whether it is here, opening it tells */
	}
	r = mn_home_list(&all, h, err);
	for (size_t i = 0; i < all.n && r == 0; i++) {
		if (strncmp(all.p[i].hex, digits, len))
			continue;
		memcpy(hex, all.p[i].hex, sizeof(all.p[i].hex));
		found++;
	}
	mn_home_profiles_release(&all);
	if (r == 0 && !found)
		r = mn_err_set(err, MN_ENOTFOUND, "no profile '%s' here",
			       word);
	if (r == 0 && found > 1)
		r = mn_err_set(err, MN_EAMBIGUOUS,
			       "'%s' fits %zu profiles: give more digits",
			       word, found);
	return r;
}
