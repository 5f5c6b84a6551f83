#include "social/revision.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/map.h"
#include "node/carrier.h"
#include "social/index.h"
#include "social/profile.h"

#include "banned.h"

#define SHOWN_MAX 4		/* candidates of an ambiguous word */

/* Ids of nodes, or names of objects, that a word fits. */
struct found {
	struct mn_index_match p[SHOWN_MAX + 1];
	struct mn_oid carrier;	/* of the first, where it is known */
	int has_carrier;
	int n;
};

static int ambiguous(const char *word, const struct mn_buf *list, int more,
		     struct mn_err *err)
{
	return mn_err_set(err, MN_EAMBIGUOUS, "'%.70s' is ambiguous: it may "
			  "be%s%s", word, list->p, more ? ", ..." : "");
}

static int ambiguous_nodes(const char *word, const struct found *f,
			   struct mn_err *err)
{
	struct mn_buf list = MN_BUF_INIT;
	int i, r;

	for (i = 0; i < f->n && i < SHOWN_MAX; i++) {
		mn_buf_adds(&list, i ? ", " : " ");
		mn_buf_addhex(&list, f->p[i].node.b, sizeof(f->p[i].node.b));
	}
	r = ambiguous(word, &list, f->n > SHOWN_MAX, err);
	mn_buf_release(&list);
	return r;
}

/* nodes, without an index: all commits that the devices' tips reach */

struct walk {
	struct mn_oid_list todo;
	struct mn_map seen;
	struct mn_buf text;
	const char *digits;
	struct found *found;
};

static void visit(struct walk *w, const struct mn_oid *oid)
{
	if (mn_map_get(&w->seen, oid->b) != SIZE_MAX)
		return;
	mn_map_put(&w->seen, oid->b, 0);
	*mn_vec_push(&w->todo) = *oid;
}

static void match(struct walk *w, const struct mn_profile *p,
		  const struct mn_carrier *c, const struct mn_oid *oid)
{
	char hex[MN_ID_HEX + 1];
	struct found *f = w->found;

	if (c->is_merge || f->n > SHOWN_MAX)
		return;
	mn_id_hex(hex, &c->node);
	if (strncmp(hex, w->digits, strlen(w->digits)))
		return;
	if (!f->n) {
		f->carrier = *oid;
		f->has_carrier = 1;
	}
	f->p[f->n].profile = p->id;
	f->p[f->n++].node = c->node;
}

static int read_carrier(struct mn_carrier *c, struct mn_buf *text,
			struct mn_reader *rd, const struct mn_oid *oid,
			struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_object o;
	enum mn_rule rule = MN_RULE_CARRIER_PARSE;
	int r = mn_reader_read(rd, &o, oid, MN_CARRIER_MAX, err);

	if (r < 0)
		return r;
	mn_buf_clear(text);
	mn_buf_add(text, o.data, o.len);
	if (o.type == MN_COMMIT)
		rule = mn_carrier_parse(c, (struct mn_str){ text->p,
							    text->len });
	if (rule == MN_RULE_NONE)
		return 0;
	mn_oid_hex(hex, oid);
	return mn_err_set(err, MN_EINVALID, "object %s: %s (%s)", hex,
			  mn_rule_words(rule), mn_rule_name(rule));
}

static int walk_all(struct walk *w, const struct mn_profile *p,
		    struct mn_err *err)
{
	struct mn_carrier *c = mn_xmalloc(sizeof(*c));
	struct mn_oid oid, parent;
	int r = 0;

	while (!r && w->todo.n) {
		oid = w->todo.p[--w->todo.n];
		r = read_carrier(c, &w->text, p->rd, &oid, err);
		if (r < 0)
			break;
		match(w, p, c, &oid);
		for (size_t i = 0; i < c->nparents; i++) {
			mn_carrier_parent(&parent, c, i);
			visit(w, &parent);
		}
	}
	free(c);
	return r;
}

