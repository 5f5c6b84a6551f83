/* follow-file: the settings of follow.h in the configuration of a repository. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "base/ini.h"
#include "base/io.h"
#include "repl/follow.h"

#include "banned.h"

static char *config_path(const char *gitdir)
{
	struct mn_buf b = MN_BUF_INIT;

	mn_buf_addf(&b, "%s/config", gitdir);
	return mn_buf_detach(&b, NULL);
}

static int read_config(struct mn_buf *text, const char *gitdir,
		       struct mn_err *err)
{
	char *path = config_path(gitdir);
	int r = mn_io_read_file(text, path, MN_INI_MAX, err);

	free(path);
	return r;
}

/* NAME of "remote.NAME.key", if that is its key. */
static int remote_name(struct mn_str *out, const char *name, const char *key)
{
	static const char prefix[] = "remote.";
	const size_t plen = sizeof(prefix) - 1;
	const char *last = strrchr(name, '.');

	if (strncmp(name, prefix, plen) || last < name + plen ||
	    (key && strcmp(last + 1, key)))
		return 0;
	*out = (struct mn_str){ name + plen, (size_t)(last - name) - plen };
	return 1;
}

struct reading {
	struct mn_follow *f;
	struct mn_err *err;
};

static int bad(struct reading *rd, const char *name, const char *value,
	       const char *what)
{
	return mn_err_set(rd->err, MN_EINVALID, "%s: '%s' is %s", name, value,
			  what);
}

static int read_bool(int *on, const char *value)
{
	static const char *const yes[] = { "true", "yes", "on", "1" };
	static const char *const no[] = { "false", "no", "off", "0", "" };

	for (size_t i = 0; i < sizeof(yes) / sizeof(*yes); i++)
		if (!strcasecmp(value, yes[i])) {
			*on = 1;
			return 0;
		}
	for (size_t i = 0; i < sizeof(no) / sizeof(*no); i++)
		if (!strcasecmp(value, no[i])) {
			*on = 0;
			return 0;
		}
	return MN_EINVALID;
}

/*
 * Addresses are kept as they are: who uses one parses it, and says what is
 * wrong with it. A name that mn would not give is the user's own affair.
 */
static int read_remote(struct reading *rd, const char *full,
		       struct mn_str name, const char *url)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_remote_addr *a;
	int r = 0;

	mn_buf_addstr(&b, name);
	if (!mn_remote_name_ok(b.p)) {
		r = 0;
	} else if (rd->f->remotes.n >= MN_REMOTES_MAX) {
		r = mn_err_set(rd->err, MN_EINVALID, "%s: there are more than "
			       "%d remotes", full, MN_REMOTES_MAX);
	} else {
		a = mn_vec_push(&rd->f->remotes);
		a->name = mn_xstrdup(b.p);
		a->url = mn_xstrdup(url);
	}
	mn_buf_release(&b);
	return r;
}

static int read_entry(void *ctx, const char *name, const char *value)
{
	struct reading *rd = ctx;
	struct mn_follow *f = rd->f;
	struct mn_str remote;
	int r = 0;

	if (!strcmp(name, "mn.profile")) {
		if (mn_hex_span(value, MN_ID_HEX + 1) != MN_ID_HEX ||
		    value[MN_ID_HEX])
			return bad(rd, name, value, "no id of a profile");
		memcpy(f->hex, value, sizeof(f->hex));
	} else if (!strcmp(name, "mn.follow")) {
		if (read_bool(&f->follow, value) < 0)
			return bad(rd, name, value, "neither true nor false");
	} else if (!strcmp(name, "mn.replicate")) {
		if (mn_level_parse(&f->level, &f->limit, value) < 0)
			return bad(rd, name, value, "none of full, meta, dag "
				   "and limit=SIZE");
	} else if (!strcmp(name, "mn.stream")) {
		r = mn_follow_add_stream(f, value, rd->err);
	} else if (!strcmp(name, "mn.tag")) {
		r = mn_follow_add_tag(f, value, rd->err);
	} else if (!strcmp(name, "mn.keep")) {
		r = mn_follow_set_keep(f, value, rd->err);
	} else if (remote_name(&remote, name, "url")) {
		return read_remote(rd, name, remote, value);
	}
	return r < 0 ? mn_err_wrap(rd->err, MN_EINVALID, "%s", name) : 0;
}

