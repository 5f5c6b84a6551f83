#include "net/local-push.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/io.h"
#include "base/vec.h"
#include "git/indexpack.h"
#include "git/quarantine.h"
#include "git/refs.h"
#include "git/repo.h"
#include "git/serverinfo.h"
#include "net/local.h"
#include "net/net-impl.h"
#include "net/receive.h"
#include "net/walk.h"

#include "banned.h"

#define REFS_MAX ((size_t)1000 * 1000)

struct mn_local_push {
	struct mn_net *net;
	char *gitdir;
	int missing;			/* to be made */
	char checked_out[MN_REF_MAX + 1];	/* "" where none is */
	struct mn_repo repo;		/* path and lock alone */
	struct mn_quarantine *quarantine;
	struct mn_indexpack *pack;
	int failed;			/* why all of it came to nothing */
	struct mn_err why;
};

typedef MN_VEC(struct mn_oid) oids;

static int foreign(void *ctx, const char *name, const char *value)
{
	(void)ctx;
	if (!strcmp(name, "extensions.objectformat"))
		return strcmp(value, "sha1") != 0;
	if (!strcmp(name, "extensions.refstorage"))
		return strcmp(value, "files") != 0;
	return !strcmp(name, "core.repositoryformatversion") &&
		strcmp(value, "0") && strcmp(value, "1");
}

static int check_format(const char *gitdir, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "%s/config", gitdir);
	r = mn_io_read_file(&text, path.p, MN_INI_MAX, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	} else if (!r && mn_ini_parse((struct mn_str){ text.p, text.len },
				      foreign, NULL, NULL) > 0) {
		r = mn_err_set(err, MN_EVERSION, "the repository at '%s' is of "
			       "a kind that mn cannot write", gitdir);
	}
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

/* The branch whose files lie beside the repository. */
static void read_checked_out(struct mn_local_push *p)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;

	mn_buf_addf(&path, "%s/HEAD", p->gitdir);
	if (!mn_io_read_file(&text, path.p, 4096, NULL) && text.len > 5 &&
	    !strncmp(text.p, "ref: ", 5))
		snprintf(p->checked_out, sizeof(p->checked_out), "%.*s",
			 (int)strcspn(text.p + 5, "\r\n"), text.p + 5);
	mn_buf_release(&path);
	mn_buf_release(&text);
}

/* Nothing but "." and ".." in it, or nothing at all there. */
static int is_free(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *e;
	int empty = 1;

	if (!dir)
		return !mn_io_exists(path);
	while (empty && (e = readdir(dir)))
		empty = !strcmp(e->d_name, ".") || !strcmp(e->d_name, "..");
	closedir(dir);
	return empty;
}

/* Where a new one is going to be. */
static int find_place(struct mn_local_push *p, const char *path,
		      struct mn_err *err)
{
	struct mn_buf parent = MN_BUF_INIT;
	size_t len = strlen(path);
	const char *slash;
	int r = 0;

	while (len > 1 && path[len - 1] == '/')
		len--;
	mn_buf_add(&parent, path, len);
	p->gitdir = mn_buf_detach(&parent, NULL);
	slash = strrchr(p->gitdir, '/');
	if (slash)
		mn_buf_add(&parent, p->gitdir,
			   (size_t)(slash + 1 - p->gitdir));
	else
		mn_buf_addc(&parent, '.');
	if (!is_free(p->gitdir))
		r = mn_err_set(err, MN_ENOTFOUND, "there is no repository at "
			       "'%s', but something else", p->gitdir);
	else if (!mn_io_exists(parent.p))
		r = mn_err_set(err, MN_ENOTFOUND, "there is no directory '%s' "
			       "to make a repository in", parent.p);
	p->missing = 1;
	mn_buf_release(&parent);
	return r;
}

/* Who was killed left a quarantine, and perhaps refs that a web server
 * doesn't show. */
static int catch_up(struct mn_local_push *p, struct mn_err *err)
{
	int r;

	if (mn_repo_lock(&p->repo, 0, NULL) < 0)
		return 0;	/* told when it matters */
	mn_quarantine_sweep(p->gitdir, NULL);
	r = mn_serverinfo_update(p->gitdir, err);
	mn_repo_unlock(&p->repo);
	return r;
}

