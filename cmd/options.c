/*
 * options: see options.h. The table is walked for each argument: tables are
 * short, and so are command lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "cmd.h"
#include "options.h"
#include "banned.h"

struct parser {
	struct mn_cmd *c;
	const struct mn_opt *table;
	void *opts;
	int i;			/* argument in hand */
	int kept;		/* operands found so far */
};

void mn_opt_list_add(struct mn_opt_list *l, const char *value)
{
	*mn_vec_push(l) = value;
}

void mn_opt_list_release(struct mn_opt_list *l)
{
	mn_vec_release(l);
}

int mn_parse_int(int64_t *out, const char *s, int64_t min, int64_t max)
{
	int neg = *s == '-';
	uint64_t n = 0, lim = neg ? (uint64_t)INT64_MAX + 1 : INT64_MAX;
	int64_t v;

	s += neg;
	if (!*s)
		return -1;
	for (; *s; s++) {
		if (*s < '0' || *s > '9' ||
		    n > (lim - (uint64_t)(*s - '0')) / 10)
			return -1;
		n = n * 10 + (uint64_t)(*s - '0');
	}
	if (!neg)
		v = (int64_t)n;
	else
		v = n ? -(int64_t)(n - 1) - 1 : 0;
	if (v < min || v > max)
		return -1;
	*out = v;
	return 0;
}

int mn_parse_size(uint64_t *out, const char *s)
{
	size_t len = strlen(s);
	char digits[24];
	int64_t n;
	int shift = 0;

	if (!len || len >= sizeof(digits))
		return -1;
	memcpy(digits, s, len + 1);
	switch (digits[len - 1]) {
	case 'k': case 'K':
		shift = 10;
		break;
	case 'm': case 'M':
		shift = 20;
		break;
	case 'g': case 'G':
		shift = 30;
		break;
	}
	if (shift)
		digits[len - 1] = 0;
	if (mn_parse_int(&n, digits, 0, INT64_MAX >> shift) < 0)
		return -1;
	*out = (uint64_t)n << shift;
	return 0;
}

int mn_opt_takes_arg(const struct mn_opt *o)
{
	return o->arg && !(o->flags & MN_OPT_OPTARG);
}

static void spell(char *out, size_t max, const struct mn_opt *o)
{
	if (o->name)
		snprintf(out, max, "--%s", o->name);
	else
		snprintf(out, max, "-%c", o->letter);
}

/* Stores what option o says; value is NULL without an argument. */
static void apply(struct parser *p, const struct mn_opt *o, const char *value,
		  int negated)
{
	void *field = (char *)p->opts + o->offset;
	char shown[64];

	spell(shown, sizeof(shown), o);
	switch (o->type) {
	case MN_OPT_T_BOOL:
		*(int *)field = !negated;
		break;
	case MN_OPT_T_COUNT:
		*(int *)field = negated ? 0 : *(int *)field + 1;
		break;
	case MN_OPT_T_SET:
		*(int *)field = negated ? 0 : (int)o->num;
		break;
	case MN_OPT_T_INT:
		if (mn_parse_int(field, value, o->num, o->num_max) < 0)
			mn_usage(p->c, "option '%s' needs a number, not '%s'",
				 shown, value);
		break;
	case MN_OPT_T_SIZE:
		if (mn_parse_size(field, value) < 0)
			mn_usage(p->c, "option '%s' needs a size, not '%s'",
				 shown, value);
		break;
	case MN_OPT_T_STR:
		*(const char **)field = negated ? NULL : value;
		break;
	case MN_OPT_T_LIST:
		if (negated)
			mn_vec_clear((struct mn_opt_list *)field);
		else
			mn_opt_list_add(field, value);
		break;
	case MN_OPT_T_CALL:
		o->fn(p->c, p->opts, value);
		break;
	case MN_OPT_T_GROUP:
	case MN_OPT_T_END:
		break;
	}
}

static const char *next_arg(struct parser *p, const struct mn_opt *o)
{
	char shown[64];

	if (p->i + 1 >= p->c->argc) {
		spell(shown, sizeof(shown), o);
		mn_usage(p->c, "option '%s' needs %s", shown, o->arg);
	}
	return p->c->argv[++p->i];
}

/*
 * How the first len bytes of s fit the option's name: 2 whole, 1 as an
 * abbreviation, 0 not. Tries --no-name too; *negated tells which one fits.
 */
