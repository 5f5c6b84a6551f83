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
	unsigned may_miss;
	unsigned missing;			/* of the node at hand */
	_Atomic uint64_t *left;			/* of the budget, or NULL */
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

void mn_verifier_allow_missing(struct mn_verifier *v, unsigned parts)
{
	v->may_miss = parts;
}

unsigned mn_verifier_missing(const struct mn_verifier *v)
{
	return v->missing;
}

void mn_verifier_budget(struct mn_verifier *v, _Atomic uint64_t *left)
{
	v->left = left;
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

/* The first n documents of those that are known. */
static void borrow_first(struct cached_identity *c,
			 const struct mn_identity *known, size_t n)
{
	const char *end = n < known->docs.n ? known->docs.p[n].body.p
		: known->text.p + known->text.len;

	c->identity.docs.p = known->docs.p;
	c->identity.docs.n = n;
	c->identity.text = (struct mn_str){
		known->text.p, (size_t)(end - known->text.p) };
	c->borrowed = 1;
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
	borrow_first(c, known, n);
	return 1;
}

/*
 * The blob is not here: whether it must hold the known documents up to the one
 * that the node's meta names. 0, or MN_ENOTFOUND.
 */
static int rebuild_identity(const struct mn_verifier *v,
			    struct cached_identity *c,
			    const struct mn_oid *oid,
			    const struct mn_id *digest)
{
	const struct mn_identity_doc *doc = NULL;
	struct mn_oid is;

	if (v->known)
		doc = mn_identity_find(v->known, digest);
	if (!doc)
		return MN_ENOTFOUND;
	borrow_first(c, v->known, (size_t)(doc - v->known->docs.p) + 1);
	mn_oid_of(&is, MN_BLOB, c->identity.text.p, c->identity.text.len);
	c->rule = MN_RULE_NONE;
	if (mn_oid_eq(&is, oid))
		return 0;
	forget(c);
	return MN_ENOTFOUND;
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

/* Reads the blob of an identity, or knows what it holds. */
static int fill_identity(struct mn_verifier *v, const struct mn_node *n,
			 struct cached_identity *c, struct mn_err *err)
{
	struct mn_object o;
	int r = mn_reader_read(v->rd, &o, &n->tree.identity, MN_IDENTITY_MAX,
			       err);

	if (r == MN_ENOTFOUND && v->may_miss) {
		r = rebuild_identity(v, c, &n->tree.identity,
				     &n->meta.identity);
		if (r == 0)
			mn_err_clear(err);
		return r;
	}
	if (r < 0 && r != MN_ELIMIT)
		return r;
	if (r == MN_ELIMIT)
		c->rule = MN_RULE_IDENTITY_SIZE;
	else if (o.type != MN_BLOB)
		c->rule = MN_RULE_CARRIER_TREE;
	else
		c->rule = take_identity(v, c,
					(struct mn_str){ o.data, o.len });
	return 0;
}

static int load_identity(struct mn_verifier *v, const struct mn_node *n,
			 struct cached_identity **out, struct mn_err *err)
{
	const struct mn_oid *oid = &n->tree.identity;
	struct cached_identity *c;
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
	r = fill_identity(v, n, c, err);
	if (r < 0)
		return r;
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

static int is_listed(const struct mn_identity *known,
		     const struct mn_pub *device)
{
	for (size_t i = 0; known && i < known->docs.n; i++)
		if (mn_identity_device(&known->docs.p[i], device))
			return 1;
	return 0;
}

/* What can be said of a node whose carrier alone is here. */
static enum mn_rule check_alone(struct mn_verifier *v, struct mn_node *n)
{
	const struct mn_carrier *c = &n->carrier;

	v->missing = MN_MISSING_META;
	n->id = c->node;
	if (!is_listed(v->known, &c->device))
		return MN_RULE_DEVICE_UNLISTED;
	if (!mn_verify(&c->sig, &c->device, MN_NODE_SIGN_PREFIX, n->id.b,
		       sizeof(n->id.b)))
		return MN_RULE_SIGNATURE;
	return MN_RULE_NONE;
}

static int check_contents(struct mn_verifier *v, const struct mn_node *n,
			  enum mn_rule *rule, struct mn_err *err)
{
	int missing = 0, r;

	if (v->skip_contents)
		return 0;
	r = mn_verify_contents(v->rd, n, v->left,
			       v->may_miss & MN_MISSING_CONTENTS
			       ? &missing : NULL, rule, err);
	if (missing)
		v->missing |= MN_MISSING_CONTENTS;
	return r;
}

int mn_verify_node(struct mn_verifier *v, struct mn_node *n,
		   const struct mn_oid *oid, enum mn_rule *rule,
		   struct mn_err *err)
{
	struct cached_identity *c = NULL;
	enum mn_rule broke;
	int r;

	v->doc = NULL;
	v->missing = 0;
	r = mn_node_load(n, v->rd, oid, rule, err);
	if (r == 0 && n->carrier.is_merge)
		return 0;
	if (r == 0)
		r = load_identity(v, n, &c, err);
	if (r == MN_ENOTFOUND && (v->may_miss & MN_MISSING_META) &&
	    n->loaded != MN_NODE_NOTHING) {
		mn_err_clear(err);
		broke = check_alone(v, n);
		return broke == MN_RULE_NONE ? 0 : broken(rule, broke, err);
	}
	if (r < 0)
		return r;
	broke = check_author(v, n, c);
	if (broke == MN_RULE_NONE)
		broke = check_carrier(v, n);
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	r = check_contents(v, n, rule, err);
	if (r < 0)
		return r;
	broke = check_known(v, n, &c->identity);
	if (broke != MN_RULE_NONE)
		return broken(rule, broke, err);
	return 0;
}
