#include "repl/admit.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "repl/admit-impl.h"
#include "repl/wanted.h"

#include "banned.h"

void mn_admit_report_release(struct mn_admit_report *rep)
{
	mn_vec_release(&rep->refusals);
}

void mn_admission_refuse(struct mn_admission *ad, const char *what,
			 const char *fmt, ...)
{
	struct mn_admit_refusal *f;
	va_list ap;

	if (ad->rep->refused++ >= MN_ADMIT_REFUSALS)
		return;
	f = mn_vec_push(&ad->rep->refusals);
	snprintf(f->what, sizeof(f->what), "%s", what);
	va_start(ap, fmt);
	vsnprintf(f->why, sizeof(f->why), fmt, ap);
	va_end(ap);
}

const struct mn_identity *mn_admission_identity(const struct mn_admission *ad)
{
	return ad->has_offered ? &ad->offered : &ad->a->profile->identity;
}

static int is_device_ref(const char *name)
{
	const size_t n = sizeof(MN_REF_DEVICES) - 1;

	return !strncmp(name, MN_REF_DEVICES, n) &&
		mn_hex_span(name + n, 65) == MN_ID_HEX &&
		!name[n + MN_ID_HEX];
}

/* What is no ref of a profile is left where it is, and said. */
static void look_at_names(struct mn_admission *ad)
{
	const struct mn_ref_list *refs = ad->a->offered;

	for (size_t i = 0; i < refs->n; i++) {
		const char *name = refs->p[i].name;

		if (!strcmp(name, MN_REF_MAIN) ||
		    !strcmp(name, MN_REF_IDENTITY) || is_device_ref(name))
			continue;
		mn_admission_refuse(ad, name, "it is no ref of a profile");
	}
}

/* Somebody posted meanwhile: his refs count, and the head is another. */
static int again_if_changed(struct mn_admission *ad, struct mn_err *err)
{
	struct mn_ref_list now = { 0 };
	size_t kept = 0;
	int r = mn_profile_tips(&now, ad->a->profile, err);

	if (r < 0 || mn_refs_eq(&now, &ad->local)) {
		mn_refs_release(&now);
		return r;
	}
	for (size_t i = 0; i < ad->moves.n; i++) {
		char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX] = MN_REF_DEVICES;
		const struct mn_oid *at = NULL;

		mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1,
			      ad->moves.p[i].device.b, 32);
		for (size_t k = 0; k < now.n; k++)
			if (!strcmp(now.p[k].name, name))
				at = &now.p[k].oid;
		if (at ? mn_oid_eq(at, &ad->moves.p[i].old_oid)
		       : mn_oid_is_zero(&ad->moves.p[i].old_oid))
			ad->moves.p[kept++] = ad->moves.p[i];
	}
	ad->moves.n = kept;
	mn_refs_release(&ad->local);
	ad->local = now;
	r = mn_quarantine_load(ad->a->quarantine, err);
	if (r < 0)
		return r;
	mn_reader_free(ad->rd);
	ad->rd = mn_reader_new(mn_quarantine_store(ad->a->quarantine));
	return mn_admission_head(ad, err);
}

static int move_refs(struct mn_admission *ad, struct mn_err *err)
{
	struct mn_profile *p = ad->a->profile;
	size_t n = 0, max = 2 * ad->moves.n + 2;
	struct mn_ref_update *u = mn_xcalloc(max, sizeof(*u));
	char (*names)[MN_REF_MAX + 1] = mn_xcalloc(max, sizeof(*names));
	struct mn_oid before;
	char *aside;
	int r;

	if (ad->has_offered)
		u[n++] = (struct mn_ref_update){
			.name = MN_REF_IDENTITY, .new_oid = ad->identity_oid,
			.old_oid = p->identity_blob, .durable = 1 };
	for (size_t i = 0; i < ad->moves.n; i++) {
		char hex[MN_ID_HEX + 1];

		mn_hex_encode(hex, ad->moves.p[i].device.b, 32);
		snprintf(names[i], sizeof(names[i]), "%s%s", MN_REF_DEVICES,
			 hex);
		u[n++] = (struct mn_ref_update){
			.name = names[i], .new_oid = ad->moves.p[i].new_oid,
			.old_oid = ad->moves.p[i].old_oid, .durable = 1 };
		if (!ad->moves.p[i].back)
			continue;
		aside = names[ad->moves.n + i];
		mn_aside_name(aside, ad->rd, &ad->moves.p[i].old_oid);
		u[n++] = (struct mn_ref_update){
			.name = aside, .new_oid = ad->moves.p[i].old_oid,
			.any_old = 1, .durable = 1 };
	}
	if (!ad->has_head)
		memset(&ad->head, 0, sizeof(ad->head));
	if ((ad->has_head || ad->moves.n) &&
	    (mn_refs_read(&before, p->repo.path, MN_REF_MAIN, NULL) < 0 ||
	     !mn_oid_eq(&before, &ad->head))) {
		u[n++] = (struct mn_ref_update){
			.name = MN_REF_MAIN, .new_oid = ad->head, .any_old = 1,
			.durable = 1, .barrier = 1 };
		ad->rep->main = 1;
	}
	r = n ? mn_refs_update(p->repo.path, u, n, err) : 0;
	free(u);
	free(names);
	return r;
}

