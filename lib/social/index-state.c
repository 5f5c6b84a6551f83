/* The writing side of the index: a profile's row, its chains, its nodes. */
#include <stdlib.h>
#include <string.h>

#include "social/index-impl.h"

#include "banned.h"

/* The lists in a profile's row: records of fixed size, numbers big-endian. */
#define TIP_SIZE (32 + 8 + 8 + 32 + 20)
#define HEAD_SIZE (32 + 20 + 8)
#define OID_SIZE 20

#define REST_ID 28			/* bytes of an id behind the key */
#define REST_OID 16
#define NAMES_MAX (REST_ID + REST_OID + 2 * OID_SIZE)

static void put_u64(struct mn_buf *b, uint64_t v)
{
	unsigned char p[8];

	for (int i = 0; i < 8; i++)
		p[i] = (unsigned char)(v >> (56 - 8 * i));
	mn_buf_add(b, p, sizeof(p));
}

static uint64_t get_u64(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

void mn_index_state_init(struct mn_index_state *st, const struct mn_id *profile)
{
	memset(st, 0, sizeof(*st));
	st->profile = *profile;
	st->no = -1;
}

static void clear(struct mn_index_state *st)
{
	st->posts = 0;
	st->bare = 0;
	st->last = 0;
	mn_vec_clear(&st->tips);
	mn_vec_clear(&st->heads);
	mn_vec_clear(&st->missing);
	mn_vec_clear(&st->chains);
}

void mn_index_state_release(struct mn_index_state *st)
{
	mn_vec_release(&st->tips);
	mn_vec_release(&st->heads);
	mn_vec_release(&st->missing);
	mn_vec_release(&st->chains);
}

static void read_tips(struct mn_index_state *st, const unsigned char *p,
		      size_t n)
{
	for (; n >= TIP_SIZE; p += TIP_SIZE, n -= TIP_SIZE) {
		struct mn_index_tip *t = mn_vec_push(&st->tips);

		memcpy(t->device.b, p, 32);
		t->era = get_u64(p + 32);
		t->seq = get_u64(p + 40);
		memcpy(t->node.b, p + 48, 32);
		memcpy(t->carrier.b, p + 80, 20);
	}
}

static void read_heads(struct mn_index_state *st, const unsigned char *p,
		       size_t n)
{
	for (; n >= HEAD_SIZE; p += HEAD_SIZE, n -= HEAD_SIZE) {
		struct mn_head *h = mn_vec_push(&st->heads);

		memset(h, 0, sizeof(*h));
		memcpy(h->node.b, p, 32);
		memcpy(h->carrier.b, p + 32, 20);
		h->seconds = get_u64(p + 52);
	}
}

static void read_missing(struct mn_index_state *st, const unsigned char *p,
			 size_t n)
{
	for (; n >= OID_SIZE; p += OID_SIZE, n -= OID_SIZE)
		memcpy(mn_vec_push(&st->missing)->b, p, OID_SIZE);
}

static size_t column(const unsigned char **p, sqlite3_stmt *s, int i)
{
	*p = sqlite3_column_blob(s, i);
	return *p ? (size_t)sqlite3_column_bytes(s, i) : 0;
}

int mn_index_state_load(struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_PROFILE, err);
	const unsigned char *p;
	size_t n;
	int rc;

	clear(st);
	st->no = -1;
	if (!s)
		return MN_EFAIL;
	sqlite3_bind_blob(s, 1, st->profile.b, 32, SQLITE_STATIC);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW) {
		st->no = sqlite3_column_int64(s, 0);
		st->posts = (uint64_t)sqlite3_column_int64(s, 1);
		n = column(&p, s, 2);
		read_tips(st, p, n);
		n = column(&p, s, 3);
		read_heads(st, p, n);
		n = column(&p, s, 4);
		read_missing(st, p, n);
		st->bare = (uint64_t)sqlite3_column_int64(s, 5);
	}
	sqlite3_reset(s);
	if (st->no < -1 || st->no >= MN_INDEX_PROFILES)
		rc = SQLITE_CORRUPT;
	return rc == SQLITE_ROW || rc == SQLITE_DONE
		? 0 : mn_index_fail(ix, rc, err);
}

