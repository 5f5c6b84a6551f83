/* Which objects leave the quarantine: those of good nodes, nothing else. */
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "git/packfile.h"
#include "repl/admit-impl.h"

#include "banned.h"

/* The slot of a pack; made when it is met first. -1: there are too many. */
static int slot(struct mn_touched *t, const struct mn_packfile *pack)
{
	int n = t->n, i;

	for (i = 0; i < n; i++)
		if (t->packs[i].pack == pack)
			return i;
	pthread_mutex_lock(&t->mutex);
	for (; i < t->n; i++)
		if (t->packs[i].pack == pack)
			goto out;
	if (i == MN_ADMIT_PACKS) {
		t->overflow = 1;
		i = -1;
		goto out;
	}
	t->packs[i].pack = pack;
	if (pack->name && !strncmp(pack->name, t->dir, strlen(t->dir)))
		t->packs[i].seen = mn_xcalloc(pack->n + 1,
					      sizeof(*t->packs[i].seen));
	t->n = i + 1;
out:
	pthread_mutex_unlock(&t->mutex);
	return i;
}

int mn_touched_see(void *ctx, const struct mn_oid *oid,
		   const struct mn_object *o, const struct mn_packfile *pack,
		   uint32_t pos, struct mn_err *err)
{
	struct mn_touched *t = ctx;
	int i;

	(void)oid;
	(void)o;
	(void)err;
	if (!pack)
		return 0;
	i = slot(t, pack);
	if (i >= 0 && t->packs[i].seen && pos < pack->n)
		t->packs[i].seen[pos] = 1;
	return 0;
}

void mn_touched_release(struct mn_touched *t)
{
	for (int i = 0; i < t->n; i++)
		free((void *)t->packs[i].seen);
	pthread_mutex_destroy(&t->mutex);
}

static int lacks_something(const struct mn_admission *ad)
{
	for (size_t i = 0; i < ad->commits.n; i++)
		if (ad->res[i].meta_missing || ad->res[i].contents_missing)
			return 1;
	return 0;
}

/*
 * All is good, and the verification came across every object that is in the
 * quarantine: it is let in as it is. 1, 0.
 */
static int keep_all(struct mn_admission *ad)
{
	struct mn_touched *t = &ad->touched;
	struct mn_oid oid;

	if (!ad->all_good || t->overflow || ad->rep->refused ||
	    (ad->a->follow && (ad->a->follow->keep ||
			      ad->a->follow->level != MN_LEVEL_FULL)) ||
	    lacks_something(ad))
		return 0;
	for (int i = 0; i < t->n; i++) {
		const struct mn_packfile *pack = t->packs[i].pack;

		for (uint32_t pos = 0; t->packs[i].seen && pos < pack->n;
		     pos++) {
			mn_packfile_oid(pack, pos, &oid);
			if (!t->packs[i].seen[pos] &&
			    !(ad->has_offered &&
			      mn_oid_eq(&oid, &ad->identity_oid)))
				goto no;
			*mn_vec_push(&ad->keep) = oid;
		}
	}
	if (ad->keep.n == mn_quarantine_count(ad->a->quarantine))
		return 1;
no:
	mn_vec_clear(&ad->keep);
	return 0;
}

struct keeper {
	struct mn_admission *ad;
	struct mn_map seen;	/* what stands in the list already */
	int lacks;		/* of the node at hand: contents that are
				   wanted are not here */
};

static int keep_oid(struct keeper *k, const struct mn_oid *oid)
{
	struct mn_admission *ad = k->ad;

	if (mn_map_get(&k->seen, oid->b) != SIZE_MAX)
		return 1;
	if (!mn_store_has(mn_quarantine_store(ad->a->quarantine), oid))
		return 0;
	mn_map_put(&k->seen, oid->b, 0);
	*mn_vec_push(&ad->keep) = *oid;
	return 1;
}

