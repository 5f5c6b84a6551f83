#include "repl/arrival.h"

#include <string.h>

#include "banned.h"

void mn_arrival_init(struct mn_arrival *a, const char *dir,
		     const struct mn_indexpack_limits *limits)
{
	memset(a, 0, sizeof(*a));
	a->dir = dir;
	a->limits = limits;
}

static void see(void *ctx, const struct mn_oid *oid, enum mn_otype type,
		const void *data, size_t len)
{
	struct mn_arrival *a = ctx;

	if (type == MN_COMMIT)
		mn_commits_add(a->commits, oid, data, len);
}

static int begin(void *ctx, struct mn_err *err)
{
	struct mn_arrival *a = ctx;
	int r;

	mn_indexpack_free(a->ip);
	a->ip = NULL;
	r = mn_indexpack_begin(&a->ip, a->dir, a->limits, err);
	if (r < 0 || !a->commits)
		return r;
	if (a->packs++)
		mn_commits_release(a->commits);
	else
		mn_indexpack_watch(a->ip, see, a);
	return 0;
}

static int take(void *ctx, const void *data, size_t len, struct mn_err *err)
{
	struct mn_arrival *a = ctx;
	size_t done, total;
	uint64_t bytes;
	int r = mn_indexpack_feed(a->ip, data, len, err);

	if (r < 0 || !a->progress)
		return r;
	mn_indexpack_progress(a->ip, &done, &total, &bytes);
	a->progress(a->progress_ctx, "Receiving objects", done, total);
	return 0;
}

static int count(struct mn_arrival *a, int r,
		 const struct mn_indexpack_result *res)
{
	mn_indexpack_free(a->ip);
	a->ip = NULL;
	if (r < 0)
		return r;
	a->bytes += res->bytes;
	a->objects += res->objects;
	return 0;
}

static int finish(void *ctx, struct mn_err *err)
{
	struct mn_arrival *a = ctx;
	struct mn_indexpack_result res = { .objects = 0 };

	return count(a, mn_indexpack_finish(a->ip, &res, err), &res);
}

static int take_object(void *ctx, const struct mn_oid *oid, enum mn_otype t,
		       const void *data, size_t len, struct mn_err *err)
{
	struct mn_arrival *a = ctx;
	struct mn_oid is;
	int r = 0;

	if (!a->loose)
		r = mn_pack_begin_in(&a->loose, a->dir, 0, err);
	if (r == 0)
		r = mn_pack_add(a->loose, &is, t, data, len, err);
	if (r == 0 && !mn_oid_eq(&is, oid))
		r = mn_err_set(err, MN_EINVALID, "an object is another than "
			       "its name says");
	if (r < 0)
		return r;
	a->bytes += len;
	a->objects++;
	if (a->progress)
		a->progress(a->progress_ctx, "Receiving objects", a->objects,
			    0);
	return 0;
}

static int has(void *ctx, const struct mn_oid *oid)
{
	struct mn_arrival *a = ctx;

	if (a->loose && mn_pack_has(a->loose, oid))
		return 1;
	return a->has && a->has(a->has_ctx, oid);
}

void mn_arrival_sink(struct mn_remote_sink *out, struct mn_arrival *a)
{
	*out = (struct mn_remote_sink){
		.begin = begin, .data = take, .end = finish,
		.object = take_object, .has = has, .ctx = a,
	};
}

int mn_arrival_end(struct mn_arrival *a, int broke, struct mn_err *err)
{
	struct mn_indexpack_result res = { .objects = 0 };
	int r = 0;

	if (a->ip && broke)
		r = count(a, mn_indexpack_salvage(a->ip, &res, err), &res);
	if (r == 0 && a->loose)
		r = mn_pack_finish(a->loose, NULL, err);
	return r;
}

void mn_arrival_release(struct mn_arrival *a)
{
	mn_indexpack_free(a->ip);
	mn_pack_free(a->loose);
}
