/*
 * log: what mn log and mn show have in common: how a node is shown, and how
 * many are, in order.
 */
#ifndef MN_CMD_LOG_H
#define MN_CMD_LOG_H

#include "cmd.h"
#include "out/format.h"
#include "out/view.h"
#include "reading.h"

struct mn_log_style {
	enum { MN_LOG_FULL, MN_LOG_ONELINE, MN_LOG_FORMAT, MN_LOG_JSON } form;
	int no_text, colour;
	int nul;			/* end records with NUL */
	int devices;			/* in one line, too: whose it is */
	size_t width;			/* columns; 0: no limit */
	struct mn_format *format;	/* of MN_LOG_FORMAT */
};

/* Which options say how; shared option fields of the two commands. */
struct mn_log_options {
	const char *format, *color;
	int oneline, json, nul, no_text;
	int64_t width;
};
/* Dies where they don't fit together. Release the format. */
void mn_log_style(struct mn_log_style *s, struct mn_cmd *c,
		  const struct mn_log_options *o);
/* Of enum mn_view_part. */
int mn_log_parts(const struct mn_log_style *s);

/* What only mn show knows. */
struct mn_log_more {
	const char *verdict;		/* "good signature", ... */
	int good;
};
/* Appends a record with its end; first: no record stands before it. more may
 * be NULL. */
void mn_log_add(struct mn_buf *out, const struct mn_log_style *s,
		const struct mn_view *v, int first,
		const struct mn_log_more *more);

/*
 * The rows that the index lists, written in order: blocks of them are made
 * by all processors.
 */
struct mn_log_list;
struct mn_log_list *mn_log_list_new(struct mn_cmd *c,
				    const struct mn_profile *p,
				    const struct mn_log_style *s);
/* Keeps all rows, to write them the other way round. */
void mn_log_list_hold(struct mn_log_list *l);
/* A mn_index_fn, with the list as its context. */
int mn_log_list_row(void *list, const struct mn_index_row *row,
		    struct mn_err *err);
/* Writes what is left. Returns the number of nodes that could not be read: each
 * was told of by a warning. */
size_t mn_log_list_finish(struct mn_log_list *l);

/* --graph; the same number in *broken. filtered: the query leaves nodes out. */
int mn_log_graph(struct mn_reading *r, const struct mn_profile *p,
		 const struct mn_log_style *s, const struct mn_index_query *q,
		 int filtered, size_t *broken, struct mn_err *err);

#endif
