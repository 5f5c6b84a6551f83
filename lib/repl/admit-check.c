/* Verification of what is new, and what a bad node costs. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "node/verify.h"
#include "repl/admit-impl.h"

#include "banned.h"

#define BUDGET_BASE (4ull << 30)	/* bytes of contents that are hashed */
#define FEW 8		/* nodes for which no threads are started */
#define BUDGET_TIMES 16			/* ... and so many times the pack */

/* What a person is told of a bad node. */
static void refuse_node(struct mn_admission *ad, size_t i)
{
	const struct mn_check_result *res = &ad->res[i];
	const char *why = res->words ? res->words : mn_rule_words(res->rule);
	char what[MN_ID_HEX + 1];

	if (mn_id_is_zero(&res->node))
		mn_oid_hex(what, &res->carrier);
	else
		mn_id_hex(what, &res->node);
	if (res->code == MN_ENOTFOUND)
		mn_admission_refuse(ad, what, "not all of it came: %s", why);
	else if (res->words)
		mn_admission_refuse(ad, what, "%s", why);
	else
		mn_admission_refuse(ad, what, "%s (%s)", why,
				    mn_rule_name(res->rule));
}

static int is_good(const struct mn_admission *ad, size_t i)
{
	const struct mn_check_result *res = &ad->res[i];

	return !res->code && !res->is_merge;
}

int mn_admission_frozen(const struct mn_admission *ad,
			const struct mn_pub *device, uint64_t era,
			uint64_t seq)
{
	const struct mn_identity_doc *doc =
		mn_identity_last(mn_admission_identity(ad));
	const struct mn_fork *f = mn_forks_find(&ad->a->profile->forks, doc,
						device);

	if (f && f->era == era && seq >= f->seq)
		return 1;
	for (size_t i = 0; i < ad->forks.n; i++) {
		f = &ad->forks.p[i];
		if (!memcmp(f->device.b, device->b, 32) && f->era == era &&
		    seq >= f->seq && !mn_identity_cut(doc, device))
			return 1;
	}
	return 0;
}

static int is_frozen(const struct mn_admission *ad, size_t i)
{
	const struct mn_links *l = mn_check_known(ad->check);
	size_t at = mn_links_find(l, &ad->res[i].node);

	return at != SIZE_MAX && !l->nodes.p[at].bare &&
		mn_admission_frozen(ad, &l->nodes.p[at].device,
				    l->nodes.p[at].era, l->nodes.p[at].seq);
}

/*
 * A node that nothing is wrong with but that its device was cut before it, or
 * its key used twice: it doesn't count, and what others built on it does
 * (identity.h, forks.h).
 */
static int is_void(const struct mn_admission *ad, size_t i)
{
	const struct mn_check_result *res = &ad->res[i];

	if (res->code == 0)
		return !res->is_merge && is_frozen(ad, i);
	return res->code == MN_EINVALID &&
		(res->rule == MN_RULE_DEVICE_CUT ||
		 res->rule == MN_RULE_DEVICE_CUT_CHAIN ||
		 res->rule == MN_RULE_EQUIVOCATION);
}

/* Another node that proves that a's number was given twice. */
static const struct mn_link *twin_of(const struct mn_links *l,
				     const struct mn_link *a)
{
	for (size_t k = 0; k < l->nodes.n; k++) {
		const struct mn_link *b = &l->nodes.p[k];

		if (b != a && b->twice && b->seq == a->seq &&
		    b->era == a->era && !memcmp(b->device.b, a->device.b, 32))
			return b;
	}
	return NULL;
}

static struct mn_fork *fork_of(const struct mn_admission *ad,
			       const struct mn_link *a)
{
	for (size_t k = 0; k < ad->forks.n; k++)
		if (ad->forks.p[k].era == a->era &&
		    !memcmp(ad->forks.p[k].device.b, a->device.b, 32))
			return &ad->forks.p[k];
	return NULL;
}

/* The forks that showed: of each device the earliest. A device's nodes come in
 * their order, so that its twins are looked for once or a few times, however
 * many it signed twice. */
