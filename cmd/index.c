/* index: brings the index up to date, or makes it anew. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "profile.h"
#include "banned.h"

static const char usage[] =
	"mn index [--rebuild] [--all] [--threads N] [--stats] [--json]\n";

#define WAIT_MS 60000	/* for another who writes the index */

struct opts {
	int rebuild, all, stats, json;
	int64_t threads;
};

static const struct mn_opt options[] = {
	MN_OPT_BOOL(0, "rebuild", struct opts, rebuild,
		    "forget what is there and read everything again"),
	MN_OPT_BOOL('a', "all", struct opts, all,
		    "all profiles of the home, not only the chosen one"),
	MN_OPT_INT(0, "threads", struct opts, threads, "N", 0, 256,
		   "threads that read; 0: one a processor (the default)"),
	MN_OPT_GROUP("Output"),
	MN_OPT_BOOL(0, "stats", struct opts, stats,
		    "print how large the index is, too"),
	MN_OPT_BOOL(0, "json", struct opts, json, "print an object a line"),
	MN_OPT_END
};

static void print_json(struct mn_cmd *c, json_t *obj)
{
	char *text = obj ? json_dumps(obj, JSON_COMPACT) : NULL;

	if (!text)
		mn_die(c, "out of memory");
	printf("%s\n", text);
	free(text);
	json_decref(obj);
}

static void print_profile(struct mn_cmd *c, const struct opts *o,
			  const char *hex, uint64_t posts, uint64_t added,
			  uint64_t bare)
{
	if (o->json)
		print_json(c, json_pack("{ss sI sI sI}", "profile", hex,
					"posts", (json_int_t)posts, "added",
					(json_int_t)added, "bare",
					(json_int_t)bare));
	else
		printf("%s\t%" PRIu64 "\t%" PRIu64 "\n", hex, posts, added);
}

static int print_stats(struct mn_cmd *c, const struct opts *o,
		       struct mn_index *ix, struct mn_err *err)
{
	struct mn_index_stats s;
	int r = mn_index_stats(&s, ix, err);

	if (r < 0)
		return r;
	if (o->json)
		print_json(c, json_pack("{sI sI sI sI sI}",
					"profiles", (json_int_t)s.profiles,
					"posts", (json_int_t)s.posts,
					"tags", (json_int_t)s.tags,
					"bytes", (json_int_t)s.bytes,
					"free", (json_int_t)s.free_bytes));
	else
		printf("profiles\t%" PRIu64 "\nposts\t%" PRIu64 "\n"
		       "tags\t%" PRIu64 "\nbytes\t%" PRIu64 "\n"
		       "free\t%" PRIu64 "\n", s.profiles, s.posts, s.tags,
		       s.bytes, s.free_bytes);
	return 0;
}

static int update(struct mn_cmd *c, const struct opts *o, struct mn_index *ix,
		  struct mn_profile *p, struct mn_err *err)
{
	uint64_t before = 0, posts = 0, bare = 0;
	struct mn_err none = MN_ERR_INIT;
	int r;

	if (o->rebuild) {
		r = mn_index_rebuild(ix, p, (int)o->threads, &posts, err);
	} else {
		r = mn_index_count(&before, ix, &p->id, err);
		if (r == 0)
			r = mn_index_sync(ix, p, err);
		mn_index_count(&posts, ix, &p->id, &none);
	}
	mn_index_count_bare(&bare, ix, &p->id, &none);
	if (r == 0 || r == MN_ECORRUPT)
		print_profile(c, o, p->hex, posts,
			      posts > before ? posts - before : 0, bare);
	return r;
}

static int open_index(struct mn_cmd *c, const struct mn_home *h,
		      struct mn_index **ix, struct mn_err *err)
{
	int r = mn_cmd_index(c, h, ix, WAIT_MS, err);

	if (r == 0 && mn_index_in_memory(*ix)) {
		mn_index_close(*ix);
		*ix = NULL;
		r = mn_err_set(err, MN_EIO, "the index in '%s' can't be "
			       "written", h->dir);
	}
	return r;
}

static int one(struct mn_cmd *c, const struct opts *o, struct mn_err *err)
{
	struct mn_index *ix = NULL;
	struct mn_profile p;
	struct mn_home h;
	int r = mn_cmd_open(c, &h, &p, err);

	if (r < 0)
		return r;
	r = open_index(c, &h, &ix, err);
	if (r == 0)
		r = update(c, o, ix, &p, err);
	if (r == 0 && o->stats)
		r = print_stats(c, o, ix, err);
	mn_index_close(ix);
	mn_profile_close(&p);
	mn_home_release(&h);
	return r;
}

/* Goes on behind a profile that fails; the last failure is the status. */
static int each(struct mn_cmd *c, const struct opts *o,
		const struct mn_home *h, struct mn_index *ix,
		struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int status = 0, r = mn_home_list(&all, h, err);

	for (size_t i = 0; r == 0 && i < all.n; i++) {
		struct mn_profile p;
		int k = mn_profile_open(&p, h, all.p[i].hex, err);

		if (k == 0) {
			k = update(c, o, ix, &p, err);
			mn_profile_close(&p);
		}
		if (k < 0) {
			mn_warning(c, "%.12s: %s", all.p[i].hex, err->msg);
			mn_err_clear(err);
			status = k;
		}
	}
	mn_home_profiles_release(&all);
	return r < 0 ? r : status;
}

static int every(struct mn_cmd *c, const struct opts *o, struct mn_err *err)
{
	struct mn_index *ix = NULL;
	struct mn_home h;
	int status = 0, r = 0;

	if (mn_key_init() < 0)
		return mn_err_set(err, MN_EFAIL, "no source of randomness");
	mn_home_init(&h, mn_home(c));
	if (o->rebuild)
		r = mn_index_drop(&h, err);
	if (r == 0)
		r = open_index(c, &h, &ix, err);
	if (r == 0)
		status = each(c, o, &h, ix, err);
	if (r == 0 && o->stats)
		r = print_stats(c, o, ix, err);
	mn_index_close(ix);
	mn_home_release(&h);
	return r < 0 ? r : status;
}

int cmd_index(struct mn_cmd *c)
{
	struct opts o = { 0 };
	struct mn_err err = MN_ERR_INIT;
	int r;

	mn_options_parse(c, usage, options, &o, 0);
	if (c->argc)
		mn_usage(c, "too many arguments");
	r = o.all ? every(c, &o, &err) : one(c, &o, &err);
	return r < 0 ? mn_fail(c, r, &err) : MN_EXIT_OK;
}
