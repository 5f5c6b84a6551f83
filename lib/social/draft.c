#include "social/draft.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

#include "banned.h"

void mn_draft_init(struct mn_draft *d)
{
	memset(d, 0, offsetof(struct mn_draft, tags));
	d->kind = MN_STR("post");
	d->time = -1;
}

void mn_draft_reset(struct mn_draft *d)
{
	struct mn_arena arena = d->arena;

	mn_arena_reset(&arena);
	mn_draft_init(d);
	d->arena = arena;
}

void mn_draft_release(struct mn_draft *d)
{
	mn_arena_release(&d->arena);
	mn_draft_init(d);
}

static int too_many(struct mn_err *err, const char *what, size_t max)
{
	return mn_err_set(err, MN_ELIMIT, "more than %zu %s", max, what);
}

/* A short text of the format: says which rule of it v breaks. */
static int check_text(const char *what, struct mn_str v, size_t max,
		      struct mn_err *err)
{
	if (!v.len)
		return mn_err_set(err, MN_EINVALID, "the %s is empty", what);
	if (v.len > max)
		return mn_err_set(err, MN_ELIMIT, "the %s is too long: %zu "
				  "bytes, at most %zu", what, v.len, max);
	if (mn_utf8_check(v.p, v.len) != v.len)
		return mn_err_set(err, MN_EINVALID, "the %s is not UTF-8",
				  what);
	if (v.p[0] == ' ' || v.p[v.len - 1] == ' ')
		return mn_err_set(err, MN_EINVALID, "the %s begins or ends "
				  "with a space", what);
	if (mn_text_check(v, max) < 0)
		return mn_err_set(err, MN_EINVALID, "the %s has control "
				  "characters or line breaks in it", what);
	return 0;
}

static int check_word(const char *what, struct mn_str v, struct mn_err *err)
{
	int r = check_text(what, v, 64, err);

	if (r == 0 && mn_value_word(v) < 0)
		r = mn_err_set(err, MN_EINVALID, "the %s has a space or a "
			       "comma in it: '%.*s'", what, (int)v.len, v.p);
	return r;
}

static int check_name(const char *what, struct mn_str v, struct mn_err *err)
{
	if (mn_value_name(v) < 0)
		return mn_err_set(err, MN_EINVALID, "the %s is not 1 to 32 of "
				  "a-z, 0-9 and '-', a letter first: '%.*s'",
				  what, (int)(v.len > 64 ? 64 : v.len), v.p);
	return 0;
}

int mn_draft_kind(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	int r = check_name("kind", v, err);

	if (r == 0 && mn_str_eq(v, "merge"))
		r = mn_err_set(err, MN_EINVALID, "merges are computed, "
			       "not posted");
	if (r == 0)
		d->kind = mn_arena_str(&d->arena, v);
	return r;
}

int mn_draft_title(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	int r = check_text("title", v, MN_SUMMARY_MAX, err);

	if (r == 0)
		d->title = mn_arena_str(&d->arena, v);
	return r;
}

int mn_draft_stream(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	int r = check_word("stream", v, err);

	if (r == 0)
		d->stream = mn_arena_str(&d->arena, v);
	return r;
}

int mn_draft_lang(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	char *p = mn_arena_strdup(&d->arena, v);

	for (size_t i = 0; i < v.len; i++) {
		if (p[i] >= 'A' && p[i] <= 'Z')
			p[i] = (char)(p[i] + 'a' - 'A');
		else if (p[i] == '_')
			p[i] = '-';
	}
	d->lang = (struct mn_str){ p, v.len };
	if (mn_value_lang(d->lang) == 0)
		return 0;
	d->lang = (struct mn_str){ NULL, 0 };
	return mn_err_set(err, MN_EINVALID, "not a language like 'en' or "
			  "'pt-br': '%s'", p);
}

/* Takes "+1.50" for 1.5 and the like: people write numbers in many ways. */
static void tidy_degrees(struct mn_buf *out, struct mn_str v)
{
	size_t dot;

	while (v.len && v.p[0] == ' ')
		v.p++, v.len--;
	while (v.len && v.p[v.len - 1] == ' ')
		v.len--;
	if (v.len && v.p[0] == '+')
		v.p++, v.len--;
	if (v.len && v.p[0] == '-') {
		mn_buf_addc(out, '-');
		v.p++, v.len--;
	}
	while (v.len > 1 && v.p[0] == '0' && v.p[1] >= '0' && v.p[1] <= '9')
		v.p++, v.len--;
	for (dot = 0; dot < v.len && v.p[dot] != '.'; dot++)
		;
	if (dot < v.len) {
		while (v.len > dot + 7 && v.p[v.len - 1] >= '0' &&
		       v.p[v.len - 1] <= '9')
			v.len--;		/* millionths: 11 cm */
		while (v.len > dot && (v.p[v.len - 1] == '0' ||
				       v.p[v.len - 1] == '.')) {
			int last = v.p[v.len - 1] == '.';

			v.len--;
			if (last)
				break;
		}
	}
	mn_buf_addstr(out, v);
	if (out->len >= 2 && out->p[out->len - 2] == '-' &&
	    out->p[out->len - 1] == '0')
		mn_buf_setlen(out, out->len - 2), mn_buf_addc(out, '0');
}

