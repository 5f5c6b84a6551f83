/* The golden vectors of metas, skip links, contents and merges. */
#include "node/carrier.h"
#include "node/content.h"
#include "node/meta.h"

#include "vectors.h"

#include "banned.h"

static void check_lipmaa(json_t *v, const char *name, void *ctx)
{
	(void)ctx;
	is_int(mn_lipmaa(number(v, "n")), number(v, "lipmaa"), "%s", name);
}

static void set(json_t *o, const char *key, struct mn_str s)
{
	if (s.p)
		json_object_set_new(o, key, json_stringn(s.p, s.len));
}

static void set_hex(json_t *o, const char *key, const void *bytes32)
{
	char hex[MN_ID_HEX + 1];

	mn_hex_encode(hex, bytes32, 32);
	json_object_set_new(o, key, json_string(hex));
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
	json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void append(json_t *o, const char *key, json_t *item)
{
	json_t *list = json_object_get(o, key);

	if (!list) {
		list = json_array();
		json_object_set_new(o, key, list);
	}
	json_array_append_new(list, item);
}

static void append_buf(json_t *o, const char *key, struct mn_buf *b)
{
	append(o, key, json_stringn(b->p, b->len));
	mn_buf_clear(b);
}

static json_t *content_json(const struct mn_content *c)
{
	json_t *o = json_object();

	set(o, "role", c->role);
	set_hex(o, "digest", c->digest.b);
	set_number(o, "size", c->size);
	set(o, "type", c->type);
	set(o, "name", c->name);
	return o;
}

static void set_lists(json_t *o, const struct mn_meta *m)
{
	struct mn_buf b = MN_BUF_INIT;

	for (size_t i = 0; i < m->nparents; i++) {
		mn_buf_addhex(&b, m->parents[i].b, 32);
		append_buf(o, "parent", &b);
	}
	for (size_t i = 0; i < m->ntags; i++)
		append(o, "tag", json_stringn(m->tags[i].p, m->tags[i].len));
	for (size_t i = 0; i < m->nsubjects; i++) {
		mn_buf_addstr(&b, m->subjects[i].rel);
		mn_buf_addc(&b, ' ');
		mn_subject_add_ref(&b, &m->subjects[i]);
		append_buf(o, "subject", &b);
	}
	for (size_t i = 0; i < m->nattrs; i++) {
		mn_buf_addstr(&b, m->attrs[i].name);
		mn_buf_addc(&b, ' ');
		mn_buf_addstr(&b, m->attrs[i].value);
		append_buf(o, "attr", &b);
	}
	for (size_t i = 0; i < m->nlinks; i++)
		append(o, "link", json_stringn(m->links[i].p, m->links[i].len));
	for (size_t i = 0; i < m->ncontents; i++)
		append(o, "content", content_json(&m->contents[i]));
	mn_buf_release(&b);
}

/* The fields as the vectors have them. */
static json_t *meta_json(const struct mn_meta *m)
{
	struct mn_buf place = MN_BUF_INIT;
	json_t *o = json_object();

	set(o, "kind", m->kind);
	set_hex(o, "profile", m->profile.b);
	set_hex(o, "identity", m->identity.b);
	set_hex(o, "device", m->device.b);
	set_number(o, "seq", m->seq);
	if (m->seq > 1)
		set_hex(o, "prev", m->prev.b);
	if (m->seq > 1 && mn_lipmaa(m->seq) < m->seq - 1)
		set_hex(o, "skip", m->skip.b);
	set_number(o, "gen", m->gen);
	set_number(o, "era", m->era);
	set_number(o, "time", (uint64_t)m->time);
	set(o, "summary", m->summary);
	set(o, "stream", m->stream);
	set(o, "lang", m->lang);
	if (m->has_place) {
		mn_place_add(&place, m->lat, m->lon);
		set(o, "place", view(&place));
	}
	set_lists(o, m);
	mn_buf_release(&place);
	return o;
}

static void check_meta(json_t *v, const char *name, void *ctx)
{
	struct mn_buf text = MN_BUF_INIT, again = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_meta m;
	char hex[MN_ID_HEX + 1];
	struct mn_id id;
	json_t *fields;

	(void)ctx;
	bytes(&text, v);
	if (!is_str(mn_rule_name(mn_meta_decode(&m, view(&text))), "ok",
		    "%s: decodes", name))
		goto out;
	fields = meta_json(&m);
	if (!ok(json_equal(fields, field(v, "fields")), "%s: fields", name)) {
		json_dumpf(fields, stderr, JSON_INDENT(1));
		json_dumpf(field(v, "fields"), stderr, JSON_INDENT(1));
	}
	json_decref(fields);
	is_int(mn_meta_encode(&again, &m, NULL, &err), 0, "%s: encodes%s",
	       name, err.msg);
	ok(!mn_str_cmp(view(&again), view(&text)), "%s: the same bytes", name);
	mn_node_id(&id, view(&text));
	mn_id_hex(hex, &id);
	is_str(hex, string(v, "node"), "%s: node id", name);
out:
	mn_buf_release(&again);
	mn_buf_release(&text);
}

static void check_bad_meta(json_t *v, const char *name, void *ctx)
{
	struct mn_buf text = MN_BUF_INIT;
	struct mn_meta m;

	(void)ctx;
	bytes(&text, v);
	is_str(mn_rule_name(mn_meta_decode(&m, view(&text))),
	       string(v, "error"), "%s", name);
	mn_buf_release(&text);
}

static void is_oid(const struct mn_oid *oid, json_t *v, const char *key,
		   const char *name)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	is_str(hex, string(v, key), "%s: %s", name, key);
}

