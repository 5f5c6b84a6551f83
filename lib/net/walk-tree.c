/* walk: filters, trees and what is in them. */
#include <stdlib.h>
#include <string.h>

#include "walk-impl.h"

#include "banned.h"

#define DEPTH_MAX 0xffffffu	/* fits in a mark */

static int parse_number(uint64_t *out, struct mn_str s, int units)
{
	uint64_t n = 0, unit = 1;
	char last;

	if (!s.len)
		return -1;
	last = s.p[s.len - 1];
	if (units && (last < '0' || last > '9')) {
		unit = last == 'k' || last == 'K' ? 1u << 10 :
			last == 'm' || last == 'M' ? 1u << 20 :
			last == 'g' || last == 'G' ? 1u << 30 : 0;
		s.len--;
	}
	if (!s.len || s.len > 18 || !unit)
		return -1;
	for (size_t i = 0; i < s.len; i++) {
		if (s.p[i] < '0' || s.p[i] > '9')
			return -1;
		n = n * 10 + (uint64_t)(s.p[i] - '0');
	}
	if (n > UINT64_MAX / unit)
		return -1;
	*out = n * unit;
	return 0;
}

int mn_filter_parse(struct mn_filter *f, struct mn_str text)
{
	static const char tree[] = "tree:", limit[] = "blob:limit=";
	size_t skip = 0;

	*f = (struct mn_filter){ MN_FILTER_BLOB, 0 };
	if (mn_str_eq(text, "blob:none"))
		return 0;
	if (mn_str_starts(text, tree)) {
		f->kind = MN_FILTER_TREE;
		skip = sizeof(tree) - 1;
	} else if (mn_str_starts(text, limit)) {
		skip = sizeof(limit) - 1;
	} else {
		f->kind = MN_FILTER_NONE;
		return -1;
	}
	text.p += skip;
	text.len -= skip;
	return parse_number(&f->n, text, f->kind == MN_FILTER_BLOB);
}

static int is_empty_tree(const struct mn_oid *oid)
{
	struct mn_oid empty;

	mn_oid_of(&empty, MN_TREE, "", 0);
	return mn_oid_eq(oid, &empty);
}

int mn_walk_missing(const struct mn_walk_state *s, int r, struct mn_err *err)
{
	if (r != MN_ENOTFOUND || !s->w->partial)
		return r;
	mn_err_clear(err);
	return 0;
}

int mn_walk_list(struct mn_walk_state *s, const struct mn_oid *oid,
		 enum mn_otype type, struct mn_err *err)
{
	if (mn_objlist_find(&s->theirs, oid) != SIZE_MAX)
		return 0;
	if (s->w->known && s->w->known(s->w->ctx, oid))
		return 0;
	if (s->list->n >= s->max)
		return mn_err_set(err, MN_ELIMIT,
				  "more than %zu objects to send", s->max);
	return mn_objlist_add(s->list, oid, type, NULL);
}

/* That it may have come since is not looked at: this is asked for each blob of
 * a partial repository. */
static int is_here(struct mn_walk_state *s, const struct mn_oid *oid)
{
	return mn_store_has_packed(s->w->store, oid) ||
		mn_store_has_loose(s->w->store, oid);
}

static int list_blob(struct mn_walk_state *s, const struct mn_oid *oid,
		     struct mn_err *err)
{
	enum mn_otype type;
	uint64_t size;
	int r;

	if (mn_objlist_find(s->list, oid) != SIZE_MAX)
		return 0;
	if (s->w->filter.kind == MN_FILTER_BLOB) {
		if (!s->w->filter.n)
			return 0;
		r = mn_reader_stat(s->rd, &type, &size, oid, err);
		if (r < 0)
			return mn_walk_missing(s, r, err);
		if (size >= s->w->filter.n)
			return 0;
	} else if (s->w->partial && !is_here(s, oid)) {
		return 0;
	}
	r = mn_walk_list(s, oid, MN_BLOB, err);
	return r < 0 ? r : 0;
}

struct entry {
	int is_tree, is_link;
	struct mn_oid oid;
};

/* 1, 0 at the end, -1 where it is malformed. */
static int next_entry(struct entry *e, const char **p, const char *end)
{
	const char *nul;

	if (*p == end)
		return 0;
	nul = memchr(*p, 0, (size_t)(end - *p));
	if (!nul || (size_t)(end - nul) < 1 + sizeof(e->oid) || nul - *p < 7)
		return -1;
	e->is_tree = !memcmp(*p, "40000 ", 6);
	e->is_link = !memcmp(*p, "160000 ", 7);	/* a submodule's commit */
	memcpy(e->oid.b, nul + 1, sizeof(e->oid));
	*p = nul + 1 + sizeof(e->oid);
	return 1;
}

static int malformed(const struct mn_oid *oid, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	return mn_err_set(err, MN_ECORRUPT, "tree %s is malformed", hex);
}