static int load_chains(struct mn_index_state *st, struct mn_index *ix,
		       struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_CHAINS, err);
	const unsigned char *p;
	int rc;

	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, mn_index_pos(st->no, 0, 0) >>
			   MN_INDEX_GEN_BITS);
	sqlite3_bind_int64(s, 2, (mn_index_pos(st->no + 1, 0, 0) >>
				  MN_INDEX_GEN_BITS) - 1);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW) {
		struct mn_index_chain *c = mn_vec_push(&st->chains);

		c->no = sqlite3_column_int64(s, 0);
		c->era = (uint64_t)sqlite3_column_int64(s, 1);
		if (column(&p, s, 2) != 32) {
			rc = SQLITE_CORRUPT;
			break;
		}
		memcpy(c->device.b, p, 32);
	}
	sqlite3_reset(s);
	return rc == SQLITE_DONE ? 0 : mn_index_fail(ix, rc, err);
}

int mn_index_state_open(struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err)
{
	sqlite3_stmt *s;
	int r;

	if (st->no >= 0)
		return load_chains(st, ix, err);
	s = mn_index_stmt(ix, MN_SQL_PROFILE_FREE, err);
	if (!s)
		return MN_EFAIL;
	r = sqlite3_step(s);
	if (r == SQLITE_ROW)
		st->no = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	if (r != SQLITE_ROW)
		return mn_index_fail(ix, r, err);
	if (st->no >= MN_INDEX_PROFILES)
		return mn_err_set(err, MN_ELIMIT,
				  "too many profiles for the index");
	return 0;
}

int mn_index_state_save(const struct mn_index_state *st, struct mn_index *ix,
			struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_PROFILE_PUT, err);
	struct mn_buf tips = MN_BUF_INIT, heads = MN_BUF_INIT;
	int r;

	if (!s)
		return MN_EFAIL;
	for (size_t i = 0; i < st->tips.n; i++) {
		mn_buf_add(&tips, st->tips.p[i].device.b, 32);
		put_u64(&tips, st->tips.p[i].era);
		put_u64(&tips, st->tips.p[i].seq);
		mn_buf_add(&tips, st->tips.p[i].node.b, 32);
		mn_buf_add(&tips, st->tips.p[i].carrier.b, OID_SIZE);
	}
	for (size_t i = 0; i < st->heads.n; i++) {
		mn_buf_add(&heads, st->heads.p[i].node.b, 32);
		mn_buf_add(&heads, st->heads.p[i].carrier.b, OID_SIZE);
		put_u64(&heads, st->heads.p[i].seconds);
	}
	sqlite3_bind_int64(s, 1, st->no);
	sqlite3_bind_blob(s, 2, st->profile.b, 32, SQLITE_STATIC);
	sqlite3_bind_int64(s, 3, (int64_t)st->posts);
	sqlite3_bind_blob(s, 4, tips.p, (int)tips.len, SQLITE_STATIC);
	sqlite3_bind_blob(s, 5, heads.p, (int)heads.len, SQLITE_STATIC);
	sqlite3_bind_blob(s, 6, st->missing.p, (int)(st->missing.n * OID_SIZE),
			  SQLITE_STATIC);
	sqlite3_bind_int64(s, 7, (int64_t)st->bare);
	r = mn_index_run(ix, s, err);
	sqlite3_clear_bindings(s);
	mn_buf_release(&tips);
	mn_buf_release(&heads);
	return r;
}

struct mn_index_tip *mn_index_state_tip(struct mn_index_state *st,
					const struct mn_pub *device)
{
	for (size_t i = 0; i < st->tips.n; i++)
		if (!memcmp(st->tips.p[i].device.b, device->b, 32))
			return &st->tips.p[i];
	return NULL;
}

int mn_index_ref_device(struct mn_pub *out, const struct mn_ref *ref)
{
	const char *hex = ref->name + sizeof(MN_REF_DEVICES) - 1;
	struct mn_id id;

	if (strlen(hex) != MN_ID_HEX || mn_id_parse(&id, hex) < 0)
		return -1;
	memcpy(out->b, id.b, sizeof(out->b));
	return 0;
}

