/* What refs, HEAD, the identity and the key of this device must be. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/io.h"
#include "key/keyfile.h"
#include "node/heads.h"
#include "social/check-parts.h"
#include "social/profile.h"

#include "banned.h"

#define HEAD_TEXT "ref: " MN_REF_MAIN "\n"
#define REST_TRIES 50	/* of posts one after the other, each a few ms */

/* One by one, where the list as a whole can't be had because of one. */
static void read_singly(struct mn_fsck *f)
{
	MN_VEC(char *) dirs = { 0 };
	struct mn_buf path = MN_BUF_INIT, name = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct dirent *e;
	struct stat st;

	*mn_vec_push(&dirs) = mn_xstrdup("refs");
	while (dirs.n) {
		char *dir = dirs.p[--dirs.n];
		DIR *d;

		mn_buf_clear(&path);
		mn_buf_addf(&path, "%s/%s", f->repo.path, dir);
		d = opendir(path.p);
		while (d && (e = readdir(d))) {
			struct mn_ref ref;
			size_t n = strlen(e->d_name);

			if (e->d_name[0] == '.' ||
			    (n > 5 && !strcmp(e->d_name + n - 5, ".lock")))
				continue;
			mn_buf_clear(&name);
			mn_buf_addf(&name, "%s/%s", dir, e->d_name);
			mn_buf_clear(&path);
			mn_buf_addf(&path, "%s/%s", f->repo.path, name.p);
			if (!lstat(path.p, &st) && S_ISDIR(st.st_mode)) {
				if (name.len < 4096)
					*mn_vec_push(&dirs) =
						mn_xstrdup(name.p);
				continue;
			}
			if (mn_refs_read(&ref.oid, f->repo.path, name.p, &err)
			    < 0) {
				mn_fsck_say(f, MN_PROBLEM, name.p, "ref",
					    "%s", err.msg);
				mn_err_clear(&err);
			} else {
				memcpy(ref.name, name.p, name.len + 1);
				*mn_vec_push(&f->refs) = ref;
			}
		}
		if (d)
			closedir(d);
		free(dir);
	}
	mn_vec_release(&dirs);
	mn_buf_release(&path);
	mn_buf_release(&name);
}

static void check_head_file(struct mn_fsck *f)
{
	struct mn_buf path = MN_BUF_INIT, text = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;

	mn_buf_addf(&path, "%s/HEAD", f->repo.path);
	if (mn_io_read_file(&text, path.p, 4096, &err) < 0)
		mn_fsck_say(f, MN_PROBLEM, "HEAD", "ref", "%s", err.msg);
	else if (strcmp(text.p, HEAD_TEXT))
		mn_fsck_say(f, MN_PROBLEM, "HEAD", "ref",
			    "it does not name " MN_REF_MAIN);
	mn_buf_release(&text);
	mn_buf_release(&path);
}

/*
 * The refs as they were together at some instant: read until two lists are
 * equal. One list may hold a device's old place beside the main that a post
 * moved meanwhile.
 */
static int list_at_rest(struct mn_ref_list *out, const char *gitdir,
			struct mn_err *err)
{
	struct mn_ref_list before = { NULL, 0, 0 };
	int r = mn_refs_list(out, gitdir, "refs/", MN_FSCK_REFS_MAX, err);

	for (int i = 0; r == 0 && i < REST_TRIES; i++) {
		mn_refs_release(&before);
		before = *out;
		*out = (struct mn_ref_list){ NULL, 0, 0 };
		r = mn_refs_list(out, gitdir, "refs/", MN_FSCK_REFS_MAX, err);
		if (r == 0 && mn_refs_eq(&before, out))
			break;
	}
	mn_refs_release(&before);
	return r;
}

void mn_fsck_read_refs(struct mn_fsck *f)
{
	struct mn_err err = MN_ERR_INIT;
	size_t before = f->counts->problems;
	int r;

	check_head_file(f);
	r = list_at_rest(&f->refs, f->repo.path, &err);
	if (r == 0)
		return;
	f->refs = (struct mn_ref_list){ NULL, 0, 0 };
	read_singly(f);
	if (f->counts->problems == before)
		mn_fsck_say(f, MN_PROBLEM, "refs", "ref", "%s", err.msg);
}

static const struct mn_ref *find_ref(const struct mn_fsck *f,
				     const char *name)
{
	for (size_t i = 0; i < f->refs.n; i++)
		if (!strcmp(f->refs.p[i].name, name))
			return &f->refs.p[i];
	return NULL;
}

