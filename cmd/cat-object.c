/* cat-object: type, size and content of nodes and git objects. */
#include <string.h>

#include "cat-object.h"
#include "node/verify.h"
#include "outfile.h"
#include "banned.h"

static const char usage[] =
	"mn cat-object (-t | -s | -p | -e) OBJECT\n"
	"mn cat-object (meta | identity | carrier | tree | content[:N]) OBJECT\n"
	"mn cat-object (--batch[=FORMAT] | --batch-check[=FORMAT]) [-z]\n";

enum action { ACT_NONE, ACT_TYPE, ACT_SIZE, ACT_PRINT, ACT_EXISTS };

struct opts {
	int action, nul;
	const char *batch, *check;
};

static const struct mn_opt options[] = {
	MN_OPT_SET('t', NULL, struct opts, action, ACT_TYPE,
		   "print the type: commit, tree, blob or tag"),
	MN_OPT_SET('s', NULL, struct opts, action, ACT_SIZE,
		   "print the size in bytes"),
	MN_OPT_SET('p', NULL, struct opts, action, ACT_PRINT,
		   "print the object, trees as git ls-tree does"),
	MN_OPT_SET('e', NULL, struct opts, action, ACT_EXISTS,
		   "print nothing; exit 0 if it is there, else 1"),
	MN_OPT_GROUP("Many objects, named on stdin"),
	MN_OPT_STR_DEF(0, "batch", struct opts, batch, "FORMAT",
		       MN_BATCH_DEFAULT,
		       "a line about each object, and the object"),
	MN_OPT_STR_DEF(0, "batch-check", struct opts, check, "FORMAT",
		       MN_BATCH_DEFAULT, "only the line"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "names on stdin end with NUL, not with a newline"),
	MN_OPT_END
};

static int write_object(struct mn_cmd *c, const void *data, size_t len,
			struct mn_err *err)
{
	struct mn_rawout out;
	int r;

	mn_rawout_init(&out, c);
	r = mn_rawout_write(&out, data, len, err);
	mn_rawout_release(&out);
	return r;
}

static int print_object(struct mn_cmd *c, struct mn_reader *rd,
			const struct mn_oid *oid, struct mn_err *err)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_object o;
	int r = mn_reader_read(rd, &o, oid, MN_OBJECT_MAX, err);

	if (r < 0)
		return r;
	if (o.type == MN_TREE) {
		r = mn_tree_print(&b, (struct mn_str){ o.data, o.len }, err);
		mn_out_buf(c, &b);
	} else {
		r = write_object(c, o.data, o.len, err);
	}
	mn_buf_release(&b);
	return r;
}

static int about(struct mn_cmd *c, const struct mn_resolved *got, int action,
		 struct mn_err *err)
{
	struct mn_reader *rd = got->profile->rd;
	enum mn_otype type;
	uint64_t size;
	int r;

	if (action == ACT_PRINT)
		return print_object(c, rd, &got->oid, err);
	r = mn_reader_stat(rd, &type, &size, &got->oid, err);
	if (r < 0)
		return r;
	if (action == ACT_TYPE)
		printf("%s\n", mn_otype_name(type));
	else if (action == ACT_SIZE)
		printf("%ju\n", (uintmax_t)size);
	return 0;
}

/* parts of a node */

static int print_content(struct mn_cmd *c, const struct mn_resolved *got,
			 const struct mn_node *n, const char *number,
			 struct mn_err *err)
{
	int64_t i = 0;

	if (*number && mn_parse_int(&i, number + 1, 0, MN_CONTENTS_MAX - 1) < 0)
		mn_usage(c, "'%s' is no number of a content", number + 1);
	return mn_content_write(c, got->profile->rd, n, (size_t)i, NULL, err);
}

static int print_blob(struct mn_cmd *c, struct mn_reader *rd,
		      const struct mn_oid *oid, struct mn_err *err)
{
	struct mn_object o;
	int r = mn_reader_read(rd, &o, oid, MN_IDENTITY_MAX, err);

	return r < 0 ? r : write_object(c, o.data, o.len, err);
}

static int part(struct mn_cmd *c, const struct mn_resolved *got,
		const char *what, struct mn_err *err)
{
	struct mn_reader *rd = got->profile->rd;
	struct mn_node n;
	int r;

	mn_node_init(&n);
	r = mn_node_load(&n, rd, &got->oid, NULL, err);
	if (r < 0)
		goto out;
	if (!strcmp(what, "carrier"))
		r = write_object(c, n.commit_text.p, n.commit_text.len, err);
	else if (!strcmp(what, "tree"))
		r = print_blob(c, rd, &n.carrier.tree, err);
	else if (n.carrier.is_merge)
		r = mn_err_set(err, MN_EINVALID, "it is a merge: it has no %s",
			       what);
	else if (!strcmp(what, "meta"))
		r = write_object(c, n.meta_text.p, n.meta_text.len, err);
	else if (!strcmp(what, "identity"))
		r = print_blob(c, rd, &n.tree.identity, err);
	else
		r = print_content(c, got, &n, what + strlen("content"), err);
out:
	mn_node_release(&n);
	return r;
}

static int is_part(const char *word)
{
	return !strcmp(word, "meta") || !strcmp(word, "identity") ||
	       !strcmp(word, "carrier") || !strcmp(word, "tree") ||
	       !strcmp(word, "content") || !strncmp(word, "content:", 8);
}

static int one(struct mn_reading *r, int action, struct mn_err *err)
{
	struct mn_cmd *c = r->c;
	const char *word = c->argv[c->argc - 1];
	struct mn_resolved got;
	int ret = mn_resolve(&got, &r->resolver, word, err);

	if (ret < 0)
		return ret;
	ret = action ? about(c, &got, action, err) :
		part(c, &got, c->argv[0], err);
	mn_resolved_release(&got);
	return ret < 0 ? mn_err_wrap(err, ret, "'%.80s'", word) : 0;
}

static void check_operands(struct mn_cmd *c, const struct opts *o)
{
	if (!!o->batch + !!o->check + !!o->action > 1)
		mn_usage(c, "one of -t, -s, -p, -e, --batch and --batch-check");
	if (o->batch || o->check) {
		if (c->argc)
			mn_usage(c, "objects are named on stdin");
		return;
	}
	if (o->nul)
		mn_usage(c, "-z needs --batch or --batch-check");
	if (c->argc != (o->action ? 1 : 2))
		mn_usage(c, "one object at a time: what of it, and its name");
	if (!o->action && !is_part(c->argv[0]))
		mn_usage(c, "'%s' is none of meta, identity, carrier, tree, "
			 "content, content:N", c->argv[0]);
}

int cmd_cat_object(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_reading r;
	int ret;

	mn_options_parse(c, usage, options, &o, 0);
	check_operands(c, &o);
	ret = mn_reading_open(&r, c, 0, &err);
	if (ret < 0)
		return mn_fail(c, ret, &err);
	if (o.batch || o.check)
		ret = mn_batch(&r, o.batch ? o.batch : o.check, !!o.batch,
			       o.nul, &err);
	else
		ret = one(&r, o.action, &err);
	mn_reading_close(&r);
	if (o.action == ACT_EXISTS &&
	    (ret == MN_ENOTFOUND || ret == MN_EAMBIGUOUS))
		return MN_EXIT_NO;
	return ret < 0 ? mn_fail(c, ret, &err) : MN_EXIT_OK;
}