int mn_local_push_begin(struct mn_local_push **out, struct mn_net *net,
			const char *path, struct mn_buf *said,
			struct mn_err *err)
{
	struct mn_local_push *p = mn_xcalloc(1, sizeof(*p));
	int bare = 1;
	int r = mn_local_gitdir(&p->gitdir, &bare, path, err);

	p->net = net;
	p->repo = (struct mn_repo){ .lock = MN_LOCK_INIT };
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = find_place(p, path, err);
	} else if (!r) {
		r = check_format(p->gitdir, err);
	}
	p->repo.path = p->gitdir;
	if (!r && !bare)
		read_checked_out(p);
	if (!r && !p->missing)
		r = catch_up(p, err);
	if (!r)
		r = mn_receive_advertise(p->gitdir, NULL, NULL, NULL, said,
					 err);
	if (r < 0)
		mn_local_push_free(p);
	else
		*out = p;
	return r;
}

void mn_local_push_free(struct mn_local_push *p)
{
	if (!p)
		return;
	mn_repo_unlock(&p->repo);
	mn_indexpack_free(p->pack);
	mn_quarantine_free(p->quarantine);
	free(p->gitdir);
	free(p);
}

/* Another may have made it since. */
static int make(struct mn_local_push *p, struct mn_err *err)
{
	static const char words[] = "a repository was made";
	const struct mn_net_options *o = &p->net->opt;
	char *made;
	int r;

	rmdir(p->gitdir);	/* fails where it is not empty */
	r = mn_repo_init(p->gitdir, NULL, err);
	if (!r && o->say)
		o->say(o->ctx, words, sizeof(words) - 1);
	if (r != MN_EEXISTS || mn_local_gitdir(&made, NULL, p->gitdir, NULL))
		return r;
	mn_err_clear(err);
	free(p->gitdir);
	p->gitdir = p->repo.path = made;
	return 0;
}

/* The client is told, and as it is in this process, the code, too. */
static int failed(struct mn_local_push *p, int r, const struct mn_err *err)
{
	p->failed = r;
	p->why = *err;
	return r;
}

static int take_pack(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	struct mn_local_push *p = ctx;
	int r = 0;

	if (!data)
		return 0;	/* whether it is whole shows in finish */
	p->net->wire.out += len;
	if (!p->quarantine) {
		if (p->missing)
			r = make(p, err);
		if (!r)
			r = mn_quarantine_begin(&p->quarantine, p->gitdir,
						err);
		if (!r)
			r = mn_indexpack_begin(&p->pack,
					mn_quarantine_dir(p->quarantine),
					NULL, err);
	}
	if (!r)
		r = mn_indexpack_feed(p->pack, data, len, err);
	return r < 0 ? failed(p, r, err) : mn_indexpack_is_whole(p->pack);
}

static void oid_of(struct mn_oid *out, const unsigned char b[20])
{
	memcpy(out->b, b, sizeof(out->b));
}

/* Whether the ref may be moved: fills in why. */
static int check_command(const struct mn_local_push *p,
			 struct mn_push_command *c, struct mn_err *err)
{
	struct mn_oid old_oid, new_oid, is;
	const char *why = "";
	int r = mn_refs_read(&is, p->gitdir, c->name, err);

	oid_of(&old_oid, c->old_oid);
	oid_of(&new_oid, c->new_oid);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		memset(&is, 0, sizeof(is));
		r = 0;
	}
	if (mn_oid_is_zero(&new_oid))
		why = "nothing is deleted here";
	else if (!strcmp(c->name, p->checked_out))
		why = "it is checked out there";
	else if (!mn_oid_eq(&is, &old_oid))
		why = "it moved meanwhile: try again";
	snprintf(c->why, sizeof(c->why), "%s", why);
	return r;
}

