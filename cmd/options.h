/*
 * options: the command line of a command, read by table.
 *
 * A command keeps what its options set in a struct of its own, and says in
 * one constant table which option sets which field. The macros check the
 * field's type at compile time.
 *
 *	struct post_opts {
 *		const char *text;
 *		struct mn_opt_list tags;
 *		int edit;
 *	};
 *
 *	static const struct mn_opt options[] = {
 *		MN_OPT_STR('m', "message", struct post_opts, text, "TEXT",
 *			   "the text of the post"),
 *		MN_OPT_LIST('t', "tag", struct post_opts, tags, "TAG",
 *			    "add a tag (repeatable)"),
 *		MN_OPT_BOOL('e', "edit", struct post_opts, edit,
 *			    "open an editor on the text first"),
 *		MN_OPT_END
 *	};
 *
 *	struct post_opts o = { 0 };
 *	mn_options_parse(c, usage, options, &o, 0);
 *	... c->argc operands are left in c->argv[0 .. c->argc - 1] ...
 *	mn_opt_list_release(&o.tags);
 *
 * Understood: -a, -ab, -n5, -n 5, --name=VALUE, --name VALUE, --no-name,
 * unique abbreviations of long options, and -- (what follows is operands).
 * Options and operands may be mixed; a lone "-" is an operand. Given twice,
 * the later one wins, except for lists and counts. The strings point into
 * argv.
 *
 * -h and --help print the synopsis and the option table on stdout and exit
 * 0; anything wrong prints one line and a hint on stderr and exits 129. The
 * hidden --list-options (as the first and only argument) prints what
 * completion needs: an option a line, "NAME<TAB>ARG<TAB>help", ARG empty
 * where it takes none.
 */
#ifndef MN_CMD_OPTIONS_H
#define MN_CMD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

struct mn_cmd;

enum mn_opt_type {
	MN_OPT_T_END = 0,
	MN_OPT_T_GROUP,		/* a heading in -h */
	MN_OPT_T_BOOL,		/* int: 1, or 0 by --no-name */
	MN_OPT_T_COUNT,		/* int: counts, back to 0 by --no-name */
	MN_OPT_T_SET,		/* int: becomes num, or 0 by --no-name */
	MN_OPT_T_INT,		/* int64_t: num .. num_max */
	MN_OPT_T_SIZE,		/* uint64_t: bytes, with k, m or g behind */
	MN_OPT_T_STR,		/* const char *: NULL again by --no-name */
	MN_OPT_T_LIST,		/* struct mn_opt_list: emptied by --no-name */
	MN_OPT_T_CALL		/* handed to a function */
};

enum mn_opt_flag {
	MN_OPT_HIDDEN = 1,	/* not in -h, not in completion */
	MN_OPT_NONEG = 2,	/* there is no --no-name */
	MN_OPT_DIGITS = 4,	/* INT: "-5" means this option with 5 */
	MN_OPT_OPTARG = 8	/* STR, CALL: --name alone means def; a value
				   must be joined to it: --name=VALUE */
};

/* What repeatable options gather, in order. Zero it to initialise. */
struct mn_opt_list {
	const char **p;
	size_t n, cap;
};
void mn_opt_list_add(struct mn_opt_list *l, const char *value);
void mn_opt_list_release(struct mn_opt_list *l);

/* opts is the command's struct; value is NULL without an argument; on
 * trouble the function calls mn_usage() and doesn't return. */
typedef void mn_opt_fn(struct mn_cmd *c, void *opts, const char *value);

struct mn_opt {
	enum mn_opt_type type;
	int letter;		/* 0: no short form */
	const char *name;	/* without dashes; NULL: no long form */
	size_t offset;		/* of the field in the command's struct */
	const char *arg;	/* "TEXT"; NULL: takes no argument */
	const char *help;	/* lower case, no final stop */
	int64_t num, num_max;
	const char *def;	/* for MN_OPT_OPTARG */
	mn_opt_fn *fn;
	int flags;		/* of enum mn_opt_flag */
};

#define MN_OPT_FIELD(T, f, ctype) \
	(offsetof(T, f) + _Generic(&((T *)0)->f, ctype *: (size_t)0))

#define MN_OPT_END \
	{ MN_OPT_T_END, 0, NULL, 0, NULL, NULL, 0, 0, NULL, NULL, 0 }
