#include "node/verify.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

/* Identities parsed last, by the name of their blob. A profile has few. */
#define CACHE_SIZE 16
#define CACHE_LARGE (128u << 10)	/* bytes; of larger ones one is kept */

struct cached_identity {
	struct mn_oid oid;
	int used;
	int borrowed;			/* its documents are of the known one */
	enum mn_rule rule;
	struct mn_identity identity;
};

struct mn_verifier {
	struct mn_reader *rd;
	struct mn_id profile;
	const struct mn_identity *known;
	struct cached_identity cache[CACHE_SIZE];
	unsigned next;				/* to be replaced */
	int skip_contents;
	const struct mn_identity_doc *doc;	/* of the node at hand */
	struct mn_buf scratch;
};

struct mn_verifier *mn_verifier_new(struct mn_reader *rd,
				    const struct mn_id *profile,
				    const struct mn_identity *known)
{
	struct mn_verifier *v = mn_xcalloc(1, sizeof(*v));

	v->rd = rd;
	v->profile = *profile;
	v->known = known;
	mn_buf_init(&v->scratch);
	return v;
}

static void forget(struct cached_identity *c)
{
	if (c->borrowed)
		mn_identity_init(&c->identity);
	else
		mn_identity_release(&c->identity);
	c->borrowed = c->used = 0;
}

void mn_verifier_free(struct mn_verifier *v)
{
	if (!v)
		return;
	for (size_t i = 0; i < CACHE_SIZE; i++)
		forget(&v->cache[i]);
	mn_buf_release(&v->scratch);
	free(v);
}

void mn_verifier_skip_contents(struct mn_verifier *v)
{
	v->skip_contents = 1;
}

const struct mn_identity_doc *mn_verifier_doc(const struct mn_verifier *v)
{
	return v->doc;
}

static int broken(enum mn_rule *out, enum mn_rule rule, struct mn_err *err)
{
	if (out)
		*out = rule;
	return mn_err_set(err, MN_EINVALID, "%s (%s)", mn_rule_words(rule),
			  mn_rule_name(rule));
}

/*
 * The first documents of those that are known need no second check, which
 * can take a second for a long list. 1 if blob is just that.
 */
static int borrow(struct cached_identity *c, const struct mn_identity *known,
		  struct mn_str blob)
{
	const char *end;
	size_t n = 0;

	if (!known || !blob.len || blob.len > known->text.len ||
	    memcmp(blob.p, known->text.p, blob.len))
		return 0;
	end = known->text.p + blob.len;
	while (n < known->docs.n && known->docs.p[n].body.p < end)
		n++;
	if (end != (n < known->docs.n ? known->docs.p[n].body.p
		    : known->text.p + known->text.len))
		return 0;
	c->identity.docs.p = known->docs.p;
	c->identity.docs.n = n;
	c->identity.text = (struct mn_str){ known->text.p, blob.len };
	c->borrowed = 1;
	return 1;
}

static enum mn_rule take_identity(struct mn_verifier *v,
				  struct cached_identity *c,
				  struct mn_str blob)
{
	if (borrow(c, v->known, blob))
		return MN_RULE_NONE;
	for (size_t i = 0; blob.len > CACHE_LARGE && i < CACHE_SIZE; i++)
		forget(&v->cache[i]);
	return mn_identity_parse(&c->identity, blob);
}

static int load_identity(struct mn_verifier *v, const struct mn_oid *oid,
			 struct cached_identity **out, struct mn_err *err)
{
	struct cached_identity *c;
	struct mn_object o;
	int r;

	for (size_t i = 0; i < CACHE_SIZE; i++) {
		c = &v->cache[i];
		if (c->used && mn_oid_eq(&c->oid, oid)) {
			*out = c;
			return 0;
		}
	}
	c = &v->cache[v->next++ % CACHE_SIZE];
	forget(c);
	r = mn_reader_read(v->rd, &o, oid, MN_IDENTITY_MAX, err);
	if (r < 0 && r != MN_ELIMIT)
		return r;
	if (r == MN_ELIMIT)
		c->rule = MN_RULE_IDENTITY_SIZE;
	else if (o.type != MN_BLOB)
		c->rule = MN_RULE_CARRIER_TREE;
	else
		c->rule = take_identity(v, c,
					(struct mn_str){ o.data, o.len });
	c->oid = *oid;
	c->used = 1;
	*out = c;
	return 0;
}