static int find_by_walk(struct found *out, const struct mn_profile *p,
			const char *digits, struct mn_err *err)
{
	struct walk w = { .digits = digits, .found = out };
	struct mn_ref_list tips = { NULL, 0, 0 };
	int r;

	mn_map_init(&w.seen, sizeof(struct mn_oid));
	mn_buf_init(&w.text);
	r = mn_profile_tips(&tips, p, err);
	for (size_t i = 0; i < tips.n && !r; i++)
		visit(&w, &tips.p[i].oid);
	if (!r)
		r = walk_all(&w, p, err);
	mn_refs_release(&tips);
	mn_buf_release(&w.text);
	mn_vec_release(&w.todo);
	mn_map_release(&w.seen);
	return r;
}

/* nodes, by the index */

static int find_in_index(struct found *out, const struct mn_resolver *r,
			 const struct mn_id *profile, const char *digits,
			 struct mn_err *err)
{
	out->has_carrier = 0;
	out->n = mn_index_abbrev(out->p, SHOWN_MAX + 1, r->index, profile,
				 digits, err);
	return out->n < 0 ? out->n : 0;
}

/* Whatever is wrong with the index, the repository knows. */
static int find_nodes(struct found *out, const struct mn_resolver *r,
		      struct mn_profile *p, const char *digits,
		      struct mn_err *err)
{
	int fresh = r->synced && p == r->current, ret = 0;

	out->n = 0;
	if (!r->index)
		return find_by_walk(out, p, digits, err);
	if (!fresh)
		ret = mn_index_sync(r->index, p, err);
	if (!ret)
		ret = find_in_index(out, r, &p->id, digits, err);
	if (!ret && !out->n && fresh) {
		ret = mn_index_sync(r->index, p, err);
		if (!ret)
			ret = find_in_index(out, r, &p->id, digits, err);
	}
	if (ret < 0) {
		mn_err_clear(err);
		out->n = 0;
		ret = find_by_walk(out, p, digits, err);
	}
	return ret;
}

static int take_node(struct mn_resolved *out, const struct mn_resolver *r,
		     const struct found *f, struct mn_err *err)
{
	struct mn_arena a = MN_ARENA_INIT;
	struct mn_index_row row;
	int ret = 0;

	out->is_node = 1;
	out->node = f->p[0].node;
	out->oid = f->carrier;
	if (!f->has_carrier) {
		ret = mn_index_by_id(&row, &a, r->index, &f->p[0].profile,
				     &out->node, err);
		out->oid = row.carrier;
	}
	mn_arena_release(&a);
	return ret;
}

/* objects of git */

struct objects {
	const char *digits;
	size_t len;
	struct mn_oid p[SHOWN_MAX + 1];
	int n;
};

static int gather_object(void *ctx, const struct mn_oid *oid, int packed)
{
	struct objects *o = ctx;
	char hex[MN_OID_HEX + 1];

	(void)packed;
	mn_oid_hex(hex, oid);
	if (memcmp(hex, o->digits, o->len))
		return 0;
	for (int i = 0; i < o->n; i++)
		if (mn_oid_eq(&o->p[i], oid))
			return 0;
	o->p[o->n++] = *oid;
	return o->n > SHOWN_MAX;
}

static int ambiguous_objects(struct mn_store *s, const char *digits,
			     struct mn_err *err)
{
	struct objects o = { .digits = digits, .len = strlen(digits) };
	struct mn_buf list = MN_BUF_INIT;
	int i, r = mn_store_each(s, gather_object, &o, err);

	for (i = 0; i < o.n && i < SHOWN_MAX && r >= 0; i++) {
		mn_buf_adds(&list, i ? ", " : " ");
		mn_buf_addhex(&list, o.p[i].b, sizeof(o.p[i].b));
	}
	if (r >= 0)
		r = ambiguous(digits, &list, o.n > SHOWN_MAX, err);
	mn_buf_release(&list);
	return r;
}

/* 1 if it is there, 0 if not. */
static int find_object(struct mn_oid *out, const struct mn_profile *p,
		       const char *digits, struct mn_err *err)
{
	size_t len = strlen(digits);
	int n;

	if (len > MN_OID_HEX)
		return 0;
	if (len == MN_OID_HEX) {
		if (mn_oid_parse(out, digits) < 0)
			return 0;
		return mn_store_has(p->repo.store, out);
	}
	n = mn_store_abbrev(p->repo.store, out, digits, len, err);
	return n > 1 ? ambiguous_objects(p->repo.store, digits, err) : n;
}

