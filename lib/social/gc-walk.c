/* What the refs reach: commits one by one, the rest as it is packed. */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "node/carrier.h"
#include "social/gc-parts.h"

#include "banned.h"

static int malformed(struct mn_err *err)
{
	return mn_err_set(err, MN_ECORRUPT, "an object is malformed");
}

static int take_oid(const char **p, const char *end, const char *key,
		    struct mn_oid *out)
{
	size_t n = strlen(key);

	if ((size_t)(end - *p) < n + MN_OID_HEX + 1 || memcmp(*p, key, n) ||
	    (*p)[n + MN_OID_HEX] != '\n' || mn_oid_parse(out, *p + n) < 0)
		return -1;
	*p += n + MN_OID_HEX + 1;
	return 0;
}

static int push_tree(struct mn_gc_oids *todo, const struct mn_object *o,
		     struct mn_err *err)
{
	const char *p = o->data, *end = p + o->len, *nul;

	for (; p < end; p = nul + 1 + sizeof(struct mn_oid)) {
		nul = memchr(p, 0, (size_t)(end - p));
		if (!nul || (size_t)(end - nul) < 1 + sizeof(struct mn_oid) ||
		    nul - p < 7)
			return malformed(err);
		if (memcmp(p, "160000 ", 7))
			memcpy(mn_vec_push(todo), nul + 1,
			       sizeof(struct mn_oid));
	}
	return 0;
}

int mn_gc_push_named(struct mn_gc_oids *todo, const struct mn_object *o,
		     struct mn_err *err)
{
	const char *p = o->data, *end = p + o->len;
	struct mn_oid oid;

	if (o->type == MN_TREE)
		return push_tree(todo, o, err);
	if (o->type == MN_TAG) {
		if (take_oid(&p, end, "object ", &oid) < 0)
			return malformed(err);
		*mn_vec_push(todo) = oid;
	} else if (o->type == MN_COMMIT) {
		if (take_oid(&p, end, "tree ", &oid) < 0)
			return malformed(err);
		*mn_vec_push(todo) = oid;
		while (take_oid(&p, end, "parent ", &oid) == 0)
			*mn_vec_push(todo) = oid;
	}
	return 0;
}

int mn_gc_may_miss(const struct mn_gc *g, const struct mn_oid *oid)
{
	struct mn_oid empty;

	return g->partial || (mn_oid_parse(&empty, MN_OID_EMPTY_TREE_HEX) == 0
			      && mn_oid_eq(oid, &empty));
}

int mn_gc_read(struct mn_reader *rd, struct mn_object *o,
	       const struct mn_oid *oid, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_oid is;
	int r = mn_reader_read(rd, o, oid, MN_OBJECT_MAX, err);

	if (r == MN_ENOTFOUND)
		return mn_err_wrap(err, r, "an object is missing");
	if (r < 0)
		return r;
	mn_oid_of(&is, o->type, o->data, o->len);
	if (mn_oid_eq(&is, oid))
		return 0;
	mn_oid_hex(hex, oid);
	return mn_err_set(err, MN_ECORRUPT, "object %s is damaged", hex);
}

static void add_commit(struct mn_gc *g, const struct mn_oid *oid,
		       const struct mn_object *o, struct mn_gc_oids *todo)
{
	static const char key[] = "parent ";
	struct mn_gc_commit *c = mn_vec_push(&g->commits);
	struct mn_carrier carrier;
	const char *p, *end = o->data + o->len;
	struct mn_oid parent;

	memset(c, 0, sizeof(*c));
	c->oid = *oid;
	c->parents = g->parents.n;
	if (mn_carrier_parse(&carrier, (struct mn_str){ o->data, o->len }) ==
	    MN_RULE_NONE && !carrier.is_merge) {
		c->is_node = 1;
		c->node = carrier.node;
	}
	p = memchr(o->data, '\n', o->len);
	for (p = p ? p + 1 : end; take_oid(&p, end, key, &parent) == 0;
	     c->nparents++) {
		*mn_vec_push(&g->parents) = parent;
		*mn_vec_push(todo) = parent;
	}
}

/* One object that a ref or a commit names. */
static int visit(struct mn_gc *g, const struct mn_oid *oid,
		 struct mn_gc_oids *todo, struct mn_err *err)
{
	struct mn_object o;
	int r;

