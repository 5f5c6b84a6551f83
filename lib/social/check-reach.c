/* What the refs reach: whether it is there, and of the right type. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "node/carrier.h"
#include "social/check-parts.h"
#include "social/profile.h"

#include "banned.h"

#define AS_NODE 1
#define VISITED 2

struct step {
	struct mn_oid oid, from;	/* from zero: a ref */
	unsigned char want;		/* type; 0: any */
};

struct walk {
	struct mn_fsck *f;
	MN_VEC(struct step) todo;
	struct mn_map seen;		/* what is no commit */
	unsigned char mark;
	int is_main;
	const char *ref;
};

static void push(struct walk *w, const struct mn_oid *oid,
		 const struct mn_oid *from, int want)
{
	struct step *s = mn_vec_push(&w->todo);

	*s = (struct step){ .oid = *oid, .want = (unsigned char)want };
	if (from)
		s->from = *from;
}

static void say_step(struct walk *w, const struct step *s, const char *rule,
		     const char *words)
{
	char from[MN_OID_HEX + 1], oid[MN_OID_HEX + 1];

	mn_oid_hex(oid, &s->oid);
	mn_oid_hex(from, &s->from);
	mn_fsck_say(w->f, MN_PROBLEM, oid, rule, "%s; named by %s", words,
		    mn_oid_is_zero(&s->from) ? w->ref : from);
}

/* Never a commit, nor what a ref names. */
static void say_missing(struct walk *w, const struct step *s,
			const char *words)
{
	if (w->f->may_miss && s->want != MN_COMMIT &&
	    !mn_oid_is_zero(&s->from))
		w->f->missing++;
	else
		say_step(w, s, "object-missing", words);
}

static int take_oid(const char **p, const char *end, const char *key,
		    struct mn_oid *out)
{
	size_t n = strlen(key);

	if ((size_t)(end - *p) < n + MN_OID_HEX + 1 ||
	    memcmp(*p, key, n) || (*p)[n + MN_OID_HEX] != '\n' ||
	    mn_oid_parse(out, *p + n) < 0)
		return -1;
	*p += n + MN_OID_HEX + 1;
	return 0;
}

static int push_commit(struct walk *w, const struct step *s,
		       const struct mn_object *o)
{
	const char *p = o->data, *end = p + o->len;
	struct mn_oid oid, empty;

	if (take_oid(&p, end, "tree ", &oid) < 0 ||
	    mn_oid_parse(&empty, MN_OID_EMPTY_TREE_HEX) < 0)
		return -1;
	/* git knows the empty tree even where it is not stored */
	if (!mn_oid_eq(&oid, &empty))
		push(w, &oid, &s->oid, MN_TREE);
	while (take_oid(&p, end, "parent ", &oid) == 0)
		push(w, &oid, &s->oid, MN_COMMIT);
	return 0;
}

static int push_tree(struct walk *w, const struct step *s,
		     const struct mn_object *o)
{
	const char *p = o->data, *end = p + o->len, *nul;
	struct mn_oid oid;

	for (; p < end; p = nul + 1 + sizeof(oid.b)) {
		nul = memchr(p, 0, (size_t)(end - p));
		if (!nul || (size_t)(end - nul) < 1 + sizeof(oid.b) ||
		    nul - p < 7)
			return -1;
		memcpy(oid.b, nul + 1, sizeof(oid.b));
		if (!memcmp(p, "160000 ", 7))
			continue;
		push(w, &oid, &s->oid,
		     memcmp(p, "40000 ", 6) ? MN_BLOB : MN_TREE);
	}
	return 0;
}

static int push_tag(struct walk *w, const struct step *s,
		    const struct mn_object *o)
{
	const char *p = o->data;
	struct mn_oid oid;

	if (take_oid(&p, p + o->len, "object ", &oid) < 0)
		return -1;
	push(w, &oid, &s->oid, 0);
	return 0;
}

