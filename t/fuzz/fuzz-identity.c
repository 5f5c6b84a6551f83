/*
 * fuzz-identity: a chain of identity documents that is taken holds what the
 * format promises, and is written again byte for byte.
 *
 * Input: the documents. They are read as they are, and once more with
 * "previous" and the signatures put right for the root keys of the golden
 * vectors, since no fuzzer finds a signature.
 */
#include "node/identity.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define LAW(cond) do { if (!(cond)) abort(); } while (0)
#define KEYS_OF_A_ROOT 6

/* The root secrets "one", "x", "y", "z" of tools/vectors.py. */
static const unsigned char roots[][MN_ROOT_SIZE] = {
	{ 0x30, 0x35, 0xc7, 0x4b, 0x25, 0x12, 0x72, 0x9a,
	  0xa6, 0x40, 0x34, 0x0d, 0x93, 0xa1, 0x8a, 0x35 },
	{ 0x73, 0xa0, 0x41, 0xe0, 0xaa, 0xdb, 0x3a, 0x73,
	  0xd7, 0x1e, 0x36, 0xa4, 0xc3, 0xcc, 0x40, 0xb4 },
	{ 0xa0, 0x5e, 0xbf, 0xb8, 0x49, 0x5f, 0x62, 0x7b,
	  0xdb, 0x77, 0x03, 0x8d, 0xd8, 0x2f, 0x90, 0x28 },
	{ 0x88, 0x8c, 0x4d, 0x16, 0x62, 0xd4, 0x0c, 0x06,
	  0x81, 0x08, 0x36, 0xd2, 0xe7, 0x91, 0x14, 0xd1 },
};
#define KEYS (sizeof(roots) / sizeof(*roots) * KEYS_OF_A_ROOT)

static struct mn_secret *secrets[KEYS];
static struct mn_pub keys[KEYS];

static void make_keys(void)
{
	struct mn_root *root;

	LAW(mn_key_init() == 0);
	for (size_t i = 0; i < KEYS; i++) {
		root = mn_root_from_bytes(roots[i / KEYS_OF_A_ROOT]);
		secrets[i] = mn_root_key(root, i % KEYS_OF_A_ROOT);
		mn_secret_pub(&keys[i], secrets[i]);
		mn_root_free(root);
	}
}

static void add_signature(struct mn_buf *out, const struct mn_pub *root,
			  const struct mn_sig *sig)
{
	mn_buf_adds(out, "signature ");
	mn_buf_addhex(out, root->b, sizeof(root->b));
	mn_buf_addc(out, ' ');
	mn_buf_addhex(out, sig->b, sizeof(sig->b));
	mn_buf_addc(out, '\n');
}

static void check_doc(const struct mn_identity_doc *d)
{
	LAW(d->nroots && d->nroots <= MN_ROOTS_MAX);
	LAW(d->nnext && d->nnext <= MN_ROOTS_MAX);
	LAW(d->ndevices <= MN_DEVICES_MAX && d->nsealed <= d->ndevices);
	LAW(d->ncuts <= MN_CUTS_MAX && d->nsigs <= d->nroots);
	LAW(d->threshold && d->threshold <= d->nsigs);
	LAW(d->next_threshold && d->next_threshold <= d->nnext);
	for (size_t i = 0; i < d->ndevices; i++)
		LAW(!mn_identity_cut(d, &d->devices[i].key));
}

/* What was a cut stays one, and is not raised. */
static void check_step(const struct mn_identity_doc *a,
		       const struct mn_identity_doc *b)
{
	LAW(b->era >= a->era && b->epoch >= a->epoch);
	LAW(mn_id_eq(&b->previous, &a->digest));
	LAW(b->threshold == a->next_threshold);
	for (size_t i = 0; i < a->ncuts; i++) {
		const struct mn_id_cut *was = &a->cuts[i];
		const struct mn_id_cut *is = mn_identity_cut(b, &was->key);

		LAW(is && (is->era < was->era ||
			   (is->era == was->era && is->seq <= was->seq)));
	}
	for (size_t i = 0; i < a->ndevices; i++)
		LAW(mn_identity_device(b, &a->devices[i].key) ||
		    mn_identity_cut(b, &a->devices[i].key));
}

