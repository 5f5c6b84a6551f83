#include "git/repo.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/ini.h"
#include "base/io.h"
#include "base/vec.h"
#include "git/tmp.h"

#include "banned.h"

#define OLD 3600		/* seconds until a temporary is nobody's */
#define DEPTH_MAX 4096		/* bytes of a path below refs/ */

static const char *const dirs[] = {
	"", "/objects", "/objects/info", "/objects/pack", "/refs",
	"/refs/heads", "/refs/tags", "/refs/mn", "/info", "/mn", "/mn/tmp"
};

static int put_file(const struct mn_buf *dir, const char *name,
		    const struct mn_buf *text, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "%s/%s", dir->p, name);
	r = mn_io_replace(path.p, text->p, text->len, 0666, 1, err);
	mn_buf_release(&path);
	return r;
}

/*
 * gc.auto: packs are ours to write. pack.window: what we wrote is served as
 * it lies, without a search for deltas. commitGraph: the form that libgit2
 * reads.
 */
static void config_text(struct mn_buf *b, const char *profile)
{
	mn_buf_adds(b, "[core]\n"
		    "\trepositoryformatversion = 0\n"
		    "\tfilemode = true\n"
		    "\tbare = true\n");
	if (profile)
		mn_buf_addf(b, "[mn]\n"
			    "\tformat = %d\n"
			    "\tprofile = %s\n"
			    "[gc]\n"
			    "\tauto = 0\n"
			    "[pack]\n"
			    "\twindow = 0\n"
			    "[commitGraph]\n"
			    "\tgenerationVersion = 1\n",
			    MN_REPO_FORMAT, profile);
	mn_buf_adds(b, "[uploadpack]\n"
		    "\tallowFilter = true\n"
		    "\tallowAnySHA1InWant = true\n");
}

static int fill(const struct mn_buf *dir, const char *profile,
		struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	int r;

	mn_buf_adds(&text, "ref: refs/heads/main\n");
	r = put_file(dir, "HEAD", &text, err);
	mn_buf_clear(&text);
	config_text(&text, profile);
	if (!r)
		r = put_file(dir, "config", &text, err);
	mn_buf_clear(&text);
	if (profile)
		mn_buf_addf(&text, "mn profile %s\n", profile);
	else
		mn_buf_adds(&text, "copy of a profile of mn\n");
	if (!r)
		r = put_file(dir, "description", &text, err);
	mn_buf_clear(&text);
	if (!r)
		r = put_file(dir, "mn/lock", &text, err);
	mn_buf_release(&text);
	return r;
}

/* Makes or (sync) syncs the directories. */
static int make_dirs(const struct mn_buf *dir, int sync, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	for (size_t i = sync ? 0 : 1; !r && i < sizeof(dirs) / sizeof(*dirs);
	     i++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s%s", dir->p, dirs[i]);
		if (sync)
			r = mn_io_fsync_dir(path.p, err);
		else if (mkdir(path.p, 0777))
			r = mn_err_sys(err, "cannot create directory '%s'",
				       path.p);
	}
	mn_buf_release(&path);
	return r;
}

static int exists(struct mn_err *err, const char *path)
{
	return mn_err_set(err, MN_EEXISTS, "'%s' is there already", path);
}

int mn_repo_init(const char *path, const char *profile, struct mn_err *err)
{
	struct mn_buf tmp = MN_BUF_INIT;
	int r;

	if (profile && (mn_hex_span(profile, 65) != 64 || profile[64]))
		return mn_err_set(err, MN_EINVALID,
				  "'%s' is no id of a profile", profile);
	if (mn_io_exists(path))
		return exists(err, path);
	mn_buf_addf(&tmp, "%s.tmp-XXXXXX", path);
	r = mn_tmp_mkdir(tmp.p, err);
	if (r < 0) {
		mn_buf_release(&tmp);
		return r;
	}
	r = make_dirs(&tmp, 0, err);
	if (!r)
		r = fill(&tmp, profile, err);
	if (!r)
		r = make_dirs(&tmp, 1, err);
	if (!r && rename(tmp.p, path))
		r = errno == EEXIST || errno == ENOTEMPTY ||
			errno == ENOTDIR ? exists(err, path) :
			mn_err_sys(err, "cannot create '%s'", path);
	if (r < 0)
		mn_io_remove_tree(tmp.p, NULL);
	else
		r = mn_io_fsync_parent(path, err);
	mn_buf_release(&tmp);
	return r;
}

/* What the configuration says of what we can read. */
struct marks {
	int bare_version;	/* core.repositoryformatversion; -1: bad */
	int format;		/* mn.format, -1: none */
	char profile[65];
	char extension[100];	/* one that we don't know */
};