static void find_forks(struct mn_admission *ad)
{
	const struct mn_links *l = mn_check_known(ad->check);

	for (size_t i = 0; i < ad->commits.n; i++) {
		const struct mn_link *a, *b;
		struct mn_fork *f;
		size_t at;

		if (ad->res[i].code != MN_EINVALID ||
		    ad->res[i].rule != MN_RULE_EQUIVOCATION)
			continue;
		at = mn_links_find(l, &ad->res[i].node);
		if (at == SIZE_MAX)
			continue;
		a = &l->nodes.p[at];
		f = fork_of(ad, a);
		if (f && f->seq <= a->seq)
			continue;
		b = twin_of(l, a);
		if (!b)
			continue;
		if (!f)
			f = mn_vec_push(&ad->forks);
		*f = (struct mn_fork){ .device = a->device, .era = a->era,
				       .seq = a->seq,
				       .nodes = { a->id, b->id } };
	}
}

static void tell_forks(struct mn_admission *ad)
{
	char hex[MN_ID_HEX + 1], a[MN_ID_HEX + 1], b[MN_ID_HEX + 1];

	for (size_t i = 0; i < ad->forks.n; i++) {
		const struct mn_fork *f = &ad->forks.p[i];

		mn_hex_encode(hex, f->device.b, 32);
		mn_id_hex(a, &f->nodes[0]);
		mn_id_hex(b, &f->nodes[1]);
		mn_admission_refuse(ad, hex, "this device's key was used twice, "
			"for %.12s and %.12s (equivocation): it is frozen "
			"before its node number %llu; 'mn device rekey' is the "
			"way out", a, b, (unsigned long long)f->seq);
	}
}

/* Whether all that a node is built on is good, or void: its parents, and the device's
 * node before it, which need not be among their ancestors if it is bad. */
static int stands(const struct mn_admission *ad, size_t i)
{
	const struct mn_links *l = mn_check_known(ad->check);
	const struct mn_new_commit *c = &ad->commits.p[i];
	size_t at;

	for (size_t k = 0; k < c->nparents; k++) {
		at = mn_map_get(&ad->by_oid, ad->parents.p[c->first + k].b);
		if (at != SIZE_MAX && !ad->good[at] && !ad->voids[at])
			return 0;
	}
	if (ad->voids[i] || ad->res[i].meta_missing)
		return 1;
	at = mn_links_find(l, &ad->res[i].node);
	if (at != SIZE_MAX && !mn_id_is_zero(&l->nodes.p[at].prev))
		at = mn_links_find(l, &l->nodes.p[at].prev);
	else
		return 1;
	if (at != SIZE_MAX)
		at = mn_map_get(&ad->by_oid, l->nodes.p[at].carrier.b);
	return at == SIZE_MAX || ad->good[at];
}

static void spread(struct mn_admission *ad)
{
	int changed;

	do {
		changed = 0;
		for (size_t i = 0; i < ad->commits.n; i++) {
			if ((!ad->good[i] && !ad->voids[i]) ||
			    stands(ad, i))
				continue;
			ad->good[i] = ad->voids[i] = 0;
			changed = 1;
		}
	} while (changed);
}

/* A void node comes in as an ancestor of a good one; else it is refused. */
static void judge_void(struct mn_admission *ad)
{
	for (size_t i = ad->commits.n; !ad->all_good && i-- > 0; ) {
		const struct mn_new_commit *c = &ad->commits.p[i];

		if (!ad->good[i] && !ad->needed[i]) {
			/* of a fork its device is named, once */
			if (is_void(ad, i) && ad->res[i].code &&
			    ad->res[i].rule != MN_RULE_EQUIVOCATION)
				refuse_node(ad, i);
			continue;
		}
		for (size_t k = 0; k < c->nparents; k++) {
			size_t at = mn_map_get(&ad->by_oid,
					ad->parents.p[c->first + k].b);

			if (at != SIZE_MAX && !ad->good[at])
				ad->needed[at] = 1;
		}
	}
}

/* Whether it did not come, or one that it is built on didn't: these stand
 * before it. */
static int is_cut_off(const struct mn_admission *ad, size_t i,
		      const unsigned char *cut_off)
{
	const struct mn_new_commit *c = &ad->commits.p[i];

	if (ad->res[i].code == MN_ENOTFOUND)
		return 1;
	for (size_t k = 0; k < c->nparents; k++) {
		size_t at = mn_map_get(&ad->by_oid,
				       ad->parents.p[c->first + k].b);

		if (at != SIZE_MAX && cut_off[at])
			return 1;
	}
	return 0;
}

