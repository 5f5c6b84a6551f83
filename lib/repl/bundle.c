#include "repl/bundle.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "repl/bundle-impl.h"

#include "banned.h"

#define PIECE ((size_t)256 * 1024)
#define FRESH 300	/* seconds */
#define HINTS 64	/* refs of devices that are looked for */

/* ----------------------------------------------------------- the header */

static int more(struct mn_bundle *b, struct mn_err *err)
{
	ssize_t n;

	do
		n = read(b->fd, b->buf, PIECE);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		mn_err_sys(err, "cannot read it");
		return MN_EIO;
	}
	b->at = 0;
	b->len = (size_t)n;
	return 0;
}

static int read_head(struct mn_bundle *b, struct mn_err *err)
{
	size_t used = 0;
	int r;

	do {
		r = more(b, err);
		if (r < 0)
			return r;
		if (!b->len && !b->head.version)
			return mn_err_set(err, MN_EINVALID,
					  "it is no bundle of git");
		if (!b->len)
			return mn_err_set(err, MN_EINVALID,
					  "it is cut short in its header");
		r = mn_bundlefile_feed(&b->head, b->buf, b->len, &used, err);
	} while (!r);
	b->at = used;
	return r < 0 ? r : 0;
}

int mn_bundle_open(struct mn_bundle **out, int fd, const char *name,
		   struct mn_err *err)
{
	struct mn_bundle *b = mn_xcalloc(1, sizeof(*b));
	int r;

	b->fd = fd;
	b->name = mn_xstrdup(name);
	b->buf = mn_xmalloc(PIECE);
	mn_bundlefile_init(&b->head);
	r = read_head(b, err);
	if (r < 0) {
		mn_err_wrap(err, r, "bundle '%s'", name);
		mn_bundle_close(b);
		return r;
	}
	*out = b;
	return 0;
}

void mn_bundle_close(struct mn_bundle *b)
{
	if (!b)
		return;
	mn_bundlefile_release(&b->head);
	free(b->buf);
	free(b->name);
	free(b);
}

const struct mn_bundlefile *mn_bundle_head(const struct mn_bundle *b)
{
	return &b->head;
}

void mn_bundle_report_release(struct mn_bundle_report *rep)
{
	mn_admit_report_release(&rep->admit);
}

/* ------------------------------------------------------- whose it may be */

static int is_device(const char *name)
{
	return !strncmp(name, MN_REF_DEVICES, sizeof(MN_REF_DEVICES) - 1);
}

/* Branches and tags of others, which a copy made by git may have. */
static void sort_refs(struct mn_taking *t)
{
	const struct mn_ref_list *refs = &t->b->head.refs;

	for (size_t i = 0; i < refs->n; i++) {
		const char *name = refs->p[i].name;

		if (is_device(name) || !strcmp(name, MN_REF_MAIN) ||
		    !strcmp(name, MN_REF_IDENTITY)) {
			*mn_vec_push(&t->offered) = refs->p[i];
			continue;
		}
		if (!t->rep->foreign++)
			memcpy(t->rep->first_foreign, name, strlen(name) + 1);
	}
	for (size_t i = 0; i < t->offered.n; i++)
		if (!strcmp(t->offered.p[i].name, MN_REF_IDENTITY))
			t->identity = &t->offered.p[i].oid;
}

/* The same identity, or a device that both have: 2, 1, 0. */
static int likeness(const struct mn_taking *t, const char *gitdir)
{
	struct mn_oid oid;
	int looked = 0;

	if (t->identity &&
	    !mn_refs_read(&oid, gitdir, MN_REF_IDENTITY, NULL) &&
	    mn_oid_eq(&oid, t->identity))
		return 2;
	for (size_t i = 0; i < t->offered.n && looked < HINTS; i++) {
		if (!is_device(t->offered.p[i].name))
			continue;
		looked++;
		if (!mn_refs_read(&oid, gitdir, t->offered.p[i].name, NULL))
			return 1;
	}
	return 0;
}

/* The profile that it is likely of, among those that are here; whether it is,
 * shows when its identity was read. */
static int guess(struct mn_taking *t, struct mn_err *err)
{
	struct mn_home_profiles all = { 0 };
	int best = 0, r = mn_home_list(&all, t->what->home, err);

	for (size_t i = 0; i < all.n && !r && best < 2; i++) {
		char *path = mn_home_repo(t->what->home, all.p[i].hex);
		int like = likeness(t, path);

		free(path);
		if (like <= best)
			continue;
		best = like;
		memcpy(t->rep->hex, all.p[i].hex, sizeof(t->rep->hex));
	}
	mn_home_profiles_release(&all);
	return r;
}

/* ----------------------------------------------------------- the pack */

static void show(struct mn_taking *t, const struct mn_indexpack *ip)
{
	size_t done, total;
	uint64_t bytes;

	if (!t->what->progress)
		return;
	mn_indexpack_progress(ip, &done, &total, &bytes);
	t->what->progress(t->what->ctx, "reading objects", done, total);
}

