/*
 * node-json: a node as one JSON object, the schema that `mn log --json` and
 * `mn show --json` print and `mn post --batch` reads: mnjson(5).
 */
#ifndef MN_OUT_NODE_JSON_H
#define MN_OUT_NODE_JSON_H

#include "base/buf.h"
#include "out/view.h"

#define MN_NODE_JSON_SCHEMA 1
/* What a view must hold for it. */
#define MN_NODE_JSON_PARTS (MN_VIEW_META | MN_VIEW_TEXT | MN_VIEW_PRESENT)

/* Appends the object, without a newline. The view has its meta. no_text: the
 * member "text" is left out. */
void mn_node_json(struct mn_buf *out, const struct mn_view *view, int no_text);

#endif
