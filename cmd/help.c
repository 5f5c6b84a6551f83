/* help: which commands there are, and the manual page of one. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "cmd.h"
#include "banned.h"

static const char usage[] =
	"mn help [-a]\n"
	"mn help COMMAND\n";

struct opts {
	int all;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "list all commands, by group"),
	MN_OPT_END
};

static const struct {
	const char *group, *title;
} groups[] = {
	{ "porcelain", "Daily commands" },
	{ "ancillary", "Care and settings" },
	{ "plumbing", "Plumbing, for scripts" },
	{ "script", "Scripts over the plumbing" },
};

static void list_row(const struct mn_command *m)
{
	printf("   %-14s %s\n", m->name, m->summary);
}

static void list_all(void)
{
	const struct mn_command *m;
	size_t i;

	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++) {
		printf("%s%s\n", i ? "\n" : "", groups[i].title);
		for (m = mn_command_table(); m->name; m++)
			if (!strcmp(m->group, groups[i].group))
				list_row(m);
	}
}

static void list_common(void)
{
	const struct mn_command *m;

	printf("usage: mn [-p PROFILE] [-C DIR] [--no-pager] COMMAND "
	       "[ARG...]\n\nCommon commands\n");
	for (m = mn_command_table(); m->name; m++)
		if (m->common)
			list_row(m);
	printf("\n'mn help -a' lists all commands, 'mn COMMAND -h' shows the "
	       "options of one,\nand 'mn help COMMAND' opens its manual "
	       "page.\n");
}

static void open_page(struct mn_cmd *c, const char *topic)
{
	struct mn_buf page = MN_BUF_INIT;

	if (mn_command_find(topic))
		mn_buf_adds(&page, "mn-");
	mn_buf_adds(&page, topic);
	mn_out_flush(c);
	signal(SIGPIPE, SIG_DFL);
	execlp("man", "man", "--", page.p, (char *)NULL);
	mn_die(c, "cannot run 'man': %s", strerror(errno));
}

int cmd_help(struct mn_cmd *c)
{
	struct opts o = { 0 };

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc > 1 || (o.all && c->argc))
		mn_usage(c, "one command at a time");
	if (c->argc)
		open_page(c, c->argv[0]);
	mn_pager_start(c);
	if (o.all)
		list_all();
	else
		list_common();
	return MN_EXIT_OK;
}