/* A small number; -1 for what is none, or is too big. */
static int small_number(const char *s)
{
	int v = 0;

	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' || v > 100000)
			return -1;
		v = v * 10 + (*s - '0');
	}
	return v;
}

static int mark(void *ctx, const char *name, const char *value)
{
	struct marks *m = ctx;

	if (!strcmp(name, "core.repositoryformatversion")) {
		m->bare_version = small_number(value);
	} else if (!strcmp(name, "mn.format")) {
		m->format = small_number(value);
	} else if (!strcmp(name, "mn.profile")) {
		if (mn_hex_span(value, 65) != 64 || value[64])
			return 1;
		memcpy(m->profile, value, 65);
	} else if (!strncmp(name, "extensions.", 11) &&
		   strcmp(name, "extensions.partialclone")) {
		snprintf(m->extension, sizeof(m->extension), "%s", name + 11);
	}
	return 0;
}

static int check_marks(const struct marks *m, const char *path,
		       struct mn_err *err)
{
	if (m->format > MN_REPO_FORMAT)
		return mn_err_set(err, MN_EVERSION, "'%s' was made by a newer "
				  "version of mn (format %d; this one reads "
				  "%d)", path, m->format, MN_REPO_FORMAT);
	if (m->format < 1 || !m->profile[0])
		return mn_err_set(err, MN_EVERSION,
				  "'%s' is not a repository of mn", path);
	if (m->bare_version < 0 || m->bare_version > 1)
		return mn_err_set(err, MN_EVERSION, "'%s' has a version of "
				  "git's format that this mn does not read",
				  path);
	if (m->extension[0])
		return mn_err_set(err, MN_EVERSION, "'%s' uses git's extension "
				  "'%s', which this mn does not know", path,
				  m->extension);
	return 0;
}

static int read_marks(struct marks *m, const char *path, struct mn_err *err)
{
	struct mn_buf file = MN_BUF_INIT, text = MN_BUF_INIT;
	int r;

	*m = (struct marks){ .format = -1 };
	mn_buf_addf(&file, "%s/config", path);
	r = mn_io_read_file(&text, file.p, MN_INI_MAX, err);
	if (r == MN_ENOTFOUND && mn_io_exists(path))
		r = mn_err_set(err, MN_EVERSION,
			       "'%s' is not a repository of mn", path);
	else if (r == MN_ENOTFOUND)
		r = mn_err_set(err, r, "there is no repository '%s'", path);
	if (!r) {
		r = mn_ini_parse((struct mn_str){ text.p, text.len }, mark, m,
				 err);
		if (r > 0)
			r = mn_err_set(err, MN_EINVALID,
				       "mn.profile is no id of a profile");
		if (r < 0)
			mn_err_wrap(err, r, "'%s'", file.p);
	}
	mn_buf_release(&file);
	mn_buf_release(&text);
	return r;
}

int mn_repo_open(struct mn_repo *r, const char *path, char profile[65],
		 struct mn_err *err)
{
	struct marks m;
	int ret;

	*r = (struct mn_repo){ .lock = MN_LOCK_INIT };
	ret = read_marks(&m, path, err);
	if (!ret)
		ret = check_marks(&m, path, err);
	if (!ret)
		ret = mn_store_open(&r->store, path, err);
	if (ret < 0)
		return ret;
	r->path = mn_xstrdup(path);
	memcpy(profile, m.profile, sizeof(m.profile));
	return 0;
}

void mn_repo_close(struct mn_repo *r)
{
	mn_repo_unlock(r);
	mn_store_close(r->store);
	free(r->path);
	*r = (struct mn_repo){ .lock = MN_LOCK_INIT };
}

/* A second name of the file, below refs/ or packed-refs.lock, is the lock of
 * a writer that was killed. */
static void unlink_twin(const char *path, const struct stat *of)
{
	struct stat st;

	if (!lstat(path, &st) && st.st_ino == of->st_ino &&
	    st.st_dev == of->st_dev)
		unlink(path);
}

static int is_lock(const char *name)
{
	size_t n = strlen(name);

	return n > 5 && !strcmp(name + n - 5, ".lock");
}