int mn_follow_read(struct mn_follow *f, const char *gitdir,
		   struct mn_err *err)
{
	struct reading rd = { f, err };
	struct mn_buf text = MN_BUF_INIT;
	int r = read_config(&text, gitdir, err);

	if (r == 0)
		r = mn_ini_parse((struct mn_str){ text.p, text.len },
				 read_entry, &rd, err);
	if (r < 0)
		mn_err_wrap(err, r, "'%s/config'", gitdir);
	mn_buf_release(&text);
	return r;
}

/* The configuration while it is changed. */
struct writing {
	const struct mn_follow *f;
	struct mn_buf text;
	MN_VEC(char *) names;	/* of remotes with an url, as the file has
				   them, each once */
	MN_VEC(char *) stale;	/* names of entries that go */
	int promisor;		/* the file has one already */
	struct mn_err *err;
};

static int is_ours(const struct mn_follow *f, struct mn_str name)
{
	for (size_t i = 0; i < f->remotes.n; i++)
		if (mn_str_eq(name, f->remotes.p[i].name))
			return 1;
	return 0;
}

/*
 * What ours have of urls and marks is written anew; their other settings stay.
 * A mark may stand at a remote without an url, too.
 */
static int look(void *ctx, const char *name, const char *value)
{
	struct writing *w = ctx;
	struct mn_str remote;
	int promisor = remote_name(&remote, name, "promisor"), on = 0;

	if (promisor && read_bool(&on, value) == 0 && on)
		w->promisor = 1;
	if (promisor || remote_name(&remote, name, "partialclonefilter") ||
	    (remote_name(&remote, name, "url") && is_ours(w->f, remote)))
		*mn_vec_push(&w->stale) = mn_xstrdup(name);
	return 0;
}

static int note_url(void *ctx, const char *name, const char *value)
{
	struct writing *w = ctx;
	struct mn_str remote;
	struct mn_buf b = MN_BUF_INIT;

	(void)value;
	if (!remote_name(&remote, name, "url"))
		return 0;
	for (size_t i = 0; i < w->names.n; i++)
		if (mn_str_eq(remote, w->names.p[i]))
			return 0;
	mn_buf_addstr(&b, remote);
	if (mn_remote_name_ok(b.p))
		*mn_vec_push(&w->names) = mn_buf_detach(&b, NULL);
	mn_buf_release(&b);
	return 0;
}

/* The entries of remotes that are no more. */
static int note_gone(void *ctx, const char *name, const char *value)
{
	struct writing *w = ctx;
	struct mn_str remote;

	(void)value;
	if (!remote_name(&remote, name, NULL) || is_ours(w->f, remote))
		return 0;
	for (size_t i = 0; i < w->names.n; i++)
		if (mn_str_eq(remote, w->names.p[i]))
			*mn_vec_push(&w->stale) = mn_xstrdup(name);
	return 0;
}

static int each(struct writing *w, mn_ini_fn *fn)
{
	return mn_ini_parse((struct mn_str){ w->text.p, w->text.len }, fn, w,
			    w->err);
}

/* A section that has lost its last entry loses its head as well, so that the
 * remote, should it come back, is the last in order. */
static void drop_empty(struct mn_buf *text, const char *name)
{
	struct mn_buf head = MN_BUF_INIT, out = MN_BUF_INIT;
	const char *at, *next;

	mn_buf_addf(&head, "[remote \"%s\"]\n", name);
	at = strstr(text->p, head.p);
	next = at ? at + head.len : NULL;
	if (at && (at == text->p || at[-1] == '\n') &&
	    (!*next || *next == '[')) {
		mn_buf_add(&out, text->p, (size_t)(at - text->p));
		mn_buf_adds(&out, next);
		mn_buf_release(text);
		*text = out;
	}
	mn_buf_release(&head);
}