static int fits(const struct mn_opt *o, const char *s, size_t len, int *negated)
{
	char no[64];

	*negated = 0;
	if (!strncmp(o->name, s, len))
		return o->name[len] ? 1 : 2;
	if (o->flags & MN_OPT_NONEG)
		return 0;
	*negated = 1;
	snprintf(no, sizeof(no), "no-%s", o->name);
	if (len < 4 || len >= sizeof(no) || strncmp(no, s, len))
		return 0;
	return no[len] ? 1 : 2;
}

static void parse_long(struct parser *p, const char *s)
{
	size_t len = strcspn(s, "=");
	const char *value = s[len] ? s + len + 1 : NULL;
	const struct mn_opt *o, *found = NULL;
	int best = 0, many = 0, neg = 0;

	for (o = p->table; o->type != MN_OPT_T_END && best < 2; o++) {
		int n, fit = o->name ? fits(o, s, len, &n) : 0;

		if (!fit || (fit == 1 && (o->flags & MN_OPT_HIDDEN)))
			continue;
		many += fit == best;
		if (fit > best) {
			best = fit;
			found = o;
			neg = n;
		}
	}
	if (!found)
		mn_usage(p->c, "unknown option '--%.*s'", (int)len, s);
	if (best < 2 && many)
		mn_usage(p->c, "option '--%.*s' is ambiguous", (int)len, s);
	if (value && (neg || !found->arg))
		mn_usage(p->c, "option '--%.*s' takes no value", (int)len, s);
	if (!neg && !value) {
		if (mn_opt_takes_arg(found))
			value = next_arg(p, found);
		else
			value = found->def;
	}
	apply(p, found, value, neg);
}

static void parse_short(struct parser *p, const char *s)
{
	const struct mn_opt *o;

	for (; *s; s++) {
		for (o = p->table; o->type != MN_OPT_T_END; o++)
			if (o->letter && o->letter == *s)
				break;
		if (o->type == MN_OPT_T_END)
			mn_usage(p->c, "unknown option '-%c'", *s);
		if (mn_opt_takes_arg(o)) {
			apply(p, o, s[1] ? s + 1 : next_arg(p, o), 0);
			return;
		}
		apply(p, o, o->def, 0);
	}
}

/* "-5", where an option wants it. */
static int parse_digits(struct parser *p, const char *s)
{
	const struct mn_opt *o;

	if (s[strspn(s, "0123456789")])
		return 0;
	for (o = p->table; o->type != MN_OPT_T_END; o++) {
		if (!(o->flags & MN_OPT_DIGITS))
			continue;
		apply(p, o, s, 0);
		return 1;
	}
	return 0;
}

/* -h and --help, unless the table has them itself. */
static void maybe_help(const struct parser *p, const char *arg)
{
	const struct mn_opt *o;

	if (strcmp(arg, "-h") != 0 && strcmp(arg, "--help") != 0)
		return;
	for (o = p->table; o->type != MN_OPT_T_END; o++)
		if (o->letter == 'h')
			return;
	mn_options_help(p->c->usage, p->table);
	mn_exit(p->c, MN_EXIT_OK);
}

static void parse_args(struct parser *p, int stop)
{
	struct mn_cmd *c = p->c;

	for (p->i = 1; p->i < c->argc; p->i++) {
		char *arg = c->argv[p->i];

		if (arg[0] != '-' || !arg[1]) {
			if (stop)
				break;
			c->argv[p->kept++] = arg;
			continue;
		}
		if (!strcmp(arg, "--")) {
			p->i++;
			break;
		}
		maybe_help(p, arg);
		if (arg[1] == '-')
			parse_long(p, arg + 2);
		else if (!parse_digits(p, arg + 1))
			parse_short(p, arg + 1);
	}
	while (p->i < c->argc)
		c->argv[p->kept++] = c->argv[p->i++];
	c->argc = p->kept;
	c->argv[c->argc] = NULL;
}

void mn_options_parse(struct mn_cmd *c, const char *usage,
		      const struct mn_opt *table, void *opts, int flags)
{
	struct parser p = { c, table, opts, 0, 0 };

	c->usage = usage;
	if (c->argc == 2 && !strcmp(c->argv[1], "--list-options")) {
		mn_options_list(table);
		mn_exit(c, MN_EXIT_OK);
	}
	parse_args(&p, flags & MN_OPTIONS_STOP);
}
