/* log-text: how a node is shown. See log.h. */
#include <string.h>
#include <time.h>

#include "base/date.h"
#include "colour.h"
#include "log.h"
#include "out/node-json.h"
#include "out/text.h"
#include "banned.h"

#define INDENT 4
#define ELSEWHERE " (not here)"

void mn_log_style(struct mn_log_style *s, struct mn_cmd *c,
		  const struct mn_log_options *o)
{
	struct mn_err err = MN_ERR_INIT;

	memset(s, 0, sizeof(*s));
	tzset();	/* once, before threads ask for local time */
	if (o->oneline + o->json + !!o->format > 1)
		mn_usage(c, "--oneline, --format and --json exclude each "
			 "other");
	s->form = o->json ? MN_LOG_JSON : o->format ? MN_LOG_FORMAT :
		o->oneline ? MN_LOG_ONELINE : MN_LOG_FULL;
	s->nul = o->nul;
	s->no_text = o->no_text;
	s->width = (size_t)o->width;
	s->colour = mn_colour_wanted(c, o->color);
	if (o->format && mn_format_compile(&s->format, o->format, &err) < 0)
		mn_usage(c, "%s", err.msg);
}

int mn_log_parts(const struct mn_log_style *s)
{
	int text = s->no_text ? 0 : MN_VIEW_TEXT;

	switch (s->form) {
	case MN_LOG_FORMAT:
		return mn_format_parts(s->format);
	case MN_LOG_JSON:
		/* also without it: which content is the text */
		return MN_NODE_JSON_PARTS;
	case MN_LOG_ONELINE:
		return text ? MN_VIEW_META | text : 0;
	default:
		return MN_VIEW_META | MN_VIEW_PRESENT | text;
	}
}

static void label(struct mn_buf *out, const char *word)
{
	mn_buf_adds(out, word);
	for (size_t n = strlen(word); n < 8; n++)
		mn_buf_addc(out, ' ');
}

/* "Title:  text\n", if there is any */
static void field(struct mn_buf *out, const char *word, struct mn_str value)
{
	if (!value.p)
		return;
	label(out, word);
	mn_text_line(out, value);
	mn_buf_addc(out, '\n');
}

static void add_head(struct mn_buf *out, const struct mn_log_style *s,
		     const char *word, const void *id, size_t len)
{
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_ID));
	mn_buf_adds(out, word);
	mn_buf_addhex(out, id, len);
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
	mn_buf_addc(out, '\n');
}

static void add_who_and_when(struct mn_buf *out, const struct mn_view *v)
{
	char date[MN_DATE_ISO_MAX];

	label(out, "Device:");
	if (v->label.p) {
		mn_text_line(out, v->label);
		mn_buf_adds(out, " (");
	}
	mn_buf_addhex(out, v->row.device.b, MN_SHORT_ID / 2);
	mn_buf_adds(out, v->label.p ? ")\n" : "\n");
	mn_date_human(date, v->row.time);
	field(out, "Date:", mn_str(date));
}

static void add_tags(struct mn_buf *out, const struct mn_meta *m)
{
	if (!m->ntags)
		return;
	label(out, "Tags:");
	for (size_t i = 0; i < m->ntags; i++) {
		mn_buf_adds(out, i ? ", " : "");
		mn_text_line(out, m->tags[i]);
	}
	mn_buf_addc(out, '\n');
}

static void add_rest(struct mn_buf *out, const struct mn_meta *m)
{
	field(out, "Lang:", m->lang);
	if (m->has_place) {
		label(out, "Place:");
		mn_place_add(out, m->lat, m->lon);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < m->nlinks; i++)
		field(out, "Link:", m->links[i]);
	for (size_t i = 0; i < m->nsubjects; i++) {
		label(out, "About:");
		mn_text_line(out, m->subjects[i].rel);
		mn_buf_addc(out, ' ');
		mn_subject_add_ref(out, &m->subjects[i]);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < m->nattrs; i++) {
		label(out, "Attr:");
		mn_text_line(out, m->attrs[i].name);
		mn_buf_addc(out, '=');
		mn_text_line(out, m->attrs[i].value);
		mn_buf_addc(out, '\n');
	}
}

static void add_more(struct mn_buf *out, const struct mn_log_style *s,
		     const struct mn_log_more *more, const struct mn_view *v)
{
	const struct mn_meta *m = v->meta;

	for (size_t i = 0; i < m->nparents; i++) {
		label(out, "Parent:");
		mn_buf_addhex(out, m->parents[i].b, sizeof(m->parents[i].b));
		mn_buf_addc(out, '\n');
	}
	label(out, "Commit:");
	mn_buf_addhex(out, v->row.carrier.b, sizeof(v->row.carrier.b));
	mn_buf_addc(out, '\n');
	label(out, "Signed:");
	mn_buf_adds(out, mn_colour(s->colour, more->good ? MN_COL_GOOD :
				   MN_COL_BAD));
	mn_buf_adds(out, more->verdict);
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
	mn_buf_addc(out, '\n');
}

