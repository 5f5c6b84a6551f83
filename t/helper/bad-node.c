/*
 * bad-node HOME PROFILE COMMIT [KEY=VALUE]...
 *
 * Makes a node that stands on the node of COMMIT, signs it with the device key
 * of HOME, and prints the commit and the node id; no ref moves. Without more
 * words it is a good one. The words say what is wrong with it:
 *
 *	seq=N gen=N prev=NODE skip=NODE		these in the meta
 *	time=MS text=WORDS			... (which make it another)
 *	parent=COMMIT		stands on this one instead; "none": on nothing
 *	also=COMMIT		stands on this one, too
 *	sign=bad		a signature of something else
 *	sign=stranger		signed by a device that the profile doesn't have
 *	content=other		other bytes than those of the digest
 *	tree=extra		a file more in the tree
 *	commit=extra		a line more in the commit's message
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "git/loose.h"
#include "key/keyfile.h"
#include "node/node.h"
#include "social/profile.h"
#include "banned.h"

static struct mn_err err = MN_ERR_INIT;

static void must(int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "bad-node: %s\n", err.msg);
	exit(1);
}

struct words {
	char **p;
	int n;
};

static const char *word(const struct words *w, const char *key)
{
	size_t n = strlen(key);

	for (int i = 0; i < w->n; i++)
		if (!strncmp(w->p[i], key, n) && w->p[i][n] == '=')
			return w->p[i] + n + 1;
	return NULL;
}

static int says(const struct words *w, const char *key, const char *value)
{
	const char *is = word(w, key);

	return is && !strcmp(is, value);
}

static void number(uint64_t *out, const struct words *w, const char *key)
{
	if (word(w, key))
		*out = strtoull(word(w, key), NULL, 10);
}

static void id(struct mn_id *out, const struct words *w, const char *key)
{
	if (word(w, key) && mn_id_parse(out, word(w, key)) < 0)
		must(mn_err_set(&err, MN_EINVALID, "%s is no id", key));
}

/* Node number mn_lipmaa(seq) of the device, from there on down. */
static void find_skip(struct mn_id *out, const struct mn_profile *p,
		      const struct mn_meta *m, const struct mn_node *on)
{
	MN_VEC(struct mn_oid) todo = { 0 };
	struct mn_node n;

	mn_node_init(&n);
	*mn_vec_push(&todo) = on->oid;
	while (todo.n) {
		struct mn_oid oid = todo.p[--todo.n];

		must(mn_node_load(&n, p->rd, &oid, NULL, &err));
		if (!memcmp(&n.meta.device, &m->device, sizeof(m->device)) &&
		    n.meta.seq == mn_lipmaa(m->seq)) {
			*out = n.id;
			break;
		}
		for (size_t i = 0; i < n.carrier.nparents; i++)
			mn_carrier_parent(mn_vec_push(&todo), &n.carrier, i);
	}
	mn_vec_release(&todo);
	mn_node_release(&n);
}

/* The node that follows the one at hand. */
static void meta_of(struct mn_meta *m, const struct mn_profile *p,
		    const struct mn_node *on, const struct mn_node *parent,
		    const struct words *w)
{
	const struct mn_identity_doc *last = mn_identity_last(&p->identity);
	uint64_t time = 1800000000000;

	number(&time, w, "time");
	mn_meta_init(m);
	m->kind = MN_STR("post");
	m->profile = p->id;
	m->identity = last->digest;
	m->device = on->meta.device;
	m->era = on->meta.era;
	m->seq = on->meta.seq + 1;
	m->prev = on->id;
	m->gen = 1;
	if (parent) {
		m->gen = parent->meta.gen + 1;
		m->parents[m->nparents++] = parent->id;
	}
	number(&m->seq, w, "seq");
	number(&m->gen, w, "gen");
	id(&m->prev, w, "prev");
	m->skip = m->prev;
	find_skip(&m->skip, p, m, on);
	id(&m->skip, w, "skip");
	m->time = (int64_t)time;
}

/* A second parent; they ascend. */
static void add_parent(struct mn_meta *m, struct mn_oid parents[2],
		       const struct mn_profile *p, const char *hex)
{
	struct mn_node n;
	size_t at = m->nparents;

	mn_node_init(&n);
	must(mn_oid_parse(&parents[at], hex));
	must(mn_node_load(&n, p->rd, &parents[at], NULL, &err));
	m->parents[at] = n.id;
	if (m->gen <= n.meta.gen)
		m->gen = n.meta.gen + 1;
	if (at && mn_id_cmp(&m->parents[0], &n.id) > 0) {
		m->parents[1] = m->parents[0];
		m->parents[0] = n.id;
		parents[1] = parents[0];
		must(mn_oid_parse(&parents[0], hex));
	}
	m->nparents++;
	mn_node_release(&n);
}