int mn_draft_place(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	const char *comma = v.len ? memchr(v.p, ',', v.len) : NULL;
	struct mn_buf b = MN_BUF_INIT;
	int r = -1;

	if (comma) {
		tidy_degrees(&b, (struct mn_str){ v.p, (size_t)(comma - v.p) });
		mn_buf_addc(&b, ',');
		tidy_degrees(&b, (struct mn_str){ comma + 1,
				(size_t)(v.p + v.len - comma - 1) });
		r = mn_value_place(&d->lat, &d->lon,
				   (struct mn_str){ b.p, b.len });
	}
	mn_buf_release(&b);
	d->has_place = r == 0;
	if (r == 0)
		return 0;
	return mn_err_set(err, MN_EINVALID, "not a place like '52.52,13.405' "
			  "(latitude, longitude in degrees): '%.*s'",
			  (int)(v.len > 64 ? 64 : v.len), v.p);
}

int mn_draft_tag(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	int r;

	if (v.len > 1 && v.p[0] == '#')
		v.p++, v.len--;
	r = check_word("tag", v, err);
	if (r == 0 && d->ntags == MN_TAGS_MAX)
		r = too_many(err, "tags", MN_TAGS_MAX);
	if (r == 0)
		d->tags[d->ntags++] = mn_arena_str(&d->arena, v);
	return r;
}

int mn_draft_link(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	if (mn_value_link(v) < 0)
		return mn_err_set(err, MN_EINVALID, "not a URI like "
				  "'https://example.org/' (printable ASCII, at "
				  "most 2048 bytes): '%.*s'",
				  (int)(v.len > 200 ? 200 : v.len), v.p);
	if (d->nlinks == MN_LINKS_MAX)
		return too_many(err, "links", MN_LINKS_MAX);
	d->links[d->nlinks++] = mn_arena_str(&d->arena, v);
	return 0;
}

int mn_draft_attr(struct mn_draft *d, struct mn_str name, struct mn_str value,
		  struct mn_err *err)
{
	int r = check_name("attribute's name", name, err);

	if (r == 0)
		r = check_text("attribute's value", value, MN_ATTR_MAX, err);
	if (r == 0 && d->nattrs == MN_ATTRS_MAX)
		r = too_many(err, "attributes", MN_ATTRS_MAX);
	if (r == 0)
		d->attrs[d->nattrs++] = (struct mn_attr){
			mn_arena_str(&d->arena, name),
			mn_arena_str(&d->arena, value) };
	return r;
}

int mn_draft_subject(struct mn_draft *d, struct mn_str rel, struct mn_str ref,
		     struct mn_err *err)
{
	struct mn_subject s = { .has_node = 0 };
	int r = check_name("subject's relation", rel, err);

	if (r < 0)
		return r;
	if (mn_subject_parse_ref(&s, ref) < 0)
		return mn_err_set(err, MN_EINVALID, "not a reference like "
				  "mn:PROFILE/NODE with full ids: '%.*s'",
				  (int)(ref.len > 150 ? 150 : ref.len), ref.p);
	if (d->nsubjects == MN_SUBJECTS_MAX)
		return too_many(err, "subjects", MN_SUBJECTS_MAX);
	s.rel = mn_arena_str(&d->arena, rel);
	d->subjects[d->nsubjects++] = s;
	return 0;
}

int mn_draft_time(struct mn_draft *d, int64_t ms, struct mn_err *err)
{
	if (ms < 0 || ms > MN_DATE_MAX)
		return mn_err_set(err, MN_EINVALID, "a time is between the "
				  "years 1970 and 9999");
	d->time = ms;
	return 0;
}

