/*
 * graph: draws the lines of a DAG beside a list of its nodes, children
 * before parents. Each lane waits for one node; at a node the lanes that
 * wait for it join, and behind it a lane begins for each of its parents.
 *
 *	* two
 *	|\
 *	| * other
 *	|/
 *	* one
 *
 * Any number of parents can be drawn. There are at most MN_GRAPH_LANES lanes:
 * edges beyond them are left out.
 */
#ifndef MN_OUT_GRAPH_H
#define MN_OUT_GRAPH_H

#include "base/buf.h"
#include "key/hash.h"

#define MN_GRAPH_LANES 24

struct mn_graph;

struct mn_graph *mn_graph_new(void);
void mn_graph_free(struct mn_graph *g);

/* Appends the lines of text, each with its part of the graph in front, and
 * as many lines more as the graph needs. text ends with a newline. */
void mn_graph_add(struct mn_graph *g, struct mn_buf *out,
		  const struct mn_id *node, const struct mn_id *parents,
		  size_t nparents, struct mn_str text);
/* Appends a line with nothing but the graph. */
void mn_graph_gap(struct mn_graph *g, struct mn_buf *out);

#endif
