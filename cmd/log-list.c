/* log-list: rows of the index, made into output by several threads. See log.h. */
#include <stdlib.h>
#include <string.h>

#include "base/parallel.h"
#include "base/vec.h"
#include "log.h"
#include "banned.h"

#define BLOCK 8192	/* rows that are made at once */
#define PIECE 64	/* of them, by one thread without a break */
#define ALONE 512	/* so few that starting threads doesn't pay */

struct piece {
	struct mn_buf out;
	MN_VEC(char *) warnings;
};

struct mn_log_list {
	struct mn_cmd *c;
	const struct mn_profile *profile;
	const struct mn_log_style *style;
	struct mn_labels labels;
	struct mn_arena arena;		/* of the rows' strings */
	MN_VEC(struct mn_index_row) rows;
	int hold;

	struct mn_pool *pool;		/* NULL: not started */
	struct mn_viewer **viewers;	/* one a thread */
	size_t nviewers;
	struct piece pieces[BLOCK / PIECE];

	const struct mn_index_row *block;	/* being made */
	size_t nblock;
	uint64_t written;		/* rows before the block */
	size_t broken;
};

struct mn_log_list *mn_log_list_new(struct mn_cmd *c,
				    const struct mn_profile *p,
				    const struct mn_log_style *s)
{
	struct mn_log_list *l = mn_xcalloc(1, sizeof(*l));

	l->c = c;
	l->profile = p;
	l->style = s;
	mn_labels_init(&l->labels, &p->identity);
	for (size_t i = 0; i < BLOCK / PIECE; i++)
		mn_buf_init(&l->pieces[i].out);
	return l;
}

void mn_log_list_hold(struct mn_log_list *l)
{
	l->hold = 1;
}

static void make_piece(void *ctx, int worker, size_t n)
{
	struct mn_log_list *l = ctx;
	struct piece *p = &l->pieces[n];
	struct mn_viewer *v = l->viewers[worker];
	size_t i = n * PIECE, end = i + PIECE;
	int parts = mn_log_parts(l->style);
	struct mn_err err = MN_ERR_INIT;
	struct mn_view view;

	for (; i < end && i < l->nblock; i++) {
		if (mn_viewer_load(v, &view, &l->block[i], parts, &err) < 0) {
			*mn_vec_push(&p->warnings) = mn_xstrdup(err.msg);
			mn_err_clear(&err);
			continue;
		}
		mn_log_add(&p->out, l->style, &view, !l->written && !i, NULL);
	}
}

static void need_viewers(struct mn_log_list *l, size_t n)
{
	if (n > ALONE && !l->pool)
		l->pool = mn_pool_new(0);
	n = l->pool ? (size_t)mn_pool_threads(l->pool) : 1;
	if (n <= l->nviewers)
		return;
	l->viewers = mn_xrealloc(l->viewers, n * sizeof(*l->viewers));
	while (l->nviewers < n)
		l->viewers[l->nviewers++] = mn_viewer_new(l->profile,
							  &l->labels);
}

static void write_piece(struct mn_log_list *l, struct piece *p)
{
	mn_out_buf(l->c, &p->out);
	for (size_t i = 0; i < p->warnings.n; i++) {
		mn_warning(l->c, "%s", p->warnings.p[i]);
		free(p->warnings.p[i]);
	}
	l->broken += p->warnings.n;
	mn_vec_clear(&p->warnings);
}

static void write_block(struct mn_log_list *l, const struct mn_index_row *rows,
			size_t n)
{
	size_t i, pieces = (n + PIECE - 1) / PIECE;

	need_viewers(l, n);
	l->block = rows;
	l->nblock = n;
	if (l->pool) {
		mn_pool_for(l->pool, pieces, 1, make_piece, l);
		for (i = 0; i < pieces; i++)
			write_piece(l, &l->pieces[i]);
	} else {
		for (i = 0; i < pieces; i++) {
			make_piece(l, 0, i);
			write_piece(l, &l->pieces[i]);
		}
	}
	l->written += n;
}

static struct mn_str copy(struct mn_arena *a, struct mn_str s)
{
	return s.p ? mn_arena_str(a, s) : s;
}

int mn_log_list_row(void *list, const struct mn_index_row *row,
		    struct mn_err *err)
{
	struct mn_log_list *l = list;
	struct mn_index_row *to = mn_vec_push(&l->rows);

	(void)err;
	*to = *row;
	to->kind = copy(&l->arena, row->kind);
	to->title = copy(&l->arena, row->title);
	to->stream = copy(&l->arena, row->stream);
	to->tags = copy(&l->arena, row->tags);
	if (l->rows.n == BLOCK && !l->hold) {
		write_block(l, l->rows.p, BLOCK);
		mn_vec_clear(&l->rows);
		mn_arena_reset(&l->arena);
	}
	return 0;
}

static void reverse(struct mn_index_row *p, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		struct mn_index_row t = p[i];

		p[i] = p[n - 1 - i];
		p[n - 1 - i] = t;
	}
}

size_t mn_log_list_finish(struct mn_log_list *l)
{
	size_t i, broken;

	if (l->hold)
		reverse(l->rows.p, l->rows.n);
	for (i = 0; i < l->rows.n; i += BLOCK)
		write_block(l, l->rows.p + i, l->rows.n - i < BLOCK
			    ? l->rows.n - i : BLOCK);
	broken = l->broken;
	for (i = 0; i < l->nviewers; i++)
		mn_viewer_free(l->viewers[i]);
	free(l->viewers);
	mn_pool_free(l->pool);
	for (i = 0; i < BLOCK / PIECE; i++) {
		mn_buf_release(&l->pieces[i].out);
		mn_vec_release(&l->pieces[i].warnings);
	}
	mn_vec_release(&l->rows);
	mn_arena_release(&l->arena);
	mn_labels_release(&l->labels);
	free(l);
	return broken;
}
