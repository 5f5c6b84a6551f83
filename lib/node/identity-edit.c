#include "node/identity-edit.h"

#include <stdlib.h>
#include <string.h>

#include "node/lines.h"

#include "banned.h"

/* A document in the making. */
struct next {
	struct mn_identity_doc d;
	struct mn_id_device devices[MN_DEVICES_MAX];
	struct mn_id_sealed sealed[MN_DEVICES_MAX];
	struct mn_id_cut cuts[MN_CUTS_MAX];
	struct mn_pub root;
	struct mn_id commitment;
	unsigned char encryption[32];	/* secret */
};

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

int mn_identity_is_root(const struct mn_identity *id,
			const struct mn_root *root)
{
	const struct mn_identity_doc *last = mn_identity_last(id);
	struct mn_secret *key = mn_root_key(root, last->number + 1);
	struct mn_id commitment;
	struct mn_pub pub;
	int yes = 0;

	mn_secret_pub(&pub, key);
	mn_secret_free(key);
	mn_root_commitment(&commitment, &pub);
	for (size_t i = 0; i < last->nnext; i++)
		yes |= mn_id_eq(&last->next[i], &commitment);
	return yes;
}

/* The number of the document in which the encryption key first stands. */
static uint64_t encryption_number(const struct mn_identity *id)
{
	const struct mn_id *key = &mn_identity_last(id)->encryption;
	size_t i = id->docs.n - 1;

	while (i && mn_id_eq(&id->docs.p[i - 1].encryption, key))
		i--;
	return i;
}

static int unseal(unsigned char secret[32], const struct mn_identity_doc *last,
		  const struct mn_secret *device)
{
	struct mn_pub pub;

	mn_secret_pub(&pub, device);
	for (size_t i = 0; i < last->nsealed; i++)
		if (!by_key(&last->sealed[i].key, &pub))
			return mn_unseal(secret, device, last->sealed[i].box,
					 NULL);
	return MN_ENOTFOUND;
}

int mn_identity_encryption(unsigned char secret[32],
			   const struct mn_identity *id,
			   const struct mn_identity_keys *keys,
			   struct mn_err *err)
{
	const struct mn_identity_doc *last = mn_identity_last(id);
	struct mn_id pub;

	if (keys->device && unseal(secret, last, keys->device) == 0)
		return 0;
	if (keys->root) {
		mn_root_encryption(secret, pub.b, keys->root,
				   encryption_number(id));
		if (mn_id_eq(&pub, &last->encryption))
			return 0;
		mn_wipe(secret, 32);
	}
	return mn_err_set(err, MN_EFAIL, "the profile's encryption key is not "
			  "known on this device");
}

/* changes */

static int add_device(struct next *n, const struct mn_id_device *dev,
		      struct mn_err *err)
{
	if (mn_text_check(dev->label, MN_LABEL_MAX) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "a device label is 1 to %d bytes of text "
				  "without control characters", MN_LABEL_MAX);
	if (mn_identity_device(&n->d, &dev->key))
		return mn_err_set(err, MN_EEXISTS, "the device is one of the "
				  "profile's already");
	if (mn_identity_cut(&n->d, &dev->key))
		return mn_err_set(err, MN_EEXISTS, "the device was removed: its "
				  "key can't come back, 'mn device request' "
				  "makes a new one");
	if (n->d.ndevices == MN_DEVICES_MAX)
		return mn_err_set(err, MN_ELIMIT, "a profile has at most %d "
				  "devices", MN_DEVICES_MAX);
	n->devices[n->d.ndevices++] = *dev;
	qsort(n->devices, n->d.ndevices, sizeof(*n->devices), by_key);
	return 0;
}

static int rename_device(struct next *n, const struct mn_pub *key,
			 const char *label, struct mn_err *err)
{
	if (mn_text_check(mn_str(label), MN_LABEL_MAX) < 0)
		return mn_err_set(err, MN_EINVALID,
				  "a device label is 1 to %d bytes of text "
				  "without control characters", MN_LABEL_MAX);
	for (size_t i = 0; i < n->d.ndevices; i++) {
		if (by_key(&n->devices[i].key, key))
			continue;
		n->devices[i].label = mn_str(label);
		return 0;
	}
	return mn_err_set(err, MN_ENOTFOUND, "there is no such device");
}

static int cut_device(struct next *n, const struct mn_id_cut *cut,
		      struct mn_err *err)
{
	size_t i, at = SIZE_MAX;

