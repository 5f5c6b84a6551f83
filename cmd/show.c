/* show: prints posts with their text, or one of their contents. */
#include <string.h>

#include "bringing.h"
#include "colour.h"
#include "log.h"
#include "node/verify.h"
#include "out/node-json.h"
#include "outfile.h"
#include "banned.h"

static const char usage[] =
	"mn show [--oneline | --format FORMAT | --json | --raw] [--no-text]\n"
	"        [--width N] [--color WHEN] [-z] [--no-fetch] [NODE...]\n"
	"mn show --content N [-o FILE] [--no-fetch] [NODE]\n";

struct opts {
	int64_t content;
	const char *file;
	int raw, no_fetch;
	struct mn_log_options how;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "oneline", struct opts, how.oneline, "a line each"),
	MN_OPT_STR(0, "format", struct opts, how.format, "FORMAT",
		   "each as the format says: '%(node) %(title)'"),
	MN_OPT_BOOL(0, "json", struct opts, how.json, "an object a line"),
	MN_OPT_BOOL(0, "raw", struct opts, raw,
		    "nothing but the text, byte for byte"),
	MN_OPT_BOOL(0, "no-text", struct opts, how.no_text,
		    "leave the texts out"),
	MN_OPT_INT('w', "width", struct opts, how.width, "N", 0, 10000,
		   "break lines at N columns (80), 0: don't"),
	MN_OPT_STR(0, "color", struct opts, how.color, "WHEN",
		   "always, never or auto"),
	MN_OPT_BOOL(0, "no-fetch", struct opts, no_fetch,
		    "fetch nothing that is not here"),
	MN_OPT_BOOL('z', "null", struct opts, how.nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_GROUP("Contents"),
	MN_OPT_INT('c', "content", struct opts, content, "N", 0,
		   MN_CONTENTS_MAX - 1, "write content number N, verified"),
	MN_OPT_STR('o', "output", struct opts, file, "FILE",
		   "write it to a file, which appears when it is complete"),
	MN_OPT_END
};

struct showing {
	struct mn_reading r;
	const struct opts *o;
	const struct mn_log_style *style;
	struct mn_node node;
	struct mn_buf out;
	int shown;		/* records */
	int bad;		/* nodes that may not be believed */
};

static void verdict_words(struct mn_buf *b, enum mn_rule rule)
{
	if (rule == MN_RULE_NONE)
		mn_buf_adds(b, "good signature");
	else if (rule == MN_RULE_SIGNATURE)
		mn_buf_adds(b, "BAD signature");
	else
		mn_buf_addf(b, "not valid: %s (%s)", mn_rule_words(rule),
			    mn_rule_name(rule));
}

/* The content that is the post's text; SIZE_MAX: it has none. */
static size_t text_of(const struct mn_meta *m)
{
	for (size_t i = 0; i < m->ncontents; i++)
		if (mn_str_eq(m->contents[i].role, "text"))
			return i;
	return SIZE_MAX;
}

static int show_view(struct showing *s, struct mn_profile *p,
		     enum mn_rule rule, struct mn_err *err)
{
	struct mn_labels labels;
	struct mn_viewer *viewer;
	struct mn_buf words = MN_BUF_INIT;
	struct mn_log_more more = { NULL, rule == MN_RULE_NONE };
	struct mn_bringing b = { 0 };
	struct mn_view view;
	int r = 0;

	verdict_words(&words, rule);
	more.verdict = words.p;
	mn_labels_init(&labels, &p->identity);
	viewer = mn_viewer_new(p, &labels);
	/* a text that can't be had is said to be missing, in its place */
	if (!s->o->no_fetch && !s->o->how.no_text)
		r = mn_bringing_begin(&b, s->r.c, p, &s->node,
				      text_of(&s->node.meta), err);
	if (!r)
		r = mn_viewer_node(viewer, &view, &s->node,
				   mn_log_parts(s->style), err);
	r = mn_bringing_end(&b, r, err);
	if (!r) {
		mn_log_add(&s->out, s->style, &view, !s->shown++, &more);
		mn_out_buf(s->r.c, &s->out);
	}
	mn_viewer_free(viewer);
	mn_labels_release(&labels);
	mn_buf_release(&words);
	return r;
}

/* A merge has nothing to say for itself. */
static int show_merge(struct showing *s, struct mn_profile *p,
		      struct mn_err *err)
{
	struct mn_carrier merge = s->node.carrier;
	struct mn_buf *out = &s->out;
	struct mn_resolved parent = { .profile = p };
	int r = 0;

	if (s->style->form != MN_LOG_FULL)
		return mn_err_set(err, MN_EINVALID, "a merge of %zu posts, "
				  "not a post", merge.nparents);
	if (s->shown++)
		mn_buf_addc(out, s->style->nul ? '\0' : '\n');
	mn_buf_adds(out, mn_colour(s->style->colour, MN_COL_ID));
	mn_buf_adds(out, "merge ");
	mn_buf_addhex(out, s->node.oid.b, sizeof(s->node.oid.b));
	mn_buf_adds(out, mn_colour(s->style->colour, MN_COL_OFF));
	mn_buf_addc(out, '\n');
	for (size_t i = 0; i < merge.nparents && !r; i++) {
		mn_carrier_parent(&parent.oid, &merge, i);
		parent.is_node = 0;
		r = mn_resolved_node(&parent, err);
		mn_buf_adds(out, "Parent: ");
		mn_buf_addhex(out, parent.node.b, sizeof(parent.node.b));
		mn_buf_addc(out, '\n');
	}
	if (!r)
		mn_out_buf(s->r.c, out);
	return r;
}

