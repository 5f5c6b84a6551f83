/* make-node: signs a node from meta fields on stdin. */
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "profile.h"
#include "social/media.h"
#include "social/post.h"
#include "banned.h"

static const char usage[] =
	"mn make-node [--dry-run]\n";

#define INPUT_MAX (1024 * 1024)
#define INDEX_WAIT_MS 250

struct opts {
	int dry_run;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('n', "dry-run", struct opts, dry_run,
		    "print the meta that would be signed; make nothing"),
	MN_OPT_END
};

struct making {
	struct mn_home home;
	struct mn_profile profile;
	struct mn_index *index;
	struct mn_secret *secret;
	struct mn_author *author;
	struct mn_media *media;
	struct mn_draft draft;
	struct mn_buf input, meta;
};

static int set_kind(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_kind(&m->draft, v, err);
}

static int set_time(struct making *m, struct mn_str v, struct mn_err *err)
{
	uint64_t ms;

	if (mn_value_number(&ms, v, 0, (uint64_t)MN_DATE_MAX) < 0)
		return mn_err_set(err, MN_EINVALID, "a time is a number of "
				  "milliseconds");
	return mn_draft_time(&m->draft, (int64_t)ms, err);
}

static int set_summary(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_title(&m->draft, v, err);
}

static int set_stream(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_stream(&m->draft, v, err);
}

static int set_tag(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_tag(&m->draft, v, err);
}

static int set_lang(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_lang(&m->draft, v, err);
}

static int set_place(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_place(&m->draft, v, err);
}

static int set_link(struct making *m, struct mn_str v, struct mn_err *err)
{
	return mn_draft_link(&m->draft, v, err);
}

static int set_subject(struct making *m, struct mn_str v, struct mn_err *err)
{
	struct mn_str rel;

	if (mn_value_cut(&rel, &v) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "a subject is a relation and a reference");
	return mn_draft_subject(&m->draft, rel, v, err);
}

static int set_attr(struct making *m, struct mn_str v, struct mn_err *err)
{
	struct mn_str name;

	if (mn_value_cut(&name, &v) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "an attribute is a name and a value");
	return mn_draft_attr(&m->draft, name, v, err);
}

/* Takes a path off the front of v: up to a space, or between quotes. */
static int cut_path(struct mn_str *path, struct mn_str *v)
{
	char end = v->len && v->p[0] == '"' ? '"' : ' ';
	const char *from = v->p + (end == '"');
	const char *stop = memchr(from, end, v->len - (size_t)(from - v->p));

	if (!stop && end == '"')
		return -1;
	if (!stop)
		stop = v->p + v->len;
	*path = (struct mn_str){ from, (size_t)(stop - from) };
	if (stop < v->p + v->len && *stop == '"')
		stop++;
	if (stop < v->p + v->len && *stop++ != ' ')
		return -1;
	*v = (struct mn_str){ stop, (size_t)(v->p + v->len - stop) };
	return path->len ? 0 : -1;
}

/* ROLE TYPE PATH [NAME] */
static int set_content(struct making *m, struct mn_str v, struct mn_err *err)
{
	struct mn_arena *a = &m->draft.arena;
	struct mn_source from = { NULL, { NULL, 0 } };
	struct mn_str role, type, path;

	if (mn_value_cut(&role, &v) < 0 || mn_value_cut(&type, &v) < 0 ||
	    cut_path(&path, &v) < 0)
		return mn_err_set(err, MN_EINVALID, "a content is a role, a "
				  "type, a path and perhaps a name");
	from.path = mn_arena_strdup(a, path);
	if (!v.len)
		v = mn_media_name(a, from.path);
	if (mn_str_eq(type, "-"))
		type = mn_media_type(m->media, a, &from, v);
	return mn_draft_content(&m->draft, role, type, v, &from, err);
}

static const struct {
	const char *key;
	int (*set)(struct making *m, struct mn_str v, struct mn_err *err);
	int once;
} fields[] = {
	{ "kind", set_kind, 1 },
	{ "time", set_time, 1 },
	{ "summary", set_summary, 1 },
	{ "stream", set_stream, 1 },
	{ "tag", set_tag, 0 },
	{ "lang", set_lang, 1 },
	{ "place", set_place, 1 },
	{ "subject", set_subject, 0 },
	{ "attr", set_attr, 0 },
	{ "link", set_link, 0 },
	{ "content", set_content, 0 },
};
#define NFIELDS (sizeof(fields) / sizeof(*fields))

