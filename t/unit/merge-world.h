/*
 * merge-world: devices of one profile, each in a home of its own, that post at
 * once and fetch from each other in any order, with losses. What happens
 * follows from a seed; what it must lead to is known by a model that only
 * counts posts.
 */
#ifndef MN_MERGE_WORLD_H
#define MN_MERGE_WORLD_H

#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/io.h"
#include "base/map.h"
#include "git/pack.h"
#include "git/quarantine.h"
#include "node/identity-edit.h"
#include "repl/fetch.h"
#include "repl/newrepo.h"
#include "social/post.h"
#include "social/roster.h"

#include "node-make.h"

#define DEVICES_MAX 20

struct posted {
	struct mn_id node;
	struct mn_oid carrier;
	size_t device;
	uint64_t seq;
};

struct device {
	struct mn_home home;
	char *dir;
	struct mn_secret *secret;
	struct mn_pub pub;
	int here;			/* it was added */
	int mute;			/* it knows that it was cut */
	MN_VEC(struct posted) posts;
};

struct world {
	uint64_t seed;
	struct rng rng;
	char dir[64];
	struct mn_root *root;
	struct mn_identity first;	/* the documents at the start */
	char hex[MN_ID_HEX + 1];
	size_t n;			/* devices */
	struct device d[DEVICES_MAX];
	struct mn_net *net;
	size_t nposts, ops, merges;
	struct mn_map made;		/* merges, by oid */
	int has_cut;
	size_t cut_device;
	uint64_t cut_seq;
	struct mn_err err;
	int bad;
};

#define BAD(w, ...) do { \
	fprintf(stderr, "# seed %ju: ", (uintmax_t)(w)->seed); \
	fprintf(stderr, __VA_ARGS__); \
	fprintf(stderr, " (line %d)\n", __LINE__); \
	(w)->bad = 1; } while (0)

/* What a repository keeps for itself is left out. */
static void list_refs(struct world *w, struct mn_ref_list *l, const char *path)
{
	size_t n = 0;

	must(mn_refs_list(l, path, "refs/", 1000, &w->err), &w->err);
	for (size_t i = 0; i < l->n; i++)
		if (strncmp(l->p[i].name, "refs/mn/aside/", 14))
			l->p[n++] = l->p[i];
	l->n = n;
}

static struct rng *random_source;

static const char *random_name(void)
{
	return "seeded";
}

static uint32_t random_word(void)
{
	return (uint32_t)rng_next(random_source);
}

static void random_bytes(void *out, size_t n)
{
	rng_fill(random_source, out, n);
}

/* Seals and salts follow from the seed, too. */
static void seed_random(struct rng *r)
{
	static struct randombytes_implementation impl = {
		.implementation_name = random_name, .random = random_word,
		.buf = random_bytes };

	random_source = r;
	randombytes_set_implementation(&impl);
}

static int chance(struct world *w, unsigned percent)
{
	return rng_below(&w->rng, 100) < percent;
}

static char *repo_of(const struct world *w, size_t i)
{
	return mn_home_repo(&w->d[i].home, w->hex);
}

static void open_profile(struct world *w, struct mn_profile *p, size_t i)
{
	must(mn_profile_open(p, &w->d[i].home, w->hex, &w->err), &w->err);
}

/* beginning and end */

static void home_make(struct world *w, size_t i, struct mn_str identity)
{
	struct mn_newrepo n = MN_NEWREPO_INIT;
	struct device *d = &w->d[i];

	must(mn_home_create(&d->home, &w->err), &w->err);
	must(mn_newrepo_build(&n, &d->home, w->hex, identity, NULL, &w->err),
	     &w->err);
	must(mn_newrepo_place(&n, &w->err), &w->err);
	mn_newrepo_release(&n);
	d->here = 1;
}

static void device_init(struct world *w, size_t i)
{
	struct mn_buf dir = MN_BUF_INIT;
	struct device *d = &w->d[i];
	struct author a;

	author_init(&a, &w->rng);
	d->secret = a.secret;
	d->pub = a.pub;
	mn_buf_addf(&dir, "%s/h%zu", w->dir, i);
	d->dir = mn_buf_detach(&dir, NULL);
	mn_home_init(&d->home, d->dir);
}

