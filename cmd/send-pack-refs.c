/* send-pack: what has to be sent, so that a repository elsewhere has it. */
#include "send-pack.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/packstream.h"
#include "git/refname.h"
#include "git/refs.h"
#include "net/walk.h"
#include "banned.h"

typedef MN_VEC(struct mn_oid) oids;

/* A git id, or a whole name of a ref. */
static int resolve(struct mn_oid *out, const char *gitdir, const char *src,
		   struct mn_err *err)
{
	int r;

	if (strlen(src) == MN_OID_HEX && !mn_oid_parse(out, src))
		return 0;
	if (!mn_refname_ok(src, strlen(src)))
		return mn_err_set(err, MN_EINVALID, "'%s' is neither a git id "
				  "of 40 digits nor a name that begins with "
				  "refs/", src);
	r = mn_refs_read(out, gitdir, src, err);
	return r < 0 ? mn_err_wrap(err, r, "'%s'", gitdir) : 0;
}

int mn_send_add(struct mn_send *s, const char *spec, int force,
		struct mn_err *err)
{
	int plus = *spec == '+', r = 0;
	const char *text = spec + plus, *colon = strrchr(text, ':');
	const char *dst = colon ? colon + 1 : text;
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	struct mn_buf src = MN_BUF_INIT;
	struct mn_send_ref *ref;

	if (!mn_refname_ok(dst, strlen(dst)))
		return mn_err_set(err, MN_EINVALID, "'%s': '%s' is no name "
				  "of a reference, which begins with refs/",
				  spec, dst);
	for (size_t i = 0; i < s->refs.n; i++)
		if (!strcmp(s->refs.p[i].u.name, dst))
			return mn_err_set(err, MN_EINVALID, "'%s' stands there "
					  "twice", dst);
	ref = mn_vec_push(&s->refs);
	memset(ref, 0, sizeof(*ref));
	ref->u.name = mn_xstrdup(dst);
	ref->force = force || plus;
	mn_buf_add(&src, text, len);
	if (src.len)
		r = resolve(&ref->u.new_oid, s->gitdir, src.p, err);
	mn_buf_release(&src);
	return r;
}

void mn_send_release(struct mn_send *s)
{
	for (size_t i = 0; i < s->refs.n; i++)
		free((char *)(uintptr_t)s->refs.p[i].u.name);
	mn_vec_release(&s->refs);
	mn_store_close(s->store);
	free(s->gitdir);
}

static void refuse(struct mn_send_ref *ref, const char *why)
{
	ref->u.ok = 0;
	snprintf(ref->u.why, sizeof(ref->u.why), "%s", why);
}

static int by_name(const void *name, const void *ref)
{
	return strcmp(name, ((const struct mn_ref *)ref)->name);
}

static int is_descendant(struct mn_send *s, const struct mn_remote_update *u,
			 struct mn_err *err)
{
	const struct mn_walk w = {
		.store = s->store, .wants = &u->new_oid, .nwants = 1,
		.haves = &u->old_oid, .nhaves = 1, .partial = 1,
	};

	if (!mn_store_has(s->store, &u->old_oid))
		return 0;
	return mn_walk_all_reach(&w, err);
}

/* 1: it is to be pushed; 0: not, and why. */
static int judge(struct mn_send *s, struct mn_send_ref *ref,
		 const struct mn_ref_list *there, struct mn_err *err)
{
	struct mn_remote_update *u = &ref->u;
	const struct mn_ref *old = there->n ?
		bsearch(u->name, there->p, there->n, sizeof(*there->p),
			by_name) : NULL;
	int r;

	if (old)
		u->old_oid = old->oid;
	if (mn_oid_eq(&u->old_oid, &u->new_oid)) {
		ref->same = u->ok = 1;
		return 0;
	}
	if (mn_oid_is_zero(&u->new_oid))
		return 1;
	if (!mn_store_has(s->store, &u->new_oid)) {
		refuse(ref, "the object is not in this repository");
		return 0;
	}
	if (!old || ref->force)
		return 1;
	r = is_descendant(s, u, err);
	if (!r)
		refuse(ref, "what is there is no ancestor: fetch it first, or "
		       "use +");
	return r;
}

static int from_packstream(struct mn_packstream **ps,
			   struct mn_objlist *list, struct mn_send *s,
			   const oids *wants, const oids *haves,
			   struct mn_err *err)
{
	const struct mn_walk w = {
		.store = s->store,
		.wants = wants->p, .nwants = wants->n,
		.haves = haves->p, .nhaves = haves->n,
		.partial = mn_walk_is_partial(s->store, s->gitdir),
	};
	const struct mn_packstream_what what = {
		.store = s->store, .list = list, .ofs_delta = 0,
	};
	int r = mn_walk(list, &w, err);

	return r < 0 ? r : mn_packstream_new(ps, &what, err);
}

static ssize_t read_pack(void *ctx, void *buf, size_t size,
			 struct mn_err *err)
{
	return mn_packstream_read(ctx, buf, size, err);
}

/* Those of refs that are chosen, in one request. */
static int push(struct mn_send *s, struct mn_remote *remote,
		const size_t *chosen, size_t n, const oids *haves,
		struct mn_err *err)
{
	struct mn_remote_update *u = mn_xcalloc(n, sizeof(*u));
	struct mn_objlist list = MN_OBJLIST_INIT;
	struct mn_packstream *ps = NULL;
	oids wants = { 0 };
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		u[i] = s->refs.p[chosen[i]].u;
		if (!mn_oid_is_zero(&u[i].new_oid))
			*mn_vec_push(&wants) = u[i].new_oid;
	}
	if (wants.n)
		r = from_packstream(&ps, &list, s, &wants, haves, err);
	if (!r) {
		s->asked = 1;
		r = mn_remote_push(remote, u, n, ps ? read_pack : NULL, ps,
				   UINT64_MAX, err);
		for (size_t i = 0; i < n; i++)
			s->refs.p[chosen[i]].u = u[i];
	}
	mn_packstream_free(ps);
	mn_objlist_release(&list);
	mn_vec_release(&wants);
	free(u);
	return r;
}

int mn_send(struct mn_send *s, struct mn_remote *remote, struct mn_err *err)
{
	struct mn_ref_list there = { NULL, 0, 0 };
	size_t *chosen = mn_xcalloc(s->refs.n, sizeof(*chosen)), n = 0;
	oids haves = { 0 };
	int r = mn_remote_refs(remote, NULL, 0, &there, err);

	for (size_t i = 0; r >= 0 && i < s->refs.n; i++) {
		r = judge(s, &s->refs.p[i], &there, err);
		if (r > 0)
			chosen[n++] = i;
	}
	for (size_t i = 0; r >= 0 && i < there.n; i++)
		if (mn_store_has_packed(s->store, &there.p[i].oid) ||
		    mn_store_has_loose(s->store, &there.p[i].oid))
			*mn_vec_push(&haves) = there.p[i].oid;
	if (r >= 0) {
		r = 0;
		s->asked = !n;
	}
	if (!r && n)
		r = push(s, remote, chosen, n, &haves, err);
	mn_refs_release(&there);
	mn_vec_release(&haves);
	free(chosen);
	return r;
}