static void judge(struct mn_admission *ad)
{
	unsigned char *cut_off = mn_xcalloc(ad->commits.n + 1, 1);
	int merges = 0;

	ad->all_good = 1;
	find_forks(ad);
	for (size_t i = 0; i < ad->commits.n; i++) {
		const struct mn_check_result *res = &ad->res[i];

		cut_off[i] = (unsigned char)is_cut_off(ad, i, cut_off);
		ad->voids[i] = (unsigned char)is_void(ad, i);
		ad->good[i] = (unsigned char)(is_good(ad, i) && !ad->voids[i]);
		if (ad->good[i])
			continue;
		if (res->is_merge && !res->code) {
			merges = 1;	/* main of a plain copy */
			continue;
		}
		ad->all_good = 0;
		/* what broke off is no fault of the other side's */
		if ((ad->a->partial && cut_off[i]) || is_void(ad, i))
			continue;
		refuse_node(ad, i);
	}
	free(cut_off);
	if (!ad->all_good)
		spread(ad);
	judge_void(ad);
	tell_forks(ad);
	ad->all_good &= !merges;
}

static uint64_t budget(const struct mn_admission *ad)
{
	if (ad->a->limits.content_bytes)
		return ad->a->limits.content_bytes;
	return BUDGET_BASE + BUDGET_TIMES * ad->a->pack_bytes;
}

/* Which parts of a node may be missing. */
static unsigned may_miss(const struct mn_follow *f)
{
	if (!f)
		return 0;
	return f->level == MN_LEVEL_DAG
		? MN_MISSING_META | MN_MISSING_CONTENTS : MN_MISSING_CONTENTS;
}

static void forget(struct mn_admission *ad)
{
	mn_check_free(ad->check);
	ad->check = NULL;
	if (ad->res)
		mn_check_results_release(ad->res, ad->commits.n);
	free(ad->res);
	ad->res = NULL;
}

static int verify(struct mn_admission *ad, struct mn_err *err)
{
	struct mn_profile *p = ad->a->profile;
	struct mn_check_options opt = {
		.threads = ad->commits.n < FEW ? 1 : ad->a->threads,
		.index = ad->a->index,
		.seed = ad->a->seed,
		.watch = mn_touched_see, .watch_ctx = &ad->touched,
		.allow_missing = may_miss(ad->a->follow),
		.content_budget = budget(ad),
	};
	size_t n = ad->commits.n;
	int r = 0;

	ad->res = mn_xcalloc(n + 1, sizeof(*ad->res));
	for (size_t i = 0; i < n; i++)
		ad->res[i].carrier = ad->commits.p[i].oid;
	ad->check = mn_check_new(mn_quarantine_store(ad->a->quarantine), &p->id,
				 mn_admission_identity(ad), &opt);
	if (ad->local.n && !ad->a->index)
		r = mn_check_walk(ad->check, p, err);
	if (r < 0)
		return r;
	mn_check_nodes(ad->check, ad->res, n);
	mn_check_links(ad->check, ad->res, n);
	return 0;
}

/* The node that names the newest identity document, if that is newer than
 * what counts so far; SIZE_MAX. */
static size_t names_newer(const struct mn_admission *ad)
{
	const struct mn_links *l = mn_check_known(ad->check);
	uint64_t newest = mn_identity_last(mn_admission_identity(ad))->number;
	size_t found = SIZE_MAX;

	for (size_t i = 0; i < ad->commits.n; i++) {
		size_t at;

		if (!is_good(ad, i) || ad->res[i].meta_missing)
			continue;
		at = mn_links_find(l, &ad->res[i].node);
		if (at != SIZE_MAX && l->nodes.p[at].identity > newest) {
			newest = l->nodes.p[at].identity;
			found = i;
		}
	}
	return found;
}

/*
 * Nodes bring the identity documents that they name. Where these are newer than
 * what the other side offered, they count from now on: whoever posted upon
 * such a node with an older one would break a rule.
 */
int mn_admission_check(struct mn_admission *ad, struct mn_err *err)
{
	size_t n = ad->commits.n, newer;
	int r = verify(ad, err);

	while (r == 0 && (newer = names_newer(ad)) != SIZE_MAX) {
		forget(ad);
		r = mn_admission_identity_of(ad, &ad->commits.p[newer].oid,
					     err);
		if (r == 0)
			r = verify(ad, err);
	}
	if (r < 0)
		return r;
	ad->good = mn_xcalloc(n + 1, 1);
	ad->voids = mn_xcalloc(n + 1, 1);
	ad->needed = mn_xcalloc(n + 1, 1);
	judge(ad);
	return 0;
}
