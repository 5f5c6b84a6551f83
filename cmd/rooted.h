/*
 * rooted: the root secret of a profile, for those who change who may sign: from
 * its file, or from the recovery phrase.
 *
 * Root secrets are replaced by "mn identity rotate" in this order: the new one
 * is written to keys/<profile>.root.next, durably; its phrase is shown; the
 * new identity document is stored and refs/mn/identity moved, durably;
 * root.next is renamed to root. The document says which secret is in force, so
 * whoever dies in between leaves one of these:
 *
 *	root.next is not in force	it is what the next rotate takes
 *	root.next is in force		root is void: mn_cmd_root, which all use
 *					to read the secret, renames it
 *
 * In both, the secret that is in force is on disk.
 */
#ifndef MN_CMD_ROOTED_H
#define MN_CMD_ROOTED_H

#include "node/identity-edit.h"
#include "profile.h"

/* A passphrase that is asked for once, and then known. */
struct mn_cmd_pass {
	struct mn_cmd *c;
	int known;
	char text[MN_PASSPHRASE_MAX];	/* mn_wipe it */
};
/* A mn_passphrase_fn, with a struct mn_cmd_pass as ctx. */
int mn_cmd_pass_ask(void *pass, char *out, size_t max, const char *path,
		    struct mn_err *err);

/* A recovery phrase: from the file ("-": stdin), or, NULL, from the terminal,
 * as it is typed. MN_EINVALID, MN_EPASSPHRASE. */
int mn_cmd_phrase(struct mn_root **out, struct mn_cmd *c, const char *file,
		  struct mn_err *err);

/* 0 where the root secret is that in force; else MN_EDENIED, with words for
 * one that was replaced, and for one of somebody else. */
int mn_cmd_root_fits(const struct mn_profile *p, const struct mn_root *root,
		     struct mn_err *err);
/* Whether it was in force once: *since is the document that replaced it. */
int mn_cmd_root_was(const struct mn_identity *id, const struct mn_root *root,
		    const struct mn_identity_doc **since);

/*
 * The root secret in force: from the phrase in the file, if phrase_file is not
 * NULL; from keys/<profile>.root, or .root.next, which takes its place then;
 * where it is not kept here, by asking for the phrase. *kept (may be NULL): it
 * is in keys/. MN_EDENIED for one that is not in force.
 */
int mn_cmd_root(struct mn_root **out, struct mn_cmd *c,
		const struct mn_home *h, const struct mn_profile *p,
		const char *phrase_file, struct mn_cmd_pass *pass, int *kept,
		struct mn_err *err);

/* keys/<profile>.root.next becomes keys/<profile>.root, durably. */
int mn_cmd_root_next(const struct mn_home *h, const char *hex,
		     struct mn_err *err);

/* Shows a phrase on stderr, as what is shown once. after: what follows. */
int mn_cmd_show_phrase(const struct mn_root *root, const char *after,
		       struct mn_err *err);

#endif
