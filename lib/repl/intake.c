#include "repl/intake.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/quarantine.h"

#include "banned.h"

struct mn_intake {
	struct mn_intake_what what;
	struct mn_receive_ops ops;
	struct mn_quarantine *quarantine;
	struct mn_indexpack *pack;
	struct mn_admit_report report;
};

static int begin(struct mn_intake *in, struct mn_err *err)
{
	int r = mn_quarantine_begin(&in->quarantine,
				    in->what.profile->repo.path, err);

	if (r < 0) {
		in->quarantine = NULL;
		return r;
	}
	return mn_indexpack_begin(&in->pack,
				  mn_quarantine_dir(in->quarantine),
				  &in->what.pack, err);
}

static int take_pack(void *ctx, const void *data, size_t len,
		     struct mn_err *err)
{
	struct mn_intake *in = ctx;
	int r = 0;

	if (!data)
		return 0;	/* whether it is whole shows in finish */
	if (!in->quarantine)
		r = begin(in, err);
	if (!r)
		r = mn_indexpack_feed(in->pack, data, len, err);
	return r ? r : mn_indexpack_is_whole(in->pack);
}

static int by_name(const void *a, const void *b)
{
	const struct mn_ref *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int is_zero(const unsigned char oid[20])
{
	static const unsigned char zero[20];

	return !memcmp(oid, zero, sizeof(zero));
}

static void offer(struct mn_ref_list *refs, const struct mn_push_command *c,
		  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct mn_ref *ref;

		if (is_zero(c[i].new_oid))
			continue;
		ref = mn_vec_push(refs);
		snprintf(ref->name, sizeof(ref->name), "%s", c[i].name);
		memcpy(ref->oid.b, c[i].new_oid, sizeof(ref->oid.b));
	}
	if (refs->n)
		qsort(refs->p, refs->n, sizeof(*refs->p), by_name);
}

/* The refusal of this ref, or else of a node, which may be why. */
static const struct mn_admit_refusal *refusal_of(const struct mn_intake *in,
						 const char *name)
{
	const struct mn_admit_refusal *any = NULL;

	for (size_t i = 0; i < in->report.refusals.n; i++) {
		const struct mn_admit_refusal *f = &in->report.refusals.p[i];

		if (!strcmp(f->what, name))
			return f;
		if (!any && strncmp(f->what, "refs/", 5))
			any = f;
	}
	return any;
}

static void answer(const struct mn_intake *in, struct mn_push_command *c)
{
	const struct mn_admit_refusal *f;
	struct mn_oid is;
	int r;

	if (is_zero(c->new_oid)) {
		snprintf(c->why, sizeof(c->why), "nothing is deleted here");
		return;
	}
	r = mn_refs_read(&is, in->what.profile->repo.path, c->name, NULL);
	if (!r && !memcmp(is.b, c->new_oid, sizeof(is.b)))
		return;
	f = refusal_of(in, c->name);
	if (f && !strcmp(f->what, c->name))
		snprintf(c->why, sizeof(c->why), "%s", f->why);
	else if (!strcmp(c->name, MN_REF_MAIN))
		snprintf(c->why, sizeof(c->why),
			 "it is computed here, and is another");
	else if (f)
		snprintf(c->why, sizeof(c->why), "%.12s: %.180s", f->what,
			 f->why);
	else
		snprintf(c->why, sizeof(c->why),
			 "what is here is newer, or of another branch");
}

static int apply(void *ctx, struct mn_push_command *c, size_t n,
		 struct mn_err *err)
{
	struct mn_intake *in = ctx;
	struct mn_indexpack_result res = { .objects = 0 };
	struct mn_ref_list offered = { NULL, 0, 0 };
	int r = 0;

	offer(&offered, c, n);
	if (offered.n && !in->quarantine)
		r = mn_err_set(err, MN_EINVALID, "there is no pack");
	if (!r && offered.n)
		r = mn_indexpack_finish(in->pack, &res, err);
	if (!r && offered.n)
		r = mn_quarantine_load(in->quarantine, err);
	if (!r && offered.n)
		r = mn_admit(&(struct mn_admit){
			.profile = in->what.profile,
			.quarantine = in->quarantine,
			.offered = &offered,
			.follow = in->what.follow,
			.index = in->what.index,
			.limits = in->what.admit,
			.threads = in->what.threads,
			.wait_ms = in->what.wait_ms,
			.pack_bytes = res.bytes
		}, &in->report, err);
	for (size_t i = 0; i < n && !r; i++)
		answer(in, &c[i]);
	mn_refs_release(&offered);
	return r;
}

struct mn_intake *mn_intake_new(const struct mn_intake_what *what)
{
	struct mn_intake *in = mn_xcalloc(1, sizeof(*in));

	in->what = *what;
	in->ops = (struct mn_receive_ops){ take_pack, apply, in };
	return in;
}

void mn_intake_free(struct mn_intake *in)
{
	if (!in)
		return;
	mn_indexpack_free(in->pack);
	mn_quarantine_free(in->quarantine);
	mn_admit_report_release(&in->report);
	free(in);
}

const struct mn_receive_ops *mn_intake_ops(const struct mn_intake *in)
{
	return &in->ops;
}

const struct mn_admit_report *mn_intake_report(const struct mn_intake *in)
{
	return &in->report;
}