/* resolving */

static int use_profile(struct mn_resolved *out, const struct mn_resolver *r,
		       const char *hex, struct mn_err *err)
{
	int ret;

	if (r->current && !strcmp(r->current->hex, hex)) {
		out->profile = r->current;
		return 0;
	}
	out->profile = mn_xcalloc(1, sizeof(*out->profile));
	ret = mn_profile_open(out->profile, r->home, hex, err);
	if (ret < 0) {
		free(out->profile);
		out->profile = NULL;
		return ret;
	}
	out->opened = 1;
	return 0;
}

static int no_such(const char *word, struct mn_err *err)
{
	return mn_err_set(err, MN_ENOTFOUND, "no node and no object '%.80s'",
			  word);
}

/* Nodes of all profiles. */
static int find_anywhere(struct mn_resolved *out, const struct mn_resolver *r,
			 const char *digits, struct mn_err *err)
{
	char hex[MN_ID_HEX + 1];
	struct found f = { .n = 0 };
	int ret = 0;

	if (r->index)
		ret = find_in_index(&f, r, NULL, digits, err);
	if (ret < 0)
		return ret;
	if (!f.n)
		return no_such(digits, err);
	if (f.n > 1)
		return ambiguous_nodes(digits, &f, err);
	mn_id_hex(hex, &f.p[0].profile);
	ret = use_profile(out, r, hex, err);
	return ret < 0 ? ret : take_node(out, r, &f, err);
}

static int resolve_hex(struct mn_resolved *out, const struct mn_resolver *r,
		       const struct mn_revision *rev, struct mn_err *err)
{
	char digits[MN_ID_HEX + 1];
	struct found f;
	int ret;

	memcpy(digits, rev->base.p, rev->base.len);
	digits[rev->base.len] = '\0';
	if (!out->profile)
		return find_anywhere(out, r, digits, err);
	ret = find_nodes(&f, r, out->profile, digits, err);
	if (ret < 0)
		return ret;
	if (f.n > 1)
		return ambiguous_nodes(digits, &f, err);
	if (f.n == 1)
		return take_node(out, r, &f, err);
	ret = find_object(&out->oid, out->profile, digits, err);
	if (ret)
		return ret < 0 ? ret : 0;
	return rev->profile.p ? no_such(digits, err)
		: find_anywhere(out, r, digits, err);
}

static int need_profile(const struct mn_resolved *out, struct mn_err *err)
{
	return out->profile ? 0 : mn_err_set(err, MN_EINVALID, "a revision "
					     "without a profile: say "
					     "PROFILE:REVISION");
}

static int resolve_head(struct mn_resolved *out, struct mn_err *err)
{
	int r = mn_refs_read(&out->oid, out->profile->repo.path, MN_REF_MAIN,
			     err);

	if (r == MN_ENOTFOUND)
		r = mn_err_set(err, r, "there is no HEAD: nothing was posted "
			       "yet");
	return r;
}

static int resolve_device(struct mn_resolved *out, struct mn_str word,
			  struct mn_err *err)
{
	char name[sizeof(MN_REF_DEVICES) + MN_ID_HEX];
	struct mn_pub device;
	int r = mn_device_find(&device, out->profile, word, err);

	if (r < 0)
		return r;
	memcpy(name, MN_REF_DEVICES, sizeof(MN_REF_DEVICES));
	mn_hex_encode(name + sizeof(MN_REF_DEVICES) - 1, device.b,
		      sizeof(device.b));
	r = mn_refs_read(&out->oid, out->profile->repo.path, name, err);
	if (r == MN_ENOTFOUND)
		r = mn_err_set(err, r, "the device '%.*s' has posted nothing "
			       "yet", (int)word.len, word.p);
	return r;
}

/* What libgit2 need not be started for. 1: that was none of it. */
static int resolve_simple(struct mn_resolved *out, const struct mn_revision *rev,
			  struct mn_err *err)
{
	char name[MN_REF_MAX + 1];
	int r;