/* nodes without meta */

static const unsigned char least[4] = { 0, 0, 0, 0 };
static const unsigned char most[4] = { 255, 255, 255, 255 };

static sqlite3_stmt *bare_stmt(struct mn_index *ix, enum mn_index_sql which,
			       const struct mn_index_state *st,
			       const struct mn_oid *carrier,
			       struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, which, err);

	if (s) {
		sqlite3_bind_int64(s, 1, mn_index_key(st->no, carrier->b));
		sqlite3_bind_blob(s, 2, carrier->b + 4, REST_OID,
				  SQLITE_STATIC);
	}
	return s;
}

int mn_index_bare_has(struct mn_index *ix, const struct mn_index_state *st,
		      const struct mn_oid *carrier, struct mn_err *err)
{
	sqlite3_stmt *s;
	int rc;

	if (!st->bare)
		return 0;
	s = bare_stmt(ix, MN_SQL_BARE_HAS, st, carrier, err);
	if (!s)
		return MN_EFAIL;
	rc = sqlite3_step(s);
	sqlite3_reset(s);
	sqlite3_clear_bindings(s);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE
		? 0 : mn_index_fail(ix, rc, err);
}

int mn_index_bare_put(struct mn_index *ix, struct mn_index_state *st,
		      const struct mn_oid *carrier, struct mn_err *err)
{
	sqlite3_stmt *s = bare_stmt(ix, MN_SQL_BARE_PUT, st, carrier, err);
	int r = s ? mn_index_run(ix, s, err) : MN_EFAIL;

	if (s)
		sqlite3_clear_bindings(s);
	if (r == 0)
		st->bare += sqlite3_changes(ix->db) > 0;
	return r;
}

int mn_index_bare_some(struct mn_oid *out, int max, struct mn_index *ix,
		       const struct mn_index_state *st, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_BARE_SOME, err);
	const unsigned char *p;
	int rc, n = 0;

	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, mn_index_key(st->no, least));
	sqlite3_bind_int64(s, 2, mn_index_key(st->no, most));
	sqlite3_bind_int64(s, 3, max);
	while ((rc = sqlite3_step(s)) == SQLITE_ROW && n < max) {
		uint32_t key = (uint32_t)(sqlite3_column_int64(s, 0) +
					  (INT64_C(1) << 31));

		if (column(&p, s, 1) != REST_OID)
			continue;
		for (int i = 0; i < 4; i++)
			out[n].b[i] = (unsigned char)(key >> (24 - 8 * i));
		memcpy(out[n++].b + 4, p, REST_OID);
	}
	sqlite3_reset(s);
	return rc == SQLITE_DONE || rc == SQLITE_ROW ? n
		: mn_index_fail(ix, rc, err);
}

/* forgetting */

static int delete_range(struct mn_index *ix, const char *text, int64_t from,
			int64_t to, struct mn_err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(ix->db, text, -1, &s, NULL);

	if (rc == SQLITE_OK) {
		sqlite3_bind_int64(s, 1, from);
		sqlite3_bind_int64(s, 2, to);
		rc = sqlite3_step(s);
	}
	sqlite3_finalize(s);
	return rc == SQLITE_DONE ? 0 : mn_index_fail(ix, rc, err);
}

/* Whether another profile has posts here: 1, 0. */
static int has_others(struct mn_index *ix, int64_t no, struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_PROFILE_OTHER, err);
	int rc;

	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, no);
	rc = sqlite3_step(s);
	sqlite3_reset(s);
	return rc == SQLITE_ROW ? 1 : rc == SQLITE_DONE
		? 0 : mn_index_fail(ix, rc, err);
}

int mn_index_forget(struct mn_index *ix, struct mn_index_state *st,
		    struct mn_err *err)
{
	int64_t from = mn_index_pos(st->no, 0, 0);
	int64_t to = mn_index_pos(st->no + 1, 0, 0) - 1;
	int rc, r = has_others(ix, st->no, err);

