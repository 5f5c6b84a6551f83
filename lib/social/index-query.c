/* The reading side of the index: look-ups and lists. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "social/index-impl.h"

#include "banned.h"

#define REST_ID 28
#define REST_OID 16
#define NAMES_MIN (REST_ID + REST_OID + 20)

#define COLUMNS "node.pos, node.seq, node.time, node.id, node.carrier," \
	" node.names, node.kind, node.title, node.stream, node.tags," \
	" node.media, chain.era, chain.device"

int mn_index_profile_no(int64_t *no, struct mn_index *ix,
			const struct mn_id *profile, struct mn_err *err)
{
	sqlite3_stmt *s;
	int rc;

	*no = ix->last_no;
	if (ix->last_no >= 0 && mn_id_eq(&ix->last_profile, profile))
		return 0;
	*no = -1;
	s = mn_index_stmt(ix, MN_SQL_PROFILE, err);
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_blob(s, 1, profile->b, 32, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*no = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return mn_index_fail(ix, rc, err);
	ix->last_profile = *profile;
	ix->last_no = *no;
	return 0;
}

/* rows */

/* Four bytes of a key, the rest behind them. */
static void join(unsigned char *out, int64_t key, const unsigned char *rest,
		 size_t n)
{
	uint32_t head = (uint32_t)key ^ UINT32_C(0x80000000);

	for (int i = 0; i < 4; i++)
		out[i] = (unsigned char)(head >> (24 - 8 * i));
	memcpy(out + 4, rest, n);
}

static struct mn_str text(sqlite3_stmt *s, int i)
{
	const void *p = sqlite3_column_blob(s, i);

	if (!p)
		return (struct mn_str){ NULL, 0 };
	return (struct mn_str){ p, (size_t)sqlite3_column_bytes(s, i) };
}

/* Strings are borrowed from the statement. -1 for what can't be. */
static int read_row(struct mn_index_row *row, sqlite3_stmt *s)
{
	struct mn_str names = text(s, 5), device = text(s, 12);
	const unsigned char *p = (const unsigned char *)names.p;

	if (names.len < NAMES_MIN || device.len != 32)
		return -1;
	row->gen = mn_index_pos_gen(sqlite3_column_int64(s, 0));
	row->seq = (uint64_t)sqlite3_column_int64(s, 1);
	row->time = sqlite3_column_int64(s, 2);
	join(row->node.b, sqlite3_column_int64(s, 3), p, REST_ID);
	join(row->carrier.b, sqlite3_column_int64(s, 4), p + REST_ID,
	     REST_OID);
	memcpy(row->meta.b, p + REST_ID + REST_OID, 20);
	memset(row->text.b, 0, 20);
	if (names.len == NAMES_MIN + 20)
		memcpy(row->text.b, p + NAMES_MIN, 20);
	row->kind = text(s, 6);
	if (!row->kind.p)
		row->kind = MN_STR("post");
	row->title = text(s, 7);
	row->stream = text(s, 8);
	row->tags = text(s, 9);
	row->has_media = sqlite3_column_int(s, 10);
	row->era = (uint64_t)sqlite3_column_int64(s, 11);
	memcpy(row->device.b, device.p, 32);
	return 0;
}

static void keep_strings(struct mn_index_row *row, struct mn_arena *a)
{
	struct mn_str *const all[] = { &row->kind, &row->title, &row->stream,
				       &row->tags };

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (all[i]->p)
			*all[i] = mn_arena_str(a, *all[i]);
}

/* The number of a profile that must be here. */
static int need_profile(int64_t *no, struct mn_index *ix,
			const struct mn_id *profile, struct mn_err *err)
{
	int r = mn_index_profile_no(no, ix, profile, err);

	if (r == 0 && *no < 0)
		r = mn_err_set(err, MN_ENOTFOUND, "not in the index");
	return r;
}

/* The row whose node id, or carrier, is want; s gives those that have its
 * first bytes. */
static int pick_row(struct mn_index_row *row, struct mn_arena *a,
		    struct mn_index *ix, sqlite3_stmt *s,
		    const struct mn_id *node, const struct mn_oid *carrier,
		    struct mn_err *err)
{
	int rc, r = 1;

