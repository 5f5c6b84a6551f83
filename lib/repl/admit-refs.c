/* How the refs shall stand: the identity, the devices', the head. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "repl/admit-impl.h"
#include "social/settle.h"

#include "banned.h"

/* the identity */

static int read_offered(struct mn_admission *ad, const struct mn_oid *oid,
			struct mn_err *err)
{
	enum mn_rule rule;
	struct mn_object o;
	int r = mn_reader_read(ad->rd, &o, oid, MN_IDENTITY_MAX, err);

	if (r == MN_ENOTFOUND && ad->a->partial)
		return 1;
	if (r < 0 || o.type != MN_BLOB) {
		mn_admission_refuse(ad, MN_REF_IDENTITY, "%s",
				    r < 0 ? err->msg : "it is no blob");
		mn_err_clear(err);
		return 1;
	}
	rule = mn_identity_parse(&ad->offered,
				 (struct mn_str){ o.data, o.len });
	if (rule == MN_RULE_NONE &&
	    !mn_id_eq(mn_identity_profile(&ad->offered), &ad->a->profile->id))
		rule = MN_RULE_IDENTITY_PROFILE;
	if (rule == MN_RULE_NONE)
		return 0;
	mn_admission_refuse(ad, MN_REF_IDENTITY, "%s (%s)",
			    mn_rule_words(rule), mn_rule_name(rule));
	return 1;
}

int mn_admission_identity_offered(struct mn_admission *ad, struct mn_err *err)
{
	const struct mn_profile *p = ad->a->profile;
	const struct mn_ref_list *refs = ad->a->offered;
	const struct mn_oid *oid = NULL;

	for (size_t i = 0; i < refs->n; i++)
		if (!strcmp(refs->p[i].name, MN_REF_IDENTITY))
			oid = &refs->p[i].oid;
	if (!oid || mn_oid_eq(oid, &p->identity_blob) ||
	    read_offered(ad, oid, err))
		return 0;
	if (mn_identity_extends(&p->identity, &ad->offered))
		return 0;	/* an older one */
	if (!mn_identity_extends(&ad->offered, &p->identity)) {
		mn_admission_refuse(ad, MN_REF_IDENTITY, "these identity "
				    "documents contradict those known here: "
				    "the first seen are kept (identity-fork)");
		return 0;
	}
	ad->has_offered = 1;
	ad->identity_oid = *oid;
	return 0;
}

int mn_admission_identity_of(struct mn_admission *ad,
			     const struct mn_oid *carrier, struct mn_err *err)
{
	struct mn_object o;
	int r = mn_node_load(&ad->node, ad->rd, carrier, NULL, err);

	if (r == 0)
		r = mn_reader_read(ad->rd, &o, &ad->node.tree.identity,
				   MN_IDENTITY_MAX, err);
	if (r < 0)
		return r;
	mn_identity_release(&ad->offered);
	mn_identity_init(&ad->offered);
	ad->has_offered = 0;
	if (mn_identity_parse(&ad->offered, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE ||
	    !mn_identity_extends(&ad->offered, &ad->a->profile->identity))
		return mn_err_set(err, MN_ECORRUPT, "the identity documents "
				  "of a node changed while they were read");
	ad->has_offered = 1;
	ad->identity_oid = ad->node.tree.identity;
	return 0;
}

/* the devices */

static struct mn_move *move_of(struct mn_admission *ad,
			       const struct mn_pub *device)
{
	struct mn_move *m;

	for (size_t i = 0; i < ad->moves.n; i++)
		if (!memcmp(ad->moves.p[i].device.b, device->b, 32))
			return &ad->moves.p[i];
	m = mn_vec_push(&ad->moves);
	*m = (struct mn_move){ .device = *device };
	return m;
}

/* The newest good node of each device. Where metas are missing, the last in
 * the order of the commits: a device's nodes are each other's ancestors. */
static void find_newest(struct mn_admission *ad)
{
	const struct mn_links *l = mn_check_known(ad->check);

	for (size_t i = 0; i < ad->commits.n; i++) {
		struct mn_new_commit *c = &ad->commits.p[i];
		struct mn_move *m;
		size_t at;

		if (!ad->good[i])
			continue;
		m = move_of(ad, &c->device);
		if (ad->res[i].meta_missing) {
			m->new_oid = c->oid;
			continue;
		}
		at = mn_links_find(l, &ad->res[i].node);
		if (at == SIZE_MAX)
			continue;
		if (mn_oid_is_zero(&m->new_oid) ||
		    l->nodes.p[at].era > m->era ||
		    (l->nodes.p[at].era == m->era &&
		     l->nodes.p[at].seq > m->seq)) {
			m->new_oid = c->oid;
			m->era = l->nodes.p[at].era;
			m->seq = l->nodes.p[at].seq;
		}
	}
}

/* Whether a device's ref, which names old, moves forward. */
static int is_forward(struct mn_admission *ad, const struct mn_move *m)
{
	struct mn_node *n = &ad->node;

	if (!m->seq || mn_node_load(n, ad->rd, &m->old_oid, NULL, NULL) < 0)
		return 1;	/* its meta is missing */
	return n->meta.era < m->era ||
		(n->meta.era == m->era && n->meta.seq < m->seq);
}

static const struct mn_oid *local_ref(const struct mn_admission *ad,
				      const struct mn_pub *device)
{
	char hex[MN_ID_HEX + 1];

	mn_hex_encode(hex, device->b, 32);
	for (size_t i = 0; i < ad->local.n; i++)
		if (!strcmp(ad->local.p[i].name + sizeof(MN_REF_DEVICES) - 1,
			    hex))
			return &ad->local.p[i].oid;
	return NULL;
}

/* Where a ref that is here must go back to: 1, with *out; 0; < 0. */
static int goes_back(struct mn_admission *ad, const struct mn_pub *device,
		     const struct mn_oid *tip, struct mn_oid *out,
		     struct mn_err *err)
{
	const struct mn_identity_doc *doc =
		mn_identity_last(mn_admission_identity(ad));
	int r;

	/* even if nobody offers a new identity: who brought it may have died
	 * before the refs followed */
	r = mn_settle_device(out, ad->rd, ad->a->profile->repo.path, doc,
			     device, tip, err);
	for (size_t i = 0; i < ad->forks.n && r == 0; i++)
		if (!memcmp(ad->forks.p[i].device.b, device->b, 32) &&
		    !mn_identity_cut(doc, device))
			r = mn_forks_before(out, ad->rd, &ad->forks.p[i], tip,
					    err);
	return r;
}

/* A device that the new identity cuts goes back to its cut, one whose key was
 * used twice to before that. */
static int back_devices(struct mn_admission *ad, struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < ad->local.n && r >= 0; i++) {
		const struct mn_ref *ref = &ad->local.p[i];
		struct mn_pub device;
		struct mn_move *m;
		struct mn_oid to;

		if (mn_hex_decode(device.b, ref->name +
				  sizeof(MN_REF_DEVICES) - 1, 32) < 0)
			continue;
		r = goes_back(ad, &device, &ref->oid, &to, err);
		if (r <= 0)
			continue;
		m = move_of(ad, &device);
		if (mn_oid_is_zero(&m->new_oid))
			*m = (struct mn_move){ .device = device,
				.old_oid = ref->oid, .new_oid = to, .back = 1 };
	}
	return r < 0 ? r : 0;
}