/* A large content: its chunks, the list of their digests, its tree. */
static void check_chunks(json_t *v, const char *name,
			 const struct mn_salt *salt, const struct mn_buf *data)
{
	struct mn_buf list = MN_BUF_INIT, tree = MN_BUF_INIT;
	struct mn_buf want = MN_BUF_INIT;
	size_t n = (size_t)mn_content_chunks(data->len), len;
	struct mn_oid *oids = mn_xcalloc(n, sizeof(*oids)), digests, oid;
	struct mn_oid *back = mn_xcalloc(n, sizeof(*back));
	struct mn_id id;

	for (size_t i = 0; i < n; i++) {
		const char *p = data->p + i * MN_CHUNK_SIZE;

		len = i + 1 < n ? MN_CHUNK_SIZE
				: data->len - i * MN_CHUNK_SIZE;
		mn_content_digest(&id, salt, p, len);
		mn_buf_add(&list, id.b, sizeof(id.b));
		mn_oid_of(&oids[i], MN_BLOB, p, len);
	}
	unhex(&want, string(v, "digests"));
	ok(!mn_str_cmp(view(&list), view(&want)), "%s: digests", name);
	mn_content_digest(&id, salt, list.p, list.len);
	mn_buf_clear(&want);
	unhex(&want, string(v, "digest"));
	is_mem(id.b, want.p, sizeof(id.b), "%s: digest", name);
	mn_oid_of(&digests, MN_BLOB, list.p, list.len);
	mn_chunk_tree_encode(&tree, oids, n, &digests);
	mn_oid_of(&oid, MN_TREE, tree.p, tree.len);
	is_oid(&oid, v, "tree", name);
	is_int(mn_chunk_tree_decode(back, n, &oid, view(&tree)), 0,
	       "%s: the tree is read", name);
	ok(!memcmp(back, oids, n * sizeof(*oids)) && mn_oid_eq(&oid, &digests),
	   "%s: the same chunks", name);
	ok(mn_chunk_tree_decode(back, n - 1, &oid, view(&tree)) < 0,
	   "%s: not with fewer chunks", name);
	free(back);
	free(oids);
	mn_buf_release(&want);
	mn_buf_release(&tree);
	mn_buf_release(&list);
}

