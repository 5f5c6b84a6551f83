/* log: lists posts, newest first. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "base/map.h"
#include "log.h"
#include "banned.h"

static const char usage[] =
	"mn log [-n N] [--stream STREAM] [--tag TAG]... [--kind KIND]\n"
	"       [--device DEVICE] [--since DATE] [--until DATE] [--reverse]\n"
	"       [--oneline | --format FORMAT | --json] [--graph] [--no-text]\n"
	"       [--width N] [--color WHEN] [-z] [REV-RANGE...]\n";

struct opts {
	int64_t n;
	const char *stream, *kind, *device, *since, *until;
	struct mn_opt_list tags;
	int reverse, graph;
	struct mn_log_options how;
};

static const struct mn_opt options[] = {
	MN_OPT_GROUP("Which posts"),
	MN_OPT_NUMBER('n', "max-count", struct opts, n, "N", 0, INT64_MAX,
		      "at most N, also as -N"),
	MN_OPT_STR('s', "stream", struct opts, stream, "STREAM",
		   "of this stream"),
	MN_OPT_LIST('t', "tag", struct opts, tags, "TAG",
		    "with this tag (repeatable: with all of them)"),
	MN_OPT_STR('k', "kind", struct opts, kind, "KIND",
		   "of this kind: post, reply, ..."),
	MN_OPT_STR('d', "device", struct opts, device, "DEVICE",
		   "of this device: its label, its key or the start of it"),
	MN_OPT_STR(0, "since", struct opts, since, "DATE",
		   "not older than this"),
	MN_OPT_STR(0, "until", struct opts, until, "DATE",
		   "not younger than this"),
	MN_OPT_BOOL('r', "reverse", struct opts, reverse, "oldest first"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "oneline", struct opts, how.oneline, "a line each"),
	MN_OPT_STR(0, "format", struct opts, how.format, "FORMAT",
		   "each as the format says: '%(node) %(title)'"),
	MN_OPT_BOOL(0, "json", struct opts, how.json, "an object a line"),
	MN_OPT_BOOL(0, "graph", struct opts, graph,
		    "draw how posts follow each other"),
	MN_OPT_BOOL(0, "no-text", struct opts, how.no_text,
		    "leave the texts out"),
	MN_OPT_INT('w', "width", struct opts, how.width, "N", 0, 10000,
		   "break lines at N columns (80), 0: don't"),
	MN_OPT_STR(0, "color", struct opts, how.color, "WHEN",
		   "always, never or auto"),
	MN_OPT_BOOL('z', "null", struct opts, how.nul,
		    "end records with NUL, not with a newline"),
	MN_OPT_END
};

/* Which carriers a range holds. */
struct wanted {
	struct mn_range_set range;
	struct mn_map carriers;
};

static int add_wanted(void *ctx, const struct mn_oid *commit)
{
	struct wanted *w = ctx;

	mn_map_put(&w->carriers, commit->b, 0);
	return 0;
}

static int is_wanted(void *ctx, const struct mn_oid *carrier)
{
	const struct wanted *w = ctx;

	return mn_map_get(&w->carriers, carrier->b) != SIZE_MAX;
}

/* What the whole of HEAD reaches is what the index lists anyway. */
static int is_all(const struct mn_cmd *c)
{
	return !c->argc || (c->argc == 1 && (!strcmp(c->argv[0], "HEAD") ||
					     !strcmp(c->argv[0], "@")));
}

static int read_range(struct wanted *w, struct mn_reading *r,
		      struct mn_index_query *q, struct mn_err *err)
{
	struct mn_cmd *c = r->c;
	int ret;

	ret = mn_range_resolve(&w->range, &r->resolver,
			       (const char *const *)c->argv, (size_t)c->argc,
			       err);
	if (ret < 0)
		return ret;
	q->profile = &w->range.profile->id;
	q->want = is_wanted;
	q->want_ctx = w;
	if (w->range.profile != &r->profile)
		ret = mn_index_sync(r->index, w->range.profile, err);
	if (ret < 0)
		return ret;
	return mn_git_walk(&w->range.profile->repo, w->range.tips.p,
			   w->range.tips.n, w->range.hide.p, w->range.hide.n,
			   add_wanted, w, err);
}

static void read_date(struct mn_cmd *c, int64_t *out, const char *option,
		      const char *word)
{
	if (word && mn_date_parse(out, word, mn_date_now()) < 0)
		mn_usage(c, "option '%s' needs a date, not '%s'", option, word);
}

static void read_query(struct mn_cmd *c, const struct opts *o,
		       struct mn_index_query *q)
{
	q->stream = o->stream;
	q->kind = o->kind;
	q->tags = o->tags.p;
	q->ntags = o->tags.n;
	read_date(c, &q->since, "--since", o->since);
	read_date(c, &q->until, "--until", o->until);
	if (o->n > 0)
		q->limit = (uint64_t)o->n;
}

static int list(struct mn_reading *r, const struct mn_profile *p,
		const struct opts *o, const struct mn_log_style *s,
		struct mn_index_query *q, size_t *broken, struct mn_err *err)
{
	struct mn_log_list *l;
	int ret;

	if (o->graph)
		return mn_log_graph(r, p, s, q, q->stream || q->kind ||
				    q->ntags || q->device || q->since ||
				    q->until || q->want, broken, err);
	l = mn_log_list_new(r->c, p, s);
	/* -n counts from the newest, whichever comes first */
	if (o->reverse && q->limit)
		mn_log_list_hold(l);
	else
		q->reverse = o->reverse;
	ret = mn_index_list(r->index, q, mn_log_list_row, l, err);
	*broken = mn_log_list_finish(l);
	return ret;
}

static int run(struct mn_cmd *c, const struct opts *o,
	       const struct mn_log_style *s, struct mn_err *err)
{
	struct mn_index_query q = { 0 };
	struct wanted w = { .range = { .profile = NULL } };
	struct mn_reading r;
	struct mn_pub device;
	const struct mn_profile *p = &r.profile;
	size_t broken = 0;
	int ret;

	read_query(c, o, &q);
	ret = mn_reading_open(&r, c, 1, err);
	if (ret < 0)
		return ret;
	mn_map_init(&w.carriers, sizeof(struct mn_oid));
	q.profile = &r.profile.id;
	if (!is_all(c)) {
		ret = read_range(&w, &r, &q, err);
		p = w.range.profile ? w.range.profile : p;
	}
	if (!ret && o->device) {
		ret = mn_device_find(&device, p, mn_str(o->device), err);
		q.device = &device;
	}
	if (!ret && o->n != 0) {
		mn_pager_start(c);
		ret = list(&r, p, o, s, &q, &broken, err);
	}
	mn_map_release(&w.carriers);
	mn_range_release(&w.range);
	mn_reading_close(&r);
	if (!ret && broken)
		ret = mn_err_set(err, MN_ECORRUPT, "%zu posts could not be "
				 "read: see 'mn fsck'", broken);
	else if (!ret && r.incomplete)
		ret = mn_err_set(err, MN_ECORRUPT, "some posts could not be "
				 "read: see 'mn fsck'");
	return ret;
}

int cmd_log(struct mn_cmd *c)
{
	struct opts o = { .n = -1, .how = { .width = 80 } };
	struct mn_err err = MN_ERR_INIT;
	struct mn_log_style s;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (o.graph && (o.how.json || o.how.nul || o.reverse))
		mn_usage(c, "--graph excludes --json, -z and --reverse");
	mn_log_style(&s, c, &o.how);
	r = run(c, &o, &s, &err);
	mn_format_free(s.format);
	mn_opt_list_release(&o.tags);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
