/*
 * The golden vectors of whole nodes: their objects are put into a
 * repository and verified there. What the verifier has beside the node, by
 * t/vectors/README, is loaded from node-valid.jsonl.
 */
#include "node/links.h"
#include "node/verify.h"

#include "node-store.h"
#include "vectors.h"

#include "banned.h"

struct world {
	struct test_store s;
	json_t *pool;			/* name -> vector of node-valid */
	json_t *by_node;		/* node id -> name */
};

static void put_chunked(struct test_store *s, const struct mn_salt *salt,
			const struct mn_buf *data)
{
	size_t n = (size_t)mn_content_chunks(data->len);
	struct mn_oid *oids = mn_xcalloc(n, sizeof(*oids)), list, oid;
	struct mn_buf digests = MN_BUF_INIT, tree = MN_BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		const char *p = data->p + i * MN_CHUNK_SIZE;
		size_t len = i + 1 < n ? MN_CHUNK_SIZE
				: data->len - i * MN_CHUNK_SIZE;
		struct mn_id id;

		mn_content_digest(&id, salt, p, len);
		mn_buf_add(&digests, id.b, sizeof(id.b));
		store_put(s, &oids[i], MN_BLOB, p, len);
	}
	store_put(s, &list, MN_BLOB, digests.p, digests.len);
	mn_chunk_tree_encode(&tree, oids, n, &list);
	store_put(s, &oid, MN_TREE, tree.p, tree.len);
	mn_buf_release(&tree);
	mn_buf_release(&digests);
	free(oids);
}

static void put_hex(struct test_store *s, json_t *v, const char *key,
		    enum mn_otype type)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_oid oid;

	unhex(&b, string(v, key));
	store_put(s, &oid, type, b.p, b.len);
	mn_buf_release(&b);
}

static void put_contents(struct test_store *s, json_t *v)
{
	json_t *list = field(v, "contents"), *item;
	struct mn_buf commit = MN_BUF_INIT, data = MN_BUF_INIT;
	struct mn_carrier c;
	struct mn_oid oid;
	int parsed;

	unhex(&commit, string(v, "commit"));
	parsed = mn_carrier_parse(&c, view(&commit)) == MN_RULE_NONE;
	for (size_t i = 0; i < json_array_size(list); i++) {
		item = json_array_get(list, i);
		if (json_is_null(item))
			continue;
		mn_buf_clear(&data);
		bytes(&data, item);
		if (!mn_content_is_chunked(data.len))
			store_put(s, &oid, MN_BLOB, data.p, data.len);
		else if (parsed)
			put_chunked(s, &c.salts[i], &data);
	}
	mn_buf_release(&data);
	mn_buf_release(&commit);
}

static void put_node(json_t *v, const char *name, void *ctx)
{
	struct world *w = ctx;

	(void)name;
	put_hex(&w->s, v, "commit", MN_COMMIT);
	put_hex(&w->s, v, "tree", MN_TREE);
	put_hex(&w->s, v, "meta", MN_BLOB);
	put_hex(&w->s, v, "identity", MN_BLOB);
	put_contents(&w->s, v);
}

static void put_valid(json_t *v, const char *name, void *ctx)
{
	struct world *w = ctx;

	put_node(v, name, w);
	json_object_set(w->pool, name, v);
	if (!json_object_get(w->by_node, string(v, "node")))
		json_object_set_new(w->by_node, string(v, "node"),
				    json_string(name));
}

/* Verifies the node of a vector; it stays in n. */
static enum mn_rule verify(const struct world *w, json_t *v, struct mn_node *n,
			   const struct mn_identity *known, uint64_t *number)
{
	struct mn_err err = MN_ERR_INIT;
	enum mn_rule rule = MN_RULE_NONE;
	struct mn_verifier *verifier;
	struct mn_id profile;
	struct mn_oid oid;
	int r;

	unhex_id(&profile, string(v, "profile"));
	if (mn_oid_parse(&oid, string(v, "commit_oid")) < 0)
		abort();
	verifier = mn_verifier_new(w->s.rd, &profile, known);
	r = mn_verify_node(verifier, n, &oid, &rule, &err);
	if (r == 0 && n->carrier.is_merge)
		rule = MN_RULE_CARRIER_PARSE;	/* no content node */
	else if (r == 0)
		*number = mn_verifier_doc(verifier)->number;
	else if (r != MN_EINVALID || rule == MN_RULE_NONE)
		ok(0, "%s: %d %s", string(v, "name"), r, err.msg);
	mn_verifier_free(verifier);
	return rule;
}

/* Adds a node of the pool, by name. */
static void add(const struct world *w, struct mn_links *l, const char *name)
{
	json_t *v = field(w->pool, name);
	struct mn_node n;
	uint64_t number = 0;

	mn_node_init(&n);
	if (verify(w, v, &n, NULL, &number) != MN_RULE_NONE)
		abort();
	mn_links_add(l, &n, number);
	mn_node_release(&n);
}

static void add_named(const struct world *w, struct mn_links *l, json_t *v,
		      const char *key)
{
	json_t *names = json_object_get(v, key);

	if (json_is_string(names))
		add(w, l, json_string_value(names));
	for (size_t i = 0; i < json_array_size(names); i++)
		add(w, l, json_string_value(json_array_get(names, i)));
}

/* Adds the nodes below those that are there. */
static void add_ancestors(const struct world *w, struct mn_links *l)
{
	char hex[MN_ID_HEX + 1];

	for (size_t i = 0; i < l->parents.n; i++) {
		const char *name;

		mn_id_hex(hex, &l->parents.p[i].node);
		name = json_string_value(json_object_get(w->by_node, hex));
		if (name)
			add(w, l, name);
	}
}

