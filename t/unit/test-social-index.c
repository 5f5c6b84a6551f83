/*
 * The index, against a model: the nodes of a random history of three
 * devices, of which the refs show more and more.
 */
#include "index-world.h"

#include "banned.h"

static int odd_carrier(void *ctx, const struct mn_oid *carrier)
{
	(void)ctx;
	return carrier->b[0] & 1;
}

static void fill_query(struct world *w, struct mn_index_query *q,
		       const char *tags[2])
{
	size_t r = rng_below(&w->rng, 64);

	memset(q, 0, sizeof(*q));
	q->profile = &w->profile;
	q->tags = tags;
	tags[0] = r & 1 ? "alpha" : "beta";
	tags[1] = "b%_'\"\xc3\xa9";
	if (rng_below(&w->rng, 3) == 0)
		q->ntags = 1 + rng_below(&w->rng, 2);
	if (r & 2 && r & 1)
		q->stream = r & 4 ? "photos" : "seldom";
	if (r & 8 && r & 1)
		q->kind = r & 16 ? "reply" : "post";
	if (r & 32)
		q->device = &w->devices[rng_below(&w->rng, DEVICES)].pub;
	if (rng_below(&w->rng, 4) == 0)
		q->since = 1700000000000 + NODES * 300;
	if (rng_below(&w->rng, 4) == 0)
		q->until = 1700000000000 + NODES * 600;
	q->reverse = (int)rng_below(&w->rng, 2);
	if (rng_below(&w->rng, 2))
		q->limit = 1 + rng_below(&w->rng, 20);
	if (rng_below(&w->rng, 4) == 0)
		q->want = odd_carrier;
}

/* Whether the plan of a list neither sorts nor walks a whole table. */
static int streams(struct world *w, const struct mn_index_query *q,
		   const char *must_use)
{
	sqlite3_stmt *s, *plan = NULL;
	struct mn_buf b = MN_BUF_INIT;
	int used = 0, bad = 0;

	must(mn_index_list_prepare(&s, w->ix, q, 0, &w->err), &w->err);
	mn_buf_addf(&b, "EXPLAIN QUERY PLAN %s", sqlite3_sql(s));
	if (sqlite3_prepare_v2(w->ix->db, b.p, -1, &plan, NULL))
		bad = 1;
	while (!bad && sqlite3_step(plan) == SQLITE_ROW) {
		const char *step = (const char *)sqlite3_column_text(plan, 3);

		bad |= strstr(step, "TEMP B-TREE") || strstr(step, "SCAN");
		used |= strstr(step, must_use) != NULL;
	}
	sqlite3_finalize(plan);
	sqlite3_finalize(s);
	mn_buf_release(&b);
	return used && !bad;
}

static void test_plans(struct world *w)
{
	static const char *const tags[] = { "alpha", "beta" };
	struct mn_index_query q = { .profile = &w->profile };

	ok(streams(w, &q, "node USING INTEGER PRIMARY KEY (rowid>? AND "
		   "rowid<?)"), "a list is a walk over rows");
	q.reverse = 1;
	ok(streams(w, &q, "node USING INTEGER PRIMARY KEY (rowid>? AND "
		   "rowid<?)"), "in reverse, too");
	q.kind = "post";
	ok(streams(w, &q, "node USING INTEGER PRIMARY KEY"),
	   "and where it is filtered by what most rows have");
	q.kind = "reply";
	ok(streams(w, &q, "node USING INDEX node_kind (kind=? AND rowid>?"),
	   "a kind has an index");
	q.stream = "photos";
	ok(streams(w, &q, "node USING INDEX node_stream (stream=? AND rowid>?"),
	   "a stream has an index");
	q.tags = tags;
	q.ntags = 2;
	ok(streams(w, &q, "tag USING PRIMARY KEY (tag=? AND pos>?"),
	   "tags have an index");
	q = (struct mn_index_query){ .profile = &w->profile,
				     .device = &w->devices[0].pub };
	ok(streams(w, &q, "node USING INDEX node_seq (chain=?)"),
	   "a device has an index");
}