/* R0 with device 0, R1 with others that are there from the start. */
static void identity_init(struct world *w, size_t n)
{
	struct mn_id_device add[DEVICES_MAX];
	struct mn_identity_edit e = { .add = add, .nadd = n - 1 };
	struct mn_identity_keys keys = { .root = w->root };
	struct mn_buf text = MN_BUF_INIT, next = MN_BUF_INIT;
	struct mn_identity id;

	for (size_t i = 1; i < n; i++)
		add[i - 1] = (struct mn_id_device){ w->d[i].pub, MN_STR("d") };
	must(mn_identity_create(&text, w->root, &w->d[0].pub, "d",
				1700000000000, &w->err), &w->err);
	mn_identity_init(&id);
	mn_identity_init(&w->first);
	if (mn_identity_parse(&id, (struct mn_str){ text.p, text.len }) !=
	    MN_RULE_NONE)
		abort();
	mn_id_hex(w->hex, mn_identity_profile(&id));
	if (n > 1) {
		must(mn_identity_next(&next, &id, &keys, &e, 1700000001000,
				      &w->err), &w->err);
		mn_buf_clear(&text);
		mn_buf_add(&text, next.p, next.len);
	}
	if (mn_identity_parse(&w->first, (struct mn_str){ text.p,
							  text.len }) !=
	    MN_RULE_NONE)
		abort();
	mn_identity_release(&id);
	mn_buf_release(&next);
	mn_buf_release(&text);
}

static void world_begin(struct world *w, uint64_t seed, size_t n, size_t later)
{
	static const struct mn_net_options opt;
	const char *where = access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm";

	memset(w, 0, sizeof(*w));
	w->seed = seed;
	w->rng.state = seed;
	w->n = n + later;
	seed_random(&w->rng);
	snprintf(w->dir, sizeof(w->dir), "%s/mn-test-merge-XXXXXX", where);
	if (!mkdtemp(w->dir))
		abort();
	mn_map_init(&w->made, sizeof(struct mn_oid));
	w->root = root_make(&w->rng);
	w->net = mn_net_new(&opt);
	for (size_t i = 0; i < w->n; i++)
		device_init(w, i);
	identity_init(w, n);
	for (size_t i = 0; i < n; i++)
		home_make(w, i, w->first.text);
}

static void world_end(struct world *w)
{
	must(mn_io_remove_tree(w->dir, &w->err), &w->err);
	for (size_t i = 0; i < w->n; i++) {
		mn_vec_release(&w->d[i].posts);
		mn_secret_free(w->d[i].secret);
		mn_home_release(&w->d[i].home);
		free(w->d[i].dir);
	}
	mn_net_free(w->net);
	mn_identity_release(&w->first);
	mn_map_release(&w->made);
	mn_root_free(w->root);
}

/* what happens */

/* Counts the merge that main names, unless it was made before. */
static void look_at_main(struct world *w, size_t i)
{
	struct mn_profile p;
	struct mn_object o;
	struct mn_oid oid;

	open_profile(w, &p, i);
	w->ops++;
	if (mn_refs_read(&oid, p.repo.path, MN_REF_MAIN, NULL) == 0) {
		must(mn_reader_read(p.rd, &o, &oid, MN_CARRIER_MAX, &w->err),
		     &w->err);
		if (memmem(o.data, o.len, "\nmerge: ", 8) &&
		    mn_map_get(&w->made, oid.b) == SIZE_MAX) {
			mn_map_put(&w->made, oid.b, 0);
			w->merges++;
		}
	}
	mn_profile_close(&p);
}

static void draft_make(struct world *w, struct mn_draft *d)
{
	struct mn_buf link = MN_BUF_INIT;

	mn_draft_init(d);
	mn_buf_addf(&link, "https://example.org/%zu", w->nposts++);
	/* clocks of devices differ */
	must(mn_draft_time(d, (int64_t)(1700000000000 +
			rng_next(&w->rng) % 10000000), &w->err), &w->err);
	must(mn_draft_link(d, (struct mn_str){ link.p, link.len }, &w->err),
	     &w->err);
	if (chance(w, 30))
		must(mn_draft_text(d, MN_STR("text"), &w->err), &w->err);
	must(mn_draft_kind(d, MN_STR("post"), &w->err), &w->err);
	must(mn_draft_finish(d, &w->err), &w->err);
	mn_buf_release(&link);
}

