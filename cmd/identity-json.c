/* identity-json: a document as JSON, for mn identity show; see identity.c. */
#include <string.h>

#include "identity-view.h"
#include "out/json.h"
#include "banned.h"

/* A device that was cut still has a name in the documents before. */
struct mn_str mn_identity_old_label(const struct mn_identity *id,
			       const struct mn_pub *key)
{
	const struct mn_id_device *dev;

	for (size_t i = id->docs.n; i--;) {
		dev = mn_identity_device(&id->docs.p[i], key);
		if (dev)
			return dev->label;
	}
	return (struct mn_str){ NULL, 0 };
}

int mn_identity_is_here(const struct mn_identity_view *s, const struct mn_pub *key)
{
	return s->has_device && !memcmp(s->device.b, key->b, sizeof(key->b));
}

static void put_hex(struct mn_json *j, const char *key, const unsigned char *b)
{
	mn_json_key(j, key);
	mn_json_hex(j, b, 32);
}

static void put_uint(struct mn_json *j, const char *key, uint64_t n)
{
	mn_json_key(j, key);
	mn_json_uint(j, n);
}

static void json_devices(struct mn_json *j, const struct mn_identity_view *s,
			 const struct mn_identity_doc *d)
{
	mn_json_key(j, "devices");
	mn_json_open(j, '[');
	for (size_t i = 0; i < d->ndevices; i++) {
		const struct mn_pub *key = &d->devices[i].key;
		int sealed = 0;

		for (size_t k = 0; k < d->nsealed; k++)
			sealed |= !memcmp(d->sealed[k].key.b, key->b,
					  sizeof(key->b));
		mn_json_open(j, '{');
		put_hex(j, "device", key->b);
		mn_json_add(j, "label", d->devices[i].label);
		mn_json_key(j, "sealed");
		mn_json_bool(j, sealed);
		mn_json_key(j, "here");
		mn_json_bool(j, mn_identity_is_here(s, key));
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
	mn_json_key(j, "removed");
	mn_json_open(j, '[');
	for (size_t i = 0; i < d->ncuts; i++) {
		const struct mn_id_cut *cut = &d->cuts[i];

		mn_json_open(j, '{');
		put_hex(j, "device", cut->key.b);
		mn_json_add(j, "label", mn_identity_old_label(&s->p->identity, &cut->key));
		put_uint(j, "era", cut->era);
		put_uint(j, "seq", cut->seq);
		if (cut->seq)
			put_hex(j, "node", cut->node.b);
		mn_json_close(j, '}');
	}
	mn_json_close(j, ']');
}

static void json_roots(struct mn_json *j, const struct mn_identity_doc *d)
{
	put_uint(j, "threshold", d->threshold);
	mn_json_key(j, "roots");
	mn_json_open(j, '[');
	for (size_t i = 0; i < d->nroots; i++)
		mn_json_hex(j, d->roots[i].b, sizeof(d->roots[i].b));
	mn_json_close(j, ']');
	put_uint(j, "next-threshold", d->next_threshold);
	mn_json_key(j, "next");
	mn_json_open(j, '[');
	for (size_t i = 0; i < d->nnext; i++)
		mn_json_hex(j, d->next[i].b, sizeof(d->next[i].b));
	mn_json_close(j, ']');
}

void mn_identity_json(struct mn_identity_view *s, const struct mn_identity_doc *d,
		      int newest)
{
	static const char *const words[] = {
		[MN_ROOT_NOT_KEPT] = "no", [MN_ROOT_KEPT] = "yes", [MN_ROOT_KEPT_WRAPPED] = "wrapped",
		[MN_ROOT_KEPT_VOID] = "void",
	};
	struct mn_json j = { &s->out, 0 };

	mn_json_open(&j, '{');
	mn_json_add(&j, "profile", mn_str(s->p->hex));
	if (s->name)
		mn_json_add(&j, "name", mn_str(s->name));
	put_uint(&j, "number", d->number);
	put_hex(&j, "digest", d->digest.b);
	if (d->number)
		put_hex(&j, "previous", d->previous.b);
	put_uint(&j, "time", d->time);
	put_uint(&j, "era", d->era);
	put_uint(&j, "epoch", d->epoch);
	json_roots(&j, d);
	put_hex(&j, "encryption", d->encryption.b);
	json_devices(&j, s, d);
	mn_json_key(&j, "signatures");
	mn_json_open(&j, '[');
	for (size_t i = 0; i < d->nsigs; i++)
		mn_json_hex(&j, d->sigs[i].root.b, sizeof(d->sigs[i].root.b));
	mn_json_close(&j, ']');
	mn_json_key(&j, "newest");
	mn_json_bool(&j, newest);
	if (newest)
		mn_json_add(&j, "root-kept", mn_str(words[s->root]));
	mn_json_close(&j, '}');
	mn_buf_addc(&s->out, '\n');
}
