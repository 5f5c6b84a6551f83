#include "out/node-json.h"

#include "out/json.h"

#include "banned.h"

static void put_id(struct mn_json *j, const char *key, const void *bytes,
		   size_t len)
{
	mn_json_key(j, key);
	mn_json_hex(j, bytes, len);
}

static void put_uint(struct mn_json *j, const char *key, uint64_t n)
{
	mn_json_key(j, key);
	mn_json_uint(j, n);
}

static void put_list(struct mn_json *j, const char *key,
		     const struct mn_str *p, size_t n)
{
	size_t i;

	if (!n)
		return;
	mn_json_key(j, key);
	mn_json_open(j, '[');
	for (i = 0; i < n; i++)
		mn_json_str(j, p[i]);
	mn_json_close(j, ']');
}

static void put_place(struct mn_json *j, const struct mn_meta *m)
{
	struct mn_buf b = MN_BUF_INIT;

	if (!m->has_place)
		return;
	mn_place_add(&b, m->lat, m->lon);
	mn_json_add(j, "place", (struct mn_str){ b.p, b.len });
	mn_buf_release(&b);
}

static void put_subjects(struct mn_json *j, const struct mn_meta *m)
{
	struct mn_buf b = MN_BUF_INIT;
	size_t i;

	if (!m->nsubjects)
		return;
	mn_json_key(j, "subjects");
	mn_json_open(j, '[');
	for (i = 0; i < m->nsubjects; i++) {
		mn_buf_clear(&b);
		mn_subject_add_ref(&b, &m->subjects[i]);
		mn_json_open(j, '{');
		mn_json_add(j, "rel", m->subjects[i].rel);
		mn_json_add(j, "ref", (struct mn_str){ b.p, b.len });
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
	mn_buf_release(&b);
}

static void put_attrs(struct mn_json *j, const struct mn_meta *m)
{
	size_t i;

	if (!m->nattrs)
		return;
	mn_json_key(j, "attrs");
	mn_json_open(j, '[');
	for (i = 0; i < m->nattrs; i++) {
		mn_json_open(j, '{');
		mn_json_add(j, "name", m->attrs[i].name);
		mn_json_add(j, "value", m->attrs[i].value);
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void put_contents(struct mn_json *j, const struct mn_view *v)
{
	const struct mn_meta *m = v->meta;
	size_t i;

	if (m->ncontents == (v->text_at != SIZE_MAX))
		return;
	mn_json_key(j, "attachments");
	mn_json_open(j, '[');
	for (i = 0; i < m->ncontents; i++) {
		const struct mn_content *c = &m->contents[i];

		if (i == v->text_at)
			continue;
		mn_json_open(j, '{');
		put_uint(j, "content", i);
		mn_json_add(j, "role", c->role);
		mn_json_add(j, "name", c->name);
		mn_json_add(j, "type", c->type);
		put_uint(j, "size", c->size);
		put_id(j, "digest", c->digest.b, sizeof(c->digest.b));
		mn_json_key(j, "present");
		mn_json_bool(j, (int)(v->present >> i & 1));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void put_parents(struct mn_json *j, const struct mn_meta *m)
{
	size_t i;

	if (!m->nparents)
		return;
	mn_json_key(j, "parents");
	mn_json_open(j, '[');
	for (i = 0; i < m->nparents; i++)
		mn_json_hex(j, m->parents[i].b, sizeof(m->parents[i].b));
	mn_json_close(j, ']');
}

void mn_node_json(struct mn_buf *out, const struct mn_view *v, int no_text)
{
	struct mn_json json = { out, 0 }, *j = &json;
	const struct mn_meta *m = v->meta;

	mn_json_open(j, '{');
	put_id(j, "node", v->row.node.b, sizeof(v->row.node.b));
	put_id(j, "profile", m->profile.b, sizeof(m->profile.b));
	put_id(j, "device", m->device.b, sizeof(m->device.b));
	put_uint(j, "seq", m->seq);
	mn_json_add(j, "kind", m->kind);
	put_uint(j, "time", (uint64_t)m->time);
	mn_json_add(j, "title", m->summary);
	if (!no_text)
		mn_json_add(j, "text", v->text);
	mn_json_add(j, "stream", m->stream);
	put_list(j, "tags", m->tags, m->ntags);
	mn_json_add(j, "lang", m->lang);
	put_place(j, m);
	put_list(j, "links", m->links, m->nlinks);
	put_subjects(j, m);
	put_attrs(j, m);
	put_contents(j, v);
	put_uint(j, "gen", m->gen);
	put_uint(j, "era", m->era);
	put_parents(j, m);
	put_id(j, "commit", v->row.carrier.b, sizeof(v->row.carrier.b));
	mn_json_close(j, '}');
}
