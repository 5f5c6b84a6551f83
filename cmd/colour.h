/*
 * colour: which escape sequence, if any. Colour is used when stdout is a
 * terminal (or the pager that took its place), NO_COLOR is not set and TERM
 * is not dumb; --color and config color.ui ("auto", "always", "never")
 * overrule that.
 *
 *	int col = mn_colour_wanted(c, o.color);
 *	printf("%s%s%s", mn_colour(col, MN_COL_ID), id, mn_colour(col, MN_COL_OFF));
 */
#ifndef MN_CMD_COLOUR_H
#define MN_CMD_COLOUR_H

struct mn_cmd;

enum mn_colour {
	MN_COL_OFF,	/* back to normal */
	MN_COL_ID,	/* ids of nodes and objects */
	MN_COL_HEAD,	/* titles, headings */
	MN_COL_META,	/* dates, tags: what stands behind */
	MN_COL_REF,	/* refs and names */
	MN_COL_GOOD,
	MN_COL_BAD
};

/* when: value of --color, or NULL when it was not given. Calls mn_usage()
 * for another word. Returns 1 or 0. */
int mn_colour_wanted(struct mn_cmd *c, const char *when);

/* The sequence, or "" when wanted is 0. */
const char *mn_colour(int wanted, enum mn_colour which);

#endif
