/*
 * add-device HOME PROFILE LABEL NEWHOME: what adding a device will be: a new
 * identity document that lists one device more, in the repository of HOME,
 * and the key of that device in NEWHOME, to which the test copies the
 * repository.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "git/loose.h"
#include "key/keyfile.h"
#include "social/profile.h"
#include "banned.h"

static struct mn_err err = MN_ERR_INIT;

static void must(int r)
{
	if (r >= 0)
		return;
	fprintf(stderr, "add-device: %s\n", err.msg);
	exit(1);
}

static int by_key(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct mn_pub));
}

/* The document that follows the last one of the profile. */
static void make_document(struct mn_buf *out, const struct mn_profile *p,
			  const struct mn_root *root,
			  const struct mn_pub *device, const char *label)
{
	struct mn_identity_doc d = *mn_identity_last(&p->identity);
	struct mn_id_device devices[MN_DEVICES_MAX];
	struct mn_id_sealed sealed[MN_DEVICES_MAX];
	struct mn_secret *key = mn_root_key(root, d.number + 1);
	struct mn_secret *next = mn_root_key(root, d.number + 2);
	struct mn_pub pub, next_pub;
	struct mn_id commitment;
	unsigned char secret[32];

	mn_secret_pub(&pub, key);
	mn_secret_pub(&next_pub, next);
	mn_root_commitment(&commitment, &next_pub);
	mn_root_encryption(secret, d.encryption.b, root, d.epoch);
	memcpy(devices, d.devices, d.ndevices * sizeof(*devices));
	memcpy(sealed, d.sealed, d.nsealed * sizeof(*sealed));
	devices[d.ndevices++] = (struct mn_id_device){ *device,
						       mn_str(label) };
	sealed[d.nsealed].key = *device;
	must(mn_seal(sealed[d.nsealed++].box, device, secret, &err));
	qsort(devices, d.ndevices, sizeof(*devices), by_key);
	qsort(sealed, d.nsealed, sizeof(*sealed), by_key);
	d.previous = mn_identity_last(&p->identity)->digest;
	d.number++;
	d.roots = &pub;
	d.next = &commitment;
	d.devices = devices;
	d.sealed = sealed;
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

	mn_identity_init(&check);
	if (mn_identity_parse(&check, (struct mn_str){ blob->p, blob->len }) !=
	    MN_RULE_NONE) {
		fprintf(stderr, "add-device: the document is not valid\n");
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
	struct mn_home home, new_home;
	struct mn_profile p;
	struct mn_root *root;
	struct mn_secret *device = NULL;
	struct mn_buf blob = MN_BUF_INIT;
	struct mn_pub pub;
	char *root_path, *device_path;

	if (argc != 5 || mn_key_init() < 0) {
		fprintf(stderr, "usage: add-device HOME PROFILE LABEL "
			"NEWHOME\n");
		return 129;
	}
	mn_home_init(&home, argv[1]);
	mn_home_init(&new_home, argv[4]);
	must(mn_profile_open(&p, &home, argv[2], &err));
	root_path = mn_home_key(&home, p.hex, "root");
	must(mn_keyfile_read_root(&root, root_path, &p.id, NULL, NULL, &err));
	device = mn_secret_random();
	mn_secret_pub(&pub, device);
	make_document(&blob, &p, root, &pub, argv[3]);
	store(&p, &blob);
	must(mn_home_create(&new_home, &err));
	device_path = mn_home_key(&new_home, p.hex, "device");
	must(mn_keyfile_write_device(device_path, &p.id, device, NULL, 0,
				     &err));
	free(device_path);
	free(root_path);
	mn_buf_release(&blob);
	mn_secret_free(device);
	mn_root_free(root);
	mn_profile_close(&p);
	mn_home_release(&new_home);
	mn_home_release(&home);
	return 0;
}