static void test_random(void)
{
	static struct world w;
	uint64_t shown[WORDS] = { 0 }, count;
	size_t at[DEVICES] = { 0 }, syncs = 0, bad = 0;
	const char *tags[2];
	struct mn_index_query q;

	world_begin(&w, 1, NULL);
	history(&w, 300);
	while (at[0] < w.n[0] || at[1] < w.n[1] || at[2] < w.n[2]) {
		size_t d = rng_below(&w.rng, DEVICES), left = w.n[d] - at[d];

		if (!left)
			continue;
		at[d] += 1 + rng_below(&w.rng, left < 20 ? left : 20);
		join(shown, w.nodes[w.chain[d][at[d] - 1]].below);
		set_tip(&w, d, &w.nodes[w.chain[d][at[d] - 1]].made.carrier);
		if (rng_below(&w.rng, 3) == 0)
			continue;	/* several refs move at once */
		must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
		syncs++;
		if (!holds(&w, shown))
			bad++;
	}
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	ok(!bad && holds(&w, shown), "%zu times brought up to date as refs "
	   "move, it holds what they reach", syncs);
	is_int(size_of(shown), 300, "which is everything in the end");
	for (int threads = 1; threads <= 3; threads++) {
		must(mn_index_rebuild(w.ix, &w.p, threads, &count, &w.err),
		     &w.err);
		ok(count == 300 && holds(&w, shown),
		   "the same when read anew by %d threads", threads);
	}
	for (size_t i = bad = 0; i < 2000; i++) {
		fill_query(&w, &q, tags);
		bad += !list_fits(&w, shown, &q);
	}
	is_int(bad, 0, "2000 lists are what the model says");
	test_plans(&w);
	world_end(&w);
}

/* look-ups */

static int same_row(struct world *w, const struct mn_index_row *row,
		    const struct node *n)
{
	return mn_id_eq(&row->node, &n->made.id) && row_fits(w, row);
}

static void look_up_all(struct world *w)
{
	struct mn_arena a = MN_ARENA_INIT;
	size_t bad = 0;

	for (size_t i = 0; i < w->nnodes; i++) {
		const struct node *n = &w->nodes[i];
		struct mn_index_row row;
		struct mn_oid carrier;
		struct mn_id id;

		bad += mn_index_by_id(&row, &a, w->ix, &w->profile,
				      &n->made.id, &w->err) ||
		       !same_row(w, &row, n);
		bad += mn_index_by_carrier(&row, &a, w->ix, &w->profile,
					   &n->made.carrier, &w->err) ||
		       !same_row(w, &row, n);
		bad += mn_index_by_seq(&id, &carrier, w->ix, &w->profile,
				       &w->devices[n->device].pub, 0, n->seq,
				       &w->err) ||
		       !mn_id_eq(&id, &n->made.id) ||
		       !mn_oid_eq(&carrier, &n->made.carrier);
	}
	is_int(bad, 0, "every node is found by id, carrier and number");
	mn_arena_release(&a);
}

static void look_up_none(struct world *w)
{
	struct mn_arena a = MN_ARENA_INIT;
	struct mn_id id = w->nodes[0].made.id, other;
	struct mn_oid oid = w->nodes[0].made.carrier;
	const struct mn_pub *d = &w->devices[0].pub;
	struct mn_index_row row;

	id.b[31] ^= 1;
	oid.b[19] ^= 1;
	rng_fill(&w->rng, other.b, 32);
	is_int(mn_index_by_id(&row, &a, w->ix, &w->profile, &id, &w->err),
	       MN_ENOTFOUND, "not by an id whose end differs");
	is_int(mn_index_by_carrier(&row, &a, w->ix, &w->profile, &oid,
				   &w->err), MN_ENOTFOUND, "nor a carrier");
	is_int(mn_index_by_seq(&id, &oid, w->ix, &w->profile, d, 0,
			       w->n[0] + 1, &w->err), MN_ENOTFOUND,
	       "nor a number beyond the last");
	is_int(mn_index_by_seq(&id, &oid, w->ix, &w->profile, d, 1, 1,
			       &w->err), MN_ENOTFOUND, "nor in another era");
	is_int(mn_index_by_id(&row, &a, w->ix, &other, &w->nodes[0].made.id,
			      &w->err), MN_ENOTFOUND,
	       "nor in another profile");
	mn_arena_release(&a);
}