static void check_chain(const struct mn_identity *id, struct mn_str text)
{
	struct mn_buf again = MN_BUF_INIT;

	LAW(id->docs.n && id->docs.n <= MN_IDENTITY_DOCS_MAX);
	LAW(mn_identity_extends(id, id));
	LAW(mn_id_eq(mn_identity_profile(id), &id->docs.p[0].digest));
	for (size_t i = 0; i < id->docs.n; i++) {
		const struct mn_identity_doc *d = &id->docs.p[i];

		LAW(d->number == i);
		LAW(mn_identity_find(id, &d->digest) == d);
		check_doc(d);
		if (i)
			check_step(&id->docs.p[i - 1], d);
		mn_identity_encode(&again, d, NULL, 0);
		for (size_t k = 0; k < d->nsigs; k++)
			add_signature(&again, &d->sigs[k].root,
				      &d->sigs[k].sig);
	}
	LAW(!mn_str_cmp((struct mn_str){ again.p, again.len }, text));
	LAW(!mn_str_cmp(id->text, text));
	mn_buf_release(&again);
}

static void try(struct mn_str text)
{
	struct mn_identity id;
	enum mn_rule rule;

	mn_identity_init(&id);
	rule = mn_identity_parse(&id, text);
	LAW(rule == MN_RULE_NONE || (rule >= MN_RULE_IDENTITY_SIZE &&
				     rule <= MN_RULE_CHAIN_SIGNATURE));
	if (rule == MN_RULE_NONE)
		check_chain(&id, text);
	else
		LAW(!id.docs.n && !id.text.p);
	mn_identity_release(&id);
}

/* Up to the line behind. */
static struct mn_str line_at(const char *p, const char *end)
{
	const char *nl = memchr(p, '\n', (size_t)(end - p));

	return (struct mn_str){ p, (size_t)((nl ? nl + 1 : end) - p) };
}

/* Appends the signatures of those root lines of a body whose keys we have. */
static void sign_body(struct mn_buf *out, size_t start, struct mn_id *digest)
{
	size_t end = out->len;
	struct mn_sig sig;
	struct mn_str l;
	struct mn_id key;

	mn_hash(digest, "mn:identity:1\n", out->p + start, end - start);
	for (size_t at = start; at < end; at += l.len) {
		l = line_at(out->p + at, out->p + end);
		if (!mn_str_starts(l, "root ") || l.len != 5 + 64 + 1 ||
		    mn_id_parse(&key, l.p + 5) < 0)
			continue;
		for (size_t i = 0; i < KEYS; i++) {
			if (memcmp(keys[i].b, key.b, 32))
				continue;
			mn_sign(&sig, secrets[i], "mn:identity-signature:1\n",
				digest->b, 32);
			add_signature(out, &keys[i], &sig);
			break;
		}
	}
}

static void put_right(struct mn_buf *out, struct mn_str text)
{
	const char *p = text.p, *end = text.p + text.len;
	size_t start = 0, docs = 0;
	struct mn_id digest = { { 0 } };

	for (struct mn_str l; p < end; p += l.len) {
		l = line_at(p, end);
		if (mn_str_starts(l, "mn-identity ") && p > text.p) {
			sign_body(out, start, &digest);
			start = out->len;
			if (++docs > 8)
				return;
		}
		if (mn_str_starts(l, "signature "))
			continue;
		if (!mn_str_starts(l, "previous ")) {
			mn_buf_addstr(out, l);
			continue;
		}
		mn_buf_adds(out, "previous ");
		mn_buf_addhex(out, digest.b, sizeof(digest.b));
		mn_buf_addc(out, '\n');
	}
	sign_body(out, start, &digest);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mn_str text = { (const char *)data, size };
	struct mn_buf b = MN_BUF_INIT;

	if (!secrets[0])
		make_keys();
	try(text);
	put_right(&b, text);
	try((struct mn_str){ b.p, b.len });
	mn_buf_release(&b);
	return 0;
}