/* profile, identity, device, era: who says it, and may they */
static enum mn_rule check_author(struct mn_verifier *v, const struct mn_node *n,
				 const struct cached_identity *c)
{
	const struct mn_identity_doc *doc;

	if (!mn_id_eq(&n->meta.profile, &v->profile))
		return MN_RULE_PROFILE;
	if (c->rule != MN_RULE_NONE)
		return c->rule;
	if (!mn_id_eq(mn_identity_profile(&c->identity), &v->profile))
		return MN_RULE_IDENTITY_PROFILE;
	doc = mn_identity_last(&c->identity);
	if (!mn_id_eq(&doc->digest, &n->meta.identity))
		return MN_RULE_IDENTITY_LAST;
	if (!mn_identity_device(doc, &n->meta.device))
		return MN_RULE_DEVICE_UNLISTED;
	if (doc->era != n->meta.era)
		return MN_RULE_ERA;
	v->doc = doc;
	if (!mn_verify(&n->carrier.sig, &n->meta.device, MN_NODE_SIGN_PREFIX,
		       n->id.b, sizeof(n->id.b)))
		return MN_RULE_SIGNATURE;
	return MN_RULE_NONE;
}

/* The commit is made anew from all that is known of the node. */
static enum mn_rule check_carrier(struct mn_verifier *v,
				  const struct mn_node *n)
{
	struct mn_oid parents[MN_PARENTS_MAX];
	struct mn_carrier_parts parts = {
		.tree = &n->carrier.tree, .parents = parents, .node = &n->id,
		.sig = &n->carrier.sig, .present = n->carrier.present,
		.salts = n->carrier.salts,
	};
	size_t count = n->meta.ncontents;

	if (n->carrier.stray_salt ||
	    (count < MN_CONTENTS_MAX && n->carrier.present >> count))
		return MN_RULE_CARRIER_SALT;
	if (n->carrier.nparents != n->meta.nparents)
		return MN_RULE_CARRIER_MISMATCH;
	for (size_t i = 0; i < n->carrier.nparents; i++)
		mn_carrier_parent(&parents[i], &n->carrier, i);
	mn_buf_clear(&v->scratch);
	mn_carrier_encode(&v->scratch, &n->meta, &parts);
	if (v->scratch.len != n->commit_text.len ||
	    memcmp(v->scratch.p, n->commit_text.p, v->scratch.len))
		return MN_RULE_CARRIER_MISMATCH;
	if (!n->tree_ok || n->tree.present != n->carrier.present)
		return MN_RULE_CARRIER_TREE;
	return MN_RULE_NONE;
}

/* Against a newer identity than the node's own. */
static enum mn_rule check_known(const struct mn_verifier *v,
				const struct mn_node *n,
				const struct mn_identity *own)
{
	const struct mn_identity_doc *last;
	const struct mn_id_cut *cut;

	if (!v->known)
		return MN_RULE_NONE;
	if (!mn_identity_extends(v->known, own))
		return mn_identity_extends(own, v->known)
			? MN_RULE_NONE : MN_RULE_IDENTITY_FORK;
	last = mn_identity_last(v->known);
	if (last->era > n->meta.era)
		return MN_RULE_ERA_OLD;
	cut = mn_identity_cut(last, &n->meta.device);
	if (cut && (cut->era != n->meta.era || n->meta.seq > cut->seq))
		return MN_RULE_DEVICE_CUT;
	return MN_RULE_NONE;
}

int mn_verify_node(struct mn_verifier *v, struct mn_node *n,
		   const struct mn_oid *oid, enum mn_rule *rule,
		   struct mn_err *err)
{
	struct cached_identity *c;
	enum mn_rule broke;
	int r;

	v->doc = NULL;
	r = mn_node_load(n, v->rd, oid, rule, err);
	if (r < 0 || n->carrier.is_merge)
		return r;
	r = load_identity(v, &n->tree.identity, &c, err);
	if (r < 0)
		return r;
	broke = check_author(v, n, c);
	if (broke == MN_RULE_NONE)
		broke = check_carrier(v, n);
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	if (!v->skip_contents)
		r = mn_verify_contents(v->rd, n, rule, err);
	if (r < 0)
		return r;
	broke = check_known(v, n, &c->identity);
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	return 0;
}
