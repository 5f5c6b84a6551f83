#include "social/settle.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/map.h"
#include "node/heads.h"

#include "banned.h"

struct search {
	struct mn_reader *rd;
	MN_VEC(struct mn_oid) todo;
	struct mn_map seen;
};

static void push_parents(struct search *s, const struct mn_carrier *c)
{
	struct mn_oid oid;

	for (size_t i = 0; i < c->nparents; i++) {
		mn_carrier_parent(&oid, c, i);
		if (mn_map_get(&s->seen, oid.b) != SIZE_MAX)
			continue;
		mn_map_put(&s->seen, oid.b, 0);
		*mn_vec_push(&s->todo) = oid;
	}
}

int mn_settle_find(struct mn_oid *out, struct mn_reader *rd,
		   const struct mn_oid *tip, const struct mn_id *node,
		   struct mn_err *err)
{
	struct search s = { .rd = rd };
	struct mn_carrier c;
	struct mn_object o;
	int r = 0;

	mn_map_init(&s.seen, sizeof(*tip));
	mn_map_put(&s.seen, tip->b, 0);
	*mn_vec_push(&s.todo) = *tip;
	while (s.todo.n && r == 0) {
		struct mn_oid oid = s.todo.p[--s.todo.n];

		r = mn_reader_read(rd, &o, &oid, MN_CARRIER_MAX, err);
		if (r < 0 || mn_carrier_parse(&c, (struct mn_str){
				o.data, o.len }) != MN_RULE_NONE)
			continue;
		if (!c.is_merge && mn_id_eq(&c.node, node)) {
			*out = oid;
			r = 1;
		} else {
			push_parents(&s, &c);
		}
	}
	mn_vec_release(&s.todo);
	mn_map_release(&s.seen);
	return r;
}

/* The same, below what was set aside. */
static int find_aside(struct mn_oid *out, struct mn_reader *rd,
		      const char *gitdir, const struct mn_id *node,
		      struct mn_err *err)
{
	struct mn_ref_list refs = { 0 };
	int r = mn_refs_list(&refs, gitdir, MN_REF_ASIDE, MN_ASIDE_MAX, err);

	for (size_t i = 0; i < refs.n && r == 0; i++)
		r = mn_settle_find(out, rd, &refs.p[i].oid, node, err);
	mn_refs_release(&refs);
	return r;
}

#define UNKNOWN 2

/* How the node at tip stands to the cut: 0 at it, or of another era; below 0
 * before it, above 0 beyond; UNKNOWN where only its commit is here. */
static int compare(struct mn_reader *rd, const struct mn_id_cut *cut,
		   const struct mn_oid *tip)
{
	struct mn_node n;
	int r, how = 1;

	mn_node_init(&n);
	r = mn_node_load(&n, rd, tip, NULL, NULL);
	if (r == MN_ENOTFOUND) {
		how = UNKNOWN;
	} else if (r == 0 && !n.carrier.is_merge && n.meta.era == cut->era) {
		if (n.meta.seq < cut->seq)
			how = -1;
		else if (mn_id_eq(&n.id, &cut->node))
			how = 0;
	}
	mn_node_release(&n);
	return how;
}

int mn_settle_device(struct mn_oid *out, struct mn_reader *rd,
		     const char *gitdir, const struct mn_identity_doc *doc,
		     const struct mn_pub *device, const struct mn_oid *tip,
		     struct mn_err *err)
{
	const struct mn_id_cut *cut = mn_identity_cut(doc, device);
	int how, r = 0;

	if (!cut)
		return 0;
	how = cut->seq ? compare(rd, cut, tip) : 1;
	if (how == 0)
		return 0;
	memset(out, 0, sizeof(*out));
	if (how > 0 && cut->seq)
		r = mn_settle_find(out, rd, tip, &cut->node, err);
	if (r == 0 && cut->seq)
		r = find_aside(out, rd, gitdir, &cut->node, err);
	if (r < 0)
		return r;
	if (how == UNKNOWN && r && mn_oid_eq(out, tip))
		return 0;
	/* one before the cut stays until the node at the cut comes */
	return how < 0 || how == UNKNOWN ? r : 1;
}

