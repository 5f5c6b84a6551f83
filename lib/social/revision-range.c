/* revision-range: devices and ranges of commits, resolved. See revision.h. */
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/map.h"
#include "node/carrier.h"
#include "social/profile.h"
#include "social/revision.h"

#include "banned.h"

/* devices */

struct keys {
	MN_VEC(struct mn_pub) v;
};

static void add_key(struct keys *k, const struct mn_pub *key)
{
	for (size_t i = 0; i < k->v.n; i++)
		if (!memcmp(&k->v.p[i], key, sizeof(*key)))
			return;
	*mn_vec_push(&k->v) = *key;
}

static void keys_by_label(struct keys *k, const struct mn_identity *id,
			  struct mn_str label)
{
	/* the newest document that knows the label, decides */
	for (size_t i = id->docs.n; i-- > 0 && !k->v.n; ) {
		const struct mn_identity_doc *d = &id->docs.p[i];

		for (size_t j = 0; j < d->ndevices; j++)
			if (!mn_str_cmp(d->devices[j].label, label))
				add_key(k, &d->devices[j].key);
	}
}

static void add_if(struct keys *k, const struct mn_pub *key, struct mn_str word)
{
	char hex[2 * sizeof(key->b) + 1];

	mn_hex_encode(hex, key->b, sizeof(key->b));
	if (!memcmp(hex, word.p, word.len))
		add_key(k, key);
}

static int keys_by_digits(struct keys *k, const struct mn_profile *p,
			  struct mn_str word, struct mn_err *err)
{
	struct mn_ref_list tips = { NULL, 0, 0 };
	struct mn_pub key;
	int r;

	if (word.len < 4 || word.len > 2 * sizeof(key.b) ||
	    mn_hex_span(word.p, word.len) != word.len)
		return 0;
	for (size_t i = 0; i < p->identity.docs.n; i++) {
		const struct mn_identity_doc *d = &p->identity.docs.p[i];

		for (size_t j = 0; j < d->ndevices; j++)
			add_if(k, &d->devices[j].key, word);
	}
	r = mn_profile_tips(&tips, p, err);
	for (size_t i = 0; i < tips.n && !r; i++) {
		const char *hex = tips.p[i].name + strlen(MN_REF_DEVICES);

		if (strlen(hex) == 2 * sizeof(key.b) &&
		    !mn_hex_decode(key.b, hex, sizeof(key.b)))
			add_if(k, &key, word);
	}
	mn_refs_release(&tips);
	return r;
}

static int which_key(struct mn_pub *out, const struct keys *k,
		     struct mn_str word, struct mn_err *err)
{
	struct mn_buf list = MN_BUF_INIT;
	int r = 0;

	if (!k->v.n)
		return mn_err_set(err, MN_ENOTFOUND, "no device '%.*s'",
				  (int)(word.len < 80 ? word.len : 80),
				  word.p);
	*out = k->v.p[0];
	for (size_t i = 0; i < k->v.n && i < 4; i++) {
		mn_buf_adds(&list, i ? ", " : "");
		mn_buf_addhex(&list, k->v.p[i].b, sizeof(k->v.p[i].b));
	}
	if (k->v.n > 1)
		r = mn_err_set(err, MN_EAMBIGUOUS, "'%.*s' is ambiguous: it "
			       "may be the device %s%s",
			       (int)(word.len < 80 ? word.len : 80), word.p,
			       list.p, k->v.n > 4 ? ", ..." : "");
	mn_buf_release(&list);
	return r;
}

int mn_device_find(struct mn_pub *out, const struct mn_profile *p,
		   struct mn_str word, struct mn_err *err)
{
	struct keys k = { { NULL, 0, 0 } };
	int r = 0;

	keys_by_label(&k, &p->identity, word);
	if (!k.v.n)
		r = keys_by_digits(&k, p, word, err);
	if (!r)
		r = which_key(out, &k, word, err);
	mn_vec_release(&k.v);
	return r;
}

/* ranges */

/* The profile of the first word becomes that of the range. */
static int adopt(struct mn_range_set *s, struct mn_resolved *got,
		 struct mn_err *err)
{
	if (s->profile && !mn_id_eq(&s->profile->id, &got->profile->id)) {
		mn_resolved_release(got);
		return mn_err_set(err, MN_EINVALID,
				  "a range over several profiles");
	}
	if (s->profile || !got->opened) {
		if (!s->profile)
			s->profile = got->profile;
		mn_resolved_release(got);
		return 0;
	}
	s->profile = got->profile;
	s->opened = mn_xmalloc(sizeof(*s->opened));
	*s->opened = *got;
	return 0;
}

