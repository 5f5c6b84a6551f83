#include "node/identity.h"

#include <string.h>

#include "base/date.h"
#include "base/hex.h"
#include "node/identity-rules.h"
#include "node/lines.h"

#include "banned.h"

static const char *const keys[] = {
	"mn-identity", "number", "previous", "time", "era", "epoch",
	"threshold", "root", "next-threshold", "next", "encryption", "device",
	"sealed", "cut", "signature", NULL
};

enum field {
	F_VERSION, F_NUMBER, F_PREVIOUS, F_TIME, F_ERA, F_EPOCH, F_THRESHOLD,
	F_ROOT, F_NEXT_THRESHOLD, F_NEXT, F_ENCRYPTION, F_DEVICE, F_SEALED,
	F_CUT, F_SIGNATURE, F_END
};

struct decoder {
	struct mn_lines l;
	struct mn_arena *arena;
	struct mn_identity_doc *d;
	enum mn_rule rule;
};

void mn_identity_init(struct mn_identity *id)
{
	memset(id, 0, sizeof(*id));
}

void mn_identity_release(struct mn_identity *id)
{
	mn_vec_release(&id->docs);
	mn_arena_release(&id->arena);
	mn_identity_init(id);
}

static int broken(struct decoder *d, enum mn_rule rule)
{
	d->rule = rule;
	return -1;
}

static int need(struct decoder *d, enum field f)
{
	if (keys[f] && mn_lines_is(&d->l, keys[f]))
		return 0;
	if (!d->l.key.p)
		return broken(d, MN_RULE_IDENTITY_MISSING);
	for (int i = 0; keys[i]; i++)
		if (mn_str_eq(d->l.key, keys[i]))
			return broken(d, i < (int)f ? MN_RULE_IDENTITY_ORDER
				      : MN_RULE_IDENTITY_MISSING);
	return broken(d, MN_RULE_IDENTITY_UNKNOWN);
}

static int read_number(struct decoder *d, enum field f, uint64_t *out,
		       uint64_t min, uint64_t max)
{
	if (need(d, f) < 0)
		return -1;
	if (mn_value_number(out, d->l.value, min, max) < 0)
		return broken(d, MN_RULE_IDENTITY_NUMBER);
	mn_lines_next(&d->l);
	return 0;
}

static int read_id(struct decoder *d, enum field f, struct mn_id *out)
{
	if (need(d, f) < 0)
		return -1;
	if (mn_value_id(out, d->l.value) < 0)
		return broken(d, MN_RULE_IDENTITY_DIGEST);
	mn_lines_next(&d->l);
	return 0;
}

/* "hex32 rest": the key, and v becomes the rest; a bare key if rest is not
 * wanted. */
static int cut_key(void *out32, struct mn_str *v, int rest)
{
	struct mn_str head = *v;
	struct mn_id id;

	if (rest && mn_value_cut(&head, v) < 0)
		return -1;
	if (mn_value_id(&id, head) < 0)
		return -1;
	memcpy(out32, id.b, sizeof(id.b));
	return 0;
}

/* Each reads one line's value into item; MN_RULE_NONE or what is wrong. */
static enum mn_rule item_key(void *item, struct mn_str v)
{
	return cut_key(item, &v, 0) < 0 ? MN_RULE_IDENTITY_DIGEST
					: MN_RULE_NONE;
}

static enum mn_rule item_device(void *item, struct mn_str v)
{
	struct mn_id_device *dev = item;

	if (cut_key(dev->key.b, &v, 1) < 0)
		return MN_RULE_IDENTITY_DIGEST;
	dev->label = v;
	return mn_value_text(v, MN_LABEL_MAX) < 0 ? MN_RULE_IDENTITY_LABEL
						  : MN_RULE_NONE;
}

static enum mn_rule item_sealed(void *item, struct mn_str v)
{
	struct mn_id_sealed *s = item;

	if (cut_key(s->key.b, &v, 1) < 0)
		return MN_RULE_IDENTITY_DIGEST;
	if (v.len != 2 * MN_SEALED_SIZE ||
	    mn_hex_decode(s->box, v.p, MN_SEALED_SIZE) < 0)
		return MN_RULE_IDENTITY_SEALED;
	return MN_RULE_NONE;
}

static enum mn_rule item_cut(void *item, struct mn_str v)
{
	struct mn_id_cut *c = item;
	struct mn_str era, seq;

