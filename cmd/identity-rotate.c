/* identity-rotate: new root keys, by a new root secret; see identity.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "identity.h"
#include "rooted.h"
#include "social/roster.h"
#include "banned.h"

struct rotation {
	struct mn_identity_at *at;
	struct mn_cmd_pass pass;
	struct mn_root *root, *next;
	int kept;			/* the root secret, in keys/ */
};

/*
 * The secret that comes: that of a rotation which died before it took place,
 * for its phrase may be on paper already; else a new one. rooted.h says why
 * it lies beside the other.
 */
static int make_next(struct rotation *rot, struct mn_err *err)
{
	struct mn_identity_at *at = rot->at;
	char *path;
	int r = 0;

	if (!rot->kept) {
		rot->next = mn_root_random();
		return 0;
	}
	path = mn_home_key(&at->home, at->p.hex, "root.next");
	if (mn_io_exists(path)) {
		r = mn_keyfile_read_root(&rot->next, path, &at->p.id,
					 mn_cmd_pass_ask, &rot->pass, err);
	} else {
		rot->next = mn_root_random();
		r = mn_keyfile_write_root(path, &at->p.id, rot->next,
					  rot->pass.known ? rot->pass.text : "",
					  0, err);
	}
	free(path);
	return r;
}

static int rotate(struct rotation *rot, struct mn_err *err)
{
	struct mn_identity_at *at = rot->at;
	struct mn_identity_keys keys = { 0 };
	struct mn_identity_edit e = { 0 };
	int wait_ms, r;

	r = mn_cmd_lock_wait(&wait_ms, at->c, err);
	if (r == 0)
		r = mn_cmd_root(&rot->root, at->c, &at->home, &at->p,
				at->o->phrase_file, &rot->pass, &rot->kept,
				err);
	if (r == 0)
		r = make_next(rot, err);
	/* no secret is ever in force whose phrase nobody has seen */
	if (r == 0)
		r = mn_cmd_show_phrase(rot->next, "The old one is in force "
				       "until this command says that it is "
				       "void.\n", err);
	if (r < 0)
		return r;
	keys.root = rot->root;
	e.next_root = rot->next;
	r = mn_roster_change(&at->p, &keys, &e, wait_ms, err);
	if (r < 0)
		return mn_err_wrap(err, r, "the root keys were not replaced");
	return rot->kept ? mn_cmd_root_next(&at->home, at->p.hex, err) : 0;
}

int mn_identity_rotate(struct mn_identity_at *at, struct mn_err *err)
{
	struct rotation rot = { .at = at, .pass = { .c = at->c } };
	int r = rotate(&rot, err);

	if (r == 0)
		fprintf(stderr, "The old recovery phrase is void%s.\n"
			"'mn push' tells it to others; who has an old copy of "
			"the profile alone can't know it.\n",
			rot.kept ? "; the new root secret is kept here"
				 : "; the new one is not kept here");
	mn_wipe(&rot.pass, sizeof(rot.pass));
	mn_root_free(rot.next);
	mn_root_free(rot.root);
	return r < 0 ? r : MN_EXIT_OK;
}
