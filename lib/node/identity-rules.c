#include "node/identity-rules.h"

#include <string.h>

#include "banned.h"

static int has_root(const struct mn_identity_doc *d, const struct mn_pub *key)
{
	for (size_t i = 0; i < d->nroots; i++)
		if (!memcmp(d->roots[i].b, key->b, sizeof(key->b)))
			return 1;
	return 0;
}

enum mn_rule mn_identity_check_doc(const struct mn_identity_doc *d)
{
	if (d->threshold > d->nroots || d->next_threshold > d->nnext)
		return MN_RULE_IDENTITY_THRESHOLD;
	for (size_t i = 0; i < d->nsealed; i++)
		if (!mn_identity_device(d, &d->sealed[i].key))
			return MN_RULE_IDENTITY_SEALED;
	for (size_t i = 0; i < d->ncuts; i++)
		if (mn_identity_device(d, &d->cuts[i].key))
			return MN_RULE_IDENTITY_CUT;
	for (size_t i = 0; i < d->nsigs; i++)
		if (!has_root(d, &d->sigs[i].root))
			return MN_RULE_IDENTITY_SIGNER;
	return MN_RULE_NONE;
}

static int committed(const struct mn_identity_doc *before,
		     const struct mn_pub *root)
{
	struct mn_id c;

	mn_root_commitment(&c, root);
	for (size_t i = 0; i < before->nnext; i++)
		if (mn_id_eq(&before->next[i], &c))
			return 1;
	return 0;
}

/* No device vanishes without a cut, none comes back, no cut is raised. */
static enum mn_rule check_devices(const struct mn_identity_doc *before,
				  const struct mn_identity_doc *d)
{
	for (size_t i = 0; i < before->ndevices; i++) {
		const struct mn_pub *key = &before->devices[i].key;

		if (!mn_identity_device(d, key) && !mn_identity_cut(d, key))
			return MN_RULE_CHAIN_DEVICE;
	}
	for (size_t i = 0; i < before->ncuts; i++)
		if (!mn_identity_cut(d, &before->cuts[i].key))
			return MN_RULE_CHAIN_DEVICE;
	for (size_t i = 0; i < before->ncuts; i++) {
		const struct mn_id_cut *old = &before->cuts[i];
		const struct mn_id_cut *new = mn_identity_cut(d, &old->key);

		if (new->era > old->era)
			return MN_RULE_CHAIN_CUT;
		if (new->era < old->era)
			continue;
		if (new->seq > old->seq ||
		    (new->seq == old->seq && !mn_id_eq(&new->node, &old->node)))
			return MN_RULE_CHAIN_CUT;
	}
	return MN_RULE_NONE;
}

static enum mn_rule check_step(const struct mn_identity_doc *before,
			       const struct mn_identity_doc *d)
{
	if (!mn_id_eq(&d->previous, &before->digest))
		return MN_RULE_CHAIN_PREVIOUS;
	for (size_t i = 0; i < d->nroots; i++)
		if (!committed(before, &d->roots[i]))
			return MN_RULE_CHAIN_ROOT;
	if (d->threshold != before->next_threshold)
		return MN_RULE_CHAIN_THRESHOLD;
	if (d->era < before->era)
		return MN_RULE_CHAIN_ERA;
	if (d->epoch < before->epoch)
		return MN_RULE_CHAIN_EPOCH;
	return check_devices(before, d);
}

static enum mn_rule check_signatures(const struct mn_identity_doc *d)
{
	if (d->nsigs < d->threshold)
		return MN_RULE_CHAIN_UNSIGNED;
	for (size_t i = 0; i < d->nsigs; i++)
		if (!mn_verify(&d->sigs[i].sig, &d->sigs[i].root,
			       MN_IDENTITY_SIGN_PREFIX, d->digest.b,
			       sizeof(d->digest.b)))
			return MN_RULE_CHAIN_SIGNATURE;
	return MN_RULE_NONE;
}

enum mn_rule mn_identity_check_chain(const struct mn_identity *id)
{
	enum mn_rule rule = MN_RULE_NONE;

	for (size_t i = 0; i < id->docs.n && rule == MN_RULE_NONE; i++) {
		const struct mn_identity_doc *d = &id->docs.p[i];

		if (d->number != i)
			return MN_RULE_CHAIN_NUMBER;
		if (i)
			rule = check_step(&id->docs.p[i - 1], d);
		if (rule == MN_RULE_NONE)
			rule = check_signatures(d);
	}
	return rule;
}
