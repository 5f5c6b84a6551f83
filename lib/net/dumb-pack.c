#include <stdlib.h>
#include <string.h>

#include "net/dumb-impl.h"

#include "banned.h"

#define DIR "/tmp"
#define IN_MEMORY ((size_t)1024 * 1024)
#define LIST_MAX ((size_t)1024 * 1024)
#define IDX_MAX ((uint64_t)2 << 30)
#define PACK_MAX ((uint64_t)64 << 30)

void mn_dumb_packs_init(struct mn_dumb_packs *s, struct mn_transport *t,
			const struct mn_remote_sink *sink)
{
	memset(s, 0, sizeof(*s));
	s->t = t;
	s->sink = sink;
	s->unpacker = mn_unpacker_new(&s->inflater);
}

void mn_dumb_packs_release(struct mn_dumb_packs *s)
{
	for (size_t i = 0; i < s->p.n; i++) {
		mn_spool_release(&s->p.p[i]->idx);
		mn_spool_release(&s->p.p[i]->pack);
		free(s->p.p[i]);
	}
	mn_vec_release(&s->p);
	mn_unpacker_free(s->unpacker);
	mn_inflater_release(&s->inflater);
}

/* "P pack-<40 digits>.pack"; other lines may come with other versions. */
static int list_line(struct mn_dumb_packs *s, const char *line, size_t len,
		     struct mn_err *err)
{
	static const char head[] = "P pack-", tail[] = ".pack";
	const size_t h = sizeof(head) - 1, n = sizeof(tail) - 1;
	struct mn_dumb_pack *p;
	struct mn_oid sum;

	if (len < 2 || memcmp(line, "P ", 2))
		return 0;
	if (len != h + MN_OID_HEX + n || memcmp(line, head, h) ||
	    memcmp(line + len - n, tail, n) || mn_oid_parse(&sum, line + h))
		return mn_err_set(err, MN_EINVALID, "objects/info/packs holds "
				  "what is no name of a pack");
	if (s->p.n == MN_DUMB_PACKS)
		return mn_err_set(err, MN_ELIMIT, "more than %d packs",
				  MN_DUMB_PACKS);
	p = mn_xcalloc(1, sizeof(*p));
	mn_oid_hex(p->name, &sum);
	mn_spool_init(&p->idx, DIR, IN_MEMORY, IDX_MAX);
	mn_spool_init(&p->pack, DIR, IN_MEMORY, PACK_MAX);
	p->file.id = s->p.n + 1;
	*mn_vec_push(&s->p) = p;
	return 0;
}

static int read_list(struct mn_dumb_packs *s, struct mn_err *err)
{
	struct mn_buf text = MN_BUF_INIT;
	size_t at = 0;
	int r = mn_dumb_text(s->t, "objects/info/packs", LIST_MAX, &text, err);

	if (r == MN_ENOTFOUND) {	/* then there are none */
		mn_err_clear(err);
		r = 0;
	}
	while (!r && at < text.len) {
		const char *line = text.p + at;
		const char *end = memchr(line, '\n', text.len - at);
		size_t len = end ? (size_t)(end - line) : text.len - at;

		r = list_line(s, line, len, err);
		at += len + 1;
	}
	s->listed = 1;
	mn_buf_release(&text);
	return r;
}

static int to_spool(void *ctx, const void *data, size_t len,
		    struct mn_err *err)
{
	return mn_spool_add(ctx, data, len, err);
}

static int view(struct mn_map_file *m, struct mn_spool *s, struct mn_err *err)
{
	struct mn_str all;
	int r = mn_spool_view(s, &all, err);

	if (!r)
		*m = (struct mn_map_file){ (const unsigned char *)all.p,
					   all.len };
	return r;
}

static int read_idx(struct mn_dumb_packs *s, struct mn_dumb_pack *p,
		    struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT;
	int r;

	mn_buf_addf(&path, "objects/pack/pack-%s.idx", p->name);
	r = s->t->ops->get(s->t, path.p, IDX_MAX, to_spool, &p->idx, err);
	if (!r)
		r = view(&p->file.idx, &p->idx, err);
	if (!r && mn_packfile_check_idx(&p->file, err) < 0)
		r = mn_err_wrap(err, MN_EINVALID, "'%s'", path.p);
	p->state = r ? MN_PACK_GONE : MN_PACK_INDEXED;
	mn_buf_release(&path);
	return r;
}