/* The tree of a content in chunks, and the chunks that are here. */
static int keep_chunks(struct keeper *k, const struct mn_oid *tree,
		       uint64_t size, int wanted, struct mn_err *err)
{
	size_t n = (size_t)mn_content_chunks(size);
	struct mn_oid *chunks, digests;
	struct mn_object o;
	int r;

	if (!keep_oid(k, tree)) {
		k->lacks |= wanted;
		return 0;
	}
	r = mn_reader_read(k->ad->rd, &o, tree, MN_OBJECT_MAX, err);
	if (r < 0)
		return r;
	chunks = mn_xcalloc(n, sizeof(*chunks));
	/* one of another form was found to be bad already */
	if (mn_chunk_tree_decode(chunks, n, &digests,
				 (struct mn_str){ o.data, o.len }) == 0) {
		if (!keep_oid(k, &digests))
			k->lacks |= wanted;
		for (size_t i = 0; wanted && i < n; i++)
			if (!keep_oid(k, &chunks[i]))
				k->lacks = 1;
	}
	free(chunks);
	return 0;
}

static void join_tags(struct mn_buf *b, const struct mn_meta *m)
{
	for (size_t i = 0; i < m->ntags; i++) {
		if (i)
			mn_buf_addc(b, ' ');
		mn_buf_addstr(b, m->tags[i]);
	}
}

/* Contents of this node are wanted at all; sizes are another question. */
static int wants_node(const struct mn_follow *f, const struct mn_meta *m)
{
	struct mn_buf tags = MN_BUF_INIT;
	int yes;

	if (!f || (!f->streams.n && !f->tags.n))
		return 1;
	join_tags(&tags, m);
	yes = mn_follow_wants(f, m->stream,
			      (struct mn_str){ tags.p, tags.len });
	mn_buf_release(&tags);
	return yes;
}

int mn_admit_wants_content(const struct mn_follow *f, const struct mn_meta *m,
			   size_t i)
{
	uint64_t size = m->contents[i].size;

	if (!f)
		return 1;
	/* gc would drop it again */
	if (size >= MN_META_LIMIT &&
	    m->time < mn_follow_cutoff(f, mn_date_now()))
		return 0;
	switch (f->level) {
	case MN_LEVEL_DAG:
		return 0;
	case MN_LEVEL_META:
		return size < MN_META_LIMIT && wants_node(f, m);
	case MN_LEVEL_LIMIT:
		return size <= f->limit && wants_node(f, m);
	case MN_LEVEL_FULL:
		return wants_node(f, m);
	}
	return 1;
}

static int keep_node(struct keeper *k, size_t i, struct mn_err *err)
{
	struct mn_admission *ad = k->ad;
	struct mn_node *n = &ad->node;
	int r;

	if (ad->res[i].meta_missing) {
		keep_oid(k, &ad->commits.p[i].oid);
		return 0;
	}
	r = mn_node_load(n, ad->rd, &ad->commits.p[i].oid, NULL, err);
	if (r < 0)
		return r;
	k->lacks = 0;
	for (size_t c = 0; c < n->meta.ncontents && r == 0; c++) {
		int wanted = mn_admit_wants_content(ad->a->follow, &n->meta, c);
		uint64_t size = n->meta.contents[c].size;

		if (!(n->tree.present >> c & 1))
			continue;
		if (mn_content_is_chunked(size))
			r = keep_chunks(k, &n->tree.contents[c], size, wanted,
					err);
		else if (wanted && !keep_oid(k, &n->tree.contents[c]))
			k->lacks = 1;
	}
	keep_oid(k, &n->tree.identity);
	keep_oid(k, &n->tree.meta);
	keep_oid(k, &n->carrier.tree);
	keep_oid(k, &ad->commits.p[i].oid);
	if (k->lacks)
		*mn_vec_push(&ad->wanting) = ad->commits.p[i].oid;
	return r;
}

int mn_admission_keep(struct mn_admission *ad, struct mn_err *err)
{
	struct keeper k = { .ad = ad };
	int r = 0;

	if (keep_all(ad))
		return 0;
	mn_map_init(&k.seen, sizeof(struct mn_oid));
	for (size_t i = 0; i < ad->commits.n && r == 0; i++)
		if (ad->good[i] || ad->needed[i])
			r = keep_node(&k, i, err);
	if (r == 0 && ad->has_offered)
		keep_oid(&k, &ad->identity_oid);
	mn_map_release(&k.seen);
	return r;
}
