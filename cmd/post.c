/* post: publish a text, with pictures and files. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "autogc.h"
#include "base/date.h"
#include "base/io.h"
#include "conf/hooks.h"
#include "post-batch.h"
#include "profile.h"
#include "social/media.h"
#include "social/post.h"
#include "social/stage.h"
#include "banned.h"

static const char usage[] =
	"mn post [-m TEXT]... [-F FILE | -] [--title TITLE] [--stream STREAM]\n"
	"        [--tag TAG]... [--attach FILE]... [--lang LANG]\n"
	"        [--place LAT,LON] [--link URI]... [--time DATE] [--edit]\n"
	"mn post --batch [FILE]\n";

struct opts {
	struct mn_opt_list texts, tags, attach, links;
	const char *file, *title, *stream, *lang, *place, *time;
	int edit, batch;
};

static const struct mn_opt options[] = {
	MN_OPT_LIST('m', "message", struct opts, texts, "TEXT",
		    "the text; several are paragraphs"),
	MN_OPT_STR('F', "file", struct opts, file, "FILE",
		   "take the text from a file, - for standard input"),
	MN_OPT_STR(0, "title", struct opts, title, "TITLE", "its title"),
	MN_OPT_STR('s', "stream", struct opts, stream, "STREAM",
		   "the stream it goes to"),
	MN_OPT_LIST('t', "tag", struct opts, tags, "TAG",
		    "add a tag (repeatable)"),
	MN_OPT_LIST('a', "attach", struct opts, attach, "FILE",
		    "attach a picture or any file (repeatable)"),
	MN_OPT_STR(0, "lang", struct opts, lang, "LANG",
		   "its language, such as en or pt-br"),
	MN_OPT_STR(0, "place", struct opts, place, "LAT,LON",
		   "where it belongs, in degrees"),
	MN_OPT_LIST(0, "link", struct opts, links, "URI",
		    "add a link (repeatable)"),
	MN_OPT_STR(0, "time", struct opts, time, "DATE",
		   "the time it carries (default: now)"),
	MN_OPT_BOOL('e', "edit", struct opts, edit,
		    "open an editor on the text first"),
	MN_OPT_BOOL(0, "batch", struct opts, batch,
		    "post one JSON object a line, all or none"),
	MN_OPT_END
};

/* Everything a post needs; released in one place. */
struct posting {
	struct mn_home home;
	struct mn_profile profile;
	struct mn_index *index;
	struct mn_secret *secret;
	struct mn_author *author;
	struct mn_media *media;
	struct mn_draft draft;
	struct mn_post_ids ids;		/* of what was posted */
};

static int take_list(struct mn_draft *d, const struct mn_opt_list *l,
		     int (*set)(struct mn_draft *, struct mn_str,
				struct mn_err *), struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < l->n && r == 0; i++)
		r = set(d, mn_str(l->p[i]), err);
	return r;
}

static int read_text(struct mn_cmd *c, struct opts *o, struct mn_buf *text,
		     struct mn_err *err)
{
	int r = 0;

	if (c->argc == 1 && !strcmp(c->argv[0], "-") && !o->file)
		o->file = "-";
	else if (c->argc)
		mn_usage(c, "'%s' is no option; the text goes behind -m",
			 c->argv[0]);
	if (o->texts.n && o->file)
		mn_usage(c, "-m and -F exclude each other");
	for (size_t i = 0; i < o->texts.n; i++) {
		if (i)
			mn_buf_adds(text, "\n\n");
		mn_buf_adds(text, o->texts.p[i]);
	}
	if (o->file && !strcmp(o->file, "-"))
		r = mn_io_read_fd(text, STDIN_FILENO, MN_TEXT_MAX + 1, err);
	else if (o->file)
		r = mn_io_read_file(text, o->file, MN_TEXT_MAX + 1, err);
	if (r == MN_ELIMIT || text->len > MN_TEXT_MAX)
		r = mn_err_set(err, MN_ELIMIT, "the text is larger than %u "
			       "bytes; attach it as a file", MN_TEXT_MAX);
	return r;
}

static int attach(struct posting *p, const char *path, struct mn_err *err)
{
	struct mn_source from = { path, { NULL, 0 } };
	struct mn_arena *a = &p->draft.arena;
	struct mn_str name = mn_media_name(a, path);
	uint64_t size;
	int r = mn_source_size(&size, &from, err);

	if (r < 0)
		return r;
	return mn_draft_content(&p->draft, MN_STR("attachment"),
				mn_media_type(p->media, a, &from, name), name,
				&from, err);
}

static int fill_draft(struct posting *p, const struct opts *o,
		      const struct mn_buf *text, struct mn_err *err)
{
	struct mn_draft *d = &p->draft;
	int64_t time;
	int r = mn_draft_text(d, (struct mn_str){ text->p, text->len }, err);

	if (r == 0 && o->title)
		r = mn_draft_title(d, mn_str(o->title), err);
	if (r == 0 && o->stream)
		r = mn_draft_stream(d, mn_str(o->stream), err);
	if (r == 0 && o->lang)
		r = mn_draft_lang(d, mn_str(o->lang), err);
	if (r == 0 && o->place)
		r = mn_draft_place(d, mn_str(o->place), err);
	if (r == 0 && o->time) {
		if (mn_date_parse(&time, o->time, mn_date_now()) < 0)
			return mn_err_set(err, MN_EINVALID, "not a date: '%s'",
					  o->time);
		r = mn_draft_time(d, time, err);
	}
	if (r == 0)
		r = take_list(d, &o->tags, mn_draft_tag, err);
	if (r == 0)
		r = take_list(d, &o->links, mn_draft_link, err);
	for (size_t i = 0; i < o->attach.n && r == 0; i++)
		r = attach(p, o->attach.p[i], err);
	return r == 0 ? mn_draft_finish(d, err) : r;
}