static int put(struct writing *w, const char *name, const char *value)
{
	return mn_ini_set(&w->text, name, value, w->err);
}

static int put_words(struct writing *w, const char *name, char *const *p,
		     size_t n)
{
	int r = put(w, name, NULL);

	for (size_t i = 0; i < n && r == 0; i++)
		r = mn_ini_add(&w->text, name, p[i], w->err);
	return r;
}

static int put_settings(struct writing *w)
{
	const struct mn_follow *f = w->f;
	struct mn_buf level = MN_BUF_INIT;
	int r;

	mn_level_text(&level, f->level, f->limit);
	r = put(w, "mn.follow", f->follow ? "true" : NULL);
	if (r == 0)
		r = put(w, "mn.replicate", f->follow ||
			f->level != MN_LEVEL_FULL ? level.p : NULL);
	if (r == 0)
		r = put_words(w, "mn.stream", f->streams.p, f->streams.n);
	if (r == 0)
		r = put_words(w, "mn.tag", f->tags.p, f->tags.n);
	if (r == 0)
		r = put(w, "mn.keep", f->keep);
	mn_buf_release(&level);
	return r;
}

static int put_mark(struct writing *w, const char *name)
{
	struct mn_buf key = MN_BUF_INIT, filter = MN_BUF_INIT;
	int r;

	mn_buf_addf(&key, "remote.%s.promisor", name);
	r = put(w, key.p, "true");
	mn_follow_filter(&filter, w->f);
	mn_buf_clear(&key);
	mn_buf_addf(&key, "remote.%s.partialclonefilter", name);
	if (r == 0 && filter.len)
		r = put(w, key.p, filter.p);
	mn_buf_release(&filter);
	mn_buf_release(&key);
	return r;
}

static int put_remotes(struct writing *w)
{
	const struct mn_follow *f = w->f;
	int partial = w->promisor || mn_follow_is_partial(f), r = 0;
	struct mn_buf key = MN_BUF_INIT;

	for (size_t i = 0; i < f->remotes.n && r == 0; i++) {
		mn_buf_clear(&key);
		mn_buf_addf(&key, "remote.%s.url", f->remotes.p[i].name);
		r = mn_ini_add(&w->text, key.p, f->remotes.p[i].url, w->err);
		if (r == 0 && partial)
			r = put_mark(w, f->remotes.p[i].name);
	}
	if (r == 0 && partial && !f->remotes.n)
		r = put_mark(w, "origin");
	mn_buf_release(&key);
	return r;
}

static int change(struct writing *w)
{
	int r = each(w, look);

	if (r == 0)
		r = each(w, note_url);
	if (r == 0)
		r = each(w, note_gone);
	for (size_t i = 0; i < w->stale.n && r == 0; i++)
		r = put(w, w->stale.p[i], NULL);
	for (size_t i = 0; i < w->names.n && r == 0; i++)
		drop_empty(&w->text, w->names.p[i]);
	drop_empty(&w->text, "origin");
	if (r == 0)
		r = put_settings(w);
	return r < 0 ? r : put_remotes(w);
}

int mn_follow_write(const struct mn_follow *f, const char *gitdir,
		    struct mn_err *err)
{
	struct writing w = { .f = f, .text = MN_BUF_INIT, .err = err };
	char *path = config_path(gitdir);
	struct stat st;
	int r = read_config(&w.text, gitdir, err);

	if (r == 0)
		r = change(&w);
	if (r == 0)
		r = mn_io_replace(path, w.text.p, w.text.len,
				  stat(path, &st) < 0 ? 0644
						      : st.st_mode & 0777,
				  1, err);
	else
		mn_err_wrap(err, r, "'%s'", path);
	for (size_t i = 0; i < w.names.n; i++)
		free(w.names.p[i]);
	for (size_t i = 0; i < w.stale.n; i++)
		free(w.stale.p[i]);
	mn_vec_release(&w.names);
	mn_vec_release(&w.stale);
	mn_buf_release(&w.text);
	free(path);
	return r;
}
