/*
 * claim-identity HOME PROFILE device|ROOT
 *
 * What somebody makes who wants to be a device of a profile and isn't allowed
 * to say so: one document more, that lists the device of HOME and cuts it no
 * longer, signed with the key of that device, or with root key number ROOT. The
 * identity of HOME moves there.
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
	fprintf(stderr, "claim-identity: %s\n", err.msg);
	exit(1);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

static void make_document(struct mn_buf *out, const struct mn_profile *p,
			  struct mn_secret *device, struct mn_secret *signer)
{
	struct mn_identity_doc d = *mn_identity_last(&p->identity);
	struct mn_id_device devices[MN_DEVICES_MAX];
	struct mn_id_sealed sealed[MN_DEVICES_MAX];
	struct mn_id_cut cuts[MN_CUTS_MAX];
	struct mn_pub pub, self;
	size_t ncuts = 0;

	mn_secret_pub(&pub, signer);
	mn_secret_pub(&self, device);
	memcpy(devices, d.devices, d.ndevices * sizeof(*devices));
	memcpy(sealed, d.sealed, d.nsealed * sizeof(*sealed));
	if (!mn_identity_device(&d, &self)) {
		devices[d.ndevices++] = (struct mn_id_device){
			self, MN_STR("thief") };
		sealed[d.nsealed] = sealed[0];
		sealed[d.nsealed++].key = self;
	}
	for (size_t i = 0; i < d.ncuts; i++)
		if (by_key(&d.cuts[i], &self))
			cuts[ncuts++] = d.cuts[i];
	qsort(devices, d.ndevices, sizeof(*devices), by_key);
	qsort(sealed, d.nsealed, sizeof(*sealed), by_key);
	d.previous = mn_identity_last(&p->identity)->digest;
	d.number++;
	d.roots = &pub;
	d.nroots = 1;
	d.devices = devices;
	d.sealed = sealed;
	d.cuts = cuts;
	d.ncuts = ncuts;
	mn_buf_addstr(out, p->identity.text);
	mn_identity_encode(out, &d, &signer, 1);
}

static void store(const struct mn_profile *p, const struct mn_buf *blob)
{
	struct mn_ref_update u = { .name = MN_REF_IDENTITY,
				   .old_oid = p->identity_blob };
	struct mn_loose *w;

	must(mn_loose_begin(&w, p->repo.path, &err));
	must(mn_loose_add(w, &u.new_oid, MN_BLOB, blob->p, blob->len, &err));
	must(mn_loose_commit(w, &err));
	mn_loose_free(w);
	must(mn_refs_update(p->repo.path, &u, 1, &err));
}

/* The key of HOME; somebody who has none makes one up. */
static struct mn_secret *device_of(const struct mn_home *h,
				   const struct mn_profile *p)
{
	char *path = mn_home_key(h, p->hex, "device");
	struct mn_secret *s = NULL;

	if (mn_keyfile_read_device(&s, path, &p->id, NULL, NULL, NULL) < 0)
		s = mn_secret_random();
	free(path);
	return s;
}

static struct mn_secret *root_key(const struct mn_home *h,
				  const struct mn_profile *p, const char *n)
{
	char *path = mn_home_key(h, p->hex, "root");
	struct mn_secret *s;
	struct mn_root *root;

	must(mn_keyfile_read_root(&root, path, &p->id, NULL, NULL, &err));
	s = mn_root_key(root, strtoull(n, NULL, 10));
	mn_root_free(root);
	free(path);
	return s;
}

int main(int argc, char **argv)
{
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_secret *device, *signer;
	struct mn_home home;
	struct mn_profile p;

	if (argc != 4 || mn_key_init() < 0) {
		fprintf(stderr, "usage: claim-identity HOME PROFILE "
			"device|ROOT\n");
		return 129;
	}
	mn_home_init(&home, argv[1]);
	must(mn_profile_open(&p, &home, argv[2], &err));
	device = device_of(&home, &p);
	signer = strcmp(argv[3], "device") ? root_key(&home, &p, argv[3])
		: device;
	make_document(&blob, &p, device, signer);
	store(&p, &blob);
	if (signer != device)
		mn_secret_free(signer);
	mn_secret_free(device);
	mn_buf_release(&blob);
	mn_profile_close(&p);
	mn_home_release(&home);
	return 0;
}
