/*
 * push-pack: the pack of a push. To a remote that has nothing goes what a
 * client would get that has nothing: the packs as they are stored, if they
 * fit (net/upload.h). To others goes what they lack.
 */
#include <stdlib.h>
#include <string.h>

#include "git/packstream.h"
#include "net/pkt.h"
#include "net/upload.h"
#include "net/walk.h"
#include "repl/push-impl.h"

#include "banned.h"

#define UPLOAD_WANTS 65536

struct mn_push_pack {
	struct mn_upload *up;		/* either */
	struct mn_objlist list;		/* or */
	struct mn_packstream *stream;
};

void mn_push_pack_free(struct mn_push_pack *k)
{
	if (!k)
		return;
	mn_upload_free(k->up);
	mn_packstream_free(k->stream);
	mn_objlist_release(&k->list);
	free(k);
}

ssize_t mn_push_pack_read(struct mn_push_pack *k, void *buf, size_t size,
			  struct mn_err *err)
{
	return k->up ? mn_upload_read(k->up, buf, size, err) :
		mn_packstream_read(k->stream, buf, size, err);
}

/* The answer is a packet "NAK", and the pack behind it, unframed. */
static int skip_nak(struct mn_upload *up, struct mn_err *err)
{
	char head[8] = "";

	for (size_t at = 0; at < sizeof(head);) {
		ssize_t n = mn_upload_read(up, head + at, sizeof(head) - at,
					   err);

		if (n < 0)
			return (int)n;
		if (!n)
			break;
		at += (size_t)n;
	}
	if (memcmp(head, "0008NAK\n", sizeof(head)) != 0)
		return mn_err_set(err, MN_ECORRUPT,
				  "the repository doesn't give its objects");
	return 0;
}

static int open_whole(struct mn_push_pack *k, const struct mn_push_want *w,
		      struct mn_err *err)
{
	const struct mn_upload_options opt = { .max_wants = UPLOAD_WANTS };
	struct mn_buf rq = MN_BUF_INIT, line = MN_BUF_INIT;
	int r;

	for (size_t i = 0; i < w->nwants; i++) {
		mn_buf_clear(&line);
		mn_buf_adds(&line, "want ");
		mn_buf_addhex(&line, w->wants[i].b, sizeof(w->wants[i].b));
		if (!i)
			mn_buf_adds(&line, " ofs-delta");
		mn_buf_addc(&line, '\n');
		mn_pkt_add(&rq, line.p, line.len);
	}
	mn_pkt_flush(&rq);
	mn_pkt_addf(&rq, "done\n");
	r = mn_upload_new(&k->up, w->gitdir, &opt, err);
	if (!r)
		r = mn_upload_request(k->up, 0,
				      (struct mn_str){ rq.p, rq.len }, err);
	if (!r)
		r = skip_nak(k->up, err);
	mn_buf_release(&rq);
	mn_buf_release(&line);
	return r;
}

static int open_part(struct mn_push_pack *k, const struct mn_push_want *w,
		     int partial, struct mn_err *err)
{
	const struct mn_walk walk = {
		.store = w->store, .wants = w->wants, .nwants = w->nwants,
		.haves = w->haves, .nhaves = w->nhaves
	};
	const struct mn_packstream_what what = {
		.store = w->store, .list = &k->list, .ofs_delta = 1
	};
	int r = mn_walk(&k->list, &walk, err);

	/* blobs are only named by then; what is missing is told before
	 * anything is sent */
	for (size_t i = 0; i < k->list.n && !r && partial; i++)
		if (!mn_store_has(w->store, &k->list.p[i].oid))
			r = MN_ENOTFOUND;
	return r < 0 || !k->list.n ? r :
		mn_packstream_new(&k->stream, &what, err);
}

int mn_push_pack_new(struct mn_push_pack **out, const struct mn_push_want *w,
		     struct mn_err *err)
{
	struct mn_push_pack *k = mn_xcalloc(1, sizeof(*k));
	int partial = mn_walk_is_partial(w->store, w->gitdir), r;

	*out = NULL;
	if (w->nhaves || partial)
		r = open_part(k, w, partial, err);
	else
		r = open_whole(k, w, err);
	if (r == MN_ENOTFOUND && partial)
		mn_err_set(err, r, "the profile is kept in part here, and the "
			   "remote lacks contents that are missing here, too: "
			   "follow it with '--replicate full' and fetch first");
	if (r < 0 || (!k->up && !k->stream))
		mn_push_pack_free(k);
	else
		*out = k;
	return r;
}