void mn_fsck_read_identity(struct mn_fsck *f)
{
	const struct mn_ref *ref = find_ref(f, MN_REF_IDENTITY);
	struct mn_err err = MN_ERR_INIT;
	struct mn_object o;
	enum mn_rule rule;

	if (!ref) {
		mn_fsck_say(f, MN_PROBLEM, MN_REF_IDENTITY, "ref-missing",
			    "there is no identity");
		return;
	}
	if (mn_reader_read(f->rd, &o, &ref->oid, MN_IDENTITY_MAX, &err) < 0) {
		mn_fsck_say(f, MN_PROBLEM, MN_REF_IDENTITY, "ref-identity",
			    "%s", err.msg);
		return;
	}
	if (o.type != MN_BLOB) {
		mn_fsck_say(f, MN_PROBLEM, MN_REF_IDENTITY, "ref-identity",
			    "it names no blob");
		return;
	}
	rule = mn_identity_parse(&f->identity,
				 (struct mn_str){ o.data, o.len });
	if (rule == MN_RULE_NONE &&
	    !mn_id_eq(mn_identity_profile(&f->identity), &f->profile))
		rule = MN_RULE_IDENTITY_PROFILE;
	if (rule != MN_RULE_NONE)
		mn_fsck_say(f, MN_PROBLEM, MN_REF_IDENTITY, mn_rule_name(rule),
			    "%s", mn_rule_words(rule));
	else
		f->has_identity = 1;
}

/* The node at a ref, or NULL, which is told elsewhere or here. */
static const struct mn_link *node_at(struct mn_fsck *f,
				     const struct mn_ref *ref)
{
	const struct mn_links *l = mn_check_known(f->check);
	size_t at = mn_map_get(&f->commit_at, ref->oid.b), i;

	if (at == SIZE_MAX) {
		if (mn_store_has(f->repo.store, &ref->oid))
			mn_fsck_say(f, MN_PROBLEM, ref->name, "ref-type",
				    "it names no commit");
		return NULL;	/* missing: said by mn_fsck_reach */
	}
	if (f->commits.p[at].is_merge) {
		mn_fsck_say(f, MN_PROBLEM, ref->name, "ref-type",
			    "it names a merge, not a node");
		return NULL;
	}
	i = mn_links_find_carrier(l, &ref->oid);
	return i == SIZE_MAX ? NULL : &l->nodes.p[i];
}

static void check_device(struct mn_fsck *f, const struct mn_ref *ref)
{
	const struct mn_links *l = mn_check_known(f->check);
	const char *name = ref->name + strlen(MN_REF_DEVICES);
	const struct mn_link *n;
	struct mn_id device;

	if (strlen(name) != MN_ID_HEX || mn_id_parse(&device, name) < 0) {
		mn_fsck_say(f, MN_PROBLEM, ref->name, "ref-device",
			    "its name is no device");
		return;
	}
	n = node_at(f, ref);
	if (!n)
		return;
	if (memcmp(n->device.b, device.b, sizeof(device.b))) {
		mn_fsck_say(f, MN_PROBLEM, ref->name, "ref-device",
			    "it names a node of another device");
		return;
	}
	if (f->has_identity && !n->bare &&
	    mn_identity_voids(mn_identity_last(&f->identity), &n->device,
			      n->era, n->seq))
		mn_fsck_say(f, MN_PROBLEM, ref->name, "ref-device",
			    "it names a node beyond the cut of the device");
	/* without its meta, its number is not known */
	for (size_t i = 0; i < l->nodes.n && !n->bare; i++) {
		const struct mn_link *m = &l->nodes.p[i];
		size_t at;

		if (memcmp(m->device.b, device.b, sizeof(device.b)) ||
		    (f->has_identity &&
		     mn_identity_voids(mn_identity_last(&f->identity),
				       &m->device, m->era, m->seq)) ||
		    m->era < n->era || (m->era == n->era && m->seq <= n->seq))
			continue;
		at = mn_map_get(&f->commit_at, m->carrier.b);
		if (at == SIZE_MAX || !f->reached[at])
			continue;
		mn_fsck_say(f, MN_NOTE, ref->name, "ref-behind",
			    "a newer node of the device is there");
		break;
	}
}

/* Whether what main names is only behind: good, and nothing is lost by
 * moving it to the head. */
