#include "out/view.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "out/text.h"

#include "banned.h"

struct mn_viewer {
	const struct mn_profile *profile;
	const struct mn_labels *labels;
	struct mn_reader *rd;
	struct mn_buf meta_text, text, tree, tags;
	struct mn_meta meta;
	struct mn_carrier carrier;
	struct mn_carrier_tree entries;
};

void mn_labels_init(struct mn_labels *l, const struct mn_identity *identity)
{
	*l = (struct mn_labels){ NULL, 0, 0 };
	for (size_t i = identity->docs.n; i-- > 0; ) {
		const struct mn_identity_doc *d = &identity->docs.p[i];

		for (size_t k = 0; k < d->ndevices; k++) {
			if (mn_labels_find(l, &d->devices[k].key).p)
				continue;
			*mn_vec_push(l) = (struct mn_device_label){
				d->devices[k].key, d->devices[k].label };
		}
	}
}

void mn_labels_release(struct mn_labels *l)
{
	mn_vec_release(l);
}

struct mn_str mn_labels_find(const struct mn_labels *l,
			     const struct mn_pub *key)
{
	for (size_t i = 0; i < l->n; i++)
		if (!memcmp(&l->p[i].key, key, sizeof(*key)))
			return l->p[i].label;
	return (struct mn_str){ NULL, 0 };
}

struct mn_viewer *mn_viewer_new(const struct mn_profile *p,
				const struct mn_labels *labels)
{
	struct mn_viewer *v = mn_xcalloc(1, sizeof(*v));

	v->profile = p;
	v->labels = labels;
	v->rd = mn_reader_new(p->repo.store);
	mn_buf_init(&v->meta_text);
	mn_buf_init(&v->text);
	mn_buf_init(&v->tree);
	mn_buf_init(&v->tags);
	return v;
}

void mn_viewer_free(struct mn_viewer *v)
{
	if (!v)
		return;
	mn_buf_release(&v->tags);
	mn_buf_release(&v->tree);
	mn_buf_release(&v->text);
	mn_buf_release(&v->meta_text);
	mn_reader_free(v->rd);
	free(v);
}

/* Reads an object of the type to b. */
static int read_to(struct mn_viewer *v, struct mn_buf *b, enum mn_otype type,
		   const struct mn_oid *oid, size_t max, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_object o;
	int r = mn_reader_read(v->rd, &o, oid, max, err);

	if (r < 0)
		return r;
	if (o.type != type) {
		mn_oid_hex(hex, oid);
		return mn_err_set(err, MN_ECORRUPT, "object %s is not a %s",
				  hex, mn_otype_name(type));
	}
	mn_buf_clear(b);
	mn_buf_add(b, o.data, o.len);
	return 0;
}

static int load_meta(struct mn_viewer *v, struct mn_view *view,
		     struct mn_err *err)
{
	enum mn_rule rule;
	int r = read_to(v, &v->meta_text, MN_BLOB, &view->row.meta, MN_META_MAX,
			err);

	if (r < 0)
		return r;
	rule = mn_meta_decode(&v->meta, (struct mn_str){ v->meta_text.p,
							 v->meta_text.len });
	if (rule != MN_RULE_NONE)
		return mn_err_set(err, MN_ECORRUPT, "%s (%s)",
				  mn_rule_words(rule), mn_rule_name(rule));
	view->meta = &v->meta;
	return 0;
}

static size_t find_text(const struct mn_meta *m)
{
	for (size_t i = 0; i < m->ncontents; i++)
		if (mn_str_eq(m->contents[i].role, "text"))
			return m->contents[i].size <= MN_VIEW_TEXT_MAX
				? i : SIZE_MAX;
	return SIZE_MAX;
}

/* A text that is not here is no error. */
static int load_text(struct mn_viewer *v, struct mn_view *view,
		     struct mn_err *err)
{
	size_t at = find_text(view->meta);
	int r;

	if (at == SIZE_MAX || mn_oid_is_zero(&view->row.text))
		return 0;
	r = read_to(v, &v->text, MN_BLOB, &view->row.text, MN_VIEW_TEXT_MAX,
		    err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		return 0;
	}
	if (r < 0 || mn_utf8_check(v->text.p, v->text.len) != v->text.len)
		return r;
	view->text_at = at;
	view->text = (struct mn_str){ v->text.p, v->text.len };
	return 0;
}