static int feed_all(struct mn_taking *t, struct mn_indexpack *ip,
		    struct mn_err *err)
{
	struct mn_bundle *b = t->b;
	int r = 0;

	while (!r) {
		if (b->at < b->len)
			r = mn_indexpack_feed(ip, b->buf + b->at,
					      b->len - b->at, err);
		show(t, ip);
		if (t->stage)	/* a sweep takes what is old for dead */
			mn_io_freshen(t->stage, FRESH);
		if (!r)
			r = more(b, err);
		if (!r && !b->len)
			break;
	}
	return r;
}

int mn_taking_index(struct mn_taking *t, const char *dir,
		    struct mn_store *store, struct mn_err *err)
{
	struct mn_indexpack *ip = NULL;
	int r = mn_indexpack_begin(&ip, dir, &t->what->pack, err);

	if (r < 0)
		return r;
	mn_indexpack_bases(ip, store);
	r = feed_all(t, ip, err);
	if (!r)
		r = mn_indexpack_finish(ip, &t->pack, err);
	mn_indexpack_free(ip);
	t->rep->objects = t->pack.objects;
	t->rep->bytes = t->pack.bytes;
	return r;
}

/* -------------------------------------------------------------- letting in */

/* That the identity it names is that of the profile. */
static int check_identity(struct mn_taking *t, struct mn_err *err)
{
	struct mn_identity id;
	struct mn_reader *rd;
	struct mn_object o;
	enum mn_rule rule;
	int r;

	if (!t->identity || mn_oid_eq(t->identity, &t->profile.identity_blob))
		return 0;
	mn_identity_init(&id);
	rd = mn_reader_new(mn_quarantine_store(t->quarantine));
	r = mn_reader_read(rd, &o, t->identity, MN_IDENTITY_MAX, err);
	if (r == MN_ENOTFOUND)
		r = mn_err_set(err, MN_EINVALID, "its identity is not in it");
	if (!r) {
		rule = mn_identity_parse(&id, (struct mn_str){ o.data, o.len });
		if (rule != MN_RULE_NONE)
			r = mn_err_set(err, MN_EINVALID, "its identity is not "
				       "valid: %s (%s)", mn_rule_words(rule),
				       mn_rule_name(rule));
	}
	if (!r && !mn_id_eq(mn_identity_profile(&id), &t->profile.id))
		r = mn_err_set(err, MN_EDENIED, "it is of another profile than "
			       "its refs say");
	mn_identity_release(&id);
	mn_reader_free(rd);
	return r;
}

int mn_taking_admit(struct mn_taking *t, const struct mn_follow *follow,
		    struct mn_err *err)
{
	struct mn_index *index = t->rep->here ? t->what->index : NULL;
	int r = mn_quarantine_load(t->quarantine, err);

	if (!r)
		r = check_identity(t, err);
	if (r < 0)
		return r;
	if (index && mn_index_sync(index, &t->profile, NULL) < 0)
		index = NULL;
	if (t->what->progress)
		t->what->progress(t->what->ctx, "verifying", 0, 0);
	return mn_admit(&(struct mn_admit){
		.profile = &t->profile,
		.quarantine = t->quarantine,
		.offered = &t->offered,
		.follow = follow,
		.index = index,
		.limits = t->what->admit,
		.threads = t->what->threads,
		.wait_ms = t->what->wait_ms,
		.pack_bytes = t->pack.bytes,
		.dry_run = t->what->verify
	}, &t->rep->admit, err);
}

static int check_needs(struct mn_taking *t, struct mn_err *err)
{
	const struct mn_bundlefile *head = &t->b->head;

	for (size_t i = 0; i < head->needs.n; i++) {
		if (mn_store_has(t->profile.repo.store, &head->needs.p[i]))
			continue;
		if (!t->rep->missing++)
			t->rep->first_missing = head->needs.p[i];
	}
	if (!t->rep->missing)
		return 0;
	return mn_err_set(err, MN_ENOTFOUND, "it builds on %zu nodes that are "
			  "not here; fetch what came before it, or ask for a "
			  "bundle without --since", t->rep->missing);
}

int mn_taking_follow(struct mn_follow *f, const struct mn_bundlefile *head,
		     struct mn_err *err)
{
	static const char limit[] = "blob:limit=";
	const char *spec = head->filter.p;
	char text[MN_BUNDLE_FILTER_MAX + 8];

	f->level = MN_LEVEL_FULL;
	if (!head->filter.len)
		return 0;
	if (!strcmp(spec, "tree:0")) {
		f->level = MN_LEVEL_DAG;
		return 0;
	}
	f->level = MN_LEVEL_META;
	if (!strcmp(spec, MN_META_FILTER) || !strcmp(spec, "blob:limit=16384"))
		return 0;
	if (!strncmp(spec, limit, sizeof(limit) - 1)) {
		snprintf(text, sizeof(text), "limit=%s",
			 spec + sizeof(limit) - 1);
		if (!mn_level_parse(&f->level, &f->limit, text))
			return 0;
	}
	return mn_err_set(err, MN_EVERSION, "what it leaves out ('%s') is not "
			  "known here", spec);
}

