/*
 * Admission, in this order: what is there already is left out; packs that are
 * kept whole, and of which little is there, are moved; the rest is written
 * anew. Everything is synced before it gets a name that readers look at.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "git/loose.h"
#include "git/pack.h"
#include "git/quarantine-impl.h"
#include "git/sync.h"

#include "banned.h"

/* A pack is moved also where it repeats one object in so many of what is
 * there: to write it anew takes longer than the copies are worth. */
#define FEW_KNOWN 10

typedef MN_VEC(size_t) places;	/* in w->keep */

/* Whether the repository has it, and is going to keep it. */
static int stays(struct mn_quarantine *q, const struct mn_oid *oid)
{
	if (!mn_quarantine_known(q, oid))
		return 0;
	return mn_store_freshen(q->repo, oid) ||
		mn_store_freshen_loose(q->repo, oid);
}

/* Notes in each pack that holds it that it is kept: 1, or 0 where that was
 * noted before; -1 where no pack holds it. */
static int mark(struct mn_quarantine *q, const struct mn_oid *oid, int known)
{
	int r = -1;

	for (size_t i = 0; i < q->packs.n; i++) {
		struct mn_qpack *k = &q->packs.p[i];
		unsigned char bit;
		uint32_t pos;

		if (!mn_packfile_find(k->p, oid, &pos))
			continue;
		bit = (unsigned char)(1u << (pos & 7));
		if (r < 0)
			r = 0;
		if (k->bits[pos >> 3] & bit)
			continue;
		k->bits[pos >> 3] |= bit;
		k->kept++;
		k->known += (uint32_t)known;
		r = 1;
	}
	return r;
}

/* Finds what is to be added, in the order given. */
static int sort_out(struct mn_quarantine *q,
		    const struct mn_quarantine_wanted *w, places *out,
		    struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	for (size_t i = 0; i < q->packs.n; i++) {
		struct mn_qpack *k = &q->packs.p[i];

		free(k->bits);
		k->bits = mn_xcalloc((size_t)k->p->n / 8 + 1, 1);
		k->kept = 0;
		k->known = 0;
	}
	for (size_t i = 0; i < w->n; i++) {
		int known = stays(q, &w->keep[i]);
		int r = mark(q, &w->keep[i], known);

		if (known || !r)
			continue;
		if (r > 0) {
			*mn_vec_push(out) = i;
		} else if (!mn_store_has(q->repo, &w->keep[i])) {
			mn_oid_hex(hex, &w->keep[i]);
			return mn_err_set(err, MN_ENOTFOUND,
					  "object %s did not come", hex);
		}
	}
	return 0;
}

/* Whether so few and small objects came that they become loose ones. */
static int is_little(struct mn_quarantine *q,
		     const struct mn_quarantine_wanted *w, const places *v)
{
	struct mn_reader *rd;
	uint64_t sum = 0, size;
	enum mn_otype type;
	size_t i;

	if (w->promisor || v->n >= MN_UNPACK_LIMIT)
		return 0;
	rd = mn_reader_new(q->all);
	for (i = 0; i < v->n && sum < MN_UNPACK_BYTES; i++) {
		if (mn_reader_stat(rd, &type, &size, &w->keep[v->p[i]], NULL))
			break;
		sum += size < MN_UNPACK_BYTES ? size : MN_UNPACK_BYTES;
	}
	mn_reader_free(rd);
	return i == v->n && sum < MN_UNPACK_BYTES;
}

static int changed(const struct mn_oid *oid, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];

	mn_oid_hex(hex, oid);
	return mn_err_set(err, MN_ECORRUPT,
			  "object %s is not what it was", hex);
}

static int add_loose(struct mn_quarantine *q,
		     const struct mn_quarantine_wanted *w, const places *v,
		     struct mn_err *err)
{
	struct mn_reader *rd = mn_reader_new(q->all);
	struct mn_loose *l = NULL;
	int r = mn_loose_begin_in(&l, q->gitdir, q->repo, err);

	for (size_t i = 0; i < v->n && !r; i++) {
		const struct mn_oid *want = &w->keep[v->p[i]];
		struct mn_object o;
		struct mn_oid oid;

		r = mn_reader_read(rd, &o, want, MN_OBJECT_MAX, err);
		if (!r)
			r = mn_loose_add(l, &oid, o.type, o.data, o.len, err);
		if (!r && !mn_oid_eq(&oid, want))
			r = changed(want, err);
	}
	if (!r)
		r = mn_loose_commit(l, err);
	mn_loose_free(l);
	mn_reader_free(rd);
	return r;
}

static int add_pack(struct mn_quarantine *q,
		    const struct mn_quarantine_wanted *w, const places *v,
		    struct mn_err *err)
{
	struct mn_reader *rd = mn_reader_new(q->all);
	struct mn_pack *p = NULL;
	int r = mn_pack_begin_n(&p, q->gitdir, v->n, err);

	if (!r && w->promisor)
		mn_pack_promisor(p);
	for (size_t i = 0; i < v->n && !r; i++)
		r = mn_quarantine_copy(q, p, rd, &w->keep[v->p[i]], err);
	if (!r)
		r = mn_pack_finish(p, NULL, err);
	mn_pack_free(p);
	mn_reader_free(rd);
	return r;
}