int mn_admission_moves(struct mn_admission *ad, struct mn_err *err)
{
	size_t kept = 0;
	int r;

	if (ad->check)
		find_newest(ad);
	r = back_devices(ad, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ad->moves.n; i++) {
		struct mn_move *m = &ad->moves.p[i];
		const struct mn_oid *old = local_ref(ad, &m->device);

		if (mn_oid_is_zero(&m->new_oid) && !m->back)
			continue;
		if (old)
			m->old_oid = *old;
		if (!old || m->back || is_forward(ad, m))
			ad->moves.p[kept++] = *m;
	}
	ad->moves.n = kept;
	if (ad->local.n + kept > MN_DEVICE_REFS_MAX)
		return mn_err_set(err, MN_ELIMIT, "more than %d devices",
				  MN_DEVICE_REFS_MAX);
	return 0;
}

/* the head */

static int goes_any_back(const struct mn_admission *ad)
{
	for (size_t i = 0; i < ad->moves.n; i++)
		if (ad->moves.p[i].back)
			return 1;
	return 0;
}

static int find_heads(struct mn_admission *ad, const struct mn_oid *tips,
		      size_t n, struct mn_err *err)
{
	struct mn_known_heads known = { 0 };
	struct mn_arena arena = MN_ARENA_INIT;
	struct mn_err none = MN_ERR_INIT;
	int have, r;

	/* what is known of before holds while refs move forward, and no node
	 * that lies below others begins to count */
	have = ad->a->index && ad->local.n && !goes_any_back(ad) &&
		!ad->forks.n && !ad->a->profile->forks.n &&
		mn_index_known_heads(&known, &arena, ad->a->index,
				     ad->a->profile, &none) == 0;
	r = mn_heads(&ad->heads, ad->rd, tips, n, have ? &known : NULL, err);
	if (r == MN_ENOTFOUND && ad->a->follow) {
		mn_err_clear(err);
		ad->heads.n = 0;
		r = mn_heads_by_commits(&ad->heads, ad->rd, tips, n, err);
	}
	mn_arena_release(&arena);
	return r;
}

int mn_admission_head(struct mn_admission *ad, struct mn_err *err)
{
	MN_VEC(struct mn_oid) tips = { 0 };
	int r = 0;

	for (size_t i = 0; i < ad->local.n; i++) {
		struct mn_pub device;
		size_t k;

		if (mn_hex_decode(device.b, ad->local.p[i].name +
				  sizeof(MN_REF_DEVICES) - 1, 32) < 0)
			continue;
		for (k = 0; k < ad->moves.n; k++)
			if (!memcmp(ad->moves.p[k].device.b, device.b, 32))
				break;
		if (k == ad->moves.n)
			*mn_vec_push(&tips) = ad->local.p[i].oid;
	}
	for (size_t k = 0; k < ad->moves.n; k++)
		if (!mn_oid_is_zero(&ad->moves.p[k].new_oid))
			*mn_vec_push(&tips) = ad->moves.p[k].new_oid;
	ad->heads.n = 0;
	mn_buf_clear(&ad->merge);
	if (tips.n)
		r = find_heads(ad, tips.p, tips.n, err);
	ad->has_head = r == 0 && ad->heads.n;
	if (ad->has_head)
		mn_heads_merge(&ad->head, &ad->merge, ad->heads.p, ad->heads.n);
	mn_vec_release(&tips);
	return r;
}