static void check_content(json_t *v, const char *name, void *ctx)
{
	struct mn_buf data = MN_BUF_INIT, salt_hex = MN_BUF_INIT;
	char hex[MN_ID_HEX + 1];
	struct mn_salt salt;
	struct mn_oid oid;
	struct mn_id id;

	(void)ctx;
	unhex(&salt_hex, string(v, "salt"));
	memcpy(salt.b, salt_hex.p, sizeof(salt.b));
	bytes(&data, field(v, "content"));
	if (mn_content_is_chunked(data.len)) {
		check_chunks(v, name, &salt, &data);
	} else {
		mn_content_digest(&id, &salt, data.p, data.len);
		mn_id_hex(hex, &id);
		is_str(hex, string(v, "digest"), "%s: digest", name);
		mn_oid_of(&oid, MN_BLOB, data.p, data.len);
		is_oid(&oid, v, "blob", name);
	}
	mn_buf_release(&salt_hex);
	mn_buf_release(&data);
}

static void check_merge(json_t *v, const char *name, void *ctx)
{
	struct mn_buf commit = MN_BUF_INIT, want = MN_BUF_INIT;
	json_t *list = field(v, "heads");
	size_t n = json_array_size(list);
	struct mn_head *heads = mn_xcalloc(n, sizeof(*heads));
	struct mn_carrier c;
	struct mn_oid oid;

	(void)ctx;
	for (size_t i = 0; i < n; i++) {
		json_t *h = json_array_get(list, i);

		unhex_id(&heads[i].node, string(h, "node"));
		if (mn_oid_parse(&heads[i].carrier, string(h, "carrier")) < 0)
			abort();
		heads[i].seconds = number(h, "seconds");
	}
	unhex(&want, string(v, "commit"));
	mn_merge_encode(&commit, heads, n);
	ok(!mn_str_cmp(view(&commit), view(&want)), "%s: the same bytes", name);
	mn_oid_of(&oid, MN_COMMIT, commit.p, commit.len);
	is_oid(&oid, v, "oid", name);
	is_str(mn_rule_name(mn_carrier_parse(&c, view(&want))), "ok",
	       "%s: is read", name);
	ok(c.is_merge && c.nparents == n, "%s: as a merge of %zu", name, n);
	for (size_t i = 0; i < n && i < c.nparents; i++) {
		mn_carrier_parent(&oid, &c, i);
		if (!mn_oid_eq(&oid, &heads[i].carrier))
			ok(0, "%s: parent %zu", name, i);
	}
	free(heads);
	mn_buf_release(&want);
	mn_buf_release(&commit);
}

