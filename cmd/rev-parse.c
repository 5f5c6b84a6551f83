/* rev-parse: turns names of nodes and objects into their ids. */
#include <string.h>

#include "base/hex.h"
#include "reading.h"
#include "banned.h"

static const char usage[] =
	"mn rev-parse [--node | --git] [--short[=N]] [-z] REV...\n"
	"mn rev-parse --verify [-q] [--node | --git] [--short[=N]] REV\n";

enum which { ID_ANY, ID_NODE, ID_GIT };

struct opts {
	int which, verify, quiet, nul;
	const char *digits;	/* of --short */
	int min;
};

#define SHORT_MIN "8"

static const struct mn_opt options[] = {
	MN_OPT_SET(0, "node", struct opts, which, ID_NODE,
		   "print node ids; what is no node is an error"),
	MN_OPT_SET(0, "git", struct opts, which, ID_GIT,
		   "print git ids: of a node that of its carrier"),
	MN_OPT_STR_DEF(0, "short", struct opts, digits, "N", SHORT_MIN,
		       "shorten to N digits (8), or more if need be"),
	MN_OPT_BOOL(0, "verify", struct opts, verify,
		    "just one name, and no range"),
	MN_OPT_BOOL('q', "quiet", struct opts, quiet,
		    "with --verify: say nothing if there is none"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end ids with NUL, not with a newline"),
	MN_OPT_END
};

/* The shortest name of the object that no other in the profile has. */
static int unique_object(struct mn_profile *p, const char *hex, int min,
			 struct mn_err *err)
{
	struct mn_oid oid;
	int n, r;

	for (n = min; n < MN_OID_HEX; n++) {
		r = mn_store_abbrev(p->repo.store, &oid, hex, (size_t)n, err);
		if (r < 0)
			return r;
		if (r <= 1)
			break;
	}
	return n;
}

static int print_id(struct mn_reading *r, const struct opts *o,
		    struct mn_resolved *got, int exclude, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	int len = MN_ID_HEX, ret = 0;

	if (o->which != ID_GIT)
		ret = mn_resolved_node(got, err);
	if (ret < 0)
		return ret;
	if (o->which == ID_NODE && !got->is_node)
		return mn_err_set(err, MN_EINVALID, "it is no node");
	if (o->which != ID_GIT && got->is_node) {
		mn_id_hex(hex, &got->node);
		if (o->min && r->index)
			len = mn_index_unique_len(r->index, &got->profile->id,
						  &got->node, o->min, err);
	} else {
		mn_oid_hex(hex, &got->oid);
		len = MN_OID_HEX;
		if (o->min)
			len = unique_object(got->profile, hex, o->min, err);
	}
	if (len < 0)
		return len;
	printf("%s%.*s%c", exclude ? "^" : "", len, hex, o->nul ? 0 : '\n');
	return 0;
}

static int print_part(struct mn_reading *r, const struct opts *o,
		      const struct mn_range_part *part, struct mn_err *err)
{
	struct mn_buf word = MN_BUF_INIT;
	struct mn_resolved got;
	int ret;

	mn_buf_addstr(&word, part->word.len ? part->word : MN_STR("HEAD"));
	ret = mn_resolve(&got, &r->resolver, word.p, err);
	if (!ret) {
		ret = print_id(r, o, &got, part->exclude, err);
		if (ret < 0)
			mn_err_wrap(err, ret, "'%.80s'", word.p);
		mn_resolved_release(&got);
	}
	mn_buf_release(&word);
	return ret;
}

static int print_arg(struct mn_reading *r, const struct opts *o,
		     const char *arg, struct mn_err *err)
{
	struct mn_range range = { .n = 0 };
	int ret = mn_range_parse(&range, mn_str(arg), err);

	if (ret < 0)
		return ret;
	if (range.p[0].symmetric)
		return mn_err_set(err, MN_EINVALID, "'%.80s' has no ends to "
				  "print: see 'mn rev-list'", arg);
	if (o->verify && (range.n > 1 || range.p[0].exclude))
		return mn_err_set(err, MN_EINVALID, "'%.80s' is a range", arg);
	/* as git does: what is included first */
	for (size_t i = range.n; i-- > 0 && !ret; )
		ret = print_part(r, o, &range.p[i], err);
	return ret;
}

static void read_digits(struct mn_cmd *c, struct opts *o)
{
	int64_t n = 0;

	if (o->digits && mn_parse_int(&n, o->digits, 4, MN_ID_HEX) < 0)
		mn_usage(c, "option '--short' needs a number from 4 to %d, "
			 "not '%s'", MN_ID_HEX, o->digits);
	o->min = (int)n;
}

int cmd_rev_parse(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	struct mn_reading r;
	int ret;

	mn_options_parse(c, usage, options, &o, 0);
	read_digits(c, &o);
	if (!c->argc)
		mn_usage(c, "no revision given");
	if (o.verify && c->argc != 1)
		mn_usage(c, "--verify needs just one revision");
	ret = mn_reading_open(&r, c, 0, &err);
	if (ret < 0)
		return mn_fail(c, ret, &err);
	for (int i = 0; i < c->argc && !ret; i++)
		ret = print_arg(&r, &o, c->argv[i], &err);
	mn_reading_close(&r);
	if (ret < 0 && o.verify && o.quiet)
		return mn_exit_status(ret) == MN_EXIT_AGAIN
			? MN_EXIT_AGAIN : MN_EXIT_NO;
	return ret < 0 ? mn_fail(c, ret, &err) : MN_EXIT_OK;
}
