#include "social/draft-json.h"

#include <jansson.h>
#include <string.h>

#include "base/base64.h"
#include "base/hex.h"
#include "social/stage.h"

#include "banned.h"

/* What is read, and where it goes. */
struct reading {
	struct mn_draft *d;
	const struct mn_draft_source *src;
	json_t *top;
	struct mn_err *err;
};

static int wrong(struct reading *r, const char *key, const char *want)
{
	return mn_err_set(r->err, MN_EINVALID, "\"%s\" is not %s", key, want);
}

/* The string at key; p NULL where there is none (or null). */
static int get_str(struct reading *r, struct mn_str *out, json_t *obj,
		   const char *key)
{
	json_t *v = json_object_get(obj, key);

	*out = (struct mn_str){ NULL, 0 };
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_string(v))
		return wrong(r, key, "a string");
	*out = (struct mn_str){ json_string_value(v), json_string_length(v) };
	return 0;
}

static int get_array(struct reading *r, json_t **out, const char *key)
{
	json_t *v = json_object_get(r->top, key);

	*out = NULL;
	if (!v || json_is_null(v))
		return 0;
	if (!json_is_array(v))
		return wrong(r, key, "an array");
	*out = v;
	return 0;
}

typedef int set_fn(struct mn_draft *, struct mn_str, struct mn_err *);

static int take_str(struct reading *r, const char *key, set_fn *set)
{
	struct mn_str s;
	int ret = get_str(r, &s, r->top, key);

	return ret < 0 || !s.p ? ret : set(r->d, s, r->err);
}