	while (r == 1 && (rc = sqlite3_step(s)) != SQLITE_DONE) {
		if (rc != SQLITE_ROW)
			r = mn_index_fail(ix, rc, err);
		else if (read_row(row, s) < 0)
			r = mn_index_fail(ix, SQLITE_CORRUPT, err);
		else if (node ? mn_id_eq(&row->node, node)
			      : mn_oid_eq(&row->carrier, carrier))
			r = 0;
	}
	if (r == 0)
		keep_strings(row, a);
	sqlite3_reset(s);
	return r == 1 ? mn_err_set(err, MN_ENOTFOUND, "not in the index") : r;
}

int mn_index_by_id(struct mn_index_row *row, struct mn_arena *a,
		   struct mn_index *ix, const struct mn_id *profile,
		   const struct mn_id *node, struct mn_err *err)
{
	sqlite3_stmt *s;
	int64_t no;
	int r = need_profile(&no, ix, profile, err);

	if (r < 0)
		return r;
	s = mn_index_stmt(ix, MN_SQL_BY_ID, err);
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, mn_index_key(no, node->b));
	return pick_row(row, a, ix, s, node, NULL, err);
}

int mn_index_by_carrier(struct mn_index_row *row, struct mn_arena *a,
			struct mn_index *ix, const struct mn_id *profile,
			const struct mn_oid *carrier, struct mn_err *err)
{
	sqlite3_stmt *s;
	int64_t no;
	int r = need_profile(&no, ix, profile, err);

	if (r < 0)
		return r;
	s = mn_index_stmt(ix, MN_SQL_BY_CARRIER, err);
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, mn_index_key(no, carrier->b));
	return pick_row(row, a, ix, s, NULL, carrier, err);
}

int mn_index_by_seq(struct mn_id *node, struct mn_oid *carrier,
		    struct mn_index *ix, const struct mn_id *profile,
		    const struct mn_pub *device, uint64_t era, uint64_t seq,
		    struct mn_err *err)
{
	struct mn_str names;
	sqlite3_stmt *s;
	int64_t no;
	int rc, r = need_profile(&no, ix, profile, err);

	if (r < 0)
		return r;
	s = mn_index_stmt(ix, MN_SQL_BY_SEQ, err);
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, no << MN_INDEX_SLOT_BITS);
	sqlite3_bind_int64(s, 2, ((no + 1) << MN_INDEX_SLOT_BITS) - 1);
	sqlite3_bind_blob(s, 3, device->b, 32, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, (int64_t)era);
	sqlite3_bind_int64(s, 5, (int64_t)seq);
	rc = sqlite3_step(s);
	names = rc == SQLITE_ROW ? text(s, 2) : (struct mn_str){ NULL, 0 };
	if (rc == SQLITE_DONE) {
		r = mn_err_set(err, MN_ENOTFOUND, "not in the index");
	} else if (rc != SQLITE_ROW || names.len < NAMES_MIN) {
		r = mn_index_fail(ix, rc == SQLITE_ROW ? SQLITE_CORRUPT : rc,
				  err);
	} else {
		const unsigned char *p = (const unsigned char *)names.p;

		join(node->b, sqlite3_column_int64(s, 0), p, REST_ID);
		join(carrier->b, sqlite3_column_int64(s, 1), p + REST_ID,
		     REST_OID);
	}
	sqlite3_reset(s);
	return r;
}

/* abbreviations */

/* A node id of an (id, names) row: 1; 0 at the end. */
static int step_id(struct mn_id *id, struct mn_index *ix, sqlite3_stmt *s,
		   struct mn_err *err)
{
	int rc = sqlite3_step(s);
	struct mn_str names;

	if (rc == SQLITE_DONE)
		return 0;
	if (rc != SQLITE_ROW)
		return mn_index_fail(ix, rc, err);
	names = text(s, 1);
	if (names.len < NAMES_MIN)
		return mn_index_fail(ix, SQLITE_CORRUPT, err);
	join(id->b, sqlite3_column_int64(s, 0),
	     (const unsigned char *)names.p, REST_ID);
	return 1;
}