static size_t model_abbrev(const struct world *w, const char *digits)
{
	char hex[MN_ID_HEX + 1];
	size_t n = 0;

	for (size_t i = 0; i < w->nnodes; i++) {
		mn_id_hex(hex, &w->nodes[i].made.id);
		n += !strncmp(hex, digits, strlen(digits));
	}
	return n;
}

static void abbreviate(struct world *w)
{
	struct mn_index_match m[4];
	char hex[MN_ID_HEX + 1];
	size_t bad = 0, shorter = 0;

	for (size_t i = 0; i < w->nnodes; i++) {
		const struct mn_id *id = &w->nodes[i].made.id;
		int len = mn_index_unique_len(w->ix, &w->profile, id, 1,
					      &w->err);

		mn_id_hex(hex, id);
		if (len < 1 || len > MN_ID_HEX)
			abort();
		hex[len] = '\0';
		bad += model_abbrev(w, hex) != 1;
		hex[len - 1] = '\0';
		shorter += len > 1 && model_abbrev(w, hex) == 1;
	}
	is_int(bad, 0, "unique lengths are enough");
	is_int(shorter, 0, "and none is longer than it must be");
	for (size_t i = bad = 0; i < w->nnodes; i++) {
		mn_id_hex(hex, &w->nodes[i].made.id);
		for (size_t len = 64; len >= 4; len -= len == 64 ? 51 : 1) {
			hex[len] = '\0';
			bad += mn_index_abbrev(m, 4, w->ix, i % 2 ? NULL :
					       &w->profile, hex, &w->err) !=
			       (int)model_abbrev(w, hex) ||
			       !mn_id_eq(&m[0].profile, &w->profile);
		}
	}
	is_int(bad, 0, "abbreviations fit as many as they must");
	is_int(mn_index_abbrev(m, 4, w->ix, NULL, "abc", &w->err),
	       MN_EINVALID, "three digits are too few");
	is_int(mn_index_abbrev(m, 4, w->ix, NULL, "abcg", &w->err),
	       MN_EINVALID, "g is no digit");
}

static void test_look_ups(void)
{
	static struct world w;
	struct mn_index_query q = { .profile = &w.profile };
	struct listing l = { .w = &w };
	struct mn_index_stats s;

	world_begin(&w, 2, NULL);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	must(mn_index_list(w.ix, &q, take_row, &l, &w.err), &w.err);
	ok(count_is(&w, 0) && !l.n, "a profile without posts has none");
	history(&w, 250);
	show_all(&w);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	look_up_all(&w);
	look_up_none(&w);
	abbreviate(&w);
	must(mn_index_stats(&s, w.ix, &w.err), &w.err);
	ok(s.profiles == 1 && s.posts == 250 && s.tags > 60 && s.bytes > 30000,
	   "and the statistics add up");
	world_end(&w);
}

/* Ids with the same first four bytes, which nodes of tests don't have. */
static void test_same_key(void)
{
	static struct world w;
	struct mn_arena a = MN_ARENA_INIT;
	struct mn_index_row row = { .kind = MN_STR("post") }, got;
	struct mn_index_match m[8];
	struct mn_head head = { .seconds = 1 };
	struct mn_oid none = { { 0 } };
	struct mn_id ids[4];

	world_begin(&w, 3, NULL);
	row.device = w.devices[0].pub;
	must(mn_index_add_begin(w.ix, &w.p, &row.device, &none, &w.err),
	     &w.err);
	for (size_t i = 0; i < 4; i++) {
		memset(row.node.b, 0xaa, 32);
		memset(row.carrier.b, 0xbb, 20);
		row.node.b[i < 2 ? 31 : 4 + i] = (unsigned char)i;
		row.carrier.b[19] = (unsigned char)i;
		row.seq = row.gen = i + 1;
		ids[i] = row.node;
		must(mn_index_add(w.ix, &row, &w.err), &w.err);
	}
	head.node = row.node;
	head.carrier = row.carrier;
	must(mn_index_add_commit(w.ix, &head, 1, &w.err), &w.err);
	row.carrier.b[19] = 2;
	ok(mn_index_by_carrier(&got, &a, w.ix, &w.profile, &row.carrier,
			       &w.err) == 0 && mn_id_eq(&got.node, &ids[2]) &&
	   mn_index_by_id(&got, &a, w.ix, &w.profile, &ids[1], &w.err) == 0 &&
	   got.seq == 2, "nodes with the same first bytes are told apart");
	is_int(mn_index_abbrev(m, 8, w.ix, NULL, "aaaaaaaa", &w.err), 4,
	       "the start of all of them");
	is_int(mn_index_abbrev(m, 8, w.ix, NULL, "aaaaaaaaaaaa0", &w.err), 1,
	       "and of one");
	is_int(mn_index_abbrev(m, 3, w.ix, NULL, "aaaa", &w.err), 3,
	       "no more than there is room for");
	is_int(mn_index_unique_len(w.ix, &w.profile, &ids[0], 4, &w.err), 64,
	       "a node that differs in the last digit");
	is_int(mn_index_unique_len(w.ix, &w.profile, &ids[2], 4, &w.err), 13,
	       "a node that differs in the 13th");
	mn_arena_release(&a);
	world_end(&w);
}

