/*
 * view: a node as lists and pages show it: what the index knows of it, and
 * on demand its meta, its text and which contents are here.
 *
 * A viewer is one thread's, and holds what its last view points to.
 *
 *	struct mn_viewer *v = mn_viewer_new(&profile, &labels);
 *	r = mn_viewer_load(v, &view, &row, MN_VIEW_META | MN_VIEW_TEXT, &err);
 *
 * Which of a node's contents is its text: the first of role "text", if it
 * is here, is UTF-8 and has at most MN_VIEW_TEXT_MAX bytes. Nothing is verified:
 * refs move only onto verified nodes.
 */
#ifndef MN_OUT_VIEW_H
#define MN_OUT_VIEW_H

#include "base/err.h"
#include "node/meta.h"
#include "node/node.h"
#include "social/index.h"
#include "social/profile.h"

#define MN_VIEW_TEXT_MAX (1u << 20)	/* bytes */

enum mn_view_part {
	MN_VIEW_META = 1,
	MN_VIEW_TEXT = 2,	/* with the meta */
	MN_VIEW_PRESENT = 4	/* with the meta */
};

struct mn_view {
	struct mn_index_row row;
	struct mn_id profile;
	struct mn_str label;		/* of the device; p NULL: unknown */
	const struct mn_meta *meta;	/* NULL: not loaded */
	size_t text_at;			/* its number; SIZE_MAX: no text */
	struct mn_str text;		/* p NULL: not loaded, or none */
	uint64_t present;		/* bit i: content i is here */
};

/* The devices of a profile and the labels that they had last. */
struct mn_device_label {
	struct mn_pub key;
	struct mn_str label;		/* borrowed from the identity */
};
struct mn_labels {
	struct mn_device_label *p;
	size_t n, cap;
};
void mn_labels_init(struct mn_labels *l, const struct mn_identity *identity);
void mn_labels_release(struct mn_labels *l);
struct mn_str mn_labels_find(const struct mn_labels *l,
			     const struct mn_pub *key);	/* p NULL: none */

struct mn_viewer;
/* Both are borrowed; labels may be NULL. */
struct mn_viewer *mn_viewer_new(const struct mn_profile *p,
				const struct mn_labels *labels);
void mn_viewer_free(struct mn_viewer *v);

/*
 * Fills in view; row's strings are borrowed. MN_ECORRUPT, MN_ENOTFOUND: the
 * meta cannot be read; the view holds what the index knows all the same.
 */
int mn_viewer_load(struct mn_viewer *v, struct mn_view *view,
		   const struct mn_index_row *row, int parts,
		   struct mn_err *err);

/* The same of a node that was read as a whole: it must outlive the view. */
int mn_viewer_node(struct mn_viewer *v, struct mn_view *view,
		   const struct mn_node *n, int parts, struct mn_err *err);

/* The title, or the first line of the text. */
struct mn_str mn_view_summary(const struct mn_view *view);

#endif
