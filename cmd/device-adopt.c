/* device-adopt: honest posts beyond the cut of a device, taken over by this. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hex.h"
#include "bringing.h"
#include "device.h"
#include "node/verify.h"
#include "social/adopt.h"
#include "social/post.h"
#include "banned.h"

struct adopting {
	struct mn_device_at *at;
	struct mn_beyond beyond;
	MN_VEC(struct mn_id) wanted;	/* nodes */
	struct mn_secret *secret;
	struct mn_index *index;
	struct mn_author *author;
	struct mn_buf dir;		/* for contents */
	struct mn_buf out;
	size_t done;
};

static int begins(const void *bytes, const char *word)
{
	char hex[MN_ID_HEX + 1];
	size_t len = strlen(word);

	mn_hex_encode(hex, bytes, 32);
	return len >= 4 && len <= MN_ID_HEX && !strncmp(hex, word, len);
}

static int is_wanted(const struct adopting *w, const struct mn_id *node)
{
	for (size_t i = 0; i < w->wanted.n; i++)
		if (mn_id_eq(&w->wanted.p[i], node))
			return 1;
	return 0;
}

/* A device, all of whose nodes are meant, or one node. */
static int understand(struct adopting *w, const char *word,
		      struct mn_err *err)
{
	const struct mn_beyond *l = &w->beyond;
	size_t devices = 0, nodes = 0;

	for (size_t i = 0; i < l->n; i++) {
		nodes += begins(l->p[i].node.b, word) != 0;
		if (begins(l->p[i].device.b, word))
			devices += !i || memcmp(l->p[i - 1].device.b,
						l->p[i].device.b, 32) != 0;
	}
	if (devices + nodes > 1)
		return mn_err_set(err, MN_EAMBIGUOUS, "'%.64s' fits several "
				  "devices and posts beyond their cut", word);
	if (!devices && !nodes)
		return mn_err_set(err, MN_ENOTFOUND, "no post beyond a cut is "
				  "here of which '%.64s' is the device or the "
				  "id", word);
	for (size_t i = 0; i < l->n; i++)
		if (begins(l->p[i].node.b, word) ||
		    begins(l->p[i].device.b, word))
			*mn_vec_push(&w->wanted) = l->p[i].node;
	return 0;
}

static int pass_over(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	(void)ctx;
	(void)data;
	(void)len;
	(void)err;
	return 0;
}

/* One content that may not be here; reading it waits for it. */
static int bring_one(struct adopting *w, const struct mn_node *n, size_t i,
		     struct mn_err *err)
{
	struct mn_profile *p = &w->at->p;
	struct mn_bringing b;
	int r = mn_content_presence(p->rd, n, i, err);

	if (r != MN_NOT_HERE)
		return r < 0 ? r : 0;
	r = mn_bringing_begin(&b, w->at->c, p, n, i, err);
	if (r < 0)
		return r;
	r = mn_content_read(p->rd, n, i, pass_over, NULL, NULL, err);
	return mn_bringing_end(&b, r, err);
}

/* Their contents come over now if they must: later the repository is locked. */
static int bring(struct adopting *w, struct mn_err *err)
{
	struct mn_node n;
	int r = 0;

	mn_node_init(&n);
	for (size_t i = 0; i < w->beyond.n && r == 0; i++) {
		const struct mn_beyond_node *b = &w->beyond.p[i];

		if (b->adopted || !is_wanted(w, &b->node))
			continue;
		r = mn_node_load(&n, w->at->p.rd, &b->carrier, NULL, err);
		for (size_t k = 0; r == 0 && k < n.meta.ncontents; k++)
			r = bring_one(w, &n, k, err);
	}
	mn_node_release(&n);
	return r;
}

static int open_author(struct adopting *w, struct mn_err *err)
{
	struct mn_device_at *at = w->at;
	struct mn_author_options opt = { .batch = 1 };
	int r = mn_cmd_lock_wait(&opt.wait_ms, at->c, err);

	if (r == 0)
		r = mn_cmd_secret(at->c, &at->home, &at->p, &w->secret, err);
	if (r < 0)
		return r;
	if (mn_cmd_index(at->c, &at->home, &w->index, 5000, NULL) < 0)
		w->index = NULL;
	return mn_author_open(&w->author, &at->p, w->secret, w->index, &opt,
			      err);
}