	if (mn_map_get(&g->commit_at, oid->b) != SIZE_MAX)
		return 0;
	/* Not read: what it reaches and lies elsewhere is kept all the same. */
	if (g->incremental && mn_gc_is_kept(g, oid)) {
		mn_map_put(&g->commit_at, oid->b, g->commits.n);
		return 0;
	}
	/* else what stands behind it would pass for unreachable */
	r = mn_gc_read(g->rd, &o, oid, err);
	if (r < 0)
		return r == MN_ENOTFOUND ? MN_ECORRUPT : r;
	mn_map_put(&g->commit_at, oid->b, g->commits.n);
	if (o.type == MN_COMMIT) {
		add_commit(g, oid, &o, todo);
		return 0;
	}
	*mn_vec_push(&g->roots) = *oid;
	return o.type == MN_TAG ? mn_gc_push_named(todo, &o, err) : 0;
}

/* HEAD counts where it names a commit itself. */
static void push_head(struct mn_gc *g, struct mn_gc_oids *todo)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	struct mn_oid oid;

	mn_buf_addf(&path, "%s/HEAD", g->repo->path);
	if (mn_io_read_file(&text, path.p, 4096, NULL) == 0 &&
	    text.len > MN_OID_HEX && mn_oid_parse(&oid, text.p) == 0)
		*mn_vec_push(todo) = oid;
	mn_buf_release(&path);
	mn_buf_release(&text);
}

int mn_gc_walk(struct mn_gc *g, struct mn_err *err)
{
	struct mn_gc_oids todo = { 0 };
	int r = 0;

	push_head(g, &todo);
	for (size_t i = 0; i < g->refs.n; i++)
		*mn_vec_push(&todo) = g->refs.p[i].oid;
	while (todo.n && r == 0) {
		struct mn_oid oid = todo.p[--todo.n];

		r = visit(g, &oid, &todo, err);
		if (g->commits.n % 4096 == 0)
			mn_gc_progress(g, "Walking nodes", g->commits.n, 0);
	}
	mn_vec_release(&todo);
	return r;
}

static struct mn_gc_commit *parent(struct mn_gc *g,
				   const struct mn_gc_commit *c, size_t i)
{
	const struct mn_oid *oid = &g->parents.p[c->parents + i];
	size_t at = mn_map_get(&g->commit_at, oid->b);

	/* what is no commit has the place of the next one in the map */
	if (at >= g->commits.n || !mn_oid_eq(&g->commits.p[at].oid, oid))
		return NULL;
	return &g->commits.p[at];
}

/* Depth first, without recursion: a commit is done when its parents are. */
static void set_gen(struct mn_gc *g, size_t start)
{
	MN_VEC(size_t) stack = { 0 };

	*mn_vec_push(&stack) = start;
	while (stack.n) {
		struct mn_gc_commit *c = &g->commits.p[stack.p[stack.n - 1]];
		uint64_t gen = 0;

		if (c->state == 2) {
			stack.n--;
			continue;
		}
		for (size_t i = 0; i < c->nparents; i++) {
			struct mn_gc_commit *p = parent(g, c, i);

			if (p && p->state == 0)
				*mn_vec_push(&stack) =
					(size_t)(p - g->commits.p);
			if (p && p->gen > gen)
				gen = p->gen;
		}
		if (c->state == 1 || !c->nparents) {
			c->gen = gen + 1;
			c->state = 2;
			stack.n--;
		} else {
			c->state = 1;
		}
	}
	mn_vec_release(&stack);
}

static int by_place(const void *a, const void *b)
{
	const struct mn_gc_commit *x = a, *y = b;

	if (x->is_node != y->is_node)
		return x->is_node ? -1 : 1;
	if (x->gen != y->gen)
		return x->gen < y->gen ? -1 : 1;
	if (x->is_node && mn_id_cmp(&x->node, &y->node))
		return mn_id_cmp(&x->node, &y->node);
	return mn_oid_cmp(&x->oid, &y->oid);
}

void mn_gc_order(struct mn_gc *g)
{
	for (size_t i = 0; i < g->commits.n; i++)
		if (!g->commits.p[i].state)
			set_gen(g, i);
	if (g->commits.n)
		qsort(g->commits.p, g->commits.n, sizeof(*g->commits.p),
		      by_place);
	/* their places have changed: from now on it says what was met */
}
