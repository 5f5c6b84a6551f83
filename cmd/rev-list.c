/* rev-list: lists the ids of nodes, or of commits, newest first. */
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/vec.h"
#include "node/carrier.h"
#include "reading.h"
#include "banned.h"

static const char usage[] =
	"mn rev-list [-n N] [--reverse] [--count] [--node | --git]\n"
	"            [--merges | --no-merges] [-z] [RANGE...]\n";

enum merges { ANY, MERGES, NO_MERGES };

struct opts {
	int64_t n;
	int reverse, count, git, merges, nul;
};

static const struct mn_opt options[] = {
	MN_OPT_NUMBER('n', "max-count", struct opts, n, "N", 0, INT64_MAX,
		      "at most N, also as -N"),
	MN_OPT_BOOL('r', "reverse", struct opts, reverse, "oldest first"),
	MN_OPT_BOOL(0, "count", struct opts, count,
		    "print how many there are, not their ids"),
	MN_OPT_SET(0, "node", struct opts, git, 0,
		   "print node ids, in the order of mn log (the default)"),
	MN_OPT_SET(0, "git", struct opts, git, 1,
		   "print ids of commits, merges included, in git's order"),
	MN_OPT_SET(0, "merges", struct opts, merges, MERGES,
		   "only those with two parents or more"),
	MN_OPT_SET(0, "no-merges", struct opts, merges, NO_MERGES,
		   "only those with one parent or none"),
	MN_OPT_BOOL('z', "null", struct opts, nul,
		    "end ids with NUL, not with a newline"),
	MN_OPT_END
};

#define ID_MAX 32	/* bytes of an id of either sort */

struct listing {
	struct mn_reading r;
	struct mn_profile *profile;	/* of the range */
	const struct opts *o;
	uint64_t limit;			/* UINT64_MAX: none */
	uint64_t count;
	size_t size;			/* bytes of an id */
	int hold;			/* keep ids, to print them reversed */
	struct mn_buf ids, line;
	struct mn_map in_range;
	struct mn_carrier carrier;
	struct mn_err *err;
};

static void print(struct listing *l, const void *id)
{
	mn_buf_addhex(&l->line, id, l->size);
	mn_buf_addc(&l->line, l->o->nul ? '\0' : '\n');
	if (l->line.len > 65536)
		mn_out_buf(l->r.c, &l->line);
}

/* Is it among those asked for, by its number of parents? 1, 0, or < 0. */
static int has_parents(struct listing *l, const struct mn_oid *commit)
{
	struct mn_object o;
	int r;

	if (l->o->merges == ANY)
		return 1;
	r = mn_reader_read(l->profile->rd, &o, commit, MN_CARRIER_MAX, l->err);
	if (r < 0)
		return r;
	if (o.type != MN_COMMIT ||
	    mn_carrier_parse(&l->carrier, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE)
		return mn_err_set(l->err, MN_ECORRUPT, "no carrier");
	return (l->carrier.nparents > 1) == (l->o->merges == MERGES);
}

/* 1 when no more are wanted. */
static int take(struct listing *l, const void *id, const struct mn_oid *commit)
{
	int r = l->count < l->limit ? has_parents(l, commit) : 0;

	if (r < 0)
		return r;
	if (r) {
		l->count++;
		if (l->hold)
			mn_buf_add(&l->ids, id, l->size);
		else if (!l->o->count)
			print(l, id);
	}
	return l->count >= l->limit;
}

static int take_commit(void *ctx, const struct mn_oid *commit)
{
	return take(ctx, commit->b, commit);
}

static int take_row(void *ctx, const struct mn_index_row *row,
		    struct mn_err *err)
{
	(void)err;
	return take(ctx, row->node.b, &row->carrier);
}

static int note(void *ctx, const struct mn_oid *commit)
{
	struct listing *l = ctx;

	mn_map_put(&l->in_range, commit->b, 0);
	return 0;
}

static int is_in_range(void *ctx, const struct mn_oid *carrier)
{
	const struct listing *l = ctx;

	return mn_map_get(&l->in_range, carrier->b) != SIZE_MAX;
}

static int list_nodes(struct listing *l, const struct mn_range_set *s)
{
	struct mn_index_query q = { .profile = &l->profile->id };
	int r = 0;

	if (s) {
		if (l->profile != &l->r.profile)
			r = mn_index_sync(l->r.index, l->profile, l->err);
		if (!r)
			r = mn_git_walk(&l->profile->repo, s->tips.p,
					s->tips.n, s->hide.p, s->hide.n, note,
					l, l->err);
		q.want = is_in_range;
		q.want_ctx = l;
	}
	q.reverse = l->o->reverse && !l->hold;
	return r < 0 ? r : mn_index_list(l->r.index, &q, take_row, l, l->err);
}

static int list_commits(struct listing *l, const struct mn_range_set *s)
{
	return mn_git_walk(&l->profile->repo, s->tips.p, s->tips.n, s->hide.p,
			   s->hide.n, take_commit, l, l->err);
}

static int list(struct listing *l)
{
	struct mn_cmd *c = l->r.c;
	struct mn_range_set s;
	int r;

	/* all of the index is what HEAD reaches */
	if (!l->o->git && !c->argc)
		return list_nodes(l, NULL);
	r = mn_range_resolve(&s, &l->r.resolver, (const char *const *)c->argv,
			     (size_t)c->argc, l->err);
	/* nothing was posted yet: nothing to list */
	if (r == MN_ENOTFOUND && !c->argc) {
		mn_err_clear(l->err);
		return 0;
	}
	if (r < 0)
		return r;
	l->profile = s.profile;
	r = l->o->git ? list_commits(l, &s) : list_nodes(l, &s);
	mn_range_release(&s);
	return r;
}

static void finish(struct listing *l)
{
	if (l->o->count) {
		mn_buf_addu(&l->line, l->count);
		mn_buf_addc(&l->line, l->o->nul ? '\0' : '\n');
	} else {
		for (size_t i = l->ids.len; i > 0; i -= l->size)
			print(l, l->ids.p + i - l->size);
	}
	mn_out_buf(l->r.c, &l->line);
}

int cmd_rev_list(struct mn_cmd *c)
{
	struct opts o = { .n = -1 };
	struct mn_err err = MN_ERR_INIT;
	struct listing *l;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	l = mn_xcalloc(1, sizeof(*l));
	l->o = &o;
	l->err = &err;
	l->limit = o.n < 0 ? UINT64_MAX : (uint64_t)o.n;
	l->size = o.git ? sizeof(struct mn_oid) : sizeof(struct mn_id);
	/* -n counts from the newest, and git has no way to begin there */
	l->hold = o.reverse && !o.count && (o.git || o.n >= 0);
	mn_buf_init(&l->ids);
	mn_buf_init(&l->line);
	mn_map_init(&l->in_range, sizeof(struct mn_oid));
	r = mn_reading_open(&l->r, c, !o.git, &err);
	if (!r) {
		l->profile = &l->r.profile;
		r = list(l);
		if (r >= 0)
			finish(l);
		if (r >= 0 && l->r.incomplete && !o.git)
			r = mn_err_set(&err, MN_ECORRUPT, "some nodes could "
				       "not be read: see 'mn fsck'");
		mn_reading_close(&l->r);
	}
	mn_map_release(&l->in_range);
	mn_buf_release(&l->line);
	mn_buf_release(&l->ids);
	free(l);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
