/* version: what this is, and what it was built of. */
#include <jansson.h>
#include <stdlib.h>

#include "cmd.h"
#include "version.h"
#include "banned.h"

static const char usage[] = "mn version [--build-options] [--json]\n";

struct opts {
	int build, json;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "build-options", struct opts, build,
		    "also print compiler, flags, libraries and formats"),
	MN_OPT_BOOL(0, "json", struct opts, json, "print one JSON object"),
	MN_OPT_END
};

static const struct {
	const char *name, *version;
} libraries[] = { MN_BUILD_LIBRARIES };

#define N_LIBRARIES (sizeof(libraries) / sizeof(*libraries))

/* The versions that stand in what we write; mnformat-*(5). */
static const struct {
	const char *name;
	int version;
} formats[] = {
	{ "identity", 1 },
	{ "key", 1 },
	{ "node", 1 },
	{ "repository", 1 },
};

#define N_FORMATS (sizeof(formats) / sizeof(*formats))

static void print_text(const struct opts *o)
{
	size_t i;

	printf("mn version %s\n", MN_VERSION);
	if (!o->build)
		return;
	printf("compiler: %s\n", MN_BUILD_COMPILER);
	printf("flags: %s\n", MN_BUILD_FLAGS);
	for (i = 0; i < N_LIBRARIES; i++)
		printf("library %s: %s\n", libraries[i].name,
		       libraries[i].version);
	for (i = 0; i < N_FORMATS; i++)
		printf("format %s: %d\n", formats[i].name,
		       formats[i].version);
}

static void add_build(json_t *obj)
{
	json_t *libs = json_object(), *fmts = json_object();
	size_t i;

	for (i = 0; i < N_LIBRARIES; i++)
		json_object_set_new(libs, libraries[i].name,
				    json_string(libraries[i].version));
	for (i = 0; i < N_FORMATS; i++)
		json_object_set_new(fmts, formats[i].name,
				    json_integer(formats[i].version));
	json_object_set_new(obj, "compiler", json_string(MN_BUILD_COMPILER));
	json_object_set_new(obj, "flags", json_string(MN_BUILD_FLAGS));
	json_object_set_new(obj, "libraries", libs);
	json_object_set_new(obj, "formats", fmts);
}

static int print_json(struct mn_cmd *c, const struct opts *o)
{
	json_t *obj = json_object();
	char *text;

	json_object_set_new(obj, "version", json_string(MN_VERSION));
	if (o->build)
		add_build(obj);
	text = json_dumps(obj, JSON_COMPACT);
	json_decref(obj);
	if (!text)
		mn_die(c, "out of memory");
	puts(text);
	free(text);
	return MN_EXIT_OK;
}

int cmd_version(struct mn_cmd *c)
{
	struct opts o = { 0 };

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "takes no arguments");
	if (o.json)
		return print_json(c, &o);
	print_text(&o);
	return MN_EXIT_OK;
}