static int add_content(struct mn_draft *d, struct mn_str role,
		       struct mn_str type, struct mn_str name,
		       const struct mn_source *from, struct mn_err *err)
{
	struct mn_draft_content *c;

	if (d->ncontents == MN_CONTENTS_MAX)
		return too_many(err, "contents", MN_CONTENTS_MAX);
	c = &d->contents[d->ncontents++];
	c->role = mn_arena_str(&d->arena, role);
	c->type = mn_arena_str(&d->arena, type);
	c->name = mn_arena_str(&d->arena, name);
	c->from.path = NULL;
	c->from.data = (struct mn_str){ NULL, 0 };
	if (from->path)
		c->from.path = mn_arena_strdup(&d->arena, mn_str(from->path));
	else
		c->from.data = mn_arena_str(&d->arena, from->data);
	return 0;
}

int mn_draft_text(struct mn_draft *d, struct mn_str v, struct mn_err *err)
{
	struct mn_source from = { NULL, v };
	const char *nul;
	size_t bad;

	if (!v.len)
		return 0;
	if (v.len > MN_TEXT_MAX)
		return mn_err_set(err, MN_ELIMIT, "the text is too large: %zu "
				  "bytes, at most %u; attach it as a file",
				  v.len, MN_TEXT_MAX);
	bad = mn_utf8_check(v.p, v.len);
	if (bad != v.len)
		return mn_err_set(err, MN_EINVALID, "the text is not UTF-8 "
				  "(byte %zu); attach it as a file", bad + 1);
	nul = memchr(v.p, '\0', v.len);
	if (nul)
		return mn_err_set(err, MN_EINVALID, "the text has a NUL in it "
				  "(byte %zu); attach it as a file",
				  (size_t)(nul - v.p) + 1);
	if (d->ncontents)
		MN_BUG("the text comes before attachments");
	return add_content(d, MN_STR("text"), MN_STR(MN_TEXT_TYPE),
			   MN_STR(MN_TEXT_NAME), &from, err);
}

int mn_draft_content(struct mn_draft *d, struct mn_str role,
		     struct mn_str type, struct mn_str name,
		     const struct mn_source *from, struct mn_err *err)
{
	int r = check_name("content's role", role, err);

	if (r == 0)
		r = check_text("file name", name, MN_FILE_NAME_MAX, err);
	if (r == 0 && mn_value_file_name(name) < 0)
		r = mn_err_set(err, MN_EINVALID, "the file name has a slash or "
			       "backslash in it");
	if (r == 0 && mn_value_type(type) < 0)
		r = mn_err_set(err, MN_EINVALID, "not a media type like "
			       "'image/png': '%.*s'",
			       (int)(type.len > 100 ? 100 : type.len), type.p);
	if (r == 0)
		r = add_content(d, role, type, name, from, err);
	return r;
}

/* finishing */

static int cmp_str(const void *a, const void *b)
{
	return mn_str_cmp(*(const struct mn_str *)a, *(const struct mn_str *)b);
}

static int cmp_attr(const void *pa, const void *pb)
{
	const struct mn_attr *a = pa, *b = pb;
	int c = mn_str_cmp(a->name, b->name);

	return c ? c : mn_str_cmp(a->value, b->value);
}

static int cmp_subject(const void *pa, const void *pb)
{
	const struct mn_subject *a = pa, *b = pb;
	int c = mn_str_cmp(a->rel, b->rel);

	if (!c)
		c = mn_id_cmp(&a->profile, &b->profile);
	if (!c)
		c = a->has_node - b->has_node;
	return c || !a->has_node ? c : mn_id_cmp(&a->node, &b->node);
}

/* Sorts and drops duplicates. */
static void tidy(void *items, size_t *n, size_t size,
		 int (*cmp)(const void *, const void *))
{
	unsigned char *p = items;
	size_t kept = 0;

	if (*n < 2)
		return;
	qsort(items, *n, size, cmp);
	for (size_t i = 1; i < *n; i++)
		if (cmp(p + kept * size, p + i * size))
			memmove(p + ++kept * size, p + i * size, size);
	*n = kept + 1;
}

int mn_draft_finish(struct mn_draft *d, struct mn_err *err)
{
	tidy(d->tags, &d->ntags, sizeof(*d->tags), cmp_str);
	tidy(d->links, &d->nlinks, sizeof(*d->links), cmp_str);
	tidy(d->attrs, &d->nattrs, sizeof(*d->attrs), cmp_attr);
	tidy(d->subjects, &d->nsubjects, sizeof(*d->subjects), cmp_subject);
	if (mn_str_eq(d->kind, "post") && !d->ncontents && !d->nlinks)
		return mn_err_set(err, MN_EINVALID, "nothing to post: no text, "
				  "no attachment, no link");
	return 0;
}