	for (i = 0; i < n->d.ncuts; i++)
		if (!by_key(&n->cuts[i].key, &cut->key))
			at = i;
	for (i = 0; at == SIZE_MAX && i < n->d.ndevices; i++) {
		if (by_key(&n->devices[i].key, &cut->key))
			continue;
		if (n->d.ncuts == MN_CUTS_MAX)
			return mn_err_set(err, MN_ELIMIT, "a profile has at "
					  "most %d devices that were removed",
					  MN_CUTS_MAX);
		memmove(&n->devices[i], &n->devices[i + 1],
			(n->d.ndevices - i - 1) * sizeof(*n->devices));
		n->d.ndevices--;
		at = n->d.ncuts++;
	}
	if (at == SIZE_MAX)
		return mn_err_set(err, MN_ENOTFOUND, "there is no such device");
	n->cuts[at] = *cut;
	qsort(n->cuts, n->d.ncuts, sizeof(*n->cuts), by_key);
	return 0;
}

/* Sealed to all that are listed; a new key where somebody left. */
static int seal(struct next *n, const struct mn_identity *id,
		const struct mn_identity_keys *keys,
		const struct mn_identity_edit *e, struct mn_err *err)
{
	int r = 0;

	if (e->ncuts || e->next_root)
		mn_root_encryption(n->encryption, n->d.encryption.b,
				   e->next_root ? e->next_root : keys->root,
				   n->d.number);
	else
		r = mn_identity_encryption(n->encryption, id, keys, err);
	n->d.nsealed = 0;
	for (size_t i = 0; i < n->d.ndevices && r == 0; i++) {
		struct mn_id_sealed *s = &n->sealed[n->d.nsealed++];

		s->key = n->devices[i].key;
		r = mn_seal(s->box, &s->key, n->encryption, err);
	}
	return r;
}

static void commit_to(struct next *n, const struct mn_root *root)
{
	struct mn_secret *key = mn_root_key(root, n->d.number + 1);
	struct mn_pub pub;

	mn_secret_pub(&pub, key);
	mn_secret_free(key);
	mn_root_commitment(&n->commitment, &pub);
	n->d.next = &n->commitment;
	n->d.nnext = 1;
	n->d.next_threshold = 1;
}

static void begin(struct next *n, const struct mn_identity *id, int64_t time)
{
	const struct mn_identity_doc *last = mn_identity_last(id);

	n->d = *last;
	n->d.previous = last->digest;
	n->d.number++;
	n->d.time = (uint64_t)time;
	memcpy(n->devices, last->devices,
	       last->ndevices * sizeof(*last->devices));
	memcpy(n->cuts, last->cuts, last->ncuts * sizeof(*last->cuts));
	n->d.devices = n->devices;
	n->d.sealed = n->sealed;
	n->d.cuts = n->cuts;
}

static int change(struct next *n, const struct mn_identity_edit *e,
		  struct mn_err *err)
{
	int r = 0;

	for (size_t i = 0; i < e->nadd && r == 0; i++)
		r = add_device(n, &e->add[i], err);
	if (r == 0 && e->rename)
		r = rename_device(n, e->rename, e->label, err);
	for (size_t i = 0; i < e->ncuts && r == 0; i++)
		r = cut_device(n, &e->cuts[i], err);
	return r;
}

static int sign(struct mn_buf *out, struct next *n,
		const struct mn_identity *id, const struct mn_root *root,
		struct mn_err *err)
{
	struct mn_secret *key = mn_root_key(root, n->d.number);
	struct mn_identity check;
	size_t start = out->len;
	enum mn_rule rule;

	mn_secret_pub(&n->root, key);
	n->d.roots = &n->root;
	n->d.nroots = 1;
	mn_buf_addstr(out, id->text);
	mn_identity_encode(out, &n->d, &key, 1);
	mn_secret_free(key);
	/* what was signed is verified before anything relies on it */
	mn_identity_init(&check);
	rule = mn_identity_parse(&check, (struct mn_str){
		out->p + start, out->len - start });
	mn_identity_release(&check);
	if (rule == MN_RULE_NONE)
		return 0;
	mn_buf_setlen(out, start);
	return mn_err_set(err, MN_EINVALID, "this change can't be made: %s (%s)",
			  mn_rule_words(rule), mn_rule_name(rule));
}

int mn_identity_next(struct mn_buf *out, const struct mn_identity *id,
		     const struct mn_identity_keys *keys,
		     const struct mn_identity_edit *e, int64_t time,
		     struct mn_err *err)
{
	const struct mn_identity_doc *last = mn_identity_last(id);
	struct next *n;
	int r;

	if (!mn_identity_is_root(id, keys->root))
		return mn_err_set(err, MN_EDENIED, "this root secret is not the "
				  "one that is in force for the profile");
	if (last->next_threshold > 1)
		return mn_err_set(err, MN_EDENIED, "%llu root keys must sign, "
				  "and there is one here",
				  (unsigned long long)last->next_threshold);
	n = mn_xcalloc(1, sizeof(*n));
	begin(n, id, time);
	r = change(n, e, err);
	if (r == 0)
		r = seal(n, id, keys, e, err);
	if (r == 0) {
		commit_to(n, e->next_root ? e->next_root : keys->root);
		r = sign(out, n, id, keys->root, err);
	}
	mn_wipe(n, sizeof(*n));
	free(n);
	return r;
}