static int take_strs(struct reading *r, const char *key, set_fn *set)
{
	json_t *array, *v;
	size_t i;
	int ret = get_array(r, &array, key);

	if (ret < 0 || !array)
		return ret;
	json_array_foreach(array, i, v) {
		if (!json_is_string(v))
			return wrong(r, key, "an array of strings");
		ret = set(r->d, (struct mn_str){ json_string_value(v),
					json_string_length(v) }, r->err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int take_time(struct reading *r)
{
	json_t *v = json_object_get(r->top, "time");

	if (!v || json_is_null(v))
		return 0;
	if (!json_is_integer(v))
		return wrong(r, "time", "a whole number of milliseconds");
	return mn_draft_time(r->d, json_integer_value(v), r->err);
}

/* Objects of two strings: subjects and attributes. */
static int take_pairs(struct reading *r, const char *key, const char *first,
		      const char *second,
		      int (*set)(struct mn_draft *, struct mn_str,
				 struct mn_str, struct mn_err *))
{
	json_t *array, *v;
	size_t i;
	int ret = get_array(r, &array, key);

	if (ret < 0 || !array)
		return ret;
	json_array_foreach(array, i, v) {
		struct mn_str a, b;

		if (!json_is_object(v))
			return wrong(r, key, "an array of objects");
		ret = get_str(r, &a, v, first);
		if (ret == 0)
			ret = get_str(r, &b, v, second);
		if (ret == 0 && (!a.p || !b.p))
			ret = mn_err_set(r->err, MN_EINVALID, "an item of "
					 "\"%s\" needs \"%s\" and \"%s\"", key,
					 first, second);
		if (ret == 0)
			ret = set(r->d, a, b, r->err);
		if (ret < 0)
			return ret;
	}
	return 0;
}

/* The bytes of an attachment of a node that is here. */
static int fetch(struct reading *r, struct mn_buf *out, json_t *item)
{
	json_t *number = json_object_get(item, "content");
	struct mn_str profile, node;
	int ret = get_str(r, &profile, r->top, "profile");

	if (ret == 0)
		ret = get_str(r, &node, r->top, "node");
	if (ret < 0)
		return ret;
	if (!json_is_integer(number) || json_integer_value(number) < 0 ||
	    json_integer_value(number) >= MN_CONTENTS_MAX || !profile.p ||
	    !node.p || profile.len != MN_ID_HEX || node.len != MN_ID_HEX ||
	    mn_hex_span(profile.p, MN_ID_HEX) != MN_ID_HEX ||
	    mn_hex_span(node.p, MN_ID_HEX) != MN_ID_HEX || !r->src->fetch)
		return mn_err_set(r->err, MN_EINVALID, "an attachment needs "
				  "\"file\", \"data\", or \"content\" with "
				  "\"profile\" and \"node\" of the post");
	return r->src->fetch(r->src->ctx, out, profile.p, node.p,
			     (size_t)json_integer_value(number), r->err);
}

static int attachment_bytes(struct reading *r, struct mn_source *from,
			    struct mn_buf *bytes, json_t *item)
{
	struct mn_str file, data;
	uint64_t size;
	int ret = get_str(r, &file, item, "file");

	if (ret == 0)
		ret = get_str(r, &data, item, "data");
	if (ret < 0)
		return ret;
	*from = (struct mn_source){ file.p, { NULL, 0 } };
	if (file.p)
		return mn_source_size(&size, from, r->err);
	if (data.p && mn_base64_decode(bytes, data) < 0)
		return wrong(r, "data", "base64");
	if (!data.p)
		ret = fetch(r, bytes, item);
	from->data = (struct mn_str){ bytes->p, bytes->len };
	return ret;
}

static int take_attachment(struct reading *r, json_t *item)
{
	struct mn_buf bytes = MN_BUF_INIT;
	struct mn_str name = { NULL, 0 }, type = name, role = name;
	struct mn_source from;
	int ret = json_is_object(item) ? 0
		: wrong(r, "attachments", "an array of objects");

	if (ret == 0)
		ret = get_str(r, &name, item, "name");
	if (ret == 0)
		ret = get_str(r, &type, item, "type");
	if (ret == 0)
		ret = get_str(r, &role, item, "role");
	if (ret == 0)
		ret = attachment_bytes(r, &from, &bytes, item);
	if (ret == 0 && !name.p)
		name = mn_media_name(&r->d->arena, from.path ? from.path : "");
	if (ret == 0 && !type.p)
		type = mn_media_type(r->src->media, &r->d->arena, &from, name);
	if (ret == 0)
		ret = mn_draft_content(r->d, role.p ? role
				       : MN_STR("attachment"), type, name,
				       &from, r->err);
	mn_buf_release(&bytes);
	return ret;
}

static int take_attachments(struct reading *r)
{
	json_t *array, *v;
	size_t i;
	int ret = get_array(r, &array, "attachments");

	if (ret < 0 || !array)
		return ret;
	json_array_foreach(array, i, v) {
		ret = take_attachment(r, v);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int take_all(struct reading *r)
{
	int ret = take_str(r, "kind", mn_draft_kind);

	if (ret == 0)
		ret = take_time(r);
	if (ret == 0)
		ret = take_str(r, "title", mn_draft_title);
	if (ret == 0)
		ret = take_str(r, "text", mn_draft_text);
	if (ret == 0)
		ret = take_str(r, "stream", mn_draft_stream);
	if (ret == 0)
		ret = take_strs(r, "tags", mn_draft_tag);
	if (ret == 0)
		ret = take_str(r, "lang", mn_draft_lang);
	if (ret == 0)
		ret = take_str(r, "place", mn_draft_place);
	if (ret == 0)
		ret = take_strs(r, "links", mn_draft_link);
	if (ret == 0)
		ret = take_pairs(r, "subjects", "rel", "ref",
				 mn_draft_subject);
	if (ret == 0)
		ret = take_pairs(r, "attrs", "name", "value", mn_draft_attr);
	if (ret == 0)
		ret = take_attachments(r);
	return ret;
}

int mn_draft_from_json(struct mn_draft *d, struct mn_str line,
		       const struct mn_draft_source *src, struct mn_err *err)
{
	struct reading r = { .d = d, .src = src, .err = err };
	json_error_t why;
	int ret;

	if (line.len > MN_JSON_LINE_MAX)
		return mn_err_set(err, MN_ELIMIT, "a line of JSON is at most "
				  "%u MiB", MN_JSON_LINE_MAX >> 20);
	r.top = json_loadb(line.p, line.len, JSON_REJECT_DUPLICATES, &why);
	if (!r.top && json_error_code(&why) == json_error_null_character)
		return mn_err_set(err, MN_EINVALID, "there is a NUL character "
				  "in it (column %d)", why.column);
	if (!r.top)
		return mn_err_set(err, MN_EINVALID, "not JSON: %s (column %d)",
				  why.text, why.column);
	ret = json_is_object(r.top) ? take_all(&r)
		: mn_err_set(err, MN_EINVALID, "not a JSON object");
	json_decref(r.top);
	return ret;
}
