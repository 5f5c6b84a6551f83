/* options-help: what -h prints, and what completion asks for. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "options.h"
#include "banned.h"

#define MAX_MARGIN 26	/* columns left of the help texts */

static void print_synopsis(const char *usage)
{
	const char *lead = "usage: ";

	while (*usage) {
		size_t len = strcspn(usage, "\n");

		printf("%s%.*s\n", *usage == ' ' || *usage == '\t'
		       ? "       " : lead, (int)len, usage);
		lead = "   or: ";
		usage += len + (usage[len] == '\n');
	}
}

static void print_option(const struct mn_opt *o)
{
	const char *s = o->help;
	struct mn_buf left = MN_BUF_INIT;

	if (o->letter)
		mn_buf_addf(&left, "  -%c%s", o->letter, o->name ? ", " : "");
	else
		mn_buf_adds(&left, "      ");
	if (o->name)
		mn_buf_addf(&left, "--%s", o->name);
	if (o->arg)
		mn_buf_addf(&left, o->flags & MN_OPT_OPTARG ? "[=%s]" : " %s",
			    o->arg);
	if (left.len > MAX_MARGIN - 2) {
		mn_buf_addc(&left, '\n');
		printf("%s", left.p);
		mn_buf_clear(&left);
	}
	printf("%-*s%s\n", MAX_MARGIN, left.p, s);
	mn_buf_release(&left);
}

void mn_options_help(const char *usage, const struct mn_opt *table)
{
	const struct mn_opt *o;

	print_synopsis(usage);
	if (table->type != MN_OPT_T_END)
		putchar('\n');
	for (o = table; o->type != MN_OPT_T_END; o++) {
		if (o->type == MN_OPT_T_GROUP)
			printf("%s%s\n", o == table ? "" : "\n", o->help);
		else if (!(o->flags & MN_OPT_HIDDEN))
			print_option(o);
	}
}

void mn_options_list(const struct mn_opt *table)
{
	const struct mn_opt *o;

	for (o = table; o->type != MN_OPT_T_END; o++) {
		if (o->type == MN_OPT_T_GROUP || (o->flags & MN_OPT_HIDDEN))
			continue;
		if (o->letter)
			printf("-%c\t%s\t%s\n", o->letter,
			       mn_opt_takes_arg(o) ? o->arg : "", o->help);
		if (o->name)
			printf("--%s\t%s\t%s\n", o->name,
			       mn_opt_takes_arg(o) ? o->arg : "", o->help);
	}
}