static int is_behind(const struct mn_fsck *f, const struct mn_ref *main_ref)
{
	size_t at = mn_map_get(&f->commit_at, main_ref->oid.b);

	return at != SIZE_MAX && f->commits.p[at].code == 0;
}

static void check_main(struct mn_fsck *f, const struct mn_oid *tips, size_t n)
{
	const struct mn_ref *main_ref = find_ref(f, MN_REF_MAIN);
	struct mn_head_list heads = { 0 };
	struct mn_buf merge = MN_BUF_INIT;
	struct mn_err err = MN_ERR_INIT;
	struct mn_oid head;
	int r;

	if (!n && main_ref)
		mn_fsck_say(f, MN_PROBLEM, MN_REF_MAIN, "head",
			    "no device's ref leads to it");
	if (!n)
		return;
	r = mn_heads(&heads, f->rd, tips, n, NULL, &err);
	if (r == MN_ENOTFOUND && f->may_miss) {
		mn_err_clear(&err);
		heads.n = 0;
		r = mn_heads_by_commits(&heads, f->rd, tips, n, &err);
	}
	if (r < 0 || !heads.n) {
		mn_fsck_say(f, MN_PROBLEM, MN_REF_MAIN, "head",
			    "the head cannot be told: %s", err.msg);
		goto out;
	}
	mn_heads_merge(&head, &merge, heads.p, heads.n);
	if (main_ref && mn_oid_eq(&main_ref->oid, &head))
		goto out;
	if (f->main_ahead)
		mn_fsck_say(f, MN_PROBLEM, MN_REF_MAIN, "head",
			    "it leads to nodes that no device's ref reaches");
	else if (!main_ref || is_behind(f, main_ref))
		mn_fsck_say(f, MN_NOTE, MN_REF_MAIN, "head-behind",
			    "it is not the merge of all heads; mn merge-heads "
			    "moves it there");
	else
		mn_fsck_say(f, MN_PROBLEM, MN_REF_MAIN, "head",
			    "it is neither the head nor an earlier one");
out:
	free(heads.p);
	mn_buf_release(&merge);
}

/* refs/mn/identity holds all documents that are known. */
static void check_identity(struct mn_fsck *f)
{
	const struct mn_links *l = mn_check_known(f->check);
	uint64_t last;
	size_t at;

	if (!f->has_identity)
		return;
	last = mn_identity_last(&f->identity)->number;
	for (size_t i = 0; i < l->nodes.n; i++) {
		if (l->nodes.p[i].unproven || l->nodes.p[i].identity <= last)
			continue;
		at = mn_map_get(&f->commit_at, l->nodes.p[i].carrier.b);
		if (at == SIZE_MAX || !f->reached[at])
			continue;
		mn_fsck_say(f, MN_PROBLEM, MN_REF_IDENTITY, "identity-behind",
			    "a node knows a newer identity document");
		break;
	}
}

void mn_fsck_check_refs(struct mn_fsck *f)
{
	MN_VEC(struct mn_oid) tips = { 0 };

	check_identity(f);
	for (size_t i = 0; i < f->refs.n; i++) {
		const struct mn_ref *ref = &f->refs.p[i];

		if (strncmp(ref->name, MN_REF_DEVICES, strlen(MN_REF_DEVICES)))
			continue;
		check_device(f, ref);
		*mn_vec_push(&tips) = ref->oid;
	}
	check_main(f, tips.p, tips.n);
	mn_vec_release(&tips);
}

void mn_fsck_check_key(struct mn_fsck *f)
{
	char *path = mn_home_key(f->home, f->hex, "device");
	const struct mn_identity_doc *last;
	struct mn_err err = MN_ERR_INIT;
	struct mn_pub pub;

	if (!mn_io_exists(path))
		goto out;	/* a profile that is followed */
	if (mn_keyfile_pub(&pub, path, &err) < 0) {
		mn_fsck_say(f, MN_PROBLEM, path, "key", "%s", err.msg);
	} else if (f->has_identity) {
		last = mn_identity_last(&f->identity);
		if (mn_identity_cut(last, &pub))
			mn_fsck_say(f, MN_NOTE, path, "key",
				    "this device was cut from the profile");
		else if (!mn_identity_device(last, &pub))
			mn_fsck_say(f, MN_PROBLEM, path, "key",
				    "the identity does not list this device");
	}
out:
	free(path);
}