/* Writes content i, which may have to be fetched. */
static int write_content(struct showing *s, struct mn_profile *p, size_t i,
			 const char *file, struct mn_err *err)
{
	struct mn_bringing b = { 0 };
	int r = 0;

	if (!s->o->no_fetch)
		r = mn_bringing_begin(&b, s->r.c, p, &s->node, i, err);
	if (r == 0)
		r = mn_content_write(s->r.c, p->rd, &s->node, i, file, err);
	return mn_bringing_end(&b, r, err);
}

static int show_raw(struct showing *s, struct mn_profile *p,
		    struct mn_err *err)
{
	const struct mn_meta *m = &s->node.meta;
	size_t i = text_of(m);

	if (i == SIZE_MAX)
		return mn_err_set(err, MN_ENOTFOUND, "the post has no text");
	return write_content(s, p, i, NULL, err);
}

/* Whether the loaded node may be believed; which rule it breaks. */
static int verify(struct showing *s, const struct mn_profile *p,
		  enum mn_rule *rule, struct mn_err *err)
{
	struct mn_verifier *v = mn_verifier_new(p->rd, &p->id, &p->identity);
	const struct mn_oid oid = s->node.oid;
	int r;

	*rule = MN_RULE_NONE;
	mn_verifier_skip_contents(v);
	r = mn_verify_node(v, &s->node, &oid, rule, err);
	mn_verifier_free(v);
	if (r != MN_EINVALID)
		return r;
	mn_err_clear(err);
	s->bad++;
	return 0;
}

/* What can be read at all is shown, with what is wrong with it. */
static int show_node(struct showing *s, const struct mn_resolved *got,
		     struct mn_err *err)
{
	struct mn_profile *p = got->profile;
	enum mn_rule rule;
	int r;

	r = mn_node_load(&s->node, p->rd, &got->oid, NULL, err);
	if (r == MN_ENOTFOUND && s->node.loaded != MN_NODE_NOTHING)
		return mn_err_set(err, r, "its metadata is not here: the "
				  "profile is kept at level dag");
	if (!r && s->node.carrier.is_merge)
		return show_merge(s, p, err);
	if (!r)
		r = verify(s, p, &rule, err);
	if (r < 0)
		return r;
	if (s->o->raw)
		return show_raw(s, p, err);
	if (s->o->content >= 0)
		return write_content(s, p, (size_t)s->o->content, s->o->file,
				     err);
	return show_view(s, p, rule, err);
}

static int show_word(struct showing *s, const char *word, struct mn_err *err)
{
	struct mn_resolved got;
	int r = mn_resolve(&got, &s->r.resolver, word, err);

	if (r < 0)
		return r;
	r = show_node(s, &got, err);
	mn_resolved_release(&got);
	return r < 0 ? mn_err_wrap(err, r, "'%.80s'", word) : 0;
}

static int run(struct mn_cmd *c, const struct opts *o,
	       const struct mn_log_style *style, struct mn_err *err)
{
	struct showing s = { .o = o, .style = style };
	int r = mn_reading_open(&s.r, c, 0, err);

	if (r < 0)
		return r;
	mn_node_init(&s.node);
	mn_buf_init(&s.out);
	if (o->content < 0)
		mn_pager_start(c);
	if (!c->argc)
		r = show_word(&s, "HEAD", err);
	for (int i = 0; i < c->argc && !r; i++)
		r = show_word(&s, c->argv[i], err);
	mn_buf_release(&s.out);
	mn_node_release(&s.node);
	mn_reading_close(&s.r);
	return r < 0 ? r : s.bad;
}

int cmd_show(struct mn_cmd *c)
{
	struct opts o = { .content = -1, .how = { .width = 80 } };
	struct mn_err err = MN_ERR_INIT;
	struct mn_log_style s;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if ((o.raw || o.content >= 0) && (o.how.json || o.how.oneline ||
	     o.how.format || o.how.no_text || o.how.nul))
		mn_usage(c, "--%s excludes --oneline, --format, --json, "
			 "--no-text and -z", o.raw ? "raw" : "content");
	if (o.raw && o.content >= 0)
		mn_usage(c, "--raw and --content exclude each other");
	if (o.file && o.content < 0)
		mn_usage(c, "-o needs --content");
	if (o.content >= 0 && c->argc > 1)
		mn_usage(c, "--content is that of one node");
	mn_log_style(&s, c, &o.how);
	r = run(c, &o, &s, &err);
	mn_format_free(s.format);
	if (r < 0)
		return mn_fail(c, r, &err);
	return r ? MN_EXIT_NO : MN_EXIT_OK;
}
