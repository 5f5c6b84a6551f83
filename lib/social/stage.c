#include "social/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"

#include "banned.h"

#define WINDOW 8		/* chunks that are in memory at once */

int mn_stage_begin(struct mn_stage *s, struct mn_repo *repo, int as_pack,
		   size_t count, struct mn_err *err)
{
	memset(s, 0, sizeof(*s));
	if (as_pack)
		return mn_pack_begin_n(&s->pack, repo->path, count, err);
	return mn_loose_begin_in(&s->loose, repo->path, repo->store, err);
}

int mn_stage_add(struct mn_stage *s, const struct mn_staged *o,
		 struct mn_err *err)
{
	struct mn_packed e = { .oid = o->oid, .type = o->type,
			       .size = o->raw.len, .z = o->z.p,
			       .zlen = o->z.len };
	struct mn_oid oid;

	if (s->loose)
		return mn_loose_add(s->loose, &oid, o->type, o->raw.p,
				    o->raw.len, err);
	if (!s->pack)
		return 0;
	if (!o->z.p)
		return mn_pack_add(s->pack, &oid, o->type, o->raw.p,
				   o->raw.len, err);
	return mn_pack_add_packed(s->pack, &e, err);
}

int mn_stage_sync_also(struct mn_stage *s, const int *fds, size_t n)
{
	if (s->loose)
		mn_loose_sync_also(s->loose, fds, n);
	return s->loose != NULL;
}

int mn_stage_commit(struct mn_stage *s, struct mn_err *err)
{
	if (s->loose)
		return mn_loose_commit(s->loose, err);
	return s->pack ? mn_pack_finish(s->pack, NULL, err) : 0;
}

void mn_stage_release(struct mn_stage *s)
{
	mn_loose_free(s->loose);
	mn_pack_free(s->pack);
	memset(s, 0, sizeof(*s));
}

/* contents */

int mn_source_size(uint64_t *out, const struct mn_source *from,
		   struct mn_err *err)
{
	struct stat st;

	*out = from->data.len;
	if (from->path) {
		if (stat(from->path, &st) < 0)
			return mn_err_sys(err, "cannot read '%s'", from->path);
		if (S_ISDIR(st.st_mode))
			return mn_err_set(err, MN_EINVALID,
					  "'%s' is a directory", from->path);
		if (!S_ISREG(st.st_mode))
			return mn_err_set(err, MN_EINVALID,
					  "'%s' is not a regular file",
					  from->path);
		*out = (uint64_t)st.st_size;
	}
	if (*out > MN_CONTENT_MAX)
		return mn_err_set(err, MN_ELIMIT, "'%s' is too large: at "
				  "most 64 GiB", from->path ? from->path : "");
	return 0;
}

/* A content on its way in: a file or bytes, read from the front. */
struct intake {
	struct mn_stage *stage;
	struct mn_pool *pool;
	const struct mn_source *from;
	struct mn_err *err;
	struct mn_content_in *out;
	int fd;				/* -1: from->data */
	uint64_t at;
	int level;			/* of compression: 0 or the usual */
	struct mn_deflater **deflaters;	/* one a thread */
	struct mn_id *digests;
	struct mn_oid *chunks;
	size_t first;			/* chunk of slot 0 */
	struct slot {
		struct mn_buf raw, z;
		struct mn_staged o;
	} slots[WINDOW];
};

static int changed(struct intake *in)
{
	return mn_err_set(in->err, MN_EFAIL, "'%s' changed while it was read",
			  in->from->path);
}

static int read_next(struct intake *in, struct mn_buf *b, size_t len)
{
	size_t got = len;
	int r = 0;

	mn_buf_clear(b);
	mn_buf_grow(b, len);
	if (in->fd < 0)
		memcpy(b->p, in->from->data.p + in->at, len);
	else
		r = mn_io_read_full(in->fd, b->p, len, &got, in->err);
	if (r < 0)
		return mn_err_wrap(in->err, r, "cannot read '%s'",
				   in->from->path);
	if (got != len)
		return changed(in);
	mn_buf_setlen(b, len);
	in->at += len;
	return 0;
}

/* Whether the file ends where its size said. */
static int check_end(struct intake *in)
{
	char more;
	size_t got;
	int r;

	if (in->fd < 0)
		return 0;
	r = mn_io_read_full(in->fd, &more, 1, &got, in->err);
	return r < 0 ? r : got ? changed(in) : 0;
}

static void prepare(void *ctx, int worker, size_t i)
{
	struct intake *in = ctx;
	struct slot *s = &in->slots[i];

	mn_content_digest(&in->digests[in->first + i], &in->out->salt,
			  s->raw.p, s->raw.len);
	mn_oid_of(&s->o.oid, MN_BLOB, s->raw.p, s->raw.len);
	in->chunks[in->first + i] = s->o.oid;
	s->o.type = MN_BLOB;
	s->o.raw = (struct mn_str){ s->raw.p, s->raw.len };
	mn_buf_clear(&s->z);
	if (in->stage->pack)
		mn_deflate(in->deflaters[worker], &s->z, s->raw.p, s->raw.len);
	s->o.z = (struct mn_str){ in->stage->pack ? s->z.p : NULL, s->z.len };
}

