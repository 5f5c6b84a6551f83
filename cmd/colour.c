/* colour: see colour.h. */
#include <string.h>

#include "cmd.h"
#include "colour.h"
#include "banned.h"

int mn_colour_wanted(struct mn_cmd *c, const char *when)
{
	const char *conf = NULL;

	if (!when)
		conf = when = mn_conf_get(mn_cmd_conf(c), "color.ui");
	if (!when)
		when = "auto";
	if (!strcmp(when, "always"))
		return 1;
	if (!strcmp(when, "never") || !strcmp(when, "false"))
		return 0;
	if (conf && strcmp(when, "auto") != 0 && strcmp(when, "true") != 0)
		mn_die(c, "config color.ui: '%s' is none of auto, always, never",
		       when);
	if (!conf && strcmp(when, "auto") != 0)
		mn_usage(c, "'--color=%s' is none of auto, always, never", when);
	return mn_stdout_is_tty(c) && !c->env.no_color &&
	       (!c->env.term || strcmp(c->env.term, "dumb") != 0);
}

const char *mn_colour(int wanted, enum mn_colour which)
{
	static const char *const sequences[] = {
		[MN_COL_OFF] = "\033[m",
		[MN_COL_ID] = "\033[33m",
		[MN_COL_HEAD] = "\033[1m",
		[MN_COL_META] = "\033[2m",
		[MN_COL_REF] = "\033[36m",
		[MN_COL_GOOD] = "\033[32m",
		[MN_COL_BAD] = "\033[31m",
	};

	return wanted ? sequences[which] : "";
}
