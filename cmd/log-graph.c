/*
 * log-graph: mn log --graph. Where some nodes are left out, the edges lead
 * to the nearest ancestors that are shown. See log.h.
 */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "log.h"
#include "out/graph.h"
#include "banned.h"

/* The nearest shown nodes that stand for one: itself, or ancestors. */
struct reps {
	unsigned n;
	size_t p[MN_PARENTS_MAX];	/* indexes of shown nodes */
};

struct shown {
	struct mn_id node;
	struct reps parents;
};

struct drawing {
	struct mn_reading *r;
	const struct mn_log_style *style;
	struct mn_labels labels;
	struct mn_viewer *viewer;
	struct mn_graph *graph;
	struct mn_buf text, out;
	uint64_t written;
	size_t broken;
	/* where nodes are left out: */
	int filtered;
	MN_VEC(struct shown) shown;
	MN_VEC(struct reps) all;
	struct mn_map shown_by_id, all_by_id;
};

static void warn(struct drawing *d, struct mn_err *err)
{
	mn_warning(d->r->c, "%s", err->msg);
	mn_err_clear(err);
	d->broken++;
}

/* The ids of the parents to draw, in place. */
static size_t parents_of(struct drawing *d, struct mn_id *out,
			 const struct mn_view *v)
{
	size_t at, n;

	if (!d->filtered) {
		n = v->meta->nparents;
		memcpy(out, v->meta->parents, n * sizeof(*out));
		return n;
	}
	at = mn_map_get(&d->shown_by_id, v->row.node.b);
	if (at == SIZE_MAX)
		return 0;
	for (n = 0; n < d->shown.p[at].parents.n; n++)
		out[n] = d->shown.p[d->shown.p[at].parents.p[n]].node;
	return n;
}

static int draw_row(void *ctx, const struct mn_index_row *row,
		    struct mn_err *err)
{
	struct drawing *d = ctx;
	struct mn_id parents[MN_PARENTS_MAX];
	struct mn_view v;
	size_t n;

	if (mn_viewer_load(d->viewer, &v, row, mn_log_parts(d->style) |
			   MN_VIEW_META, err) < 0) {
		warn(d, err);
		return 0;
	}
	n = parents_of(d, parents, &v);
	mn_buf_clear(&d->text);
	mn_log_add(&d->text, d->style, &v, 1, NULL);
	if (d->style->form == MN_LOG_FULL && d->written)
		mn_graph_gap(d->graph, &d->out);
	mn_graph_add(d->graph, &d->out, &v.row.node, parents, n,
		     (struct mn_str){ d->text.p, d->text.len });
	mn_out_buf(d->r->c, &d->out);
	d->written++;
	return 0;
}

static int note_shown(void *ctx, const struct mn_index_row *row,
		      struct mn_err *err)
{
	struct drawing *d = ctx;

	(void)err;
	mn_map_put(&d->shown_by_id, row->node.b, d->shown.n);
	*mn_vec_push(&d->shown) = (struct shown){ .node = row->node };
	return 0;
}

static void add_reps(struct reps *to, const struct reps *from)
{
	unsigned i, k;

	for (i = 0; i < from->n; i++) {
		for (k = 0; k < to->n && to->p[k] != from->p[i]; k++)
			;
		if (k == to->n && to->n < MN_PARENTS_MAX)
			to->p[to->n++] = from->p[i];
	}
}

/* Oldest first, so that what stands for the parents is known. */
static int note_edges(void *ctx, const struct mn_index_row *row,
		      struct mn_err *err)
{
	struct drawing *d = ctx;
	struct reps reps = { 0 };
	struct mn_view v;
	size_t at, i;

	if (mn_viewer_load(d->viewer, &v, row, MN_VIEW_META, err) < 0) {
		mn_err_clear(err);	/* told of when it is to be drawn */
		return 0;
	}
	for (i = 0; i < v.meta->nparents; i++) {
		at = mn_map_get(&d->all_by_id, v.meta->parents[i].b);
		if (at != SIZE_MAX)
			add_reps(&reps, &d->all.p[at]);
	}
	at = mn_map_get(&d->shown_by_id, row->node.b);
	if (at != SIZE_MAX) {
		d->shown.p[at].parents = reps;
		reps = (struct reps){ 1, { at } };
	}
	mn_map_put(&d->all_by_id, row->node.b, d->all.n);
	*mn_vec_push(&d->all) = reps;
	return 0;
}

static int find_edges(struct drawing *d, const struct mn_index_query *q,
		      struct mn_err *err)
{
	const struct mn_index_query all = {
		.profile = q->profile, .reverse = 1
	};
	int r = mn_index_list(d->r->index, q, note_shown, d, err);

	return r < 0 ? r : mn_index_list(d->r->index, &all, note_edges, d, err);
}

int mn_log_graph(struct mn_reading *r, const struct mn_profile *p,
		 const struct mn_log_style *s, const struct mn_index_query *q,
		 int filtered, size_t *broken, struct mn_err *err)
{
	struct mn_log_style style = *s;
	struct drawing d = { .r = r, .style = &style, .filtered = filtered };
	int ret = 0;

	mn_buf_init(&d.text);
	mn_buf_init(&d.out);
	mn_map_init(&d.shown_by_id, sizeof(struct mn_id));
	mn_map_init(&d.all_by_id, sizeof(struct mn_id));
	mn_labels_init(&d.labels, &p->identity);
	style.devices = d.labels.n > 1;
	d.viewer = mn_viewer_new(p, &d.labels);
	d.graph = mn_graph_new();
	if (filtered)
		ret = find_edges(&d, q, err);
	if (ret >= 0)
		ret = mn_index_list(r->index, q, draw_row, &d, err);
	*broken = d.broken;
	mn_graph_free(d.graph);
	mn_viewer_free(d.viewer);
	mn_labels_release(&d.labels);
	mn_map_release(&d.all_by_id);
	mn_map_release(&d.shown_by_id);
	mn_vec_release(&d.all);
	mn_vec_release(&d.shown);
	mn_buf_release(&d.out);
	mn_buf_release(&d.text);
	return ret;
}