/* Reads a window of chunks, works on them in parallel, stages them. */
static int take_window(struct intake *in, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		uint64_t left = in->out->size - in->at;

		r = read_next(in, &in->slots[i].raw, left < MN_CHUNK_SIZE
			      ? (size_t)left : (size_t)MN_CHUNK_SIZE);
	}
	if (r < 0)
		return r;
	mn_pool_for(in->pool, n, 1, prepare, in);
	for (size_t i = 0; i < n && r == 0; i++)
		r = mn_stage_add(in->stage, &in->slots[i].o, in->err);
	return r;
}

static int add_object(struct intake *in, struct mn_oid *oid, enum mn_otype type,
		      const void *data, size_t len)
{
	struct mn_staged o = { .type = type, .raw = { data, len } };

	mn_oid_of(&o.oid, type, data, len);
	*oid = o.oid;
	return mn_stage_add(in->stage, &o, in->err);
}

/* Looks at the first chunk to see whether compressing pays. */
static void choose_level(struct intake *in)
{
	struct mn_deflater *d = mn_deflater_new(1);
	size_t len = in->out->size < MN_CHUNK_SIZE ? (size_t)in->out->size
						   : (size_t)MN_CHUNK_SIZE;
	struct mn_buf b = MN_BUF_INIT;
	ssize_t got = (ssize_t)len;

	mn_buf_grow(&b, len);
	if (in->fd < 0)
		memcpy(b.p, in->from->data.p, len);
	else
		got = pread(in->fd, b.p, len, 0);
	in->level = got > 0 && mn_deflate_pays(d, b.p, (size_t)got)
		? MN_DEFLATE_LEVEL : 0;
	mn_buf_release(&b);
	mn_deflater_free(d);
}

static int take_chunks(struct intake *in)
{
	size_t n = (size_t)mn_content_chunks(in->out->size);
	int threads = mn_pool_threads(in->pool);
	struct mn_buf tree = MN_BUF_INIT;
	struct mn_oid digests;
	int r = 0;

	in->chunks = mn_xcalloc(n, sizeof(*in->chunks));
	in->digests = mn_xcalloc(n, sizeof(*in->digests));
	choose_level(in);
	in->deflaters = mn_xcalloc((size_t)threads, sizeof(*in->deflaters));
	for (int i = 0; i < threads; i++)
		in->deflaters[i] = mn_deflater_new(in->level);
	for (size_t i = 0; i < WINDOW; i++) {
		mn_buf_init(&in->slots[i].raw);
		mn_buf_init(&in->slots[i].z);
	}
	for (in->first = 0; in->first < n && r == 0; in->first += WINDOW)
		r = take_window(in, n - in->first < WINDOW ? n - in->first
							   : WINDOW);
	if (r == 0)
		r = check_end(in);
	if (r == 0)
		r = add_object(in, &digests, MN_BLOB, in->digests,
			       n * sizeof(*in->digests));
	if (r == 0) {
		mn_content_digest(&in->out->digest, &in->out->salt,
				  in->digests, n * sizeof(*in->digests));
		mn_chunk_tree_encode(&tree, in->chunks, n, &digests);
		r = add_object(in, &in->out->oid, MN_TREE, tree.p, tree.len);
	}
	mn_buf_release(&tree);
	for (size_t i = 0; i < WINDOW; i++) {
		mn_buf_release(&in->slots[i].raw);
		mn_buf_release(&in->slots[i].z);
	}
	for (int i = 0; i < threads; i++)
		mn_deflater_free(in->deflaters[i]);
	free(in->deflaters);
	free(in->digests);
	free(in->chunks);
	return r;
}

static int take_whole(struct intake *in)
{
	struct mn_buf b = MN_BUF_INIT;
	int r = read_next(in, &b, (size_t)in->out->size);

	if (r == 0)
		r = check_end(in);
	if (r == 0) {
		mn_content_digest(&in->out->digest, &in->out->salt, b.p,
				  b.len);
		r = add_object(in, &in->out->oid, MN_BLOB, b.p, b.len);
	}
	mn_buf_release(&b);
	return r;
}

int mn_content_stage(struct mn_content_in *out, struct mn_stage *s,
		     struct mn_pool *pool, const struct mn_source *from,
		     struct mn_err *err)
{
	struct intake in = { .stage = s, .pool = pool, .from = from,
			     .err = err, .out = out, .fd = -1 };
	int r = mn_source_size(&out->size, from, err);

	if (r < 0)
		return r;
	if (from->path) {
		in.fd = open(from->path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
		if (in.fd < 0)
			return mn_err_sys(err, "cannot open '%s'", from->path);
		posix_fadvise(in.fd, 0, 0, POSIX_FADV_SEQUENTIAL);
	}
	mn_random(out->salt.b, sizeof(out->salt.b));
	r = mn_content_is_chunked(out->size) ? take_chunks(&in)
					     : take_whole(&in);
	if (in.fd >= 0)
		close(in.fd);
	return r;
}
