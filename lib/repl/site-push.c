/* site-push: who may push, and the push. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/date.h"
#include "net/receive.h"
#include "repl/intake.h"
#include "repl/site-impl.h"

#include "banned.h"

static void refuse(struct mn_exchange *e, const char *why)
{
	mn_site_header(e, "WWW-Authenticate", MN_AUTH_SCHEME
		       " realm=\"devices of this profile\"");
	mn_site_say(e, 401, "only a device of this profile may push here, "
		    "with 'mn push': %s", why);
}

/* Signed for the host that the client named, or, where the server's own names
 * are known, for one of them. */
static int check_signature(struct mn_exchange *e, struct mn_err *err)
{
	const struct mn_site_options *o = &e->site->opt;
	struct mn_auth_request rq = {
		.method = e->rq.method, .host = e->rq.host,
		.default_port = strcmp(e->rq.scheme, "https") ? 80 : 443,
		.path = e->rq.target
	};
	int r = MN_EDENIED;

	if (!o->nhosts)
		return mn_auth_check(&e->auth, &rq, mn_date_now(), err);
	for (size_t i = 0; i < o->nhosts && r < 0; i++) {
		rq.host = o->hosts[i];
		mn_err_clear(err);
		r = mn_auth_check(&e->auth, &rq, mn_date_now(), err);
	}
	return r;
}

static int check_device(const struct mn_exchange *e, struct mn_profile *p,
			struct mn_err *err)
{
	const struct mn_identity_doc *doc = mn_identity_last(&p->identity);

	(void)e;
	if (mn_identity_cut(doc, &e->auth.key) ||
	    !mn_identity_device(doc, &e->auth.key))
		return mn_err_set(err, MN_EDENIED,
				  "the key is not that of a device of it");
	return 0;
}

/* The signature first: opening a profile costs more. */
int mn_site_authorize(struct mn_exchange *e)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_profile p;
	int r;

	if (!e->rq.authorization) {
		refuse(e, "the request is not signed");
		return -1;
	}
	r = mn_auth_parse(&e->auth, mn_str(e->rq.authorization), &err);
	if (r == 0)
		r = check_signature(e, &err);
	if (r < 0) {
		refuse(e, err.msg);
		return -1;
	}
	r = mn_profile_open(&p, e->site->opt.home, e->route.hex, &err);
	if (r < 0) {
		mn_site_fail(e, r, &err);
		return -1;
	}
	r = check_device(e, &p, &err);
	mn_profile_close(&p);
	if (r < 0)
		refuse(e, err.msg);
	return r;
}

static ssize_t from_spool(void *ctx, void *buf, size_t size,
			  struct mn_err *err)
{
	return mn_spool_read(ctx, buf, size, err);
}

static int take(struct mn_exchange *e, struct mn_profile *p,
		const struct mn_follow *f, struct mn_err *err)
{
	const struct mn_site_options *o = &e->site->opt;
	struct mn_intake_what what = {
		.profile = p, .follow = f, .pack = o->pack, .admit = o->admit,
		.wait_ms = o->wait_ms
	};
	struct mn_intake *in = mn_intake_new(&what);
	int r = mn_receive(from_spool, &e->spool, mn_intake_ops(in), &e->out,
			   err);

	if (r == 0 && o->pushed)
		o->pushed(o->ctx, p->hex, mn_intake_report(in));
	mn_intake_free(in);
	return r;
}

void mn_site_receive(struct mn_exchange *e)
{
	struct mn_err err = MN_ERR_INIT;
	struct mn_follow f;
	struct mn_profile p;
	struct mn_id body;
	int r;

	mn_hasher_done(&e->hasher, &body);
	if (!mn_id_eq(&body, &e->auth.body)) {
		refuse(e, "the body is not the one that was signed");
		return;
	}
	r = mn_profile_open(&p, e->site->opt.home, e->route.hex, &err);
	if (r < 0) {
		mn_site_fail(e, r, &err);
		return;
	}
	mn_follow_init(&f);
	r = mn_follow_read(&f, e->gitdir, &err);
	if (r == 0)
		r = take(e, &p, f.follow ? &f : NULL, &err);
	mn_follow_release(&f);
	mn_profile_close(&p);
	if (r == MN_EINVALID) {
		mn_site_say(e, 400, "%s", err.msg);
	} else if (r < 0) {
		mn_site_fail(e, r, &err);
	} else {
		e->reply->status = 200;
		mn_site_answer(e, "application/x-git-receive-pack-result");
	}
}