	if (r == 1) {
		r = delete_range(ix, "DELETE FROM node"
				 " WHERE pos BETWEEN ?1 AND ?2",
				 from, to, err);
		if (r == 0)
			r = delete_range(ix, "DELETE FROM tag"
					 " WHERE pos BETWEEN ?1 AND ?2",
					 from, to, err);
		if (r == 0)
			r = delete_range(ix, "DELETE FROM chain"
					 " WHERE no BETWEEN ?1 AND ?2",
					 from >> MN_INDEX_GEN_BITS,
					 to >> MN_INDEX_GEN_BITS, err);
		if (r == 0)
			r = delete_range(ix, "DELETE FROM bare"
					 " WHERE carrier BETWEEN ?1 AND ?2",
					 mn_index_key(st->no, least),
					 mn_index_key(st->no, most), err);
	} else if (r == 0) {
		/* whole tables go at once, not row by row */
		rc = sqlite3_exec(ix->db, "DELETE FROM node; DELETE FROM tag;"
				  "DELETE FROM chain; DELETE FROM bare", NULL, NULL, NULL);
		if (rc != SQLITE_OK)
			r = mn_index_fail(ix, rc, err);
	}
	clear(st);
	return r;
}

/* inserting */

static int is_chain(const struct mn_index_chain *c,
		    const struct mn_index_row *row)
{
	return c->era == row->era && !memcmp(c->device.b, row->device.b, 32);
}

/* The nth chain of the row's device and era, made if there is none. */
static int find_chain(int64_t *no, struct mn_index *ix,
		      struct mn_index_state *st,
		      const struct mn_index_row *row, size_t nth,
		      struct mn_err *err)
{
	struct mn_index_chain *c;
	sqlite3_stmt *s;

	if (!nth && st->last < st->chains.n &&
	    is_chain(&st->chains.p[st->last], row)) {
		*no = st->chains.p[st->last].no;
		return 0;
	}
	for (size_t i = 0, k = 0; i < st->chains.n; i++) {
		if (!is_chain(&st->chains.p[i], row) || k++ < nth)
			continue;
		*no = st->chains.p[i].no;
		if (!nth)
			st->last = i;
		return 0;
	}
	if (st->chains.n >= MN_INDEX_SLOTS)
		return mn_err_set(err, MN_ELIMIT, "the index takes no more "
				  "than %d devices of a profile",
				  MN_INDEX_SLOTS);
	s = mn_index_stmt(ix, MN_SQL_CHAIN_PUT, err);
	if (!s)
		return MN_EFAIL;
	c = mn_vec_push(&st->chains);
	c->device = row->device;
	c->era = row->era;
	c->no = *no = (st->no << MN_INDEX_SLOT_BITS) |
		      (int64_t)(st->chains.n - 1);
	sqlite3_bind_int64(s, 1, c->no);
	sqlite3_bind_int64(s, 2, (int64_t)c->era);
	sqlite3_bind_blob(s, 3, c->device.b, 32, SQLITE_STATIC);
	return mn_index_run(ix, s, err);
}

static void bind_str(sqlite3_stmt *s, int i, struct mn_str v)
{
	if (v.p)
		sqlite3_bind_text(s, i, v.p, (int)v.len, SQLITE_STATIC);
	else
		sqlite3_bind_null(s, i);
}

static int put_names(unsigned char names[NAMES_MAX],
		     const struct mn_index_row *row)
{
	memcpy(names, row->node.b + 4, REST_ID);
	memcpy(names + REST_ID, row->carrier.b + 4, REST_OID);
	memcpy(names + REST_ID + REST_OID, row->meta.b, OID_SIZE);
	if (mn_oid_is_zero(&row->text))
		return NAMES_MAX - OID_SIZE;
	memcpy(names + REST_ID + REST_OID + OID_SIZE, row->text.b, OID_SIZE);
	return NAMES_MAX;
}

/* What stands at pos: 1 the same node, 2 it under another carrier, 0 another
 * node. */
