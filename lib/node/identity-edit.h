/*
 * identity-edit: the next identity document, R(n+1): the newest one with a
 * change, signed by the root key that it committed to.
 *
 *	struct mn_identity_edit e = { .add = &device, .nadd = 1 };
 *	mn_identity_next(&text, &p->identity, &keys, &e, now, &err);
 *
 * mnformat-identity(5). The text has all documents, and was checked by reading
 * it.
 */
#ifndef MN_NODE_IDENTITY_EDIT_H
#define MN_NODE_IDENTITY_EDIT_H

#include "node/identity.h"

struct mn_identity_keys {		/* borrowed */
	const struct mn_root *root;	/* whose root keys are in force */
	/* A device's key, to open what is sealed to it: where the encryption
	 * key is older than the root secret. May be NULL. */
	const struct mn_secret *device;
};

struct mn_identity_edit {		/* zeroed: nothing changes but its keys */
	const struct mn_id_device *add;
	size_t nadd;
	const struct mn_pub *rename;	/* a device; NULL: none */
	const char *label;		/* its new label */
	/* Devices that are removed, or whose cut is lowered; with their eras. */
	const struct mn_id_cut *cuts;
	size_t ncuts;
	/* Root keys from the one after this on come from this secret, and a new
	 * encryption key. NULL: from the same. */
	const struct mn_root *next_root;
};

/*
 * Appends the text. A removal makes a new encryption key, sealed to those who
 * stay. MN_EDENIED: the root secret is not the one whose keys are in force (or
 * that several must sign); MN_EEXISTS: a device that is to be added is
 * there, or was cut; MN_ENOTFOUND: one to be renamed or cut is not there;
 * MN_EINVALID: a label that is none; MN_ELIMIT; MN_EFAIL: the encryption key
 * can't be known.
 */
int mn_identity_next(struct mn_buf *out, const struct mn_identity *id,
		     const struct mn_identity_keys *keys,
		     const struct mn_identity_edit *e, int64_t time,
		     struct mn_err *err);

/* Whether a root secret's keys are those that must sign what comes next. */
int mn_identity_is_root(const struct mn_identity *id,
			const struct mn_root *root);

/* The secret that belongs to the encryption key in force, from the root secret
 * or the device's key; 32 bytes, which the caller wipes. MN_EFAIL. */
int mn_identity_encryption(unsigned char secret[32],
			   const struct mn_identity *id,
			   const struct mn_identity_keys *keys,
			   struct mn_err *err);

#endif