static int take_line(struct making *m, struct mn_str line,
		     unsigned char seen[NFIELDS], struct mn_err *err)
{
	struct mn_str key;

	if (mn_value_cut(&key, &line) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "it is no key, space and value");
	for (size_t i = 0; i < NFIELDS; i++) {
		if (!mn_str_eq(key, fields[i].key))
			continue;
		if (fields[i].once && seen[i]++)
			return mn_err_set(err, MN_EINVALID, "'%s' stands "
					  "there twice", fields[i].key);
		return fields[i].set(m, line, err);
	}
	return mn_err_set(err, MN_EINVALID, "unknown key '%.*s'",
			  (int)(key.len < 64 ? key.len : 64), key.p);
}

static int read_fields(struct making *m, struct mn_err *err)
{
	unsigned char seen[NFIELDS] = { 0 };
	const char *p, *end, *nl;
	size_t number = 0;
	int r;

	r = mn_io_read_fd(&m->input, STDIN_FILENO, INPUT_MAX, err);
	if (r < 0)
		return mn_err_wrap(err, r, "stdin");
	end = m->input.p + m->input.len;
	for (p = m->input.p; p < end && r == 0; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (!nl)
			nl = end;
		number++;
		if (nl == p)
			continue;
		r = take_line(m, (struct mn_str){ p, (size_t)(nl - p) }, seen,
			      err);
	}
	if (r < 0)
		return mn_err_wrap(err, r, "line %zu", number);
	return mn_draft_finish(&m->draft, err);
}

static int open_author(struct mn_cmd *c, struct making *m, struct mn_err *err)
{
	struct mn_author_options opt = { 0 };
	int r = mn_cmd_lock_wait(&opt.wait_ms, c, err);

	if (r == 0)
		r = mn_cmd_secret(c, &m->home, &m->profile, &m->secret, err);
	if (r < 0)
		return r;
	if (mn_cmd_index(c, &m->home, &m->index, INDEX_WAIT_MS, NULL) < 0)
		m->index = NULL;
	return mn_author_open(&m->author, &m->profile, m->secret, m->index,
			      &opt, err);
}

static int make(struct mn_cmd *c, struct making *m, struct mn_err *err)
{
	struct mn_draft *d = &m->draft;
	char hex[MN_ID_HEX + 2];
	struct mn_id id;
	int r = mn_author_post(m->author, &d, 1, &id, err);

	if (r == 0)
		r = mn_author_commit(m->author, err);
	if (r < 0)
		return r;
	mn_id_hex(hex, &id);
	hex[MN_ID_HEX] = '\n';
	mn_out(c, hex, MN_ID_HEX + 1);
	return 0;
}

static void release(struct making *m)
{
	mn_author_close(m->author);
	mn_media_free(m->media);
	mn_secret_free(m->secret);
	mn_index_close(m->index);
	mn_draft_release(&m->draft);
	mn_buf_release(&m->input);
	mn_buf_release(&m->meta);
	mn_profile_close(&m->profile);
	mn_home_release(&m->home);
}

int cmd_make_node(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct making m = { .input = MN_BUF_INIT, .meta = MN_BUF_INIT };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "the fields come from stdin");
	r = mn_cmd_open(c, &m.home, &m.profile, &err);
	if (r < 0)
		return mn_fail(c, r, &err);
	mn_draft_init(&m.draft);
	m.media = mn_media_new();
	r = read_fields(&m, &err);
	if (r == 0)
		r = open_author(c, &m, &err);
	if (r == 0 && o.dry_run) {
		r = mn_author_preview(m.author, &m.draft, &m.meta, &err);
		if (r == 0)
			mn_out_buf(c, &m.meta);
	} else if (r == 0) {
		r = make(c, &m, &err);
	}
	release(&m);
	/* a file that is missing is no answer to a question */
	return r < 0 ? mn_fail(c, r == MN_ENOTFOUND ? MN_EFAIL : r, &err)
		     : MN_EXIT_OK;
}