/* Blobs are only looked for: they were hashed already, or will be. */
static void visit_object(struct walk *w, const struct step *s)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_object o = { .type = MN_BLOB };
	uint64_t size;
	int r, bad = 0;

	r = mn_reader_stat(w->f->rd, &o.type, &size, &s->oid, &err);
	if (r == 0 && o.type != MN_BLOB)
		r = mn_reader_read(w->f->rd, &o, &s->oid, MN_OBJECT_MAX, &err);
	if (r == MN_ENOTFOUND)
		say_missing(w, s, err.msg);
	else if (r < 0)
		say_step(w, s, "object-corrupt", err.msg);
	if (r < 0)
		return;
	if (s->want && o.type != s->want) {
		say_step(w, s, "object-type", "it has another type");
		return;
	}
	if (o.type == MN_COMMIT)
		bad = push_commit(w, s, &o);
	else if (o.type == MN_TREE)
		bad = push_tree(w, s, &o);
	else if (o.type == MN_TAG)
		bad = push_tag(w, s, &o);
	if (bad)
		say_step(w, s, "object-form", "it is malformed");
}

/* A node whose meta is not here: of the carrier only the parents. */
static int visit_bare(struct walk *w, const struct step *s)
{
	struct mn_carrier *c = mn_xmalloc(sizeof(*c));
	struct mn_object o;
	struct mn_oid parent;
	int ok;

	ok = mn_reader_read(w->f->rd, &o, &s->oid, MN_CARRIER_MAX, NULL) == 0
		&& mn_carrier_parse(c, (struct mn_str){ o.data, o.len }) ==
		MN_RULE_NONE;
	for (size_t i = 0; ok && i < c->nparents; i++) {
		mn_carrier_parent(&parent, c, i);
		push(w, &parent, &s->oid, MN_COMMIT);
	}
	free(c);
	return ok;
}

/* A node that is good: what its tree names has been read. */
static int visit_node(struct walk *w, const struct step *s,
		      const struct mn_check_result *c)
{
	const struct mn_links *l = mn_check_known(w->f->check);
	const struct mn_link *n;
	size_t i;

	if (c->code || c->is_merge)
		return 0;
	if (c->meta_missing)
		return visit_bare(w, s);
	i = mn_links_find_carrier(l, &s->oid);
	if (i == SIZE_MAX)
		return 0;
	n = &l->nodes.p[i];
	for (size_t k = 0; k < n->nparents; k++)
		push(w, &l->parents.p[n->parents + k].carrier, &s->oid,
		     MN_COMMIT);
	return 1;
}

static void visit(struct walk *w, const struct step *s)
{
	struct mn_fsck *f = w->f;
	size_t at = mn_map_get(&f->commit_at, s->oid.b);

	if (at == SIZE_MAX) {
		if (mn_map_get(&w->seen, s->oid.b) == SIZE_MAX) {
			mn_map_put(&w->seen, s->oid.b, 0);
			visit_object(w, s);
		}
		return;
	}
	if (s->want && s->want != MN_COMMIT) {
		say_step(w, s, "object-type", "it has another type");
		return;
	}
	if ((f->reached[at] & w->mark) == w->mark)
		return;
	f->reached[at] |= w->mark;
	if (w->is_main && !f->commits.p[at].is_merge)
		f->main_ahead = 1;
	if (!visit_node(w, s, &f->commits.p[at]))
		visit_object(w, s);
}

static void run(struct walk *w, const struct mn_ref *ref)
{
	w->ref = ref->name;
	push(w, &ref->oid, NULL, 0);
	while (w->todo.n) {
		struct step s = w->todo.p[--w->todo.n];

		visit(w, &s);
	}
}

/* 0 a device's, 1 main, 2 any other: the order in which they are followed.
 * What the first two reach must keep the rules of nodes. */
static int kind_of(const struct mn_ref *ref)
{
	if (!strncmp(ref->name, MN_REF_DEVICES, strlen(MN_REF_DEVICES)))
		return 0;
	return strcmp(ref->name, MN_REF_MAIN) ? 2 : 1;
}

void mn_fsck_reach(struct mn_fsck *f)
{
	struct walk w = { .f = f };

	mn_map_init(&w.seen, sizeof(struct mn_oid));
	f->reached = mn_xcalloc(f->commits.n + 1, 1);
	for (int kind = 0; kind < 3; kind++) {
		w.mark = kind < 2 ? AS_NODE | VISITED : VISITED;
		w.is_main = kind == 1;
		for (size_t i = 0; i < f->refs.n; i++)
			if (kind_of(&f->refs.p[i]) == kind)
				run(&w, &f->refs.p[i]);
	}
	for (size_t i = 0; i < f->commits.n; i++)
		f->reached[i] &= AS_NODE;
	mn_vec_release(&w.todo);
	mn_map_release(&w.seen);
}
