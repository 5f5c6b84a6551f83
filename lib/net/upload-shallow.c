/* upload: where the history that is sent ends (gitprotocol-pack(5), shallow
 * and deepen). */
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "upload-impl.h"

#include "banned.h"

#define GRAFTS_FILE_MAX ((size_t)8 * 1024 * 1024)
#define TAGS_MAX 16

int mn_upload_read_grafts(struct mn_upload *u, struct mn_err *err)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	struct mn_oid oid;
	int r;

	mn_buf_addf(&path, "%s/shallow", u->gitdir);
	r = mn_io_read_file(&text, path.p, GRAFTS_FILE_MAX, err);
	if (r == MN_ENOTFOUND) {
		mn_err_clear(err);
		r = 0;
	}
	for (size_t i = 0; i + MN_OID_HEX < text.len + 1 && !r;
	     i += MN_OID_HEX + 1) {
		if (mn_oid_parse(&oid, text.p + i) < 0)
			r = mn_err_set(err, MN_ECORRUPT, "'%s' is malformed",
				       path.p);
		else
			mn_objlist_add(&u->grafts, &oid, MN_COMMIT, NULL);
	}
	mn_buf_release(&path);
	mn_buf_release(&text);
	return r;
}

struct search {			/* breadth first, from the wants */
	struct mn_upload *u;
	struct mn_reader *rd;
	struct mn_walk_commit commit;
	struct mn_objlist seen;		/* in the order of the search; mark 1:
					   history goes on behind it */
	size_t max;
	struct mn_upload_oids border;	/* where it ends */
};

/* Reads a commit, through tags: 1; 0 where it is none, or not there. */
static int read_commit(struct search *s, struct mn_oid *oid,
		       struct mn_err *err)
{
	struct mn_object o;
	int r;

	for (int i = 0; i < TAGS_MAX; i++) {
		r = mn_reader_read(s->rd, &o, oid, MN_OBJECT_MAX, err);
		if (r == MN_ENOTFOUND) {
			mn_err_clear(err);
			return 0;
		}
		if (r < 0)
			return r;
		if (o.type == MN_COMMIT)
			return !mn_walk_commit_parse(&s->commit, o.data, o.len);
		if (o.type != MN_TAG || o.len < 7 + MN_OID_HEX ||
		    mn_oid_parse(oid, o.data + 7) < 0)
			return 0;
	}
	return 0;
}

static int add(struct search *s, const struct mn_oid *oid, struct mn_err *err)
{
	if (s->seen.n >= s->max)
		return mn_err_set(err, MN_ELIMIT,
				  "more than %zu commits to look at", s->max);
	mn_objlist_add(&s->seen, oid, MN_COMMIT, NULL);
	return 0;
}

/* Whether a parent of s->commit is older than the client wants to have. */
static int ends_by_date(struct search *s, struct mn_err *err)
{
	struct mn_upload_oids parents = { NULL, 0, 0 };
	int r = 0;

	if (!s->u->ask.since)
		return 0;
	for (size_t i = 0; i < s->commit.parents.n; i++)
		*mn_vec_push(&parents) = s->commit.parents.p[i];
	for (size_t i = 0; i < parents.n && !r; i++) {
		struct mn_oid oid = parents.p[i];

		r = read_commit(s, &oid, err);
		if (r > 0)
			r = s->commit.date < s->u->ask.since;
	}
	mn_vec_clear(&s->commit.parents);
	for (size_t i = 0; i < parents.n; i++)
		*mn_vec_push(&s->commit.parents) = parents.p[i];
	mn_vec_release(&parents);
	return r;
}

/* One commit, at a depth counted from 1. */
static int visit(struct search *s, size_t at, uint64_t depth, uint64_t last,
		 struct mn_err *err)
{
	struct mn_oid oid = s->seen.p[at].oid;
	int r = read_commit(s, &oid, err), ends;