static int compare_at(struct mn_index *ix, const struct mn_index_state *st,
		      int64_t pos, const struct mn_index_row *row,
		      struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_NODE_AT, err);
	const unsigned char *p;
	int rc, r = 0;

	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, pos);
	rc = sqlite3_step(s);
	if (rc != SQLITE_ROW || column(&p, s, 2) < REST_ID + REST_OID)
		r = mn_index_fail(ix, rc == SQLITE_ROW || rc == SQLITE_DONE
				  ? SQLITE_CORRUPT : rc, err);
	else if (sqlite3_column_int64(s, 0) ==
		 mn_index_key(st->no, row->node.b) &&
		 !memcmp(p, row->node.b + 4, REST_ID))
		r = sqlite3_column_int64(s, 1) ==
		    mn_index_key(st->no, row->carrier.b) &&
		    !memcmp(p + REST_ID, row->carrier.b + 4, REST_OID)
		    ? 1 : 2;
	sqlite3_reset(s);
	return r;
}

static int put_tags(struct mn_index *ix, int64_t pos, struct mn_str tags,
		    struct mn_err *err)
{
	int r = 0;

	while (tags.len && r == 0) {
		sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_TAG_PUT, err);
		const char *space = memchr(tags.p, ' ', tags.len);
		size_t n = space ? (size_t)(space - tags.p) : tags.len;

		if (!s)
			return MN_EFAIL;
		bind_str(s, 1, (struct mn_str){ tags.p, n });
		sqlite3_bind_int64(s, 2, pos);
		r = mn_index_run(ix, s, err);
		n += space != NULL;
		tags.p += n;
		tags.len -= n;
	}
	return r;
}

/* 0: another node stands at pos. 1: inserted. */
static int put_at(struct mn_index *ix, const struct mn_index_state *st,
		  int64_t pos, int64_t chain, const struct mn_index_row *row,
		  struct mn_err *err)
{
	sqlite3_stmt *s = mn_index_stmt(ix, MN_SQL_NODE_PUT, err);
	unsigned char names[NAMES_MAX];
	int rc;

	if (!s)
		return MN_EFAIL;
	sqlite3_bind_int64(s, 1, pos);
	sqlite3_bind_int64(s, 2, chain);
	sqlite3_bind_int64(s, 3, (int64_t)row->seq);
	sqlite3_bind_int64(s, 4, row->time);
	sqlite3_bind_int64(s, 5, mn_index_key(st->no, row->node.b));
	sqlite3_bind_int64(s, 6, mn_index_key(st->no, row->carrier.b));
	sqlite3_bind_blob(s, 7, names, put_names(names, row), SQLITE_STATIC);
	bind_str(s, 8, mn_str_eq(row->kind, "post")
		 ? (struct mn_str){ NULL, 0 } : row->kind);
	bind_str(s, 9, row->title);
	bind_str(s, 10, row->stream);
	bind_str(s, 11, row->tags);
	sqlite3_bind_int(s, 12, row->has_media ? 1 : 0);
	rc = sqlite3_step(s);
	sqlite3_reset(s);
	if ((rc & 0xff) == SQLITE_CONSTRAINT)
		return 0;
	return rc == SQLITE_DONE ? 1 : mn_index_fail(ix, rc, err);
}

int mn_index_put(struct mn_index *ix, struct mn_index_state *st,
		 const struct mn_index_row *row, struct mn_err *err)
{
	int64_t chain = 0, pos;
	int r;

	if (!row->gen || row->gen > MN_INDEX_GEN_MAX ||
	    row->seq > MN_NUMBER_MAX || row->era > MN_NUMBER_MAX)
		return mn_err_set(err, MN_ELIMIT, "a generation beyond what "
				  "the index takes");
	for (size_t nth = 0;; nth++) {
		r = find_chain(&chain, ix, st, row, nth, err);
		if (r < 0)
			return r;
		pos = mn_index_pos(st->no, row->gen,
				   chain & (MN_INDEX_SLOTS - 1));
		r = put_at(ix, st, pos, chain, row, err);
		if (r < 0)
			return r;
		if (r == 1)
			break;
		r = compare_at(ix, st, pos, row, err);
		if (r)
			return r;
	}
	st->posts++;
	return put_tags(ix, pos, row->tags, err);
}