/* the refs of a profile */

struct settling {
	struct mn_profile *p;
	struct mn_ref_list refs;
	MN_VEC(struct mn_ref_update) updates;
	char (*names)[MN_REF_MAX + 1];	/* of refs that set aside */
	size_t nnames;
	MN_VEC(struct mn_oid) tips;
	struct mn_head_list heads;
	struct mn_buf merge;
	struct mn_oid head;
};

static int settle_refs(struct settling *s, struct mn_err *err)
{
	const struct mn_identity_doc *doc = mn_identity_last(&s->p->identity);
	int r = 0;

	for (size_t i = 0; i < s->refs.n && r >= 0; i++) {
		const struct mn_ref *ref = &s->refs.p[i];
		struct mn_oid to = ref->oid;
		struct mn_pub device;

		if (mn_hex_decode(device.b, ref->name +
				  sizeof(MN_REF_DEVICES) - 1, 32) < 0)
			continue;
		r = mn_settle_device(&to, s->p->rd, s->p->repo.path, doc,
				     &device, &ref->oid, err);
		if (r > 0) {
			mn_aside_name(s->names[s->nnames], s->p->rd,
				      &ref->oid);
			*mn_vec_push(&s->updates) = (struct mn_ref_update){
				.name = s->names[s->nnames++], .any_old = 1,
				.new_oid = ref->oid, .durable = 1 };
			*mn_vec_push(&s->updates) = (struct mn_ref_update){
				.name = ref->name, .old_oid = ref->oid,
				.new_oid = to, .durable = 1 };
		}
		if (r >= 0 && !mn_oid_is_zero(&to))
			*mn_vec_push(&s->tips) = to;
	}
	return r < 0 ? r : 0;
}

static int settle_head(struct settling *s, struct mn_err *err)
{
	struct mn_ref_update u = { .name = MN_REF_MAIN, .any_old = 1,
				   .durable = 1, .barrier = 1 };
	struct mn_oid oid;
	int r = 0;

	if (s->tips.n)
		r = mn_heads(&s->heads, s->p->rd, s->tips.p, s->tips.n, NULL,
			     err);
	if (r < 0)
		return r;
	if (s->heads.n)
		mn_heads_merge(&u.new_oid, &s->merge, s->heads.p, s->heads.n);
	if (mn_refs_read(&oid, s->p->repo.path, MN_REF_MAIN, NULL) < 0)
		memset(&oid, 0, sizeof(oid));
	/* without any head, none is left */
	if (!mn_oid_eq(&oid, &u.new_oid))
		*mn_vec_push(&s->updates) = u;
	return mn_heads_write(s->p->repo.path, &s->merge, err);
}

int mn_settle(struct mn_profile *p, int wait_ms, size_t *moved,
	      struct mn_err *err)
{
	struct settling s = { .p = p, .merge = MN_BUF_INIT };
	int r = mn_repo_lock(&p->repo, wait_ms, err);

	if (r < 0)
		return r;
	r = mn_store_refresh(p->repo.store, err);
	if (r == 0)
		r = mn_profile_tips(&s.refs, p, err);
	s.names = mn_xcalloc(s.refs.n + 1, sizeof(*s.names));
	if (r == 0)
		r = settle_refs(&s, err);
	if (moved)
		*moved = s.nnames;
	if (r == 0)
		r = settle_head(&s, err);
	if (r == 0 && s.updates.n)
		r = mn_refs_update(p->repo.path, s.updates.p, s.updates.n,
				   err);
	mn_repo_unlock(&p->repo);
	mn_buf_release(&s.merge);
	free(s.heads.p);
	mn_vec_release(&s.tips);
	mn_vec_release(&s.updates);
	free(s.names);
	mn_refs_release(&s.refs);
	return r;
}
