/*
 * identity: the chain of identity documents of a profile, R0 to Rn.
 * mnformat-identity(5).
 *
 * A struct mn_identity owns everything that its documents point to.
 */
#ifndef MN_NODE_IDENTITY_H
#define MN_NODE_IDENTITY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/vec.h"
#include "key/root.h"
#include "key/sign.h"
#include "node/rule.h"

#define MN_IDENTITY_MAX (4u << 20)	/* bytes of all documents */
#define MN_IDENTITY_DOC_MAX 65536u	/* bytes of one, signatures included */
#define MN_IDENTITY_DOCS_MAX 1024
#define MN_ROOTS_MAX 16
#define MN_DEVICES_MAX 64
#define MN_CUTS_MAX 256
#define MN_LABEL_MAX 64			/* bytes */

struct mn_id_device {
	struct mn_pub key;
	struct mn_str label;
};

struct mn_id_sealed {
	struct mn_pub key;		/* the device's */
	unsigned char box[MN_SEALED_SIZE];
};

struct mn_id_cut {
	struct mn_pub key;
	uint64_t era, seq;		/* of the last node that counts */
	struct mn_id node;		/* zero if seq is 0 */
};

struct mn_id_signature {
	struct mn_pub root;
	struct mn_sig sig;
};

struct mn_identity_doc {
	uint64_t number;
	struct mn_id previous;		/* zero for R0 */
	uint64_t time;			/* ms */
	uint64_t era, epoch;
	uint64_t threshold, next_threshold;
	struct mn_id encryption;	/* X25519 public key */
	size_t nroots, nnext, ndevices, nsealed, ncuts, nsigs;
	struct mn_pub *roots;
	struct mn_id *next;		/* commitments */
	struct mn_id_device *devices;
	struct mn_id_sealed *sealed;
	struct mn_id_cut *cuts;
	struct mn_id_signature *sigs;
	struct mn_str body;		/* what is signed; set by parsing */
	struct mn_id digest;		/* of body; set by parsing */
};

struct mn_identity {
	MN_VEC(struct mn_identity_doc) docs;
	struct mn_arena arena;
	struct mn_str text;		/* the whole blob, in the arena */
};

void mn_identity_init(struct mn_identity *id);
void mn_identity_release(struct mn_identity *id);

/*
 * Reads and checks a blob: form, chain, signatures. id is initialised before
 * and holds the documents only if MN_RULE_NONE is returned.
 */
enum mn_rule mn_identity_parse(struct mn_identity *id, struct mn_str blob);

/* The profile id, that is the digest of R0. */
const struct mn_id *mn_identity_profile(const struct mn_identity *id);
const struct mn_identity_doc *mn_identity_last(const struct mn_identity *id);
/* By digest; NULL. */
const struct mn_identity_doc *mn_identity_find(const struct mn_identity *id,
					       const struct mn_id *digest);
/* Whether a begins with all documents of b, byte for byte or by digest. */
int mn_identity_extends(const struct mn_identity *a,
			const struct mn_identity *b);

const struct mn_id_device *mn_identity_device(const struct mn_identity_doc *d,
					      const struct mn_pub *key);
const struct mn_id_cut *mn_identity_cut(const struct mn_identity_doc *d,
					const struct mn_pub *key);

/*
 * Whether a node of a device does not count by this document: the device is
 * cut, and the node is beyond the cut. Such a node is void: it is not shown,
 * and no ref names it; but nodes of other devices that were built on it, by
 * who didn't know, keep it as an ancestor.
 */
int mn_identity_voids(const struct mn_identity_doc *d,
		      const struct mn_pub *device, uint64_t era, uint64_t seq);

/*
 * Appends the document's text with the signatures of the root keys given
 * (sorted here). body and digest of d are not used. Not checked: parse
 * the chain that it becomes part of.
 */
void mn_identity_encode(struct mn_buf *out, const struct mn_identity_doc *d,
			struct mn_secret *const *roots, size_t n);

/*
 * Appends R0 of a new profile: one root key, one device (with the profile's
 * encryption key sealed to it), all made from the root secret.
 */
int mn_identity_create(struct mn_buf *out, const struct mn_root *root,
		       const struct mn_pub *device, const char *label,
		       int64_t time, struct mn_err *err);

#endif