static int abbrev_in(struct mn_index_match *out, int max, struct mn_index *ix,
		     int64_t no, const struct mn_id *profile,
		     const char *digits, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_ID_UP, err);
	char low[8], high[8], hex[MN_ID_HEX + 1];
	unsigned char from[4], to[4];
	size_t len = strlen(digits), n = len < 8 ? len : 8;
	struct mn_id id;
	int r, found = 0;

	if (!s)
		return MN_EFAIL;
	memset(low, '0', sizeof(low));
	memset(high, 'f', sizeof(high));
	memcpy(low, digits, n);
	memcpy(high, digits, n);
	if (mn_hex_decode(from, low, 4) < 0 || mn_hex_decode(to, high, 4) < 0)
		return mn_err_set(err, MN_EINVALID, "not hexadecimal");
	sqlite3_bind_int64(s, 1, mn_index_key(no, from));
	sqlite3_bind_int64(s, 2, mn_index_key(no, to));
	while (found < max && (r = step_id(&id, ix, s, err)) != 0) {
		if (r < 0) {
			found = r;
			break;
		}
		mn_id_hex(hex, &id);
		if (strncmp(hex, digits, len))
			continue;
		out[found].profile = *profile;
		out[found++].node = id;
	}
	sqlite3_reset(s);
	return found;
}

static int abbrev_all(struct mn_index_match *out, int max, struct mn_index *ix,
		      const char *digits, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_PROFILES, err);
	int rc = SQLITE_DONE, r = 0, found = 0;

	if (!s)
		return MN_EFAIL;
	while (found < max && r >= 0 && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct mn_str hex = text(s, 1);
		struct mn_id id;

		if (hex.len != 32) {
			rc = SQLITE_CORRUPT;
			break;
		}
		memcpy(id.b, hex.p, 32);
		r = abbrev_in(out + found, max - found, ix,
			      sqlite3_column_int64(s, 0), &id, digits, err);
		if (r > 0)
			found += r;
	}
	sqlite3_reset(s);
	if (r < 0)
		return r;
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		? found : mn_index_fail(ix, rc, err);
}

int mn_index_abbrev(struct mn_index_match *out, int max, struct mn_index *ix,
		    const struct mn_id *profile, const char *digits,
		    struct mn_err *err)
{
	size_t len = strlen(digits);
	int64_t no;
	int r;

	if (len < 4 || len > MN_ID_HEX || mn_hex_span(digits, len) != len)
		return mn_err_set(err, MN_EINVALID, "'%s' is not 4 to 64 "
				  "hexadecimal digits", digits);
	if (!profile)
		return abbrev_all(out, max, ix, digits, err);
	r = mn_index_profile_no(&no, ix, profile, err);
	if (r < 0 || no < 0)
		return r;
	return abbrev_in(out, max, ix, no, profile, digits, err);
}

/* How many digits two ids have in common. */
static int common(const struct mn_id *a, const struct mn_id *b)
{
	int i = 0;

	while (i < 32 && a->b[i] == b->b[i])
		i++;
	if (i == 32)
		return 64;
	return 2 * i + ((a->b[i] ^ b->b[i]) < 16);
}

/* The most digits that a neighbour of the node has in common with it; s
 * gives the ids from the node's first bytes on, one way. */
static int nearest(int *most, struct mn_index *ix, sqlite3_stmt *s,
		   const struct mn_id *node, struct mn_err *err)
{
	struct mn_id id;
	int r;

	while ((r = step_id(&id, ix, s, err)) == 1) {
		int n = common(&id, node);

		if (n == 64)
			continue;
		if (n > *most)
			*most = n;
		if (n < 8)
			break;
	}
	sqlite3_reset(s);
	return r < 0 ? r : 0;
}

int mn_index_unique_len(struct mn_index *ix, const struct mn_id *profile,
			const struct mn_id *node, int min, struct mn_err *err)
{
	static const unsigned char first[4] = { 0, 0, 0, 0 };
	static const unsigned char last[4] = { 255, 255, 255, 255 };
	sqlite3_stmt *up, *down;
	int64_t no, key;
	int most = 0, r = mn_index_profile_no(&no, ix, profile, err);

	if (r < 0 || no < 0)
		return r < 0 ? r : min;
	key = mn_index_key(no, node->b);
	up = mn_index_stmt(ix, MN_SQL_ID_UP, err);
	if (!up)
		return MN_EFAIL;
	sqlite3_bind_int64(up, 1, key);
	sqlite3_bind_int64(up, 2, mn_index_key(no, last));
	r = nearest(&most, ix, up, node, err);
	if (r < 0)
		return r;
	down = mn_index_stmt(ix, MN_SQL_ID_DOWN, err);
	if (!down)
		return MN_EFAIL;
	sqlite3_bind_int64(down, 1, mn_index_key(no, first));
	sqlite3_bind_int64(down, 2, key);
	r = nearest(&most, ix, down, node, err);
	if (r < 0)
		return r;
	return most + 1 > min ? most + 1 : min;
}

