#include "out/format.h"

#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "out/text.h"

#include "banned.h"

typedef void field_fn(struct mn_buf *out, const struct mn_view *v);

struct part {
	struct mn_str literal;	/* where fn is NULL */
	field_fn *fn;
};

struct mn_format {
	MN_VEC(struct part) parts;
	int needs;
};

static void add_short(struct mn_buf *out, const void *bytes)
{
	mn_buf_addhex(out, bytes, MN_SHORT_ID / 2);
}

static void f_node(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addhex(out, v->row.node.b, sizeof(v->row.node.b));
}

static void f_node_short(struct mn_buf *out, const struct mn_view *v)
{
	add_short(out, v->row.node.b);
}

static void f_uri(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_adds(out, "mn:");
	mn_buf_addhex(out, v->profile.b, sizeof(v->profile.b));
	mn_buf_addc(out, '/');
	f_node(out, v);
}

static void f_profile(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addhex(out, v->profile.b, sizeof(v->profile.b));
}

static void f_profile_short(struct mn_buf *out, const struct mn_view *v)
{
	add_short(out, v->profile.b);
}

static void f_device(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addhex(out, v->row.device.b, sizeof(v->row.device.b));
}

static void f_device_short(struct mn_buf *out, const struct mn_view *v)
{
	add_short(out, v->row.device.b);
}

static void f_device_label(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, v->label);
}

static void f_commit(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addhex(out, v->row.carrier.b, sizeof(v->row.carrier.b));
}

static void f_commit_short(struct mn_buf *out, const struct mn_view *v)
{
	add_short(out, v->row.carrier.b);
}

static void f_seq(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addu(out, v->row.seq);
}

static void f_gen(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addu(out, v->row.gen);
}

static void f_era(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addu(out, v->row.era);
}

static void f_kind(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, v->row.kind);
}

static void f_time(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addu(out, (uint64_t)v->row.time);
}

static void f_date(struct mn_buf *out, const struct mn_view *v)
{
	char date[MN_DATE_ISO_MAX];

	mn_date_iso(date, v->row.time);
	mn_buf_adds(out, date);
}

static void f_date_human(struct mn_buf *out, const struct mn_view *v)
{
	char date[MN_DATE_ISO_MAX];

	mn_date_human(date, v->row.time);
	mn_buf_adds(out, date);
}

static void f_date_rfc(struct mn_buf *out, const struct mn_view *v)
{
	char date[MN_DATE_ISO_MAX];

	mn_date_rfc(date, v->row.time);
	mn_buf_adds(out, date);
}

static void f_date_short(struct mn_buf *out, const struct mn_view *v)
{
	char date[MN_DATE_ISO_MAX];

	mn_date_iso(date, v->row.time);
	mn_buf_add(out, date, strlen("2026-11-24"));
}

static void f_title(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, v->row.title);
}

static void f_title_quoted(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_quote(out, v->row.title);
}

static void f_summary(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, mn_view_summary(v));
}

static void f_summary_quoted(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_quote(out, mn_view_summary(v));
}

static void f_text(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_raw(out, v->text);
}

static void f_text_quoted(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_quote(out, v->text);
}

static void f_stream(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, v->row.stream);
}

static void f_tags(struct mn_buf *out, const struct mn_view *v)
{
	mn_text_line(out, v->row.tags);
}

static void f_lang(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addstr(out, v->meta->lang);
}

static void f_place(struct mn_buf *out, const struct mn_view *v)
{
	if (v->meta->has_place)
		mn_place_add(out, v->meta->lat, v->meta->lon);
}

static void f_links(struct mn_buf *out, const struct mn_view *v)
{
	for (size_t i = 0; i < v->meta->nlinks; i++) {
		if (i)
			mn_buf_addc(out, ' ');
		mn_text_line(out, v->meta->links[i]);
	}
}

static void f_subjects(struct mn_buf *out, const struct mn_view *v)
{
	for (size_t i = 0; i < v->meta->nsubjects; i++) {
		mn_buf_adds(out, i ? ", " : "");
		mn_text_line(out, v->meta->subjects[i].rel);
		mn_buf_addc(out, ' ');
		mn_subject_add_ref(out, &v->meta->subjects[i]);
	}
}

static void f_parents(struct mn_buf *out, const struct mn_view *v)
{
	for (size_t i = 0; i < v->meta->nparents; i++) {
		mn_buf_adds(out, i ? " " : "");
		mn_buf_addhex(out, v->meta->parents[i].b, 32);
	}
}

static void f_parents_short(struct mn_buf *out, const struct mn_view *v)
{
	for (size_t i = 0; i < v->meta->nparents; i++) {
		mn_buf_adds(out, i ? " " : "");
		add_short(out, v->meta->parents[i].b);
	}
}

static void f_size(struct mn_buf *out, const struct mn_view *v)
{
	uint64_t size = 0;	/* 64 contents of 64 GiB: no overflow */

	for (size_t i = 0; i < v->meta->ncontents; i++)
		size += v->meta->contents[i].size;
	mn_buf_addu(out, size);
}