int mn_dumb_packs_here(struct mn_dumb_packs *s, const struct mn_oid *oid,
		       struct mn_dumb_pack **out, uint32_t *pos)
{
	for (size_t i = 0; i < s->p.n; i++) {
		*out = s->p.p[i];
		if ((*out)->state == MN_PACK_HERE &&
		    mn_packfile_find(&(*out)->file, oid, pos))
			return 1;
	}
	return 0;
}

int mn_dumb_packs_seek(struct mn_dumb_packs *s, const struct mn_oid *oid,
		       int look, struct mn_dumb_pack **out,
		       struct mn_err *err)
{
	uint32_t pos;
	int r;

	if (look && !s->listed) {
		r = read_list(s, err);
		if (r < 0)
			return r;
	}
	for (int fresh = 0; fresh <= look; fresh++) {
		for (size_t i = 0; i < s->p.n; i++) {
			*out = s->p.p[i];
			if (fresh && (*out)->state == MN_PACK_LISTED) {
				r = read_idx(s, *out, err);
				if (r == MN_ENOTFOUND)
					mn_err_clear(err);
				else if (r < 0)
					return r;
			}
			if ((*out)->state == MN_PACK_INDEXED &&
			    mn_packfile_find(&(*out)->file, oid, &pos))
				return 1;
		}
	}
	return 0;
}

struct both {
	struct mn_dumb_packs *s;
	struct mn_dumb_pack *p;
	int begun;
};

/* The sink hears of a pack only when there is one. */
static int to_both(void *ctx, const void *data, size_t len,
		   struct mn_err *err)
{
	struct both *b = ctx;
	const struct mn_remote_sink *k = b->s->sink;
	int r = 0;

	if (!b->begun) {
		b->begun = 1;
		r = k->begin(k->ctx, err);
	}
	if (!r)
		r = k->data(k->ctx, data, len, err);
	return r < 0 ? r : mn_spool_add(&b->p->pack, data, len, err);
}

int mn_dumb_packs_fetch(struct mn_dumb_packs *s, struct mn_dumb_pack *p,
			struct mn_err *err)
{
	const struct mn_remote_sink *k = s->sink;
	struct mn_buf path = MN_BUF_INIT;
	struct both b = { s, p, 0 };
	int r;

	mn_buf_addf(&path, "objects/pack/pack-%s.pack", p->name);
	p->state = MN_PACK_GONE;
	r = s->t->ops->get(s->t, path.p, PACK_MAX, to_both, &b, err);
	if (!r && !b.begun)
		r = mn_err_set(err, MN_EINVALID, "'%s' is empty", path.p);
	if (!r)
		r = k->end(k->ctx, err);
	if (!r)
		r = view(&p->file.pack, &p->pack, err);
	if (!r && mn_packfile_check(&p->file, err) < 0)
		r = mn_err_wrap(err, MN_EINVALID, "'%s'", path.p);
	if (!r)
		p->state = MN_PACK_HERE;
	mn_buf_release(&path);
	return r;
}

int mn_dumb_packs_read(struct mn_dumb_packs *s, struct mn_dumb_pack *p,
		       uint32_t pos, struct mn_object *o, struct mn_err *err)
{
	uint64_t off;
	int r = mn_packfile_offset(&p->file, pos, &off, err);

	if (!r)
		r = mn_unpack(s->unpacker, o, &p->file, off, MN_DUMB_OBJECT,
			      err);
	return r < 0 ? mn_err_wrap(err, MN_EINVALID, "pack-%s", p->name) : 0;
}

enum mn_otype mn_dumb_packs_type(struct mn_dumb_pack *p, uint32_t pos)
{
	struct mn_pack_entry e;
	uint64_t off;

	if (mn_packfile_offset(&p->file, pos, &off, NULL) ||
	    mn_packfile_entry(&p->file, off, &e, NULL))
		return (enum mn_otype)0;
	return e.type;
}