int mn_index_count(uint64_t *out, struct mn_index *ix,
		   const struct mn_id *profile, struct mn_err *err)
{
	struct mn_index_state st;
	int r;

	mn_index_state_init(&st, profile);
	r = mn_index_state_load(&st, ix, err);
	*out = st.posts;
	mn_index_state_release(&st);
	return r;
}

int mn_index_count_bare(uint64_t *out, struct mn_index *ix,
			const struct mn_id *profile, struct mn_err *err)
{
	struct mn_index_state st;
	int r;

	mn_index_state_init(&st, profile);
	r = mn_index_state_load(&st, ix, err);
	*out = st.bare;
	mn_index_state_release(&st);
	return r;
}

/* lists */

/* What a list walks along: the first of these that the query names. */
enum driver { BY_TAG, BY_STREAM, BY_KIND, BY_CHAIN, BY_POS };

/* The one chain of the query's device; -1: it has none, -2: several. */
static int find_chain(int64_t *chain, struct mn_index *ix, int64_t no,
		      const struct mn_pub *device, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_CHAINS, err);
	int rc;

	*chain = -1;
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, no << MN_INDEX_SLOT_BITS);
	sqlite3_bind_int64(s, 2, ((no + 1) << MN_INDEX_SLOT_BITS) - 1);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct mn_str d = text(s, 2);

		if (d.len == 32 && !memcmp(d.p, device->b, 32))
			*chain = *chain == -1 ? sqlite3_column_int64(s, 0)
					      : -2;
	}
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? 0 : mn_index_fail(ix, rc, err);
}

static enum driver choose(const struct mn_index_query *q, int64_t chain)
{
	if (q->ntags)
		return BY_TAG;
	if (q->stream)
		return BY_STREAM;
	if (q->kind && strcmp(q->kind, "post"))
		return BY_KIND;
	return q->device && chain != -2 ? BY_CHAIN : BY_POS;
}

/* Parameters: 1, 2 the range of pos; 3 stream; 4 kind; 5 device; 6 chain;
 * 7, 8 since and until; 9 and on the tags. */
static void write_list(struct mn_buf *b, const struct mn_index_query *q,
		       enum driver by)
{
	static const char *const from[] = {
		[BY_TAG] = "tag CROSS JOIN node ON node.pos = tag.pos",
		[BY_STREAM] = "node INDEXED BY node_stream",
		[BY_KIND] = "node INDEXED BY node_kind",
		[BY_CHAIN] = "node INDEXED BY node_seq",
		[BY_POS] = "node NOT INDEXED",
	};
	const char *pos = by == BY_TAG ? "tag.pos" : "node.pos";

	mn_buf_addf(b, "SELECT " COLUMNS " FROM %s CROSS JOIN chain"
		    " ON chain.no = node.chain"
		    " WHERE %s%s BETWEEN ?1 AND ?2", from[by],
		    by == BY_CHAIN ? "+" : "", pos);
	if (q->stream)
		mn_buf_adds(b, " AND node.stream = ?3");
	if (q->kind && !strcmp(q->kind, "post"))
		mn_buf_adds(b, " AND node.kind IS NULL");
	else if (q->kind)
		mn_buf_adds(b, " AND node.kind = ?4");
	if (by == BY_CHAIN)
		mn_buf_adds(b, " AND node.chain = ?6");
	else if (q->device)
		mn_buf_adds(b, " AND chain.device = ?5");
	if (q->since)
		mn_buf_adds(b, " AND node.time >= ?7");
	if (q->until)
		mn_buf_adds(b, " AND node.time <= ?8");
	if (q->ntags)
		mn_buf_adds(b, " AND tag.tag = ?9");
	for (size_t i = 1; i < q->ntags; i++)
		mn_buf_addf(b, " AND EXISTS (SELECT 1 FROM tag AS t"
			    " WHERE t.tag = ?%zu AND t.pos = node.pos)",
			    9 + i);
	mn_buf_addf(b, " ORDER BY %s %s",
		    by == BY_CHAIN ? "node.seq" : pos,
		    q->reverse ? "ASC" : "DESC");
}