/* 1 where it is to be looked through, 0 where there is nothing in it. */
static int read_tree(struct mn_walk_state *s, struct mn_object *o,
		     const struct mn_oid *oid, struct mn_err *err)
{
	int r;

	if (is_empty_tree(oid))
		return 0;
	r = mn_reader_read(s->rd, o, oid, MN_OBJECT_MAX, err);
	if (r < 0)
		return r;
	return o->type == MN_TREE ? 1 : malformed(oid, err);
}

static void push(struct mn_walk_state *s, const struct mn_oid *oid,
		 uint32_t depth)
{
	*mn_vec_push(&s->trees) = *oid;
	*mn_vec_push(&s->depths) = depth;
}

/*
 * Lists a tree. 1: its entries are to be looked at, 0: not, or not again. With
 * tree:N the same tree may come nearer to a commit later on, and then more of
 * it is sent; the mark keeps how near it came, counted from DEPTH_MAX down.
 */
static int enter(struct mn_walk_state *s, const struct mn_oid *oid,
		 uint32_t depth, int wanted, struct mn_err *err)
{
	const struct mn_filter *f = &s->w->filter;
	size_t at = mn_objlist_find(s->list, oid);
	unsigned near = DEPTH_MAX - (depth < DEPTH_MAX ? depth : DEPTH_MAX);
	int r;

	if (f->kind == MN_FILTER_TREE && depth >= f->n && !wanted)
		return 0;
	if (at == SIZE_MAX) {
		r = mn_walk_list(s, oid, MN_TREE, err);
		if (r <= 0)
			return r;
		at = s->list->n - 1;
	} else if (f->kind != MN_FILTER_TREE ? s->list->p[at].mark :
		   s->list->p[at].mark > near) {
		return 0;
	}
	s->list->p[at].mark = (near < DEPTH_MAX ? near + 1 : near) & DEPTH_MAX;
	return f->kind != MN_FILTER_TREE || depth + 1 < f->n;
}

static int look_through(struct mn_walk_state *s, const struct mn_oid *oid,
			uint32_t depth, struct mn_err *err)
{
	struct mn_object o;
	struct entry e;
	const char *p, *end;
	int r = read_tree(s, &o, oid, err), got = 0;

	if (r <= 0)
		return r;
	/* The reader may be asked for sizes while we look at it. */
	mn_buf_clear(&s->tree);
	mn_buf_add(&s->tree, o.data, o.len);
	p = s->tree.p;
	end = p + s->tree.len;
	r = 0;
	while (!r && (got = next_entry(&e, &p, end)) > 0) {
		if (e.is_tree)
			push(s, &e.oid, depth + 1);
		else if (!e.is_link)
			r = list_blob(s, &e.oid, err);
	}
	return got < 0 ? malformed(oid, err) : r;
}

int mn_walk_tree(struct mn_walk_state *s, const struct mn_oid *tree,
		 int wanted, struct mn_err *err)
{
	struct mn_oid oid;
	int r = 0;

	mn_vec_clear(&s->trees);
	mn_vec_clear(&s->depths);
	push(s, tree, 0);
	for (size_t i = 0; i < s->trees.n && r >= 0; i++) {
		oid = s->trees.p[i];
		if (s->trees.n > s->max)
			return mn_err_set(err, MN_ELIMIT,
					  "more than %zu objects to send",
					  s->max);
		if (s->w->partial && !is_empty_tree(&oid) &&
		    !is_here(s, &oid))
			continue;
		r = enter(s, &oid, s->depths.p[i], wanted && !i, err);
		if (r > 0)
			r = look_through(s, &oid, s->depths.p[i], err);
	}
	return r < 0 ? r : 0;
}

int mn_walk_border_tree(struct mn_walk_state *s, const struct mn_oid *tree,
			struct mn_err *err)
{
	struct mn_object o;
	struct mn_oid oid;
	struct entry e;
	const char *p;
	int r = 0, got = 0;

	mn_vec_clear(&s->trees);
	mn_vec_clear(&s->depths);
	if (mn_objlist_add(&s->theirs, tree, MN_TREE, NULL))
		push(s, tree, 0);
	for (size_t i = 0; i < s->trees.n; i++) {
		oid = s->trees.p[i];
		r = read_tree(s, &o, &oid, err);
		if (r == MN_ENOTFOUND) {	/* then more is sent */
			mn_err_clear(err);
			continue;
		}
		if (r < 0)
			return r;
		p = o.data;
		while (r && (got = next_entry(&e, &p, o.data + o.len)) > 0) {
			if (e.is_link || s->theirs.n >= s->max)
				continue;
			if (mn_objlist_add(&s->theirs, &e.oid,
					   e.is_tree ? MN_TREE : MN_BLOB, NULL)
			    && e.is_tree)
				push(s, &e.oid, 0);
		}
		if (got < 0)
			return malformed(&oid, err);
	}
	return 0;
}