static void test_add(void)
{
	static struct world w;
	struct mn_oid none = { { 0 } };
	uint64_t set[WORDS] = { 0 };

	world_begin(&w, 4, NULL);
	post_and_add(&w, 0, 3);
	post_and_add(&w, 0, 2);
	ok(holds(&w, w.knows[0]), "rows that were added are there");
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	ok(holds(&w, w.knows[0]), "and sync finds nothing to do");

	must(mn_index_add_begin(w.ix, &w.p, &w.devices[1].pub, &none,
				&w.err), &w.err);
	is_int(mn_index_sync(w.ix, &w.p, &w.err), MN_EFAIL,
	       "no sync while rows are added");
	mn_index_add_abort(w.ix);
	ok(holds(&w, w.knows[0]), "nothing comes of an abort");

	/* another device's ref moved, unseen by the index */
	join(w.knows[1], w.knows[0]);
	post(&w, 1);
	finish_pack(&w);
	set_tip(&w, 1, carrier_of(&w, 1));
	memcpy(set, w.knows[0], sizeof(set));
	join(w.knows[0], w.knows[1]);
	post_and_add(&w, 0, 1);
	ok(holds(&w, set), "nothing is added on top of what isn't there");
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	ok(holds(&w, w.knows[0]), "sync brings both");

	/* the index does not stand at old */
	memcpy(set, w.knows[0], sizeof(set));
	post(&w, 0);
	finish_pack(&w);
	must(add_nodes(&w, w.ix, w.nnodes - 1, 1, &none, w.knows[0]), &w.err);
	ok(holds(&w, set), "nothing is added where it does not belong");
	world_end(&w);
}

static void test_busy(void)
{
	static struct world w;
	struct mn_index *other, *quick;
	uint64_t set[WORDS], count;
	struct mn_oid old;

	world_begin(&w, 5, NULL);
	post_and_add(&w, 0, 2);
	must(mn_index_open(&other, &w.home, 0, &w.err), &w.err);
	must(mn_index_open(&quick, &w.home, 20, &w.err), &w.err);
	must(mn_index_begin(other, &w.err), &w.err);

	memcpy(set, w.knows[0], sizeof(set));
	old = *carrier_of(&w, 0);
	post(&w, 0);
	finish_pack(&w);
	set_tip(&w, 0, carrier_of(&w, 0));
	must(add_nodes(&w, quick, w.nnodes - 1, 1, &old, w.knows[0]), &w.err);
	ok(holds(&w, set), "a busy index stays behind");
	is_int(mn_index_rebuild(quick, &w.p, 1, &count, &w.err), MN_ELOCKED,
	       "a rebuild tells that others write");
	ok(!mn_index_in_memory(quick), "in the file");
	is_int(mn_index_sync(quick, &w.p, &w.err), 0,
	       "a reader does not mind");
	ok(mn_index_in_memory(quick), "he has a copy of his own");
	mn_index_close(w.ix);
	w.ix = quick;
	ok(holds(&w, w.knows[0]), "with what is new in it");
	mn_index_rollback(other);
	mn_index_close(w.ix);
	w.ix = other;
	ok(holds(&w, set), "the file still stands behind");
	must(mn_index_sync(other, &w.p, &w.err), &w.err);
	ok(holds(&w, w.knows[0]) && !mn_index_in_memory(other),
	   "until somebody brings it up to date");
	world_end(&w);
}

