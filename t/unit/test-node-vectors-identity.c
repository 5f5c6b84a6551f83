/* The golden vectors of identity documents. */
#include "node/identity.h"

#include "vectors.h"

#include "banned.h"

static void is_id(const struct mn_id *id, const char *want, const char *what,
		  const char *name)
{
	char hex[MN_ID_HEX + 1];

	mn_id_hex(hex, id);
	is_str(hex, want, "%s: %s", name, what);
}

/* The documents written again; the signatures are taken over. */
static void put_again(struct mn_buf *out, const struct mn_identity *id)
{
	for (size_t i = 0; i < id->docs.n; i++) {
		const struct mn_identity_doc *d = &id->docs.p[i];

		mn_identity_encode(out, d, NULL, 0);
		for (size_t k = 0; k < d->nsigs; k++) {
			mn_buf_adds(out, "signature ");
			mn_buf_addhex(out, d->sigs[k].root.b, 32);
			mn_buf_addc(out, ' ');
			mn_buf_addhex(out, d->sigs[k].sig.b, MN_SIG_SIZE);
			mn_buf_addc(out, '\n');
		}
	}
}

/* Each beginning of the chain is a chain, which this one extends. */
static void check_beginnings(const struct mn_identity *id, const char *name)
{
	struct mn_identity part;
	size_t len;
	int good = 1;

	mn_identity_init(&part);
	for (size_t n = 1; n <= id->docs.n; n++) {
		len = n < id->docs.n
			? (size_t)(id->docs.p[n].body.p - id->text.p)
			: id->text.len;
		good &= mn_identity_parse(&part, (struct mn_str){ id->text.p,
				len }) == MN_RULE_NONE &&
			part.docs.n == n && mn_identity_extends(id, &part) &&
			mn_identity_extends(&part, id) == (n == id->docs.n) &&
			mn_id_eq(mn_identity_profile(id),
				 mn_identity_profile(&part)) &&
			mn_identity_find(id, &mn_identity_last(&part)->digest)
				== &id->docs.p[n - 1];
	}
	ok(good, "%s: extends each of its beginnings", name);
	mn_identity_release(&part);
}

static const struct mn_id_sealed *sealed_for(const struct mn_identity_doc *d,
					     const struct mn_pub *device)
{
	for (size_t i = 0; i < d->nsealed; i++)
		if (!memcmp(d->sealed[i].key.b, device->b, 32))
			return &d->sealed[i];
	return NULL;
}

static void check_opens(json_t *o, const struct mn_identity *id,
			const char *name)
{
	struct mn_buf seed = MN_BUF_INIT;
	unsigned char secret[32] = { 0 };
	const struct mn_id_sealed *s;
	char hex[MN_ID_HEX + 1];
	struct mn_secret *key;
	struct mn_pub pub;
	size_t n = number(o, "document");

	unhex(&seed, string(o, "device_seed"));
	key = mn_secret_from_seed((const unsigned char *)seed.p);
	mn_secret_pub(&pub, key);
	s = n < id->docs.n ? sealed_for(&id->docs.p[n], &pub) : NULL;
	if (ok(s && mn_unseal(secret, key, s->box, NULL) == 0,
	       "%s: document %zu opens", name, n)) {
		mn_hex_encode(hex, secret, sizeof(secret));
		is_str(hex, string(o, "secret"), "%s: to the secret", name);
	}
	mn_secret_free(key);
	mn_buf_release(&seed);
}

static void check_valid(json_t *v, const char *name, void *ctx)
{
	struct mn_buf blob = MN_BUF_INIT, again = MN_BUF_INIT;
	json_t *digests = field(v, "digests"), *opens;
	struct mn_identity id;

	(void)ctx;
	bytes(&blob, v);
	mn_identity_init(&id);
	if (!is_str(mn_rule_name(mn_identity_parse(&id, view(&blob))), "ok",
		    "%s: is read", name) ||
	    !is_int(id.docs.n, json_array_size(digests), "%s: documents", name))
		goto out;
	is_id(mn_identity_profile(&id), string(v, "profile"), "profile", name);
	for (size_t i = 0; i < id.docs.n; i++)
		is_id(&id.docs.p[i].digest,
		      json_string_value(json_array_get(digests, i)), "digest",
		      name);
	put_again(&again, &id);
	ok(!mn_str_cmp(view(&again), view(&blob)), "%s: the same bytes", name);
	ok(!mn_str_cmp(id.text, view(&blob)), "%s: keeps the text", name);
	check_beginnings(&id, name);
	opens = json_object_get(v, "opens");
	for (size_t i = 0; i < json_array_size(opens); i++)
		check_opens(json_array_get(opens, i), &id, name);
out:
	mn_identity_release(&id);
	mn_buf_release(&again);
	mn_buf_release(&blob);
}

static void check_invalid(json_t *v, const char *name, void *ctx)
{
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_identity id;
	enum mn_rule rule;
	struct mn_id profile;

	(void)ctx;
	bytes(&blob, v);
	mn_identity_init(&id);
	rule = mn_identity_parse(&id, view(&blob));
	if (rule == MN_RULE_NONE && json_object_get(v, "profile")) {
		unhex_id(&profile, string(v, "profile"));
		if (!mn_id_eq(mn_identity_profile(&id), &profile))
			rule = MN_RULE_IDENTITY_PROFILE;
	}
	is_str(mn_rule_name(rule), string(v, "error"), "%s", name);
	if (rule != MN_RULE_NONE && rule != MN_RULE_IDENTITY_PROFILE &&
	    (id.docs.n || id.text.p))
		ok(0, "%s: nothing is kept", name);
	mn_identity_release(&id);
	mn_buf_release(&blob);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	each_vector("identity-valid.jsonl", check_valid, NULL);
	each_vector("identity-invalid.jsonl", check_invalid, NULL);
	return done_testing();
}