static int resolve_part(struct mn_oid *oid, struct mn_range_set *s,
			const struct mn_resolver *r, struct mn_str part,
			struct mn_err *err)
{
	struct mn_buf word = MN_BUF_INIT;
	struct mn_resolved got;
	enum mn_otype type;
	uint64_t size;
	int ret;

	mn_buf_addstr(&word, part.len ? part : MN_STR("HEAD"));
	ret = mn_resolve(&got, r, word.p, err);
	if (ret < 0)
		goto out;
	*oid = got.oid;
	ret = adopt(s, &got, err);
	if (!ret)
		ret = mn_reader_stat(s->profile->rd, &type, &size, oid, err);
	if (!ret && type != MN_COMMIT)
		ret = mn_err_set(err, MN_EINVALID, "'%.80s' is a %s, no node",
				 word.p, mn_otype_name(type));
out:
	mn_buf_release(&word);
	return ret;
}

struct side {
	struct mn_map seen;
	struct mn_oid_list commits;
};

static int gather(void *ctx, const struct mn_oid *commit)
{
	struct side *s = ctx;

	mn_map_put(&s->seen, commit->b, 0);
	*mn_vec_push(&s->commits) = *commit;
	return 0;
}

/* Hides the parents of the commit that are on neither side alone. */
static int hide_parents(struct mn_range_set *s, const struct side *side,
			const struct mn_oid *commit, struct mn_carrier *c,
			struct mn_err *err)
{
	struct mn_object o;
	struct mn_oid parent;
	int r = mn_reader_read(s->profile->rd, &o, commit, MN_CARRIER_MAX, err);

	if (r < 0)
		return r;
	if (mn_carrier_parse(c, (struct mn_str){ o.data, o.len }) !=
	    MN_RULE_NONE)
		return mn_err_set(err, MN_EINVALID, "no carrier");
	for (size_t i = 0; i < c->nparents; i++) {
		mn_carrier_parent(&parent, c, i);
		if (mn_map_get(&side->seen, parent.b) == SIZE_MAX)
			*mn_vec_push(&s->hide) = parent;
	}
	return 0;
}

/*
 * A...B: what both reach is hidden. That is whatever the first commits below
 * those of A alone reach; A itself, if B reaches it.
 */
static int hide_common(struct mn_range_set *s, const struct mn_oid *a,
		       const struct mn_oid *b, struct mn_err *err)
{
	struct mn_carrier *c = mn_xmalloc(sizeof(*c));
	struct side side = { .commits = { NULL, 0, 0 } };
	int r;

	mn_map_init(&side.seen, sizeof(struct mn_oid));
	r = mn_git_walk(&s->profile->repo, a, 1, b, 1, gather, &side, err);
	if (!r && !side.commits.n)
		*mn_vec_push(&s->hide) = *a;
	for (size_t i = 0; i < side.commits.n && !r; i++)
		r = hide_parents(s, &side, &side.commits.p[i], c, err);
	mn_vec_release(&side.commits);
	mn_map_release(&side.seen);
	free(c);
	return r;
}

static int resolve_parts(struct mn_range_set *out, const struct mn_resolver *r,
			 const struct mn_range *range, struct mn_err *err)
{
	struct mn_oid oid, left = { { 0 } };
	int ret = 0, second = 0;

	for (size_t i = 0; i < range->n && !ret; i++) {
		const struct mn_range_part *p = &range->p[i];

		ret = resolve_part(&oid, out, r, p->word, err);
		if (ret < 0)
			break;
		if (p->exclude)
			*mn_vec_push(&out->hide) = oid;
		else
			*mn_vec_push(&out->tips) = oid;
		if (p->symmetric && second)
			ret = hide_common(out, &left, &oid, err);
		left = oid;
		second = p->symmetric && !second;
	}
	return ret;
}

int mn_range_resolve(struct mn_range_set *out, const struct mn_resolver *r,
		     const char *const *args, size_t n, struct mn_err *err)
{
	struct mn_range *range = mn_xcalloc(1, sizeof(*range));
	struct mn_oid oid;
	int ret = 0;

	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < n && !ret; i++)
		ret = mn_range_parse(range, mn_str(args[i]), err);
	if (!ret)
		ret = resolve_parts(out, r, range, err);
	if (!ret && !out->tips.n) {
		ret = resolve_part(&oid, out, r, MN_STR("HEAD"), err);
		if (!ret)
			*mn_vec_push(&out->tips) = oid;
	}
	free(range);
	if (ret < 0)
		mn_range_release(out);
	return ret;
}

void mn_range_release(struct mn_range_set *s)
{
	mn_vec_release(&s->hide);
	mn_vec_release(&s->tips);
	if (s->opened)
		mn_resolved_release(s->opened);
	free(s->opened);
	s->opened = NULL;
	s->profile = NULL;
}
