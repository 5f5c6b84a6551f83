/* site-git: git's smart protocol of one profile, for who fetches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/receive.h"
#include "repl/site-impl.h"

#include "banned.h"

#define REFS_ANSWER_MAX (32u << 20)	/* bytes of an answer to ls-refs */
#define LS_REFS "command=ls-refs"

static int open_upload(struct mn_exchange *e, struct mn_err *err)
{
	struct mn_upload_options o = {
		.agent = e->site->opt.agent, .show_ref = mn_site_show_ref
	};
	int r = mn_upload_new(&e->upload, e->gitdir, &o, err);

	if (r < 0)
		e->upload = NULL;
	return r;
}

/* What an answer depends on, beside the refs. */
static void key_of(struct mn_id *key, const struct mn_exchange *e,
		   const char *what, struct mn_str body)
{
	struct mn_hasher h;

	mn_hasher_init(&h, NULL, 0);
	mn_hasher_add(&h, e->route.hex, MN_ID_HEX);
	mn_hasher_add(&h, what, strlen(what) + 1);
	mn_hasher_add(&h, &e->version, sizeof(e->version));
	mn_hasher_add(&h, body.p, body.len);
	mn_hasher_done(&h, key);
}

/* Makes an answer into e->out; below 0, or what can be kept. */
typedef int make_fn(struct mn_exchange *e, struct mn_str body,
		    struct mn_err *err);

/* e->answer from the cache, or made and put there. */
static int cached(struct mn_exchange *e, const char *what, struct mn_str body,
		  make_fn *make, struct mn_err *err)
{
	struct mn_stamp stamp = MN_STAMP_INIT;
	struct mn_id key;
	int r;

	key_of(&key, e, what, body);
	e->answer = mn_answers_get(e->site->answers, &key, e->gitdir);
	if (e->answer)
		return 0;
	mn_stamp_take(&stamp, e->gitdir);
	r = make(e, body, err);
	if (r == 0)
		e->answer = mn_answers_put(e->site->answers, &key, &stamp,
					   e->out.p, e->out.len);
	mn_stamp_release(&stamp);
	mn_buf_release(&e->out);
	return r;
}

/* ------------------------------------------------------------ advertisement */

static int advertise(struct mn_exchange *e, struct mn_str none,
		     struct mn_err *err)
{
	int push = e->route.service == MN_RECEIVE_PACK, r;

	(void)none;
	/* as git http-backend has it: not in version 2 */
	if (push || e->version < 2)
		mn_buf_adds(&e->out, push ?
			    "001f# service=git-receive-pack\n0000" :
			    "001e# service=git-upload-pack\n0000");
	if (push)
		return mn_receive_advertise(e->gitdir, e->site->opt.agent,
					    mn_site_show_ref, NULL, &e->out,
					    err);
	r = open_upload(e, err);
	if (r == 0)
		r = mn_upload_advertise(e->upload, e->version, &e->out, err);
	mn_upload_free(e->upload);
	e->upload = NULL;
	return r;
}

void mn_site_advertise(struct mn_exchange *e)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_str none = { "", 0 };
	int push = e->route.service == MN_RECEIVE_PACK, r;

	if (push && e->rq.authorization && mn_site_authorize(e) < 0)
		return;
	r = cached(e, push ? "receive" : "upload", none, advertise, &err);
	if (r < 0) {
		mn_site_fail(e, r, &err);
		return;
	}
	mn_site_answer(e, push ? "application/x-git-receive-pack-advertisement"
			       : "application/x-git-upload-pack-advertisement");
}

/* ------------------------------------------------------------------ fetching */

static int is_ls_refs(struct mn_str body)
{
	const size_t n = sizeof(LS_REFS) - 1;

	return body.len > 4 + n && !memcmp(body.p + 4, LS_REFS, n) &&
	       (body.p[4 + n] == '\n' || body.p[4 + n] == '0');
}

static int read_all(struct mn_exchange *e, struct mn_err *err)
{
	ssize_t n;

	for (;;) {
		mn_buf_grow(&e->out, 8192);
		n = mn_upload_read(e->upload, e->out.p + e->out.len, 8192,
				   err);
		if (n <= 0)
			return (int)n;
		mn_buf_setlen(&e->out, e->out.len + (size_t)n);
		if (e->out.len > REFS_ANSWER_MAX)
			return mn_err_set(err, MN_ELIMIT, "too many refs");
	}
}

static int list_refs(struct mn_exchange *e, struct mn_str body,
		     struct mn_err *err)
{
	int r = open_upload(e, err);

	if (r == 0)
		r = mn_upload_request(e->upload, e->version, body, err);
	if (r == 0)
		r = read_all(e, err);
	mn_upload_free(e->upload);
	e->upload = NULL;
	return r;
}

void mn_site_upload(struct mn_exchange *e)
{
	static const char type[] = "application/x-git-upload-pack-result";
	struct mn_err err = MN_ERR_INIT;
	struct mn_str body;
	int r = mn_spool_view(&e->spool, &body, &err);
	int refs = r == 0 && e->version == 2 && is_ls_refs(body);

	if (refs) {
		r = cached(e, "ls-refs", body, list_refs, &err);
	} else if (r == 0) {
		r = open_upload(e, &err);
		if (r == 0)
			r = mn_upload_request(e->upload, e->version, body,
					      &err);
	}
	if (r < 0) {
		mn_site_fail(e, r, &err);
		return;
	}
	if (refs) {
		mn_site_answer(e, type);
		return;
	}
	e->reply->type = type;
	e->reply->length = MN_WEB_UNKNOWN;
	e->reply->status = 200;
}
