#include "social/index.h"

#include <stdlib.h>
#include <string.h>

#include "social/index-impl.h"

#include "banned.h"

int mn_index_open(struct mn_index **out, const struct mn_home *h, int wait_ms,
		  struct mn_err *err)
{
	struct mn_index *ix = mn_xcalloc(1, sizeof(*ix));
	int r;

	ix->path = mn_home_path(h, "index.db");
	ix->wait_ms = wait_ms;
	ix->last_no = -1;
	r = mn_index_attach(ix, err);
	if (r < 0) {
		mn_index_close(ix);
		return r;
	}
	*out = ix;
	return 0;
}

void mn_index_close(struct mn_index *ix)
{
	if (!ix)
		return;
	mn_index_add_abort(ix);
	if (ix->damaged)
		mn_index_set_aside(ix, NULL);
	if (ix->db)
		mn_index_detach(ix);
	free(ix->path);
	free(ix);
}

int mn_index_in_memory(const struct mn_index *ix)
{
	return ix->in_memory;
}

/* adding */

/* Whether the index stands where the refs are, but for this device's own,
 * which is at old. Else a node below the new ones might be missing. */
static int is_current(struct mn_index_state *st, const struct mn_profile *p,
		      const struct mn_pub *device, const struct mn_oid *old)
{
	struct mn_index_tip *own = mn_index_state_tip(st, device);
	struct mn_ref_list refs = { 0 };
	size_t others = 0;
	int good;

	if (st->missing.n || st->bare || (own ? !mn_oid_eq(&own->carrier, old)
				  : !mn_oid_is_zero(old)))
		return 0;
	good = mn_profile_tips(&refs, p, NULL) == 0;
	for (size_t i = 0; i < refs.n && good; i++) {
		struct mn_index_tip *t;
		struct mn_pub d;

		if (mn_index_ref_device(&d, &refs.p[i]) < 0 ||
		    !memcmp(d.b, device->b, 32))
			continue;
		t = mn_index_state_tip(st, &d);
		good = t && mn_oid_eq(&t->carrier, &refs.p[i].oid);
		others++;
	}
	mn_refs_release(&refs);
	return good && st->tips.n == others + (own != NULL);
}

static void end_adding(struct mn_index *ix, enum mn_index_adding adding)
{
	if (ix->adding == MN_ADD_ROWS)
		mn_index_state_release(&ix->add);
	ix->adding = adding;
}

/* Nothing of it is kept: the index stays behind. */
static void stay_behind(struct mn_index *ix)
{
	mn_index_rollback(ix);
	end_adding(ix, MN_ADD_SKIP);
}

int mn_index_add_begin(struct mn_index *ix, const struct mn_profile *p,
		       const struct mn_pub *device, const struct mn_oid *old,
		       struct mn_err *err)
{
	struct mn_index_tip *own;

	(void)err;	/* who writes must not fail because of the index */
	mn_index_add_abort(ix);
	ix->adding = MN_ADD_SKIP;
	if (mn_index_begin(ix, NULL) < 0)
		return 0;
	mn_index_state_init(&ix->add, &p->id);
	ix->adding = MN_ADD_ROWS;
	ix->added = 0;
	if (mn_index_state_load(&ix->add, ix, NULL) < 0 ||
	    !is_current(&ix->add, p, device, old) ||
	    mn_index_state_open(&ix->add, ix, NULL) < 0) {
		stay_behind(ix);
		return 0;
	}
	memset(&ix->add_tip, 0, sizeof(ix->add_tip));
	ix->add_tip.device = *device;
	own = mn_index_state_tip(&ix->add, device);
	if (own)
		ix->add_tip = *own;
	return 0;
}

/* Whether a row goes on where the device's chain ends. */
static int follows(const struct mn_index_tip *tip,
		   const struct mn_index_row *row)
{
	return !memcmp(tip->device.b, row->device.b, 32) &&
	       row->seq == tip->seq + 1 &&
	       (!tip->seq || row->era == tip->era);
}

int mn_index_add(struct mn_index *ix, const struct mn_index_row *row,
		 struct mn_err *err)
{
	(void)err;
	if (ix->adding != MN_ADD_ROWS)
		return 0;
	if (!follows(&ix->add_tip, row) ||
	    mn_index_put(ix, &ix->add, row, NULL) != 0) {
		stay_behind(ix);
		return 0;
	}
	ix->add_tip.era = row->era;
	ix->add_tip.seq = row->seq;
	ix->add_tip.node = row->node;
	ix->add_tip.carrier = row->carrier;
	ix->added++;
	return 0;
}