static void note_post(struct world *w, size_t i, const struct mn_profile *p,
		      const struct mn_id *node)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	struct device *d = &w->d[i];
	struct posted *done = mn_vec_push(&d->posts);

	memset(done, 0, sizeof(*done));
	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1, d->pub.b, 32);
	done->node = *node;
	done->device = i;
	done->seq = d->posts.n;
	must(mn_refs_read(&done->carrier, p->repo.path, name, &w->err),
	     &w->err);
}

static void post(struct world *w, size_t i)
{
	struct mn_author_options opt = { .batch = chance(w, 10) };
	struct mn_draft draft, *list = &draft;
	struct mn_index *ix = NULL;
	struct mn_author *a;
	struct mn_profile p;
	struct mn_id node;
	int r;

	if (!w->d[i].here || w->d[i].mute)
		return;
	open_profile(w, &p, i);
	if (chance(w, 80))
		must(mn_index_open(&ix, &w->d[i].home, 1000, &w->err), &w->err);
	r = mn_author_open(&a, &p, w->d[i].secret, ix, &opt, &w->err);
	if (r == 0) {
		draft_make(w, &draft);
		must(mn_author_post(a, &list, 1, &node, &w->err), &w->err);
		must(mn_author_commit(a, &w->err), &w->err);
		mn_author_close(a);
		note_post(w, i, &p, &node);
		mn_draft_release(&draft);
	} else if (r == MN_EINVALID && w->has_cut && w->cut_device == i) {
		w->d[i].mute = 1;
	} else {
		BAD(w, "device %zu cannot post: %s", i, w->err.msg);
	}
	mn_err_clear(&w->err);
	mn_index_close(ix);
	mn_profile_close(&p);
	look_at_main(w, i);
}

/* Only nodes beyond the cut may ever be refused. */
static void judge(struct world *w, const struct mn_admit_report *rep)
{
	for (size_t i = 0; i < rep->refusals.n; i++)
		if (!w->has_cut || (!strstr(rep->refusals.p[i].why,
					    "device-cut")))
			BAD(w, "refused %s: %s", rep->refusals.p[i].what,
			    rep->refusals.p[i].why);
}

/* Whether something moved. */
static int fetch(struct world *w, size_t to, const char *url)
{
	struct mn_fetch_options o = { .net = w->net, .home = &w->d[to].home,
				      .threads = 1, .wait_ms = 1000 };
	struct mn_fetch_report rep = { .reached = 0 };
	struct mn_follow f;
	int r;

	mn_follow_init(&f);
	must(mn_follow_add_remote(&f, "origin", url, &w->err), &w->err);
	r = mn_fetch_profile(w->hex, &f, &o, &rep, &w->err);
	if (r < 0)
		BAD(w, "device %zu cannot fetch: %s", to, w->err.msg);
	mn_err_clear(&w->err);
	judge(w, &rep.admit);
	for (size_t i = 0; i < rep.notes.n; i++)
		if (rep.notes.p[i].code < 0)
			BAD(w, "%s", rep.notes.p[i].text);
	r = rep.admit.moved || rep.admit.identity || rep.admit.main;
	mn_follow_release(&f);
	mn_fetch_report_release(&rep);
	look_at_main(w, to);
	return r;
}

static int sync_from(struct world *w, size_t to, size_t from)
{
	char *url = repo_of(w, from);
	int moved = fetch(w, to, url);

	free(url);
	return moved;
}

static void put_file(const char *dir, const char *name, const struct mn_buf *b)
{
	struct mn_buf path = MN_BUF_INIT;
	FILE *f;

	mn_buf_addf(&path, "%s/%s", dir, name);
	f = fopen(path.p, "w");
	if (!f || fwrite(b->p, 1, b->len, f) != b->len || fclose(f))
		abort();
	mn_buf_release(&path);
}

/* A device's ref as it stood some time ago. */
static const struct mn_oid *older(struct world *w, const struct mn_ref *ref)
{
	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < w->d[i].posts.n; k++)
			if (mn_oid_eq(&w->d[i].posts.p[k].carrier, &ref->oid))
				return &w->d[i].posts.p[rng_below(&w->rng,
						k + 1)].carrier;
	return &ref->oid;
}

