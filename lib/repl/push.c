#include "repl/push.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "net/remote.h"
#include "net/walk.h"
#include "node/node.h"
#include "repl/push-impl.h"

#include "banned.h"

#define REFS_MAX ((size_t)100000)
#define TRIES 4	/* where another pushes at the same time */
#define FETCH_FIRST "the remote has what isn't known here: fetch first"

typedef MN_VEC(struct mn_oid) oids;

struct plan {
	const struct mn_profile *p;
	const struct mn_push_options *opt;
	struct mn_push_report *rep;
	struct mn_ref_list theirs;
	int foreign;		/* perhaps another profile */
	int behind;		/* it has nodes that we don't */
	int devices;		/* it has refs of devices */
};

const char *mn_push_state_name(enum mn_push_state s)
{
	static const char *const names[] = {
		"same", "new", "moved", "left", "refused"
	};

	return names[s];
}

void mn_push_report_release(struct mn_push_report *rep)
{
	mn_vec_release(&rep->refs);
	*rep = (struct mn_push_report){ .moved = 0 };
}

/* ------------------------------------------------------- what is to be moved */

static const struct mn_ref *find(const struct mn_ref_list *l,
				 const char *name)
{
	for (size_t i = 0; i < l->n; i++)
		if (!strcmp(l->p[i].name, name))
			return &l->p[i];
	return NULL;
}

static int knows(const struct plan *a, const struct mn_oid *oid)
{
	return mn_store_has(a->p->repo.store, oid);
}

/* Whether the old one is the new one, or before it: 1, 0, below 0. */
static int leads_to(const struct plan *a, const struct mn_oid *old_oid,
		    const struct mn_oid *new_oid, struct mn_err *err)
{
	const struct mn_walk w = {
		.store = a->p->repo.store, .wants = new_oid, .nwants = 1,
		.haves = old_oid, .nhaves = 1, .partial = 1
	};

	return mn_walk_all_reach(&w, err);
}

static struct mn_push_ref *add(struct plan *a, const char *name,
			       const struct mn_oid *mine)
{
	const struct mn_ref *theirs = find(&a->theirs, name);
	struct mn_push_ref *ref = mn_vec_push(&a->rep->refs);

	memset(ref, 0, sizeof(*ref));
	snprintf(ref->name, sizeof(ref->name), "%s", name);
	if (theirs)
		ref->old_oid = theirs->oid;
	if (mine)
		ref->new_oid = *mine;
	ref->state = theirs ? MN_PUSH_MOVED : MN_PUSH_NEW;
	if (theirs && mine && mn_oid_eq(mine, &theirs->oid))
		ref->state = MN_PUSH_SAME;
	return ref;
}

static void leave(struct mn_push_ref *ref, const char *why)
{
	ref->state = MN_PUSH_LEFT;
	snprintf(ref->why, sizeof(ref->why), "%s", why);
}

/* A ref that only moves forward: 1 when it is to be left alone. */
static int forward_only(struct plan *a, struct mn_push_ref *ref,
			struct mn_err *err)
{
	int r;

	if (ref->state != MN_PUSH_MOVED)
		return 0;
	if (!knows(a, &ref->old_oid)) {
		leave(ref, FETCH_FIRST);
		return 1;
	}
	r = leads_to(a, &ref->old_oid, &ref->new_oid, err);
	if (r < 0 || r == 1)
		return r < 0 ? r : 0;
	r = leads_to(a, &ref->new_oid, &ref->old_oid, err);
	if (r >= 0)
		leave(ref, r ? "the remote is newer" :
		      "the remote has another branch of it");
	return r < 0 ? r : 1;
}

static int plan_identity(struct plan *a, const struct mn_ref_list *mine,
			 struct mn_err *err)
{
	const struct mn_ref *ref = find(mine, MN_REF_IDENTITY);
	const struct mn_ref *main = find(&a->theirs, MN_REF_MAIN);
	struct mn_push_ref *out;

	if (!find(&a->theirs, MN_REF_IDENTITY))
		a->foreign = main && !knows(a, &main->oid);
	if (!ref)
		return 0;
	out = add(a, ref->name, &ref->oid);
	if (out->state == MN_PUSH_MOVED && !knows(a, &out->old_oid))
		a->foreign = 1;
	(void)err;
	return 0;
}

static int is_device(const char *name)
{
	return !strncmp(name, MN_REF_DEVICES, strlen(MN_REF_DEVICES));
}

/*
 * Whether a device was cut, and our ref of it (mine NULL: we have none) stands
 * right at the cut: whatever else a remote has of it doesn't count, and its
 * ref may be moved back.
 */