/* A meta that encodes to what would be read as another one. */
static void check_smuggling(void)
{
	static const char *const names[] = {
		"summary with a line in it", "tag with a line in it",
		"attribute name with a space", "role with a space",
		"media type with a space", "file name with a line in it",
		"kind with a line in it", "relation with a space",
		"link with a line in it", "language with a line in it",
		"sequence number too large",
	};
	struct mn_id zero = { { 0 } };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		struct mn_buf out = MN_BUF_INIT;
		enum mn_rule rule = MN_RULE_NONE;
		struct mn_content *c;
		struct mn_meta m;

		mn_meta_init(&m);
		m.kind = MN_STR("post");
		m.seq = m.gen = 1;
		c = &m.contents[0];
		*c = (struct mn_content){ MN_STR("text"), zero, 1,
			MN_STR("text/plain"), MN_STR("a") };
		m.attrs[0] = (struct mn_attr){ MN_STR("a"), MN_STR("b") };
		m.subjects[0] = (struct mn_subject){ MN_STR("root"), zero, 0,
						     zero };
		m.ncontents = m.nattrs = m.nsubjects = 1;
		switch (i) {
		case 0: m.summary = MN_STR("a\nstream b"); break;
		case 1: m.ntags = 1; m.tags[0] = MN_STR("a\ntag b"); break;
		case 2: m.attrs[0].name = MN_STR("a b"); break;
		case 3: c->role = MN_STR("text 0000000000000000000000000000000"
			"000000000000000000000000000000000 1 a/b c"); break;
		case 4: c->type = MN_STR("text/plain a"); break;
		case 5: c->name = MN_STR("a\ncontent text 00000000000000000000"
			"00000000000000000000000000000000000000000000 1 a/b c");
			break;
		case 6: m.kind = MN_STR("post\nkind a"); break;
		case 7: m.subjects[0].rel = MN_STR("a b"); break;
		case 8: m.nlinks = 1; m.links[0] = MN_STR("a:b\nlink b:c");
			break;
		case 9: m.lang = MN_STR("en\nplace 0,0"); break;
		default: m.seq = m.gen = UINT64_MAX;
		}
		mn_buf_adds(&out, "before");
		is_int(mn_meta_encode(&out, &m, &rule, NULL), MN_EINVALID,
		       "%s is not encoded: %s", names[i], mn_rule_name(rule));
		ok(rule != MN_RULE_NONE && !strcmp(out.p, "before"),
		   "%s: a rule is named and nothing is added", names[i]);
		mn_buf_release(&out);
	}
}

static int cmp_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Where "digests" stands among very many chunks, against sorted names. */
static void check_large_tree(size_t n)
{
	char (*names)[24] = mn_xcalloc(n + 1, sizeof(*names));
	struct mn_oid *oids = mn_xcalloc(n, sizeof(*oids)), list, oid;
	struct mn_oid *back = mn_xcalloc(n, sizeof(*back));
	struct mn_buf want = MN_BUF_INIT, tree = MN_BUF_INIT;

	for (size_t i = 0; i < n; i++) {
		snprintf(names[i], sizeof(*names), "%04zx", i);
		mn_oid_of(&oids[i], MN_BLOB, &i, sizeof(i));
	}
	memcpy(names[n], "digests", 8);
	mn_oid_of(&list, MN_BLOB, "", 0);
	qsort(names, n + 1, sizeof(*names), cmp_name);
	for (size_t i = 0; i <= n; i++) {
		int is_list = !strcmp(names[i], "digests");
		size_t k = is_list ? 0 : strtoul(names[i], NULL, 16);

		mn_buf_adds(&want, "100644 ");
		mn_buf_add(&want, names[i], strlen(names[i]) + 1);
		mn_buf_add(&want, is_list ? list.b : oids[k].b, 20);
	}
	mn_chunk_tree_encode(&tree, oids, n, &list);
	ok(!mn_str_cmp(view(&tree), view(&want)), "a tree of %zu chunks", n);
	ok(mn_chunk_tree_decode(back, n, &oid, view(&want)) == 0 &&
	   mn_oid_eq(&oid, &list) && !memcmp(back, oids, n * sizeof(*oids)),
	   "it is read");
	mn_buf_release(&tree);
	mn_buf_release(&want);
	free(back);
	free(oids);
	free(names);
}

int main(void)
{
	static const size_t large[] = { 5, 0xdfff, 0xe000, 0xe001,
					MN_CHUNKS_MAX };


	if (mn_key_init() < 0)
		return 1;
	each_vector("lipmaa.jsonl", check_lipmaa, NULL);
	each_vector("meta-valid.jsonl", check_meta, NULL);
	each_vector("meta-invalid.jsonl", check_bad_meta, NULL);
	each_vector("content.jsonl", check_content, NULL);
	each_vector("merge.jsonl", check_merge, NULL);
	check_smuggling();
	for (size_t i = 0; i < sizeof(large) / sizeof(*large); i++)
		check_large_tree(large[i]);
	return done_testing();
}