/* What may be missing of a node: by the settings of the profile; of a bundle
 * that is only looked at, by what it says itself. */
static int choose_follow(struct mn_taking *t, const struct mn_follow **out,
			 struct mn_err *err)
{
	int r;

	*out = NULL;
	if (t->what->verify) {
		r = mn_taking_follow(&t->follow, &t->b->head, err);
		if (!r && t->follow.level != MN_LEVEL_FULL)
			*out = &t->follow;
		return r;
	}
	r = mn_follow_read(&t->follow, t->profile.repo.path, err);
	if (!r && mn_follow_is_partial(&t->follow))
		*out = &t->follow;
	t->rep->left_out = !r && !*out && t->b->head.filter.len;
	return r;
}

int mn_taking_expects(const struct mn_taking *t, struct mn_err *err)
{
	if (!t->what->only || !strcmp(t->what->profile, t->rep->hex))
		return 0;
	return mn_err_set(err, MN_EDENIED, "it is of the profile %s",
			  t->rep->hex);
}

static int move_pack(const struct mn_taking *t, struct mn_err *err)
{
	static const char *const ends[] = { ".pack", ".idx" };
	struct mn_buf from = MN_BUF_INIT, to = MN_BUF_INIT;
	int r = 0;

	for (int i = 0; i < 2 && !r && t->pack.objects; i++) {
		mn_buf_clear(&from);
		mn_buf_clear(&to);
		mn_buf_addf(&from, "%s/pack-%s%s", t->stage, t->pack.name,
			    ends[i]);
		mn_buf_addf(&to, "%s/pack-%s%s",
			    mn_quarantine_dir(t->quarantine), t->pack.name,
			    ends[i]);
		if (rename(from.p, to.p))
			r = mn_err_sys(err, "cannot rename '%s'", from.p);
	}
	mn_buf_release(&from);
	mn_buf_release(&to);
	return r;
}

int mn_taking_known(struct mn_taking *t, int moved, struct mn_err *err)
{
	const struct mn_follow *follow = NULL;
	int r = mn_taking_expects(t, err);

	if (r < 0)
		return r;
	if (!t->is_open) {
		r = mn_profile_open(&t->profile, t->what->home, t->rep->hex,
				    err);
		if (r < 0)
			return r;
		t->is_open = t->rep->here = 1;
	}
	r = check_needs(t, err);
	if (!r && t->stage && !t->rep->here)
		follow = t->follow.level == MN_LEVEL_FULL ? NULL : &t->follow;
	else if (!r)
		r = choose_follow(t, &follow, err);
	if (!r)
		r = mn_quarantine_begin(&t->quarantine, t->profile.repo.path,
					err);
	if (!r && moved)
		r = move_pack(t, err);
	else if (!r)
		r = mn_taking_index(t, mn_quarantine_dir(t->quarantine),
				    t->profile.repo.store, err);
	return r ? r : mn_taking_admit(t, follow, err);
}

/* ------------------------------------------------------------------- all */

static int take(struct mn_taking *t, struct mn_err *err)
{
	const struct mn_bundlefile *head = &t->b->head;
	int r = 0;

	sort_refs(t);
	if (!t->offered.n)
		return mn_err_set(err, MN_EINVALID, "none of its refs is that "
				  "of a profile");
	if (!t->identity && !t->what->profile)
		return mn_err_set(err, MN_EINVALID, "it does not say whose it "
				  "is (there is no " MN_REF_IDENTITY "); "
				  "-p PROFILE tells");
	/* alone it can be verified alone, whatever is here */
	if (t->identity && (!t->what->verify || head->needs.n))
		r = guess(t, err);
	else if (!t->identity)
		snprintf(t->rep->hex, sizeof(t->rep->hex), "%s",
			 t->what->profile);
	if (r < 0)
		return r;
	if (t->rep->hex[0])
		return mn_taking_known(t, 0, err);
	if (head->needs.n) {
		t->rep->missing = head->needs.n;
		t->rep->first_missing = head->needs.p[0];
		return mn_err_set(err, MN_ENOTFOUND, "it holds what is new of "
				  "a profile that is not here; ask for a bundle "
				  "without --since");
	}
	return mn_taking_stage(t, err);
}

int mn_bundle_take(struct mn_bundle *b, const struct mn_bundle_take *what,
		   struct mn_bundle_report *rep, struct mn_err *err)
{
	struct mn_taking t = { .b = b, .what = what, .rep = rep };
	int r;

	if (b->taken++)
		MN_BUG("a bundle is taken once");
	mn_follow_init(&t.follow);
	r = take(&t, err);
	mn_quarantine_free(t.quarantine);
	if (t.is_open)
		mn_profile_close(&t.profile);
	if (t.stage)
		mn_io_remove_tree(t.stage, NULL);
	free(t.stage);
	mn_home_release(&t.stage_home);
	mn_follow_release(&t.follow);
	mn_refs_release(&t.offered);
	return r < 0 ? mn_err_wrap(err, r, "bundle '%s'", b->name) : 0;
}