static int stands_at_cut(const struct plan *a, const char *name,
			 const struct mn_oid *mine)
{
	const struct mn_id_cut *cut;
	struct mn_pub device;
	struct mn_node n;
	int yes;

	if (mn_hex_decode(device.b, name + strlen(MN_REF_DEVICES), 32) < 0)
		return 0;
	cut = mn_identity_cut(mn_identity_last(&a->p->identity), &device);
	if (!cut || !mine)
		return cut && !cut->seq;
	mn_node_init(&n);
	yes = mn_node_load(&n, a->p->rd, mine, NULL, NULL) == 0 &&
		mn_id_eq(&n.id, &cut->node);
	mn_node_release(&n);
	return yes;
}

static int plan_devices(struct plan *a, const struct mn_ref_list *mine,
			struct mn_err *err)
{
	for (size_t i = 0; i < mine->n; i++) {
		struct mn_push_ref *ref;
		int r;

		if (!is_device(mine->p[i].name))
			continue;
		ref = add(a, mine->p[i].name, &mine->p[i].oid);
		if (stands_at_cut(a, ref->name, &mine->p[i].oid))
			continue;
		r = forward_only(a, ref, err);
		if (r < 0)
			return r;
		a->behind |= r;
	}
	for (size_t i = 0; i < a->theirs.n; i++) {
		const struct mn_ref *ref = &a->theirs.p[i];

		if (!is_device(ref->name))
			continue;
		a->devices = 1;
		if (find(mine, ref->name) || knows(a, &ref->oid) ||
		    stands_at_cut(a, ref->name, NULL))
			continue;
		leave(add(a, ref->name, NULL), FETCH_FIRST);
		a->behind = 1;
	}
	return 0;
}

/*
 * Main is computed of the devices' nodes, so it doesn't only move forward: a
 * post after a merge takes the merge's parents, not the merge. Where all
 * devices' nodes there are known here, ours holds all of them.
 */
static void plan_main(struct plan *a, const struct mn_ref_list *mine)
{
	const struct mn_ref *ref = find(mine, MN_REF_MAIN);
	struct mn_push_ref *out;

	if (!ref)
		return;
	out = add(a, ref->name, &ref->oid);
	if (out->state == MN_PUSH_SAME)
		return;
	if (a->behind || (out->state == MN_PUSH_MOVED && !a->devices &&
			  !knows(a, &out->old_oid)))
		leave(out, FETCH_FIRST);
}

static int plan(struct plan *a, const struct mn_ref_list *mine,
		struct mn_err *err)
{
	int r = plan_identity(a, mine, err);

	if (!r)
		r = plan_devices(a, mine, err);
	if (!r)
		plan_main(a, mine);
	for (size_t i = 0; i < a->rep->refs.n && !r && a->foreign; i++)
		leave(&a->rep->refs.p[i], "the remote holds another profile, "
		      "or an identity that isn't known here: fetch first");
	return r;
}

/* ------------------------------------------------------------------ the push */

struct sending {
	struct mn_push_pack *pack;
	const struct mn_push_options *opt;
	uint64_t bytes, shown;
};

static ssize_t send_some(void *ctx, void *buf, size_t size,
			 struct mn_err *err)
{
	struct sending *s = ctx;
	ssize_t n = mn_push_pack_read(s->pack, buf, size, err);

	if (n > 0)
		s->bytes += (uint64_t)n;
	if (n > 0 && s->opt->progress && s->bytes >= s->shown + 65536) {
		s->shown = s->bytes;
		s->opt->progress(s->opt->ctx, "KiB sent",
				 (size_t)(s->bytes / 1024), 0);
	}
	return n;
}

static int open_pack(struct mn_push_pack **out, const struct plan *a,
		     const struct mn_remote_update *u, size_t n,
		     struct mn_err *err)
{
	oids wants = { NULL, 0, 0 }, haves = { NULL, 0, 0 };
	struct mn_push_want w = {
		.gitdir = a->p->repo.path, .store = a->p->repo.store
	};
	int r;

	for (size_t i = 0; i < n; i++)
		*mn_vec_push(&wants) = u[i].new_oid;
	for (size_t i = 0; i < a->theirs.n; i++)
		if (knows(a, &a->theirs.p[i].oid))
			*mn_vec_push(&haves) = a->theirs.p[i].oid;
	w.wants = wants.p;
	w.nwants = wants.n;
	w.haves = haves.p;
	w.nhaves = haves.n;
	r = mn_push_pack_new(out, &w, err);
	mn_vec_release(&wants);
	mn_vec_release(&haves);
	return r;
}

static int is_sent(const struct mn_push_ref *ref)
{
	return ref->state == MN_PUSH_NEW || ref->state == MN_PUSH_MOVED;
}