/* history that changes */

static void test_rewritten(void)
{
	static struct world w;
	uint64_t set[WORDS];
	struct mn_oid old;
	size_t first;

	world_begin(&w, 6, NULL);
	history(&w, 60);
	show_all(&w);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);

	set_tip(&w, 1, &w.nodes[w.chain[1][2]].made.carrier);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	memcpy(set, w.nodes[w.chain[1][2]].below, sizeof(set));
	join(set, w.nodes[w.chain[0][w.n[0] - 1]].below);
	join(set, w.nodes[w.chain[2][w.n[2] - 1]].below);
	ok(holds(&w, set), "a ref that goes back takes its nodes along");
	set_tip(&w, 1, NULL);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	memcpy(set, w.nodes[w.chain[0][w.n[0] - 1]].below, sizeof(set));
	join(set, w.nodes[w.chain[2][w.n[2] - 1]].below);
	ok(holds(&w, set), "so does one that goes away");
	set_tip(&w, 0, NULL);
	set_tip(&w, 2, NULL);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	memset(set, 0, sizeof(set));
	ok(holds(&w, set), "and all of them");
	world_end(&w);

	/* the same nodes, from the tenth on in other carriers */
	world_begin(&w, 7, NULL);
	for (size_t i = 0; i < 30; i++)
		post(&w, 0);
	finish_pack(&w);
	show_all(&w);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	old = *carrier_of(&w, 0);
	first = w.nnodes;
	for (size_t i = 9; i < first; i++) {
		size_t parent = i - 1;
		struct made made;

		make(&w, i, &parent, 1, i == 9 ? "again" : "", &made);
		w.nodes[i].made.carrier = made.carrier;
	}
	post(&w, 0);
	finish_pack(&w);
	ok(!mn_oid_eq(&old, &w.nodes[first - 1].made.carrier),
	   "carriers were made anew");
	show_all(&w);
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	ok(holds(&w, w.knows[0]), "nodes whose carriers changed are the same "
	   "nodes");
	world_end(&w);
}

/* A device that signed two nodes of the same number and generation. */
static void test_fork(void)
{
	static struct world w;
	size_t a;

	world_begin(&w, 8, NULL);
	post(&w, 0);
	join(w.knows[1], w.knows[0]);
	a = post(&w, 0);
	memcpy(w.knows[0], w.knows[1], sizeof(w.knows[0]));
	w.n[0]--;
	post(&w, 0);
	/* devices 1 and 2 saw one each */
	join(w.knows[1], w.nodes[a].below);
	join(w.knows[2], w.knows[0]);
	post(&w, 1);
	post(&w, 2);
	finish_pack(&w);
	for (size_t d = 1; d < DEVICES; d++)
		set_tip(&w, d, carrier_of(&w, d));
	must(mn_index_sync(w.ix, &w.p, &w.err), &w.err);
	join(w.knows[1], w.knows[2]);
	ok(w.nodes[a].gen == w.nodes[a + 1].gen && w.nodes[a].seq ==
	   w.nodes[a + 1].seq && holds(&w, w.knows[1]),
	   "both nodes of a forked device are there");
	world_end(&w);
}

/* Device 0 posts four nodes, the third of which can't be read; device 1 saw
 * the first two. */