	if (rev->form == MN_REV_PROFILE || mn_str_eq(rev->base, "HEAD") ||
	    mn_str_eq(rev->base, "@") || mn_str_eq(rev->base, "main"))
		return resolve_head(out, err);
	if (!mn_str_starts(rev->base, "refs/") || rev->base.len > MN_REF_MAX)
		return 1;
	memcpy(name, rev->base.p, rev->base.len);
	name[rev->base.len] = '\0';
	r = mn_refs_read(&out->oid, out->profile->repo.path, name, err);
	return r;
}

static int resolve_base(struct mn_resolved *out, const struct mn_resolver *r,
			const struct mn_revision *rev, struct mn_err *err)
{
	int ret;

	if (rev->form == MN_REV_HEX)
		return resolve_hex(out, r, rev, err);
	ret = need_profile(out, err);
	if (ret < 0)
		return ret;
	if (rev->form == MN_REV_DEVICE)
		return resolve_device(out, rev->base, err);
	return resolve_simple(out, rev, err);
}

/* Lets git read the suffix, behind the object that was found, or else
 * behind its own words. */
static int resolve_by_git(struct mn_resolved *out, const struct mn_revision *rev,
			  const char *word, int has_base, struct mn_err *err)
{
	char hex[MN_OID_HEX + 1];
	struct mn_buf spec = MN_BUF_INIT;
	int r;

	mn_oid_hex(hex, &out->oid);
	if (has_base)
		mn_buf_adds(&spec, hex);
	else
		mn_buf_addstr(&spec, rev->base);
	mn_buf_addstr(&spec, rev->suffix);
	out->is_node = 0;
	r = mn_git_revparse(&out->oid, &out->profile->repo, spec.p, err);
	mn_buf_release(&spec);
	if (!has_base || (r != MN_ENOTFOUND && r != MN_EINVALID))
		return r;
	/* in the user's words, not with the id that stood for them */
	return mn_err_set(err, r, r == MN_EINVALID ? "'%.80s' is no revision"
			  : "nothing is called '%.80s'", word);
}

static int resolve_parsed(struct mn_resolved *out, const struct mn_resolver *r,
			  const struct mn_revision *rev, const char *word,
			  struct mn_err *err)
{
	char hex[MN_ID_HEX + 1], digits[MN_ID_HEX + 1];
	int ret;

	if (rev->profile.p) {
		memcpy(digits, rev->profile.p, rev->profile.len);
		digits[rev->profile.len] = '\0';
		ret = mn_home_resolve(hex, r->home, digits, err);
		if (!ret)
			ret = use_profile(out, r, hex, err);
		if (ret < 0)
			return ret;
	}
	ret = resolve_base(out, r, rev, err);
	if (ret < 0 || (!ret && !rev->suffix.len))
		return ret;
	return resolve_by_git(out, rev, word, !ret, err);
}

int mn_resolve(struct mn_resolved *out, const struct mn_resolver *r,
	       const char *word, struct mn_err *err)
{
	struct mn_revision rev;
	int ret = mn_revision_parse(&rev, mn_str(word), err);

	memset(out, 0, sizeof(*out));
	if (ret < 0)
		return ret;
	out->profile = r->current;
	ret = resolve_parsed(out, r, &rev, word, err);
	if (ret < 0)
		mn_resolved_release(out);
	return ret;
}

void mn_resolved_release(struct mn_resolved *r)
{
	if (r->opened) {
		mn_profile_close(r->profile);
		free(r->profile);
	}
	r->profile = NULL;
	r->opened = 0;
}

int mn_resolved_node(struct mn_resolved *r, struct mn_err *err)
{
	struct mn_carrier *c;
	struct mn_buf text = MN_BUF_INIT;
	int ret;

	if (r->is_node)
		return 0;
	c = mn_xmalloc(sizeof(*c));
	ret = read_carrier(c, &text, r->profile->rd, &r->oid, err);
	if (!ret && !c->is_merge) {
		r->is_node = 1;
		r->node = c->node;
	} else if (ret == MN_EINVALID || ret == MN_ELIMIT) {
		mn_err_clear(err);	/* some other object */
		ret = 0;
	}
	mn_buf_release(&text);
	free(c);
	return ret;
}