static void f_contents(struct mn_buf *out, const struct mn_view *v)
{
	mn_buf_addu(out, v->meta->ncontents);
}

static const struct field {
	const char *name;
	field_fn *fn;
	int needs;
} fields[] = {
	{ "node", f_node, 0 },
	{ "node:short", f_node_short, 0 },
	{ "uri", f_uri, 0 },
	{ "profile", f_profile, 0 },
	{ "profile:short", f_profile_short, 0 },
	{ "device", f_device, 0 },
	{ "device:short", f_device_short, 0 },
	{ "device:label", f_device_label, 0 },
	{ "commit", f_commit, 0 },
	{ "commit:short", f_commit_short, 0 },
	{ "seq", f_seq, 0 },
	{ "gen", f_gen, 0 },
	{ "era", f_era, 0 },
	{ "kind", f_kind, 0 },
	{ "time", f_time, 0 },
	{ "date", f_date, 0 },
	{ "date:human", f_date_human, 0 },
	{ "date:rfc", f_date_rfc, 0 },
	{ "date:short", f_date_short, 0 },
	{ "title", f_title, 0 },
	{ "title:quoted", f_title_quoted, 0 },
	{ "summary", f_summary, MN_VIEW_META | MN_VIEW_TEXT },
	{ "summary:quoted", f_summary_quoted, MN_VIEW_META | MN_VIEW_TEXT },
	{ "text", f_text, MN_VIEW_META | MN_VIEW_TEXT },
	{ "text:quoted", f_text_quoted, MN_VIEW_META | MN_VIEW_TEXT },
	{ "stream", f_stream, 0 },
	{ "tags", f_tags, 0 },
	{ "lang", f_lang, MN_VIEW_META },
	{ "place", f_place, MN_VIEW_META },
	{ "links", f_links, MN_VIEW_META },
	{ "subjects", f_subjects, MN_VIEW_META },
	{ "parents", f_parents, MN_VIEW_META },
	{ "parents:short", f_parents_short, MN_VIEW_META },
	{ "size", f_size, MN_VIEW_META },
	{ "contents", f_contents, MN_VIEW_META },
};

static const struct field *find_field(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (strlen(fields[i].name) == len &&
		    !memcmp(fields[i].name, name, len))
			return &fields[i];
	return NULL;
}

static void add_literal(struct mn_format *f, const char *p, size_t len)
{
	if (len)
		*mn_vec_push(&f->parts) = (struct part){ { p, len }, NULL };
}

/* What follows a percent sign; returns how many bytes it takes, or < 0. */
static int compile_one(struct mn_format *f, const char *p, struct mn_err *err)
{
	const struct field *field;
	const char *end;

	switch (*p) {
	case 'n':
		add_literal(f, "\n", 1);
		return 1;
	case 't':
		add_literal(f, "\t", 1);
		return 1;
	case '0':
		add_literal(f, "", 1);
		return 1;
	case '%':
		add_literal(f, p, 1);
		return 1;
	case '(':
		break;
	default:
		return mn_err_set(err, MN_EINVALID, "format: '%%%.1s' is none "
				  "of %%(field), %%n, %%t, %%0, %%%%", p);
	}
	end = strchr(p, ')');
	if (!end || end - p > 64)
		return mn_err_set(err, MN_EINVALID,
				  "format: '%%%.16s' has no end", p);
	field = find_field(p + 1, (size_t)(end - p) - 1);
	if (!field)
		return mn_err_set(err, MN_EINVALID,
				  "format: unknown field '%%%.*s'",
				  (int)(end - p) + 1, p);
	*mn_vec_push(&f->parts) = (struct part){ { NULL, 0 }, field->fn };
	f->needs |= field->needs;
	return (int)(end - p) + 1;
}

int mn_format_compile(struct mn_format **out, const char *text,
		      struct mn_err *err)
{
	struct mn_format *f = mn_xcalloc(1, sizeof(*f));
	int r = 0;

	while (*text && r >= 0) {
		size_t n = strcspn(text, "%");

		add_literal(f, text, n);
		text += n;
		if (*text) {
			r = compile_one(f, text + 1, err);
			text += 1 + (r > 0 ? r : 0);
		}
	}
	if (r < 0) {
		mn_format_free(f);
		return r;
	}
	*out = f;
	return 0;
}

void mn_format_free(struct mn_format *f)
{
	if (!f)
		return;
	mn_vec_release(&f->parts);
	free(f);
}

int mn_format_parts(const struct mn_format *f)
{
	return f->needs;
}

void mn_format_add(struct mn_buf *out, const struct mn_format *f,
		   const struct mn_view *v)
{
	for (size_t i = 0; i < f->parts.n; i++) {
		const struct part *p = &f->parts.p[i];

		if (p->fn)
			p->fn(out, v);
		else
			mn_buf_addstr(out, p->literal);
	}
}