static int adopt_one(struct adopting *w, size_t i, struct mn_err *err)
{
	struct mn_beyond_node *b = &w->beyond.p[i];
	struct mn_draft *d = mn_xcalloc(1, sizeof(*d));
	int r;

	mn_draft_init(d);
	r = mn_adopt_draft(d, &w->at->p, &w->beyond, i, w->dir.p, err);
	if (r == 0)
		r = mn_author_post(w->author, &d, 1, &b->as, err);
	for (size_t k = 0; k < d->ncontents; k++)
		unlink(d->contents[k].from.path);
	if (r == 0) {
		b->adopted = 1;
		w->done++;
		mn_buf_addhex(&w->out, b->node.b, sizeof(b->node.b));
		mn_buf_addc(&w->out, '\t');
		mn_buf_addhex(&w->out, b->as.b, sizeof(b->as.b));
		mn_buf_addc(&w->out, '\n');
	} else {
		char hex[MN_ID_HEX + 1];

		mn_id_hex(hex, &b->node);
		mn_err_wrap(err, r, "post %.12s", hex);
	}
	mn_draft_release(d);
	free(d);
	return r;
}

/* With the lock: another may have adopted them meanwhile. */
static int adopt(struct adopting *w, struct mn_err *err)
{
	int r = open_author(w, err);

	mn_beyond_release(&w->beyond);
	if (r == 0)
		r = mn_beyond_find(&w->beyond, &w->at->p, err);
	/* files there are removed by the next writer, should this one die */
	mn_buf_addf(&w->dir, "%s/mn/tmp", w->at->p.repo.path);
	for (size_t i = 0; i < w->beyond.n && r == 0; i++)
		if (!w->beyond.p[i].adopted &&
		    is_wanted(w, &w->beyond.p[i].node))
			r = adopt_one(w, i, err);
	if (r == 0 && w->done)
		r = mn_author_commit(w->author, err);
	if (r == 0)
		mn_out_buf(w->at->c, &w->out);
	if (r == 0 && !w->done)
		mn_warning(w->at->c, "all of it was adopted already");
	return r;
}

static void release(struct adopting *w)
{
	mn_author_close(w->author);
	if (w->index)
		mn_index_close(w->index);
	mn_secret_free(w->secret);
	mn_beyond_release(&w->beyond);
	mn_vec_release(&w->wanted);
	mn_buf_release(&w->dir);
	mn_buf_release(&w->out);
}

int mn_device_adopt(struct mn_device_at *at, struct mn_err *err)
{
	struct adopting w = { .at = at, .dir = MN_BUF_INIT,
			      .out = MN_BUF_INIT };
	int r = mn_cmd_may_post(&at->home, &at->p, err);

	if (r == 0)
		r = mn_beyond_find(&w.beyond, &at->p, err);
	for (int i = 1; i < at->c->argc && r == 0; i++)
		r = understand(&w, at->c->argv[i], err);
	if (r == 0)
		r = bring(&w, err);
	if (r == 0)
		r = adopt(&w, err);
	release(&w);
	return r;
}

int mn_device_adopt_from(struct mn_device_at *at, const struct mn_pub *device,
			 struct mn_err *err)
{
	struct adopting w = { .at = at, .dir = MN_BUF_INIT,
			      .out = MN_BUF_INIT };
	int r = mn_beyond_find(&w.beyond, &at->p, err);

	for (size_t i = 0; i < w.beyond.n && r == 0; i++)
		if (!memcmp(w.beyond.p[i].device.b, device->b, 32))
			*mn_vec_push(&w.wanted) = w.beyond.p[i].node;
	if (r == 0 && w.wanted.n)
		r = bring(&w, err);
	if (r == 0 && w.wanted.n)
		r = adopt(&w, err);
	release(&w);
	return r;
}

int mn_device_count_beyond(size_t *n, struct mn_device_at *at,
			   const struct mn_pub *device, struct mn_err *err)
{
	struct mn_beyond l = { 0 };
	int r = mn_beyond_find(&l, &at->p, err);

	*n = 0;
	for (size_t i = 0; i < l.n && r == 0; i++)
		if (!memcmp(l.p[i].device.b, device->b, 32))
			*n += !l.p[i].adopted;
	mn_beyond_release(&l);
	return r;
}