/* The node among others; it is added first, or last. */
static enum mn_rule check_links(const struct world *w, json_t *v,
				const struct mn_node *n, uint64_t number,
				const struct mn_identity *known, int first)
{
	struct mn_links l;
	enum mn_rule rule;

	mn_links_init(&l, known);
	if (first)
		mn_links_add(&l, n, number);
	add_named(w, &l, v, "chain");
	add_named(w, &l, v, "parents");
	add_named(w, &l, v, "prev_node");
	add_named(w, &l, v, "skip_node");
	add_named(w, &l, v, "other_node");
	mn_links_add(&l, n, number);
	if (!json_object_get(v, "parents"))
		add_ancestors(w, &l);
	mn_links_mark_cuts(&l);
	rule = mn_links_check(&l, mn_links_find(&l, &n->id));
	mn_links_release(&l);
	return rule;
}

static enum mn_rule check(const struct world *w, json_t *v)
{
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_identity known, *k = NULL;
	enum mn_rule rule, second;
	uint64_t number = 0;
	struct mn_node n;

	mn_node_init(&n);
	mn_identity_init(&known);
	if (json_object_get(v, "known_identity")) {
		unhex(&blob, string(v, "known_identity"));
		if (mn_identity_parse(&known, view(&blob)) != MN_RULE_NONE)
			abort();
		k = &known;
	}
	rule = verify(w, v, &n, k, &number);
	if (rule == MN_RULE_NONE) {
		rule = check_links(w, v, &n, number, k, 0);
		second = check_links(w, v, &n, number, k, 1);
		is_int(second, rule, "%s: whenever it came", string(v, "name"));
	}
	mn_identity_release(&known);
	mn_node_release(&n);
	mn_buf_release(&blob);
	return rule;
}

/* Makes tree and commit anew. */
static void check_encode(const struct world *w, json_t *v, const char *name)
{
	struct mn_buf commit = MN_BUF_INIT, tree = MN_BUF_INIT;
	struct mn_oid parents[MN_PARENTS_MAX], oid;
	struct mn_err err = MN_ERR_INIT;
	char hex[MN_ID_HEX + 1];
	struct mn_node n;

	mn_node_init(&n);
	if (mn_oid_parse(&oid, string(v, "commit_oid")) < 0)
		abort();
	if (!is_int(mn_node_load(&n, w->s.rd, &oid, NULL, &err), 0,
		    "%s: loads %s", name, err.msg))
		goto out;
	for (size_t i = 0; i < n.carrier.nparents; i++)
		mn_carrier_parent(&parents[i], &n.carrier, i);
	mn_carrier_encode(&commit, &n.meta, &(struct mn_carrier_parts){
		&n.carrier.tree, parents, &n.id, &n.carrier.sig,
		n.carrier.present, n.carrier.salts });
	mn_carrier_tree_encode(&tree, &n.meta, &n.tree);
	ok(!mn_str_cmp(view(&commit), view(&n.commit_text)),
	   "%s: the same commit", name);
	ok(!mn_str_cmp(view(&tree), view(&n.tree_text)), "%s: the same tree",
	   name);
	mn_id_hex(hex, &n.id);
	is_str(hex, string(v, "node"), "%s: node id", name);
out:
	mn_node_release(&n);
	mn_buf_release(&tree);
	mn_buf_release(&commit);
}

static void check_valid(json_t *v, const char *name, void *ctx)
{
	is_str(mn_rule_name(check(ctx, v)), "ok", "%s", name);
	check_encode(ctx, v, name);
}

static int is_blob(const struct mn_oid *oid, json_t *v, const char *key)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_oid blob;

	unhex(&b, string(v, key));
	mn_oid_of(&blob, MN_BLOB, b.p, b.len);
	mn_buf_release(&b);
	return mn_oid_eq(&blob, oid);
}

/* Whether the tree names another meta or identity than the vector gives. */
static int names_others(json_t *v)
{
	struct mn_buf tree = MN_BUF_INIT;
	struct mn_carrier_tree t;
	int r;

	unhex(&tree, string(v, "tree"));
	r = mn_carrier_tree_find(&t, view(&tree)) == 0 &&
		(!is_blob(&t.meta, v, "meta") ||
		 !is_blob(&t.identity, v, "identity"));
	mn_buf_release(&tree);
	return r;
}

/*
 * Here meta and identity are what the tree names, so for a tree that names
 * others than the vector has, the first rule that those break is found.
 */
static void check_invalid(json_t *v, const char *name, void *ctx)
{
	enum mn_rule rule = check(ctx, v);

	if (names_others(v) && (rule == MN_RULE_META_SIZE ||
				rule == MN_RULE_IDENTITY_SIZE))
		rule = MN_RULE_CARRIER_TREE;
	is_str(mn_rule_name(rule), string(v, "error"), "%s", name);
}

int main(void)
{
	struct world w;

	if (mn_key_init() < 0)
		return 1;
	store_begin(&w.s);
	w.pool = json_object();
	w.by_node = json_object();
	each_vector("node-valid.jsonl", put_valid, &w);
	each_vector("node-invalid.jsonl", put_node, &w);
	store_open(&w.s);
	each_vector("node-valid.jsonl", check_valid, &w);
	each_vector("node-invalid.jsonl", check_invalid, &w);
	json_decref(w.by_node);
	json_decref(w.pool);
	store_end(&w.s);
	return done_testing();
}
