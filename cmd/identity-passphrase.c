/* identity-passphrase: that of the keys that lie here; see identity.c. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "identity.h"
#include "rooted.h"
#include "banned.h"

/*
 * All files are read before any is written, so that a wrong passphrase changes
 * nothing; each is then replaced whole. Who dies in between leaves some under
 * the new passphrase and some under the old one: the same once more
 * completes it, since a file that the new one opens is taken as done.
 */
struct key {
	char *path;
	struct mn_secret *device;	/* one of the two, if it is there */
	struct mn_root *root;
};

struct change {
	struct mn_identity_at *at;
	struct mn_cmd_pass old, new;
	struct key keys[3];
};

static int read_new_file(struct change *ch, const char *file,
			 struct mn_err *err)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	size_t got = 0;
	char *nl;
	int r;

	if (fd < 0) {
		mn_err_sys(err, "cannot open '%s'", file);
		return MN_EIO;
	}
	r = mn_io_read_full(fd, ch->new.text, sizeof(ch->new.text) - 1, &got,
			    err);
	close(fd);
	if (r < 0)
		return r;
	ch->new.text[got] = '\0';
	nl = strchr(ch->new.text, '\n');
	if (nl)
		*nl = '\0';
	else if (got == sizeof(ch->new.text) - 1)
		return mn_err_set(err, MN_ELIMIT, "the passphrase in '%s' is "
				  "too long", file);
	return *ch->new.text ? 0 :
		mn_err_set(err, MN_EPASSPHRASE, "the passphrase in '%s' is "
			   "empty: --remove keeps the keys without one", file);
}

static int read_one(struct change *ch, struct key *k, int device,
		    struct mn_cmd_pass *pass, struct mn_err *err)
{
	const struct mn_id *id = &ch->at->p.id;

	return device ? mn_keyfile_read_device(&k->device, k->path, id,
					       mn_cmd_pass_ask, pass, err)
		: mn_keyfile_read_root(&k->root, k->path, id, mn_cmd_pass_ask,
				       pass, err);
}

static int read_key(struct change *ch, struct key *k, int device,
		    struct mn_err *err)
{
	struct mn_err first = MN_ERR_INIT;
	int r = read_one(ch, k, device, &ch->old, &first);

	if (r == MN_EPASSPHRASE && ch->new.known && ch->old.known &&
	    read_one(ch, k, device, &ch->new, err) == 0)
		return 0;	/* done, by one that died */
	if (r == MN_EPASSPHRASE && ch->old.known)
		mn_err_set(&first, r, "cannot use '%s': wrong passphrase: "
			   "nothing was changed", k->path);
	*err = first;
	return r;
}

static int write_key(struct change *ch, const struct key *k,
		     struct mn_err *err)
{
	const struct mn_id *id = &ch->at->p.id;

	if (k->device)
		return mn_keyfile_write_device(k->path, id, k->device,
					       ch->new.text, 1, err);
	return k->root ? mn_keyfile_write_root(k->path, id, k->root,
					       ch->new.text, 1, err) : 0;
}

static int new_passphrase(struct change *ch, struct mn_err *err)
{
	const struct mn_identity_opts *o = ch->at->o;

	if (o->remove)
		return 0;
	ch->new.known = 1;
	if (o->new_file)
		return read_new_file(ch, o->new_file, err);
	/* that of MN_PASSPHRASE_FILE is the one of now */
	return mn_cmd_new_passphrase(ch->at->c, ch->new.text,
				     sizeof(ch->new.text), err);
}

static int change(struct change *ch, struct mn_err *err)
{
	static const char *const names[] = { "root", "root.next", "device" };
	const size_t n = sizeof(names) / sizeof(*names);
	size_t found = 0;
	int r = 0;

	for (size_t i = 0; i < n; i++) {
		ch->keys[i].path = mn_home_key(&ch->at->home, ch->at->p.hex,
					       names[i]);
		found += (size_t)mn_io_exists(ch->keys[i].path);
	}
	if (!found)
		return mn_err_set(err, MN_EFAIL, "there are no keys of profile "
				  "%.12s here", ch->at->p.hex);
	r = new_passphrase(ch, err);
	for (size_t i = 0; i < n && r == 0; i++)
		if (mn_io_exists(ch->keys[i].path))
			r = read_key(ch, &ch->keys[i], i == n - 1, err);
	for (size_t i = 0; i < n && r == 0; i++)
		r = write_key(ch, &ch->keys[i], err);
	return r;
}

int mn_identity_passphrase(struct mn_identity_at *at, struct mn_err *err)
{
	struct change ch = { .at = at, .old = { .c = at->c },
			     .new = { .c = at->c } };
	int r = change(&ch, err);

	for (size_t i = 0; i < sizeof(ch.keys) / sizeof(*ch.keys); i++) {
		mn_secret_free(ch.keys[i].device);
		mn_root_free(ch.keys[i].root);
		free(ch.keys[i].path);
	}
	mn_wipe(&ch.old, sizeof(ch.old));
	mn_wipe(&ch.new, sizeof(ch.new));
	if (r < 0)
		return r;
	fprintf(stderr, "The keys of profile %.12s %s.\n", at->p.hex,
		at->o->remove ? "have no passphrase any more"
			      : "are under the new passphrase");
	return MN_EXIT_OK;
}
