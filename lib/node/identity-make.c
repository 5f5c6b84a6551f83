/* Making identity documents: the owner's side. */
#include "node/identity.h"

#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "node/identity-rules.h"
#include "node/lines.h"

#include "banned.h"

static void put_number(struct mn_buf *out, const char *key, uint64_t n)
{
	mn_buf_adds(out, key);
	mn_buf_addc(out, ' ');
	mn_buf_addu(out, n);
	mn_buf_addc(out, '\n');
}

static void put_hex(struct mn_buf *out, const char *key, const void *b32)
{
	mn_buf_adds(out, key);
	mn_buf_addc(out, ' ');
	mn_buf_addhex(out, b32, 32);
}

static void put_id(struct mn_buf *out, const char *key, const void *b32)
{
	put_hex(out, key, b32);
	mn_buf_addc(out, '\n');
}

static void put_devices(struct mn_buf *out, const struct mn_identity_doc *d)
{
	for (size_t i = 0; i < d->ndevices; i++) {
		put_hex(out, "device", d->devices[i].key.b);
		mn_buf_addc(out, ' ');
		mn_buf_addstr(out, d->devices[i].label);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < d->nsealed; i++) {
		put_hex(out, "sealed", d->sealed[i].key.b);
		mn_buf_addc(out, ' ');
		mn_buf_addhex(out, d->sealed[i].box, MN_SEALED_SIZE);
		mn_buf_addc(out, '\n');
	}
	for (size_t i = 0; i < d->ncuts; i++) {
		const struct mn_id_cut *c = &d->cuts[i];

		put_hex(out, "cut", c->key.b);
		mn_buf_addc(out, ' ');
		mn_buf_addu(out, c->era);
		mn_buf_addc(out, ' ');
		mn_buf_addu(out, c->seq);
		if (c->seq) {
			mn_buf_addc(out, ' ');
			mn_buf_addhex(out, c->node.b, 32);
		}
		mn_buf_addc(out, '\n');
	}
}

static void put_body(struct mn_buf *out, const struct mn_identity_doc *d)
{
	put_number(out, "mn-identity", 1);
	put_number(out, "number", d->number);
	if (d->number)
		put_id(out, "previous", d->previous.b);
	put_number(out, "time", d->time);
	put_number(out, "era", d->era);
	put_number(out, "epoch", d->epoch);
	put_number(out, "threshold", d->threshold);
	for (size_t i = 0; i < d->nroots; i++)
		put_id(out, "root", d->roots[i].b);
	put_number(out, "next-threshold", d->next_threshold);
	for (size_t i = 0; i < d->nnext; i++)
		put_id(out, "next", d->next[i].b);
	put_id(out, "encryption", d->encryption.b);
	put_devices(out, d);
}

static int cmp_signature(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

void mn_identity_encode(struct mn_buf *out, const struct mn_identity_doc *d,
			struct mn_secret *const *roots, size_t n)
{
	struct mn_id_signature sigs[MN_ROOTS_MAX];
	size_t start = out->len;
	struct mn_id digest;

	if (n > MN_ROOTS_MAX)
		MN_BUG("too many root keys");
	put_body(out, d);
	mn_hash(&digest, "mn:identity:1\n", out->p + start, out->len - start);
	for (size_t i = 0; i < n; i++) {
		mn_secret_pub(&sigs[i].root, roots[i]);
		mn_sign(&sigs[i].sig, roots[i], MN_IDENTITY_SIGN_PREFIX,
			digest.b, sizeof(digest.b));
	}
	qsort(sigs, n, sizeof(*sigs), cmp_signature);
	for (size_t i = 0; i < n; i++) {
		put_hex(out, "signature", sigs[i].root.b);
		mn_buf_addc(out, ' ');
		mn_buf_addhex(out, sigs[i].sig.b, MN_SIG_SIZE);
		mn_buf_addc(out, '\n');
	}
}

int mn_identity_create(struct mn_buf *out, const struct mn_root *root,
		       const struct mn_pub *device, const char *label,
		       int64_t time, struct mn_err *err)
{
	struct mn_secret *key = mn_root_key(root, 0);
	struct mn_secret *next = mn_root_key(root, 1);
	struct mn_id_device dev = { *device, mn_str(label) };
	struct mn_id_sealed sealed = { .key = *device };
	struct mn_pub pub, next_pub;
	struct mn_id commitment;
	unsigned char secret[32];
	struct mn_identity_doc d = {
		.time = (uint64_t)time, .threshold = 1, .next_threshold = 1,
		.nroots = 1, .roots = &pub, .nnext = 1, .next = &commitment,
		.ndevices = 1, .devices = &dev, .nsealed = 1, .sealed = &sealed,
	};
	int r;

	mn_secret_pub(&pub, key);
	mn_secret_pub(&next_pub, next);
	mn_root_commitment(&commitment, &next_pub);
	mn_root_encryption(secret, d.encryption.b, root, 0);
	r = mn_text_check(dev.label, MN_LABEL_MAX);
	if (r < 0)
		r = mn_err_set(err, MN_EINVALID,
			       "a device label is 1 to %d bytes of text "
			       "without control characters", MN_LABEL_MAX);
	else
		r = mn_seal(sealed.box, device, secret, err);
	if (r == 0)
		mn_identity_encode(out, &d, &key, 1);
	mn_wipe(secret, sizeof(secret));
	mn_secret_free(next);
	mn_secret_free(key);
	return r;
}
