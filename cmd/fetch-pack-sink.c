/*
 * fetch-pack: packs are indexed while they come; loose objects of a plain
 * file server become a pack of their own.
 */
#include <inttypes.h>
#include <sys/stat.h>

#include "base/vec.h"
#include "fetch-pack.h"
#include "git/pack.h"
#include "out/json.h"
#include "banned.h"

struct sink {
	const struct mn_fetch_pack *f;
	struct mn_indexpack *ip;
	struct mn_pack *loose;
	MN_VEC(struct mn_oid) shallow;
};

static void print(const struct mn_fetch_pack *f, const char *what,
		  const char *hex, const uint64_t *objects,
		  const uint64_t *bytes)
{
	struct mn_buf b = MN_BUF_INIT;
	struct mn_json j = { &b, 0 };

	if (f->json) {
		mn_json_open(&j, '{');
		mn_json_add(&j, what, mn_str(hex));
		if (objects) {
			mn_json_key(&j, "objects");
			mn_json_uint(&j, *objects);
		}
		if (bytes) {
			mn_json_key(&j, "bytes");
			mn_json_uint(&j, *bytes);
		}
		mn_json_close(&j, '}');
	} else {
		mn_buf_addf(&b, "%s\t%s", hex, what);
		if (objects && bytes)
			mn_buf_addf(&b, "\t%" PRIu64 "\t%" PRIu64, *objects,
				    *bytes);
	}
	mn_buf_addc(&b, '\n');
	mn_out_buf(f->c, &b);
	mn_buf_release(&b);
}

static int begin(void *ctx, struct mn_err *err)
{
	struct sink *s = ctx;

	return s->f->dir ? mn_indexpack_begin(&s->ip, s->f->dir,
					      &s->f->limits, err) : 0;
}

static int data(void *ctx, const void *p, size_t len, struct mn_err *err)
{
	struct sink *s = ctx;
	size_t objects, total;
	uint64_t bytes;
	int r;

	if (!s->f->dir) {
		mn_out(s->f->c, p, len);
		return 0;
	}
	r = mn_indexpack_feed(s->ip, p, len, err);
	if (r < 0)
		return r;
	mn_indexpack_progress(s->ip, &objects, &total, &bytes);
	mn_progress_show(s->f->progress, "objects", objects, total);
	return 0;
}

static int end(void *ctx, struct mn_err *err)
{
	struct sink *s = ctx;
	struct mn_indexpack_result res;
	uint64_t objects;
	int r;

	if (!s->f->dir)
		return 0;
	r = mn_indexpack_finish(s->ip, &res, err);
	mn_indexpack_free(s->ip);
	s->ip = NULL;
	mn_progress_clear(s->f->progress);
	objects = res.objects;
	if (!r && res.objects)
		print(s->f, "pack", res.name, &objects, &res.bytes);
	return r;
}

static int object(void *ctx, const struct mn_oid *oid, enum mn_otype t,
		  const void *p, size_t len, struct mn_err *err)
{
	struct sink *s = ctx;
	struct mn_oid got;
	int r = 0;

	(void)oid;
	if (!s->loose)
		r = mn_pack_begin_in(&s->loose, s->f->dir, 0, err);
	if (!r)
		r = mn_pack_add(s->loose, &got, t, p, len, err);
	if (!r)
		mn_progress_show(s->f->progress, "loose objects",
				 mn_pack_count(s->loose), 0);
	return r;
}

static int has(void *ctx, const struct mn_oid *oid)
{
	const struct sink *s = ctx;

	for (size_t i = 0; i < s->f->nhaves; i++)
		if (mn_oid_eq(oid, &s->f->haves[i]))
			return 1;
	return 0;
}

static int shallow(void *ctx, const struct mn_oid *oid, struct mn_err *err)
{
	struct sink *s = ctx;

	(void)err;
	*mn_vec_push(&s->shallow) = *oid;
	return 0;
}

static int finish_loose(struct sink *s, struct mn_err *err)
{
	char name[MN_OID_HEX + 1];
	struct mn_buf path = MN_BUF_INIT;
	uint64_t n, bytes = 0;
	struct stat st;
	int r;

	if (!s->loose)
		return 0;
	n = mn_pack_count(s->loose);
	r = mn_pack_finish(s->loose, name, err);
	mn_buf_addf(&path, "%s/pack-%s.pack", s->f->dir, name);
	if (!r && !stat(path.p, &st))
		bytes = (uint64_t)st.st_size;
	if (!r)
		print(s->f, "pack", name, &n, &bytes);
	mn_buf_release(&path);
	return r;
}

int mn_fetch_pack(const struct mn_fetch_pack *f, struct mn_remote *remote,
		  const struct mn_remote_want *want, struct mn_err *err)
{
	struct sink s = { .f = f };
	const struct mn_remote_sink sink = {
		.begin = begin, .data = data, .end = end, .object = object,
		.has = has, .shallow = shallow, .ctx = &s,
	};
	char hex[MN_OID_HEX + 1];
	int r = mn_remote_fetch(remote, want, &sink, err);

	mn_progress_clear(f->progress);
	if (!r)
		r = finish_loose(&s, err);
	for (size_t i = 0; !r && f->dir && i < s.shallow.n; i++) {
		mn_oid_hex(hex, &s.shallow.p[i]);
		print(f, "shallow", hex, NULL, NULL);
	}
	mn_indexpack_free(s.ip);
	mn_pack_free(s.loose);
	mn_vec_release(&s.shallow);
	return r;
}