	memset(&c->node, 0, sizeof(c->node));
	if (cut_key(c->key.b, &v, 1) < 0)
		return MN_RULE_IDENTITY_DIGEST;
	if (mn_value_cut(&era, &v) < 0)
		return MN_RULE_IDENTITY_CUT;
	if (mn_value_cut(&seq, &v) < 0) {
		seq = v;
		v = (struct mn_str){ NULL, 0 };
	}
	if (mn_value_number(&c->era, era, 0, MN_NUMBER_MAX) < 0 ||
	    mn_value_number(&c->seq, seq, 0, MN_NUMBER_MAX) < 0 ||
	    (c->seq == 0) != (v.p == NULL) ||
	    (v.p && mn_value_id(&c->node, v) < 0))
		return MN_RULE_IDENTITY_CUT;
	return MN_RULE_NONE;
}

static enum mn_rule item_signature(void *item, struct mn_str v)
{
	struct mn_id_signature *s = item;

	if (cut_key(s->root.b, &v, 1) < 0 || v.len != 2 * MN_SIG_SIZE ||
	    mn_hex_decode(s->sig.b, v.p, MN_SIG_SIZE) < 0)
		return MN_RULE_IDENTITY_SIGNATURE;
	return MN_RULE_NONE;
}

/*
 * Reads the lines of field f into an array in the arena. Items begin with
 * their 32-byte key, by which they ascend.
 */
static int read_items(struct decoder *d, enum field f, void *array, size_t *n,
		      size_t size, size_t min, size_t max,
		      enum mn_rule (*item)(void *, struct mn_str))
{
	struct mn_lines ahead = d->l;
	unsigned char *items;
	enum mn_rule rule;
	size_t count = 0;

	for (; mn_lines_is(&ahead, keys[f]) && count < max; count++)
		mn_lines_next(&ahead);
	if (count < min)
		return need(d, f);
	items = mn_arena_alloc(d->arena, count * size + 1);
	for (*n = 0; *n < count; ++*n) {
		rule = item(items + *n * size, d->l.value);
		if (rule != MN_RULE_NONE)
			return broken(d, rule);
		if (*n && memcmp(items + (*n - 1) * size, items + *n * size,
				 32) >= 0)
			return broken(d, MN_RULE_IDENTITY_ASCENDING);
		mn_lines_next(&d->l);
	}
	if (mn_lines_is(&d->l, keys[f]))
		return broken(d, MN_RULE_IDENTITY_LIMIT);
	memcpy(array, &items, sizeof(items));
	return 0;
}

static int read_head(struct decoder *d)
{
	struct mn_identity_doc *doc = d->d;

	if (need(d, F_VERSION) < 0)
		return -1;
	if (!mn_str_eq(d->l.value, "1"))
		return broken(d, MN_RULE_IDENTITY_VERSION);
	mn_lines_next(&d->l);
	if (read_number(d, F_NUMBER, &doc->number, 0,
			MN_IDENTITY_DOCS_MAX - 1) < 0)
		return -1;
	if (doc->number && read_id(d, F_PREVIOUS, &doc->previous) < 0)
		return -1;
	if (read_number(d, F_TIME, &doc->time, 0, MN_DATE_MAX) < 0 ||
	    read_number(d, F_ERA, &doc->era, 0, MN_NUMBER_MAX) < 0 ||
	    read_number(d, F_EPOCH, &doc->epoch, 0, MN_NUMBER_MAX) < 0)
		return -1;
	return 0;
}

static int read_lists(struct decoder *d)
{
	struct mn_identity_doc *doc = d->d;

	if (read_number(d, F_THRESHOLD, &doc->threshold, 1,
			MN_NUMBER_MAX) < 0 ||
	    read_items(d, F_ROOT, &doc->roots, &doc->nroots,
		       sizeof(*doc->roots), 1, MN_ROOTS_MAX, item_key) < 0 ||
	    read_number(d, F_NEXT_THRESHOLD, &doc->next_threshold, 1,
			MN_NUMBER_MAX) < 0 ||
	    read_items(d, F_NEXT, &doc->next, &doc->nnext,
		       sizeof(*doc->next), 1, MN_ROOTS_MAX, item_key) < 0 ||
	    read_id(d, F_ENCRYPTION, &doc->encryption) < 0 ||
	    read_items(d, F_DEVICE, &doc->devices, &doc->ndevices,
		       sizeof(*doc->devices), 0, MN_DEVICES_MAX,
		       item_device) < 0 ||
	    read_items(d, F_SEALED, &doc->sealed, &doc->nsealed,
		       sizeof(*doc->sealed), 0, MN_DEVICES_MAX,
		       item_sealed) < 0 ||
	    read_items(d, F_CUT, &doc->cuts, &doc->ncuts,
		       sizeof(*doc->cuts), 0, MN_CUTS_MAX, item_cut) < 0)
		return -1;
	return 0;
}

