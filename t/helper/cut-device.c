/*
 * cut-device HOME PROFILE DEVICE SEQ [NODE]: what removing a device will be:
 * a new identity document in which it is cut behind its node number SEQ.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "git/loose.h"
#include "key/keyfile.h"
#include "social/profile.h"
#include "banned.h"

static struct mn_err err = MN_ERR_INIT;

static void must(int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "cut-device: %s\n", err.msg);
	exit(1);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

/* The document that follows the last one, without the device. */
static void make_document(struct mn_buf *out, const struct mn_profile *p,
			  const struct mn_root *root, struct mn_id_cut cut)
{
	struct mn_identity_doc d = *mn_identity_last(&p->identity);
	struct mn_id_device devices[MN_DEVICES_MAX];
	struct mn_id_sealed sealed[MN_DEVICES_MAX];
	struct mn_id_cut cuts[MN_CUTS_MAX];
	struct mn_secret *key = mn_root_key(root, d.number + 1);
	struct mn_secret *next = mn_root_key(root, d.number + 2);
	struct mn_pub pub, next_pub;
	struct mn_id commitment;
	size_t ndevices = 0, nsealed = 0;

	mn_secret_pub(&pub, key);
	mn_secret_pub(&next_pub, next);
	mn_root_commitment(&commitment, &next_pub);
	for (size_t i = 0; i < d.ndevices; i++)
		if (by_key(&d.devices[i], &cut))
			devices[ndevices++] = d.devices[i];
	for (size_t i = 0; i < d.nsealed; i++)
		if (by_key(&d.sealed[i], &cut))
			sealed[nsealed++] = d.sealed[i];
	memcpy(cuts, d.cuts, d.ncuts * sizeof(*cuts));
	cut.era = d.era;
	cuts[d.ncuts++] = cut;
	qsort(cuts, d.ncuts, sizeof(*cuts), by_key);
	d.previous = mn_identity_last(&p->identity)->digest;
	d.number++;
	d.roots = &pub;
	d.next = &commitment;
	d.devices = devices;
	d.ndevices = ndevices;
	d.sealed = sealed;
	d.nsealed = nsealed;
	d.cuts = cuts;
	mn_buf_addstr(out, p->identity.text);
	mn_identity_encode(out, &d, &key, 1);
	mn_secret_free(key);
	mn_secret_free(next);
}

static void store(const struct mn_profile *p, const struct mn_buf *blob)
{
	struct mn_ref_update u = { .name = MN_REF_IDENTITY,
				   .old_oid = p->identity_blob };
	struct mn_identity check;
	struct mn_loose *w;
	enum mn_rule rule;

	mn_identity_init(&check);
	rule = mn_identity_parse(&check, (struct mn_str){ blob->p, blob->len });
	if (rule != MN_RULE_NONE) {
		fprintf(stderr, "cut-device: %s\n", mn_rule_name(rule));
		exit(1);
	}
	mn_identity_release(&check);
	must(mn_loose_begin(&w, p->repo.path, &err));
	must(mn_loose_add(w, &u.new_oid, MN_BLOB, blob->p, blob->len, &err));
	must(mn_loose_commit(w, &err));
	mn_loose_free(w);
	must(mn_refs_update(p->repo.path, &u, 1, &err));
}

int main(int argc, char **argv)
{
	struct mn_id_cut cut = { .seq = 0 };
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_home home;
	struct mn_profile p;
	struct mn_root *root;
	struct mn_id key;
	char *path;

	if (argc < 5 || mn_key_init() < 0 || mn_id_parse(&key, argv[3]) < 0 ||
	    (argc > 5 && mn_id_parse(&cut.node, argv[5]) < 0)) {
		fprintf(stderr, "usage: cut-device HOME PROFILE DEVICE SEQ "
			"[NODE]\n");
		return 129;
	}
	memcpy(cut.key.b, key.b, sizeof(key.b));
	cut.seq = strtoull(argv[4], NULL, 10);
	mn_home_init(&home, argv[1]);
	must(mn_profile_open(&p, &home, argv[2], &err));
	path = mn_home_key(&home, p.hex, "root");
	must(mn_keyfile_read_root(&root, path, &p.id, NULL, NULL, &err));
	make_document(&blob, &p, root, cut);
	store(&p, &blob);
	free(path);
	mn_root_free(root);
	mn_buf_release(&blob);
	mn_profile_close(&p);
	mn_home_release(&home);
	return 0;
}
