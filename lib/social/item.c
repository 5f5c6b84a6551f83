#include "social/item.h"

#include <stddef.h>
#include <string.h>

#include "banned.h"

void mn_item_init(struct mn_item *it)
{
	memset(it, 0, sizeof(*it));
	mn_buf_init(&it->meta_text);
	mn_buf_init(&it->tree_text);
	mn_buf_init(&it->commit_text);
	mn_buf_init(&it->tags);
	mn_buf_init(&it->z);
	mn_buf_init(&it->z_commit);
}

void mn_item_release(struct mn_item *it)
{
	mn_buf_release(&it->z_commit);
	mn_buf_release(&it->z);
	mn_buf_release(&it->tags);
	mn_buf_release(&it->commit_text);
	mn_buf_release(&it->tree_text);
	mn_buf_release(&it->meta_text);
}

static void take_content(struct mn_content *to,
			 const struct mn_draft_content *from)
{
	to->role = from->role;
	to->type = from->type;
	to->name = from->name;
	to->size = from->from.data.len;
}

void mn_item_begin(struct mn_item *it, const struct mn_draft *d, int64_t now,
		   int for_pack)
{
	struct mn_meta *m = &it->meta;

	it->draft = d;
	it->for_pack = for_pack;
	it->staged = 0;
	mn_buf_clear(&it->z);
	mn_meta_init(m);
	m->kind = d->kind;
	m->time = d->time < 0 ? now : d->time;
	m->summary = d->title;
	m->stream = d->stream;
	m->lang = d->lang;
	m->has_place = d->has_place;
	m->lat = d->lat;
	m->lon = d->lon;
	m->ntags = d->ntags;
	m->nsubjects = d->nsubjects;
	m->nattrs = d->nattrs;
	m->nlinks = d->nlinks;
	m->ncontents = d->ncontents;
	memcpy(m->tags, d->tags, d->ntags * sizeof(*d->tags));
	memcpy(m->subjects, d->subjects, d->nsubjects * sizeof(*d->subjects));
	memcpy(m->attrs, d->attrs, d->nattrs * sizeof(*d->attrs));
	memcpy(m->links, d->links, d->nlinks * sizeof(*d->links));
	for (size_t i = 0; i < d->ncontents; i++)
		take_content(&m->contents[i], &d->contents[i]);
}

int mn_item_stage_large(struct mn_item *it, struct mn_stage *s,
			struct mn_pool *pool, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < it->meta.ncontents && r == 0; i++) {
		const struct mn_source *from = &it->draft->contents[i].from;
		struct mn_content_in in;

		if (!from->path && from->data.len <= MN_INLINE_MAX)
			continue;
		r = mn_content_stage(&in, s, pool, from, err);
		if (r < 0)
			break;
		it->meta.contents[i].digest = in.digest;
		it->meta.contents[i].size = in.size;
		it->salts[i] = in.salt;
		it->contents[i] = in.oid;
		it->staged |= UINT64_C(1) << i;
	}
	return r;
}

/* Compresses o->raw behind what is in z; at remembers where. */
static void compress(struct mn_item *it, struct mn_deflater *d, size_t *at,
		     const void *data, size_t len)
{
	*at = it->z.len;
	if (it->for_pack)
		mn_deflate(d, &it->z, data, len);
}

void mn_item_contents(struct mn_item *it, struct mn_deflater *d)
{
	for (size_t i = 0; i < it->meta.ncontents; i++) {
		struct mn_str data = it->draft->contents[i].from.data;

		it->z_at[i] = it->z.len;
		if (it->staged >> i & 1)
			continue;
		mn_random(it->salts[i].b, MN_SALT_SIZE);
		mn_content_digest(&it->meta.contents[i].digest, &it->salts[i],
				  data.p, data.len);
		mn_oid_of(&it->contents[i], MN_BLOB, data.p, data.len);
		compress(it, d, &it->z_at[i], data.p, data.len);
	}
}

