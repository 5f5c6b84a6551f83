/* config: reads and writes the configuration file of the home. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "cmd.h"
#include "banned.h"

static const char usage[] =
	"mn config [--json | -z] [--get] [--all] NAME\n"
	"mn config [--set | --add] NAME VALUE\n"
	"mn config --unset NAME\n"
	"mn config [--json | -z] --list\n";

enum action { ACT_NONE, ACT_GET, ACT_SET, ACT_ADD, ACT_UNSET, ACT_LIST };

struct opts {
	int action, all, json, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_SET(0, "get", struct opts, action, ACT_GET,
		   "print the value (what a NAME alone does)"),
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "print every value of the name, not only the last"),
	MN_OPT_SET(0, "set", struct opts, action, ACT_SET,
		   "set the value (what NAME VALUE alone does)"),
	MN_OPT_SET(0, "add", struct opts, action, ACT_ADD,
		   "add one more value for the name"),
	MN_OPT_SET(0, "unset", struct opts, action, ACT_UNSET,
		   "remove all values of the name"),
	MN_OPT_SET('l', "list", struct opts, action, ACT_LIST,
		   "print all names and values"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "json", struct opts, json, "print an object a line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end values with NUL, and names with a newline"),
	MN_OPT_END
};

struct print {
	struct mn_cmd *c;
	const struct opts *o;
	struct mn_buf line;
	int with_name;
};

static int print_entry(void *ctx, const char *name, const char *value)
{
	struct print *p = ctx;
	json_t *obj;
	char *text;

	if (p->o->json) {
		obj = json_pack("{ss ss}", "name", name, "value", value);
		text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;
		if (!text)
			mn_die(p->c, "config %s: cannot be said in JSON", name);
		mn_buf_adds(&p->line, text);
		mn_buf_addc(&p->line, '\n');
		free(text);
		json_decref(obj);
	} else {
		if (p->with_name)
			mn_buf_addf(&p->line, "%s%c", name,
				    p->o->nul ? '\n' : '=');
		mn_buf_adds(&p->line, value);
		mn_buf_addc(&p->line, p->o->nul ? '\0' : '\n');
	}
	mn_out_buf(p->c, &p->line);
	return 0;
}

static void list(struct print *p)
{
	const struct mn_conf *conf = mn_cmd_conf(p->c);
	size_t i;

	p->with_name = 1;
	mn_pager_start(p->c);
	for (i = 0; i < conf->n; i++)
		print_entry(p, conf->p[i].name, conf->p[i].value);
}

static int get(struct print *p, const char *name)
{
	const struct mn_conf *conf = mn_cmd_conf(p->c);
	const char *value;

	if (!strchr(name, '.'))
		mn_usage(p->c, "'%s' is not a name like section.key", name);
	value = mn_conf_get(conf, name);
	if (!value)
		return MN_EXIT_NO;
	if (p->o->all)
		mn_conf_each(conf, name, print_entry, p);
	else
		print_entry(p, name, value);
	return MN_EXIT_OK;
}

static int change(struct mn_cmd *c, int action)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_buf path = MN_BUF_INIT;
	const char *name = c->argv[0];
	int r;

	r = mn_io_mkdirs(mn_home(c), 0700, &err);
	if (r < 0)
		goto out;
	mn_buf_addf(&path, "%s/config", mn_home(c));
	if (action == ACT_UNSET)
		r = mn_conf_unset(path.p, name, &err);
	else if (action == ACT_ADD)
		r = mn_conf_add(path.p, name, c->argv[1], &err);
	else
		r = mn_conf_set(path.p, name, c->argv[1], &err);
out:
	mn_buf_release(&path);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}

int cmd_config(struct mn_cmd *c)
{
	static const int operands[] = {
		[ACT_GET] = 1, [ACT_SET] = 2, [ACT_ADD] = 2,
		[ACT_UNSET] = 1, [ACT_LIST] = 0
	};
	struct opts o = { 0 };
	struct print p = { c, &o, MN_BUF_INIT, 0 };
	int status = MN_EXIT_OK;

	mn_options_parse(c, usage, options, &o, 0);
	if (!o.action)
		o.action = c->argc == 2 ? ACT_SET : ACT_GET;
	if (c->argc != operands[o.action])
		mn_usage(c, c->argc ? "wrong number of arguments" :
			 "no name given");
	if (o.all && o.action != ACT_GET)
		mn_usage(c, "--all is for values that are printed");
	if ((o.json || o.nul) && o.action != ACT_GET && o.action != ACT_LIST)
		mn_usage(c, "--json and -z are for values that are printed");
	if (o.json && o.nul)
		mn_usage(c, "--json and -z exclude each other");
	if (o.action == ACT_LIST)
		list(&p);
	else if (o.action == ACT_GET)
		status = get(&p, c->argv[0]);
	else
		status = change(c, o.action);
	mn_buf_release(&p.line);
	return status;
}