static int open_author(struct mn_cmd *c, struct posting *p, int batch,
		       struct mn_err *err)
{
	struct mn_author_options opt = { .batch = batch };
	struct mn_err none = MN_ERR_INIT;
	int r = mn_cmd_lock_wait(&opt.wait_ms, c, err);

	if (r == 0)
		r = mn_cmd_secret(c, &p->home, &p->profile, &p->secret, err);
	if (r < 0)
		return r;
	/* a post never waits for the index */
	if (mn_cmd_index(c, &p->home, &p->index, batch ? 5000 : 250,
			 &none) < 0)
		p->index = NULL;
	return mn_author_open(&p->author, &p->profile, p->secret, p->index,
			      &opt, err);
}

/* The repository is not locked any more, so a hook may post, too. */
static void run_hook(struct mn_cmd *c, struct posting *p)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf in = MN_BUF_INIT;
	int status = 0;

	if (!mn_hook_exists(p->home.dir, "post-post"))
		return;
	for (size_t i = 0; i < p->ids.n; i++) {
		mn_buf_addf(&in, "%s ", p->profile.hex);
		mn_buf_addhex(&in, p->ids.p[i].b, sizeof(p->ids.p[i].b));
		mn_buf_addc(&in, '\n');
	}
	mn_out_flush(c);
	if (mn_hook_run(&status, p->home.dir, "post-post",
			(struct mn_str){ in.p, in.len }, STDERR_FILENO,
			&err) < 0)
		mn_warning(c, "%s", err.msg);
	else if (status)
		mn_warning(c, "the hook post-post exited with %d", status);
	mn_buf_release(&in);
}

static int post_one(struct mn_cmd *c, struct posting *p, struct opts *o,
		    struct mn_err *err)
{
	struct mn_draft *d = &p->draft;
	struct mn_buf text = MN_BUF_INIT;
	char hex[MN_ID_HEX + 2], *edited = NULL;
	struct mn_id id;
	int r = read_text(c, o, &text, err);

	if (r == 0 && (o->edit || (!o->texts.n && !o->file && !o->attach.n &&
				   !o->links.n))) {
		edited = mn_home_path(&p->home, "POST_EDIT.md");
		r = mn_edit_text(c, edited, &text, MN_TEXT_MAX + 1, err);
	}
	if (r == 0)
		r = fill_draft(p, o, &text, err);
	if (r == 0)
		r = open_author(c, p, 0, err);
	if (r == 0)
		r = mn_author_post(p->author, &d, 1, &id, err);
	if (r == 0)
		r = mn_author_commit(p->author, err);
	if (r == 0) {
		mn_id_hex(hex, &id);
		hex[MN_ID_HEX] = '\n';
		mn_out(c, hex, MN_ID_HEX + 1);
		*mn_vec_push(&p->ids) = id;
		if (edited)
			unlink(edited);
	} else if (edited && mn_io_exists(edited)) {
		mn_warning(c, "your text is kept in '%s'", edited);
	}
	free(edited);
	mn_buf_release(&text);
	return r;
}

static int post_batch(struct mn_cmd *c, struct posting *p, const struct opts *o,
		      struct mn_err *err)
{
	int r;

	if (o->texts.n || o->file || o->title || o->stream || o->lang ||
	    o->place || o->time || o->tags.n || o->attach.n || o->links.n ||
	    o->edit)
		mn_usage(c, "--batch takes everything from its JSON");
	if (c->argc > 1)
		mn_usage(c, "--batch reads one file");
	r = open_author(c, p, 1, err);
	return r < 0 ? r : mn_post_batch(&p->ids, c, &p->home, p->author,
					 p->media, c->argc ? c->argv[0] : "-",
					 err);
}

static void release_opts(struct opts *o)
{
	mn_opt_list_release(&o->texts);
	mn_opt_list_release(&o->tags);
	mn_opt_list_release(&o->attach);
	mn_opt_list_release(&o->links);
}

int cmd_post(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct posting p = { .index = NULL };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	mn_draft_init(&p.draft);
	r = mn_cmd_open(c, &p.home, &p.profile, &err);
	if (r < 0) {
		release_opts(&o);
		return mn_fail(c, r, &err);
	}
	p.media = mn_media_new();
	/* before anything is written */
	r = mn_cmd_may_post(&p.home, &p.profile, &err);
	if (r == 0)
		r = o.batch ? post_batch(c, &p, &o, &err)
			    : post_one(c, &p, &o, &err);
	mn_author_close(p.author);
	if (p.ids.n && r == 0) {
		run_hook(c, &p);
		mn_autogc(c, &p.profile.repo);
	}
	mn_vec_release(&p.ids);
	mn_media_free(p.media);
	mn_secret_free(p.secret);
	if (p.index)
		mn_index_close(p.index);
	mn_draft_release(&p.draft);
	mn_profile_close(&p.profile);
	mn_home_release(&p.home);
	release_opts(&o);
	/* a file that is missing is no answer to a question */
	return r < 0 ? mn_fail(c, r == MN_ENOTFOUND ? MN_EFAIL : r, &err) : 0;
}