int mn_item_meta(struct mn_item *it, struct mn_err *err)
{
	enum mn_rule rule;
	int r;

	mn_buf_clear(&it->meta_text);
	r = mn_meta_encode(&it->meta_text, &it->meta, &rule, err);
	if (r < 0 && rule == MN_RULE_META_SIZE)
		return mn_err_set(err, MN_ELIMIT, "title, tags, links and the "
				  "list of attachments are too long together: "
				  "at most %d bytes", MN_META_MAX);
	if (r < 0)
		return r;
	mn_node_id(&it->id, (struct mn_str){ it->meta_text.p,
					     it->meta_text.len });
	return 0;
}

static struct mn_staged staged(enum mn_otype type, const struct mn_buf *b)
{
	struct mn_staged s = { .type = type, .raw = { b->p, b->len } };

	mn_oid_of(&s.oid, type, b->p, b->len);
	return s;
}

void mn_item_sign(struct mn_item *it, const struct mn_secret *secret,
		  const struct mn_oid *identity, struct mn_deflater *d)
{
	size_t n = it->meta.ncontents;
	struct mn_carrier_tree t;

	mn_sign(&it->sig, secret, MN_NODE_SIGN_PREFIX, it->id.b,
		sizeof(it->id.b));
	it->meta_blob = staged(MN_BLOB, &it->meta_text);
	compress(it, d, &it->z_at[n], it->meta_text.p, it->meta_text.len);
	t.identity = *identity;
	t.meta = it->meta_blob.oid;
	t.present = UINT64_MAX;
	memcpy(t.contents, it->contents, n * sizeof(*t.contents));
	mn_buf_clear(&it->tree_text);
	mn_carrier_tree_encode(&it->tree_text, &it->meta, &t);
	it->tree = staged(MN_TREE, &it->tree_text);
	compress(it, d, &it->z_at[n + 1], it->tree_text.p, it->tree_text.len);
	it->z_at[n + 2] = it->z.len;
}

int mn_item_verify(const struct mn_item *it, const struct mn_pub *device)
{
	return mn_verify(&it->sig, device, MN_NODE_SIGN_PREFIX, it->id.b,
			 sizeof(it->id.b));
}

void mn_item_commit(struct mn_item *it)
{
	struct mn_carrier_parts parts = {
		.tree = &it->tree.oid, .parents = it->parents, .node = &it->id,
		.sig = &it->sig, .present = UINT64_MAX, .salts = it->salts,
	};

	mn_buf_clear(&it->commit_text);
	mn_carrier_encode(&it->commit_text, &it->meta, &parts);
	it->commit = staged(MN_COMMIT, &it->commit_text);
}

void mn_item_pack_commit(struct mn_item *it, struct mn_deflater *d)
{
	mn_buf_clear(&it->z_commit);
	mn_deflate(d, &it->z_commit, it->commit_text.p, it->commit_text.len);
	it->commit.z = (struct mn_str){ it->z_commit.p, it->z_commit.len };
}

/* What compress() left for piece i. */
static struct mn_str piece(const struct mn_item *it, size_t i)
{
	if (!it->for_pack)
		return (struct mn_str){ NULL, 0 };
	return (struct mn_str){ it->z.p + it->z_at[i],
				it->z_at[i + 1] - it->z_at[i] };
}

int mn_item_stage(struct mn_item *it, struct mn_stage *s, struct mn_err *err)
{
	size_t n = it->meta.ncontents;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		struct mn_staged o = { .type = MN_BLOB, .oid = it->contents[i],
				       .raw = it->draft->contents[i].from.data,
				       .z = piece(it, i) };

		if (!(it->staged >> i & 1))
			r = mn_stage_add(s, &o, err);
	}
	it->meta_blob.z = piece(it, n);
	it->tree.z = piece(it, n + 1);
	if (r == 0)
		r = mn_stage_add(s, &it->meta_blob, err);
	if (r == 0)
		r = mn_stage_add(s, &it->tree, err);
	if (r == 0)
		r = mn_stage_add(s, &it->commit, err);
	return r;
}

void mn_item_row(struct mn_item *it, struct mn_index_row *row)
{
	size_t text;

	memset(row, 0, sizeof(*row));
	row->node = it->id;
	row->carrier = it->commit.oid;
	row->meta = it->meta_blob.oid;
	text = mn_index_row_meta(row, &it->tags, &it->meta);
	if (text != SIZE_MAX)
		row->text = it->contents[text];
}
