#include "social/adopt.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/map.h"
#include "node/node.h"
#include "node/verify.h"
#include "social/forks.h"

#include "banned.h"

/* A walk over commits, each once. */
struct walk {
	struct mn_profile *p;
	struct mn_beyond *out;
	const struct mn_identity_doc *doc;
	MN_VEC(struct mn_oid) todo;
	struct mn_map seen;
	struct mn_node node;
};

static void push(struct walk *w, const struct mn_oid *oid)
{
	if (mn_map_get(&w->seen, oid->b) != SIZE_MAX)
		return;
	mn_map_put(&w->seen, oid->b, 0);
	*mn_vec_push(&w->todo) = *oid;
}

static void push_parents(struct walk *w)
{
	struct mn_oid oid;

	for (size_t i = 0; i < w->node.carrier.nparents; i++) {
		mn_carrier_parent(&oid, &w->node.carrier, i);
		push(w, &oid);
	}
}

/* Takes the next commit: 1; 0 at the end; 2 where its meta is not here. */
static int next(struct walk *w, struct mn_err *err)
{
	struct mn_oid oid;
	int r;

	if (!w->todo.n)
		return 0;
	oid = w->todo.p[--w->todo.n];
	r = mn_node_load(&w->node, w->p->rd, &oid, NULL, err);
	if (r == MN_ENOTFOUND && w->node.loaded >= MN_NODE_CARRIER) {
		mn_err_clear(err);
		push_parents(w);
		return 2;
	}
	if (r < 0)
		return r;
	push_parents(w);
	return w->node.carrier.is_merge ? 2 : 1;
}

/* ------------------------------------------------------- what is beyond a cut */

/* All nodes of devices that were cut: which of them count is seen later. */
static void note_beyond(struct walk *w)
{
	const struct mn_meta *m = &w->node.meta;

	if (mn_identity_cut(w->doc, &m->device))
		*mn_vec_push(w->out) = (struct mn_beyond_node){
			.device = m->device, .era = m->era, .seq = m->seq,
			.node = w->node.id, .carrier = w->node.oid };
}

static int by_seq(const void *pa, const void *pb)
{
	const struct mn_beyond_node *a = pa, *b = pb;
	int c = memcmp(a->device.b, b->device.b, sizeof(a->device.b));

	if (!c)
		c = (a->era > b->era) - (a->era < b->era);
	return c ? c : (a->seq > b->seq) - (a->seq < b->seq);
}

