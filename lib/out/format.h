/*
 * format: --format='%(field)' for nodes.
 *
 * A field is %(name) or %(name:variant); %n is a newline, %t a tab, %0 a
 * NUL, %% a percent sign. What is not there is empty. Free text is made fit
 * for a terminal (out/text.h), or quoted with :quoted. The fields are listed
 * in mn-log(1), and in the table of format.c.
 *
 *	r = mn_format_compile(&f, "%(node) %(title)%n", &err);
 *	... load views with f->parts ...
 *	mn_format_add(&out, f, &view);
 *	mn_format_free(f);
 */
#ifndef MN_OUT_FORMAT_H
#define MN_OUT_FORMAT_H

#include "base/buf.h"
#include "base/err.h"
#include "out/view.h"

#define MN_SHORT_ID 12		/* digits of :short */

struct mn_format;

/* text is borrowed. MN_EINVALID with words that name the field. */
int mn_format_compile(struct mn_format **out, const char *text,
		      struct mn_err *err);
void mn_format_free(struct mn_format *f);
/* What views must hold: of enum mn_view_part. */
int mn_format_parts(const struct mn_format *f);
/* Appends, without anything behind it. */
void mn_format_add(struct mn_buf *out, const struct mn_format *f,
		   const struct mn_view *v);

#endif