/* Everything that the wants reach, and what is there doesn't. */
static int list_news(struct mn_objlist *news, const struct mn_local_push *p,
		     const oids *wants, struct mn_err *err)
{
	struct mn_store *store = mn_quarantine_store(p->quarantine);
	struct mn_ref_list refs = { NULL, 0, 0 };
	oids haves = { NULL, 0, 0 };
	int r = mn_refs_list(&refs, p->gitdir, "refs/", REFS_MAX, err);

	for (size_t i = 0; i < refs.n; i++)
		*mn_vec_push(&haves) = refs.p[i].oid;
	if (!r) {
		struct mn_walk walk = {
			.store = store, .wants = wants->p, .nwants = wants->n,
			.haves = haves.p, .nhaves = haves.n,
			.partial = mn_walk_is_partial(store, p->gitdir)
		};

		r = mn_walk(news, &walk, err);
	}
	mn_vec_release(&haves);
	mn_refs_release(&refs);
	return r;
}

static int keep(struct mn_local_push *p, const struct mn_objlist *news,
		struct mn_err *err)
{
	struct mn_quarantine_wanted w = {
		.n = news->n,
		.promisor = mn_walk_is_partial(
				mn_quarantine_store(p->quarantine), p->gitdir)
	};
	struct mn_oid *all;
	int r;

	if (!news->n)
		return 0;
	all = mn_xcalloc(news->n, sizeof(*all));
	for (size_t i = 0; i < news->n; i++)
		all[i] = news->p[i].oid;
	w.keep = all;
	r = mn_quarantine_admit(p->quarantine, &w, err);
	free(all);
	return r;
}

/* One by one, so that a lock on one of them doesn't stop the others. */
static int move_refs(struct mn_local_push *p, struct mn_push_command *c,
		     size_t n, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < n && !r; i++) {
		struct mn_ref_update u = { .name = c[i].name, .durable = 1 };

		if (c[i].why[0])
			continue;
		oid_of(&u.old_oid, c[i].old_oid);
		oid_of(&u.new_oid, c[i].new_oid);
		r = mn_refs_update(p->gitdir, &u, 1, err);
		if (r == MN_EEXISTS || r == MN_ELOCKED || r == MN_EINVALID) {
			snprintf(c[i].why, sizeof(c[i].why), "%.199s",
				 err->msg);
			mn_err_clear(err);
			r = 0;
		}
	}
	return r;
}

static int move_all(struct mn_local_push *p, struct mn_push_command *c,
		    size_t n, const oids *wants, struct mn_err *err)
{
	struct mn_objlist news = MN_OBJLIST_INIT;
	int r = list_news(&news, p, wants, err);

	if (!r)
		r = keep(p, &news, err);
	if (r == MN_ENOTFOUND)
		mn_err_wrap(err, r, "not all came that is needed");
	if (!r)
		r = move_refs(p, c, n, err);
	if (!r) {
		r = mn_serverinfo_update(p->gitdir, err);
		if (r < 0)
			mn_err_wrap(err, r, "refs moved, but not the files "
				    "for web servers");
	}
	mn_objlist_release(&news);
	return r;
}

static int apply(void *ctx, struct mn_push_command *c, size_t n,
		 struct mn_err *err)
{
	struct mn_local_push *p = ctx;
	struct mn_indexpack_result res;
	oids wants = { NULL, 0, 0 };
	int r = 0;

	if (p->pack)
		r = mn_indexpack_finish(p->pack, &res, err);
	if (!r && p->quarantine)
		r = mn_quarantine_load(p->quarantine, err);
	if (!r && !(p->missing && !p->quarantine))
		r = mn_repo_lock(&p->repo, MN_REPO_LOCK_MS, err);
	for (size_t i = 0; i < n && !r; i++) {
		r = check_command(p, &c[i], err);
		if (!r && !c[i].why[0])
			oid_of(mn_vec_push(&wants), c[i].new_oid);
	}
	if (!r && wants.n && !p->quarantine)
		r = mn_err_set(err, MN_EINVALID, "there is no pack");
	if (!r && wants.n)
		r = move_all(p, c, n, &wants, err);
	mn_repo_unlock(&p->repo);
	mn_vec_release(&wants);
	return r < 0 ? failed(p, r, err) : 0;
}

int mn_local_push_take(struct mn_local_push *p, mn_body_fn *body, void *ctx,
		       struct mn_buf *said, struct mn_err *err)
{
	const struct mn_receive_ops ops = { take_pack, apply, p };

	int r = mn_receive(body, ctx, &ops, said, err);

	if (!p->failed)
		return r;
	if (err)
		*err = p->why;
	return mn_err_wrap(err, p->failed, "'%s'", p->gitdir);
}
