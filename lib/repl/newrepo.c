/* newrepo: see newrepo.h. */
#include "repl/newrepo.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/io.h"
#include "git/loose.h"
#include "git/refs.h"
#include "git/repo.h"
#include "git/tmp.h"
#include "social/profile.h"

#include "banned.h"

int mn_newrepo_begin(struct mn_newrepo *n, const struct mn_home *h,
		     struct mn_err *err)
{
	int r;

	n->dir = mn_home_path(h, "profiles/new-XXXXXX");
	r = mn_tmp_mkdir(n->dir, err);
	if (r < 0) {
		free(n->dir);
		n->dir = NULL;
	}
	return r;
}

static int store_identity(const char *repo, struct mn_str identity,
			  struct mn_err *err)
{
	struct mn_ref_update u = { .name = MN_REF_IDENTITY, .durable = 1 };
	struct mn_loose *w;
	int r = mn_loose_begin(&w, repo, err);

	if (r < 0)
		return r;
	r = mn_loose_add(w, &u.new_oid, MN_BLOB, identity.p, identity.len,
			 err);
	if (r == 0)
		r = mn_loose_commit(w, err);
	if (r == 0)
		r = mn_refs_update(repo, &u, 1, err);
	mn_loose_free(w);
	return r;
}

int mn_newrepo_at(const char *path, const char *hex, struct mn_str identity,
		  const struct mn_follow *f, struct mn_err *err)
{
	int r = mn_repo_init(path, hex, err);

	if (r == 0 && f)
		r = mn_follow_write(f, path, err);
	return r < 0 ? r : store_identity(path, identity, err);
}

static int is_there(const char *place, struct mn_err *err)
{
	return mn_err_set(err, MN_EEXISTS, "'%s' is there already", place);
}

int mn_newrepo_build(struct mn_newrepo *n, const struct mn_home *h,
		     const char *hex, struct mn_str identity,
		     const struct mn_follow *f, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r = 0;

	free(n->place);
	n->place = mn_home_repo(h, hex);
	if (mn_io_exists(n->place))
		return is_there(n->place, err);
	if (!n->dir)
		r = mn_newrepo_begin(n, h, err);
	if (r < 0)
		return r;
	mn_buf_addf(&path, "%s/%s.git", n->dir, hex);
	free(n->repo);
	n->repo = mn_buf_detach(&path, NULL);
	return mn_newrepo_at(n->repo, hex, identity, f, err);
}

int mn_newrepo_place(struct mn_newrepo *n, struct mn_err *err)
{
	if (rename(n->repo, n->place) == 0) {
		free(n->repo);
		n->repo = NULL;
		return mn_io_fsync_parent(n->place, err);
	}
	if (errno == EEXIST || errno == ENOTEMPTY)
		return is_there(n->place, err);
	return mn_err_sys(err, "cannot create '%s'", n->place);
}

void mn_newrepo_release(struct mn_newrepo *n)
{
	if (n->dir)
		mn_io_remove_tree(n->dir, NULL);
	free(n->dir);
	free(n->repo);
	free(n->place);
	*n = (struct mn_newrepo)MN_NEWREPO_INIT;
}