static int move_file(struct mn_buf *from, struct mn_buf *to,
		     const char *ending, struct mn_err *err)
{
	size_t f = from->len, t = to->len;
	int r = 0;

	mn_buf_adds(from, ending);
	mn_buf_adds(to, ending);
	if (rename(from->p, to->p))
		r = mn_err_sys(err, "cannot rename '%s' to '%s'", from->p,
			       to->p);
	mn_buf_setlen(from, f);
	mn_buf_setlen(to, t);
	return r;
}

/* Both files of a pack, at the same time. */
static int sync_pack(struct mn_buf *stem, struct mn_err *err)
{
	static const char *const endings[] = { ".pack", ".idx" };
	size_t base = stem->len, n = 0, which = 0;
	int fds[2], r = 0;

	for (; n < 2 && !r; n++) {
		mn_buf_setlen(stem, base);
		mn_buf_adds(stem, endings[n]);
		fds[n] = open(stem->p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fds[n] < 0) {
			r = mn_err_sys(err, "cannot open '%s'", stem->p);
			break;
		}
	}
	mn_buf_setlen(stem, base);
	if (!r) {
		errno = mn_sync_fds(fds, n, &which);
		if (errno)
			r = mn_err_sys(err, "cannot sync '%s%s'", stem->p,
				       endings[which]);
	}
	while (n)
		close(fds[--n]);
	return r;
}

static int move_pack(struct mn_quarantine *q, struct mn_qpack *k,
		     int promisor, struct mn_err *err)
{
	struct mn_buf from = MN_BUF_INIT, to = MN_BUF_INIT;
	int r;

	mn_buf_addf(&to, "%s/objects/pack", q->gitdir);
	r = mn_io_mkdirs(to.p, 0777, err);
	mn_buf_addf(&from, "%s/pack-%s", q->dir.p, k->name);
	if (!r)
		r = sync_pack(&from, err);
	if (!r && promisor)
		r = mn_pack_mark(to.p, k->name, err);
	mn_buf_addf(&to, "/pack-%s", k->name);
	/* The index last: a pack without one does not exist for readers. */
	if (!r)
		r = move_file(&from, &to, ".pack", err);
	if (!r)
		r = move_file(&from, &to, ".idx", err);
	if (!r)
		r = mn_io_fsync_parent(to.p, err);
	k->moved = !r;
	mn_buf_release(&from);
	mn_buf_release(&to);
	return r;
}

/* Whether what the pack has in common with the repository is the same there,
 * and not just of the same name. */
static int agrees(struct mn_quarantine *q, const struct mn_qpack *k)
{
	struct mn_inflater f = { NULL, NULL };
	struct mn_unpacker *u = mn_unpacker_new(&f);
	struct mn_reader *rd = mn_reader_new(q->repo);
	struct mn_object a, b;
	struct mn_oid oid;
	uint64_t off;
	uint32_t left = k->known;
	int same = 1;

	for (uint32_t i = 0; i < k->p->n && left && same; i++) {
		mn_packfile_oid(k->p, i, &oid);
		if (!mn_quarantine_known(q, &oid))
			continue;
		left--;
		same = !mn_packfile_offset(k->p, i, &off, NULL) &&
			!mn_unpack(u, &a, k->p, off, MN_OBJECT_MAX, NULL) &&
			!mn_reader_read(rd, &b, &oid, MN_OBJECT_MAX, NULL) &&
			a.type == b.type && a.len == b.len &&
			!memcmp(a.data, b.data, a.len);
	}
	mn_reader_free(rd);
	mn_unpacker_free(u);
	mn_inflater_release(&f);
	return same;
}

static int is_movable(struct mn_quarantine *q, const struct mn_qpack *k)
{
	return !k->moved && k->p->n && k->kept == k->p->n &&
		k->known <= k->p->n / FEW_KNOWN &&
		(!k->known || agrees(q, k));
}

static int in_moved(const struct mn_quarantine *q, const struct mn_oid *oid)
{
	uint32_t pos;

	for (size_t i = 0; i < q->packs.n; i++)
		if (q->packs.p[i].moved &&
		    mn_packfile_find(q->packs.p[i].p, oid, &pos))
			return 1;
	return 0;
}

/* Moves what can be moved; the rest stays in v. */
static int move_packs(struct mn_quarantine *q,
		      const struct mn_quarantine_wanted *w, places *v,
		      struct mn_err *err)
{
	size_t n = 0, moved = 0;
	int r = 0;

	for (size_t i = 0; i < q->packs.n && !r; i++) {
		struct mn_qpack *k = &q->packs.p[i];

		if (!is_movable(q, k))
			continue;
		r = move_pack(q, k, w->promisor, err);
		moved += !r;
	}
	for (size_t i = 0; i < v->n && !r && moved; i++)
		if (!in_moved(q, &w->keep[v->p[i]]))
			v->p[n++] = v->p[i];
	if (moved)
		v->n = n;
	return r;
}

int mn_quarantine_admit(struct mn_quarantine *q,
			const struct mn_quarantine_wanted *w,
			struct mn_err *err)
{
	places v = { NULL, 0, 0 };
	int r = mn_store_refresh(q->repo, err);

	if (!r)
		r = mn_quarantine_look(q, err);
	if (!r)
		r = sort_out(q, w, &v, err);
	if (!r && v.n && !is_little(q, w, &v))
		r = move_packs(q, w, &v, err);
	if (!r && v.n)
		r = is_little(q, w, &v) ? add_loose(q, w, &v, err) :
			add_pack(q, w, &v, err);
	if (!r)		/* theirs is no matter of ours */
		mn_quarantine_sweep(q->gitdir, NULL);
	mn_vec_release(&v);
	return r;
}
