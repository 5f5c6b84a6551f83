/*
 * node-make: makes identities and nodes for the tests of lib/node, with
 * lib/node, from seeded random numbers.
 */
#ifndef MN_NODE_MAKE_H
#define MN_NODE_MAKE_H

#include "key/root.h"
#include "node/carrier.h"
#include "node/identity.h"
#include "node/meta.h"

#include "node-store.h"

/* Random numbers that a seed gives again: splitmix64 (Steele, Lea, Flood,
 * "Fast Splittable Pseudorandom Number Generators", 2014). */
struct rng {
	uint64_t state;
};

struct author {
	struct mn_secret *secret;
	struct mn_pub pub;
};

struct made {			/* a node that was made */
	struct mn_id id;
	struct mn_oid carrier;
};

static uint64_t rng_next(struct rng *r) TAP_UNUSED;
static size_t rng_below(struct rng *r, size_t n) TAP_UNUSED;
static void rng_fill(struct rng *r, void *out, size_t len) TAP_UNUSED;
static void author_init(struct author *a, struct rng *r) TAP_UNUSED;
static void authors_sort(struct author *a, size_t n) TAP_UNUSED;
static struct mn_root *root_make(struct rng *r) TAP_UNUSED;
static void identity_put(struct mn_buf *out, struct mn_identity_doc *d,
			 const struct mn_root *root) TAP_UNUSED;
static void identity_of(struct mn_buf *out, const struct mn_root *root,
			const struct author *devices, size_t n) TAP_UNUSED;
static void node_make(struct made *out, struct test_store *s,
		      const struct mn_meta *m, const struct author *a,
		      const struct mn_oid *parents, struct mn_str identity)
	TAP_UNUSED;

static uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static size_t rng_below(struct rng *r, size_t n)
{
	return (size_t)(rng_next(r) % n);
}

static void rng_fill(struct rng *r, void *out, size_t len)
{
	unsigned char *p = out;

	for (size_t i = 0; i < len; i++)
		p[i] = (unsigned char)rng_next(r);
}

static void author_init(struct author *a, struct rng *r)
{
	unsigned char seed[32];

	rng_fill(r, seed, sizeof(seed));
	a->secret = mn_secret_from_seed(seed);
	mn_secret_pub(&a->pub, a->secret);
}

static int cmp_author(const void *a, const void *b)
{
	return memcmp(((const struct author *)a)->pub.b,
		      ((const struct author *)b)->pub.b, 32);
}

/* By key, as identity documents list them. */
static void authors_sort(struct author *a, size_t n)
{
	qsort(a, n, sizeof(*a), cmp_author);
}

static struct mn_root *root_make(struct rng *r)
{
	unsigned char b[MN_ROOT_SIZE];

	rng_fill(r, b, sizeof(b));
	return mn_root_from_bytes(b);
}

/* Appends d with the keys of the root secret for its number, signed. */
static void identity_put(struct mn_buf *out, struct mn_identity_doc *d,
			 const struct mn_root *root)
{
	struct mn_secret *key = mn_root_key(root, d->number);
	struct mn_secret *next = mn_root_key(root, d->number + 1);
	struct mn_pub pub, next_pub;
	unsigned char secret[32];
	struct mn_id commitment;

	mn_secret_pub(&pub, key);
	mn_secret_pub(&next_pub, next);
	mn_root_commitment(&commitment, &next_pub);
	mn_root_encryption(secret, d->encryption.b, root, d->number);
	d->threshold = d->next_threshold = 1;
	d->nroots = d->nnext = 1;
	d->roots = &pub;
	d->next = &commitment;
	mn_identity_encode(out, d, &key, 1);
	d->roots = NULL;
	d->next = NULL;
	mn_secret_free(next);
	mn_secret_free(key);
}

/* Appends an R0 that lists the devices, which are sorted. */
static void identity_of(struct mn_buf *out, const struct mn_root *root,
			const struct author *devices, size_t n)
{
	struct mn_id_device list[MN_DEVICES_MAX];
	struct mn_identity_doc d = { .time = 1700000000000 };

	for (size_t i = 0; i < n; i++)
		list[i] = (struct mn_id_device){ devices[i].pub,
						 MN_STR("a device") };
	d.devices = list;
	d.ndevices = n;
	identity_put(out, &d, root);
}

/* Encodes, signs and stores a node without contents. */
static void node_make(struct made *out, struct test_store *s,
		      const struct mn_meta *m, const struct author *a,
		      const struct mn_oid *parents, struct mn_str identity)
{
	struct mn_buf meta = MN_BUF_INIT, tree = MN_BUF_INIT;
	struct mn_buf commit = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_carrier_tree t = { .present = 0 };
	struct mn_oid tree_oid;
	struct mn_sig sig;

	must(mn_meta_encode(&meta, m, NULL, &err), &err);
	mn_node_id(&out->id, (struct mn_str){ meta.p, meta.len });
	mn_sign(&sig, a->secret, MN_NODE_SIGN_PREFIX, out->id.b, 32);
	store_put(s, &t.meta, MN_BLOB, meta.p, meta.len);
	store_put(s, &t.identity, MN_BLOB, identity.p, identity.len);
	mn_carrier_tree_encode(&tree, m, &t);
	store_put(s, &tree_oid, MN_TREE, tree.p, tree.len);
	mn_carrier_encode(&commit, m, &(struct mn_carrier_parts){
		&tree_oid, parents, &out->id, &sig, 0, NULL });
	store_put(s, &out->carrier, MN_COMMIT, commit.p, commit.len);
	mn_buf_release(&commit);
	mn_buf_release(&tree);
	mn_buf_release(&meta);
}

#endif