/* Which entries of the carrier's tree are in the store. */
static void look_for(struct mn_viewer *v, struct mn_view *view,
		     const struct mn_carrier_tree *t)
{
	for (size_t i = 0; i < view->meta->ncontents; i++)
		if ((t->present >> i & 1) && (i == view->text_at ||
		    mn_store_has(v->profile->repo.store, &t->contents[i])))
			view->present |= UINT64_C(1) << i;
}

static int load_present(struct mn_viewer *v, struct mn_view *view,
			struct mn_err *err)
{
	enum mn_rule rule;
	int r;

	if (view->text_at != SIZE_MAX)
		view->present = UINT64_C(1) << view->text_at;
	if (view->meta->ncontents == (view->text_at != SIZE_MAX))
		return 0;
	r = read_to(v, &v->tree, MN_COMMIT, &view->row.carrier, MN_CARRIER_MAX,
		    err);
	if (r < 0)
		return r;
	rule = mn_carrier_parse(&v->carrier,
				(struct mn_str){ v->tree.p, v->tree.len });
	if (rule != MN_RULE_NONE)
		return mn_err_set(err, MN_ECORRUPT, "%s (%s)",
				  mn_rule_words(rule), mn_rule_name(rule));
	r = read_to(v, &v->tree, MN_TREE, &v->carrier.tree,
		    MN_CARRIER_TREE_MAX, err);
	if (r < 0)
		return r;
	if (mn_carrier_tree_decode(&v->entries, view->meta,
				   (struct mn_str){ v->tree.p, v->tree.len }))
		return mn_err_set(err, MN_ECORRUPT, "%s (%s)",
				  mn_rule_words(MN_RULE_CARRIER_TREE),
				  mn_rule_name(MN_RULE_CARRIER_TREE));
	look_for(v, view, &v->entries);
	return 0;
}

static void start(struct mn_viewer *v, struct mn_view *view)
{
	view->profile = v->profile->id;
	view->label = v->labels
		? mn_labels_find(v->labels, &view->row.device)
		: (struct mn_str){ NULL, 0 };
	view->meta = NULL;
	view->text_at = SIZE_MAX;
	view->text = (struct mn_str){ NULL, 0 };
	view->present = 0;
}

static int wrap_node(const struct mn_view *view, int r, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];

	if (r >= 0)
		return r;
	mn_id_hex(hex, &view->row.node);
	return mn_err_wrap(err, r, "node %s", hex);
}

int mn_viewer_load(struct mn_viewer *v, struct mn_view *view,
		   const struct mn_index_row *row, int parts,
		   struct mn_err *err)
{
	int r = 0;

	view->row = *row;
	start(v, view);
	if (parts)
		r = load_meta(v, view, err);
	if (!r && (parts & MN_VIEW_TEXT))
		r = load_text(v, view, err);
	if (!r && (parts & MN_VIEW_PRESENT))
		r = load_present(v, view, err);
	return wrap_node(view, r, err);
}

int mn_viewer_node(struct mn_viewer *v, struct mn_view *view,
		   const struct mn_node *n, int parts, struct mn_err *err)
{
	size_t at = find_text(&n->meta);
	int r = 0;

	mn_buf_clear(&v->tags);
	mn_index_row_of(&view->row, &v->tags, n);
	start(v, view);
	view->meta = &n->meta;
	if (at != SIZE_MAX && (n->tree.present >> at & 1))
		view->row.text = n->tree.contents[at];
	else
		view->row.text = (struct mn_oid){ { 0 } };
	if (parts & MN_VIEW_TEXT)
		r = load_text(v, view, err);
	if (parts & MN_VIEW_PRESENT)
		look_for(v, view, &n->tree);
	return wrap_node(view, r, err);
}

struct mn_str mn_view_summary(const struct mn_view *view)
{
	if (view->row.title.p)
		return view->row.title;
	if (view->text.p)
		return mn_text_first_line(view->text);
	return (struct mn_str){ "", 0 };
}