/* Some of the refs, some of them old: a remote to which little was pushed. */
static void sync_some(struct world *w, size_t to, size_t from)
{
	struct mn_buf refs = MN_BUF_INIT, dir = MN_BUF_INIT;
	struct mn_buf objects = MN_BUF_INIT, line = MN_BUF_INIT;
	struct mn_ref_list l = { 0 };
	char *url = repo_of(w, from), hex[MN_OID_HEX + 1];
	int any = 0;

	list_refs(w, &l, url);
	mn_buf_adds(&refs, "# pack-refs with: peeled fully-peeled sorted \n");
	for (size_t i = 0; i < l.n; i++) {
		if (!chance(w, 60))
			continue;
		any = 1;
		mn_oid_hex(hex, chance(w, 50) ? older(w, &l.p[i])
			   : &l.p[i].oid);
		mn_buf_addf(&refs, "%s %s\n", hex, l.p[i].name);
	}
	mn_buf_addf(&dir, "%s/relay", w->dir);
	mn_buf_addf(&objects, "%s/objects", url);
	if (any) {
		if (mkdir(dir.p, 0700))
			abort();
		put_file(dir.p, "packed-refs", &refs);
		mn_buf_adds(&line, "ref: refs/heads/main\n");
		put_file(dir.p, "HEAD", &line);
		mn_buf_clear(&line);
		mn_buf_addf(&line, "%s/refs", dir.p);
		if (mkdir(line.p, 0700))
			abort();
		mn_buf_clear(&line);
		mn_buf_addf(&line, "%s/objects", dir.p);
		if (symlink(objects.p, line.p))
			abort();
		fetch(w, to, dir.p);
		must(mn_io_remove_tree(dir.p, &w->err), &w->err);
	}
	mn_refs_release(&l);
	mn_buf_release(&refs);
	mn_buf_release(&dir);
	mn_buf_release(&objects);
	mn_buf_release(&line);
	free(url);
}

/* what breaks off */

struct cargo {
	struct mn_profile from, to;
	struct mn_ref_list refs;
	MN_VEC(struct mn_oid) commits, objects;
	struct mn_map seen;
};

static void load(struct world *w, struct cargo *c, const struct mn_oid *oid)
{
	if (mn_map_get(&c->seen, oid->b) != SIZE_MAX ||
	    mn_store_has(c->to.repo.store, oid))
		return;
	(void)w;
	mn_map_put(&c->seen, oid->b, 0);
	*mn_vec_push(&c->objects) = *oid;
}

/* What the one has and the other hasn't; children before parents. */
static void load_all(struct world *w, struct cargo *c)
{
	struct mn_node n;

	mn_node_init(&n);
	for (size_t i = 0; i < c->refs.n; i++)
		if (!strcmp(c->refs.p[i].name, MN_REF_IDENTITY))
			load(w, c, &c->refs.p[i].oid);
		else if (strcmp(c->refs.p[i].name, MN_REF_MAIN))
			*mn_vec_push(&c->commits) = c->refs.p[i].oid;
	for (size_t i = 0; i < c->commits.n; i++) {
		struct mn_oid oid = c->commits.p[i];

		if (mn_map_get(&c->seen, oid.b) != SIZE_MAX ||
		    mn_store_has(c->to.repo.store, &oid))
			continue;
		must(mn_node_load(&n, c->from.rd, &oid, NULL, &w->err),
		     &w->err);
		load(w, c, &oid);
		load(w, c, &n.carrier.tree);
		load(w, c, &n.tree.meta);
		load(w, c, &n.tree.identity);
		for (size_t k = 0; k < n.meta.ncontents; k++)
			load(w, c, &n.tree.contents[k]);
		for (size_t k = 0; k < n.carrier.nparents; k++)
			mn_carrier_parent(mn_vec_push(&c->commits),
					  &n.carrier, k);
	}
	mn_node_release(&n);
}