int mn_index_add_commit(struct mn_index *ix, const struct mn_head *heads,
			size_t nheads, struct mn_err *err)
{
	struct mn_index_tip *own;

	(void)err;
	if (ix->adding != MN_ADD_ROWS || !ix->added) {
		mn_index_add_abort(ix);
		return 0;
	}
	own = mn_index_state_tip(&ix->add, &ix->add_tip.device);
	if (!own)
		own = mn_vec_push(&ix->add.tips);
	*own = ix->add_tip;
	mn_vec_clear(&ix->add.heads);
	for (size_t i = 0; i < nheads; i++)
		*mn_vec_push(&ix->add.heads) = heads[i];
	if (mn_index_state_save(&ix->add, ix, NULL) < 0)
		mn_index_rollback(ix);
	else
		mn_index_commit(ix, NULL);
	end_adding(ix, MN_ADD_NONE);
	return 0;
}

void mn_index_add_abort(struct mn_index *ix)
{
	if (ix->adding == MN_ADD_ROWS)
		mn_index_rollback(ix);
	end_adding(ix, MN_ADD_NONE);
}

size_t mn_index_row_meta(struct mn_index_row *row, struct mn_buf *scratch,
			 const struct mn_meta *m)
{
	size_t text = 0;

	row->device = m->device;
	row->seq = m->seq;
	row->gen = m->gen;
	row->era = m->era;
	row->time = m->time;
	row->kind = m->kind;
	row->title = m->summary;
	row->stream = m->stream;
	mn_buf_clear(scratch);
	for (size_t i = 0; i < m->ntags; i++) {
		if (i)
			mn_buf_addc(scratch, ' ');
		mn_buf_addstr(scratch, m->tags[i]);
	}
	if (m->ntags)
		row->tags = (struct mn_str){ scratch->p, scratch->len };
	while (text < m->ncontents &&
	       !mn_str_eq(m->contents[text].role, "text"))
		text++;
	row->has_media = m->ncontents > (text < m->ncontents);
	return text < m->ncontents &&
	       !mn_content_is_chunked(m->contents[text].size) ? text : SIZE_MAX;
}

void mn_index_row_of(struct mn_index_row *row, struct mn_buf *scratch,
		     const struct mn_node *n)
{
	size_t text;

	memset(row, 0, sizeof(*row));
	row->node = n->id;
	row->carrier = n->oid;
	row->meta = n->tree.meta;
	text = mn_index_row_meta(row, scratch, &n->meta);
	if (text != SIZE_MAX && n->tree_ok && n->tree.present >> text & 1)
		row->text = n->tree.contents[text];
}

/* what is known */

int mn_index_known_heads(struct mn_known_heads *out, struct mn_arena *a,
			 struct mn_index *ix, const struct mn_profile *p,
			 struct mn_err *err)
{
	struct mn_index_state st;
	struct mn_head *heads;
	struct mn_tip *tips;
	int r;

	memset(out, 0, sizeof(*out));
	mn_index_state_init(&st, &p->id);
	r = mn_index_state_load(&st, ix, err);
	if (r < 0 || !st.heads.n)
		goto out;
	heads = mn_arena_alloc(a, st.heads.n * sizeof(*heads));
	memcpy(heads, st.heads.p, st.heads.n * sizeof(*heads));
	tips = mn_arena_alloc(a, (st.tips.n + 1) * sizeof(*tips));
	for (size_t i = 0; i < st.tips.n; i++)
		tips[i] = (struct mn_tip){
			st.tips.p[i].device, st.tips.p[i].era,
			st.tips.p[i].seq, st.tips.p[i].carrier };
	*out = (struct mn_known_heads){ tips, st.tips.n, heads, st.heads.n };
out:
	mn_index_state_release(&st);
	return r;
}

static int number(uint64_t *out, struct mn_index *ix, const char *text,
		  struct mn_err *err)
{
	sqlite3_stmt *s = NULL;
	int rc = sqlite3_prepare_v2(ix->db, text, -1, &s, NULL);

	if (rc == SQLITE_OK)
		rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*out = (uint64_t)sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? 0 : mn_index_fail(ix, rc, err);
}

int mn_index_stats(struct mn_index_stats *out, struct mn_index *ix,
		   struct mn_err *err)
{
	uint64_t page, pages, unused;
	int r;

	memset(out, 0, sizeof(*out));
	r = number(&out->profiles, ix, "SELECT count(*) FROM profile", err);
	if (r == 0)
		r = number(&out->posts, ix, "SELECT count(*) FROM node", err);
	if (r == 0)
		r = number(&out->tags, ix, "SELECT count(*) FROM tag", err);
	if (r == 0)
		r = number(&page, ix, "PRAGMA page_size", err);
	if (r == 0)
		r = number(&pages, ix, "PRAGMA page_count", err);
	if (r == 0)
		r = number(&unused, ix, "PRAGMA freelist_count", err);
	if (r == 0) {
		out->bytes = page * pages;
		out->free_bytes = page * unused;
	}
	return r;
}
