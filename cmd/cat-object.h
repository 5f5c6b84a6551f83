/* cat-object: the parts of mn cat-object that are about many objects, and
 * about trees. */
#ifndef MN_CMD_CAT_OBJECT_H
#define MN_CMD_CAT_OBJECT_H

#include "reading.h"

#define MN_BATCH_DEFAULT "%(objectname) %(objecttype) %(objectsize)"

/* Reads names from stdin; for each a line in the format and, with contents,
 * the object. What is not there is a line "<name> missing" or "ambiguous". */
int mn_batch(struct mn_reading *r, const char *format, int contents, int nul,
	     struct mn_err *err);

/* Appends the entries of a tree as git ls-tree does. MN_ECORRUPT. */
int mn_tree_print(struct mn_buf *out, struct mn_str tree, struct mn_err *err);

#endif