static void unlink_twins(const char *gitdir, const struct stat *of)
{
	MN_VEC(char *) todo = { NULL, 0, 0 };
	struct mn_buf path = MN_BUF_INIT;
	struct dirent *e;
	struct stat st;

	mn_buf_addf(&path, "%s/packed-refs.lock", gitdir);
	unlink_twin(path.p, of);
	mn_buf_clear(&path);
	mn_buf_addf(&path, "%s/refs", gitdir);
	*mn_vec_push(&todo) = mn_buf_detach(&path, NULL);
	while (todo.n) {
		char *name = todo.p[--todo.n];
		DIR *dir = opendir(name);

		while (dir && (e = readdir(dir))) {
			if (e->d_name[0] == '.')
				continue;
			mn_buf_clear(&path);
			mn_buf_addf(&path, "%s/%s", name, e->d_name);
			if (is_lock(e->d_name))
				unlink_twin(path.p, of);
			else if (!lstat(path.p, &st) && S_ISDIR(st.st_mode) &&
				 path.len < DEPTH_MAX)
				*mn_vec_push(&todo) = mn_xstrdup(path.p);
		}
		if (dir)
			closedir(dir);
		free(name);
	}
	mn_vec_release(&todo);
	mn_buf_release(&path);
}

/* Opens mn/tmp. What lies there is removed, so that nobody's symbolic link
 * may lead elsewhere. */
static int open_tmp(DIR **dir, const char *gitdir, struct mn_err *err)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct mn_buf path = MN_BUF_INIT;
	int mn, tmp = -1, r = 0;

	mn_buf_addf(&path, "%s/mn", gitdir);
	mn = open(path.p, flags);
	if (mn >= 0)
		tmp = openat(mn, "tmp", flags);
	*dir = tmp >= 0 ? fdopendir(tmp) : NULL;
	if (!*dir)
		r = mn_err_sys(err, "cannot open '%s/tmp'", path.p);
	if (!*dir && tmp >= 0)
		close(tmp);
	if (mn >= 0)
		close(mn);
	mn_buf_release(&path);
	return r;
}

/* With the lock held, whatever lies in mn/tmp is of a dead writer. */
static int clear_tmp(const char *gitdir, struct mn_err *err)
{
	struct dirent *e;
	struct stat st;
	DIR *dir;
	int r = open_tmp(&dir, gitdir, err);

	if (r < 0)
		return r;
	while ((e = readdir(dir))) {
		if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) ||
		    !S_ISREG(st.st_mode))
			continue;
		if (st.st_nlink > 1)
			unlink_twins(gitdir, &st);
		unlinkat(dirfd(dir), e->d_name, 0);
	}
	closedir(dir);
	return 0;
}

void mn_repo_own_dirs(const struct mn_repo *r)
{
	struct mn_buf path = MN_BUF_INIT;

	mn_buf_addf(&path, "%s/mn", r->path);
	mkdir(path.p, 0777);
	mn_buf_adds(&path, "/tmp");
	mkdir(path.p, 0777);
	mn_buf_release(&path);
}

int mn_repo_lock(struct mn_repo *r, int wait_ms, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int ret;

	mn_repo_own_dirs(r);
	mn_buf_addf(&path, "%s/mn/lock", r->path);
	ret = mn_lock_take(&r->lock, path.p, wait_ms, err);
	if (ret == MN_ELOCKED)
		mn_err_set(err, ret, "another process writes to '%s': try "
			   "again when it is done", r->path);
	if (!ret) {
		ret = clear_tmp(r->path, err);
		if (ret < 0)
			mn_lock_drop(&r->lock);
	}
	mn_buf_release(&path);
	return ret;
}

void mn_repo_unlock(struct mn_repo *r)
{
	if (r->lock.fd >= 0)
		mn_lock_drop(&r->lock);
}

static int sweep_dir(const char *dirpath, const char *prefix,
		     struct mn_err *err)
{
	DIR *dir = opendir(dirpath);
	struct mn_buf path = MN_BUF_INIT;
	time_t now = time(NULL);
	struct dirent *e;
	struct stat st;
	int r = 0;

	if (!dir)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
			mn_err_sys(err, "cannot open '%s'", dirpath);
	while (!r && (e = readdir(dir))) {
		if (strncmp(e->d_name, prefix, strlen(prefix)))
			continue;
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/%s", dirpath, e->d_name);
		if (lstat(path.p, &st) || !S_ISREG(st.st_mode) ||
		    st.st_mtime > now - OLD)
			continue;
		if (unlink(path.p) && errno != ENOENT)
			r = mn_err_sys(err, "cannot remove '%s'", path.p);
	}
	closedir(dir);
	mn_buf_release(&path);
	return r;
}

int mn_repo_sweep(struct mn_repo *r, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int ret;

	mn_buf_addf(&path, "%s/objects/pack", r->path);
	ret = sweep_dir(path.p, "tmp_", err);
	for (unsigned i = 0; i < 256 && !ret; i++) {
		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/objects/%02x", r->path, i);
		ret = sweep_dir(path.p, "tmp_obj_", err);
	}
	mn_buf_release(&path);
	return ret;
}
