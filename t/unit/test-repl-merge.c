/*
 * Devices of one profile that post at once, and exchange what they know in
 * pairs, in any order and with losses: once all is delivered, all are the
 * same to the byte. A history follows from its seed (but for the time of
 * identity documents that are made on the way); one that fails is printed.
 *
 *	test-repl-merge [FIRST [COUNT]]		also MN_TEST_SEEDS=COUNT
 */
#include "merge-world.h"

#include "banned.h"

#define SEEDS 30

/* Everybody learns from everybody. */
static void deliver_all(struct world *w)
{
	size_t order[DEVICES_MAX];
	int moved = 1;

	for (size_t i = 0; i < w->n; i++) {
		size_t k = rng_below(&w->rng, i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	for (size_t round = 0; moved && !w->bad; round++) {
		moved = 0;
		if (round > 8)
			BAD(w, "deliveries do not end");
		for (size_t i = 1; i < w->n; i++)
			moved |= sync_from(w, order[i], order[i - 1]);
		for (size_t i = w->n - 1; i > 0; i--)
			moved |= sync_from(w, order[i - 1], order[i]);
	}
}

/* the same everywhere */

struct listing {
	MN_VEC(struct mn_id) ids;
	struct mn_index_row last;
	int unordered;
};

static int take_row(void *ctx, const struct mn_index_row *row,
		    struct mn_err *err)
{
	struct listing *l = ctx;
	const struct mn_index_row *a = &l->last;

	(void)err;
	if (l->ids.n && (a->gen != row->gen ? a->gen < row->gen
			 : a->time != row->time ? a->time < row->time
			 : mn_id_cmp(&a->node, &row->node) <= 0))
		l->unordered = 1;
	l->last = *row;
	*mn_vec_push(&l->ids) = row->node;
	return 0;
}

static void list_posts(struct world *w, struct listing *l, size_t i, int anew)
{
	struct mn_index *ix;
	struct mn_profile p;
	uint64_t count;

	memset(l, 0, sizeof(*l));
	open_profile(w, &p, i);
	must(mn_index_open(&ix, &w->d[i].home, 1000, &w->err), &w->err);
	if (anew)
		must(mn_index_rebuild(ix, &p, 1, &count, &w->err), &w->err);
	else
		must(mn_index_sync(ix, &p, &w->err), &w->err);
	must(mn_index_list(ix, &(struct mn_index_query){ .profile = &p.id },
			   take_row, l, &w->err), &w->err);
	mn_index_close(ix);
	mn_profile_close(&p);
}

static int counts(const struct world *w, const struct posted *p)
{
	return !w->has_cut || p->device != w->cut_device ||
		p->seq <= w->cut_seq;
}

/* The list holds all posts that count and no other. */
static void check_list(struct world *w, const struct listing *l)
{
	struct mn_map map;
	size_t want = 0;

	mn_map_init(&map, sizeof(struct mn_id));
	for (size_t i = 0; i < l->ids.n; i++)
		mn_map_put(&map, l->ids.p[i].b, i);
	for (size_t i = 0; i < w->n; i++)
		for (size_t k = 0; k < w->d[i].posts.n; k++) {
			const struct posted *p = &w->d[i].posts.p[k];

			if (!counts(w, p))
				continue;
			want++;
			if (mn_map_get(&map, p->node.b) == SIZE_MAX)
				BAD(w, "post %zu of device %zu is lost", k + 1,
				    i);
		}
	if (map.n != want || l->ids.n != want)
		BAD(w, "%zu posts, not %zu", l->ids.n, want);
	if (l->unordered)
		BAD(w, "the order is another");
	mn_map_release(&map);
}

/* What lies below nodes. */
struct below {
	struct mn_profile p;
	struct mn_node n;
	struct mn_map map;
	MN_VEC(struct mn_oid) todo;
};

static void parents_of(struct world *w, struct below *b,
		       const struct mn_oid *oid)
{
	must(mn_node_load(&b->n, b->p.rd, oid, NULL, &w->err), &w->err);
	for (size_t i = 0; i < b->n.carrier.nparents; i++)
		mn_carrier_parent(mn_vec_push(&b->todo), &b->n.carrier, i);
}

static void look_below(struct world *w, struct below *b,
		       const struct mn_oid *oid)
{
	parents_of(w, b, oid);
	while (b->todo.n) {
		struct mn_oid at = b->todo.p[--b->todo.n];

		if (mn_map_get(&b->map, at.b) != SIZE_MAX)
			continue;
		mn_map_put(&b->map, at.b, 0);
		parents_of(w, b, &at);
	}
}

static void add_head(struct mn_head *heads, size_t n, const struct mn_node *of)
{
	struct mn_head h = { of->id, of->oid, of->carrier.seconds };
	size_t i = n;

	for (; i && mn_id_cmp(&heads[i - 1].node, &h.node) > 0; i--)
		heads[i] = heads[i - 1];
	heads[i] = h;
}

/* E by the definition alone: what counts, and is below nothing that does. */
static size_t maximal(struct world *w, struct below *b,
		      struct mn_head heads[DEVICES_MAX])
{
	size_t n = 0;

	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < w->n; i++)
			for (size_t k = 0; k < w->d[i].posts.n; k++) {
				const struct posted *p = &w->d[i].posts.p[k];

				if (!counts(w, p))
					continue;
				if (!pass)
					look_below(w, b, &p->carrier);
				if (!pass || mn_map_get(&b->map, p->carrier.b)
				    != SIZE_MAX)
					continue;
				must(mn_node_load(&b->n, b->p.rd, &p->carrier,
						  NULL, &w->err), &w->err);
				add_head(heads, n++, &b->n);
			}
	return n;
}

static void check_head(struct world *w)
{
	struct below b = { .todo = { 0 } };
	struct mn_head heads[DEVICES_MAX];
	struct mn_buf merge = MN_BUF_INIT;
	struct mn_oid is, want;
	size_t n;
	int none;

	open_profile(w, &b.p, 0);
	mn_map_init(&b.map, sizeof(struct mn_oid));
	mn_node_init(&b.n);
	n = maximal(w, &b, heads);
	none = mn_refs_read(&is, b.p.repo.path, MN_REF_MAIN, NULL) < 0;
	if (n)
		mn_heads_merge(&want, &merge, heads, n);
	if (none != !n || (n && !mn_oid_eq(&is, &want)))
		BAD(w, "main is not the head of %zu", n);
	mn_vec_release(&b.todo);
	mn_map_release(&b.map);
	mn_node_release(&b.n);
	mn_buf_release(&merge);
	mn_profile_close(&b.p);
}

static void check_lists(struct world *w, size_t i, const struct listing *l)
{
	struct listing m;

	for (int anew = 0; anew < (i ? 1 : 2); anew++) {
		list_posts(w, &m, i, anew);
		if (m.ids.n != l->ids.n ||
		    (m.ids.n && memcmp(m.ids.p, l->ids.p, m.ids.n * 32)))
			BAD(w, "device %zu lists %zu other posts%s", i,
			    m.ids.n, anew ? ", anew" : "");
		mn_vec_release(&m.ids);
	}
}

static void check_same(struct world *w)
{
	struct mn_ref_list first = { 0 };
	struct listing l;

	list_posts(w, &l, 0, 0);
	check_list(w, &l);
	for (size_t i = 0; i < w->n; i++) {
		struct mn_ref_list refs = { 0 };
		char *path = repo_of(w, i);

		list_refs(w, &refs, path);
		free(path);
		if (i && !mn_refs_eq(&first, &refs))
			BAD(w, "device %zu has other refs", i);
		mn_refs_release(i ? &refs : &first);
		if (!i)
			first = refs;
		check_lists(w, i, &l);
	}
	mn_refs_release(&first);
	mn_vec_release(&l.ids);
	check_head(w);
}

/* histories */

static void happen(struct world *w, unsigned posting)
{
	size_t a = rng_below(&w->rng, w->n), b = rng_below(&w->rng, w->n);

	if (chance(w, posting)) {
		post(w, a);
		return;
	}
	if (a == b || !w->d[a].here || !w->d[b].here)
		return;
	switch (rng_below(&w->rng, 6)) {
	case 0:
		sync_some(w, a, b);
		break;
	case 1:
		sync_broken(w, a, b);
		break;
	case 2:
		sync_from(w, a, b);
		sync_from(w, b, a);
		break;
	default:
		sync_from(w, a, b);
	}
}

static void play(struct world *w, uint64_t seed)
{
	struct rng r = { seed ^ 0x5eed };
	size_t later = rng_below(&r, 4) == 0;
	size_t n = rng_below(&r, 5) ? 2 + rng_below(&r, 5)
		: 2 + rng_below(&r, DEVICES_MAX - 2);
	size_t events = 5 + rng_below(&r, 30 + 3 * n);
	size_t adding = later ? rng_below(&r, events) : SIZE_MAX;
	size_t cutting = rng_below(&r, 3) ? SIZE_MAX : rng_below(&r, events);
	size_t lower = rng_below(&r, 3) ? SIZE_MAX : rng_below(&r, events);
	size_t victim = 1 + rng_below(&r, n - 1);
	unsigned posting = 20 + (unsigned)rng_below(&r, 50);

	world_begin(w, seed, n, later);
	for (size_t i = 0; i < events && !w->bad; i++) {
		if (i == adding)
			add_device(w, n);
		if (i == cutting || (w->has_cut && i == lower))
			cut_device(w, victim);
		happen(w, posting);
	}
	if (!w->bad)
		deliver_all(w);
	if (!w->bad)
		check_same(w);
	if (w->merges > w->nposts * (w->n - 1))
		BAD(w, "%zu merges of %zu posts", w->merges, w->nposts);
}

static size_t run(uint64_t first, uint64_t count)
{
	struct world *w = mn_xmalloc(sizeof(*w));
	size_t bad = 0, posts = 0, merges = 0, ops = 0, cuts = 0;

	for (uint64_t i = 0; i < count; i++) {
		play(w, first + i);
		posts += w->nposts;
		merges += w->merges;
		ops += w->ops;
		cuts += (size_t)w->has_cut;
		if (w->bad)
			fprintf(stderr, "# again: test-repl-merge %ju\n",
				(uintmax_t)(first + i));
		bad += (size_t)w->bad;
		world_end(w);
	}
	printf("# %ju seeds, %zu with a cut: %zu posts, %zu steps, "
	       "%zu merges\n", (uintmax_t)count, cuts, posts, ops, merges);
	free(w);
	return bad;
}

/* 40 posts of 8 devices, and everybody merges after every sync. */
static size_t merges_of_40(uint64_t seed)
{
	struct world *w = mn_xmalloc(sizeof(*w));
	size_t merges;

	world_begin(w, seed, 8, 0);
	while (w->nposts < 40) {
		size_t a = rng_below(&w->rng, 8), b = rng_below(&w->rng, 8);

		if (chance(w, 30))
			post(w, a);
		else if (a != b)
			sync_from(w, a, b);
	}
	deliver_all(w);
	check_same(w);
	merges = w->bad ? SIZE_MAX : w->merges;
	world_end(w);
	free(w);
	return merges;
}

int main(int argc, char **argv)
{
	const char *often = getenv("MN_TEST_SEEDS");
	uint64_t first = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t count = argc > 2 ? strtoull(argv[2], NULL, 10)
		: argc > 1 ? 1 : often ? strtoull(often, NULL, 10) : SEEDS;
	size_t merges;

	if (mn_key_init() < 0)
		return 1;
	is_int(run(first, count), 0, "%ju histories: all devices end alike",
	       (uintmax_t)count);
	merges = merges_of_40(first);
	printf("# 40 posts, 8 devices: %zu merges\n", merges);
	ok(merges <= 100, "few merges are made");
	return done_testing();
}