static int push(struct plan *a, struct mn_remote *remote, struct mn_err *err)
{
	struct mn_push_report *rep = a->rep;
	struct mn_remote_update *u = mn_xcalloc(rep->refs.n + 1, sizeof(*u));
	struct sending s = { .opt = a->opt };
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < rep->refs.n; i++) {
		if (!is_sent(&rep->refs.p[i]))
			continue;
		u[n].name = rep->refs.p[i].name;
		u[n].old_oid = rep->refs.p[i].old_oid;
		u[n++].new_oid = rep->refs.p[i].new_oid;
	}
	if (n)
		r = open_pack(&s.pack, a, u, n, err);
	if (!r && n && !a->opt->dry_run) {
		r = mn_remote_push(remote, u, n, s.pack ? send_some : NULL,
				   &s, UINT64_MAX, err);
		n = 0;
		for (size_t i = 0; i < rep->refs.n; i++) {
			struct mn_push_ref *ref = &rep->refs.p[i];

			if (!is_sent(ref) || u[n++].ok)
				continue;
			ref->state = MN_PUSH_REFUSED;
			snprintf(ref->why, sizeof(ref->why), "%s",
				 u[n - 1].why);
		}
	}
	rep->bytes = s.bytes;
	mn_push_pack_free(s.pack);
	free(u);
	return r;
}

static void count(struct mn_push_report *rep)
{
	rep->moved = rep->left = rep->refused = 0;
	for (size_t i = 0; i < rep->refs.n; i++) {
		const struct mn_push_ref *ref = &rep->refs.p[i];

		rep->moved += is_sent(ref) ? 1 : 0;
		rep->left += ref->state == MN_PUSH_LEFT;
		rep->refused += ref->state == MN_PUSH_REFUSED;
	}
}

/* What was refused because another was faster isn't what we saw any more. */
static int has_changed(const struct plan *a, const struct mn_push_report *was)
{
	static const struct mn_oid none;

	for (size_t i = 0; i < was->refs.n; i++) {
		const struct mn_push_ref *ref = &was->refs.p[i];
		const struct mn_ref *now = find(&a->theirs, ref->name);

		if (ref->state == MN_PUSH_REFUSED &&
		    !mn_oid_eq(&ref->old_oid, now ? &now->oid : &none))
			return 1;
	}
	return 0;
}

/* *again, where it is set: what was refused was refused for good, and nothing
 * was done; then it is 0. */
static int try(struct plan *a, struct mn_net *net, const struct mn_url *url,
	       const struct mn_push_report *was, int *again,
	       struct mn_err *err)
{
	static const char *const prefixes[] = { MN_REF_MAIN, "refs/mn/" };
	struct mn_ref_list mine = { NULL, 0, 0 };
	struct mn_remote *remote = NULL;
	int r = mn_remote_open(&remote, net, url, MN_RECEIVE_PACK, err);

	if (!r)
		r = mn_remote_refs(remote, prefixes, 2, &a->theirs, err);
	if (!r && *again)
		*again = has_changed(a, was);
	else if (!r)
		*again = 1;
	/* ours after theirs: what was just fetched is known */
	if (!r && *again)
		r = mn_refs_list(&mine, a->p->repo.path, "refs/", REFS_MAX,
				 err);
	if (!r && *again)
		r = plan(a, &mine, err);
	if (!r && *again)
		r = push(a, remote, err);
	mn_remote_close(remote);
	mn_refs_release(&mine);
	mn_refs_release(&a->theirs);
	return r;
}

/* The report of a later try, with what moved before. */
static void merge(struct mn_push_report *rep, struct mn_push_report *later)
{
	for (size_t i = 0; i < later->refs.n; i++)
		for (size_t k = 0; k < rep->refs.n; k++)
			if (later->refs.p[i].state == MN_PUSH_SAME &&
			    is_sent(&rep->refs.p[k]) &&
			    !strcmp(later->refs.p[i].name,
				    rep->refs.p[k].name))
				later->refs.p[i] = rep->refs.p[k];
	later->bytes += rep->bytes;
	mn_push_report_release(rep);
	*rep = *later;
	count(rep);
}

int mn_push_profile(const struct mn_profile *p, struct mn_net *net,
		    const struct mn_url *url,
		    const struct mn_push_options *opt,
		    struct mn_push_report *rep, struct mn_err *err)
{
	int again = 0, r = 0;

	*rep = (struct mn_push_report){ .moved = 0 };
	if (url->profile && strcmp(url->profile, p->hex))
		return mn_err_set(err, MN_EINVALID, "'%s' is the address of "
				  "another profile, %.12s", url->text,
				  url->profile);
	for (int i = 0; i < TRIES && !r && (!i || rep->refused); i++) {
		struct mn_push_report one = { .moved = 0 };
		struct plan a = { .p = p, .opt = opt, .rep = &one };

		r = try(&a, net, url, rep, &again, err);
		if (!again) {
			mn_push_report_release(&one);
			break;
		}
		merge(rep, &one);
	}
	return r;
}
