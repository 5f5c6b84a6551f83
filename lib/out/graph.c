#include "out/graph.h"

#include <stdlib.h>
#include <string.h>

#include "banned.h"

#define CELLS (2 * MN_GRAPH_LANES + 2)

struct mn_graph {
	size_t n;
	struct mn_id lanes[MN_GRAPH_LANES];	/* what each waits for */
	/* of the node at hand: */
	struct mn_buf *out;
	size_t width;			/* columns in front of its text */
	struct mn_str text;		/* lines not written yet */
};

/* One line of the graph before it is written; lane i is at column 2 i. */
struct line {
	char cells[CELLS];
};

struct mn_graph *mn_graph_new(void)
{
	return mn_xcalloc(1, sizeof(struct mn_graph));
}

void mn_graph_free(struct mn_graph *g)
{
	free(g);
}

/* Lanes from..to - 1 go straight down. */
static void straight(struct line *l, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		l->cells[2 * i] = '|';
}

static void blank(struct line *l)
{
	memset(l->cells, ' ', sizeof(l->cells));
}

/* Writes the line, and beside it the next line of the text. */
static void emit(struct mn_graph *g, const struct line *l)
{
	const char *nl = NULL;
	size_t used = CELLS, len;

	if (g->text.len)
		nl = memchr(g->text.p, '\n', g->text.len);
	len = nl ? (size_t)(nl - g->text.p) : g->text.len;
	while (used && l->cells[used - 1] == ' ')
		used--;
	mn_buf_add(g->out, l->cells, len ? g->width : used);
	mn_buf_add(g->out, g->text.p, len);
	mn_buf_addc(g->out, '\n');
	len += nl != NULL;
	g->text.p += len;
	g->text.len -= len;
}

static void drop_lane(struct mn_graph *g, size_t at)
{
	memmove(&g->lanes[at], &g->lanes[at + 1],
		(g->n - at - 1) * sizeof(g->lanes[0]));
	g->n--;
}

/* Lane from joins lane to, which stands to its left. */
static void join(struct mn_graph *g, size_t to, size_t from)
{
	struct line l;
	size_t i;

	blank(&l);
	straight(&l, 0, from);
	for (i = from; i < g->n; i++)
		l.cells[2 * i - 1] = '/';
	for (i = to + 1; i + 1 < from; i++)
		l.cells[2 * i + 1] = '_';
	emit(g, &l);
	drop_lane(g, from);
	if (from - to == 1)
		return;
	blank(&l);
	straight(&l, 0, g->n);
	l.cells[2 * to + 1] = '/';
	emit(g, &l);
}

static size_t lane_of(const struct mn_graph *g, size_t from,
		      const struct mn_id *id)
{
	while (from < g->n && !mn_id_eq(&g->lanes[from], id))
		from++;
	return from;
}

/* A new lane to the right of lane at. */
static void fork(struct mn_graph *g, size_t at, const struct mn_id *id)
{
	struct line l;
	size_t i;

	blank(&l);
	straight(&l, 0, at + 1);
	for (i = at; i < g->n; i++)
		l.cells[2 * i + 1] = '\\';
	memmove(&g->lanes[at + 2], &g->lanes[at + 1],
		(g->n - at - 1) * sizeof(g->lanes[0]));
	g->lanes[at + 1] = *id;
	g->n++;
	emit(g, &l);
}

/* Where lane at ends, those to its right move over. */
static void close_lane(struct mn_graph *g, size_t at)
{
	struct line l;
	size_t i;

	drop_lane(g, at);
	if (at == g->n)
		return;
	blank(&l);
	straight(&l, 0, at);
	for (i = at; i < g->n; i++)
		l.cells[2 * i + 1] = '/';
	emit(g, &l);
}

static void join_all(struct mn_graph *g)
{
	size_t i, k;

	for (i = 0; i < g->n; i++)
		while ((k = lane_of(g, i + 1, &g->lanes[i])) < g->n)
			join(g, i, k);
}

/* The lanes of the node's parents, from lane at on. */
static void descend(struct mn_graph *g, size_t at, const struct mn_id *parents,
		    size_t n)
{
	size_t i;

	if (at >= MN_GRAPH_LANES)
		return;
	if (!n) {
		close_lane(g, at);
		return;
	}
	g->lanes[at] = parents[0];
	for (i = n; i-- > 1; )
		if (g->n < MN_GRAPH_LANES)
			fork(g, at, &parents[i]);
	join_all(g);
}

void mn_graph_add(struct mn_graph *g, struct mn_buf *out,
		  const struct mn_id *node, const struct mn_id *parents,
		  size_t nparents, struct mn_str text)
{
	struct line l;
	size_t at, wide;

	g->out = out;
	g->text = text;
	at = lane_of(g, 0, node);
	if (at == g->n && g->n < MN_GRAPH_LANES)
		g->lanes[g->n++] = *node;
	blank(&l);
	straight(&l, 0, g->n);
	l.cells[2 * at] = '*';
	wide = (at < MN_GRAPH_LANES ? g->n : at + 1) +
		(nparents ? nparents - 1 : 0);
	g->width = 2 * (wide < MN_GRAPH_LANES + 1 ? wide : MN_GRAPH_LANES + 1);
	emit(g, &l);
	descend(g, at, parents, nparents);
	while (g->text.len) {
		blank(&l);
		straight(&l, 0, g->n);
		emit(g, &l);
	}
}

void mn_graph_gap(struct mn_graph *g, struct mn_buf *out)
{
	struct line l;

	g->out = out;
	blank(&l);
	straight(&l, 0, g->n);
	emit(g, &l);
}