/* All contents but the text: "    [1] cat.jpg (image/jpeg, 20.5 KiB)" */
static void add_contents(struct mn_buf *out, const struct mn_view *v,
			 int no_text)
{
	int first = 1;

	for (size_t i = 0; i < v->meta->ncontents; i++) {
		const struct mn_content *c = &v->meta->contents[i];

		if (i == v->text_at || (no_text && mn_str_eq(c->role, "text")))
			continue;
		mn_buf_adds(out, first ? "\n    [" : "    [");
		first = 0;
		mn_buf_addu(out, i);
		mn_buf_adds(out, "] ");
		mn_text_line(out, c->name);
		mn_buf_adds(out, " (");
		mn_text_line(out, c->type);
		mn_buf_adds(out, ", ");
		mn_text_size(out, c->size);
		mn_buf_adds(out, v->present >> i & 1 ? ")\n" : ")" ELSEWHERE
			    "\n");
	}
}

static void add_full(struct mn_buf *out, const struct mn_log_style *s,
		     const struct mn_view *v, const struct mn_log_more *more)
{
	add_head(out, s, "node ", v->row.node.b, sizeof(v->row.node.b));
	add_who_and_when(out, v);
	if (!mn_str_eq(v->row.kind, "post"))
		field(out, "Kind:", v->row.kind);
	field(out, "Stream:", v->row.stream);
	add_tags(out, v->meta);
	add_rest(out, v->meta);
	if (more)
		add_more(out, s, more, v);
	if (v->row.title.p) {
		label(out, "Title:");
		mn_buf_adds(out, mn_colour(s->colour, MN_COL_HEAD));
		mn_text_line(out, v->row.title);
		mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
		mn_buf_addc(out, '\n');
	}
	if (v->text.len && !s->no_text) {
		mn_buf_addc(out, '\n');
		mn_text_block(out, v->text, INDENT, s->width);
	}
	add_contents(out, v, s->no_text);
}

/* "(laptop) ", in a colour of the device's own */
static size_t add_device(struct mn_buf *out, const struct mn_log_style *s,
			 const struct mn_view *v)
{
	size_t from, width;

	if (s->colour)
		mn_buf_addf(out, "\033[3%dm", 1 + v->row.device.b[0] % 6);
	mn_buf_addc(out, '(');
	from = out->len;
	if (v->label.p)
		mn_text_line(out, v->label);
	else
		mn_buf_addhex(out, v->row.device.b, MN_SHORT_ID / 2);
	width = mn_text_width((struct mn_str){ out->p + from,
					       out->len - from });
	mn_buf_addc(out, ')');
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
	return width + 3;
}

static void add_oneline(struct mn_buf *out, const struct mn_log_style *s,
			const struct mn_view *v)
{
	struct mn_str summary = mn_view_summary(v);
	char date[MN_DATE_ISO_MAX];
	size_t used = MN_SHORT_ID + 1 + 10 + 1;

	mn_buf_adds(out, mn_colour(s->colour, MN_COL_ID));
	mn_buf_addhex(out, v->row.node.b, MN_SHORT_ID / 2);
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
	mn_buf_addc(out, ' ');
	mn_date_iso(date, v->row.time);
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_META));
	mn_buf_add(out, date, 10);
	mn_buf_adds(out, mn_colour(s->colour, MN_COL_OFF));
	if (s->devices) {
		mn_buf_addc(out, ' ');
		used += add_device(out, s, v);
	}
	if (!summary.len)
		return;
	mn_buf_addc(out, ' ');
	if (s->width)
		mn_text_cut(out, summary,
			    s->width > used + 1 ? s->width - used : 1);
	else
		mn_text_line(out, summary);
}

void mn_log_add(struct mn_buf *out, const struct mn_log_style *s,
		const struct mn_view *v, int first,
		const struct mn_log_more *more)
{
	switch (s->form) {
	case MN_LOG_JSON:
		mn_node_json(out, v, s->no_text);
		break;
	case MN_LOG_FORMAT:
		mn_format_add(out, s->format, v);
		break;
	case MN_LOG_ONELINE:
		add_oneline(out, s, v);
		break;
	case MN_LOG_FULL:
		if (!first && !s->nul)
			mn_buf_addc(out, '\n');
		add_full(out, s, v, more);
		mn_buf_setlen(out, out->len - 1);
		break;
	}
	mn_buf_addc(out, s->nul ? '\0' : '\n');
}