static void test_missing(void)
{
	static struct world w;
	struct mn_index_query q = { .profile = &w.profile };
	uint64_t set[WORDS] = { 0 };
	struct mn_oid old;
	size_t lost;

	world_begin(&w, 9, NULL);
	post(&w, 0);
	post(&w, 0);
	join(w.knows[1], w.knows[0]);
	post(&w, 1);
	finish_pack(&w);
	lost = post(&w, 0);
	hide_pack(&w);
	post(&w, 0);
	finish_pack(&w);
	show_all(&w);
	join(set, w.knows[0]);
	join(set, w.knows[1]);
	set[0] &= ~(UINT64_C(1) << lost);

	is_int(mn_index_sync(w.ix, &w.p, &w.err), MN_ECORRUPT,
	       "a node that can't be read is told");
	ok(strstr(w.err.msg, "1 of the nodes"), "in words: %s", w.err.msg);
	ok(list_fits(&w, set, &q) && count_is(&w, 4), "the others are there");
	mn_err_clear(&w.err);
	is_int(mn_index_sync(w.ix, &w.p, &w.err), MN_ECORRUPT,
	       "it is told again");
	mn_err_clear(&w.err);
	old = *carrier_of(&w, 1);
	post(&w, 1);
	finish_pack(&w);
	must(add_nodes(&w, w.ix, w.nnodes - 1, 1, &old, w.knows[1]), &w.err);
	set_tip(&w, 1, carrier_of(&w, 1));
	ok(count_is(&w, 4), "nothing is added meanwhile");
	is_int(mn_index_sync(w.ix, &w.p, &w.err), MN_ECORRUPT,
	       "but what is new is read");
	mn_err_clear(&w.err);
	set[0] |= UINT64_C(1) << (w.nnodes - 1);
	ok(list_fits(&w, set, &q) && count_is(&w, 5), "and listed");
	bring_pack(&w);
	is_int(mn_index_sync(w.ix, &w.p, &w.err), 0, "when it comes back");
	set[0] |= UINT64_C(1) << lost;
	ok(holds(&w, set), "it is read, too");
	world_end(&w);
}

static void test_row(void)
{
	struct mn_buf scratch = MN_BUF_INIT;
	struct mn_node n;
	struct mn_index_row row;

	mn_node_init(&n);
	mn_meta_init(&n.meta);
	n.meta.kind = MN_STR("post");
	mn_index_row_of(&row, &scratch, &n);
	ok(!row.has_media && mn_oid_is_zero(&row.text) && !row.tags.p &&
	   !row.title.p, "a node without anything");
	n.meta.ncontents = 2;
	n.meta.contents[0].role = MN_STR("attachment");
	n.meta.contents[1].role = MN_STR("text");
	n.meta.contents[1].size = 5;
	n.tree_ok = 1;
	n.tree.present = 2;
	memset(n.tree.contents[1].b, 7, 20);
	mn_index_row_of(&row, &scratch, &n);
	ok(row.has_media && mn_oid_eq(&row.text, &n.tree.contents[1]),
	   "a text behind a picture");
	n.meta.contents[1].size = MN_WHOLE_MAX + 1;
	mn_index_row_of(&row, &scratch, &n);
	ok(mn_oid_is_zero(&row.text), "a text in chunks is no blob");
	n.meta.contents[1].size = 5;
	n.tree.present = 1;
	mn_index_row_of(&row, &scratch, &n);
	ok(mn_oid_is_zero(&row.text), "nor is one that was dropped");
	n.tree.present = 2;
	n.tree_ok = 0;
	mn_index_row_of(&row, &scratch, &n);
	ok(mn_oid_is_zero(&row.text), "nor is any of a tree that is not right");
	mn_buf_release(&scratch);
	mn_node_release(&n);
}

/* A generation beyond what has room in a row's number. */
static void test_limit(void)
{
	static struct world w;
	struct mn_index_query q = { .profile = &w.profile };
	uint64_t set[WORDS] = { 1 };

	world_begin(&w, 10, NULL);
	post(&w, 0);
	w.nodes[0].gen = MN_INDEX_GEN_MAX;
	post(&w, 0);
	finish_pack(&w);
	w.nodes[0].gen = 1;
	show_all(&w);
	is_int(mn_index_sync(w.ix, &w.p, &w.err), MN_ECORRUPT,
	       "a generation beyond the limit is told");
	mn_err_clear(&w.err);
	ok(count_is(&w, 1) && list_fits(&w, set, &q), "the rest is there");
	world_end(&w);
}

int main(void)
{
	if (mn_key_init() < 0)
		return 1;
	test_random();
	test_look_ups();
	test_same_key();
	test_add();
	test_busy();
	test_rewritten();
	test_fork();
	test_missing();
	test_row();
	test_limit();
	return done_testing();
}