static int publish(struct mn_admission *ad, struct mn_err *err)
{
	struct mn_profile *p = ad->a->profile;
	struct mn_quarantine_wanted w;
	int r = mn_repo_lock(&p->repo, ad->a->wait_ms, err);

	if (r < 0)
		return r;
	r = again_if_changed(ad, err);
	w = (struct mn_quarantine_wanted){
		ad->keep.p, ad->keep.n,
		ad->wanting.n || (ad->a->follow &&
				  mn_follow_is_partial(ad->a->follow)) };
	if (r == 0 && ad->keep.n)
		r = mn_quarantine_admit(ad->a->quarantine, &w, err);
	if (r == 0)
		r = mn_heads_write(p->repo.path, &ad->merge, err);
	if (r == 0)
		r = mn_wanted_add(ad->wanting.p, ad->wanting.n, p->repo.path,
				  err);
	for (size_t i = 0; i < ad->forks.n && r == 0; i++)
		r = mn_forks_add(&p->forks, &ad->forks.p[i], p->repo.path,
				 err);
	if (r == 0)
		r = move_refs(ad, err);
	mn_repo_unlock(&p->repo);
	return r;
}

/* The profile as it is now, for who goes on with it. */
static int renew(struct mn_admission *ad, struct mn_err *err)
{
	struct mn_profile *p = ad->a->profile;
	int r = mn_store_refresh(p->repo.store, err);

	if (r == 0 && ad->has_offered) {
		mn_identity_release(&p->identity);
		p->identity = ad->offered;
		mn_identity_init(&ad->offered);
		p->identity_blob = ad->identity_oid;
	}
	return r;
}

static void count(struct mn_admission *ad)
{
	struct mn_admit_report *rep = ad->rep;

	for (size_t i = 0; i < ad->commits.n; i++)
		rep->nodes += ad->good[i];
	rep->moved += ad->moves.n;
	rep->identity |= ad->has_offered;
	rep->wanting += ad->wanting.n;
}

/* Whether main names the head already. */
static int head_stands(const struct mn_admission *ad)
{
	struct mn_oid is;

	return !ad->has_head ||
		(mn_refs_read(&is, ad->a->profile->repo.path, MN_REF_MAIN,
			      NULL) == 0 && mn_oid_eq(&is, &ad->head));
}

static int admit(struct mn_admission *ad, struct mn_err *err)
{
	int r = mn_profile_tips(&ad->local, ad->a->profile, err);

	if (r == 0)
		r = mn_admission_identity_offered(ad, err);
	if (r == 0)
		r = mn_admission_walk(ad, err);
	if (r == 0 && ad->commits.n)
		r = mn_admission_check(ad, err);
	if (r == 0)
		r = mn_admission_moves(ad, err);
	if (r == 0 && (ad->commits.n || ad->has_offered))
		r = mn_admission_keep(ad, err);
	if (r == 0)
		r = mn_admission_head(ad, err);
	if (r < 0 || (!ad->moves.n && !ad->has_offered && !ad->forks.n &&
		      head_stands(ad)))
		return r;
	r = ad->a->dry_run ? 0 : publish(ad, err);
	if (r == 0)
		count(ad);
	return r == 0 && !ad->a->dry_run ? renew(ad, err) : r;
}

int mn_admit(const struct mn_admit *a, struct mn_admit_report *rep,
	     struct mn_err *err)
{
	struct mn_admission ad = { .a = a, .rep = rep };
	int r;

	pthread_mutex_init(&ad.touched.mutex, NULL);
	ad.touched.dir = mn_quarantine_dir(a->quarantine);
	mn_identity_init(&ad.offered);
	mn_node_init(&ad.node);
	mn_buf_init(&ad.merge);
	mn_map_init(&ad.by_oid, sizeof(struct mn_oid));
	ad.rd = mn_reader_new(mn_quarantine_store(a->quarantine));
	look_at_names(&ad);
	r = admit(&ad, err);
	mn_check_free(ad.check);
	if (ad.res)
		mn_check_results_release(ad.res, ad.commits.n);
	free(ad.res);
	free(ad.good);
	free(ad.voids);
	free(ad.needed);
	mn_vec_release(&ad.keep);
	mn_vec_release(&ad.wanting);
	free(ad.heads.p);
	mn_buf_release(&ad.merge);
	mn_vec_release(&ad.forks);
	mn_vec_release(&ad.moves);
	mn_touched_release(&ad.touched);
	mn_map_release(&ad.by_oid);
	mn_vec_release(&ad.parents);
	mn_vec_release(&ad.commits);
	mn_refs_release(&ad.local);
	mn_reader_free(ad.rd);
	mn_node_release(&ad.node);
	mn_identity_release(&ad.offered);
	return r;
}