static enum mn_rule parse_doc(struct mn_identity *id, struct mn_str text)
{
	struct mn_identity_doc *doc = mn_vec_push(&id->docs);
	struct decoder d = { .arena = &id->arena, .d = doc };

	memset(doc, 0, sizeof(*doc));
	if (text.len > MN_IDENTITY_DOC_MAX)
		return MN_RULE_IDENTITY_SIZE;
	mn_lines_start(&d.l, text);
	if (read_head(&d) < 0 || read_lists(&d) < 0)
		return d.rule;
	doc->body = (struct mn_str){ text.p, (size_t)(d.l.p - text.p) };
	mn_hash(&doc->digest, "mn:identity:1\n", doc->body.p, doc->body.len);
	if (read_items(&d, F_SIGNATURE, &doc->sigs, &doc->nsigs,
		       sizeof(*doc->sigs), 1, MN_ROOTS_MAX,
		       item_signature) < 0)
		return d.rule;
	if (d.l.key.p && need(&d, F_END) < 0)
		return d.rule;
	return mn_identity_check_doc(doc);
}

/* The bytes up to the next line that begins a document. */
static size_t doc_size(struct mn_str text)
{
	static const char mark[] = "mn-identity ";
	const char *p = text.p, *end = text.p + text.len;

	for (;;) {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p || ++p == end)
			return text.len;
		if ((size_t)(end - p) >= sizeof(mark) - 1 &&
		    !memcmp(p, mark, sizeof(mark) - 1))
			return (size_t)(p - text.p);
	}
}

static enum mn_rule parse_docs(struct mn_identity *id)
{
	struct mn_str rest = id->text;

	while (rest.len) {
		size_t n = doc_size(rest);
		enum mn_rule rule;

		rule = parse_doc(id, (struct mn_str){ rest.p, n });
		if (rule != MN_RULE_NONE)
			return rule;
		rest.p += n;
		rest.len -= n;
	}
	return mn_identity_check_chain(id);
}

enum mn_rule mn_identity_parse(struct mn_identity *id, struct mn_str blob)
{
	enum mn_rule rule;

	mn_identity_release(id);
	if (!blob.len || blob.len > MN_IDENTITY_MAX)
		return MN_RULE_IDENTITY_SIZE;
	switch (mn_lines_check(blob)) {
	case MN_LINES_UTF8:
		return MN_RULE_IDENTITY_UTF8;
	case MN_LINES_CONTROL:
		return MN_RULE_IDENTITY_CONTROL;
	case MN_LINES_LINE:
		return MN_RULE_IDENTITY_LINE;
	case MN_LINES_OK:
		break;
	}
	id->text = mn_arena_str(&id->arena, blob);
	rule = parse_docs(id);
	if (rule != MN_RULE_NONE)
		mn_identity_release(id);
	return rule;
}

const struct mn_id *mn_identity_profile(const struct mn_identity *id)
{
	return &id->docs.p[0].digest;
}

const struct mn_identity_doc *mn_identity_last(const struct mn_identity *id)
{
	return &id->docs.p[id->docs.n - 1];
}

const struct mn_identity_doc *mn_identity_find(const struct mn_identity *id,
					       const struct mn_id *digest)
{
	for (size_t i = id->docs.n; i-- > 0;)
		if (mn_id_eq(&id->docs.p[i].digest, digest))
			return &id->docs.p[i];
	return NULL;
}

int mn_identity_extends(const struct mn_identity *a,
			const struct mn_identity *b)
{
	if (b->docs.n > a->docs.n)
		return 0;
	/* a digest covers the digests of all documents before it */
	return mn_id_eq(&a->docs.p[b->docs.n - 1].digest,
			&mn_identity_last(b)->digest);
}

const struct mn_id_device *mn_identity_device(const struct mn_identity_doc *d,
					      const struct mn_pub *key)
{
	for (size_t i = 0; i < d->ndevices; i++)
		if (!memcmp(d->devices[i].key.b, key->b, sizeof(key->b)))
			return &d->devices[i];
	return NULL;
}

const struct mn_id_cut *mn_identity_cut(const struct mn_identity_doc *d,
					const struct mn_pub *key)
{
	for (size_t i = 0; i < d->ncuts; i++)
		if (!memcmp(d->cuts[i].key.b, key->b, sizeof(key->b)))
			return &d->cuts[i];
	return NULL;
}

int mn_identity_voids(const struct mn_identity_doc *d,
		      const struct mn_pub *device, uint64_t era, uint64_t seq)
{
	const struct mn_id_cut *cut = mn_identity_cut(d, device);

	return cut && (era != cut->era || seq > cut->seq);
}