	if (r <= 0)
		return r;
	if (depth == 1 && s->u->ask.since && s->commit.date < s->u->ask.since)
		return mn_upload_refuse(s->u, "upload-pack: no commits are "
					"that new");
	ends = mn_objlist_find(&s->u->grafts, &oid) != SIZE_MAX ||
		(last && depth >= last);
	if (!ends && s->commit.parents.n) {
		ends = ends_by_date(s, err);
		if (ends < 0)
			return ends;
	}
	if (ends) {
		if (s->commit.parents.n)
			*mn_vec_push(&s->border) = oid;
		return 0;
	}
	s->seen.p[at].mark = 1;
	r = 0;
	for (size_t i = 0; i < s->commit.parents.n && !r; i++)
		r = add(s, &s->commit.parents.p[i], err);
	return r;
}

static int search(struct search *s, struct mn_err *err)
{
	const struct mn_upload_ask *a = &s->u->ask;
	uint64_t last = a->depth < MN_UPLOAD_INFINITE ? a->depth : 0;
	uint64_t depth = 0;
	int r = 0;

	if (a->relative && last && a->shallow.n) {
		last++;
		for (size_t i = 0; i < a->shallow.n && !r; i++)
			r = add(s, &a->shallow.p[i].oid, err);
	} else {
		for (size_t i = 0; i < a->wants.n && !r; i++) {
			struct mn_oid oid = a->wants.p[i];

			r = read_commit(s, &oid, err);
			if (r > 0)
				r = add(s, &oid, err);
		}
	}
	for (size_t at = 0, end; at < s->seen.n && !r;) {
		depth++;
		for (end = s->seen.n; at < end && !r; at++)
			r = visit(s, at, depth, last, err);
	}
	return r;
}

/* What a shallow commit of the client's gets behind it is wanted, too. */
static int unshallow(struct search *s, const struct mn_oid *shallow,
		     struct mn_buf *out, struct mn_err *err)
{
	struct mn_oid oid = *shallow;
	char hex[MN_OID_HEX + 1];
	size_t at = mn_objlist_find(&s->seen, shallow);
	int r;

	if (at == SIZE_MAX || !s->seen.p[at].mark)
		return 0;
	mn_oid_hex(hex, shallow);
	mn_pkt_addf(out, "unshallow %s\n", hex);
	r = read_commit(s, &oid, err);
	for (size_t i = 0; i < s->commit.parents.n && r > 0; i++)
		*mn_vec_push(&s->u->ask.wants) = s->commit.parents.p[i];
	return r < 0 ? r : 0;
}

static void add_edges(struct mn_upload *u, const struct mn_objlist *from)
{
	for (size_t i = 0; i < from->n; i++)
		mn_objlist_add(&u->edges, &from->p[i].oid, MN_COMMIT, NULL);
}

int mn_upload_shallow(struct mn_upload *u, struct mn_buf *out,
		      struct mn_err *err)
{
	struct search s = { .u = u, .seen = MN_OBJLIST_INIT };
	char hex[MN_OID_HEX + 1];
	int r;

	add_edges(u, &u->ask.shallow);
	add_edges(u, &u->grafts);
	if (!u->ask.depth && !u->ask.since && !u->grafts.n)
		return 0;
	s.rd = mn_reader_new(u->store);
	s.max = u->opt.max_objects ? u->opt.max_objects :
		MN_WALK_OBJECTS_MAX;
	r = search(&s, err);
	for (size_t i = 0; i < s.border.n && !r; i++) {
		mn_objlist_add(&u->edges, &s.border.p[i], MN_COMMIT, NULL);
		if (mn_objlist_find(&u->ask.shallow, &s.border.p[i]) !=
		    SIZE_MAX)
			continue;
		mn_oid_hex(hex, &s.border.p[i]);
		mn_pkt_addf(out, "shallow %s\n", hex);
	}
	for (size_t i = 0; i < u->ask.shallow.n && !r; i++)
		r = unshallow(&s, &u->ask.shallow.p[i].oid, out, err);
	mn_reader_free(s.rd);
	mn_vec_release(&s.commit.parents);
	mn_objlist_release(&s.seen);
	mn_vec_release(&s.border);
	return r;
}