static void add(struct mn_loose *l, struct mn_oid *out, enum mn_otype t,
		const struct mn_buf *b)
{
	must(mn_loose_add(l, out, t, b->p, b->len, &err));
}

/* An entry that sorts behind "meta". */
static void add_entry(struct mn_buf *tree, const struct mn_oid *oid)
{
	mn_buf_add(tree, "100644 zero", 12);
	mn_buf_add(tree, oid->b, sizeof(oid->b));
}

static void make(struct mn_profile *p, struct mn_meta *m,
		 const struct mn_oid *parents, struct mn_secret *key,
		 const struct words *w)
{
	struct mn_buf meta = MN_BUF_INIT, tree = MN_BUF_INIT;
	struct mn_buf commit = MN_BUF_INIT, text = MN_BUF_INIT;
	struct mn_carrier_tree t = { .identity = p->identity_blob,
				     .present = 1 };
	struct mn_salt salt = { { 7 } };
	struct mn_oid oid;
	struct mn_loose *l;
	struct mn_sig sig;
	struct mn_id node;
	char hex[MN_OID_HEX + 1];

	mn_buf_adds(&text, word(w, "text") ? word(w, "text") : "a post");
	m->ncontents = 1;
	m->contents[0] = (struct mn_content){ .role = MN_STR("text"),
		.size = text.len, .type = MN_STR("text/plain"),
		.name = MN_STR("post.txt") };
	mn_content_digest(&m->contents[0].digest, &salt, text.p, text.len);
	if (says(w, "content", "other"))
		text.p[0] ^= 1;
	must(mn_meta_encode(&meta, m, NULL, &err));
	mn_node_id(&node, (struct mn_str){ meta.p, meta.len });
	mn_sign(&sig, key, MN_NODE_SIGN_PREFIX, node.b, 32);
	if (says(w, "sign", "bad"))
		sig.b[40] ^= 1;
	must(mn_loose_begin(&l, p->repo.path, &err));
	add(l, &t.meta, MN_BLOB, &meta);
	add(l, &t.contents[0], MN_BLOB, &text);
	mn_carrier_tree_encode(&tree, m, &t);
	if (says(w, "tree", "extra"))
		add_entry(&tree, &t.meta);
	add(l, &oid, MN_TREE, &tree);
	mn_carrier_encode(&commit, m, &(struct mn_carrier_parts){
		&oid, parents, &node, &sig, 1, &salt });
	if (says(w, "commit", "extra"))
		mn_buf_adds(&commit, "mn-more: x\n");
	add(l, &oid, MN_COMMIT, &commit);
	must(mn_loose_commit(l, &err));
	mn_loose_free(l);
	mn_oid_hex(hex, &oid);
	printf("%s ", hex);
	for (size_t i = 0; i < 32; i++)
		printf("%02x", node.b[i]);
	printf("\n");
	mn_buf_release(&text);
	mn_buf_release(&commit);
	mn_buf_release(&tree);
	mn_buf_release(&meta);
}

int main(int argc, char **argv)
{
	struct words w = { argv + 4, argc - 4 };
	struct mn_home home;
	struct mn_profile p;
	struct mn_secret *key;
	struct mn_meta m;
	struct mn_node on, parent;
	struct mn_oid oid, parents[2];
	char *path;

	if (argc < 4 || mn_key_init() < 0 || mn_oid_parse(&oid, argv[3]) < 0) {
		fprintf(stderr, "usage: bad-node HOME PROFILE COMMIT "
			"[KEY=VALUE]...\n");
		return 129;
	}
	mn_home_init(&home, argv[1]);
	must(mn_profile_open(&p, &home, argv[2], &err));
	path = mn_home_key(&home, p.hex, "device");
	must(mn_keyfile_read_device(&key, path, &p.id, NULL, NULL, &err));
	mn_node_init(&on);
	mn_node_init(&parent);
	must(mn_node_load(&on, p.rd, &oid, NULL, &err));
	if (word(&w, "parent") && !says(&w, "parent", "none"))
		must(mn_oid_parse(&oid, word(&w, "parent")));
	must(mn_node_load(&parent, p.rd, &oid, NULL, &err));
	if (says(&w, "sign", "stranger")) {
		mn_secret_free(key);
		key = mn_secret_random();
	}
	meta_of(&m, &p, &on, says(&w, "parent", "none") ? NULL : &parent, &w);
	parents[0] = oid;
	if (word(&w, "also"))
		add_parent(&m, parents, &p, word(&w, "also"));
	mn_secret_pub(&m.device, key);
	make(&p, &m, parents, key, &w);
	mn_secret_free(key);
	free(path);
	mn_node_release(&parent);
	mn_node_release(&on);
	mn_profile_close(&p);
	mn_home_release(&home);
	return 0;
}