/* The first objects of a pack, in some order, and then nothing. */
static void pack_some(struct world *w, struct cargo *c, const char *dir)
{
	size_t n = c->objects.n, keep = rng_below(&w->rng, n + 1);
	int shuffled = chance(w, 50);
	struct mn_object o;
	struct mn_pack *pack;
	struct mn_oid oid;

	for (size_t i = 0; shuffled && i < n; i++) {
		size_t k = i + rng_below(&w->rng, n - i);

		oid = c->objects.p[i];
		c->objects.p[i] = c->objects.p[k];
		c->objects.p[k] = oid;
	}
	must(mn_pack_begin_in(&pack, dir, keep, &w->err), &w->err);
	for (size_t i = 0; i < keep; i++) {
		must(mn_reader_read(c->from.rd, &o, &c->objects.p[i],
				    MN_OBJECT_MAX, &w->err), &w->err);
		must(mn_pack_add(pack, &oid, o.type, o.data, o.len, &w->err),
		     &w->err);
	}
	must(mn_pack_finish(pack, NULL, &w->err), &w->err);
	mn_pack_free(pack);
}

static void sync_broken(struct world *w, size_t to, size_t from)
{
	struct mn_admit_report rep = { .nodes = 0 };
	struct mn_quarantine *q;
	struct mn_index *ix = NULL;
	struct cargo c = { .refs = { 0 } };
	struct mn_admit a = { .profile = &c.to, .offered = &c.refs,
			      .threads = 1, .wait_ms = 1000, .partial = 1 };

	mn_map_init(&c.seen, sizeof(struct mn_oid));
	open_profile(w, &c.from, from);
	open_profile(w, &c.to, to);
	list_refs(w, &c.refs, c.from.repo.path);
	load_all(w, &c);
	must(mn_quarantine_begin(&q, c.to.repo.path, &w->err), &w->err);
	pack_some(w, &c, mn_quarantine_dir(q));
	must(mn_quarantine_load(q, &w->err), &w->err);
	if (chance(w, 50)) {
		must(mn_index_open(&ix, &w->d[to].home, 1000, &w->err),
		     &w->err);
		must(mn_index_sync(ix, &c.to, &w->err), &w->err);
	}
	a.quarantine = q;
	a.index = ix;
	if (mn_admit(&a, &rep, &w->err) < 0)
		BAD(w, "device %zu cannot admit: %s", to, w->err.msg);
	mn_err_clear(&w->err);
	judge(w, &rep);
	mn_admit_report_release(&rep);
	mn_index_close(ix);
	mn_quarantine_free(q);
	mn_profile_close(&c.to);
	mn_profile_close(&c.from);
	mn_refs_release(&c.refs);
	mn_vec_release(&c.commits);
	mn_vec_release(&c.objects);
	mn_map_release(&c.seen);
	look_at_main(w, to);
}

/* the owner */

static void change(struct world *w, const struct mn_identity_edit *e,
		   struct mn_profile *p)
{
	struct mn_identity_keys keys = { .root = w->root,
					 .device = w->d[0].secret };

	must(mn_roster_change(p, &keys, e, 1000, &w->err), &w->err);
}

static void add_device(struct world *w, size_t i)
{
	struct mn_id_device add = { w->d[i].pub, MN_STR("later") };
	struct mn_identity_edit e = { .add = &add, .nadd = 1 };
	struct mn_profile p;

	open_profile(w, &p, 0);
	change(w, &e, &p);
	home_make(w, i, p.identity.text);
	mn_profile_close(&p);
}

/* How much of a device's chain its owner knows. */
static uint64_t known_of(struct world *w, const struct mn_profile *p, size_t i)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
	const struct device *d = &w->d[i];
	struct mn_oid oid;

	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1, d->pub.b, 32);
	if (mn_refs_read(&oid, p->repo.path, name, NULL) < 0)
		return 0;
	for (size_t k = 0; k < d->posts.n; k++)
		if (mn_oid_eq(&d->posts.p[k].carrier, &oid))
			return k + 1;
	return 0;
}

/* A cut somewhere in what is known of it; once more: a lower one. */
static void cut_device(struct world *w, size_t i)
{
	struct mn_id_cut cut = { .key = w->d[i].pub };
	struct mn_identity_edit e = { .cuts = &cut, .ncuts = 1 };
	struct mn_profile p;

	open_profile(w, &p, 0);
	cut.seq = rng_below(&w->rng, (size_t)known_of(w, &p, i) + 1);
	if (cut.seq)
		cut.node = w->d[i].posts.p[cut.seq - 1].node;
	if (!w->has_cut || cut.seq < w->cut_seq) {
		w->has_cut = 1;
		w->cut_device = i;
		w->cut_seq = cut.seq;
		change(w, &e, &p);
	}
	mn_profile_close(&p);
	look_at_main(w, 0);
}

#endif