static void bind_list(sqlite3_stmt *s, const struct mn_index_query *q,
		      int64_t no, int64_t chain)
{
	sqlite3_bind_int64(s, 1, mn_index_pos(no, 0, 0));
	sqlite3_bind_int64(s, 2, mn_index_pos(no + 1, 0, 0) - 1);
	if (q->stream)
		sqlite3_bind_text(s, 3, q->stream, -1, SQLITE_STATIC);
	if (q->kind)
		sqlite3_bind_text(s, 4, q->kind, -1, SQLITE_STATIC);
	if (q->device)
		sqlite3_bind_blob(s, 5, q->device->b, 32, SQLITE_STATIC);
	sqlite3_bind_int64(s, 6, chain);
	sqlite3_bind_int64(s, 7, q->since);
	sqlite3_bind_int64(s, 8, q->until);
	for (size_t i = 0; i < q->ntags; i++)
		sqlite3_bind_text(s, (int)(9 + i), q->tags[i], -1,
				  SQLITE_STATIC);
}

int mn_index_list_prepare(sqlite3_stmt **out, struct mn_index *ix,
			  const struct mn_index_query *q, int64_t no,
			  struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	int64_t chain = -1;
	int rc, r = 0;

	*out = NULL;
	if (q->ntags > MN_TAGS_MAX)
		return mn_err_set(err, MN_ELIMIT, "more than %d tags",
				  MN_TAGS_MAX);
	if (q->device)
		r = find_chain(&chain, ix, no, q->device, err);
	if (r < 0)
		return r;
	write_list(&b, q, choose(q, chain));
	rc = sqlite3_prepare_v2(ix->db, b.p, (int)b.len, out, NULL);
	mn_buf_release(&b);
	if (rc != SQLITE_OK)
		return mn_index_fail(ix, rc, err);
	bind_list(*out, q, no, chain);
	return 0;
}

/* Rows of one generation, put in order before they are told. */
struct group {
	MN_VEC(struct mn_index_row) rows;
	struct mn_arena strings;
	uint64_t told;
	int full;			/* the limit is reached */
};

static int cmp_row(const void *pa, const void *pb)
{
	const struct mn_index_row *a = pa, *b = pb;

	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return mn_id_cmp(&a->node, &b->node);
}

static int tell(struct group *g, const struct mn_index_query *q,
		mn_index_fn *fn, void *ctx, struct mn_err *err)
{
	size_t n = g->rows.n;
	int r = 0;

	if (n > 1)
		qsort(g->rows.p, n, sizeof(*g->rows.p), cmp_row);
	for (size_t i = 0; i < n && r == 0 && !g->full; i++) {
		const struct mn_index_row *row =
			&g->rows.p[q->reverse ? i : n - 1 - i];

		if (q->want && q->want(q->want_ctx, &row->carrier) != 1)
			continue;
		r = fn(ctx, row, err);
		g->full = ++g->told == q->limit;
	}
	mn_vec_clear(&g->rows);
	mn_arena_reset(&g->strings);
	return r;
}

static int list(struct mn_index *ix, sqlite3_stmt *s,
		const struct mn_index_query *q, mn_index_fn *fn, void *ctx,
		struct mn_err *err)
{
	struct group g = { .strings = MN_ARENA_INIT };
	int rc = SQLITE_DONE, r = 0;

	while (r == 0 && !g.full && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct mn_index_row row;

		if (read_row(&row, s) < 0) {
			rc = SQLITE_CORRUPT;
			break;
		}
		if (g.rows.n && g.rows.p[0].gen != row.gen)
			r = tell(&g, q, fn, ctx, err);
		if (r || g.full)
			break;
		keep_strings(&row, &g.strings);
		*mn_vec_push(&g.rows) = row;
	}
	if (r == 0 && rc != SQLITE_ROW && rc != SQLITE_DONE)
		r = mn_index_fail(ix, rc, err);
	if (r == 0 && !g.full)
		r = tell(&g, q, fn, ctx, err);
	mn_vec_release(&g.rows);
	mn_arena_release(&g.strings);
	return r;
}

int mn_index_list(struct mn_index *ix, const struct mn_index_query *q,
		  mn_index_fn *fn, void *ctx, struct mn_err *err)
{
	sqlite3_stmt *s;
	int64_t no;
	int r = mn_index_profile_no(&no, ix, q->profile, err);

	if (r < 0 || no < 0)
		return r;
	r = mn_index_list_prepare(&s, ix, q, no, err);
	if (r == 0)
		r = list(ix, s, q, fn, ctx, err);
	sqlite3_finalize(s);
	return r;
}