#define MN_OPT_GROUP(text) \
	{ MN_OPT_T_GROUP, 0, NULL, 0, NULL, text, 0, 0, NULL, NULL, 0 }
#define MN_OPT_BOOL(c, name, T, f, help) \
	{ MN_OPT_T_BOOL, c, name, MN_OPT_FIELD(T, f, int), NULL, help, \
	  0, 0, NULL, NULL, 0 }
#define MN_OPT_COUNT(c, name, T, f, help) \
	{ MN_OPT_T_COUNT, c, name, MN_OPT_FIELD(T, f, int), NULL, help, \
	  0, 0, NULL, NULL, 0 }
#define MN_OPT_SET(c, name, T, f, value, help) \
	{ MN_OPT_T_SET, c, name, MN_OPT_FIELD(T, f, int), NULL, help, \
	  value, 0, NULL, NULL, MN_OPT_NONEG }
#define MN_OPT_INT(c, name, T, f, arg, min, max, help) \
	{ MN_OPT_T_INT, c, name, MN_OPT_FIELD(T, f, int64_t), arg, help, \
	  min, max, NULL, NULL, MN_OPT_NONEG }
#define MN_OPT_NUMBER(c, name, T, f, arg, min, max, help) /* also "-5" */ \
	{ MN_OPT_T_INT, c, name, MN_OPT_FIELD(T, f, int64_t), arg, help, \
	  min, max, NULL, NULL, MN_OPT_NONEG | MN_OPT_DIGITS }
#define MN_OPT_SIZE(c, name, T, f, arg, help) \
	{ MN_OPT_T_SIZE, c, name, MN_OPT_FIELD(T, f, uint64_t), arg, help, \
	  0, 0, NULL, NULL, MN_OPT_NONEG }
#define MN_OPT_STR(c, name, T, f, arg, help) \
	{ MN_OPT_T_STR, c, name, MN_OPT_FIELD(T, f, const char *), arg, help, \
	  0, 0, NULL, NULL, 0 }
/* --name, or --name=ARG; def is what --name alone means */
#define MN_OPT_STR_DEF(c, name, T, f, arg, def, help) \
	{ MN_OPT_T_STR, c, name, MN_OPT_FIELD(T, f, const char *), arg, help, \
	  0, 0, def, NULL, MN_OPT_OPTARG }
#define MN_OPT_LIST(c, name, T, f, arg, help) \
	{ MN_OPT_T_LIST, c, name, MN_OPT_FIELD(T, f, struct mn_opt_list), \
	  arg, help, 0, 0, NULL, NULL, 0 }
#define MN_OPT_CALL(c, name, fn, arg, help) \
	{ MN_OPT_T_CALL, c, name, 0, arg, help, 0, 0, NULL, fn, MN_OPT_NONEG }
/* One of the others, kept out of -h and completion */
#define MN_OPT_HIDDEN_BOOL(c, name, T, f) \
	{ MN_OPT_T_BOOL, c, name, MN_OPT_FIELD(T, f, int), NULL, "", \
	  0, 0, NULL, NULL, MN_OPT_HIDDEN }

enum mn_options_flag {
	MN_OPTIONS_STOP = 1	/* the first operand ends the options */
};

/*
 * Reads c->argv[1 ..] and leaves the operands in c->argv[0 ..], NULL-ended,
 * and their number in c->argc. usage is the synopsis: a line for each form,
 * "mn post [-m TEXT] ...", a line that begins with a blank continues the one
 * before. Also sets c->usage. opts is zeroed or preset by the caller.
 */
void mn_options_parse(struct mn_cmd *c, const char *usage,
		      const struct mn_opt *table, void *opts, int flags);

/* Reads a decimal integer in min..max; 0, or -1. */
int mn_parse_int(int64_t *out, const char *s, int64_t min, int64_t max);
/* Reads a size: digits with an optional k, m or g (1024); 0, or -1. */
int mn_parse_size(uint64_t *out, const char *s);

/* For options.c and options-help.c: */

/* Must an argument follow? */
int mn_opt_takes_arg(const struct mn_opt *o);
/* What -h prints. */
void mn_options_help(const char *usage, const struct mn_opt *table);
/* What --list-options prints. */
void mn_options_list(const struct mn_opt *table);

#endif
