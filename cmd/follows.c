/* follows: see follows.h. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "follows.h"
#include "git/repo.h"
#include "net/url.h"
#include "out/text.h"
#include "banned.h"

int mn_cmd_settings(struct mn_follow *f, const struct mn_home *h,
		    const char *hex, struct mn_err *err)
{
	char *path = mn_home_repo(h, hex);
	int r;

	mn_follow_init(f);
	if (!mn_io_exists(path)) {
		free(path);
		return mn_err_set(err, MN_ENOTFOUND, "profile %.12s is not "
				  "here", hex);
	}
	r = mn_follow_read(f, path, err);
	free(path);
	return r;
}

static int change(struct mn_repo *repo, mn_settings_fn *fn, void *ctx,
		  struct mn_err *err)
{
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	r = mn_follow_read(&f, repo->path, err);
	if (r == 0)
		r = fn(ctx, &f, repo, err);
	if (r == 0)
		r = mn_follow_write(&f, repo->path, err);
	mn_follow_release(&f);
	return r < 0 ? r : 0;
}

int mn_cmd_change_settings(struct mn_cmd *c, const struct mn_home *h,
			   const char *hex, mn_settings_fn *fn, void *ctx,
			   struct mn_err *err)
{
	char *path = mn_home_repo(h, hex), found[MN_ID_HEX + 1];
	struct mn_repo repo;
	int wait_ms, r = mn_cmd_lock_wait(&wait_ms, c, err);

	if (r == 0 && !mn_io_exists(path))
		r = mn_err_set(err, MN_ENOTFOUND, "profile %.12s is not here",
			       hex);
	if (r == 0)
		r = mn_repo_open(&repo, path, found, err);
	free(path);
	if (r < 0)
		return r;
	r = mn_repo_lock(&repo, wait_ms, err);
	if (r == 0) {
		r = change(&repo, fn, ctx, err);
		mn_repo_unlock(&repo);
	}
	mn_repo_close(&repo);
	return r;
}

int mn_cmd_is_own(const struct mn_home *h, const char *hex)
{
	char *key = mn_home_key(h, hex, "device");
	int own = mn_io_exists(key);

	free(key);
	return own;
}

static int make_absolute(struct mn_buf *out, const char *path,
			 struct mn_err *err)
{
	char *whole = realpath(path, NULL), dir[PATH_MAX];

	if (whole) {
		mn_buf_adds(out, whole);
		free(whole);
		return 0;
	}
	/* it may be there another time */
	if (!getcwd(dir, sizeof(dir)))
		return mn_err_sys(err, "cannot tell the current directory");
	while (!strncmp(path, "./", 2))
		path += 2;
	mn_buf_addf(out, "%s/%s", dir, path);
	return 0;
}

int mn_cmd_address(struct mn_buf *out, const char *word, struct mn_err *err)
{
	struct mn_url u;
	int r = mn_url_parse(&u, word, err);

	if (r < 0)
		return r;
	if (u.scheme == MN_URL_LOCAL && u.path[0] != '/')
		r = make_absolute(out, u.path, err);
	else
		mn_buf_adds(out, u.text);
	if (u.profile)
		mn_buf_addf(out, "#%s", u.profile);
	mn_url_release(&u);
	return r;
}

void mn_cmd_add_name(struct mn_buf *out, struct mn_cmd *c, const char *hex)
{
	const char *name = mn_cmd_name(c, hex);

	if (name)
		mn_text_line(out, mn_str(name));
	else
		mn_buf_add(out, hex, 12);
}