static int find_beyond(struct walk *w, struct mn_err *err)
{
	struct mn_ref_list refs = { 0 };
	int r = mn_refs_list(&refs, w->p->repo.path, MN_REF_ASIDE,
			     MN_ASIDE_MAX, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		push(w, &refs.p[i].oid);
	mn_refs_release(&refs);
	while (r >= 0 && (r = next(w, err)) > 0)
		if (r == 1)
			note_beyond(w);
	if (r == 0 && w->out->n)
		qsort(w->out->p, w->out->n, sizeof(*w->out->p), by_seq);
	return r;
}

/* ------------------------------------------------------ what was adopted of it */

static struct mn_beyond_node *find(const struct mn_beyond *l,
				   const struct mn_id *node)
{
	for (size_t i = 0; i < l->n; i++)
		if (mn_id_eq(&l->p[i].node, node))
			return &l->p[i];
	return NULL;
}

static void note_adopted(struct walk *w)
{
	const struct mn_meta *m = &w->node.meta;

	if (mn_profile_voids(w->p, &m->device, m->era, m->seq))
		return;
	for (size_t i = 0; i < m->nsubjects; i++) {
		const struct mn_subject *s = &m->subjects[i];
		struct mn_beyond_node *n;

		if (!s->has_node || !mn_str_eq(s->rel, MN_ADOPTS) ||
		    !mn_id_eq(&s->profile, &w->p->id))
			continue;
		n = find(w->out, &s->node);
		if (n) {
			n->adopted = 1;
			n->as = w->node.id;
		}
	}
}

static int find_adopted(struct walk *w, struct mn_err *err)
{
	struct mn_ref_list refs = { 0 };
	int r = mn_profile_tips(&refs, w->p, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		push(w, &refs.p[i].oid);
	mn_refs_release(&refs);
	while (r >= 0 && (r = next(w, err)) > 0)
		if (r == 1)
			note_adopted(w);
	return r;
}

/*
 * Leaves those that don't count: beyond the cut by their number; or within it,
 * but on the other branch of a key that was used twice, so that nothing which
 * counts reaches them.
 */
static void keep_beyond(struct walk *w)
{
	struct mn_beyond *l = w->out;
	size_t n = 0;

	for (size_t i = 0; i < l->n; i++) {
		const struct mn_beyond_node *b = &l->p[i];

		if (mn_identity_voids(w->doc, &b->device, b->era, b->seq) ||
		    mn_map_get(&w->seen, b->carrier.b) == SIZE_MAX)
			l->p[n++] = *b;
	}
	l->n = n;
}

int mn_beyond_find(struct mn_beyond *out, struct mn_profile *p,
		   struct mn_err *err)
{
	struct walk w = { .p = p, .out = out,
			  .doc = mn_identity_last(&p->identity) };
	int r;

	mn_map_init(&w.seen, sizeof(struct mn_oid));
	mn_node_init(&w.node);
	r = find_beyond(&w, err);
	mn_map_release(&w.seen);
	mn_map_init(&w.seen, sizeof(struct mn_oid));
	if (r == 0 && out->n)
		r = find_adopted(&w, err);
	if (r == 0)
		keep_beyond(&w);
	mn_node_release(&w.node);
	mn_map_release(&w.seen);
	mn_vec_release(&w.todo);
	return r;
}

void mn_beyond_release(struct mn_beyond *l)
{
	mn_vec_release(l);
}

/* -------------------------------------------------------------- one made anew */

static int write_part(void *ctx, const void *data, size_t len,
		      struct mn_err *err)
{
	return mn_io_write_full(*(int *)ctx, data, len, err);
}

static int copy_content(struct mn_draft *d, struct mn_profile *p,
			const struct mn_node *n, size_t i, const char *dir,
			struct mn_err *err)
{
	const struct mn_content *c = &n->meta.contents[i];
	struct mn_source from = { 0 };
	struct mn_buf path = MN_BUF_INIT;
	int fd, r;

	mn_buf_addf(&path, "%s/content-%zu", dir, i);
	fd = open(path.p, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0) {
		r = mn_err_sys(err, "cannot write '%s'", path.p);
	} else {
		r = mn_content_read(p->rd, n, i, write_part, &fd, NULL, err);
		close(fd);
		if (r < 0)
			mn_err_wrap(err, r, "content %zu", i);
	}
	from.path = path.p;
	if (r == 0)
		r = mn_draft_content(d, c->role, c->type, c->name, &from, err);
	mn_buf_release(&path);
	return r;
}

static int copy_subject(struct mn_draft *d, const struct mn_profile *p,
			const struct mn_beyond *l, const struct mn_subject *s,
			struct mn_err *err)
{
	struct mn_subject to = *s;
	const struct mn_beyond_node *n = NULL;
	struct mn_buf ref = MN_BUF_INIT;
	int r;

	if (s->has_node && mn_id_eq(&s->profile, &p->id) &&
	    !mn_str_eq(s->rel, MN_ADOPTS))
		n = find(l, &s->node);
	if (n && n->adopted)
		to.node = n->as;
	mn_subject_add_ref(&ref, &to);
	r = mn_draft_subject(d, s->rel, (struct mn_str){ ref.p, ref.len },
			     err);
	mn_buf_release(&ref);
	return r;
}

/* What takes the place of what, and the time of that. */
static int add_origin(struct mn_draft *d, const struct mn_profile *p,
		      const struct mn_node *n, struct mn_err *err)
{
	struct mn_subject s = { .profile = p->id, .has_node = 1,
				.node = n->id };
	struct mn_buf b = MN_BUF_INIT;
	int r;

	mn_subject_add_ref(&b, &s);
	r = mn_draft_subject(d, MN_STR(MN_ADOPTS),
			     (struct mn_str){ b.p, b.len }, err);
	for (size_t i = 0; i < n->meta.nattrs; i++)
		if (mn_str_eq(n->meta.attrs[i].name, MN_ADOPTED_TIME))
			goto out;	/* it was adopted itself */
	mn_buf_clear(&b);
	mn_buf_addf(&b, "%" PRId64, n->meta.time);
	if (r == 0)
		r = mn_draft_attr(d, MN_STR(MN_ADOPTED_TIME),
				  (struct mn_str){ b.p, b.len }, err);
out:
	mn_buf_release(&b);
	return r;
}

static int copy_fields(struct mn_draft *d, struct mn_profile *p,
		       const struct mn_beyond *l, const struct mn_meta *m,
		       struct mn_err *err)
{
	int r = mn_draft_kind(d, m->kind, err);

	if (r == 0 && m->summary.p)
		r = mn_draft_title(d, m->summary, err);
	if (r == 0 && m->stream.p)
		r = mn_draft_stream(d, m->stream, err);
	if (r == 0 && m->lang.p)
		r = mn_draft_lang(d, m->lang, err);
	d->has_place = m->has_place;
	d->lat = m->has_place ? m->lat : 0;
	d->lon = m->has_place ? m->lon : 0;
	for (size_t i = 0; i < m->ntags && r == 0; i++)
		r = mn_draft_tag(d, m->tags[i], err);
	for (size_t i = 0; i < m->nlinks && r == 0; i++)
		r = mn_draft_link(d, m->links[i], err);
	for (size_t i = 0; i < m->nattrs && r == 0; i++)
		r = mn_draft_attr(d, m->attrs[i].name, m->attrs[i].value, err);
	for (size_t i = 0; i < m->nsubjects && r == 0; i++)
		r = copy_subject(d, p, l, &m->subjects[i], err);
	return r;
}

int mn_adopt_draft(struct mn_draft *d, struct mn_profile *p,
		   const struct mn_beyond *l, size_t i, const char *dir,
		   struct mn_err *err)
{
	struct mn_node n;
	int r;

	mn_node_init(&n);
	r = mn_node_load(&n, p->rd, &l->p[i].carrier, NULL, err);
	if (r == 0)
		r = copy_fields(d, p, l, &n.meta, err);
	if (r == 0)
		r = add_origin(d, p, &n, err);
	for (size_t k = 0; k < n.meta.ncontents && r == 0; k++) {
		r = mn_content_presence(p->rd, &n, k, err);
		if (r == MN_DROPPED)
			r = 0;		/* for good, by its author */
		else if (r >= 0)
			r = copy_content(d, p, &n, k, dir, err);
	}
	if (r == 0)
		r = mn_draft_finish(d, err);
	mn_node_release(&n);
	return r;
}
